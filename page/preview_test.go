package page

import (
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
)

// TestPreviewOfEveryKind: whoever signs sees before what the public will see, without
// a log behind it.
func TestPreviewOfEveryKind(t *testing.T) {
	s := demo()
	s.Preview = true
	words := map[string]string{"en": "What we have to say."}
	id, other := entry.ID{7}, entry.ID{8}
	set := entry.KeySet{Threshold: 1}
	for _, c := range []struct {
		author string
		body   entry.TreeBody
		text   entry.Detached
		want   []string
	}{
		{entry.AuthorSecretariat, &entry.Charter{Accord: "Test Accord", Attestation: entry.Quarter, ReplyDays: 30, Slots: entry.SlotsWeek}, &entry.CharterBody{}, []string{"set down the charter", "One each week"}},
		{entry.AuthorSecretariat, &entry.Amend{ReplyDays: 20, From: "2027-01-01T00:00:00Z"}, &entry.AmendBody{Narrative: words}, []string{"set down other terms", "20 days", "What we have to say."}},
		{entry.AuthorSecretariat, &entry.Amend{Secretariat: &set}, nil, []string{"set down other keys"}},
		{entry.AuthorSecretariat, &entry.Admit{ID: "acme", Name: "Acme", Mode: entry.AdmitRekey, Role: entry.RoleSignatory}, nil, []string{"new keys", "They count after 14 days"}},
		{entry.AuthorSecretariat, &entry.Standing{Who: "acme", Standing: entry.StandingSuspended, Reason: "other"}, nil, []string{"suspended"}},
		{entry.AuthorSecretariat, &entry.Succeed{From: "acme", To: "nimbus"}, nil, []string{"takes the place of"}},
		{"nimbus", &entry.Keys{Reason: entry.KeysCompromise, Doubtful: id, Threshold: 1}, nil, []string{"a key of its own was compromised"}},
		{"nimbus", &entry.Pledge{Charter: id, Clauses: []string{"a"}}, nil, []string{"pledged itself to 1 clause"}},
		{"nimbus", &entry.Request{Received: "2026-Q2", Slot: id, Disclosure: "x"}, borvania, []string{"that it attributes to XB", "So its text stood when the slot was logged"}},
		{"nimbus", &entry.Decision{Request: id, Outcome: "refused"}, &entry.DecisionBody{}, []string{"stated that it refused a request whose contents it does not publish"}},
		{"nimbus", &entry.Attestation{Covers: entry.CoversAll}, &entry.AttestationBody{}, []string{"received no request"}},
		{"nimbus", &entry.Slot{Digests: make([]string, entry.SlotPlaces), Period: "2026-W33"}, nil, []string{"logged its slot for the week from", "64 digests"}},
		{"nimbus", &entry.Open{Entry: id, Digests: []string{"a", "b"}, Why: "permission"}, nil, []string{"publishes 2 fields of an earlier statement", "2 sealed fields"}},
		{"nimbus", &entry.Open{Entry: id, Review: "2027-01-01", Why: "proceedings"}, nil, []string{"looks at it again by", "1 January 2027"}},
		{"nimbus", &entry.Correct{Entry: id, By: other, How: entry.CorrectSuperseded}, &entry.CorrectBody{Narrative: words}, []string{"stands in the place of", "What we have to say."}},
		{"nimbus", &entry.Withdraw{}, &entry.WithdrawBody{Narrative: words}, []string{"withdraws from the", "What we have to say."}},
		{"acme", &entry.Challenge{Against: "nimbus", Finding: "contradicted"}, &entry.ChallengeBody{Narrative: words}, []string{"stated a challenge to", "“Two statements differ”", "What we have to say."}},
		{"nimbus", &entry.Reply{Challenge: id, Answer: entry.AnswerDisputed}, &entry.ReplyBody{Narrative: words}, []string{"disputes a challenge", "What we have to say."}},
		{entry.AuthorOperator, &entry.Erasure{Entry: id, Basis: entry.BasisSafety, Reference: "S-1", Date: "2026-05-01", Digest: "d"}, nil, []string{"erased a text of an earlier statement", "S-1"}},
		{entry.AuthorOperator, &entry.Directory{Size: 12, Root: "r"}, nil, []string{"what each author had said last in the first 12 entries"}},
	} {
		kind := kindOf(t, c.body)
		e := accepted(kind, c.author, c.body, c.text)
		e.Logged = 0
		got, err := s.Render(e)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		text := strings.Join(strings.Fields(stripTags(string(got))), " ")
		for _, want := range append(c.want, "Not logged yet") {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", kind, want, text)
			}
		}
		for _, bad := range []string{"href=", "⟦", "checkpoint over", "Permanent address", "1970"} {
			if strings.Contains(string(got), bad) {
				t.Errorf("%s: the preview has %q", kind, bad)
			}
		}
	}
}

func stripTags(s string) string {
	var b strings.Builder
	for s != "" {
		before, rest, found := strings.Cut(s, "<")
		b.WriteString(before)
		if !found {
			break
		}
		_, s, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

// kindOf names the kind of a body.
func kindOf(t *testing.T, body entry.TreeBody) entry.Kind {
	t.Helper()
	switch body.(type) {
	case *entry.Charter:
		return entry.KindCharter
	case *entry.Amend:
		return entry.KindAmend
	case *entry.Admit:
		return entry.KindAdmit
	case *entry.Standing:
		return entry.KindStanding
	case *entry.Succeed:
		return entry.KindSucceed
	case *entry.Keys:
		return entry.KindKeys
	case *entry.Pledge:
		return entry.KindPledge
	case *entry.Request:
		return entry.KindRequest
	case *entry.Decision:
		return entry.KindDecision
	case *entry.Attestation:
		return entry.KindAttestation
	case *entry.Slot:
		return entry.KindSlot
	case *entry.Open:
		return entry.KindOpen
	case *entry.Correct:
		return entry.KindCorrect
	case *entry.Withdraw:
		return entry.KindWithdraw
	case *entry.Challenge:
		return entry.KindChallenge
	case *entry.Reply:
		return entry.KindReply
	case *entry.Erasure:
		return entry.KindErasure
	case *entry.Directory:
		return entry.KindDirectory
	}
	t.Fatalf("no kind of %T", body)
	return ""
}
