package pledge_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestNamed: a text is found by its digest alone, with what the log says of it and
// with which leaf it became public; of two statements that commit to it, one for
// which it is public.
func TestNamed(t *testing.T) {
	x := newCast(91)
	sealed := x.Seal(x.Request(x.a, "2025-01", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2025-06-01"})
	x.Log(sealed)
	at := uint64(len(x.Logged) - 1)
	disclosure := entry.Digest([]byte(sealed.Disclosures["country"].Text()))
	check := func(s *pledge.State, what, digest string, want pledge.Text) {
		t.Helper()
		if got := s.Named(digest); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
		if want.State != pledge.TextUnknown {
			if got := s.Text(want.Entry, digest); got != want {
				t.Errorf("%s, by its statement: %+v, want %+v", what, got, want)
			}
		}
	}
	both := func(f func(s *pledge.State)) {
		t.Helper()
		s, _ := x.state(t)
		f(s)
		var b bytes.Buffer
		if err := s.Save(&b); err != nil {
			t.Fatal(err)
		}
		s, err := pledge.Restore(&b)
		if err != nil {
			t.Fatal(err)
		}
		f(s)
	}
	hidden := x.withheld
	hiddenAt := uint64(0)
	for i, e := range x.Logged {
		if e.Digest == hidden.BodyDigest {
			hiddenAt = uint64(i)
		}
	}
	both(func(s *pledge.State) {
		check(s, "published", sealed.BodyDigest, pledge.Text{Entry: sealed.ID, Index: at, Published: at, Body: true, State: pledge.TextPublic})
		check(s, "withheld", hidden.BodyDigest, pledge.Text{Entry: hidden.ID, Index: hiddenAt, Published: hiddenAt, Body: true, State: pledge.TextWithheld})
		check(s, "sealed", disclosure, pledge.Text{State: pledge.TextUnknown})
		check(s, "no digest", "x", pledge.Text{State: pledge.TextUnknown})
	})
	x.Log(x.OpenText(sealed, "other", "country"))
	openAt := uint64(len(x.Logged) - 1)
	x.Log(x.OpenText(hidden, "other"))
	both(func(s *pledge.State) {
		check(s, "opened field", disclosure, pledge.Text{Entry: sealed.ID, Index: at, Published: openAt, State: pledge.TextPublic})
		check(s, "opened text", hidden.BodyDigest, pledge.Text{Entry: hidden.ID, Index: hiddenAt, Published: openAt + 1, Body: true, State: pledge.TextPublic})
	})
	x.Advance(time.Hour)
	x.Log(x.Erase(sealed, disclosure, entry.BasisSafety, "E-1"))
	x.Log(x.Erase(hidden, hidden.BodyDigest, entry.BasisSafety, "E-2"))
	both(func(s *pledge.State) {
		check(s, "erased field", disclosure, pledge.Text{Entry: sealed.ID, Index: at, Published: openAt, State: pledge.TextErased})
		check(s, "erased text", hidden.BodyDigest, pledge.Text{Entry: hidden.ID, Index: hiddenAt, Published: openAt + 1, Body: true, State: pledge.TextErased})
	})
	// Another author commits to the same text, which nobody can stop it doing.
	again := x.Request(x.b, "2025-01", nil)
	again.Encode()
	again.BodyDigest, again.Payload, again.Envelope = hidden.BodyDigest, nil, nil
	x.Log(again.Encode())
	againAt := uint64(len(x.Logged) - 1)
	both(func(s *pledge.State) {
		want := pledge.Text{Entry: again.ID, Index: againAt, Published: againAt, Body: true, State: pledge.TextPublic}
		if got := s.Named(hidden.BodyDigest); got != want {
			t.Errorf("public for one, erased for another: %+v, want %+v", got, want)
		}
	})
}
