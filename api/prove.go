package api

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/pledgelog/pledgelog/log"
)

// A prover makes tlog-proofs from the published log. It verifies each before
// anybody sees it.
type prover struct {
	source Source
	policy *log.Policy
	tiles  *log.TileReader

	mu   sync.Mutex
	last *log.View
}

func newProver(source Source, policy *log.Policy) *prover {
	return &prover{source: source, policy: policy, tiles: log.NewTileReader(source)}
}

// head returns the published checkpoint. It is verified once.
func (p *prover) head(ctx context.Context) (*log.View, error) {
	raw, err := p.source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil && bytes.Equal(p.last.Raw, raw) {
		return p.last, nil
	}
	view, err := p.policy.Open(raw)
	if err != nil {
		return nil, fmt.Errorf("verify checkpoint: %w", err)
	}
	p.last = view
	return view, nil
}

// prove returns the tlog-proof of a leaf under a checkpoint that covers it, with
// the leaf as its extra data.
func (p *prover) prove(ctx context.Context, view *log.View, index uint64, leaf []byte) ([]byte, error) {
	hashes, err := p.path(ctx, view, index, leaf)
	if err != nil {
		return nil, err
	}
	proof := log.Proof{Extra: leaf, Index: index, Hashes: hashes, Checkpoint: view.Raw}
	return proof.Marshal(), nil
}

// path returns the inclusion proof of a leaf under a checkpoint that covers it.
func (p *prover) path(ctx context.Context, view *log.View, index uint64, leaf []byte) ([]log.Hash, error) {
	c := view.Checkpoint
	hashes, err := p.tiles.InclusionProof(ctx, index, c.Size)
	if err != nil {
		return nil, fmt.Errorf("prove inclusion of entry %d: %w", index, err)
	}
	if err := log.VerifyInclusion(index, c.Size, log.LeafHash(leaf), c.Root, hashes); err != nil {
		p.tiles.Forget()
		return nil, fmt.Errorf("verify inclusion of entry %d: %w", index, err)
	}
	return hashes, nil
}
