// Package safe keeps what may not be read by everybody who reads a disk: texts that are
// withheld, what opens seals and places of slots, references of permissions. It is
// encrypted to safes: age X25519 recipients (age-encryption.org/v1). Who holds the secret
// half of one of them reads it, whoever wrote it.
//
// Nothing here says who wrote what is in a safe. What is read from one has to be held to
// what was signed: to the digests in a statement.
package safe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/pledgelog/pledgelog/signer"
)

// A Recipient is the public half of a safe: what is encrypted to it only its Key reads.
type Recipient struct{ age *age.X25519Recipient }

// String returns the recipient as age writes it, age1….
func (r *Recipient) String() string { return r.age.String() }

// ParseRecipient reads a recipient in the one form that String writes.
func ParseRecipient(text string) (*Recipient, error) {
	r, err := age.ParseX25519Recipient(text)
	if err != nil || r.String() != text {
		return nil, errors.New("it is no age recipient, age1…")
	}
	return &Recipient{r}, nil
}

// ParseRecipientFile reads the file of a recipient: its one line, and a line feed.
func ParseRecipientFile(b []byte) (*Recipient, error) {
	line, ok := strings.CutSuffix(string(b), "\n")
	if !ok {
		return nil, errors.New("it is not one line")
	}
	return ParseRecipient(line)
}

// MarshalRecipientFile writes what ParseRecipientFile reads.
func MarshalRecipientFile(r *Recipient) []byte { return []byte(r.String() + "\n") }

// A Key is the secret half of a safe.
type Key struct{ age *age.X25519Identity }

// NewKey makes a key.
func NewKey() (*Key, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("make safe: %w", err)
	}
	return &Key{id}, nil
}

// Recipient returns the public half.
func (k *Key) Recipient() *Recipient { return &Recipient{k.age.Recipient()} }

// EncryptKey returns the file of a key: what age -p -a makes of the file of an age
// identity. Factor is the work factor of package signer.
func EncryptKey(k *Key, passphrase string, factor int) ([]byte, error) {
	b, err := signer.EncryptFile(marshalKey(k), passphrase, factor)
	if err != nil {
		return nil, fmt.Errorf("encrypt safe: %w", err)
	}
	return b, nil
}

const hintKey = "name the file that `pledge safe new --out` wrote, not the .pub file beside it"

// ReadKey reads the file of a key, after asking for its passphrase. Its errors are those
// of package signer, and quote nothing.
func ReadKey(ctx context.Context, path string, opts signer.Options) (*Key, error) {
	plain, err := signer.ReadEncrypted(ctx, "safe", path, hintKey, opts)
	if err != nil {
		return nil, err
	}
	k, err := ParseKey(plain)
	if err != nil {
		return nil, &signer.Error{Class: signer.Named, Err: fmt.Errorf("read safe %s: %w", path, err), Hint: hintKey}
	}
	return k, nil
}

func marshalKey(k *Key) []byte { return []byte(k.age.String() + "\n") }

// ParseKey reads what is in the file of a key: an age identity, its one line, and a line
// feed. Its error quotes nothing.
func ParseKey(b []byte) (*Key, error) {
	line, ok := strings.CutSuffix(string(b), "\n")
	if ok {
		if id, err := age.ParseX25519Identity(line); err == nil && id.String() == line {
			return &Key{id}, nil
		}
	}
	return nil, errors.New("what is in it is no safe")
}

// Why something does not open. Neither error quotes anything.
var (
	ErrOther   = errors.New("it is kept in another safe")
	ErrDamaged = errors.New("it is damaged")
)

// MaxRecipients is for how many safes something is encrypted at most.
const MaxRecipients = 32

// Encrypt encrypts for each of the recipients: a binary age file.
func Encrypt(plain []byte, to []*Recipient) ([]byte, error) {
	if len(to) == 0 || len(to) > MaxRecipients {
		return nil, fmt.Errorf("encrypt: for %d safes, not 1 to %d", len(to), MaxRecipients)
	}
	var list []age.Recipient
	for _, r := range to {
		list = append(list, r.age)
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, list...)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return file.Bytes(), nil
}

// Decrypt opens what Encrypt made, of at most limit bytes. Its error is ErrOther or
// ErrDamaged.
func Decrypt(file []byte, k *Key, limit int64) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(file), k.age)
	if err != nil {
		var other *age.NoIdentityMatchError
		if errors.As(err, &other) {
			return nil, ErrOther
		}
		return nil, ErrDamaged
	}
	plain, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil || int64(len(plain)) > limit {
		return nil, ErrDamaged
	}
	return plain, nil
}

// Armor writes an encrypted file in letters, as age -a does.
func Armor(file []byte) ([]byte, error) {
	var b bytes.Buffer
	w := armor.NewWriter(&b)
	_, err := w.Write(file)
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

// ParseArmor reads what Armor wrote.
func ParseArmor(b []byte) ([]byte, error) {
	file, err := io.ReadAll(armor.NewReader(bytes.NewReader(b)))
	if err == nil {
		var again []byte
		if again, err = Armor(file); err == nil && bytes.Equal(again, b) {
			return file, nil
		}
	}
	return nil, errors.New("it is no encrypted file")
}
