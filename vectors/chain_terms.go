package vectors

// amendments: terms that change, keys that are replaced, a log that ends.
func amendments() Chain {
	c := newChain("Amends: terms from a moment on, keys at the next index, the secretariat replaced by recovery, other kinds of period, the end of the log.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a := keysOf(1, "ed/acme")
	c.admitted(acme, "signatory", a)
	c.say(pledge(acme, "no-attack-help", "report"))
	amend := func(as, body string, also ...string) st {
		return st{by: "secretariat", kind: "amend", as: as, body: body, also: also}
	}
	byRecovery := func(s st, more ...string) st {
		s.signers = append([]string{"ed/rec1", "ed/rec2"}, more...)
		s.also = nil
		return s
	}
	c.clock("2026-02-01")
	c.try("from-before", "amend-from", "not before now", amend("", `{"from":"2026-02-01T11:59:59Z","graceDays":40}`))
	c.try("from-now", "", "not before now", amend("", `{"from":"2026-02-01T12:00:00Z","graceDays":40}`))
	c.try("attestation-within-a-half-year", "amend-from", "at the first second of a half-year", amend("", `{"attestation":"half-year","from":"2026-04-01T00:00:00Z"}`))
	c.try("attestation-a-second-late", "amend-from", "at the first second of a half-year", amend("", `{"attestation":"half-year","from":"2026-07-01T00:00:01Z"}`))
	c.try("threshold-short", "signatures-too-few", "the secretariat's threshold", func() st {
		s := amend("", `{"from":"2026-03-01T00:00:00Z","graceDays":40}`)
		s.signers = []string{"ed/sec1"}
		return s
	}())
	c.try("terms-by-recovery", "signature-not-called-for", "recovery replaces secretariat keys and does nothing else", byRecovery(amend("", `{"from":"2026-03-01T00:00:00Z","graceDays":40}`)))
	c.try("keys-and-terms-by-recovery", "signature-not-called-for", "recovery replaces secretariat keys and does nothing else", byRecovery(amend("", `{"from":"2026-03-01T00:00:00Z","graceDays":40,"secretariat":{"keys":[$key(ed/sec9)],"threshold":1}}`), "ed/sec9"))
	c.try("recovery-by-recovery", "signature-not-called-for", "recovery does not replace itself", byRecovery(amend("", `{"recovery":{"keys":[$key(ed/rec9)],"threshold":1}}`), "ed/rec9"))
	newSecretariat := amend("recovered", `{"secretariat":{"keys":[$key(ed/sec9)],"threshold":1}}`, "ed/sec9")
	c.try("secretariat-by-itself", "", "its own threshold, and every new key", newSecretariat)
	c.try("recovery-threshold-short", "signatures-too-few", "both of two", func() st {
		s := newSecretariat
		s.signers = []string{"ed/rec1"}
		return s
	}())
	c.try("one-of-each", "signatures-too-few", "one threshold or the other", func() st {
		s := newSecretariat
		s.signers = []string{"ed/rec1", "ed/sec1"}
		return s
	}())
	c.try("new-key-does-not-sign", "signatures-too-few", "every new key signs", byRecovery(newSecretariat))
	c.try("secretariat-with-author-key", "key-taken", "a key belongs to one party for ever", amend("", `{"secretariat":{"keys":[$key(ed/acme)],"threshold":1}}`, "ed/acme"))
	c.try("recovery-with-operator-key", "key-taken", "a key belongs to one party for ever", amend("", `{"recovery":{"keys":[$key(ed/op)],"threshold":1}}`, "ed/op"))
	c.try("operator-with-secretariat-key", "key-taken", "a key belongs to one party for ever", amend("", `{"operator":{"keys":[$key(ed/sec3)],"threshold":1}}`, "ed/sec3"))
	c.try("log-key-of-an-author", "key-taken", "no author signs checkpoints", amend("", `{"logKeys":["$vkeyof(ed/acme)"]}`))
	c.try("log-key-among-the-new", "key-taken", "no author signs checkpoints", amend("", `{"logKeys":["$vkeyof(ed/op2)"],"operator":{"keys":[$key(ed/op2)],"threshold":1}}`, "ed/op2"))
	s := amend("grace", `{"from":"2026-04-01T00:00:00Z","graceDays":40}`)
	s.find = overdue
	c.say(s)
	s = amend("clauses", `{"clauses":[{"id":"fix-and-tell","text":"$digest(We fix flaws.)"},{"id":"report","text":"$digest(We log requests.)"}],"from":"2026-03-01T00:00:00Z"}`)
	s.text = "clauses"
	c.say(s)
	c.clock("2026-02-10")
	again := func(document string, clauses string) st {
		return st{by: acme, kind: "pledge", body: `{"charter":"$entry(` + document + `)","clauses":[` + clauses + `]}`}
	}
	c.try("pledge-of-an-amend-without-clauses", "reference-unknown", "a document that has clauses", again("grace", `"report"`))
	c.try("pledge-of-a-clause-that-went", "clause-unknown", "clauses of that document", again("clauses", `"no-attack-help"`))
	c.try("pledge-of-the-charter-still", "", "the charter stays a document", again("charter", `"no-attack-help"`))
	c.say(again("clauses", `"fix-and-tell","report"`))
	affirm := func(clause string) st {
		return st{by: acme, kind: "attestation", body: `{"clauses":["` + clause + `"],"covers":"all","logged":{"total":0},"period":"2025-Q4","received":{"total":0}}`}
	}
	c.try("affirmed-before-its-time", "clause-unknown", "the amend is not in force yet", affirm("fix-and-tell"))
	c.when("2026-03-01T00:00:00Z", func() {
		c.try("affirmed-in-time", "", "the amend is in force", affirm("fix-and-tell"))
		c.try("affirmed-of-old", "", "a clause that was one of the accord", affirm("no-attack-help"))
	})

	c.clock("2026-02-16")
	c.say(byRecovery(newSecretariat, "ed/sec9"))
	sec := keysOf(1, "ed/sec9")
	c.voices["secretariat"].set = sec
	c.later()
	c.try("old-secretariat", "signature-not-called-for", "the new set is in force from the next index on", func() st {
		s := admit("new", brindle, "signatory", keysOf(1, "ed/brindle"))
		s.signers = []string{"ed/sec1", "p256/sec2"}
		return s
	}())
	s = amend("keys", `{"logKeys":["$vkey","$vkeyof(ed/nextlog)"],"operator":{"keys":[$key(p256/op2)],"threshold":1},"recovery":{"keys":[$key(ml/rec3)],"threshold":1}}`, "p256/op2", "ml/rec3")
	s.find = []Found{operator("log-keys-announced")}
	c.say(s)
	c.voices["operator"].set = keysOf(1, "p256/op2")
	c.later()
	c.try("old-recovery", "signature-not-called-for", "the new set is in force", st{by: "secretariat", kind: "amend", body: `{"secretariat":{"keys":[$key(ed/sec8)],"threshold":1}}`, signers: []string{"ed/rec1", "ed/rec2", "ed/sec8"}})
	c.try("new-recovery", "", "the new set is in force", st{by: "secretariat", kind: "amend", body: `{"secretariat":{"keys":[$key(ed/sec8)],"threshold":1}}`, signers: []string{"ml/rec3", "ed/sec8"}})
	c.try("key-of-the-next-log", "key-taken", "no author signs checkpoints", admit("new", brindle, "signatory", keysOf(1, "ed/nextlog")))
	c.try("key-of-the-former-operator", "key-taken", "a key belongs to one party for ever", admit("new", brindle, "signatory", keysOf(1, "ed/op")))

	c.clock("2026-03-10")
	c.say(amend("half-years", `{"attestation":"half-year","from":"2026-07-01T00:00:00Z"}`))
	c.say(amend("months", `{"from":"2026-07-01T00:00:00Z","slots":"month"}`))
	s = amend("end", `{"ends":{"successor":"log.lanternhall.example/next"},"from":"2026-12-31T00:00:00Z"}`)
	s.find = []Found{operator("log-end-announced")}
	c.say(s)
	request := func(as, received string) st {
		return st{by: acme, kind: "request", as: as, text: as, body: `{"received":"` + received + `"}`}
	}
	c.try("quarter-that-ran", "", "quarters until the half-years begin", request("x", "2026-Q2"))
	c.try("quarter-of-later", "period-of-another-kind", "half-years from July on", request("x", "2026-Q3"))
	c.try("half-year-of-later", "", "half-years from July on", request("x", "2026-H2"))
	c.try("half-year-that-ran", "period-of-another-kind", "quarters until the half-years begin", request("x", "2026-H1"))
	c.clock("2026-04-10")
	q1 := labelled("Q1", attestation(acme, "2026-Q1", `{"total":0}`, `0`))
	q1.why, q1.find = "fix-and-tell was pledged in that quarter, and is in force", []Found{author(acme, "clause-dropped", "2026-Q1")}
	c.say(q1)
	c.clock("2026-08-09T23:59:59Z")
	c.say(labelled("Q2", st{by: acme, kind: "attestation", why: "in time: 40 days for what began after the amend", body: `{"clauses":["fix-and-tell","report"],"covers":"all","logged":{"total":0},"period":"2026-Q2","received":{"total":0}}`, find: []Found{author(acme, "clause-dropped", "2026-Q2")}}))
	w := request("withheld", "2026-H2")
	w.review = "2026-12-01"
	c.say(w)
	c.when("2026-12-30T23:59:59Z", func() { c.try("before-the-end", "", "the log has not ended", request("x", "withheld")) })
	c.when("2026-12-31T00:00:00Z", func() {
		c.try("request-after-the-end", "log-ended", "the log has ended", request("x", "withheld"))
		c.try("pledge-after-the-end", "log-ended", "the log has ended", again("charter", `"report"`))
		c.try("amend-after-the-end", "log-ended", "the log has ended", amend("", `{"from":"2027-03-01T00:00:00Z","graceDays":40}`))
		c.try("keys-after-the-end", "log-ended", "the log has ended", st{by: acme, kind: "keys", body: `{"keys":[$key(ed/acme2)],"reason":"rotation","threshold":1}`, also: []string{"ed/acme2"}})
		c.try("open-after-the-end", "", "open, erasure and directory", st{by: acme, kind: "open", body: `{"digests":["$digest(withheld)"],"entry":"$entry(withheld)","why":"order-lifted"}`})
		c.try("erasure-after-the-end", "", "open, erasure and directory", st{by: "operator", kind: "erasure", body: `{"basis":"notice","date":"2026-12-31","digest":"$digest(clauses)","entry":"$entry(clauses)","reference":"1"}`})
	})
	// At the end of the year the second half has run, and is due after the log's end:
	// it is not owed. Slots are, for July to November: December's would end with the
	// year, after the log.
	return c.end("2026-12-30T00:00:00Z", []Found{
		{Code: "decision-outstanding", Author: acme, Index: c.index("withheld")},
		{Code: "slot-missed", Author: acme, Period: "2026-07"},
		{Code: "withheld-overdue", Author: acme, Index: c.index("withheld")},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 5, Keys: c.setDigest(a), Pledged: []string{"fix-and-tell", "report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Withheld: 1, SlotsOwed: 5, SlotsMissed: []string{"2026-07", "2026-08", "2026-09", "2026-10", "2026-11"}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("Q1"), Content: c.index("Q1")},
			{Period: "2026-Q2", State: "on-time", Deadline: "2026-08-10T00:00:00Z", First: c.index("Q2"), Content: c.index("Q2")},
		}},
	)
}

// ending: what is owed up to the end of a log, and what no more.
func ending() Chain {
	c := newChain("The end of a log: what fell due by then is owed, what would fall due later is not.", "2026-01-05T09:00:00Z", charter("quarter", "month"))
	a, l, h := keysOf(1, "ed/acme").withSlot("ed/acme/slot"), keysOf(1, "ed/lantern"), keysOf(1, "ed/harbour")
	c.admitted(acme, "signatory", a)
	c.admitted(lantern, "challenger", l)
	c.admitted(harbour, "challenger", h)
	c.say(pledge(acme, "report"))
	c.say(st{by: "secretariat", kind: "amend", body: `{"ends":{},"from":"2026-05-01T00:00:00Z"}`, find: []Found{operator("log-end-announced")}})
	request := func(as string) st {
		return st{by: acme, kind: "request", as: as, text: as, body: `{"received":"withheld"}`}
	}
	challenge := func(by, as string) st {
		return st{by: by, kind: "challenge", as: as, text: as, body: `{"against":"` + acme + `"}`}
	}
	c.clock("2026-03-02T00:00:00Z")
	s := request("r1")
	s.find, s.why = overdue, "60 days later the log ends"
	c.say(s)
	c.clock("2026-03-02T00:00:01Z")
	c.say(request("r2"))
	c.clock("2026-04-01T00:00:00Z")
	s = challenge(lantern, "c1")
	s.why = "30 days later the log ends"
	c.say(s)
	c.clock("2026-04-01T00:00:01Z")
	c.say(challenge(harbour, "c2"))
	c.clock("2026-04-30T23:00:00Z")
	in := map[string]string{acme: "in-standing", lantern: "in-standing", harbour: "in-standing"}
	s = c.directory(in, nil)
	s.why = "late: it was due in January"
	c.say(s)
	c.clock("2026-05-01T00:00:00Z")
	c.say(st{by: "operator", kind: "erasure", body: `{"basis":"notice","date":"2026-05-01","digest":"$digest(r1)","entry":"$entry(r1)","reference":"1"}`, find: []Found{operator("body-erased")}, why: "no directory is owed for what comes after the end"})
	c.try("directory-after-the-end", "", "open, erasure and directory", c.directory(in, nil))
	c1 := Challenge{Index: *c.index("c1"), By: lantern, Against: acme, Due: "2026-05-01T00:00:00Z", Open: true}
	c2 := Challenge{Index: *c.index("c2"), By: harbour, Against: acme, Due: "2026-05-01T00:00:01Z", Open: true}
	return c.end("2026-05-10T00:00:00Z", []Found{
		{Code: "attestation-missed", Author: acme, Period: "2026-Q1"},
		{Code: "decision-outstanding", Author: acme, Index: c.index("r1")},
		{Code: "reply-overdue", Author: acme, Index: c.index("c1")},
		{Code: "slot-missed", Author: acme, Period: "2026-02"},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 3, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 2, Outcomes: map[string]int{"pending": 2}, SlotsOwed: 3, SlotsMissed: []string{"2026-02", "2026-03", "2026-04"}, Challenges: []Challenge{c1, c2}, Periods: []Period{
			{Period: "2026-Q1", State: "missed", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 2}},
		}},
		Status{Author: lantern, Standing: "in-standing", Seq: 1, Keys: c.setDigest(l), Challenges: []Challenge{c1}},
		Status{Author: harbour, Standing: "in-standing", Seq: 1, Keys: c.setDigest(h), Challenges: []Challenge{c2}},
	)
}
