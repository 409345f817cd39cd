package log

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// HashSize is the size of a [Hash] in bytes.
const HashSize = sha256.Size

// Hash is a SHA-256 hash: of a leaf, of a node of the tree, or a root.
type Hash = [HashSize]byte

// MaxTreeSize is the largest size that a tree can have here, 2^63-1. Parsers
// refuse larger numbers, so that arithmetic on sizes and indexes can't
// overflow.
const MaxTreeSize = 1<<63 - 1

// LeafHash returns the hash of a leaf, SHA-256(0x00 || leaf) (RFC 6962,
// section 2.1).
func LeafHash(leaf []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0x00})
	h.Write(leaf)
	var out Hash
	h.Sum(out[:0])
	return out
}

// NodeHash returns the hash of an inner node, SHA-256(0x01 || left || right)
// (RFC 6962, section 2.1).
func NodeHash(left, right Hash) Hash {
	var buf [1 + 2*HashSize]byte
	buf[0] = 0x01
	copy(buf[1:], left[:])
	copy(buf[1+HashSize:], right[:])
	return sha256.Sum256(buf[:])
}

// EmptyRoot returns the root of the tree without leaves, which is the SHA-256
// of nothing (RFC 6962, section 2.1).
func EmptyRoot() Hash { return sha256.Sum256(nil) }

// strictBase64 is standard base64 that also refuses non-zero trailing bits.
// It still skips line breaks when it decodes: callers never give it any.
var strictBase64 = base64.StdEncoding.Strict()

// decodeBase64 decodes standard padded base64 and accepts exactly what
// encoding would give.
func decodeBase64(s string) ([]byte, error) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' || s[i] == '\r' {
			return nil, errors.New("line break in base64")
		}
	}
	b, err := strictBase64.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("not standard base64: %w", err)
	}
	return b, nil
}

// decodeHash decodes one hash in base64.
func decodeHash(s string) (Hash, error) {
	b, err := decodeBase64(s)
	if err != nil {
		return Hash{}, err
	}
	if len(b) != HashSize {
		return Hash{}, fmt.Errorf("hash of %d bytes, want %d", len(b), HashSize)
	}
	return Hash(b), nil
}

// encodeHash is the inverse of decodeHash.
func encodeHash(h Hash) string { return base64.StdEncoding.EncodeToString(h[:]) }
