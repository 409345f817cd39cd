package entry

import (
	"strings"
	"testing"
)

// A refusal is a sample with pieces of text replaced, each once, and the code
// that the protocol gives it; "" when it is in order.
type refusal struct {
	name  string
	kind  Kind
	want  Code
	edits []string // old, new, old, new …
}

func (c refusal) apply(t *testing.T, s string) string {
	t.Helper()
	for i := 0; i < len(c.edits); i += 2 {
		if !strings.Contains(s, c.edits[i]) {
			t.Fatalf("the sample does not hold %s:\n%s", c.edits[i], s)
		}
		s = strings.Replace(s, c.edits[i], c.edits[i+1], 1)
	}
	return s
}

func edits(s ...string) []string { return s }

// zero is an entry id that is all zeros, which no statement has.
var (
	zero     = strings.Repeat("0", 64)
	prevID   = "84fd9bac333ad79154348296204fa7f8c537a96e08983e5f73b3f5aca8e8edf7" // of the samples: SHA-256 of "prev"
	aDigest  = Digest([]byte("a"))
	aDigests = `"` + Digest([]byte("b")) + `","` + Digest([]byte("a")) + `"` // sorted: PiPo… ypeB…
)

// TestKindsRefused holds the tree bodies of the kinds beside charter, admit,
// pledge, request, decision and attestation to the protocol, sections 3 and 4.
func TestKindsRefused(t *testing.T) {
	all := samples()
	slot := string(all[KindSlot].Envelope.Payload)
	first := slot[strings.Index(slot, `["`)+1:][:45]   // the first digest, quoted
	second := slot[strings.Index(slot, `["`)+47:][:45] // the second one
	for _, c := range []refusal{
		// amend
		{"amend by a signatory", KindAmend, CodeMemberMalformed, edits(`"author":"secretariat"`, `"author":"acme-corp"`)},
		{"amend of a term without from", KindAmend, CodeMemberMissing, edits(`"from":"2027-01-01T00:00:00Z",`, ``)},
		{"amend from an impossible time", KindAmend, CodeTimeMalformed, edits(`"2027-01-01T00:00:00Z"`, `"2027-02-30T00:00:00Z"`)},
		{"amend from a date", KindAmend, CodeTimeMalformed, edits(`"2027-01-01T00:00:00Z"`, `"2027-01-01"`)},
		{"amend to another period", KindAmend, CodePeriodMalformed, edits(`"half-year"`, `"year"`)},
		{"amend to no clauses", KindAmend, CodeMemberMissing, edits(`"clauses":[{"id":"no-help","text":"`+Digest([]byte("We will not help."))+`"}]`, `"clauses":[]`)},
		{"amend of clauses without their texts", KindAmend, CodeMemberMissing, edits(`"bodyDigest":"`+Digest(all[KindAmend].Body)+`",`, ``)},
		{"amend to 0 days", KindAmend, CodeMemberMissing, edits(`"replyDays":14`, `"replyDays":0`)},
		{"amend to over ten years", KindAmend, CodeMemberMalformed, edits(`"replyDays":14`, `"replyDays":3654`)},
		{"amend that ends in something else", KindAmend, CodeMemberUnknown, edits(`{"successor":`, `{"by":"x","successor":`)},
		{"amend whose successor is the log itself", KindAmend, CodeMemberMalformed, edits(`log.second.example`, testOrigin)},
		{"amend whose successor has a space", KindAmend, CodeMemberMalformed, edits(`log.second.example`, `log second`)},
		{"amend whose successor is empty", KindAmend, CodeNotCanonical, edits(`"log.second.example"`, `""`)},
		{"amend that ends without a successor", KindAmend, "", edits(`{"successor":"log.second.example"}`, `{}`)},
		{"amend to a log key of another log", KindAmend, CodeMemberMalformed, edits(`"logKeys":["log.accord`, `"logKeys":["log.other`)},
		{"amend to no log key", KindAmend, CodeMemberMissing, edits(`["`+testOrigin+`+89abcdef+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]`, `[]`)},
		{"amend with a key in two sets", KindAmend, CodeKeyMalformed, edits(testPub("o2").SPKI, testPub("r2").SPKI)},
		{"amend with a slot key", KindAmend, CodeKeyMalformed, edits(testPub("s4").SPKI+`","use":"statement"`, testPub("s4").SPKI+`","use":"slot"`, `"threshold":2`, `"threshold":1`)},
		{"amend with threshold 3 of 2", KindAmend, CodeThreshold, edits(`"threshold":2`, `"threshold":3`)},
		{"amend to odd slots", KindAmend, CodeMemberMalformed, edits(`"slots":"week"`, `"slots":"hour"`)},
		{"amend that is withheld", KindAmend, CodeMemberMalformed, edits(`"seq":3`, `"seq":3,"withheld":{"review":"2027-01-01"}`)},
		// admit
		{"admit in another mode", KindAdmit, CodeMemberMalformed, edits(`"mode":"new"`, `"mode":"again"`)},
		{"admit by rekey", KindAdmit, "", edits(`"mode":"new"`, `"mode":"rekey"`)},
		// standing and succeed
		{"standing that is none", KindStanding, CodeMemberMalformed, edits(`"proposed-removal"`, `"withdrawn"`)},
		{"standing without a reason", KindStanding, CodeCodeMalformed, edits(`"reason":"attestation-missed",`, ``)},
		{"standing with a reason in words", KindStanding, CodeCodeMalformed, edits(`"attestation-missed"`, `"They missed it."`)},
		{"standing of nobody", KindStanding, CodeAuthorMalformed, edits(`,"who":"acme-corp"`, ``)},
		{"standing of an impossible author", KindStanding, CodeAuthorMalformed, edits(`"who":"acme-corp"`, `"who":"Acme"`)},
		{"standing with a detached body", KindStanding, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
		{"succeed of itself", KindSucceed, CodeMemberMalformed, edits(`"acme-group"`, `"acme-corp"`)},
		{"succeed by an impossible author", KindSucceed, CodeAuthorMalformed, edits(`"acme-group"`, `"acme--group"`)},
		{"succeed by nobody", KindSucceed, CodeAuthorMalformed, edits(`,"to":"acme-group"`, ``)},
		{"succeed with a detached body", KindSucceed, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
		// keys
		{"keys of the operator", KindKeys, CodeMemberMalformed, edits(`"author":"acme-corp"`, `"author":"operator"`)},
		{"keys for another reason", KindKeys, CodeMemberMalformed, edits(`"compromise"`, `"boredom"`)},
		{"keys that doubt without compromise", KindKeys, CodeMemberMalformed, edits(`"compromise"`, `"rotation"`)},
		{"keys that doubt what is no id", KindKeys, CodeMemberMalformed, edits(prevID, `the-third-one`)},
		{"keys that doubt the zero id", KindKeys, CodeMemberMissing, edits(prevID, zero)},
		{"keys with none", KindKeys, CodeThreshold, edits(`{"alg":"ed25519","spki":"`+testPub("a2").SPKI+`","use":"statement"},`, ``)},
		{"keys with one twice", KindKeys, CodeKeyMalformed, edits(testSlotPub("a3").SPKI, testPub("a2").SPKI)},
		{"keys with threshold 2 of 1", KindKeys, CodeThreshold, edits(`"threshold":1`, `"threshold":2`)},
		{"keys with a detached body", KindKeys, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
		// request out of a slot
		{"request with a slot alone", KindRequest, CodeMemberMissing, edits(`"received":"2026-Q2"`, `"received":"2026-Q2","slot":"`+prevID+`"`)},
		{"request with a disclosure alone", KindRequest, CodeMemberMissing, edits(`{"received"`, `{"disclosure":"`+mustDisclose(SlotName, `"`+aDigest+`"`)+`","received"`)},
		{"request with the zero id as slot", KindRequest, CodeMemberMissing, edits(`{"received":"2026-Q2"`, `{"disclosure":"`+mustDisclose(SlotName, `"`+aDigest+`"`)+`","received":"2026-Q2","slot":"`+zero+`"`)},
		{"request with another's disclosure", KindRequest, CodeDisclosureDiffers, edits(`{"received":"2026-Q2"`, `{"disclosure":"`+mustDisclose(SlotName, `"`+aDigest+`"`)+`","received":"2026-Q2","slot":"`+prevID+`"`)},
		{"request with the disclosure of an empty place", KindRequest, CodeDisclosureDiffers, edits(`{"received":"2026-Q2"`, `{"disclosure":"`+mustDisclose(SlotName, "null")+`","received":"2026-Q2","slot":"`+prevID+`"`)},
		{"request with a disclosure of another name", KindRequest, CodeDisclosureDiffers, edits(`{"received":"2026-Q2"`, `{"disclosure":"`+mustDisclose("agency", `"`+Digest(all[KindRequest].Body)+`"`)+`","received":"2026-Q2","slot":"`+prevID+`"`)},
		{"request with a disclosure that is none", KindRequest, CodeDisclosure, edits(`{"received":"2026-Q2"`, `{"disclosure":"e30=","received":"2026-Q2","slot":"`+prevID+`"`)},
		{"request out of a slot", KindRequest, "", edits(`{"received":"2026-Q2"`, `{"disclosure":"`+mustDisclose(SlotName, `"`+Digest(all[KindRequest].Body)+`"`)+`","received":"withheld","slot":"`+prevID+`"`)},
		// withheld decision
		{"decision without outcome though it is published", KindDecision, CodeMemberMissing, edits(`"date":"2026-05-09","grounds":["pledge","unlawful"],"outcome":"refused",`, ``, `,"scope":"in"`, ``)},
		{"withheld decision with a date alone", KindDecision, CodeMemberMissing, edits(`"outcome":"refused",`, ``, `"seq":3`, `"seq":3,"withheld":{"review":"2027-01-01"}`)},
		{"withheld decision with grounds alone", KindDecision, CodeMemberMalformed, edits(`"date":"2026-05-09",`, ``, `"outcome":"refused",`, ``, `"seq":3`, `"seq":3,"withheld":{"review":"2027-01-01"}`)},
		{"withheld decision", KindDecision, "", edits(`"date":"2026-05-09","grounds":["pledge","unlawful"],"outcome":"refused",`, ``, `,"scope":"in"`, ``, `"seq":3`, `"seq":3,"withheld":{"review":"2027-01-01"}`)},
		// slot
		{"slot in lane main", KindSlot, CodeLaneUnknown, edits(`"lane":"slot"`, `"lane":"main"`)},
		{"pledge in lane slot", KindPledge, CodeLaneUnknown, edits(`"lane":"main"`, `"lane":"slot"`)},
		{"slot of 63 digests", KindSlot, CodeMemberMalformed, edits(first+`,`, ``)},
		{"slot of 65 digests", KindSlot, CodeMemberMalformed, edits(first, `"-----------------------------------------A4",`+first)},
		{"slot that is not sorted", KindSlot, CodeMemberMalformed, edits(first+`,`+second, second+`,`+first)},
		{"slot with a digest twice", KindSlot, CodeMemberMalformed, edits(second, first)},
		{"slot with what is no digest", KindSlot, CodeDigestMalformed, edits(first, `"none"`)},
		{"slot of week 54", KindSlot, CodePeriodMalformed, edits(`2026-W33`, `2026-W54`)},
		{"slot of week 53 of a year of 52", KindSlot, CodePeriodMalformed, edits(`2026-W33`, `2025-W53`)},
		{"slot of week 53 of a year of 53", KindSlot, "", edits(`2026-W33`, `2026-W53`)},
		{"slot of week 0", KindSlot, CodePeriodMalformed, edits(`2026-W33`, `2026-W00`)},
		{"slot of a quarter", KindSlot, CodePeriodMalformed, edits(`2026-W33`, `2026-Q3`)},
		{"slot of an impossible day", KindSlot, CodePeriodMalformed, edits(`2026-W33`, `2026-02-29`)},
		{"slot of a day", KindSlot, "", edits(`2026-W33`, `2028-02-29`)},
		{"slot of month 13", KindSlot, CodePeriodMalformed, edits(`2026-W33`, `2026-13`)},
		{"slot without a period", KindSlot, CodePeriodMalformed, edits(`,"period":"2026-W33"`, ``)},
		{"slot with a detached body", KindSlot, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
		{"slot that is withheld", KindSlot, CodeMemberMalformed, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`, `"seq":1`, `"seq":1,"withheld":{"review":"2027-01-01"}`)},
		// open
		{"open of nothing", KindOpen, CodeMemberMissing, edits(`"entry":"`+prevID+`",`, ``)},
		{"open of the zero id", KindOpen, CodeMemberMissing, edits(prevID, zero)},
		{"open without why", KindOpen, CodeCodeMalformed, edits(`,"why":"order-lifted"`, ``)},
		{"open with digests and review", KindOpen, CodeMemberMissing, edits(`"why"`, `"review":"2027-01-01","why"`)},
		{"open with neither", KindOpen, CodeMemberMissing, edits(digestsOf(all[KindOpen])+`,`, ``)},
		{"open with no digests", KindOpen, CodeMemberMalformed, edits(digestsOf(all[KindOpen]), `"digests":[]`)},
		{"open with 65 digests", KindOpen, CodeMemberMalformed, edits(digestsOf(all[KindOpen]), `"digests":[`+strings.Repeat(`"`+aDigest+`",`, 64)+`"`+aDigest+`"]`)},
		{"open with a digest twice", KindOpen, CodeMemberMalformed, edits(digestsOf(all[KindOpen]), `"digests":["`+aDigest+`","`+aDigest+`"]`)},
		{"open whose digests are not sorted", KindOpen, CodeMemberMalformed, edits(digestsOf(all[KindOpen]), `"digests":["`+aDigest+`","`+Digest([]byte("b"))+`"]`)},
		{"open whose digests are sorted", KindOpen, "", edits(digestsOf(all[KindOpen]), `"digests":[`+aDigests+`]`)},
		{"open with what is no digest", KindOpen, CodeDigestMalformed, edits(digestsOf(all[KindOpen]), `"digests":["x"]`)},
		{"open until a later date", KindOpen, "", edits(digestsOf(all[KindOpen])+`,`, ``, `"why"`, `"review":"2027-01-01","why"`)},
		{"open until an impossible date", KindOpen, CodeDateMalformed, edits(digestsOf(all[KindOpen])+`,`, ``, `"why"`, `"review":"2027-01-32","why"`)},
		{"open with a detached body of its own", KindOpen, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
		// correct
		{"correct of nothing", KindCorrect, CodeMemberMissing, edits(`"entry":"`+prevID+`",`, ``)},
		{"correct in another way", KindCorrect, CodeMemberMalformed, edits(`"superseded"`, `"deleted"`)},
		{"superseded by nothing", KindCorrect, CodeMemberMissing, edits(`"by":"01`+zero[2:]+`",`, ``)},
		{"void and yet by something", KindCorrect, CodeMemberMissing, edits(`"superseded"`, `"void"`)},
		{"superseded by itself", KindCorrect, CodeMemberMalformed, edits(`01`+zero[2:], prevID)},
		{"correct that is withheld", KindCorrect, CodeMemberMalformed, edits(`"seq":7`, `"seq":7,"withheld":{"review":"2027-01-01"}`)},
		{"void", KindCorrect, "", edits(`"by":"01`+zero[2:]+`",`, ``, `"superseded"`, `"void"`)},
		// withdraw
		{"withdraw that says something in the tree", KindWithdraw, CodeMemberUnknown, edits(`"body":{}`, `"body":{"reason":"x"}`)},
		{"withdraw without reasons", KindWithdraw, "", edits(`"bodyDigest":"`+Digest(all[KindWithdraw].Body)+`",`, ``)},
		// challenge
		{"challenge to nobody", KindChallenge, CodeAuthorMalformed, edits(`"against":"acme-corp",`, ``)},
		{"challenge to an impossible author", KindChallenge, CodeAuthorMalformed, edits(`"against":"acme-corp"`, `"against":"acme corp"`)},
		{"challenge without a case", KindChallenge, CodeMemberMissing, edits(`"bodyDigest":"`+Digest(all[KindChallenge].Body)+`",`, ``)},
		{"challenge to a finding in words", KindChallenge, CodeCodeMalformed, edits(`"contradicted"`, `"They lied."`)},
		{"challenge about an impossible period", KindChallenge, CodePeriodMalformed, edits(`2026-Q2`, `2026-Q5`)},
		{"challenge about a slot period", KindChallenge, CodePeriodMalformed, edits(`2026-Q2`, `2026-W33`)},
		{"challenge that is withheld", KindChallenge, CodeMemberMalformed, edits(`"seq":1`, `"seq":1,"withheld":{"review":"2027-01-01"}`)},
		{"challenge about nothing in particular", KindChallenge, "", edits(`,"entry":"`+prevID+`","finding":"contradicted","period":"2026-Q2"`, ``)},
		// reply
		{"reply with another answer", KindReply, CodeMemberMalformed, edits(`"disputed"`, `"maybe"`)},
		{"reply to nothing", KindReply, CodeMemberMissing, edits(`,"entry":"`+prevID+`","finding":"contradicted","period":"2026-Q2"`, ``)},
		{"reply to a challenge and to a finding", KindReply, CodeMemberMissing, edits(`"entry"`, `"challenge":"`+prevID+`","entry"`)},
		{"reply to a challenge, with the entry of a finding", KindReply, CodeMemberMalformed, edits(`"entry":"`+prevID+`","finding":"contradicted","period":"2026-Q2"`, `"challenge":"`+prevID+`","entry":"`+prevID+`"`)},
		{"reply to a challenge, with the period of a finding", KindReply, CodeMemberMalformed, edits(`"entry":"`+prevID+`","finding":"contradicted","period":"2026-Q2"`, `"challenge":"`+prevID+`","period":"2026-Q2"`)},
		{"reply to a challenge", KindReply, "", edits(`"entry":"`+prevID+`","finding":"contradicted","period":"2026-Q2"`, `"challenge":"`+prevID+`"`)},
		{"reply about an impossible period", KindReply, CodePeriodMalformed, edits(`2026-Q2`, `2026-H3`)},
		// erasure
		{"erasure on another basis", KindErasure, CodeMemberMalformed, edits(`"court-order"`, `"tidiness"`)},
		{"erasure on an impossible date", KindErasure, CodeDateMalformed, edits(`2026-05-01`, `2026-04-31`)},
		{"erasure of what is no digest", KindErasure, CodeDigestMalformed, edits(Digest([]byte("x")), `x`)},
		{"erasure of no entry", KindErasure, CodeMemberMissing, edits(`"entry":"`+prevID+`",`, ``)},
		{"erasure without a reference", KindErasure, CodeMemberMissing, edits(`,"reference":"4-O-12/26"`, ``)},
		{"erasure with a reference in words", KindErasure, CodeMemberMalformed, edits(`4-O-12/26`, `order of 1 May`)},
		{"erasure with a reference that begins with a slash", KindErasure, CodeMemberMalformed, edits(`4-O-12/26`, `/4-O-12`)},
		{"erasure with a reference of 81 characters", KindErasure, CodeMemberMalformed, edits(`4-O-12/26`, strings.Repeat("4", 81))},
		{"erasure with a reference of 80 characters", KindErasure, "", edits(`4-O-12/26`, strings.Repeat("4", 80))},
		{"erasure with a detached body", KindErasure, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
		// directory
		{"directory of nothing", KindDirectory, CodeMemberMissing, edits(`"size":12`, `"size":0`)},
		{"directory without a root", KindDirectory, CodeDigestMalformed, edits(`"root":"`+Digest([]byte("root"))+`",`, ``)},
		{"directory with a root in hex", KindDirectory, CodeDigestMalformed, edits(Digest([]byte("root")), zero)},
		{"directory with more", KindDirectory, CodeMemberUnknown, edits(`"size":12`, `"size":12,"time":1`)},
		{"directory with a detached body", KindDirectory, CodeBodyNotWanted, edits(`"kind"`, `"bodyDigest":"`+aDigest+`","kind"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseStatement(&Envelope{Payload: []byte(c.apply(t, string(all[c.kind].Envelope.Payload)))})
			if got := CodeOf(err); got != c.want || (err == nil) != (c.want == "") {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
			if c.want != "" && Hint(c.want) == "" {
				t.Errorf("%s has no hint", c.want)
			}
		})
	}
}

// digestsOf returns the member digests of an open's payload.
func digestsOf(sub *Submission) string {
	payload := string(sub.Envelope.Payload)
	i := strings.Index(payload, `"digests"`)
	return payload[i : i+strings.Index(payload[i:], "]")+1]
}

// mustDisclose makes the text of a disclosure; value is JSON.
func mustDisclose(name, value string) string {
	d, err := NewDisclosure(testSalt, name, []byte(value))
	if err != nil {
		panic(err)
	}
	return d.Text()
}

// TestAmendOfOneTerm takes and leaves out the members of an amend one by one:
// from is wanted exactly with terms that are not keys.
func TestAmendOfOneTerm(t *testing.T) {
	clause := []Clause{{"no-help", aDigest}}
	for _, c := range []struct {
		name  string
		amend Amend
		timed bool
	}{
		{"attestation", Amend{Attestation: Quarter}, true},
		{"clauses", Amend{Clauses: clause}, true},
		{"decisionDays", Amend{DecisionDays: 1}, true},
		{"ends", Amend{Ends: &End{}}, true},
		{"fileDays", Amend{FileDays: 1}, true},
		{"graceDays", Amend{GraceDays: 3653}, true},
		{"replyDays", Amend{ReplyDays: 1}, true},
		{"reviewDays", Amend{ReviewDays: 1}, true},
		{"slots", Amend{Slots: SlotsNone}, true},
		{"logKeys", Amend{LogKeys: []string{testOrigin + "+x"}}, false},
		{"operator", Amend{Operator: &KeySet{[]Key{testPub("o2")}, 1}}, false},
		{"recovery", Amend{Recovery: &KeySet{[]Key{testPub("o2")}, 1}}, false},
		{"secretariat", Amend{Secretariat: &KeySet{[]Key{testPub("o2")}, 1}}, false},
	} {
		for _, from := range []string{"", "2027-01-01T00:00:00Z"} {
			a := c.amend
			a.From = from
			s := Statement{Log: testOrigin, Author: AuthorSecretariat, Lane: LaneMain, Seq: 1, Made: 1780000000, Kind: KindAmend, Body: &a, BodyDigest: aDigest}
			want := Code("")
			if c.timed != (from != "") {
				want = CodeMemberMissing
			}
			if _, err := s.Payload(); CodeOf(err) != want || (err == nil) != (want == "") {
				t.Errorf("%s, from %q: %v, want %q", c.name, from, err, want)
			}
		}
		if a := c.amend; a.OnlySecretariat() != (c.name == "secretariat") {
			t.Errorf("%s is of the secretariat's keys only: %v", c.name, a.OnlySecretariat())
		}
	}
	s := Statement{Log: testOrigin, Author: AuthorSecretariat, Lane: LaneMain, Seq: 1, Made: 1780000000, Kind: KindAmend, Body: &Amend{}}
	if _, err := s.Payload(); CodeOf(err) != CodeMemberMissing {
		t.Errorf("an amend of nothing: %v", err)
	}
}

func TestRowRefused(t *testing.T) {
	good := `{"author":"acme-corp","head":"` + prevID + `","keys":"` + aDigest + `","lane":"main","seq":3,"standing":"in-standing"}`
	for _, c := range []struct {
		name, old, new string
		want           Code
	}{
		{"good", ``, ``, ""},
		{"of the operator, with nothing yet", `"head":"` + prevID + `",`, ``, CodeMemberMissing},
		{"without a standing", `,"standing":"in-standing"`, ``, ""},
		{"head with seq 0", `"seq":3`, `"seq":0`, CodeMemberMissing},
		{"no seq", `,"seq":3`, ``, CodeMemberMissing},
		{"another lane", `"main"`, `"fast"`, CodeLaneUnknown},
		{"no lane", `"lane":"main",`, ``, CodeLaneUnknown},
		{"keys that are no digest", aDigest, `x`, CodeDigestMalformed},
		{"impossible author", `"acme-corp"`, `"-"`, CodeAuthorMalformed},
		{"standing in words", `"in-standing"`, `"In standing"`, CodeCodeMalformed},
		{"another member", `{"author"`, `{"age":1,"author"`, CodeMemberUnknown},
		{"white space", `,"seq"`, `, "seq"`, CodeNotCanonical},
		{"a list", good, `[]`, CodeMemberMalformed},
	} {
		in := strings.Replace(good, c.old, c.new, 1)
		r, err := ParseRow([]byte(in))
		if CodeOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if again, err2 := r.Marshal(); err == nil && (err2 != nil || string(again) != in) {
			t.Errorf("%s: became %s (%v)", c.name, again, err2)
		}
	}
	empty := Row{Author: "operator", Keys: aDigest, Lane: LaneMain}
	b, err := empty.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseRow(b); err != nil || r != empty {
		t.Errorf("the row of who has logged nothing became %v (%v)", r, err)
	}
}
