package api_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/web"
)

// document is openapi.json as far as these tests read it.
type document struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		Parameters []struct {
			Name string `json:"name"`
			In   string `json:"in"`
		} `json:"parameters"`
	} `json:"paths"`
}

// addressOf makes an address of a path of the document, with values that fit.
func addressOf(path string) string {
	return strings.NewReplacer(
		"{ref}", "0", "{id}", "secretariat", "{tile}", "000", "{level}", "0", "{width}", "1", "{digest}", strings.Repeat("A", 43), "{day}", "2026-01-01", "{file}", "checkpoint",
	).Replace(path)
}

// TestOpenAPIHasTheRouter: the document and the router have the same addresses, methods
// and parameters.
func TestOpenAPIHasTheRouter(t *testing.T) {
	s := newServer(t)
	a := s.get("/openapi.json")
	var doc document
	if err := lenient(a.body, &doc); err != nil || a.StatusCode != 200 || a.Header.Get("Content-Type") != client.TypeJSON || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%d %s, %q: %v", a.StatusCode, a.Header.Get("Content-Type"), doc.OpenAPI, err)
	}

	// Each path is at a route, and each route has a path. The router has one pattern for
	// all tiles.
	var routed, described []string
	for _, p := range s.API.Patterns() {
		routed = append(routed, regexp.MustCompile(`\{([a-z]+)(:[^}]*)?\}`).ReplaceAllString(p, "{}"))
	}
	for path := range doc.Paths {
		if strings.HasSuffix(path, ".atom") {
			continue // of the pages: see TestFeedsAreDescribed
		}
		p := regexp.MustCompile(`\{[a-z]+\}(\.p/\{width\})?`).ReplaceAllString(path, "{}")
		if strings.HasPrefix(p, "/tile/") {
			p = "/tile/{}"
		}
		described = append(described, p)
	}
	slices.Sort(routed)
	slices.Sort(described)
	if diff := cmp.Diff(routed, slices.Compact(described)); diff != "" {
		t.Errorf("router (-) and document (+) have other addresses:\n%s", diff)
	}

	for path, methods := range doc.Paths {
		if strings.HasSuffix(path, ".atom") {
			continue
		}
		if len(methods) != 1 {
			t.Errorf("%s has %d methods", path, len(methods))
		}
		for method, op := range methods {
			want := strings.ToUpper(method)
			if want == "GET" {
				want += ", HEAD"
			}
			no := s.do(http.MethodPatch, addressOf(path), nil, nil)
			if p := no.problem(t); p.Status != 405 || no.Header.Get("Allow") != want {
				t.Errorf("%s takes %q, the document has %q", path, no.Header.Get("Allow"), want)
			}
			if !strings.HasPrefix(path, "/api/") {
				continue
			}
			// What an address takes it says itself when it is asked for something else.
			header := map[string]string{"Content-Type": client.TypeJSON}
			p := s.do(strings.ToUpper(method), addressOf(path)+"?unheard-of=1", header, nil).problem(t)
			if p.Code != "parameter-unknown" {
				t.Errorf("%s with a parameter of which nobody heard: %s", path, p.Code)
			}
			_, list, _ := strings.Cut(p.Detail, "; it takes ")
			taken := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
			var told []string
			for _, p := range op.Parameters {
				if p.In == "query" {
					told = append(told, p.Name)
				}
			}
			slices.Sort(taken)
			slices.Sort(told)
			if !slices.Equal(taken, told) {
				t.Errorf("%s takes the parameters %q, the document has %q", path, taken, told)
			}
		}
	}
}

// The document is served as it is embedded, and may be read from other sites.
func TestOpenAPIIsServed(t *testing.T) {
	s := newServer(t)
	a := s.get("/openapi.json")
	if string(a.body) != string(api.OpenAPI()) || a.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d bytes of %d, open to %q", len(a.body), len(api.OpenAPI()), a.Header.Get("Access-Control-Allow-Origin"))
	}
	if again := s.do("GET", "/openapi.json", map[string]string{"If-None-Match": a.Header.Get("ETag")}, nil); again.StatusCode != 304 {
		t.Errorf("asked again: %d", again.StatusCode)
	}
}

// TestFeedsAreDescribed: the feeds of the site are at the addresses that the document
// has, and there are no others.
func TestFeedsAreDescribed(t *testing.T) {
	s := newServer(t, func(c *api.Config) {
		pages, err := web.New(web.Config{Index: c.Index.(*index.Index), Origin: c.Origin, Logger: c.Logger})
		if err != nil {
			t.Fatal(err)
		}
		c.Web = pages
	})
	a := s.member(0)
	st := s.request(a)
	s.mustSubmit(st)
	var doc document
	if err := lenient(s.get("/openapi.json").body, &doc); err != nil {
		t.Fatal(err)
	}
	s.get("/api/v1/entries") // pages show what the index has, and this brings it up
	feeds := 0
	for path := range doc.Paths {
		if !strings.HasSuffix(path, ".atom") {
			continue
		}
		feeds++
		at := strings.NewReplacer("{code}", "XB", "/entries/{id}", "/entries/"+st.ID.String(), "{id}", a.ID).Replace(path)
		if path == "/entries.atom" {
			at += "?q=request&kind=request&kind=decision"
		}
		if got := s.get(at); got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/atom+xml") {
			t.Errorf("%s: %d %s", at, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
	if feeds != 5 {
		t.Errorf("%d feeds are described", feeds)
	}
	if got := s.get("/countries/XB/feed.atom?cursor=zzz"); got.StatusCode != 400 {
		t.Errorf("a forged cursor: %d", got.StatusCode)
	}
	s.get("/signatories/nobody/feed.atom")
	s.get("/entries.atom")
}

// TestManualExamples: what docs/api.md shows is answered, by what openapi.json has.
func TestManualExamples(t *testing.T) {
	s := newServer(t)
	b, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile(`(?m)^    curl -s '?http://127\.0\.0\.1:8080([^'\s]+)`).FindAllStringSubmatch(string(b), -1)
	if len(examples) < 6 || len(examples) != strings.Count(string(b), "    curl ") {
		t.Errorf("%d of %d examples were found", len(examples), strings.Count(string(b), "    curl "))
	}
	for _, e := range examples {
		if a := s.get(e[1]); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", e[1], a.StatusCode, a.body)
		}
	}
}
