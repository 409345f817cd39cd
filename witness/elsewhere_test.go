package witness_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/log"
)

// Cosignatures of ours, and what the monitoring interface shows, verify with
// transparency-dev/formats.
func TestOursVerifiesElsewhere(t *testing.T) {
	b := newBench(t)
	r := b.request(0, 7)
	b.cosigned(r)
	answer := text(b.post(b.request(7, 7).Marshal()))
	logKey, err := note.NewVerifier(b.key.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range b.keys {
		v, err := fnote.NewVerifierForCosignatureV1(k.String())
		if err != nil {
			t.Fatal(err)
		}
		for where, raw := range map[string]string{"answer": string(r.Note.Marshal()) + answer, "monitoring": text(b.read(origin))} {
			cp, _, n, err := flog.ParseCheckpoint([]byte(raw), origin, logKey, v)
			if err != nil || len(n.Sigs) != 2 || cp.Size != 7 || log.Hash(cp.Hash) != b.tree.root(7) {
				t.Errorf("%s, type %d: %+v, %v", where, k.Type, cp, err)
				continue
			}
			if at, err := fnote.CoSigV1Timestamp(n.Sigs[1]); err != nil || at.Unix() != b.clock().Unix() {
				t.Errorf("%s, type %d: time %v, %v", where, k.Type, at, err)
			}
		}
	}
}

// Checkpoints of logs that others wrote are cosigned: signed by x/mod, and with ML-DSA-44
// by formats.
func TestTheirsIsCosigned(t *testing.T) {
	edSecret, edPublic, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	pqSecret, pqPublic, err := fnote.GenerateMLDSAKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := note.NewSigner(edSecret)
	if err != nil {
		t.Fatal(err)
	}
	pq, err := fnote.NewMLDSASigner(pqSecret)
	if err != nil {
		t.Fatal(err)
	}
	for name, signers := range map[string][]note.Signer{"Ed25519": {ed}, "ML-DSA-44": {pq}, "both": {pq, ed}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			for _, vkey := range []string{edPublic, pqPublic} {
				k, err := log.ParseKey(vkey)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.state.Add(t.Context(), origin, []log.Key{k}, true); err != nil {
					t.Fatal(err)
				}
			}
			for size := uint64(1); size < 5; size++ {
				root := b.tree.root(size)
				raw, err := note.Sign(&note.Note{Text: string(flog.Checkpoint{Origin: origin, Size: size, Hash: root[:]}.Marshal())}, signers...)
				if err != nil {
					t.Fatal(err)
				}
				n, err := log.ParseNote(raw)
				if err != nil {
					t.Fatal(err)
				}
				b.cosigned(&log.AddCheckpoint{Old: size - 1, Proof: b.tree.proof(size-1, size), Note: n})
			}
		})
	}
}

// A log that others wrote uses our witness: a small one of tessera, which publishes
// nothing that its witnesses did not cosign. Its own client asks, with one key on the
// witness: it keeps one cosignature of an answer.
func TestTesseraUsesThisWitness(t *testing.T) {
	for i, name := range []string{"Ed25519", "ML-DSA-44"} {
		t.Run(name, func(t *testing.T) { tesseraLog(t, i) })
	}
}

func tesseraLog(t *testing.T, key int) {
	b := newBench(t)
	ours := b.keys[key]
	server := httptest.NewServer(b.handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL + "/submit")
	if err != nil {
		t.Fatal(err)
	}
	w, err := tessera.NewWitness(ours.String(), address)
	if err != nil {
		t.Fatal(err)
	}
	secret, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	logKey, err := log.ParseKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.state.Add(t.Context(), origin, []log.Key{logKey}, true); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "log")
	policy := log.Policy{Logs: []log.LogKey{{Key: logKey}}, Witnesses: []log.Witness{{Name: "w", Key: ours}}, Quorum: "w"}
	appended := 0
	// A second start makes it ask from the size that it had published.
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		storage, err := posix.New(ctx, posix.Config{Path: dir, HTTPClient: &http.Client{Timeout: 10 * time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		options := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithCheckpointInterval(100*time.Millisecond).
			WithBatching(16, 20*time.Millisecond).WithWitnesses(tessera.NewWitnessGroup(1, w), &tessera.WitnessOptions{Timeout: 10 * time.Second})
		appender, shutdown, reader, err := tessera.NewAppender(ctx, storage, options)
		if err != nil {
			t.Fatal(err)
		}
		await := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
		for range 3 {
			var last tessera.IndexFuture
			for range 10 {
				last = appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "leaf %d", appended)))
				appended++
			}
			if _, _, err := await.Await(ctx, last); err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
			if err != nil {
				t.Fatal(err)
			}
			v, err := policy.Open(raw)
			if err != nil || v.Checkpoint.Size == 0 {
				t.Fatalf("what tessera published: %+v, %v\n%s", v, err, raw)
			}
		}
		if err := shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
	}
	l, err := b.state.Load(origin)
	if err != nil || l.Head.Size != uint64(appended) {
		t.Errorf("the witness is at size %d of %d, %v", l.Head.Size, appended, err)
	}
	if n := strings.Count(b.logs.String(), `"status":200`); n < 4 {
		t.Errorf("%d cosignatures", n)
	}
}
