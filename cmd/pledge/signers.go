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

// signatures says whose signatures are there and whose are missing, as far as the
// file tells.
func (a *app) signatures(sub *entry.Submission, s signers) {
	a.printf("signatures  %d\n", len(sub.Envelope.Signatures))
	pae := sub.Envelope.PAE()
	there := make(map[entry.KeyID]bool)
	item := pledge.Draft(0, 0, sub)
	for _, sig := range sub.Envelope.Signatures {
		there[sig.KeyID] = true
		state := "there; the log knows whose key it is"
		if key := s.keys.Key(sig.KeyID); key != nil {
			if state = "verified"; !key.VerifyStrict(pae, sig.Sig) {
				state = "DOES NOT VERIFY"
			}
		}
		a.printf("  %s  %s\n", sig.KeyID, state)
	}
	for _, id := range s.want.Every {
		if !there[id] {
			a.printf("  %s  missing\n", id)
		}
	}
	if !s.known {
		a.note("how many more must sign is for the log to say, by the keys that its author has there")
		return
	}
	s.keys.Try(item)
	if v := pledge.JudgeSignatures(item, s.in); v.Kind == pledge.Accepted {
		if sub.Statement.Kind != entry.KindCharter {
			a.printf("all who have to sign have signed, by the keys that the log named when it was drafted\n")
		}
		return
	}
	a.waiting(sub.Statement.Author, s.want.Any, s.want.Need, there)
	if s.want.Or != nil {
		a.printf("or, instead of these,\n")
		a.waiting("recovery", s.want.Or, s.want.OrNeed, there)
	}
}

// waiting says which of a threshold's keys can still sign.
func (a *app) waiting(whose string, keys []entry.KeyID, need int, there map[entry.KeyID]bool) {
	var left []entry.KeyID
	for _, id := range keys {
		if there[id] {
			need--
		} else {
			left = append(left, id)
		}
	}
	if need <= 0 {
		return
	}
	word := "more of these keys"
	if need == len(left) {
		word = "more, all of these keys"
	}
	a.printf("still to sign: %s %s of %s\n", strconv.Itoa(need), word, whose)
	for _, id := range left {
		a.printf("  %s\n", id)
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
