package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A member is a signatory, acme, at a real server, in a folder of its own which is
// the current one. Between them is a wire that hears everything, and that can be cut.
type member struct {
	t      *testing.T
	dir    string
	server *apitest.Server
	wire   *wire
	said   bytes.Buffer // all that any command printed
}

// A wire passes requests on to a server and keeps what was sent.
type wire struct {
	mu    sync.Mutex
	heard bytes.Buffer // request lines and bodies
	lines []string     // request lines
	times []time.Time  // when each came
	cut   func(n int, r *http.Request) breakage
	// instead answers what the server does not, or changes what it answered; nil for nobody.
	instead func(rw http.ResponseWriter, r *http.Request, pass http.Handler) (done bool)
	proxy   *httputil.ReverseProxy
}

// A breakage is what becomes of a request.
type breakage int

const (
	whole      breakage = iota
	neverSent           // the connection breaks before the server hears of it
	noAnswer            // the server has done it, and the answer is lost
	halfAnswer          // the answer breaks off
)

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.mu.Lock()
	n := len(w.lines)
	w.lines, w.times = append(w.lines, r.Method+" "+r.URL.RequestURI()), append(w.times, time.Now())
	fmt.Fprintf(&w.heard, "%s %s\n%v\n%s\n", r.Method, r.URL.RequestURI(), r.Header, body)
	cut, instead := w.cut, w.instead
	w.mu.Unlock()
	how := whole
	if cut != nil {
		how = cut(n, r)
	}
	if how == neverSent {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if instead != nil && instead(rw, r, w.proxy) {
		return
	}
	if how == whole {
		w.proxy.ServeHTTP(rw, r)
		return
	}
	answer := httptest.NewRecorder()
	w.proxy.ServeHTTP(answer, r)
	if how == halfAnswer {
		for k, v := range answer.Header() {
			rw.Header()[k] = v
		}
		rw.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
		rw.WriteHeader(answer.Code)
		rw.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		rw.(http.Flusher).Flush()
	}
	panic(http.ErrAbortHandler)
}

// sent returns all that went over the wire, and forgets it.
func (w *wire) sent() (heard []byte, lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard, lines = bytes.Clone(w.heard.Bytes()), w.lines
	w.heard.Reset()
	w.lines = nil
	return heard, lines
}

// newMember founds a log with weekly slots, and has acme admitted and pledged.
func newMember(t *testing.T) *member {
	t.Helper()
	return newMemberOf(t, 1, "acme1")
}

// newMemberOf is newMember for keys of which several have to sign. A name that begins
// with ssh-agent: is that of a key there, with its public half in the file of what follows.
func newMemberOf(t *testing.T, threshold int, keys ...string) *member {
	t.Helper()
	var err error
	m := &member{t: t, dir: t.TempDir()}
	t.Chdir(m.dir)
	world := generator.New(generator.Options{Start: time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)})
	if m.server, err = apitest.Start(t.Context(), world); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.server.Close(); err != nil {
			t.Error(err)
		}
	})
	temp := filepath.Join(m.dir, "temp")
	if err = os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	to, err := url.Parse(m.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	m.wire = &wire{proxy: httputil.NewSingleHostReverseProxy(to)}
	front := httptest.NewServer(m.wire)
	t.Cleanup(front.Close)
	front.Config.ErrorLog = nil
	vkey := world.Signer.Key().String()
	m.file("checkpoint.pub", vkey+"\n")
	m.file("policy.txt", "log "+vkey+" "+front.URL+"\nquorum none\n")
	m.clock("2026-01-05T09:00:00Z")
	for _, key := range []string{"sec1", "rec1", "op1"} {
		m.must("keygen", "--out", key, "--unencrypted")
	}
	m.file("phrase", "a long green lantern\n")
	m.must("safe", "new", "--out", "acme.safe", "--passphrase-file", "phrase")
	var public []string
	for _, key := range keys {
		name, held := strings.CutPrefix(key, "ssh-agent:")
		if held {
			m.must("keygen", "--from", key, "--out", name)
		} else {
			m.must("keygen", "--out", key, "--unencrypted")
		}
		public = append(public, name+".pub")
	}
	m.must("keygen", "--out", "slot1", "--use", "slot", "--unencrypted")
	m.file("charter.yaml", `accord: An accord of companies
logKeys: [checkpoint.pub]
clauses:
  - {id: no-backdoors, text: We supply no backdoor.}
attestation: quarter
graceDays: 30
fileDays: 30
decisionDays: 180
replyDays: 30
reviewDays: 365
slots: week
secretariat: {threshold: 1, keys: [sec1.pub]}
recovery: {threshold: 1, keys: [rec1.pub]}
operator: {threshold: 1, keys: [op1.pub]}
`)
	m.must("new", "charter", "--from", "charter.yaml", "--simulated-clock", "clock")
	m.log("secretariat-charter-1", "sec1", "rec1", "op1")
	m.file("admit.yaml", `id: acme
name: Acme Systems Ltd
role: signatory
country: XB
website: https://acme.example/
threshold: `+fmt.Sprint(threshold)+`
keys: [`+strings.Join(append(public, "slot1.pub"), ", ")+`]
`)
	m.draft("admit", "")
	m.log("secretariat-admit-2", append([]string{"sec1", "slot1"}, keys...)...)
	m.file("pledge.yaml", "author: acme\nclauses: [no-backdoors]\n")
	m.draft("pledge", "")
	m.log("acme-pledge-1", keys...)
	m.wire.sent()
	return m
}

func (m *member) file(name, text string) { write(m.t, filepath.Join(m.dir, name), []byte(text)) }

func (m *member) clock(at string) {
	m.t.Helper()
	unix, err := entry.ParseTime(at)
	if err != nil {
		m.t.Fatal(err)
	}
	m.server.SetTime(unix)
	m.file("clock", at+"\n")
}

// run runs a command line, which does not wait long for what was cut.
func (m *member) run(args ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs)
	a.http = client.Options{Backoff: time.Millisecond, Attempts: 1}
	code = a.run(m.t.Context(), args)
	m.said.Write(out.Bytes())
	m.said.Write(errs.Bytes())
	return code, out.String(), errs.String()
}

// must runs what has to succeed, and returns the entry id that it printed, if any.
func (m *member) must(args ...string) entry.ID {
	m.t.Helper()
	code, stdout, stderr := m.run(args...)
	if code != commandline.ExitDone {
		m.t.Fatalf("%q: exit %d\n%s%s", args, code, stdout, stderr)
	}
	if found := printedID.FindStringSubmatch(stdout); found != nil {
		id, err := entry.ParseID(found[1])
		if err != nil {
			m.t.Fatal(err)
		}
		return id
	}
	return entry.ID{}
}

var printedID = regexp.MustCompile(`(?m)^entry id    ([0-9a-f]{64})$`)

// unlocked are the flags with which acme reads what it keeps back.
var unlocked = []string{"--safe-key", "acme.safe", "--safe-passphrase-file", "phrase"}

// unlock adds them to a command line.
func unlock(args ...string) []string { return slices.Concat(args, unlocked) }

// draft drafts KIND from KIND.yaml, or from another file.
func (m *member) draft(kind, from string, more ...string) entry.ID {
	m.t.Helper()
	if from == "" {
		from = kind + ".yaml"
	}
	keep := []string{"--safe", "acme.safe.pub"}
	if slices.Contains(more, "--unencrypted") {
		keep = nil
	}
	return m.must(slices.Concat([]string{"new", kind, "--from", from, "--policy", "policy.txt", "--simulated-clock", "clock"}, keep, more)...)
}

// log signs a draft and submits it.
func (m *member) log(name string, keys ...string) entry.ID {
	m.t.Helper()
	for _, k := range keys {
		m.must(unlock("sign", name+".json", "--key", k, "--yes")...)
	}
	return m.must(unlock("submit", name+".json", "--policy", "policy.txt")...)
}

var slotRun = []string{"slot", "--author", "acme", "--key", "slot1", "--policy", "policy.txt", "--simulated-clock", "clock"}

// slots returns the slots that the log holds, the oldest first.
func (m *member) slots() []*entry.Statement {
	m.t.Helper()
	api, err := client.New(m.server.URL, client.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	page, err := api.Entries(m.t.Context(), client.Query{Author: "acme", Kind: entry.KindSlot, Limit: 100})
	if err != nil {
		m.t.Fatal(err)
	}
	var out []*entry.Statement
	for i := len(page.Entries) - 1; i >= 0; i-- {
		st, err := statementOf(page.Entries[i].Leaf)
		if err != nil {
			m.t.Fatal(err)
		}
		out = append(out, st)
	}
	return out
}
