package witness_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

type prover struct{ *tree }

func (p prover) ConsistencyProof(_ context.Context, old, size uint64) ([]log.Hash, error) {
	return p.proof(old, size), nil
}

// The client of our own log and this witness, over HTTP: both keys' cosignatures in one
// answer, from whatever size, and what is said of a log that forks or is behind.
func TestOurLogUsesThisWitness(t *testing.T) {
	b := newBench(t)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	policy := log.Policy{
		Logs: []log.LogKey{{Key: b.key}},
		Witnesses: []log.Witness{
			{Name: "ed", Key: b.keys[0], URL: server.URL + "/submit"}, {Name: "pq", Key: b.keys[1], URL: server.URL + "/submit"},
		},
		Groups: []log.Group{{Name: "both", K: 2, Members: []string{"ed", "pq"}}},
		Quorum: "both",
	}
	client := func(tree *tree) *witnessing.Client {
		c, err := witnessing.New(witnessing.Config{
			Policy: &policy, Prover: prover{tree}, Clock: b.clock, Timeout: 5 * time.Second, Backoff: time.Millisecond,
			Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	for _, sizes := range [][]uint64{{0, 1, 7, 7, 8}, {8, 300}} { // a second client does not know where the first was
		c := client(b.tree)
		for _, size := range sizes {
			v, err := c.Cosign(t.Context(), b.request(0, size).Note.Marshal())
			if err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
			if v.Checkpoint.Size != size {
				t.Errorf("size %d: %+v", size, v)
			}
		}
	}
	_, ahead, err := client(b.tree).CosignAll(t.Context(), b.request(0, 299).Note.Marshal())
	if err == nil || len(ahead) == 0 || ahead[0].Size != 300 {
		t.Errorf("a log that is behind: %v, %v", ahead, err)
	}
	for _, size := range []uint64{300, 400} {
		fork := newTree(t, "b", 299, 400)
		c := client(fork)
		if _, err := c.Cosign(t.Context(), ask(fork, 0, size, b.sign).Note.Marshal()); !errors.Is(err, log.ErrQuorum) {
			t.Errorf("a fork of size %d: %v", size, err)
		}
		for _, f := range c.Figures() {
			if !errors.Is(f.LastError, witnessing.ErrInconsistent) {
				t.Errorf("a fork of size %d, %s: %v", size, f.Witness, f.LastError)
			}
		}
	}
}
