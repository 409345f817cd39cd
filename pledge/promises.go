package pledge

import (
	"cmp"
	"fmt"
	"slices"
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
	case a.Admit != nil:
		return a.Admit.Name
	case a.No == secretariatNo:
		return "The secretariat"
	case a.No == operatorNo:
		return "The operator"
	}
	return a.ID
}

// Promises says what the statements so far leave open or contradict at moment t
// (protocol section 6): what no single leaf shows. t may not be before Now.
func (s *State) Promises(t int64) []Finding {
	var found []Finding
	for _, a := range s.k.People {
		for _, ps := range s.periods(a, t) {
			if f, ok := s.promise(a, ps); ok {
				found = append(found, f)
			}
		}
		found = append(found, s.contradictions(a)...)
		found = append(found, s.outstanding(a, t)...)
		found = append(found, s.slotsMissed(a, t)...)
		if m, former := a.unconfirmed(t); former {
			found = append(found, finding(FindRekeyUnconfirmed, fmt.Sprintf("The secretariat gave %s new keys; the former ones have not confirmed them. What was signed since is shown with that label.", name(a))).about(a, m))
		}
	}
	found = append(found, s.withheldOverdue(t)...)
	found = append(found, s.repliesOverdue(t)...)
	if !s.k.Directories.Told && s.directoryMissing(t) {
		found = append(found, s.directoryFinding())
	}
	SortFindings(found)
	return found
}

func (f Finding) about(a *author, m Mark) Finding {
	f.Author, f.Index, f.Entry = a.ID, &m.Index, m.Entry.String()
	return f
}

func (s *State) promise(a *author, ps PeriodStatus) (Finding, bool) {
	switch ps.State {
	case Missed:
		f := finding(FindAttestationMissed, fmt.Sprintf("%s logged no attestation for %s; it was due before %s.", name(a), ps.Period, day(ps.Deadline)))
		f.Author, f.Period = a.ID, ps.Period.String()
		return f, true
	case Late:
		f := finding(FindAttestationLate, fmt.Sprintf("%s logged its attestation for %s on %s; it was due before %s.", name(a), ps.Period, day(ps.Attested.Logged), day(ps.Deadline))).about(a, *ps.Attested)
		f.Period = ps.Period.String()
		return f, true
	}
	return Finding{}, false
}

// contradictions compares what was attested for each period with the requests that
// say they were received in it (protocol section 5).
func (s *State) contradictions(a *author) []Finding {
	if len(a.Attested) == 0 {
		return nil
	}
	periods := make([]entry.Period, 0, len(a.Attested))
	for p := range a.Attested {
		periods = append(periods, p)
	}
	slices.SortFunc(periods, func(p, q entry.Period) int { return cmp.Compare(p.Start(), q.Start()) })
	received := s.received(a)
	var found []Finding
	for _, p := range periods {
		at, places := a.Attested[p], received[periodNo(p)]
		if len(at.Body.Received.Outcomes) > 0 {
			found = append(found, s.outcomesDiffer(a, p, at, places)...)
		}
		n, total := uint64(len(places)), at.Body.Received.Total
		if total.CannotSay || n <= total.Max {
			continue
		}
		code := FindContradicted
		if at.Body.Covers == entry.CoversDisclosable {
			code = FindDisclosedLater
		}
		f := finding(code, fmt.Sprintf("%s attested %s for %s; its own logged requests for that period are %d.", name(a), total, p, n)).about(a, s.content(at))
		f.Period = p.String()
		found = append(found, f)
	}
	return found
}

// content returns the attestation whose content counts.
func (s *State) content(at *attested) Mark {
	for _, g := range at.Again {
		if g.Ref == at.In {
			return g.Mark
		}
	}
	return at.First
}

// outstanding finds requests without an answer.
func (s *State) outstanding(a *author, t int64) []Finding {
	var found []Finding
	for _, r := range s.unanswered(a, t) {
		if t < r.due {
			continue
		}
		f := finding(FindDecisionOut, fmt.Sprintf("%s has stated no answer yet to the request that it logged on %s; the charter gives %d days.", name(a), day(r.Logged), r.days))
		found = append(found, f.about(a, r.Mark))
	}
	return found
}

// mark makes the Mark of a statement in the book.
func (s *State) mark(n ref, logged int64) Mark {
	r := s.k.Book.at(n)
	return Mark{r.index(), r.ID, logged}
}

// slotsMissed tells of the slot periods for which an author logged none: one
// finding for all.
func (s *State) slotsMissed(a *author, t int64) []Finding {
	c := s.slotCount(a, t)
	if c.Missed == 0 {
		return nil
	}
	first := c.First[0].String()
	text := fmt.Sprintf("%s logged no slot for %s", name(a), first)
	if c.Missed > 1 {
		text = fmt.Sprintf("%s logged no slot for %d of %d slot periods, the first of them %s", name(a), c.Missed, c.Owed, first)
	}
	f := finding(FindSlotMissed, text+".")
	f.Author, f.Period = a.ID, first
	return []Finding{f}
}

// unconfirmed reports whether an author's keys of moment t are the secretariat's
// choice and not confirmed, and which entry gave them.
func (a *author) unconfirmed(t int64) (Mark, bool) {
	if p := a.Pending; p != nil && t >= p.From {
		return p.Mark, true
	}
	if a.Former != nil {
		return a.Former.Mark, true
	}
	return Mark{}, false
}

func (s *State) withheldOverdue(t int64) []Finding {
	var late []ref
	for n, review := range s.k.Withheld {
		if t >= review+86400 {
			late = append(late, n)
		}
	}
	slices.Sort(late)
	found := make([]Finding, 0, len(late))
	for _, n := range late {
		a := s.k.People[s.k.Book.at(n).Author]
		f := finding(FindWithheldOverdue, "The text of this statement is not published; its author set "+day(s.k.Withheld[n])+" as the date by which to look again. Infer no reason.")
		found = append(found, f.about(a, s.mark(n, 0)))
	}
	return found
}

func (s *State) repliesOverdue(t int64) []Finding {
	var found []Finding
	for _, c := range s.openChallenges() {
		if t < c.Due {
			continue
		}
		against := s.byID[c.Against]
		f := finding(FindReplyOverdue, fmt.Sprintf("%s has logged no reply yet to a challenge by %s; it was asked to reply before %s.", name(against), s.nameOf(c.By), day(c.Due)))
		found = append(found, f.about(against, c.Mark))
	}
	return found
}

func (s *State) nameOf(id string) string {
	if a := s.byID[id]; a != nil {
		return name(a)
	}
	return id
}

// say adds a finding on an accepted statement.
func (t *taken) say(c entry.Code, format string, args ...any) {
	t.found = append(t.found, finding(c, fmt.Sprintf(format, args...)).at(t.m.Index, t.st))
}
