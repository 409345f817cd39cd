package log

import (
	"context"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
)

// EmitTile takes a finished tile from a [Builder]: its level, its index, the
// number of hashes in it (256 for a full tile) and its bytes, which are only
// valid during the call.
type EmitTile func(level int, index uint64, width int, data []byte) error

// Builder computes an RFC 6962 tree leaf by leaf, with its root and its tiles
// (c2sp.org/tlog-tiles). It holds at most one tile per level, whatever the
// size. It is not safe for concurrent use.
type Builder struct {
	emit EmitTile
	size uint64
	// stack[l] is the root of the complete subtree of height l on the tree's
	// right border; it counts only where bit l of size is set.
	stack [64]Hash
	// tiles[L] holds the hashes of the unfinished tile at level L.
	tiles [][]byte
	err   error // of emit; sticky
}

// NewBuilder returns a builder of an empty tree. Emit may be nil when only the
// root is wanted.
func NewBuilder(emit EmitTile) *Builder { return &Builder{emit: emit} }

// Append adds a leaf by its hash (see [LeafHash]). Each tile that becomes full
// is emitted once, lower levels first. An error is emit's; after one the
// builder is of no further use, and returns it again.
func (b *Builder) Append(h Hash) error {
	if b.err != nil {
		return b.err
	}
	if b.size == MaxTreeSize {
		return errors.New("append leaf: tree is full")
	}
	node := h
	for level := 0; ; level++ {
		if level%tileHeight == 0 {
			if err := b.add(level/tileHeight, node); err != nil {
				b.err = err
				return err
			}
		}
		if b.size>>level&1 == 0 {
			b.stack[level] = node
			break
		}
		node = NodeHash(b.stack[level], node)
	}
	b.size++
	return nil
}

// add puts a hash in the unfinished tile of a tile level.
func (b *Builder) add(level int, h Hash) error {
	if level == len(b.tiles) {
		b.tiles = append(b.tiles, make([]byte, 0, FullTileSize))
	}
	b.tiles[level] = append(b.tiles[level], h[:]...)
	if len(b.tiles[level]) < FullTileSize {
		return nil
	}
	data := b.tiles[level]
	b.tiles[level] = data[:0]
	// The leaf that is being added is not yet in size.
	index := b.size >> (tileHeight * (level + 1))
	return b.emitTile(level, index, TileWidth, data)
}

func (b *Builder) emitTile(level int, index uint64, width int, data []byte) error {
	if b.emit == nil {
		return nil
	}
	if err := b.emit(level, index, width, data); err != nil {
		return fmt.Errorf("emit %s: %w", TilePath(level, index, width), err)
	}
	return nil
}

// Size returns the number of leaves so far.
func (b *Builder) Size() uint64 { return b.size }

// Root returns the root of the tree so far.
func (b *Builder) Root() Hash {
	if b.size == 0 {
		return EmptyRoot()
	}
	var root Hash
	started := false
	for level := range b.stack {
		if b.size>>level&1 == 0 {
			continue
		}
		if started {
			root = NodeHash(b.stack[level], root)
		} else {
			root, started = b.stack[level], true
		}
	}
	return root
}

// Nodes returns the roots of the complete subtrees that the tree so far is made
// of, the largest first: as many as its size has bits set.
func (b *Builder) Nodes() []Hash {
	var nodes []Hash
	for level := len(b.stack) - 1; level >= 0; level-- {
		if b.size>>level&1 == 1 {
			nodes = append(nodes, b.stack[level])
		}
	}
	return nodes
}

// Flush emits the partial tiles of the current size, lower levels first. The
// builder can go on afterwards. It has nothing to emit for an empty tree:
// empty tiles don't exist.
func (b *Builder) Flush() error {
	if b.err != nil {
		return b.err
	}
	for level, data := range b.tiles {
		if len(data) == 0 {
			continue
		}
		index := b.size >> (tileHeight * (level + 1))
		if err := b.emitTile(level, index, len(data)/HashSize, data); err != nil {
			b.err = err
			return err
		}
	}
	return nil
}

// ResumeBuilder returns a builder of the tree of this size, read from the
// tiles along its right border, so that more leaves can be appended. The
// caller must compare its Root with that of a checkpoint it believes: the
// tiles are not verified otherwise.
func ResumeBuilder(ctx context.Context, r *TileReader, size uint64, emit EmitTile) (*Builder, error) {
	b := NewBuilder(emit)
	if size == 0 {
		return b, nil
	}
	if size > MaxTreeSize {
		return nil, fmt.Errorf("resume tree: size %d is over 2^63-1", size)
	}
	ids := compact.RangeNodes(0, size, nil)
	hashes, err := r.nodes(ctx, ids, size)
	if err != nil {
		return nil, fmt.Errorf("resume tree of %d: %w", size, err)
	}
	for i, id := range ids {
		b.stack[id.Level] = hashes[i]
	}
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		data := make([]byte, 0, FullTileSize)
		index := size >> (tileHeight * (level + 1))
		if width := TileWidthAt(level, index, size); width > 0 {
			tile, err := r.Tile(ctx, Tile{level, index, width})
			if err != nil {
				return nil, fmt.Errorf("resume tree of %d: %w", size, err)
			}
			for _, h := range tile {
				data = append(data, h[:]...)
			}
		}
		b.tiles = append(b.tiles, data)
	}
	b.size = size
	return b, nil
}
