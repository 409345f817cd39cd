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

const (
	secretPrefix = "PRIVATE+KEY+"
	maxKeyFile   = 4 << 10
)

// marshalSigner writes what parseSigner reads.
func marshalSigner(s *log.Signer, seed []byte) []byte {
	raw := append([]byte{log.TypeEd25519}, seed...)
	return fmt.Appendf(nil, "%s%s+%08x+%s\n", secretPrefix, s.Name(), s.KeyHash(), base64.StdEncoding.EncodeToString(raw))
}

// parseSigner reads a secret key file, exactly. Its errors quote nothing of it.
func parseSigner(b []byte) (*log.Signer, error) {
	rest, ok := strings.CutPrefix(string(b), secretPrefix)
	// Base64 has plus signs too: only the first two separate.
	parts := strings.SplitN(strings.TrimSuffix(rest, "\n"), "+", 3)
	if !ok || len(parts) != 3 {
		return nil, errors.New("it is not one line of the form PRIVATE+KEY+name+id+key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != log.TypeEd25519 {
		return nil, errors.New("it is not the secret of an Ed25519 signature key")
	}
	s, err := log.NewSigner(parts[0], raw[1:])
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	if string(marshalSigner(s, raw[1:])) != string(b) {
		return nil, errors.New("its key id is not that of its name and key, or it is written in another way than `pledgelog keygen` does")
	}
	return s, nil
}

// readSigner reads a secret key file that nobody else may read.
func readSigner(path string) (*log.Signer, *problem) {
	b, err := readFile(path, maxKeyFile)
	if err != nil {
		return nil, &problem{text: fmt.Sprintf("read key: %v", plainError(err)), hint: "make it with `pledgelog keygen`, or mend the path"}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, &problem{text: fmt.Sprintf("others on this machine may read or change %s", path), hint: "chmod 600 " + path}
	}
	s, err := parseSigner(b)
	if err != nil {
		return nil, &problem{text: fmt.Sprintf("read key %s: %v", path, err), hint: "give the file checkpoint.key that `pledgelog keygen` wrote"}
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
