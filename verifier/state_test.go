package verifier_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// writePrefix writes the log of a world's first n entries, as it was then.
func writePrefix(t testing.TB, w *generator.World, n int) *generator.Site {
	t.Helper()
	return writePrefixTo(t, w, n, filepath.Join(t.TempDir(), "log"))
}

func writePrefixTo(t testing.TB, w *generator.World, n int, dir string) *generator.Site {
	t.Helper()
	d, err := w.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range w.Logged[:n] {
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Open(dir)
}

func withState(dir string) func(*verifier.Config) {
	return func(c *verifier.Config) { c.State = dir }
}

// same wants two reports to be the same, but for what an audit that went on from a
// state says of itself.
func same(t testing.TB, what string, whole, part *verifier.Report) {
	t.Helper()
	bare := func(r *verifier.Report) string {
		c := *r
		c.Earlier, c.NotChecked = 0, nil
		b, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if x, y := bare(whole), bare(part); x != y {
		lx, ly := strings.Split(x, "\n"), strings.Split(y, "\n")
		for i := range min(len(lx), len(ly)) {
			if lx[i] != ly[i] {
				t.Fatalf("%s: line %d of the report is\n%s\nof the whole log, and from the state on\n%s\nresults %s and %s, findings\n%v\n%v", what, i+1, lx[i], ly[i], whole.Result, part.Result, found(whole), found(part))
			}
		}
		t.Fatalf("%s: one report is longer", what)
	}
	if part.Earlier > 0 != notChecked(part, "an earlier audit read them") {
		t.Errorf("%s: %d entries were read earlier, not checked: %v", what, part.Earlier, part.NotChecked)
	}
}

// stateWorld plays a log with everything that an audit keeps something of: every
// kind, lapses, statements that break rules, texts of all states.
func stateWorld(t testing.TB, seed uint64, n int, witnesses bool) *generator.World {
	t.Helper()
	o := generator.EveryKindOptions()
	o.Seed, o.Lapses = seed, 60
	if witnesses {
		o.Witnesses, o.Quorum = 3, 2
	}
	w := generator.New(o)
	if err := w.EveryKind(n); err != nil {
		t.Fatal(err)
	}
	return w
}

// spoil puts in some leaves that are of no effect: garbage, and statements that were
// logged before. With these, most of what the operator says is of no effect either;
// so it erases nothing.
func spoil(w *generator.World, every int) {
	var out []*generator.Entry
	for i, e := range w.Logged {
		if e.Erases != "" {
			continue
		}
		out = append(out, e)
		switch {
		case i%every != every-1:
		case i%2 == 0:
			out = append(out, &generator.Entry{Leaf: []byte("garbage"), Logged: e.Logged})
		default:
			out = append(out, e)
		}
	}
	w.Logged = out
}

// TestStateLaw: whatever the places at which a log is audited with a state, each
// report is that of an audit of the whole log at that place.
func TestStateLaw(t *testing.T) {
	const n = 800
	worlds := []*generator.World{stateWorld(t, 201, n, false), stateWorld(t, 202, n, true), stateWorld(t, 203, n, true)}
	spoil(worlds[2], 97)
	went, temp := 0, t.TempDir()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		// Some audits each. With -short, as under the race detector, rapid takes a fifth;
		// scripts/test --long gives 40.
		checks := "20"
		if testing.Short() {
			checks = "10"
		}
		if err := flag.Set(f.Name, checks); err != nil {
			t.Fatal(err)
		}
		defer flag.Set(f.Name, f.DefValue)
	}
	law := func(fatalf func(string, ...any), w *generator.World, sizes []int, missing map[int]int) {
		dir, err := os.MkdirTemp(temp, "")
		if err != nil {
			fatalf("%v", err)
		}
		defer os.RemoveAll(dir)
		state := filepath.Join(dir, "state")
		for i, size := range sizes {
			s := writePrefixTo(t, w, size, filepath.Join(dir, strconv.Itoa(i)))
			for at, until := range missing {
				if e := w.Logged[at]; e.Body != nil && at < size && i <= until {
					if err := s.SetBody(e.Digest, nil); err != nil {
						fatalf("%v", err)
					}
				}
			}
			whole := runAudit(t, w, s.Dir)
			part := runAudit(t, w, s.Dir, withState(state))
			same(t, entry.Digest([]byte(s.Dir)), whole, part)
			if part.Earlier > 0 {
				went++
			}
			if part.State == nil || part.State.Err != nil || part.State.Hindered {
				fatalf("size %d: state %+v, findings %v", size, part.State, found(part))
			}
		}
	}
	// Some places that no draw decides: each audit after the first goes on from the
	// state.
	for _, w := range worlds {
		before := went
		law(t.Fatalf, w, []int{300, 550, len(w.Logged)}, map[int]int{290: 1})
		if went != before+2 {
			t.Errorf("%d of 2 audits went on from a state", went-before)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := rapid.SampledFrom(worlds).Draw(rt, "world")
		size := rapid.Custom(func(rt *rapid.T) int {
			n := rapid.IntRange(1, len(w.Logged)).Draw(rt, "size")
			if rapid.Bool().Draw(rt, "from the end") { // numbers are drawn small
				n = len(w.Logged) + 1 - n
			}
			return n
		})
		sizes := rapid.SliceOfN(size, 1, 3).Draw(rt, "sizes")
		slices.Sort(sizes)
		// Some texts are missing until an audit.
		missing := rapid.MapOfN(rapid.IntRange(1, len(w.Logged)-1), rapid.IntRange(0, len(sizes)-1), 0, 6).Draw(rt, "missing")
		law(rt.Fatalf, w, sizes, missing)
	})
}

// The state moves on by whole bundles, as far as the archive goes, and the charter
// need be given once only.
func TestStateMovesOn(t *testing.T) {
	w := stateWorld(t, 204, 1400, false)
	state := filepath.Join(t.TempDir(), "state")
	var before uint64
	for _, c := range []struct{ size, from, to int }{{100, 0, 0}, {300, 0, 256}, {300, 256, 256}, {700, 256, 512}, {1400, 512, 1280}} {
		s := writePrefix(t, w, c.size)
		r := runAudit(t, w, s.Dir, withState(state), func(cfg *verifier.Config) {
			if before > 0 {
				cfg.Charter = entry.ID{}
			}
		})
		if r.Result != verifier.Matches || r.State.From != uint64(c.from) || r.State.Size != uint64(c.to) || r.Earlier != uint64(c.from) {
			t.Fatalf("size %d: result %s, state %+v; want from %d to %d", c.size, r.Result, r.State, c.from, c.to)
		}
		before = r.State.Size
	}
}

// A text that was missing is looked for again, and one that was erased since is not
// missed.
func TestStateLooksAgain(t *testing.T) {
	l := newTextLog(t, 205, nil)
	good := writePrefix(t, l.w, 515)
	hollow, err := good.Copy(filepath.Join(t.TempDir(), "hollow"))
	if err != nil {
		t.Fatal(err)
	}
	for _, digest := range []string{l.plain.BodyDigest, l.opened.BodyDigest, field(l.unsealed), l.erased.BodyDigest, field(l.fieldErased)} {
		if err := hollow.SetBody(digest, nil); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"body-missing/operator", "disclosure-missing/operator"}
	state := filepath.Join(t.TempDir(), "state")
	for i, c := range []struct {
		name string
		s    *generator.Site
		want []string
	}{
		{"missing", hollow, all},
		{"missing still", hollow, all},
		{"there again", good, []string{}},
		{"there, and two erased", l.s, erasedTwice},
	} {
		whole := runAudit(t, l.w, c.s.Dir)
		part := runAudit(t, l.w, c.s.Dir, withState(state))
		same(t, c.name, whole, part)
		if !slices.Equal(found(part), c.want) || (part.Earlier > 0) != (i > 0) {
			t.Errorf("%s: findings %v, want %v; %d read earlier; state %+v", c.name, found(part), c.want, part.Earlier, part.State)
		}
	}
}

// What a text showed is forgotten when it is erased between two audits.
func TestStateErasedBetween(t *testing.T) {
	unknown := func(w *generator.World, st *generator.Statement) {
		st.Body = generator.Edit(st.Encode().Body, func(m map[string]any) { m["assist"] = []string{"time-travel"} })
		st.BodyDigest, st.Envelope = "", nil
	}
	l := newTextLog(t, 206, map[string]func(*generator.World, *generator.Statement){"erased": unknown})
	state := filepath.Join(t.TempDir(), "state")
	for _, c := range []struct {
		size int
		want []string
	}{{515, []string{"code-unknown/author"}}, {len(l.w.Logged), erasedTwice}} {
		s := writePrefix(t, l.w, c.size)
		whole, part := runAudit(t, l.w, s.Dir), runAudit(t, l.w, s.Dir, withState(state))
		same(t, "erased between", whole, part)
		if !slices.Equal(found(part), c.want) {
			t.Errorf("at %d: findings %v, want %v", c.size, found(part), c.want)
		}
	}
	// Served in its old bundle all the same.
	s := writePrefix(t, l.w, 515)
	if r := runAudit(t, l.w, s.Dir, withState(filepath.Join(t.TempDir(), "other"))); r.State.Size != 512 {
		t.Fatalf("state %+v", r.State)
	}
	after := writePrefix(t, l.w, len(l.w.Logged))
	old, err := s.Read(log.BodiesBundlePath(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := after.Write(log.BodiesBundlePath(0), old); err != nil {
		t.Fatal(err)
	}
	whole, part := runAudit(t, l.w, after.Dir), runAudit(t, l.w, after.Dir, withState(state))
	same(t, "served in its bundle", whole, part)
	if want := []string{"body-erased-served/operator", "body-erased/operator"}; !slices.Equal(found(part), want) || !part.State.Hindered {
		t.Errorf("findings %v, state %+v", found(part), part.State)
	}
}

// A log that takes something back, or shows another past, is held to what was seen
// before.
func TestStateHoldsTheLog(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 207, Witnesses: 2})
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	if r := runAudit(t, w, s.Dir, withState(state)); r.Result != verifier.Matches || r.State.Size != 512 {
		t.Fatalf("result %s, state %+v", r.Result, r.State)
	}
	kept, err := os.ReadFile(filepath.Join(state, verifier.StateFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(es []*generator.Entry) []*generator.Entry
		result verifier.Result
		want   []string
	}{
		{"fewer entries", func(es []*generator.Entry) []*generator.Entry { return es[:600] }, verifier.Differs, []string{"checkpoint-shrunk/view"}},
		{"fewer than the state has", func(es []*generator.Entry) []*generator.Entry { return es[:300] }, verifier.Differs, []string{"checkpoint-shrunk/view"}},
		{"another end", func(es []*generator.Entry) []*generator.Entry {
			return append(slices.Clone(es[:690]), es[1:20]...)
		}, verifier.Misbehaviour, []string{"log-forked/operator"}},
		{"another past", func(es []*generator.Entry) []*generator.Entry {
			es = slices.Clone(es)
			es[200], es[201] = es[201], es[200]
			return append(es, es[1:20]...)
		}, verifier.Misbehaviour, []string{"log-forked/operator"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			other, err := s.Copy(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			if err := other.Rewrite(c.change(entries), false); err != nil {
				t.Fatal(err)
			}
			r := runAudit(t, w, other.Dir, withState(state))
			var got []string
			for _, f := range found(r) {
				if slices.Contains(c.want, f) {
					got = append(got, f)
				}
			}
			if r.Result != c.result || !slices.Equal(got, c.want) {
				t.Fatalf("result %s, findings %v, want %v\n%s", r.Result, found(r), c.want, text(t, r))
			}
			checkReport(t, w, r)
			if now, err := os.ReadFile(filepath.Join(state, verifier.StateFile)); err != nil || !bytes.Equal(now, kept) {
				t.Errorf("the state was changed (%v)", err)
			}
		})
	}
	// From receipts alone, without a state.
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	small := writeEntries(t, w, entries[:600])
	r := runAudit(t, w, small.Dir, func(c *verifier.Config) { c.Checkpoints = archive[len(archive)-1:] })
	if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"checkpoint-shrunk/view"}) || !notChecked(r, "1 that was seen elsewhere") {
		t.Errorf("a receipt: result %s, findings %v, not checked %v", r.Result, found(r), r.NotChecked)
	}
	if _, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(s.Dir), Checkpoints: [][]byte{[]byte("x")}}); err == nil {
		t.Error("something that is no checkpoint is taken")
	}
}

func writeEntries(t testing.TB, w *generator.World, entries []*generator.Entry) *generator.Site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	d, err := w.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Open(dir)
}

// A state that does not belong to what is asked is refused, and says what to do.
func TestStateRefused(t *testing.T) {
	w, s := newStory(t, 400, generator.Options{Seed: 208})
	other, otherSite := newStory(t, 400, generator.Options{Seed: 209, Origin: "other.example/2025"})
	again, againSite := newStory(t, 400, generator.Options{Seed: 210})
	state := filepath.Join(t.TempDir(), "state")
	if r := runAudit(t, w, s.Dir, withState(state)); r.State.Size != 256 {
		t.Fatalf("state %+v", r.State)
	}
	file := filepath.Join(state, verifier.StateFile)
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	early := at(2025, 1, 6, 10)
	changed := func(change func([]byte) []byte) []byte { return change(bytes.Clone(kept)) }
	for _, c := range []struct {
		name  string
		cfg   verifier.Config
		state []byte
		says  string
	}{
		{"another log", verifier.Config{Policy: other.Policy, Charter: other.Charter, Source: log.DirSource(otherSite.Dir)}, kept, "under a key that this policy does not have"},
		{"another log of one policy", verifier.Config{Policy: &log.Policy{Logs: slices.Concat(w.Policy.Logs, other.Policy.Logs), Quorum: log.QuorumNone}, Source: log.DirSource(otherSite.Dir)}, kept, "this log is other.example/2025"},
		{"another key", verifier.Config{Policy: again.Policy, Charter: again.Charter, Source: log.DirSource(againSite.Dir)}, kept, "under a key that this policy does not have"},
		{"another charter", verifier.Config{Policy: w.Policy, Charter: again.Charter, Source: log.DirSource(s.Dir)}, kept, "is of the log with the charter " + w.Charter.String()},
		{"a moment before", verifier.Config{Policy: w.Policy, AsOf: &early, Source: log.DirSource(s.Dir)}, kept, "the moment asked for is before"},
		{"nothing in it", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, []byte{}, "it is no state of this version"},
		{"another format", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, changed(func(b []byte) []byte {
			return bytes.Replace(b, []byte("audit-state.v3"), []byte("audit-state.v9"), 1)
		}), "it is no state of this version"},
		{"of other rules", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, changed(func(b []byte) []byte {
			b = bytes.Replace(b[:len(b)-sha256.Size], []byte("pledgelog.state.v5"), []byte("pledgelog.state.v2"), 1)
			sum := sha256.Sum256(b)
			return append(b, sum[:]...)
		}), "not a saved state of this version"},
		{"cut short", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, kept[:len(kept)-1], "damaged or cut short"},
		{"cut very short", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, kept[:30], "damaged or cut short"},
		{"longer", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, append(bytes.Clone(kept), 0), "damaged or cut short"},
		{"a bit flipped", verifier.Config{Policy: w.Policy, Source: log.DirSource(s.Dir)}, changed(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), "damaged or cut short"},
	} {
		if err := os.WriteFile(file, c.state, 0o600); err != nil {
			t.Fatal(err)
		}
		c.cfg.State = state
		r, err := verifier.Audit(t.Context(), c.cfg)
		var refused *verifier.StateError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) || refused.Hint == "" {
			t.Errorf("%s: %v, %v; want %q", c.name, r, err, c.says)
		}
	}
	// A folder that can't be made.
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var refused *verifier.StateError
	if _, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(s.Dir), State: filepath.Join(blocked, "state")}); !errors.As(err, &refused) {
		t.Errorf("a folder that can't be made: %v", err)
	}
}

// With other keys for the same log, or other witnesses, the log is read again, and
// held to what was seen all the same.
func TestStateOtherPolicy(t *testing.T) {
	w, s := newStory(t, 400, generator.Options{Seed: 211, Witnesses: 3, Quorum: 2})
	state := filepath.Join(t.TempDir(), "state")
	runAudit(t, w, s.Dir, withState(state))
	all := *w.Policy
	all.Groups = []log.Group{{Name: "witnesses", K: 3, Members: w.Policy.Groups[0].Members}}
	use := func(c *verifier.Config) { c.Policy = &all }
	if r := runAudit(t, w, s.Dir, withState(state), use); r.Result != verifier.Matches || r.Earlier != 0 || r.State.Size != 256 {
		t.Errorf("result %s, read earlier %d, state %+v", r.Result, r.Earlier, r.State)
	}
	if r := runAudit(t, w, s.Dir, withState(state), use); r.Earlier != 256 {
		t.Errorf("the second time: read earlier %d", r.Earlier)
	}
}

// A copy whose files are not as they should be leaves no state: they would not be
// read again.
func TestStateHindered(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 212})
	state := filepath.Join(t.TempDir(), "state")
	bad, err := s.Copy(filepath.Join(t.TempDir(), "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Flip("tile/0/001", 100, 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := runAudit(t, w, bad.Dir, withState(state))
		if !slices.Equal(found(r), []string{"tile-mismatch/view"}) || !r.State.Hindered || r.State.Size != 0 || r.Earlier != 0 {
			t.Errorf("findings %v, state %+v", found(r), r.State)
		}
	}
	// What was signed is kept all the same, until a state has it.
	left := func(want ...string) {
		t.Helper()
		list, err := os.ReadDir(state)
		if err != nil || len(list) != len(want) || list[0].Name() != want[0] {
			t.Errorf("left behind: %v, %v; want %v", list, err, want)
		}
	}
	left(verifier.SeenFile)
	if r := runAudit(t, w, s.Dir, withState(state)); r.State.Size != 512 {
		t.Errorf("state %+v", r.State)
	}
	left(verifier.StateFile)
	// The damage is in what was read: it is not seen, and that is said.
	if r := runAudit(t, w, bad.Dir, withState(state)); len(r.Findings) > 0 || r.Earlier != 512 || !notChecked(r, "Files of the first 512 entries") {
		t.Errorf("findings %v, not checked %v", found(r), r.NotChecked)
	}
}

// What audits that were cut off have left is cleared away, when it is old.
func TestStateLeftovers(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 213})
	state := t.TempDir()
	for name, age := range map[string]time.Duration{"." + verifier.StateFile + "1": 48 * time.Hour, "." + verifier.StateFile + "2": 0, "mine": 48 * time.Hour} {
		path := filepath.Join(state, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	runAudit(t, w, s.Dir, withState(state))
	list, err := os.ReadDir(state)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if want := []string{"." + verifier.StateFile + "2", verifier.StateFile, "mine"}; !slices.Equal(names, want) {
		t.Errorf("left are %v, want %v", names, want)
	}
}
