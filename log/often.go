package log

import (
	"crypto/ed25519"
	"crypto/sha512"
	"sync"
	"sync/atomic"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// verifyFunc is the form of [ed25519.Verify].
type verifyFunc func(public ed25519.PublicKey, message, sig []byte) bool

// An oftenKey verifies signatures by one Ed25519 key with the verdicts of
// [ed25519.Verify], each by itself. From the rareUses-th on it does so with a table of
// the key's multiples, which is faster: an archive holds many thousand checkpoints by
// the same key.
type oftenKey struct {
	public   ed25519.PublicKey
	uses     atomic.Int64
	make     sync.Once
	multiple *curve.EdwardsBasepointTable // of −A; nil when the key is no point
}

// rareUses is how many signatures are verified without the table, which takes as
// long to make as it takes to verify some of them.
const rareUses = 16

// verify is a verifyFunc for the key public, whatever key it is called with.
func (k *oftenKey) verify(_ ed25519.PublicKey, message, sig []byte) bool {
	if k.uses.Add(1) <= rareUses {
		return ed25519.Verify(k.public, message, sig)
	}
	k.make.Do(func() {
		var compressed curve.CompressedEdwardsY
		copy(compressed[:], k.public)
		if a, err := curve.NewEdwardsPoint().SetCompressedY(&compressed); err == nil {
			k.multiple = curve.NewEdwardsBasepointTable(a.Neg(a))
		}
	})
	if k.multiple == nil {
		return ed25519.Verify(k.public, message, sig)
	}
	return k.verifyByTable(message, sig)
}

// verifyByTable works out the R that a good signature has, s·B − k·A with
// k = SHA-512(R‖A‖M), and compares it with the signature's byte by byte (RFC 8032,
// section 5.1.7, without the cofactor, as crypto/ed25519).
func (k *oftenKey) verifyByTable(message, sig []byte) bool {
	if len(sig) != ed25519.SignatureSize || !scalar.ScMinimalVartime(sig[32:]) {
		return false
	}
	var s, c scalar.Scalar
	if _, err := s.SetBits(sig[32:]); err != nil {
		return false
	}
	h := sha512.New()
	h.Write(sig[:32])
	h.Write(k.public)
	h.Write(message)
	var sum [sha512.Size]byte
	if _, err := c.SetBytesModOrderWide(h.Sum(sum[:0])); err != nil {
		return false
	}
	var r, ofA curve.EdwardsPoint
	r.MulBasepoint(curve.ED25519_BASEPOINT_TABLE, &s)
	ofA.MulBasepoint(k.multiple, &c)
	r.Add(&r, &ofA)
	var compressed curve.CompressedEdwardsY
	compressed.SetEdwardsPoint(&r)
	return string(compressed[:]) == string(sig[:32])
}
