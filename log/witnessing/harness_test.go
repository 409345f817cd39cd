package witnessing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

const origin = "log.example/test"

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

func newWitness(t testing.TB, tr *tree, name string, keys ...*log.Cosigner) *witness {
	t.Helper()
	return witnesstest.New(name, tr.signer.Key(), keys...)
}

type (
	witness = witnesstest.Witness
	request = witnesstest.Request
)

var (
	seed     = witnesstest.Seed
	conflict = witnesstest.Conflict
)

func mldsa(t testing.TB, name string) *log.Cosigner {
	t.Helper()
	c, err := log.NewMLDSACosigner(name, seed(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

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
		n.hosts[w.Name+".example:80"] = l
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
		text += w.Lines()
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
