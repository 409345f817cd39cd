package tamper_test

import (
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

const aDay = 86400

// A badCase is what a case panics with that can't be played as it is written.
type badCase string

// begin gives the place a state of its own, so that a case can go on from here.
func (p *place) begin() {
	p.s = pledge.New(p.w.Options.Origin)
	for _, it := range p.items[:p.k] {
		p.s.Step(it)
	}
}

// say logs a statement now, and has it taken in. It must be in order.
func (p *place) say(st *generator.Statement) *generator.Statement {
	p.take(p.logged(st))
	return st
}

// take has an entry taken in, which must be in order.
func (p *place) take(e *generator.Entry) {
	if v := p.put(e); v.Kind != pledge.Accepted {
		panic(badCase(fmt.Sprintf("begins with an entry that is %s: %s: %s", v.Kind, v.Code, v.Detail)))
	}
}

// put has any entry taken in, as the next one.
func (p *place) put(e *generator.Entry) pledge.Verdict {
	it := pledge.Read(p.s.Size(), e.Leaf)
	p.ring.Learn(it.Statement)
	p.ring.Try(it)
	v, _ := p.s.Step(it)
	p.before = append(p.before, e)
	return v
}

// next is the index of the next entry.
func (p *place) next() int { return int(p.s.Size()) }

// deed says that the next entry is the one that the finding names.
func (p *place) deed(st *generator.Statement) *generator.Statement {
	p.at = p.next()
	return p.say(st)
}

// wait lets time pass. A list of last statements is made before one is overdue.
func (p *place) wait(seconds int64) {
	until := p.now() + seconds
	if since, _, due := p.s.DirectoryDue(); due && until >= since+20*3600 {
		p.clock = max(p.now(), since+20*3600)
		p.list()
	}
	p.clock = max(until, p.now())
}

// list has the operator log the list of last statements, which is in order at any
// time, and shows what time it is.
func (p *place) list() { p.say(p.directory(func(*entry.Directory) {})) }

// newcomer admits a signatory without a past, which pledges at once. It has a key for
// slots too.
func (p *place) newcomer(mode func(a *entry.Admit)) string {
	st := p.admission(entry.AdmitNew, nil, p.freshKey(entry.UseStatement), p.freshKey(entry.UseSlot))
	b := st.Statement.Body.(*entry.Admit)
	if mode != nil {
		mode(b)
	}
	p.say(st)
	p.say(p.pledge(b.ID))
	p.who = b.ID
	return b.ID
}

// pledge is one of every clause of the charter.
func (p *place) pledge(a string) *generator.Statement {
	return p.draft(a, &entry.Pledge{Charter: p.w.Charter, Clauses: p.clauses()}, entry.KindPledge, nil)
}

func (p *place) clauses() []string {
	var ids []string
	for _, c := range p.w.Terms.Clauses {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

// deadline is the moment before which an attestation for a period is on time
// (protocol section 6).
func (p *place) deadline(period entry.Period) int64 {
	return period.End() + int64(p.s.Terms(period.Start()).GraceDays)*aDay
}

// waitUntil lets time pass up to a moment.
func (p *place) waitUntil(t int64) { p.wait(t - p.now()) }

// attestation is one of a period in which n requests were logged that wait for their
// answers, and as many received.
func (p *place) attestation(a string, period entry.Period, n uint64) *generator.Statement {
	b := &entry.Attestation{Clauses: p.clauses(), Covers: entry.CoversAll, Period: period}
	b.Received.Total = entry.Exactly(n)
	if n > 0 {
		b.Logged = entry.Counts{Outcomes: map[string]uint64{entry.OutcomePending: n}, Total: n}
	}
	return p.draft(a, b, entry.KindAttestation, nil)
}

func attested(st *generator.Statement) *entry.Attestation {
	return st.Statement.Body.(*entry.Attestation)
}

// firstSlot is the first slot period that somebody owes who was admitted now.
func (p *place) firstSlot() (period entry.SlotPeriod, ok bool) {
	kind := p.s.Terms(p.now()).Slots
	if kind == entry.SlotsNone {
		return period, false
	}
	period = entry.SlotPeriodAt(kind, p.now())
	if period.Start() < p.now() {
		period = period.Next()
	}
	return period, p.s.Terms(period.Start()).Slots == kind
}

// challenged is a challenge by somebody who has none open against a signatory.
func (p *place) challenged(against string) (st *generator.Statement, by string) {
	by, ok := anyOf(p, p.authors(entry.RoleChallenger, active))
	if !ok {
		return nil, ""
	}
	return p.challenge(by, &entry.Challenge{Against: against}), by
}

func (p *place) reply(a string, to entry.ID, answer string) *generator.Statement {
	return p.draft(a, &entry.Reply{Answer: answer, Challenge: to}, entry.KindReply, nil)
}

func (p *place) void(a string, id entry.ID) *generator.Statement {
	return p.draft(a, &entry.Correct{Entry: id, How: entry.CorrectVoid}, entry.KindCorrect, nil)
}

// rekeyed gives an author a key of the secretariat's choice.
func (p *place) rekeyed(a string) (st *generator.Statement, key *generator.Key) {
	key = p.freshKey(entry.UseStatement)
	return p.admission(entry.AdmitRekey, p.status(a).Admit, key), key
}
