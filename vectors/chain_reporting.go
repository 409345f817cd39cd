package vectors

// reporting: what is owed each quarter, and what three companies make of it.
func reporting() Chain {
	c := newChain("Accounts of quarters: on time, late, missing; numbers that differ; requests logged late or without an answer. The charter gives 30 days after a quarter, 45 to log a request, 60 to answer.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b, q := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle"), keysOf(1, "ed/quill")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.admitted(quill, "signatory", q, "us-nsl")
	c.clock("2026-01-06")
	c.say(pledge(acme, "no-attack-help", "report"))
	c.say(pledge(brindle, "no-attack-help", "report"))
	c.say(pledge(quill, "report"))
	c.clock("2026-02-10")
	c.say(st{by: acme, kind: "request", as: "a1", text: "a1", body: `{"received":"2026-Q1"}`, find: overdue})
	c.clock("2026-04-10")
	c.say(labelled("aQ1", attestation(acme, "2026-Q1", `{"outcomes":{"pending":1},"total":1}`, `1`)))
	// On time exactly when now is before the deadline.
	c.when("2026-04-30T23:59:59Z", func() {
		c.try("a-second-before-the-deadline", "", "in time", attestation(brindle, "2026-Q1", `{"total":0}`, `0`))
	})
	c.clock("2026-05-01T00:00:00Z")
	c.say(st{by: brindle, kind: "attestation", as: "bQ1", why: "at the deadline: late", body: `{"clauses":["no-attack-help","report"],"covers":"disclosable","lateReason":"illness","logged":{"total":0},"period":"2026-Q1","received":{"total":0}}`})
	c.clock("2026-05-15T23:59:59Z")
	c.say(st{by: brindle, kind: "request", as: "b1", text: "b1", why: "a second before 45 days after the quarter: in time", body: `{"received":"2026-Q1"}`})
	c.clock("2026-05-16T00:00:00Z")
	c.say(st{by: quill, kind: "request", as: "q1", text: "q1", why: "45 days after the quarter", body: `{"received":"2026-Q1"}`, find: []Found{author(quill, "filed-late")}})
	c.clock("2026-05-20")
	c.say(st{by: acme, kind: "request", as: "a2", text: "a2", body: `{"received":"2026-Q1"}`, find: []Found{author(acme, "filed-late")}})
	c.say(st{by: acme, kind: "request", as: "a3", text: "a3", why: "the period is not told: nothing is late", body: `{"received":"withheld"}`})
	c.clock("2026-06-01")
	c.say(st{by: brindle, kind: "decision", why: "still pending, by its own word", body: `{"date":"2026-06-01","outcome":"pending","request":"$entry(b1)"}`})
	c.say(st{by: quill, kind: "decision", text: "q1 decided", review: "2026-12-01", why: "what was answered is not told: nothing is outstanding", body: `{"request":"$entry(q1)"}`})
	c.say(st{by: acme, kind: "decision", as: "a3 decided", body: `{"date":"2026-06-01","outcome":"narrowed","request":"$entry(a3)"}`})
	c.try("decision-of-another", "reference-unknown", "a request of its own", st{by: acme, kind: "decision", body: `{"date":"2026-06-01","outcome":"refused","request":"$entry(b1)"}`})
	c.clock("2026-06-30T23:59:59Z")
	c.say(st{by: acme, kind: "decision", why: "the last second of the quarter", body: `{"date":"2026-06-30","outcome":"partly-complied","request":"$entry(a3)"}`})
	c.clock("2026-07-01T00:00:00Z")
	c.say(st{by: acme, kind: "decision", why: "the first second of the next", body: `{"date":"2026-06-30","outcome":"complied","request":"$entry(a3)"}`})
	c.clock("2026-07-05")
	c.say(st{by: quill, kind: "attestation", as: "qQ2", why: "no number is not 0", body: `{"clauses":["report"],"covers":"all","logged":{"outcomes":{"pending":1},"total":1},"period":"2026-Q2","received":{"total":"cannot-say"}}`})
	c.clock("2026-07-30T23:59:59Z")
	c.say(st{by: brindle, kind: "attestation", as: "bQ2", why: "one request was logged, and a clause is left out", body: `{"clauses":["report"],"covers":"all","logged":{"total":0},"period":"2026-Q2","received":{"total":{"max":249,"min":0}}}`,
		find: []Found{author(brindle, "clause-dropped", "2026-Q2"), author(brindle, "logged-differs", "2026-Q2")}})
	c.clock("2026-08-02")
	c.say(st{by: brindle, kind: "attestation", as: "bQ2 again", why: "a second one counts only with its correct", body: `{"clauses":["no-attack-help","report"],"covers":"all","logged":{"outcomes":{"pending":1},"total":1},"period":"2026-Q2","received":{"total":1}}`,
		find: []Found{author(brindle, "attestation-repeated", "2026-Q2")}})

	return c.end("2026-08-15T00:00:00Z", []Found{
		{Code: "attestation-late", Author: brindle, Index: c.index("bQ1"), Period: "2026-Q1"},
		{Code: "attestation-missed", Author: acme, Period: "2026-Q2"},
		{Code: "contradicted", Author: acme, Index: c.index("aQ1"), Period: "2026-Q1"},
		{Code: "decision-outstanding", Author: acme, Index: c.index("a1")},
		{Code: "decision-outstanding", Author: acme, Index: c.index("a2")},
		{Code: "decision-outstanding", Author: brindle, Index: c.index("b1")},
		{Code: "disclosed-later", Author: brindle, Index: c.index("bQ1"), Period: "2026-Q1"},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 8, Keys: c.setDigest(a), Pledged: []string{"no-attack-help", "report"}, Requests: 3, Outcomes: map[string]int{"pending": 2, "complied": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("aQ1"), Content: c.index("aQ1"), Logged: map[string]int{"pending": 1}, Received: 2},
			{Period: "2026-Q2", State: "missed", Deadline: "2026-07-31T00:00:00Z", Logged: map[string]int{"pending": 1, "partly-complied": 1}},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z"},
		}},
		Status{Author: brindle, Standing: "in-standing", Seq: 6, Keys: c.setDigest(b), Pledged: []string{"no-attack-help", "report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "late", Deadline: "2026-05-01T00:00:00Z", First: c.index("bQ1"), Content: c.index("bQ1"), Received: 1},
			{Period: "2026-Q2", State: "on-time", Deadline: "2026-07-31T00:00:00Z", First: c.index("bQ2"), Content: c.index("bQ2"), Logged: map[string]int{"pending": 1}},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z"},
		}},
		Status{Author: quill, Standing: "in-standing", Seq: 4, Keys: c.setDigest(q), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Withheld: 1, Periods: []Period{
			{Period: "2026-Q1", State: "carved-out", Deadline: "2026-05-01T00:00:00Z", Received: 1},
			{Period: "2026-Q2", State: "on-time", Deadline: "2026-07-31T00:00:00Z", First: c.index("qQ2"), Content: c.index("qQ2"), Logged: map[string]int{"pending": 1}},
			{Period: "2026-Q3", State: "due", Deadline: "2026-10-31T00:00:00Z"},
		}},
	)
}

// corrections: what is taken back, and what is put in the place of something else.
func corrections() Chain {
	c := newChain("Corrections: void, and superseded by a later statement of the same kind. The earlier one fixes the time, the later one the content.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	request := func(by, as, received string, more ...Found) st {
		return st{by: by, kind: "request", as: as, text: as, body: `{"received":"` + received + `"}`, find: more}
	}
	decision := func(as, of, outcome string) st {
		return st{by: acme, kind: "decision", as: as, body: `{"date":"2026-02-11","outcome":"` + outcome + `","request":"$entry(` + of + `)"}`}
	}
	void := func(by, of string) st {
		return st{by: by, kind: "correct", body: `{"entry":"$entry(` + of + `)","how":"void"}`, find: []Found{author(by, "corrected")}}
	}
	instead := func(by, of, later string) st {
		return st{by: by, kind: "correct", body: `{"by":"$entry(` + later + `)","entry":"$entry(` + of + `)","how":"superseded"}`, find: []Found{author(by, "corrected")}}
	}
	c.clock("2026-02-10")
	c.say(request(acme, "r1", "2026-Q1", overdue...))
	c.say(request(acme, "r2", "2026-Q1"))
	c.say(request(acme, "r3", "2026-Q1"))
	c.say(request(brindle, "b1", "2026-Q1"))
	c.say(decision("d1", "r1", "refused"))
	c.try("of-a-pledge", "reference-unknown", "five kinds can be corrected", st{by: acme, kind: "correct", body: `{"entry":"$entry(charter)","how":"void"}`})
	c.try("of-another", "reference-unknown", "one of its own", void(acme, "b1"))
	c.try("by-another-kind", "reference-unknown", "of the same kind", instead(acme, "r1", "d1"))
	c.try("by-of-another", "reference-unknown", "one of its own", instead(acme, "r1", "b1"))
	c.try("by-an-earlier-one", "correct-conflict", "a later one stands in the place", instead(acme, "r2", "r1"))
	c.say(void(acme, "r2"))
	c.try("twice", "already-corrected", "once each", void(acme, "r2"))
	c.try("twice-superseded", "already-corrected", "once each", instead(acme, "r2", "r3"))
	c.try("by-a-void-one", "correct-conflict", "what stands in a place counts", func() st { s := instead(acme, "r1", "r2"); return s }())
	c.clock("2026-03-10")
	c.say(request(acme, "r1 anew", "2025-Q4", author(acme, "filed-late")))
	c.say(decision("d2", "r1 anew", "challenged"))
	c.try("decision-of-another-request", "correct-conflict", "a decision on the same request", instead(acme, "d1", "d2"))
	c.say(instead(acme, "r1", "r1 anew"))
	c.try("by-is-taken", "correct-conflict", "one statement stands in one place", instead(acme, "r3", "r1 anew"))
	c.try("decision-of-the-same-place", "", "both requests stand in one place now", instead(acme, "d1", "d2"))
	c.say(decision("d3", "r3", "complied"))
	c.say(decision("d4", "r3", "refused"))
	c.say(void(acme, "d4"))
	c.say(decision("d5", "r3", "lapsed"))
	c.say(instead(acme, "d3", "d5"))
	c.try("superseded-then-void", "", "what stands in a place can be corrected itself", void(acme, "d5"))
	c.clock("2026-04-05")
	// Of r1, r2 (void), r3 and r1 anew, which stands in r1's place, two count: r1's
	// place with the last decision on either, and r3 with lapsed in place of complied.
	c.say(st{by: acme, kind: "attestation", as: "q1", body: `{"clauses":["report"],"covers":"all","logged":{"outcomes":{"challenged":1,"lapsed":1},"total":2},"period":"2026-Q1","received":{"total":9}}`})
	c.say(st{by: brindle, kind: "attestation", as: "b q1", body: `{"clauses":["report"],"covers":"all","logged":{"outcomes":{"pending":1},"total":1},"period":"2026-Q1","received":{"total":1}}`})
	c.clock("2026-05-10")
	c.say(st{by: acme, kind: "attestation", as: "q1 anew", why: "after the deadline, and in the place of one in time", body: `{"clauses":["report"],"covers":"all","logged":{"outcomes":{"challenged":1,"lapsed":1},"total":2},"period":"2026-Q1","received":{"total":0}}`, find: []Found{author(acme, "attestation-repeated", "2026-Q1")}})
	c.say(st{by: acme, kind: "attestation", as: "q4", body: `{"clauses":["report"],"covers":"all","logged":{"total":0},"period":"2025-Q4","received":{"total":0}}`})
	c.try("attestation-of-another-period", "correct-conflict", "for the same period", instead(acme, "q1", "q4"))
	s := instead(acme, "q1", "q1 anew")
	s.find = []Found{author(acme, "corrected", "2026-Q1")}
	c.say(s)
	s = void(brindle, "b q1")
	s.find = []Found{author(brindle, "corrected", "2026-Q1")}
	c.say(s)
	// Of the requests that count, one says 2026-Q1 (r3) and one says 2025-Q4 now. That
	// quarter was before the pledge: nothing was owed for it.
	return c.end("2026-05-20T00:00:00Z", []Found{
		{Code: "attestation-missed", Author: brindle, Period: "2026-Q1"},
		{Code: "contradicted", Author: acme, Index: c.index("q4"), Period: "2025-Q4"},
		{Code: "contradicted", Author: acme, Index: c.index("q1 anew"), Period: "2026-Q1"},
		{Code: "decision-outstanding", Author: brindle, Index: c.index("b1")},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 18, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 2, Void: 1, Outcomes: map[string]int{"challenged": 1, "lapsed": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("q1"), Content: c.index("q1 anew"), Logged: map[string]int{"challenged": 1, "lapsed": 1}, Received: 1},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
		Status{Author: brindle, Standing: "in-standing", Seq: 4, Keys: c.setDigest(b), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "missed", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 1}, Received: 1},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
	)
}
