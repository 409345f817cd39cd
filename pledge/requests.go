package pledge

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sort"

	"github.com/pledgelog/pledgelog/entry"
)

// A request is what is kept of an accepted request. Requests that supersede each
// other share one place, that of the first: its time counts, and the content of the
// last (protocol section 4, `correct`).
type request struct {
	Logged   int64
	Ref      ref
	First    uint32 // of a place: first decision; noRef
	Last     uint32 // of a place: last decision
	Received uint16 // see periodNo
	Void     bool   // of a place
	Moved    bool   // it stands in another's place, or another's content in its own: see kept.Places
}

// place returns the request in whose place the request i stands: itself but for
// those that supersede another.
func (s *State) place(i uint32) uint32 {
	if s.request(i).Moved {
		if p, ok := s.k.Places[i]; ok {
			return p
		}
	}
	return i
}

// contentOf returns the request whose content counts in the place i.
func (s *State) contentOf(i uint32) *request {
	if s.request(i).Moved {
		if c, ok := s.k.Contents[i]; ok {
			return s.request(c)
		}
	}
	return s.request(i)
}

// A decision is what is kept of an accepted decision. Those of one place form a
// list, in order.
type decision struct {
	Logged  int64
	Ref     ref
	Request uint32 // that it names
	Next    uint32 // noRef at the end
	Outcome uint32 // of what stands in its place: in kept.Outcomes; 0 when it is withheld. And isVoid
}

// isVoid marks a decision that was voided, or that stands in another's place. It is a
// bit of Outcome, as records are many.
const isVoid = 1 << 31

func (d *decision) isVoid() bool { return d.Outcome&isVoid != 0 }

// outcome is the number of its outcome.
func (d *decision) outcome() uint32 { return d.Outcome &^ isVoid }

// periodNo writes a period as a number over 0, and none as 0.
func periodNo(p entry.Period) uint16 {
	if p.IsZero() {
		return 0
	}
	kind, year, n := p.Parts()
	if kind == entry.HalfYear {
		n += 4
	}
	return uint16((year-1970)*6 + n)
}

// periodOf writes the period of a number; "" for 0.
func periodOf(no uint16) string {
	if no == 0 {
		return ""
	}
	year, n := 1970+int(no-1)/6, int(no-1)%6+1
	if n > 4 {
		return fmt.Sprintf("%04d-H%d", year, n-4)
	}
	return fmt.Sprintf("%04d-Q%d", year, n)
}

func (s *State) acceptRequest(t *taken, b *entry.Request) {
	i := uint32(s.k.Requests.len())
	p := b.Period()
	s.k.Requests.add(request{Logged: t.m.Logged, Ref: t.n, First: noRef, Last: noRef, Received: periodNo(p)})
	t.a.Requests = append(t.a.Requests, i)
	filed := t.m.Logged
	if b.Disclosure != "" {
		filed = s.committed(t.a, b)
	}
	if p.IsZero() {
		return
	}
	if ReceivedAhead(b, t.m.Logged) {
		t.say(FindReceivedAhead, "%s logged on %s a request that it says was received in %s, which had not begun.", name(t.a), day(t.m.Logged), p)
	}
	if b.Disclosure != "" && filed < p.Start() {
		s.sayPlaceAhead(t, b)
	}
	if terms := s.Terms(p.Start()); filed >= p.End()+days(terms.FileDays) {
		t.say(FindFiledLate, "%s logged on %s a request received in %s; the charter gives %d days after that period.", name(t.a), day(filed), p, terms.FileDays)
	}
}

// requestOf returns the place in kept.Requests of the request that is in the book
// at n.
func (s *State) requestOf(n ref) (uint32, bool) {
	i := sort.Search(s.k.Requests.len(), func(i int) bool { return s.k.Requests.at(i).Ref >= n })
	if i == s.k.Requests.len() || s.k.Requests.at(i).Ref != n {
		return 0, false
	}
	return uint32(i), true
}

// decisionOf is requestOf for decisions.
func (s *State) decisionOf(n ref) (uint32, bool) {
	i := sort.Search(s.k.Decisions.len(), func(i int) bool { return s.k.Decisions.at(i).Ref >= n })
	if i == s.k.Decisions.len() || s.k.Decisions.at(i).Ref != n {
		return 0, false
	}
	return uint32(i), true
}

func (s *State) request(i uint32) *request   { return s.k.Requests.at(int(i)) }
func (s *State) decision(i uint32) *decision { return s.k.Decisions.at(int(i)) }

// ofOwn finds an accepted statement of an author's own, of one of the kinds if any
// are given.
func (s *State) ofOwn(a *author, id entry.ID, kinds ...entry.Kind) (ref, bool) {
	n := s.k.Book.find(id)
	if n == noRef || s.k.Book.at(n).Author != a.No {
		return noRef, false
	}
	return n, len(kinds) == 0 || slices.Contains(kinds, s.k.Book.kind(n))
}

func (s *State) acceptDecision(t *taken, b *entry.Decision) {
	r, _ := s.requestOf(s.k.Book.find(b.Request))
	i := uint32(s.k.Decisions.len())
	if DateAhead(b.Date, t.m.Logged) {
		t.say(FindDateAhead, "%s logged on %s a decision that it dates %s.", name(t.a), day(t.m.Logged), b.Date)
	}
	s.k.Decisions.add(decision{Logged: t.m.Logged, Ref: t.n, Request: r, Next: noRef, Outcome: s.outcomeNo(b.Outcome)})
	place := s.request(s.place(r))
	if place.Last == noRef {
		place.First = i
	} else {
		s.decision(place.Last).Next = i
	}
	place.Last = i
}

// outcomeNo returns the number of an outcome. There are as many as authors make up:
// what one of them does is not to change what is said of another.
func (s *State) outcomeNo(code string) uint32 {
	if code == "" {
		return 0
	}
	n := s.outcomeNos.find(hashOf(code), func(n ref) bool { return s.k.Outcomes[n] == code })
	if n == noRef {
		n = ref(len(s.k.Outcomes))
		s.k.Outcomes = append(s.k.Outcomes, code)
		s.enterOutcome(n)
	}
	return n
}

// enterOutcome makes the number of an outcome findable.
func (s *State) enterOutcome(n ref) {
	s.outcomeNos.add(hashOf(s.k.Outcomes[n]), n, func(o ref) uint64 { return hashOf(s.k.Outcomes[o]) })
}

var hashSeed = maphash.MakeSeed()

func hashOf(code string) uint64 { return maphash.String(hashSeed, code) }

// each calls f for the decisions of a request's place, in order.
func (s *State) each(place *request, f func(*decision)) {
	for i := place.First; i != noRef; i = s.decision(i).Next {
		f(s.decision(i))
	}
}

// outcomeBefore returns the outcome of the last decision on a request's place
// that was logged before a moment and counts; pending when there is none.
func (s *State) outcomeBefore(place *request, t int64) string {
	out := entry.OutcomePending
	s.each(place, func(d *decision) {
		if d.Logged < t && !d.isVoid() && d.outcome() != 0 {
			out = s.k.Outcomes[d.outcome()]
		}
	})
	return out
}

// hasWithheldDecision reports whether an answer was logged whose outcome is not
// published: then there is one, and nothing is outstanding.
func (s *State) hasWithheldDecision(place *request) bool {
	has := false
	s.each(place, func(d *decision) { has = has || !d.isVoid() && d.outcome() == 0 })
	return has
}

// counts returns the requests of an author that were logged in a period and are
// not void, by outcome at its end (protocol section 6, `logged`).
func (s *State) counts(a *author, p entry.Period) entry.Counts {
	c := entry.Counts{}
	// Requests stand in the order in which they were logged, by a time that never
	// decreases.
	first := sort.Search(len(a.Requests), func(i int) bool { return s.request(a.Requests[i]).Logged >= p.Start() })
	for _, i := range a.Requests[first:] {
		r := s.request(i)
		if r.Logged >= p.End() {
			break
		}
		if r.Void || s.place(i) != i {
			continue
		}
		if c.Outcomes == nil {
			c.Outcomes = make(map[string]uint64)
		}
		c.Outcomes[s.outcomeBefore(r, p.End())]++
		c.Total++
	}
	return c
}

// received returns the places of an author's requests that say that they were
// received in each period, by periodNo.
func (s *State) received(a *author) map[uint16][]uint32 {
	m := make(map[uint16][]uint32)
	for _, i := range a.Requests {
		if !s.request(i).Void && s.place(i) == i {
			if p := s.contentOf(i).Received; p != 0 {
				m[p] = append(m[p], i)
			}
		}
	}
	return m
}

// supersedeRequest puts the request by into the place in which the request old
// stands.
func (s *State) supersedeRequest(old, by uint32) {
	from, at := s.request(by), s.place(old)
	place := s.request(at)
	s.k.Contents[at], s.k.Places[by] = by, at
	place.Moved, from.Moved = true, true
	var all []uint32
	for _, p := range []*request{place, from} {
		for i := p.First; i != noRef; i = s.decision(i).Next {
			all = append(all, i)
		}
	}
	slices.Sort(all)
	place.First, place.Last, from.First, from.Last = noRef, noRef, noRef, noRef
	for j, i := range all {
		s.decision(i).Next = noRef
		if j == 0 {
			place.First = i
		} else {
			s.decision(all[j-1]).Next = i
		}
		place.Last = i
	}
}

// samePlace reports whether two decisions name requests that stand in one place.
func (s *State) samePlace(d, e uint32) bool {
	return s.place(s.decision(d).Request) == s.place(s.decision(e).Request)
}

// An attested is what an author attested for one period. The first attestation
// fixes timeliness, the last that superseded it the content.
type attested struct {
	First     Mark
	Ref       ref // of the first
	FirstBody *entry.Attestation
	In        ref                // of the one whose content counts
	Body      *entry.Attestation // of that
	Again     []again            // further ones
}

// again is an attestation for a period that had one.
type again struct {
	Mark
	Ref  ref
	Body *entry.Attestation
}

// acceptAttestation compares an attestation with the author's chain.
func (s *State) acceptAttestation(t *taken, b *entry.Attestation) {
	a := t.a
	say := func(c entry.Code, format string, args ...any) {
		t.say(c, format, args...)
		t.found[len(t.found)-1].Period = b.Period.String()
	}
	if want := s.counts(a, b.Period); !want.Equal(b.Logged) {
		say(FindLoggedDiffers, "%s stated %s logged in %s; the log holds %s.", name(a), describe(b.Logged), b.Period, describe(want))
	}
	if cannotBe(b.Received) {
		say(FindClaimsCannotBe, "%s attested %s received in %s, and outcomes of %d of them at least.", name(a), b.Received.Total, b.Period, least(b.Received))
	}
	for _, c := range a.LastClauses {
		if !slices.Contains(b.Clauses, c) {
			say(FindClauseDropped, "%s's previous attestation affirmed clause %s; this one, for %s, does not.", name(a), c, b.Period)
		}
	}
	if p := a.pledgeBefore(b.Period.End()); p != nil {
		inForce := s.Terms(t.m.Logged).Clauses
		for _, c := range p.Clauses {
			if !slices.Contains(b.Clauses, c) && !slices.Contains(a.LastClauses, c) && hasClause(inForce, c) {
				say(FindClauseDropped, "%s pledged clause %s on %s; this attestation, for %s, does not affirm it.", name(a), c, day(p.Logged), b.Period)
			}
		}
	}
	a.LastClauses = b.Clauses
	at := a.Attested[b.Period]
	if at == nil {
		at = &attested{First: t.m, Ref: t.n, FirstBody: b, In: t.n, Body: b}
		a.Attested[b.Period] = at
		s.attested[t.n] = attestedIn{at, b}
		return
	}
	at.Again = append(at.Again, again{t.m, t.n, b})
	s.attested[t.n] = attestedIn{at, b}
	say(FindSecondAttestation, "%s logged an attestation for %s before, as entry %d; that one counts as long as no correction puts this one in its place.", name(a), b.Period, at.First.Index)
}

func describe(c entry.Counts) string {
	s := number(c.Total)
	codes := sortedCodes(c.Outcomes)
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

// judgeAttestation: who has left owes, and may log, what ended or ran before.
func (s *State) judgeAttestation(a *author, b *entry.Attestation, now int64) Verdict {
	if v := s.judgePeriod(b.Period); v.Kind != Accepted {
		return v
	}
	if now < b.Period.End() {
		return rejected(CodeAttestationEarly, fmt.Sprintf("%s has not ended", b.Period))
	}
	if a.ended() != "" && !s.owes(a, b.Period) {
		return rejected(CodeStandingEnded, "the author's standing is "+a.standing()+" and it owes nothing for "+b.Period.String())
	}
	for _, id := range b.Clauses {
		if !s.hasClause(id, now) {
			return rejected(CodeClauseUnknown, "the charter has no clause "+id)
		}
	}
	return accepted
}

func (s *State) judgePeriod(p entry.Period) Verdict {
	if p.IsZero() {
		return accepted
	}
	if kind := s.Terms(p.Start()).Attestation; p.Kind() != kind {
		return rejected(CodePeriodKind, fmt.Sprintf("%s is not a %s", p, kind))
	}
	return accepted
}

// owes reports whether an author owes an attestation for a period.
func (s *State) owes(a *author, p entry.Period) bool {
	at, _, ends := s.Ends()
	return a.isHeldTo(p) && !(ends && s.deadline(p) > at)
}

// isHeldTo reports whether an author owes an attestation for a period, if the log
// goes on.
func (a *author) isHeldTo(p entry.Period) bool {
	for i := range a.Tenures {
		t := &a.Tenures[i]
		if t.Owes == 0 || p.End() <= t.Owes {
			continue
		}
		switch {
		case t.How == endWithdrawn && p.Start() > t.End:
			continue // the running one stays due
		case (t.How == endRemoved || t.How == endSucceeded) && p.End() > t.End:
			continue
		}
		return true
	}
	return false
}

// An Outcome is how a request stands by the decisions on it.
type Outcome struct {
	Code     string // of the last decision that tells; pending when none does
	Withheld bool   // none tells, and there is one whose outcome is withheld
}

// Outcome says how an accepted request stands after the last leaf. Requests of which one
// stands in the other's place stand alike. ok is false when id is none of a request.
func (s *State) Outcome(id entry.ID) (o Outcome, ok bool) {
	n := s.k.Book.find(id)
	if n == noRef {
		return o, false
	}
	i, ok := s.requestOf(n)
	if !ok {
		return o, false
	}
	place := s.request(s.place(i))
	o.Code = s.outcomeBefore(place, math.MaxInt64)
	o.Withheld = o.Code == entry.OutcomePending && s.hasWithheldDecision(place)
	return o, true
}
