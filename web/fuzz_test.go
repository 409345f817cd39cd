package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzAddress asks for any address, with any headers that say in which form. It
// ends in a page, which repeats nothing of the address as it stands, or in an
// address to go to, which is of this site.
func FuzzAddress(f *testing.F) {
	w := sample(f)
	h := site(f, w, publish(f, w))
	for _, path := range paths(f, w)[:20] {
		f.Add(path, "", "")
	}
	for _, path := range []string{
		"/entries?cursor=before-3", "/entries?cursor=after-3&kind=request", "/entries?cursor=x", "/entries?kind=none", "/entries?author=<script>alert(1)</script>",
		"/entries/7", "/entries/007", "/entries/99999999999999999999", "/entries/", "/about/", "//example.org/%2e%2e", "/signatories/%3Cscript%3E", "/entries?%zz", "/assets/style.css",
	} {
		f.Add(path, "gzip;q=0", "*")
	}
	f.Fuzz(func(t *testing.T, address, encoding, match string) {
		u, err := url.ParseRequestURI(address)
		if err != nil || !strings.HasPrefix(address, "/") {
			return // net/http refuses it
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL, r.RequestURI = u, address
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("GET %s: %d", address, w.Code)
		}
		if w.Header().Get("Content-Encoding") == "" && strings.Contains(w.Body.String(), "<script") {
			t.Errorf("GET %s: the page has a script: %s", address, w.Body)
		}
		if to, err := url.Parse(w.Header().Get("Location")); err != nil || to.Host != "" || to.Scheme != "" {
			t.Errorf("GET %s leads to %s", address, w.Header().Get("Location"))
		}
	})
}
