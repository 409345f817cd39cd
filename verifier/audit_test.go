package verifier_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// storySize leaves two full bundles and part of a third.
const storySize = 700

// newStory writes a log in which nothing is wrong.
func newStory(t testing.TB, n int, o generator.Options) (*generator.World, *generator.Site) {
	t.Helper()
	w := generator.New(o)
	dir := filepath.Join(t.TempDir(), "log")
	if err := w.WriteStory(dir, n); err != nil {
		t.Fatal(err)
	}
	return w, w.Open(dir)
}

// newLog writes a log of what a world logged so far.
func newLog(t testing.TB, w *generator.World) *generator.Site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	return w.Open(dir)
}

func runAudit(t testing.TB, w *generator.World, dir string, change ...func(*verifier.Config)) *verifier.Report {
	t.Helper()
	cfg := verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(dir)}
	for _, c := range change {
		c(&cfg)
	}
	r, err := verifier.Audit(t.Context(), cfg)
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	holdToSchema(t, r)
	return r
}

// found lists findings as "code/whom", sorted, each once.
func found(r *verifier.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		out = append(out, string(f.Code)+"/"+string(f.Concerns))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func text(t testing.TB, r *verifier.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoodLogs(t *testing.T) {
	for name, c := range map[string]struct {
		n int
		o generator.Options
	}{
		"charter alone":             {1, generator.Options{Seed: 1}},
		"one bundle and not full":   {100, generator.Options{Seed: 2}},
		"one bundle, just full":     {256, generator.Options{Seed: 3}},
		"one over":                  {257, generator.Options{Seed: 4}},
		"several bundles":           {storySize, generator.Options{Seed: 5}},
		"half-years":                {storySize, generator.Options{Seed: 6, Period: entry.HalfYear}},
		"witnesses":                 {300, generator.Options{Seed: 7, Witnesses: 3, Quorum: 2}},
		"a real secretariat of 5/9": {300, generator.Options{Seed: 8, SecretariatKeys: 9, SecretariatThreshold: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newStory(t, c.n, c.o)
			r := runAudit(t, w, s.Dir)
			if r.Result != verifier.Matches || len(r.Findings) > 0 {
				t.Fatalf("result %s, findings %v\n%s", r.Result, found(r), text(t, r))
			}
			if r.Size != uint64(c.n) || r.Statements.Accepted != uint64(c.n) {
				t.Errorf("size %d, accepted %d, want %d", r.Size, r.Statements.Accepted, c.n)
			}
			for _, step := range r.Steps {
				if step.State == verifier.Failed {
					t.Errorf("step %s failed: %s", step.Name, step.Text)
				}
			}
			if first, _, _ := strings.Cut(text(t, r), "\n"); first != verifier.SimulatedNotice {
				t.Errorf("first line is %q", first)
			}
			if !r.SimulatedTime {
				t.Error("simulatedTime is not set")
			}
		})
	}
}

// A log of every kind in all its forms, in which nothing is wrong: what is found is
// for information, by its nature. It is audited alike whatever the number of
// workers.
func TestEveryKind(t *testing.T) {
	w := generator.New(generator.EveryKindOptions())
	if err := w.EveryKind(900); err != nil {
		t.Fatal(err)
	}
	w.Conclude("log.lanternhall.example/2026")
	s := newLog(t, w)
	var first []byte
	for _, workers := range []int{2, 1, 5} {
		r := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Workers = workers })
		for _, f := range r.Findings {
			if !slices.Contains(generator.EveryKindFindings, f.Code) || f.Severity != pledge.Info {
				t.Errorf("finding %+v", f)
			}
		}
		n := r.Texts
		if r.Result != verifier.Matches || r.Statements.Accepted != w.Size() || n.Missing+n.Altered+n.Invalid > 0 || n.Opened == 0 || n.Withheld == 0 || n.Sealed == 0 || n.Erased == 0 {
			t.Fatalf("result %s, statements %+v, texts %+v", r.Result, r.Statements, n)
		}
		b, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(first, b) {
			t.Errorf("%d workers: another report", workers)
		}
	}
}

// The same log gives the same report, whatever the number of workers, and from
// wherever it is read.
func TestSameInputSameReport(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 11, Lapses: 150})
	if err := s.Remove("tile/1/000.p/2"); err != nil {
		t.Fatal(err)
	}
	first, err := runAudit(t, w, s.Dir).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(first, []byte("tile-missing")) || !bytes.Contains(first, []byte("attestation-late")) {
		t.Fatalf("the log is not as this test wants it:\n%s", first)
	}
	copied, err := s.Copy(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 7} {
		r := runAudit(t, w, copied.Dir, func(c *verifier.Config) { c.Workers = workers })
		again, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatalf("%d workers: another report:\n%s\nand\n%s", workers, first, again)
		}
	}
}

func TestCharterNotGiven(t *testing.T) {
	w, s := newStory(t, 20, generator.Options{Seed: 12})
	r := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Charter = entry.ID{} })
	if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedCharter {
		t.Fatalf("result %s, undecided %v", r.Result, r.Undecided)
	}
	if !strings.Contains(r.Undecided.Text, w.Charter.String()) {
		t.Errorf("the id that was seen is not named: %s", r.Undecided.Text)
	}
	if !strings.Contains(r.Undecided.Hint, "operator can't alter") {
		t.Errorf("the hint does not say where to get the id: %s", r.Undecided.Hint)
	}
}

func TestOtherCharter(t *testing.T) {
	w, s := newStory(t, 20, generator.Options{Seed: 13})
	r := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Charter[0] ^= 1 })
	if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"charter-mismatch/view"}) {
		t.Fatalf("result %s, findings %v", r.Result, found(r))
	}
	if len(r.Signatories) > 0 {
		t.Error("signatories of another accord are shown")
	}
}

func TestEmptyLog(t *testing.T) {
	w := generator.New(generator.Options{Seed: 14})
	s := newLog(t, w)
	r := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Charter = entry.ID{1} })
	if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"charter-mismatch/view"}) {
		t.Fatalf("result %s, findings %v\n%s", r.Result, found(r), text(t, r))
	}
	r = runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Charter = entry.ID{} })
	if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedCharter {
		t.Fatalf("result %s, undecided %v", r.Result, r.Undecided)
	}
}

// Config mistakes are errors, not reports.
func TestConfig(t *testing.T) {
	w, s := newStory(t, 5, generator.Options{Seed: 15})
	for name, cfg := range map[string]verifier.Config{
		"no policy":  {Charter: w.Charter, Source: log.DirSource(s.Dir)},
		"no source":  {Charter: w.Charter, Policy: w.Policy},
		"bad policy": {Charter: w.Charter, Policy: &log.Policy{Quorum: "nobody"}, Source: log.DirSource(s.Dir)},
	} {
		if r, err := verifier.Audit(t.Context(), cfg); err == nil {
			t.Errorf("%s: a report: %v", name, r)
		}
	}
}

// Progress goes up and ends at the size.
func TestProgress(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 16})
	var last uint64
	runAudit(t, w, s.Dir, func(c *verifier.Config) {
		c.Progress = func(done, total uint64) {
			if done <= last || total != storySize {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			last = done
		}
	})
	if last != storySize {
		t.Errorf("progress ended at %d", last)
	}
}

// What signatories failed to do is told, and leaves the result as it is.
func TestLapsesConcernAuthors(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 17, Lapses: 250})
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Matches {
		t.Fatalf("result %s: %v", r.Result, found(r))
	}
	if len(r.Findings) == 0 || r.AtLeast(pledge.Error) || !r.AtLeast(pledge.Warning) {
		t.Fatalf("findings %v", found(r))
	}
	out := text(t, r)
	for _, f := range r.Findings {
		if f.Concerns != pledge.RoleAuthor {
			t.Errorf("%s concerns %s", f.Code, f.Concerns)
		}
		if !strings.Contains(out, f.Text) {
			t.Errorf("the text does not have: %s", f.Text)
		}
	}
	for _, s := range r.Signatories {
		if strings.Contains(out, s.ID+" ") {
			t.Errorf("%s is named by its id", s.Name)
		}
	}
}

func TestInterrupted(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 18})
	ctx, cancel := newCancel(t)
	r, err := verifier.Audit(ctx, verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: cancelAt{log.DirSource(s.Dir), "tile/entries/001.p/44", cancel}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedStopped {
		t.Fatalf("result %s, undecided %v", r.Result, r.Undecided)
	}
}

// No message uses a word that says more than a log can prove.
func TestWords(t *testing.T) {
	var all []string
	for _, m := range slices.Concat(verifier.Catalogue, pledge.Catalogue) {
		all = append(all, m.Title, m.Meaning)
	}
	w, s := newStory(t, storySize, generator.Options{Seed: 19, Lapses: 250, Witnesses: 2})
	all = append(all, text(t, runAudit(t, w, s.Dir)))
	for _, s := range all {
		for _, bad := range []string{"lied", "failed to", "guilty", "Verified true", "demanded", "illegal", "received none", "is gagged"} {
			if strings.Contains(strings.ToLower(s), strings.ToLower(bad)) {
				t.Errorf("%q says %q", s, bad)
			}
		}
	}
}

// A name in the log can't play tricks with the terminal of who audits it.
func TestTricksInNames(t *testing.T) {
	w := generator.New(generator.Options{Seed: 20, Signatories: 2})
	w.Signatories[0].Company.Name = "Evil\u202eemaN"
	w.Signatories[1].Company.Name = "Evil\u009b2JName"
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Log(w.Admit(a))
		w.Log(w.Pledge(a))
	}
	out := text(t, runAudit(t, w, newLog(t, w).Dir))
	if strings.ContainsAny(out, "\u202e\u009b\x1b") {
		t.Errorf("the text passes them on: %q", out)
	}
}

func TestCatalogue(t *testing.T) {
	seen := make(map[entry.Code]bool)
	for _, m := range slices.Concat(verifier.Catalogue, pledge.Catalogue) {
		if seen[m.Code] {
			t.Errorf("%s stands twice", m.Code)
		}
		seen[m.Code] = true
		if m.Title == "" || !strings.HasSuffix(m.Meaning, ".") || m.Severity == "" || m.Concerns == "" {
			t.Errorf("%s is not described", m.Code)
		}
		if got, ok := verifier.MeaningOf(m.Code); !ok || got != m {
			t.Errorf("MeaningOf(%s) = %v", m.Code, got)
		}
	}
}
