package generator

import (
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// slots has the secretariat ask for a slot a month, from February 2026 on, and
// everybody log them, at an hour of its own on the second of the month.
func (d *demo) slots() {
	w := d.w
	d.on(at("2025-12-15 10:00"), func() {
		d.say(w.Amend(&entry.Amend{From: "2026-02-01T00:00:00Z", Slots: entry.SlotsMonth}, Amended{}, &entry.AmendBody{
			Narrative: map[string]string{"en": w.Secretariat.Name + " adds a slot a month, full or empty, so that who may not tell of a request yet can show later that it was kept from that month on."},
		}))
	})
	for i, a := range w.Signatories {
		for month := time.February; month <= time.July; month++ {
			when := time.Date(2026, month, 2, 3, 10+4*i, 0, 0, time.UTC)
			d.on(when, func() {
				if a.ended != 0 {
					return
				}
				st := w.Slot(a, entry.SlotPeriodAt(entry.SlotsMonth, w.now), d.kept[a]...)
				d.kept[a] = nil
				d.say(st)
			})
		}
	}
}

// members has a challenger join, one company suspended for a while, one change its
// keys, and one take the place of another.
func (d *demo) members() {
	w := d.w
	d.on(at("2025-03-03 10:00"), func() { d.say(w.Admit(w.Challengers[0])) })
	suspended := w.Signatories[4]
	d.on(at("2025-10-06 14:00"), func() { d.say(w.Standing(suspended, entry.StandingSuspended, "pledge-not-kept")) })
	d.on(at("2025-12-08 11:00"), func() { d.say(w.Standing(suspended, entry.StandingReinstated, "settled")) })
	d.on(at("2026-03-23 13:00"), func() {
		a := w.Signatories[9]
		d.say(w.Rotate(a, Ring{Keys: []*Key{w.NewKey(numbered(a.ID, 2))}, Threshold: 1, Slot: a.SlotKey}))
	})
	d.on(at("2026-06-08 10:00"), func() { d.say(w.Succeed(w.Signatories[7], w.Signatories[4])) })
}

// disputes has statements corrected, challenged and answered, and a text erased.
func (d *demo) disputes() {
	w := d.w
	// One department logged what another had logged a week before.
	twice := slices.IndexFunc(demoRequests, func(r demoRequest) bool { return r.logged == "2025-07-10 13:20" })
	var again *Statement
	d.on(at("2025-07-17 10:05"), func() {
		r := &demoRequests[twice]
		a := w.Signatories[r.who]
		again = w.Request(a, r.received, d.requestBody(a, r))
		d.say(again)
	})
	d.on(at("2025-07-18 09:15"), func() { d.say(w.Correct(again, nil, d.why(again, entry.CorrectVoid))) })
	// A ground was left out of an answer.
	d.on(at("2025-08-12 09:00"), func() {
		first := d.said["bumbleforge-devices 2025-08-07 09:30"]
		a := w.Signatories[7]
		st := w.Decision(a.find(first.Statement.Body.(*entry.Decision).Request), "refused", nil)
		b, was := st.Statement.Body.(*entry.Decision), first.Statement.Body.(*entry.Decision)
		b.Date, b.Grounds = was.Date, []string{"pledge", "rights"}
		st.Detached.(*entry.DecisionBody).Narrative = first.Detached.(*entry.DecisionBody).Narrative
		d.say(st)
		w.now += 1500
		d.say(w.Correct(first, st, d.why(first, entry.CorrectSuperseded)))
	})

	ngo := w.Challengers[0]
	// Both numbers are the company's own.
	var asked *Statement
	d.on(at("2026-02-24 15:30"), func() {
		a := w.Signatories[3]
		asked = d.challenge(ngo, a, &entry.Challenge{Entry: d.said[a.ID+" "+demoAttested].ID, Finding: "contradicted", Period: "2025-Q4"}, 2)
		d.say(asked)
	})
	d.on(at("2026-03-12 16:00"), func() {
		d.say(d.reply(w.Signatories[3], &entry.Reply{Answer: entry.AnswerAccepted, Challenge: asked.ID}, 1))
	})
	// It has no answer yet, and none is due.
	d.on(at("2026-07-21 12:45"), func() {
		a := w.Signatories[4]
		d.say(d.challenge(ngo, a, &entry.Challenge{Entry: d.said[a.ID+" 2026-04-02 10:05"].ID}, 0))
	})
	d.on(at("2026-05-11 11:30"), func() {
		st := d.said["yarrowbell-telecom 2025-07-10 13:20"]
		d.say(w.Erase(st, st.BodyDigest, entry.BasisDataSubject, "DSR-2026-7"))
	})
}

// demoAttested is when Velloquin attested the fourth quarter of 2025.
const demoAttested = "2026-01-20 09:51"

func (d *demo) why(st *Statement, how string) map[string]string {
	w := d.w
	return map[string]string{"en": NarrativesFor("correct", how, "en")[0].Fill(w.author(st.Author).Name, "", month(w.now))}
}

func (d *demo) challenge(by, against *Author, about *entry.Challenge, text int) *Statement {
	n := NarrativesFor("challenge", about.Finding, "en")[text]
	body := &entry.ChallengeBody{Narrative: map[string]string{"en": n.Fill(by.Name, against.Name, month(d.w.now))}}
	if about.Period != "" {
		body.Narrative["en"] = n.Fill(by.Name, against.Name, about.Period)
	}
	return d.w.Challenge(by, against, about, body)
}

func (d *demo) reply(a *Author, about *entry.Reply, text int) *Statement {
	n := NarrativesFor("reply", about.Answer, "en")[text]
	return d.w.Reply(a, about, &entry.ReplyBody{Narrative: map[string]string{"en": n.Fill(a.Name, "", month(d.w.now))}})
}
