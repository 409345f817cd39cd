package index

import (
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
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

// relate keeps what a statement changes about an earlier one.
func (x *Index) relate(index uint64, st *entry.Statement, now int64) {
	switch b := st.Body.(type) {
	case *entry.Open:
		if to, ok := x.acceptedAt(b.Entry); ok && b.Digests != nil {
			x.opened[to] = append(x.opened[to], opening{index, now, b.Digests})
			x.dirty[index] = st
			x.touch(to)
		}
	case *entry.Correct:
		to, ok := x.acceptedAt(b.Entry)
		c, corrected := x.state.Correction(b.Entry)
		if !ok || !corrected {
			return
		}
		x.fixed[to] = c
		x.restate[to] = true
		if by, ok := x.acceptedAt(c.By); ok {
			x.instead[by] = to
			x.restate[by] = true
		}
	case *entry.Challenge:
		if to, ok := x.acceptedAt(b.Entry); ok {
			x.restate[to] = true
		}
	case *entry.Erasure:
		to, ok := x.acceptedAt(b.Entry)
		e, erased := x.state.Erased(b.Entry, b.Digest)
		if !ok || !erased {
			return
		}
		x.erased[textKey{to, b.Digest}] = e
		x.touch(to)
		for _, o := range x.opened[to] {
			x.touch(o.index)
		}
	}
}

// touch notes that an earlier entry's texts stand otherwise now.
func (x *Index) touch(index uint64) {
	x.restate[index] = true
	if _, ok := x.dirty[index]; !ok {
		x.dirty[index] = nil
	}
}

// acceptedAt returns the index of the accepted statement of that id. The caller
// is the replay, or holds the lock.
func (x *Index) acceptedAt(id entry.ID) (uint64, bool) {
	first, ok := x.byID[id]
	if !ok {
		return 0, false
	}
	accepted := number(verdicts, pledge.Accepted)
	if x.rows[first].verdict == accepted {
		return first, true
	}
	for _, i := range x.again[id] {
		if x.rows[i].verdict == accepted {
			return i, true
		}
	}
	return 0, false
}
