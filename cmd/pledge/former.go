package main

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A rebased draft has with it what it was at its former places, with the signatures there.
// So whoever signs again sees what changed since, and it is not for the draft to say:
// from the statement that this very key signed the new one is made once more, and has to
// come out the same to the byte. What it names by a new id has to be the same statement
// at a new place too, which takes its file.

// A movement is what became of a draft since it was at a former place.
type movement struct {
	from     *entry.Statement // there
	signed   bool             // by the key in question, there
	renamed  [][2]entry.ID    // what it names: former and new ids
	unproved []entry.ID       // of the new ones those whose files are not at hand
	same     bool             // nothing else changed
}

// formerly looks at the newest former place at which a key signed a draft, or at the
// newest one when it signed none; nil when there is none.
func formerly(path string, sub *entry.Submission, key *entry.PublicKey) *movement {
	if sub.Former == nil {
		return nil
	}
	at, signed := sub.Former[len(sub.Former)-1], false
	for _, e := range slices.Backward(sub.Former) {
		if signedByKey(e, key) {
			at, signed = e, true
			break
		}
	}
	from, err := entry.ParseStatement(at)
	if err != nil {
		return nil // ParseDraft read it
	}
	m := &movement{from: from, signed: signed}
	m.compare(path, sub)
	return m
}

func signedByKey(e *entry.Envelope, key *entry.PublicKey) bool {
	return slices.ContainsFunc(e.Signatures, func(s entry.Signature) bool {
		return s.KeyID == key.ID && key.VerifyStrict(e.PAE(), s.Sig)
	})
}

// compare makes the draft again from what it was.
func (m *movement) compare(path string, sub *entry.Submission) {
	st := sub.Statement
	was, is := m.from.Refers(), st.Refers()
	if len(was) != len(is) {
		return
	}
	moved := make(map[entry.ID]entry.ID)
	for i := range was {
		if was[i] != is[i] && moved[was[i]] != is[i] {
			moved[was[i]] = is[i]
			m.renamed = append(m.renamed, [2]entry.ID{was[i], is[i]})
		}
	}
	payload, err := m.from.At(st.Seq, st.Prev, st.Made, moved)
	if m.same = err == nil && string(payload) == string(sub.Envelope.Payload); !m.same || m.renamed == nil {
		return
	}
	beside, err := readSuccessors([]*outgoing{{path: path}})
	for _, r := range m.renamed {
		if err != nil || !beside.prove(r[0], r[1]) {
			m.unproved = append(m.unproved, r[1])
		}
	}
	m.same = m.unproved == nil
}

// prove reports whether one of the drafts is the statement now, was the statement was at a
// former place, and changed in nothing but its place, nor did what it names.
func (s successors) prove(was, now entry.ID) bool {
	for _, one := range s[was] {
		if one.sub.Statement.ID != now {
			continue
		}
		for _, e := range one.sub.Former {
			from, err := entry.ParseStatement(e)
			if err != nil || from.ID != was {
				continue
			}
			m := &movement{from: from}
			m.compare(one.path, one.sub)
			return m.same
		}
	}
	return false
}

// settled reports whether what is pointed at in the draft was confirmed by the key, when it
// signed the very same at a former place.
func (m *movement) settled() bool { return m != nil && m.signed && m.same }

// movedSince tells what changed.
func (a *app) movedSince(m *movement, st *entry.Statement, key entry.KeyID) {
	if m == nil {
		return
	}
	who := "key " + key.String() + " has not signed it there"
	if m.signed {
		who = "key " + key.String() + " signed it there"
	}
	a.printf("it had another place before, as entry id %s; %s\n", m.from.ID, who)
	if !m.same && m.unproved == nil {
		a.note("more than its place changed since: read all of it anew")
		return
	}
	a.printf("changed since, compared byte by byte:\n")
	a.printf("  seq    %d, was %d\n", st.Seq, m.from.Seq)
	a.printf("  prev   %s\n    was  %s\n", st.Prev, m.from.Prev)
	a.printf("  made   %s, was %s\n", entry.FormatTime(st.Made), entry.FormatTime(m.from.Made))
	for _, r := range m.renamed {
		how := "the same statement at its new place"
		if slices.Contains(m.unproved, r[1]) {
			how = "its file is not here: whether it is the same one is not known"
		}
		a.printf("  names  %s\n    was  %s (%s)\n", r[1], r[0], how)
	}
	if m.unproved == nil {
		a.printf("and nothing else: the same content, text and review date\n")
	}
	a.printf("\n")
}
