package pledge

import (
	"github.com/pledgelog/pledgelog/entry"
)

// A PeriodState is how a signatory stands for one period (protocol section 6).
type PeriodState string

const (
	NotYetDue PeriodState = "not-yet-due" // nothing was pledged for it yet
	Due       PeriodState = "due"         // the period runs; an attestation is owed after it
	Grace     PeriodState = "grace"       // the period ended; the deadline is ahead
	OnTime    PeriodState = "on-time"     // attested before the deadline
	Late      PeriodState = "late"        // attested after it
	Missed    PeriodState = "missed"      // the deadline passed without an attestation
	CarvedOut PeriodState = "carved-out"  // the same, for who was admitted with carve-outs
)

// A PeriodStatus is one row of a signatory's calendar.
type PeriodStatus struct {
	Period      entry.Period
	State       PeriodState
	Deadline    int64              // Unix seconds; before it is on time
	Attested    *Mark              // the first attestation, nil when there is none: its time counts
	Content     *Mark              // the one whose content counts
	Attestation *entry.Attestation // its body
	Logged      entry.Counts       // what the log holds for the period
	Received    uint64             // logged requests whose `received` is the period
}

// A Status is how one author stands.
type Status struct {
	ID       string
	Admit    *entry.Admit // in force at the moment; nil for the secretariat and the operator
	Admitted Mark         // the first
	Standing string       // InStanding and so on; "" for the secretariat and the operator

	Suspended *Mark
	Proposed  *Mark        // removal was proposed
	Removed   *Removal     // nil unless it is removed
	Succeeded *Succession  // who took its place; nil when nobody did
	Succeeds  []Succession // whose places it took

	Keys        entry.KeySet // in force at the moment
	KeysWaiting *KeyChange   // keys of last resort that wait
	KeysChanged *KeyChange   // keys of last resort in force that the former ones have not confirmed
	Doubtful    []Doubt

	Pledged    []string // clauses
	PledgedAt  *Mark
	PledgedTo  *Mark    // the charter or amend that the pledge refers to
	Changed    []string // of Pledged those whose text is not in the accord in force any more
	Seq        uint64   // of its last accepted statement in lane main
	Head       entry.ID
	SlotSeq    uint64 // the same in lane slot
	SlotHead   entry.ID
	Requests   uint64            // that count
	Void       uint64            // requests that were taken back
	Corrected  uint64            // its statements of all kinds that it took back, or put another in the place of
	Outcomes   map[string]uint64 // of its requests, now
	Withheld   uint64            // texts that it withheld
	Opened     uint64            // those of them that it opened
	Challenges []Challenge       // against it, or by it when it is a challenger; oldest first
	Replies    []FindingReply    // its replies to findings, oldest first
	Slots      SlotCount
	Periods    []PeriodStatus // oldest first; the newest MaxPeriods
}

// A KeyChange is the secretariat's change of an author's keys.
type KeyChange struct {
	Mark
	From int64 // moment from which the new keys are in force
}

// Statuses says how each signatory and challenger stands at moment t, Unix
// seconds, in order of admission. t may not be before Now: to look back, replay
// up to there.
func (s *State) Statuses(t int64) []Status {
	out := make([]Status, 0, len(s.k.People))
	for _, a := range s.k.People {
		if a.Admit != nil {
			out = append(out, s.status(a, t))
		}
	}
	return out
}

// Status is Statuses for one author, the reserved ones too; ok is false when it is
// unknown.
func (s *State) Status(id string, t int64) (st Status, ok bool) {
	a := s.byID[id]
	if a == nil {
		return Status{}, false
	}
	return s.status(a, t), true
}

// Name is the legal name of an author by the admission in force at Now; "" when it was
// never admitted.
func (s *State) Name(id string) string {
	if a := s.byID[id]; a != nil && a.Admit != nil {
		return a.Admit.Name
	}
	return ""
}

func (s *State) status(a *author, t int64) Status {
	st := Status{
		ID: a.ID, Admit: a.admittedAt(t), Admitted: a.Admitted, Standing: a.standing(),
		Suspended: a.Suspended, Proposed: a.Proposed, Removed: a.Removed, Succeeded: a.Succeeded, Succeeds: append([]Succession(nil), a.Succeeds...),
		Doubtful: append([]Doubt(nil), a.Doubtful...), Seq: a.Main.Seq, Head: a.Main.Head, SlotSeq: a.Slot.Seq, SlotHead: a.Slot.Head,
		Outcomes: make(map[string]uint64), Withheld: a.WithheldAll, Opened: a.WithheldOpen, Corrected: a.Corrected,
	}
	st.Keys, _ = a.inForce(t)
	if f := a.Former; f != nil {
		st.KeysChanged = &KeyChange{f.Mark, f.From}
	}
	if p := a.Pending; p != nil {
		change := &KeyChange{p.Mark, p.From}
		if t >= p.From {
			st.KeysChanged = change
		} else {
			st.KeysWaiting = change
		}
	}
	if n := len(a.Pledges); n > 0 {
		st.Pledged, st.PledgedAt = a.Pledges[n-1].Clauses, &a.Pledges[n-1].Mark
	}
	st.PledgedTo, st.Changed = s.pledgedTo(a, t)
	st.Replies = s.findingReplies(a)
	for _, i := range a.Requests {
		switch r := s.request(i); {
		case s.place(i) != i:
		case r.Void:
			st.Void++
		default:
			st.Requests++
			st.Outcomes[s.outcomeBefore(r, t+1)]++
		}
	}
	for _, c := range s.k.Challenges {
		if c.Against == a.ID || c.By == a.ID {
			one := *c
			one.Replies = append([]Reply(nil), c.Replies...)
			st.Challenges = append(st.Challenges, one)
		}
	}
	st.Slots = s.slotCount(a, t)
	st.Periods = s.periods(a, t)
	return st
}

// MaxPeriods is for how many quarters back obligations are judged: a hundred years.
const MaxPeriods = 400

// periods lists the periods for which a signatory owes something, and what it attested
// for those.
func (s *State) periods(a *author, t int64) []PeriodStatus {
	if !a.isSignatory() {
		return nil
	}
	running := s.PeriodAt(t)
	first := running
	pledged := false
	for i := range a.Tenures {
		if owes := a.Tenures[i].Owes; owes != 0 {
			pledged = true
			if p := s.PeriodAt(owes); p.Before(first) {
				first = p
			}
		}
	}
	// A log whose times are far apart has very many periods.
	if oldest := t - MaxPeriods*91*86400; first.Start() < oldest {
		first = s.PeriodAt(oldest)
	}
	received := s.received(a)
	var out []PeriodStatus
	for p := first; !running.Before(p); p = s.nextPeriod(p) {
		at := a.Attested[p]
		if pledged && (at == nil && !s.owes(a, p) || !a.isHeldTo(p)) {
			continue // it was out, or another's: what it attests all the same is neither late nor in time
		}
		ps := PeriodStatus{Period: p, Deadline: s.deadline(p), Logged: s.counts(a, p), Received: uint64(len(received[periodNo(p)]))}
		switch {
		case at != nil:
			content := s.content(at)
			ps.Attested, ps.Content, ps.Attestation = &at.First, &content, at.Body
			ps.State = OnTime
			if at.First.Logged >= ps.Deadline {
				ps.State = Late
			}
		case !pledged:
			ps.State = NotYetDue
		case t < p.End():
			ps.State = Due
		case t < ps.Deadline:
			ps.State = Grace
		case a.carvesOut(p):
			ps.State = CarvedOut
		default:
			ps.State = Missed
		}
		out = append(out, ps)
	}
	return out
}

// Correction returns what became of a statement by a later one of its author; ok
// is false when nothing did.
func (s *State) Correction(id entry.ID) (c Correction, ok bool) {
	c, ok = s.k.Corrections[s.k.Book.find(id)]
	return c, ok
}

// Challenges returns all accepted challenges, oldest first.
func (s *State) Challenges() []Challenge {
	out := make([]Challenge, 0, len(s.k.Challenges))
	for _, c := range s.k.Challenges {
		one := *c
		one.Replies = append([]Reply(nil), c.Replies...)
		out = append(out, one)
	}
	return out
}
