package witness_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// An operator runs the log of a world, as a server does: tiles and bundles are there
// before the checkpoint, texts and the archive after it. It answers over HTTP, and
// keeps whatever rules it likes.
type operator struct {
	tb     testing.TB
	w      *generator.World
	tree   *tree
	server *httptest.Server

	mu        sync.Mutex
	site      *generator.Site
	earlier   []*generator.Site // as it was at earlier sizes
	published uint64
	archive   []byte
	shown     []byte            // in place of the checkpoint that was published
	since     map[string]uint64 // index of the entry with which a text is there
	gone      map[string]bool   // paths that are not served
	still     map[string][]byte // files that are served although the log has them no more
	asked     map[string]int    // how often each was asked for
	hook      func(path string) // called with each
}

func newOperator(tb testing.TB, w *generator.World) *operator {
	tb.Helper()
	o := &operator{tb: tb, w: w, gone: make(map[string]bool), asked: make(map[string]int)}
	o.server = httptest.NewServer(o)
	tb.Cleanup(o.server.Close)
	o.write()
	return o
}

// write has all that the world logged on disk, and nothing more published.
func (o *operator) write() {
	o.tb.Helper()
	dir := filepath.Join(o.tb.TempDir(), "log")
	if err := o.w.WriteDir(dir); err != nil {
		o.tb.Fatal(err)
	}
	t, since := new(tree), make(map[string]uint64)
	for i, e := range o.w.Logged {
		h, err := tlog.StoredHashes(int64(i), e.Leaf, t)
		if err != nil {
			o.tb.Fatal(err)
		}
		t.hashes = append(t.hashes, h...)
		if e.Digest != "" {
			since[log.BodyPath(e.Digest)] = uint64(i)
		}
		if i%log.TileWidth == log.TileWidth-1 {
			since[log.BodiesBundlePath(uint64(i)/log.TileWidth)] = uint64(i)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.site != nil {
		o.earlier = append(o.earlier, o.site)
	}
	o.site, o.tree, o.since = o.w.Open(dir), t, since
}

// publish has everything published.
func (o *operator) publish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.published < o.w.Size() {
		o.published = o.w.Size()
		o.archive = log.AppendArchive(o.archive, o.w.Checkpoint(o.published, o.tree.root(o.published), o.w.Now()))
	}
}

// hide keeps a file from being served, or serves it again.
func (o *operator) hide(path string, hidden bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone[path] = hidden
}

// keep goes on serving what the log has no more; nil: no longer.
func (o *operator) keep(path string, b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.still = map[string][]byte{path: b}; b == nil {
		o.still = nil
	}
}

func (o *operator) onRead(hook func(path string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hook = hook
}

func (o *operator) reads(path string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked[path]
}

func (o *operator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	o.mu.Lock()
	o.asked[path]++
	hook := o.hook
	o.mu.Unlock()
	if hook != nil {
		hook(path)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	b, err := o.site.Read(path)
	if still, ok := o.still[path]; err != nil && ok {
		b, err = still, nil
	}
	// Partial tiles stay for a while.
	for i := 0; err != nil && i < len(o.earlier) && strings.HasPrefix(path, "tile/") && strings.Contains(path, ".p/"); i++ {
		b, err = o.earlier[i].Read(path)
	}
	switch {
	case err != nil, o.gone[path], o.isWaiting(path):
		http.NotFound(w, r)
		return
	case path == log.CheckpointPath && o.shown != nil:
		b = o.shown
	case path == log.CheckpointPath:
		b = o.w.Checkpoint(o.published, o.tree.root(o.published), o.w.Now())
	case path == log.ArchivePath:
		b = o.archive
	}
	w.Write(b)
}

// isWaiting reports whether a file is there only once more is published.
func (o *operator) isWaiting(path string) bool {
	if path == log.CheckpointPath || path == log.ArchivePath {
		return o.published == 0
	}
	since, ok := o.since[path]
	return ok && since >= o.published
}

// request asks for a cosignature over all that was logged.
func (o *operator) request(old uint64) *log.AddCheckpoint {
	o.tb.Helper()
	return o.requestOf(o.tree, old, o.w.Size())
}

func (o *operator) requestOf(t *tree, old, size uint64) *log.AddCheckpoint {
	o.tb.Helper()
	text := log.Checkpoint{Origin: o.w.Options.Origin, Size: size, Root: t.root(size)}.Marshal()
	n, err := o.w.Signer.SignNote(text)
	if err != nil {
		o.tb.Fatal(err)
	}
	return &log.AddCheckpoint{Old: old, Proof: t.proof(old, size), Note: n}
}

// An auditBench is an auditing witness of one operator's log.
type auditBench struct {
	*bench
	o       *operator
	auditor *witness.Auditor
	change  []func(*witness.AuditorConfig)
}

func newAuditBench(t testing.TB, o *operator, change ...func(*witness.AuditorConfig)) *auditBench {
	t.Helper()
	b := &auditBench{bench: &bench{tb: t, logs: new(syncBuffer), now: time.Unix(o.w.Now(), 0)}, o: o, change: change}
	b.state, b.dir = newState(t)
	b.audits(o.w)
	b.restart()
	return b
}

func (b *auditBench) audits(w *generator.World) {
	b.tb.Helper()
	_, changed, err := b.state.AddAudited(b.tb.Context(), w.Options.Origin, []log.Key{w.Signer.Key()}, false, b.auditOf(w))
	if err != nil || !changed {
		b.tb.Fatal(changed, err)
	}
}

func (b *auditBench) auditOf(w *generator.World) *witness.AuditOf {
	return &witness.AuditOf{Policy: string(w.Policy.Marshal()), Charter: w.Charter.String(), Source: b.o.server.URL}
}

// restart makes a witness on the state, as a start of the program does.
func (b *auditBench) restart() {
	b.tb.Helper()
	if b.auditor != nil {
		b.auditor.Close()
	}
	c := witness.AuditorConfig{State: b.state, Clock: b.clock, Logger: slog.New(slog.NewJSONHandler(b.logs, nil)),
		Wait: 30 * time.Second, Recheck: time.Nanosecond, TextTime: time.Nanosecond}
	for _, f := range b.change {
		f(&c)
	}
	b.auditor = witness.NewAuditor(c)
	b.tb.Cleanup(b.auditor.Close)
	b.start(func(c *witness.Config) { c.Check = b.auditor })
}

// head is the size that was cosigned last.
func (b *auditBench) head() uint64 {
	b.tb.Helper()
	l, err := openState(b.tb, b.dir).Load(b.o.w.Options.Origin)
	if err != nil {
		b.tb.Fatal(err)
	}
	return l.Head.Size
}

// cosignsAll wants all that was logged to be cosigned, and publishes it.
func (b *auditBench) cosignsAll() {
	b.tb.Helper()
	b.cosigned(b.o.request(b.head()))
	b.o.publish()
}

// refuses wants a 503 that names each of some words, and no cosignature.
func (b *auditBench) refuses(words ...string) *http.Response {
	b.tb.Helper()
	return b.refusesTo(b.o.request(b.head()), words...)
}

func (b *auditBench) refusesTo(r *log.AddCheckpoint, words ...string) *http.Response {
	b.tb.Helper()
	before := b.head()
	resp := b.post(r.Marshal())
	got := text(resp)
	// What asks for a later checkpoint never takes this one.
	if resp.StatusCode != 503 || (resp.Header.Get("Retry-After") == "") != strings.HasSuffix(got, "or a later one\n") || strings.Contains(got, "—") {
		b.tb.Errorf("status %d, Retry-After %q: %s", resp.StatusCode, resp.Header.Get("Retry-After"), got)
	}
	for _, w := range words {
		if !strings.Contains(got, w) {
			b.tb.Errorf("no %q in %q", w, got)
		}
	}
	if b.head() != before {
		b.tb.Error("it was cosigned")
	}
	return resp
}

// A page is an audit.json, as those who read it see it.
type page struct {
	Format, Origin, OriginHash, Charter, Policy string
	Verdict, Text                               string
	Checkpoint                                  string
	Size, Published                             uint64
	Root, Began, Ended                          string
	Open, Waiting, Soon                         []pageFinding
	NotListed                                   uint64
	Accepted                                    []struct {
		Finding        pageFinding
		Who, Why, When string
	}
	Decisions []struct {
		Action         string
		Finding        pageFinding
		Who, Why, When string
	}
	Report struct {
		Result   string
		Size     uint64
		Root     string
		Earlier  uint64
		Findings []pageFinding
	}
}

type pageFinding struct {
	Code, Severity, Concerns, Entry, Reason, Text string
	Index                                         *uint64
}

func (b *auditBench) page() page {
	b.tb.Helper()
	resp := b.do(httptest.NewRequest("GET", "/read/"+witness.OriginHash(b.o.w.Options.Origin)+"/audit.json", nil))
	body := text(resp)
	if resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Content-Type") != "application/json" {
		b.tb.Fatalf("%d %v: %s", resp.StatusCode, resp.Header, body)
	}
	if err := schematest.Hold([]byte(body)); err != nil {
		b.tb.Errorf("%v\n%s", err, body)
	}
	var p page
	if err := json.Unmarshal([]byte(body), &p, json.MatchCaseInsensitiveNames(true)); err != nil {
		b.tb.Fatal(err)
	}
	if p.Format != witness.AuditFormat || p.Origin != b.o.w.Options.Origin {
		b.tb.Errorf("%s of %s", p.Format, p.Origin)
	}
	return p
}

func names(list []pageFinding) []string {
	out := []string{}
	for _, f := range list {
		if f.Index == nil {
			out = append(out, f.Code)
			continue
		}
		out = append(out, fmt.Sprintf("%s@%d", f.Code, *f.Index))
	}
	slices.Sort(out)
	return out
}

// decide has a person decide on an open or an accepted finding.
func (b *auditBench) decide(action, name string) error {
	b.tb.Helper()
	l, err := b.state.LastAudit(b.o.w.Options.Origin)
	if err != nil {
		b.tb.Fatal(err)
	}
	for _, f := range l.Counted {
		n := witness.Named{Code: f.Code, Index: f.Index, Entry: f.Entry, Reason: f.Reason, Text: f.Text}
		if n.String() == name {
			return b.state.Decide(b.tb.Context(), b.o.w.Options.Origin, witness.Decision{Action: action, Finding: n, Who: "A. Person", Why: "looked at it", When: "2025-02-01T00:00:00Z"})
		}
	}
	return fmt.Errorf("no finding %s among %d", name, len(l.Counted))
}

func (b *auditBench) accepts(names ...string) {
	b.tb.Helper()
	for _, n := range names {
		if err := b.decide(witness.ActionAccept, n); err != nil {
			b.tb.Fatal(err)
		}
	}
}

// newWorld is one whose first entries are charter, admission and pledge of a
// signatory.
func newWorld(seed uint64) *generator.World {
	w := generator.New(generator.Options{Seed: seed, Signatories: 2, NoDirectories: true})
	w.Log(w.Found())
	w.Advance(time.Minute)
	w.Log(w.Admit(w.Signatories[0]))
	w.Advance(time.Minute)
	w.Log(w.Pledge(w.Signatories[0]))
	w.Advance(time.Minute)
	return w
}

func request1(w *generator.World) {
	w.Log(w.Request(w.Signatories[0], "2025-01", nil))
	w.Advance(time.Minute)
}

// void logs a request whose seq leaves a gap: the rules reject it.
func void(w *generator.World) {
	st := w.Request(w.Signatories[0], "2025-01", nil)
	st.Seq += 5
	w.LogVoid(st)
	w.Advance(time.Minute)
}

// metrics are those of the witness since its start.
func (b *auditBench) metrics() string {
	w := httptest.NewRecorder()
	witness.NewMetrics(b.witness).Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}
