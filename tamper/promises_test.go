package tamper_test

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A broken is a promise that is not kept, by an author that speaks late, not at all or
// against itself, or by an operator that bends what hangs on time. It plays on from a
// place of the good log, and says of whom and at which entry something is to be found.
// It returns false where there is nothing to play it with.
type broken struct {
	name string
	do   func(p *place) bool
	want []string // nil: nothing may be found of that author
	may  []string
}

// What time brings by itself: to others, who say nothing more, and to a newcomer that
// logs no slots and attests nothing.
var (
	meanwhile = []string{"*others", "slot-missed/AUTHOR", "attestation-missed/AUTHOR"}
	others    = []string{"*others"}
)

var promises = []broken{
	// Attestations.
	{"an attestation after its deadline", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(p.deadline(period) + int64(p.rand.IntN(3*aDay)))
		p.deed(p.attestation(a, period, 0))
		return true
	}, []string{"attestation-late/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"an attestation a second before its deadline", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(p.deadline(period) - 1)
		p.say(p.attestation(a, period, 0))
		p.wait(aDay)
		p.list()
		return true
	}, nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"no attestation", func(p *place) bool {
		p.newcomer(nil)
		p.waitUntil(p.deadline(p.s.PeriodAt(p.now())))
		p.list()
		return true
	}, []string{"attestation-missed/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a second attestation", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		p.say(p.attestation(a, period, 0))
		p.deed(p.attestation(a, period, 0))
		return true
	}, []string{"attestation-repeated/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a total that the author's own requests contradict", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.say(p.requestOf(a, period))
		p.say(p.requestOf(a, period))
		p.waitUntil(period.End())
		st := p.attestation(a, period, 2)
		attested(st).Received.Total = entry.Exactly(1)
		p.deed(st)
		return true
	}, []string{"contradicted/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR", "decision-outstanding/AUTHOR")},
	{"a total of what may be told, and more became known", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		st := p.attestation(a, period, 0)
		attested(st).Covers = entry.CoversDisclosable
		p.deed(st)
		p.say(p.requestOf(a, period))
		return true
	}, []string{"disclosed-later/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a total that cannot be said", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		st := p.attestation(a, period, 0)
		attested(st).Received.Total = entry.CannotSay()
		p.say(st)
		p.say(p.requestOf(a, period))
		return true
	}, nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"an outcome that the author's own decisions contradict", attestOutcomes(entry.CoversAll, "refused", entry.Exactly(2), map[string]entry.Claim{"refused": entry.Exactly(0)}),
		[]string{"outcomes-differ/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"an outcome that the numbers leave no room for", attestOutcomes(entry.CoversAll, "complied", entry.Exactly(1), map[string]entry.Claim{"refused": entry.Exactly(1)}),
		[]string{"outcomes-differ/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"an outcome of what may be told that the author's own decisions contradict", attestOutcomes(entry.CoversDisclosable, "refused", entry.Exactly(2), map[string]entry.Claim{"refused": entry.Exactly(0)}),
		[]string{"outcomes-differ-disclosable/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"an outcome that was decided after it was attested", attestOutcomes(entry.CoversAll, "", entry.Exactly(1), map[string]entry.Claim{"refused": entry.Exactly(0)}),
		nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"an outcome that cannot be said", attestOutcomes(entry.CoversAll, "refused", entry.Exactly(1), map[string]entry.Claim{"refused": entry.CannotSay()}),
		nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"outcomes of more than all", attestOutcomes(entry.CoversAll, "refused", entry.Exactly(1), map[string]entry.Claim{"refused": entry.Exactly(7)}),
		[]string{"claims-cannot-be/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a count that is not the log's", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		n := uint64(1 + p.rand.IntN(9))
		p.waitUntil(period.End())
		p.deed(p.attestation(a, period, n))
		return true
	}, []string{"logged-differs/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"the log's count, but of other outcomes", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.say(p.request(a))
		p.waitUntil(period.End())
		st := p.attestation(a, period, 1)
		attested(st).Logged.Outcomes = map[string]uint64{"refused": 1}
		p.deed(st)
		return true
	}, []string{"logged-differs/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR", "decision-outstanding/AUTHOR")},
	{"a clause that is affirmed no more", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		p.say(p.attestation(a, period, 0))
		next := p.s.PeriodAt(p.now())
		p.waitUntil(next.End())
		st := p.attestation(a, next, 0)
		b := attested(st)
		i := p.rand.IntN(len(b.Clauses))
		b.Clauses = slices.Delete(slices.Clone(b.Clauses), i, i+1)
		p.deed(st)
		return true
	}, []string{"clause-dropped/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a clause that was pledged and is never affirmed", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End())
		st := p.attestation(a, period, 0)
		b := attested(st)
		i := p.rand.IntN(len(b.Clauses))
		b.Clauses = slices.Delete(slices.Clone(b.Clauses), i, i+1)
		p.deed(st)
		return true
	}, []string{"clause-dropped/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a pledge with fewer clauses than the one before", func(p *place) bool {
		a := p.newcomer(nil)
		p.wait(aDay)
		st := p.pledge(a)
		b := st.Statement.Body.(*entry.Pledge)
		i := p.rand.IntN(len(b.Clauses))
		b.Clauses = slices.Delete(slices.Clone(b.Clauses), i, i+1)
		p.deed(st)
		return true
	}, []string{"clause-dropped/AUTHOR"}, others},
	{"a pledge of the same clauses again", func(p *place) bool {
		a := p.newcomer(nil)
		p.wait(aDay)
		p.say(p.pledge(a))
		return true
	}, nil, others},
	{"a period of a gap between removal and return, attested late", func(p *place) bool {
		a := p.newcomer(nil)
		like := p.status(a).Admit
		first := p.s.PeriodAt(p.now())
		p.say(p.secretariat(entry.KindStanding, &entry.Standing{Reason: "other", Standing: entry.StandingRemoved, Who: a}))
		p.waitUntil(first.End() + aDay)
		gap := p.s.PeriodAt(p.now())
		p.waitUntil(p.deadline(gap) + aDay)
		key := p.signers(a, false)[0]
		p.say(p.admission(entry.AdmitReadmit, like, key))
		p.say(p.pledge(a))
		p.say(p.attestation(a, gap, 0))
		return true
	}, nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"one who was succeeded, and removed long after", func(p *place) bool {
		to := p.newcomer(nil)
		from := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.say(p.secretariat(entry.KindSucceed, &entry.Succeed{From: from, To: to}))
		p.waitUntil(p.deadline(period) + aDay)
		p.say(p.secretariat(entry.KindStanding, &entry.Standing{Reason: "other", Standing: entry.StandingRemoved, Who: from}))
		p.who = from
		p.list()
		return true
	}, nil, others},
	{"who took another's place does not attest", func(p *place) bool {
		to := p.newcomer(nil)
		from := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.say(p.secretariat(entry.KindSucceed, &entry.Succeed{From: from, To: to}))
		p.who = to
		p.waitUntil(p.deadline(period))
		p.list()
		return true
	}, []string{"attestation-missed/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"who withdrew does not attest the period that ran", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.say(p.draft(a, &entry.Withdraw{}, entry.KindWithdraw, nil))
		p.waitUntil(p.deadline(period))
		p.list()
		return true
	}, []string{"attestation-missed/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR")},
	// Requests and their answers.
	{"a request that was logged late", func(p *place) bool {
		a := p.newcomer(nil)
		old := p.s.PeriodAt(p.now() - 300*aDay)
		p.deed(p.requestOf(a, old))
		return true
	}, []string{"filed-late/AUTHOR"}, others},
	{"a request that was received in a period to come", func(p *place) bool {
		p.deed(p.requestOf(p.newcomer(nil), p.s.PeriodAt(p.s.PeriodAt(p.now()).End())))
		return true
	}, []string{"received-after-logged/AUTHOR"}, others},
	{"a request that was received as its period began", func(p *place) bool {
		a := p.newcomer(nil)
		next := p.s.PeriodAt(p.s.PeriodAt(p.now()).End())
		p.waitUntil(next.Start())
		p.say(p.requestOf(a, next))
		return true
	}, nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a request of a period to come, by an operator who dated it back", func(p *place) bool {
		if len(p.w.Witnesses) == 0 {
			return false
		}
		a := p.newcomer(nil)
		next := p.s.PeriodAt(p.s.PeriodAt(p.now()).End())
		p.waitUntil(next.Start() - int64(1+p.rand.IntN(1000)))
		p.truth = next.Start() + int64(p.rand.IntN(2000)) // within the hour: nothing is held back
		p.doubted = true
		p.deed(p.requestOf(a, next))
		return true
	}, []string{"received-after-logged/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR", "made-after-logged/AUTHOR")},
	{"a decision of the day after tomorrow", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		p.deed(p.draft(a, &entry.Decision{Date: date(p.now() + 2*aDay), Outcome: "refused", Request: r.ID}, entry.KindDecision, nil))
		return true
	}, []string{"date-after-logged/AUTHOR"}, others},
	{"a decision of tomorrow, where the day begins first", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		p.wait(aDay - p.now()%aDay + aDay/2)
		p.say(p.draft(a, &entry.Decision{Date: date(p.now() + 14*3600), Outcome: "refused", Request: r.ID}, entry.KindDecision, nil))
		return true
	}, nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
	{"a request out of a slot that was logged before its period", func(p *place) bool {
		a := p.newcomer(nil)
		slot, ok := p.firstSlot()
		if !ok {
			return false
		}
		p.waitUntil(slot.Start() + 60)
		next := p.s.PeriodAt(p.s.PeriodAt(p.now()).End())
		r := p.requestOf(a, next)
		full := p.slotFor(a, slot)
		d, err := entry.NewDisclosure(p.salt(), entry.SlotName, []byte(`"`+entry.Digest(r.Body)+`"`))
		if err != nil {
			panic(err)
		}
		b := full.Statement.Body.(*entry.Slot)
		b.Digests[0] = d.Digest()
		slices.Sort(b.Digests)
		p.deed(full)
		p.waitUntil(next.Start() + aDay)
		r = p.draft(a, r.Statement.Body, entry.KindRequest, r.Body)
		place := r.Statement.Body.(*entry.Request)
		place.Slot, place.Disclosure = full.ID, d.Text()
		p.say(r)
		return true
	}, []string{"slot-before-received/AUTHOR"}, append(slices.Clone(meanwhile), "attestation-late/AUTHOR")},
	{"a request out of a slot that was logged late itself", func(p *place) bool {
		a := p.newcomer(nil)
		slot, ok := p.firstSlot()
		if !ok {
			return false
		}
		old := p.s.PeriodAt(p.now() - 300*aDay)
		p.waitUntil(slot.Start() + 3600)
		r := p.requestOf(a, old)
		full := p.slotFor(a, slot)
		d, err := entry.NewDisclosure(p.salt(), entry.SlotName, []byte(`"`+entry.Digest(r.Body)+`"`))
		if err != nil {
			panic(err)
		}
		b := full.Statement.Body.(*entry.Slot)
		b.Digests[0] = d.Digest()
		slices.Sort(b.Digests)
		p.say(full)
		r = p.draft(a, r.Statement.Body, entry.KindRequest, r.Body)
		place := r.Statement.Body.(*entry.Request)
		place.Slot, place.Disclosure = full.ID, d.Text()
		p.deed(r)
		return true
	}, []string{"filed-late/AUTHOR"}, append(slices.Clone(meanwhile), "attestation-late/AUTHOR")},
	{"no answer to a request", func(p *place) bool {
		a := p.newcomer(nil)
		p.deed(p.request(a))
		p.wait(int64(p.s.Terms(p.now()).DecisionDays) * aDay)
		p.list()
		return true
	}, []string{"decision-outstanding/AUTHOR"}, meanwhile},
	{"an answer to a request that was taken back", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.deed(p.request(a))
		d := p.say(p.draft(a, &entry.Decision{Date: date(p.now()), Outcome: "refused", Request: r.ID}, entry.KindDecision, nil))
		p.say(p.void(a, d.ID))
		p.wait(int64(p.s.Terms(p.now()).DecisionDays) * aDay)
		p.list()
		return true
	}, []string{"decision-outstanding/AUTHOR"}, append(slices.Clone(meanwhile), "corrected/AUTHOR")},
	{"an answer that another is put in the place of", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		answer := func(outcome string) *generator.Statement {
			return p.say(p.draft(a, &entry.Decision{Date: date(p.now()), Outcome: outcome, Request: r.ID}, entry.KindDecision, nil))
		}
		first := answer("complied")
		second := answer("refused")
		p.deed(p.draft(a, &entry.Correct{By: second.ID, Entry: first.ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil))
		return true
	}, []string{"corrected/AUTHOR"}, others},
	{"a contradiction that ends as the request's period is withheld", func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		first := p.say(p.requestOf(a, period))
		p.waitUntil(period.End())
		st := p.attestation(a, period, 1)
		attested(st).Received.Total = entry.Exactly(0)
		p.say(st)
		second := p.request(a)
		second.Statement.Body = &entry.Request{Received: "withheld"}
		p.say(second)
		p.deed(p.draft(a, &entry.Correct{By: second.ID, Entry: first.ID, How: entry.CorrectSuperseded}, entry.KindCorrect, nil))
		return true
	}, []string{"corrected/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR", "decision-outstanding/AUTHOR")},
	// Slots.
	{"a slot after its time", func(p *place) bool {
		slot, ok := p.firstSlot()
		if !ok {
			return false
		}
		a := p.newcomer(nil)
		p.waitUntil(slot.End() + int64(p.rand.IntN(aDay)))
		p.deed(p.slotFor(a, slot))
		return true
	}, []string{"slot-late/AUTHOR"}, meanwhile},
	{"no slot", func(p *place) bool {
		slot, ok := p.firstSlot()
		if !ok {
			return false
		}
		p.newcomer(nil)
		p.waitUntil(slot.End())
		p.list()
		return true
	}, []string{"slot-missed/AUTHOR"}, append(slices.Clone(others), "attestation-missed/AUTHOR")},
	// Texts that were kept back.
	{"a withheld text that nobody looked at again", func(p *place) bool {
		a := p.newcomer(nil)
		st := p.request(a)
		st.Review = date(p.now() + 10*aDay)
		p.deed(st)
		p.wait(12 * aDay)
		p.list()
		return true
	}, []string{"withheld-overdue/AUTHOR"}, append(slices.Clone(meanwhile), "attestation-late/AUTHOR")},
	{"a withheld text that was looked at again once", func(p *place) bool {
		a := p.newcomer(nil)
		st := p.request(a)
		st.Review = date(p.now() + 10*aDay)
		p.deed(st)
		p.wait(5 * aDay)
		p.say(p.draft(a, &entry.Open{Entry: st.ID, Review: date(p.now() + 10*aDay), Why: "other"}, entry.KindOpen, nil))
		p.wait(12 * aDay)
		p.list()
		return true
	}, []string{"withheld-overdue/AUTHOR"}, append(slices.Clone(meanwhile), "attestation-late/AUTHOR")},
	{"a sealed field that nobody looked at again", func(p *place) bool {
		p.deed(p.sealedUntil(p.newcomer(nil), p.now()+10*aDay))
		p.wait(12 * aDay)
		p.list()
		return true
	}, []string{"sealed-overdue/AUTHOR"}, append(slices.Clone(meanwhile), "code-unknown/AUTHOR")},
	{"a field that is sealed for years", func(p *place) bool {
		p.deed(p.sealedUntil(p.newcomer(nil), p.now()+8*365*aDay))
		p.list()
		return true
	}, []string{"sealed-too-long/AUTHOR"}, append(slices.Clone(meanwhile), "code-unknown/AUTHOR")},
	// Challenges.
	{"a reply after its days", func(p *place) bool {
		a := p.newcomer(nil)
		c, _ := p.challenged(a)
		if c == nil {
			return false
		}
		p.say(c)
		p.wait(int64(p.s.Terms(p.now()).ReplyDays) * aDay)
		p.deed(p.reply(a, c.ID, entry.AnswerDisputed))
		return true
	}, []string{"reply-late/AUTHOR"}, meanwhile},
	{"a reply after its days, and one before that was taken back", func(p *place) bool {
		a := p.newcomer(nil)
		c, _ := p.challenged(a)
		if c == nil {
			return false
		}
		p.say(c)
		first := p.say(p.reply(a, c.ID, entry.AnswerCannotComment))
		p.wait(int64(p.s.Terms(p.now()).ReplyDays) * aDay)
		p.say(p.void(a, first.ID))
		p.deed(p.reply(a, c.ID, entry.AnswerDisputed))
		return true
	}, []string{"reply-late/AUTHOR"}, append(slices.Clone(meanwhile), "corrected/AUTHOR")},
	{"a late reply, and one in time before it that was taken back", func(p *place) bool {
		a := p.newcomer(nil)
		c, _ := p.challenged(a)
		if c == nil {
			return false
		}
		p.say(c)
		first := p.say(p.reply(a, c.ID, entry.AnswerCannotComment))
		p.wait(int64(p.s.Terms(p.now()).ReplyDays) * aDay)
		p.say(p.reply(a, c.ID, entry.AnswerDisputed))
		p.deed(p.void(a, first.ID))
		return true
	}, []string{"reply-late/AUTHOR"}, append(slices.Clone(meanwhile), "reply-repeated/AUTHOR", "corrected/AUTHOR")},
	{"no reply", func(p *place) bool {
		a := p.newcomer(nil)
		c, _ := p.challenged(a)
		if c == nil {
			return false
		}
		p.deed(c)
		p.wait(int64(p.s.Terms(p.now()).ReplyDays) * aDay)
		p.list()
		return true
	}, []string{"reply-overdue/AUTHOR"}, meanwhile},
	{"a second reply", func(p *place) bool {
		a := p.newcomer(nil)
		c, _ := p.challenged(a)
		if c == nil {
			return false
		}
		p.say(c)
		p.say(p.reply(a, c.ID, entry.AnswerAccepted))
		p.deed(p.reply(a, c.ID, entry.AnswerDisputed))
		return true
	}, []string{"reply-repeated/AUTHOR"}, others},
	// Keys.
	{"keys that were compromised", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		p.deed(p.keysChange(a, entry.KeysCompromise, r.ID, p.freshKey(entry.UseStatement)))
		return true
	}, []string{"keys-compromised/AUTHOR"}, others},
	{"keys of last resort", func(p *place) bool {
		a := p.newcomer(nil)
		st, _ := p.rekeyed(a)
		p.deed(st)
		return true
	}, []string{"rekey-pending/AUTHOR"}, others},
	{"keys of last resort under another name", func(p *place) bool {
		a := p.newcomer(nil)
		st, _ := p.rekeyed(a)
		st.Statement.Body.(*entry.Admit).Name = "Newcomer Works and Sons"
		p.deed(st)
		return true
	}, []string{"admission-changed/AUTHOR"}, append(slices.Clone(others), "rekey-pending/AUTHOR")},
	{"no attestation, and then keys of last resort with carve-outs", func(p *place) bool {
		a := p.newcomer(nil)
		p.waitUntil(p.deadline(p.s.PeriodAt(p.now())))
		st, _ := p.rekeyed(a)
		st.Statement.Body.(*entry.Admit).CarveOuts = []string{"us-nsl"}
		p.say(st)
		p.wait(15 * aDay)
		p.list()
		return true
	}, []string{"attestation-missed/AUTHOR"}, append(slices.Clone(meanwhile), "admission-changed/AUTHOR", "rekey-pending/AUTHOR", "rekey-unconfirmed/AUTHOR")},
	{"no attestation by who had carve-outs, and then keys of last resort without", func(p *place) bool {
		a := p.newcomer(func(b *entry.Admit) { b.CarveOuts = []string{"us-nsl"} })
		period := p.s.PeriodAt(p.now())
		p.waitUntil(p.deadline(period))
		st, _ := p.rekeyed(a)
		p.say(st)
		p.wait(15 * aDay)
		p.list()
		return true
	}, []string{"admission-changed/AUTHOR"}, append(slices.Clone(others), "slot-missed/AUTHOR", "rekey-pending/AUTHOR", "rekey-unconfirmed/AUTHOR")},
	{"keys of last resort, and the author speaks", func(p *place) bool {
		a := p.newcomer(nil)
		st, _ := p.rekeyed(a)
		p.say(st)
		p.wait(aDay)
		p.deed(p.request(a))
		return true
	}, []string{"rekey-cancelled/AUTHOR"}, append(slices.Clone(meanwhile), "rekey-pending/AUTHOR")},
	{"keys of last resort that nobody confirmed", func(p *place) bool {
		a := p.newcomer(nil)
		st, _ := p.rekeyed(a)
		p.deed(st)
		p.wait(15 * aDay)
		p.list()
		return true
	}, []string{"rekey-unconfirmed/AUTHOR"}, append(slices.Clone(meanwhile), "rekey-pending/AUTHOR")},
	{"keys of last resort twice, and keys that the second change", func(p *place) bool {
		a := p.newcomer(nil)
		first, _ := p.rekeyed(a)
		p.say(first)
		p.wait(15 * aDay)
		second, _ := p.rekeyed(a)
		p.say(second)
		p.wait(15 * aDay)
		// The author's own key has no part in it.
		p.say(p.keysChange(a, entry.KeysRotation, entry.ID{}, p.freshKey(entry.UseStatement)))
		return true
	}, []string{"rekey-unconfirmed/AUTHOR"}, append(slices.Clone(meanwhile), "rekey-pending/AUTHOR")},
	// An operator who bends the log's clock.
	{"dated ahead, and an author's attestation behind it", func(p *place) bool {
		if len(p.w.Witnesses) == 0 {
			return false // nobody else shows what time it is
		}
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End() + int64(p.rand.IntN(5*aDay)))
		deadline := p.deadline(period)
		p.truth, p.clock = p.now(), deadline+int64(1+p.rand.IntN(60))*aDay
		p.at = p.next()
		p.list()
		p.truth += 600
		p.say(p.attestation(a, period, 0))
		p.truth += 7200
		p.list() // so that the archive has a checkpoint of the time before
		p.doubted, p.seen = true, deadline+aDay-p.truth
		return true
	}, []string{"logged-after-witnessed/operator"}, append(slices.Clone(meanwhile), "logged-after-witnessed/operator", "attestation-late/AUTHOR")},
	{"an old statement again, dated ahead, and an author's attestation behind it", func(p *place) bool {
		if len(p.w.Witnesses) == 0 {
			return false
		}
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		p.waitUntil(period.End() + int64(p.rand.IntN(5*aDay)))
		deadline := p.deadline(period)
		p.truth = p.now()
		p.at = p.next()
		again := relogged(p.entries[1+p.rand.IntN(p.k-1)], deadline+int64(1+p.rand.IntN(60))*aDay)
		again.Logged, again.Body, again.Opened, again.Erases = p.truth, nil, nil, ""
		p.put(again)
		p.truth += 600
		p.clock = deadline + 90*aDay
		p.say(p.attestation(a, period, 0))
		p.truth += 7200
		p.list()
		p.doubted, p.seen = true, deadline+aDay-p.truth
		return true
	}, []string{"statement-duplicate/operator", "logged-after-witnessed/operator"}, append(slices.Clone(meanwhile), "logged-after-witnessed/operator", "attestation-late/AUTHOR")},
	{"an entry without effect dated ahead, and keys of last resort speak at once", func(p *place) bool {
		a := p.newcomer(nil)
		st, key := p.rekeyed(a)
		p.say(st)
		stray := relogged(p.entries[1+p.rand.IntN(p.k-1)], p.now()+15*aDay)
		stray.Logged, stray.Body, stray.Opened, stray.Erases = p.now(), nil, nil, ""
		p.put(stray)
		p.at = p.next()
		r := p.request(a)
		r.Signers = []*generator.Key{key}
		p.put(p.logged(r))
		return true
	}, []string{"statement-rejected:signature-not-called-for/operator"}, []string{"*others", "rekey-pending/AUTHOR", "statement-duplicate/operator", "logged-after-witnessed/operator", "logged-decreases/operator"}},
	{"dated back, and an author's own date is right", func(p *place) bool {
		if len(p.w.Witnesses) == 0 {
			return false
		}
		a := p.newcomer(nil)
		p.truth = p.now() + 700 + int64(p.rand.IntN(2800)) // within the hour: nothing is held back
		p.doubted = true
		p.deed(p.request(a))
		return true
	}, []string{"made-after-logged/AUTHOR"}, nil},
	// What the secretariat announces.
	{"further keys of the log announced", func(p *place) bool {
		p.deed(p.secretariat(entry.KindAmend, &entry.Amend{LogKeys: []string{p.w.Signer.Key().String(), p.w.NextSigner().Key().String()}}))
		return true
	}, []string{"log-keys-announced/operator"}, nil},
	{"other keys of the log announced", func(p *place) bool {
		p.deed(p.secretariat(entry.KindAmend, &entry.Amend{LogKeys: []string{p.w.NextSigner().Key().String()}}))
		return true
	}, []string{"log-keys-announced/operator"}, []string{"charter-key-unlisted/view"}},
	{"a checkpoint's key that the newest announcement leaves out", func(p *place) bool {
		p.say(p.secretariat(entry.KindAmend, &entry.Amend{LogKeys: []string{p.w.NextSigner().Key().String()}}))
		return true
	}, []string{"charter-key-unlisted/view"}, []string{"log-keys-announced/operator"}},
	{"the end of the log announced", func(p *place) bool {
		p.deed(p.secretariat(entry.KindAmend, &entry.Amend{Ends: &entry.End{}, From: entry.FormatTime(p.now() + 400*aDay)}))
		return true
	}, []string{"log-end-announced/operator"}, nil},
	// What the operator owes.
	{"an erasure", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		p.deed(p.erasure(r.ID, r.BodyDigest))
		return true
	}, []string{"body-erased/operator"}, nil},
	{"an erasure of the day after tomorrow", func(p *place) bool {
		a := p.newcomer(nil)
		r := p.say(p.request(a))
		st := p.erasure(r.ID, r.BodyDigest)
		st.Statement.Body.(*entry.Erasure).Date = date(p.now() + 2*aDay)
		p.deed(st)
		return true
	}, []string{"erasure-date-after-logged/operator"}, []string{"body-erased/operator"}},
	{"no list of last statements for two days, and the log grows", func(p *place) bool {
		p.list()
		p.say(p.request(p.newcomer(nil)))
		p.clock = p.now() + 2*aDay + int64(p.rand.IntN(aDay))
		p.at = p.next()
		p.list()
		return true
	}, []string{"directory-overdue/operator"}, meanwhile},
	{"no list of last statements for two days, and nothing more is logged", func(p *place) bool {
		if len(p.w.Witnesses) == 0 {
			return false // only witnesses show what time it is
		}
		p.list()
		p.say(p.request(p.newcomer(nil)))
		p.seen = 2 * aDay
		return true
	}, []string{"directory-overdue/operator"}, append(slices.Clone(meanwhile), "held-back/operator")},
	{"no list of last statements for a day", func(p *place) bool {
		p.list()
		p.say(p.request(p.newcomer(nil)))
		p.clock = p.now() + 2*aDay - 1
		p.list()
		return true
	}, nil, append(slices.Clone(others), "slot-missed/AUTHOR")},
}

// attestOutcomes has a newcomer log a request, decide on it, and attest the period as
// is claimed; with no outcome it decides afterwards, and refuses.
func attestOutcomes(covers, outcome string, total entry.Claim, outcomes map[string]entry.Claim) func(p *place) bool {
	return func(p *place) bool {
		a := p.newcomer(nil)
		period := p.s.PeriodAt(p.now())
		r := p.say(p.requestOf(a, period))
		decide := func(outcome string) {
			p.say(p.draft(a, &entry.Decision{Date: date(p.now()), Outcome: outcome, Request: r.ID}, entry.KindDecision, nil))
		}
		logged := entry.OutcomePending
		if outcome != "" {
			logged = outcome
			decide(outcome)
		}
		p.waitUntil(period.End())
		st := p.attestation(a, period, 1)
		b := attested(st)
		b.Covers, b.Received = covers, entry.Claims{Total: total, Outcomes: outcomes}
		b.Logged.Outcomes = map[string]uint64{logged: 1}
		p.deed(st)
		if outcome == "" {
			decide("refused")
		}
		return true
	}
}
