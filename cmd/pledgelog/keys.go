package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/log"
)

// The secret key of a checkpoint signer is a file of one line, in the form that
// package note of golang.org/x/mod/sumdb has for private keys:
//
//	PRIVATE+KEY+<name>+<key id, 8 hex digits>+<base64 of 0x01 and the seed>
//
// That of a further signer, of ML-DSA-44, has 0x06 in place of 0x01.

const (
	secretPrefix = "PRIVATE+KEY+"
	maxKeyFile   = 4 << 10
)

// marshalSecret writes what parseSigner and parseFurther read.
func marshalSecret(key log.Key, seed []byte) []byte {
	raw := append([]byte{key.Type}, seed...)
	return fmt.Appendf(nil, "%s%s+%08x+%s\n", secretPrefix, key.Name, key.ID, base64.StdEncoding.EncodeToString(raw))
}

// parseSigner reads a secret key file, exactly. Its errors quote nothing of it.
func parseSigner(b []byte) (*log.Signer, error) {
	return parseSecret(b, log.TypeEd25519, "Ed25519", log.NewSigner)
}

// parseFurther reads the secret key file of a further signer.
func parseFurther(b []byte) (*log.Cosigner, error) {
	return parseSecret(b, log.TypeMLDSA44, "ML-DSA-44", log.NewMLDSACosigner)
}

func parseSecret[S interface{ Key() log.Key }](b []byte, typ byte, algorithm string, load func(name string, seed []byte) (S, error)) (s S, err error) {
	var none S
	rest, ok := strings.CutPrefix(string(b), secretPrefix)
	// Base64 has plus signs too: only the first two separate.
	parts := strings.SplitN(strings.TrimSuffix(rest, "\n"), "+", 3)
	if !ok || len(parts) != 3 {
		return none, errors.New("it is not one line of the form PRIVATE+KEY+name+id+key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != typ { // seeds of both have one size
		return none, fmt.Errorf("it is not the secret of an %s signature key", algorithm)
	}
	if s, err = load(parts[0], raw[1:]); err != nil {
		return none, fmt.Errorf("make signer: %w", err)
	}
	if string(marshalSecret(s.Key(), raw[1:])) != string(b) {
		return none, errors.New("its key id is not that of its name and key, or it is written in another way than `pledgelog keygen` does")
	}
	return s, nil
}

// readSecret reads a secret key file that nobody else may read.
func readSecret[S any](path, name string, parse func([]byte) (S, error)) (s S, p *problem) {
	var none S
	b, err := readFile(path, maxKeyFile)
	if err != nil {
		return none, &problem{text: fmt.Sprintf("read key: %v", plainError(err)), hint: "make it with `pledgelog keygen`, or mend the path"}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return none, &problem{text: fmt.Sprintf("others on this machine may read or change %s", path), hint: "chmod 600 " + path}
	}
	if s, err = parse(b); err != nil {
		return none, &problem{text: fmt.Sprintf("read key %s: %v", path, err), hint: "give the file " + name + " that `pledgelog keygen` wrote"}
	}
	return s, nil
}

// readFile reads a file of at most limit bytes that somebody named. That it cannot
// be read is a failure of usage.
func readFile(path string, limit int64) ([]byte, error) {
	return readInput(path, limit, "look at how its name is spelt, and at the folder that it is in")
}

// readInput is readFile with a hint for a file that is not there.
func readInput(path string, limit int64, missing string) ([]byte, error) {
	b, err := commandline.ReadFile(path, limit)
	if err != nil {
		return nil, commandline.Usagef(commandline.InputHint(err, missing), "%w", plainError(err))
	}
	return b, nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// plainError leaves out the system call of a file's error.
func plainError(err error) error {
	if commandline.IsFailure(err) {
		return err // it is plain, and has a hint
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", filepath.Clean(pe.Path), pe.Err)
	}
	return err
}
