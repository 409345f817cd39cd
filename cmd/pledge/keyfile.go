package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A key is two files. FILE holds the secret key: one PEM block "PRIVATE KEY"
// with the PKCS#8 encoding of an Ed25519 key (RFC 8410), not encrypted.
// FILE.pub holds the public one: one line, the canonical JSON of entry.Key.

const (
	pemPlain     = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
	maxKeyFile   = 16 << 10
)

// marshalSecret writes what parseSecret reads.
func marshalSecret(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPlain, Bytes: der}), nil
}

// parseSecret reads a secret key file, in the one form that marshalSecret has.
func parseSecret(b []byte) (ed25519.PrivateKey, error) {
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
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("its key is not an Ed25519 key")
	}
	again, err := marshalSecret(key)
	if err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not exactly one PKCS#8 key in PEM, as `pledge keygen` writes it")
	}
	return key, nil
}

// readSecret reads a secret key file that nobody else may read.
func readSecret(path string) (ed25519.PrivateKey, error) {
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
