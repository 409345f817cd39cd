package verifier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A report has what an author replied to a finding beside it, and to which text of the
// accord its pledge is.
func TestRepliesAndPledges(t *testing.T) {
	w := generator.New(generator.Options{Seed: 305, Signatories: 2, NoDirectories: true})
	a, b := w.Signatories[0], w.Signatories[1]
	w.Log(w.Found())
	for _, x := range w.Signatories {
		w.Log(w.Admit(x))
		w.Log(w.Pledge(x))
	}
	w.SetNow(at(2025, 6, 2, 9))
	missed := w.Reply(a, &entry.Reply{Finding: "attestation-missed", Period: "2025-Q1", Answer: entry.AnswerDisputed}, nil)
	w.Log(missed)
	other := w.Reply(a, &entry.Reply{Finding: "attestation-missed", Period: "2024-Q1", Answer: entry.AnswerAccepted}, nil)
	w.Log(other)
	clauses := generator.Clauses[:2]
	texts := map[string]string{clauses[0].ID: clauses[0].Text, clauses[1].ID: "Another text."}
	amend := &entry.Amend{From: entry.FormatTime(at(2025, 6, 3, 0))}
	for id := range texts {
		amend.Clauses = append(amend.Clauses, entry.Clause{ID: id})
	}
	slices.SortFunc(amend.Clauses, func(x, y entry.Clause) int { return strings.Compare(x.ID, y.ID) })
	w.Log(w.Amend(amend, generator.Amended{}, &entry.AmendBody{Clauses: texts}))
	w.SetNow(at(2025, 6, 4, 9))
	w.Log(w.Draft(b, entry.KindPledge, &entry.Pledge{Charter: w.Said[len(w.Said)-1].ID, Clauses: []string{clauses[1].ID, clauses[0].ID}}, nil))

	r := runAudit(t, w, newLog(t, w).Dir)
	s := r.Signatories[0]
	if len(s.Replies) != 2 || s.Replies[0].Finding != "attestation-missed" || s.Replies[0].Period != "2025-Q1" || s.Replies[0].Answer != "disputed" || s.Replies[0].ID != missed.ID.String() {
		t.Errorf("replies %+v", s.Replies)
	}
	var changed []string
	for _, c := range generator.Clauses[1:] {
		changed = append(changed, c.ID)
	}
	slices.Sort(changed)
	if s.PledgedTo == nil || s.PledgedTo.ID != w.Charter.String() || !slices.Equal(s.ClausesChanged, changed) {
		t.Errorf("pledged to %+v, changed %v; want the charter and %v", s.PledgedTo, s.ClausesChanged, changed)
	}
	if s := r.Signatories[1]; s.PledgedTo == nil || s.PledgedTo.Index != 7 || s.ClausesChanged != nil || s.Replies != nil {
		t.Errorf("who pledged to the amend: %+v", s)
	}
	out := text(t, r)
	beside := "due before 1 May 2025.\n    " + a.Name + " replied: disputed (entry 5)\n"
	if !strings.Contains(out, a.Name+" logged no attestation for 2025-Q1; it was "+beside) || strings.Count(out, " replied: ") != 1 {
		t.Errorf("no reply beside its finding, or one beside another:\n%s", out)
	}
	if !strings.Contains(out, "Its pledge is to the accord's text of entry 0. These clauses have another text since, or are no part of the accord any more, and it has not pledged again: "+strings.Join(changed, ", ")+".") || strings.Count(out, "Its pledge is to") != 1 {
		t.Errorf("the text of pledges:\n%s", out)
	}
}
