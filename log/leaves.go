package log

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// bundlesAhead is how many bundles are read at the same time. Each may take
// up to MaxBundleSize bytes.
const bundlesAhead = 4

// Leaf returns the leaf at index, read from the bundle that holds it in the
// tree of this size. It is not verified: check its [LeafHash] by an inclusion
// proof.
func (r *TileReader) Leaf(ctx context.Context, index, size uint64) ([]byte, error) {
	if index >= size || size > MaxTreeSize {
		return nil, fmt.Errorf("read leaf: no leaf %d in a tree of %d", index, size)
	}
	leaves, err := r.bundle(ctx, index/TileWidth, size)
	if err != nil {
		return nil, fmt.Errorf("read leaf %d: %w", index, err)
	}
	return leaves[index%TileWidth], nil
}

// bundle returns the leaves of one bundle in the tree of this size.
func (r *TileReader) bundle(ctx context.Context, index, size uint64) ([][]byte, error) {
	t := Tile{EntriesLevel, index, TileWidthAt(EntriesLevel, index, size)}
	b, width, err := r.get(ctx, t, MaxBundleFile)
	if err != nil {
		return nil, err
	}
	leaves, err := ParseBundle(b, width)
	if err != nil {
		path := Tile{EntriesLevel, index, width}.Path()
		return nil, fmt.Errorf("read %s from %s: %w", path, r.src, err)
	}
	return leaves[:t.Width], nil
}

// Leaves reads the leaves from start up to but without end, in order, bundle
// by bundle, a few of them ahead. Size is that of the tree to read them in.
//
//	it := r.Leaves(ctx, 0, size, size)
//	for first, leaves := range it.All() {
//		// leaves[i] is leaf first+i
//	}
//	if err := it.Err(); err != nil {
//
// None of them is verified: compute the root with a [Builder] and compare.
func (r *TileReader) Leaves(ctx context.Context, start, end, size uint64) *LeafIterator {
	it := &LeafIterator{r: r, ctx: ctx, start: start, end: end, size: size}
	if start > end || end > size || size > MaxTreeSize {
		it.err = fmt.Errorf("read leaves: no leaves %d to %d in a tree of %d", start, end, size)
	}
	return it
}

// LeafIterator reads a range of leaves; see [TileReader.Leaves]. It is for one
// use, by one goroutine.
type LeafIterator struct {
	r                *TileReader
	ctx              context.Context
	start, end, size uint64
	err              error
}

// Err returns what ended the iteration early, nil if it came to its end or the
// caller left it.
func (it *LeafIterator) Err() error { return it.err }

// All yields the index of a first leaf and that leaf with those after it, at
// most 256 and never none. It stops at the first error; see Err.
func (it *LeafIterator) All() iter.Seq2[uint64, [][]byte] {
	return func(yield func(uint64, [][]byte) bool) {
		if it.err != nil || it.start == it.end {
			return
		}
		ctx, cancel := context.WithCancel(it.ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()

		type result struct {
			leaves [][]byte
			err    error
		}
		last := (it.end - 1) / TileWidth
		next := it.start / TileWidth
		var ahead []chan result // of the bundles before next, in order
		for at := next; at <= last; at++ {
			for next <= last && len(ahead) < bundlesAhead {
				c, index := make(chan result, 1), next
				wg.Go(func() {
					leaves, err := it.r.bundle(ctx, index, it.size)
					c <- result{leaves, err}
				})
				ahead = append(ahead, c)
				next++
			}
			res := <-ahead[0]
			ahead = ahead[1:]
			if res.err != nil {
				it.err = fmt.Errorf("read leaves: %w", res.err)
				return
			}
			first := at * TileWidth
			leaves := res.leaves
			if n := it.end - first; n < uint64(len(leaves)) {
				leaves = leaves[:n]
			}
			if it.start > first {
				leaves = leaves[it.start-first:]
				first = it.start
			}
			if !yield(first, leaves) {
				return
			}
		}
	}
}
