package log

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"filippo.io/mldsa"
)

// ErrBadSignature says that a signature by a known key is not good. It makes
// the whole note worthless.
var ErrBadSignature = errors.New("signature does not verify")

// Signer makes a log's Ed25519 signatures, type 0x01. It is also a Signer as
// package note of golang.org/x/mod/sumdb defines it.
//
// It signs whatever it is given: what keeps a log from signing a fork is
// package guard.
type Signer struct {
	key  Key
	priv ed25519.PrivateKey
}

// NewSigner returns the signer with this key name, made from a secret seed of
// 32 bytes.
func NewSigner(name string, seed []byte) (*Signer, error) {
	key, priv, err := newEd25519(name, TypeEd25519, seed)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return &Signer{key, priv}, nil
}

func newEd25519(name string, typ byte, seed []byte) (Key, ed25519.PrivateKey, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, nil, fmt.Errorf("seed of %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	priv := ed25519.NewKeyFromSeed(seed)
	key, err := newKey(name, typ, priv.Public().(ed25519.PublicKey))
	return key, priv, err
}

// Key returns the public key.
func (s *Signer) Key() Key { return s.key }

// Name returns the key's name.
func (s *Signer) Name() string { return s.key.Name }

// KeyHash returns the key's ID.
func (s *Signer) KeyHash() uint32 { return s.key.ID }

// Sign returns the signature of a note's text, 64 bytes without the key ID.
func (s *Signer) Sign(text []byte) ([]byte, error) {
	return ed25519.Sign(s.priv, text), nil
}

// Cosign returns the signature as a line of a note, for a key that signs beside
// another one. The time is no part of it.
func (s *Signer) Cosign(text []byte, _ uint64) (NoteSignature, error) {
	sig, err := s.Sign(text)
	return NoteSignature{s.key.Name, s.key.ID, sig}, err
}

// SignNote returns the note with this text and one signature, by s.
func (s *Signer) SignNote(text []byte) (*Note, error) {
	sig, err := s.Sign(text)
	if err != nil {
		return nil, err
	}
	return &Note{Text: text, Signatures: []NoteSignature{{s.key.Name, s.key.ID, sig}}}, nil
}

// Cosigner makes signatures with a time over checkpoints
// (c2sp.org/tlog-cosignature): a witness's, or with ML-DSA-44 also a log's.
type Cosigner struct {
	key  Key
	sign func(message []byte) ([]byte, error)
}

// NewCosigner returns the Ed25519 cosigner (type 0x04) with this key name,
// made from a secret seed of 32 bytes.
func NewCosigner(name string, seed []byte) (*Cosigner, error) {
	key, priv, err := newEd25519(name, TypeCosignature, seed)
	if err != nil {
		return nil, fmt.Errorf("make cosigner: %w", err)
	}
	return &Cosigner{key, func(message []byte) ([]byte, error) {
		return ed25519.Sign(priv, message), nil
	}}, nil
}

// NewMLDSACosigner returns the ML-DSA-44 cosigner (type 0x06) with this key
// name, made from a secret seed of 32 bytes.
func NewMLDSACosigner(name string, seed []byte) (*Cosigner, error) {
	priv, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed)
	if err != nil {
		return nil, fmt.Errorf("make cosigner: %w", err)
	}
	key, err := newKey(name, TypeMLDSA44, priv.PublicKey().Bytes())
	if err != nil {
		return nil, fmt.Errorf("make cosigner: %w", err)
	}
	return &Cosigner{key, func(message []byte) ([]byte, error) {
		return priv.Sign(nil, message, nil)
	}}, nil
}

// Key returns the public key.
func (c *Cosigner) Key() Key { return c.key }

// Cosign signs the text of a checkpoint with a time in seconds since 1970,
// 1 to 2^63-1. It refuses a text that is not a checkpoint's.
func (c *Cosigner) Cosign(checkpointText []byte, unixTime uint64) (NoteSignature, error) {
	s, err := c.cosign(checkpointText, unixTime)
	if err != nil {
		return NoteSignature{}, fmt.Errorf("cosign: %w", err)
	}
	return s, nil
}

func (c *Cosigner) cosign(text []byte, t uint64) (NoteSignature, error) {
	if t == 0 {
		return NoteSignature{}, errors.New("time is zero")
	}
	cp, err := ParseCheckpoint(text)
	if err != nil {
		return NoteSignature{}, err
	}
	message, err := cosignedMessage(c.key, text, cp, t)
	if err != nil {
		return NoteSignature{}, err
	}
	sig, err := c.sign(message)
	if err != nil {
		return NoteSignature{}, err
	}
	sig = append(binary.BigEndian.AppendUint64(nil, t), sig...)
	return NoteSignature{c.key.Name, c.key.ID, sig}, nil
}

// cosignedMessage returns what a key of type 0x04 or 0x06 signs for a
// checkpoint, given as its text and as parsed from it.
func cosignedMessage(k Key, text []byte, cp Checkpoint, t uint64) ([]byte, error) {
	if t > math.MaxInt64 {
		return nil, errors.New("time is over 2^63-1")
	}
	if k.Type == TypeCosignature {
		return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", t), text...), nil
	}
	if len(k.Name) > 255 || len(cp.Origin) > 255 {
		return nil, errors.New("origin is over 255 bytes")
	}
	m := []byte("subtree/v1\n\x00")
	m = append(m, byte(len(k.Name)))
	m = append(m, k.Name...)
	m = binary.BigEndian.AppendUint64(m, t)
	m = append(m, byte(len(cp.Origin)))
	m = append(m, cp.Origin...)
	m = binary.BigEndian.AppendUint64(m, 0) // start: a checkpoint is the whole tree
	m = binary.BigEndian.AppendUint64(m, cp.Size)
	return append(m, cp.Root[:]...), nil
}

// Verify checks a signature that is this key's, by name and ID, on the text of
// a note. It returns the time in a cosignature, in seconds since 1970, and 0
// for a key without times (type 0x01). Time 0 in a cosignature means that it
// tells no time. A text that is not a checkpoint's has no good cosignature.
// Errors match [ErrBadSignature].
func (k Key) Verify(text []byte, s NoteSignature) (uint64, error) {
	return k.verifyWith(alone, text, s)
}

// verifyFunc is the form of [ed25519.Verify].
type verifyFunc func(public ed25519.PublicKey, message, sig []byte) bool

// alone verifies one Ed25519 signature by itself.
func alone(public ed25519.PublicKey, message, sig []byte) bool {
	return ed25519.Verify(public, message, sig)
}

// verifyWith is Verify with another way to verify Ed25519 signatures.
func (k Key) verifyWith(verify verifyFunc, text []byte, s NoteSignature) (uint64, error) {
	t, err := k.verify(verify, text, s)
	if err != nil {
		return 0, fmt.Errorf("verify signature by %s: %w: %w", k.Name, ErrBadSignature, err)
	}
	return t, nil
}

var errSignature = errors.New("it is not this key's over this text")

func (k Key) verify(verify verifyFunc, text []byte, s NoteSignature) (uint64, error) {
	if s.Name != k.Name || s.ID != k.ID {
		return 0, errors.New("it is by another key")
	}
	if k.Type == TypeEd25519 {
		// ed25519.Verify panics on a key of another length.
		if len(k.Public) != ed25519.PublicKeySize || !verify(k.Public, text, s.Sig) {
			return 0, errSignature
		}
		return 0, nil
	}
	cp, err := ParseCheckpoint(text)
	if err != nil {
		return 0, err
	}
	if len(s.Sig) < 8 {
		return 0, errors.New("it is too short for a time")
	}
	t, sig := binary.BigEndian.Uint64(s.Sig), s.Sig[8:]
	message, err := cosignedMessage(k, text, cp, t)
	if err != nil {
		return 0, err
	}
	switch k.Type {
	case TypeCosignature:
		if len(k.Public) != ed25519.PublicKeySize || !verify(k.Public, message, sig) {
			return 0, errSignature
		}
	case TypeMLDSA44:
		pub, err := mldsa.NewPublicKey(mldsa.MLDSA44(), k.Public)
		if err != nil {
			return 0, err
		}
		if err := mldsa.Verify(pub, message, sig, nil); err != nil {
			return 0, errSignature
		}
	default:
		return 0, fmt.Errorf("key type 0x%02x is not one of 0x01, 0x04, 0x06", k.Type)
	}
	return t, nil
}
