package page

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// laterSentence is Sentence for the kinds that say something of terms, of who takes
// part, or of other statements.
func (s *Site) laterSentence(e *Entry, who Words) Words {
	switch b := e.Statement.Body.(type) {
	case *entry.Amend:
		return s.amendSentence(b, who)
	case *entry.Standing:
		return s.Say("sentence.standing."+b.Standing, "who", who, "name", s.Who(b.Who))
	case *entry.Succeed:
		return s.Say("sentence.succeed", "who", who, "from", s.Who(b.From), "to", s.Who(b.To))
	case *entry.Keys:
		return s.Say("sentence.keys."+b.Reason, "who", who)
	case *entry.Slot:
		return s.Say("sentence.slot", "who", who, "period", s.SlotPeriod(b.SlotPeriod()))
	case *entry.Open:
		return s.openSentence(e, b, who)
	case *entry.Correct:
		if b.How == entry.CorrectVoid {
			return s.Say("sentence.correct.void", "who", who, "ref", s.its(e.ref(b.Entry)))
		}
		return s.Say("sentence.correct.superseded", "who", who, "ref", s.its(e.ref(b.Entry)), "by", s.entryNo(e.ref(b.By)))
	case *entry.Withdraw:
		return s.Say("sentence.withdraw", "who", who, "accord", s.AccordName())
	case *entry.Challenge:
		return s.challengeSentence(e, b, who)
	case *entry.Reply:
		return s.Say("sentence.reply."+b.Answer, "who", who, "matter", s.matter(e, b))
	case *entry.Erasure:
		return s.Say("sentence.erasure", "who", who, "ref", s.entryNo(e.ref(b.Entry)))
	case *entry.Directory:
		return s.Say("sentence.directory", "who", who, "size", b.Size)
	}
	return s.Say("sentence.other", "who", who)
}

func (s *Site) admitSentence(b *entry.Admit, who Words) Words {
	switch b.Mode {
	case entry.AdmitRekey:
		return s.Say("sentence.rekey", "who", who, "name", Foreign(b.Name))
	case entry.AdmitReadmit:
		return s.Say("sentence.readmit", "who", who, "name", Foreign(b.Name))
	}
	return s.Say("sentence.admit."+b.Role, "who", who, "name", Foreign(b.Name))
}

func (s *Site) amendSentence(b *entry.Amend, who Words) Words {
	switch {
	case b.Ends != nil && b.Ends.Successor != "":
		return s.Say("sentence.amend.ends-into", "who", who, "date", s.Day(b.FromUnix()), "origin", Foreign(b.Ends.Successor))
	case b.Ends != nil:
		return s.Say("sentence.amend.ends", "who", who, "date", s.Day(b.FromUnix()))
	case b.Clauses != nil:
		return s.Say("sentence.amend.clauses", "who", who, "accord", s.AccordName(), "date", s.Day(b.FromUnix()))
	case b.IsTimed():
		return s.Say("sentence.amend.terms", "who", who, "accord", s.AccordName(), "date", s.Day(b.FromUnix()))
	case len(b.KeySets()) == 0:
		return s.Say("sentence.amend.log-keys", "who", who)
	}
	return s.Say("sentence.amend.keys", "who", who, "accord", s.AccordName())
}

func (s *Site) openSentence(e *Entry, b *entry.Open, who Words) Words {
	of := s.its(e.ref(b.Entry))
	switch {
	case b.Review != "":
		return s.Say("sentence.open.review", "who", who, "ref", of, "date", s.Date(b.Review))
	case e.opensText(b):
		return s.Say("sentence.open.text", "who", who, "ref", of)
	}
	return s.Count("sentence.open.fields", uint64(len(b.Digests)), "who", who, "ref", of)
}

// opensText reports whether an open publishes the text of the statement that it is
// about, and not sealed fields alone.
func (e *Entry) opensText(b *entry.Open) bool {
	return e.Subject != nil && slices.Contains(b.Digests, e.Subject.Statement.BodyDigest)
}

func (s *Site) challengeSentence(e *Entry, b *entry.Challenge, who Words) Words {
	against := s.Who(b.Against)
	switch {
	case !b.Entry.IsZero():
		return s.Say("sentence.challenge.entry", "who", who, "against", against, "ref", s.its(e.ref(b.Entry)))
	case b.Finding != "":
		return s.Say("sentence.challenge.finding", "who", who, "against", against, "finding", s.findingTitle(entry.Code(b.Finding)))
	}
	return s.Say("sentence.challenge", "who", who, "against", against)
}

// matter says to what a reply speaks.
func (s *Site) matter(e *Entry, b *entry.Reply) Words {
	if b.Finding != "" {
		return s.Say("matter.finding", "finding", s.findingTitle(entry.Code(b.Finding)))
	}
	if r := e.ref(b.Challenge); r != nil {
		return s.Say("matter.challenge", "by", s.Who(r.Author))
	}
	return s.Say("matter.challenge-unknown")
}

// findingTitle names a finding in a few words.
func (s *Site) findingTitle(c entry.Code) Words {
	if m, ok := pledge.MeaningOf(c); ok {
		return Plain(m.Title)
	}
	return Code(string(c))
}

// its names a statement of whoever the sentence named before: its request (entry
// 57).
func (s *Site) its(r *Ref) Words {
	if r == nil {
		return s.Say("ref.unknown")
	}
	return s.Say("ref.its", "what", s.Say("what."+string(r.Kind)), "index", r.Index)
}

// entryNo names a statement by its number.
func (s *Site) entryNo(r *Ref) Words {
	if r == nil {
		return s.Say("ref.unknown")
	}
	return s.Say("ref.entry", "index", r.Index)
}
