package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// A paperLog is a log on paper: leaves, and keys to sign any checkpoint over them
// with. It does what it is told, lies included.
type paperLog struct {
	t         testing.TB
	origin    string
	signer    *log.Signer
	witnesses []*log.Cosigner
	leaves    [][]byte
}

// seed makes a key seed of a name, so that a failing test can be run again.
func seed(name string) []byte {
	h := sha256.Sum256([]byte(name))
	return h[:]
}

func newPaperLog(t testing.TB, origin string, witnesses ...string) *paperLog {
	t.Helper()
	l := &paperLog{t: t, origin: origin}
	var err error
	if l.signer, err = log.NewSigner(origin, seed(origin)); err != nil {
		t.Fatal(err)
	}
	for _, w := range witnesses {
		c, err := log.NewCosigner(w, seed(w))
		if err != nil {
			t.Fatal(err)
		}
		l.witnesses = append(l.witnesses, c)
	}
	return l
}

// policyOf writes a policy over logs that wants k of the first one's witnesses.
func policyOf(k int, logs ...*paperLog) string {
	var b strings.Builder
	for _, l := range logs {
		fmt.Fprintf(&b, "log %s\n", l.signer.Key())
	}
	if k == 0 {
		return b.String() + "quorum none\n"
	}
	var names []string
	for i, w := range logs[0].witnesses {
		names = append(names, fmt.Sprintf("w%d", i))
		fmt.Fprintf(&b, "witness w%d %s\n", i, w.Key())
	}
	fmt.Fprintf(&b, "group all-of-them %d %s\nquorum all-of-them\n", k, strings.Join(names, " "))
	return b.String()
}

// add logs a leaf and returns its index.
func (l *paperLog) add(leaf []byte) uint64 {
	l.leaves = append(l.leaves, leaf)
	return uint64(len(l.leaves) - 1)
}

// tiles writes the log's tiles to a new folder and returns it with the root.
func (l *paperLog) tiles() (string, log.Hash) {
	l.t.Helper()
	dir := l.t.TempDir()
	b := log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(log.TilePath(level, index, width)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o644)
	})
	for _, leaf := range l.leaves {
		if err := b.Append(log.LeafHash(leaf)); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil {
		l.t.Fatal(err)
	}
	return dir, b.Root()
}

// checkpoint signs the newest one, with cosignatures of the first n witnesses.
func (l *paperLog) checkpoint(n int, at int64) *log.Note {
	l.t.Helper()
	_, root := l.tiles()
	text := log.Checkpoint{Origin: l.origin, Size: uint64(len(l.leaves)), Root: root}.Marshal()
	note, err := l.signer.SignNote(text)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, w := range l.witnesses[:n] {
		sig, err := w.Cosign(text, uint64(at))
		if err != nil {
			l.t.Fatal(err)
		}
		note.Signatures = append(note.Signatures, sig)
	}
	return note
}

// proof proves a leaf under a checkpoint with n cosignatures.
func (l *paperLog) proof(index uint64, n int, at int64) *log.Proof {
	l.t.Helper()
	dir, _ := l.tiles()
	hashes, err := log.NewTileReader(log.DirSource(dir)).InclusionProof(context.Background(), index, uint64(len(l.leaves)))
	if err != nil {
		l.t.Fatal(err)
	}
	return &log.Proof{Extra: l.leaves[index], Index: index, Hashes: hashes, Checkpoint: l.checkpoint(n, at).Marshal()}
}

// A person is somebody with a statement key.
type person struct{ key ed25519.PrivateKey }

func newPerson(name string) person { return person{ed25519.NewKeyFromSeed(seed(name))} }

func (p person) public() entry.Key {
	return entry.NewKey(p.key.Public().(ed25519.PublicKey), entry.UseStatement)
}

func (p person) id() entry.KeyID { return entry.KeyIDOf(p.key.Public().(ed25519.PublicKey)) }

// sign returns a statement signed by some.
func sign(t testing.TB, st *entry.Statement, by ...person) *entry.Submission {
	t.Helper()
	return signWith(t, st, nil, by...)
}

// signWith is sign for a statement with a detached body.
func signWith(t testing.TB, st *entry.Statement, body []byte, by ...person) *entry.Submission {
	t.Helper()
	payload, err := st.Payload()
	if err != nil {
		t.Fatal(err)
	}
	env := &entry.Envelope{Payload: payload}
	for _, p := range by {
		env.Sign(p.id(), ed25519.Sign(p.key, env.PAE()))
	}
	sub, err := entry.ParseSubmission((&entry.Submission{Envelope: env, Body: body}).Marshal())
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// pledgeBy is a small statement: the seq of an author, naming no real charter.
func pledgeBy(origin, author string, seq uint64, made time.Time) *entry.Statement {
	st := &entry.Statement{
		Log: origin, Author: author, Lane: entry.LaneMain, Seq: seq, Made: made.Unix(), Kind: entry.KindPledge,
		Body: &entry.Pledge{Charter: sha256.Sum256([]byte("charter")), Clauses: []string{"no-backdoors"}},
	}
	if seq > 1 {
		st.Prev = sha256.Sum256([]byte("previous"))
	}
	return st
}

func leafOf(sub *entry.Submission, logged time.Time) []byte {
	return (&entry.Leaf{Logged: logged.Unix(), Statement: sub.Envelope}).Marshal()
}

// pledgeCommand runs the real command line and returns what it said.
func pledgeCommand(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files lists a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
