package entry

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"

	"filippo.io/mldsa"
	voicurve "github.com/oasisprotocol/curve25519-voi/curve"
	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// The algorithms of authors' keys (protocol section 2).
const (
	AlgEd25519 = "ed25519"           // RFC 8032; verified as ZIP 215 defines it
	AlgP256    = "ecdsa-p256-sha256" // FIPS 186-5; the signature is r ‖ s, 64 bytes
	AlgMLDSA44 = "ml-dsa-44"         // FIPS 204, pure, with an empty context
)

// What a key may sign.
const (
	UseStatement = "statement" // everything but slots
	UseSlot      = "slot"      // slots only
)

// A KeyID is the SHA-256 of a key's DER SubjectPublicKeyInfo. It names the key
// wholly: whoever knows the id can tell whether bytes are that key.
type KeyID [sha256.Size]byte

func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes id as 64 lower-case hex digits.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 64 lower-case hex digits.
func (id *KeyID) UnmarshalText(b []byte) error {
	h, ok := parseHash(b)
	if !ok {
		return refuse(CodeMemberMalformed, "a key id is not 64 lower-case hex digits")
	}
	*id = h
	return nil
}

// A Key is a public key as it stands in a charter, an admission or a change of
// keys (protocol section 2).
type Key struct {
	Alg  string `json:"alg"`
	SPKI string `json:"spki"` // standard base64 of the DER SubjectPublicKeyInfo
	Use  string `json:"use"`
}

// A PublicKey is a Key that was checked and can verify.
type PublicKey struct {
	ID  KeyID
	Alg string
	Use string
	Raw []byte // as in the SPKI: 32 bytes, 65 (uncompressed point) or 1,312

	expanded *voi.ExpandedPublicKey // of Ed25519
	p256     *ecdsa.PublicKey
	mldsa    *mldsa.PublicKey
}

// spki has, for each algorithm, the DER that stands before the key's own bytes.
// Every field of these structures has one DER encoding, and the key's length is
// fixed: so there is one SPKI for a key, and comparing the prefix is the same as
// encoding again (RFC 8410 section 4, RFC 5480 section 2, RFC 9881 section 4).
var spki = map[string]struct {
	prefix []byte
	size   int
}{
	AlgEd25519: {[]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, ed25519.PublicKeySize},
	AlgP256: {[]byte{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
		0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00}, 65},
	AlgMLDSA44: {[]byte{0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11,
		0x03, 0x82, 0x05, 0x21, 0x00}, mldsa.MLDSA44PublicKeySize},
}

// newKey makes the Key of raw bytes.
func newKey(alg string, raw []byte, use string) Key {
	der := append(bytes.Clone(spki[alg].prefix), raw...)
	return Key{Alg: alg, SPKI: base64.StdEncoding.EncodeToString(der), Use: use}
}

// NewKey makes the Key of an Ed25519 public key.
func NewKey(pub ed25519.PublicKey, use string) Key { return newKey(AlgEd25519, pub, use) }

// NewP256Key makes the Key of an ECDSA public key on P-256.
func NewP256Key(pub *ecdsa.PublicKey, use string) (Key, error) {
	if pub.Curve != elliptic.P256() {
		return Key{}, refuse(CodeKeyAlgorithm, "the curve of a key is not P-256")
	}
	raw, err := pub.Bytes()
	if err != nil {
		return Key{}, refuse(CodeKeyWeak, "a key is not a point of the curve")
	}
	return newKey(AlgP256, raw, use), nil
}

// NewMLDSA44Key makes the Key of an ML-DSA-44 public key.
func NewMLDSA44Key(pub *mldsa.PublicKey, use string) (Key, error) {
	if pub.Parameters() != mldsa.MLDSA44() {
		return Key{}, refuse(CodeKeyAlgorithm, "a key is not of ML-DSA-44")
	}
	return newKey(AlgMLDSA44, pub.Bytes(), use), nil
}

// Parse checks k: a known algorithm and use, an SPKI that equals its own
// re-encoding, and bytes that are a key: for Ed25519 a canonical point that is not
// of small order, for ECDSA a point of the curve.
func (k Key) Parse() (*PublicKey, error) {
	if k.Use != UseStatement && k.Use != UseSlot {
		return nil, refuse(CodeKeyMalformed, "the use of a key is %q, not statement or slot", clip(k.Use))
	}
	form, known := spki[k.Alg]
	if !known {
		return nil, refuse(CodeKeyAlgorithm, "the algorithm of a key is %q", clip(k.Alg))
	}
	der, err := decodeBase64([]byte(k.SPKI))
	if err != nil {
		return nil, err
	}
	raw, ok := bytes.CutPrefix(der, form.prefix)
	if !ok || len(raw) != form.size {
		return nil, refuse(CodeKeyMalformed, "a key's spki is not the DER of an %s key", k.Alg)
	}
	p := &PublicKey{ID: sha256.Sum256(der), Alg: k.Alg, Use: k.Use, Raw: raw}
	switch k.Alg {
	case AlgEd25519:
		err = p.parseEd25519()
	case AlgP256:
		if p.p256, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw); err != nil {
			err = refuse(CodeKeyWeak, "a key is not a point of the curve")
		}
	case AlgMLDSA44:
		if p.mldsa, err = mldsa.NewPublicKey(mldsa.MLDSA44(), raw); err != nil {
			err = refuse(CodeKeyMalformed, "a key is not of ML-DSA-44")
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (k *PublicKey) parseEd25519() error {
	var compressed voicurve.CompressedEdwardsY
	copy(compressed[:], k.Raw)
	point, err := new(voicurve.EdwardsPoint).SetCompressedY(&compressed)
	if err != nil {
		return refuse(CodeKeyWeak, "a key is not a point of the curve")
	}
	if !compressed.IsCanonicalVartime() {
		return refuse(CodeKeyWeak, "a key is not in its canonical encoding")
	}
	if point.IsSmallOrder() {
		return refuse(CodeKeyWeak, "a key is a point of small order")
	}
	if k.expanded, err = voi.NewExpandedPublicKey(voi.PublicKey(k.Raw)); err != nil {
		return refuse(CodeKeyWeak, "a key does not expand")
	}
	return nil
}

var zip215 = &voi.Options{Verify: voi.VerifyOptionsZIP_215}

// Verify reports whether sig is a signature of msg by k: for Ed25519 as ZIP 215
// defines it. This is the definition by which everybody judges (protocol section
// 2).
func (k *PublicKey) Verify(msg, sig []byte) bool {
	switch k.Alg {
	case AlgEd25519:
		return len(sig) == ed25519.SignatureSize && voi.VerifyExpandedWithOptions(k.expanded, msg, sig, zip215)
	case AlgP256:
		return verifyP256(k.p256, msg, sig)
	case AlgMLDSA44:
		return len(sig) == mldsa.MLDSA44SignatureSize && mldsa.Verify(k.mldsa, msg, sig, nil) == nil
	}
	return false
}

// verifyP256 verifies r ‖ s, each 32 bytes, big-endian, from 1 to the order − 1.
// With s, order − s verifies too: signatures of a statement are not part of its id.
func verifyP256(pub *ecdsa.PublicKey, msg, sig []byte) bool {
	if len(sig) != 64 {
		return false
	}
	digest := sha256.Sum256(msg)
	return ecdsa.Verify(pub, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}

// VerifyStrict reports whether sig is a signature that every common verifier
// takes too: the only ones that a server admits (protocol section 2). What it
// takes Verify takes. It differs from Verify for Ed25519 alone.
//
// Go's verifier recomputes R and compares its bytes, so that an R it takes is in
// its canonical encoding; that A is canonical and not of small order was checked
// when the key was parsed. What remains is an R of small order.
func (k *PublicKey) VerifyStrict(msg, sig []byte) bool {
	if k.Alg != AlgEd25519 {
		return k.Verify(msg, sig)
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(k.Raw, msg, sig) {
		return false
	}
	var compressed voicurve.CompressedEdwardsY
	copy(compressed[:], sig)
	r, err := new(voicurve.EdwardsPoint).SetCompressedY(&compressed)
	return err == nil && !r.IsSmallOrder()
}

// KeyIDOf returns the key id of an Ed25519 public key.
func KeyIDOf(pub ed25519.PublicKey) KeyID {
	return sha256.Sum256(append(bytes.Clone(spki[AlgEd25519].prefix), pub...))
}

// decodeBase64 reads standard padded base64 with zero trailing bits. Unlike the
// decoder of encoding/base64 it takes no line breaks.
func decodeBase64(b []byte) ([]byte, error) {
	return appendBase64(make([]byte, 0, base64.StdEncoding.DecodedLen(len(b))), b)
}

// appendBase64 is decodeBase64 onto the end of dst.
func appendBase64(dst, b []byte) ([]byte, error) {
	if bytes.IndexByte(b, '\n') >= 0 || bytes.IndexByte(b, '\r') >= 0 {
		return nil, refuse(CodeBase64, "base64 holds a line break")
	}
	dst, err := strictBase64.AppendDecode(dst, b)
	if err != nil {
		return nil, refuse(CodeBase64, "base64 is not the standard padded form with zero trailing bits")
	}
	return dst, nil
}

// parseHash reads 64 lower-case hex digits.
func parseHash(b []byte) (h [32]byte, ok bool) {
	if len(b) != 64 {
		return h, false
	}
	bad := byte(0)
	for i := range h {
		high, low := nibbles[b[2*i]], nibbles[b[2*i+1]]
		bad |= high | low
		h[i] = high<<4 | low&0x0f
	}
	if bad&noNibble != 0 {
		return [32]byte{}, false
	}
	return h, true
}

// nibbles has the value of each lower-case hex digit, and noNibble for what is
// none.
var nibbles = func() (t [256]byte) {
	for i := range t {
		t[i] = noNibble
	}
	for i, ch := range []byte("0123456789abcdef") {
		t[ch] = byte(i)
	}
	return t
}()

const noNibble = 0x80
