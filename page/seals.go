package page

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// seal returns the seal on a member of an entry's body; nil when it is not sealed.
func (e *Entry) seal(member string) *entry.Seal {
	if e == nil || e.Detached == nil {
		return nil
	}
	seals := e.Detached.Seals()
	if i := slices.IndexFunc(seals, func(s entry.Seal) bool { return s.Member == member }); i >= 0 {
		return &seals[i]
	}
	return nil
}

// disclosed returns what opened a member of an entry's body; nil when nothing did.
func (e *Entry) disclosed(member string) *Disclosed {
	if e == nil {
		return nil
	}
	if i := slices.IndexFunc(e.Disclosed, func(d Disclosed) bool { return d.Seal.Member == member }); i >= 0 {
		return &e.Disclosed[i]
	}
	return nil
}

// sealed says what stands in the place of a member that is not shown: sealed, or
// opened and then erased; ok is false when the member is neither.
func (s *Site) sealed(e *Entry, member string) (v Value, ok bool) {
	seal := e.seal(member)
	if seal == nil {
		return Value{}, false
	}
	if d := e.disclosed(member); d != nil && d.Erased {
		return Value{s.Say("value.erased"), s.Say("note.opened-erased", "date", s.Day(d.By.Logged))}, true
	} else if d != nil {
		return Value{s.Say("value.opened-missing"), s.Say("note.missing-field")}, true
	}
	return Value{s.Say("value.withheld", "date", s.Date(seal.Review)), s.sealNote(seal)}, true
}

// sealNote gives the reason and the law that an author states for a seal.
func (s *Site) sealNote(seal *entry.Seal) Words {
	note := s.Say("note.sealed.no-reason")
	if seal.Reason != entry.Withheld {
		note = s.Say("note.sealed.reason", "reason", s.term("sealReason", seal.Reason))
	}
	switch seal.Law {
	case "":
	case entry.Withheld:
		note = s.sentences(note, s.Say("note.sealed.law-withheld"))
	default:
		note = s.sentences(note, s.Say("note.sealed.law", "law", s.term("instrument", seal.Law)))
	}
	return s.sentences(note, s.Say("note.infer-nothing"))
}

// since says that a member was sealed first and opened later; nothing otherwise.
func (s *Site) since(e *Entry, member string) Words {
	d := e.disclosed(member)
	if d == nil || !d.Shown {
		return Words{}
	}
	return s.Say("note.opened", "date", Link(s.EntryHref(d.By.ID, d.By.Index), s.Day(d.By.Logged)))
}

// noted adds to a row that its member was opened later.
func (s *Site) noted(f Fact, e *Entry, member string) Fact {
	if since := s.since(e, member); !since.IsZero() && len(f.Values) > 0 {
		last := &f.Values[len(f.Values)-1]
		last.Note = s.sentences(last.Note, since)
	}
	return f
}

// sentences puts one remark behind another.
func (s *Site) sentences(before, after Words) Words {
	switch {
	case before.IsZero():
		return after
	case after.IsZero():
		return before
	}
	return s.Say("list.sentences", "before", before, "after", after)
}

// wordsNotShown says why an author's words are not there; nothing when they are, or
// when there are none.
func (s *Site) wordsNotShown(e *Entry) Words {
	switch e.State {
	case pledge.BodyWithheld:
		return s.Say("words.withheld", "date", s.reviewDay(e))
	case pledge.BodyErased:
		return s.Say("words.erased")
	case pledge.BodyMissing:
		return s.Say("words.missing")
	case pledge.BodyAltered:
		return s.Say("words.altered")
	case pledge.BodyInvalid:
		return s.Say("words.invalid")
	}
	var notes Words
	for _, member := range []string{"narrative", "documents"} {
		v, ok := s.sealed(e, member)
		if !ok {
			continue
		}
		notes = s.sentences(notes, s.sentences(s.Say("words.sealed."+member, "value", v.Value), v.Note))
	}
	return s.sentences(notes, s.since(e, "narrative"))
}

// reviewDay is the day by which a withheld text is looked at again: the one stated
// last.
func (s *Site) reviewDay(e *Entry) Words {
	if e.Review != 0 {
		return s.Day(e.Review)
	}
	return s.Date(e.Statement.Review)
}
