package vectors

// rotations: an author changes its own keys.
func rotations() Chain {
	c := newChain("Keys: a threshold over three algorithms, a rotation, a compromise with doubtful entries, the secretariat's own keys.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	three := keysOf(2, "ed/acme", "p256/acme", "ml/acme").withSlot("ed/acme/slot")
	b := keysOf(1, "ed/brindle")
	c.admitted(acme, "signatory", three)
	c.admitted(brindle, "signatory", b)
	c.later()
	request := func(as string, signers ...string) st {
		return st{by: acme, kind: "request", text: as, as: as, body: `{"received":"withheld"}`, signers: signers}
	}
	p := pledge(acme, "report")
	p.signers = []string{"p256/acme", "ml/acme"}
	c.try("one-of-two", "signatures-too-few", "two of three sign", st{by: acme, kind: "pledge", body: p.body, signers: []string{"ml/acme"}})
	c.try("slot-key-for-a-statement", "signature-not-called-for", "a slot key signs slots alone", st{by: acme, kind: "pledge", body: p.body, signers: []string{"ed/acme", "ed/acme/slot"}})
	c.try("all-three", "", "more than the threshold", st{by: acme, kind: "pledge", body: p.body, signers: []string{"ed/acme", "p256/acme", "ml/acme"}})
	c.try("one-of-two-fails", "signature-invalid", "a signature that fails, although the others would do", st{by: acme, kind: "pledge", body: p.body, signers: []string{"ed/acme", "p256/acme", "ml/acme"}, wrong: []string{"ml/acme"}})
	c.say(p)
	c.say(pledge(brindle, "report"))
	c.later()
	c.say(request("r1", "ed/acme", "p256/acme"))

	two := keysOf(1, "ed/acme2", "p256/acme")
	rotate := func(set keyset, signers ...string) st {
		return st{by: acme, kind: "keys", body: `{` + set.json()[:len(set.json())-len(`,"threshold":1`)] + `,"reason":"rotation","threshold":1}`, signers: signers, brings: &set}
	}
	c.try("new-key-missing", "signatures-too-few", "every key of the new set signs", rotate(two, "ed/acme", "p256/acme"))
	c.try("old-threshold-missing", "signatures-too-few", "the old threshold signs; a key in both sets counts for both", rotate(two, "ed/acme2", "p256/acme"))
	c.try("key-of-another", "key-taken", "a key belongs to one author for ever", rotate(keysOf(1, "ed/brindle"), "ed/acme", "p256/acme", "ed/brindle"))
	c.try("key-of-the-secretariat", "key-taken", "a key belongs to one author for ever", rotate(keysOf(1, "ed/sec3"), "ed/acme", "p256/acme", "ed/sec3"))
	c.try("stranger-signs", "signature-not-called-for", "a signature that is not called for", rotate(two, "ed/acme", "p256/acme", "ed/acme2", "ed/stranger"))
	c.say(rotate(two, "ed/acme", "p256/acme", "ed/acme2"))
	c.later()
	c.try("old-key", "signature-not-called-for", "the new set is in force from the next index on", request("x", "ed/acme", "p256/acme"))
	c.try("slot-key-gone", "signature-not-called-for", "the whole set was replaced", request("x", "ed/acme/slot"))
	c.say(request("r2", "ed/acme2"))
	c.try("old-key-of-acme-by-brindle", "key-taken", "a key belongs to one author for ever, when it is out of use too", st{by: brindle, kind: "keys", body: `{"keys":[$key(ed/acme)],"reason":"rotation","threshold":1}`, also: []string{"ed/acme"}})
	c.clock("2026-01-20")
	back := keysOf(1, "ed/acme")
	compromise := func(doubtful string) st {
		return st{by: acme, kind: "keys", body: `{"doubtful":"$entry(` + doubtful + `)","keys":[$key(ed/acme)],"reason":"compromise","threshold":1}`, signers: []string{"ed/acme2", "ed/acme"}, brings: &back, find: overdueAnd(author(acme, "keys-compromised"))}
	}
	c.try("doubtful-of-another", "reference-unknown", "an own statement", compromise("new "+acme))
	c.try("doubtful-unknown", "reference-unknown", "an own statement", compromise("nothing"))
	c.say(compromise("r2"))
	from, to := *c.index("r2"), len(c.out.Leaves)-2

	// The secretariat's keys, by its own word.
	c.later()
	sec := keysOf(2, "ed/sec1", "ml/sec4")
	c.try("secretariat-with-recovery-key", "key-taken", "a key belongs to one party for ever", st{by: "secretariat", kind: "keys", body: `{"keys":[$key(ed/sec1),$key(ed/rec1)],"reason":"rotation","threshold":2}`, also: []string{"ed/rec1"}})
	c.try("operator-keys", "member-malformed", "the operator's keys are the secretariat's to change", st{by: "operator", kind: "keys", body: `{"keys":[$key(ed/op2)],"reason":"rotation","threshold":1}`, also: []string{"ed/op2"}})
	c.say(st{by: "secretariat", kind: "keys", body: `{"keys":[$key(ed/sec1),$key(ml/sec4)],"reason":"rotation","threshold":2}`, also: []string{"ml/sec4"}, brings: &sec})
	c.try("admitted-by-old-keys", "signature-not-called-for", "the new set is in force", st{by: "secretariat", kind: "admit", body: admit("new", quill, "signatory", keysOf(1, "ed/quill")).body, signers: []string{"ed/sec1", "p256/sec2", "ed/quill"}})
	c.admitted(quill, "signatory", keysOf(1, "ed/quill"))
	return c.end("2026-01-25T00:00:00Z", nil,
		Status{Author: acme, Standing: "in-standing", Seq: 5, Keys: c.setDigest(back), Doubtful: [][2]int{{from, to}}, Pledged: []string{"report"}, Requests: 2, Outcomes: map[string]int{"pending": 2}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 2}}}},
		Status{Author: brindle, Standing: "in-standing", Seq: 1, Keys: c.setDigest(b), Pledged: []string{"report"}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z"}}},
		Status{Author: quill, Standing: "in-standing", Keys: c.setDigest(keysOf(1, "ed/quill")), Periods: []Period{{Period: "2026-Q1", State: "not-yet-due", Deadline: "2026-05-01T00:00:00Z"}}},
	)
}

// rekeys: the secretariat gives keys of last resort.
func rekeys() Chain {
	c := newChain("Keys of last resort: in force 14 days after, cancelled by the old keys' word, not while the author is suspended, labelled until the old ones confirm.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b, q := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle"), keysOf(2, "ed/quill", "p256/quill")
	a2, b2, b3, q2 := keysOf(1, "p256/acme2"), keysOf(1, "ed/brindle2"), keysOf(1, "ed/brindle3"), keysOf(1, "ed/quill2", "ed/quill3")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.admitted(quill, "signatory", q)
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	c.say(pledge(quill, "report"))
	request := func(by, as string, signers ...string) st {
		return st{by: by, kind: "request", text: as, as: as, body: `{"received":"withheld"}`, signers: signers}
	}
	rekey := func(id string, set keyset, find ...Found) st {
		s := admit("rekey", id, "signatory", set)
		s.find = append(find, author(id, "rekey-pending"))
		return s
	}
	c.clock("2026-02-01")
	s := rekey(acme, a2)
	s.also = nil
	c.try("new-key-does-not-sign", "signatures-too-few", "every admitted key signs", s)
	c.try("key-of-another", "key-taken", "a key belongs to one author for ever", rekey(acme, b))
	c.say(rekey(acme, a2, overdue...))
	s = admit("rekey", brindle, "signatory", b2, "us-nsl")
	s.why, s.find = "other carve-outs wait with the keys", []Found{author(brindle, "admission-changed"), author(brindle, "rekey-pending")}
	c.say(s)
	c.say(st{by: "secretariat", kind: "standing", body: `{"reason":"keys-lost","standing":"suspended","who":"` + quill + `"}`})
	c.say(rekey(quill, q2))
	c.later()
	c.try("new-key-at-once", "signature-not-called-for", "the old keys are in force for 14 days", request(acme, "x", "p256/acme2"))
	c.try("old-key-meanwhile", "", "the old keys are in force for 14 days", request(acme, "x", "ed/acme"))
	c.clock("2026-02-06")
	s = request(brindle, "b1", "ed/brindle")
	s.find = []Found{author(brindle, "rekey-cancelled")}
	c.say(s)
	s = request(quill, "q1", "ed/quill", "p256/quill")
	s.why = "it is suspended: its old keys cancel nothing"
	c.say(s)
	c.when("2026-02-15T11:59:59Z", func() {
		c.try("new-key-a-second-early", "signature-not-called-for", "in force from 14 days after on", request(acme, "x", "p256/acme2"))
	})
	c.when("2026-02-15T12:00:00Z", func() {
		c.try("new-key-in-time", "", "in force from 14 days after on", request(acme, "x", "p256/acme2"))
		c.try("old-key-too-late", "signature-not-called-for", "the new keys are in force", request(acme, "x", "ed/acme"))
		c.try("cancelled-key", "signature-not-called-for", "it was cancelled", request(brindle, "x", "ed/brindle2"))
		c.try("old-threshold-gone", "signature-not-called-for", "its suspension kept it from cancelling", request(quill, "x", "ed/quill", "p256/quill"))
		c.try("new-threshold", "", "one of two", request(quill, "x", "ed/quill3"))
	})
	c.clock("2026-02-16")
	c.voices[acme].set, c.voices[quill].set = a2, q2
	c.say(request(acme, "a1"))
	c.try("former-key-signs-too", "signature-not-called-for", "a former key signs keys and nothing else", request(acme, "x", "p256/acme2", "ed/acme"))
	c.try("former-keys-alone", "signatures-too-few", "the threshold in force signs, and every new key", st{by: acme, kind: "keys", body: `{"keys":[$key(p256/acme3)],"reason":"rotation","threshold":1}`, signers: []string{"ed/acme", "p256/acme3"}})

	// The former key confirms: it is one of the new set, and so signs.
	a3 := keysOf(1, "ed/acme", "p256/acme2")
	c.say(st{by: acme, kind: "keys", body: `{"keys":[$key(ed/acme),$key(p256/acme2)],"reason":"rotation","threshold":1}`, also: []string{"ed/acme"}, brings: &a3, why: "confirmed by the former key"})
	// One of two former keys does not.
	q3 := keysOf(1, "ed/quill2")
	c.say(st{by: quill, kind: "keys", body: `{"keys":[$key(ed/quill2)],"reason":"rotation","threshold":1}`, also: []string{"p256/quill"}, brings: &q3, why: "the former threshold was two: this does not confirm"})
	c.say(st{by: "secretariat", kind: "standing", body: `{"reason":"settled","standing":"reinstated","who":"` + quill + `"}`})

	// A second one takes the place of one that waits.
	c.clock("2026-03-01")
	c.say(rekey(brindle, b2))
	c.clock("2026-03-10")
	last := rekey(brindle, b3)
	last.as = "last rekey"
	c.say(last)
	c.clock("2026-03-16")
	c.try("replaced-key", "signature-not-called-for", "another rekey replaced it", request(brindle, "x", "ed/brindle2"))
	c.try("old-key-still", "", "14 days after the last one", request(brindle, "x", "ed/brindle"))
	// 14 days after the last one, and nothing was logged since.
	return c.end("2026-03-24T12:00:00Z", []Found{
		{Code: "rekey-unconfirmed", Author: brindle, Index: c.index("last rekey")},
		{Code: "rekey-unconfirmed", Author: quill, Index: c.index("rekey " + quill)},
	},
		Status{Author: acme, Standing: "in-standing", Seq: 3, Keys: c.setDigest(a3), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 1}}}},
		Status{Author: brindle, Standing: "in-standing", Seq: 2, Keys: c.setDigest(b3), Unconfirmed: c.index("last rekey"), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 1}}}},
		Status{Author: quill, Standing: "in-standing", Seq: 3, Keys: c.setDigest(q3), Unconfirmed: c.index("rekey " + quill), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 1}}}},
	)
}
