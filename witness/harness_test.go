package witness_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

const origin = "log.accord.example/2026"

func seed(name string) []byte {
	h := sha256.Sum256([]byte("test key of " + name))
	return h[:]
}

// A tree is a log's, made with golang.org/x/mod: roots and proofs do not come from
// the code that judges them.
type tree struct{ hashes []tlog.Hash }

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, t.hashes[i])
	}
	return out, nil
}

// newTree returns the tree of size leaves of a history: two histories have their
// first common leaves in common, and no other.
func newTree(tb testing.TB, history string, common, size int64) *tree {
	tb.Helper()
	t := new(tree)
	for n := range size {
		leaf := fmt.Appendf(nil, "%d", n)
		if n >= common {
			leaf = fmt.Appendf(nil, "%d of %s", n, history)
		}
		h, err := tlog.StoredHashes(n, leaf, t)
		if err != nil {
			tb.Fatal(err)
		}
		t.hashes = append(t.hashes, h...)
	}
	return t
}

func (t *tree) root(size uint64) log.Hash {
	h, err := tlog.TreeHash(int64(size), t)
	if err != nil {
		panic(err)
	}
	if size == 0 {
		return sha256.Sum256(nil)
	}
	return log.Hash(h)
}

func (t *tree) proof(old, size uint64) []log.Hash {
	if old == 0 || old >= size {
		return nil
	}
	p, err := tlog.ProveTree(int64(size), int64(old), t)
	if err != nil {
		panic(err)
	}
	var out []log.Hash
	for _, h := range p {
		out = append(out, log.Hash(h))
	}
	return out
}

// A signer makes a log's signature.
type signer func(text []byte) log.NoteSignature

func edSigner(tb testing.TB, name, of string) (signer, log.Key) {
	tb.Helper()
	s, err := log.NewSigner(name, seed(of))
	if err != nil {
		tb.Fatal(err)
	}
	return func(text []byte) log.NoteSignature {
		sig, _ := s.Sign(text)
		return log.NoteSignature{Name: s.Name(), ID: s.KeyHash(), Sig: sig}
	}, s.Key()
}

func pqSigner(tb testing.TB, name, of string) (signer, log.Key) {
	tb.Helper()
	c, err := log.NewMLDSACosigner(name, seed(of))
	if err != nil {
		tb.Fatal(err)
	}
	return func(text []byte) log.NoteSignature {
		s, err := c.Cosign(text, 1)
		if err != nil {
			panic(err)
		}
		return s
	}, c.Key()
}

// A bench is a witness on a state of its own, with a clock that stands where it is
// put.
type bench struct {
	tb      testing.TB
	state   *witness.State
	dir     string
	witness *witness.Witness
	handler http.Handler
	logs    *syncBuffer // what it wrote to its log
	keys    []log.Key   // the witness's
	tree    *tree
	sign    signer // the log's first key
	key     log.Key

	mu  sync.Mutex
	now time.Time
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func cosigners(tb testing.TB) []*log.Cosigner {
	tb.Helper()
	ed, err := log.NewCosigner("witness.example/w1", seed("w1"))
	if err != nil {
		tb.Fatal(err)
	}
	pq, err := log.NewMLDSACosigner("witness.example/w1", seed("w1"))
	if err != nil {
		tb.Fatal(err)
	}
	return []*log.Cosigner{ed, pq}
}

func newState(tb testing.TB) (*witness.State, string) {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "state")
	if err := witness.CreateState(dir); err != nil {
		tb.Fatal(err)
	}
	return openState(tb, dir), dir
}

func openState(tb testing.TB, dir string) *witness.State {
	tb.Helper()
	s, err := witness.OpenState(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func newBench(tb testing.TB, change ...func(*witness.Config)) *bench {
	tb.Helper()
	b := &bench{tb: tb, logs: new(syncBuffer), now: time.Unix(1_767_603_600, 0), tree: newTree(tb, "a", 0, 400)}
	b.state, b.dir = newState(tb)
	b.sign, b.key = edSigner(tb, origin, origin)
	if _, err := b.state.Add(tb.Context(), origin, []log.Key{b.key}, false); err != nil {
		tb.Fatal(err)
	}
	b.start(change...)
	return b
}

// start makes a witness on the state, as a start of the program does.
func (b *bench) start(change ...func(*witness.Config)) {
	b.tb.Helper()
	c := witness.Config{State: b.state, Cosigners: cosigners(b.tb), Clock: b.clock, CosignInterval: time.Microsecond}
	for _, f := range change {
		f(&c)
	}
	b.keys = nil
	for _, s := range c.Cosigners {
		b.keys = append(b.keys, s.Key())
	}
	var err error
	if b.witness, err = witness.New(c); err != nil {
		b.tb.Fatal(err)
	}
	b.handler = witness.NewHandler(witness.HandlerConfig{
		Witness: b.witness, SubmissionPrefix: "/submit", MonitoringPrefix: "/read",
		Logger: slog.New(slog.NewJSONHandler(b.logs, nil)), Metrics: witness.NewMetrics(b.witness),
	})
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// request is a good request from old to size.
func (b *bench) request(old, size uint64) *log.AddCheckpoint {
	return ask(b.tree, old, size, b.sign)
}

func ask(t *tree, old, size uint64, signers ...signer) *log.AddCheckpoint {
	r := &log.AddCheckpoint{Old: old, Proof: t.proof(old, size), Note: &log.Note{
		Text: log.Checkpoint{Origin: origin, Size: size, Root: t.root(size)}.Marshal(),
	}}
	for _, s := range signers {
		r.Note.Signatures = append(r.Note.Signatures, s(r.Note.Text))
	}
	return r
}

func (b *bench) post(body []byte) *http.Response {
	return b.do(httptest.NewRequest("POST", "/submit/add-checkpoint", bytes.NewReader(body)))
}

func (b *bench) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w.Result()
}

func (b *bench) read(origin string) *http.Response {
	h := sha256.Sum256([]byte(origin))
	return b.do(httptest.NewRequest("GET", "/read/"+hex.EncodeToString(h[:])+"/checkpoint", nil))
}

func text(resp *http.Response) string {
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// cosigned has a request cosigned and verifies each key's cosignature, with the time
// that it is to have.
func (b *bench) cosigned(r *log.AddCheckpoint) {
	b.tb.Helper()
	resp := b.post(r.Marshal())
	body := text(resp)
	if resp.StatusCode != 200 {
		b.tb.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	b.verify(r.Note.Text, body, uint64(b.clock().Unix()))
}

func (b *bench) verify(checkpoint []byte, body string, at uint64) {
	b.tb.Helper()
	sigs, err := log.ParseSignatureLines([]byte(body))
	if err != nil || len(sigs) != len(b.keys) {
		b.tb.Fatalf("%d cosignatures for %d keys: %v", len(sigs), len(b.keys), err)
	}
	for i, k := range b.keys {
		got, err := k.Verify(checkpoint, sigs[i])
		if err != nil || got != at {
			b.tb.Errorf("cosignature %d: time %d, want %d, %v", i, got, at, err)
		}
	}
}

// refused wants a status, and that nothing was cosigned and the state is as it was.
func (b *bench) refused(body []byte, status int, want string) *http.Response {
	b.tb.Helper()
	before := b.stored()
	resp := b.post(body)
	got := text(resp)
	if resp.StatusCode != status || !strings.Contains(got, want) {
		b.tb.Errorf("status %d, want %d: %q, want %q in it", resp.StatusCode, status, got, want)
	}
	if strings.Contains(got, "—") {
		b.tb.Errorf("a signature in the answer: %s", got)
	}
	if after := b.stored(); after != before {
		b.tb.Errorf("the state was %s and is %s", before, after)
	}
	return resp
}

// stored is the state of the log as others can read it.
func (b *bench) stored() string {
	b.tb.Helper()
	l, err := openState(b.tb, b.dir).Load(origin)
	if err != nil {
		b.tb.Fatal(err)
	}
	return fmt.Sprintf("%d %x at %d: %s", l.Head.Size, l.Head.Root, l.Time, l.Note)
}
