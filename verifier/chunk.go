package verifier

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A chunk is one bundle on its way.
type chunk struct {
	index  uint64 // of the bundle
	width  int    // entries of it that the checkpoint covers
	bytes  int64  // that it takes of stream.room
	hashes []log.Hash
	items  []*pledge.Item
	used   int // width of the file of entries that was read
	tile   tileResult
	err    error // why there are no items

	judged   []judgedText    // by item
	extra    []string        // digests of lines of its bundle of texts that no statement names
	flooded  bool            // there are more of them
	textsOff bool            // its bundle of texts is not in the required form
	unbound  bool            // it has none, and should have
	earlier  [2]earlierFiles // of its tile, and of its entries
	textsErr error           // why there are none, or why other files could not be read

	admitted chan struct{} // closed when it has its room
	parsed   chan struct{} // closed when items or err is there
	done     chan struct{} // closed when judged or textsErr is there
}

// work takes a chunk to where it needs what stands before it in the log.
func (s *stream) work(ctx context.Context, c *chunk, before <-chan struct{}) {
	defer close(c.done)
	buf := takeBuffer()
	leaves, err := s.fetch(ctx, c, buf)
	if err == nil {
		select {
		case <-before:
			err = s.room.take(ctx, c.bytes)
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	close(c.admitted)
	if err == nil {
		s.busy(func() { c.parse(leaves) })
		s.compareEarlier(ctx, c, leaves)
	}
	// Until here the bytes of the bundle are in memory, and what waits is small.
	buf.giveBack()
	<-s.reads
	c.err = err
	close(c.parsed)
	if err != nil {
		return
	}

	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	texts, err := s.readTexts(ctx, c.index, publishes(c.items), true)
	defer texts.buf.giveBack()
	if err != nil {
		c.textsErr = err
		return
	}
	s.busy(func() { c.judgeTexts(texts, s.lookout) })
}

// compareEarlier compares the files that a directory has of a chunk for other
// sizes of the log.
func (s *stream) compareEarlier(ctx context.Context, c *chunk, leaves [][]byte) {
	if s.a.local == nil {
		return
	}
	hashes := make([]byte, 0, len(c.hashes)*log.HashSize)
	for _, h := range c.hashes {
		hashes = append(hashes, h[:]...)
	}
	c.earlier[0] = s.a.earlier(ctx, c.tile.tile, c.tile.used, sameHashes(hashes))
	entries := log.Tile{Level: log.EntriesLevel, Index: c.index, Width: c.width}
	c.earlier[1] = s.a.earlier(ctx, entries, c.used, sameLeaves(leaves))
}

// fetch reads the bundle, into buf, and its tile of leaf hashes.
func (s *stream) fetch(ctx context.Context, c *chunk, buf *buffer) ([][]byte, error) {
	var wg sync.WaitGroup
	wg.Go(func() { c.tile = s.tiles.read(ctx, log.Tile{Level: 0, Index: c.index, Width: c.width}) })
	b, width, err := s.a.read(ctx, log.Tile{Level: log.EntriesLevel, Index: c.index, Width: c.width}, buf.b)
	wg.Wait()
	if err != nil {
		return nil, err
	}
	if c.tile.err != nil {
		return nil, c.tile.err
	}
	leaves, err := log.ParseBundle(b, width)
	if err != nil {
		return nil, &malformedError{err, len(b)}
	}
	c.bytes, c.used = int64(len(b)), width
	return leaves[:c.width], nil
}

// parse reads every leaf and compares its hash with the tile's.
func (c *chunk) parse(leaves [][]byte) {
	c.hashes = make([]log.Hash, c.width)
	c.items = make([]*pledge.Item, c.width)
	for i, leaf := range leaves {
		c.hashes[i] = log.LeafHash(leaf)
		c.items[i] = pledge.Read(c.index*log.TileWidth+uint64(i), leaf)
	}
	c.tile.compare(func(i int) log.Hash { return c.hashes[i] })
}

// stop notes why a bundle ended the audit.
func (s *stream) stop(ctx context.Context, c *chunk, err error) {
	path := s.a.where(log.EntriesPath(c.index, c.width))
	var malformed *malformedError
	switch {
	case errors.As(err, &malformed):
		s.a.found.add(at(finding(FindBundleMalformed, fmt.Sprintf("The entries in %s, of %s, can't be read: %s.", path, Count(uint64(malformed.size), "byte", "bytes"), lastPart(malformed.err))), c.index*log.TileWidth))
	case errors.Is(err, log.ErrNotFound):
		s.a.found.add(at(finding(FindBundleMissing, fmt.Sprintf("The copy lacks the entries in %s, which checkpoint %s covers.", path, Commas(s.a.target.size))), c.index*log.TileWidth))
		s.a.undecided(UndecidedEntries, err.Error(), "read another copy of the log, or copy this one again, its checkpoint first")
	default:
		s.a.cannotRead(ctx, err)
	}
}

// malformedError says that a bundle was read and is none.
type malformedError struct {
	err  error
	size int // of what was read
}

func (e *malformedError) Error() string { return e.err.Error() }
