package vectors

import (
	"fmt"
	"slices"
	"strings"
)

// requestText is a request's detached body; agency and country are JSON.
func requestText(by, salt, received, agency, country string) string {
	if agency != "" {
		agency = `"agency":` + agency + `,`
	}
	return fmt.Sprintf(`{%s"assist":["backdoor","keys"],"author":"%s","authority":"intelligence","country":%s,"instrument":"informal","kind":"request","log":"$log","narrative":{"en":"A letter asked for a way in."},"received":"%s","salt":"$salt(%s)"}`,
		agency, by, country, received, salt)
}

// words is a detached body that has a narrative and nothing else.
func words(by, kind, salt, text string) string {
	return fmt.Sprintf(`{"author":"%s","kind":"%s","log":"$log","narrative":{"en":"%s"},"salt":"$salt(%s)"}`, by, kind, text, salt)
}

// opening is an open of texts by their digests.
func opening(by, of string, digests ...string) st {
	slices.Sort(digests)
	return st{by: by, kind: "open", opens: digests, body: `{"digests":["` + strings.Join(digests, `","`) + `"],"entry":"$entry(` + of + `)","why":"order-lifted"}`}
}

// everyKind is a good log that has everything.
func everyKind() *chain {
	c := newLog("A good log of every kind, in both lanes, with keys of three algorithms, cosigned by three witnesses. Nothing is to be found in it, but what the operator erased.", "2026-03-16T09:00:00Z", "month")
	a, b := keysOf(2, "ed/acme", "p256/acme", "ml/acme").withSlot("ed/acme/slot"), keysOf(1, "ed/brindle").withSlot("p256/brindle/slot")
	q, v := keysOf(1, "p256/quill").withSlot("ed/quill/slot"), keysOf(1, "ed/vello")
	in := map[string]string{}
	admitted := func(id, role string, set keyset, carveOuts ...string) {
		c.later()
		c.admitted(id, role, set, carveOuts...)
		in[id] = "in-standing"
	}
	admitted(acme, "signatory", a)
	admitted(brindle, "signatory", b)
	admitted(quill, "signatory", q, "us-nsl")
	admitted(vello, "signatory", v)
	admitted(lantern, "challenger", keysOf(1, "ed/lantern"))
	admitted(harbour, "challenger", keysOf(1, "ed/harbour"))
	c.mark()
	list := func() {
		c.later()
		c.say(c.directory(in, nil))
		c.mark()
	}
	c.clock("2026-03-17T08:00:00Z")
	p := pledge(acme, "no-attack-help", "report")
	p.signers = []string{"p256/acme", "ml/acme"}
	c.say(p)
	c.say(pledge(brindle, "no-attack-help", "report"))
	c.say(pledge(quill, "report"))
	c.say(pledge(vello, "no-attack-help"))
	list()

	c.clock("2026-03-18T10:00:00Z")
	c.say(st{by: "secretariat", kind: "amend", body: `{"from":"2026-04-01T00:00:00Z","graceDays":45}`, detached: words("secretariat", "amend", "amend", "More time for counsel.")})
	agency, country := `"Signals Directorate of Borvania"`, `"XB"`
	c.say(st{by: acme, kind: "request", as: "r1", body: `{"received":"2026-Q1"}`, detached: requestText(acme, "r1", "2026-03-16/2026-03-17", c.seal("agency", agency, "2026-09-01"), c.seal("country", country, "2026-09-01"))})
	c.say(st{by: acme, kind: "request", as: "r2", body: `{"received":"withheld"}`, review: "2026-04-15", detached: requestText(acme, "r2", "2026-03", "", `"XC"`)})
	r3 := requestText(brindle, "r3", "2026-02", `"Interior Ministry of Caldermark"`, `"XC"`)
	c.say(st{by: brindle, kind: "request", as: "r3", body: `{"received":"2026-Q1"}`, detached: r3})
	c.say(st{by: lantern, kind: "challenge", as: "c1", body: `{"against":"` + brindle + `","entry":"$entry(r3)"}`, detached: words(lantern, "challenge", "c1", "What was asked is not said.")})
	c.say(st{by: "secretariat", kind: "standing", body: `{"reason":"not-reachable","standing":"suspended","who":"` + quill + `"}`})
	in[quill] = "suspended"
	list()

	c.clock("2026-03-20T10:00:00Z")
	c.say(st{by: brindle, kind: "reply", body: `{"answer":"cannot-comment","challenge":"$entry(c1)"}`, detached: words(brindle, "reply", "reply", "The law forbids us to say more.")})
	decided := func(by, as, of, outcome string) st {
		return st{by: by, kind: "decision", as: as, body: `{"date":"2026-03-19","grounds":["pledge"],"outcome":"` + outcome + `","request":"$entry(` + of + `)","scope":"in"}`, detached: words(by, "decision", as, "We answered in writing.")}
	}
	c.say(decided(acme, "d1", "r1", "refused"))
	c.say(decided(brindle, "d3", "r3", "refused"))
	list()

	c.clock("2026-03-23T10:00:00Z")
	c.say(st{by: "secretariat", kind: "standing", body: `{"reason":"settled","standing":"reinstated","who":"` + quill + `"}`})
	in[quill] = "in-standing"
	c.say(st{by: harbour, kind: "withdraw", body: `{}`, detached: words(harbour, "withdraw", "withdraw", "We close.")})
	in[harbour] = "withdrawn"
	b2 := keysOf(1, "ml/brindle", "ed/brindle").withSlot("p256/brindle/slot")
	c.say(st{by: brindle, kind: "keys", body: `{` + strings.Replace(b2.json(), `,"threshold"`, `,"reason":"rotation","threshold"`, 1) + `}`, signers: b2.all(), brings: &b2})
	c.say(decided(acme, "d2", "r1", "challenged"))
	c.say(st{by: acme, kind: "correct", as: "d1 corrected", body: `{"by":"$entry(d2)","entry":"$entry(d1)","how":"superseded"}`, detached: words(acme, "correct", "correct", "We had gone to court."), find: []Found{author(acme, "corrected")}})
	c.say(st{by: acme, kind: "decision", as: "d on r2", body: `{"request":"$entry(r2)"}`, review: "2026-12-31", detached: `{"author":"` + acme + `","date":"2026-03-22","kind":"decision","log":"$log","outcome":"refused","salt":"$salt(d on r2)"}`})
	list()

	c.clock("2026-03-27T10:00:00Z")
	c.say(st{by: "secretariat", kind: "succeed", body: `{"from":"` + vello + `","to":"` + brindle + `"}`})
	in[vello] = "succeeded"
	gone := digest([]byte(c.write(r3)))
	c.say(st{by: "operator", kind: "erasure", as: "erasure", erases: gone, body: `{"basis":"court-order","date":"2026-03-27","digest":"` + gone + `","entry":"$entry(r3)","reference":"4-O-12/26"}`, find: []Found{operator("body-erased")}})
	c.say(st{by: acme, kind: "open", body: `{"entry":"$entry(r2)","review":"2026-09-30","why":"still-forbidden"}`})
	list()

	c.clock("2026-04-06T10:00:00Z")
	attest := func(by, covers, logged, received string, find ...Found) st {
		return st{by: by, kind: "attestation", as: by + " Q1", find: find, body: `{"clauses":["report"],"covers":"` + covers + `","logged":` + logged + `,"period":"2026-Q1","received":{"total":` + received + `}}`, detached: words(by, "attestation", by+" Q1", "To our knowledge after reasonable inquiry.")}
	}
	c.say(attest(acme, "all", `{"outcomes":{"challenged":1,"pending":1},"total":2}`, `2`, author(acme, "clause-dropped", "2026-Q1")))
	c.say(attest(brindle, "disclosable", `{"outcomes":{"refused":1},"total":1}`, `{"max":249,"min":0}`, author(brindle, "clause-dropped", "2026-Q1")))
	c.say(attest(quill, "all", `{"total":0}`, `"cannot-say"`))
	r2 := c.site.text([]byte(c.write(requestText(acme, "r2", "2026-03", "", `"XC"`))))
	c.say(opening(acme, "r2", r2))
	c.say(labelled("disclosed", opening(acme, "r1", c.disclosure("agency", agency))))
	list()

	c.clock("2026-04-14T10:00:00Z")
	slot := func(by, as string, in ...string) st {
		return st{by: by, kind: "slot", as: as, body: `{"digests":["` + strings.Join(places(as, in), `","`) + `"],"period":"2026-04"}`}
	}
	kept := requestText(brindle, "kept", "2026-04", "", `"XD"`)
	keptDigest := digest([]byte(c.write(kept)))
	full := slot(brindle, "full")
	place := placeOf(saltOf("fullkept"), `"`+keptDigest+`"`)
	digests := places("full", nil)
	digests[0] = digest([]byte(place))
	slices.Sort(digests)
	full.body = `{"digests":["` + strings.Join(digests, `","`) + `"],"period":"2026-04"}`
	c.say(slot(acme, "empty"))
	c.say(full)
	c.say(slot(quill, "empty too"))
	list()

	c.clock("2026-04-17T10:00:00Z")
	c.say(st{by: brindle, kind: "request", as: "kept", body: `{"disclosure":"` + place + `","received":"2026-Q2","slot":"$entry(full)"}`, detached: kept})
	list()
	return c
}
