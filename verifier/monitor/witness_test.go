package monitor_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier/monitor"
	"github.com/pledgelog/pledgelog/witness"
)

// A witness of ours cosigned the log that others are shown: the monitor, who is shown
// another, finds it where a witness shows what it has.
func TestOurWitnessShowsAFork(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 44})
	p.log("log", 600)
	theirs := p.other("theirs", 300, 420)
	if err := witness.CreateState(p.path("witness")); err != nil {
		t.Fatal(err)
	}
	state, err := witness.OpenState(p.path("witness"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Add(t.Context(), p.world.Options.Origin, []log.Key{p.world.Signer.Key()}, false); err != nil {
		t.Fatal(err)
	}
	cosigner, err := log.NewCosigner("north.witness.example", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.New(witness.Config{State: state, Cosigners: []*log.Cosigner{cosigner}})
	if err != nil {
		t.Fatal(err)
	}
	url := p.server(witness.NewHandler(witness.HandlerConfig{Witness: w, SubmissionPrefix: "/add", MonitoringPrefix: "/monitoring", Logger: slog.New(slog.DiscardHandler)}))
	cfg := p.config(p.serve("log"), "    witnesses:", "      - {name: north, url: \""+url+"/monitoring\", key: \""+cosigner.Key().String()+"\"}")
	list, _ := p.once(cfg)
	want(t, "before it saw one", list, "raised/infrastructure/copy-unread")

	raw, err := theirs.Read(log.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	note, err := log.ParseNote(raw)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/add/add-checkpoint", "text/plain", bytes.NewReader((&log.AddCheckpoint{Note: note}).Marshal()))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the witness answers with %s", resp.Status)
	}
	if err := os.RemoveAll(p.path("theirs")); err != nil {
		t.Fatal(err)
	}
	list, out := p.once(cfg)
	if !slices.Contains(codes(list), "raised/misbehaviour/log-forked") || slices.Contains(codes(list), "raised/infrastructure/copy-not-believed") || !out.Proved {
		t.Errorf("it was not found: %q, %+v", codes(list), out)
	}
}

// keep leaves on a signed checkpoint the signatures of the log and of the names.
func (p *place) keep(raw []byte, names ...string) []byte {
	p.t.Helper()
	note, err := log.ParseNote(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	names = append(names, p.world.Options.Origin)
	note.Signatures = slices.DeleteFunc(note.Signatures, func(s log.NoteSignature) bool { return !slices.Contains(names, s.Name) })
	if len(note.Signatures) != len(names) {
		p.t.Fatalf("%d signatures by %q", len(note.Signatures), names)
	}
	return bytes.Clone(note.Marshal())
}

// cosign adds a cosignature of a time.
func (p *place) cosign(raw []byte, c *log.Cosigner, t uint64) []byte {
	p.t.Helper()
	note, err := log.ParseNote(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	sig, err := c.Cosign(note.Text, t)
	if err != nil {
		p.t.Fatal(err)
	}
	note.Signatures = append(note.Signatures, sig)
	return bytes.Clone(note.Marshal())
}

// cosignTimeless adds a cosignature of time 0, which no witness makes, by the layout of
// c2sp.org/tlog-cosignature.
func (p *place) cosignTimeless(raw []byte, key log.Key, seed byte) []byte {
	p.t.Helper()
	note, err := log.ParseNote(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	secret := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
	sig := append(make([]byte, 8), ed25519.Sign(secret, append([]byte("cosignature/v1\ntime 0\n"), note.Text...))...)
	one := log.NoteSignature{Name: key.Name, ID: key.ID, Sig: sig}
	if at, err := key.Verify(note.Text, one); err != nil || at != 0 {
		p.t.Fatalf("time %d, %v", at, err)
	}
	note.Signatures = append(note.Signatures, one)
	return bytes.Clone(note.Marshal())
}

func cosignerOf(t *testing.T, name string, seed byte) *log.Cosigner {
	t.Helper()
	c, err := log.NewCosigner(name, bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Who answers at a witness's address with what the witness did not cosign is not taken
// for the witness, whoever else signed it.
func TestWitnessHasToCosignWhatItShows(t *testing.T) {
	const no, over = "raised/infrastructure/copy-not-believed", "ended/infrastructure/copy-not-believed"
	for _, by := range []string{"policy", "key"} {
		t.Run(by, func(t *testing.T) {
			o := generator.Options{Seed: 46, Witnesses: 2}
			if by == "key" {
				o.Witnesses = 0
			}
			p := newPlace(t, 60, o)
			raw := p.checkpointOf("log")()
			var own, other, timeless []byte
			var name, key string
			mine := cosignerOf(t, "north.example", 7)
			bare := p.keep(raw)
			if by == "policy" {
				name = p.world.Policy.Witnesses[0].Name
				mine = p.world.Witnesses[0]
				own, other = p.keep(raw, mine.Key().Name), p.keep(raw, p.world.Witnesses[1].Key().Name)
				timeless = bare // its secret is the world's
			} else {
				name, key = "north", ", key: "+mine.Key().String()
				own, other = p.cosign(bare, mine, 1), p.cosign(bare, cosignerOf(t, "south.example", 8), 1)
				timeless = p.cosignTimeless(bare, mine.Key(), 7)
			}
			var show []byte
			cfg := p.config("log", "    witnesses:", fmt.Sprintf("      - {name: %s, url: %q%s}", name, p.witness(func() []byte { return show }), key))
			for _, c := range []struct {
				what string
				show []byte
				want []string
			}{
				{"its own", own, nil},
				{"none", bare, []string{no}},
				{"its own again", own, []string{over}},
				{"another's", other, []string{no}},
				{"its own after that", own, []string{over}},
				{"its own, of time 0", timeless, []string{no}},
				{"its own at last", own, []string{over}},
				{"by another key of its name", p.cosign(bare, cosignerOf(t, mine.Key().Name, 9), 1), []string{no}},
			} {
				show = c.show
				list, out := p.once(cfg)
				want(t, c.what, list, c.want...)
				if bad := slices.Contains(c.want, no); bad != out.Unseen || bad && (list[0].From != "witness "+name || !strings.Contains(list[0].Text, "witness "+name)) {
					t.Errorf("%s: %+v", c.what, out)
				}
			}
		})
	}
}

// What a witness did not cosign proves a fork nevertheless, when the log's key signed it.
func TestForkWithoutCosignature(t *testing.T) {
	p := newPlace(t, 61, generator.Options{Seed: 47, Witnesses: 2})
	p.log("log", 60)
	p.other("theirs", 30, 42)
	theirs := p.keep(p.checkpointOf("theirs")())
	cfg := p.config("log", "    witnesses:", fmt.Sprintf("      - {name: %s, url: %q}", p.world.Policy.Witnesses[0].Name, p.witness(func() []byte { return theirs })))
	list, out := p.once(cfg)
	want(t, "theirs", list, "raised/infrastructure/copy-not-believed", "raised/misbehaviour/log-forked")
	if !out.Proved {
		t.Errorf("%+v", out)
	}
}

// A witness that the policy does not name has no key, and is refused before the monitor
// depends on it.
func TestWitnessOutsideThePolicy(t *testing.T) {
	p := newPlace(t, 5, generator.Options{Seed: 48, Witnesses: 2})
	parse := func(more string) error {
		_, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(p.yaml("log", "    witnesses:", "      - {name: north, url: \"https://north.example\""+more+"}")), os.Getenv)
		return err
	}
	err := parse("")
	var wrong *monitor.Problems
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "logs[1].witnesses[1] is no witness of the policy, and has no key") || !strings.Contains(wrong.Hint(), "key") {
		t.Errorf("without a key: %v", err)
	}
	if err := parse(", key: " + cosignerOf(t, "north.example", 7).Key().String()); err != nil {
		t.Errorf("with one: %v", err)
	}
	for _, key := range []string{"north", p.world.Signer.Key().String()} {
		if err := parse(", key: " + key); err == nil || !strings.Contains(err.Error(), "witnesses[1].key is no key of a witness") || strings.Contains(err.Error(), key) {
			t.Errorf("with the key %s: %v", key, err)
		}
	}
	own, err := log.NewMLDSACosigner(p.world.Options.Origin, bytes.Repeat([]byte{5}, 32))
	if err != nil {
		t.Fatal(err)
	}
	p.write("policy.txt", []byte("log "+own.Key().String()+"\nquorum none\n"))
	if err := parse(", key: " + own.Key().String()); err == nil || !strings.Contains(err.Error(), "witnesses[1].key is a log's") {
		t.Errorf("with the log's own key: %v", err)
	}
}

// Where the policy wants a quorum, a log that stands still has a new time all the same:
// one that is shown as it was over an hour ago is stale without being asked for. A
// demonstration's time is simulated.
func TestStaleByDefault(t *testing.T) {
	for _, c := range []struct {
		what, origin string
		witnesses    int
		more         []string
		age          time.Duration
		stale        bool
	}{
		{"with a quorum, young", "log.accord.test/2025", 2, nil, 59 * time.Minute, false},
		{"with a quorum, old", "log.accord.test/2025", 2, nil, 61 * time.Minute, true},
		{"with a quorum, old, and more is allowed", "log.accord.test/2025", 2, []string{"    stale_after: 2h"}, 61 * time.Minute, false},
		{"without one", "log.accord.test/2025", 0, nil, 90 * 24 * time.Hour, false},
		{"without one, and less is allowed", "log.accord.test/2025", 0, []string{"    stale_after: 48h"}, 49 * time.Hour, true},
		{"a demonstration", "log.accord.example/2025", 2, nil, 90 * 24 * time.Hour, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			world := generator.New(generator.Options{Seed: 49, Signatories: 1, Witnesses: c.witnesses})
			signer, err := log.NewSigner(c.origin, bytes.Repeat([]byte{9}, 32))
			if err != nil {
				t.Fatal(err)
			}
			world.Options.Origin, world.Signer, world.Policy.Logs = c.origin, signer, []log.LogKey{{Key: signer.Key()}}
			world.Log(world.Found())
			world.Advance(time.Hour)
			world.Log(world.Admit(world.Signatories[0]))
			p := &place{t: t, dir: t.TempDir(), world: world}
			p.write("policy.txt", world.Policy.Marshal())
			p.log("log", len(world.Logged))
			newest := world.Logged[len(world.Logged)-1]
			leaf, err := entry.ParseLeaf(newest.Leaf)
			if err != nil {
				t.Fatal(err)
			}
			last := leaf.Logged
			note, err := log.ParseNote(p.checkpointOf("log")())
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range world.Witnesses {
				for _, s := range note.Signatures {
					if at, err := w.Key().Verify(note.Text, s); err == nil {
						last = max(last, int64(at))
					}
				}
			}
			p.now = time.Unix(last, 0).Add(c.age)
			list, out := p.once(p.config("log", c.more...))
			if out.Size != uint64(len(world.Logged)) {
				t.Fatalf("%+v", out)
			}
			if got := slices.Contains(codes(list), "raised/infrastructure/log-stale"); got != c.stale {
				t.Errorf("stale: %v, want %v; %q", got, c.stale, codes(list))
			}
		})
	}
}

// A witness that cosigned a larger checkpoint over an hour ago, by its own clock, vouches
// that the log has had it since: a monitor that was just started need not wait another
// hour. A log that shows it a moment later, one that showed it before, and one whose time
// is simulated, are not held to that.
func TestCosignedLongAgo(t *testing.T) {
	const behind, withholds = "raised/infrastructure/log-behind", "raised/misbehaviour/log-withholds"
	for _, c := range []struct {
		what, origin string
		ago          time.Duration
		late         bool // the log shows it at the end of the cycle
		before       bool // the log showed it in the cycle before
		want         []string
	}{
		{"just now", "log.accord.test/2025", time.Minute, false, false, nil},
		{"some minutes ago", "log.accord.test/2025", 5 * time.Minute, false, false, []string{behind}},
		{"over an hour ago", "log.accord.test/2025", 61 * time.Minute, false, false, []string{behind, withholds}},
		{"over an hour ago, and shown", "log.accord.test/2025", 61 * time.Minute, true, false, nil},
		{"over an hour ago, and shown before", "log.accord.test/2025", 61 * time.Minute, false, true, []string{"raised/infrastructure/checkpoint-shrunk"}},
		{"in an hour", "log.accord.test/2025", -time.Hour, false, false, nil},
		{"of simulated time", "log.accord.example/2025", 61 * time.Minute, false, false, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			world := generator.New(generator.Options{Seed: 49, Signatories: 3})
			signer, err := log.NewSigner(c.origin, bytes.Repeat([]byte{9}, 32))
			if err != nil {
				t.Fatal(err)
			}
			world.Options.Origin, world.Signer, world.Policy.Logs = c.origin, signer, []log.LogKey{{Key: signer.Key()}}
			world.Log(world.Found())
			for _, a := range world.Signatories {
				world.Advance(time.Hour)
				world.Log(world.Admit(a))
			}
			p := &place{t: t, dir: t.TempDir(), world: world, now: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)}
			p.limits.Grace = 2 * time.Minute
			p.write("policy.txt", world.Policy.Marshal())
			p.log("log", 3)
			p.log("larger", 4)
			mine := cosignerOf(t, "north.example", 7)
			shown := p.cosign(p.checkpointOf("larger")(), mine, uint64(p.now.Add(-c.ago).Unix()))
			files, later, asked, before := http.FileServer(http.Dir(p.path("log"))), http.FileServer(http.Dir(p.path("larger"))), 0, c.before
			url := p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/checkpoint" {
					asked++
				}
				// Two looks at what the log shows, the audit's, and the last.
				if c.late && asked > 3 || before {
					later.ServeHTTP(w, r)
					return
				}
				files.ServeHTTP(w, r)
			}))
			cfg := p.config(url, "    witnesses:", fmt.Sprintf("      - {name: north, url: %q, key: %q}", p.witness(func() []byte { return shown }), mine.Key()))
			if before {
				list, _ := p.once(cfg)
				want(t, "before", list)
				before = false
			}
			list, out := p.once(cfg)
			want(t, c.what, list, c.want...)
			if out.Differs != (slices.Contains(c.want, withholds) || c.before) || out.Proved {
				t.Errorf("%+v", out)
			}
			for _, a := range list {
				if a.Code == monitor.CodeWithholds && (a.Proof != monitor.ProofSeen || !strings.Contains(a.Text, "north") || !strings.Contains(a.Text, "2026-05-01T06:59:00Z")) {
					t.Errorf("%s: %s", a.Proof, a.Text)
				}
			}
		})
	}
}

// A mirror with a key has to cosign what it shows; without one it need not. A key that
// means something else is refused.
func TestMirrorWithAKey(t *testing.T) {
	const no, over = "raised/infrastructure/copy-not-believed", "ended/infrastructure/copy-not-believed"
	p := newPlace(t, 60, generator.Options{Seed: 52, Witnesses: 2})
	p.log("mirror", 60)
	raw, mine := p.checkpointOf("mirror")(), cosignerOf(t, "mirror.example/m1", 7)
	other := cosignerOf(t, mine.Key().Name, 9)
	with := func(key log.Key) string {
		return p.yaml("log", "    mirrors:", fmt.Sprintf("      - {name: library, url: mirror, key: %q}", key.String()))
	}
	cfg, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(with(mine.Key())), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		show []byte
		want []string
	}{
		{"cosigned", p.cosign(raw, mine, 1), nil},
		{"not cosigned", raw, []string{no}},
		{"cosigned again", p.cosign(raw, mine, 2), []string{over}},
		{"by another key of its name", p.cosign(raw, other, 1), []string{no}},
	} {
		p.write("mirror/checkpoint", c.show)
		list, out := p.once(cfg)
		want(t, c.what, list, c.want...)
		if bad := slices.Contains(c.want, no); bad != out.Unseen || bad && list[0].From != "mirror library" {
			t.Errorf("%s: %+v", c.what, out)
		}
	}
	list, _ := p.once(p.config("log", "    mirrors:", "      - {name: library, url: mirror}"))
	want(t, "without a key", list, over)
	for words, key := range map[string]log.Key{"is no key of a mirror": p.world.Signer.Key(), "is a witness's": p.world.Policy.Witnesses[0].Key} {
		if _, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(with(key)), os.Getenv); err == nil || !strings.Contains(err.Error(), "mirrors[1].key "+words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}
