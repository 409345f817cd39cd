package verifier_test

import (
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

func at(y int, m time.Month, d, hour int) int64 {
	return time.Date(y, m, d, hour, 0, 0, 0, time.UTC).Unix()
}

func asOf(t int64) func(*verifier.Config) {
	return func(c *verifier.Config) { c.AsOf = &t }
}

// lateLog is a log in which one signatory attests its first quarter late, on 10
// May 2025 at noon; it was due before 30 April at midnight, as the charter gives
// 30 days. Another one withholds a text, with review on 1 April.
func lateLog() (w *generator.World, late, other *generator.Author) {
	w = generator.New(generator.Options{Seed: 51, Signatories: 2})
	late, other = w.Signatories[0], w.Signatories[1]
	w.Log(w.Found())
	for _, a := range w.Signatories {
		w.Advance(time.Hour)
		w.Log(w.Admit(a))
		w.Advance(time.Hour)
		w.Log(w.Pledge(a))
	}
	q1, _ := entry.ParsePeriod("2025-Q1")
	w.SetNow(at(2025, 2, 1, 12))
	secret := w.Request(other, "2025-01", nil)
	secret.Review = "2025-04-01"
	f := w.Log(secret)
	w.SetNow(at(2025, 2, 2, 12))
	w.Log(w.Decision(f, "refused", nil))
	w.SetNow(at(2025, 4, 10, 12))
	w.Log(w.Attestation(other, q1))
	w.SetNow(at(2025, 5, 10, 12))
	w.Log(w.Attestation(late, q1))
	w.SetNow(at(2025, 5, 20, 12))
	w.Log(w.Request(other, "2025-05", nil))
	return w, late, other
}

func stateOf(r *verifier.Report, id, period string) pledge.PeriodState {
	for _, s := range r.Signatories {
		for _, p := range s.Periods {
			if s.ID == id && p.Period == period {
				return p.State
			}
		}
	}
	return ""
}

// Statuses, and what is late or open, are for the moment asked for: what is
// logged later has no part in them.
func TestAsOf(t *testing.T) {
	w, late, other := lateLog()
	s := newLog(t, w)
	for _, c := range []struct {
		name        string
		t           int64
		late, other pledge.PeriodState
		want        []string
	}{
		{"before the log begins", at(2025, 1, 1, 0), "", "", nil},
		{"in the period", at(2025, 3, 31, 23), pledge.Due, pledge.Due, nil},
		{"the period is over", at(2025, 4, 1, 0), pledge.Grace, pledge.Grace, nil},
		{"the review day is over", at(2025, 4, 2, 0), pledge.Grace, pledge.Grace, []string{"withheld-overdue/author"}},
		{"one attested", at(2025, 4, 10, 12), pledge.Grace, pledge.OnTime, []string{"withheld-overdue/author"}},
		{"just before the deadline", at(2025, 5, 1, 0) - 1, pledge.Grace, pledge.OnTime, []string{"withheld-overdue/author"}},
		{"at the deadline", at(2025, 5, 1, 0), pledge.Missed, pledge.OnTime, []string{"attestation-missed/author", "withheld-overdue/author"}},
		{"it came late", at(2025, 5, 10, 12), pledge.Late, pledge.OnTime, []string{"attestation-late/author", "withheld-overdue/author"}},
		{"the copy's own time", at(2025, 5, 20, 12), pledge.Late, pledge.OnTime, []string{"attestation-late/author", "withheld-overdue/author"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runAudit(t, w, s.Dir, asOf(c.t))
			if r.Result != verifier.Matches || !slices.Equal(found(r), c.want) {
				t.Errorf("result %s, findings %v, want %v", r.Result, found(r), c.want)
			}
			if r.AsOf != entry.FormatTime(c.t) || r.Statements.Accepted != uint64(len(w.Logged)) {
				t.Errorf("as of %s, %d accepted", r.AsOf, r.Statements.Accepted)
			}
			if got := stateOf(r, late.ID, "2025-Q1"); got != c.late {
				t.Errorf("%s is %q, want %q", late.Name, got, c.late)
			}
			if got := stateOf(r, other.ID, "2025-Q1"); got != c.other {
				t.Errorf("%s is %q, want %q", other.Name, got, c.other)
			}
		})
	}
}

// What authors logged after the moment asked for is held against none of them: as
// of then they had not said it. How much that is is said.
func TestAsOfLeavesOutTheFuture(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 54, Lapses: 250})
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Fool(func(es []*generator.Entry) []*generator.Entry {
		for _, i := range []int{200, 600} { // logged twice
			es = slices.Insert(es, i, es[i-1])
		}
		return es
	}); err != nil {
		t.Fatal(err)
	}
	if entries, err = s.Entries(); err != nil {
		t.Fatal(err)
	}
	// Those on single entries, and not on what is missing as of a moment.
	count := func(r *verifier.Report, role pledge.Role, from int64) (n uint64) {
		for _, f := range r.Findings {
			if f.Concerns == role && f.Index != nil && f.Period == "" && entries[*f.Index].Logged >= from {
				n++
			}
		}
		return n
	}
	whole := runAudit(t, w, s.Dir)
	if whole.LeftOut != 0 || notChecked(whole, "ask for a later moment") {
		t.Errorf("%d left out of the whole", whole.LeftOut)
	}
	for _, i := range []int{0, 300, 500, len(entries) - 1} {
		moment := entries[i].Logged
		r := runAudit(t, w, s.Dir, asOf(moment))
		if n := count(r, pledge.RoleAuthor, moment+1); n > 0 {
			t.Errorf("as of entry %d: %d findings on authors from later entries", i, n)
		}
		if got, want := count(r, pledge.RoleOperator, 0), count(whole, pledge.RoleOperator, 0); got != want {
			t.Errorf("as of entry %d: %d findings on the operator, want all %d", i, got, want)
		}
		if i < 500 && r.LeftOut == 0 || (r.LeftOut > 0) != notChecked(r, "ask for a later moment") || i == len(entries)-1 && r.LeftOut > 0 {
			t.Errorf("as of entry %d: %d left out, not checked %v", i, r.LeftOut, r.NotChecked)
		}
	}
}

// Without a moment asked for, it is that of the last entry, and the report says
// whose word that is.
func TestOwnMoment(t *testing.T) {
	w, _, _ := lateLog()
	r := runAudit(t, w, newLog(t, w).Dir)
	if r.AsOf != "2025-05-20T12:00:00Z" || r.TimeFrom != "operator" {
		t.Errorf("as of %s, by %s", r.AsOf, r.TimeFrom)
	}
	out := text(t, r)
	for _, want := range []string{"by the operator's clock", "No attestation yet", "is the operator's word"} {
		if strings.Contains(out, want) == (want == "No attestation yet") {
			t.Errorf("%q: is in the text wrongly, or missing from it:\n%s", want, out)
		}
	}
}

// Nobody is called late on the strength of an old copy.
func TestViewTooOld(t *testing.T) {
	w, _, _ := lateLog()
	r := runAudit(t, w, newLog(t, w).Dir, asOf(at(2025, 5, 20, 12)+1))
	if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedTooOld || len(r.Signatories) > 0 {
		t.Fatalf("result %s, undecided %v, signatories %d", r.Result, r.Undecided, len(r.Signatories))
	}
}

// With witnesses it is their time that counts: an operator that dates an entry
// into the future makes nobody late.
func TestQuorumTime(t *testing.T) {
	w := generator.New(generator.Options{Seed: 52, Signatories: 1, Witnesses: 3, Quorum: 2})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Advance(time.Hour)
	w.Log(w.Admit(a))
	w.Advance(time.Hour)
	w.Log(w.Pledge(a))
	w.SetNow(at(2025, 6, 1, 0)) // the first quarter's attestation would be overdue
	w.Log(w.Request(a, "2025-01", nil))
	s := newLog(t, w)
	tree := log.NewBuilder(nil)
	for _, e := range w.Logged {
		if err := tree.Append(log.LeafHash(e.Leaf)); err != nil {
			t.Fatal(err)
		}
	}
	seen := at(2025, 1, 31, 12) // when the witnesses saw it
	raw, err := s.SetCheckpoint(tree.Size(), tree.Root(), seen)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetArchive([][]byte{raw}); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Matches || r.AsOf != entry.FormatTime(seen) || r.TimeFrom != "witnesses" {
		t.Fatalf("result %s, as of %s by %s, findings %v", r.Result, r.AsOf, r.TimeFrom, found(r))
	}
	if got := stateOf(r, a.ID, "2025-Q1"); got != pledge.Due {
		t.Errorf("the first quarter is %q", got)
	}
	r = runAudit(t, w, s.Dir, asOf(seen+1))
	if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedTooOld {
		t.Errorf("a second later: result %s, undecided %v", r.Result, r.Undecided)
	}
}

// A quorum that is short by one is none.
func TestQuorumShort(t *testing.T) {
	w, s := newStory(t, 40, generator.Options{Seed: 53, Witnesses: 3, Quorum: 2})
	drop := func(b []byte, keep int) []byte {
		return generator.EditNote(b, func(n *log.Note) { n.Signatures = n.Signatures[:1+keep] })
	}
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	archive[3] = drop(archive[3], 1)
	if err := s.SetArchive(archive); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Matches || !slices.Equal(found(r), []string{"archive-quorum-short/operator"}) {
		t.Errorf("archive: result %s, findings %v", r.Result, found(r))
	}
	for keep, want := range map[int]verifier.Result{2: verifier.Matches, 1: verifier.Differs, 0: verifier.Differs} {
		raw, err := s.Read(log.CheckpointPath)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Copy(t.TempDir() + "/copy")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(log.CheckpointPath, drop(raw, keep)); err != nil {
			t.Fatal(err)
		}
		r := runAudit(t, w, c.Dir)
		if r.Result != want || slices.Contains(found(r), "checkpoint-quorum-short/view") != (want == verifier.Differs) {
			t.Errorf("%d cosignatures: result %s, findings %v", keep, r.Result, found(r))
		}
	}
}
