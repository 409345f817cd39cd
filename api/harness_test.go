package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// A server is everything that `pledgelog serve` runs, on a real listener, and
// the world whose members speak to it.
type server struct {
	t      *testing.T
	world  *generator.World
	clock  atomic.Int64
	url    string
	addr   string
	dir    string
	policy *log.Policy
	api    *api.API
	index  *index.Index
	client *client.Client
	logged *lockedBuffer // what the server wrote to its log
	http   *http.Server
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// An option changes what a server is made of.
type option func(*api.Config)

// newServer starts a server whose log has a charter.
func newServer(t *testing.T, options ...option) *server {
	t.Helper()
	ctx := t.Context()
	s := &server{t: t, world: generator.New(generator.Options{Seed: 7}), dir: t.TempDir(), logged: new(lockedBuffer)}
	s.policy = s.world.Policy
	s.setClock()
	logger := slog.New(slog.NewJSONHandler(s.logged, &slog.HandlerOptions{Level: slog.LevelInfo}))
	fail := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	st, err := sqlite.Create(ctx, filepath.Join(t.TempDir(), "store.db"))
	fail("create store", err)
	engineConfig := embedded.Config{Dir: s.dir, Signer: s.world.Signer, Interval: embedded.MinInterval, Logger: logger}
	fail("create log", embedded.Create(ctx, engineConfig))
	engine, err := embedded.Open(ctx, engineConfig)
	fail("open log", err)
	in, err := intake.Open(ctx, intake.Config{
		Origin: s.world.Options.Origin, Policy: s.policy, Store: st, Log: engine, Dir: s.dir, Logger: logger,
		Clock: func() time.Time { return time.Unix(s.clock.Load(), 0) },
	})
	fail("open intake", err)
	s.index, err = index.Open(ctx, index.Config{Origin: s.world.Options.Origin, Source: engine.Source(), Policy: s.policy, Logger: logger})
	fail("open index", err)

	config := api.Config{
		Origin: s.world.Options.Origin, Policy: s.policy, Source: engine.Source(), Files: os.DirFS(s.dir),
		Intake: in, Index: s.index, Logger: logger,
	}
	for _, o := range options {
		o(&config)
	}
	s.api = api.New(config)
	s.http = api.NewServer(s.api, config.Limits, logger)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fail("listen", err)
	s.addr = l.Addr().String()
	s.url = "http://" + s.addr
	go s.http.Serve(api.LimitConns(l, 512))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		s.http.Close()
		fail("close intake", in.Close(ctx))
		fail("close log", engine.Close(ctx))
		fail("close store", st.Close())
	})
	s.client, err = client.New(s.url, client.Options{Attempts: 1, Timeout: 40 * time.Second})
	fail("make client", err)

	s.mustSubmit(s.world.Found())
	return s
}

func (s *server) setClock() { s.clock.Store(s.world.Now()) }

// say enters a statement in the world's books and returns what goes to the
// server.
func (s *server) say(st *generator.Statement) *entry.Submission {
	s.world.Log(st)
	s.setClock()
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
	view, err := s.policy.Open(resp.body)
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
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
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
	if _, err := s.policy.VerifyProof(p, log.LeafHash(r.Leaf)); err != nil {
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
