package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

// asked reads the answer of an address, which is to be 200.
func asked[T any](s *server, path string) T {
	s.t.Helper()
	var out T
	r := s.get(path)
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: status %d: %.400s", path, r.StatusCode, r.body)
	}
	if err := json.Unmarshal(r.body, &out, json.RejectUnknownMembers(true)); err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
	return out
}

func found(p client.EntryPage) []uint64 {
	out := []uint64{}
	for _, e := range p.Entries {
		out = append(out, e.Index)
	}
	return out
}

// TestSearch asks as a journalist would: the refusals of requests for a backdoor from one
// country, the words in them, and how many there are of what.
func TestSearch(t *testing.T) {
	s := newServer(t)
	a, b := s.member(0), s.member(1)
	first := s.world.Request(a, lastMonth(s.world), &entry.RequestBody{Assist: []string{"backdoor"}, Country: "XB", Instrument: "court-order", Narrative: map[string]string{"en": "They wanted a second key to the Kestrel messenger."}})
	filed := s.world.Log(first)
	s.SetTime(s.world.Now())
	if _, err := s.client.Submit(t.Context(), first.Submission()); err != nil {
		t.Fatal(err)
	}
	s.mustSubmit(s.world.Decision(filed, "refused", nil))
	second := s.world.Request(b, lastMonth(s.world), &entry.RequestBody{Assist: []string{"backdoor", "keys"}, Country: "XB", Narrative: map[string]string{"en": "A second letter."}})
	s.mustSubmit(second)
	s.mustSubmit(s.world.Request(b, lastMonth(s.world), &entry.RequestBody{Assist: []string{"keys"}, Country: "XC"}))

	page := asked[client.EntryPage](s, "/api/v1/entries?country=XB&assist=backdoor&outcome=refused&facets=kind,country,assist")
	if got := found(page); !slices.Equal(got, []uint64{6, 5}) || page.Total != 2 || page.Size != 9 {
		t.Errorf("refusals: %v, %d as of %d", got, page.Total, page.Size)
	}
	for facet, want := range map[string][]client.FacetCount{
		"kind": {{Value: "decision", Count: 1}, {Value: "request", Count: 1}}, "country": {{Value: "XB", Count: 2}}, "assist": {{Value: "backdoor", Count: 2}},
	} {
		if !slices.Equal(page.Facets[facet], want) {
			t.Errorf("%s: %v, want %v", facet, page.Facets[facet], want)
		}
	}
	page = asked[client.EntryPage](s, "/api/v1/entries?q="+url.QueryEscape(`"second key" kestrel -letter`))
	if got := found(page); !slices.Equal(got, []uint64{5}) {
		t.Errorf("words: %v", got)
	}
	page = asked[client.EntryPage](s, "/api/v1/entries?kind=request&kind=decision&author="+b.ID+"&sort=oldest&limit=1")
	if got := found(page); !slices.Equal(got, []uint64{7}) || page.Total != 2 || page.Next == "" {
		t.Errorf("of one author: %v of %d", got, page.Total)
	}
	if got := found(asked[client.EntryPage](s, "/api/v1/entries?kind=request&author="+b.ID+"&sort=oldest&limit=1&cursor="+page.Next)); !slices.Equal(got, []uint64{8}) {
		t.Errorf("the next: %v", got)
	}
	none := asked[client.EntryPage](s, "/api/v1/entries?country=XJ&author=umbra&facets=all")
	if none.Total != 0 || !slices.Equal(none.NotInLog, []client.Absent{{Parameter: "author", Value: "umbra"}, {Parameter: "country", Value: "XJ"}}) {
		t.Errorf("who is not there: %+v", none.NotInLog)
	}
	name := s.world.Signatories[0].Name
	if got := asked[client.EntryPage](s, "/api/v1/entries?q="+url.QueryEscape(name)); len(got.Named) != 1 || got.Named[0].ID != a.ID {
		t.Errorf("%s: %+v", name, got.Named)
	}

	countries := asked[client.CountryList](s, "/api/v1/countries").Countries
	if len(countries) != 2 || countries[0].Code != "XB" || countries[0].Requests != 2 || countries[0].Signatories != 2 ||
		!slices.Equal(countries[0].Outcomes, []client.FacetCount{{Value: "pending", Count: 1}, {Value: "refused", Count: 1}}) || countries[1].Code != "XC" || countries[1].Requests != 1 {
		t.Errorf("countries: %+v", countries)
	}
	stats := asked[client.StatsAnswer](s, "/api/v1/stats")
	if stats.Size != 9 || stats.Statements.Accepted != 9 || stats.Requests.Total != 3 || stats.Standings["in-standing"] != 2 ||
		!slices.Equal(stats.Requests.Facets["instrument"], []client.FacetCount{{Value: "unstated", Count: 2}, {Value: "court-order", Count: 1}}) {
		t.Errorf("stats: %+v", stats)
	}
}

// TestSearchOfWhatMakesNoSense: what can't be asked is said to be so, by its name; what
// looks like a language of queries is words.
func TestSearchOfWhatMakesNoSense(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	s.mustSubmit(s.request(a))
	for query, code := range map[string]string{
		"country=xb": "parameter-malformed", "kind=rumour": "parameter-malformed", "year=26": "parameter-malformed", "status=good": "parameter-malformed",
		"logged=2026-02-30": "parameter-malformed", "received=2026..2025": "parameter-malformed", "sort=random": "parameter-malformed", "facets=mood": "parameter-malformed",
		"cursor=9": "parameter-malformed", "cursor=before-99999999999999999999": "parameter-malformed", "limit=101": "parameter-malformed", "q=%00": "parameter-malformed", "q=ab*": "parameter-malformed",
		"q=" + strings.Repeat("x", 501): "parameter-malformed", "q=%2B%2B": "parameter-malformed", "q=%ff": "parameter-malformed", "q=a&q=b": "parameter-repeated", "mood=good": "parameter-unknown", "q=%zz": "parameter-malformed",
		strings.Repeat("country=XB&", 51): "parameter-malformed",
	} {
		r := s.get("/api/v1/entries?" + query)
		if p := r.problem(t); r.StatusCode != http.StatusBadRequest || string(p.Code) != code {
			t.Errorf("%.40s: %d %s, want %s", query, r.StatusCode, p.Code, code)
		}
	}
	for _, text := range []string{
		`' OR 1=1 --`, `"; DROP TABLE words; --`, "tokens: a", "NEAR(a b, 3)", "a AND NOT b", "^begin", "{a b} : c", `unclosed "quote`, "* OR *", "(((((", "a\tb\nc", "--a", "-\"a b\"*", "%_%",
	} {
		r := s.get("/api/v1/entries?facets=all&q=" + url.QueryEscape(text))
		if r.StatusCode != http.StatusOK && r.StatusCode != http.StatusBadRequest || strings.Contains(string(r.body), "SQL") {
			t.Errorf("%q: %d: %.200s", text, r.StatusCode, r.body)
		}
	}
	// Filters that contradict each other fit nothing.
	if page := asked[client.EntryPage](s, "/api/v1/entries?kind=charter&country=XB&status=no-effect"); page.Total != 0 || page.Size == 0 {
		t.Errorf("contradictions: %+v", page)
	}
}

// TestSearchedText: what can't be looked for is refused, and the answer says why.
func TestSearchedText(t *testing.T) {
	s := newServer(t)
	s.member(0)
	for text, want := range map[string]string{
		"ab*":                     "give 3 letters",
		"*":                       "no word",
		"-":                       "no word",
		`""`:                      "no word",
		strings.Repeat("a b ", 9): "over 16",
		strings.Repeat("x", 501):  "over 500 bytes",
		"a\x00b":                  "UTF-8",
	} {
		a := s.get("/api/v1/entries?q=" + url.QueryEscape(text))
		if p := a.problem(t); a.StatusCode != 400 || p.Code != "parameter-malformed" || !strings.Contains(p.Detail, want) || !strings.Contains(p.Detail, "parameter q ") {
			t.Errorf("%q: %d %s: %s", text, a.StatusCode, p.Code, p.Detail)
		}
	}
	for _, text := range []string{"NEAR", `"a AND b"`, "abc*", "a:b ^c (d)", "-abc", `"unclosed`} {
		if a := s.get("/api/v1/entries?q=" + url.QueryEscape(text)); a.StatusCode != 200 {
			t.Errorf("%q: %d %s", text, a.StatusCode, a.body)
		}
	}
}
