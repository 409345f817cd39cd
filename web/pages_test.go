package web_test

import (
	"compress/gzip"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/web"
)

// maxPage is the most that a page may have, in bytes, before compression.
const maxPage = 100 << 10

var (
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
	quoted = regexp.MustCompile(`"[^"]*"`)
	spaces = regexp.MustCompile(`\s+`)
	// never are words that say more than a log can show, or judge
	// (product.md, Words).
	never = regexp.MustCompile(`(?i)\b(received none|is gagged|lied|guilty|violated|in breach|illegal|doubled|secret order|verified true|failed to|admits that|suspicious|demanded)\b`)
)

// visible is the text of a page as a reader sees it.
func visible(body string) string {
	return spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(body, " ")), " ")
}

func TestEveryPage(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	asof := fmt.Sprintf("As of %d entries", w.Size())
	words := wordsOf(w)
	for _, path := range paths(t, w) {
		got := get(t, h, path)
		if got.Code == http.StatusTemporaryRedirect { // an index whose entry has an id
			continue
		}
		body := got.Body.String()
		if got.Code != http.StatusOK {
			t.Errorf("GET %s: %d", path, got.Code)
			continue
		}
		if len(body) > maxPage {
			t.Errorf("%s has %d bytes", path, len(body))
		}
		text := visible(body)
		for _, want := range []string{asof, "Demonstration. Time is simulated.", "The log can’t show that there was nothing else."} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
		for _, bad := range []string{"⟦", "<script", "<style", " style=", "javascript:", "http://", secret, "lighthouse"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
		words.hold(t, path, text)
		if n := strings.Count(body, "<h1"); n != 1 {
			t.Errorf("%s has %d main headings", path, n)
		}
		for _, landmark := range []string{"<main id=\"main\"", "<header class=\"masthead\"", "<nav aria-label", "<footer", `<html lang="en"`, `<a class="skip" href="#main"`} {
			if !strings.Contains(body, landmark) {
				t.Errorf("%s has no %s", path, landmark)
			}
		}
	}
}

// wordsNever are what no page of a log says.
type wordsNever []*regexp.Regexp

func wordsOf(w *generator.World) wordsNever {
	// Nobody's deed stands there as a fact: "Nimbus Forge refused".
	var names []string
	for _, a := range append(w.Signatories[:len(w.Signatories):len(w.Signatories)], w.Challengers...) {
		names = append(names, regexp.QuoteMeta(a.Name))
	}
	all := strings.Join(names, "|")
	return wordsNever{
		never,
		regexp.MustCompile(`(Whether )?(` + all + `) (refused|complied|received|contested|contests|challenged|challenges|narrowed|withdrew|disputes|accepts|accepted|replied that|leaked|hid|was|did|is|has not|failed)\b`),
		regexp.MustCompile(`([Tt]he (secretariat|operator)) (suspended|removed|proposed|reinstated|admitted|erased|deleted)\b`),
		regexp.MustCompile(`\b(X[A-Z]|[A-Z][a-z]+ia|Dorrenland|Lysgard)\)? (demanded|asked|ordered|requested|wanted|attacked)\b`),
		regexp.MustCompile(`(?i)\b(tampered|forged|stole|cheated|misled|untrue|false claim|to hide|secretly|scandal|punish\w*|expelled|silenced|censor\w*)\b`),
	}
}

func (words wordsNever) hold(t *testing.T, path, text string) {
	t.Helper()
	for _, pattern := range words {
		for _, m := range pattern.FindAllString(text, -1) {
			if !strings.HasPrefix(m, "Whether ") { // what can't be shown
				t.Errorf("%s says %q", path, m)
			}
		}
	}
}

// TestWordsOfEveryKind reads every page of a log of every kind.
func TestWordsOfEveryKind(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed, o.Lapses = 3, 80
	w := generator.New(o)
	if err := w.EveryKind(640); err != nil {
		t.Fatal(err)
	}
	w.Conclude("log.lanternhall.example/2026")
	x := newStates()
	for _, w := range []*generator.World{w, x.World} {
		h, words := site(t, w, publish(t, w)), wordsOf(w)
		for _, path := range paths(t, w) {
			if got := get(t, h, path); got.Code != http.StatusTemporaryRedirect {
				b := got.Body.String()
				text := visible(b)
				// What authors wrote is theirs.
				words.hold(t, path, visible(quotations.ReplaceAllString(b, "")))
				if got.Code != http.StatusOK || strings.Contains(b, "⟦") || len(b) > maxPage || !strings.Contains(text, "The log can’t show that there was nothing else.") {
					t.Errorf("GET %s: %d with %d bytes: %.300s", path, got.Code, len(b), text)
				}
			}
		}
	}
}

// quotations are what somebody else wrote, on a page.
var quotations = regexp.MustCompile(`(?s)<blockquote.*?</blockquote>`)

// TestSentencesAreAttributed reads the headlines alone: each says who states it.
func TestSentencesAreAttributed(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	headline := regexp.MustCompile(`(?s)<h1>(.*?)</h1>`)
	said := regexp.MustCompile(` stated | pledged itself |^The secretariat set down | logged its slot for |^The operator logged `)
	for _, path := range paths(t, w) {
		if !strings.HasPrefix(path, "/entries/") {
			continue
		}
		got := get(t, h, path)
		if got.Code != http.StatusOK {
			continue
		}
		m := headline.FindStringSubmatch(got.Body.String())
		if text := strings.TrimSpace(visible(m[1])); !said.MatchString(text) {
			t.Errorf("%s: %s", path, text)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	w := sample(t)
	dir := publish(t, w)
	x, err := index.Open(t.Context(), index.Config{Origin: w.Options.Origin, Source: log.DirSource(dir), Policy: w.Policy})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"", "/records/2025"} {
		h, err := web.New(web.Config{Index: x, Origin: w.Options.Origin, Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		crawl(t, h, prefix)
	}
	for _, bad := range []string{"records", "/records/"} {
		if _, err := web.New(web.Config{Index: x, Origin: w.Options.Origin, Prefix: bad}); err == nil {
			t.Errorf("prefix %q is accepted", bad)
		}
	}
}

// nofollow are links of which there are as many as choices can be put together.
// TestListsAreNarrowed follows some.
var nofollow = regexp.MustCompile(`<a [^>]*rel="nofollow"[^>]*>`)

// crawl follows every link from the front page on that a crawler is to follow.
func crawl(t *testing.T, h http.Handler, prefix string) {
	t.Helper()
	href := regexp.MustCompile(`(?:href|action)="([^"]*)"`)
	queue, seen := []string{prefix + "/"}, map[string]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		got := get(t, h, at)
		if got.Code == http.StatusTemporaryRedirect {
			queue = append(queue, resolve(t, at, got.Header().Get("Location")))
			continue
		}
		if got.Code != http.StatusOK {
			t.Errorf("GET %s: %d", at, got.Code)
			continue
		}
		body := nofollow.ReplaceAllString(got.Body.String(), "")
		for _, m := range href.FindAllStringSubmatch(body, -1) {
			to := html.UnescapeString(m[1])
			if strings.HasPrefix(to, "https://") {
				continue
			}
			if frag, ok := strings.CutPrefix(to, "#"); ok {
				if !strings.Contains(body, `id="`+frag+`"`) {
					t.Errorf("%s: no place %s", at, to)
				}
				continue
			}
			next := resolve(t, at, to)
			rest, inside := strings.CutPrefix(next, prefix+"/")
			if !inside {
				t.Errorf("%s: link %s leads out of the site", at, to)
			}
			// The API and the log's own files are served by others.
			if !strings.HasPrefix(rest, "api/") && !strings.HasPrefix(rest, "bodies/") && rest != "checkpoint" {
				queue = append(queue, next)
			}
		}
	}
	if len(seen) < 300 {
		t.Errorf("only %d pages were reached", len(seen))
	}
}

func resolve(t *testing.T, at, to string) string {
	t.Helper()
	base, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u, err := base.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	u.Fragment = ""
	return u.String()
}

func TestEntriesByIndex(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	size := int(w.Size())
	first := pledge.Read(0, w.Logged[0].Leaf).Statement.ID
	// A browser that kept the answer would look for this log's entry in the next
	// one that is served at the same address.
	for path, want := range map[string]string{"/entries/0": first.String(), "/about/": "../about"} {
		got := get(t, h, path)
		if got.Code != http.StatusTemporaryRedirect || got.Header().Get("Location") != want || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s: %d to %q, to be kept as %q", path, got.Code, got.Header().Get("Location"), got.Header().Get("Cache-Control"))
		}
	}
	// A duplicate has no address but its index.
	dup := fmt.Sprintf("/entries/%d", size-2)
	if text := visible(body(t, h, dup)); !strings.Contains(text, "this entry has no effect") || !strings.Contains(text, "The statement that has effect") {
		t.Error("a duplicate's page does not lead to the statement")
	}
	if text := visible(body(t, h, fmt.Sprintf("/entries/%d", size-1))); !strings.Contains(text, "not in the required form") {
		t.Error("a malformed entry's page does not say so")
	}
	// What was rejected is nobody's statement.
	rejected := pledge.Read(0, w.Logged[size-4].Leaf).Statement.ID
	text := visible(body(t, h, "/entries/"+rejected.String()))
	if !strings.Contains(text, "breaks a rule and has no effect") || strings.Contains(text, w.Signatories[0].Name) {
		t.Errorf("a rejected entry's page: %s", text)
	}
}

func TestPagesThatAreNotThere(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/nowhere":                                     {404, "There is no page at this address."},
		"/entries/" + strings.Repeat("ab", 32):         {404, "is in the log, as of"},
		"/entries/99999":                               {404, "There is no entry 99,999 yet"},
		"/entries/007":                                 {404, "Entries are found by their id"},
		"/entries/zz/top":                              {404, "There is no page at this address."},
		"/signatories/nobody":                          {404, "Nothing else follows from that about a company of this name."},
		"/signatories/No_One":                          {404, "lower-case letters, digits and hyphens"},
		"/entries?kind=rumour":                         {400, "Begin again with all entries."},
		"/entries?cursor=" + strings.Repeat("9", 5000): {400, "Begin again"},
		"/entries?author=A&author=B":                   {400, "Begin again"},
		"/entries?author=%00":                          {400, "Begin again"},
		"/signatories?from=-1":                         {400, "Begin again"},
		"/signatories?from=100000":                     {400, "Begin again"},
		"/entries/<script>":                            {404, "Entries are found by their id"},
	} {
		got := get(t, h, strings.ReplaceAll(path, "<script>", "%3Cscript%3E"))
		text := visible(got.Body.String())
		if got.Code != want.code || !strings.Contains(text, want.text) {
			t.Errorf("GET %.60s: %d %s", path, got.Code, text)
		}
		for _, help := range []string{"All entries", "Signatories", "What it proves"} {
			if !strings.Contains(text, help) {
				t.Errorf("GET %.60s does not lead on to %q", path, help)
			}
		}
		if strings.Contains(got.Body.String(), "<script") || got.Header().Get("ETag") != "" {
			t.Errorf("GET %.60s: markup or an entity tag", path)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/entries", strings.NewReader("x"))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
	for _, path := range []string{"/entries/", "/about/"} {
		if got := get(t, h, path); got.Code != http.StatusTemporaryRedirect || resolve(t, path, got.Header().Get("Location")) != strings.TrimSuffix(path, "/") {
			t.Errorf("GET %s: %d to %s", path, got.Code, got.Header().Get("Location"))
		}
	}
	if text := visible(body(t, h, "/entries?author=nobody")); !strings.Contains(text, "Nobody with the id nobody has been admitted") || !strings.Contains(text, "None logged, as of") {
		t.Errorf("list of an unknown author: %s", text)
	}
}

func TestFilters(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	a := w.Signatories[2]
	path, seen := "/entries?author="+a.ID+"&kind=decision", 0
	older := regexp.MustCompile(`rel="next" href="([^"]+)"`)
	for {
		b := body(t, h, path)
		n := strings.Count(b, `<p class="sentence">`)
		if n != strings.Count(b, "<bdi>"+a.Name+"</bdi> stated that") {
			t.Errorf("%s has other entries", path)
		}
		if !strings.Contains(b, `<option value="decision" selected>`) || !strings.Contains(b, `<option value="`+a.ID+`" selected>`) {
			t.Errorf("%s does not show what was chosen", path)
		}
		seen += n
		m := older.FindStringSubmatch(b)
		if m == nil {
			break
		}
		path = resolve(t, path, html.UnescapeString(m[1]))
	}
	want := 0
	for i, e := range w.Logged {
		if it := pledge.Read(uint64(i), e.Leaf); it.Statement != nil && it.Statement.Author == a.ID && it.Statement.Kind == entry.KindDecision {
			want++
		}
	}
	if seen != want || want == 0 {
		t.Errorf("%d answers listed, want %d", seen, want)
	}
}

func TestHeaders(t *testing.T) {
	w := generator.New(generator.Options{Seed: 5})
	if err := w.Story(40); err != nil {
		t.Fatal(err)
	}
	h := site(t, w, publish(t, w))
	got := get(t, h, "/")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if v := got.Header().Get(name); v != want {
			t.Errorf("%s: %q", name, v)
		}
	}
	do := func(method, path string, header map[string]string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		for k, v := range header {
			r.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	tag := got.Header().Get("ETag")
	if rec := do("GET", "/", map[string]string{"If-None-Match": `"x", ` + tag}); rec.Code != http.StatusNotModified || rec.Body.Len() != 0 {
		t.Errorf("same page again: %d with %d bytes", rec.Code, rec.Body.Len())
	}
	if rec := do("GET", "/about", map[string]string{"If-None-Match": tag}); rec.Code != http.StatusOK {
		t.Errorf("another page with this tag: %d", rec.Code)
	}
	if rec := do("HEAD", "/", nil); rec.Code != http.StatusOK || rec.Body.Len() != 0 || rec.Header().Get("Content-Length") != fmt.Sprint(got.Body.Len()) {
		t.Errorf("HEAD: %d with %d bytes, length %s", rec.Code, rec.Body.Len(), rec.Header().Get("Content-Length"))
	}
	zipped := do("GET", "/", map[string]string{"Accept-Encoding": "br, gzip"})
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(z); err != nil || string(plain) != got.Body.String() {
		t.Errorf("the compressed page is another one: %v", err)
	}
	if rec := do("GET", "/", map[string]string{"Accept-Encoding": "gzip;q=0"}); rec.Header().Get("Content-Encoding") != "" {
		t.Error("compressed for who does not want it")
	}
	css := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">`).FindStringSubmatch(got.Body.String())[1]
	style := get(t, h, resolve(t, "/", css))
	if style.Code != http.StatusOK || style.Body.String() != string(page.Stylesheet) || !strings.Contains(style.Header().Get("Cache-Control"), "immutable") || style.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("stylesheet: %d %v", style.Code, style.Header())
	}
	if rec := get(t, h, "/assets/style-0000000000000000.css"); rec.Code != http.StatusNotFound {
		t.Errorf("another stylesheet: %d", rec.Code)
	}
}

// TestEveryFindingIsExplained: a finding's link leads to what it means.
func TestEveryFindingIsExplained(t *testing.T) {
	w, _ := compact(t)
	about := body(t, site(t, w, publish(t, w)), "/about")
	for _, m := range pledge.Catalogue {
		if !strings.Contains(about, `id="`+string(m.Code)+`"`) || !strings.Contains(html.UnescapeString(about), m.Meaning) {
			t.Errorf("%s is not explained", m.Code)
		}
	}
}

// TestListOfEveryKind: each kind has its list, with a heading of its own.
func TestListOfEveryKind(t *testing.T) {
	x := newStates()
	h := site(t, x.World, publish(t, x.World))
	headings := make(map[string]bool)
	heading := regexp.MustCompile(`<h1>(.*?)</h1>`)
	for _, k := range entry.Kinds {
		b := body(t, h, "/entries?kind="+string(k))
		headings[heading.FindStringSubmatch(b)[1]] = true
		if !strings.Contains(b, `<option value="`+string(k)+`" selected>`) || !strings.Contains(b, `<p class="sentence">`) {
			t.Errorf("list of %s has no entries", k)
		}
	}
	if len(headings) != len(entry.Kinds) {
		t.Errorf("%d headings for %d kinds", len(headings), len(entry.Kinds))
	}
	if b := body(t, h, "/entries?author=operator&kind=directory"); !strings.Contains(b, `<option value="operator" selected>`) {
		t.Error("the operator can't be chosen")
	}
}

func TestEmptyLog(t *testing.T) {
	w := generator.New(generator.Options{})
	h := site(t, w, t.TempDir())
	for _, path := range []string{"/", "/entries", "/signatories", "/about"} {
		if text := visible(body(t, h, path)); !strings.Contains(text, "The log has no entries yet") || strings.Contains(text, "⟦") {
			t.Errorf("%s: %s", path, text)
		}
	}
	if got := get(t, h, "/entries/0"); got.Code != http.StatusNotFound {
		t.Errorf("entry 0: %d", got.Code)
	}
}

func TestWitnessedLog(t *testing.T) {
	w := generator.New(generator.Options{Seed: 4, Witnesses: 3, Quorum: 2})
	if err := w.Story(40); err != nil {
		t.Fatal(err)
	}
	h := site(t, w, publish(t, w))
	text := visible(body(t, h, "/"))
	if !strings.Contains(text, "Witnesses 3 They saw this tree by") || strings.Contains(text, "operator’s word") {
		t.Errorf("front page of a witnessed log: %s", text)
	}
	if text := visible(body(t, h, "/about")); !strings.Contains(text, "Independent witnesses cosign this log.") {
		t.Error("what it proves, of a witnessed log")
	}
}

// TestPagesAreAsOfOneSize asks while the log grows: a page never mixes two sizes.
func TestPagesAreAsOfOneSize(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	b := body(t, h, "/signatories/"+w.Signatories[1].ID)
	sizes := regexp.MustCompile(`as of ([0-9,]+) entries|As of ([0-9,]+) entries`).FindAllStringSubmatch(visible(b), -1)
	if len(sizes) < 2 {
		t.Fatalf("only %d sizes on the page", len(sizes))
	}
	for _, m := range sizes {
		if got := m[1] + m[2]; got != fmt.Sprint(w.Size()) {
			t.Errorf("as of %s, want %d", got, w.Size())
		}
	}
}
