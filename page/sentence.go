package page

import (
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// An Entry is one leaf, as much as is known of it.
type Entry struct {
	Index     uint64
	ID        entry.ID // zero when the statement could not be read
	LeafHash  [32]byte
	Logged    int64 // Unix seconds; 0 when the leaf could not be read
	Envelope  *entry.Envelope
	Statement *entry.Statement // nil when it could not be read
	Verdict   pledge.Verdict
	State     pledge.BodyState
	Detached  entry.Detached
	Findings  []pledge.Finding
	Replies   []FindingReply // to these findings, oldest first

	Refers   []Ref             // accepted statements that it names
	Uses     []Ref             // accepted statements that name it, oldest first
	Subject  *Entry            // the statement that it is about: see index.Entry
	Answers  []*Entry          // the decisions on a request, or on a decision's, and on what stands in its place; oldest first
	Related  []*Entry          // what stands in its place or was there before, and what corrected, opened or erased any of all these
	Disputes []Dispute         // the newest challenges that it is, replies to or that are about it and what Related has
	Disputed uint64            // how many there are
	Previous *Ref              // its author's statement before it
	Next     *Ref              // and after it
	Deadline int64             // before which an attestation was due, Unix seconds; 0 when not known
	Clauses  map[string]string // texts of the clauses that it states or pledges, by clause id
	Proposed *pledge.Mark      // of a removal: since when it had been proposed

	Review      int64 // of a withheld text: first second of the day of its review
	Opened      *Opened
	Disclosed   []Disclosed
	Erasures    []pledge.Erasure
	HeldUntil   int64 // before which the text of a challenge is not shown; 0 when it is
	Correction  *Correction
	InPlaceOf   *Ref
	Doubt       *pledge.Doubt
	Unconfirmed *pledge.KeyChange
	Challenge   *pledge.Challenge // that it is, or replies to
}

// An Opened says which open published a text.
type Opened struct {
	Ref
	Logged int64
}

// A Disclosed is a field that was sealed and opened since.
type Disclosed struct {
	Seal   entry.Seal
	By     Opened
	Shown  bool // its value is there
	Erased bool
}

// A Correction is what became of a statement by a later one of its author.
type Correction struct {
	pledge.Correction
	By *Ref // what stands in its place; nil when it is void
}

// A Dispute is a challenge and its reply.
type Dispute struct {
	State     pledge.Challenge
	Challenge *Entry
	Reply     *Entry // nil when there is none
}

// A FindingReply is what an author answered to a finding on it.
type FindingReply struct {
	State pledge.FindingReply
	Entry *Entry // what stands in its place now
}

// A Ref points to an entry.
type Ref struct {
	Index  uint64
	ID     entry.ID
	Kind   entry.Kind
	Author string
}

// ref returns the statement of that id that an entry names; nil when it is not
// known.
func (e *Entry) ref(id entry.ID) *Ref {
	for i := range e.Refers {
		if e.Refers[i].ID == id {
			return &e.Refers[i]
		}
	}
	return nil
}

func (e *Entry) accepted() bool { return e.Statement != nil && e.Verdict.Kind == pledge.Accepted }

// asked returns the request that an entry is or answers; nil when there is none.
func (e *Entry) asked() *Entry {
	switch {
	case e.Statement.Kind == entry.KindRequest:
		return e
	case e.Statement.Kind == entry.KindDecision:
		return e.Subject
	}
	return nil
}

// requestBody returns what a request's detached body says; nil when that is not
// published.
func (e *Entry) requestBody() *entry.RequestBody {
	b, _ := e.Detached.(*entry.RequestBody)
	return b
}

// Sentence says what an entry is, attributed, without a full stop.
func (s *Site) Sentence(e *Entry) Words {
	switch {
	case e.Verdict.Kind == pledge.Duplicate:
		return s.Say("sentence.duplicate", "who", s.Who(e.Statement.Author))
	case e.Verdict.Kind == pledge.Rejected:
		return s.Say("sentence.rejected")
	case !e.accepted():
		return s.Say("sentence.malformed")
	}
	who := s.WhoFirst(e.Statement.Author)
	switch b := e.Statement.Body.(type) {
	case *entry.Charter:
		return s.Say("sentence.charter", "who", who, "accord", Foreign(b.Accord))
	case *entry.Admit:
		return s.admitSentence(b, who)
	case *entry.Pledge:
		return s.Count("sentence.pledge", uint64(len(b.Clauses)), "who", who, "accord", s.AccordName())
	case *entry.Request:
		return s.Say("sentence.request", "who", who, "request", s.requestPhrase(e))
	case *entry.Decision:
		return s.decisionSentence(e, b, who)
	case *entry.Attestation:
		return s.attestationSentence(b, who)
	}
	return s.laterSentence(e, who)
}

// requestPhrase names a request by whom it is attributed to.
func (s *Site) requestPhrase(e *Entry) Words {
	if e == nil {
		return s.Say("request.unpublished")
	}
	b := e.requestBody()
	switch {
	case b != nil && (b.Country == entry.Withheld || b.Country == ""): // "" is sealed
		return s.Say("request.country-withheld")
	case b != nil:
		return s.Say("request.attributed", "country", s.Country(b.Country))
	case e.State == pledge.BodyMissing:
		return s.Say("request.missing")
	case e.State == pledge.BodyErased:
		return s.Say("request.erased")
	case e.State == pledge.BodyAltered || e.State == pledge.BodyInvalid:
		return s.Say("request.unreadable")
	}
	return s.Say("request.unpublished")
}

func (s *Site) decisionSentence(e *Entry, b *entry.Decision, who Words) Words {
	outcome := e.outcome(b)
	key := "sentence.decision." + outcome
	if !s.Has(key) {
		return s.Say("sentence.decision", "who", who, "code", Code(outcome), "request", s.requestPhrase(e.Subject))
	}
	return s.Say(key, "who", who, "request", s.requestPhrase(e.Subject))
}

// outcome returns the outcome of a decision: the one in the tree, else that of a
// text which was opened, else withheld.
func (e *Entry) outcome(b *entry.Decision) string {
	if d, ok := e.Detached.(*entry.DecisionBody); ok && b.Outcome == "" {
		b = &entry.Decision{Outcome: d.Outcome}
	}
	if b.Outcome == "" {
		return entry.Withheld
	}
	return b.Outcome
}

func (s *Site) attestationSentence(b *entry.Attestation, who Words) Words {
	total, period := b.Received.Total, s.Period(b.Period)
	var w Words
	switch {
	case total.CannotSay:
		return s.Say("sentence.attestation.cannot-say", "who", who, "period", period)
	case total.IsBand():
		w = s.Say("sentence.attestation.band", "who", who, "period", period, "min", total.Min, "max", total.Max)
	case total.Max == 0:
		w = s.Say("sentence.attestation.none", "who", who, "period", period)
	default:
		w = s.Count("sentence.attestation", total.Max, "who", who, "period", period)
	}
	if b.Covers == entry.CoversDisclosable {
		w = s.Say("sentence.attestation.disclosable", "sentence", w)
	}
	return w
}

// Alone says who else says so: mostly nobody.
func (s *Site) Alone(e *Entry) Words {
	if !e.accepted() {
		return s.Say("alone.void")
	}
	who, first := s.Who(e.Statement.Author), s.WhoFirst(e.Statement.Author)
	if key := "alone." + string(e.Statement.Kind); s.Has(key) {
		return s.Say(key, "who", who)
	}
	if e.Statement.Kind == entry.KindRequest {
		if b := e.requestBody(); b != nil {
			if key := "alone." + b.Corroboration; s.Has(key) {
				return s.Say(key, "who", who, "first", first)
			}
		}
	}
	return s.Say("alone", "who", who)
}

// Claim writes a number that a signatory states: exact, a band, or that it can't
// say.
func (s *Site) Claim(c entry.Claim) Words {
	switch {
	case c.CannotSay:
		return s.Say("claim.cannot-say")
	case c.IsBand():
		return s.Say("claim.band", "min", c.Min, "max", c.Max)
	}
	return Plain(s.Number(c.Max))
}

// AskedFor says in one line how a request's author coded what was asked for;
// nothing when that is not published.
func (s *Site) AskedFor(e *Entry) Words {
	req := e.asked()
	if req == nil || req.requestBody() == nil {
		return Words{}
	}
	var labels []Words
	for _, code := range req.requestBody().Assist {
		labels = append(labels, s.code("assist", code, req.requestBody(), false, Words{}).Value)
	}
	if len(labels) == 0 {
		return Words{} // sealed
	}
	return s.Say("asked-for", "who", s.Who(e.Statement.Author), "labels", s.List(labels))
}
