// Package witnesstest has witnesses for tests: honest ones, as c2sp.org/tlog-witness
// has them, that a test can make slow, dead, or lie.
package witnesstest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// Seed makes a secret of a name.
func Seed(name string) []byte {
	s := sha256.Sum256([]byte(name))
	return s[:]
}

// A Lie comes before what an honest witness does, and in its place if it returns
// true.
type Lie func(http.ResponseWriter, *Request) bool

// A Request is one as it was understood.
type Request struct {
	At     time.Time
	HTTP   *http.Request
	Ctx    context.Context
	Add    *log.AddCheckpoint
	CP     log.Checkpoint
	Text   []byte
	Number int // of the requests to this witness, from 1
}

// Witness is an http.Handler under /<its name>/add-checkpoint.
type Witness struct {
	Name  string
	Keys  []*log.Cosigner
	URL   string // its submission prefix
	Clock func() time.Time

	trusts []log.Key
	mu     sync.Mutex
	lie    Lie
	seen   []*Request
	size   uint64
	root   log.Hash
	server *httptest.Server
	shows  func() []byte
}

// Show sets what the witness shows in its monitoring interface; nil, as at first: nothing.
func (w *Witness) Show(checkpoint func() []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shows = checkpoint
}

// New returns a witness of a log with a key of its own, an Ed25519 one made from
// its name, or with the keys given.
func New(name string, trusts log.Key, keys ...*log.Cosigner) *Witness {
	if len(keys) == 0 {
		k, err := log.NewCosigner(name+".example", Seed(name))
		if err != nil {
			panic(err)
		}
		keys = append(keys, k)
	}
	return &Witness{Name: name, Keys: keys, URL: "http://" + name + ".example/" + name, Clock: time.Now, trusts: []log.Key{trusts}, root: log.EmptyRoot()}
}

// Start serves the witness on a port of its own until Stop.
func (w *Witness) Start() {
	w.server = httptest.NewServer(w)
	w.URL = w.server.URL + "/" + w.Name
}

// Stop ends what Start began.
func (w *Witness) Stop() {
	w.server.CloseClientConnections()
	w.server.Close()
}

// Set makes the witness lie; nil makes it honest again.
func (w *Witness) Set(l Lie) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lie = l
}

// Asked returns the requests so far.
func (w *Witness) Asked() []*Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*Request(nil), w.seen...)
}

// State returns size and root of the tree that it cosigned last.
func (w *Witness) State() (uint64, log.Hash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size, w.root
}

// SetState makes the witness one that has cosigned a tree.
func (w *Witness) SetState(size uint64, root log.Hash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size, w.root = size, root
}

// Lines are the witness's lines of a policy. The second key's name has a 2 behind it.
func (w *Witness) Lines() string {
	text := ""
	for i, k := range w.Keys {
		name := w.Name
		if i > 0 {
			name += fmt.Sprint(i + 1)
		}
		text += fmt.Sprintf("witness %s %s %s\n", name, k.Key(), w.URL)
	}
	return text
}

// Line is a cosignature by a key, with the witness's time and so much more.
func (w *Witness) Line(k *log.Cosigner, text []byte, more time.Duration) string {
	s, err := k.Cosign(text, uint64(w.Clock().Add(more).Unix()))
	if err != nil {
		panic(err)
	}
	return s.Line()
}

func (w *Witness) ServeHTTP(rw http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(io.LimitReader(hr.Body, log.MaxAddCheckpointSize+1))
	if err != nil {
		return
	}
	w.mu.Lock()
	shows := w.shows
	w.mu.Unlock()
	if hash := sha256.Sum256([]byte(w.trusts[0].Name)); shows != nil && hr.Method == http.MethodGet && hr.URL.Path == fmt.Sprintf("/%s/%x/checkpoint", w.Name, hash) {
		rw.Write(shows())
		return
	}
	if hr.Method != http.MethodPost || hr.URL.Path != "/"+w.Name+"/add-checkpoint" {
		http.Error(rw, "no such address", http.StatusTeapot)
		return
	}
	add, err := log.ParseAddCheckpoint(body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	r := &Request{HTTP: hr, Ctx: hr.Context(), Add: add, Text: add.Note.Text, At: time.Now()}
	if r.CP, err = log.ParseCheckpoint(r.Text); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.seen = append(w.seen, r)
	r.Number = len(w.seen)
	lie := w.lie
	w.mu.Unlock()
	if lie == nil || !lie(rw, r) {
		w.Honest(rw, r)
	}
}

// Honest answers as the specification has it.
func (w *Witness) Honest(rw http.ResponseWriter, r *Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := r.Add.Old
	switch {
	case r.CP.Origin != w.trusts[0].Name:
		rw.WriteHeader(http.StatusNotFound)
	case !w.signed(r.Add.Note):
		rw.WriteHeader(http.StatusForbidden)
	case old > r.CP.Size:
		rw.WriteHeader(http.StatusBadRequest)
	case old != w.size:
		Conflict(rw, w.size)
	case old == 0 && len(r.Add.Proof) > 0 || log.VerifyConsistency(old, r.CP.Size, w.root, r.CP.Root, r.Add.Proof) != nil:
		rw.WriteHeader(http.StatusUnprocessableEntity)
	default:
		w.size, w.root = r.CP.Size, r.CP.Root
		for _, k := range w.Keys {
			io.WriteString(rw, w.Line(k, r.Text, 0))
		}
	}
}

func (w *Witness) signed(n *log.Note) bool {
	for _, s := range n.Signatures {
		for _, k := range w.trusts {
			if s.Name == k.Name && s.ID == k.ID {
				_, err := k.Verify(n.Text, s)
				return err == nil
			}
		}
	}
	return false
}

// Conflict answers that the tree of this size was cosigned last.
func Conflict(rw http.ResponseWriter, size uint64) {
	rw.Header().Set("Content-Type", "text/x.tlog.size")
	rw.WriteHeader(http.StatusConflict)
	fmt.Fprintf(rw, "%d\n", size)
}

// Status returns a lie of a status alone.
func Status(code int) Lie {
	return func(rw http.ResponseWriter, _ *Request) bool { rw.WriteHeader(code); return true }
}

// Hang returns a lie of an answer that does not come.
func Hang() Lie {
	return func(_ http.ResponseWriter, r *Request) bool { <-r.Ctx.Done(); return true }
}

// Dead returns a lie of a connection that breaks.
func Dead() Lie {
	return func(rw http.ResponseWriter, _ *Request) bool {
		if c, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			c.Close()
		}
		return true
	}
}
