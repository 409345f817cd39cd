package log_test

import (
	"errors"
	"testing"

	"github.com/pledgelog/pledgelog/log"
)

// TestProofIn proves every leaf of trees of every shape.
func TestProofIn(t *testing.T) {
	var leaves []log.Hash
	tree := log.NewBuilder(nil)
	for size := uint64(1); size <= 70; size++ {
		leaf := log.LeafHash([]byte{byte(size)})
		leaves = append(leaves, leaf)
		if err := tree.Append(leaf); err != nil {
			t.Fatal(err)
		}
		for i := range size {
			path, err := log.ProofIn(leaves, i)
			if err != nil {
				t.Fatalf("leaf %d of %d: %v", i, size, err)
			}
			if err := log.VerifyInclusion(i, size, leaves[i], tree.Root(), path); err != nil {
				t.Errorf("leaf %d of %d: %v", i, size, err)
			}
		}
		if _, err := log.ProofIn(leaves, size); !errors.Is(err, log.ErrProof) {
			t.Errorf("leaf %d of %d: %v, want ErrProof", size, size, err)
		}
	}
}
