package log

import (
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// ProofIn returns the inclusion proof of the leaf at index in the tree of these leaf
// hashes (RFC 6962, section 2.1.1), leaf to root: for a tree that is small enough to
// hold. An index that is not below their number is an error that matches [ErrProof].
func ProofIn(leaves []Hash, index uint64) ([]Hash, error) {
	size := uint64(len(leaves))
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, fmt.Errorf("%w: no leaf %d in a tree of %d", ErrProof, index, size)
	}
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		begin, end := id.Coverage()
		sub := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
		for _, leaf := range leaves[begin:min(end, size)] {
			if err := sub.Append(leaf[:], nil); err != nil {
				return nil, fmt.Errorf("hash tree: %w", err)
			}
		}
		if hashes[i], err = sub.GetRootHash(nil); err != nil {
			return nil, fmt.Errorf("hash tree: %w", err)
		}
	}
	path, err := nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, fmt.Errorf("hash tree: %w", err)
	}
	out := make([]Hash, len(path))
	for i, h := range path {
		copy(out[i][:], h)
	}
	return out, nil
}
