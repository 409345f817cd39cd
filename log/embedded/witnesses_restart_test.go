package embedded_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

// A log that was restored together with its guard is stopped by the witnesses: when
// it starts, or as soon as they can be asked.
func TestRestoredWithItsGuard(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	policy := policyText(t, ws, twoOfThree)
	dir, cfg, p := createWitnessed(t, policy)
	e := open(t, cfg)
	mustAppend(t, e, 0, 100)
	closeLog(t, e)
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	cfg, _ = witnessed(t, dir, policy)
	e = open(t, cfg)
	mustAppend(t, e, 100, 150)
	closeLog(t, e)

	cfg, _ = witnessed(t, backup, policy)
	_, err := embedded.Open(t.Context(), cfg)
	restored, ok := errors.AsType[*embedded.RestoredError](err)
	if !ok || !errors.Is(err, log.ErrStopped) || !errors.Is(err, witnessing.ErrAhead) {
		t.Fatalf("Open: %v", err)
	}
	if restored.Last != 100 || restored.Ahead.Size != 150 || restored.Ahead.URL == "" {
		t.Errorf("%+v", restored)
	}
	if v := shown(t, backup, p); v.Checkpoint.Size != 100 {
		t.Errorf("size %d was published", v.Checkpoint.Size)
	}

	// Two of three are dead at first: it starts, publishes nothing, and is stopped
	// as soon as one that knows more answers. Other leaves are appended meanwhile.
	for _, w := range ws {
		w.Set(witnesstest.Dead())
	}
	e = open(t, cfg)
	if got, _ := e.QuorumTime(); got != 0 {
		t.Errorf("QuorumTime %d", got)
	}
	other := leaves(1000, 1020)
	if err := e.Append(t.Context(), 100, other); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	ws[2].Set(nil)
	eventually(t, "the end", func() bool { return errors.Is(e.Err(), log.ErrStopped) })
	if _, ok := errors.AsType[*embedded.RestoredError](e.Err()); !ok {
		t.Errorf("Err: %v", e.Err())
	}
	e.Close(t.Context())
	if v := shown(t, backup, p); v.Checkpoint.Size != 100 {
		t.Errorf("size %d was published", v.Checkpoint.Size)
	}
}

// A log and its guard were restored together, and a quorum that never saw what is missing
// cosigns it. A witness that did see it comes back long after the start: what it shows
// proves the fork, and the log stops. Without proof it goes on, and tells it once; so it does
// where a key of the policy signed that which does not sign now, and it says which.
func TestWitnessComesBackLater(t *testing.T) {
	for _, c := range []struct {
		name string
		fork uint64 // size of the other history
		show func(raw []byte) []byte
		told string // "": it stops
	}{
		{"smaller than ours by then", 150, func(raw []byte) []byte { return raw }, ""},
		{"larger than ours", 400, func(raw []byte) []byte { return raw }, ""},
		{"shows nothing", 150, nil, "shows no proof"},
		{"larger, shows nothing", 400, nil, "shows no proof"},
		{"shows what our key did not sign", 150, func(raw []byte) []byte { return []byte(strings.Replace(string(raw), "150", "151", 1)) }, "shows no proof"},
		{"smaller, signed by a former key", 150, byFormer, "signed by a former key"},
		{"larger, signed by a former key", 400, byFormer, "signed by a former key"},
		{"signed by a former key and by ours", 150, func(raw []byte) []byte { return append(raw, lastLine(byFormer(raw))...) }, ""},
		{"signed by a key of no policy", 400, func(raw []byte) []byte { return signedBy(raw, "nobody's") }, "shows no proof"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ws := startWitnesses(t, "a", "b", "c")
			policy := "log " + formerSigner(formerSeed).Key().String() + "\n" + policyText(t, ws, "group g any a b c\nquorum g\n")
			dir, cfg, _ := createWitnessed(t, policy)
			e := open(t, cfg)
			mustAppend(t, e, 0, 100)
			closeLog(t, e)
			backup := t.TempDir()
			if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			// Only c sees what comes after.
			ws[0].Set(witnesstest.Dead())
			ws[1].Set(witnesstest.Dead())
			cfg, _ = witnessed(t, dir, policy)
			e = open(t, cfg)
			mustAppend(t, e, 100, c.fork)
			closeLog(t, e)
			cfg.Witnesses.Close() // it would go on asking a and b
			raw, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
			if err != nil {
				t.Fatal(err)
			}
			if c.show != nil {
				ws[2].Show(func() []byte { return c.show(raw) })
			}
			ws[0].Set(nil)
			ws[1].Set(nil)
			ws[2].Set(witnesstest.Dead())

			cfg, _ = witnessed(t, backup, policy)
			told := new(lines)
			cfg.Logger = slog.New(slog.NewTextHandler(told, &slog.HandlerOptions{Level: slog.LevelError}))
			e = open(t, cfg)
			other := leaves(1000, 1200)
			if err := e.Append(t.Context(), 100, other); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Await(t.Context(), 299); err != nil {
				t.Fatal(err)
			}
			ws[2].Set(nil)
			if c.told == "" {
				eventually(t, "the end", func() bool { return errors.Is(e.Err(), log.ErrStopped) })
				x, ok := errors.AsType[*witnessing.Contradiction](e.Err())
				if !ok || x.Shown == nil || x.Shown.Checkpoint.Size != c.fork || x.Witness != "c" || !strings.Contains(e.Err().Error(), "After losing the machine") {
					t.Errorf("Err: %v", e.Err())
				}
				e.Close(t.Context())
				return
			}
			eventually(t, "its claims", func() bool { return cfg.Witnesses.Figures()[2].Contradictions > 2 })
			if err := e.Err(); err != nil {
				t.Errorf("Err: %v", err)
			}
			closeLog(t, e)
			said := strings.Count(told.String(), "\n")
			if said != 1 || !strings.Contains(told.String(), c.told) {
				t.Errorf("told %d times: %s", said, told)
			}
			if key := formerSigner(formerSeed).Key(); strings.Contains(c.told, "former") &&
				(!strings.Contains(told.String(), fmt.Sprintf("key=%s+%08x", key.Name, key.ID)) || !strings.Contains(told.String(), "Changing the checkpoint key")) {
				t.Errorf("told %s", told)
			}
		})
	}
}

// A key that the policy of a test names, and that does not sign.
const formerSeed = "former key"

func formerSigner(of string) *log.Signer {
	seed := sha256.Sum256([]byte(of))
	s, err := log.NewSigner(origin, seed[:])
	if err != nil {
		panic(err)
	}
	return s
}

func byFormer(raw []byte) []byte { return signedBy(raw, formerSeed) }

// signedBy is a checkpoint that another key signed.
func signedBy(raw []byte, of string) []byte {
	n, err := log.ParseNote(raw)
	if err == nil {
		n, err = formerSigner(of).SignNote(n.Text)
	}
	if err != nil {
		panic(err)
	}
	return n.Marshal()
}

func lastLine(raw []byte) []byte {
	return raw[bytes.LastIndexByte(raw[:len(raw)-1], '\n')+1:]
}

// A thief has had a witness cosign more by a key that was replaced. The log can't tell that
// from a copy of itself that is too old, and does not start; it says whose key that was.
func TestFormerKeyAtTheStart(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	policy := "log " + formerSigner(formerSeed).Key().String() + "\n" + policyText(t, ws, twoOfThree)
	dir, cfg, _ := createWitnessed(t, policy)
	e := open(t, cfg)
	mustAppend(t, e, 0, 100)
	closeLog(t, e)
	cp := log.Checkpoint{Origin: origin, Size: 101, Root: log.LeafHash([]byte("the thief's"))}
	n, err := formerSigner(formerSeed).SignNote(cp.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	ws[1].SetState(cp.Size, cp.Root)
	ws[1].Show(n.Marshal)
	cfg, _ = witnessed(t, dir, policy)
	_, err = embedded.Open(t.Context(), cfg)
	restored, ok := errors.AsType[*embedded.RestoredError](err)
	if !ok || !errors.Is(err, log.ErrStopped) || restored.Former == nil || restored.Former.Witness != "b" || restored.Last != 100 ||
		!strings.Contains(err.Error(), "that key was stolen") || !strings.Contains(err.Error(), restored.Former.Key()) {
		t.Fatalf("Open: %v", err)
	}
	ws[1].Show(nil)
	cfg, _ = witnessed(t, dir, policy)
	_, err = embedded.Open(t.Context(), cfg)
	if restored, ok := errors.AsType[*embedded.RestoredError](err); !ok || restored.Former != nil {
		t.Fatalf("Open: %v", err)
	}
}

// lines is a buffer that several may write to.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Once a quorum has confirmed the log one witness that claims to know more of it
// cannot stop it.
func TestOneClaimDoesNotStop(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	_, cfg, _ := createWitnessed(t, policyText(t, ws, twoOfThree))
	e := open(t, cfg)
	ws[1].Set(func(rw http.ResponseWriter, r *witnesstest.Request) bool {
		witnesstest.Conflict(rw, 1000+r.CP.Size)
		return true
	})
	for n := uint64(0); n < 10; n++ {
		mustAppend(t, e, n, n+1)
		if _, err := e.Await(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if f := cfg.Witnesses.Figures()[1]; !errors.Is(f.LastError, witnessing.ErrAhead) {
		t.Errorf("figures %+v", f)
	}
	closeLog(t, e)
}

// A log that starts without a quorum neither signs nor asks more often than the pauses
// allow, and goes on once the witnesses are back.
func TestStartWithoutQuorumKeepsPauses(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	policy := policyText(t, ws, twoOfThree)
	dir, cfg, p := createWitnessed(t, policy)
	e := open(t, cfg)
	mustAppend(t, e, 0, 100)
	closeLog(t, e)
	for _, w := range ws[:2] {
		w.Set(witnesstest.Status(429))
	}
	before := len(ws[0].Asked())
	cfg, _ = witnessed(t, dir, policy)
	const pause = 400 * time.Millisecond // four intervals
	var err error
	cfg.Witnesses, err = witnessing.New(witnessing.Config{
		Policy: p, Prover: log.NewTileReader(log.DirSource(cfg.Dir)), Logger: quiet, Backoff: pause, MaxBackoff: pause,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cfg.Witnesses.Close)
	var signed atomic.Int64
	cfg.BeforeSign = func(log.Checkpoint) error { signed.Add(1); return nil }
	began := time.Now()
	e = open(t, cfg)
	if err := e.Append(t.Context(), 100, leaves(100, 120)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * pause)
	asked, tries := len(ws[0].Asked())-before, int(signed.Load())
	most := int(time.Since(began)/pause) + 1
	if asked < 2 || asked > most || tries > most {
		t.Errorf("asked %d times and signed %d times, want at most %d", asked, tries, most)
	}
	ws[1].Set(nil)
	if _, err := e.Await(t.Context(), 119); err != nil {
		t.Fatal(err)
	}
	closeLog(t, e)
	if v := shown(t, dir, p); v.Checkpoint.Size != 120 {
		t.Errorf("published size %d", v.Checkpoint.Size)
	}
}

func TestCreateOverAKnownName(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	ws[1].SetState(5, log.Hash{1})
	cfg, _ := witnessed(t, t.TempDir(), policyText(t, ws, twoOfThree))
	if err := embedded.Create(t.Context(), cfg); !errors.Is(err, witnessing.ErrAhead) {
		t.Errorf("Create: %v", err)
	}
	cfg, _ = witnessed(t, t.TempDir(), policyText(t, ws, "quorum b\n"))
	ws[1].Set(witnesstest.Dead())
	if err := embedded.Create(t.Context(), cfg); !errors.Is(err, log.ErrQuorum) {
		t.Errorf("Create: %v", err)
	}
}

// TestWitnessedVictim is the process that TestKilledWhileCosigning kills.
func TestWitnessedVictim(t *testing.T) {
	dir, ok := os.LookupEnv("WITNESSED_VICTIM")
	if !ok {
		return
	}
	policy, err := os.ReadFile(filepath.Join(dir, "policy"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, _ := witnessed(t, dir, string(policy))
	e := open(t, cfg)
	next, err := e.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nnext %d\n", next)
	for {
		if err := e.Append(t.Context(), next, leaves(next, next+7)); err != nil {
			t.Fatal(err)
		}
		next += 7
		time.Sleep(time.Millisecond)
	}
}

// The process is killed between signature, cosignatures and publication, at each
// step several times. The next one goes on; no witness ever saw two trees, and what
// is published has its quorum all the time.
func TestKilledWhileCosigning(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	policy := policyText(t, ws, twoOfThree)
	dir, _, p := createWitnessed(t, policy)
	if err := os.WriteFile(filepath.Join(dir, "policy"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var kill func()
	var victim int // of which round
	steps := []string{"signed", "one cosigned", "quorum cosigned", "a moment later"}
	answered := 0
	for i, w := range ws {
		w.Set(func(rw http.ResponseWriter, r *witnesstest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if r.CP.Size == 0 || kill == nil || r.Number < 3 {
				return false
			}
			switch steps[victim%len(steps)] {
			case "signed":
				kill()
			case "one cosigned":
				if i != 0 {
					return witnesstest.Dead()(rw, r)
				}
				w.Honest(rw, r)
				rw.(http.Flusher).Flush()
				time.AfterFunc(5*time.Millisecond, kill)
			case "quorum cosigned":
				w.Honest(rw, r)
				if answered++; answered >= 2 {
					kill() // before the answer leaves
				}
			default:
				w.Honest(rw, r)
				rw.(http.Flusher).Flush()
				if answered++; answered >= 6 {
					time.AfterFunc(time.Duration(victim)*2*time.Millisecond, kill)
				}
			}
			return true
		})
	}
	published := uint64(0)
	for victimNo := range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWitnessedVictim$")
		cmd.Env = append(os.Environ(), "WITNESSED_VICTIM="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var next uint64
			if n, _ := fmt.Sscanf(lines.Text(), "next %d", &next); n == 1 {
				if next < published {
					t.Fatalf("begins at %d, %d was published", next, published)
				}
				mu.Lock()
				victim, answered, kill = victimNo, 0, func() { cmd.Process.Kill() }
				mu.Unlock()
			} else if strings.HasPrefix(lines.Text(), "FAIL") || strings.HasPrefix(lines.Text(), "---") {
				rest, _ := io.ReadAll(out)
				t.Fatalf("%s\n%s", lines.Text(), rest)
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
			t.Fatalf("victim ended by itself: %v", err)
		}
		mu.Lock()
		kill = nil
		mu.Unlock()
		v := shown(t, dir, p)
		if v.Checkpoint.Size < published {
			t.Fatalf("checkpoint of size %d after %d was published", v.Checkpoint.Size, published)
		}
		published = v.Checkpoint.Size
	}
	for _, w := range ws {
		w.Set(nil)
	}
	cfg, _ := witnessed(t, dir, policy)
	e := open(t, cfg)
	next, err := e.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end := next + 1000 // over what was signed and not published
	mustAppend(t, e, next, end)
	closeLog(t, e)
	if v := shown(t, dir, p); v.Checkpoint.Size != end || published == 0 {
		t.Errorf("size %d, want %d; %d was published before", v.Checkpoint.Size, end, published)
	}
	wantLog(t, cfg.Dir, end)
	size, root := ws[0].State()
	if v := shown(t, dir, p); size == end && root != v.Checkpoint.Root {
		t.Error("a witness has another root")
	}
	for _, w := range ws {
		if s, _ := w.State(); s > end {
			t.Errorf("witness %s has size %d", w.Name, s)
		}
	}
}
