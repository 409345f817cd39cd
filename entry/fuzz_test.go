package entry

import (
	"bytes"
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
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sub, err := ParseSubmission(b)
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

func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2026-05-03T14:02:00Z", "2026-05", "2026-05-03/2026-05-04", "2026-Q3", "2026-H1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if u, err := ParseTime(s); err == nil && FormatTime(u) != s {
			t.Fatalf("time %q became %q", s, FormatTime(u))
		}
		if p, err := ParsePeriod(s); err == nil && p.String() != s {
			t.Fatalf("period %q became %q", s, p)
		}
		if start, end, err := ParseSpan(s); err == nil && start >= end {
			t.Fatalf("span %q ends before it starts", s)
		}
	})
}
