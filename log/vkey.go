package log

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"filippo.io/edwards25519"
	"filippo.io/mldsa"
)

// Signature types of c2sp.org/signed-note that this project speaks.
const (
	TypeEd25519     = 0x01 // Ed25519 over a note's text: a log's signature
	TypeCosignature = 0x04 // Ed25519 with a time: a witness's cosignature
	TypeMLDSA44     = 0x06 // ML-DSA-44 with a time: a cosignature, or a log's signature
)

// maxKeyName keeps names within what an ML-DSA-44 cosignature can hold
// (c2sp.org/tlog-cosignature).
const maxKeyName = 255

// maxVkey is over the longest vkey that there is: a name, an ID, and an
// ML-DSA-44 key in base64.
const maxVkey = 4 << 10

// Key is the public key of a log or a witness, with the name it signs under.
type Key struct {
	Name   string // 1 to 255 bytes of UTF-8, no plus sign, space or control character
	ID     uint32 // SHA-256(name || 0x0A || type || public)[:4], big-endian
	Type   byte   // TypeEd25519, TypeCosignature or TypeMLDSA44
	Public []byte // 32 bytes for Ed25519, 1,312 for ML-DSA-44
}

// NewKey returns the key with this name, signature type and public key, and
// works out its ID. It refuses Ed25519 keys that are not canonical or of small
// order: a signature by such a key proves nothing.
func NewKey(name string, typ byte, pub []byte) (Key, error) {
	k, err := newKey(name, typ, pub)
	if err != nil {
		return Key{}, fmt.Errorf("make key: %w", err)
	}
	return k, nil
}

func newKey(name string, typ byte, pub []byte) (Key, error) {
	if err := checkKeyName(name); err != nil {
		return Key{}, err
	}
	if len(name) > maxKeyName {
		return Key{}, fmt.Errorf("key name of %d bytes, at most %d", len(name), maxKeyName)
	}
	switch typ {
	case TypeEd25519, TypeCosignature:
		if err := checkEd25519(pub); err != nil {
			return Key{}, err
		}
	case TypeMLDSA44:
		if _, err := mldsa.NewPublicKey(mldsa.MLDSA44(), pub); err != nil {
			return Key{}, fmt.Errorf("not an ML-DSA-44 key: %w", err)
		}
	default:
		return Key{}, fmt.Errorf("key type 0x%02x is not one of 0x01, 0x04, 0x06", typ)
	}
	return Key{Name: name, ID: keyID(name, typ, pub), Type: typ, Public: bytes.Clone(pub)}, nil
}

func keyID(name string, typ byte, pub []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{'\n', typ})
	h.Write(pub)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func checkEd25519(pub []byte) error {
	if len(pub) != ed25519.PublicKeySize {
		return fmt.Errorf("Ed25519 key of %d bytes, want %d", len(pub), ed25519.PublicKeySize)
	}
	p, err := new(edwards25519.Point).SetBytes(pub)
	if err != nil {
		return errors.New("not an Ed25519 key")
	}
	if !bytes.Equal(p.Bytes(), pub) {
		return errors.New("Ed25519 key is not canonical")
	}
	if new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return errors.New("Ed25519 key is of small order")
	}
	return nil
}

// ParseKey parses a verifier key, "<name>+<8 hex digits>+<base64>"
// (c2sp.org/signed-note), with the refusals of [NewKey]. The ID must be the
// one that the specification recommends. Errors match [ErrMalformed].
func ParseKey(vkey string) (Key, error) {
	k, err := parseKey(vkey)
	if err != nil {
		return Key{}, fmt.Errorf("parse vkey: %w: %w", ErrMalformed, err)
	}
	return k, nil
}

func parseKey(vkey string) (Key, error) {
	if len(vkey) > maxVkey {
		return Key{}, fmt.Errorf("%d bytes, at most %d", len(vkey), maxVkey)
	}
	// Base64 has plus signs too: only the first two separate.
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return Key{}, errors.New("not of the form name+id+key")
	}
	raw, err := decodeBase64(parts[2])
	if err != nil {
		return Key{}, err
	}
	if len(raw) == 0 {
		return Key{}, errors.New("no key type")
	}
	k, err := newKey(parts[0], raw[0], raw[1:])
	if err != nil {
		return Key{}, err
	}
	if want := fmt.Sprintf("%08x", k.ID); parts[1] != want {
		return Key{}, fmt.Errorf("key ID is %.20q, but the key has %q", parts[1], want)
	}
	return k, nil
}

// String returns the key as a vkey. It is the inverse of [ParseKey].
func (k Key) String() string {
	raw := append([]byte{k.Type}, k.Public...)
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID, base64.StdEncoding.EncodeToString(raw))
}

// Equal reports whether both are the same key under the same name and type.
func (k Key) Equal(o Key) bool {
	return k.Name == o.Name && k.ID == o.ID && k.Type == o.Type && bytes.Equal(k.Public, o.Public)
}
