package page

import (
	"github.com/pledgelog/pledgelog/entry"
)

// Bounds of the words on each side of a dispute, in bytes, and on all sides of a
// page: both sides of one have the same room.
const (
	maxSide       = 8 << 10
	maxSides      = 24 << 10
	sideDocuments = 3
)

// A DisputeBlock is a challenge and its reply, side by side and at equal size.
type DisputeBlock struct {
	Challenge Side
	Reply     Side
}

// A Side is one of them.
type Side struct {
	Title     Words // challenge or reply, and of whom
	When      Words
	Sentence  Words
	Href      string // "" on its own page
	Note      Words  // why there is nothing to show, or that it was corrected
	Passages  []Passage
	Documents []Document
}

// disputes lays out the challenges that an entry is among or that are about it.
func (s *Site) disputes(e *Entry) []DisputeBlock {
	var blocks []DisputeBlock
	for _, d := range e.Disputes {
		blocks = append(blocks, s.Dispute(d, e.ID, min(maxSide, maxSides/2/len(e.Disputes))))
	}
	return blocks
}

// Dispute lays out a challenge and its reply. Here is the entry on whose page it
// stands, zero for others; room is for how many bytes of what each of them wrote
// there is room. A challenge's words are shown with its reply, or when that is due
// (protocol section 4).
func (s *Site) Dispute(d Dispute, here entry.ID, room int) DisputeBlock {
	c := d.Challenge
	b := DisputeBlock{Challenge: s.side("dispute.challenge", c, here, room), Reply: Side{Title: s.Say("dispute.reply", "who", s.Who(d.State.Against))}}
	switch {
	case d.State.Void:
		b.Challenge.Note = s.Say("dispute.void")
	case c.HeldUntil != 0:
		b.Challenge.Note = s.Say("dispute.held", "date", s.Moment(c.HeldUntil))
	}
	switch {
	case d.Reply != nil:
		b.Reply = s.side("dispute.reply", d.Reply, here, room)
	case d.State.Void:
		b.Reply.Note = s.Say("dispute.none")
	case s.AsOf < d.State.Due:
		b.Reply.Note = s.Say("dispute.due", "date", s.Moment(d.State.Due))
	default:
		b.Reply.Note = s.Say("dispute.overdue", "date", s.Moment(d.State.Due))
	}
	return b
}

func (s *Site) side(key string, e *Entry, here entry.ID, room int) Side {
	side := Side{Title: s.Say(key, "who", s.Who(e.Statement.Author)), Sentence: s.Sentence(e), Note: s.Marks(e)}
	if s.Preview {
		side.When = s.Say("logged.preview")
	} else {
		side.When = s.Day(e.Logged)
	}
	if e.ID != here {
		side.Href = s.EntryHref(e.ID, e.Index)
	}
	if room == 0 {
		return side
	}
	side.Passages, side.Documents = s.passages(entry.Narrative(e.Detached), room), s.documents(documents(e.Detached), sideDocuments)
	if side.Note.IsZero() {
		side.Note = s.wordsNotShown(e)
	}
	return side
}
