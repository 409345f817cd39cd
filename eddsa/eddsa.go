// Package eddsa verifies many Ed25519 signatures in one equation, in which the terms of
// equal keys are one. It is several times as fast as one after the other, for some
// thousand signatures by some dozen keys.
//
// Two functions do so, for two definitions of what a good signature is. [ZIP215] is that
// of statements (protocol section 2); [Strict] goes by the standard library, as
// checkpoints and cosignatures do. Both only ever say that all are good: if they are not,
// or if that can't be told of them together, who asks verifies them one by one.
//
// The equation, with a random weight zᵢ for each signature (Rᵢ, sᵢ) by A over Mᵢ, is
//
//	Σ zᵢRᵢ + Σ_keys (Σ zᵢkᵢ)·A − (Σ zᵢsᵢ)·B = 0, kᵢ = SHA-512(Rᵢ‖A‖Mᵢ)
//
// The weights are 128 bits from a generator seeded with a hash of everything that is
// verified, so that nobody can choose signatures whose errors cancel out.
//
// Where the processor has AVX-512 IFMA, both take it for what is done with each Rᵢ, which is most of
// the work (docs/decisions/0025); all else is curve25519-voi's.
package eddsa

import (
	"crypto/ed25519"
	"crypto/sha512"
	"math/rand/v2"
	"sync"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// A Check is one signature to verify. Key is 32 bytes; Sig may have any length.
type Check struct {
	Key, Msg, Sig []byte
}

// ZIP215 reports whether all signatures verify by ZIP 215, which is the equation times
// eight: points of small order play no part in it. If it says so, that is wrong with a
// probability of about 2^-128. False says that there is one at least that does not.
func ZIP215(checks []Check) bool {
	if canLanes && len(checks) >= minLanes {
		return zip215Lanes(checks)
	}
	return zip215(checks)
}

// zip215 is ZIP215 on any machine.
func zip215(checks []Check) bool {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	return w.add(checks) && w.total.IsSmallOrder()
}

// Strict reports whether [ed25519.Verify] accepts all signatures, whose keys are canonical.
// That one compares R's bytes with what s and A give. So R has to be in its one form, and
// the equation to hold without its factor of eight: that follows from the one with it where
// no key and no R has a part of small order, which is looked for too. If Strict says that
// all are accepted, that is wrong with a probability of at most 2^-64. False says nothing
// of any of them.
func Strict(checks []Check) bool {
	if canLanes && len(checks) >= minLanes {
		return strictLanes(checks)
	}
	return strict(checks)
}

// strict is Strict on any machine.
func strict(checks []Check) bool {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	if !w.add(checks) || !w.total.IsSmallOrder() {
		return false
	}
	for i := range w.keys {
		if !w.keys[i].IsTorsionFree() {
			return false
		}
	}
	return canonicalRs(checks) && w.torsionFree()
}

func canonicalRs(checks []Check) bool {
	for _, c := range checks {
		r := curve.CompressedEdwardsY(c.Sig[:curve.CompressedPointSize])
		if !r.IsCanonicalVartime() {
			return false
		}
	}
	return true
}

// A workspace is the memory that one equation takes, to be used again.
type workspace struct {
	k, s, z []scalar.Scalar
	r       []curve.EdwardsPoint
	keys    []curve.EdwardsPoint // each once
	ofKey   []scalar.Scalar      // Σ zᵢkᵢ of each
	scalars []*scalar.Scalar
	points  []*curve.EdwardsPoint
	weights *rand.ChaCha8
	total   curve.EdwardsPoint
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// sized returns n elements, whose values mean nothing.
func sized[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n, n+n/4)
	}
	return s[:n]
}

// add computes the left side of the equation. It reports whether every signature has the
// form of one.
func (w *workspace) add(checks []Check) bool {
	n := len(checks)
	w.k, w.s, w.z, w.r = sized(w.k, n), sized(w.s, n), sized(w.z, n), sized(w.r, n)
	if !w.read(checks) {
		return false
	}
	// Addresses of keys and sums are taken once there are all of them.
	place := make(map[[ed25519.PublicKeySize]byte]int)
	w.keys, w.ofKey = w.keys[:0], w.ofKey[:0]
	w.scalars, w.points = w.scalars[:0], w.points[:0]
	var sum, term scalar.Scalar
	var z [scalar.ScalarSize]byte
	for i, c := range checks {
		w.weights.Read(z[:16])
		if _, err := w.z[i].SetBits(z[:]); err != nil {
			return false
		}
		w.scalars, w.points = append(w.scalars, &w.z[i]), append(w.points, &w.r[i])
		sum.Add(&sum, term.Mul(&w.z[i], &w.s[i]))
		key := [ed25519.PublicKeySize]byte(c.Key)
		at, ok := place[key]
		if !ok {
			var a curve.EdwardsPoint
			compressed := curve.CompressedEdwardsY(key)
			if _, err := a.SetCompressedY(&compressed); err != nil {
				return false
			}
			at = len(w.keys)
			place[key] = at
			w.keys, w.ofKey = append(w.keys, a), append(w.ofKey, scalar.Scalar{})
		}
		of := &w.ofKey[at]
		of.Add(of, term.Mul(&w.z[i], &w.k[i]))
	}
	for i := range w.keys {
		w.scalars, w.points = append(w.scalars, &w.ofKey[i]), append(w.points, &w.keys[i])
	}
	w.scalars, w.points = append(w.scalars, sum.Neg(&sum)), append(w.points, curve.ED25519_BASEPOINT_POINT)
	w.total.MultiscalarMulVartime(w.scalars, w.points)
	return true
}

// read takes the signatures apart, and seeds the weights.
func (w *workspace) read(checks []Check) bool {
	var sum [sha512.Size]byte
	h, transcript := sha512.New(), sha512.New()
	for i, c := range checks {
		if len(c.Key) != ed25519.PublicKeySize || len(c.Sig) != ed25519.SignatureSize {
			return false
		}
		compressed := curve.CompressedEdwardsY(c.Sig[:curve.CompressedPointSize])
		if _, err := w.r[i].SetCompressedY(&compressed); err != nil {
			return false
		}
		if !scalar.ScMinimalVartime(c.Sig[32:]) {
			return false // s is not below the group's order
		}
		if _, err := w.s[i].SetBits(c.Sig[32:]); err != nil {
			return false
		}
		h.Reset()
		h.Write(c.Sig[:32])
		h.Write(c.Key)
		h.Write(c.Msg)
		h.Sum(sum[:0])
		if _, err := w.k[i].SetBytesModOrderWide(sum[:]); err != nil {
			return false
		}
		transcript.Write(sum[:]) // binds Rᵢ, A and Mᵢ
		transcript.Write(c.Sig[32:])
	}
	transcript.Sum(sum[:0])
	w.weights = rand.NewChaCha8([32]byte(sum[:32]))
	return true
}

// torsionTests is how many random sums of the Rᵢ are looked at.
const torsionTests = 64

// torsionFree reports whether no Rᵢ has a part of small order: of any that has one, half of
// all sums of some of the Rᵢ at least have one too. So many sums are looked at, each of about
// half of them. Four at a time are added up in all sixteen ways first.
func (w *workspace) torsionFree() bool {
	sums := make([]curve.EdwardsPoint, torsionTests)
	for i := range sums {
		sums[i].Identity()
	}
	var some [16]curve.EdwardsPoint
	some[0].Identity()
	for i := 0; i < len(w.r); i += 4 {
		four := w.r[i:min(i+4, len(w.r))]
		ways := 1
		for j := range four {
			some[ways].Set(&four[j])
			for k := 1; k < ways; k++ {
				some[ways+k].Add(&some[k], &four[j])
			}
			ways *= 2
		}
		var picks uint64
		for j := range sums {
			if j%16 == 0 {
				picks = w.weights.Uint64()
			}
			if pick := int(picks) & (ways - 1); pick != 0 {
				sums[j].Add(&sums[j], &some[pick])
			}
			picks >>= 4
		}
	}
	for i := range sums {
		if !sums[i].IsTorsionFree() {
			return false
		}
	}
	return true
}
