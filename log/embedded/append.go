package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera"

	"github.com/pledgelog/pledgelog/log"
)

// maxBatch is the most leaves that are given to tessera at once. Its queue is
// made one longer, so that it never flushes because it is full: a flush for
// that reason and one by the timer run in two goroutines, and the later part
// of a batch could overtake the earlier one.
const maxBatch = 8192

// maxAge is when tessera's queue flushes: so long after the first leaf came
// in. It is what each batch waits. To stay out of the timer's way no leaf is
// added once half of it has passed; the rest becomes the next batch. A batch
// could still be split if this goroutine were held up for the other half, and
// its parts could be swapped if, on top of that, the timer's goroutine were
// held up for a whole maxAge at one certain line. That would be seen below,
// and the engine would stop. Only tests change it.
var maxAge = 10 * time.Millisecond

// Append implements log.Log. Leaves are 1 to 65,535 bytes long, or the error
// matches log.ErrLeafSize and nothing is appended; there may be any number.
// They must not be changed afterwards, even if ctx ended and Append returned
// before it was done.
//
// Once nil was returned the leaves are on disk; but only when they are
// published does a later Open count them (see the package comment).
func (e *Engine) Append(ctx context.Context, first uint64, leaves [][]byte) error {
	for i, leaf := range leaves {
		if len(leaf) == 0 || len(leaf) > log.MaxLeafSize {
			return fmt.Errorf("append leaf %d of %d bytes: %w", first+uint64(i), len(leaf), log.ErrLeafSize)
		}
	}
	if err := e.take(ctx); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	done := make(chan error, 1)
	go func() {
		defer e.release()
		done <- e.append(first, leaves)
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("append: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("append: %w", context.Cause(ctx))
	}
}

func (e *Engine) append(first uint64, leaves [][]byte) error {
	e.mu.Lock()
	stopped, next := e.stopped, e.verified.Size
	e.mu.Unlock()
	switch {
	case stopped != nil:
		return stopped
	case first != next:
		return fmt.Errorf("first index is %d, but %d is next", first, next)
	case uint64(len(leaves)) > log.MaxTreeSize-next:
		return errors.New("the tree is full")
	}
	for len(leaves) > 0 {
		n, err := e.appendBatch(next, leaves)
		if err != nil {
			return err
		}
		next, leaves = next+uint64(n), leaves[n:]
	}
	return nil
}

// appendBatch appends as many of the leaves as go into one batch, at least
// one, and returns how many.
func (e *Engine) appendBatch(next uint64, leaves [][]byte) (int, error) {
	leaves = leaves[:min(len(leaves), maxBatch)]
	entries := make([]*tessera.Entry, len(leaves))
	for i, leaf := range leaves {
		entries[i] = tessera.NewEntry(leaf) // hashes: before the clock runs
	}
	// The context carries no deadline: a leaf in tessera's queue can't be
	// called back.
	ctx := context.Background()
	futures := make([]tessera.IndexFuture, 0, len(entries))
	start := time.Now()
	for _, entry := range entries {
		if len(futures) > 0 && time.Since(start) > maxAge/2 {
			break
		}
		futures = append(futures, e.add(ctx, entry))
	}
	leaves = leaves[:len(futures)]

	var failed error
	indexes := make([]uint64, len(futures))
	for i, future := range futures {
		index, err := future()
		if err != nil && failed == nil {
			failed = err
		}
		indexes[i] = index.Index
	}
	if failed != nil {
		return 0, e.appendFailed(failed)
	}
	for i, got := range indexes {
		if want := next + uint64(i); got != want {
			return 0, e.stop(e.misplaced(want, got, leaves[i]))
		}
	}
	if err := e.verify(next, leaves); err != nil {
		return 0, e.stop(err)
	}
	return len(leaves), nil
}

// appendFailed decides what an error of tessera's means: if the tree is where
// it was the leaves can be given again, otherwise nobody knows how far it came.
func (e *Engine) appendFailed(failed error) error {
	if errors.Is(failed, tessera.ErrPushback) {
		failed = fmt.Errorf("%w: %w", ErrPushback, failed)
	}
	e.mu.Lock()
	was := e.verified
	e.mu.Unlock()
	state, err := readTreeState(e.cfg.Dir)
	switch {
	case err != nil:
		return e.stop(fmt.Errorf("%w; and then: %w", failed, err))
	case state.Size != was.Size || !bytes.Equal(state.Root, was.Root[:]):
		return e.stop(fmt.Errorf("%w; and the tree has size %d where %d was expected: open the log again", failed, state.Size, was.Size))
	}
	return failed
}

// verify appends the leaves to the engine's own tree and compares what tessera
// wrote with it: the bundles, every tile that the leaves changed, and the
// state. Afterwards the new size may be published.
func (e *Engine) verify(first uint64, leaves [][]byte) error {
	for i, leaf := range leaves {
		index := first + uint64(i)
		var err error
		if e.tail, err = log.AppendBundle(e.tail, leaf); err != nil {
			return err
		}
		if err := e.tree.Append(log.LeafHash(leaf)); err != nil { // compares full tiles
			return err
		}
		if (index+1)%log.TileWidth == 0 {
			if err := e.compareBundle(index/log.TileWidth, log.TileWidth); err != nil {
				return err
			}
			e.tail = e.tail[:0]
		}
	}
	size := e.tree.Size()
	if width := int(size % log.TileWidth); width > 0 {
		if err := e.compareBundle(size/log.TileWidth, width); err != nil {
			return err
		}
	}
	if err := e.tree.Flush(); err != nil { // compares partial tiles
		return err
	}
	root := e.tree.Root()
	state, err := readTreeState(e.cfg.Dir)
	if err != nil {
		return err
	}
	if state.Size != size || !bytes.Equal(state.Root, root[:]) {
		return fmt.Errorf("tessera has a tree of size %d with root %x, want size %d with root %x: %w",
			state.Size, state.Root, size, root, ErrDamaged)
	}
	e.mu.Lock()
	e.verified.Size, e.verified.Root = size, root
	e.mu.Unlock()
	select {
	case e.grown <- struct{}{}:
	default: // it knows already
	}
	return nil
}

// compareBundle compares a bundle on disk with e.tail.
func (e *Engine) compareBundle(index uint64, width int) error {
	path := log.EntriesPath(index, width)
	got, err := e.src.Get(context.Background(), path, log.MaxBundleFile)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if bytes.Equal(got, e.tail) {
		return nil
	}
	want, err := log.ParseBundle(e.tail, width)
	if err != nil {
		return err
	}
	leaves, err := log.ParseBundle(got, width)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	for i := range leaves {
		if at := index*log.TileWidth + uint64(i); !bytes.Equal(leaves[i], want[i]) {
			return &log.MisplacedError{Index: at, GotIndex: at, Want: log.LeafHash(want[i]), Got: log.LeafHash(leaves[i])}
		}
	}
	return fmt.Errorf("%s: %w", path, ErrDamaged)
}

// compareTile compares a tile on disk with the one that e.tree has made. It is
// the tree's log.EmitTile.
func (e *Engine) compareTile(level int, index uint64, width int, want []byte) error {
	path := log.TilePath(level, index, width)
	got, err := e.src.Get(context.Background(), path, log.MaxTileFile)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if bytes.Equal(got, want) {
		return nil
	}
	if level == 0 && len(got) == len(want) {
		for i := 0; i < len(want); i += log.HashSize {
			if g, w := log.Hash(got[i:]), log.Hash(want[i:]); g != w {
				at := index*log.TileWidth + uint64(i/log.HashSize)
				return &log.MisplacedError{Index: at, GotIndex: at, Want: w, Got: g}
			}
		}
	}
	return fmt.Errorf("%s is not the tile of the leaves that were appended: %w", path, ErrDamaged)
}

// misplaced gathers the evidence for a leaf that got another index: what is at
// its own index instead.
func (e *Engine) misplaced(want, got uint64, leaf []byte) error {
	m := &log.MisplacedError{Index: want, GotIndex: got, Want: log.LeafHash(leaf)}
	if state, err := readTreeState(e.cfg.Dir); err == nil && want < state.Size {
		reader := log.NewTileReader(e.src)
		if there, err := reader.Leaf(context.Background(), want, state.Size); err == nil {
			m.Got = log.LeafHash(there)
		}
	}
	return m
}
