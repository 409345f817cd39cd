package entry

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzCanonical holds the checker to an independent canonicaliser: what we take
// is valid JSON that the other one leaves as it is.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[1,"x",true]`, "{\"\U0001f600\":1,\"\ufb33\":2}", `"\u0000"`, `[[[]]]`, `0`, `{"a":{"b":[]}}`, `1e9`, `"\ud83d\ude00"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if CheckCanonical(b) != nil {
			return
		}
		v := jsontext.Value(bytes.Clone(b))
		if err := v.Canonicalize(); err != nil {
			t.Fatalf("we take %q, which is not JSON: %v", b, err)
		}
		if !bytes.Equal(v, b) {
			t.Fatalf("we take %q, whose canonical form is %q", b, v)
		}
	})
}

func FuzzLeaf(f *testing.F) {
	for _, sub := range samples() {
		f.Add((&Leaf{Logged: 1780000000, Statement: sub.Envelope}).Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLeaf(b)
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		if !bytes.Equal(l.Marshal(), b) {
			t.Fatalf("leaf %q became %q", b, l.Marshal())
		}
	})
}

// FuzzEnvelope reads envelopes as they are logged and as drafts, which may lack
// signatures.
func FuzzEnvelope(f *testing.F) {
	for _, sub := range samples() {
		f.Add(sub.Envelope.Marshal())
		f.Add((&Envelope{Payload: sub.Envelope.Payload}).Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		draft, err := ParseDraftEnvelope(b)
		e, err2 := ParseEnvelope(b)
		if err != nil {
			if CodeOf(err) == "" || err2 == nil {
				t.Fatalf("an error without a code, or no draft and yet an envelope: %v, %v", err, err2)
			}
			return
		}
		if !bytes.Equal(draft.Marshal(), b) {
			t.Fatalf("envelope %q became %q", b, draft.Marshal())
		}
		if (err2 == nil) != (len(draft.Signatures) > 0) || err2 == nil && e.ID() != draft.ID() {
			t.Fatalf("a draft with %d signatures as an envelope: %v", len(draft.Signatures), err2)
		}
	})
}

func FuzzStatement(f *testing.F) {
	for _, sub := range samples() {
		f.Add(sub.Envelope.Payload)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := ParseStatement(&Envelope{Payload: b})
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		again, err := st.Payload()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("payload %q became %q (%v)", b, again, err)
		}
	})
}

func FuzzDetached(f *testing.F) {
	for _, sub := range samples() {
		if sub.Body != nil {
			f.Add(sub.Envelope.Payload, sub.Body)
		}
	}
	f.Fuzz(func(t *testing.T, payload, b []byte) {
		st, err := ParseStatement(&Envelope{Payload: payload})
		if err != nil || st.BodyDigest == "" {
			return
		}
		st.BodyDigest = Digest(b)
		d, err := ParseDetached(st, b)
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		if again, err := Marshal(d); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("body %q became %q (%v)", b, again, err)
		}
		UnknownCodes(st, d)
	})
}

func FuzzSubmission(f *testing.F) {
	for _, sub := range samples() {
		f.Add(sub.Marshal())
		sub.Signers = &Signers{Author: KeySet{Keys: []Key{testPub("fuzz")}, Threshold: 1}}
		f.Add(sub.Marshal())
		sub.Safe = []byte("age")
		f.Add(sub.Marshal())
		sub.Former = []*Envelope{sub.Envelope}
		f.Add(sub.Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		draft, draftErr := ParseDraft(b)
		if draftErr == nil {
			again, err := ParseDraft(draft.Marshal())
			if err != nil || !bytes.Equal(again.Marshal(), draft.Marshal()) {
				t.Fatalf("draft %q does not come back: %v", b, err)
			}
		}
		sub, err := ParseSubmission(b)
		if err == nil && draftErr != nil {
			t.Fatalf("a submission that is no draft: %v", draftErr)
		}
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		// The outer object is the one thing whose layout is free; inside it all
		// is exact.
		again, err := ParseSubmission(sub.Marshal())
		if err != nil || !bytes.Equal(again.Marshal(), sub.Marshal()) {
			t.Fatalf("submission %q does not come back: %v", b, err)
		}
	})
}

// FuzzOpened puts disclosures back into a body.
func FuzzOpened(f *testing.F) {
	for kind, sub := range samples() {
		if sub.Body == nil || kind == KindOpen {
			continue
		}
		f.Add(sub.Envelope.Payload, sub.Body, mustDisclose("narrative", `{"en":"x"}`))
		var names []string
		for _, m := range membersOf(sub.Body) {
			names = append(names, m.name)
		}
		for _, name := range names {
			raw, disclosures := sealed(sub.Body, sealOf(name)...)
			f.Add(sub.Envelope.Payload, raw, disclosures[0].Text())
		}
	}
	f.Fuzz(func(t *testing.T, payload, b []byte, text string) {
		st, err := ParseStatement(&Envelope{Payload: payload})
		if err != nil || st.BodyDigest == "" {
			return
		}
		o, err := ParseDisclosure(text)
		if err != nil {
			return
		}
		st.BodyDigest = Digest(b)
		before, err := ParseDetached(st, b)
		if _, same := ParseOpened(st, b); CodeOf(same) != CodeOf(err) {
			t.Fatalf("%v as the body of an open, %v as its own", same, err)
		}
		if _, same := ParseMatching(st, b); CodeOf(same) != CodeOf(err) {
			t.Fatalf("%v with a digest that is known, %v without", same, err)
		}
		if err != nil {
			return
		}
		after, err := Unseal(st, b, []Disclosure{o})
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		if len(after.Seals()) != len(before.Seals())-1 {
			t.Fatalf("%d seals of %d are left", len(after.Seals()), len(before.Seals()))
		}
		raw, err := Marshal(after)
		if err != nil {
			t.Fatal(err)
		}
		st.BodyDigest = Digest(raw)
		if _, err := ParseDetached(st, raw); err != nil {
			t.Fatalf("the opened body %q is not one: %v", raw, err)
		}
	})
}

func FuzzDisclosure(f *testing.F) {
	f.Add(mustDisclose(SlotName, "null"))
	f.Add(mustDisclose(SlotName, `"`+aDigest+`"`))
	f.Add(mustDisclose("agency", `"The agency"`))
	f.Add(mustDisclose("documents", `[{"mediaType":"a/b","name":"n","sha256":"`+aDigest+`"}]`))
	f.Add("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0") // RFC 9901 section 4.2.1
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDisclosure(text)
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		again, err := NewDisclosure(d.Salt, d.Name, d.Value)
		if err != nil || again.Text() != text || again.Digest() != Digest([]byte(text)) {
			t.Fatalf("disclosure %q became %q (%v)", text, again.Text(), err)
		}
		if named := d.BodyDigest(); named != "" && !IsDigest(named) {
			t.Fatalf("disclosure %q names %q", text, named)
		}
	})
}

func FuzzRow(f *testing.F) {
	for _, r := range []Row{
		{Author: "operator", Keys: aDigest, Lane: LaneMain},
		{Author: "acme-corp", Head: ID{1}, Keys: aDigest, Lane: LaneSlot, Seq: 3, Standing: "in-standing"},
	} {
		b, err := r.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRow(b)
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		if again, err := r.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("row %q became %q (%v)", b, again, err)
		}
	})
}

func FuzzSlotPeriod(f *testing.F) {
	for _, s := range []string{"2026-08-14", "2026-W33", "2026-W53", "2025-W01", "2026-08", "9999-12-31", "9999-W52", "1970-W01", "1970-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseSlotPeriod(s)
		if err != nil {
			if CodeOf(err) != CodePeriodMalformed {
				t.Fatalf("period %q: %v", s, err)
			}
			return
		}
		if p.String() != s || p.IsZero() || p.Start() >= p.End() {
			t.Fatalf("slot period %q became %q, from %d to %d", s, p, p.Start(), p.End())
		}
		for _, at := range []int64{p.Start(), p.End() - 1} {
			if got := SlotPeriodAt(p.Kind(), at); got != p {
				t.Fatalf("%d is in %s, want %s", at, got, p)
			}
		}
		if p.Next().Start() != p.End() || SlotPeriodAt(p.Kind(), p.End()) != p.Next() {
			t.Fatalf("after %s comes %s", p, p.Next())
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-05-03T14:02:00Z", "2024-02-29T23:59:59Z", "2026-05-03", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if u, err := ParseTime(s); err == nil && FormatTime(u) != s {
			t.Fatalf("time %q became %q", s, FormatTime(u))
		}
		if u, err := ParseDate(s); err == nil && FormatTime(u) != s+"T00:00:00Z" {
			t.Fatalf("date %q became %q", s, FormatTime(u))
		}
	})
}

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"2026-Q3", "2026-H1", "1970-Q1", "9999-H2", "2026-Q5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if err != nil {
			if CodeOf(err) != CodePeriodMalformed {
				t.Fatalf("period %q: %v", s, err)
			}
			return
		}
		if p.String() != s || p.Start() >= p.End() || PeriodAt(p.Kind(), p.Start()) != p || PeriodAt(p.Kind(), p.End()-1) != p {
			t.Fatalf("period %q became %q, from %d to %d", s, p, p.Start(), p.End())
		}
	})
}

func FuzzSpan(f *testing.F) {
	for _, s := range []string{"2026-05", "2026-05-03", "2026-05/2026-06", "2026-05-03/2026-05-04", "9999-12-31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		start, end, err := ParseSpan(s)
		if err != nil {
			if CodeOf(err) != CodeDateMalformed {
				t.Fatalf("span %q: %v", s, err)
			}
			return
		}
		if start >= end || start < 0 {
			t.Fatalf("span %q is from %d to %d", s, start, end)
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, alg := range []string{AlgEd25519, AlgP256, AlgMLDSA44, "rsa"} {
		f.Add(alg, testPub("fuzz").SPKI, UseStatement)
	}
	if ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
		if k, err := NewP256Key(&ec.PublicKey, UseSlot); err == nil {
			f.Add(k.Alg, k.SPKI, k.Use)
		}
	}
	f.Fuzz(func(t *testing.T, alg, spki, use string) {
		k := Key{Alg: alg, SPKI: spki, Use: use}
		p, err := k.Parse()
		if err != nil {
			if CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		if again := newKey(p.Alg, p.Raw, p.Use); again != k {
			t.Fatalf("key %+v became %+v", k, again)
		}
		p.Verify([]byte("a message"), make([]byte, 64))
	})
}

func FuzzID(f *testing.F) {
	for _, s := range []string{strings.Repeat("0", 64), strings.Repeat("0123456789abcdef", 4), strings.Repeat("F", 64), strings.Repeat("g", 64), strings.Repeat("a", 63), strings.Repeat("a", 65), " " + strings.Repeat("a", 63), ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		b, hexErr := hex.DecodeString(s)
		if want := hexErr == nil && len(b) == 32 && strings.ToLower(s) == s; (err == nil) != want {
			t.Fatalf("%q: %v", s, err)
		}
		if err == nil && id.String() != s {
			t.Fatalf("%q comes back as %s", s, id)
		}
	})
}
