package signer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/pledgelog/pledgelog/keyfile"
)

// An encrypted secret key file is what `age -p -a` makes of the file that package
// keyfile writes: age's armor around one scrypt recipient (age-encryption.org/v1). Any
// age program decrypts it, should ours be gone.

// Work factors of scrypt, as powers of two. Its memory is a KiB times that.
const (
	WorkFactor    = 18 // what is written: 256 MiB and about a second
	maxWorkFactor = 19 // what is read: whoever can change the file costs us no more than twice that
)

const hintPassphrase = "try again; a passphrase that is lost cannot be recovered, and what it opens has to be replaced"

// Encrypt returns the file of a secret key, encrypted with a passphrase. Factor is
// WorkFactor; a smaller one is for tests.
func Encrypt(secret keyfile.Secret, passphrase string, factor int) ([]byte, error) {
	plain, err := keyfile.Marshal(secret)
	if err != nil {
		return nil, err
	}
	file, err := EncryptFile(plain, passphrase, factor)
	if err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	return file, nil
}

// EncryptFile returns what age -p -a makes of a small secret file, one that holds a key
// or opens what is kept in a safe. Factor is that of Encrypt.
func EncryptFile(plain []byte, passphrase string, factor int) ([]byte, error) {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	recipient.SetWorkFactor(factor)
	var file bytes.Buffer
	lines := armor.NewWriter(&file)
	w, err := age.Encrypt(lines, recipient)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = errors.Join(w.Close(), lines.Close())
	}
	if err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// ReadEncrypted reads what EncryptFile wrote, after asking for its passphrase. What says
// what it is, missing what to do when it is not there. Its errors are those of Open.
func ReadEncrypted(ctx context.Context, what, path, missing string, opts Options) ([]byte, error) {
	b, err := readSecret(what, path, missing)
	if err != nil {
		return nil, err
	}
	if !isEncrypted(b) {
		return nil, wrong(Named, missing, "read %s %s: it is not encrypted with a passphrase", what, path)
	}
	return decrypt(ctx, what, path, b, opts)
}

// isEncrypted reports whether a file is armored as age does that.
func isEncrypted(b []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(b), []byte(armor.Header))
}

// decrypt returns the plain file in an encrypted one, after asking for its passphrase.
func decrypt(ctx context.Context, what, path string, b []byte, opts Options) ([]byte, error) {
	p := &passphrase{ctx: ctx, what: what, of: path, opts: opts}
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(b)), p)
	if p.err != nil {
		return nil, p.err
	}
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(r, keyfile.MaxSize))
	}
	if err != nil { // what age says may quote the file
		return nil, wrong(Named, "take it from a backup", "read %s %s: it is damaged, or not encrypted with a passphrase", what, path)
	}
	return plain, nil
}

// A passphrase is an age.Identity that asks for itself, once what it is asked for is
// known to be harmless.
type passphrase struct {
	ctx  context.Context
	what string // what it opens
	of   string
	opts Options
	err  error // what went wrong, in our words
}

// Unwrap implements age.Identity.
func (p *passphrase) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := p.unwrap(stanzas)
	p.err = err
	return key, err
}

func (p *passphrase) unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != "scrypt" || len(stanzas[0].Args) != 2 {
		return nil, wrong(Named, "make a key with `pledge keygen` or `pledge key passphrase`, and a safe with `pledge safe new`; or decrypt it with age", "read %s %s: it is not encrypted with a passphrase", p.what, p.of)
	}
	if factor, err := strconv.Atoi(stanzas[0].Args[1]); err != nil || factor > maxWorkFactor {
		return nil, wrong(Named, fmt.Sprintf("decrypt it with age and encrypt it again with `pledge key passphrase`, which takes %d", WorkFactor),
			"read %s %s: decrypting it asks for too much memory: its work factor is over %d", p.what, p.of, maxWorkFactor)
	}
	if p.opts.Ask == nil {
		return nil, wrong(Named, "decrypt it where somebody can be asked", "read %s %s: it is encrypted, and there is nobody to ask for its passphrase", p.what, p.of)
	}
	given, err := p.opts.Ask(p.ctx, Secret{What: "passphrase", Of: p.of})
	if err != nil {
		return nil, err
	}
	identity, err := age.NewScryptIdentity(given)
	if err != nil {
		return nil, wrong(Refused, hintPassphrase, "read %s %s: the passphrase is empty", p.what, p.of)
	}
	identity.SetMaxWorkFactor(maxWorkFactor)
	key, err := identity.Unwrap(stanzas)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, wrong(Refused, hintPassphrase, "read %s %s: that is not its passphrase", p.what, p.of)
	}
	if err != nil {
		return nil, wrong(Named, "take it from a backup", "read %s %s: it is damaged", p.what, p.of)
	}
	return key, nil
}

// ReadPassphrase reads a passphrase or a PIN, which what says, from a file that nobody
// else on this machine may read or change. It is the file's one line; a line feed at its
// end does not belong to it.
func ReadPassphrase(what, path string) (string, error) {
	b, err := readSecret(what, path, "name a file that holds the "+what+" and nothing else")
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if line == "" || strings.ContainsAny(line, "\r\n\x00") {
		return "", wrong(Named, "write the "+what+" on its only line", "read %s %s: it is not one line", what, path)
	}
	return line, nil
}
