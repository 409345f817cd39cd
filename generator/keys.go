package generator

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"

	"github.com/pledgelog/pledgelog/entry"
)

// A Key signs statements. It is a function of the world's seed and its name, and
// nobody's secret.
type Key struct {
	Name   string
	ID     entry.KeyID
	Public entry.Key

	private ed25519.PrivateKey
}

// NewKey makes the key of that name. The same seed and name give the same key.
func (w *World) NewKey(name string) *Key {
	private := ed25519.NewKeyFromSeed(w.secret("key " + name))
	public := private.Public().(ed25519.PublicKey)
	return &Key{Name: name, ID: entry.KeyIDOf(public), Public: entry.NewKey(public, entry.UseStatement), private: private}
}

// NewKeys makes n keys, named after their owner and numbered from 1.
func (w *World) NewKeys(owner string, n int) []*Key {
	keys := make([]*Key, n)
	for i := range keys {
		keys[i] = w.NewKey(numbered(owner, i+1))
	}
	return keys
}

// Sign signs a statement's pre-authentication encoding.
func (k *Key) Sign(pae []byte) []byte { return ed25519.Sign(k.private, pae) }

// Private is the private key, for tests that write key files.
func (k *Key) Private() ed25519.PrivateKey { return k.private }

// secret derives 32 bytes from the world's seed for a purpose.
func (w *World) secret(purpose string) []byte {
	b := binary.BigEndian.AppendUint64([]byte("pledgelog generator\n"), w.Options.Seed)
	h := sha256.Sum256(append(append(b, '\n'), purpose...))
	return h[:]
}

// keySet is the entry form of keys with a threshold.
func keySet(keys []*Key, threshold int) entry.KeySet {
	set := entry.KeySet{Threshold: uint64(threshold)}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public)
	}
	return set
}
