//go:build amd64 && !purego

package eddsa

import (
	"crypto/sha512"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// holdHashes compares hashes in lanes with the standard library's.
func holdHashes(t rapid.TB, h *hasher, lengths []int, seed uint64) {
	t.Helper()
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	messages, got := make([][3][]byte, len(lengths)), make([][sha512.Size]byte, len(lengths))
	for i, n := range lengths {
		b := make([]byte, n)
		rng.Read(b)
		one := rng.Uint64() % uint64(n+1)
		two := one + rng.Uint64()%(uint64(n)-one+1)
		messages[i] = [3][]byte{b[:one], b[one:two], b[two:]}
	}
	h.sum(len(messages), func(i int) ([3][]byte, *[sha512.Size]byte) { return messages[i], &got[i] })
	for i, m := range messages {
		w := sha512.New()
		for _, part := range m {
			w.Write(part)
		}
		if want := [sha512.Size]byte(w.Sum(nil)); got[i] != want {
			t.Fatalf("hash %d of %d, of %d bytes, is %x, want %x", i, len(lengths), lengths[i], got[i], want)
		}
	}
}

func TestHashes(t *testing.T) {
	if !lanesHere(t) {
		return
	}
	h := new(hasher) // in the same memory all along
	var all []int
	for n := range 400 {
		all = append(all, n)
		holdHashes(t, h, []int{n}, uint64(n))
	}
	holdHashes(t, h, all, 1)
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.OneOf(rapid.IntRange(0, 1000), rapid.SampledFrom([]int{0, 111, 112, 127, 128, 239, 240, 20_000}))
		holdHashes(t, h, rapid.SliceOfN(length, 0, 40).Draw(t, "lengths"), rapid.Uint64().Draw(t, "seed"))
	})
}

func BenchmarkHashes(b *testing.B) {
	if !lanesHere(b) {
		return
	}
	const n = 500
	messages, sums := make([][n]byte, 1000), make([][sha512.Size]byte, 1000)
	h := new(hasher)
	b.SetBytes(n * 1000)
	b.Run("lanes", func(b *testing.B) {
		b.SetBytes(n * 1000)
		for b.Loop() {
			h.sum(len(messages), func(i int) ([3][]byte, *[sha512.Size]byte) { return [3][]byte{messages[i][:]}, &sums[i] })
		}
	})
	b.Run("alone", func(b *testing.B) {
		b.SetBytes(n * 1000)
		for b.Loop() {
			for i := range messages {
				sums[i] = sha512.Sum512(messages[i][:])
			}
		}
	})
}
