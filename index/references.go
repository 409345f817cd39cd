package index

import (
	"github.com/pledgelog/pledgelog/entry"
)

// references lists the entry ids that a statement names; the first one is what it
// is about.
func references(st *entry.Statement) []entry.ID {
	switch b := st.Body.(type) {
	case *entry.Pledge:
		return named(b.Charter)
	case *entry.Request:
		return named(b.Slot)
	case *entry.Decision:
		return named(b.Request)
	case *entry.Open:
		return named(b.Entry)
	case *entry.Correct:
		return named(b.Entry, b.By)
	case *entry.Challenge:
		return named(b.Entry)
	case *entry.Reply:
		return named(b.Challenge, b.Entry)
	case *entry.Erasure:
		return named(b.Entry)
	case *entry.Keys:
		return named(b.Doubtful)
	}
	return nil
}

// named returns the ids that are there.
func named(ids ...entry.ID) []entry.ID {
	out := ids[:0]
	for _, id := range ids {
		if !id.IsZero() {
			out = append(out, id)
		}
	}
	return out
}

// hasSubject reports whether a kind of statement is about another one, so that a
// reader wants to see both.
func hasSubject(k entry.Kind) bool {
	switch k {
	case entry.KindDecision, entry.KindOpen, entry.KindCorrect, entry.KindChallenge, entry.KindReply, entry.KindErasure:
		return true
	}
	return false
}
