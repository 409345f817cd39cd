package pledge

import (
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A demand is whose signatures a statement needs: at least need of the keys in
// any, or orNeed of those in or, and every key in every. Those in may are allowed
// beside them. A signature of any other key is not called for.
type demand struct {
	any    []entry.KeyID
	need   int
	or     []entry.KeyID
	orNeed int
	every  []entry.KeyID
	may    []entry.KeyID
	most   int // signatures at the most; 0 for no limit
}

// InForce are the keys by which a statement's signatures are judged.
type InForce struct {
	Author   entry.KeySet
	Recovery entry.KeySet  // the charter's, for an amend
	Former   *entry.KeySet // those that the secretariat replaced and that have not confirmed it
}

// charterDemand wants every key that a charter names.
func charterDemand(st *entry.Statement) demand {
	var d demand
	for _, set := range KeySets(st) {
		d.every = append(d.every, keyIDs(set)...)
	}
	return d
}

// demandOf says who signs a statement (protocol section 4, "Who signs").
func demandOf(st *entry.Statement, in InForce) demand {
	if st.Kind == entry.KindSlot {
		var keys []entry.KeyID
		for _, k := range ownKeys(in.Author) {
			if k.use == entry.UseSlot {
				keys = append(keys, k.id)
			}
		}
		return slotDemand(keys)
	}
	return plainDemand(st, in, statementKeys(in.Author))
}

func slotDemand(keys []entry.KeyID) demand { return demand{any: keys, need: 1, most: 1} }

func plainDemand(st *entry.Statement, in InForce, keys []entry.KeyID) demand {
	d := demand{any: keys, need: int(in.Author.Threshold)}
	switch b := st.Body.(type) {
	case *entry.Admit, *entry.Keys:
		for _, set := range KeySets(st) {
			d.every = append(d.every, keyIDs(set)...)
		}
		if _, ok := b.(*entry.Keys); ok && in.Former != nil {
			d.may = statementKeys(*in.Former)
		}
	case *entry.Amend:
		for _, set := range b.KeySets() {
			d.every = append(d.every, keyIDs(set)...)
		}
		if b.OnlySecretariat() {
			d.or, d.orNeed = statementKeys(in.Recovery), int(in.Recovery.Threshold)
		}
	}
	return d
}

// calledFor is demandOf for an author as it stands when now is reached.
func (s *State) calledFor(a *author, st *entry.Statement, now int64) demand {
	in := InForce{}
	in.Author, in.Former = a.inForce(now)
	if st.Kind == entry.KindAmend {
		in.Recovery = s.recovery()
	}
	if a.Pending != nil {
		return demandOf(st, in)
	}
	if st.Kind == entry.KindSlot {
		return slotDemand(a.slotKeys)
	}
	return plainDemand(st, in, a.statementKeys)
}

// KeysOf returns the keys by which the next statement of an author is judged when
// now is reached, which is not before Now; ok is false when it is unknown.
func (s *State) KeysOf(id string, now int64) (in InForce, ok bool) {
	a := s.byID[id]
	if a == nil {
		return InForce{}, false
	}
	in.Author, in.Former = a.inForce(max(now, s.k.Now))
	if a.No == secretariatNo {
		in.Recovery = s.recovery()
	}
	return in, true
}

// JudgeSignatures judges the signatures of an item whose author has the given
// keys, as Judge does, for who knows these keys and not the whole log. A charter
// needs no author's keys.
func JudgeSignatures(it *Item, in InForce) Verdict {
	switch {
	case it.Leaf == nil || it.Statement == nil:
		return rejected(entry.CodeOf(it.Err), detail(it.Err))
	case it.Statement.Kind == entry.KindCharter:
		return judgeSignatures(it, charterDemand(it.Statement))
	}
	if _, err := in.Author.Parse(); err != nil {
		return rejected(entry.CodeOf(err), detail(err))
	}
	return judgeSignatures(it, demandOf(it.Statement, in))
}

func keyIDs(set entry.KeySet) []entry.KeyID {
	ids := make([]entry.KeyID, 0, len(set.Keys))
	for _, k := range ownKeys(set) {
		ids = append(ids, k.id)
	}
	return ids
}

func judgeSignatures(it *Item, want demand) Verdict {
	have, instead, all := 0, 0, 0
	for i, sig := range it.Leaf.Statement.Signatures {
		ofAny, ofOr, ofEvery := slices.Contains(want.any, sig.KeyID), slices.Contains(want.or, sig.KeyID), slices.Contains(want.every, sig.KeyID)
		if !ofAny && !ofOr && !ofEvery && !slices.Contains(want.may, sig.KeyID) || want.most > 0 && i >= want.most {
			return rejected(CodeSignatureUncalled, "the signature by key "+sig.KeyID.String()+" is not called for")
		}
		if i >= len(it.Valid) || !it.Valid[i] {
			return rejected(CodeSignatureInvalid, "the signature by key "+sig.KeyID.String()+" does not verify")
		}
		if ofAny {
			have++
		}
		if ofOr {
			instead++
		}
		if ofEvery {
			all++
		}
	}
	if have < want.need && (want.orNeed == 0 || instead < want.orNeed) {
		return rejected(CodeSignaturesTooFew, fmt.Sprintf("%d of %d signatures needed are there", have, want.need))
	}
	if all < len(want.every) {
		return rejected(CodeSignaturesTooFew, fmt.Sprintf("%d of %d new keys signed", all, len(want.every)))
	}
	return accepted
}
