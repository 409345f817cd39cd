package entry

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// parsed returns a sample's statement as if its author had signed it with raw as
// its body.
func parsed(t *testing.T, sub *Submission, raw []byte) *Statement {
	t.Helper()
	st, err := ParseStatement(sub.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	st.BodyDigest = Digest(raw)
	return st
}

func sealOf(members ...string) []Seal {
	var seals []Seal
	for _, m := range members {
		seals = append(seals, Seal{Member: m, Law: Withheld, Reason: Withheld, Review: "2027-01-01"})
	}
	return seals
}

// TestDetachedRefused holds the detached bodies of all kinds, and what is sealed
// in them, to the protocol, sections 3 to 5.
func TestDetachedRefused(t *testing.T) {
	all := samples()
	sealText := func(law, reason, review, digest string) string {
		return `{` + law + `"reason":"` + reason + `","review":"` + review + `","sealed":"` + digest + `"}`
	}
	good := sealText("", "personal-data", "2027-01-01", aDigest)
	other := sealText("", "personal-data", "2027-01-01", Digest([]byte("b")))
	narrative := `{"en":"We refused."}`
	published := `"court":"High Court"`
	for _, c := range []refusal{
		// amend
		{"amend without the texts of its clauses", KindAmend, CodeClauseDigest, edits(`"clauses":{"no-help":"We will not help."},`, ``)},
		{"amend with another text", KindAmend, CodeClauseDigest, edits(`We will not help.`, `We will help.`)},
		{"amend with the text of another clause too", KindAmend, CodeClauseDigest, edits(`{"no-help"`, `{"aid":"We aid.","no-help"`)},
		{"amend whose clauses are empty", KindAmend, CodeMemberMalformed, edits(`{"no-help":"We will not help."}`, `{}`)},
		{"amend with an empty narrative", KindAmend, CodeMemberMalformed, edits(`{"en":"Half-years are enough."}`, `{}`)},
		{"amend without reasons", KindAmend, "", edits(`"narrative":{"en":"Half-years are enough."},`, ``)},
		{"amend with a sealed narrative", KindAmend, CodeMemberMalformed, edits(`{"en":"Half-years are enough."}`, good)},
		{"amend with sealed clauses", KindAmend, CodeClauseDigest, edits(`{"no-help":"We will not help."}`, `{"sealed":"`+aDigest+`"}`)},
		{"charter with sealed clauses", KindCharter, CodeMemberMalformed, edits(`{"no-help":"We will not help.","protect":"We will protect users."}`, `[`+good+`]`)},
		{"amend by another author", KindAmend, CodeBodyElsewhere, edits(`"author":"secretariat"`, `"author":"operator"`)},
		// correct and withdraw
		{"correct in no language", KindCorrect, CodeMemberMalformed, edits(`{"en":"The month was wrong."}`, `{"english":"The month was wrong."}`)},
		{"correct without why", KindCorrect, "", edits(`"narrative":{"en":"The month was wrong."},`, ``)},
		{"correct with documents", KindCorrect, CodeMemberUnknown, edits(`"kind"`, `"documents":[],"kind"`)},
		{"correct with a sealed document", KindCorrect, CodeMemberUnknown, edits(`"kind"`, `"documents":`+good+`,"kind"`)},
		{"correct with a sealed narrative", KindCorrect, "", edits(`{"en":"The month was wrong."}`, good)},
		{"withdraw with the body of a correct", KindWithdraw, CodeBodyElsewhere, edits(`"kind":"withdraw"`, `"kind":"correct"`)},
		{"withdraw without a salt", KindWithdraw, CodeSaltShort, edits(`,"salt":"`+testSalt+`"`, ``)},
		{"withdraw with a court", KindWithdraw, CodeMemberUnknown, edits(`"kind"`, `"court":"x","kind"`)},
		{"withdraw with a control character", KindWithdraw, CodeMemberMalformed, edits(`We leave.`, `We \u0007leave.`)},
		{"withdraw with a text that is too long", KindWithdraw, CodeMemberMalformed, edits(`We leave.`, strings.Repeat("x", 50001))},
		// challenge and reply
		{"challenge without a case", KindChallenge, CodeMemberMissing, edits(`"documents":[{"mediaType":"application/pdf","name":"letter.pdf","sha256":"`+Digest([]byte("letter"))+`"}],`, ``, `"narrative":{"en":"Two statements differ."},`, ``)},
		{"challenge with a narrative alone", KindChallenge, "", edits(`"documents":[{"mediaType":"application/pdf","name":"letter.pdf","sha256":"`+Digest([]byte("letter"))+`"}],`, ``)},
		{"challenge with documents alone", KindChallenge, "", edits(`"narrative":{"en":"Two statements differ."},`, ``)},
		{"challenge with a sealed narrative alone", KindChallenge, "", edits(`"documents":[{"mediaType":"application/pdf","name":"letter.pdf","sha256":"`+Digest([]byte("letter"))+`"}],`, ``, `{"en":"Two statements differ."}`, good)},
		{"challenge with no document", KindChallenge, CodeMemberMalformed, edits(`[{"mediaType":"application/pdf","name":"letter.pdf","sha256":"`+Digest([]byte("letter"))+`"}]`, `[]`)},
		{"challenge with a document without a name", KindChallenge, CodeMemberMissing, edits(`"name":"letter.pdf",`, ``)},
		{"challenge with a document that is sealed alone", KindChallenge, CodeMemberUnknown, edits(`{"mediaType":"application/pdf","name":"letter.pdf","sha256":"`+Digest([]byte("letter"))+`"}`, good)},
		{"reply with a document elsewhere than on https", KindReply, CodeMemberMalformed, edits(Digest([]byte("letter"))+`"`, Digest([]byte("letter"))+`","url":"http://acme.example/"`)},
		{"reply without words", KindReply, "", edits(`"documents":[{"mediaType":"application/pdf","name":"letter.pdf","sha256":"`+Digest([]byte("letter"))+`"}],`, ``, `"narrative":{"en":"They do not."},`, ``)},
		{"reply by another author", KindReply, CodeBodyElsewhere, edits(`"author":"acme-corp"`, `"author":"acme-group"`)},
		// decision: the tree has the outcome
		{"decision with a second outcome", KindDecision, CodeMemberMalformed, edits(`"salt"`, `"outcome":"complied","salt"`)},
		{"decision with a second date", KindDecision, CodeMemberMalformed, edits(published, published+`,"date":"2026-05-09"`)},
		{"decision with grounds in both", KindDecision, CodeMemberMalformed, edits(published, published+`,"grounds":["pledge"]`)},
		{"decision with a scope in both", KindDecision, CodeMemberMalformed, edits(testSalt+`"`, testSalt+`","scope":"in"`)},
		{"decision with a sealed second outcome", KindDecision, CodeMemberMalformed, edits(`"salt"`, `"outcome":`+good+`,"salt"`)},
		// seals
		{"sealed court", KindDecision, "", edits(`"High Court"`, good)},
		{"seal with a law", KindDecision, "", edits(`"High Court"`, sealText(`"law":"us-nsl",`, "secrecy-law", "2027-01-01", aDigest))},
		{"seal that withholds law and reason", KindDecision, "", edits(`"High Court"`, sealText(`"law":"withheld",`, "withheld", "2027-01-01", aDigest))},
		{"seal with a law in words", KindDecision, CodeCodeMalformed, edits(`"High Court"`, sealText(`"law":"The Act",`, "withheld", "2027-01-01", aDigest))},
		{"seal with a reason in words", KindDecision, CodeCodeMalformed, edits(`"High Court"`, sealText(``, "It is secret.", "2027-01-01", aDigest))},
		{"seal without a reason", KindDecision, CodeMemberMissing, edits(`"High Court"`, `{"review":"2027-01-01","sealed":"`+aDigest+`"}`)},
		{"seal without a review", KindDecision, CodeMemberMissing, edits(`"High Court"`, `{"reason":"withheld","sealed":"`+aDigest+`"}`)},
		{"seal with an impossible review", KindDecision, CodeDateMalformed, edits(`"High Court"`, sealText(``, "withheld", "2027-02-29", aDigest))},
		{"seal reviewed in a month", KindDecision, CodeDateMalformed, edits(`"High Court"`, sealText(``, "withheld", "2027-02", aDigest))},
		{"seal of what is no digest", KindDecision, CodeDigestMalformed, edits(`"High Court"`, sealText(``, "withheld", "2027-01-01", "x"))},
		{"seal of a number", KindDecision, CodeMemberMalformed, edits(`"High Court"`, `{"reason":"withheld","review":"2027-01-01","sealed":1}`)},
		{"seal of a seal", KindDecision, CodeMemberMalformed, edits(`"High Court"`, `{"reason":"withheld","review":"2027-01-01","sealed":`+good+`}`)},
		{"seal with more", KindDecision, CodeMemberUnknown, edits(`"High Court"`, sealText(`"hint":"x",`, "withheld", "2027-01-01", aDigest))},
		{"seal whose members are not sorted", KindDecision, CodeNotCanonical, edits(`"High Court"`, `{"sealed":"`+aDigest+`","reason":"withheld","review":"2027-01-01"}`)},
		{"seal of null", KindDecision, CodeNotCanonical, edits(`"High Court"`, sealText(`"law":null,`, "withheld", "2027-01-01", aDigest))},
		{"two seals with one digest", KindDecision, CodeMemberMalformed, edits(`"High Court"`, good, narrative, good)},
		{"two seals", KindDecision, "", edits(`"High Court"`, good, narrative, other)},
		{"sealed author", KindDecision, CodeMemberMalformed, edits(`"acme-corp"`, good)},
		{"sealed kind", KindDecision, CodeMemberMalformed, edits(`"decision"`, good)},
		{"sealed log", KindDecision, CodeMemberMalformed, edits(`"`+testOrigin+`"`, good)},
		{"sealed salt", KindDecision, CodeMemberMalformed, edits(`"`+testSalt+`"`, good)},
		{"sealed member that there is not", KindDecision, CodeMemberUnknown, edits(`"court"`, `"colour"`, `"High Court"`, good)},
		{"seal within a narrative", KindDecision, CodeMemberMalformed, edits(`"We refused."`, good)},
		{"narrative in a language named sealed", KindDecision, CodeMemberMissing, edits(`"en"`, `"sealed"`)},
		{"sealed received", KindRequest, "", edits(`"received":"2026-05"`, `"received":`+good)},
		{"sealed country", KindRequest, "", edits(`"XB"`, good)},
		{"sealed assist", KindRequest, "", edits(`["backdoor","other"]`, good)},
		{"sealed other", KindRequest, "", edits(`{"assist":"a thing of another kind"}`, good)},
		{"sealed assist without other", KindRequest, "", edits(`["backdoor","other"]`, good, `"other":{"assist":"a thing of another kind"},`, ``)},
		{"other for what is neither sealed nor other", KindRequest, CodeMemberMalformed, edits(`["backdoor","other"]`, good, `{"assist":"a thing of another kind"}`, `{"assist":"a thing","products":"x"}`)},
		{"seal in a list", KindRequest, CodeMemberMalformed, edits(`["media"]`, `[`+good+`]`)},
		{"no country and no seal", KindRequest, CodeCodeMalformed, edits(`"country":"XB",`, ``)},
		{"no received and no seal", KindRequest, CodeDateMalformed, edits(`"received":"2026-05",`, ``)},
		{"no assist and no seal", KindRequest, CodeMemberMissing, edits(`"assist":["backdoor","other"],`, ``, `"other":{"assist":"a thing of another kind"},`, ``)},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(c.apply(t, string(all[c.kind].Body)))
			d, err := ParseDetached(parsed(t, all[c.kind], raw), raw)
			if got := CodeOf(err); got != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("got %q (%v), want %q", got, err, c.want)
			}
			if c.want != "" {
				if Hint(c.want) == "" {
					t.Errorf("%s has no hint", c.want)
				}
				return
			}
			if again, err := Marshal(d); err != nil || string(again) != string(raw) {
				t.Errorf("the body became %s (%v)", again, err)
			}
			if n := strings.Count(string(raw), `"sealed":`); len(d.Seals()) != n {
				t.Errorf("%d seals, want %d", len(d.Seals()), n)
			}
		})
	}
}

// TestWithheldDecision takes the outcome from the body when the tree has none.
func TestWithheldDecision(t *testing.T) {
	st := Statement{Log: testOrigin, Author: "acme-corp", Lane: LaneMain, Seq: 1, Made: 1780000000, Kind: KindDecision, Body: &Decision{Request: ID{1}}, Review: "2027-01-01"}
	body := DecisionBody{Author: "acme-corp", Date: "2026-05-09", Grounds: []string{"pledge"}, Kind: KindDecision, Log: testOrigin, Outcome: "refused", Salt: testSalt, Scope: "in"}
	check := func(b DecisionBody) error {
		raw, err := Marshal(&b)
		if err != nil {
			t.Fatal(err)
		}
		st := st
		st.BodyDigest = Digest(raw)
		if _, err := st.Payload(); err != nil {
			t.Fatal(err)
		}
		d, err := ParseOpened(&st, raw)
		if err != nil {
			return err
		}
		if again, err := Marshal(d); err != nil || string(again) != string(raw) {
			t.Errorf("the body became %s (%v)", again, err)
		}
		return nil
	}
	for _, c := range []struct {
		name   string
		change func(*DecisionBody)
		want   Code
	}{
		{"all", func(*DecisionBody) {}, ""},
		{"only an outcome", func(b *DecisionBody) { b.Date, b.Grounds, b.Scope = "", nil, "" }, ""},
		{"none of them", func(b *DecisionBody) { b.Date, b.Grounds, b.Outcome, b.Scope = "", nil, "", "" }, ""},
		{"an impossible date", func(b *DecisionBody) { b.Date = "2026-05-32" }, CodeDateMalformed},
		{"an outcome in words", func(b *DecisionBody) { b.Outcome = "We refused." }, CodeCodeMalformed},
		{"a scope in words", func(b *DecisionBody) { b.Scope = "In" }, CodeCodeMalformed},
		{"grounds that are not sorted", func(b *DecisionBody) { b.Grounds = []string{"unlawful", "pledge"} }, CodeCodeMalformed},
		{"no grounds in a list", func(b *DecisionBody) { b.Grounds = []string{} }, CodeMemberMalformed},
	} {
		b := body
		c.change(&b)
		if err := check(b); CodeOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestUnseal seals every member of a request that may be sealed, opens them in
// any order, and wants the first body back.
func TestUnseal(t *testing.T) {
	sub := samples()[KindRequest]
	var names []string
	for _, m := range membersOf(sub.Body) {
		if !slices.Contains([]string{"author", "kind", "log", "salt"}, m.name) { // protocol section 3
			names = append(names, m.name)
		}
	}
	seals := sealOf(names...)
	raw, disclosures := sealed(sub.Body, seals...)
	st := parsed(t, sub, raw)
	d, err := ParseDetached(st, raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Seals()) != len(seals) || len(seals) < 16 {
		t.Fatalf("%d seals, want %d", len(d.Seals()), len(seals))
	}
	for i, s := range d.Seals() {
		seals[i].Digest = disclosures[i].Digest()
		if s != seals[i] {
			t.Errorf("seal %d is %v, want %v", i, s, seals[i])
		}
	}
	if again, err := Marshal(d); err != nil || string(again) != string(raw) {
		t.Errorf("the sealed body became %s (%v)", again, err)
	}
	slices.Reverse(disclosures)
	whole, err := Unseal(st, raw, disclosures)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Marshal(whole); err != nil || string(again) != string(sub.Body) {
		t.Errorf("the opened body is %s (%v)", again, err)
	}
	some, err := Unseal(st, raw, disclosures[:1])
	if err != nil || len(some.Seals()) != len(seals)-1 || len(some.(*RequestBody).Targets) != 1 {
		t.Errorf("with one disclosure: %v (%v)", some, err)
	}
	if none, err := Unseal(st, raw, nil); err != nil || len(none.Seals()) != len(seals) {
		t.Errorf("with no disclosure: %v (%v)", none, err)
	}
}

func TestUnsealRefused(t *testing.T) {
	sub := samples()[KindRequest]
	// seal puts the digest of a disclosure into a member, whatever it opens.
	disclosed := func(name, value string) Disclosure {
		d, err := NewDisclosure(testSalt, name, []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	withSeal := func(name string, d Disclosure) []byte {
		list := membersOf(sub.Body)
		i := slices.IndexFunc(list, func(m member) bool { return m.name == name })
		v, err := Seal{Member: name, Digest: d.Digest(), Reason: Withheld, Review: "2027-01-01"}.value()
		if err != nil {
			t.Fatal(err)
		}
		list[i].value = v
		return joinMembers(list)
	}
	for _, c := range []struct {
		name, member string
		disclosure   Disclosure
		want         Code
	}{
		{"its value", "agency", disclosed("agency", `"The agency"`), ""},
		{"another value that fits", "agency", disclosed("agency", `"Another agency"`), ""},
		{"of another name", "agency", disclosed("statute", `"The agency"`), CodeDisclosureDiffers},
		{"of a slot", "agency", disclosed(SlotName, `"`+aDigest+`"`), CodeDisclosureDiffers},
		{"of an empty place of a slot", "agency", disclosed(SlotName, `null`), CodeDisclosureDiffers},
		{"a number", "agency", disclosed("agency", `7`), CodeMemberMalformed},
		{"a text that runs backwards", "agency", disclosed("agency", "\"\u202ex\""), CodeMemberMalformed},
		{"a code in words", "gag", disclosed("gag", `"A court said so."`), CodeCodeMalformed},
		{"an empty list", "targets", disclosed("targets", `[]`), CodeMemberMalformed},
		{"a list that is not sorted", "targets", disclosed("targets", `["vendor","media"]`), CodeCodeMalformed},
		{"a country in words", "country", disclosed("country", `"Borvania"`), CodeCodeMalformed},
		{"received outside the period", "received", disclosed("received", `"2026-07"`), CodeReceivedDiffers},
		{"other without text", "products", disclosed("products", `["other"]`), CodeMemberMissing},
		{"assist without the code that other is for", "assist", disclosed("assist", `["backdoor"]`), CodeMemberMalformed},
		{"a document with a member too many", "documents", disclosed("documents", `[{"mediaType":"a/b","name":"n","pages":3,"sha256":"`+aDigest+`"}]`), CodeMemberUnknown},
		{"a narrative that makes the body too large", "narrative", disclosed("narrative", narrativeOf(4, 49000)), CodeBodyTooLarge},
	} {
		raw := withSeal(c.member, c.disclosure)
		if c.want == CodeBodyTooLarge {
			raw = []byte(strings.Replace(string(raw), `"documents":[`, `"documents":[`+strings.Repeat(`{"mediaType":"a/b","name":"`+strings.Repeat("n", 190)+`","sha256":"`+aDigest+`"},`, 300), 1))
		}
		d, err := Unseal(parsed(t, sub, raw), raw, []Disclosure{c.disclosure})
		if got := CodeOf(err); got != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: got %q (%v), want %q", c.name, got, err, c.want)
		}
		if err == nil && len(d.Seals()) > 0 {
			t.Errorf("%s: %d seals are left", c.name, len(d.Seals()))
		}
	}
	right := disclosed("agency", `"The agency"`)
	raw := withSeal("agency", right)
	st := parsed(t, sub, raw)
	for name, list := range map[string][]Disclosure{
		"one twice":            {right, right},
		"one that nobody asks": {right, disclosed("court", `"x"`)},
		"the same, salted":     {saltedOtherwise(t, right)},
	} {
		if _, err := Unseal(st, raw, list); CodeOf(err) != CodeDisclosureMismatch {
			t.Errorf("%s: %v, want %s", name, err, CodeDisclosureMismatch)
		}
	}
	st.BodyDigest = aDigest
	if _, err := Unseal(st, raw, []Disclosure{right}); CodeOf(err) != CodeBodyDigest {
		t.Errorf("another body: %v", err)
	}
}

func saltedOtherwise(t *testing.T, d Disclosure) Disclosure {
	t.Helper()
	o, err := NewDisclosure("c2l4dGVlbiBieXRlcyE_IQ", d.Name, d.Value)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func narrativeOf(languages, length int) string {
	var list []string
	for i := range languages {
		list = append(list, fmt.Sprintf(`"a%c":"%s"`, 'a'+i, strings.Repeat("x", length)))
	}
	return "{" + strings.Join(list, ",") + "}"
}

func TestSealMembersRefused(t *testing.T) {
	body := samples()[KindRequest].Body
	broken := errors.New("no randomness")
	random := func() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{}) }
	if _, _, err := SealMembers(iotest.ErrReader(broken), body, sealOf("agency")); !errors.Is(err, broken) {
		t.Errorf("without randomness: %v", err)
	}
	once, _, err := SealMembers(random(), body, sealOf("agency"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		body  []byte
		seals []Seal
		want  Code
	}{
		{"a member that is not there", body, sealOf("colour"), CodeMemberMissing},
		{"a member that is sealed", once, sealOf("agency"), CodeDisclosure},
		{"a member twice", body, sealOf("agency", "agency"), CodeDisclosure},
		{"no reason", body, []Seal{{Member: "agency", Review: "2027-01-01"}}, CodeMemberMissing},
		{"no review", body, []Seal{{Member: "agency", Reason: Withheld}}, CodeMemberMissing},
		{"an impossible review", body, []Seal{{Member: "agency", Reason: Withheld, Review: "tomorrow"}}, CodeDateMalformed},
		{"a law in words", body, []Seal{{Member: "agency", Law: "The Act", Reason: Withheld, Review: "2027-01-01"}}, CodeCodeMalformed},
		{"a list", []byte(`[]`), nil, CodeMemberMalformed},
		{"white space", []byte(`{"a" :1}`), nil, CodeNotCanonical},
		{"nothing", nil, nil, CodeNotJSON},
	} {
		if _, _, err := SealMembers(random(), c.body, c.seals); CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	// What SealMembers leaves to ParseDetached.
	raw, _, err := SealMembers(random(), body, sealOf("salt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseDetached(parsed(t, samples()[KindRequest], raw), raw); CodeOf(err) != CodeMemberMalformed {
		t.Errorf("a sealed salt: %v", err)
	}
}
