package generator

import (
	"container/heap"
	"math"

	"github.com/pledgelog/pledgelog/entry"
)

// Story plays the accord until n statements are logged: the charter, admissions
// and pledges, then requests as they arrive, answers, and an attestation for
// each period; and what Options.Mix, Slots and Challengers add to it. The more
// statements, the longer it goes on and the busier it is; who has had many
// requests goes on having many. It returns the first error of whatever the world
// writes to.
//
// With Options.Lapses at 0 nobody is ever late and no two statements differ.
func (w *World) Story(n int) error {
	p := newPlay(w)
	p.cast(n)
	p.at(w.now, func() { w.Log(w.Found()) })
	return p.run(n)
}

// run lets happen what is to happen until n statements are logged.
func (p *play) run(n int) error {
	w := p.w
	for w.Size() < uint64(n) && p.Len() > 0 && w.err == nil {
		next := heap.Pop(p).(event)
		w.moveTo(max(w.now, next.at))
		if w.Size() == uint64(n) {
			break // the operator's directory was the last
		}
		next.do()
	}
	return w.err
}

// A play is what is going to happen.
type play struct {
	w      *World
	events []event
	serial uint64
	end    int64     // about when the last statement is made
	mean   []float64 // for each signatory, seconds between two requests

	keepBooks bool                               // of periods that are accounted for
	restrain  func() bool                        // whether no request may arrive now; nil: never
	hurry     func() float64                     // how much more often requests arrive now; nil: as ever
	vary      func(*Statement)                   // changes attestations; nil: as chance has it
	attestIn  func(grace int64) (from, to int64) // seconds after a period's end in which it is attested

	quiet     map[*Author]int64        // until when an author says nothing
	attesting map[accounted]bool       // periods that an author has in its calendar
	slotted   map[*Author][]*Committed // what waits for the author's next slot
	asking    map[[2]*Author]bool      // challenges that are open, by challenger and signatory
}

type accounted struct {
	by     *Author
	period entry.Period
}

type event struct {
	at     int64
	serial uint64 // keeps the order of what happens in one second
	do     func()
}

func (p *play) Len() int { return len(p.events) }
func (p *play) Less(i, j int) bool {
	a, b := p.events[i], p.events[j]
	return a.at < b.at || a.at == b.at && a.serial < b.serial
}
func (p *play) Swap(i, j int) { p.events[i], p.events[j] = p.events[j], p.events[i] }
func (p *play) Push(x any)    { p.events = append(p.events, x.(event)) }
func (p *play) Pop() any {
	last := len(p.events) - 1
	e := p.events[last]
	p.events[last] = event{}
	p.events = p.events[:last]
	return e
}

func (p *play) at(t int64, do func()) {
	p.serial++
	heap.Push(p, event{t, p.serial, do})
}

const (
	dayLong = 86400
	// answersPerRequest is about how many decisions a request gets.
	answersPerRequest = 1.2
)

func newPlay(w *World) *play {
	p := &play{
		w: w, quiet: make(map[*Author]int64), attesting: make(map[accounted]bool), slotted: make(map[*Author][]*Committed), asking: make(map[[2]*Author]bool),
		attestIn: func(grace int64) (int64, int64) { return dayLong, grace - dayLong },
	}
	p.at(midnight(w.now)+dayLong, p.slots)
	return p
}

// midnight is the first second of the day in which a moment falls.
func midnight(unix int64) int64 { return unix - unix%dayLong }

// cast has everybody join, for a story of n statements.
func (p *play) cast(n int) {
	w := p.w
	m := len(w.Signatories)
	left := float64(n - 1 - 2*m - len(w.Challengers))
	// As many periods as leave most statements to requests, at most five years.
	perPeriod := float64(m)
	if w.Options.Slots != entry.SlotsNone {
		perPeriod += float64(m) * slotsPerQuarter[w.Options.Slots]
	}
	if !w.Options.NoDirectories {
		perPeriod += 91
	}
	periods := min(max(1, left/(4*perPeriod)), 20)
	span := periods * 91 * dayLong
	requests := max(1, (left-perPeriod*periods)/(1+answersPerRequest))
	p.end = w.now + int64(span)

	// Few companies get most of the requests.
	weights, sum, exponent := make([]float64, m), 0.0, 0.7
	if w.lifelike != nil {
		exponent = 1.05
	}
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -exponent)
		sum += weights[i]
	}
	w.dice.Shuffle(m, func(i, j int) { weights[i], weights[j] = weights[j], weights[i] })
	for i, a := range w.Signatories {
		p.mean = append(p.mean, span/(requests*weights[i]/sum))
		// Two thirds found the accord, the others join during its first fifth.
		joins := w.now + w.between(1, 10*dayLong)
		if i >= (2*m+2)/3 {
			joins = w.now + w.between(10*dayLong, int64(span/5)+10*dayLong)
		}
		p.at(joins, func() { p.join(i, a) })
	}
	for _, a := range w.Challengers {
		p.at(w.now+w.between(1, 10*dayLong), func() { w.Log(w.Admit(a)) })
	}
}

// slotsPerQuarter is how many slots a signatory logs in a quarter.
var slotsPerQuarter = map[string]float64{entry.SlotsDay: 91, entry.SlotsWeek: 13, entry.SlotsMonth: 3}

func (p *play) join(i int, a *Author) {
	w := p.w
	w.Log(w.Admit(a))
	p.at(w.now+w.between(600, 3*dayLong), func() {
		w.Log(w.Pledge(a))
		p.nextRequest(i, a)
		p.attest(a, w.PeriodAt(w.now))
		p.nextRotation(a, 1)
	})
}

// by lets an author say something at a moment, or when it may speak again.
func (p *play) by(a *Author, t int64, do func()) {
	p.at(t, func() {
		if until := p.quiet[a]; p.w.now < until {
			p.by(a, until, do)
			return
		}
		do()
	})
}

// nextRequest lets a request arrive after a while, and it the next one.
func (p *play) nextRequest(i int, a *Author) {
	w := p.w
	wait := w.dice.ExpFloat64() * p.mean[i]
	if p.hurry != nil {
		wait /= p.hurry()
	}
	p.at(w.now+int64(wait)+1, func() {
		if a.isActive() && (p.restrain == nil || !p.restrain()) {
			p.receive(a)
		}
		p.nextRequest(i, a)
	})
}

// receive notes a request on the day it comes, and has it logged later.
func (p *play) receive(a *Author) {
	w := p.w
	period := w.PeriodAt(w.now)
	a.note(period)
	received := month(w.now)
	if w.roll(150) {
		received = date(w.now)
	}
	if w.Options.Slots != entry.SlotsNone && w.roll(w.Options.Mix.Slotted) {
		p.slotted[a] = append(p.slotted[a], w.Commit(a, received, nil))
		return
	}
	// Counsel takes a week or so, and the charter gives until some weeks after
	// the period.
	logged := w.now + 3600 + int64(w.dice.ExpFloat64()*8*dayLong)
	latest := period.End() + 40*dayLong
	if w.roll(w.Options.Lapses) {
		logged = period.End() + w.between(46*dayLong, 120*dayLong)
	} else {
		logged = min(logged, latest-w.between(0, 10*dayLong))
	}
	p.by(a, logged, func() { p.file(a, received) })
}

func (p *play) file(a *Author, received string) {
	w := p.w
	if !a.isActive() {
		return
	}
	st := w.Request(a, received, nil)
	p.keepBack(st)
	p.filed(w.Log(st), st, received)
}

// filed is what follows a request: its answer, and what Options.Mix has.
func (p *play) filed(f *Filed, st *Statement, received string) {
	w := p.w
	p.reveal(st)
	p.doubt(f)
	p.mend(f, st, received)
	if w.roll(w.Options.Lapses) {
		return // no answer is ever stated
	}
	after := int64(w.dice.ExpFloat64() * 15 * dayLong)
	if w.roll(400) { // decided in the same sitting
		after = w.between(60, 1200)
	}
	p.by(f.By, w.now+min(after+60, 55*dayLong), func() { p.answer(f, w.draw(firstOutcomes)) })
}

func (p *play) answer(f *Filed, outcome string) {
	w := p.w
	w.Log(w.Decision(f, outcome, nil))
	switch {
	case outcome == "challenged":
		p.by(f.By, w.now+w.between(30, 300)*dayLong, func() { p.answer(f, w.draw(laterOutcomes)) })
	case outcome == entry.OutcomePending:
		// Within the charter's days all the same.
		p.by(f.By, min(w.now+w.between(10, 60)*dayLong, f.Logged+57*dayLong+w.between(0, dayLong)), func() { p.answer(f, "refused") })
	}
}

// attest has a period attested some time after its end, and then the next one.
func (p *play) attest(a *Author, period entry.Period) {
	if p.attesting[accounted{a, period}] {
		return
	}
	p.attesting[accounted{a, period}] = true
	w := p.w
	grace := int64(w.TermsAt(period.Start()).GraceDays) * dayLong
	due := period.End() + grace
	from, to := p.attestIn(grace)
	when := period.End() + w.between(from, to)
	late := ""
	if w.roll(w.Options.Lapses) {
		when, late = due+w.between(dayLong, 40*dayLong), w.draw(lateReasons)
	}
	never := late != "" && w.roll(300)
	p.by(a, when, func() {
		if !never && a.owes(period) {
			st := p.attestation(a, period, late)
			w.Log(st)
			p.reveal(st)
		}
		if !p.keepBooks {
			a.forget(period)
		}
	})
	p.at(period.End(), func() {
		if next := w.PeriodAt(period.End()); a.owes(next) {
			p.attest(a, next)
		}
	})
}

func (p *play) attestation(a *Author, period entry.Period, late string) *Statement {
	w := p.w
	st := w.Attestation(a, period)
	at := st.Statement.Body.(*entry.Attestation)
	at.LateReason = late
	if p.vary != nil && late == "" {
		p.vary(st)
		return st
	}
	switch received := at.Received.Total.Max; {
	case late == "" && w.roll(60):
		at.Received.Total = entry.Between(received/250*250, received/250*250+249)
	case late == "" && w.roll(20):
		at.Received.Total = entry.CannotSay()
	case late == "" && w.roll(50):
		at.Covers = entry.CoversDisclosable
	case received > 0 && w.roll(w.Options.Lapses):
		at.Received.Total = entry.Exactly(received - 1)
	}
	return st
}
