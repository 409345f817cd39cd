package entry

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
)

// Who signs stands in a draft, is given back as it was, and is never submitted.
func TestSignersStandInADraft(t *testing.T) {
	set := func(seed byte) KeySet {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32)).Public().(ed25519.PublicKey)
		return KeySet{Keys: []Key{NewKey(key, UseStatement)}, Threshold: 1}
	}
	former, recovery := set(2), set(3)
	st := &Statement{Log: "log.test/1", Author: "acme", Lane: LaneMain, Seq: 1, Kind: KindWithdraw, Body: &Withdraw{}}
	payload, err := st.Payload()
	if err != nil {
		t.Fatal(err)
	}
	for name, signers := range map[string]*Signers{
		"the author's": {Author: set(1)},
		"all":          {Author: set(1), Former: &former, Recovery: &recovery},
	} {
		sub := &Submission{Envelope: &Envelope{Payload: payload}, Signers: signers}
		sub.Envelope.Sign(KeyID{1}, []byte{1})
		b := sub.Marshal()
		got, err := ParseDraft(b)
		if err != nil || got.Signers == nil || !bytes.Equal(got.Marshal(), b) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := ParseSubmission(b); CodeOf(err) != CodeMemberUnknown {
			t.Errorf("%s: submitted: %v", name, err)
		}
		got.Signers = nil
		if _, err := ParseSubmission(got.Marshal()); err != nil {
			t.Errorf("%s: without them: %v", name, err)
		}
		for what, bad := range map[string]string{
			"white space":     strings.Replace(string(b), `"signers":{`, `"signers":{ `, 1),
			"another member":  strings.Replace(string(b), `"signers":{`, `"signers":{"all":1,`, 1),
			"no author":       strings.Replace(string(b), `"author":{"keys"`, `"autor":{"keys"`, 1),
			"threshold":       strings.Replace(string(b), `"threshold":1`, `"threshold":2`, 1),
			"a list":          string(b[:bytes.Index(b, []byte(`"signers":`))]) + `"signers":[]}`,
			"an empty object": string(b[:bytes.Index(b, []byte(`"signers":`))]) + `"signers":{}}`,
			"null":            string(b[:bytes.Index(b, []byte(`"signers":`))]) + `"signers":null}`,
		} {
			if _, err := ParseDraft([]byte(bad)); err == nil || CodeOf(err) == "" {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

// A draft's safe is kept as it is and never submitted, and what is in it does not stand
// beside it.
func TestSafeOfADraft(t *testing.T) {
	st := &Statement{Log: "log.test/1", Author: "acme", Lane: LaneMain, Seq: 1, Kind: KindWithdraw, Body: &Withdraw{}}
	payload, err := st.Payload()
	if err != nil {
		t.Fatal(err)
	}
	sub := &Submission{Envelope: &Envelope{Payload: payload}, Safe: []byte{0, 1, 254, 255}}
	sub.Envelope.Sign(KeyID{1}, []byte{1})
	b := sub.Marshal()
	got, err := ParseDraft(b)
	if err != nil || !bytes.Equal(got.Safe, sub.Safe) || !bytes.Equal(got.Marshal(), b) {
		t.Fatalf("%s: %v", b, err)
	}
	if _, err := ParseSubmission(b); CodeOf(err) != CodeMemberUnknown {
		t.Errorf("submitted: %v", err)
	}
	got.Safe = nil
	if _, err := ParseSubmission(got.Marshal()); err != nil {
		t.Errorf("without it: %v", err)
	}
	for what, bad := range map[string]string{
		"empty": `""`, "null": `null`, "a number": `1`, "no base64": `"AAH+/*=="`, "without padding": `"AAH+/w"`,
		"bits that are none": `"AAH+/x=="`, "an escape": `"AAH+\/w=="`, "a line feed": `"AAH+\n/w=="`, "of URLs": `"AAH-_w=="`,
	} {
		if _, err := ParseDraft([]byte(strings.Replace(string(b), `"AAH+/w=="`, bad, 1))); CodeOf(err) != CodeMemberMalformed {
			t.Errorf("%s: %v", what, err)
		}
	}
	for kind, want := range map[Kind]Code{KindRequest: "", KindOpen: CodeBodyNotWanted} {
		sub := samples()[kind]
		sub.Safe = []byte{1}
		if _, err := ParseDraft(sub.Marshal()); CodeOf(err) != want {
			t.Errorf("a %s with its texts and a safe: %v", kind, err)
		}
	}
}
