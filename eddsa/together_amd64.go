//go:build !purego

package eddsa

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// minLanes is the number of signatures from which lanes are faster.
const minLanes = 32

// A laneSpace is the memory that one equation in lanes takes, to be used again.
type laneSpace struct {
	hasher
	summer
	decoder
	encoded encoded
	points  [3]lanes
	digits  [16][windows]int8
	hashes  [][sha512.Size]byte
	terms   []*term
	total   curve.EdwardsPoint
}

// A term of the equation is that of one key.
type term struct {
	key curve.EdwardsPoint
	sum weighted
}

var laneSpaces = sync.Pool{New: func() any { return new(laneSpace) }}

// weighted is Σ uᵢxᵢ and Σ xᵢ of numbers xᵢ of up to 512 bits, with uᵢ of 128.
type weighted struct {
	products, plain [11]uint64
}

// add adds a term. x is at most eight words, the lowest first.
func (w *weighted) add(u [2]uint64, x []uint64) {
	for i, word := range u {
		sum := w.products[i:]
		var over uint64
		for j, v := range x {
			hi, lo := bits.Mul64(word, v)
			var c uint64
			lo, c = bits.Add64(lo, over, 0)
			hi += c
			sum[j], c = bits.Add64(sum[j], lo, 0)
			over = hi + c
		}
		carry(sum[len(x):], over)
	}
	var c uint64
	for j, v := range x {
		w.plain[j], c = bits.Add64(w.plain[j], v, c)
	}
	carry(w.plain[len(x):], c)
}

func carry(to []uint64, c uint64) {
	for i := range to {
		to[i], c = bits.Add64(to[i], c, 0)
		if c == 0 {
			return
		}
	}
}

// scalar gives Σ zᵢxᵢ, zᵢ = uᵢ − bias.
func (w *weighted) scalar() *scalar.Scalar {
	out, less := reduce(&w.products), reduce(&w.plain)
	return out.Sub(out, less.Mul(less, bias))
}

// bias is 128·(1 + 256 + … + 256^15): a weight whose digits are bytes less 128.
var bias = func() *scalar.Scalar {
	var b [32]byte
	for i := range windows {
		b[i] = 128
	}
	s, err := scalar.NewFromBits(b[:])
	if err != nil {
		panic(err)
	}
	return s
}()

// above is 2^512.
var above = func() *scalar.Scalar {
	s, err := scalar.NewFromBytesModOrderWide(append(make([]byte, 32), append([]byte{1}, make([]byte, 31)...)...))
	if err != nil {
		panic(err)
	}
	return s.Mul(s, s)
}()

func reduce(words *[11]uint64) *scalar.Scalar {
	var low, high [64]byte
	for i, w := range words {
		if i < 8 {
			binary.LittleEndian.PutUint64(low[8*i:], w)
		} else {
			binary.LittleEndian.PutUint64(high[8*(i-8):], w)
		}
	}
	l, err := scalar.NewFromBytesModOrderWide(low[:])
	if err != nil {
		panic(err)
	}
	h, err := scalar.NewFromBytesModOrderWide(high[:])
	if err != nil {
		panic(err)
	}
	return l.Add(l, h.Mul(h, above))
}

// zip215Lanes is zip215 in lanes.
func zip215Lanes(checks []Check) bool {
	w := laneSpaces.Get().(*laneSpace)
	defer laneSpaces.Put(w)
	return w.add(checks) && w.total.IsSmallOrder()
}

// strictLanes is strict in lanes.
func strictLanes(checks []Check) bool {
	w := laneSpaces.Get().(*laneSpace)
	defer laneSpaces.Put(w)
	return w.add(checks) && w.total.IsSmallOrder() && canonicalRs(checks) &&
		!slices.ContainsFunc(w.terms, func(t *term) bool { return !t.key.IsTorsionFree() }) && w.summer.torsionFree()
}

// add computes the left side of the equation, as workspace.add does. A weight is 16 digits from
// −128 to 127, any of which is as likely: there are 2^128 of them.
func (w *laneSpace) add(checks []Check) bool {
	weights, ok := w.hash(checks)
	if !ok {
		return false
	}
	place := make(map[[ed25519.PublicKeySize]byte]*term)
	w.terms = nil
	var base weighted
	hashes := w.hashes
	w.summer.clear()
	for len(checks) > 0 {
		n := min(len(checks), 16)
		w.encoded = encoded{y: *one}
		for i, c := range checks[:n] {
			w.encoded.set(i, c.Sig)
			t := place[[ed25519.PublicKeySize]byte(c.Key)]
			if t == nil {
				t = new(term)
				compressed := curve.CompressedEdwardsY(c.Key)
				if _, err := t.key.SetCompressedY(&compressed); err != nil {
					return false
				}
				place[[ed25519.PublicKeySize]byte(c.Key)] = t
				w.terms = append(w.terms, t)
			}
			u := [2]uint64{weights.Uint64(), weights.Uint64()}
			for j := range 8 {
				w.digits[i][j] = int8(u[0]>>(8*j) ^ 128)
				w.digits[i][j+8] = int8(u[1]>>(8*j) ^ 128)
			}
			var s [4]uint64
			for j := range s {
				s[j] = binary.LittleEndian.Uint64(c.Sig[32+8*j:])
			}
			base.add(u, s[:])
			var k [8]uint64
			for j := range k {
				k[j] = binary.LittleEndian.Uint64(hashes[i][8*j:])
			}
			t.sum.add(u, k[:])
		}
		if w.decode(&w.points, &w.encoded) != 1<<16-1 {
			return false
		}
		accumulate(&w.buckets, &w.points, &w.digits, n)
		checks, hashes = checks[n:], hashes[n:]
	}
	var scalars []*scalar.Scalar
	var points []*curve.EdwardsPoint
	for _, t := range w.terms {
		scalars, points = append(scalars, t.sum.scalar()), append(points, &t.key)
	}
	s := base.scalar()
	scalars, points = append(scalars, s.Neg(s)), append(points, curve.ED25519_BASEPOINT_POINT)
	w.total.MultiscalarMulVartime(scalars, points)
	sum := curve.CompressedEdwardsY(w.summer.total().Bytes())
	r, err := curve.NewEdwardsPoint().SetCompressedY(&sum)
	if err != nil {
		panic("eddsa: a sum is not on the curve")
	}
	w.total.Add(&w.total, r)
	return true
}

// hash computes the kᵢ, and seeds the weights. It reports whether all have the form of a
// signature.
func (w *laneSpace) hash(checks []Check) (*rand.ChaCha8, bool) {
	w.hashes = sized(w.hashes, len(checks))
	for _, c := range checks {
		if len(c.Key) != ed25519.PublicKeySize || len(c.Sig) != ed25519.SignatureSize || !scalar.ScMinimalVartime(c.Sig[32:]) {
			return nil, false
		}
	}
	w.hasher.sum(len(checks), func(i int) ([3][]byte, *[sha512.Size]byte) {
		c := &checks[i]
		return [3][]byte{c.Sig[:32], c.Key, c.Msg}, &w.hashes[i]
	})
	transcript := sha256.New()
	for i, c := range checks {
		transcript.Write(w.hashes[i][:]) // binds Rᵢ, A and Mᵢ
		transcript.Write(c.Sig[32:])
	}
	var seed [sha256.Size]byte
	transcript.Sum(seed[:0])
	return rand.NewChaCha8(seed), true
}
