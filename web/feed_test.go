package web_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/web"
)

// A node is an XML element.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

func (n *node) all(name string) (out []node) {
	for _, c := range n.Children {
		if c.XMLName.Local == name {
			out = append(out, c)
		}
	}
	return out
}

func (n *node) text(name string) string {
	if all := n.all(name); len(all) == 1 {
		return all[0].Text
	}
	return ""
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n *node) link(rel string) string {
	for _, l := range n.all("link") {
		if l.attr("rel") == rel {
			return l.attr("href")
		}
	}
	return ""
}

// parseFeed reads a feed strictly, by RFC 4287: which elements there are and how often,
// dates, addresses, what an entry has to have; ids are there once.
func parseFeed(t *testing.T, b []byte) *node {
	t.Helper()
	var f node
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if _, err := d.Token(); err != io.EOF {
		if _, err := d.Token(); err != io.EOF {
			t.Errorf("something follows the feed: %v", err)
		}
	}
	const ns = "http://www.w3.org/2005/Atom"
	if f.XMLName != (xml.Name{Space: ns, Local: "feed"}) || f.attr("lang") == "" {
		t.Errorf("it is a %v in %q", f.XMLName, f.attr("lang"))
	}
	once := func(n node, optional ...string) {
		count := make(map[string]int)
		for _, c := range n.Children {
			count[c.XMLName.Local]++
			if c.XMLName.Space != ns {
				t.Errorf("an element %v", c.XMLName)
			}
		}
		for _, name := range []string{"id", "title", "updated"} {
			if count[name] != 1 {
				t.Errorf("%d elements %s in %s", count[name], name, n.XMLName.Local)
			}
		}
		for name := range count {
			if !slices.Contains(append(optional, "id", "title", "updated", "link"), name) {
				t.Errorf("%s in %s", name, n.XMLName.Local)
			}
		}
		if u, err := url.Parse(n.text("id")); err != nil || !u.IsAbs() {
			t.Errorf("the id %q is no IRI", n.text("id"))
		}
		if _, err := time.Parse(time.RFC3339, n.text("updated")); err != nil {
			t.Errorf("updated: %v", err)
		}
		if n.text("title") == "" {
			t.Errorf("a %s without a title", n.XMLName.Local)
		}
		types := make(map[string]bool)
		for _, l := range n.all("link") {
			if u, err := url.Parse(l.attr("href")); err != nil || !u.IsAbs() {
				t.Errorf("the link %q is not absolute", l.attr("href"))
			}
			if k := l.attr("rel") + " " + l.attr("type"); types[k] {
				t.Errorf("two links %s", k)
			} else {
				types[k] = true
			}
		}
	}
	once(f, "subtitle", "author", "entry")
	if len(f.all("author")) != 1 || f.all("author")[0].Children[0].Text == "" || f.link("self") == "" || f.link("alternate") == "" {
		t.Errorf("a feed lacks author, self or alternate")
	}
	ids := make(map[string]bool)
	for _, e := range f.all("entry") {
		once(e, "author", "category", "content")
		if id := e.text("id"); ids[id] {
			t.Errorf("two entries %s", id)
		} else {
			ids[id] = true
		}
		if c := e.all("content"); len(c) != 1 || c[0].attr("type") != "html" || len(c[0].Children) != 0 || c[0].Text == "" {
			t.Errorf("content %+v", c)
		}
		if e.link("alternate") == "" {
			t.Errorf("an entry leads nowhere")
		}
		if len(e.all("author")) > 1 {
			t.Errorf("%d authors", len(e.all("author")))
		}
	}
	return &f
}

func feedOf(t *testing.T, h http.Handler, path string) *node {
	t.Helper()
	w := get(t, h, path)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
	}
	return parseFeed(t, w.Body.Bytes())
}

// sentences are the titles of a feed without marks of direction.
func sentences(f *node) (out []string) {
	for _, e := range f.all("entry") {
		out = append(out, strings.NewReplacer("\u2068", "", "\u2069", "").Replace(e.text("title")))
	}
	return out
}

// TestEntryFeed: the feed of an entry tells what happened to it, newest first, each as
// what somebody stated.
func TestEntryFeed(t *testing.T) {
	w := generator.New(generator.Options{Seed: 5, Challengers: 1, NoDirectories: true})
	w.Log(w.Found())
	a, ngo := w.Signatories[0], w.Challengers[0]
	say := func(st *generator.Statement) *generator.Statement {
		w.Advance(time.Hour)
		w.Log(st)
		return st
	}
	say(w.Admit(a))
	say(w.Pledge(a))
	say(w.Admit(ngo))
	other := say(w.Request(a, entry.FormatTime(w.Now())[:7], nil))
	told := w.Request(a, entry.FormatTime(w.Now())[:7], &entry.RequestBody{Country: "XB", Assist: []string{"access"}})
	w.Advance(time.Hour)
	filed := w.Log(told)
	first := say(w.Decision(filed, "refused", nil))
	second := say(w.Decision(filed, "narrowed", nil))
	fixed := say(w.Correct(first, second, nil))
	asked := say(w.Challenge(ngo, a, &entry.Challenge{Entry: told.ID}, nil))
	reply := say(w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: asked.ID}, nil))
	gone := say(w.Erase(told, told.BodyDigest, entry.BasisNotice, "N-1"))
	h := site(t, w, publish(t, w))

	f := feedOf(t, h, "/entries/"+told.ID.String()+"/feed.atom")
	var ids, want []string
	for _, e := range f.all("entry") {
		ids = append(ids, e.text("id"))
	}
	for _, st := range []*generator.Statement{gone, reply, asked, fixed, second, first, told} {
		want = append(want, "urn:pledgelog:entry:"+st.ID.String())
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("what happened (-want +got):\n%s\n%q", diff, sentences(f))
	}
	if slices.Contains(ids, "urn:pledgelog:entry:"+other.ID.String()) {
		t.Error("another request is in it")
	}
	for i, said := range sentences(f) {
		if !strings.Contains(said, "state") && !strings.Contains(said, "log") && !strings.Contains(said, "ask") {
			t.Errorf("%d says: %s", i, said)
		}
	}
	newest := f.all("entry")[0]
	if newest.text("updated") != entry.FormatTime(gone.Logged) || f.text("updated") != newest.text("updated") || newest.all("author")[0].text("name") != "The operator" {
		t.Errorf("the newest is of %s by %s; the feed of %s", newest.text("updated"), newest.all("author")[0].text("name"), f.text("updated"))
	}
	if !strings.HasPrefix(f.text("title"), "Demonstration:") || !strings.Contains(newest.all("content")[0].Text, "invented") {
		t.Errorf("it does not say that it is of a demonstration: %s", f.text("title"))
	}
	// The statement's id is the same in every feed.
	for _, path := range []string{"/feed.atom", "/signatories/" + a.ID + "/feed.atom"} {
		if one := feedOf(t, h, path); !slices.ContainsFunc(one.all("entry"), func(e node) bool { return e.text("id") == want[6] }) {
			t.Errorf("%s does not have it", path)
		}
	}
	one := feedOf(t, h, "/signatories/"+a.ID+"/feed.atom")
	for _, of := range []*generator.Statement{asked, told} {
		if !slices.ContainsFunc(one.all("entry"), func(e node) bool { return e.text("id") == "urn:pledgelog:entry:"+of.ID.String() }) {
			t.Errorf("the signatory's feed lacks its %s", of.Kind)
		}
	}
}

// TestFeeds: every feed of a log with something of everything is valid, and the heads of
// pages lead to it.
func TestFeeds(t *testing.T) {
	w := sample(t)
	h, err := web.New(web.Config{Index: indexOf(t, w, publish(t, w)), Origin: w.Options.Origin, BaseURL: "https://log.example/x/"})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, path := range paths(t, w) {
		page := get(t, h, path)
		if page.Code != 200 {
			continue
		}
		links := regexp.MustCompile(`<link rel="alternate" type="application/atom\+xml" title="([^"]+)" href="([^"]+)">`).FindAllStringSubmatch(page.Body.String(), -1)
		if len(links) == 0 {
			t.Errorf("%s leads to no feed", path)
		}
		for _, l := range links {
			to := resolve(t, path, strings.ReplaceAll(l[2], "&amp;", "&"))
			if seen[to] {
				continue
			}
			seen[to] = true
			f := feedOf(t, h, to)
			if self := f.link("self"); self != "https://log.example/x"+to {
				t.Errorf("%s says that it is %s", to, self)
			}
			if len(f.all("entry")) == 0 && to != "/entries.atom?author=nobody" { // of whom there may be some one day
				t.Errorf("%s is empty", to)
			}
			wordsOf(w).hold(t, to, strings.Join(sentences(f), "\n"))
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d feeds", len(seen))
	}
	again := httptest.NewRequest(http.MethodGet, "/feed.atom", nil)
	again.Header.Set("If-None-Match", get(t, h, "/feed.atom").Header().Get("ETag"))
	rec := httptest.NewRecorder()
	if h.ServeHTTP(rec, again); rec.Code != http.StatusNotModified || rec.Body.Len() != 0 {
		t.Errorf("asked again: %d, %d bytes", rec.Code, rec.Body.Len())
	}
	for path, want := range map[string]int{
		"/signatories/nobody/feed.atom": 404, "/signatories/A/feed.atom": 404, "/entries/1/feed.atom": 404, "/entries/" + strings.Repeat("0", 64) + "/feed.atom": 404,
		"/countries/xb/feed.atom": 404, "/feed.atom?cursor=x": 400, "/entries.atom?author=A": 400, "/entries.atom?unheard=1": 400, "/entries.atom": 307,
	} {
		if got := get(t, h, path); got.Code != want {
			t.Errorf("%s: %d, want %d", path, got.Code, want)
		}
	}
}

// TestFeedPages: by the links to older pages a reader gets every statement once, and no
// slot or directory.
func TestFeedPages(t *testing.T) {
	w := generator.New(generator.Options{Seed: 5, Slots: entry.SlotsMonth})
	w.Log(w.Found())
	a := w.Signatories[0]
	w.Log(w.Admit(a))
	w.Log(w.Pledge(a))
	want := []string{"charter", "admit", "pledge"}
	for i := range 130 {
		country := "XB"
		if i%2 == 1 {
			country = "XC"
		}
		w.Log(w.Request(a, entry.FormatTime(w.Now())[:7], &entry.RequestBody{Country: country, Assist: []string{"access"}}))
		want = append(want, "request")
		w.Advance(time.Minute)
	}
	w.Log(w.Slot(a, entry.SlotPeriodAt(entry.SlotsMonth, w.Now())))
	h := site(t, w, publish(t, w))
	read := func(path string) (kinds []string) {
		seen := make(map[string]bool)
		for pages := 0; path != ""; pages++ {
			f := feedOf(t, h, path)
			if (f.link("first") == "") != (pages == 0) || pages > 5 {
				t.Fatalf("page %d of %s: first is %q", pages, path, f.link("first"))
			}
			for _, e := range f.all("entry") {
				if seen[e.text("id")] {
					t.Errorf("%s is there twice", e.text("id"))
				}
				seen[e.text("id")] = true
				kinds = append(kinds, e.all("category")[0].attr("term"))
			}
			path = strings.TrimPrefix(f.link("next"), "https://"+w.Options.Origin)
		}
		slices.Reverse(kinds)
		return kinds
	}
	if diff := cmp.Diff(want, read("/feed.atom")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for path, n := range map[string]int{
		"/countries/XB/feed.atom": 65, "/countries/XD/feed.atom": 0, "/entries.atom?country=XC&author=" + a.ID: 65, "/entries.atom?country=XC&country=XB&kind=request&limit=3&sort=oldest": 130,
		fmt.Sprintf("/entries.atom?year=%d", time.Unix(w.Now(), 0).UTC().Year()-1): 0,
	} {
		if got := read(path); len(got) != n {
			t.Errorf("%s has %d entries, want %d", path, len(got), n)
		}
	}
}
