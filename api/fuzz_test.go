package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// fuzzed starts a server whose log has a few statements, and returns some more that
// could come next.
func fuzzed(f *testing.F) (s *apitest.Server, author string, next []*entry.Submission) {
	w := generator.New(generator.Options{Seed: 31})
	s, err := apitest.Start(f.Context(), w)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	c, err := client.New(s.URL, client.Options{Attempts: 1, Timeout: 40 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	a := w.Signatories[0]
	for _, make := range []func() *generator.Statement{
		w.Found, func() *generator.Statement { return w.Admit(a) }, func() *generator.Statement { return w.Pledge(a) },
		func() *generator.Statement { return w.Request(a, "2024-12", nil) },
	} {
		st := make()
		w.Log(st)
		if _, err := c.Submit(f.Context(), st.Submission()); err != nil {
			f.Fatal(err)
		}
	}
	for range 3 {
		st := w.Request(a, "2024-12", nil)
		w.Log(st)
		next = append(next, st.Submission())
	}
	return s, a.ID, next
}

// holdProblem wants an answer to be one that the API may give: nothing went wrong
// inside, and what was wrong with the question has a code.
func holdProblem(t *testing.T, status int, header http.Header, body []byte) {
	t.Helper()
	if status >= 500 && status != http.StatusServiceUnavailable {
		t.Fatalf("status %d: %s", status, body)
	}
	if status < 400 || body == nil {
		return
	}
	var p client.Problem
	if err := json.Unmarshal(body, &p, json.RejectUnknownMembers(true)); err != nil || p.Code == "" || p.Status != status || header.Get("Content-Type") != client.ProblemType {
		t.Errorf("status %d, %s: %s (%v)", status, header.Get("Content-Type"), body, err)
	}
}

// FuzzAddress asks for any address, with any headers that say in which form.
func FuzzAddress(f *testing.F) {
	s, author, _ := fuzzed(f)
	for _, path := range []string{
		"/checkpoint", "/checkpoints", "/tile/0/000.p/3", "/tile/entries/000.p/3", "/tile/8/x001/000", "/bodies/bundle/000", "/bodies/" + strings.Repeat("A", 43),
		"/api/v1/entries?limit=2&kind=request&author=" + author, "/api/v1/entries?cursor=before-2", "/api/v1/entries?cursor=after-0&limit=1", "/api/v1/entries?cursor=x&cursor=y",
		"/api/v1/entries/0", "/api/v1/entries/00", "/api/v1/entries/99999999999999999999", "/api/v1/entries/" + strings.Repeat("0", 64) + "/proof", "/api/v1/entries/3/proof",
		"/api/v1/signatories", "/api/v1/signatories/" + author, "/api/v1/signatories/" + author + "/chain", "/api/v1/signatories/secretariat/chain", "/api/v1/vocabulary", "/healthz", "/readyz", "/nowhere", "//", "/api/v1/entries?%zz",
	} {
		f.Add(path, "", "", "")
	}
	f.Add("/tile/entries/000.p/4", "gzip;q=0.5, br", `W/"x", *`, "bytes=0-10")
	f.Add("/checkpoints", "x-gzip ; q = 0", `"`, "bytes=-1,5-")
	f.Fuzz(func(t *testing.T, address, encoding, match, bytes string) {
		u, err := url.ParseRequestURI(address)
		if err != nil || !strings.HasPrefix(address, "/") {
			return // net/http refuses it
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL, r.RequestURI = u, address
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("If-None-Match", match)
		r.Header.Set("Range", bytes)
		w := httptest.NewRecorder()
		s.API.ServeHTTP(w, r)
		holdProblem(t, w.Code, w.Header(), w.Body.Bytes())
		if w.Code == http.StatusOK && w.Header().Get("Content-Type") == client.TypeJSON && w.Header().Get("Content-Encoding") == "" {
			if v := jsontext.Value(w.Body.Bytes()); !v.IsValid() {
				t.Errorf("%s is no JSON: %s", address, v)
			}
		}
	})
}

// FuzzSubmit posts any bytes, as one submission and as lines of them. What is
// answered is an entry or a problem, each of a known form.
func FuzzSubmit(f *testing.F) {
	s, _, next := fuzzed(f)
	var lines []byte
	for _, sub := range next {
		f.Add(false, sub.Marshal())
		lines = append(append(lines, sub.Marshal()...), '\n')
	}
	f.Add(true, lines)
	f.Add(true, append([]byte("\n{}\n"), lines...))
	f.Add(true, []byte("{\"statement\":\n"))
	f.Add(false, []byte(`{"statement":null}`))
	f.Fuzz(func(t *testing.T, many bool, b []byte) {
		kind := client.TypeJSON
		if many {
			kind = client.TypeNDJSON
		}
		resp, err := http.Post(s.URL+"/api/v1/statements", kind, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		holdProblem(t, resp.StatusCode, resp.Header, body)
		switch {
		case resp.StatusCode >= 300:
		case !many:
			var r client.Reply
			if err := json.Unmarshal(body, &r); err != nil {
				t.Errorf("answered %s: %v", body, err)
			}
			if _, err := entry.ParseSubmission(b); err != nil {
				t.Errorf("%q was taken: %v", b, err)
			}
		default:
			for i, l := range parseLines(t, body) {
				if l.Line != i+1 && l.Line != 0 || (l.Problem == nil) == (l.Reply == nil) || l.Status >= 500 && l.Status != http.StatusServiceUnavailable {
					t.Errorf("line %d is answered: %+v", i+1, l)
				}
			}
		}
	})
}
