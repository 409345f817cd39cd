package witnessing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

const origin = "log.example/test"

func seed(name string) []byte {
	s := sha256.Sum256([]byte(name))
	return s[:]
}

// A tree is a log in memory, of which any size is there at once.
type tree struct {
	t      testing.TB
	signer *log.Signer
	hashes []log.Hash
	forgot int
}

func newTree(t testing.TB, size int) *tree {
	t.Helper()
	s, err := log.NewSigner(origin, seed("the log"))
	if err != nil {
		t.Fatal(err)
	}
	tr := &tree{t: t, signer: s}
	for n := range size {
		tr.hashes = append(tr.hashes, log.LeafHash(fmt.Appendf(nil, "leaf %d", n)))
	}
	return tr
}

func (tr *tree) root(size uint64) log.Hash {
	b := log.NewBuilder(nil)
	for _, h := range tr.hashes[:size] {
		if err := b.Append(h); err != nil {
			tr.t.Fatal(err)
		}
	}
	return b.Root()
}

func (tr *tree) signed(size uint64) []byte {
	n, err := tr.signer.SignNote(log.Checkpoint{Origin: origin, Size: size, Root: tr.root(size)}.Marshal())
	if err != nil {
		tr.t.Fatal(err)
	}
	return n.Marshal()
}

// ConsistencyProof is PROOF of RFC 6962, section 2.1.2, word for word.
func (tr *tree) ConsistencyProof(_ context.Context, m, n uint64) ([]log.Hash, error) {
	var sub func(m uint64, d []log.Hash, whole bool) []log.Hash
	root := func(d []log.Hash) log.Hash {
		b := log.NewBuilder(nil)
		for _, h := range d {
			b.Append(h)
		}
		return b.Root()
	}
	sub = func(m uint64, d []log.Hash, whole bool) []log.Hash {
		if m == uint64(len(d)) {
			if whole {
				return nil
			}
			return []log.Hash{root(d)}
		}
		k := uint64(1)
		for k*2 < uint64(len(d)) {
			k *= 2
		}
		if m <= k {
			return append(sub(m, d[:k], whole), root(d[k:]))
		}
		return append(sub(m-k, d[k:], false), root(d[:k]))
	}
	return sub(m, tr.hashes[:n], true), nil
}

func (tr *tree) Forget() { tr.forgot++ }

// A witness is an honest one, as c2sp.org/tlog-witness has it, in memory. Lie, if
// set, comes first, and answers in its place if it returns true.
type witness struct {
	name string
	keys []*log.Cosigner
	log  *tree
	lie  func(w http.ResponseWriter, r *request) bool

	mu       sync.Mutex
	size     uint64
	root     log.Hash
	requests []*request
	skew     time.Duration // of its clock
}

// A request is one as it was understood.
type request struct {
	at     time.Time
	http   *http.Request
	old    uint64
	proof  []log.Hash
	raw    []byte // the checkpoint
	cp     log.Checkpoint
	text   []byte
	number int // of the requests to this witness, from 1
	ctx    context.Context
}

func newWitness(t testing.TB, tr *tree, name string, keys ...*log.Cosigner) *witness {
	t.Helper()
	if len(keys) == 0 {
		c, err := log.NewCosigner(name+".example", seed(name))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, c)
	}
	return &witness{name: name, keys: keys, log: tr, root: log.EmptyRoot()}
}

func mldsa(t testing.TB, name string) *log.Cosigner {
	t.Helper()
	c, err := log.NewMLDSACosigner(name, seed(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func parseRequest(b []byte) (*request, error) {
	r := new(request)
	head, raw, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return nil, errors.New("no empty line")
	}
	lines := strings.Split(string(head), "\n")
	if _, err := fmt.Sscanf(lines[0], "old %d", &r.old); err != nil || lines[0] != fmt.Sprintf("old %d", r.old) {
		return nil, fmt.Errorf("first line %q", lines[0])
	}
	if len(lines) > 64 {
		return nil, errors.New("over 63 hashes")
	}
	for _, l := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(l)
		if err != nil || len(h) != log.HashSize {
			return nil, fmt.Errorf("hash %q", l)
		}
		r.proof = append(r.proof, log.Hash(h))
	}
	r.raw = raw
	n, err := log.ParseNote(raw)
	if err != nil {
		return nil, err
	}
	r.text = n.Text
	r.cp, err = log.ParseCheckpoint(n.Text)
	return r, err
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		return
	}
	if hr.Method != http.MethodPost || hr.URL.Path != "/"+w.name+"/add-checkpoint" {
		http.Error(rw, "no such address", http.StatusTeapot)
		return
	}
	r, err := parseRequest(body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	r.at, r.http, r.ctx = time.Now(), hr, hr.Context()
	w.requests = append(w.requests, r)
	r.number = len(w.requests)
	lie := w.lie
	w.mu.Unlock()
	if lie != nil && lie(rw, r) {
		return
	}
	w.honest(rw, r)
}

func (w *witness) honest(rw http.ResponseWriter, r *request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case r.cp.Origin != origin:
		http.Error(rw, "", http.StatusNotFound)
		return
	case !w.trusts(r.raw):
		http.Error(rw, "", http.StatusForbidden)
		return
	case r.old > r.cp.Size:
		http.Error(rw, "", http.StatusBadRequest)
		return
	case r.old != w.size:
		conflict(rw, w.size)
		return
	}
	if r.old == 0 && len(r.proof) > 0 || log.VerifyConsistency(r.old, r.cp.Size, w.root, r.cp.Root, r.proof) != nil {
		http.Error(rw, "", http.StatusUnprocessableEntity)
		return
	}
	w.size, w.root = r.cp.Size, r.cp.Root
	for _, k := range w.keys {
		io.WriteString(rw, w.line(k, r.text, w.skew))
	}
}

func (w *witness) trusts(raw []byte) bool {
	n, err := log.ParseNote(raw)
	if err != nil {
		return false
	}
	for _, s := range n.Signatures {
		if s.ID == w.log.signer.Key().ID {
			_, err := w.log.signer.Key().Verify(n.Text, s)
			return err == nil
		}
	}
	return false
}

func (w *witness) line(k *log.Cosigner, text []byte, skew time.Duration) string {
	s, err := k.Cosign(text, uint64(time.Now().Add(skew).Unix()))
	if err != nil {
		panic(err)
	}
	return s.Line()
}

func conflict(rw http.ResponseWriter, size uint64) {
	rw.Header().Set("Content-Type", "text/x.tlog.size")
	rw.WriteHeader(http.StatusConflict)
	fmt.Fprintf(rw, "%d\n", size)
}

func (w *witness) set(lie func(http.ResponseWriter, *request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lie = lie
}

func (w *witness) asked() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*request(nil), w.requests...)
}

func (w *witness) url() string { return "http://" + w.name + ".example/" + w.name }

// A network has a real HTTP server for each witness, on pipes in memory, so that
// synctest moves its clock.
type network struct {
	hosts map[string]*listener
	mu    sync.Mutex
	dials map[string]int
}

type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// newNetwork serves the witnesses that are alive until the test ends.
func newNetwork(t testing.TB, alive ...*witness) *network {
	n := &network{hosts: make(map[string]*listener), dials: make(map[string]int)}
	for _, w := range alive {
		l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
		n.hosts[w.name+".example:80"] = l
		srv := &http.Server{Handler: w, ErrorLog: slog.NewLogLogger(slog.NewTextHandler(io.Discard, nil), slog.LevelError)}
		go srv.Serve(l)
		t.Cleanup(func() { srv.Close() })
	}
	return n
}

func (n *network) transport() *http.Transport {
	tr := newTransport()
	tr.Proxy = nil
	tr.DialContext = func(ctx context.Context, _, addr string) (net.Conn, error) {
		n.mu.Lock()
		n.dials[addr]++
		l := n.hosts[addr]
		n.mu.Unlock()
		if l == nil {
			return nil, errors.New("connection refused")
		}
		ours, theirs := net.Pipe()
		select {
		case l.conns <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return tr
}

// policyOf makes a policy of witnesses, with the lines that follow them.
func policyOf(t testing.TB, tr *tree, ws []*witness, rest string) *log.Policy {
	t.Helper()
	text := "log " + tr.signer.Key().String() + "\n"
	for _, w := range ws {
		for i, k := range w.keys {
			name := w.name
			if i > 0 {
				name += fmt.Sprint(i + 1)
			}
			text += fmt.Sprintf("witness %s %s %s\n", name, k.Key(), w.url())
		}
	}
	p, err := log.ParsePolicy([]byte(text + rest))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newTestClient(t testing.TB, tr *tree, p *log.Policy, n *network, options ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{Policy: p, Prover: tr, Transport: n.transport(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, o := range options {
		o(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// names are the witnesses whose cosignatures a checkpoint has.
func names(v *log.View) string {
	var out []string
	for _, c := range v.Cosignatures {
		out = append(out, c.Witness)
	}
	return strings.Join(out, " ")
}

func mustCosign(t testing.TB, c *Client, p *log.Policy, signed []byte) *log.View {
	t.Helper()
	v, err := c.Cosign(t.Context(), signed)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Open(v.Raw)
	if err != nil || names(again) != names(v) {
		t.Fatalf("what was returned does not hold: %v", err)
	}
	return v
}
