package scenes

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A sight is what the maker of a statement expects everybody to see at one moment: who
// audits the log, who asks its API, and who reads its pages. A scene calls entries by
// its own names.
type sight struct {
	findings []string                     // on the author, all of them: "code severity entry-or-period"
	periods  []string                     // how it stands for periods: "2025-Q1 on-time"
	stands   map[string]string            // members of the signatory, as JSON, "" for what is not there
	entries  map[string]map[string]string // the same of entries, as the API has them
	pages    map[string]words             // of entries, and of the author under ""
	chain    string                       // what the author said, by kind: those of the lane slot last
}

// words are what a page says, and what it does not say.
type words struct{ says, never []string }

// A report is what of an audit's JSON a scene looks at.
type report struct {
	Result   string
	Findings []struct {
		Code, Severity, Concerns, Author, Entry, Period, Text string
	}
	Signatories []map[string]json.RawMessage
}

func (a *accord) audit(more ...string) *report {
	a.t.Helper()
	s := a.must("pledge-verify", append([]string{"audit", "--policy", "policy.txt", "--charter", a.charter, "--json", a.url}, more...)...)
	r := new(report)
	if err := json.Unmarshal([]byte(s.stdout), r); err != nil {
		a.t.Fatal(err)
	}
	return r
}

// findings are those on an author, in a form that a scene writes down. What concerns
// anybody but authors is never right here.
func (a *accord) findings(r *report, author string) []string {
	a.t.Helper()
	var out []string
	for _, f := range r.Findings {
		switch {
		case f.Concerns != "author":
			a.t.Errorf("%s, which concerns the %s: %s", f.Code, f.Concerns, f.Text)
		case f.Author == author:
			out = append(out, strings.Join(strings.Fields(f.Code+" "+f.Severity+" "+a.labels[f.Entry]+" "+f.Period), " "))
		}
	}
	slices.Sort(out)
	return out
}

// asOf wants these findings on an author in an audit for an earlier moment.
func (a *accord) asOf(moment, author string, want ...string) {
	a.t.Helper()
	if got := a.findings(a.audit("--as-of", moment), author); !slices.Equal(got, want) {
		a.t.Errorf("as of %s: the audit finds %q, not %q", moment, got, want)
	}
}

// shows wants a sight of an author everywhere.
func (a *accord) shows(t *testing.T, moment, author string, want sight) {
	t.Helper()
	a.t = t
	a.caughtUp()
	r := a.audit()
	if r.Result != "matches" {
		t.Fatalf("%s: the audit ends with %s", moment, r.Result)
	}
	slices.Sort(want.findings)
	if got := a.findings(r, author); !slices.Equal(got, want.findings) {
		t.Errorf("%s: the audit finds %q, not %q", moment, got, want.findings)
	}
	var answer struct {
		Signatory map[string]json.RawMessage `json:"signatory"`
	}
	a.ask("/api/v1/signatories/"+author, &answer)
	audited := slices.IndexFunc(r.Signatories, func(s map[string]json.RawMessage) bool { return string(s["id"]) == strconv.Quote(author) })
	if audited < 0 {
		t.Fatalf("%s: the audit knows no %s", moment, author)
	}
	for where, s := range map[string]map[string]json.RawMessage{"the audit": r.Signatories[audited], "the API": answer.Signatory} {
		if got := periods(t, s["periods"]); !slices.Equal(got, want.periods) {
			t.Errorf("%s: by %s the periods stand at %q, not %q", moment, where, got, want.periods)
		}
		members(t, moment+": of "+author+" by "+where, s, want.stands)
	}
	for label, wanted := range want.entries {
		var e map[string]json.RawMessage
		a.ask("/api/v1/entries/"+a.id(label), &e)
		members(t, moment+": of "+label+" by the API", e, wanted)
	}
	a.serverAgrees(moment, author, want.findings)
	for label, w := range want.pages {
		path := "/signatories/" + author
		if label != "" {
			path = "/entries/" + a.id(label)
		}
		a.page(moment, path, w)
	}
	if want.chain != "" {
		a.chain(moment, author, want.chain)
	}
}

// id is the entry id of what the scene calls so.
func (a *accord) id(label string) string {
	a.t.Helper()
	if a.ids[label] == "" {
		a.t.Fatalf("the scene has no %q", label)
	}
	return a.ids[label]
}

// serverAgrees wants the server to find on each entry of the scene what is expected.
func (a *accord) serverAgrees(moment, author string, findings []string) {
	a.t.Helper()
	want := make(map[string][]string)
	for _, f := range findings {
		for label := range a.ids {
			if strings.Contains(f+" ", " "+label+" ") {
				want[label] = append(want[label], strings.Fields(f)[0])
			}
		}
	}
	for _, label := range slices.Sorted(maps.Keys(want)) {
		var e struct{ Findings []struct{ Code string } }
		a.ask("/api/v1/entries/"+a.id(label), &e)
		var got []string
		for _, f := range e.Findings {
			got = append(got, f.Code)
		}
		slices.Sort(got)
		if !slices.Equal(got, want[label]) {
			a.t.Errorf("%s: the API finds %q on %s, not %q", moment, got, label, want[label])
		}
	}
}

// caughtUp waits until pages and API have all that is published.
func (a *accord) caughtUp() {
	a.t.Helper()
	a.wait("the pages have all that is published", func() bool {
		_, checkpoint := a.get("/checkpoint")
		lines := strings.Split(checkpoint, "\n")
		var page struct{ Size uint64 }
		a.ask("/api/v1/entries?limit=1", &page)
		return len(lines) > 1 && lines[1] == fmt.Sprint(page.Size)
	})
}

func periods(t *testing.T, raw json.RawMessage) []string {
	t.Helper()
	var list []struct{ Period, State string }
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for _, p := range list {
		out = append(out, p.Period+" "+p.State)
	}
	return out
}

// members wants members of an object, as JSON without white space. A name may be a path:
// "correction.how".
func members(t *testing.T, what string, object map[string]json.RawMessage, want map[string]string) {
	t.Helper()
	for path, text := range want {
		at := object
		names := strings.Split(path, ".")
		var got json.RawMessage
		for i, name := range names {
			got = at[name]
			at = nil
			if i < len(names)-1 && len(got) > 0 {
				if err := json.Unmarshal(got, &at); err != nil {
					t.Errorf("%s: %s is not in %s", what, path, got)
				}
			}
		}
		if compact := strings.Join(strings.Fields(string(got)), ""); compact != text {
			t.Errorf("%s: %s is %s, not %s", what, path, compact, text)
		}
	}
}

var (
	unread = regexp.MustCompile(`(?s)<(style|script|head)\b.*?</(style|script|head)>`)
	tag    = regexp.MustCompile(`<[^>]*>`)
	// digest is a leaf's hash, a key or a signature, in which any two letters may stand.
	digest = regexp.MustCompile(`\b[0-9A-Za-z+/]{42,}={0,2}`)
)

// reading is a page as it is read: without marks, and with single spaces.
func reading(page string) string {
	text := html.UnescapeString(tag.ReplaceAllString(unread.ReplaceAllString(page, " "), " "))
	text = strings.Join(strings.Fields(text), " ")
	for _, mark := range []string{".", ",", ":", ";", ")", "”"} {
		text = strings.ReplaceAll(text, " "+mark, mark)
	}
	return strings.ReplaceAll(text, "“ ", "“")
}

func (a *accord) page(moment, path string, want words) {
	a.t.Helper()
	status, body := a.get(path)
	if status != 200 {
		a.t.Fatalf("%s: %s: status %d", moment, path, status)
	}
	text, wrong := reading(body), false
	for _, w := range want.says {
		if !strings.Contains(text, w) {
			a.t.Errorf("%s: the page %s does not say %q", moment, path, w)
			wrong = true
		}
	}
	spoken := digest.ReplaceAllString(text, "")
	for _, w := range want.never {
		if strings.Contains(spoken, w) {
			a.t.Errorf("%s: the page %s says %q", moment, path, w)
			wrong = true
		}
	}
	if wrong && testing.Verbose() {
		a.t.Log(text)
	}
}

// chain wants all that an author said, as somebody proves it who has nothing else.
func (a *accord) chain(moment, author, want string) {
	a.t.Helper()
	s := a.must("pledge-verify", "chain", "--policy", "policy.txt", "--charter", a.charter, "--json", author, a.url)
	var r struct {
		Result     string
		Statements []struct {
			Lane, Kind string
		}
	}
	if err := json.Unmarshal([]byte(s.stdout), &r); err != nil {
		a.t.Fatal(err)
	}
	var main, slots []string
	for _, st := range r.Statements {
		if st.Lane == "slot" {
			slots = append(slots, st.Kind)
		} else {
			main = append(main, st.Kind)
		}
	}
	if got := strings.Join(append(main, slots...), " "); r.Result != "matches" || got != want {
		a.t.Errorf("%s: the chain %s, with %q, not %q", moment, r.Result, got, want)
	}
}
