package api_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

func TestReadInterface(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	st := s.request(a)
	s.mustSubmit(st)
	// Body bundles and a full tile are not there in so small a log: files of
	// their names are.
	write(t, s.Dir+"/bodies/bundle/000", "{}\n{}\n")
	write(t, s.Dir+"/checkpoints", "archive")

	const forever = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, contentType, cache string
	}{
		{"/checkpoint", "text/plain; charset=utf-8", "public, max-age=1"},
		{"/tile/0/000.p/4", "application/octet-stream", forever},
		{"/tile/entries/000.p/4", "application/octet-stream", forever},
		{"/bodies/" + st.BodyDigest, "application/json", "public, max-age=60"},
		{"/bodies/bundle/000", "application/x-ndjson", "public, max-age=60"},
		{"/checkpoints", "text/plain; charset=utf-8", "public, max-age=1"},
	} {
		want, err := os.ReadFile(filepath.Join(s.Dir, filepath.FromSlash(c.path)))
		if err != nil {
			t.Fatal(err)
		}
		ans := s.get(c.path)
		if ans.StatusCode != 200 || !bytes.Equal(ans.body, want) {
			t.Errorf("%s: status %d, %d bytes, want %d", c.path, ans.StatusCode, len(ans.body), len(want))
		}
		for name, value := range map[string]string{
			"Content-Type": c.contentType, "Cache-Control": c.cache, "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff",
		} {
			if got := ans.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", c.path, name, got, value)
			}
		}
		head := s.do("HEAD", c.path, nil, nil)
		if head.StatusCode != 200 || len(head.body) != 0 || head.ContentLength != int64(len(want)) {
			t.Errorf("HEAD %s: status %d, %d bytes, length %d", c.path, head.StatusCode, len(head.body), head.ContentLength)
		}
		same := s.do("GET", c.path, map[string]string{"If-None-Match": `"x", W/` + ans.Header.Get("ETag")}, nil)
		if same.StatusCode != 304 || len(same.body) != 0 {
			t.Errorf("%s with its ETag: status %d", c.path, same.StatusCode)
		}
	}
	if part := s.do("GET", "/checkpoints", map[string]string{"Range": "bytes=3-"}, nil); part.StatusCode != 206 || string(part.body) != "hive" {
		t.Errorf("a range: %d %q", part.StatusCode, part.body)
	}
	for _, none := range []string{"bytes=9000-", "bytes=x", "lines=1-2"} {
		part := s.do("GET", "/checkpoints", map[string]string{"Range": none}, nil)
		if p := part.problem(t); part.StatusCode != 416 || p.Code != "range-not-there" {
			t.Errorf("range %s: %d %q", none, part.StatusCode, part.body)
		}
	}

	// Our own reader of logs is content with it.
	src, err := log.NewHTTPSource(s.URL, log.HTTPOptions{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	view, err := s.Policy.Open(s.get("/checkpoint").body)
	if err != nil {
		t.Fatal(err)
	}
	root, err := log.NewTileReader(src).Root(t.Context(), view.Checkpoint.Size)
	if err != nil || root != view.Checkpoint.Root {
		t.Errorf("root is %x, %v; the checkpoint has %x", root, err, view.Checkpoint.Root)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
}

// Tiles and bundles are served as soon as they are there, whatever is published: an
// auditing witness reads them before it cosigns (docs/decisions/0018).
func TestTilesAreServedBeforePublication(t *testing.T) {
	s := newServer(t)
	for path, text := range map[string]string{"/tile/0/000.p/77": strings.Repeat("h", 77*32), "/tile/entries/000.p/77": "what the engine wrote", "/tile/1/000.p/3": strings.Repeat("h", 3*32)} {
		write(t, s.Dir+path, text)
		if ans := s.get(path); ans.StatusCode != 200 || string(ans.body) != text {
			t.Errorf("%s: status %d: %s", path, ans.StatusCode, ans.body)
		}
	}
}

func TestEntryBundlesAreCompressed(t *testing.T) {
	s := newServer(t)
	const path = "/tile/entries/000.p/1"
	plain := s.get(path)
	for accept, want := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "deflate, x-gzip": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "": false, "identity": false, "gzip;q=rubbish": false,
	} {
		ans := s.do("GET", path, map[string]string{"Accept-Encoding": accept}, nil)
		if got := ans.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q: compressed is %v", accept, got)
			continue
		}
		if ans.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary is %q", accept, ans.Header.Get("Vary"))
		}
		b := ans.body
		if want {
			if ans.Header.Get("ETag") == plain.Header.Get("ETag") {
				t.Error("two encodings have one ETag")
			}
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(b, plain.body) {
			t.Errorf("Accept-Encoding %q: another bundle", accept)
		}
	}
	if ans := s.do("GET", "/checkpoint", map[string]string{"Accept-Encoding": "gzip"}, nil); ans.Header.Get("Content-Encoding") != "" {
		t.Error("the checkpoint is compressed")
	}
}

// What is not there, or not so, is a problem with a code.
func TestAddressesAndMethods(t *testing.T) {
	s := newServer(t)
	if err := os.WriteFile(filepath.Join(s.Dir, "bodies", "secret"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		status       int
		code         entry.Code
	}{
		{"GET", "/", 404, "address-unknown"},
		{"GET", "/api", 404, "address-unknown"},
		{"GET", "/api/v1/", 404, "address-unknown"},
		{"GET", "/api/v2/entries", 404, "address-unknown"},
		{"GET", "/api/v1/entries/", 404, "address-unknown"},
		{"GET", "//checkpoint", 404, "address-unknown"},
		{"GET", "/api/../checkpoint", 404, "address-unknown"},
		{"GET", "/check%70oint", 404, "address-unknown"},
		{"GET", "/.state/x", 404, "address-unknown"},
		{"GET", "/tile/0/000", 404, "file-unknown"},
		{"GET", "/tile/0/000.p/200", 404, "file-unknown"},
		{"GET", "/tile/0/0", 404, "file-unknown"},
		{"GET", "/tile/00/000", 404, "file-unknown"},
		{"GET", "/tile/entries/../../.state/x", 404, "file-unknown"},
		{"GET", "/tile/..%2f..%2f.state", 404, "file-unknown"},
		{"GET", "/bodies/secret", 404, "file-unknown"},
		{"GET", "/bodies/..", 404, "file-unknown"},
		{"GET", "/bodies/" + strings.Repeat("A", 43), 404, "file-unknown"},
		{"GET", "/bodies/bundle/000", 404, "file-unknown"},
		{"GET", "/bodies/bundle/000.p/3", 404, "file-unknown"},
		{"GET", "/bodies/bundle/../secret", 404, "file-unknown"},
		{"GET", "/api/v1/entries/77", 404, "entry-unknown"},
		{"GET", "/api/v1/entries/00", 404, "entry-unknown"},
		{"GET", "/api/v1/entries/-1", 404, "entry-unknown"},
		{"GET", "/api/v1/entries/99999999999999999999", 404, "entry-unknown"},
		{"GET", "/api/v1/entries/" + strings.Repeat("ab", 32), 404, "entry-unknown"},
		{"GET", "/api/v1/entries/" + strings.Repeat("AB", 32), 404, "entry-unknown"},
		{"GET", "/api/v1/entries/" + strings.Repeat("ab", 32) + "/proof", 404, "entry-unknown"},
		{"GET", "/api/v1/signatories/nobody", 404, "signatory-unknown"},
		{"GET", "/api/v1/signatories/no%20body", 404, "signatory-unknown"},
		{"GET", "/api/v1/signatories/nobody/chain", 404, "signatory-unknown"},
		{"GET", "/api/v1/entries?colour=red", 400, "parameter-unknown"},
		{"GET", "/api/v1/entries?limit=1&limit=2", 400, "parameter-repeated"},
		{"GET", "/api/v1/entries?limit=0", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?limit=101", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?limit=+5", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?limit=many", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?limit=", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?kind=rumour", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?author=A+B", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?cursor=forged", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?cursor=" + strings.Repeat("9", 2000), 400, "parameter-malformed"},
		{"GET", "/api/v1/entries?author=%zz", 400, "parameter-malformed"},
		{"GET", "/api/v1/entries/0?x=1", 400, "parameter-unknown"},
		{"GET", "/api/v1/entries/0/proof?x=1", 400, "parameter-unknown"},
		{"GET", "/api/v1/signatories?x=1", 400, "parameter-unknown"},
		{"GET", "/api/v1/signatories/secretariat?x=1", 400, "parameter-unknown"},
		{"GET", "/api/v1/signatories/secretariat/chain?cursor=x", 400, "parameter-unknown"},
		{"GET", "/api/v1/vocabulary?x=1", 400, "parameter-unknown"},
		{"POST", "/checkpoint", 405, "method-not-allowed"},
		{"DELETE", "/tile/0/000.p/1", 405, "method-not-allowed"},
		{"PUT", "/api/v1/entries/0", 405, "method-not-allowed"},
		{"OPTIONS", "/checkpoint", 405, "method-not-allowed"},
		{"GET", "/api/v1/statements", 405, "method-not-allowed"},
		{"HEAD", "/api/v1/statements", 405, ""},
	} {
		ans := s.do(c.method, c.path, nil, nil)
		if ans.StatusCode != c.status {
			t.Errorf("%s %s: status %d, want %d: %s", c.method, c.path, ans.StatusCode, c.status, ans.body)
			continue
		}
		if c.status == 405 && ans.Header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
		if c.code == "" {
			continue
		}
		if p := ans.problem(t); p.Code != c.code {
			t.Errorf("%s %s: %s (%s), want %s", c.method, c.path, p.Code, p.Detail, c.code)
		}
	}
	if got := s.get("/api/v1/vocabulary").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the API is open to other sites' pages: %q", got)
	}
}

// The pages stand at every address that is not the API's.
func TestPagesBesideTheAPI(t *testing.T) {
	s := newServer(t, func(c *api.Config) {
		c.Web = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page "+r.URL.Path) })
	})
	for _, path := range []string{"/", "/entry/0", "/apiary", "/tiles", "/favicon.ico"} {
		if ans := s.get(path); string(ans.body) != "page "+path {
			t.Errorf("%s: %s", path, ans.body)
		}
	}
	for _, path := range []string{"/api/v1/nothing", "/tile/x", "/bodies/", "/checkpoint/x"} {
		if p := s.get(path).problem(t); p.Status != 404 {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
}

// The access log has one line a request, and in it neither search terms, nor
// bodies, nor who asked.
func TestAccessLog(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	s.get("/api/v1/entries?author=searched-for")
	s.post(client.TypeJSON, []byte("body-text"))
	s.get("/" + strings.Repeat("long", 300))
	s.mustSubmit(s.request(a))
	text := s.Log()
	for _, secret := range []string{"searched-for", "body-text", "127.0.0.1", "salt", "payload"} {
		if strings.Contains(text, secret) {
			t.Errorf("the server's log has %q", secret)
		}
	}
	posts := 0
	for line := range strings.Lines(text) {
		var l struct {
			Msg, Method, Path string
			Status            int
			Duration          float64 `json:"duration_ms"`
			Bytes             int64
		}
		l.Duration = -1
		if err := lenient([]byte(line), &l); err != nil || l.Msg != "request" {
			continue
		}
		if l.Method == "" || l.Path == "" || l.Status == 0 || l.Duration < 0 || l.Bytes <= 0 || len(l.Path) > 250 {
			t.Errorf("line %s", line)
		}
		if l.Method == "POST" {
			posts++
		}
	}
	if posts != 5 { // charter, admission, pledge, rubbish, request
		t.Errorf("%d POSTs in the log, want 5", posts)
	}
}

func TestMetrics(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	st := s.request(a)
	s.mustSubmit(st)
	s.client.Submit(t.Context(), st.Submission())
	s.post(client.TypeJSON, []byte("rubbish"))
	s.do("BREW", "/checkpoint", nil, nil)
	s.get("/api/v1/entries/3")
	rec := httptest.NewRecorder()
	s.API.Metrics().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`pledgelog_submissions_total{outcome="logged"} 4`,
		`pledgelog_submissions_total{outcome="known"} 1`,
		`pledgelog_submissions_total{outcome="not-json"} 1`,
		`pledgelog_http_requests_total{method="POST",route="/api/v1/statements",status="201"} 4`,
		`pledgelog_http_requests_total{method="other",route="/checkpoint",status="405"} 1`,
		`pledgelog_http_requests_total{method="GET",route="/api/v1/entries/{ref}",status="200"} 1`,
		`pledgelog_http_request_duration_seconds_count{route="/api/v1/statements"}`,
		"pledgelog_tree_size 4",
		"pledgelog_index_lag_entries 0",
		"pledgelog_submissions_waiting 0",
		"pledgelog_ready 1",
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if s.get("/metrics").StatusCode != 404 {
		t.Error("metrics are on the public listener")
	}
}
