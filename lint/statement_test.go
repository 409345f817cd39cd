package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/lint"
)

// TestStatement: every member in which a person writes freely is looked at, also what
// is opened and what is sealed; codes, digests and dates are not.
func TestStatement(t *testing.T) {
	body := `{"agency":"Office of Hesper@bureau.example","author":"acme","country":"XA","documents":[{"mediaType":"application/x.a@b.example","name":"Letter","sha256":"x@y.example","url":"https://acme.example/"},{"mediaType":"a/b","name":"Note from srv-db02","sha256":"c"}],` +
		`"narrative":{"de":"Nichts.","en":"Ring +49 30 5550 1234."},"other":{"assist":"a fix for CVE-2031-10442"},"received":"2026-07","salt":"j@k.example","statute":{"sealed":"srv-db09","reason":"withheld","review":"2027-01-01"}}`
	value := func(name, v string) entry.Disclosure {
		d, err := entry.NewDisclosure("AAAAAAAAAAAAAAAAAAAAAA", name, []byte(v))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	sub := &entry.Submission{Body: []byte(body), Disclosures: []entry.Disclosure{value("court", `"Judge Ottoline Marchbanks"`), value("country", `"XB"`)}}
	var got []string
	for _, f := range lint.Statement(sub, []entry.Disclosure{value("statute", `"see 198.51.100.7"`)}, lint.Options{}) {
		if f.Around[f.Start:f.End] != f.Text {
			t.Errorf("%s: %q is not at its place", f.Path, f.Text)
		}
		got = append(got, fmt.Sprintf("%s %s %s", f.Path, f.Class, f.Text))
	}
	want := []string{
		"agency email Hesper@bureau.example",
		"documents[2].name internal-host srv-db02",
		"narrative.en phone +49 30 5550 1234",
		"other.assist vulnerability CVE-2031-10442",
		"court person Ottoline Marchbanks",
		"statute ip-address 198.51.100.7",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestNames: an organisation that lint is told of is no person.
func TestNames(t *testing.T) {
	const text = "Oswald Tindle said that Maria Oakley wrote. Oswald Tindle's answer is no."
	find := func(names ...string) (out []string) {
		for _, m := range lint.Text(text, lint.Options{Names: names}) {
			out = append(out, m.Text)
		}
		return out
	}
	if got := find(); !slices.Equal(got, []string{"Oswald Tindle", "Maria Oakley", "Tindle"}) {
		t.Errorf("without names: %q", got)
	}
	if got := find("oswald tindle"); !slices.Equal(got, []string{"Maria Oakley"}) {
		t.Errorf("with a name: %q", got)
	}
}

// TestCombinations has for each remark a statement that calls for it, and one that
// differs in one member and does not.
func TestCombinations(t *testing.T) {
	request := func(change func(*entry.Statement, *entry.RequestBody)) (*entry.Statement, entry.Detached) {
		st, b := &entry.Statement{Kind: entry.KindRequest, Body: &entry.Request{Received: "2026-Q3"}}, &entry.RequestBody{Assist: []string{"exploit"}, Country: "XA", Received: "2026-07"}
		change(st, b)
		return st, b
	}
	decision := func(d entry.Decision, b *entry.DecisionBody) (*entry.Statement, entry.Detached) {
		if b == nil {
			return &entry.Statement{Kind: entry.KindDecision, Body: &d}, nil
		}
		return &entry.Statement{Kind: entry.KindDecision, Body: &d}, b
	}
	attestation := func(covers string, received entry.Claim, clauses ...string) (*entry.Statement, entry.Detached) {
		return &entry.Statement{Kind: entry.KindAttestation, Body: &entry.Attestation{Covers: covers, Clauses: clauses, Logged: entry.Counts{Total: 3}, Received: entry.Claims{Total: received}}}, nil
	}
	reply := func(answer string, words map[string]string) (*entry.Statement, entry.Detached) {
		return &entry.Statement{Kind: entry.KindReply, Body: &entry.Reply{Answer: answer}}, &entry.ReplyBody{Narrative: words}
	}
	type made func() (*entry.Statement, entry.Detached)
	with := func(change func(*entry.Statement, *entry.RequestBody)) made {
		return func() (*entry.Statement, entry.Detached) { return request(change) }
	}
	for _, c := range []struct {
		code      string
		bad, good made
	}{
		{"gag-but-public", with(func(_ *entry.Statement, b *entry.RequestBody) { b.Gag, b.GagReview = "ordered", "2027-01-01" }),
			with(func(st *entry.Statement, b *entry.RequestBody) {
				b.Gag, b.GagReview, st.Review = "ordered", "2027-01-01", "2027-01-01"
			})},
		{"withheld-without-gag", with(func(st *entry.Statement, b *entry.RequestBody) { b.Gag, st.Review = "none", "2027-01-01" }),
			with(func(_ *entry.Statement, b *entry.RequestBody) { b.Gag = "none" })},
		{"gag-review-missing", with(func(_ *entry.Statement, b *entry.RequestBody) { b.Gag = "partial" }),
			with(func(_ *entry.Statement, b *entry.RequestBody) { b.Gag, b.GagReview = "partial", "2027-01-01" })},
		{"document-missing", with(func(_ *entry.Statement, b *entry.RequestBody) { b.Corroboration = "document" }),
			with(func(_ *entry.Statement, b *entry.RequestBody) {
				b.Corroboration, b.Documents = "document", []entry.Document{{Name: "Letter"}}
			})},
		{"compelled-by-nothing", with(func(_ *entry.Statement, b *entry.RequestBody) { b.Compulsion = "compelled" }),
			with(func(_ *entry.Statement, b *entry.RequestBody) {
				b.Compulsion, b.Instrument = "compelled", "court-order"
			})},
		{"voluntary-by-order", with(func(_ *entry.Statement, b *entry.RequestBody) {
			b.Compulsion, b.Instrument = "voluntary", "court-order"
		}),
			with(func(_ *entry.Statement, b *entry.RequestBody) { b.Compulsion, b.Instrument = "voluntary", "informal" })},
		{"statute-missing", with(func(_ *entry.Statement, b *entry.RequestBody) { b.Instrument = "other-statute" }),
			with(func(_ *entry.Statement, b *entry.RequestBody) {
				b.Instrument, b.Statute = "other-statute", "Act 4, s. 2"
			})},
		{"grounds-missing", func() (*entry.Statement, entry.Detached) { return decision(entry.Decision{Outcome: "refused"}, nil) },
			func() (*entry.Statement, entry.Detached) {
				return decision(entry.Decision{Outcome: "refused", Grounds: []string{"pledge"}}, nil)
			}},
		{"grounds-missing", func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{}, &entry.DecisionBody{Outcome: "narrowed"})
		}, func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{}, &entry.DecisionBody{Outcome: "narrowed", Grounds: []string{"rights"}})
		}},
		{"complied-in-scope", func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{Outcome: "partly-complied", Scope: "in"}, nil)
		}, func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{Outcome: "partly-complied", Scope: "out"}, nil)
		}},
		{"court-missing", func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{Outcome: "quashed"}, &entry.DecisionBody{})
		}, func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{Outcome: "quashed"}, &entry.DecisionBody{Court: "High Court of Asteria"})
		}},
		{"pledge-out-of-scope", func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{Outcome: "refused", Scope: "out", Grounds: []string{"pledge"}}, nil)
		}, func() (*entry.Statement, entry.Detached) {
			return decision(entry.Decision{Outcome: "refused", Scope: "in", Grounds: []string{"pledge"}}, nil)
		}},
		{"all-but-cannot-say", func() (*entry.Statement, entry.Detached) { return attestation("all", entry.CannotSay(), "a") },
			func() (*entry.Statement, entry.Detached) { return attestation("disclosable", entry.CannotSay(), "a") }},
		{"clauses-missing", func() (*entry.Statement, entry.Detached) { return attestation("all", entry.Exactly(3)) },
			func() (*entry.Statement, entry.Detached) { return attestation("all", entry.Exactly(3), "a") }},
		{"answer-without-words", func() (*entry.Statement, entry.Detached) { return reply(entry.AnswerDisputed, nil) },
			func() (*entry.Statement, entry.Detached) {
				return reply(entry.AnswerDisputed, map[string]string{"en": "No."})
			}},
	} {
		codes := func(m made) (out []string) {
			for _, r := range lint.Combinations(m()) {
				if r.Text == "" || r.Path == "" {
					t.Errorf("%s says nothing", r.Code)
				}
				out = append(out, r.Code)
			}
			return out
		}
		if got := codes(c.bad); !slices.Contains(got, c.code) {
			t.Errorf("%s: got %q", c.code, got)
		}
		if got := codes(c.good); len(got) > 0 {
			t.Errorf("%s: the good one has %q", c.code, got)
		}
	}
}

// FuzzText: whatever the text, marks are in order, apart, and where they say.
func FuzzText(f *testing.F) {
	f.Add("Call Mr. J. R. Oakley at +1 (555) 010-0199 or jo[at]bureau[dot]example about CVE-2031-1 on srv-db02, 192[.]0[.]2[.]1.")
	f.Add("王小明先生 Иванов И. И. السيد \\\\FS01\\x fe80::1%a \xff\xfe é\u0301")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, m := range lint.Text(text, lint.Options{Names: []string{"Acme"}}) {
			if m.Start < last || m.End <= m.Start || m.End > len(text) || text[m.Start:m.End] != m.Text {
				t.Fatalf("%+v in %q", m, text)
			}
			last = m.End
		}
	})
}
