package vectors

import "strings"

// claimed: what is attested of outcomes, and what is dated after it was logged.
func claimed() Chain {
	c := newChain("Outcomes that an account of a quarter leaves no room for, numbers that cannot be, and what is dated after the log's time for it.", "2026-01-05T09:00:00Z", charter("quarter", "month"))
	a := keysOf(1, "ed/acme").withSlot("ed/acme/slot")
	c.admitted(acme, "signatory", a)
	c.clock("2026-01-06")
	c.say(pledge(acme, "report"))
	c.clock("2026-01-20")
	c.say(st{by: acme, kind: "slot", as: "slot", signers: []string{"ed/acme/slot"}, body: `{"digests":["` + strings.Join(places("slot", []string{"s1"}), `","`) + `"],"period":"2026-01"}`, find: overdue})

	request := func(as, received string, find ...Found) st {
		return st{by: acme, kind: "request", as: as, text: as, body: `{"received":"` + received + `"}`, find: find}
	}
	decision := func(of, date, outcome string, find ...Found) st {
		return st{by: acme, kind: "decision", body: `{"date":"` + date + `","outcome":"` + outcome + `","request":"$entry(` + of + `)"}`, find: find}
	}
	c.clock("2026-02-10")
	c.say(request("r1", "2026-Q1"))
	tomorrow := decision("r1", "2026-02-11", "complied")
	tomorrow.why = "tomorrow has begun somewhere"
	c.say(tomorrow)
	c.say(request("r2", "2026-Q1"))
	c.say(decision("r2", "2026-02-10", "refused"))
	ahead := request("r3", "2026-Q2", author(acme, "received-after-logged"))
	ahead.why = "the quarter begins in April"
	c.say(ahead)
	later := decision("r3", "2026-02-12", "refused", author(acme, "date-after-logged"))
	later.why = "the day after tomorrow has begun nowhere"
	c.say(later)
	c.say(st{by: "operator", kind: "erasure", body: `{"basis":"notice","date":"2026-02-12","digest":"$digest(r1)","entry":"$entry(r1)","reference":"1"}`, find: []Found{operator("body-erased"), operator("erasure-date-after-logged")}})

	attest := func(as, period, covers, logged, received, why string, find ...Found) st {
		return st{by: acme, kind: "attestation", as: as, why: why, find: find,
			body: `{"clauses":["report"],"covers":"` + covers + `","logged":` + logged + `,"period":"` + period + `","received":` + received + `}`}
	}
	c.clock("2026-04-10")
	c.say(attest("aQ1", "2026-Q1", "all", `{"outcomes":{"complied":1,"refused":2},"total":3}`, `{"outcomes":{"refused":2},"total":2}`, "it says that it refused both; of one it had said that it complied"))
	c.clock("2026-04-20")
	c.say(st{by: acme, kind: "request", as: "s1", text: "s1", why: "the slot was logged before that quarter: the finding is on the slot",
		body: `{"disclosure":"` + placeOf(saltOf("slot"+"s1"), `"`+digestOf("s1")+`"`) + `","received":"2026-Q2","slot":"$entry(slot)"}`,
		find: []Found{{Code: "slot-before-received", Concerns: "author", Author: acme, Index: c.index("slot")}}})
	c.clock("2026-07-10")
	c.say(attest("aQ2", "2026-Q2", "disclosable", `{"outcomes":{"pending":1},"total":1}`, `{"outcomes":{"refused":0},"total":2}`, "one of that quarter was refused, by its own word"))
	c.clock("2026-10-10")
	c.say(attest("aQ3", "2026-Q3", "all", `{"total":0}`, `{"outcomes":{"refused":7},"total":1}`, "seven of one", author(acme, "claims-cannot-be", "2026-Q3")))

	return c.end("2026-10-15T00:00:00Z", []Found{
		{Code: "decision-outstanding", Author: acme, Index: c.index("s1")},
		{Code: "outcomes-differ", Author: acme, Index: c.index("aQ1"), Period: "2026-Q1"},
		{Code: "outcomes-differ-disclosable", Author: acme, Index: c.index("aQ2"), Period: "2026-Q2"},
		{Code: "slot-missed", Author: acme, Period: "2026-02"},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 11, SlotSeq: 1, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 4, Outcomes: map[string]int{"complied": 1, "refused": 2, "pending": 1},
			SlotsOwed: 8, SlotsMissed: []string{"2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09"}, Periods: []Period{
				{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("aQ1"), Content: c.index("aQ1"), Logged: map[string]int{"complied": 1, "refused": 2}, Received: 2},
				{Period: "2026-Q2", State: "on-time", Deadline: "2026-07-31T00:00:00Z", First: c.index("aQ2"), Content: c.index("aQ2"), Logged: map[string]int{"pending": 1}, Received: 2},
				{Period: "2026-Q3", State: "on-time", Deadline: "2026-10-31T00:00:00Z", First: c.index("aQ3"), Content: c.index("aQ3")},
				{Period: "2026-Q4", State: "due", Deadline: "2027-01-31T00:00:00Z"},
			}},
	)
}
