package generator

import (
	"github.com/pledgelog/pledgelog/entry"
)

// A Mix is what Story has beside requests, answers and attestations. Numbers are
// out of a thousand requests.
type Mix struct {
	Rotations  bool // signatories change their keys, each every two years or so
	Withheld   int  // requests whose body is withheld, and opened months later
	Sealed     int  // with a sealed member, opened months later
	Slotted    int  // that go into a slot, and are published months later; wants Options.Slots
	Void       int  // logged again by mistake, and the second one voided
	Superseded int  // put in the place of an earlier one
	Challenged int  // that a challenge is about; wants Options.Challengers
	Erased     int  // whose text the operator erases
}

// Everyday is a mix as a large accord could have it. It is invented, and only has
// to be uneven as real ones are.
var Everyday = Mix{Rotations: true, Withheld: 15, Sealed: 10, Slotted: 20, Void: 4, Superseded: 4, Challenged: 6}

// LargeOptions make the world of a large accord, for benches: fifty signatories that
// log slots weekly, three challengers, and Everyday. Of a million statements in Story,
// some 96 in a hundred are requests and decisions; all keys are Ed25519 ones.
func LargeOptions() Options {
	return Options{Signatories: 50, Challengers: 3, Slots: entry.SlotsWeek, Mix: Everyday}
}

// slots has everybody log a slot in each slot period that begins today, full or
// empty, and looks again tomorrow.
func (p *play) slots() {
	w := p.w
	today := midnight(w.now)
	p.at(today+dayLong, p.slots)
	if w.Terms == nil {
		return
	}
	kind := w.TermsAt(today).Slots
	if kind == entry.SlotsNone {
		return
	}
	period := entry.SlotPeriodAt(kind, today)
	if period.Start() != today {
		return
	}
	for _, a := range w.admitted {
		if a.Role != entry.RoleSignatory || a.ended != 0 {
			continue
		}
		when := today + w.between(3600, 20*3600)
		if len(p.slotted[a]) == 0 && w.roll(w.Options.Lapses) {
			if w.roll(300) {
				continue
			}
			when = period.End() + w.between(3600, dayLong)
		}
		p.by(a, when, func() { p.slot(a, period) })
	}
}

func (p *play) slot(a *Author, period entry.SlotPeriod) {
	w := p.w
	if a.ended != 0 {
		return
	}
	in := p.slotted[a]
	in = in[:min(len(in), entry.SlotPlaces)]
	p.slotted[a] = p.slotted[a][len(in):]
	w.Log(w.Slot(a, period, in...))
	for _, c := range in {
		if c.planned {
			continue
		}
		p.by(a, w.now+w.between(60, 400)*dayLong, func() {
			if !a.isActive() {
				return
			}
			st := w.Publish(c)
			p.filed(w.Log(st), st, "")
		})
	}
}

// keepBack withholds or seals some of what a request says.
func (p *play) keepBack(st *Statement) {
	w := p.w
	days := int64(w.TermsAt(w.now).ReviewDays)
	mix := w.Options.Mix
	switch {
	case w.roll(mix.Withheld):
		st.Withhold(date(w.now + w.between(120, min(400, days))*dayLong))
	case w.roll(mix.Sealed):
		w.Seal(st, Seal{Member: "narrative", Reason: sealReason, Review: date(w.now + w.between(120, min(400, days))*dayLong)})
	case mix == Mix{} && w.roll(10):
		// What may not be published yet is only committed to. Without openings its
		// review is after the story's end.
		if review := w.now + days*dayLong; review > p.end+400*dayLong {
			st.Withhold(date(review))
		}
	}
}

// reveal opens in time what a statement keeps back, some of it after another look.
func (p *play) reveal(st *Statement) {
	w := p.w
	a := w.author(st.Author)
	if w.Options.Mix == (Mix{}) || st.planned {
		return
	}
	review, err := entry.ParseDate(st.Review)
	if st.Disclosures != nil {
		p.by(a, w.now+w.between(60, 110)*dayLong, func() { w.Log(w.OpenText(st, openReason, "narrative")) })
	}
	if err != nil || w.roll(w.Options.Lapses) {
		return
	}
	when := w.now + w.between(30, (review-w.now)/dayLong-20)*dayLong
	p.by(a, when, func() {
		if !w.roll(250) {
			w.Log(w.OpenText(st, openReason))
			return
		}
		again := w.now + w.between(60, 200)*dayLong
		w.Log(w.Extend(st, date(again), extendReason))
		p.by(a, again-w.between(5, 50)*dayLong, func() { w.Log(w.OpenText(st, openReason)) })
	})
}

// Codes of why something is opened, looked at again, sealed, or said of an author's
// standing.
const (
	openReason   = "order-lifted"
	extendReason = "still-forbidden"
	sealReason   = "secrecy-order"
)

// doubt has a challenger ask about a request, and the signatory reply.
func (p *play) doubt(f *Filed) {
	w := p.w
	if len(w.Challengers) == 0 || !w.roll(w.Options.Mix.Challenged) {
		return
	}
	by := pick(w, w.Challengers)
	between := [2]*Author{by, f.By}
	p.by(by, w.now+w.between(5, 60)*dayLong, func() {
		if p.asking[between] || !by.isActive() {
			return
		}
		p.asking[between] = true
		st := w.Challenge(by, f.By, &entry.Challenge{Entry: f.ID}, nil)
		w.Log(st)
		after := w.between(2, 12)
		if w.roll(w.Options.Lapses) {
			if w.roll(500) {
				return
			}
			after += 40
		}
		p.by(f.By, w.now+after*dayLong, func() {
			w.Log(w.Reply(f.By, &entry.Reply{Answer: w.draw(replyAnswers), Challenge: st.ID}, nil))
			delete(p.asking, between)
		})
	})
}

// mend has a request corrected, or its text erased.
func (p *play) mend(f *Filed, st *Statement, received string) {
	w := p.w
	mix := w.Options.Mix
	// Before the period ends and is counted.
	when := w.now + w.between(1, 5)*dayLong
	if received == "" || when+2*dayLong > w.PeriodAt(w.now).End() || st.IsWithheld() {
		return
	}
	a := f.By
	switch {
	case w.roll(mix.Void):
		p.by(a, when, func() {
			if !a.isActive() {
				return
			}
			again := w.Request(a, received, nil)
			w.Log(again)
			p.by(a, w.now+600, func() { w.Log(w.Correct(again, nil, p.why(a, entry.CorrectVoid))) })
		})
	case w.roll(mix.Superseded):
		p.by(a, when, func() {
			if !a.isActive() {
				return
			}
			better := w.Request(a, received, nil)
			w.Log(better)
			p.by(a, w.now+600, func() { w.Log(w.Correct(st, better, p.why(a, entry.CorrectSuperseded))) })
		})
	case st.Disclosures == nil && w.roll(mix.Erased):
		p.at(w.now+w.between(10, 40)*dayLong, func() {
			w.Log(w.Erase(st, st.BodyDigest, entry.BasisDataSubject, "E-"+date(w.now)))
		})
	}
}

// why are an author's words for a correction.
func (p *play) why(a *Author, how string) map[string]string {
	w := p.w
	return w.narrative(a, "correct", NarrativesFor("correct", how, "en")[0], "", month(w.now))
}

// nextRotation has a signatory change its keys after a year or two, and again.
func (p *play) nextRotation(a *Author, n int) {
	w := p.w
	if !w.Options.Mix.Rotations {
		return
	}
	p.by(a, w.now+w.between(300, 900)*dayLong, func() {
		if a.ended != 0 {
			return
		}
		w.Log(w.Rotate(a, w.freshRing(a, numbered("g", n+1))))
		p.nextRotation(a, n+1)
	})
}

// freshRing makes as many new keys of the same algorithms as an author has.
func (w *World) freshRing(a *Author, generation string) Ring {
	r := Ring{Threshold: a.Threshold}
	for i, k := range a.Keys {
		r.Keys = append(r.Keys, w.NewKeyOf(k.Public.Alg, entry.UseStatement, numbered(a.ID+"-"+generation, i+1)))
	}
	if a.SlotKey != nil {
		r.Slot = w.NewKeyOf(a.SlotKey.Public.Alg, entry.UseSlot, a.ID+"-"+generation+"-slot")
	}
	return r
}
