package entry

import (
	"crypto/ed25519"
	"crypto/sha512"
	"math/rand/v2"
	"slices"

	voicurve "github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// A Check is one signature to verify.
type Check struct {
	Key *PublicKey
	Msg []byte
	Sig []byte
}

// VerifyAll verifies signatures as PublicKey.Verify does, each with the same
// verdict, and faster: in one equation for all of them, in which the terms of
// equal keys are one. If that fails, and for other algorithms, the signatures are verified one by one, to
// name the culprits. Good sizes are some thousand signatures by some dozen keys.
//
// The equation is that of ZIP 215 with a random weight zᵢ for each signature:
//
//	8·(Σ zᵢRᵢ + Σ_keys (Σ zᵢkᵢ)·A − (Σ zᵢsᵢ)·B) = 0, kᵢ = SHA-512(Rᵢ‖A‖Mᵢ)
//
// The weights are 128 bits from a generator seeded with a hash of everything that
// is verified, so that nobody can choose signatures whose errors cancel out.
func VerifyAll(checks []Check) []bool {
	ok := make([]bool, len(checks))
	together, places := checks, []int(nil)
	if slices.ContainsFunc(checks, func(c Check) bool { return c.Key.Alg != AlgEd25519 }) {
		together = nil
		for i, c := range checks {
			if c.Key.Alg == AlgEd25519 {
				together, places = append(together, c), append(places, i)
			} else {
				ok[i] = c.Key.Verify(c.Msg, c.Sig)
			}
		}
	}
	all := len(together) >= minBatch && verifyTogether(together)
	for i, c := range together {
		at := i
		if places != nil {
			at = places[i]
		}
		ok[at] = all || c.Key.Verify(c.Msg, c.Sig)
	}
	return ok
}

// minBatch is the number of signatures from which one equation is faster.
const minBatch = 4

// verifyTogether reports whether all signatures verify. It may be wrong with a
// probability of about 2^-128.
func verifyTogether(checks []Check) bool {
	n := len(checks)
	ks := make([]scalar.Scalar, n)         // kᵢ
	ss := make([]scalar.Scalar, n)         // sᵢ
	rs := make([]voicurve.EdwardsPoint, n) // Rᵢ
	var k [sha512.Size]byte
	transcript := sha512.New()
	for i, c := range checks {
		if len(c.Sig) != ed25519.SignatureSize {
			return false
		}
		var compressed voicurve.CompressedEdwardsY
		copy(compressed[:], c.Sig)
		if _, err := rs[i].SetCompressedY(&compressed); err != nil {
			return false
		}
		if !scalar.ScMinimalVartime(c.Sig[32:]) {
			return false // s is not below the group's order
		}
		if _, err := ss[i].SetBits(c.Sig[32:]); err != nil {
			return false
		}
		h := sha512.New()
		h.Write(c.Sig[:32])
		h.Write(c.Key.Raw)
		h.Write(c.Msg)
		h.Sum(k[:0])
		if _, err := ks[i].SetBytesModOrderWide(k[:]); err != nil {
			return false
		}
		transcript.Write(k[:]) // binds Rᵢ, A and Mᵢ
		transcript.Write(c.Sig[32:])
	}
	var seed [sha512.Size]byte
	transcript.Sum(seed[:0])
	weights := rand.NewChaCha8([32]byte(seed[:32]))

	var sum, term scalar.Scalar
	byKey := make(map[KeyID]*scalar.Scalar)
	scalars := make([]*scalar.Scalar, n, n+64)
	points := make([]*voicurve.EdwardsPoint, n, n+64)
	zs := make([]scalar.Scalar, n)
	var z [scalar.ScalarSize]byte
	for i, c := range checks {
		weights.Read(z[:16])
		if _, err := zs[i].SetBits(z[:]); err != nil {
			return false
		}
		scalars[i], points[i] = &zs[i], &rs[i]
		sum.Add(&sum, term.Mul(&zs[i], &ss[i]))
		of := byKey[c.Key.ID]
		if of == nil {
			of = scalar.New()
			byKey[c.Key.ID] = of
			var compressed voicurve.CompressedEdwardsY
			copy(compressed[:], c.Key.Raw)
			a, err := voicurve.NewEdwardsPoint().SetCompressedY(&compressed)
			if err != nil {
				return false
			}
			scalars, points = append(scalars, of), append(points, a)
		}
		of.Add(of, term.Mul(&zs[i], &ks[i]))
	}
	scalars, points = append(scalars, sum.Neg(&sum)), append(points, voicurve.ED25519_BASEPOINT_POINT)
	total := voicurve.NewEdwardsPoint().MultiscalarMulVartime(scalars, points)
	return total.IsSmallOrder() // 8·total = 0
}
