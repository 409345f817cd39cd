package pledge_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// duties writes what an author owes as `2025-05-01T00:00:00Z attestation 2025-Q1`.
func duties(s *pledge.State, id string, t int64) (out []string) {
	for _, d := range s.Duties(id, t) {
		about := d.Period
		if about == "" {
			about = fmt.Sprint("entry ", d.Mark.Index)
		}
		if d.Overdue {
			about += " overdue"
		}
		out = append(out, entry.FormatTime(d.Due)+" "+string(d.Kind)+" "+about)
	}
	return out
}

// TestDuties follows one signatory. The charter of these worlds gives 30 days of grace
// and 60 days for a decision.
func TestDuties(t *testing.T) {
	w := founded(30, 2)
	a, b := w.Signatories[0], w.Signatories[1]
	w.SetNow(unix("2025-01-20 10:00:00"))
	asked := fmt.Sprint("entry ", w.Size())
	request := w.Log(w.Request(a, "2025-01", nil))
	w.SetNow(unix("2025-01-20 11:00:00"))
	withheld := w.Request(a, "2025-01", nil).Withhold("2025-02-10")
	kept := fmt.Sprint("entry ", w.Size())
	w.Log(withheld)
	is := func(what, at string, want ...string) {
		t.Helper()
		s, _, _ := replay(w)
		if d := cmp.Diff(want, duties(s, a.ID, unix(at))); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	is("a request, and one of which the text is withheld", "2025-01-21 00:00:00",
		"2025-02-11T00:00:00Z review "+kept,
		"2025-03-21T10:00:00Z decision "+asked,
		"2025-03-21T11:00:00Z decision "+kept,
		"2025-05-01T00:00:00Z attestation 2025-Q1")

	w.SetNow(unix("2025-02-12 10:00:00"))
	w.Log(w.Decision(request, "refused", nil))
	is("one answered; the review day has passed", "2025-02-12 10:00:00",
		"2025-02-11T00:00:00Z review "+kept+" overdue",
		"2025-03-21T11:00:00Z decision "+kept,
		"2025-05-01T00:00:00Z attestation 2025-Q1")

	w.SetNow(unix("2025-02-13 10:00:00"))
	w.Log(w.OpenText(withheld, "permission"))
	is("opened", "2025-03-21 10:59:59",
		"2025-03-21T11:00:00Z decision "+kept,
		"2025-05-01T00:00:00Z attestation 2025-Q1")
	is("the moment by which it was to be answered", "2025-03-21 11:00:00",
		"2025-03-21T11:00:00Z decision "+kept+" overdue",
		"2025-05-01T00:00:00Z attestation 2025-Q1")

	is("the next period runs, and the first one has not been attested", "2025-04-02 00:00:00",
		"2025-03-21T11:00:00Z decision "+kept+" overdue",
		"2025-05-01T00:00:00Z attestation 2025-Q1",
		"2025-07-31T00:00:00Z attestation 2025-Q2")
	w.SetNow(unix("2025-04-02 00:00:00"))
	w.Log(w.Attestation(a, period("2025-Q1")))
	is("attested", "2025-04-02 00:00:00",
		"2025-03-21T11:00:00Z decision "+kept+" overdue",
		"2025-07-31T00:00:00Z attestation 2025-Q2")

	s, _, _ := replay(w)
	if d := cmp.Diff([]string{"2025-05-01T00:00:00Z attestation 2025-Q1", "2025-07-31T00:00:00Z attestation 2025-Q2"}, duties(s, b.ID, unix("2025-04-02 00:00:00"))); d != "" {
		t.Errorf("the other one (-want +got):\n%s", d)
	}
	if got := duties(s, "nobody", unix("2025-04-02 00:00:00")); got != nil {
		t.Errorf("nobody owes %q", got)
	}
	if got := duties(s, entry.AuthorSecretariat, unix("2025-04-02 00:00:00")); got != nil {
		t.Errorf("the secretariat owes %q", got)
	}
}

// TestAllDuties: everybody's duties are those of each, in one order.
func TestAllDuties(t *testing.T) {
	w := founded(30, 3)
	for n, a := range w.Signatories[:3] {
		w.SetNow(unix("2025-01-20 10:00:00") + int64(n)*86400)
		w.Log(w.Request(a, "2025-01", nil))
		w.Log(w.Request(a, "2025-01", nil).Withhold("2025-02-10"))
	}
	s, _, _ := replay(w)
	at := unix("2025-05-03 00:00:00")
	var each []pledge.Duty
	for _, a := range w.Signatories[:3] {
		each = append(each, s.Duties(a.ID, at)...)
	}
	all := s.AllDuties(at)
	if len(all) != 3*5 {
		t.Errorf("%d duties of three who have five each", len(all))
	}
	for i := range all {
		if i > 0 && all[i-1].Due > all[i].Due {
			t.Errorf("what is due %d stands before what is due %d", all[i-1].Due, all[i].Due)
		}
		if !slices.Contains(each, all[i]) {
			t.Errorf("nobody owes %+v", all[i])
		}
	}
}

// TestDutiesAreFindings: what is overdue among duties is what a finding tells of, and
// the other way round, at any moment.
func TestDutiesAreFindings(t *testing.T) {
	codes := map[entry.Code]pledge.DutyKind{
		pledge.FindAttestationMissed: pledge.DutyAttestation, pledge.FindDecisionOut: pledge.DutyDecision,
		pledge.FindReplyOverdue: pledge.DutyReply, pledge.FindWithheldOverdue: pledge.DutyReview,
		pledge.FindSlotMissed: pledge.DutySlots,
	}
	for seed := range uint64(6) {
		w := generator.New(generator.Options{Seed: 300 + seed, Signatories: 12, Challengers: 4})
		if err := w.EveryKind(1000); err != nil {
			t.Fatal(err)
		}
		s, _, _ := replay(w)
		seen := make(map[pledge.DutyKind]bool)
		for _, later := range []int64{0, 20, 200, 500} {
			at := s.Now() + later*86400
			want, got := make(map[string]int), make(map[string]int)
			for _, f := range s.Promises(at) {
				if kind, ok := codes[f.Code]; ok {
					want[fmt.Sprint(kind, " ", f.Author, " ", f.Period, f.Entry)]++
				}
			}
			for _, st := range s.Statuses(at) {
				for _, d := range s.Duties(st.ID, at) {
					if d.Overdue != (d.Due <= at) || d.Author != st.ID {
						t.Errorf("%+v at %d", d, at)
					}
					if !d.Overdue {
						continue
					}
					seen[d.Kind] = true
					about := d.Period
					if about == "" {
						about = d.Mark.Entry.String()
					}
					got[fmt.Sprint(d.Kind, " ", d.Author, " ", about)]++
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("seed %d, %d days later (-findings +duties):\n%s", seed, later, d)
			}
		}
		if len(seen) < 3 {
			t.Errorf("seed %d: only %v were overdue", seed, seen)
		}
	}
}

// TestDutyOfSlots: the slot of the week that runs is owed until it is logged; those of
// weeks that have passed are one duty, which is overdue, less those that came late. Keys of last resort can be stopped until they count.
func TestDutyOfSlots(t *testing.T) {
	w := generator.New(generator.Options{Seed: 31, Signatories: 1, Slots: entry.SlotsWeek})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Log(w.Admit(a))
	w.Log(w.Pledge(a))
	w.SetNow(unix("2025-02-05 00:00:00")) // a Wednesday
	only := func(at string, kind pledge.DutyKind) (out []string) {
		s, _, _ := replay(w)
		for _, d := range s.Duties(a.ID, unix(at)) {
			if d.Kind == kind {
				one := entry.FormatTime(d.From) + " " + entry.FormatTime(d.Due) + " " + d.Period
				if d.IsPressing() {
					one += " pressing"
				}
				out = append(out, one)
			}
		}
		return out
	}
	if d := cmp.Diff([]string{"2025-02-03T00:00:00Z 2025-02-10T00:00:00Z 2025-W06 pressing"}, only("2025-02-05 00:00:00", pledge.DutySlot)); d != "" {
		t.Errorf("in a week without a slot (-want +got):\n%s", d)
	}
	w.Log(w.Slot(a, entry.SlotPeriodAt(entry.SlotsWeek, w.Now())))
	if got := only("2025-02-09 23:59:59", pledge.DutySlot); got != nil {
		t.Errorf("with a slot: %q", got)
	}
	if d := cmp.Diff([]string{"2025-02-10T00:00:00Z 2025-02-17T00:00:00Z 2025-W07"}, only("2025-02-12 00:00:00", pledge.DutySlot)); d != "" {
		t.Errorf("the week before has one (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"2025-02-17T00:00:00Z 2025-02-24T00:00:00Z 2025-W08 pressing"}, only("2025-02-20 00:00:00", pledge.DutySlot)); d != "" {
		t.Errorf("a week was left out (-want +got):\n%s", d)
	}
	// Admitted on Monday 6 January after it began: the first whole week is that of the 13th,
	// 2025-W03, and nothing was owed before that. W03, W04, W05 and W07 passed without a slot; W06 has one.
	passed := func(at string) (out []string) {
		s, _, _ := replay(w)
		for _, d := range s.Duties(a.ID, unix(at)) {
			if d.Kind == pledge.DutySlots {
				out = append(out, fmt.Sprint(d.Count, " of ", d.Owed, " ", d.Period, " ", entry.FormatTime(d.Due), " ", d.Overdue, " ", d.IsPressing()))
				if want := fmt.Sprintf("No slot for %d of %d slot periods, the first of them %s; stays displayed.", d.Count, d.Owed, d.Period); d.Text() != want {
					t.Errorf("it says %q, not %q", d.Text(), want)
				}
			}
		}
		return out
	}
	if d := cmp.Diff([]string{"4 of 5 2025-W03 2025-01-20T00:00:00Z true false"}, passed("2025-02-20 00:00:00")); d != "" {
		t.Errorf("weeks that passed without one (-want +got):\n%s", d)
	}
	w.SetNow(unix("2025-02-20 00:00:00"))
	w.Log(w.Slot(a, entry.SlotPeriodAt(entry.SlotsWeek, unix("2025-01-15 00:00:00"))))
	if d := cmp.Diff([]string{"3 of 5 2025-W04 2025-01-27T00:00:00Z true false"}, passed("2025-02-20 00:00:00")); d != "" {
		t.Errorf("one of them came late (-want +got):\n%s", d)
	}

	w.SetNow(unix("2025-03-01 00:00:00"))
	w.Log(w.Rekey(a, generator.Ring{Keys: w.NewKeys("fresh", 1), Threshold: 1}))
	if d := cmp.Diff([]string{"2025-03-01T00:00:00Z 2025-03-15T00:00:00Z "}, only("2025-03-14 23:59:59", pledge.DutyRekey)); d != "" {
		t.Errorf("keys of last resort wait (-want +got):\n%s", d)
	}
	if got := only("2025-03-15 00:00:00", pledge.DutyRekey); got != nil {
		t.Errorf("they count: %q", got)
	}
}
