package pledge

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A DutyKind is a sort of thing that the log waits for from an author.
type DutyKind string

// The kinds of duties.
const (
	DutyAttestation DutyKind = "attestation" // for a period
	DutySlot        DutyKind = "slot"        // of the slot period that runs
	DutySlots       DutyKind = "slots"       // of slot periods that have passed without one: one duty for all
	DutyReply       DutyKind = "reply"       // to a challenge
	DutyDecision    DutyKind = "decision"    // on a request that has no answer yet
	DutyReview      DutyKind = "review"      // of a text that is withheld: open it, or set another date
	DutyRekey       DutyKind = "rekey"       // keys of last resort come into force: who holds the former ones can stop that
)

// A Duty is what the log waits for from an author, by when.
type Duty struct {
	Kind    DutyKind
	Author  string
	From    int64  // moment from which it can be done
	Due     int64  // moment before which it is in time, Unix seconds
	Period  string // of an attestation or a slot; of slots the first
	Count   uint64 // of slots: how many
	Owed    uint64 // of slots: of how many
	Behind  bool   // of a slot: the period before it passed without one
	Mark    Mark   // the statement that it is about; zero for attestations and slots
	Overdue bool   // Due has passed
}

// IsPressing reports whether something is late that can still be done. What is left of slot
// periods that passed without a slot is that they stay displayed; that the running one has none
// either may tell of a timer that stands still.
func (d Duty) IsPressing() bool {
	switch d.Kind {
	case DutySlots:
		return false
	case DutySlot:
		return d.Behind || d.Overdue
	}
	return d.Overdue
}

// Duties lists what an author owes at moment t, what is due first first: what has
// begun and is not done. What was missed stays among it. t may not be before Now.
func (s *State) Duties(id string, t int64) []Duty {
	a := s.byID[id]
	if a == nil || a.Admit == nil {
		return nil
	}
	out := s.duties(a, t, s.asked())
	slices.SortFunc(out, Duty.Compare)
	return out
}

// AllDuties is Duties of every signatory and challenger, what is due first first.
func (s *State) AllDuties(t int64) []Duty {
	asked := s.asked()
	var out []Duty
	for _, a := range s.k.People {
		if a.Admit != nil {
			out = append(out, s.duties(a, t, asked)...)
		}
	}
	slices.SortFunc(out, Duty.Compare)
	return out
}

// Compare is negative when d stands before o in the one order of duties, positive when it
// stands after it. No two of one moment are the same in it.
func (d Duty) Compare(o Duty) int {
	return cmp.Or(cmp.Compare(d.Due, o.Due), cmp.Compare(d.Kind, o.Kind), cmp.Compare(d.Mark.Index, o.Mark.Index), cmp.Compare(d.Author, o.Author))
}

// asked is what waits for somebody that is kept over all authors: challenges, and texts
// that are withheld.
type asked struct {
	challenges map[string][]*Challenge
	withheld   map[*author][]ref
}

func (s *State) asked() asked {
	out := asked{make(map[string][]*Challenge), make(map[*author][]ref)}
	for _, c := range s.openChallenges() {
		out.challenges[c.Against] = append(out.challenges[c.Against], c)
	}
	for n := range s.k.Withheld {
		a := s.k.People[s.k.Book.at(n).Author]
		out.withheld[a] = append(out.withheld[a], n)
	}
	return out
}

// duties are Duties in no order.
func (s *State) duties(a *author, t int64, asked asked) []Duty {
	var out []Duty
	add := func(d Duty) {
		d.Author, d.Overdue = a.ID, t >= d.Due
		out = append(out, d)
	}
	for _, p := range s.periods(a, t) {
		switch p.State {
		case Due, Grace, Missed:
			add(Duty{Kind: DutyAttestation, From: p.Period.End(), Due: p.Deadline, Period: p.Period.String()})
		}
	}
	if p, owed := s.slotNow(a, t); owed && a.slotFor(p) == nil {
		before := entry.SlotPeriodAt(p.Kind(), p.Start()-1)
		add(Duty{Kind: DutySlot, From: p.Start(), Due: p.End(), Period: p.String(), Behind: s.owesSlot(a, before) && a.slotFor(before) == nil})
	}
	if c := s.slotCount(a, t); c.Missed > 0 {
		first := c.First[0]
		add(Duty{Kind: DutySlots, From: first.Start(), Due: first.End(), Period: first.String(), Count: c.Missed, Owed: c.Owed})
	}
	for _, c := range asked.challenges[a.ID] {
		add(Duty{Kind: DutyReply, From: c.Logged, Due: c.Due, Mark: c.Mark})
	}
	for _, r := range s.unanswered(a, t) {
		add(Duty{Kind: DutyDecision, From: r.Logged, Due: r.due, Mark: r.Mark})
	}
	for _, n := range asked.withheld[a] {
		r := s.k.Book.at(n)
		add(Duty{Kind: DutyReview, Due: s.k.Withheld[n] + 86400, Mark: Mark{Index: r.index(), Entry: r.ID}})
	}
	if p := a.Pending; p != nil && t < p.From {
		add(Duty{Kind: DutyRekey, From: p.Logged, Due: p.From, Mark: p.Mark})
	}
	return out
}

// MissedPeriods names the slot periods that passed without a slot, as the finding does that tells of
// them.
func (d Duty) MissedPeriods() string {
	if d.Count == 1 {
		return d.Period
	}
	return fmt.Sprintf("%d of %d slot periods, the first of them %s", d.Count, d.Owed, d.Period)
}

// Text says in a sentence what a duty is and by when, and nothing of why it is open. The
// day is the last one on which it is in time.
func (d Duty) Text() string {
	what, not := "", ""
	switch d.Kind {
	case DutyAttestation:
		what, not = "Attestation for "+d.Period, "No statement yet for "+d.Period
	case DutySlot:
		what, not = "Slot for "+d.Period, "No slot yet for "+d.Period
	case DutySlots:
		return "No slot for " + d.MissedPeriods() + "; stays displayed."
	case DutyReply:
		of := "to the challenge in entry " + number(d.Mark.Index)
		what, not = "Reply "+of, "No reply yet "+of
	case DutyDecision:
		of := "to the request in entry " + number(d.Mark.Index)
		what, not = "Answer "+of, "No answer stated yet "+of
	case DutyReview:
		of := "of the text of entry " + number(d.Mark.Index) + ", which is not published (infer no reason)"
		what, not = "Review "+of, "No review yet "+of
	case DutyRekey:
		return "The secretariat's new keys, in entry " + number(d.Mark.Index) + ", come into force on " + day(d.Due) + " unless the former ones stop that."
	}
	if d.Overdue {
		what = not
	}
	return what + "; due " + day(d.Due-1) + "."
}

// slotNow returns the slot period that runs at moment t, when the author owes it.
func (s *State) slotNow(a *author, t int64) (p entry.SlotPeriod, owed bool) {
	kind := s.Terms(t).Slots
	if kind == entry.SlotsNone || kind == "" {
		return p, false
	}
	p = entry.SlotPeriodAt(kind, t)
	return p, s.owesSlot(a, p)
}

// openChallenges returns the challenges that wait for a reply, as far as the log goes
// on until that is due.
func (s *State) openChallenges() []*Challenge {
	ends, _, ending := s.Ends()
	var out []*Challenge
	for _, c := range s.k.Challenges {
		if c.IsOpen() && !(ending && c.Due > ends) && s.byID[c.Against] != nil { // nil: its admission was not given, see NewPartial
			out = append(out, c)
		}
	}
	return out
}

// A waiting is a request that waits for a decision.
type waiting struct {
	Mark
	days uint64 // that the charter gives
	due  int64
}

// unanswered returns an author's requests without an answer at moment t, as far as the
// log goes on until that is due.
func (s *State) unanswered(a *author, t int64) []waiting {
	ends, _, ending := s.Ends()
	var out []waiting
	for _, i := range a.Requests {
		r := s.request(i)
		if s.place(i) != i || r.Void {
			continue
		}
		n := s.Terms(r.Logged).DecisionDays
		due := r.Logged + days(n)
		if ending && due > ends || s.outcomeBefore(r, t+1) != entry.OutcomePending || s.hasWithheldDecision(r) {
			continue
		}
		out = append(out, waiting{s.mark(r.Ref, r.Logged), n, due})
	}
	return out
}
