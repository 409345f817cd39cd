package log

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// cachedTiles bounds the tiles that a TileReader keeps, each up to 16 KiB.
const cachedTiles = 1024

// TileReader computes proofs and roots from the tiles of a source, and reads
// leaves from its bundles. It keeps the tiles that were used last. It is safe
// for concurrent use.
//
// Nothing that it returns is verified. Sizes given to it should come from a
// checkpoint that was: a log has to have only the tiles of sizes that it
// published. A proof that does not verify may come from a damaged tile that
// was kept; see [TileReader.Forget].
type TileReader struct {
	src Source

	mu      sync.Mutex
	tiles   map[Tile]*list.Element // by level and index, with Width 0
	recent  *list.List             // of *treeTile, last used in front
	loading map[Tile]*tileLoad
}

// treeTile is a tile with all the nodes that its hashes make.
type treeTile struct {
	key Tile
	// rows[0] are the tile's own hashes and rows[r] the complete nodes r
	// levels above.
	rows [tileHeight][]Hash
}

type tileLoad struct {
	done chan struct{}
	tile *treeTile
	err  error
}

// NewTileReader returns a reader of the log at src.
func NewTileReader(src Source) *TileReader {
	return &TileReader{
		src:     src,
		tiles:   make(map[Tile]*list.Element),
		recent:  list.New(),
		loading: make(map[Tile]*tileLoad),
	}
}

// Source returns where the reader reads from.
func (r *TileReader) Source() Source { return r.src }

// Forget drops the tiles that are kept.
func (r *TileReader) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.tiles)
	r.recent.Init()
}

// InclusionProof returns the hashes that prove the leaf at index to be in the
// tree of this size, from the leaf's sibling up (RFC 6962, section 2.1.1).
func (r *TileReader) InclusionProof(ctx context.Context, index, size uint64) ([]Hash, error) {
	if size > MaxTreeSize {
		return nil, fmt.Errorf("prove inclusion: size %d is over 2^63-1", size)
	}
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, fmt.Errorf("prove inclusion: %w", err)
	}
	hashes, err := r.proof(ctx, nodes, size)
	if err != nil {
		return nil, fmt.Errorf("prove inclusion of leaf %d in a tree of %d: %w", index, size, err)
	}
	return hashes, nil
}

// ConsistencyProof returns the hashes that prove the tree of size1 to be a
// prefix of the tree of size2 (RFC 6962, section 2.1.2): none if the sizes are
// equal or size1 is 0.
func (r *TileReader) ConsistencyProof(ctx context.Context, size1, size2 uint64) ([]Hash, error) {
	if size2 > MaxTreeSize {
		return nil, fmt.Errorf("prove consistency: size %d is over 2^63-1", size2)
	}
	nodes, err := proof.Consistency(size1, size2)
	if err != nil {
		return nil, fmt.Errorf("prove consistency: %w", err)
	}
	hashes, err := r.proof(ctx, nodes, size2)
	if err != nil {
		return nil, fmt.Errorf("prove consistency of sizes %d and %d: %w", size1, size2, err)
	}
	return hashes, nil
}

func (r *TileReader) proof(ctx context.Context, nodes proof.Nodes, size uint64) ([]Hash, error) {
	hashes, err := r.nodes(ctx, nodes.IDs, size)
	if err != nil {
		return nil, err
	}
	full, err := nodes.Rehash(byteSlices(hashes), func(left, right []byte) []byte {
		h := NodeHash(Hash(left), Hash(right))
		return h[:]
	})
	if err != nil {
		return nil, err
	}
	out := make([]Hash, len(full))
	for i, h := range full {
		out[i] = Hash(h)
	}
	return out, nil
}

// Root returns the root of the tree of this size, computed from the tiles
// along its right border.
func (r *TileReader) Root(ctx context.Context, size uint64) (Hash, error) {
	return r.RootAt(ctx, size, size)
}

// RootAt returns the root that the first n leaves of the tree of this size have, which
// is not smaller. Beyond the tiles of that size it needs none, of a smaller one.
func (r *TileReader) RootAt(ctx context.Context, n, size uint64) (Hash, error) {
	if n > size {
		return Hash{}, fmt.Errorf("compute root: %d leaves of a tree of %d", n, size)
	}
	if n == 0 {
		return EmptyRoot(), nil
	}
	if size > MaxTreeSize {
		return Hash{}, fmt.Errorf("compute root: size %d is over 2^63-1", size)
	}
	hashes, err := r.nodes(ctx, compact.RangeNodes(0, n, nil), size)
	if err != nil {
		return Hash{}, fmt.Errorf("compute root of a tree of %d: %w", size, err)
	}
	root := hashes[len(hashes)-1]
	for i := len(hashes) - 2; i >= 0; i-- {
		root = NodeHash(hashes[i], root)
	}
	return root, nil
}

// Tile returns the hashes of a tile, exactly t.Width of them. If a partial
// tile is gone the full one is read in its place.
func (r *TileReader) Tile(ctx context.Context, t Tile) ([]Hash, error) {
	if t.Level < 0 || t.Level > maxTileLevel || t.Width < 1 || t.Width > TileWidth {
		return nil, fmt.Errorf("read tile: no tile has level %d and width %d", t.Level, t.Width)
	}
	tile, err := r.tile(ctx, t)
	if err != nil {
		return nil, err
	}
	return tile.rows[0][:t.Width:t.Width], nil
}

// nodes returns complete nodes of the tree of this size.
func (r *TileReader) nodes(ctx context.Context, ids []compact.NodeID, size uint64) ([]Hash, error) {
	// First the tiles, at the same time: over HTTP each one takes a round trip.
	tiles := make(map[Tile]*tileLoad)
	var wg sync.WaitGroup
	for _, id := range ids {
		t, _, _ := locate(id, size)
		if tiles[t] != nil {
			continue
		}
		load := new(tileLoad)
		tiles[t] = load
		wg.Go(func() { load.tile, load.err = r.tile(ctx, t) })
	}
	wg.Wait()
	hashes := make([]Hash, len(ids))
	for i, id := range ids {
		t, row, n := locate(id, size)
		if err := tiles[t].err; err != nil {
			return nil, err
		}
		hashes[i] = tiles[t].tile.rows[row][n]
	}
	return hashes, nil
}

// locate says in which tile of the tree of this size a complete node is, and
// where in it.
func locate(id compact.NodeID, size uint64) (t Tile, row int, n uint64) {
	level, row := int(id.Level)/tileHeight, int(id.Level)%tileHeight
	perTile := uint64(TileWidth) >> row
	index := id.Index / perTile
	return Tile{level, index, TileWidthAt(level, index, size)}, row, id.Index % perTile
}

// tile returns a tile with at least t.Width hashes.
func (r *TileReader) tile(ctx context.Context, t Tile) (*treeTile, error) {
	key := Tile{Level: t.Level, Index: t.Index}
	for {
		r.mu.Lock()
		if e := r.tiles[key]; e != nil {
			// A wider tile begins with the hashes of a narrower one.
			if tile := e.Value.(*treeTile); len(tile.rows[0]) >= t.Width {
				r.recent.MoveToFront(e)
				r.mu.Unlock()
				return tile, nil
			}
		}
		load := r.loading[t]
		if load == nil {
			load = &tileLoad{done: make(chan struct{})}
			r.loading[t] = load
			r.mu.Unlock()
			load.tile, load.err = r.load(ctx, t)
			r.mu.Lock()
			delete(r.loading, t)
			if load.err == nil {
				r.keep(load.tile)
			}
			r.mu.Unlock()
			close(load.done)
			return load.tile, load.err
		}
		r.mu.Unlock()
		select {
		case <-load.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if load.err == nil {
			return load.tile, nil
		}
		// Who loaded it may have been called off, which is no reason for us.
		if !errors.Is(load.err, context.Canceled) && !errors.Is(load.err, context.DeadlineExceeded) {
			return nil, load.err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// keep puts a tile in front. The caller holds the lock.
func (r *TileReader) keep(tile *treeTile) {
	if e := r.tiles[tile.key]; e != nil {
		if len(e.Value.(*treeTile).rows[0]) < len(tile.rows[0]) {
			e.Value = tile
		}
		r.recent.MoveToFront(e)
		return
	}
	r.tiles[tile.key] = r.recent.PushFront(tile)
	for r.recent.Len() > cachedTiles {
		last := r.recent.Back()
		delete(r.tiles, last.Value.(*treeTile).key)
		r.recent.Remove(last)
	}
}

func (r *TileReader) load(ctx context.Context, t Tile) (*treeTile, error) {
	b, width, err := r.get(ctx, t, MaxTileFile)
	if err != nil {
		return nil, err
	}
	if len(b) != width*HashSize {
		path := Tile{t.Level, t.Index, width}.Path()
		return nil, fmt.Errorf("read %s from %s: %d bytes, want %d", path, r.src, len(b), width*HashSize)
	}
	tile := &treeTile{key: Tile{Level: t.Level, Index: t.Index}}
	tile.rows[0] = make([]Hash, width)
	for i := range tile.rows[0] {
		tile.rows[0][i] = Hash(b[i*HashSize:])
	}
	for row := 1; row < tileHeight; row++ {
		below := tile.rows[row-1]
		tile.rows[row] = make([]Hash, len(below)/2)
		for i := range tile.rows[row] {
			tile.rows[row][i] = NodeHash(below[2*i], below[2*i+1])
		}
	}
	return tile, nil
}

// get reads a tile or a bundle. A partial one may go once the full one exists,
// which is then read in its place; the width of what was read is returned too.
func (r *TileReader) get(ctx context.Context, t Tile, limit int64) ([]byte, int, error) {
	b, err := r.src.Get(ctx, t.Path(), limit)
	if err == nil || t.Width == TileWidth || !errors.Is(err, ErrNotFound) {
		return b, t.Width, err
	}
	full := t
	full.Width = TileWidth
	b, fullErr := r.src.Get(ctx, full.Path(), limit)
	if errors.Is(fullErr, ErrNotFound) {
		return nil, 0, err
	}
	return b, TileWidth, fullErr
}
