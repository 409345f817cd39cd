package main

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
	"io/fs"
	"os"
	"runtime"
	"strings"

	"filippo.io/mldsa"
	"filippo.io/mldsa/x509"
	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A key is two files. FILE holds the secret key: one PEM block "PRIVATE KEY"
// with the PKCS#8 encoding of an Ed25519 (RFC 8410), ECDSA P-256 (RFC 5915) or
// ML-DSA-44 key (RFC 9881, its seed), not encrypted. FILE.pub holds the public
// one: one line, the canonical JSON of entry.Key.

const (
	pemPlain     = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
	maxKeyFile   = 16 << 10
)

// A secretKey is an ed25519.PrivateKey, an *ecdsa.PrivateKey on P-256 or an
// *mldsa.PrivateKey of ML-DSA-44.
type secretKey interface {
	Public() crypto.PublicKey
	Equal(crypto.PrivateKey) bool
}

// newSecret makes a key for an algorithm of entry.
func newSecret(alg string) (key secretKey, err error) {
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

// publicOf returns the public half of a secret key, for a use.
func publicOf(key secretKey, use string) (entry.Key, error) {
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

// parsedPublic returns the public half of a secret key, to verify with.
func parsedPublic(key secretKey) (*entry.PublicKey, error) {
	public, err := publicOf(key, entry.UseStatement)
	if err != nil {
		return nil, err
	}
	return public.Parse()
}

// signWith signs what entry.PublicKey.Verify verifies.
func signWith(key secretKey, msg []byte) ([]byte, error) {
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

// marshalSecret writes what parseSecret reads.
func marshalSecret(key secretKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPlain, Bytes: der}), nil
}

// parseSecret reads a secret key file, in the one form that marshalSecret has.
func parseSecret(b []byte) (secretKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("it holds no PEM block")
	}
	switch block.Type {
	case pemPlain:
	case pemEncrypted:
		return nil, errors.New("it is encrypted, which this version cannot read")
	default:
		return nil, fmt.Errorf("its PEM block is %q, not %q", block.Type, pemPlain)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("its PEM block is not a PKCS#8 key")
	}
	key, ok := parsed.(secretKey)
	if ok {
		_, err = publicOf(key, entry.UseStatement)
	}
	if !ok || err != nil {
		return nil, errors.New("its key is not an Ed25519, ECDSA P-256 or ML-DSA-44 key")
	}
	again, err := marshalSecret(key)
	if err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not exactly one PKCS#8 key in PEM, as `pledge keygen` writes it")
	}
	return key, nil
}

// readSecret reads a secret key file that nobody else may read.
func readSecret(path string) (secretKey, error) {
	b, err := commandline.ReadInput("key", path, maxKeyFile, "name the secret key that `pledge keygen --out` wrote")
	if err != nil {
		return nil, err
	}
	if _, err := parsePublic(b); err == nil {
		hint := "name the secret key that `pledge keygen --out` wrote"
		if secret, ok := strings.CutSuffix(path, ".pub"); ok {
			hint = "name the secret key beside it: --key " + secret
		}
		return nil, commandline.Usagef(hint, "read key %s: it is a public key, and nobody can sign with that", path)
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, commandline.Usagef("chmod 600 "+path, "read key %s: others on this machine may read or change it (mode %04o)", path, info.Mode().Perm())
	}
	key, err := parseSecret(b)
	if err != nil {
		return nil, commandline.Usagef("name the key file that `pledge keygen --out` wrote, as it wrote it", "read key %s: %w", path, err)
	}
	return key, nil
}

// marshalPublic writes what parsePublic reads.
func marshalPublic(key entry.Key) ([]byte, error) {
	b, err := entry.Marshal(key)
	return append(b, '\n'), err
}

// parsePublic reads a .pub file.
func parsePublic(b []byte) (entry.Key, error) {
	var key entry.Key
	line, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return key, errors.New("it is not one line")
	}
	if err := entry.CheckCanonical(line); err != nil {
		return key, err
	}
	if err := json.Unmarshal(line, &key, json.RejectUnknownMembers(true)); err != nil {
		return key, errors.New("it is not {\"alg\":…,\"spki\":…,\"use\":…}")
	}
	if again, err := marshalPublic(key); err != nil || !bytes.Equal(again, b) {
		return key, errors.New("it lacks alg, spki or use")
	}
	_, err := key.Parse()
	return key, err
}

func readPublic(path string) (entry.Key, error) {
	b, err := commandline.ReadInput("public key", path, maxKeyFile, "name the .pub file that `pledge keygen` wrote; names in a YAML file start from its folder")
	if err != nil {
		return entry.Key{}, err
	}
	key, err := parsePublic(b)
	if err != nil {
		return entry.Key{}, commandline.Usagef("name the .pub file that `pledge keygen` wrote", "read public key %s: %w", path, err)
	}
	return key, nil
}

// exists reports whether something is at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
