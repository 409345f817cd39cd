package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// A server is a real one, and the world whose members speak to it.
type server struct {
	*apitest.Server
	t      *testing.T
	world  *generator.World
	client *client.Client
}

// newServer starts a server whose log has a charter.
func newServer(t *testing.T, options ...func(*api.Config)) *server {
	t.Helper()
	return serverOf(t, generator.Options{Seed: 7}, apitest.Start, options...)
}

// serverOf starts a server of the log of another world.
func serverOf(t *testing.T, world generator.Options, start func(context.Context, *generator.World, ...func(*api.Config)) (*apitest.Server, error), options ...func(*api.Config)) *server {
	t.Helper()
	s := &server{t: t, world: generator.New(world)}
	var err error
	if s.Server, err = start(t.Context(), s.world, options...); err != nil {
		t.Fatalf("start server: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close server: %v", err)
		}
	})
	if s.client, err = client.New(s.URL, client.Options{Attempts: 1, Timeout: 40 * time.Second}); err != nil {
		t.Fatal(err)
	}
	s.mustSubmit(s.world.Found())
	return s
}

// say enters a statement in the world's books and returns what goes to the
// server.
func (s *server) say(st *generator.Statement) *entry.Submission {
	s.world.Log(st)
	s.SetTime(s.world.Now())
	return st.Submission()
}

func (s *server) mustSubmit(st *generator.Statement) *client.Reply {
	s.t.Helper()
	r, err := s.client.Submit(s.t.Context(), s.say(st))
	if err != nil {
		s.t.Fatalf("submit a %s by %s: %v", st.Kind, st.Author, err)
	}
	return r
}

// member admits the n-th signatory and has it pledge.
func (s *server) member(n int) *generator.Author {
	s.t.Helper()
	a := s.world.Signatories[n]
	s.mustSubmit(s.world.Admit(a))
	s.mustSubmit(s.world.Pledge(a))
	return a
}

// request drafts a request received last month.
func (s *server) request(a *generator.Author) *generator.Statement {
	return s.world.Request(a, lastMonth(s.world), nil)
}

func lastMonth(w *generator.World) string {
	return time.Unix(w.Now(), 0).UTC().AddDate(0, -1, 0).Format("2006-01")
}

// size returns the size of the published log.
func (s *server) size() uint64 {
	s.t.Helper()
	resp := s.get("/checkpoint")
	view, err := s.Policy.Open(resp.body)
	if err != nil {
		s.t.Fatalf("open checkpoint: %v", err)
	}
	return view.Checkpoint.Size
}

// An answer is a whole HTTP answer.
type answer struct {
	*http.Response
	body []byte
}

func (a *answer) problem(t *testing.T) *client.Problem {
	t.Helper()
	if ct := a.Header.Get("Content-Type"); ct != client.ProblemType {
		t.Fatalf("status %d has content type %q and not that of a problem: %.300s", a.StatusCode, ct, a.body)
	}
	p := new(client.Problem)
	if err := json.Unmarshal(a.body, p, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("read problem: %v in %s", err, a.body)
	}
	if p.Status != a.StatusCode {
		t.Errorf("problem has status %d and the answer %d", p.Status, a.StatusCode)
	}
	if p.Type != client.ProblemURN+string(p.Code) || p.Title == "" || p.Detail == "" || p.Hint == "" {
		t.Errorf("problem lacks something: %s", a.body)
	}
	return p
}

// plain asks without adding headers of its own.
var plain = &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 40 * time.Second}

func (s *server) do(method, path string, header map[string]string, body io.Reader) *answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := plain.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	return &answer{resp, b}
}

func (s *server) get(path string) *answer {
	s.t.Helper()
	return s.do("GET", path, nil, nil)
}

func (s *server) post(contentType string, body []byte) *answer {
	s.t.Helper()
	return s.do("POST", "/api/v1/statements", map[string]string{"Content-Type": contentType}, bytes.NewReader(body))
}

// stream posts lines and returns the answers to them.
func (s *server) stream(body string) []client.Line {
	s.t.Helper()
	a := s.post(client.TypeNDJSON, []byte(body))
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != client.TypeNDJSON {
		s.t.Fatalf("status %d, content type %q: %s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
	return parseLines(s.t, a.body)
}

func parseLines(t *testing.T, b []byte) []client.Line {
	t.Helper()
	var out []client.Line
	for text := range strings.Lines(string(b)) {
		var l client.Line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("read answer %q: %v", text, err)
		}
		out = append(out, l)
	}
	return out
}

// verify holds a reply against the policy and what was sent.
func (s *server) verify(r *client.Reply, sub *entry.Submission) {
	s.t.Helper()
	p, err := log.ParseProof([]byte(r.Proof))
	if err != nil {
		s.t.Fatalf("parse proof: %v", err)
	}
	if !bytes.Equal(p.Extra, r.Leaf) || p.Index != r.Index {
		s.t.Errorf("proof is of index %d and has %d bytes extra; the reply has index %d and %d bytes", p.Index, len(p.Extra), r.Index, len(r.Leaf))
	}
	if _, err := s.Policy.VerifyProof(p, log.LeafHash(r.Leaf)); err != nil {
		s.t.Errorf("verify proof: %v", err)
	}
	leaf, err := entry.ParseLeaf(r.Leaf)
	if err != nil {
		s.t.Fatalf("parse leaf: %v", err)
	}
	if !bytes.Equal(leaf.Statement.Marshal(), sub.Envelope.Marshal()) || r.ID != sub.Statement.ID {
		s.t.Error("the leaf holds another statement than was sent")
	}
}

// codeOf returns the code of a problem.
func codeOf(err error) entry.Code {
	var p *client.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v, json.RejectUnknownMembers(true)) }

func lenient(b []byte, v any) error {
	return json.Unmarshal(b, v, json.MatchCaseInsensitiveNames(true))
}
