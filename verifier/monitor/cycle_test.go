package monitor_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// What rules want of what is new is told once, each entry that fits and no other,
// whatever is logged in between two cycles.
func TestStatementsOfInterest(t *testing.T) {
	p := newPlace(t, 900, generator.Options{Seed: 31})
	p.log("log", 300)
	author, country := "", "XB"
	wanted := make(map[uint64][]string)
	for i, e := range p.world.Logged {
		leaf, err := entry.ParseLeaf(e.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		st, err := entry.ParseStatement(leaf.Statement)
		if err != nil {
			t.Fatal(err)
		}
		if st.Kind == entry.KindRequest && author == "" {
			author = st.Author
		}
		if i < 300 {
			continue // before the first cycle
		}
		if st.Kind == entry.KindRequest && bytes.Contains(e.Body, []byte(`"country":"`+country+`"`)) {
			wanted[uint64(i)] = append(wanted[uint64(i)], "country")
		}
		if st.Kind == entry.KindDecision && st.Author == author {
			wanted[uint64(i)] = append(wanted[uint64(i)], "answers")
		}
	}
	cfg := p.config("log", "    rules:", "      - {name: country, kinds: [request], countries: ["+country+"]}", "      - {name: answers, kinds: [decision], authors: ["+author+"]}")
	first, out := p.once(cfg)
	want(t, "the first cycle", first)
	if out.Size != 300 || out.Result != verifier.Matches || out.Proved || out.Differs || out.Unseen {
		t.Errorf("the first cycle: %+v", out)
	}
	got := make(map[uint64][]string)
	for _, n := range []int{301, 301, 560, 900} {
		p.log("log", n)
		list, _ := p.once(cfg)
		for _, a := range list {
			if a.Class != monitor.Interest || a.Event != monitor.Raised || got[a.Entry.Index] != nil || a.Proof != monitor.ProofLog {
				t.Errorf("size %d: %+v", n, a)
			}
			got[a.Entry.Index] = a.Rules
			if !strings.Contains(a.Text, " stated that ") {
				t.Errorf("not attributed: %s", a.Text)
			}
		}
	}
	if len(wanted) < 10 || len(got) != len(wanted) {
		t.Errorf("%d alarms, want %d", len(got), len(wanted))
	}
	for i, rules := range wanted {
		if !slices.Equal(got[i], rules) {
			t.Errorf("entry %d: rules %q, want %q", i, got[i], rules)
		}
	}
}

// Words of a text are found in any case, in the text alone.
func TestWords(t *testing.T) {
	p := newPlace(t, 300, generator.Options{Seed: 32})
	var text string
	count := 0
	for _, e := range p.world.Logged {
		if i := bytes.Index(e.Body, []byte(`"narrative":{"en":"`)); i >= 0 && text == "" {
			text = string(e.Body[i+len(`"narrative":{"en":"`):])[:25]
		}
	}
	if text == "" {
		t.Fatal("no text has words")
	}
	for _, e := range p.world.Logged {
		if bytes.Contains(bytes.ToLower(e.Body), []byte(strings.ToLower(text))) {
			count++
		}
	}
	salt := ""
	for _, e := range p.world.Logged {
		if _, rest, ok := strings.Cut(string(e.Body), `"salt":"`); ok {
			salt = rest[:12]
		}
	}
	list, _ := p.once(p.config("log", "    history: true", "    rules:", "      - {name: words, words: [\""+strings.ToUpper(text)+"\"]}", "      - {name: salt, words: [\""+salt+"\"]}"))
	if len(list) != count || count == 0 {
		t.Errorf("%d alarms, want %d", len(list), count)
	}
	for _, a := range list {
		if !slices.Equal(a.Rules, []string{"words"}) {
			t.Errorf("rules %q", a.Rules)
		}
	}
}

// What is wrong is told when it is seen first, not again while it lasts, and once when
// it is no longer seen; then it may come again, under another id.
func TestPersistingAlarms(t *testing.T) {
	p := newPlace(t, 300, generator.Options{Seed: 33})
	good := p.checkpointOf("log")()
	show := good
	cfg := p.config("log", "    witnesses:", "      - {name: w1, url: \""+p.witness(func() []byte { return show })+"\"}")
	list, _ := p.once(cfg)
	want(t, "all is well", list)
	show = []byte("hello\n")
	list, out := p.once(cfg)
	want(t, "garbage", list, "raised/infrastructure/copy-not-believed")
	if list[0].From != "witness w1" || !strings.Contains(list[0].Text, "witness w1") || !out.Unseen {
		t.Errorf("%+v, %+v", list[0], out)
	}
	first := list[0].ID
	list, out = p.once(cfg)
	want(t, "still garbage", list)
	if !out.Unseen {
		t.Error("it is forgotten while it lasts")
	}
	show = good
	list, out = p.once(cfg)
	want(t, "good again", list, "ended/infrastructure/copy-not-believed")
	if list[0].ID != first || out.Unseen {
		t.Errorf("ended under %s, raised under %s; %+v", list[0].ID, first, out)
	}
	show = []byte("hello\n")
	list, _ = p.once(cfg)
	want(t, "garbage again", list, "raised/infrastructure/copy-not-believed")
	if list[0].ID == first {
		t.Error("another occurrence has the id of the first: a sink would drop it")
	}

	// Acknowledged, it is quiet to its end, and no longer counts.
	if err := cfg.Acknowledge(first, "", p.now); err == nil {
		t.Error("an alarm that ended was acknowledged")
	}
	if err := cfg.Acknowledge("../../../etc", "", p.now); err == nil {
		t.Error("a path was acknowledged")
	}
	if err := cfg.Acknowledge(list[0].ID, "known", p.now); err != nil {
		t.Fatal(err)
	}
	open, err := cfg.Open()
	if err != nil || len(open) != 1 || !open[0].Acknowledged {
		t.Errorf("open: %+v, %v", open, err)
	}
	list, out = p.once(cfg)
	want(t, "acknowledged", list)
	if out.Unseen {
		t.Error("an acknowledged alarm counts")
	}
	show = good
	list, _ = p.once(cfg)
	want(t, "an acknowledged one ends", list)
	if files, err := os.ReadDir(filepath.Join(p.dir, "state", "logs", "hall", "acknowledged")); err != nil || len(files) != 0 {
		t.Errorf("acknowledgements are left: %v, %v", files, err)
	}
}

// With patience, what passes by itself is no alarm.
func TestPatience(t *testing.T) {
	p := newPlace(t, 100, generator.Options{Seed: 34})
	show := []byte("hello\n")
	cfg := p.config("log", "    patience: 150s", "    witnesses:", "      - {name: w1, url: \""+p.witness(func() []byte { return show })+"\"}")
	for i, codes := range [][]string{{}, {}, {}, {"raised/infrastructure/copy-not-believed"}, {}} {
		list, _ := p.once(cfg) // a minute each
		want(t, string(rune('0'+i)), list, codes...)
	}
	show = p.checkpointOf("log")()
	list, _ := p.once(cfg)
	want(t, "over", list, "ended/infrastructure/copy-not-believed")
	show = []byte("hello\n")
	list, _ = p.once(cfg)
	want(t, "for a moment", list)
	show = p.checkpointOf("log")()
	list, _ = p.once(cfg)
	want(t, "over again", list)
}

// Without a word on it, what is seen in one cycle is no alarm yet, nor in the next; the
// exit code says at once that not all was seen.
func TestPatienceByDefault(t *testing.T) {
	p := newPlace(t, 20, generator.Options{Seed: 34})
	p.write("mirror/checkpoint", []byte("hello\n"))
	text := strings.Replace(p.yaml("log", "    interval: 1m", "    mirrors: [{name: m1, url: mirror}]"), "    patience: 0s\n", "", 1)
	cfg, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(text), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for i, codes := range [][]string{{}, {}, {"raised/infrastructure/copy-not-believed"}, {}} {
		list, out := p.once(cfg) // a minute each
		want(t, string(rune('0'+i)), list, codes...)
		if !out.Unseen {
			t.Errorf("%d: %+v", i, out)
		}
	}
}

// A log that can't be read takes back nothing that was said of it.
func TestUnreadLogEndsNothing(t *testing.T) {
	p := newPlace(t, 300, generator.Options{Seed: 35})
	s := p.log("log", 300)
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	// The operator logs a statement again.
	if err := s.Rewrite(append(slices.Clone(entries), entries[200]), false); err != nil {
		t.Fatal(err)
	}
	cfg := p.config("log")
	list, _ := p.once(cfg)
	want(t, "a statement twice", list, "raised/misbehaviour/logged-decreases", "raised/misbehaviour/statement-duplicate")
	if err := os.Rename(p.path("log"), p.path("gone")); err != nil {
		t.Fatal(err)
	}
	list, out := p.once(cfg)
	want(t, "gone", list, "raised/infrastructure/log-unread")
	if !out.Unseen {
		t.Error("a log that can't be read is no matter")
	}
	if err := os.Rename(p.path("gone"), p.path("log")); err != nil {
		t.Fatal(err)
	}
	list, _ = p.once(cfg)
	want(t, "back", list, "ended/infrastructure/log-unread")
}

// A larger checkpoint that the log does not show is a matter of infrastructure, then
// of misbehaviour; it is remembered although nobody shows it any more.
func TestLogThatShowsLess(t *testing.T) {
	p := newPlace(t, 400, generator.Options{Seed: 36})
	larger := p.checkpointOf("log")()
	p.log("log", 350)
	show := larger
	witness := p.witness(func() []byte { return show })
	cfg := p.config("log", "    behind_after: 10m", "    witnesses:", "      - {name: w1, url: \""+witness+"\"}")
	list, _ := p.once(cfg)
	want(t, "just now", list) // it may be about to be published
	list, out := p.once(cfg)
	want(t, "a minute later", list, "raised/infrastructure/log-behind")
	if !out.Unseen || out.Differs {
		t.Errorf("%+v", out)
	}
	show = p.checkpointOf("log")()
	p.now = p.now.Add(10 * time.Minute)
	list, out = p.once(cfg)
	want(t, "ten minutes later", list, "raised/misbehaviour/log-withholds")
	if !out.Differs || out.Proved || list[0].Proof != monitor.ProofSeen {
		t.Errorf("%+v", out)
	}
	list, _ = p.once(cfg)
	want(t, "still", list)
	p.log("log", 400)
	list, _ = p.once(cfg)
	want(t, "the log shows it", list, "ended/infrastructure/log-behind", "ended/misbehaviour/log-withholds")
	if b, err := os.ReadFile(p.path("state/logs/hall/monitor.seen.json")); err != nil || bytes.Contains(b, []byte("note")) {
		t.Errorf("it is still held: %s, %v", b, err)
	}
}

// What the log itself showed it is held to, for ever and with no witness or mirror to
// show it: it is found to withhold it, and by its own tiles once it has grown beyond.
func TestLogThatShrinks(t *testing.T) {
	const shrunk, behind, withholds = "infrastructure/checkpoint-shrunk", "infrastructure/log-behind", "misbehaviour/log-withholds"
	held := func(p *place) int {
		b, err := os.ReadFile(p.path("state/logs/hall/monitor.seen.json"))
		if err != nil {
			p.t.Fatal(err)
		}
		return bytes.Count(b, []byte(`"note"`))
	}
	for _, c := range []struct {
		name  string
		again func(p *place) // grows again
		want  []string
	}{
		{"and shows it again", func(p *place) { p.log("log", 400) }, []string{"ended/" + behind, "ended/" + withholds}},
		{"and shows another log", func(p *place) {
			p.other("theirs", 300, 400)
			if err := os.RemoveAll(p.path("log")); err != nil {
				p.t.Fatal(err)
			}
			if err := os.Rename(p.path("theirs"), p.path("log")); err != nil {
				p.t.Fatal(err)
			}
		}, []string{"raised/misbehaviour/log-forked", "ended/" + behind, "ended/" + withholds}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t, 401, generator.Options{Seed: 36, Witnesses: 2})
			p.log("log", 350)
			cfg := p.config("log", "    behind_after: 10m")
			var out bytes.Buffer
			start := func() *monitor.Monitor {
				m, err := monitor.New(cfg, monitor.Options{Stdout: &out, Now: func() time.Time { return p.now }, Limits: p.limits})
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			m := start()
			defer func() { m.Close() }()
			cycle := func(what string, codesOf ...string) *monitor.Outcome {
				t.Helper()
				out.Reset()
				outs, err := m.Once(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want(t, what, p.alarms(out.Bytes()), codesOf...)
				p.now = p.now.Add(time.Minute)
				return outs[0]
			}
			cycle("all is well")
			if n := held(p); n != 0 {
				t.Errorf("%d are held of a log that shows all", n)
			}
			p.log("log", 200)
			cycle("shrunk", "raised/"+shrunk)
			if n := held(p); n != 1 {
				t.Fatalf("%d are held", n)
			}
			cycle("a minute later", "raised/"+behind)
			m.Close()
			m = start()
			p.log("log", 220)
			cycle("grown by a little, after a restart")
			p.now = p.now.Add(10 * time.Minute)
			if o := cycle("ten minutes later", "raised/"+withholds); !o.Differs || o.Proved {
				t.Errorf("%+v", o)
			}
			p.log("log", 200)
			for range 3 {
				cycle("still")
			}
			if err := os.Rename(p.path("log"), p.path("gone")); err != nil {
				t.Fatal(err)
			}
			cycle("gone", "raised/infrastructure/log-unread")
			if err := os.Rename(p.path("gone"), p.path("log")); err != nil {
				t.Fatal(err)
			}
			m.Close()
			m = start()
			cycle("back, after a restart", "ended/infrastructure/log-unread")
			m.Close()
			c.again(p)
			list, o := p.once(cfg)
			for _, code := range append(c.want, "ended/"+shrunk) {
				if !slices.Contains(codes(list), code) {
					t.Errorf("%s: %s is not among %q", c.name, code, codes(list))
				}
			}
			if o.Proved != slices.Contains(c.want, "raised/misbehaviour/log-forked") || !o.Proved && o.Differs {
				t.Errorf("%+v", o)
			}
			if n := held(p); n != 0 {
				t.Errorf("%d are held still", n)
			}
		})
	}
}

// What the log showed in a cycle that was not whole it is held to as well.
func TestLogThatShrinksAfterACycleThatWasNotWhole(t *testing.T) {
	p := newPlace(t, 400, generator.Options{Seed: 36})
	p.log("log", 200)
	interrupt := func() {}
	files := http.FileServer(http.Dir(p.path("log")))
	cfg := p.config(p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/tile/entries/") {
			interrupt()
		}
		files.ServeHTTP(w, r)
	})), "    behind_after: 10m")
	list, _ := p.once(cfg)
	want(t, "all is well", list)
	p.log("log", 400)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	interrupt = cancel
	m, err := monitor.New(cfg, monitor.Options{Now: func() time.Time { return p.now }, Limits: p.limits})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Once(ctx); err == nil {
		t.Fatal("the cycle was whole")
	}
	m.Close()
	interrupt = func() {}
	p.log("log", 200)
	p.now = p.now.Add(10 * time.Minute)
	list, _ = p.once(cfg)
	if !slices.Contains(codes(list), "raised/misbehaviour/log-withholds") {
		t.Errorf("it is forgotten: %q", codes(list))
	}
}

// A log that was shown to one side only is found in one cycle, whoever shows the other
// side and whichever is larger, and the bundle is proof.
func TestForkIsFound(t *testing.T) {
	for _, c := range []struct {
		name         string
		ours, theirs int
		by           string // witness, mirror, or both: a witness's checkpoint, with a mirror's tiles
	}{
		{"witness, one size", 600, 600, "witness"},
		{"witness, theirs is smaller", 600, 420, "witness"},
		{"mirror, theirs is smaller", 600, 420, "mirror"},
		{"mirror, theirs is larger", 420, 600, "mirror"},
		{"witness, theirs is larger, and a mirror has it", 420, 600, "both"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t, 601, generator.Options{Seed: 37})
			p.log("log", c.ours)
			p.other("theirs", 300, c.theirs)
			show := p.checkpointOf("log")
			var more []string
			if c.by != "mirror" {
				more = append(more, "    witnesses:", "      - {name: w1, url: \""+p.witness(func() []byte { return show() })+"\"}")
			}
			at := "log"
			if c.by != "witness" {
				mirrored := p.path("mirrored")
				if err := os.CopyFS(mirrored, os.DirFS(p.path("log"))); err != nil {
					t.Fatal(err)
				}
				more = append(more, "    mirrors:", "      - {name: m1, url: \""+p.serve("mirrored")+"\"}")
			}
			cfg := p.config(p.serve(at), more...)
			list, _ := p.once(cfg)
			want(t, "before", list)
			show = p.checkpointOf("theirs")
			if c.by != "witness" {
				if err := os.RemoveAll(p.path("mirrored")); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(p.path("theirs"), p.path("mirrored")); err != nil {
					t.Fatal(err)
				}
				show = p.checkpointOf("mirrored")
			}
			list, out := p.once(cfg)
			if !slices.Contains(codes(list), "raised/misbehaviour/log-forked") || !out.Proved {
				t.Fatalf("it was not found: %q, %+v", codes(list), out)
			}
			for _, a := range list {
				if a.Code != verifier.FindLogForked {
					continue
				}
				b, err := os.ReadFile(a.Evidence)
				if err != nil {
					t.Fatal(err)
				}
				e, err := verifier.ParseEvidence(b)
				if err != nil {
					t.Fatal(err)
				}
				if err := verifier.CheckEvidence(p.world.Policy, e); err != nil {
					t.Error(err)
				}
				if !strings.Contains(a.From, "log") || !strings.Contains(a.From, map[string]string{"witness": "witness w1", "mirror": "mirror m1", "both": "m1"}[c.by]) {
					t.Errorf("it is from %q", a.From)
				}
			}
			// It is said once, stays for ever, and neither fills the disk nor keeps
			// the log from being followed.
			for _, n := range []int{c.ours, c.ours + 1, c.ours + 1} {
				if n == c.ours+1 {
					p.log("log", n)
				}
				list, out = p.once(cfg)
				if slices.Contains(codes(list), "raised/misbehaviour/log-forked") || !out.Proved {
					t.Errorf("again: %q, %+v", codes(list), out)
				}
			}
			show = p.checkpointOf("log")
			list, out = p.once(cfg)
			if !out.Proved || slices.Contains(codes(list), "ended/misbehaviour/log-forked") {
				t.Error("what is proved was taken back")
			}
			if files, err := filepath.Glob(p.path("state/evidence/*.json")); err != nil || len(files) == 0 || len(files) > 3 {
				t.Errorf("bundles: %q, %v", files, err)
			}
		})
	}
}

// A checkpoint that the tiles of nobody can be compared by is compared with all the
// entries.
func TestForkWithoutTiles(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 38})
	p.other("theirs", 300, 420)
	if err := os.RemoveAll(p.path("log/tile/0")); err != nil {
		t.Fatal(err)
	}
	cfg := p.config(p.serve("log"), "    witnesses:", "      - {name: w1, url: \""+p.witness(p.checkpointOf("theirs"))+"\"}")
	list, out := p.once(cfg)
	if !slices.Contains(codes(list), "raised/misbehaviour/log-forked") || !out.Proved {
		t.Errorf("%q", codes(list))
	}
}

// Whoever has the state of another log is not believed.
func TestStateOfAnotherLog(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 39})
	cfg := p.config("log")
	p.once(cfg)
	b, err := os.ReadFile(p.path("state/logs/hall/monitor.json"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("state/logs/hall/monitor.json", bytes.Replace(b, []byte("lanternhall"), []byte("otherhall"), 1))
	if _, err := monitor.New(cfg, monitor.Options{}); err == nil || !strings.Contains(err.Error(), "otherhall") {
		t.Errorf("it was taken: %v", err)
	}
}

// One monitor at a time.
func TestTwoMonitors(t *testing.T) {
	p := newPlace(t, 10, generator.Options{Seed: 40})
	cfg := p.config("log")
	m, err := monitor.New(cfg, monitor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := monitor.New(cfg, monitor.Options{}); err == nil {
		t.Error("a second one works in the same folder")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m, err = monitor.New(cfg, monitor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
}

// What entries alone show leaves a bundle; what hangs on all of the log does not, and
// says so.
func TestRuleBreakLeavesABundle(t *testing.T) {
	p := newPlace(t, 300, generator.Options{Seed: 41})
	s := p.log("log", 300)
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Rewrite(append(slices.Clone(entries), entries[200]), false); err != nil {
		t.Fatal(err)
	}
	list, out := p.once(p.config("log"))
	want(t, "a statement twice, dated back", list, "raised/misbehaviour/logged-decreases", "raised/misbehaviour/statement-duplicate")
	if !out.Proved {
		t.Errorf("%+v", out)
	}
	for _, a := range list {
		if a.Code != "logged-decreases" {
			if a.Proof != monitor.ProofLog {
				t.Errorf("%s: proof %q", a.Code, a.Proof)
			}
			continue
		}
		b, err := os.ReadFile(a.Evidence)
		if err != nil {
			t.Fatal(err)
		}
		r, err := verifier.ParseRuleBreak(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.CheckRuleBreak(p.world.Policy, r); err != nil {
			t.Error(err)
		}
	}
	list, _ = p.once(p.config("log"))
	want(t, "again", list)
}

// A log that shrinks and grows again says nothing anew.
func TestNothingIsToldTwice(t *testing.T) {
	p := newPlace(t, 400, generator.Options{Seed: 42})
	cfg := p.config("log", "    history: true", "    rules: [{name: all, kinds: [request]}]")
	list, _ := p.once(cfg)
	if len(list) == 0 {
		t.Fatal("nothing is told")
	}
	for _, n := range []int{200, 400} {
		p.log("log", n)
		list, _ := p.once(cfg)
		for _, a := range list {
			if a.Code == monitor.CodeEntry {
				t.Errorf("size %d: told again of entry %d", n, a.Entry.Index)
			}
		}
	}
}
