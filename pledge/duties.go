package pledge

import (
	"cmp"
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
	Mark    Mark   // the statement that it is about; zero for attestations and slots
	Overdue bool   // Due has passed
}

// Duties lists what an author owes at moment t, what is due first first: what has
// begun and is not done. What was missed stays among it. t may not be before Now.
func (s *State) Duties(id string, t int64) []Duty {
	a := s.byID[id]
	if a == nil || a.Admit == nil {
		return nil
	}
	var out []Duty
	add := func(d Duty) {
		d.Author, d.Overdue = id, t >= d.Due
		out = append(out, d)
	}
	for _, p := range s.periods(a, t) {
		switch p.State {
		case Due, Grace, Missed:
			add(Duty{Kind: DutyAttestation, From: p.Period.End(), Due: p.Deadline, Period: p.Period.String()})
		}
	}
	if p, owed := s.slotNow(a, t); owed && a.slotFor(p) == nil {
		add(Duty{Kind: DutySlot, From: p.Start(), Due: p.End(), Period: p.String()})
	}
	if c := s.slotCount(a, t); c.Missed > 0 {
		first := c.First[0]
		add(Duty{Kind: DutySlots, From: first.Start(), Due: first.End(), Period: first.String(), Count: c.Missed})
	}
	for _, c := range s.openChallenges() {
		if c.Against == id {
			add(Duty{Kind: DutyReply, From: c.Logged, Due: c.Due, Mark: c.Mark})
		}
	}
	for _, r := range s.unanswered(a, t) {
		add(Duty{Kind: DutyDecision, From: r.Logged, Due: r.due, Mark: r.Mark})
	}
	for n, review := range s.k.Withheld {
		if r := s.k.Book.at(n); s.k.People[r.Author] == a {
			add(Duty{Kind: DutyReview, Due: review + 86400, Mark: Mark{Index: r.index(), Entry: r.ID}})
		}
	}
	if p := a.Pending; p != nil && t < p.From {
		add(Duty{Kind: DutyRekey, From: p.Logged, Due: p.From, Mark: p.Mark})
	}
	slices.SortFunc(out, func(x, y Duty) int {
		return cmp.Or(cmp.Compare(x.Due, y.Due), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Mark.Index, y.Mark.Index))
	})
	return out
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
