package vectors

import (
	"fmt"
	"strings"
)

// firstSteps: an accord begins; and what may not be in such a log.
func firstSteps() Chain {
	first := charter("quarter", "none")
	c := newChain("An accord begins: a charter, admissions, a pledge, a request, its answer, an account of the quarter. And what may not be logged there.", "2026-01-05T09:00:00Z", first)
	c.beforeTheCharter(first)
	c.later()

	c.try("charter-second", "charter-misplaced", "a charter stands at index 0 only", charter("half-year", "none"))
	c.enter("stranger", keysOf(1, "ed/stranger"))
	c.try("author-unknown", "author-unknown", "nobody admitted it", pledge("stranger", "report"))
	c.try("other-log", "origin-mismatch", "signed for another log", st{by: "secretariat", kind: "admit", log: "log.other.example", body: admit("new", acme, "signatory", keysOf(1, "ed/acme")).body, also: []string{"ed/acme"}})
	c.try("secretariat-requests", "kind-not-allowed", "requests are a signatory's", st{by: "secretariat", kind: "request", text: "x", body: `{"received":"2026-Q1"}`})
	c.try("operator-pledges", "kind-not-allowed", "a pledge is a signatory's", pledge("operator", "report"))
	c.try("secretariat-erases", "kind-not-allowed", "an erasure is the operator's", st{by: "secretariat", kind: "erasure", body: `{"basis":"notice","date":"2026-01-05","digest":"$digest(x)","entry":"$entry(charter)","reference":"1"}`})
	c.try("secretariat-withdraws", "kind-not-allowed", "who is admitted withdraws", st{by: "secretariat", kind: "withdraw", body: `{}`})
	one := keysOf(1, "ed/acme")
	a := admit("new", acme, "signatory", one)
	with := func(f func(*st)) st {
		s := a
		f(&s)
		return s
	}
	c.try("admit-new-key-missing", "signatures-too-few", "every admitted key signs", with(func(s *st) { s.also = nil }))
	c.try("admit-threshold-short", "signatures-too-few", "the secretariat's threshold signs", with(func(s *st) { s.signers = []string{"ed/sec3"} }))
	c.try("admit-third-of-three", "", "any two of the three", with(func(s *st) { s.signers = []string{"p256/sec2", "ed/sec3"} }))
	c.try("admit-all-three", "", "more than the threshold", with(func(s *st) { s.signers = []string{"ed/sec1", "p256/sec2", "ed/sec3"} }))
	c.try("admit-by-recovery", "signature-not-called-for", "recovery replaces secretariat keys and does nothing else", with(func(s *st) { s.signers = []string{"ed/rec1", "ed/rec2"} }))
	c.try("admit-stranger-signs-too", "signature-not-called-for", "a signature that is not called for", with(func(s *st) { s.also = []string{"ed/acme", "ed/stranger"} }))
	c.try("admit-signature-fails", "signature-invalid", "a signature that fails", with(func(s *st) { s.wrong = []string{"p256/sec2"} }))
	c.try("admit-new-signature-fails", "signature-invalid", "a signature that fails", with(func(s *st) { s.wrong = []string{"ed/acme"} }))
	c.try("admit-with-secretariat-key", "key-taken", "a key belongs to one author for ever", admit("new", acme, "signatory", keysOf(1, "ed/sec3")))
	c.try("admit-with-recovery-key", "key-taken", "a key belongs to one author for ever", admit("new", acme, "signatory", keysOf(1, "ed/rec1")))
	c.try("admit-with-operator-key", "key-taken", "a key belongs to one author for ever", admit("new", acme, "signatory", keysOf(1, "ed/op")))
	c.try("admit-rekey-unknown", "author-unknown", "it was never admitted", admit("rekey", acme, "signatory", one))
	c.try("admit-readmit-unknown", "author-unknown", "it was never admitted", admit("readmit", acme, "signatory", one))
	c.try("standing-unknown", "author-unknown", "it was never admitted", st{by: "secretariat", kind: "standing", body: `{"reason":"ceased","standing":"suspended","who":"` + acme + `"}`})
	c.try("standing-of-operator", "author-unknown", "the reserved authors have no standing", st{by: "secretariat", kind: "standing", body: `{"reason":"ceased","standing":"removed","who":"operator"}`})
	c.try("succeed-unknown", "author-unknown", "two admitted signatories", st{by: "secretariat", kind: "succeed", body: `{"from":"` + acme + `","to":"` + brindle + `"}`})
	c.try("statement-malformed", "member-unknown", "what can be said without the log is said first", with(func(s *st) { s.body = replace(s.body, `"mode"`, `"mood"`) }))
	c.try("seq-gap", "seq-gap", "one after the other", with(func(s *st) { s.seq = 3 }))
	c.try("seq-taken", "seq-taken", "another statement has this seq", with(func(s *st) { s.seq = 1 }))
	c.try("prev-mismatch", "prev-mismatch", "prev is the head", with(func(s *st) { s.prev = "nothing" }))

	c.admitted(acme, "signatory", one)
	c.later()
	c.admitted(lantern, "challenger", keysOf(1, "ed/lantern"))
	c.clock("2026-01-06T09:00:00Z")
	c.try("author-taken", "author-taken", "admitted already", admit("new", acme, "signatory", keysOf(1, "ed/acme9")))
	c.try("admit-with-author-key", "key-taken", "a key belongs to one author for ever", admit("new", brindle, "signatory", one))
	c.try("admit-rekey-role", "role-differs", "in the role that it had", admit("rekey", acme, "challenger", keysOf(1, "ed/acme9")))
	c.try("admit-readmit-in-standing", "standing-conflict", "it has not left", admit("readmit", acme, "signatory", one))
	c.try("pledge-first", "pledge-first", "a signatory's first statement is a pledge", st{by: acme, kind: "request", text: "x", body: `{"received":"2026-Q1"}`})
	c.try("pledge-first-withdraw", "pledge-first", "a signatory's first statement is a pledge", st{by: acme, kind: "withdraw", body: `{}`})
	c.try("pledge-clause", "clause-unknown", "clauses of the charter", pledge(acme, "no-attack-help", "world-peace"))
	c.try("pledge-other-document", "reference-unknown", "the charter, or an amend of its clauses", st{by: acme, kind: "pledge", body: `{"charter":"$entry(new ` + acme + `)","clauses":["report"]}`})
	c.try("pledge-by-another-key", "signature-not-called-for", "the author's own keys", st{by: acme, kind: "pledge", body: pledge(acme, "report").body, signers: []string{"ed/lantern"}})
	c.try("pledge-signature-fails", "signature-invalid", "a signature that fails", st{by: acme, kind: "pledge", body: pledge(acme, "report").body, wrong: []string{"ed/acme"}})
	c.try("pledge-seq-2", "seq-gap", "seq begins with 1", st{by: acme, kind: "pledge", seq: 2, body: pledge(acme, "report").body})
	c.try("challenger-pledges", "kind-not-allowed", "a pledge is a signatory's", pledge(lantern, "report"))
	c.try("challenger-slots", "kind-not-allowed", "a slot is a signatory's", st{by: lantern, kind: "slot", signers: []string{"ed/lantern"}, body: `{"digests":[$digests64],"period":"2026-01"}`})
	c.try("signatory-admits", "kind-not-allowed", "the secretariat admits", st{by: acme, kind: "admit", body: a.body})
	c.try("signatory-challenges", "kind-not-allowed", "a challenge is a challenger's", st{by: acme, kind: "challenge", text: "x", body: `{"against":"` + acme + `"}`})
	c.try("signatory-lists", "kind-not-allowed", "a directory is the operator's", st{by: acme, kind: "directory", body: `{"root":"$digest(x)","size":3}`})
	c.try("slot-by-statement-key", "signature-not-called-for", "a key for statements signs no slot", st{by: acme, kind: "slot", signers: []string{"ed/acme"}, body: `{"digests":[$digests64],"period":"2026-01"}`})
	// A pledge of so many clauses that its leaf has 32,765 bytes, and of one letter
	// more: base64 goes in steps of four.
	var many []string
	for i := range 560 {
		many = append(many, fmt.Sprintf("clause-%04d-of-a-charter-that-is-so-long", i))
	}
	for letters := 1; ; letters++ {
		p := pledge(acme, append([]string{strings.Repeat("a", letters)}, many...)...)
		if leaf, _, _ := c.leaf(p); len(leaf) <= 32768 {
			continue
		}
		c.try("large", "clause-unknown", "a pledge's leaf has at most 32 KiB, as this one", pledge(acme, append([]string{strings.Repeat("a", letters-1)}, many...)...))
		c.try("too-large", "leaf-too-large", "a pledge's leaf has at most 32 KiB", p)
		break
	}

	c.say(pledge(acme, "no-attack-help", "report"))
	c.later()
	c.try("request-half-year", "period-of-another-kind", "the charter has quarters", st{by: acme, kind: "request", text: "x", body: `{"received":"2026-H1"}`})
	c.try("decision-without-request", "reference-unknown", "a request of its own", st{by: acme, kind: "decision", body: `{"date":"2026-01-06","outcome":"refused","request":"$id(nothing)"}`})
	c.try("decision-of-a-pledge", "reference-unknown", "a request", st{by: acme, kind: "decision", body: `{"date":"2026-01-06","outcome":"refused","request":"$entry(charter)"}`})

	c.clock("2026-02-10")
	c.say(st{by: acme, kind: "request", as: "first request", text: "first request", body: `{"received":"2026-Q1"}`, find: overdue})
	c.later()
	c.try("digest-reused", "digest-reused", "an author uses a digest once", st{by: acme, kind: "request", text: "first request", body: `{"received":"withheld"}`})
	c.try("digest-reused-by-decision", "digest-reused", "an author uses a digest once, whatever the kind", st{by: acme, kind: "decision", text: "first request", body: `{"date":"2026-02-11","outcome":"refused","request":"$entry(first request)"}`})
	c.try("digest-of-another", "", "another author may have the same: its case is one more text", st{by: lantern, kind: "challenge", text: "first request", body: `{"against":"` + acme + `"}`})
	c.try("attestation-running", "attestation-early", "the period runs", attestation(acme, "2026-Q1", `{"outcomes":{"pending":1},"total":1}`, `1`))
	c.try("attestation-kind", "period-of-another-kind", "the charter has quarters", attestation(acme, "2025-H2", `{"total":0}`, `0`))
	c.try("attestation-clause", "clause-unknown", "clauses of the charter", st{by: acme, kind: "attestation", body: `{"clauses":["world-peace"],"covers":"all","logged":{"total":0},"period":"2025-Q4","received":{"total":0}}`})
	c.clock("2026-02-20")
	c.say(st{by: acme, kind: "decision", text: "first decision", body: `{"date":"2026-02-19","grounds":["pledge"],"outcome":"refused","request":"$entry(first request)","scope":"in"}`})
	c.clock("2026-03-30")
	c.say(st{by: acme, kind: "request", as: "second request", text: "second request", body: `{"received":"2026-Q1"}`})
	c.when("2026-03-31T23:59:59Z", func() {
		c.try("attestation-a-second-early", "attestation-early", "the boundary second belongs to the later period", attestation(acme, "2026-Q1", `{"outcomes":{"pending":1,"refused":1},"total":2}`, `2`))
	})
	c.when("2026-04-01T00:00:00Z", func() {
		c.try("attestation-at-once", "", "the period has ended", attestation(acme, "2026-Q1", `{"outcomes":{"pending":1,"refused":1},"total":2}`, `2`))
	})
	c.clock("2026-04-10")
	c.say(labelled("Q1", attestation(acme, "2026-Q1", `{"outcomes":{"pending":1,"refused":1},"total":2}`, `2`)))
	c.clock("2026-04-20")
	c.say(st{by: acme, kind: "decision", body: `{"date":"2026-04-20","outcome":"challenged","request":"$entry(second request)"}`, why: "a decision needs no body"})

	return c.end("2026-05-01T00:00:00Z", nil,
		Status{Author: acme, Standing: "in-standing", Seq: 6, Keys: c.setDigest(one), Pledged: []string{"no-attack-help", "report"}, Requests: 2, Outcomes: map[string]int{"refused": 1, "challenged": 1}, Periods: []Period{
			{Period: "2026-Q1", State: "on-time", Deadline: "2026-05-01T00:00:00Z", First: c.index("Q1"), Content: c.index("Q1"), Logged: map[string]int{"pending": 1, "refused": 1}, Received: 2},
			{Period: "2026-Q2", State: "due", Deadline: "2026-07-31T00:00:00Z"},
		}},
		Status{Author: lantern, Standing: "in-standing", Keys: c.setDigest(keysOf(1, "ed/lantern"))},
	)
}

// attestation is one that covers all and affirms both clauses.
func attestation(by, period, logged, received string) st {
	return st{by: by, kind: "attestation", body: `{"clauses":["no-attack-help","report"],"covers":"all","logged":` + logged + `,"period":"` + period + `","received":{"total":` + received + `}}`}
}

// labelled is a statement with a label.
func labelled(label string, s st) st {
	s.as = label
	return s
}

// beforeTheCharter tries what could stand at index 0.
func (c *chain) beforeTheCharter(first st) {
	secretariat := *c.voices["secretariat"]
	c.voices["secretariat"] = &voice{id: "secretariat", set: secretariat.set}
	from := len(c.out.Cases)
	with := func(f func(*st)) st {
		s := first
		f(&s)
		return s
	}
	c.try("first-no-charter", "charter-missing", "index 0 is a charter", admit("new", acme, "signatory", keysOf(1, "ed/acme")))
	c.try("charter-other-log", "origin-mismatch", "signed for another log", with(func(s *st) {
		s.log = "log.other.example/vectors"
		s.body = replace(s.body, `["$vkey"]`, `["log.other.example/vectors+00000000+x"]`)
	}))
	c.try("charter-seq-2", "seq-gap", "a charter's seq is 1", with(func(s *st) { s.seq = 2 }))
	for _, key := range charterKeys {
		c.try("charter-without-"+strings.ReplaceAll(key, "/", "-"), "signatures-too-few", "every key in it signs", with(func(s *st) { s.signers = without(charterKeys, key) }))
	}
	c.try("charter-stranger-signs", "signature-not-called-for", "a key that is not in it", with(func(s *st) { s.also = []string{"ed/stranger"} }))
	c.try("charter-signature-fails", "signature-invalid", "a signature that fails", with(func(s *st) { s.wrong = []string{"ed/rec2"} }))
	c.try("charter-with-log-key", "key-taken", "no key of the charter signs checkpoints", with(func(s *st) { s.body = replace(s.body, `["$vkey"]`, `["$vkey","$vkeyof(ed/op)"]`) }))
	for i := range c.out.Cases[from:] {
		c.out.Cases[from+i].After = 0
	}
	c.voices["secretariat"] = &secretariat
}

func without(list []string, one string) []string {
	var rest []string
	for _, s := range list {
		if s != one {
			rest = append(rest, s)
		}
	}
	return rest
}
