package vectors

import "fmt"

// authorsTexts is a sound log in which authors do not keep to the form of texts, or to
// their own dates.
func authorsTexts() (*chain, []Found) {
	c := newLog("A sound log. Authors signed texts that are not in form, opened what is no field of theirs, used unknown codes, and let their own review dates pass.", "2026-03-16T09:00:00Z", "none")
	a, b := keysOf(1, "ed/acme"), keysOf(1, "p256/brindle")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	in := map[string]string{acme: "in-standing", brindle: "in-standing"}
	c.mark()
	list := func() {
		c.later()
		c.say(c.directory(in, nil))
		c.mark()
	}
	c.clock("2026-03-17T08:00:00Z")
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	list()
	c.clock("2026-03-18T10:00:00Z")
	request := func(by, as, body string) st {
		return st{by: by, kind: "request", as: as, body: `{"received":"2026-Q1"}`, detached: body}
	}
	c.say(request(acme, "lower case", requestText(acme, "lower case", "2026-03", "", `"xb"`)))
	c.say(request(acme, "outside", requestText(acme, "outside", "2026-04", "", `"XB"`)))
	c.say(request(acme, "unknown codes", requestText(acme, "unknown codes", "2026-03", "", `"ZZ"`)))
	review := `"reason":"proceedings","review":"2026-04-01"`
	sealed := requestText(acme, "sealed", "2026-03", `{`+review+`,"sealed":"`+c.disclosure("agency", `"Borvanian Post"`)+`"}`, `{`+review+`,"sealed":"`+c.disclosure("country", `"xb"`)+`"}`)
	c.say(request(acme, "sealed", sealed))
	// The charter's longest review is 365 days.
	long := `{"reason":"proceedings","review":"%s","sealed":"` + c.disclosure("agency", `"Borvanian Rail"`) + `"}`
	c.say(request(acme, "sealed for a year", requestText(acme, "sealed for a year", "2026-03", fmt.Sprintf(long, "2027-03-18"), `"XB"`)))
	c.say(request(acme, "sealed for longer", requestText(acme, "sealed for longer", "2026-03", fmt.Sprintf(long, "2027-03-19"), `"XB"`)))
	kept := request(brindle, "kept", requestText(brindle, "kept", "2026-03", "", `"XB"`))
	kept.review, kept.body = "2026-04-01", `{"received":"withheld"}`
	c.say(kept)
	later := request(brindle, "later", requestText(brindle, "later", "2026-03", "", `"Borvania"`))
	later.review, later.body = "2026-06-01", `{"received":"withheld"}`
	c.say(later)
	c.say(st{by: brindle, kind: "decision", as: "unknown outcome", body: `{"date":"2026-03-17","outcome":"laughed-at","request":"$entry(kept)"}`})
	list()
	c.clock("2026-03-23T10:00:00Z")
	c.say(labelled("opened badly", opening(acme, "sealed", c.disclosure("country", `"xb"`))))
	c.say(labelled("opened nothing", opening(acme, "unknown codes", c.disclosure("agency", `"Nobody"`))))
	c.say(opening(brindle, "later", digest([]byte(c.write(requestText(brindle, "later", "2026-03", "", `"Borvania"`))))))
	list()
	c.clock("2026-04-03T10:00:00Z")
	c.say(st{by: acme, kind: "attestation", body: `{"clauses":["report"],"covers":"all","logged":{"outcomes":{"pending":6},"total":6},"period":"2026-Q1","received":{"total":9}}`})
	list()
	by := func(who, code, label string) Found {
		return Found{Code: code, Concerns: "author", Author: who, Index: c.index(label)}
	}
	return c, []Found{
		by(acme, "body-invalid", "lower case"), by(acme, "body-invalid", "outside"), by(brindle, "body-invalid", "later"),
		by(acme, "code-unknown", "unknown codes"), by(brindle, "code-unknown", "unknown outcome"),
		by(acme, "disclosure-invalid", "opened badly"), by(acme, "disclosure-invalid", "opened nothing"),
		by(acme, "sealed-overdue", "sealed"), by(acme, "sealed-too-long", "sealed for longer"), by(brindle, "withheld-overdue", "kept"),
	}
}

// dishonest is a log whose operator logs what it should not, and serves what it
// should not.
func dishonest() (*chain, []Found) {
	c := newLog("An operator's doing: statements against the rules, leaves that are none, a false directory, times that run backwards; texts missing, altered, erased and served, or never opened and served.", "2026-03-16T09:00:00Z", "none")
	a, b := keysOf(1, "ed/acme"), keysOf(1, "p256/brindle")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	in := map[string]string{acme: "in-standing", brindle: "in-standing"}
	c.later()
	c.say(pledge(acme, "report"))
	c.say(pledge(brindle, "report"))
	c.later()
	c.say(c.directory(in, nil))
	c.mark()
	c.clock("2026-03-18T10:00:00Z")
	request := func(by, as string) st {
		return st{by: by, kind: "request", as: as, body: `{"received":"withheld"}`, detached: requestText(by, as, "2026-03", "", `"XB"`)}
	}
	textOf := func(by, as string) string {
		return digest([]byte(c.write(requestText(by, as, "2026-03", "", `"XB"`))))
	}
	c.say(request(acme, "missing"))
	c.say(request(acme, "altered"))
	c.say(request(acme, "erased"))
	kept := request(acme, "unopened")
	kept.review = "2026-12-31"
	c.say(kept)
	agency, court := c.seal("agency", `"Borvanian Post"`, "2026-12-31"), c.seal("country", `"XB"`, "2026-12-31")
	sealed := st{by: brindle, kind: "request", as: "sealed", body: `{"received":"withheld"}`, detached: requestText(brindle, "sealed", "2026-03", agency, court)}
	c.say(sealed)
	c.say(labelled("opened agency", opening(brindle, "sealed", c.disclosure("agency", `"Borvanian Post"`))))
	c.say(labelled("opened country", opening(brindle, "sealed", c.disclosure("country", `"XB"`))))
	frame := st{by: brindle, kind: "decision", as: "framed", body: `{"date":"2026-03-18","outcome":"complied","request":"$entry(sealed)"}`, signers: []string{"ed/acme"}, code: "signature-not-called-for"}
	c.say(frame)
	frame.signers, frame.wrong, frame.code = nil, []string{"p256/brindle"}, "signature-invalid"
	c.say(frame)
	c.again("logged once more", 3)
	c.raw("cut short", "leaf-malformed", string(c.out.Leaves[3].Leaf[:100]))
	c.later()
	false0 := c.directory(map[string]string{acme: "removed", brindle: "in-standing"}, nil)
	false0.code = "directory-root"
	c.say(false0)
	c.mark()
	c.clock("2026-03-20T10:00:00Z")
	gone := textOf(acme, "erased")
	c.say(st{by: "operator", kind: "erasure", as: "erasure", body: `{"basis":"notice","date":"2026-03-20","digest":"` + gone + `","entry":"$entry(erased)","reference":"N-1"}`, find: overdueAnd(operator("body-erased"))})
	c.mark()
	c.now -= 3600
	s := request(acme, "backwards")
	// It is in no checkpoint for an hour and a minute after it is dated.
	s.find = []Found{operator("logged-decreases"), operator("held-back")}
	c.say(s)
	c.now += 3600
	c.later()
	c.say(c.directory(in, nil))
	c.mark()

	serve := c.site.public
	delete(serve, textOf(acme, "missing"))
	serve[textOf(acme, "altered")] = []byte(replace(string(serve[textOf(acme, "altered")]), `"XB"`, `"XC"`))
	serve[textOf(acme, "unopened")] = c.site.texts[textOf(acme, "unopened")]
	delete(serve, c.disclosure("agency", `"Borvanian Post"`))
	serve[c.disclosure("country", `"XB"`)] = []byte("W10")
	by := func(code, label string) Found {
		return Found{Code: code, Concerns: "operator", Index: c.index(label)}
	}
	return c, []Found{
		by("body-missing", "missing"), by("body-mismatch", "altered"), by("body-erased-served", "erasure"), by("body-not-opened", "unopened"),
		by("disclosure-missing", "opened agency"), by("disclosure-mismatch", "opened country"),
	}
}
