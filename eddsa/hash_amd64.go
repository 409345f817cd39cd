//go:build !purego

package eddsa

import (
	"crypto/sha512"
	"encoding/binary"
	"math"
)

// hashBlocks hashes n blocks of 128 bytes of each of eight messages, at least one. A state is
// eight words of all lanes.
//
//go:noescape
func hashBlocks(state *[8][8]uint64, messages *[8]*byte, n int)

// A hasher hashes messages in lanes, by SHA-512. A lane whose message is done takes the next one.
type hasher struct {
	state [8][8]uint64
	lanes [8]hashing
}

// A hashing is what a lane is at.
type hashing struct {
	padded []byte // the message, and where the last block ends
	done   int    // bytes
	sum    *[sha512.Size]byte
}

var initial = [8]uint64{
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

// sum hashes n messages. Of each, message gives the parts, and where its hash is to be.
func (h *hasher) sum(n int, message func(i int) (parts [3][]byte, sum *[sha512.Size]byte)) {
	next := min(n, len(h.lanes))
	active := next
	for lane := range next {
		h.start(lane, message, lane)
	}
	for active > 0 {
		// As many blocks as every lane has. One that is idle reads what another does.
		var messages [8]*byte
		var some *byte
		least := math.MaxInt
		for lane := range h.lanes {
			if l := &h.lanes[lane]; l.sum != nil {
				some = &l.padded[l.done]
				messages[lane], least = some, min(least, len(l.padded)-l.done)
			}
		}
		for lane := range messages {
			if messages[lane] == nil {
				messages[lane] = some
			}
		}
		hashBlocks(&h.state, &messages, least/sha512.BlockSize)
		for lane := range h.lanes {
			l := &h.lanes[lane]
			if l.done += least; l.sum == nil || l.done < len(l.padded) {
				continue
			}
			for i := range h.state {
				binary.BigEndian.PutUint64(l.sum[8*i:], h.state[i][lane])
			}
			if l.sum = nil; next < n {
				h.start(lane, message, next)
				next++
			} else {
				active--
			}
		}
	}
}

// start has a lane begin with a message.
func (h *hasher) start(lane int, message func(i int) (parts [3][]byte, sum *[sha512.Size]byte), i int) {
	l := &h.lanes[lane]
	parts, sum := message(i)
	b := l.padded[:0]
	for _, part := range parts {
		b = append(b, part...)
	}
	bits := uint64(len(b)) * 8
	b = append(b, 0x80)
	zeroes := -(len(b) + 8) & (sha512.BlockSize - 1) // the length has 16 bytes, of which 8 are zero
	if zeroes < 8 {
		zeroes += sha512.BlockSize
	}
	b = append(b, make([]byte, zeroes)...)
	l.padded, l.done, l.sum = binary.BigEndian.AppendUint64(b, bits), 0, sum
	for i := range h.state {
		h.state[i][lane] = initial[i]
	}
}
