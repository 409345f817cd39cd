package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

func (s *server) due(query string) client.DuePage {
	s.t.Helper()
	var p client.DuePage
	a := s.get("/api/v1/due" + query)
	if err := unmarshal(a.body, &p); err != nil || a.StatusCode != 200 {
		s.t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	if p.Size != s.size() || !p.SimulatedTime {
		s.t.Errorf("it is of %d entries of %d", p.Size, s.size())
	}
	return p
}

func told(p client.DuePage) (out []string) {
	for _, d := range p.Due {
		out = append(out, d.Author+": "+d.Text)
	}
	return out
}

// TestDue: who owes what by when, of everybody, in the words of the record: what is not
// logged, and not why. The charter gives 30 days of grace, 60 for a decision and 30 for a
// reply.
func TestDue(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 7, Challengers: 1, NoDirectories: true, Start: time.Date(2025, 1, 20, 10, 0, 0, 0, time.UTC)}, apitest.Start)
	w := s.world
	a, ngo := s.member(0), w.Challengers[0]
	b := s.member(1)
	s.mustSubmit(w.Admit(ngo))
	asked := w.Request(a, "2025-01", nil)
	s.mustSubmit(asked)
	kept := w.Request(b, "2025-01", nil).Withhold("2025-02-10")
	s.mustSubmit(kept)
	against := w.Challenge(ngo, a, &entry.Challenge{Entry: asked.ID, Finding: "contradicted", Period: "2025-Q1"}, nil)
	s.mustSubmit(against)
	at := func(st *generator.Statement) uint64 {
		e := entryOf(t, s, st.ID)
		return e.Index
	}
	reply := time.Unix(against.Logged+int64(w.Terms.ReplyDays)*86400-1, 0).UTC().Format("2 January 2006")
	answer := time.Unix(asked.Logged+int64(w.Terms.DecisionDays)*86400-1, 0).UTC().Format("2 January 2006")
	p := s.due("")
	if diff := cmp.Diff([]string{
		fmt.Sprintf("%s: Review of the text of entry %d, which is not published (infer no reason); due 10 February 2025.", b.ID, at(kept)),
		fmt.Sprintf("%s: Reply to the challenge in entry %d; due %s.", a.ID, at(against), reply),
		fmt.Sprintf("%s: Answer to the request in entry %d; due %s.", a.ID, at(asked), answer),
		fmt.Sprintf("%s: Answer to the request in entry %d; due %s.", b.ID, at(kept), answer),
		a.ID + ": Attestation for 2025-Q1; due 30 April 2025.",
		b.ID + ": Attestation for 2025-Q1; due 30 April 2025.",
	}, told(p)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p.Total != 6 || p.Overdue != 0 || p.Next != "" {
		t.Errorf("%d in all, %d overdue, next %q", p.Total, p.Overdue, p.Next)
	}
	if d := p.Due[1]; d.Name != a.Name || d.Entry != against.ID || d.Index == nil || *d.Index != at(against) || d.Overdue || int64(d.Due) != against.Logged+int64(w.Terms.ReplyDays)*86400 {
		t.Errorf("%+v", d)
	}

	// Two at a time they are the same ones.
	var paged []string
	for cursor := ""; ; {
		one := s.due("?limit=2" + cursor)
		if len(one.Due) != 2 || one.Total != 6 {
			t.Fatalf("a page of %d of %d", len(one.Due), one.Total)
		}
		paged = append(paged, told(one)...)
		if one.Next == "" {
			break
		}
		cursor = "&cursor=" + one.Next
	}
	if diff := cmp.Diff(told(p), paged); diff != "" {
		t.Errorf("in pages:\n%s", diff)
	}
	if got := told(s.due("?kind=attestation&author=" + b.ID)); len(got) != 1 || !strings.Contains(got[0], "Attestation for 2025-Q1") {
		t.Errorf("attestations of one: %q", got)
	}

	// Days pass; one replies, nobody attests.
	w.SetNow(time.Date(2025, 5, 2, 9, 0, 0, 0, time.UTC).Unix())
	s.mustSubmit(w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: against.ID}, nil))
	p = s.due("?author=" + a.ID)
	if diff := cmp.Diff([]string{
		fmt.Sprintf("%s: No answer stated yet to the request in entry %d; due %s.", a.ID, at(asked), answer),
		a.ID + ": No statement yet for 2025-Q1; due 30 April 2025.",
		a.ID + ": Attestation for 2025-Q2; due 30 July 2025.",
	}, told(p)); diff != "" {
		t.Errorf("later (-want +got)\n%s", diff)
	}
	if p.Overdue != 2 {
		t.Errorf("%d are overdue", p.Overdue)
	}

	for query, want := range map[string]string{
		"?cursor=x": "parameter-malformed", "?cursor=" + strings.Repeat("QUJD", 200): "parameter-malformed", "?cursor=MSBhIC0xIHg": "parameter-malformed",
		"?limit=1001": "parameter-malformed", "?limit=0": "parameter-malformed", "?kind=request": "parameter-malformed", "?author=A": "parameter-malformed",
		"?overdue=yes": "parameter-unknown", "?kind=slot&kind=slots": "parameter-repeated",
	} {
		if p := s.get("/api/v1/due" + query).problem(t); p.Status != 400 || string(p.Code) != want {
			t.Errorf("%s: %d %s, want %s", query, p.Status, p.Code, want)
		}
	}
}
