package pledge

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
)

// An Item is one leaf, read, with its signatures tried. Reading and trying
// depend on the bytes alone, so that they can run in parallel and before it is
// known what stands in front of the leaf.
type Item struct {
	Index     uint64
	Size      int              // of the leaf, in bytes
	Leaf      *entry.Leaf      // nil when it is not in the exact encoding
	Statement *entry.Statement // nil when it could not be read
	Err       error            // why one of them is nil
	Valid     []bool           // for each signature: it verifies under the key that its keyid names

	text textKey // of Statement.BodyDigest; zero when it was not computed yet
}

// Read parses a leaf. It never fails: what is wrong stands in the item.
func Read(index uint64, leaf []byte) *Item {
	it := &Item{Index: index, Size: len(leaf)}
	if it.Leaf, it.Err = entry.ParseLeaf(leaf); it.Err != nil {
		it.Leaf = nil
		return it
	}
	if it.Statement, it.Err = entry.ParseStatement(it.Leaf.Statement); it.Statement != nil {
		it.text = it.textKey()
	}
	return it
}

// textKey is what the statement's bodyDigest is found by; zero when it has none.
func (it *Item) textKey() textKey {
	if it.text == (textKey{}) && it.Statement.BodyDigest != "" {
		return keyOf(it.Statement.BodyDigest)
	}
	return it.text
}

// Draft makes the item that a submission would become.
func Draft(index uint64, logged int64, sub *entry.Submission) *Item {
	leaf := &entry.Leaf{Logged: logged, Statement: sub.Envelope}
	return &Item{Index: index, Size: len(leaf.Marshal()), Leaf: leaf, Statement: sub.Statement}
}

// A Keyring knows public keys by their ids. As an id is the digest of its key, it
// does not matter who said that the key is whose, or whether that statement was
// accepted: an id has one key. Safe for concurrent use.
type Keyring struct {
	mu   sync.RWMutex
	keys map[entry.KeyID]ringKey
}

// A ringKey is a key as it was written, and ready to verify.
type ringKey struct {
	key    entry.Key
	public *entry.PublicKey
}

// NewKeyring returns an empty keyring.
func NewKeyring() *Keyring { return &Keyring{keys: make(map[entry.KeyID]ringKey)} }

// Learn takes in the keys that a statement brings.
func (k *Keyring) Learn(st *entry.Statement) {
	if st == nil {
		return
	}
	for _, set := range KeySets(st) {
		k.Add(set.Keys)
	}
}

// Add takes in keys that come from elsewhere than a statement: those that Keys
// listed. What is no key is left out.
func (k *Keyring) Add(keys []entry.Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range keys {
		if p, err := key.Parse(); err == nil {
			k.keys[p.ID] = ringKey{key, p}
		}
	}
}

// Keys lists the keys learnt so far, by key id.
func (k *Keyring) Keys() []entry.Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	keys := make([]entry.Key, 0, len(k.keys))
	for _, id := range slices.SortedFunc(maps.Keys(k.keys), func(a, b entry.KeyID) int { return bytes.Compare(a[:], b[:]) }) {
		keys = append(keys, k.keys[id].key)
	}
	return keys
}

// KeySets returns every key set that a statement brings.
func KeySets(st *entry.Statement) []entry.KeySet {
	switch b := st.Body.(type) {
	case *entry.Charter:
		return []entry.KeySet{b.Secretariat, b.Recovery, b.Operator}
	case *entry.Admit:
		return []entry.KeySet{b.KeySet()}
	case *entry.Keys:
		return []entry.KeySet{b.KeySet()}
	case *entry.Amend:
		return b.KeySets()
	}
	return nil
}

// Key returns the key of an id, or nil.
func (k *Keyring) Key(id entry.KeyID) *entry.PublicKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[id].public
}

// finder returns how to find the key of an id: among those that the statement
// itself brings, or those learnt.
func (k *Keyring) finder(st *entry.Statement) func(entry.KeyID) *entry.PublicKey {
	if KeySets(st) == nil {
		return k.Key
	}
	own := NewKeyring()
	own.Learn(st)
	return func(id entry.KeyID) *entry.PublicKey {
		if key := own.Key(id); key != nil {
			return key
		}
		return k.Key(id)
	}
}

// Try verifies the signatures of an item, under the keys learnt so far and those
// that its statement brings, and fills in Valid.
func (k *Keyring) Try(it *Item) { k.TryAll([]*Item{it}) }

// TryAll is Try for many items, with the same result, and faster: their
// signatures are verified together (entry.VerifyAll). What one item brings, another
// finds only if it was learnt.
func (k *Keyring) TryAll(items []*Item) {
	checks, valid := make([]entry.Check, 0, len(items)), make([]*bool, 0, len(items))
	for _, it := range items {
		if it.Statement == nil {
			continue
		}
		find, pae, sigs := k.finder(it.Statement), it.Leaf.Statement.PAE(), it.Leaf.Statement.Signatures
		it.Valid = make([]bool, len(sigs))
		for i, s := range sigs {
			if key := find(s.KeyID); key != nil {
				checks, valid = append(checks, entry.Check{Key: key, Msg: pae, Sig: s.Sig}), append(valid, &it.Valid[i])
			}
		}
	}
	for i, ok := range entry.VerifyAll(checks) {
		*valid[i] = ok
	}
}

// TryStrict is Try for a server: a signature that verifies, but not for every
// common verifier, is refused with entry.CodeSignatureNotStrict (protocol section
// 2).
func (k *Keyring) TryStrict(it *Item) error {
	if it.Statement == nil {
		return nil
	}
	var err error
	find, pae, sigs := k.finder(it.Statement), it.Leaf.Statement.PAE(), it.Leaf.Statement.Signatures
	it.Valid = make([]bool, len(sigs))
	for i, s := range sigs {
		key := find(s.KeyID)
		if key == nil {
			continue
		}
		if it.Valid[i] = key.VerifyStrict(pae, s.Sig); !it.Valid[i] && key.Verify(pae, s.Sig) {
			err = &entry.Error{Code: entry.CodeSignatureNotStrict, Detail: "a signature verifies, but not for every common verifier"}
		}
	}
	return err
}

// Fails reports whether a signature of an item that is not valid fails under the
// key that its keyid names, and not for want of that key: nothing that is logged in
// between can mend it.
func (k *Keyring) Fails(it *Item) bool {
	if it.Statement == nil {
		return false
	}
	find, pae := k.finder(it.Statement), it.Leaf.Statement.PAE()
	for i, s := range it.Leaf.Statement.Signatures {
		if i < len(it.Valid) && it.Valid[i] {
			continue
		}
		if key := find(s.KeyID); key != nil && !key.Verify(pae, s.Sig) {
			return true
		}
	}
	return false
}
