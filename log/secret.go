package log

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// A Secret is the secret of a key that signs checkpoints: a log's, a witness's or a
// mirror's. Its file is one line, in the form that package note of
// golang.org/x/mod/sumdb has for private keys, with the types of signed-note:
//
//	PRIVATE+KEY+<name>+<key ID, 8 hex digits>+<base64 of the type and the seed>
type Secret struct {
	Name string
	Type byte   // TypeEd25519, TypeCosignature or TypeMLDSA44
	Seed []byte // 32 bytes
}

// NewSecret makes a secret key.
func NewSecret(name string, typ byte) Secret {
	seed := make([]byte, SecretSeedSize)
	rand.Read(seed)
	return Secret{Name: name, Type: typ, Seed: seed}
}

// MaxSecretFile bounds the file of a secret, in bytes.
const MaxSecretFile = 4 << 10

// SecretSeedSize is the length of a seed, in bytes, of whatever type.
const SecretSeedSize = ed25519.SeedSize

const secretPrefix = "PRIVATE+KEY+"

// ParseSecret reads the file of a secret, exactly as [Secret.Marshal] writes it. Its
// errors say what "it" is not, and quote nothing of it.
func ParseSecret(b []byte) (Secret, error) {
	rest, ok := strings.CutPrefix(string(b), secretPrefix)
	// Base64 has plus signs too: only the first two separate.
	parts := strings.SplitN(strings.TrimSuffix(rest, "\n"), "+", 3)
	if !ok || len(parts) != 3 {
		return Secret{}, errors.New("it is not one line of the form PRIVATE+KEY+name+id+key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+SecretSeedSize {
		return Secret{}, errors.New("it is not the secret of a key of 32 bytes")
	}
	s := Secret{Name: parts[0], Type: raw[0], Seed: raw[1:]}
	again, err := s.Marshal()
	if err != nil {
		return Secret{}, err
	}
	if !bytes.Equal(again, b) {
		return Secret{}, errors.New("its key id is not that of its name and key, or it is written in another way than it should be")
	}
	return s, nil
}

// Marshal writes the file of the secret.
func (s Secret) Marshal() ([]byte, error) {
	k, err := s.Key()
	if err != nil {
		return nil, err
	}
	raw := append([]byte{s.Type}, s.Seed...)
	return fmt.Appendf(nil, "%s%s+%08x+%s\n", secretPrefix, k.Name, k.ID, base64.StdEncoding.EncodeToString(raw)), nil
}

// Key returns the public key.
func (s Secret) Key() (Key, error) {
	if s.Type == TypeEd25519 {
		signer, err := s.Signer()
		if err != nil {
			return Key{}, err
		}
		return signer.Key(), nil
	}
	c, err := s.Cosigner()
	if err != nil {
		return Key{}, err
	}
	return c.Key(), nil
}

// Signer returns the signer of a secret of type 0x01.
func (s Secret) Signer() (*Signer, error) {
	if s.Type != TypeEd25519 {
		return nil, errors.New("it is not the secret of an Ed25519 signature key")
	}
	return NewSigner(s.Name, s.Seed)
}

// Cosigner returns the cosigner of a secret of type 0x04 or 0x06.
func (s Secret) Cosigner() (*Cosigner, error) {
	switch s.Type {
	case TypeCosignature:
		return NewCosigner(s.Name, s.Seed)
	case TypeMLDSA44:
		return NewMLDSACosigner(s.Name, s.Seed)
	}
	return nil, errors.New("it is not the secret of an Ed25519 or ML-DSA-44 cosignature key")
}

// String names the key, and leaves the seed out.
func (s Secret) String() string { return "secret of " + s.Name }

// GoString is String: no secret gets into a log by accident.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String too, for what writes JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
