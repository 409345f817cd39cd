package pledge_test

import (
	"encoding/base64"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// bend gives the digest that differs in one byte.
func bend(t *testing.T, digest string, at int) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(digest)
	if err != nil || len(b) != 32 {
		t.Fatalf("%q is no digest: %v", digest, err)
	}
	b[at] ^= 1
	return base64.RawURLEncoding.EncodeToString(b)
}

// TestWholeDigests: a text is named by its whole digest. One that differs anywhere,
// in its second half too, erases and opens nothing and is no text of the log.
func TestWholeDigests(t *testing.T) {
	x := newCast(91)
	s, _, _ := replay(x.World)
	for at := range 32 {
		public, withheld := bend(t, x.request.BodyDigest, at), bend(t, x.withheld.BodyDigest, at)
		if v := x.next(x.Erase(x.request, public, entry.BasisSafety, "ref-1")); v.Code != pledge.CodeDigestUnknown {
			t.Errorf("an erasure of a digest with another byte %d: %+v", at, v)
		}
		open := x.OpenText(x.withheld, "other")
		open.Statement.Body.(*entry.Open).Digests = []string{withheld}
		if v := x.next(open.Encode().Sign()); v.Code != pledge.CodeBodyClosed {
			t.Errorf("an open of a digest with another byte %d: %+v", at, v)
		}
		for id, digest := range map[entry.ID]string{x.request.ID: public, x.withheld.ID: withheld} {
			if got := s.TextOf(id, digest); got != pledge.TextUnknown {
				t.Errorf("a text with another byte %d is %s", at, got)
			}
			if got := s.Named(digest); got.State != pledge.TextUnknown {
				t.Errorf("a digest with another byte %d names %+v", at, got)
			}
		}
		again := x.Request(x.a, "2025-01", nil).Encode()
		again.BodyDigest = public
		if v := x.next(again.Encode().Sign()); v.Code == pledge.CodeDigestReused {
			t.Errorf("a digest with another byte %d is taken for a used one", at)
		}
	}
	if got := s.TextOf(x.request.ID, x.request.BodyDigest); got != pledge.TextPublic {
		t.Errorf("the text itself is %s", got)
	}
	if v := x.next(x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1")); v.Kind != pledge.Accepted {
		t.Errorf("an erasure of the text itself: %+v", v)
	}
	if v := x.next(x.OpenText(x.withheld, "other")); v.Kind != pledge.Accepted {
		t.Errorf("an open of the text itself: %+v", v)
	}
}
