package pledge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestClausesLeftOut: what an author pledged is held against its next pledge and its
// attestations, as long as the clause is one of the accord.
func TestClausesLeftOut(t *testing.T) {
	w := founded(31, 1)
	a := w.Signatories[0]
	all := slices.Clone(w.Pledge(a).Statement.Body.(*entry.Pledge).Clauses)
	pledged := func(clauses ...string) *generator.Statement {
		st := w.Pledge(a)
		st.Statement.Body.(*entry.Pledge).Clauses = clauses
		return st
	}
	attested := func(p string, clauses ...string) *generator.Statement {
		st := w.Attestation(a, period(p))
		st.Statement.Body.(*entry.Attestation).Clauses = clauses
		return st
	}
	// told is what the last entry shows, by the clauses that it names.
	told := func(want ...string) {
		t.Helper()
		_, v, found := replay(w)
		last := uint64(len(w.Logged) - 1)
		if v[last].Kind != pledge.Accepted {
			t.Fatalf("entry %d: %+v", last, v[last])
		}
		var got []string
		for _, f := range found {
			if *f.Index == last && f.Code == pledge.FindClauseDropped {
				_, rest, _ := strings.Cut(f.Text, "clause ")
				got = append(got, strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == ';' || r == ',' })[0])
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("entry %d (-want +got):\n%s", last, d)
		}
	}
	told()
	w.Log(pledged(all...))
	told() // the same again
	w.SetNow(unix("2025-04-02 00:00:00"))
	w.Log(attested("2025-Q1"))
	told(all...) // none of what was pledged
	w.Log(pledged(all[0]))
	told(all[1:]...)
	w.SetNow(unix("2025-07-02 00:00:00"))
	w.Log(attested("2025-Q2", all[0]))
	told() // as pledged
	w.Log(pledged(all...))
	told()
	w.Log(attested("2025-Q2", all[0]))
	told() // the longer pledge came after that quarter
	w.SetNow(unix("2025-10-02 00:00:00"))
	w.Log(attested("2025-Q3", all[1:]...))
	told(all[0])

	// What the accord does not have any more from a day on can be left out of a pledge to
	// it before that day.
	clauses := slices.DeleteFunc(slices.Clone(w.Terms.Clauses), func(c entry.Clause) bool { return c.ID == all[0] })
	texts := make(map[string]string)
	for _, c := range generator.Clauses {
		if c.ID != all[0] {
			texts[c.ID] = c.Text
		}
	}
	w.Log(w.Amend(&entry.Amend{Clauses: clauses, From: entry.FormatTime(w.Now() + 10*86400)}, generator.Amended{}, &entry.AmendBody{Clauses: texts}))
	w.Log(pledged(all[2:]...))
	told(all[1])
	w.Advance(20 * 24 * time.Hour)
	w.Log(attested("2025-Q3", all[1:]...))
	told() // all[0] was pledged in that quarter, and is gone
}
