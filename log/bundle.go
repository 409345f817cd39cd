package log

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// MaxLeafSize is the largest leaf in bytes: its length is written as 16
	// bits in an entry bundle (c2sp.org/tlog-tiles).
	MaxLeafSize = 1<<16 - 1
	// MaxBundleSize is the size in bytes of the largest possible bundle.
	MaxBundleSize = TileWidth * (2 + MaxLeafSize)
)

// ErrLeafSize says that a leaf is empty or over MaxLeafSize bytes.
var ErrLeafSize = errors.New("leaf is empty or over 65,535 bytes")

// AppendBundle appends a leaf to a bundle of entries: its length as a
// big-endian uint16, then its bytes (c2sp.org/tlog-tiles). It returns dst
// unchanged and [ErrLeafSize] for a leaf that is empty or too large.
func AppendBundle(dst, leaf []byte) ([]byte, error) {
	if len(leaf) == 0 || len(leaf) > MaxLeafSize {
		return dst, fmt.Errorf("append leaf of %d bytes: %w", len(leaf), ErrLeafSize)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(leaf)))
	return append(dst, leaf...), nil
}

// ParseBundle splits a bundle into exactly n leaves, 1 to 256, that share b's
// memory. It refuses a bundle that ends early, and anything after the last
// leaf.
//
// A leaf may be empty, as in the specification, although AppendBundle writes
// none: an operator who signs one has logged a leaf that is not in the exact
// encoding, which is without effect (protocol section 2). Refusing the bundle
// for it would hide the 255 leaves beside it, and blame the copy.
func ParseBundle(b []byte, n int) ([][]byte, error) {
	if n < 1 || n > TileWidth {
		return nil, fmt.Errorf("parse bundle: %d entries asked for, want 1 to %d", n, TileWidth)
	}
	leaves := make([][]byte, 0, n)
	for i := range n {
		if len(b) < 2 {
			return nil, fmt.Errorf("parse bundle: it ends before entry %d of %d", i+1, n)
		}
		size := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if len(b) < size {
			return nil, fmt.Errorf("parse bundle: it ends within entry %d of %d", i+1, n)
		}
		leaves = append(leaves, b[:size:size])
		b = b[size:]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("parse bundle: %d bytes after the last of %d entries", len(b), n)
	}
	return leaves, nil
}
