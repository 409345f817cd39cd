package verifier_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// writeLeaves writes a log of fewer than 256 leaves, whatever they are, and signs
// it.
func writeLeaves(t *testing.T, w *generator.World, leaves [][]byte) *generator.Site {
	t.Helper()
	s := w.Open(filepath.Join(t.TempDir(), "log"))
	tree := log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		return s.Write(log.TilePath(level, index, width), bytes.Clone(data))
	})
	var bundle []byte
	for _, leaf := range leaves {
		bundle = append(bundle, byte(len(leaf)>>8), byte(len(leaf)))
		bundle = append(bundle, leaf...)
		if err := tree.Append(log.LeafHash(leaf)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(log.EntriesPath(0, len(leaves)), bundle); err != nil {
		t.Fatal(err)
	}
	raw, err := s.SetCheckpoint(uint64(len(leaves)), tree.Root(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetArchive([][]byte{raw}); err != nil {
		t.Fatal(err)
	}
	return s
}

// An operator that signs an empty leaf has logged one that is in no form. The
// others are judged all the same, and the copy is not at fault.
func TestEmptyLeaf(t *testing.T) {
	w := generator.New(generator.Options{Seed: 91, Signatories: 1})
	w.Log(w.Found())
	w.Advance(time.Hour)
	w.Log(w.Admit(w.Signatories[0]))
	w.Advance(time.Hour)
	w.Log(w.Pledge(w.Signatories[0]))
	var leaves [][]byte
	for _, e := range w.Logged {
		leaves = append(leaves, e.Leaf)
	}
	for _, at := range []int{0, 1, 3} {
		s := writeLeaves(t, w, slices.Insert(slices.Clone(leaves), at, []byte{}))
		for _, e := range w.Logged {
			if e.Body != nil {
				if err := s.Write(log.BodyPath(e.Digest), e.Body); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := runAudit(t, w, s.Dir)
		want, accepted := []string{"leaf-malformed/operator"}, uint64(3)
		if at == 0 {
			want = []string{"charter-mismatch/view", "leaf-malformed/operator", "statement-rejected/operator"}
			accepted = 0
		}
		if r.Result != verifier.Differs || !slices.Equal(found(r), want) || r.Statements.Accepted != accepted {
			t.Errorf("at %d: result %s, findings %v, %d accepted", at, r.Result, found(r), r.Statements.Accepted)
		}
		r = runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Charter = entry.ID{} })
		if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedCharter {
			t.Errorf("at %d, no charter given: result %s, undecided %v", at, r.Result, r.Undecided)
		}
	}
}

// withWitnesses is a log with something logged at each of these moments, after
// its beginning, and with no directories in between.
func withWitnesses(t *testing.T, moments ...int64) (*generator.World, *generator.Site) {
	t.Helper()
	w := generator.New(generator.Options{Seed: 92, Signatories: 1, Witnesses: 2, NoDirectories: true})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Advance(time.Minute)
	w.Log(w.Admit(a))
	w.Advance(time.Minute)
	w.Log(w.Pledge(a))
	for _, m := range moments {
		w.SetNow(m)
		w.Log(w.Request(a, "2025-01", nil))
	}
	return w, newLog(t, w)
}

// The archive holds a checkpoint for each day on which the log grew. Where
// witnesses could have told of it, a log whose archive does not is told so.
func TestArchiveSparse(t *testing.T) {
	w, s := withWitnesses(t, at(2025, 2, 1, 12), at(2025, 2, 1, 18), at(2025, 2, 2, 12), at(2025, 2, 3, 12), at(2025, 2, 20, 12))
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	// The archive's checkpoints by size; the log has eight entries, of which
	// three are the first day's.
	bySize := make(map[uint64][]byte)
	for _, raw := range archive {
		if bySize[generator.SizeOf(raw)] == nil {
			bySize[generator.SizeOf(raw)] = raw
		}
	}
	for _, c := range []struct {
		name  string
		sizes []uint64
		says  string // "": nothing is missing
	}{
		{"one for each growth", []uint64{3, 4, 5, 6, 7, 8}, ""},
		{"one a day", []uint64{3, 5, 6, 7, 8}, ""},
		{"the last one is not in it yet", []uint64{3, 5, 6, 7}, ""},
		{"one for the second of two days in a row", []uint64{3, 6, 7, 8}, ""},
		{"the first day's left out", []uint64{5, 6, 7, 8}, "On 1 day on which the log grew, first on 6 January 2025"},
		{"one day's left out", []uint64{3, 5, 6, 8}, "On 1 day on which the log grew, first on 3 February 2025"},
		{"the last alone", []uint64{8}, "On 4 days on which the log grew, first on 6 January 2025"},
		{"the first alone", []uint64{3}, "On 3 days on which the log grew, first on 1 February 2025"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var some [][]byte
			for _, size := range c.sizes {
				if bySize[size] == nil {
					t.Fatalf("the archive has no checkpoint of size %d", size)
				}
				some = append(some, bySize[size])
			}
			if err := s.SetArchive(some); err != nil {
				t.Fatal(err)
			}
			want := []string{"directory-overdue/operator"}
			if c.says != "" {
				want = []string{"archive-sparse/operator", "directory-overdue/operator"}
			}
			r := runAudit(t, w, s.Dir)
			// What follows for the times of entries is for TestTimes.
			got := slices.DeleteFunc(found(r), func(f string) bool { return f == "held-back/operator" || f == "no-time-evidence/view" })
			if r.Result != verifier.Matches || !slices.Equal(got, want) {
				t.Fatalf("result %s, findings %v, want %v", r.Result, found(r), want)
			}
			for _, f := range r.Findings {
				if f.Code == verifier.FindArchiveSparse && !strings.Contains(f.Text, c.says) {
					t.Errorf("it says %q, want %q", f.Text, c.says)
				}
			}
			if notChecked(r, "Completeness of the archive") {
				t.Error("it is said not to be checked")
			}
			checkReport(t, w, r)
		})
	}
}

// Without witnesses nothing shows it, and that is said.
func TestArchiveSparseWithoutWitnesses(t *testing.T) {
	w, s := newStory(t, 100, generator.Options{Seed: 93})
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetArchive(archive[len(archive)-1:]); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Matches || len(r.Findings) > 0 || !notChecked(r, "Completeness of the archive") {
		t.Errorf("result %s, findings %v, not checked %v", r.Result, found(r), r.NotChecked)
	}
}

// A log of the policy that is not the audited one has no say in its archive,
// though its key is known.
func TestArchiveOfAnotherLog(t *testing.T) {
	w, s := newStory(t, 40, generator.Options{Seed: 94})
	other := generator.New(generator.Options{Seed: 95, Origin: "other.example/2025"})
	policy := &log.Policy{Logs: slices.Concat(w.Policy.Logs, other.Policy.Logs), Quorum: log.QuorumNone}
	if err := s.SetArchive([][]byte{other.Checkpoint(30, anyRoot, 0)}); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Policy = policy })
	if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"archive-unvouched/view"}) || r.Findings[0].Reason != verifier.FindCheckpointOrigin {
		t.Errorf("result %s, findings %v", r.Result, r.Findings)
	}
}

// A key that the policy trusts and the charter does not list is told of.
func TestCharterKeyUnlisted(t *testing.T) {
	w, s := newStory(t, 40, generator.Options{Seed: 96})
	signer, err := log.NewSigner(w.Options.Origin, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	policy := &log.Policy{Logs: append(slices.Clone(w.Policy.Logs), log.LogKey{Key: signer.Key()}), Quorum: log.QuorumNone}
	use := func(c *verifier.Config) { c.Policy = policy }
	if r := runAudit(t, w, s.Dir, use); r.Result != verifier.Matches || len(r.Findings) > 0 {
		t.Fatalf("a key that signed nothing: result %s, findings %v", r.Result, found(r))
	}
	err = s.Change(log.CheckpointPath, func(b []byte) []byte {
		n, err := log.ParseNote(b)
		if err != nil {
			t.Fatal(err)
		}
		n, err = signer.SignNote(n.Text)
		if err != nil {
			t.Fatal(err)
		}
		return n.Marshal()
	})
	if err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir, use)
	if r.Result != verifier.Matches || !slices.Equal(found(r), []string{"charter-key-unlisted/view"}) {
		t.Errorf("result %s, findings %v", r.Result, found(r))
	}
}

// A later checkpoint in the archive is gone by only with its quorum: whoever has
// the log's key alone can't move the audit, and with it the time, on.
func TestBehindShortOfQuorum(t *testing.T) {
	w, s := newStory(t, 60, generator.Options{Seed: 97, Witnesses: 3, Quorum: 2})
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	n := len(archive)
	if err := s.Write(log.CheckpointPath, archive[n-2]); err != nil {
		t.Fatal(err)
	}
	size := generator.SizeOf(archive[n-2])
	if generator.SizeOf(archive[n-1]) <= size {
		t.Fatal("the last two checkpoints have one size")
	}
	r := runAudit(t, w, s.Dir)
	if r.Size != 60 || !slices.Equal(found(r), []string{"checkpoint-behind/view"}) {
		t.Fatalf("with its quorum: size %d, findings %v", r.Size, found(r))
	}
	archive[n-1] = generator.EditNote(archive[n-1], func(n *log.Note) { n.Signatures = n.Signatures[:2] })
	if err := s.SetArchive(archive); err != nil {
		t.Fatal(err)
	}
	r = runAudit(t, w, s.Dir)
	if r.Result != verifier.Matches || r.Size != size || !slices.Equal(found(r), []string{"archive-quorum-short/operator"}) {
		t.Errorf("short of it: result %s, size %d, want %d, findings %v", r.Result, r.Size, size, found(r))
	}
}

// A log that is dated after the auditor's clock is told so, once, but for a
// demonstration, whose time is simulated.
func TestLoggedInFuture(t *testing.T) {
	last := at(2025, 2, 1, 12)
	play := func(origin string) (*generator.World, *generator.Site) {
		w := generator.New(generator.Options{Seed: 98, Signatories: 1})
		if origin != "" {
			signer, err := log.NewSigner(origin, bytes.Repeat([]byte{9}, 32))
			if err != nil {
				t.Fatal(err)
			}
			w.Options.Origin, w.Signer = origin, signer
			w.Policy = &log.Policy{Logs: []log.LogKey{{Key: signer.Key()}}, Quorum: log.QuorumNone}
		}
		a := w.Signatories[0]
		w.Log(w.Found())
		w.Advance(time.Hour)
		w.Log(w.Admit(a))
		w.Advance(time.Hour)
		w.Log(w.Pledge(a))
		for _, t := range []int64{last - 3600, last} {
			w.SetNow(t)
			w.Log(w.Request(a, "2025-02", nil))
		}
		return w, newLog(t, w)
	}
	onOperator := func(r *verifier.Report) []pledge.Finding {
		return slices.DeleteFunc(slices.Clone(r.Findings), func(f pledge.Finding) bool { return f.Concerns == pledge.RoleAuthor })
	}
	clock := func(t int64) func(*verifier.Config) {
		return func(c *verifier.Config) { c.Now = &t }
	}
	w, s := play("log.accord.test/2025")
	newest := int64(len(w.Logged) - 1)
	for _, c := range []struct {
		now  int64
		want int64 // entry that is told of, -1 for none
	}{
		{last + 86400, -1}, {last, -1}, {last - 600, -1}, {last - 601, newest}, {last - 4200, newest}, {last - 4201, newest - 1}, {0, 0},
	} {
		r := runAudit(t, w, s.Dir, clock(c.now))
		if r.SimulatedTime || r.Result != verifier.Matches {
			t.Fatalf("result %s, findings %v", r.Result, found(r))
		}
		fs := onOperator(r)
		switch {
		case c.want < 0:
			if len(fs) > 0 {
				t.Errorf("at %d: findings %v", c.now-last, found(r))
			}
		case len(fs) != 1 || fs[0].Code != verifier.FindLoggedInFuture || fs[0].Concerns != pledge.RoleOperator || fs[0].Severity != pledge.Warning || *fs[0].Index != uint64(c.want):
			t.Errorf("at %d: findings %+v, want one on entry %d", c.now-last, fs, c.want)
		}
	}
	if r := runAudit(t, w, s.Dir); len(onOperator(r)) > 0 {
		t.Errorf("without a clock: findings %v", found(r))
	}
	w, s = play("")
	if r := runAudit(t, w, s.Dir, clock(last-86400)); !r.SimulatedTime || len(onOperator(r)) > 0 {
		t.Errorf("a demonstration: findings %v", found(r))
	}
}
