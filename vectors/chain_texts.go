package vectors

import (
	"slices"
	"strings"
)

// withholding: bodies that are published later, seals that are opened, texts that are
// erased.
func withholding() Chain {
	c := newChain("Withheld bodies, sealed fields, and erasures. The charter's longest review is 365 days.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	request := func(by, as, review string) st {
		return st{by: by, kind: "request", text: as, as: as, body: `{"received":"withheld"}`, review: review}
	}
	open := func(by, of string, digests ...string) st {
		for i := range digests {
			digests[i] = digestOf(digests[i])
		}
		slices.Sort(digests)
		return st{by: by, kind: "open", body: `{"digests":["` + strings.Join(digests, `","`) + `"],"entry":"$entry(` + of + `)","why":"order-lifted"}`}
	}
	extend := func(by, of, review string) st {
		return st{by: by, kind: "open", body: `{"entry":"$entry(` + of + `)","review":"` + review + `","why":"still-forbidden"}`}
	}
	erase := func(of, digest string) st {
		return st{by: "operator", kind: "erasure", body: `{"basis":"court-order","date":"2026-04-22","digest":"` + digestOf(digest) + `","entry":"$entry(` + of + `)","reference":"4-O-12/26"}`}
	}
	attest := func(by, review, logged string) st {
		return st{by: by, kind: "attestation", as: by + " Q1", text: by + " Q1", review: review, body: `{"clauses":["report"],"covers":"all","logged":` + logged + `,"period":"2026-Q1","received":{"total":9}}`}
	}

	c.clock("2026-02-10")
	c.try("review-today", "review-out-of-range", "after the day of now", request(acme, "x", "2026-02-10"))
	c.try("review-before", "review-out-of-range", "after the day of now", request(acme, "x", "2025-12-31"))
	c.try("review-tomorrow", "", "after the day of now", request(acme, "x", "2026-02-11"))
	c.try("review-longest", "", "at most 365 days after it", request(acme, "x", "2027-02-10"))
	c.try("review-too-long", "review-out-of-range", "at most 365 days after it", request(acme, "x", "2027-02-11"))
	r1 := request(acme, "r1", "2026-06-30")
	r1.find = overdue
	c.say(r1)
	c.say(request(acme, "r2", ""))
	c.say(request(brindle, "b1", "2026-05-01"))
	c.say(request(brindle, "b2", "2026-05-02"))
	c.later()
	c.try("seal-of-a-withheld-body", "body-not-opened-yet", "sealed fields open in a published body", open(acme, "r1", "a seal"))
	c.try("open-unknown", "reference-unknown", "an own statement", open(acme, "nothing", "x"))
	c.try("open-of-another", "reference-unknown", "an own statement", open(acme, "b1", "b1"))
	c.try("open-without-body", "reference-unknown", "a statement with a body", open(acme, "new "+acme, "x"))
	c.try("open-published", "already-opened", "it was published with the statement", open(acme, "r2", "r2"))
	c.try("extend-published", "open-not-withheld", "it was published with the statement", extend(acme, "r2", "2026-06-30"))
	c.try("extend-too-long", "review-out-of-range", "at most 365 days after now", extend(acme, "r1", "2027-06-30"))
	c.say(open(acme, "r2", "seal 1"))
	c.try("open-seal-twice", "already-opened", "a digest opens once for an entry", open(acme, "r2", "seal 1", "seal 2"))
	c.say(open(acme, "r2", "seal 2", "seal 3"))
	c.say(st{by: acme, kind: "decision", as: "d1", text: "d1", review: "2026-05-01", body: `{"request":"$entry(r2)"}`})
	c.clock("2026-03-01")
	c.say(request(acme, "r3", "2026-04-01"))
	c.say(extend(acme, "r1", "2027-02-28"))
	c.clock("2026-03-03T00:00:00Z")
	r4 := request(acme, "r4", "")
	r4.why = "60 days before the moment by which all is judged"
	c.say(r4)
	c.clock("2026-04-01")
	both := open(acme, "r1", "r1", "seal of r1")
	both.why = "the body, and a seal in it"
	c.say(both)
	c.try("open-body-twice", "already-opened", "it is open", open(acme, "r1", "r1"))
	c.try("extend-opened", "open-not-withheld", "it is open", extend(acme, "r1", "2026-06-30"))
	c.try("open-seal-later", "", "a seal of an opened body", open(acme, "r1", "another seal"))
	c.clock("2026-04-10")
	c.say(attest(acme, "2026-12-31", `{"outcomes":{"pending":4},"total":4}`))
	c.say(attest(brindle, "", `{"outcomes":{"pending":2},"total":2}`))
	c.say(open(acme, "d1", "d1"))

	c.clock("2026-04-22")
	c.try("erase-unknown", "reference-unknown", "an accepted statement", erase("nothing", "r2"))
	c.try("erase-withheld", "digest-unknown", "it was never published", erase("r3", "r3"))
	c.try("erase-of-another", "digest-unknown", "a text of that statement", erase("r2", "r1"))
	c.try("erase-unopened-seal", "digest-unknown", "a text that was opened", erase("r1", "another seal"))
	erased := func(of, digest string) {
		s := erase(of, digest)
		s.find = []Found{operator("body-erased")}
		c.say(s)
	}
	erased("r2", "r2")
	c.try("erase-twice", "already-erased", "once", erase("r2", "r2"))
	erased("r2", "seal 2")
	erased("r1", "r1")
	c.try("open-after-erasure", "", "other seals may still be opened", open(acme, "r1", "another seal"))
	return c.end("2026-05-02T00:00:00Z", []Found{
		{Code: "decision-outstanding", Author: acme, Index: c.index("r1")},
		{Code: "decision-outstanding", Author: acme, Index: c.index("r3")},
		{Code: "decision-outstanding", Author: acme, Index: c.index("r4")},
		{Code: "decision-outstanding", Author: brindle, Index: c.index("b1")},
		{Code: "decision-outstanding", Author: brindle, Index: c.index("b2")},
		{Code: "withheld-overdue", Author: acme, Index: c.index("r3")},
		{Code: "withheld-overdue", Author: brindle, Index: c.index("b1")},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 12, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 4, Outcomes: map[string]int{"pending": 4}, Withheld: 4, Opened: 2, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index(acme + " Q1"), Content: c.index(acme + " Q1"), Logged: map[string]int{"pending": 4}},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
		Status{Author: brindle, Standing: "in-standing", Seq: 4, Keys: c.setDigest(b), Pledged: []string{"report"}, Requests: 2, Outcomes: map[string]int{"pending": 2}, Withheld: 2, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index(brindle + " Q1"), Content: c.index(brindle + " Q1"), Logged: map[string]int{"pending": 2}},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
	)
}

// slotted: slots each month, and requests that were in one.
func slotted() Chain {
	c := newChain("Slots each month, full and empty, late and missing; requests out of them.", "2026-01-05T09:00:00Z", charter("quarter", "month"))
	a, b := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle").withSlot("ed/brindle/slot")
	a.slots = []string{"ed/acme/slot", "p256/acme/slot"}
	b2 := keysOf(1, "ed/brindle2").withSlot("ed/brindle2/slot")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	slot := func(by, period string, in ...string) st {
		key := map[string]string{acme: "ed/acme/slot", brindle: "ed/brindle/slot"}[by]
		return st{by: by, kind: "slot", as: by + period, signers: []string{key}, body: `{"digests":["` + strings.Join(places(by+period, in), `","`) + `"],"period":"` + period + `"}`}
	}
	request := func(as, slot, received, place string) st {
		return st{by: acme, kind: "request", as: as, text: as, body: `{"disclosure":"` + place + `","received":"` + received + `","slot":"$entry(` + slot + `)"}`}
	}
	in := func(slot, body string) string { return placeOf(saltOf(slot+body), `"`+digestOf(body)+`"`) }

	c.clock("2026-01-20")
	c.try("early", "slot-early", "the period has not begun", slot(acme, "2026-02"))
	c.when("2026-01-31T23:59:59Z", func() { c.try("a-second-early", "slot-early", "the period has not begun", slot(acme, "2026-02")) })
	c.when("2026-02-01T00:00:00Z", func() { c.try("at-once", "", "the period has begun", slot(acme, "2026-02")) })
	c.try("week", "period-of-another-kind", "the charter has months", slot(acme, "2026-W03"))
	c.try("day", "period-of-another-kind", "the charter has months", slot(acme, "2026-01-20"))
	two := slot(acme, "2026-01")
	two.signers = []string{"p256/acme/slot"}
	c.try("another-slot-key", "", "any of its slot keys", two)
	two.signers = []string{"ed/acme/slot", "p256/acme/slot"}
	c.try("two-slot-keys", "signature-not-called-for", "exactly one signature", two)
	two.signers = []string{"ed/acme"}
	c.try("statement-key", "signature-not-called-for", "a slot key", two)
	two.signers = []string{"ed/brindle/slot"}
	c.try("key-of-another", "signature-not-called-for", "its own slot key", two)
	s := slot(acme, "2026-01")
	s.find, s.why = overdue, "before the pledge, and for a month that began before its admission"
	c.say(s)
	c.try("repeated", "slot-repeated", "one for each period", st{by: acme, kind: "slot", signers: s.signers, body: slot(acme, "2026-01", "other").body})
	p := pledge(acme, "report")
	p.seq = 2
	c.try("lanes-apart", "seq-gap", "each lane has its own seq", p)
	c.clock("2026-01-21")
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	c.clock("2026-02-28")
	c.say(slot(acme, "2026-02", "s1", "s2"))
	c.clock("2026-03-02")
	s = slot(brindle, "2026-02", "x1")
	s.find = []Found{author(brindle, "slot-late", "2026-02")}
	c.say(s)
	c.clock("2026-03-31T23:59:59Z")
	c.say(slot(acme, "2026-03"))
	c.clock("2026-04-10")
	attest := func(by string) st {
		return st{by: by, kind: "attestation", as: by + " Q1", body: `{"clauses":["report"],"covers":"all","logged":{"total":0},"period":"2026-Q1","received":{"total":"cannot-say"}}`}
	}
	c.say(attest(acme))
	c.say(attest(brindle))
	c.clock("2026-04-20")
	c.try("not-in-slot", "disclosure-not-in-slot", "another salt is another digest", request("s1", acme+"2026-02", "2026-Q1", placeOf(saltOf("another"), `"`+digestOf("s1")+`"`)))
	c.try("in-another-slot", "disclosure-not-in-slot", "it was in February's", request("s1", acme+"2026-03", "2026-Q1", in(acme+"2026-02", "s1")))
	c.try("slot-of-another", "reference-unknown", "an own slot", request("x1", brindle+"2026-02", "2026-Q1", in(brindle+"2026-02", "x1")))
	c.try("slot-unknown", "reference-unknown", "an own slot", request("s1", "nothing", "2026-Q1", in(acme+"2026-02", "s1")))
	c.try("slot-is-none", "reference-unknown", "a slot", request("s1", acme+" Q1", "2026-Q1", in(acme+"2026-02", "s1")))
	c.say(request("s1", acme+"2026-02", "2026-Q1", in(acme+"2026-02", "s1")))
	c.try("place-twice", "digest-reused", "a place opens once: its disclosure names a digest that was used", request("s1", acme+"2026-02", "2026-Q1", in(acme+"2026-02", "s1")))
	c.clock("2026-05-31")
	c.say(slot(acme, "2026-05", "s3"))
	c.clock("2026-06-01")
	k := admit("rekey", brindle, "signatory", b2)
	k.find = []Found{author(brindle, "rekey-pending")}
	c.say(k)
	c.clock("2026-06-05")
	s = slot(brindle, "2026-05")
	s.find, s.why = []Found{author(brindle, "slot-late", "2026-05")}, "made by a timer: it cancels no rekey"
	c.say(s)
	c.clock("2026-07-01")
	c.try("old-slot-key", "signature-not-called-for", "the whole set was replaced", slot(brindle, "2026-06"))
	s = request("s2", acme+"2026-02", "2026-Q1", in(acme+"2026-02", "s2"))
	s.why = "its slot was logged in time, so it is not late"
	c.say(s)
	s = request("s3", acme+"2026-05", "2026-Q1", in(acme+"2026-05", "s3"))
	s.find, s.why = []Found{author(acme, "filed-late")}, "its slot was logged over 45 days after the quarter"
	c.say(s)
	return c.end("2026-07-05T00:00:00Z", []Found{
		{Code: "decision-outstanding", Author: acme, Index: c.index("s1")},
		{Code: "rekey-unconfirmed", Author: brindle, Index: c.index("rekey " + brindle)},
		{Code: "slot-missed", Author: acme, Period: "2026-04"},
		{Code: "slot-missed", Author: brindle, Period: "2026-03"},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 5, SlotSeq: 4, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 3, Outcomes: map[string]int{"pending": 3}, SlotsOwed: 5, SlotsMissed: []string{"2026-04", "2026-06"}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index(acme + " Q1"), Content: c.index(acme + " Q1"), Received: 3},
			{Period: "2026-Q2", State: "grace", Deadline: "2026-07-31T00:00:00Z", Logged: map[string]int{"pending": 1}},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z", Logged: map[string]int{"pending": 2}},
		}},
		Status{Author: brindle, Standing: "in-standing", Seq: 2, SlotSeq: 2, Keys: c.setDigest(b2), Unconfirmed: c.index("rekey " + brindle), Pledged: []string{"report"}, SlotsOwed: 5, SlotsMissed: []string{"2026-03", "2026-04", "2026-06"}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index(brindle + " Q1"), Content: c.index(brindle + " Q1")},
			{Period: "2026-Q2", State: "grace", Deadline: "2026-07-31T00:00:00Z"},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z"},
		}},
	)
}

// places are the digests of a slot with these bodies in it: the first places are
// full, the others empty, and they are sorted.
func places(slot string, in []string) []string {
	var list []string
	for i := range 64 {
		text := placeOf(saltOf(slot+"empty"+string(rune('0'+i))), "null")
		if i < len(in) {
			text = placeOf(saltOf(slot+in[i]), `"`+digestOf(in[i])+`"`)
		}
		list = append(list, digest([]byte(text)))
	}
	slices.Sort(list)
	return list
}

// challenges: what challengers ask, and what is answered.
func challenges() Chain {
	c := newChain("Challenges and replies: in time, late, repeated, taken back. The charter gives 30 days.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b, l, h := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle"), keysOf(1, "ed/lantern"), keysOf(1, "ed/harbour")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.admitted(lantern, "challenger", l)
	c.admitted(harbour, "challenger", h)
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	challenge := func(by, as, against, about string) st {
		return st{by: by, kind: "challenge", as: as, text: as, body: `{"against":"` + against + `"` + about + `}`}
	}
	reply := func(by, as, answer, to string) st {
		return st{by: by, kind: "reply", as: as, body: `{"answer":"` + answer + `","challenge":"$entry(` + to + `)"}`}
	}
	void := func(by, of string) st {
		return st{by: by, kind: "correct", body: `{"entry":"$entry(` + of + `)","how":"void"}`, find: []Found{author(by, "corrected")}}
	}
	instead := func(by, of, later string) st {
		return st{by: by, kind: "correct", body: `{"by":"$entry(` + later + `)","entry":"$entry(` + of + `)","how":"superseded"}`, find: []Found{author(by, "corrected")}}
	}
	c.clock("2026-02-10")
	c.say(st{by: acme, kind: "request", as: "a1", text: "a1", body: `{"received":"withheld"}`, find: overdue})
	c.clock("2026-02-11")
	c.try("against-unknown", "author-unknown", "an admitted signatory", challenge(lantern, "x", quill, ""))
	c.try("against-a-challenger", "author-unknown", "an admitted signatory", challenge(lantern, "x", harbour, ""))
	c.try("against-the-secretariat", "author-unknown", "an admitted signatory", challenge(lantern, "x", "secretariat", ""))
	c.try("about-another's", "reference-unknown", "a statement of the one who is challenged", challenge(lantern, "x", brindle, `,"entry":"$entry(a1)"`))
	c.try("about-nothing", "reference-unknown", "an accepted statement", challenge(lantern, "x", acme, `,"entry":"$entry(nothing)"`))
	c.say(challenge(lantern, "c1", acme, `,"entry":"$entry(a1)","finding":"filed-late","period":"2026-Q1"`))
	c.try("a-second-one", "challenge-open", "one at a time", challenge(lantern, "x", acme, ""))
	c.try("against-somebody-else", "", "one at a time for each signatory", challenge(lantern, "x", brindle, ""))
	c.try("by-somebody-else", "", "one at a time for each challenger", challenge(harbour, "x", acme, ""))
	c.clock("2026-02-20")
	c.try("reply-to-nothing", "reference-unknown", "an accepted challenge", reply(acme, "x", "disputed", "nothing"))
	c.try("reply-of-another", "reference-unknown", "a challenge against its author", reply(brindle, "x", "disputed", "c1"))
	c.try("reply-to-a-request", "reference-unknown", "a challenge", reply(acme, "x", "disputed", "a1"))
	c.try("reply-to-a-finding-on-another's", "reference-unknown", "an own statement", st{by: brindle, kind: "reply", body: `{"answer":"accepted","entry":"$entry(a1)","finding":"filed-late"}`})
	c.say(reply(acme, "to c1", "disputed", "c1"))
	c.clock("2026-02-21")
	c.say(challenge(lantern, "c2", acme, ""))
	c.say(st{by: acme, kind: "reply", as: "to a finding", text: "to a finding", body: `{"answer":"accepted","entry":"$entry(a1)","finding":"filed-late","period":"2026-Q1"}`})
	c.clock("2026-03-01")
	c.say(challenge(harbour, "c3", acme, ""))
	c.clock("2026-03-05")
	c.say(void(harbour, "c3"))
	c.clock("2026-03-06")
	c.say(challenge(harbour, "c4", acme, ""))
	c.clock("2026-03-15")
	c.say(challenge(lantern, "c5", brindle, ""))
	c.try("superseded-by-one-against-another", "correct-conflict", "against the same signatory", instead(lantern, "c2", "c5"))
	c.say(reply(brindle, "to c5", "cannot-comment", "c5"))
	c.later()
	c.say(void(brindle, "to c5"))
	c.try("reply-taken-back", "challenge-open", "it is open again", challenge(lantern, "x", brindle, ""))
	c.clock("2026-03-23T12:00:00Z")
	s := reply(acme, "to c2", "cannot-comment", "c2")
	s.find, s.why = []Found{author(acme, "reply-late")}, "30 days after: late"
	c.say(s)
	c.clock("2026-03-25")
	s = reply(acme, "to c2 again", "accepted", "c2")
	s.find = []Found{author(acme, "reply-repeated")}
	c.say(s)
	c.try("reply-superseded-by-one-to-another", "correct-conflict", "to the same challenge", instead(acme, "to c1", "to c2 again"))
	c.try("reply-superseded-by-one-to-a-finding", "correct-conflict", "to the same challenge", instead(acme, "to c1", "to a finding"))
	c.say(instead(acme, "to c2", "to c2 again"))
	at := func(label, by, against, due string, open bool, answers ...string) Challenge {
		return Challenge{Index: *c.index(label), By: by, Against: against, Due: due, Open: open, Answers: answers}
	}
	c1, c2 := at("c1", lantern, acme, "2026-03-13T12:00:00Z", false, "disputed"), at("c2", lantern, acme, "2026-03-23T12:00:00Z", false, "accepted")
	c3, c4 := at("c3", harbour, acme, "2026-03-31T12:00:00Z", false), at("c4", harbour, acme, "2026-04-05T12:00:00Z", true)
	c5 := at("c5", lantern, brindle, "2026-04-14T12:00:00Z", true)
	c3.Void = true
	// At the very moment by which c4 was to be answered.
	return c.end("2026-04-05T12:00:00Z", []Found{
		{Code: "reply-overdue", Author: acme, Index: c.index("c4")},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 7, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Challenges: []Challenge{c1, c2, c3, c4}, Periods: []Period{
			{Period: "2026-Q1", State: "grace", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 1}},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
		Status{Author: brindle, Standing: "in-standing", Seq: 3, Keys: c.setDigest(b), Pledged: []string{"report"}, Challenges: []Challenge{c5}, Periods: []Period{
			{Period: "2026-Q1", State: "grace", Deadline: "2026-05-01T00:00:00Z"},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
		Status{Author: lantern, Standing: "in-standing", Seq: 3, Keys: c.setDigest(l), Challenges: []Challenge{c1, c2, c5}},
		Status{Author: harbour, Standing: "in-standing", Seq: 3, Keys: c.setDigest(h), Challenges: []Challenge{c3, c4}},
	)
}
