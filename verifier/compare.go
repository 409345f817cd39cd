package verifier

import (
	"context"
	"errors"
	"fmt"

	"github.com/pledgelog/pledgelog/log"
)

// Compare says whether two checkpoints of one log, which its key signed, can both be
// true, by the tree's tiles: tiles reads a copy that has those of the larger one. For
// two of one size it needs none, and it may be nil.
//
// The result is evidence if they can't, and nil if the smaller one is a part of the
// larger. An error says that this could not be told: that the copy lacks tiles, or
// that its tiles are not those of the larger checkpoint. Nothing that a copy says can
// make evidence by itself: it is checked as anybody would (CheckEvidence).
func Compare(ctx context.Context, policy *log.Policy, x, y *log.View, tiles *log.TileReader) (*Evidence, error) {
	if x.Checkpoint.Origin != y.Checkpoint.Origin {
		return nil, errors.New("compare checkpoints: they are of two logs")
	}
	if x.Checkpoint.Size > y.Checkpoint.Size {
		x, y = y, x
	}
	small, large := x.Checkpoint, y.Checkpoint
	refute := func(prefix log.Hash, hashes []log.Hash) (*Evidence, error) {
		e, err := forkEvidence(policy, small.Origin, signedOf(x), signedOf(y), prefix, hashes)
		if err != nil {
			return nil, fmt.Errorf("compare checkpoints of sizes %d and %d: %w", small.Size, large.Size, err)
		}
		return e, nil
	}
	switch {
	case small.Size == large.Size && small.Root == large.Root:
		return nil, nil
	case small.Size == large.Size, small.Size == 0 && small.Root != log.EmptyRoot():
		return refute(log.Hash{}, nil)
	case small.Size == 0:
		return nil, nil
	case tiles == nil:
		return nil, fmt.Errorf("compare checkpoints of sizes %d and %d: there is no copy to compare them by", small.Size, large.Size)
	}
	// A tile that was kept may be of another reading of the copy.
	tiles.Forget()
	hashes, err := tiles.ConsistencyProof(ctx, small.Size, large.Size)
	if err != nil {
		return nil, fmt.Errorf("compare checkpoints: %w", err)
	}
	if log.VerifyConsistency(small.Size, large.Size, small.Root, large.Root, hashes) == nil {
		return nil, nil
	}
	prefix, err := tiles.RootAt(ctx, small.Size, large.Size)
	if err != nil {
		return nil, fmt.Errorf("compare checkpoints: %w", err)
	}
	return refute(prefix, hashes)
}
