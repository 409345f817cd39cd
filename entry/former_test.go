package entry

import (
	"bytes"
	"strings"
	"testing"
)

// A statement at another place differs in its place and in what it names by new ids, and
// in nothing else.
func TestAtAnotherPlace(t *testing.T) {
	request, other, slot, prev := ID{1}, ID{2}, ID{3}, ID{4}
	moved := map[ID]ID{request: {11}, {11}: {12}}
	for name, c := range map[string]struct {
		body, want TreeBody
		refers     []ID
	}{
		"decision": {
			&Decision{Date: "2026-05-09", Grounds: []string{"pledge"}, Outcome: "refused", Request: request, Scope: "in"},
			&Decision{Date: "2026-05-09", Grounds: []string{"pledge"}, Outcome: "refused", Request: ID{11}, Scope: "in"},
			[]ID{request},
		},
		"decision on what did not move": {
			&Decision{Date: "2026-05-09", Outcome: "refused", Request: other, Scope: "in"},
			&Decision{Date: "2026-05-09", Outcome: "refused", Request: other, Scope: "in"},
			[]ID{other},
		},
		"correct": {
			&Correct{By: request, Entry: other, How: CorrectSuperseded},
			&Correct{By: ID{11}, Entry: other, How: CorrectSuperseded},
			[]ID{request, other},
		},
		"both moved": {
			&Correct{By: ID{11}, Entry: request, How: CorrectSuperseded},
			&Correct{By: ID{12}, Entry: ID{11}, How: CorrectSuperseded},
			[]ID{{11}, request},
		},
		"names none": {&Withdraw{}, &Withdraw{}, nil},
		"reply to a finding": {
			&Reply{Answer: "disputed", Entry: request, Finding: "contradicted", Period: "2026-Q1"},
			&Reply{Answer: "disputed", Entry: ID{11}, Finding: "contradicted", Period: "2026-Q1"},
			[]ID{request},
		},
	} {
		st := &Statement{Log: "log.test/1", Author: "acme", Lane: LaneMain, Seq: 5, Prev: slot, Made: 1780000000, Kind: kindOf(c.body), Body: c.body}
		if st.Kind == KindReply {
			st.BodyDigest = Digest([]byte("x"))
		}
		want := *st
		want.Seq, want.Prev, want.Made, want.Body = 9, prev, 1790000000, c.want
		b, err := want.Payload()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := st.At(9, prev, 1790000000, moved)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: %s (%v), want %s", name, got, err, b)
		}
		refers := st.Refers()
		if len(refers) != len(c.refers) {
			t.Errorf("%s: it names %v, want %v", name, refers, c.refers)
			continue
		}
		for i := range refers {
			if refers[i] != c.refers[i] {
				t.Errorf("%s: it names %v, want %v", name, refers, c.refers)
			}
		}
	}
}

func kindOf(b TreeBody) Kind {
	switch b.(type) {
	case *Decision:
		return KindDecision
	case *Correct:
		return KindCorrect
	case *Withdraw:
		return KindWithdraw
	}
	return KindReply
}

// Former places stand in a draft, come back as they were, and are never submitted. What is
// no former place of this statement is refused.
func TestFormerPlacesOfADraft(t *testing.T) {
	at := func(seq uint64, author string, kind Kind, body TreeBody) *Envelope {
		st := &Statement{Log: "log.test/1", Author: author, Lane: LaneMain, Seq: seq, Kind: kind, Body: body}
		if seq > 1 {
			st.Prev = ID{byte(seq)}
		}
		payload, err := st.Payload()
		if err != nil {
			t.Fatal(err)
		}
		return &Envelope{Payload: payload}
	}
	signed := at(2, "acme", KindWithdraw, &Withdraw{})
	signed.Sign(KeyID{7}, []byte{1})
	sub := &Submission{Envelope: at(4, "acme", KindWithdraw, &Withdraw{}), Former: []*Envelope{signed, at(3, "acme", KindWithdraw, &Withdraw{})}}
	sub.Envelope.Sign(KeyID{1}, []byte{1})
	b := sub.Marshal()
	got, err := ParseDraft(b)
	if err != nil || len(got.Former) != 2 || got.Former[0].ID() != signed.ID() || got.Former[0].Signatures[0].KeyID != (KeyID{7}) || !bytes.Equal(got.Marshal(), b) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := ParseSubmission(b); CodeOf(err) != CodeMemberUnknown {
		t.Errorf("submitted: %v", err)
	}
	got.Former = nil
	if _, err := ParseSubmission(got.Marshal()); err != nil {
		t.Errorf("without them: %v", err)
	}
	start := string(b[:bytes.Index(b, []byte(`"former":`))])
	five := strings.TrimSuffix(strings.Repeat(string(signed.Marshal())+",", MaxFormer+1), ",")
	for what, bad := range map[string]string{
		"null":           `null`,
		"an empty list":  `[]`,
		"one envelope":   string(signed.Marshal()),
		"too many":       "[" + five + "]",
		"no envelope":    `["x"]`,
		"another author": "[" + string(at(2, "zeta", KindWithdraw, &Withdraw{}).Marshal()) + "]",
		"another kind":   "[" + string(at(2, "acme", KindPledge, &Pledge{Charter: ID{5}, Clauses: []string{"a"}}).Marshal()) + "]",
	} {
		if _, err := ParseDraft([]byte(start + `"former":` + bad + `}`)); err == nil || CodeOf(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
