package tamper_test

import (
	"encoding/base64"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

var laterBreaks = []ruleBreak{
	// What statements refer to.
	{"a pledge to another document", about(func(p *place) *entry.Statement { return p.asked(false) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(p.signatory(), &entry.Pledge{Charter: old.ID, Clauses: []string{p.w.Terms.Clauses[0].ID}}, entry.KindPledge, nil)
	}), "reference-unknown"},
	{"a pledge of a clause that is none", func(p *place) *generator.Statement {
		return p.draft(p.signatory(), &entry.Pledge{Charter: p.w.Charter, Clauses: []string{"no-such-clause"}}, entry.KindPledge, nil)
	}, "clause-unknown"},
	{"a decision on another's request", func(p *place) *generator.Statement {
		a, b := p.two()
		old, _ := anyOf(p, p.said(b, ofKind(entry.KindRequest)))
		if a == "" || old == nil {
			return nil
		}
		return p.draft(a, &entry.Decision{Date: date(p.now()), Outcome: "refused", Request: old.ID}, entry.KindDecision, nil)
	}, "reference-unknown"},
	{"a decision on what is no request", about(func(p *place) *entry.Statement {
		return p.own(entry.KindPledge, entry.KindDecision, entry.KindAttestation)
	}, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Decision{Date: date(p.now()), Outcome: "refused", Request: old.ID}, entry.KindDecision, nil)
	}), "reference-unknown"},
	{"an attestation before its period's end", func(p *place) *generator.Statement {
		period := p.s.PeriodAt(p.now())
		return p.draft(p.signatory(), &entry.Attestation{Covers: entry.CoversAll, Period: period}, entry.KindAttestation, nil)
	}, "attestation-early"},
	{"an attestation for a period of another kind", func(p *place) *generator.Statement {
		kind := entry.Quarter
		if p.s.Terms(p.now()-400*86400).Attestation == entry.Quarter {
			kind = entry.HalfYear
		}
		return p.draft(p.signatory(), &entry.Attestation{Covers: entry.CoversAll, Period: entry.PeriodAt(kind, p.now()-400*86400)}, entry.KindAttestation, nil)
	}, "period-of-another-kind"},
	{"an attestation of a clause that is none", func(p *place) *generator.Statement {
		return p.draft(p.signatory(), &entry.Attestation{Covers: entry.CoversAll, Clauses: []string{"no-such-clause"}, Period: p.s.PeriodAt(p.now() - 200*86400)}, entry.KindAttestation, nil)
	}, "clause-unknown"},
	{"an attestation of a period after it left", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		p.say(p.draft(a, &entry.Withdraw{}, entry.KindWithdraw, nil))
		p.waitUntil(p.s.PeriodAt(p.now()).End())
		after := p.s.PeriodAt(p.now())
		p.waitUntil(after.End())
		return p.attestation(a, after, 0)
	}, "standing-ended"},
	// Slots.
	{"a second slot for a period", func(p *place) *generator.Statement {
		a, period := p.withSlot(true)
		if a == "" {
			return nil
		}
		return p.slotFor(a, period)
	}, "slot-repeated"},
	{"a slot of a period to come", func(p *place) *generator.Statement {
		a, period := p.withSlot(true)
		if a == "" || p.s.Terms(period.End()).Slots != period.Kind() {
			return nil
		}
		return p.slotFor(a, period.Next())
	}, "slot-early"},
	{"a slot of another kind of period", func(p *place) *generator.Statement {
		a, period := p.withSlot(true)
		if a == "" {
			return nil
		}
		kind := entry.SlotsDay
		if period.Kind() == kind {
			kind = entry.SlotsMonth
		}
		return p.slotFor(a, entry.SlotPeriodAt(kind, p.now()))
	}, "period-of-another-kind"},
	{"a slot by a statement's key", func(p *place) *generator.Statement {
		a, period := p.withSlot(true) // signatures are judged before the period
		if a == "" {
			return nil
		}
		st := p.slotFor(a, period)
		st.Signers = p.signers(a, false)[:1]
		return st
	}, "signature-not-called-for"},
	{"a slot signed twice", func(p *place) *generator.Statement {
		a, period := p.withSlot(true)
		if a == "" {
			return nil
		}
		st := p.slotFor(a, period)
		st.Signers = append(slices.Clone(st.Signers), p.signers(a, false)[0])
		return st
	}, "signature-not-called-for"},
	{"a request said to have been in a slot", about(func(p *place) *entry.Statement { return p.own(entry.KindSlot) }, func(p *place, old *entry.Statement) *generator.Statement {
		st := p.request(old.Author)
		return p.outOfSlot(st, old.ID, st.Body)
	}), "disclosure-not-in-slot"},
	{"a request out of another's slot", about(func(p *place) *entry.Statement { return p.own(entry.KindSlot) }, func(p *place, old *entry.Statement) *generator.Statement {
		st := p.request(p.another(old.Author))
		return p.outOfSlot(st, old.ID, st.Body)
	}), "reference-unknown"},
	{"a request whose disclosure names another text", about(func(p *place) *entry.Statement { return p.own(entry.KindSlot) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.outOfSlot(p.request(old.Author), old.ID, []byte("another"))
	}), "disclosure-differs"},
	{"a disclosure that is none", about(func(p *place) *entry.Statement { return p.own(entry.KindSlot) }, func(p *place, old *entry.Statement) *generator.Statement {
		st := p.request(old.Author)
		b := st.Statement.Body.(*entry.Request)
		b.Slot, b.Disclosure = old.ID, base64.RawURLEncoding.EncodeToString([]byte(`["short","request",null]`))
		return st
	}), "salt-too-short"},
	// Texts.
	{"withheld beyond the longest review", edited(func(p *place, _ string, st *generator.Statement) {
		st.Review = date(p.now() + 86400*(int64(p.s.Terms(p.now()).ReviewDays)+1))
	}), "review-out-of-range"},
	{"withheld until yesterday", edited(func(p *place, _ string, st *generator.Statement) { st.Review = date(p.now() - 86400) }), "review-out-of-range"},
	{"an open of another's text", about(func(p *place) *entry.Statement { return p.asked(true) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(p.another(old.Author), &entry.Open{Digests: []string{old.BodyDigest}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
	}), "reference-unknown"},
	{"an open of a statement without a text", about(func(p *place) *entry.Statement { return p.own(entry.KindPledge) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Open{Digests: []string{entry.Digest([]byte("x"))}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
	}), "reference-unknown"},
	{"an open of what is public", about(func(p *place) *entry.Statement { return p.asked(false) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Open{Digests: []string{old.BodyDigest}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
	}), "already-opened"},
	{"an open beside the withheld text", about(func(p *place) *entry.Statement { return p.asked(true) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Open{Digests: []string{entry.Digest([]byte("x"))}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
	}), "body-not-opened-yet"},
	{"an open of a text whose digest begins alike", about(func(p *place) *entry.Statement { return p.asked(true) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Open{Digests: []string{alike(old.BodyDigest)}, Entry: old.ID, Why: "other"}, entry.KindOpen, nil)
	}), "body-not-opened-yet"},
	{"a new review of what is public", about(func(p *place) *entry.Statement { return p.asked(false) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Open{Entry: old.ID, Review: date(p.now() + 30*86400), Why: "other"}, entry.KindOpen, nil)
	}), "open-not-withheld"},
	{"a new review beyond the longest", about(func(p *place) *entry.Statement { return p.asked(true) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Open{Entry: old.ID, Review: date(p.now() + 5000*86400), Why: "other"}, entry.KindOpen, nil)
	}), "review-out-of-range"},
	{"a field opened twice", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		b := &entry.Open{Digests: []string{entry.Digest([]byte(p.salt()))}, Entry: r.ID, Why: "other"}
		p.say(p.draft(a, b, entry.KindOpen, nil))
		return p.draft(a, b, entry.KindOpen, nil)
	}, "already-opened"},
	// Corrections.
	{"a correction of another's statement", func(p *place) *generator.Statement {
		a, b := p.two()
		old, _ := anyOf(p, p.said(b, ofKind(entry.KindRequest)))
		if a == "" || old == nil {
			return nil
		}
		return p.draft(a, &entry.Correct{Entry: old.ID, How: entry.CorrectVoid}, entry.KindCorrect, nil)
	}, "reference-unknown"},
	{"a correction of a pledge", about(func(p *place) *entry.Statement { return p.own(entry.KindPledge) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.draft(old.Author, &entry.Correct{Entry: old.ID, How: entry.CorrectVoid}, entry.KindCorrect, nil)
	}), "reference-unknown"},
	{"a correction of what was corrected", about(func(p *place) *entry.Statement { return p.correctable() }, func(p *place, old *entry.Statement) *generator.Statement {
		first := p.draft(old.Author, &entry.Correct{Entry: old.ID, How: entry.CorrectVoid}, entry.KindCorrect, nil)
		p.before = []*generator.Entry{p.logged(first)}
		st := p.draft(old.Author, &entry.Correct{Entry: old.ID, How: entry.CorrectVoid}, entry.KindCorrect, nil)
		st.Seq, st.Prev = first.Seq+1, first.ID
		return st
	}), "already-corrected"},
	{"superseded by another's", about(func(p *place) *entry.Statement { return p.correctable() }, func(p *place, old *entry.Statement) *generator.Statement {
		by, _ := anyOf(p, p.said("", func(o *entry.Statement) bool { return o.Kind == entry.KindRequest && o.Author != old.Author }))
		return p.draft(old.Author, &entry.Correct{By: by.ID, Entry: old.ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil)
	}), "reference-unknown"},
	{"superseded by one that was taken back", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		old, by := p.say(p.request(a)), p.say(p.request(a))
		p.say(p.void(a, by.ID))
		return p.draft(a, &entry.Correct{By: by.ID, Entry: old.ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil)
	}, "correct-conflict"},
	{"superseded by an earlier one", about(func(p *place) *entry.Statement { return p.correctable() }, func(p *place, old *entry.Statement) *generator.Statement {
		var by *entry.Statement
		for _, o := range p.said(old.Author, ofKind(entry.KindRequest)) {
			if _, done := p.s.Correction(o.ID); o.Seq < old.Seq && !done {
				by = o
			}
		}
		if by == nil {
			return nil
		}
		return p.draft(old.Author, &entry.Correct{By: by.ID, Entry: old.ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil)
	}), "correct-conflict"},
	{"a decision superseded by one on another request", func(p *place) *generator.Statement {
		var pairs [][2]*entry.Statement
		for _, a := range p.authors(entry.RoleSignatory, active) {
			ds := p.said(a, func(st *entry.Statement) bool {
				_, done := p.s.Correction(st.ID)
				return st.Kind == entry.KindDecision && !done
			})
			for i := 1; i < len(ds); i++ {
				if ds[i-1].Body.(*entry.Decision).Request != ds[i].Body.(*entry.Decision).Request {
					pairs = append(pairs, [2]*entry.Statement{ds[i-1], ds[i]})
				}
			}
		}
		pair, ok := anyOf(p, pairs)
		if !ok {
			return nil
		}
		return p.draft(pair[0].Author, &entry.Correct{By: pair[1].ID, Entry: pair[0].ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil)
	}, "correct-conflict"},
	// Challenges and replies.
	{"a third challenge while the first is open again", func(p *place) *generator.Statement {
		p.begin()
		a := p.newcomer(nil)
		first, by := p.challenged(a)
		if first == nil {
			return nil
		}
		p.say(first)
		reply := p.say(p.reply(a, first.ID, entry.AnswerAccepted))
		second := p.say(p.challenge(by, &entry.Challenge{Against: a}))
		p.say(p.reply(a, second.ID, entry.AnswerAccepted))
		p.say(p.void(a, reply.ID))
		return p.challenge(by, &entry.Challenge{Against: a})
	}, "challenge-open"},
	{"a challenge about another's entry", func(p *place) *generator.Statement {
		c, _ := anyOf(p, p.authors(entry.RoleChallenger, active))
		a, b := p.two()
		old, _ := anyOf(p, p.said(b, ofKind(entry.KindRequest)))
		if c == "" || a == "" || old == nil {
			return nil
		}
		return p.challenge(c, &entry.Challenge{Against: a, Entry: old.ID})
	}, "reference-unknown"},
	{"a challenge against nobody", func(p *place) *generator.Statement {
		c, _ := anyOf(p, p.authors(entry.RoleChallenger, active))
		if c == "" {
			return nil
		}
		return p.challenge(c, &entry.Challenge{Against: "nobody"})
	}, "author-unknown"},
	{"a second open challenge", func(p *place) *generator.Statement {
		c, _ := anyOf(p, p.authors(entry.RoleChallenger, active))
		a := p.signatory()
		if c == "" || a == "" {
			return nil
		}
		var first *generator.Statement
		open := slices.ContainsFunc(p.s.Challenges(), func(ch pledge.Challenge) bool { return ch.By == c && ch.Against == a && ch.IsOpen() })
		if !open {
			first = p.challenge(c, &entry.Challenge{Against: a})
			p.before = []*generator.Entry{p.logged(first)}
		}
		st := p.challenge(c, &entry.Challenge{Against: a})
		if first != nil {
			st.Seq, st.Prev = first.Seq+1, first.ID
		}
		return st
	}, "challenge-open"},
	{"a reply to a finding on another's entry", func(p *place) *generator.Statement {
		a, b := p.two()
		old, _ := anyOf(p, p.said(b, ofKind(entry.KindRequest)))
		if a == "" || old == nil {
			return nil
		}
		return p.draft(a, &entry.Reply{Answer: entry.AnswerDisputed, Entry: old.ID, Finding: "filed-late"}, entry.KindReply, nil)
	}, "reference-unknown"},
	{"a reply to another's challenge", func(p *place) *generator.Statement {
		ch, ok := anyOf(p, p.s.Challenges())
		if !ok {
			return nil
		}
		var others []string
		for _, a := range p.authors(entry.RoleSignatory, active) {
			if a != ch.Against {
				others = append(others, a)
			}
		}
		a, _ := anyOf(p, others)
		return p.draft(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: ch.Entry}, entry.KindReply, nil)
	}, "reference-unknown"},
	// The operator's own statements.
	{"a tombstone for a text that was never public", about(func(p *place) *entry.Statement { return p.asked(true) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.erasure(old.ID, old.BodyDigest)
	}), "digest-unknown"},
	{"a tombstone for a text whose digest begins alike", about(func(p *place) *entry.Statement { return p.asked(false) }, func(p *place, old *entry.Statement) *generator.Statement {
		return p.erasure(old.ID, alike(old.BodyDigest))
	}), "digest-unknown"},
	{"a tombstone for nothing", func(p *place) *generator.Statement {
		return p.erasure(entry.ID{1}, entry.Digest([]byte("x")))
	}, "reference-unknown"},
	{"a second tombstone", func(p *place) *generator.Statement {
		e, ok := anyOf(p, p.s.Erasures())
		if !ok {
			return nil
		}
		return p.erasure(e.Of, e.Digest)
	}, "already-erased"},
	{"a directory of another size", func(p *place) *generator.Statement {
		return p.directory(func(b *entry.Directory) { b.Size += 1 + uint64(p.rand.IntN(3)) })
	}, "directory-size"},
	{"a directory that is false", func(p *place) *generator.Statement {
		return p.directory(func(b *entry.Directory) { b.Root = entry.Digest([]byte(p.salt())) })
	}, "directory-root"},
	{"a directory that leaves the last statement out", func(p *place) *generator.Statement {
		a := p.signatory()
		st := p.directory(func(b *entry.Directory) { b.Size++ })
		p.before = []*generator.Entry{p.logged(p.request(a))}
		return st
	}, "directory-root"},
	{"a directory that hides a removal", func(p *place) *generator.Statement {
		rows := p.s.Directory()
		for i := range rows {
			if rows[i].Standing == entry.StandingRemoved || rows[i].Standing == pledge.Withdrawn || rows[i].Standing == entry.StandingSuspended {
				rows[i].Standing = pledge.InStanding
				root, err := pledge.DirectoryRoot(rows)
				if err != nil {
					panic(err)
				}
				return p.directory(func(b *entry.Directory) { b.Root = root })
			}
		}
		return nil
	}, "directory-root"},
}

// about makes a break that refers to an earlier statement; there is none where that
// is not to be found.
func about(find func(*place) *entry.Statement, broken func(p *place, old *entry.Statement) *generator.Statement) func(*place) *generator.Statement {
	return func(p *place) *generator.Statement {
		old := find(p)
		if old == nil {
			return nil
		}
		return broken(p, old)
	}
}

// another is a signatory other than that one.
func (p *place) another(than string) string {
	var others []string
	for _, a := range p.authors(entry.RoleSignatory, active) {
		if a != than {
			others = append(others, a)
		}
	}
	a, _ := anyOf(p, others)
	return a
}

// outOfSlot has a request say that it was in a slot, by a disclosure of some text.
func (p *place) outOfSlot(st *generator.Statement, slot entry.ID, text []byte) *generator.Statement {
	d, err := entry.NewDisclosure(p.salt(), entry.SlotName, []byte(`"`+entry.Digest(text)+`"`))
	if err != nil {
		panic(err)
	}
	b := st.Statement.Body.(*entry.Request)
	b.Slot, b.Disclosure = slot, d.Text()
	return st
}
