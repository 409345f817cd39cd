package pledge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestDisclosures: the operator answers for what is not served or differs, the
// author for what opens nothing; nobody for what can't be compared.
func TestDisclosures(t *testing.T) {
	x := newCast(81)
	st := x.Seal(x.Request(x.a, "2025-01", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2025-06-01"})
	x.Log(st)
	other := x.Seal(x.Request(x.a, "2025-01", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2025-06-01"})
	x.Log(other)
	open := x.OpenText(st, "risk-passed", "country")
	x.Log(open)
	good, alien := []byte(st.Disclosures["country"].Text()), []byte(other.Disclosures["country"].Text())
	form := []byte("bm90IG9uZQ")
	for _, c := range []struct {
		name      string
		body      []byte
		digest    string
		raw       []byte
		want      entry.Code
		concerns  pledge.Role
		disclosed bool
	}{
		{"good", st.Body, entry.Digest(good), good, "", "", true},
		{"not served", st.Body, entry.Digest(good), nil, pledge.FindDisclosureGone, pledge.RoleOperator, false},
		{"altered", st.Body, entry.Digest(good), alien, pledge.FindDisclosureOff, pledge.RoleOperator, false},
		{"of another statement", st.Body, entry.Digest(alien), alien, pledge.FindDisclosureBad, pledge.RoleAuthor, false},
		{"no disclosure", st.Body, entry.Digest(form), form, pledge.FindDisclosureBad, pledge.RoleAuthor, false},
		{"body not served", nil, entry.Digest(good), good, "", "", false},
	} {
		d, ok, found := pledge.JudgeDisclosure(99, &open.Statement, &st.Statement, c.body, c.digest, c.raw)
		if ok != c.disclosed || ok && d.Name != "country" {
			t.Errorf("%s: disclosed %v, %q", c.name, ok, d.Name)
		}
		switch {
		case c.want == "" && len(found) != 0:
			t.Errorf("%s: %v", c.name, codesOf(found))
		case c.want == "":
		case len(found) != 1 || found[0].Code != c.want || found[0].Concerns != c.concerns || *found[0].Index != 99 || found[0].Entry != open.ID.String():
			t.Errorf("%s: %+v", c.name, found)
		case c.concerns == pledge.RoleAuthor && (found[0].Author != x.a.ID || found[0].Reason == ""):
			t.Errorf("%s: concerns %q for %q", c.name, found[0].Author, found[0].Reason)
		}
	}
}

// TestSealsTooLong: a review date is at most the charter's 730 days after the day of logging,
// by the terms of then, until the field is opened.
func TestSealsTooLong(t *testing.T) {
	x := newCast(84)
	st := x.Seal(x.Request(x.a, "2025-01", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2027-05-02"}, generator.Seal{Member: "assist", Reason: "safety", Review: "2027-05-03"}).Encode()
	_, d, _ := pledge.JudgeBody(7, &st.Statement, st.Body)
	s, _ := x.state(t)
	for _, c := range []struct {
		logged, opened string
		want           []string
	}{
		{"2025-05-02 00:00:00", "", []string{"assist"}},
		{"2025-05-02 23:59:59", "", []string{"assist"}},
		{"2025-05-02 23:59:59", "assist", nil},
		{"2025-05-01 23:59:59", "", []string{"assist", "country"}},
		{"2025-05-03 00:00:00", "", nil},
	} {
		isOpen := func(digest string) bool { return c.opened != "" && st.Disclosures[c.opened].Digest() == digest }
		found := s.Seals(7, unix(c.logged), &st.Statement, d.Seals(), isOpen, unix("2025-05-04 00:00:00"))
		if len(found) != len(c.want) {
			t.Errorf("logged at %s, %q opened: %v", c.logged, c.opened, codesOf(found))
			continue
		}
		for i, f := range found {
			if f.Code != pledge.FindSealedTooLong || f.Author != x.a.ID || *f.Index != 7 || !strings.Contains(f.Text, `"`+c.want[i]+`"`) || !strings.Contains(f.Text, "730 days") {
				t.Errorf("logged at %s: %+v", c.logged, f)
			}
		}
	}
}

// TestSealsOverdue: from the day after the review date on, unless it was opened.
func TestSealsOverdue(t *testing.T) {
	x := newCast(82)
	st := x.Seal(x.Request(x.a, "2025-01", nil), generator.Seal{Member: "country", Reason: "safety", Review: "2025-06-01"}, generator.Seal{Member: "assist", Reason: entry.Withheld, Review: "2025-07-01"}).Encode()
	_, d, _ := pledge.JudgeBody(7, &st.Statement, st.Body)
	if d == nil || len(d.Seals()) != 2 {
		t.Fatalf("sealed body: %v", d)
	}
	s, _ := x.state(t)
	for _, c := range []struct {
		at     string
		opened string
		want   []string
	}{
		{"2025-06-01 23:59:59", "", nil},
		{"2025-06-02 00:00:00", "", []string{"country"}},
		{"2025-06-02 00:00:00", "country", nil},
		{"2025-07-02 00:00:00", "", []string{"assist", "country"}},
		{"2025-07-02 00:00:00", "country", []string{"assist"}},
	} {
		isOpen := func(digest string) bool { return c.opened != "" && st.Disclosures[c.opened].Digest() == digest }
		found := s.Seals(7, unix("2025-05-02 09:00:00"), &st.Statement, d.Seals(), isOpen, unix(c.at))
		if len(found) != len(c.want) {
			t.Errorf("at %s, %q opened: %v", c.at, c.opened, codesOf(found))
			continue
		}
		for i, f := range found {
			if f.Code != pledge.FindSealedOverdue || f.Author != x.a.ID || *f.Index != 7 || !strings.Contains(f.Text, `"`+c.want[i]+`"`) {
				t.Errorf("at %s: %+v", c.at, f)
			}
		}
	}
}

// TestJudgeText: how a text stands in the log decides, before what is served.
func TestJudgeText(t *testing.T) {
	x := newCast(83)
	open, hidden := x.request, x.withheld
	for _, c := range []struct {
		name  string
		state pledge.TextState
		of    *generator.Statement
		raw   []byte
		want  pledge.BodyState
		codes []entry.Code
	}{
		{"public", pledge.TextPublic, open, open.Body, pledge.BodyPublished, nil},
		{"not served", pledge.TextPublic, open, nil, pledge.BodyMissing, []entry.Code{pledge.FindBodyMissing}},
		{"altered", pledge.TextPublic, open, hidden.Body, pledge.BodyAltered, []entry.Code{pledge.FindBodyMismatch}},
		{"opened", pledge.TextPublic, hidden, hidden.Body, pledge.BodyPublished, nil},
		{"opened and not served", pledge.TextPublic, hidden, nil, pledge.BodyMissing, []entry.Code{pledge.FindBodyMissing}},
		{"withheld", pledge.TextWithheld, hidden, nil, pledge.BodyWithheld, nil},
		{"withheld and served", pledge.TextWithheld, hidden, hidden.Body, pledge.BodyWithheld, []entry.Code{pledge.FindBodyNotOpened}},
		{"withheld, something else served", pledge.TextWithheld, hidden, open.Body, pledge.BodyWithheld, nil},
		{"erased", pledge.TextErased, open, nil, pledge.BodyErased, nil},
		{"erased and served", pledge.TextErased, open, open.Body, pledge.BodyErased, nil},
	} {
		state, d, found := pledge.JudgeText(c.state, 3, &c.of.Statement, c.raw)
		var codes []entry.Code
		for _, f := range found {
			codes = append(codes, f.Code)
		}
		if state != c.want || !slices.Equal(codes, c.codes) || (d != nil) != (c.want == pledge.BodyPublished) {
			t.Errorf("%s: %s %v, text shown: %v", c.name, state, codes, d != nil)
		}
	}
}
