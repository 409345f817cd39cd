package entry

import (
	"slices"
	"strings"
	"testing"
)

// TestOpenSubmission takes an open with the texts that it opens, and nothing
// more or less.
func TestOpenSubmission(t *testing.T) {
	sub := samples()[KindOpen]
	good := string(sub.Marshal())
	env := string(sub.Envelope.Marshal())
	body := `,"body":` + string(sub.Body)
	list := `,"disclosures":["` + sub.Disclosures[0].Text() + `"]`
	if good != `{"statement":`+env+body+list+`}` {
		t.Fatalf("the sample is %s", good)
	}
	extra := mustDisclose("agency", `"Another agency"`)
	later := sample(Statement{Author: "acme-corp", Seq: 6, Prev: ID{1}, Kind: KindOpen, Body: &Open{Entry: ID{1}, Review: "2027-01-01", Why: "still-forbidden"}}, nil, "a1")
	laterEnv := string(later.Envelope.Marshal())
	one := `"` + sub.Disclosures[0].Text() + `"`
	for _, c := range []struct {
		name, in     string
		want, draft  Code // as a submission, as a draft
		keepsNothing bool
	}{
		{"good", good, "", "", false},
		{"body missing", `{"statement":` + env + list + `}`, CodeBodyMissing, "", false},
		{"disclosure missing", `{"statement":` + env + body + `}`, CodeBodyMissing, "", false},
		{"both missing", `{"statement":` + env + `}`, CodeBodyMissing, "", false},
		{"another body", `{"statement":` + env + strings.Replace(body, "A letter came", "No letter came", 1) + list + `}`, CodeBodyDigest, CodeBodyDigest, false},
		{"body with white space", `{"statement":` + env + `,"body": ` + string(sub.Body) + list + `}`, "", "", false},
		{"body is text", `{"statement":` + env + `,"body":"x"` + list + `}`, CodeBodyDigest, CodeBodyDigest, false},
		{"body is null", `{"statement":` + env + `,"body":null` + list + `}`, CodeBodyDigest, CodeBodyDigest, false},
		{"another disclosure", `{"statement":` + env + body + `,"disclosures":["` + extra + `"]}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
		{"one disclosure more", `{"statement":` + env + body + `,"disclosures":[` + one + `,"` + extra + `"]}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
		{"a disclosure twice", `{"statement":` + env + body + `,"disclosures":[` + one + `,` + one + `]}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
		{"a disclosure that is none", `{"statement":` + env + body + `,"disclosures":["x"]}`, CodeDisclosure, CodeDisclosure, false},
		{"no disclosures in a list", `{"statement":` + env + body + `,"disclosures":[]}`, CodeMemberMalformed, CodeMemberMalformed, false},
		{"disclosures are null", `{"statement":` + env + body + `,"disclosures":null}`, CodeMemberMalformed, CodeMemberMalformed, false},
		{"disclosures are a text", `{"statement":` + env + body + `,"disclosures":` + one + `}`, CodeMemberMalformed, CodeMemberMalformed, false},
		{"disclosures are numbers", `{"statement":` + env + body + `,"disclosures":[1]}`, CodeMemberMalformed, CodeMemberMalformed, false},
		{"disclosures twice", `{"statement":` + env + body + list + list + `}`, CodeMemberDuplicate, CodeMemberDuplicate, false},
		{"later, with nothing", `{"statement":` + laterEnv + `}`, "", "", true},
		{"later, with a body", `{"statement":` + laterEnv + body + `}`, CodeBodyNotWanted, CodeBodyNotWanted, false},
		{"later, with disclosures", `{"statement":` + laterEnv + list + `}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
		{"a pledge with disclosures", strings.TrimSuffix(string(samples()[KindPledge].Marshal()), "}") + list + `}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
		{"a request with disclosures", strings.TrimSuffix(string(samples()[KindRequest].Marshal()), "}") + list + `}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
		{"a slot with a body", strings.TrimSuffix(string(samples()[KindSlot].Marshal()), "}") + body + `}`, CodeBodyNotWanted, CodeBodyNotWanted, false},
		{"a slot with disclosures", strings.TrimSuffix(string(samples()[KindSlot].Marshal()), "}") + list + `}`, CodeDisclosureMismatch, CodeDisclosureMismatch, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseSubmission([]byte(c.in))
			if CodeOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Errorf("as a submission: %v, want %q", err, c.want)
			}
			if _, err := ParseDraft([]byte(c.in)); CodeOf(err) != c.draft || (err == nil) != (c.draft == "") {
				t.Errorf("as a draft: %v, want %q", err, c.draft)
			}
			if c.want == "" && c.keepsNothing && (got.Body != nil || got.Disclosures != nil) {
				t.Error("texts came from nowhere")
			}
			if c.want == "" && !c.keepsNothing && string(got.Marshal()) != good {
				t.Errorf("became %s", got.Marshal())
			}
		})
	}

	// With the statement whose body it is, the whole is read.
	got, err := ParseSubmission([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	original := parsed(t, samples()[KindRequest], got.Body)
	d, err := ParseOpened(original, got.Body)
	if err != nil || len(d.Seals()) != 1 {
		t.Fatalf("the opened body has seals %v (%v)", d, err)
	}
	d, err = Unseal(original, got.Body, got.Disclosures)
	if err != nil || len(d.Seals()) != 0 || d.(*RequestBody).Agency != "The agency" {
		t.Errorf("the opened body is %v (%v)", d, err)
	}
	original.BodyDigest = aDigest
	if _, err := ParseOpened(original, got.Body); CodeOf(err) != CodeBodyDigest {
		t.Errorf("the body of another statement: %v", err)
	}
}

// TestOpenOrder wants disclosures in the order of the open's digests.
func TestOpenOrder(t *testing.T) {
	_, disclosures := sealed(samples()[KindRequest].Body, sealOf("agency", "statute", "targets")...)
	slices.SortFunc(disclosures, func(a, b Disclosure) int { return strings.Compare(a.Digest(), b.Digest()) })
	o := &Open{Entry: ID{1}, Why: "order-lifted"}
	for _, d := range disclosures {
		o.Digests = append(o.Digests, d.Digest())
	}
	sub := sample(Statement{Author: "acme-corp", Seq: 6, Prev: ID{1}, Kind: KindOpen, Body: o}, nil, "a1")
	sub.Disclosures = disclosures
	if _, err := ParseSubmission(sub.Marshal()); err != nil {
		t.Fatal(err)
	}
	for _, swap := range [][2]int{{0, 1}, {1, 2}, {0, 2}} {
		sub.Disclosures = slices.Clone(disclosures)
		sub.Disclosures[swap[0]], sub.Disclosures[swap[1]] = sub.Disclosures[swap[1]], sub.Disclosures[swap[0]]
		if _, err := ParseSubmission(sub.Marshal()); CodeOf(err) != CodeDisclosureMismatch {
			t.Errorf("%v swapped: %v", swap, err)
		}
	}
	sub.Disclosures = disclosures[1:]
	if _, err := ParseSubmission(sub.Marshal()); CodeOf(err) != CodeBodyMissing {
		t.Errorf("the first is missing: %v", err)
	}
}

// TestPublishes says which texts go public with each kind of statement.
func TestPublishes(t *testing.T) {
	for kind, sub := range samples() {
		st, err := ParseStatement(sub.Envelope)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		switch kind {
		case KindOpen:
			want = []string{Digest(sub.Body), sub.Disclosures[0].Digest()}
			slices.Sort(want)
		case KindCharter, KindAmend, KindRequest, KindDecision, KindAttestation, KindCorrect, KindWithdraw, KindChallenge, KindReply:
			want = []string{Digest(sub.Body)}
		}
		if got := st.Publishes(); !slices.Equal(got, want) {
			t.Errorf("a %s publishes %v, want %v", kind, got, want)
		}
		if st.Review = "2027-01-01"; kind != KindOpen && st.Publishes() != nil {
			t.Errorf("a withheld %s publishes %v", kind, st.Publishes())
		}
	}
}

// TestDraftOfAWithheldRequest keeps the body beside its statement until it is
// signed by all.
func TestDraftOfAWithheldRequest(t *testing.T) {
	sub := samples()[KindRequest]
	st, err := ParseStatement(sub.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	st.Review = "2027-01-01"
	if sub.Envelope.Payload, err = st.Payload(); err != nil {
		t.Fatal(err)
	}
	sub.Envelope.Signatures = nil
	d, err := ParseDraft(sub.Marshal())
	if err != nil || d.Detached == nil || string(d.Body) != string(sub.Body) {
		t.Errorf("the draft of a withheld request: %v", err)
	}
	if _, err := ParseSubmission(sub.Marshal()); CodeOf(err) != CodeSignaturesMalformed {
		t.Errorf("without a signature: %v", err)
	}
}
