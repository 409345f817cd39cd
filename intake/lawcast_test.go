package intake

import (
	"bytes"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A cast is who takes part where the law is tried, and what was said before.
type cast struct {
	*generator.World
	a, b, c    *generator.Author // signatories
	out        *generator.Author // who was not admitted
	challenger *generator.Author

	requests  []*generator.Statement // published
	filed     []*generator.Filed
	withheld  []*generator.Statement // requests whose body is not published
	sealed    []*generator.Statement // published, with a sealed country
	garbage   *generator.Statement   // withheld: it is no body
	misfit    *generator.Statement   // its seal is of a disclosure that names another member
	erasedOne *generator.Statement   // its seal is of a disclosure that was erased for another
	committed []*generator.Committed
	own       []*generator.Statement // that can be corrected
	challenge *generator.Statement
}

// newCast plays what was said before, and tells whoever wants to know of it.
func newCast(say func(*generator.Statement)) *cast {
	w := generator.New(generator.Options{Seed: 71, Signatories: 4, Challengers: 1, Slots: entry.SlotsWeek, Mixed: true, NoDirectories: true})
	c := &cast{World: w, a: w.Signatories[0], b: w.Signatories[1], c: w.Signatories[2], out: w.Signatories[3], challenger: w.Challengers[0]}
	log := func(st *generator.Statement) *generator.Filed {
		f := w.Log(st)
		if say != nil {
			say(st)
		}
		return f
	}
	log(w.Found())
	for _, a := range []*generator.Author{c.a, c.b, c.c, c.challenger} {
		log(w.Admit(a))
	}
	for _, a := range []*generator.Author{c.a, c.b, c.c} {
		log(w.Pledge(a))
	}
	seal := generator.Seal{Member: "country", Reason: "withheld", Review: day(w.Now() + 60*86400)}
	for _, a := range []*generator.Author{c.a, c.b, c.c} {
		for range 2 {
			st := w.Request(a, "2025-01", nil)
			c.filed = append(c.filed, log(st))
			c.requests, c.own = append(c.requests, st), append(c.own, st)
		}
		for range 3 {
			st := w.Request(a, "2025-01", nil).Withhold(day(w.Now() + 60*86400))
			log(st)
			c.withheld = append(c.withheld, st)
			sealed := w.Seal(w.Request(a, "2025-01", nil), seal)
			log(sealed)
			c.sealed = append(c.sealed, sealed)
		}
		committed := w.Commit(a, "2025-01", nil)
		log(w.Slot(a, entry.SlotPeriodAt(entry.SlotsWeek, w.Now()), committed))
		c.committed = append(c.committed, committed)
	}
	c.garbage = w.Request(c.a, "2025-01", nil)
	c.garbage.Body = []byte(`{"author":"nobody"}`)
	log(c.garbage.Withhold(seal.Review))

	c.misfit = w.Seal(w.Request(c.a, "2025-01", nil), seal)
	other, err := entry.NewDisclosure(w.Salt(), "agency", []byte(`"an office"`))
	if err != nil {
		panic(err)
	}
	swapDisclosure(c.misfit, other)
	log(c.misfit)

	first := w.Seal(w.Request(c.b, "2025-01", nil), seal)
	log(first)
	c.erasedOne = w.Seal(w.Request(c.c, "2025-01", nil), seal)
	swapDisclosure(c.erasedOne, first.Disclosures["country"])
	log(c.erasedOne)
	log(w.OpenText(first, "permission", "country"))
	log(w.Erase(first, first.Disclosures["country"].Digest(), entry.BasisNotice, "n-1"))

	c.challenge = w.Challenge(c.challenger, c.a, nil, nil)
	log(c.challenge)
	w.Advance(time.Hour)
	return c
}

// swapDisclosure puts another disclosure in place of a sealed country's.
func swapDisclosure(st *generator.Statement, d entry.Disclosure) {
	st.Body = bytes.ReplaceAll(st.Body, []byte(st.Disclosures["country"].Digest()), []byte(d.Digest()))
	st.Disclosures["country"] = d
}

// note enters a statement that was taken in the books.
func (l *lawyer) note(st *generator.Statement) {
	f := l.World.Log(st)
	if f != nil {
		l.filed = append(l.filed, f)
	}
	switch {
	case st.Kind == entry.KindRequest && st.IsWithheld():
		l.withheld = append(l.withheld, st)
	case st.Kind == entry.KindRequest && st.Disclosures != nil:
		l.sealed = append(l.sealed, st)
	case st.Kind == entry.KindRequest:
		l.requests = append(l.requests, st)
	case st.Kind == entry.KindChallenge:
		l.cast.challenge = st
	}
	switch st.Kind {
	case entry.KindRequest, entry.KindDecision, entry.KindAttestation, entry.KindReply, entry.KindChallenge:
		l.own = append(l.own, st)
	}
}

func choose[T any](l *lawyer, name string, list []T) T { return list[l.pick(name, len(list))] }

func (l *lawyer) someone() *generator.Author {
	return choose(l, "who", []*generator.Author{l.a, l.b, l.cast.c})
}

// A kind drafts a statement, which may be one that the rules accept now.
type kind struct {
	name  string
	draft func(l *lawyer) *generator.Statement
}

var kinds = []kind{
	{"request", func(l *lawyer) *generator.Statement { return l.Request(l.someone(), "2025-01", nil) }},
	{"request, withheld", func(l *lawyer) *generator.Statement {
		return l.Request(l.someone(), "2025-01", nil).Withhold(day(l.World.Now() + 86400*choose(l, "review", []int64{1, 90, 730})))
	}},
	{"request, sealed", func(l *lawyer) *generator.Statement {
		return l.Seal(l.Request(l.someone(), "2025-01", nil), generator.Seal{Member: "country", Reason: "withheld", Review: day(l.World.Now() + 86400*choose(l, "review", []int64{1, 90, 730}))})
	}},
	{"decision", func(l *lawyer) *generator.Statement {
		return l.Decision(choose(l, "filed", l.filed), choose(l, "outcome", []string{"refused", "complied", "pending"}), nil)
	}},
	{"attestation", func(l *lawyer) *generator.Statement {
		return l.Attestation(l.someone(), entry.PeriodAt(entry.Quarter, l.World.Now()-86400*choose(l, "ago", []int64{0, 90, 180})))
	}},
	{"slot", func(l *lawyer) *generator.Statement {
		return l.Slot(l.someone(), entry.SlotPeriodAt(entry.SlotsWeek, l.World.Now()-86400*choose(l, "ago", []int64{0, 7, -7})))
	}},
	{"publish", func(l *lawyer) *generator.Statement { return l.Publish(choose(l, "committed", l.committed)) }},
	{"open", func(l *lawyer) *generator.Statement {
		return l.OpenText(choose(l, "withheld", l.withheld), "permission")
	}},
	{"open, sealed", func(l *lawyer) *generator.Statement {
		return l.OpenText(choose(l, "sealed", l.sealed), "permission", "country")
	}},
	{"extend", func(l *lawyer) *generator.Statement {
		return l.Extend(choose(l, "withheld", l.withheld), day(l.World.Now()+86400*choose(l, "review", []int64{0, 1, 730, 731})), "still-forbidden")
	}},
	{"correct", func(l *lawyer) *generator.Statement { return l.Correct(choose(l, "own", l.own), nil, nil) }},
	{"supersede", func(l *lawyer) *generator.Statement {
		one, two := choose(l, "own", l.own), choose(l, "by", l.own)
		if one.ID == two.ID {
			return nil
		}
		return l.Correct(one, two, nil)
	}},
	{"pledge", func(l *lawyer) *generator.Statement { return l.Pledge(l.someone()) }},
	{"keys", func(l *lawyer) *generator.Statement {
		who := l.someone()
		alg := choose(l, "algorithm", []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44})
		return l.Rotate(who, generator.Ring{Keys: l.NewKeysOf(who.ID+l.Salt(), alg, entry.AlgEd25519), Threshold: 1 + l.pick("threshold", 2), Slot: who.SlotKey})
	}},
	{"keys, compromised", func(l *lawyer) *generator.Statement {
		who := l.someone()
		return l.Compromised(who, generator.Ring{Keys: l.NewKeys(who.ID+l.Salt(), 1), Threshold: 1, Slot: who.SlotKey}, choose(l, "own", l.own).ID)
	}},
	{"rekey", func(l *lawyer) *generator.Statement {
		who := l.someone()
		return l.Rekey(who, generator.Ring{Keys: l.NewKeys(who.ID+l.Salt(), 1), Threshold: 1})
	}},
	{"readmit", func(l *lawyer) *generator.Statement { who := l.someone(); return l.Readmit(who, who.Ring()) }},
	{"admit", func(l *lawyer) *generator.Statement {
		return l.Admit(choose(l, "whom", []*generator.Author{l.out, l.a}))
	}},
	{"standing", func(l *lawyer) *generator.Statement {
		return l.Standing(l.someone(), choose(l, "standing", []string{entry.StandingSuspended, entry.StandingReinstated, entry.StandingProposed}), "other")
	}},
	{"challenge", func(l *lawyer) *generator.Statement { return l.Challenge(l.challenger, l.someone(), nil, nil) }},
	{"reply", func(l *lawyer) *generator.Statement {
		return l.Reply(l.someone(), &entry.Reply{Challenge: l.cast.challenge.ID, Answer: entry.AnswerDisputed}, nil)
	}},
	{"reply to a finding", func(l *lawyer) *generator.Statement {
		return l.Reply(l.someone(), &entry.Reply{Finding: "filed-late", Answer: entry.AnswerAccepted}, nil)
	}},
	{"erase", func(l *lawyer) *generator.Statement {
		st := choose(l, "statement", append(l.requests[1:], l.withheld...))
		return l.World.Erase(st, st.BodyDigest, entry.BasisSafety, "s-1")
	}},
	{"amend", func(l *lawyer) *generator.Statement {
		from := entry.FormatTime(l.World.Now() + 86400*choose(l, "from", []int64{-1, 0, 1}))
		return l.Amend(&entry.Amend{From: from, GraceDays: uint64(choose(l, "grace", []int{5, 60}))}, generator.Amended{}, nil)
	}},
	{"amend, clauses", func(l *lawyer) *generator.Statement {
		text := "We log what we are asked, again: " + l.Salt()
		return l.Amend(&entry.Amend{From: entry.FormatTime(l.World.Now() + 86400), Clauses: []entry.Clause{{ID: "report", Text: entry.Digest([]byte(text))}}}, generator.Amended{}, &entry.AmendBody{Clauses: map[string]string{"report": text}})
	}},
	{"directory", func(l *lawyer) *generator.Statement { return l.Directory() }},
}

// lastly are kinds after which little can be said.
var lastly = []kind{
	{"open what is no body", func(l *lawyer) *generator.Statement { return l.OpenText(l.garbage, "permission") }},
	{"open what does not fit", func(l *lawyer) *generator.Statement { return l.OpenText(l.misfit, "permission", "country") }},
	{"open what was erased", func(l *lawyer) *generator.Statement { return l.OpenText(l.erasedOne, "permission", "country") }},
	{"succeed", func(l *lawyer) *generator.Statement {
		return l.Succeed(l.a, choose(l, "to", []*generator.Author{l.b, l.cast.c}))
	}},
	{"withdraw", func(l *lawyer) *generator.Statement { return l.Withdraw(l.someone(), nil) }},
	{"remove", func(l *lawyer) *generator.Statement { return l.Standing(l.someone(), entry.StandingRemoved, "other") }},
	{"end", func(l *lawyer) *generator.Statement {
		return l.Amend(&entry.Amend{From: entry.FormatTime(l.World.Now() + 86400), Ends: &entry.End{}}, generator.Amended{}, nil)
	}},
}
