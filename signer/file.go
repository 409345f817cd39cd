package signer

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

// What to do about a file that is not there, and about one that is no secret key.
const (
	hintName = "name the secret key that `pledge keygen --out` wrote"
	hintFile = "name the key file that `pledge keygen --out` wrote, as it wrote it"
)

// openFile opens the secret key in a file.
func openFile(ctx context.Context, path string, opts Options) (*Signer, error) {
	secret, err := ReadFile(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return ofSecret(secret)
}

// ReadFile reads the secret key in a file, encrypted or not.
func ReadFile(ctx context.Context, path string, opts Options) (keyfile.Secret, error) {
	b, err := readSecret("key", path, hintName)
	if err != nil {
		return nil, err
	}
	if isEncrypted(b) {
		if b, err = decrypt(ctx, "key", path, b, opts); err != nil {
			return nil, err
		}
	}
	secret, err := keyfile.Parse(b)
	if err != nil {
		return nil, wrong(Named, hintOf(b), "read key %s: %w", path, err)
	}
	return secret, nil
}

// hintOf says what can be done about a file of another form.
func hintOf(b []byte) string {
	block, _ := pem.Decode(b)
	switch {
	case block == nil:
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return "openssl pkcs8 -in FILE -out NEW decrypts it, and pledge key passphrase NEW encrypts it again"
	case block.Type == "OPENSSH PRIVATE KEY":
		return "ssh-add FILE puts it into an ssh-agent; then --key ssh-agent:COMMENT signs with it"
	}
	return hintFile
}

// ofSecret returns the signer of a key that is at hand.
func ofSecret(secret keyfile.Secret) (*Signer, error) {
	key, err := keyfile.PublicOf(secret, entry.UseStatement)
	if err != nil {
		return nil, err
	}
	return newSigner(key, inMemory{secret})
}

// inMemory holds a key that was read.
type inMemory struct{ secret keyfile.Secret }

func (m inMemory) sign(_ context.Context, msg []byte) ([]byte, error) {
	return keyfile.Sign(m.secret, msg)
}

func (inMemory) close() error { return nil }

// readSecret reads the file of a secret that nobody else on this machine may read or
// change. What is what it is, missing the hint for a file that is not there.
func readSecret(what, path, missing string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		hint := "see whether the name is that of the right file"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			hint = missing
		case errors.Is(err, fs.ErrPermission):
			hint = "run this as somebody who may read it"
		}
		return nil, wrong(Named, hint, "read %s: %w", what, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, keyfile.MaxSize+1))
	if err == nil && len(b) > keyfile.MaxSize {
		err = fmt.Errorf("%s has more than %d bytes", path, keyfile.MaxSize)
	}
	if err != nil {
		return nil, wrong(Named, "see whether the name is that of the right file", "read %s: %w", what, err)
	}
	if _, err := keyfile.ParsePublic(b); err == nil {
		hint := hintName
		if secret, ok := strings.CutSuffix(path, ".pub"); ok {
			hint = "name the secret key beside it: " + secret
		}
		return nil, wrong(Named, hint, "read %s %s: it is a public key, and nobody can sign with that", what, path)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	// Windows says in another way who may read a file.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, wrong(Named, "chmod 600 "+path, "read %s %s: others on this machine may read or change it (mode %04o)", what, path, info.Mode().Perm())
	}
	return b, nil
}
