package generator

import (
	"container/heap"
	"math"

	"github.com/pledgelog/pledgelog/entry"
)

// Story plays the accord until n statements are logged: the charter, admissions
// and pledges, then requests as they arrive, answers, and an attestation for
// each period. The more statements, the longer it goes on and the busier it is;
// who has had many requests goes on having many. It returns the first error of
// whatever the world writes to.
//
// With Options.Lapses at 0 nobody is ever late and no two statements differ.
func (w *World) Story(n int) error {
	p := newPlay(w, n)
	p.at(w.now, func() { w.Log(w.Found()) })
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

func newPlay(w *World, n int) *play {
	p := &play{w: w}
	m := len(w.Signatories)
	left := float64(n - 1 - 2*m)
	// As many periods as leave most statements to requests, at most five years.
	periods := min(max(1, left/float64(4*m)), 20)
	span := periods * 91 * dayLong
	requests := max(1, (left-float64(m)*periods)/(1+answersPerRequest))
	p.end = w.now + int64(span)

	// Few companies get most of the requests.
	weights, sum := make([]float64, m), 0.0
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -0.7)
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
	return p
}

func (p *play) join(i int, a *Author) {
	w := p.w
	w.Log(w.Admit(a))
	p.at(w.now+w.between(600, 3*dayLong), func() {
		w.Log(w.Pledge(a))
		p.nextRequest(i, a)
		p.attest(a, w.PeriodAt(w.now))
	})
}

// nextRequest lets a request arrive after a while, and it the next one.
func (p *play) nextRequest(i int, a *Author) {
	w := p.w
	p.at(w.now+int64(w.dice.ExpFloat64()*p.mean[i])+1, func() {
		p.receive(a)
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
	// Counsel takes a week or so, and the charter gives until some weeks after
	// the period.
	logged := w.now + 3600 + int64(w.dice.ExpFloat64()*8*dayLong)
	latest := period.End() + 40*dayLong
	if w.roll(w.Options.Lapses) {
		logged = period.End() + w.between(46*dayLong, 120*dayLong)
	} else {
		logged = min(logged, latest-w.between(0, 10*dayLong))
	}
	p.at(logged, func() { p.file(a, received) })
}

func (p *play) file(a *Author, received string) {
	w := p.w
	st := w.Request(a, received, nil)
	// What may not be published yet is only committed to. Opening it is for
	// later, so its review is after the story's end.
	if review := w.now + int64(w.Terms.ReviewDays)*dayLong; w.roll(10) && review > p.end+400*dayLong {
		st.Review = date(review)
	}
	f := w.Log(st)
	if w.roll(w.Options.Lapses) {
		return // no answer is ever stated
	}
	after := int64(w.dice.ExpFloat64() * 15 * dayLong)
	if w.roll(400) { // decided in the same sitting
		after = w.between(60, 1200)
	}
	p.at(w.now+min(after+60, 55*dayLong), func() { p.answer(f, w.draw(firstOutcomes)) })
}

func (p *play) answer(f *Filed, outcome string) {
	w := p.w
	w.Log(w.Decision(f, outcome, nil))
	switch {
	case outcome == "challenged":
		p.at(w.now+w.between(30, 300)*dayLong, func() { p.answer(f, w.draw(laterOutcomes)) })
	case outcome == entry.OutcomePending:
		p.at(w.now+w.between(10, 60)*dayLong, func() { p.answer(f, "refused") })
	}
}

// attest has a period attested some time after its end, and then the next one.
func (p *play) attest(a *Author, period entry.Period) {
	w := p.w
	grace := int64(w.Terms.GraceDays) * dayLong
	due := period.End() + grace
	when := period.End() + w.between(dayLong, grace-dayLong)
	late := ""
	if w.roll(w.Options.Lapses) {
		when, late = due+w.between(dayLong, 40*dayLong), w.draw(lateReasons)
	}
	never := late != "" && w.roll(300)
	p.at(when, func() {
		if !never {
			w.Log(p.attestation(a, period, late))
		}
		a.forget(period)
	})
	p.at(period.End(), func() { p.attest(a, period.Next()) })
}

func (p *play) attestation(a *Author, period entry.Period, late string) *Statement {
	w := p.w
	st := w.Attestation(a, period)
	at := st.Statement.Body.(*entry.Attestation)
	at.LateReason = late
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
