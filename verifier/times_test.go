package verifier_test

import (
	"fmt"
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

// seen is a checkpoint of some size that all witnesses cosigned at a time.
type seen struct {
	size uint64
	at   int64
}

// witnessed makes the checkpoints of a world's log that witnesses cosigned at these
// times.
func witnessed(t *testing.T, w *generator.World, list []seen) [][]byte {
	t.Helper()
	tree := log.NewBuilder(nil)
	roots := []log.Hash{tree.Root()}
	for _, e := range w.Logged {
		if err := tree.Append(log.LeafHash(e.Leaf)); err != nil {
			t.Fatal(err)
		}
		roots = append(roots, tree.Root())
	}
	var notes [][]byte
	for _, s := range list {
		notes = append(notes, w.Checkpoint(s.size, roots[s.size], s.at))
	}
	return notes
}

// timeLog is a log of six entries: three on 6 January 2025 from 9:00 on, a request
// on 1 February, an attestation on 10 April and a request on 20 April, each at noon.
func timeLog(t *testing.T) (*generator.World, *generator.Author) {
	w := generator.New(generator.Options{Seed: 301, Signatories: 1, Witnesses: 3, Quorum: 2, NoDirectories: true})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Advance(time.Minute)
	w.Log(w.Admit(a))
	w.Advance(time.Minute)
	w.Log(w.Pledge(a))
	w.SetNow(at(2025, 2, 1, 12))
	w.Log(w.Request(a, "2025-02", nil))
	w.SetNow(at(2025, 4, 10, 12))
	w.Log(w.Attestation(a, quarter(t, "2025-Q1")))
	w.SetNow(at(2025, 4, 20, 12))
	w.Log(w.Request(a, "2025-04", nil))
	return w, a
}

// TestTimes holds log times to those at which witnesses saw the log. Expectations
// are from protocol section 7: over 10 minutes after, or over an hour before.
func TestTimes(t *testing.T) {
	w, _ := timeLog(t)
	first, request, attested, last := at(2025, 1, 6, 9)+600, at(2025, 2, 1, 12), at(2025, 4, 10, 12), at(2025, 4, 20, 12)
	good := []seen{{3, first}, {4, request + 300}, {5, attested + 300}, {6, last + 300}}
	with := func(i int, at int64) []seen {
		list := slices.Clone(good)
		list[i].at = at
		return list
	}
	for _, c := range []struct {
		name     string
		archive  []seen
		receipts []seen
		want     []string // code@entry
		doubtful bool     // when the first quarter was attested
	}{
		{name: "seen at once", archive: good},
		{name: "seen ten minutes before it was logged", archive: with(2, attested-600)},
		{name: "seen before it was logged", archive: with(2, attested-601), want: []string{"logged-after-witnessed@4"}, doubtful: true},
		{name: "seen an hour after", archive: with(2, attested+3600)},
		{name: "seen later than that", archive: with(2, attested+3601), want: []string{"held-back@4"}, doubtful: true},
		{name: "seen with the next one only", archive: []seen{good[0], good[1], good[3]}, want: []string{"held-back@4"}, doubtful: true},
		{name: "a receipt shows that it was seen", archive: []seen{good[0], good[1], good[3]}, receipts: good[2:3]},
		{name: "witnesses' clocks went back", archive: []seen{good[0], good[1], {5, attested + 7200}, {6, attested + 60}}, want: []string{"logged-after-witnessed@5"}},
		{name: "the first one late", archive: with(0, first+7200), want: []string{"no-time-evidence@0"}},
		{name: "witnesses only since", archive: good[2:], want: []string{"no-time-evidence@0"}},
		{name: "the first of all", archive: []seen{good[3]}, want: []string{"no-time-evidence@0"}, doubtful: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newLog(t, w)
			notes := witnessed(t, w, c.archive)
			if err := s.SetArchive(notes); err != nil {
				t.Fatal(err)
			}
			if err := s.Write(log.CheckpointPath, notes[len(notes)-1]); err != nil {
				t.Fatal(err)
			}
			r := runAudit(t, w, s.Dir, func(cfg *verifier.Config) { cfg.Checkpoints = witnessed(t, w, c.receipts) })
			var got []string
			for _, f := range r.Findings {
				if f.Code == "archive-sparse" || f.Code == "directory-overdue" || f.Code == "decision-outstanding" {
					continue // the log is made to be so
				}
				got = append(got, fmt.Sprintf("%s@%d", f.Code, *f.Index))
				if f.Concerns == pledge.RoleAuthor || f.Author != "" {
					t.Errorf("%s concerns %s", f.Code, f.Concerns)
				}
			}
			if r.Result != verifier.Matches || !slices.Equal(got, c.want) {
				t.Fatalf("result %s, findings %v, want %v\n%s", r.Result, got, c.want, text(t, r))
			}
			if p := r.Signatories[0].Periods[0]; p.Period != "2025-Q1" || p.TimeDoubtful != c.doubtful {
				t.Errorf("period %+v, want doubtful %v", p, c.doubtful)
			}
			if c.doubtful != strings.Contains(text(t, r), "*: time doubtful") {
				t.Errorf("the text says of doubtful times:\n%s", text(t, r))
			}
		})
	}
}

// A checkpoint that is short of its quorum is no evidence of time.
func TestTimesWantQuorum(t *testing.T) {
	w, _ := timeLog(t)
	attested, last := at(2025, 4, 10, 12), at(2025, 4, 20, 12)
	notes := witnessed(t, w, []seen{{3, at(2025, 1, 6, 9) + 600}, {4, at(2025, 2, 1, 12) + 300}, {5, attested + 300}, {6, last + 300}})
	notes[2] = generator.EditNote(notes[2], func(n *log.Note) { n.Signatures = n.Signatures[:2] })
	s := newLog(t, w)
	if err := s.SetArchive(notes); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	if !slices.Contains(found(r), "held-back/operator") || !slices.Contains(found(r), "archive-quorum-short/operator") {
		t.Errorf("findings %v", found(r))
	}
}

// An entry that is dated far ahead makes the times of all after it doubtful:
// deadlines go by the largest time so far. What hangs on them is marked.
func TestTimesDatedAhead(t *testing.T) {
	w := generator.New(generator.Options{Seed: 302, Signatories: 2, Witnesses: 2, NoDirectories: true})
	a, b := w.Signatories[0], w.Signatories[1]
	w.Log(w.Found())
	for _, x := range w.Signatories {
		w.Advance(time.Minute)
		w.Log(w.Admit(x))
		w.Advance(time.Minute)
		w.Log(w.Pledge(x))
	}
	// The operator dates one entry in June, and later ones rightly: these are late,
	// by the rule, and that is doubtful.
	w.SetNow(at(2025, 6, 20, 12))
	w.Log(w.Request(b, "2025-06", nil))
	w.SetNow(at(2025, 4, 10, 12))
	w.Log(w.Attestation(a, quarter(t, "2025-Q1")))
	s := newLog(t, w)
	size := uint64(len(w.Logged))
	notes := witnessed(t, w, []seen{{size - 2, at(2025, 1, 6, 10)}, {size - 1, at(2025, 4, 10, 11)}, {size, at(2025, 4, 10, 12) + 60}})
	if err := s.SetArchive(notes); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(log.CheckpointPath, notes[2]); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	var codes []string
	for _, f := range r.Findings {
		if f.Concerns == pledge.RoleOperator && f.Code != "directory-overdue" {
			codes = append(codes, fmt.Sprintf("%s@%d", f.Code, *f.Index))
		}
		if f.TimeDoubtful && f.Concerns != pledge.RoleAuthor {
			t.Errorf("%s is marked", f.Code)
		}
	}
	if want := []string{"logged-after-witnessed@5", "logged-decreases@6"}; !slices.Equal(codes, want) {
		t.Errorf("findings %v, want %v\n%s", codes, want, text(t, r))
	}
	// The witnesses' time is what counts as now.
	if got := stateOf(r, a.ID, "2025-Q1"); got != pledge.Grace {
		t.Errorf("the first quarter is %q", got)
	}
}

func quarter(t *testing.T, s string) entry.Period {
	t.Helper()
	p, err := entry.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
