package log

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// AppendBinary appends a saved form of the tree so far to dst: its size as 8
// big-endian bytes, then the hashes of the unfinished tile of each level, lower
// levels first. It has at most 65 KiB. [ParseBuilder] reads it back.
func (b *Builder) AppendBinary(dst []byte) ([]byte, error) {
	if b.err != nil {
		return dst, b.err
	}
	dst = binary.BigEndian.AppendUint64(dst, b.size)
	for _, data := range b.tiles {
		dst = append(dst, data...)
	}
	return dst, nil
}

// ParseBuilder reads what [Builder.AppendBinary] wrote, so that more leaves can be
// appended. Nothing shows whether the hashes are those of a log: the caller must
// have kept them from harm, or compare Root with that of a checkpoint it believes.
// Errors match [ErrMalformed].
func ParseBuilder(saved []byte, emit EmitTile) (*Builder, error) {
	b, err := parseBuilder(saved, emit)
	if err != nil {
		return nil, fmt.Errorf("parse tree: %w: %w", ErrMalformed, err)
	}
	return b, nil
}

func parseBuilder(saved []byte, emit EmitTile) (*Builder, error) {
	if len(saved) < 8 {
		return nil, errors.New("it has no size")
	}
	b := NewBuilder(emit)
	b.size = binary.BigEndian.Uint64(saved)
	if b.size > MaxTreeSize {
		return nil, errors.New("its size is over 2^63-1")
	}
	rest := saved[8:]
	for level := 0; b.size>>(tileHeight*level) > 0; level++ {
		n := int(b.size >> (tileHeight * level) % TileWidth)
		if len(rest) < n*HashSize {
			return nil, fmt.Errorf("it ends before the hashes of level %d", level)
		}
		data := append(make([]byte, 0, FullTileSize), rest[:n*HashSize]...)
		rest = rest[n*HashSize:]
		b.tiles = append(b.tiles, data)
		b.stackTile(level, data)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes after its hashes", len(rest))
	}
	return b, nil
}

// stackTile computes the roots of the complete subtrees within an unfinished tile.
func (b *Builder) stackTile(level int, data []byte) {
	for bit := tileHeight - 1; bit >= 0; bit-- {
		n := 1 << bit
		if len(data)/HashSize&n == 0 {
			continue
		}
		// The larger subtrees stand in front of the smaller ones.
		at := len(data) / HashSize &^ (2*n - 1)
		nodes := bytes.Clone(data[at*HashSize : (at+n)*HashSize])
		for ; n > 1; n /= 2 {
			for i := range n / 2 {
				h := NodeHash(Hash(nodes[2*i*HashSize:]), Hash(nodes[(2*i+1)*HashSize:]))
				copy(nodes[i*HashSize:], h[:])
			}
		}
		b.stack[tileHeight*level+bit] = Hash(nodes)
	}
}
