package vectors

// standings: labels, removals, withdrawals, and who comes back.
func standings() Chain {
	c := newChain("Standing: suspended, proposed for removal, reinstated, removed, withdrawn, readmitted; and what each may still log.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b, q, v, l := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle"), keysOf(1, "ed/quill"), keysOf(1, "ed/vello"), keysOf(1, "ed/lantern")
	q2 := keysOf(1, "ed/quill2")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.admitted(quill, "signatory", q)
	c.admitted(vello, "signatory", v)
	c.admitted(lantern, "challenger", l)
	for _, id := range []string{acme, brindle, quill, vello} {
		c.say(pledge(id, "report"))
	}
	request := func(by, as string) st {
		return st{by: by, kind: "request", text: as, as: as, body: `{"received":"withheld"}`}
	}
	standing := func(who, what, reason string) st {
		return st{by: "secretariat", kind: "standing", as: what + " " + who, body: `{"reason":"` + reason + `","standing":"` + what + `","who":"` + who + `"}`}
	}
	decision := func(by, of string) st {
		return st{by: by, kind: "decision", body: `{"date":"2026-03-01","outcome":"refused","request":"$entry(` + of + `)"}`}
	}
	void := func(by, of string) st {
		return st{by: by, kind: "correct", body: `{"entry":"$entry(` + of + `)","how":"void"}`, find: []Found{author(by, "corrected")}}
	}
	rotate := func(by, key string) st {
		return st{by: by, kind: "keys", body: `{"keys":[$key(` + key + `)],"reason":"rotation","threshold":1}`, also: []string{key}}
	}
	attest := func(by, period, logged string) st {
		return st{by: by, kind: "attestation", body: `{"clauses":["report"],"covers":"all","logged":` + logged + `,"period":"` + period + `","received":{"total":9}}`}
	}
	withdraw := func(by string) st { return st{by: by, kind: "withdraw", body: `{}`} }

	c.clock("2026-02-10")
	s := request(acme, "a1")
	s.find = overdue
	c.say(s)
	c.say(request(brindle, "b1"))
	c.say(request(quill, "q1"))
	c.try("reinstated-for-nothing", "standing-conflict", "there is nothing to take back", standing(acme, "reinstated", "settled"))
	c.say(standing(acme, "suspended", "attestation-missed"))
	c.try("suspended-twice", "standing-conflict", "it is suspended", standing(acme, "suspended", "reply-missed"))
	c.say(request(acme, "a2"))
	c.say(standing(acme, "proposed-removal", "pledge-not-kept"))
	c.try("proposed-twice", "standing-conflict", "it is proposed", standing(acme, "proposed-removal", "pledge-not-kept"))
	c.try("proposed-may-log-everything", "", "both are labels", request(acme, "x"))
	c.try("removed-while-suspended", "", "both are labels", standing(acme, "removed", "pledge-not-kept"))
	c.say(standing(acme, "reinstated", "settled"))
	c.say(standing(vello, "proposed-removal", "ceased"))
	c.try("challenger-suspended", "", "challengers too", standing(lantern, "suspended", "not-reachable"))

	c.clock("2026-03-01")
	c.say(standing(vello, "removed", "ceased"))
	c.say(standing(brindle, "removed", "pledge-not-kept"))
	c.later()
	c.try("removed-requests", "standing-ended", "who has left logs no new request", request(brindle, "x"))
	c.try("removed-pledges", "standing-ended", "who has left pledges nothing", pledge(brindle, "report"))
	c.try("removed-withdraws", "standing-ended", "who has left can't leave", withdraw(brindle))
	c.try("removed-decides", "", "open, correct, decision, reply, keys", decision(brindle, "b1"))
	c.try("removed-corrects", "", "open, correct, decision, reply, keys", void(brindle, "b1"))
	c.try("removed-changes-keys", "", "open, correct, decision, reply, keys", rotate(brindle, "ed/brindle2"))
	c.try("removed-replies", "", "open, correct, decision, reply, keys", st{by: brindle, kind: "reply", body: `{"answer":"disputed","finding":"filed-late"}`})
	c.try("removed-is-challenged", "", "it is a signatory still", st{by: lantern, kind: "challenge", text: "x", body: `{"against":"` + brindle + `"}`})
	c.try("removed-twice", "standing-conflict", "it is removed", standing(brindle, "removed", "pledge-not-kept"))
	c.try("removed-suspended", "standing-conflict", "it is removed", standing(brindle, "suspended", "pledge-not-kept"))
	c.try("removed-rekeyed", "standing-conflict", "readmit is for who has left", admit("rekey", brindle, "signatory", b))
	c.try("removed-succeeded", "standing-conflict", "nobody takes a place that is gone", st{by: "secretariat", kind: "succeed", body: `{"from":"` + brindle + `","to":"` + acme + `"}`})
	c.say(decision(brindle, "b1"))
	c.clock("2026-03-05")
	c.say(withdraw(quill))
	c.later()
	c.try("withdrawn-requests", "standing-ended", "who has left logs no new request", request(quill, "x"))
	c.try("withdrawn-twice", "standing-ended", "who has left can't leave", withdraw(quill))
	c.try("withdrawn-suspended", "standing-conflict", "it has left", standing(quill, "suspended", "ceased"))
	c.clock("2026-03-06")
	c.say(st{by: lantern, kind: "challenge", as: "c1", text: "c1", body: `{"against":"` + acme + `"}`})
	c.say(withdraw(lantern))
	c.later()
	c.try("withdrawn-challenges", "standing-ended", "who has left challenges nobody", st{by: lantern, kind: "challenge", text: "x", body: `{"against":"` + quill + `"}`})
	c.try("withdrawn-challenger-corrects", "", "correct and keys", void(lantern, "c1"))
	c.try("withdrawn-challenger-changes-keys", "", "correct and keys", rotate(lantern, "ed/lantern2"))

	c.clock("2026-04-05")
	c.say(labelled("qQ1", attest(quill, "2026-Q1", `{"outcomes":{"pending":1},"total":1}`)))
	c.try("removed-attests-what-ran", "standing-ended", "the period ran when it was removed: nothing is owed for it", attest(brindle, "2026-Q1", `{"outcomes":{"refused":1},"total":1}`))
	c.when("2026-07-01", func() {
		c.try("withdrawn-attests-later", "standing-ended", "the period began after it withdrew", attest(quill, "2026-Q2", `{"total":0}`))
	})
	c.say(labelled("aQ1", attest(acme, "2026-Q1", `{"outcomes":{"pending":2},"total":2}`)))

	c.clock("2026-04-10")
	c.try("readmit-role", "role-differs", "in the role that it had", admit("readmit", brindle, "challenger", b))
	c.try("readmit-known-as-new", "author-taken", "its id is its own for ever", admit("new", brindle, "signatory", b))
	c.say(admit("readmit", brindle, "signatory", b))
	c.later()
	c.try("readmit-request", "pledge-first", "it pledges again first", request(brindle, "x"))
	c.try("readmit-decides", "", "and may what it might meanwhile", decision(brindle, "b1"))
	c.say(pledge(brindle, "report"))
	c.say(request(brindle, "b2"))
	c.clock("2026-04-12")
	s = admit("readmit", quill, "signatory", q2)
	s.find, s.why = []Found{author(quill, "rekey-pending")}, "with other keys: like a rekey"
	c.say(s)
	c.later()
	p := pledge(quill, "report")
	p.signers = []string{"ed/quill2"}
	c.try("readmit-new-key-at-once", "signature-not-called-for", "nobody's voice changes hands at once", p)
	c.try("readmit-old-key", "", "nobody's voice changes hands at once", pledge(quill, "report"))
	c.clock("2026-04-27")
	c.say(p)
	c.voices[quill].set = q2
	return c.end("2026-05-10T00:00:00Z", []Found{
		{Code: "decision-outstanding", Author: acme, Index: c.index("a1")},
		{Code: "decision-outstanding", Author: acme, Index: c.index("a2")},
		{Code: "decision-outstanding", Author: quill, Index: c.index("q1")},
		{Code: "rekey-unconfirmed", Author: quill, Index: c.index("readmit " + quill)},
		{Code: "reply-overdue", Author: acme, Index: c.index("c1")},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 4, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 2, Outcomes: map[string]int{"pending": 2},
			Challenges: []Challenge{{Index: *c.index("c1"), By: lantern, Against: acme, Due: "2026-04-05T12:00:00Z", Open: true}},
			Periods: []Period{
				{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("aQ1"), Content: c.index("aQ1"), Logged: map[string]int{"pending": 2}},
				{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
			}},
		Status{Author: brindle, Standing: "in-standing", Seq: 5, Keys: c.setDigest(b), Pledged: []string{"report"}, Requests: 2, Outcomes: map[string]int{"refused": 1, "pending": 1}, Periods: []Period{
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z", Logged: map[string]int{"pending": 1}},
		}},
		Status{Author: quill, Standing: "in-standing", Seq: 5, Keys: c.setDigest(q2), Unconfirmed: c.index("readmit " + quill), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("qQ1"), Content: c.index("qQ1"), Logged: map[string]int{"pending": 1}},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
		Status{Author: vello, Standing: "removed", Seq: 1, Keys: c.setDigest(v), Proposed: c.index("proposed-removal " + vello), Pledged: []string{"report"}},
		Status{Author: lantern, Standing: "withdrawn", Seq: 2, Keys: c.setDigest(l), Challenges: []Challenge{{Index: *c.index("c1"), By: lantern, Against: acme, Due: "2026-04-05T12:00:00Z", Open: true}}},
	)
}

// successions: one signatory takes another's place.
func successions() Chain {
	c := newChain("Succession: ended periods stay the one's who was succeeded, the running one is the successor's, whether it has pledged or not.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b, q, v := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle"), keysOf(1, "ed/quill"), keysOf(1, "ed/vello")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.admitted(quill, "signatory", q)
	c.admitted(vello, "signatory", v)
	c.admitted(lantern, "challenger", keysOf(1, "ed/lantern"))
	for _, id := range []string{acme, brindle, vello} {
		c.say(pledge(id, "report"))
	}
	succeed := func(from, to string) st {
		return st{by: "secretariat", kind: "succeed", body: `{"from":"` + from + `","to":"` + to + `"}`}
	}
	attest := func(by, period, logged string) st {
		return st{by: by, kind: "attestation", as: by + period, body: `{"clauses":["report"],"covers":"all","logged":` + logged + `,"period":"` + period + `","received":{"total":1}}`}
	}
	c.clock("2026-02-10")
	c.say(st{by: acme, kind: "request", as: "a1", text: "a1", body: `{"received":"2026-Q1"}`, find: overdue})
	c.try("by-a-challenger", "author-unknown", "two signatories", succeed(acme, lantern))
	c.try("of-a-challenger", "author-unknown", "two signatories", succeed(lantern, acme))
	c.clock("2026-04-01T00:00:00Z")
	c.say(succeed(vello, quill))
	c.clock("2026-04-15")
	c.say(succeed(acme, brindle))
	c.later()
	c.try("twice", "standing-conflict", "it is succeeded already", succeed(acme, quill))
	c.try("by-who-was-succeeded", "standing-conflict", "its own place is another's", succeed(quill, acme))
	c.try("succeeded-requests", "standing-ended", "its place is another's", st{by: acme, kind: "request", text: "x", body: `{"received":"withheld"}`})
	c.try("succeeded-pledges", "standing-ended", "its place is another's", pledge(acme, "report"))
	c.try("succeeded-is-readmitted", "standing-conflict", "it was neither removed nor did it withdraw", admit("readmit", acme, "signatory", a))
	c.say(st{by: acme, kind: "decision", body: `{"date":"2026-04-15","outcome":"refused","request":"$entry(a1)"}`})
	c.clock("2026-04-20")
	c.say(attest(acme, "2026-Q1", `{"outcomes":{"pending":1},"total":1}`))
	c.say(attest(brindle, "2026-Q1", `{"total":0}`))
	c.clock("2026-07-10")
	c.try("succeeded-attests-what-ran", "standing-ended", "the period that ran is the successor's", attest(acme, "2026-Q2", `{"total":0}`))
	c.try("succeeded-attests-what-ended", "", "periods that ended stay its own", attest(vello, "2026-Q1", `{"total":0}`))
	c.say(attest(brindle, "2026-Q2", `{"total":0}`))
	// At the very deadline of the second quarter. The first had ended in the second in
	// which quill took vello's place: it stays vello's.
	return c.end("2026-07-31T00:00:00Z", []Found{
		{Code: "attestation-missed", Author: quill, Period: "2026-Q2"},
		{Code: "attestation-missed", Author: vello, Period: "2026-Q1"},
	},
		Status{Author: acme, Standing: "succeeded", Seq: 4, Keys: c.setDigest(a), Pledged: []string{"report"}, Successor: brindle, Requests: 1, Outcomes: map[string]int{"refused": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index(acme + "2026-Q1"), Content: c.index(acme + "2026-Q1"), Logged: map[string]int{"pending": 1}, Received: 1},
		}},
		Status{Author: brindle, Standing: "in-standing", Seq: 3, Keys: c.setDigest(b), Pledged: []string{"report"}, Succeeds: []string{acme}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index(brindle + "2026-Q1"), Content: c.index(brindle + "2026-Q1")},
			{Period: "2026-Q2", State: "on-time", Deadline: "2026-07-31T00:00:00Z", First: c.index(brindle + "2026-Q2"), Content: c.index(brindle + "2026-Q2")},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z"},
		}},
		Status{Author: quill, Standing: "in-standing", Keys: c.setDigest(q), Succeeds: []string{vello}, Periods: []Period{
			{Period: "2026-Q2", State: "missed", Deadline: "2026-07-31T00:00:00Z"},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z"},
		}},
		Status{Author: vello, Standing: "succeeded", Seq: 1, Keys: c.setDigest(v), Pledged: []string{"report"}, Successor: quill, Periods: []Period{
			{Period: "2026-Q1", State: "missed", Deadline: "2026-05-01T00:00:00Z"},
		}},
		Status{Author: lantern, Standing: "in-standing", Keys: c.setDigest(keysOf(1, "ed/lantern"))},
	)
}
