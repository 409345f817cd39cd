package entry

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	voicurve "github.com/oasisprotocol/curve25519-voi/curve"
	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// AlgEd25519 is the algorithm name of Ed25519 keys (RFC 8032). It is the only
// one of this version.
const AlgEd25519 = "ed25519"

// What a key may sign.
const (
	UseStatement = "statement" // everything but slots
	UseSlot      = "slot"      // slots only
)

// A KeyID is the SHA-256 of a key's DER SubjectPublicKeyInfo. It names the key
// wholly: whoever knows the id can tell whether bytes are that key.
type KeyID [sha256.Size]byte

func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

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
	Use string
	Raw ed25519.PublicKey // 32 bytes

	expanded *voi.ExpandedPublicKey
}

// spkiEd25519 is the DER that stands before an Ed25519 key's 32 bytes (RFC 8410
// section 4): there is one encoding only.
var spkiEd25519 = []byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}

// NewKey makes the Key of an Ed25519 public key.
func NewKey(pub ed25519.PublicKey, use string) Key {
	der := append(bytes.Clone(spkiEd25519), pub...)
	return Key{Alg: AlgEd25519, SPKI: base64.StdEncoding.EncodeToString(der), Use: use}
}

// Parse checks k: a known algorithm and use, an SPKI that equals its own
// re-encoding, and a point that is canonical and not of small order.
func (k Key) Parse() (*PublicKey, error) {
	if k.Use != UseStatement && k.Use != UseSlot {
		return nil, refuse(CodeKeyMalformed, "the use of a key is %q, not statement or slot", clip(k.Use))
	}
	if k.Alg != AlgEd25519 {
		return nil, refuse(CodeKeyAlgorithm, "the algorithm of a key is %q", clip(k.Alg))
	}
	der, err := decodeBase64([]byte(k.SPKI))
	if err != nil {
		return nil, err
	}
	if len(der) != len(spkiEd25519)+ed25519.PublicKeySize || !bytes.HasPrefix(der, spkiEd25519) {
		return nil, refuse(CodeKeyMalformed, "a key's spki is not the DER of an Ed25519 key")
	}
	return newPublicKey(der, k.Use)
}

func newPublicKey(der []byte, use string) (*PublicKey, error) {
	raw := ed25519.PublicKey(bytes.Clone(der[len(spkiEd25519):]))
	var compressed voicurve.CompressedEdwardsY
	copy(compressed[:], raw)
	point, err := new(voicurve.EdwardsPoint).SetCompressedY(&compressed)
	if err != nil {
		return nil, refuse(CodeKeyWeak, "a key is not a point of the curve")
	}
	if !compressed.IsCanonicalVartime() {
		return nil, refuse(CodeKeyWeak, "a key is not in its canonical encoding")
	}
	if point.IsSmallOrder() {
		return nil, refuse(CodeKeyWeak, "a key is a point of small order")
	}
	expanded, err := voi.NewExpandedPublicKey(voi.PublicKey(raw))
	if err != nil {
		return nil, refuse(CodeKeyWeak, "a key is not a point of the curve")
	}
	return &PublicKey{ID: sha256.Sum256(der), Use: use, Raw: raw, expanded: expanded}, nil
}

var zip215 = &voi.Options{Verify: voi.VerifyOptionsZIP_215}

// Verify reports whether sig is a signature of msg by k, as ZIP 215 defines it:
// the definition by which everybody judges (protocol section 2).
func (k *PublicKey) Verify(msg, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && voi.VerifyExpandedWithOptions(k.expanded, msg, sig, zip215)
}

// VerifyStrict reports whether sig is a signature that every common verifier
// takes too: the only ones that a server admits (protocol section 2). What it
// takes Verify takes.
//
// Go's verifier recomputes R and compares its bytes, so that an R it takes is in
// its canonical encoding; that A is canonical and not of small order was checked
// when the key was parsed. What remains is an R of small order.
func (k *PublicKey) VerifyStrict(msg, sig []byte) bool {
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
	return sha256.Sum256(append(bytes.Clone(spkiEd25519), pub...))
}

// ParseKeyID reads 64 lower-case hex digits.
func ParseKeyID(s string) (KeyID, error) {
	id, ok := parseHash([]byte(s))
	if !ok {
		return KeyID{}, refuse(CodeSignaturesMalformed, "a keyid is not 64 lower-case hex digits")
	}
	return KeyID(id), nil
}

// decodeBase64 reads standard padded base64 with zero trailing bits. Unlike the
// decoder of encoding/base64 it takes no line breaks.
func decodeBase64(b []byte) ([]byte, error) {
	for _, ch := range b {
		if ch == '\n' || ch == '\r' {
			return nil, refuse(CodeBase64, "base64 holds a line break")
		}
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Strict().Decode(out, b)
	if err != nil {
		return nil, refuse(CodeBase64, "base64 is not the standard padded form with zero trailing bits")
	}
	return out[:n], nil
}

// parseHash reads 64 lower-case hex digits.
func parseHash(b []byte) (h [32]byte, ok bool) {
	if len(b) != 64 {
		return h, false
	}
	for _, ch := range b {
		if ch >= 'A' && ch <= 'F' {
			return h, false
		}
	}
	_, err := hex.Decode(h[:], b)
	return h, err == nil
}
