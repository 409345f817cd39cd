package signer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

var algorithms = []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44}

// message is longer than any digest, so that a key which signs digests of its own is
// seen.
var message = []byte("DSSEv1 40 application/vnd.pledgelog.statement.v1+json 1000 " + strings.Repeat("what is signed, ", 60))

func newSecret(t *testing.T, alg string) keyfile.Secret {
	t.Helper()
	secret, err := keyfile.New(alg)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// write writes a file for its owner only.
func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func marshal(t *testing.T, secret keyfile.Secret) []byte {
	t.Helper()
	b, err := keyfile.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// holds wants a signer to have a key, and to sign with it.
func holds(t *testing.T, s *Signer, want entry.Key) {
	t.Helper()
	if got := s.Key(want.Use); got != want {
		t.Fatalf("its key is %v, not %v", got, want)
	}
	public, err := want.Parse()
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	if !public.VerifyStrict(message, sig) || public.VerifyStrict(append([]byte{0}, message...), sig) {
		t.Error("what it signed does not verify")
	}
	if s.Public().ID != public.ID {
		t.Errorf("its key id is %s", s.Public().ID)
	}
}

// fails wants an error of a class that says something, and has a hint.
func fails(t *testing.T, what string, err error, class Class, want string) {
	t.Helper()
	var e *Error
	switch {
	case !errors.As(err, &e):
		t.Errorf("%s: %v", what, err)
	case e.Class != class || e.Hint == "" || !strings.Contains(err.Error(), want):
		t.Errorf("%s: class %d, hint %q, not class %d with %q: %v", what, e.Class, e.Hint, class, want, err)
	}
}

func TestPlainFile(t *testing.T) {
	for _, alg := range algorithms {
		secret := newSecret(t, alg)
		s, err := Open(t.Context(), write(t, filepath.Join(t.TempDir(), "acme.key"), marshal(t, secret)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []string{entry.UseStatement, entry.UseSlot} {
			want, err := keyfile.PublicOf(secret, use)
			if err != nil {
				t.Fatal(err)
			}
			holds(t, s, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	secret := newSecret(t, entry.AlgEd25519)
	key, err := keyfile.PublicOf(secret, entry.UseStatement)
	if err != nil {
		t.Fatal(err)
	}
	public, err := keyfile.MarshalPublic(key)
	if err != nil {
		t.Fatal(err)
	}
	open := write(t, filepath.Join(dir, "open.key"), marshal(t, secret))
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file",
		dir:                        "is a directory",
		open:                       "others on this machine may read or change it (mode 0640)",
		write(t, filepath.Join(dir, "acme.key.pub"), public):                                   "it is a public key",
		write(t, filepath.Join(dir, "big"), bytes.Repeat([]byte("a"), 1+keyfile.MaxSize)):      "has more than 16384 bytes",
		write(t, filepath.Join(dir, "two"), append(marshal(t, secret), marshal(t, secret)...)): "not exactly one",
		write(t, filepath.Join(dir, "empty"), nil):                                             "no PEM block",
	} {
		_, err := Open(t.Context(), path, Options{})
		fails(t, path, err, Named, want)
	}
}

// A liar signs with another key, or something else.
type liar struct {
	by     ed25519.PrivateKey
	other  []byte
	closed bool
}

func (l *liar) sign(_ context.Context, msg []byte) ([]byte, error) {
	if l.other != nil {
		msg = l.other
	}
	return ed25519.Sign(l.by, msg), nil
}

func (l *liar) close() error { l.closed = true; return nil }

// Whatever holds a key is not believed: its signature verifies, or there is none.
func TestSignatureIsVerified(t *testing.T) {
	ours, other := newSecret(t, entry.AlgEd25519).(ed25519.PrivateKey), newSecret(t, entry.AlgEd25519).(ed25519.PrivateKey)
	for name, l := range map[string]*liar{
		"another key":     {by: other},
		"another message": {by: ours, other: []byte("we were asked for nothing")},
	} {
		s, err := newSigner(entry.NewKey(ours.Public().(ed25519.PublicKey), entry.UseStatement), l)
		if err != nil {
			t.Fatal(err)
		}
		if sig, err := s.Sign(t.Context(), message); sig != nil || !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A key that anyone can sign for is none, and what held it is let go.
	l := new(liar)
	if _, err := newSigner(entry.NewKey(append(ed25519.PublicKey{1}, make([]byte, 31)...), entry.UseStatement), l); err == nil || !l.closed {
		t.Errorf("a key of small order: %v", err)
	}
}
