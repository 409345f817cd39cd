package vectors

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// rows are the directory's rows as the books have them (section 4). Standings are
// given, and key sets that differ from those of the books.
func (c *chain) rows(standings map[string]string, sets map[string]keyset) [][]byte {
	var rows []string
	for id, v := range c.voices {
		standing, admitted := standings[id]
		if !admitted && id != "secretariat" && id != "operator" {
			continue
		}
		set := v.set
		if s, ok := sets[id]; ok {
			set = s
		}
		one := func(lane, head string, seq int) {
			row := fmt.Sprintf(`{"author":"%s",`, id)
			if seq > 0 {
				row += fmt.Sprintf(`"head":"%s",`, head)
			}
			row += fmt.Sprintf(`"keys":"%s","lane":"%s","seq":%d`, c.setDigest(set), lane, seq)
			if standing != "" {
				row += fmt.Sprintf(`,"standing":"%s"`, standing)
			}
			rows = append(rows, row+"}")
		}
		one("main", v.head, v.seq)
		if admitted && id != lantern && id != harbour {
			one("slot", v.slotTop, v.slotSeq)
		}
	}
	// Sorted by author, then lane: no author's name and quotation mark is the beginning
	// of another's.
	slices.SortFunc(rows, func(a, b string) int {
		x, _, _ := strings.Cut(a[len(`{"author":"`):], `"`)
		y, _, _ := strings.Cut(b[len(`{"author":"`):], `"`)
		return cmp.Or(strings.Compare(x, y), strings.Compare(laneOf(a), laneOf(b)))
	})
	var out [][]byte
	for _, r := range rows {
		out = append(out, []byte(r))
	}
	return out
}

func laneOf(row string) string {
	_, rest, _ := strings.Cut(row, `"lane":"`)
	lane, _, _ := strings.Cut(rest, `"`)
	return lane
}

// directory is the operator's directory of everything so far.
func (c *chain) directory(standings map[string]string, sets map[string]keyset) st {
	h := root(c.rows(standings, sets))
	return st{by: "operator", kind: "directory", body: fmt.Sprintf(`{"root":"%s","size":%d}`, base64.RawURLEncoding.EncodeToString(h[:]), len(c.out.Leaves))}
}

// directories: the operator's lists, right, false and overdue.
func directories() Chain {
	c := newChain("Directories: within a day after growth, a function of the leaves before it; a false one, a misplaced one, one that does not come.", "2026-01-05T09:00:00Z", charter("quarter", "month"))
	a, l := keysOf(1, "ed/acme").withSlot("ed/acme/slot"), keysOf(1, "ed/lantern")
	a2 := keysOf(1, "ed/acme2")
	in := map[string]string{}
	none := map[string]keyset{}
	c.clock("2026-01-05T10:00:00Z")
	s := c.directory(in, none)
	s.why = "of the charter alone: two rows"
	c.say(s)
	c.admitted(acme, "signatory", a)
	c.admitted(lantern, "challenger", l)
	in[acme], in[lantern] = "in-standing", "in-standing"
	c.clock("2026-01-06")
	s = c.directory(in, none)
	c.say(s)
	c.later()
	s = c.directory(in, none)
	c.try("again", "", "nothing keeps the operator from another", s)
	s.body = replace(s.body, `"size":5`, `"size":4`)
	c.try("size-behind", "directory-size", "its own index", s)
	s.body = replace(s.body, `"size":4`, `"size":6`)
	c.try("size-ahead", "directory-size", "its own index", s)
	c.say(pledge(acme, "report"))
	c.say(st{by: acme, kind: "slot", body: `{"digests":[$digests64],"period":"2026-01"}`})
	c.try("standing-wrong", "directory-root", "a function of the leaves before it", c.directory(map[string]string{acme: "suspended", lantern: "in-standing"}, none))
	c.try("challenger-left-out", "directory-root", "every admitted author", c.directory(map[string]string{acme: "in-standing"}, none))
	c.try("key-set-other", "directory-root", "the key set in force", c.directory(in, map[string]keyset{acme: a2}))
	head := c.voices[acme].head
	c.voices[acme].head, c.voices[acme].seq = "", 0
	s = c.directory(in, none)
	c.voices[acme].head, c.voices[acme].seq = head, 1
	s.code, s.why = "directory-root", "it leaves out what was said last: false"
	c.say(s)
	c.clock("2026-01-07")
	c.say(c.directory(in, none))

	// Nothing grows: nothing is due.
	c.clock("2026-02-10")
	c.say(st{by: acme, kind: "request", text: "r1", body: `{"received":"withheld"}`})
	c.clock("2026-02-12T11:59:59Z")
	c.say(st{by: acme, kind: "request", text: "r2", body: `{"received":"withheld"}`, why: "a second before two days: not overdue yet"})
	c.clock("2026-02-12T12:00:00Z")
	c.say(st{by: acme, kind: "request", text: "r3", body: `{"received":"withheld"}`, why: "two days after r1", find: overdue})
	c.clock("2026-02-14")
	s = c.directory(in, none)
	s.why = "late, and in force"
	c.say(s)

	c.clock("2026-03-01")
	k := admit("rekey", acme, "signatory", a2)
	k.find = []Found{author(acme, "rekey-pending")}
	c.say(k)
	c.say(st{by: "secretariat", kind: "standing", body: `{"reason":"keys-lost","standing":"suspended","who":"` + acme + `"}`})
	c.say(st{by: "secretariat", kind: "standing", body: `{"reason":"ceased","standing":"proposed-removal","who":"` + acme + `"}`})
	in[acme] = "suspended-proposed-removal"
	c.clock("2026-03-02")
	c.say(c.directory(in, none))
	c.clock("2026-03-14")
	c.say(st{by: lantern, kind: "withdraw", body: `{}`})
	in[lantern] = "withdrawn"
	c.clock("2026-03-15")
	c.try("keys-of-its-own-time", "directory-root", "the key sets in force at the largest logged of what was accepted before it: the new keys come with this very second", c.directory(in, map[string]keyset{acme: a2}))
	s = c.directory(in, none)
	s.why = "the key sets in force at the largest logged of what was accepted before it"
	c.say(s)
	c.clock("2026-03-16")
	in[acme] = "removed"
	c.say(st{by: "secretariat", kind: "standing", as: "removed", body: `{"reason":"ceased","standing":"removed","who":"` + acme + `"}`})
	c.voices[acme].set = a2
	c.clock("2026-03-17")
	c.try("keys-of-before", "directory-root", "the new keys are in force", c.directory(in, map[string]keyset{acme: a}))
	c.say(c.directory(in, none))
	c.clock("2026-03-20")
	c.say(st{by: lantern, kind: "keys", body: `{"keys":[$key(ed/lantern2)],"reason":"rotation","threshold":1}`, also: []string{"ed/lantern2"}})
	return c.end("2026-03-22T12:00:00Z", []Found{
		{Code: "directory-overdue", Concerns: "operator"},
		{Code: "rekey-unconfirmed", Author: acme, Index: c.index("rekey " + acme)},
		{Code: "slot-missed", Author: acme, Period: "2026-02"},
	},
		Status{Author: acme, Standing: "removed", Seq: 4, SlotSeq: 1, Keys: c.setDigest(a2), Unconfirmed: c.index("rekey " + acme), Pledged: []string{"report"}, Proposed: intOf(*c.index("rekey " + acme) + 2), Requests: 3, Outcomes: map[string]int{"pending": 3}, SlotsOwed: 1, SlotsMissed: []string{"2026-02"}},
		Status{Author: lantern, Standing: "withdrawn", Seq: 2, Keys: c.setDigest(keysOf(1, "ed/lantern2"))},
	)
}

func intOf(n int) *int { return &n }

// operated: what an operator may do to a log that breaks no author's word.
func operated() Chain {
	c := newChain("An operator at work: leaves that are none, statements logged twice or against the rules, times that run backwards. Nothing of it is held against an author.", "2026-01-05T09:00:00Z", charter("quarter", "none"))
	a, b := keysOf(1, "ed/acme"), keysOf(1, "ed/brindle")
	c.admitted(acme, "signatory", a)
	c.admitted(brindle, "signatory", b)
	c.clock("2026-01-06T00:00:00Z")
	p := pledge(acme, "report")
	p.made, p.why = "2026-01-06T00:10:00Z", "ten minutes after logged, and not more"
	c.say(p)
	p = pledge(brindle, "report")
	p.made, p.why, p.find = "2026-01-06T00:10:01Z", "over ten minutes after logged", []Found{author(brindle, "made-after-logged")}
	c.say(p)
	c.later()
	c.raw("no byte at all", "leaf-malformed", "")
	c.raw("something else", "leaf-malformed", "hello")
	c.raw("its time does not count: no leaf has one", "envelope-malformed", `{"logged":1999999999,"statement":{}}`)
	c.raw("white space", "leaf-malformed", string(c.out.Leaves[3].Leaf)+"\n")
	c.again("again, at another time", 3)
	request := func(by, as string) st {
		return st{by: by, kind: "request", as: as, text: as, body: `{"received":"withheld"}`}
	}
	c.later()
	s := request(acme, "r1")
	s.made, s.why = "2026-01-06T00:05:00Z", "before its previous one"
	s.find = []Found{author(acme, "made-decreases")}
	c.say(s)

	// Rejected, and logged again when it is in order: its seq is not used up.
	c.clock("2026-01-06T00:20:00Z")
	d := st{by: acme, kind: "decision", body: `{"date":"2026-01-06","outcome":"refused","request":"$entry(r1)"}`, signers: []string{"ed/stranger"}, code: "signature-not-called-for", why: "signed by a stranger"}
	c.say(d)
	d.signers, d.code, d.why = nil, "", "the same statement, signed by its author: an entry id says nothing of signatures"
	c.say(d)
	d.code, d.why = "reference-unknown", "on a request that was never logged"
	d.body = replace(d.body, "$entry(r1)", "$entry(nothing)")
	c.say(d)
	s = request(brindle, "b1")
	s.code, s.why, s.wrong = "signature-invalid", "its signature fails", []string{"ed/brindle"}
	c.say(s)
	s.code, s.why, s.wrong = "", "and now it does not", nil
	c.say(s)
	s = request(brindle, "b2")
	s.seq, s.code, s.why = 5, "seq-gap", "out of order"
	c.say(s)
	s = st{by: brindle, kind: "withdraw", body: `{"why":"framed"}`, code: "member-unknown", why: "it can't be read: it would have been an end"}
	c.say(s)

	// Time: the largest logged of what was accepted.
	c.clock("2026-01-06T01:00:00Z")
	s = request(brindle, "b3")
	s.made, s.code, s.why, s.prev = "2026-01-06T00:59:00Z", "prev-mismatch", "rejected, and so its time counts for nothing", "nothing"
	c.say(s)
	c.clock("2026-01-06T00:30:00Z")
	s = request(acme, "r2")
	s.made, s.why = "2026-01-06T00:40:01Z", "dated before a leaf that has no effect: made is held to its own log time, and is over ten minutes after it"
	s.find = []Found{operator("logged-decreases"), author(acme, "made-after-logged")}
	c.say(s)
	c.clock("2026-01-06T00:25:00Z")
	c.say(st{by: "operator", kind: "erasure", made: "2026-01-06T00:40:00Z", body: `{"basis":"safety","date":"2026-01-06","digest":"$digest(r2)","entry":"$entry(r2)","reference":"1"}`, find: []Found{operator("body-erased"), operator("logged-decreases")}, why: "dated back: made is held to the largest logged of what was accepted, half past midnight, and is ten minutes after it"})
	c.clock("2026-01-07T09:00:00Z")
	c.raw("two days after the charter, and nothing is overdue by a leaf that has no time", "base64-not-canonical", replace(string(c.out.Leaves[3].Leaf), `"sig":"`, `"sig":"*`))
	s = request(acme, "r3")
	s.find = overdue
	c.say(s)
	return c.end("2026-01-07T10:00:00Z", nil,
		Status{Author: acme, Standing: "in-standing", Seq: 5, Keys: c.setDigest(a), Pledged: []string{"report"}, Requests: 3, Outcomes: map[string]int{"refused": 1, "pending": 2}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"refused": 1, "pending": 2}}}},
		Status{Author: brindle, Standing: "in-standing", Seq: 2, Keys: c.setDigest(b), Pledged: []string{"report"}, Requests: 1, Outcomes: map[string]int{"pending": 1}, Periods: []Period{{Period: "2026-Q1", State: "due", Deadline: "2026-05-01T00:00:00Z", Logged: map[string]int{"pending": 1}}}},
	)
}
