package pledge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestCorrectedIsTold: what does not count any more is told with what was stated.
func TestCorrectedIsTold(t *testing.T) {
	w := founded(51, 1)
	a := w.Signatories[0]
	n := uint64(0) // corrections
	told := func(period string, parts ...string) {
		t.Helper()
		n++
		s, v, found := replay(w)
		last := uint64(len(w.Logged) - 1)
		if v[last].Kind != pledge.Accepted {
			t.Fatalf("entry %d: %+v", last, v[last])
		}
		var of []pledge.Finding
		for _, f := range found {
			if f.Code == pledge.FindCorrected && *f.Index == last {
				of = append(of, f)
			}
		}
		if len(of) != 1 || of[0].Author != a.ID || of[0].Severity != pledge.Info || of[0].Period != period {
			t.Fatalf("entry %d: %+v, want one on its author of period %q", last, of, period)
		}
		rest := of[0].Text
		for _, p := range parts {
			_, after, ok := strings.Cut(rest, p)
			if !ok {
				t.Errorf("%q does not say %q after the parts before", of[0].Text, p)
			}
			rest = after
		}
		if st, _ := s.Status(a.ID, s.Now()); st.Corrected != n {
			t.Errorf("%d statements corrected, want %d", st.Corrected, n)
		}
	}
	say := func(st *generator.Statement) (*generator.Statement, string) {
		w.Log(st)
		return st, fmt.Sprintf("entry %d, ", len(w.Logged)-1)
	}
	r1 := w.Request(a, "2025-01", nil)
	f1 := w.Log(r1)
	at1 := fmt.Sprintf("entry %d, ", len(w.Logged)-1)
	d1, atD1 := say(w.Decision(f1, "complied", nil))
	d2, atD2 := say(w.Decision(f1, "refused", nil))
	w.Log(w.Correct(d1, d2, nil))
	told("", atD2, `"refused"`, atD1, `"complied"`)
	d3, atD3 := say(w.Decision(f1, "narrowed", nil))
	w.Log(w.Correct(d2, d3, nil)) // which stands in the place of the first
	told("", atD3, `"narrowed"`, atD2, `"refused"`)
	w.Log(w.Correct(d3, nil, nil))
	told("", atD3, `"narrowed"`)

	hidden := w.Request(a, "2025-01", nil)
	hidden.Statement.Body.(*entry.Request).Received = "withheld"
	_, at2 := say(hidden)
	w.Log(w.Correct(r1, hidden, nil))
	told("", at2, "withheld", at1, "2025-Q1")

	w.SetNow(unix("2025-04-02 00:00:00"))
	first := w.Attestation(a, period("2025-Q1"))
	first.Statement.Body.(*entry.Attestation).Received.Total = entry.Exactly(7)
	_, atFirst := say(first)
	second := w.Attestation(a, period("2025-Q1"))
	second.Statement.Body.(*entry.Attestation).Received.Total = entry.CannotSay()
	_, atSecond := say(second)
	w.Log(w.Correct(first, second, nil))
	told("2025-Q1", atSecond, entry.CannotSay().String(), atFirst, "7")
	w.Log(w.Correct(second, nil, nil))
	told("2025-Q1", atSecond, entry.CannotSay().String())
}
