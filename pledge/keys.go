package pledge

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// rekeyDelay is how long keys of last resort wait, in seconds: 14 days (protocol
// section 4).
const rekeyDelay = 14 * 86400

// An ownKey is one key of an author's set in force.
type ownKey struct {
	id  entry.KeyID
	use string
}

// pendingKeys are keys of last resort that wait.
type pendingKeys struct {
	Mark
	Keys  entry.KeySet
	From  int64        // moment from which they are in force
	Own   entry.KeySet // see ownSet
	Admit *entry.Admit // of a rekey, whose details wait with its keys; nil of a readmission, whose details don't
}

// formerKeys are those that the secretariat replaced, and that have not confirmed
// it.
type formerKeys struct {
	Mark              // of the admit that gave the author the keys that it has
	Keys entry.KeySet // see ownSet
	From int64        // moment from which the new ones are in force
}

// ownSet is the set that confirms a rekey which is logged now: the last one that is the
// author's own choice. As long as one is not confirmed, that is the set that was in
// force when the first of these was logged. Neither another rekey nor what is signed
// meanwhile changes it: else the secretariat, or a thief whom it suspended, could
// confirm with keys that the author never had.
func (a *author) ownSet() entry.KeySet {
	switch {
	case a.Former != nil:
		return a.Former.Keys
	case a.Pending != nil:
		return a.Pending.Own
	}
	return a.Keys
}

// judgeOwner rejects keys that belong to another.
func (s *State) judgeOwner(set entry.KeySet, owner string) Verdict {
	for _, id := range keyIDs(set) {
		if other, taken := s.k.Owners[id]; taken && other != owner {
			return rejected(CodeKeyTaken, "a key belongs to "+other+" already")
		}
	}
	return accepted
}

// advance puts keys into force whose time has come.
func (s *State) advance() {
	s.waiting = slices.DeleteFunc(s.waiting, func(a *author) bool {
		if p := a.Pending; p != nil && s.k.Now >= p.From {
			a.Former = &formerKeys{p.Mark, p.Own, p.From}
			a.setKeys(p.Keys)
			if p.Admit != nil {
				a.admit(p.Admit, p.From)
			}
			a.Pending = nil
		}
		return a.Pending == nil
	})
}

// inForce returns an author's keys at a moment that is not before Now, and those
// that the secretariat replaced if they have not confirmed it.
func (a *author) inForce(now int64) (keys entry.KeySet, former *entry.KeySet) {
	if p := a.Pending; p != nil && now >= p.From {
		return p.Keys, &p.Own
	}
	if a.Former != nil {
		return a.Keys, &a.Former.Keys
	}
	return a.Keys, nil
}

// cancelRekey cancels keys of last resort when the old ones speak. Slots don't: a
// timer makes them with a key of their own.
func (s *State) cancelRekey(t *taken) {
	a := t.a
	if a.Pending == nil || a.Suspended != nil || a.Pending.Index >= t.m.Index {
		return
	}
	a.Pending = nil
	t.say(FindRekeyCancelled, "%s made this statement with its own keys while new ones from the secretariat were waiting; so those do not count.", name(a))
}

func (s *State) acceptKeys(t *taken, b *entry.Keys) {
	a := t.a
	if a.Former != nil {
		signed := make([]entry.KeyID, 0, len(t.it.Leaf.Statement.Signatures))
		for _, sig := range t.it.Leaf.Statement.Signatures {
			signed = append(signed, sig.KeyID)
		}
		if countIn(signed, statementKeys(a.Former.Keys)) >= int(a.Former.Keys.Threshold) {
			a.Former = nil
		}
	}
	a.setKeys(b.KeySet())
	s.own(b.KeySet(), a.ID)
	if b.Reason != entry.KeysCompromise {
		return
	}
	text := "%s stated that a key of its own was compromised, and replaced its keys."
	if !b.Doubtful.IsZero() {
		first := s.k.Book.at(s.k.Book.find(b.Doubtful)).index()
		a.Doubtful = append(a.Doubtful, Doubt{t.m, first, t.m.Index - 1})
		text = "%s stated that a key of its own was compromised; its statements from entry " + number(first) + " up to this one are doubtful by its own word."
	}
	t.say(FindKeysCompromised, text, name(a))
}

func (s *State) judgeKeys(a *author, b *entry.Keys) Verdict {
	if !b.Doubtful.IsZero() {
		if _, ok := s.ofOwn(a, b.Doubtful); !ok {
			return rejected(CodeReferenceUnknown, "doubtful names no accepted statement of its author")
		}
	}
	return s.judgeOwner(b.KeySet(), a.ID)
}

func (a *author) setKeys(set entry.KeySet) {
	a.Keys = set
	a.readKeys()
}

// readKeys makes what follows from a.Keys.
func (a *author) readKeys() {
	a.statementKeys, a.slotKeys, a.keysDigest = nil, nil, a.Keys.Digest()
	for _, k := range ownKeys(a.Keys) {
		if k.use == entry.UseSlot {
			a.slotKeys = append(a.slotKeys, k.id)
		} else {
			a.statementKeys = append(a.statementKeys, k.id)
		}
	}
}

func ownKeys(set entry.KeySet) []ownKey {
	var keys []ownKey
	for _, k := range set.Keys {
		if p, err := k.Parse(); err == nil {
			keys = append(keys, ownKey{p.ID, p.Use})
		}
	}
	return keys
}

func (s *State) own(set entry.KeySet, owner string) {
	for _, id := range keyIDs(set) {
		s.k.Owners[id] = owner
	}
}

func (s *State) ownLogKeys(vkeys []string) {
	for _, v := range vkeys {
		if id, ok := vkeyID(v); ok {
			s.k.Owners[id] = logOwner
		}
	}
}

// countIn returns how many of ids are in list.
func countIn(ids, list []entry.KeyID) int {
	n := 0
	for _, id := range ids {
		for _, o := range list {
			if o == id {
				n++
				break
			}
		}
	}
	return n
}

func statementKeys(set entry.KeySet) []entry.KeyID {
	var ids []entry.KeyID
	for _, k := range ownKeys(set) {
		if k.use == entry.UseStatement {
			ids = append(ids, k.id)
		}
	}
	return ids
}

// vkeyID returns the key id that the Ed25519 key of a vkey (c2sp.org/signed-note)
// would have as an author's key.
func vkeyID(v string) (entry.KeyID, bool) {
	parts := strings.SplitN(v, "+", 3)
	if len(parts) != 3 {
		return entry.KeyID{}, false
	}
	b, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(b) != 33 || b[0] != 1 && b[0] != 4 {
		return entry.KeyID{}, false
	}
	return entry.KeyIDOf(b[1:]), true
}
