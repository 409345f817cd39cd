package main

import (
	"slices"
	"strconv"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// signers are the keys that sign a statement: those that it names itself, and, as
// the log told when it was drafted, those of its author.
type signers struct {
	keys *pledge.Keyring
	in   pledge.InForce
	want pledge.Signers
	// known: the author's keys are known too. In a charter all keys stand.
	known bool
}

// signersHint writes down keys in force for a draft.
func signersHint(in pledge.InForce) *entry.Signers {
	s := &entry.Signers{Author: in.Author, Former: in.Former}
	if in.Recovery.Keys != nil {
		s.Recovery = &in.Recovery
	}
	return s
}

func signersOf(sub *entry.Submission) signers {
	s := signers{keys: pledge.NewKeyring(), known: sub.Signers != nil || sub.Statement.Kind == entry.KindCharter}
	s.in = inForce(sub.Signers)
	s.keys.LearnKeys(s.in)
	s.keys.Learn(sub.Statement)
	s.want = pledge.SignersOf(sub.Statement, s.in)
	return s
}

// called reports whether a signature by a key is called for.
func (s signers) called(id entry.KeyID) bool {
	for _, list := range [][]entry.KeyID{s.want.Any, s.want.Or, s.want.Every, s.want.May} {
		if slices.Contains(list, id) {
			return true
		}
	}
	return false
}

// forSlots reports whether a key is one of its author's for slots, as far as is known.
func (s signers) forSlots(id entry.KeyID) bool {
	sets := []entry.KeySet{s.in.Author}
	if s.in.Former != nil {
		sets = append(sets, *s.in.Former)
	}
	for _, set := range sets {
		for _, k := range set.Keys {
			if p, err := k.Parse(); err == nil && p.ID == id && p.Use == entry.UseSlot {
				return true
			}
		}
	}
	return false
}

// A stillToSign says how many more of which keys can still sign.
type stillToSign struct {
	whose string // recovery, or the author
	need  int
	keys  []entry.KeyID
}

// A signedBy is one signature in a file.
type signedBy struct {
	id    entry.KeyID
	state string // in words
}

// signing is whose signatures are there and whose are missing, as far as the file
// tells.
type signing struct {
	there    []signedBy
	every    []entry.KeyID // of whom each has to sign, and has not
	known    bool          // the author's keys are known
	complete bool          // all have signed who have to, as far as is known
	left     []stillToSign // one of these sets is enough
}

// stateOf looks at the signatures of a draft.
func (s signers) stateOf(sub *entry.Submission) signing {
	out := signing{known: s.known}
	pae := sub.Envelope.PAE()
	there := make(map[entry.KeyID]bool)
	for _, sig := range sub.Envelope.Signatures {
		there[sig.KeyID] = true
		state := "there; the log knows whose key it is"
		if key := s.keys.Key(sig.KeyID); key != nil {
			if state = "verified"; !key.VerifyStrict(pae, sig.Sig) {
				state = "DOES NOT VERIFY"
			}
		}
		out.there = append(out.there, signedBy{sig.KeyID, state})
	}
	for _, id := range s.want.Every {
		if !there[id] {
			out.every = append(out.every, id)
		}
	}
	if !s.known {
		return out
	}
	item := pledge.Draft(0, 0, sub)
	s.keys.Try(item)
	if v := pledge.JudgeSignatures(item, s.in); v.Kind == pledge.Accepted {
		out.complete = true
		return out
	}
	if left, ok := waiting(sub.Statement.Author, s.want.Any, s.want.Need, there); ok {
		out.left = append(out.left, left)
	}
	if s.want.Or != nil {
		if left, ok := waiting("recovery", s.want.Or, s.want.OrNeed, there); ok {
			out.left = append(out.left, left)
		}
	}
	return out
}

// waiting says which of a threshold's keys can still sign; false when none has to.
func waiting(whose string, keys []entry.KeyID, need int, there map[entry.KeyID]bool) (stillToSign, bool) {
	out := stillToSign{whose: whose}
	for _, id := range keys {
		if there[id] {
			need--
		} else {
			out.keys = append(out.keys, id)
		}
	}
	out.need = need
	return out, need > 0
}

// signatures says whose signatures are there and whose are missing.
func (a *app) signatures(sub *entry.Submission, s signers) {
	now := s.stateOf(sub)
	a.printf("signatures  %d\n", len(now.there))
	for _, one := range now.there {
		a.printf("  %s  %s\n", one.id, one.state)
	}
	for _, id := range now.every {
		a.printf("  %s  missing\n", id)
	}
	switch {
	case !now.known:
		a.note("how many more must sign is for the log to say, by the keys that its author has there")
	case now.complete && sub.Statement.Kind != entry.KindCharter:
		a.printf("all who have to sign have signed, by the keys that the log named when it was drafted\n")
	}
	for i, left := range now.left {
		if i > 0 {
			a.printf("or, instead of these,\n")
		}
		word := "more of these keys"
		if left.need == len(left.keys) {
			word = "more, all of these keys"
		}
		a.printf("still to sign: %s %s of %s\n", strconv.Itoa(left.need), word, left.whose)
		for _, id := range left.keys {
			a.printf("  %s\n", id)
		}
	}
}

// inForce reads what signersHint wrote down.
func inForce(hint *entry.Signers) pledge.InForce {
	var in pledge.InForce
	if hint != nil {
		in.Author, in.Former = hint.Author, hint.Former
		if hint.Recovery != nil {
			in.Recovery = *hint.Recovery
		}
	}
	return in
}
