// Package signer is a secret key wherever it is kept: in a file, in an ssh-agent, on a
// token that speaks PKCS#11, in HashiCorp Vault. Open finds it by a reference, as it is
// given to --key, and a Signer signs statements with it. What the key's keeper answers
// is believed only if it verifies.
//
// A reference is one of
//
//	FILE                        a secret key file of `pledge keygen`, encrypted or not
//	ssh-agent:KEYID             a key in the agent at SSH_AUTH_SOCK: 8 digits of its key id, or more,
//	ssh-agent:SHA256:…          its fingerprint as ssh-add -l has it,
//	ssh-agent:COMMENT           or its comment
//	pkcs11:…                    a key on a token (RFC 7512), in a build with the tag pkcs11
//	hashivault://NAME           a key of Vault's transit engine, in a build with the tag vault
//
// It never holds a secret: passphrases and PINs are asked for, or read from a file that
// only its owner may read.
package signer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// Options say how to get at a key. The zero value asks nobody for anything.
type Options struct {
	// Ask gets a passphrase or a PIN from a person, or from where a person put it. It is
	// called when one is needed and never otherwise. With nil, what needs one is not opened.
	Ask func(ctx context.Context, secret Secret) (string, error)

	// Patience is how long an agent, a token or a server is waited for when it signs,
	// where a person may have to touch or to confirm something; 0 is a minute. What needs
	// nobody is waited for ten seconds, or this if it is shorter.
	Patience time.Duration
}

// A Secret is what Options.Ask is asked for.
type Secret struct {
	What string // "passphrase" or "PIN"
	Of   string // of which file or token, for a person to read
}

// A Signer signs with one key. It may be used by one goroutine at a time.
type Signer struct {
	key    entry.Key
	public *entry.PublicKey
	holder holder
}

// A holder has a secret key, and signs with it in the form of the key's algorithm
// (protocol section 2).
type holder interface {
	sign(ctx context.Context, msg []byte) ([]byte, error)
	close() error
}

// ErrSignature is the error of a signature that does not verify under the key that it
// was asked of.
var ErrSignature = errors.New("the signature does not verify under the key")

// newSigner returns a Signer whose public key was checked.
func newSigner(key entry.Key, h holder) (*Signer, error) {
	public, err := key.Parse()
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return &Signer{key, public, h}, nil
}

// Key returns the public half of the key, as it stands in an admission or a charter, for
// a use. What a key's keeper has does not say what it is used for.
func (s *Signer) Key(use string) entry.Key {
	key := s.key
	key.Use = use
	return key
}

// Public returns the public half of the key, to verify with. Its Use means nothing.
func (s *Signer) Public() *entry.PublicKey { return s.public }

// Sign signs what a statement's signatures sign (entry.Envelope.PAE). The signature that
// it returns was verified strictly, as a server verifies it; one that was not made by
// this key over these bytes is ErrSignature.
func (s *Signer) Sign(ctx context.Context, pae []byte) ([]byte, error) {
	sig, err := s.holder.sign(ctx, pae)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if !s.public.VerifyStrict(pae, sig) {
		return nil, fmt.Errorf("sign with %s: %w", s.public.ID, ErrSignature)
	}
	return sig, nil
}

// Close lets go of what holds the key.
func (s *Signer) Close() error { return s.holder.close() }

// schemes are what a reference that is no file begins with.
var schemes = []struct {
	prefix string
	open   func(ctx context.Context, ref string, opts Options) (*Signer, error)
}{
	{agentPrefix, openAgent},
	{pkcs11Prefix, openPKCS11},
	{"hashivault://", openVault},
}

// Open finds the key that a reference names. Its error is an *Error where something can
// be done about it.
func Open(ctx context.Context, ref string, opts Options) (*Signer, error) {
	if opts.Patience <= 0 {
		opts.Patience = time.Minute
	}
	for _, s := range schemes {
		if strings.HasPrefix(ref, s.prefix) {
			return s.open(ctx, ref, opts)
		}
	}
	if i := strings.Index(ref, "://"); i > 0 {
		return nil, wrong(Named, "keys are in a file, or at ssh-agent:, pkcs11: or hashivault://", "open %s: there are no keys at %s", ref, ref[:i+3])
	}
	return openFile(ctx, ref, opts)
}

// promptly bounds what needs no person.
func (o Options) promptly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(o.Patience, 10*time.Second))
}
