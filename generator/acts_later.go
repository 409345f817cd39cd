package generator

import (
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// disputes shows challenges and replies.
func (e *every) disputes() {
	w := e.w
	a, b, c, d, f := e.signatory(0), e.signatory(1), e.signatory(2), e.signatory(3), e.signatory(4)
	for i := range w.Challengers {
		for _, of := range []*Author{a, b, c, d, f} {
			between := [2]*Author{e.challenger(i), of}
			e.asking[between] = true
			e.at(e.until, func() { delete(e.asking, between) })
		}
	}
	var first, second, third, fourth, mistaken, hidden *Statement
	e.on("2024-11-12 10:00", func() {
		first = e.say(w.Challenge(e.challenger(0), a, &entry.Challenge{Entry: a.Head}, nil))
		second = e.say(w.Challenge(e.challenger(1), b, &entry.Challenge{Finding: "contradicted", Period: "2024-H2"}, nil))
		st := w.Challenge(e.challenger(2), c, nil, &entry.ChallengeBody{
			Documents: []entry.Document{{MediaType: "application/pdf", Name: "leaflet.pdf", SHA256: w.digest(), URL: "https://open-lantern.example/leaflet.pdf"}},
			Narrative: map[string]string{"en": "We ask what became of the demand that the leaflet names."},
		})
		w.Seal(st, Seal{Member: "documents", Reason: "personal-data", Review: e.later(720)})
		third = e.say(st)
		e.sealedCase = third
		// Taken back before it is answered.
		mistaken = e.say(w.Challenge(e.challenger(2), d, &entry.Challenge{Period: "2024-H2"}, nil))
		e.say(w.Correct(mistaken, nil, e.why(e.challenger(2), entry.CorrectVoid)))
		// Another one may be asked once the first is answered, and stand in its place.
		fourth = e.say(w.Challenge(e.challenger(1), f, nil, nil))
	})
	e.on("2024-11-18 10:00", func() {
		reply := e.say(w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: first.ID}, nil))
		again := e.say(w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: first.ID}, nil))
		e.say(w.Correct(reply, again, nil))
		e.say(w.Reply(b, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: second.ID}, nil))
		hidden = e.say(w.Reply(c, &entry.Reply{Answer: entry.AnswerCannotComment, Challenge: third.ID}, nil).Withhold(e.later(150)))
		e.say(w.Reply(f, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: fourth.ID}, &entry.ReplyBody{Narrative: map[string]string{"en": "See the document."}, Documents: []entry.Document{{MediaType: "text/plain", Name: "reply.txt", SHA256: w.digest()}}}))
		w.Advance(time.Hour)
		fifth := e.say(w.Challenge(e.challenger(1), f, &entry.Challenge{Entry: f.Head}, nil))
		e.say(w.Correct(fourth, fifth, nil))
		w.Advance(time.Hour)
		st := w.Reply(f, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: fifth.ID}, nil)
		st.Detached = nil // the answer alone
		e.say(st)
		// On findings, without a challenge.
		e.say(w.Reply(b, &entry.Reply{Answer: entry.AnswerDisputed, Entry: b.Head, Finding: "logged-differs"}, nil))
		wrong := e.say(w.Reply(b, &entry.Reply{Answer: entry.AnswerAccepted, Finding: "attestation-missed", Period: "2024-H2"}, nil))
		e.say(w.Correct(wrong, nil, nil))
	})
	e.on("2025-02-17 10:30", func() { e.say(w.OpenText(hidden, "still-reviewing")) })
}

// corrections shows requests, decisions and attestations corrected. Those of
// replies and challenges are among the disputes.
func (e *every) corrections() {
	w := e.w
	a, b := e.signatory(0), e.signatory(4)
	e.on("2024-11-25 10:00", func() {
		f := e.ask(a)
		e.say(w.Decision(f, "refused", nil))
		twice := w.Request(a, "2024-11", nil)
		w.Log(twice)
		e.say(w.Correct(twice, nil, e.why(a, entry.CorrectVoid)))
		// In the place of the first; what was answered to the first stays.
		a.note(w.PeriodAt(w.now))
		first := w.Request(a, "2024-11", nil)
		placed := w.Log(first)
		early := e.say(w.Decision(placed, "pending", nil))
		better := w.Request(a, "2024-11-20", nil)
		w.Log(better)
		e.say(w.Correct(first, better, e.why(a, entry.CorrectSuperseded)))
		w.Advance(time.Hour)
		late := e.say(w.Decision(placed, "narrowed", nil))
		e.say(w.Correct(early, late, nil))
		wrong := e.say(w.Decision(f, "complied", nil))
		e.say(w.Correct(wrong, nil, nil))
	})
	// A second account of a period counts in the place of the first; one that is void
	// is followed by another.
	e.on("2025-01-23 10:00", func() {
		if first := e.accounts[a]; first != nil {
			second := e.say(w.Attestation(a, first.Statement.Body.(*entry.Attestation).Period))
			e.say(w.Correct(first, second, e.why(a, entry.CorrectSuperseded)))
		}
		if first := e.accounts[b]; first != nil {
			e.say(w.Correct(first, nil, e.why(b, entry.CorrectVoid)))
			w.Advance(time.Hour)
			e.say(w.Attestation(b, first.Statement.Body.(*entry.Attestation).Period))
		}
	})
}

// keys shows changes of keys: by their owners, and by the secretariat for who lost
// them.
func (e *every) keys() {
	w := e.w
	a, b, c, d, f, g, ngo := e.signatory(1), e.signatory(2), e.signatory(3), e.signatory(4), e.signatory(5), e.signatory(6), e.challenger(1)
	e.on("2024-11-25 11:00", func() {
		e.say(w.Rotate(d, Ring{Keys: w.NewKeysOf(d.ID+"-second", entry.AlgMLDSA44), Threshold: 1, Slot: w.NewKeyOf(entry.AlgP256, entry.UseSlot, d.ID+"-second-slot")}))
		e.say(w.Rotate(e.challenger(0), Ring{Keys: w.NewKeysOf(e.challenger(0).ID+"-second", entry.AlgP256, entry.AlgEd25519), Threshold: 2}))
		e.say(w.Compromised(g, w.freshRing(g, "second"), entry.ID{}))
	})
	former := make(map[*Author]Ring)
	e.on("2025-01-02 09:30", func() {
		for _, of := range []*Author{a, b, c, g, f, ngo} {
			former[of] = of.Ring()
			w.Advance(time.Minute)
			e.say(w.Rekey(of, w.freshRing(of, "lost")))
			e.hush(of, 15)
		}
	})
	// The old keys speak after all: that cancels it, though not of who is suspended.
	// Another rekey takes the place of one that waits.
	e.on("2025-01-06 10:00", func() { e.say(w.Decision(e.ask(g), "refused", nil)) })
	e.on("2025-01-07 10:00", func() {
		e.say(w.Rekey(a, w.freshRing(a, "lost-again")))
		e.hush(a, 15)
		e.say(w.Decision(e.ask(f), "refused", nil))
	})
	e.on("2025-01-17 12:00", func() {
		e.say(w.Decision(e.ask(b), "refused", nil))
		// The old keys confirm it: they sign too, or are among the new ones.
		st := w.Rotate(b, w.freshRing(b, "confirmed"))
		st.Signers = union(st.Signers, former[b].Signers())
		e.say(st)
		for _, of := range []*Author{c, f, ngo} {
			ring := of.Ring()
			ring.Keys = union(ring.Keys, former[of].Keys)
			e.say(w.Rotate(of, ring))
		}
	})
	e.on("2025-02-03 16:00", func() {
		st := w.Rotate(a, w.freshRing(a, "confirmed"))
		st.Signers = union(st.Signers, former[a].Signers())
		e.say(st)
	})
	e.on("2025-02-24 10:00", func() {
		doubtful := w.Request(d, "2025-02", nil)
		d.note(w.PeriodAt(w.now))
		filed := w.Log(doubtful)
		e.say(w.Decision(filed, "refused", nil))
		w.Advance(time.Hour)
		e.say(w.Compromised(d, w.freshRing(d, "third"), doubtful.ID))
	})
}

// standings shows what the secretariat says of members, what who left may still
// log, and how they come back.
func (e *every) standings() {
	w := e.w
	f, a, b, c, g := e.signatory(5), e.signatory(7), e.signatory(8), e.signatory(9), e.signatory(6)
	ngo, gone := e.challenger(2), e.challenger(3)
	e.asking[[2]*Author{gone, a}] = true
	standing := func(of *Author, standing, reason string) {
		w.Advance(time.Minute)
		e.say(w.Standing(of, standing, reason))
	}
	e.on("2025-01-02 09:00", func() { standing(f, entry.StandingSuspended, "keys-lost") })
	e.on("2025-01-17 11:00", func() { standing(f, entry.StandingReinstated, "settled") })
	var asked, left *Filed
	var kept, answered, challenge *Statement
	e.on("2025-01-13 11:00", func() {
		asked, left = e.ask(b), e.ask(c)
		answered = e.say(w.Decision(asked, "challenged", nil))
		b.note(w.PeriodAt(w.now))
		kept = w.Request(b, "2025-01", nil).Withhold(e.later(100))
		e.say(w.Decision(w.Log(kept), "refused", nil))
	})
	e.on("2025-02-03 11:00", func() {
		standing(a, entry.StandingSuspended, "attestation-missed")
		standing(b, entry.StandingProposed, "pledge-not-kept")
		challenge = e.say(w.Challenge(gone, a, nil, nil))
		e.say(w.Withdraw(c, w.narrative(c, "withdraw", NarrativesFor("withdraw", "", "en")[0], "", month(w.now))))
	})
	e.on("2025-02-10 11:00", func() {
		standing(a, entry.StandingProposed, "statements-differ")
		standing(b, entry.StandingReinstated, "made-in-error")
		standing(b, entry.StandingProposed, "reply-missed")
		standing(b, entry.StandingRemoved, "slots-missed")
		e.say(w.Reply(a, &entry.Reply{Answer: entry.AnswerDisputed, Challenge: challenge.ID}, nil))
	})
	e.on("2025-02-17 11:00", func() {
		standing(a, entry.StandingReinstated, "settled")
		e.say(w.Decision(asked, "upheld", nil))
		e.say(w.OpenText(kept, "order-lifted"))
		e.say(w.Correct(answered, nil, nil))
		e.say(w.Reply(b, &entry.Reply{Answer: entry.AnswerAccepted, Entry: kept.ID, Finding: "filed-late"}, nil))
		e.say(w.Rotate(b, Ring{Keys: b.Keys, Threshold: b.Threshold, Slot: w.NewKeyOf(entry.AlgP256, entry.UseSlot, b.ID+"-second-slot")}))
		e.say(w.Decision(left, "refused", nil))
		e.say(w.Withdraw(ngo, nil))
		e.say(w.Correct(e.sealedCase, nil, nil))
	})
	e.on("2025-02-24 11:00", func() {
		// With its old keys and one more, its voice is the same at once.
		ring := b.Ring()
		ring.Keys = union(ring.Keys, []*Key{w.NewKeyOf(entry.AlgEd25519, entry.UseStatement, b.ID+"-third")})
		e.say(w.Readmit(b, ring))
		w.Advance(time.Hour)
		e.pledges(8, b)
	})
	e.on("2025-03-03 11:00", func() {
		// With others only after two weeks.
		e.say(w.Readmit(c, w.freshRing(c, "back")))
		e.hush(c, 15)
		e.say(w.Readmit(ngo, ngo.Ring()))
		standing(gone, entry.StandingRemoved, "ceased")
		e.say(w.Rotate(gone, w.freshRing(gone, "after")))
		e.say(w.Correct(challenge, nil, nil))
	})
	was := c.Ring()
	e.on("2025-03-18 11:00", func() {
		e.pledges(9, c)
		st := w.Rotate(c, w.freshRing(c, "confirmed"))
		st.Signers = union(st.Signers, was.Signers())
		e.say(st)
	})
	e.on("2025-03-10 11:00", func() { e.say(w.Withdraw(g, nil)) })
}
