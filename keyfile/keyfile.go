// Package keyfile is the two files of a key that signs statements, as `pledge keygen`
// and `pledgelog keygen` write them. The secret one is one PEM block "PRIVATE KEY" with
// the PKCS#8 encoding of an Ed25519 (RFC 8410), ECDSA P-256 (RFC 5915) or ML-DSA-44 key
// (RFC 9881, its seed), not encrypted: package signer has what is put around it. The
// public one is a line of JSON.
package keyfile

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"

	"filippo.io/mldsa"
	"filippo.io/mldsa/x509"

	"github.com/pledgelog/pledgelog/entry"
)

// MaxSize is the largest file of one key, in bytes.
const MaxSize = 16 << 10

const (
	pemPlain     = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
)

// A Secret is an ed25519.PrivateKey, an *ecdsa.PrivateKey on P-256 or an
// *mldsa.PrivateKey of ML-DSA-44.
type Secret interface {
	Public() crypto.PublicKey
	Equal(crypto.PrivateKey) bool
}

// New makes a key for an algorithm of package entry.
func New(alg string) (key Secret, err error) {
	switch alg {
	case entry.AlgEd25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case entry.AlgP256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case entry.AlgMLDSA44:
		key, err = mldsa.GenerateKey(mldsa.MLDSA44())
	default:
		err = fmt.Errorf("there is no algorithm %q", alg)
	}
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, nil
}

// PublicOf returns the public half of a secret key, for a use.
func PublicOf(key Secret, use string) (entry.Key, error) {
	switch pub := key.Public().(type) {
	case ed25519.PublicKey:
		return entry.NewKey(pub, use), nil
	case *ecdsa.PublicKey:
		return entry.NewP256Key(pub, use)
	case *mldsa.PublicKey:
		return entry.NewMLDSA44Key(pub, use)
	}
	return entry.Key{}, errors.New("its key is not of a known algorithm")
}

// Sign signs what entry.PublicKey.Verify verifies.
func Sign(key Secret, msg []byte) ([]byte, error) {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, msg), nil
	case *ecdsa.PrivateKey:
		digest := sha256.Sum256(msg)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		sig := make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
		return sig, nil
	case *mldsa.PrivateKey:
		return key.Sign(nil, msg, nil)
	}
	return nil, errors.New("the key is not of a known algorithm")
}

// Marshal writes what Parse reads.
func Marshal(key Secret) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPlain, Bytes: der}), nil
}

// Parse reads a secret key file, in the one form that Marshal has. Its errors quote
// nothing of it.
func Parse(b []byte) (Secret, error) {
	keys, err := ParseAll(b)
	if err == nil && len(keys) > 1 {
		err = errors.New("it is not exactly one PKCS#8 key in PEM, as `pledge keygen` writes it")
	}
	if err != nil {
		return nil, err
	}
	return keys[0], nil
}

// ParseAll is Parse for a file that holds one key or several, one after the other.
func ParseAll(b []byte) ([]Secret, error) {
	var keys []Secret
	var again []byte
	for rest := b; len(keys) == 0 || len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if len(keys) > 0 {
				break // what is behind is not PEM: the comparison finds it
			}
			return nil, errors.New("it holds no PEM block")
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		one, err := Marshal(key)
		if err != nil {
			return nil, err
		}
		keys, again = append(keys, key), append(again, one...)
	}
	if !bytes.Equal(again, b) {
		return nil, errors.New("it is not exactly one PKCS#8 key in PEM, as `pledge keygen` writes it")
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (Secret, error) {
	switch block.Type {
	case pemPlain:
	case pemEncrypted:
		return nil, errors.New("it is encrypted as PKCS#8, which these programs do not read")
	default:
		return nil, fmt.Errorf("its PEM block is %q, not %q", block.Type, pemPlain)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("its PEM block is not a PKCS#8 key")
	}
	key, ok := parsed.(Secret)
	if ok {
		_, err = PublicOf(key, entry.UseStatement)
	}
	if !ok || err != nil {
		return nil, errors.New("its key is not an Ed25519, ECDSA P-256 or ML-DSA-44 key")
	}
	return key, nil
}
