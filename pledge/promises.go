package pledge

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

func days(n uint64) int64    { return int64(n) * 86400 }
func number(n uint64) string { return strconv.FormatUint(n, 10) }
func day(unix int64) string  { return time.Unix(unix, 0).UTC().Format("2 January 2006") }
func moment(unix int64) string {
	return time.Unix(unix, 0).UTC().Format("2 January 2006, 15:04:05 UTC")
}

func name(a *author) string {
	switch {
	case a.admit != nil:
		return a.admit.Name
	case a.id == entry.AuthorSecretariat:
		return "The secretariat"
	}
	return a.id
}

// acceptAttestation compares an attestation with the author's chain.
func (s *State) acceptAttestation(a *author, b *entry.Attestation, m Mark, st *entry.Statement) []Finding {
	var found []Finding
	say := func(c entry.Code, format string, args ...any) {
		f := finding(c, fmt.Sprintf(format, args...)).at(m.Index, st)
		f.Period = b.Period.String()
		found = append(found, f)
	}
	if want := a.counts(b.Period); !want.Equal(b.Logged) {
		say(FindLoggedDiffers, "%s stated %s logged in %s; the log holds %s.", name(a), describe(b.Logged), b.Period, describe(want))
	}
	for _, c := range a.lastClauses {
		if !slices.Contains(b.Clauses, c) {
			say(FindClauseDropped, "%s's previous attestation affirmed clause %s; this one, for %s, does not.", name(a), c, b.Period)
		}
	}
	a.lastClauses = b.Clauses
	if first := a.attested[b.Period]; first != nil {
		say(FindSecondAttestation, "%s logged an attestation for %s before, as entry %d; that one counts.", name(a), b.Period, first.Index)
	} else {
		a.attested[b.Period] = &attestation{m, b}
	}
	return found
}

// counts returns the accepted requests that were logged in a period, by outcome
// at its end (protocol section 6, `logged`).
func (a *author) counts(p entry.Period) entry.Counts {
	c := entry.Counts{}
	// Requests stand in the order in which they were logged, by a time that never
	// decreases.
	first := sort.Search(len(a.requestOrder), func(i int) bool { return a.requestOrder[i].Logged >= p.Start() })
	for _, r := range a.requestOrder[first:] {
		if r.Logged >= p.End() {
			break
		}
		if c.Outcomes == nil {
			c.Outcomes = make(map[string]uint64)
		}
		c.Outcomes[r.outcomeBefore(p.End())]++
		c.Total++
	}
	return c
}

// outcomeBefore returns the outcome of the last accepted decision logged before a
// moment; pending when there is none.
func (r *request) outcomeBefore(t int64) string {
	out := entry.OutcomePending
	for _, d := range r.decisions {
		if d.Logged < t && d.outcome != "" {
			out = d.outcome
		}
	}
	return out
}

// hasWithheldDecision reports whether an answer was logged whose outcome is not
// published: then there is one, and nothing is outstanding.
func (r *request) hasWithheldDecision() bool {
	return slices.ContainsFunc(r.decisions, func(d decision) bool { return d.outcome == "" })
}

func describe(c entry.Counts) string {
	s := number(c.Total)
	codes := make([]string, 0, len(c.Outcomes))
	for code := range c.Outcomes {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for i, code := range codes {
		sep := ", "
		if i == 0 {
			sep = " ("
		}
		s += sep + number(c.Outcomes[code]) + " " + code
	}
	if len(codes) > 0 {
		s += ")"
	}
	return s
}

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
	Attested    *Mark              // the first attestation, nil when there is none
	Attestation *entry.Attestation // its body
	Logged      entry.Counts       // what the log holds for the period
	Received    uint64             // logged requests whose `received` is the period
}

// A Status is how one author stands.
type Status struct {
	ID        string
	Admit     *entry.Admit
	Admitted  Mark
	Standing  string // "in standing"
	Pledged   []string
	PledgedAt *Mark
	Seq       uint64 // of its last accepted statement
	Head      entry.ID
	Requests  uint64
	Outcomes  map[string]uint64 // of its requests, now
	Periods   []PeriodStatus    // oldest first
}

// InStanding is the standing of who was admitted and neither suspended nor
// removed.
const InStanding = "in-standing"

// Statuses says how each signatory and challenger stands at moment t, Unix
// seconds, in order of admission. t may not be before Now: to look back, replay
// up to there.
func (s *State) Statuses(t int64) []Status {
	out := make([]Status, 0, len(s.order))
	for _, a := range s.order {
		out = append(out, s.status(a, t))
	}
	return out
}

// Status is Statuses for one author; ok is false when it is unknown.
func (s *State) Status(id string, t int64) (st Status, ok bool) {
	a := s.authors[id]
	if a == nil {
		return Status{}, false
	}
	return s.status(a, t), true
}

func (s *State) status(a *author, t int64) Status {
	seq, head := a.head()
	st := Status{ID: a.id, Admit: a.admit, Admitted: a.admitted, Standing: InStanding, Seq: seq, Head: head, Requests: uint64(len(a.requestOrder)), Outcomes: make(map[string]uint64)}
	if n := len(a.pledges); n > 0 {
		st.Pledged, st.PledgedAt = a.pledges[n-1].clauses, &a.pledges[n-1].Mark
	}
	for _, r := range a.requestOrder {
		st.Outcomes[r.outcomeBefore(t+1)]++
	}
	if a.admit == nil || a.admit.Role != entry.RoleSignatory {
		return st
	}
	running := entry.PeriodAt(s.charter.Attestation, t)
	first := running
	if len(a.pledges) > 0 {
		first = entry.PeriodAt(s.charter.Attestation, a.pledges[0].Logged)
	}
	for p := first; !running.Before(p); p = p.Next() {
		st.Periods = append(st.Periods, s.periodStatus(a, p, t))
	}
	return st
}

func (s *State) periodStatus(a *author, p entry.Period, t int64) PeriodStatus {
	ps := PeriodStatus{Period: p, Deadline: p.End() + days(s.charter.GraceDays), Logged: a.counts(p)}
	for _, r := range a.requestOrder {
		if r.received == p {
			ps.Received++
		}
	}
	if at := a.attested[p]; at != nil {
		ps.Attested, ps.Attestation = &at.Mark, at.body
		ps.State = OnTime
		if at.Logged >= ps.Deadline {
			ps.State = Late
		}
		return ps
	}
	switch {
	case len(a.pledges) == 0:
		ps.State = NotYetDue
	case t < p.End():
		ps.State = Due
	case t < ps.Deadline:
		ps.State = Grace
	case len(a.admit.CarveOuts) > 0:
		ps.State = CarvedOut
	default:
		ps.State = Missed
	}
	return ps
}

// Promises says what the statements so far leave open or contradict at moment t
// (protocol section 6): what no single leaf shows.
func (s *State) Promises(t int64) []Finding {
	var found []Finding
	for _, a := range s.order {
		st := s.status(a, t)
		for _, ps := range st.Periods {
			if f, ok := s.promise(a, ps); ok {
				found = append(found, f)
			}
		}
		found = append(found, s.contradictions(a)...)
		for _, r := range a.requestOrder {
			if r.outcomeBefore(t+1) == entry.OutcomePending && !r.hasWithheldDecision() && t >= r.Logged+days(s.charter.DecisionDays) {
				f := finding(FindDecisionOut, fmt.Sprintf("%s has stated no answer yet to the request that it logged on %s; the charter gives %d days.", name(a), day(r.Logged), s.charter.DecisionDays))
				found = append(found, f.about(a, r.Mark))
			}
		}
	}
	SortFindings(found)
	return found
}

func (f Finding) about(a *author, m Mark) Finding {
	f.Author, f.Index, f.Entry = a.id, &m.Index, m.Entry.String()
	return f
}

func (s *State) promise(a *author, ps PeriodStatus) (Finding, bool) {
	switch ps.State {
	case Missed:
		f := finding(FindAttestationMissed, fmt.Sprintf("%s logged no attestation for %s; it was due before %s.", name(a), ps.Period, day(ps.Deadline)))
		f.Author, f.Period = a.id, ps.Period.String()
		return f, true
	case Late:
		f := finding(FindAttestationLate, fmt.Sprintf("%s logged its attestation for %s on %s; it was due before %s.", name(a), ps.Period, day(ps.Attested.Logged), day(ps.Deadline))).about(a, *ps.Attested)
		f.Period = ps.Period.String()
		return f, true
	}
	return Finding{}, false
}

// contradictions compares each attested total with the requests that say they
// were received in that period (protocol section 6).
func (s *State) contradictions(a *author) []Finding {
	periods := make([]entry.Period, 0, len(a.attested))
	for p := range a.attested {
		periods = append(periods, p)
	}
	slices.SortFunc(periods, func(p, q entry.Period) int { return cmp.Compare(p.Start(), q.Start()) })
	var found []Finding
	for _, p := range periods {
		at := a.attested[p]
		n := uint64(0)
		for _, r := range a.requestOrder {
			if r.received == p {
				n++
			}
		}
		total := at.body.Received.Total
		if total.CannotSay || n <= total.Max {
			continue
		}
		code := FindContradicted
		if at.body.Covers == entry.CoversDisclosable {
			code = FindDisclosedLater
		}
		f := finding(code, fmt.Sprintf("%s attested %s for %s; its own logged requests for that period are %d.", name(a), total, p, n)).about(a, at.Mark)
		f.Period = p.String()
		found = append(found, f)
	}
	return found
}
