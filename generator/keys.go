package generator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"

	"filippo.io/mldsa"

	"github.com/pledgelog/pledgelog/entry"
)

// A Key signs statements. It is a function of the world's seed, its name, its
// algorithm and its use, and nobody's secret.
type Key struct {
	Name   string
	ID     entry.KeyID
	Public entry.Key

	private crypto.Signer
}

// NewKey makes the Ed25519 key of that name for statements. The same seed and
// name give the same key.
func (w *World) NewKey(name string) *Key {
	return w.NewKeyOf(entry.AlgEd25519, entry.UseStatement, name)
}

// NewKeyOf makes the key of that name for an algorithm and a use of package entry.
func (w *World) NewKeyOf(alg, use, name string) *Key {
	k := &Key{Name: name}
	var err error
	switch alg {
	case entry.AlgEd25519:
		private := ed25519.NewKeyFromSeed(w.secret("key " + name))
		k.private, k.Public = private, entry.NewKey(private.Public().(ed25519.PublicKey), use)
	case entry.AlgP256:
		// Of a random number, all but one in 2^32 are a private key.
		private, e := ecdsa.ParseRawPrivateKey(elliptic.P256(), w.secret("P-256 key "+name))
		if err = e; err == nil {
			k.private = private
			k.Public, err = entry.NewP256Key(&private.PublicKey, use)
		}
	case entry.AlgMLDSA44:
		private, e := mldsa.NewPrivateKey(mldsa.MLDSA44(), w.secret("ML-DSA-44 key "+name))
		if err = e; err == nil {
			k.private = private
			k.Public, err = entry.NewMLDSA44Key(private.PublicKey(), use)
		}
	default:
		err = fmt.Errorf("unknown algorithm %q", alg)
	}
	if err != nil {
		panic("generator: make key " + name + ": " + err.Error())
	}
	parsed, err := k.Public.Parse()
	if err != nil {
		panic("generator: make key " + name + ": " + err.Error())
	}
	k.ID = parsed.ID
	w.keys[k.ID] = k
	return k
}

// KeyOf returns the key of an id among all that the world has made; nil when there
// is none.
func (w *World) KeyOf(id entry.KeyID) *Key { return w.keys[id] }

// NewKeys makes n Ed25519 keys, named after their owner and numbered from 1.
func (w *World) NewKeys(owner string, n int) []*Key {
	keys := make([]*Key, n)
	for i := range keys {
		keys[i] = w.NewKey(numbered(owner, i+1))
	}
	return keys
}

// NewKeysOf makes a key for each algorithm, named like those of NewKeys.
func (w *World) NewKeysOf(owner string, algs ...string) []*Key {
	keys := make([]*Key, len(algs))
	for i, alg := range algs {
		keys[i] = w.NewKeyOf(alg, entry.UseStatement, numbered(owner, i+1))
	}
	return keys
}

// Sign signs a statement's pre-authentication encoding, in the form that the
// key's algorithm has in statements. The same key and bytes give the same
// signature.
func (k *Key) Sign(pae []byte) []byte {
	switch private := k.private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(private, pae)
	case *ecdsa.PrivateKey:
		return signP256(private, pae)
	case *mldsa.PrivateKey:
		sig, err := private.SignDeterministic(pae, nil)
		if err != nil {
			panic("generator: sign: " + err.Error())
		}
		return sig
	}
	panic("generator: key " + k.Name + " has no private half")
}

// signP256 signs as RFC 6979 has it: without chance.
func signP256(private *ecdsa.PrivateKey, pae []byte) []byte {
	digest := sha256.Sum256(pae)
	der, err := private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		panic("generator: sign: " + err.Error())
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		panic("generator: sign: " + err.Error())
	}
	raw := make([]byte, 64)
	sig.R.FillBytes(raw[:32])
	sig.S.FillBytes(raw[32:])
	return raw
}

// Private is the private half of an Ed25519 key, for tests that write key files;
// nil for another algorithm.
func (k *Key) Private() ed25519.PrivateKey {
	private, _ := k.private.(ed25519.PrivateKey)
	return private
}

// Signer is the private half, of any algorithm.
func (k *Key) Signer() crypto.Signer { return k.private }

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

// A Ring is keys with their private halves that an author has, or will have: those
// for statements, how many of them must sign, and the one for slots.
type Ring struct {
	Keys      []*Key
	Threshold int
	Slot      *Key // nil when it has none
}

// All are the keys in the order in which statements list them: that for slots
// last.
func (r Ring) All() []*Key {
	if r.Slot == nil {
		return r.Keys
	}
	return join(r.Keys, []*Key{r.Slot})
}

// Set is the entry form of the ring.
func (r Ring) Set() entry.KeySet { return keySet(r.All(), r.Threshold) }

// Signers are as many keys as the threshold wants.
func (r Ring) Signers() []*Key { return r.Keys[:r.Threshold] }
