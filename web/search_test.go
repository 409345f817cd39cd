package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
)

var (
	facetLink  = regexp.MustCompile(`<li><a href="([^"]*)" rel="nofollow">(.*?)</a> <span class="count">([0-9,]+)</span></li>`)
	listCount  = regexp.MustCompile(`<p class="alone">([0-9,]+|None) logged`)
	removeLink = regexp.MustCompile(`<p class="chosen">.*?<a href="([^"]*)"`)
)

func counted(t *testing.T, page string) int {
	t.Helper()
	m := listCount.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the list does not say how many there are")
	}
	if m[1] == "None" {
		return 0
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestListsAreNarrowed: each link that narrows a list leads to one as long as it says, from
// which the same choice can be taken away again; and the list can be followed as a feed.
func TestListsAreNarrowed(t *testing.T) {
	w := generator.New(generator.EveryKindOptions())
	if err := w.EveryKind(500); err != nil {
		t.Fatal(err)
	}
	h := site(t, w, publish(t, w))
	followed := 0
	for _, start := range []string{"/entries", "/entries?kind=request", "/entries?kind=decision&outcome=refused", "/entries?logged=2020..2030&sort=oldest&author="} {
		page := body(t, h, start)
		links := facetLink.FindAllStringSubmatch(page, -1)
		if len(links) < 5 {
			t.Errorf("%s: only %d links", start, len(links))
		}
		for _, m := range links {
			href := resolve(t, start, html.UnescapeString(m[1]))
			narrowed := body(t, h, href)
			if got, want := counted(t, narrowed), m[3]; strconv.Itoa(got) != strings.ReplaceAll(want, ",", "") {
				t.Errorf("%s: %s leads to %d, and says %s", start, href, got, want)
			}
			back := removeLink.FindStringSubmatch(narrowed)
			if back == nil {
				t.Fatalf("%s: no way back", href)
			}
			followed++
		}
		if feed := regexp.MustCompile(`<a href="([^"]*(?:feed|entries)\.atom[^"]*)"`).FindStringSubmatch(page); feed == nil || !strings.Contains(body(t, h, resolve(t, start, html.UnescapeString(feed[1]))), "<feed ") {
			t.Errorf("%s: no feed", start)
		}
	}
	if followed < 60 {
		t.Errorf("only %d links were followed", followed)
	}
	// What was chosen stays when the form is sent again, and can be left out.
	page := body(t, h, "/entries?country=XB&status=stands&year=2025")
	for _, field := range []string{`name="country" value="XB"`, `name="status" value="stands"`, `name="year" value="2025"`} {
		if !strings.Contains(page, field) {
			t.Errorf("the form forgets %s", field)
		}
	}
	if !strings.Contains(page, `entries?status=stands&amp;year=2025"`) {
		t.Error("the country can't be left out")
	}
	if page := body(t, h, "/entries?country=ZZ"); counted(t, page) != 0 || !strings.Contains(page, "No request in the log is attributed to") {
		t.Error("a country that is not in the log is not said to be so")
	}
}

// TestWordsAreFound: words are looked for from the page, and stay in its field.
func TestWordsAreFound(t *testing.T) {
	w := sample(t)
	h := site(t, w, publish(t, w))
	name := w.Signatories[0].Name
	page := body(t, h, "/entries?q="+url.QueryEscape(`"`+name+`"`))
	if counted(t, page) == 0 || !strings.Contains(page, "is a name of") || !strings.Contains(page, `value="&#34;`+html.EscapeString(name)+`&#34;"`) {
		t.Errorf("%s is not found:\n%s", name, visible(page))
	}
	if page := body(t, h, "/entries?q=zzyzx"); counted(t, page) != 0 {
		t.Error("a word that is nowhere is found")
	}
	for _, bad := range []string{"/entries?q=ab*", "/entries?country=xb", "/entries?logged=yesterday", "/entries?sort=random"} {
		if got := get(t, h, bad); got.Code != 400 {
			t.Errorf("%s: %d", bad, got.Code)
		}
	}
}
