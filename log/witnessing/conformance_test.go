package witnessing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
	"github.com/pledgelog/pledgelog/witness"
)

// growing is a log's tiles in memory.
type growing map[string][]byte

func (g growing) Get(_ context.Context, path string, _ int64) ([]byte, error) {
	if b, ok := g[path]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("%s: %w", path, log.ErrNotFound)
}

func (g growing) String() string { return "memory" }

type checker func() error

func (c checker) Check(context.Context, *witness.Log, log.Checkpoint, []byte) error { return c() }

// Our own witness service and this client understand each other: both kinds of keys
// at one address, proofs from tiles, what it refuses and why.
func TestWithPledgeWitness(t *testing.T) {
	signer, err := log.NewSigner("log.lanternhall.example/2025", witnesstest.Seed("log"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "state")
	if err := witness.CreateState(dir); err != nil {
		t.Fatal(err)
	}
	state, err := witness.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := log.NewCosigner("witness.example/w1", witnesstest.Seed("ed"))
	if err != nil {
		t.Fatal(err)
	}
	pq, err := log.NewMLDSACosigner("witness.example/w1", witnesstest.Seed("pq"))
	if err != nil {
		t.Fatal(err)
	}
	var refuse error
	w, err := witness.New(witness.Config{State: state, Cosigners: []*log.Cosigner{ed, pq}, Check: checker(func() error { return refuse }), CosignInterval: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	srv := httptest.NewServer(witness.NewHandler(witness.HandlerConfig{Witness: w, SubmissionPrefix: "/submit", Logger: quiet}))
	defer srv.Close()
	policy, err := log.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness ed %s %s/submit\nwitness pq %s %s/submit/\ngroup both all ed pq\nquorum both\n", signer.Key(), ed.Key(), srv.URL, pq.Key(), srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	tiles := make(growing)
	tree := log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		tiles[log.TilePath(level, index, width)] = append([]byte(nil), data...)
		return nil
	})
	c, err := witnessing.New(witnessing.Config{Policy: policy, Prover: log.NewTileReader(tiles), Logger: quiet, Backoff: time.Nanosecond, MaxBackoff: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	grow := func(size uint64) []byte {
		for n := tree.Size(); n < size; n++ {
			if err := tree.Append(log.LeafHash(fmt.Append(nil, n))); err != nil {
				t.Fatal(err)
			}
		}
		if err := tree.Flush(); err != nil {
			t.Fatal(err)
		}
		n, err := signer.SignNote(log.Checkpoint{Origin: signer.Name(), Size: size, Root: tree.Root()}.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		return n.Marshal()
	}
	if _, err := c.Cosign(t.Context(), grow(0)); !errors.Is(err, log.ErrQuorum) || !errors.Is(c.Figures()[0].LastError, witnessing.ErrUnknownLog) {
		t.Errorf("a log that it was not told of: %v", err)
	}
	if _, err := state.Add(t.Context(), signer.Name(), []log.Key{signer.Key()}, false); err != nil {
		t.Fatal(err)
	}
	for _, size := range []uint64{0, 1, 2, 255, 256, 256, 300, 1000} {
		v, err := c.Cosign(t.Context(), grow(size))
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if len(v.Cosignatures) != 2 || v.Checkpoint.Size != size {
			t.Errorf("size %d: %+v", size, v.Cosignatures)
		}
	}
	refuse = fmt.Errorf("%w: entry 7 is not there", witness.ErrRefused)
	if _, err := c.Cosign(t.Context(), grow(1010)); !errors.Is(err, log.ErrQuorum) || !strings.Contains(err.Error(), "entry 7 is not there") {
		t.Errorf("what it refuses: %v", err)
	}
	refuse = nil
	time.Sleep(time.Millisecond)
	// The service may have asked to be left alone for a while.
	if f := c.Figures()[0]; f.NotBefore.IsZero() {
		if _, err := c.Cosign(t.Context(), grow(1010)); err != nil {
			t.Error(err)
		}
	} else if wait := time.Until(f.NotBefore); wait < 0 || wait > time.Hour {
		t.Errorf("it asked to wait %v", wait)
	}
}
