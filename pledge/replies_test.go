package pledge_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestRepliesToFindings: a reply to a finding stands with its author's status, by what
// corrections made of it.
func TestRepliesToFindings(t *testing.T) {
	x := newCast(98)
	reply := func(b entry.Reply) *generator.Statement {
		x.Advance(time.Hour)
		st := x.Reply(x.a, &b, nil)
		x.Log(st)
		return st
	}
	mark := func(st *generator.Statement) pledge.Mark {
		t.Helper()
		s, _ := x.state(t)
		f, ok := s.Find(st.ID)
		if !ok {
			t.Fatal("the reply is not there")
		}
		return pledge.Mark{Index: f.Index, Entry: st.ID, Logged: st.Logged}
	}
	want := func(want ...pledge.FindingReply) {
		t.Helper()
		s, _ := x.state(t)
		var b bytes.Buffer
		if err := s.Save(&b); err != nil {
			t.Fatal(err)
		}
		restored, err := pledge.Restore(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*pledge.State{s, restored} {
			if d := cmp.Diff(want, status(t, s, x.a, s.Now()).Replies); d != "" {
				t.Errorf("replies (-want +got): %s", d)
			}
			if got := status(t, s, x.b, s.Now()).Replies; got != nil {
				t.Errorf("another's replies: %+v", got)
			}
		}
	}
	want()
	first := reply(entry.Reply{Finding: "contradicted", Period: "2025-Q1", Answer: entry.AnswerDisputed})
	second := reply(entry.Reply{Finding: "filed-late", Entry: x.request.ID, Answer: entry.AnswerAccepted})
	a := pledge.FindingReply{Mark: mark(first), Finding: "contradicted", Period: "2025-Q1", Answer: "disputed", Content: mark(first)}
	b := pledge.FindingReply{Mark: mark(second), Finding: "filed-late", About: x.request.ID, Answer: "accepted", Content: mark(second)}
	want(a, b)

	// Another stands in the first one's place, with what it says itself.
	third := reply(entry.Reply{Finding: "disclosed-later", Answer: entry.AnswerCannotComment})
	x.Log(x.Correct(first, third, nil))
	a = pledge.FindingReply{Mark: mark(first), Finding: "disclosed-later", Answer: "cannot-comment", Content: mark(third)}
	want(a, b)
	fourth := reply(entry.Reply{Finding: "contradicted", Answer: entry.AnswerAccepted})
	x.Log(x.Correct(third, fourth, nil))
	a = pledge.FindingReply{Mark: mark(first), Finding: "contradicted", Answer: "accepted", Content: mark(fourth)}
	want(a, b)
	x.Log(x.Correct(fourth, nil, nil))
	want(b)
	x.Log(x.Correct(second, nil, nil))
	want()
}

// TestPledgedTo: a pledge is to the text of one document. What another document has
// in its place is not pledged.
func TestPledgedTo(t *testing.T) {
	x := newCast(99)
	document := func(texts map[string]string, from int64) *generator.Statement {
		x.Advance(time.Hour)
		b := &entry.Amend{From: entry.FormatTime(from)}
		for _, c := range generator.Clauses {
			if texts[c.ID] != "" {
				b.Clauses = append(b.Clauses, entry.Clause{ID: c.ID})
			}
		}
		st := x.Amend(b, generator.Amended{}, &entry.AmendBody{Clauses: texts})
		x.Log(st)
		return st
	}
	want := func(at int64, to entry.ID, changed ...string) {
		t.Helper()
		s, _ := x.state(t)
		st := status(t, s, x.a, at)
		if st.PledgedTo == nil || st.PledgedTo.Entry != to {
			t.Errorf("pledged to %+v, want %s", st.PledgedTo, to)
		}
		if d := cmp.Diff(changed, st.Changed); d != "" {
			t.Errorf("changed (-want +got): %s", d)
		}
	}
	texts := make(map[string]string)
	for _, c := range generator.Clauses {
		texts[c.ID] = c.Text
	}
	first, second, third := generator.Clauses[0].ID, generator.Clauses[1].ID, generator.Clauses[2].ID
	want(x.Now(), x.Charter)
	s, _ := x.state(t)
	if st := status(t, s, x.fresh, x.Now()); st.PledgedTo != nil || st.Changed != nil {
		t.Errorf("who pledged nothing: %+v, %v", st.PledgedTo, st.Changed)
	}

	// One clause with another text, one dropped: from then on.
	texts[second] = "Another text."
	delete(texts, third)
	from := x.Now() + 30*86400
	amend := document(texts, from)
	want(from-1, x.Charter)
	want(from, x.Charter, second, third)

	// A new pledge, to what is to come, and then is.
	x.Advance(time.Hour)
	x.Log(x.Draft(x.a, entry.KindPledge, &entry.Pledge{Charter: amend.ID, Clauses: []string{second, first}}, nil))
	want(x.Now(), amend.ID)
	want(from, amend.ID)
	texts[first] = "Yet another."
	document(texts, from+86400)
	want(from, amend.ID)
	want(from+86400, amend.ID, first)
}
