package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

// A key is two files. FILE holds the secret key, as package keyfile has it. FILE.pub
// holds the public one: one line, the canonical JSON of entry.Key.

const maxKeyFile = keyfile.MaxSize

// A secretKey is of Ed25519, ECDSA P-256 or ML-DSA-44.
type secretKey = keyfile.Secret

// parsedPublic returns the public half of a secret key, to verify with.
func parsedPublic(key secretKey) (*entry.PublicKey, error) {
	public, err := keyfile.PublicOf(key, entry.UseStatement)
	if err != nil {
		return nil, err
	}
	return public.Parse()
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
	key, err := keyfile.Parse(b)
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
