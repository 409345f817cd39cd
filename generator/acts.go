package generator

import (
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// requests shows requests and decisions: each outcome, ground and scope; withheld
// and sealed ones, and how they are opened.
func (e *every) requests() {
	w := e.w
	var long, exits, hidden, partly, nameless *Filed
	var secret, answer, coded, sealed, both *Statement
	a, b, c, d := e.signatory(0), e.signatory(1), e.signatory(2), e.signatory(4)
	// decide logs a decision with its own grounds and scope.
	decide := func(f *Filed, outcome, scope string, grounds ...string) *Statement {
		st := w.Decision(f, outcome, nil)
		tree := st.Statement.Body.(*entry.Decision)
		tree.Grounds, tree.Scope = grounds, scope
		return e.say(st)
	}
	e.on("2024-10-14 10:00", func() {
		a.note(w.PeriodAt(w.now))
		// Each list with a code that says it is none of those.
		st := w.Request(a, "2024-10", nil)
		body := st.Detached.(*entry.RequestBody)
		body.Authority, body.Compulsion, body.Gag, body.Instrument, body.Corroboration = "other", "other", "other", "other", "other"
		body.Assist, body.Targets, body.Products = []string{"other"}, []string{"mass", "other"}, []string{"cloud", "other"}
		body.Statute, body.Other = "", make(map[string]string)
		for _, list := range []string{"assist", "authority", "compulsion", "corroboration", "gag", "instrument", "products", "targets"} {
			body.Other[list] = "as the paper has it, which no code fits"
		}
		long = w.Log(st)
		decide(long, "pending", "")
		for _, of := range []*Author{b, b, c, c, a} {
			of.note(w.PeriodAt(w.now))
		}
		secret = w.Request(b, "2024-10", nil).Withhold(e.later(200))
		hidden = w.Log(secret)
		// When it was received is not told, nor by whom.
		st = w.Request(b, "2024-10-02/2024-10-05", nil)
		st.Statement.Body.(*entry.Request).Received = entry.Withheld
		body = st.Detached.(*entry.RequestBody)
		body.Country, body.Authority, body.Agency = entry.Withheld, entry.Withheld, ""
		nameless = w.Log(st)

		w.Advance(time.Hour)
		sealed = w.Request(c, "2024-10", nil)
		body = sealed.Detached.(*entry.RequestBody)
		body.Agency = "Interior Ministry of Caldermark"
		body.Country, body.Authority = "XC", "executive"
		body.Statute, body.Instrument, body.Other = "Act on Networks, section 9", "other-statute", nil
		body.Assist, body.GagReview = []string{"access"}, "2025-03-31"
		review := e.later(120)
		w.Seal(sealed, Seal{Member: "agency", Reason: "secrecy-order", Law: "other-statute", Review: review},
			Seal{Member: "assist", Reason: entry.Withheld, Law: entry.Withheld, Review: review},
			Seal{Member: "narrative", Reason: "third-party", Review: e.later(720)})
		partly = w.Log(sealed)
		// Withheld, and sealed inside.
		both = w.Request(c, "2024-10", nil).Withhold(e.later(180))
		w.Seal(both, Seal{Member: "country", Reason: "secrecy-order", Review: e.later(170)}, Seal{Member: "targets", Reason: "safety", Review: e.later(170)})
		decide(w.Log(both), "refused", "in", "pledge")
		exits = w.Log(w.Request(a, "2024-10", nil))
		decide(exits, "exited", "in", "pledge", "rights")
	})
	e.on("2024-10-21 10:00", func() {
		decide(long, "challenged", "in", "pledge", "unlawful")
		decide(long, "narrowed", "disputed", "out-of-scope", "rights")
		// What was answered is told neither here nor, for now, in the text.
		answer = w.Decision(hidden, "refused", nil)
		tree, body := answer.Statement.Body.(*entry.Decision), answer.Detached.(*entry.DecisionBody)
		body.Date, body.Outcome, body.Grounds, body.Scope = tree.Date, tree.Outcome, tree.Grounds, tree.Scope
		tree.Date, tree.Outcome, tree.Grounds, tree.Scope = "", "", nil, ""
		e.say(answer.Withhold(e.later(180)))
		coded = e.say(w.Decision(nameless, "lapsed", nil).Withhold(e.later(180)))
		st := w.Decision(partly, "quashed", nil)
		w.Seal(st, Seal{Member: "court", Reason: "proceedings", Review: e.later(720)})
		e.say(st)
	})
	e.on("2024-11-11 09:30", func() {
		decide(long, "upheld", "out", "procedure")
		decide(long, "partly-complied", "out", "no-capability")
		decide(long, "complied", "out", "contract")
		d.note(w.PeriodAt(w.now))
		decide(w.Log(w.Request(d, "2024-11", nil)), "withdrawn-by-requester", "in")
		e.say(w.Extend(secret, e.later(150), "still-forbidden"))
		e.say(w.Extend(coded, e.later(160), "proceedings"))
	})
	e.on("2025-02-17 09:30", func() {
		e.say(w.OpenText(secret, "order-lifted"))
		e.say(w.OpenText(answer, "order-expired"))
		e.say(w.OpenText(sealed, "permission", "agency", "assist"))
	})
	e.on("2025-03-03 09:30", func() {
		e.say(w.OpenText(both, "law-changed", "targets"))
		if account := e.accounts[c]; account != nil && account.planned {
			e.say(w.OpenText(account, "own-decision"))
		}
		e.say(w.OpenText(both, "risk-passed", "country"))
		e.say(w.OpenText(coded, "public-elsewhere"))
	})
}

// slotsAndPlaces shows slots with something in them, and requests that come out of
// them.
func (e *every) slotsAndPlaces() {
	w := e.w
	a, b, c := e.signatory(1), e.signatory(2), e.signatory(4)
	var two, full, one []*Committed
	commit := func(of *Author, n int, received string) (all []*Committed) {
		for range n {
			of.note(w.PeriodAt(w.now))
			c := w.Commit(of, received, nil)
			c.planned, all = true, append(all, c)
		}
		e.slotted[of] = append(e.slotted[of], all...)
		return all
	}
	// More than a slot has places for: one waits for the next.
	e.on("2024-10-30 10:00", func() { two, full = commit(a, 2, "2024-10"), commit(b, entry.SlotPlaces+1, "2024-10") })
	e.on("2024-12-08 10:00", func() { one = commit(c, 1, "2024-12-06") })
	var kept *Statement
	e.on("2025-02-03 09:30", func() {
		w.Log(w.Decision(w.Log(w.Publish(two[0])), "refused", nil))
		w.Log(w.Decision(w.Log(w.Publish(full[entry.SlotPlaces])), "narrowed", nil))
	})
	e.on("2025-02-10 09:30", func() {
		kept = w.Publish(two[1]).Withhold(e.later(60))
		w.Log(w.Decision(w.Log(kept), "refused", nil))
		w.Log(w.Decision(w.Log(w.Publish(full[7])), "refused", nil))
	})
	e.on("2025-03-03 10:00", func() { w.Log(w.Decision(w.Log(w.Publish(one[0])), "refused", nil)) })
	e.on("2025-03-10 09:30", func() { e.say(w.OpenText(kept, "order-lifted")) })
}

// terms shows amends of everything that a charter has.
func (e *every) terms() {
	w := e.w
	amend := func(b *entry.Amend) { e.say(w.Amend(b, Amended{}, nil)) }
	e.on("2024-10-21 14:00", func() {
		e.say(w.Amend(&entry.Amend{Attestation: entry.Quarter, DecisionDays: 90, FileDays: 50, From: "2025-01-01T00:00:00Z", GraceDays: 40, ReplyDays: 40, ReviewDays: 900},
			Amended{}, &entry.AmendBody{Narrative: map[string]string{"en": NarrativesFor("amend", "", "en")[0].Fill(w.Secretariat.Name, "", month(w.now))}}))
		// At once.
		amend(&entry.Amend{DecisionDays: 80, From: entry.FormatTime(w.now)})
	})
	e.on("2024-11-04 14:00", func() {
		e.say(w.Amend(&entry.Amend{}, Amended{Operator: &Ring{Keys: w.NewKeysOf("operator-second", entry.AlgEd25519, entry.AlgP256), Threshold: 2}}, nil))
		e.say(w.Amend(&entry.Amend{}, Amended{Recovery: &Ring{Keys: w.NewKeysOf("recovery-second", entry.AlgMLDSA44, entry.AlgP256, entry.AlgEd25519), Threshold: 2}}, nil))
	})
	e.on("2024-11-11 14:00", func() {
		e.say(w.Recover(Ring{Keys: w.NewKeysOf("secretariat-second", entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44), Threshold: 2}))
		// One of three changes.
		keys := append(w.Secretariat.Keys[:2:2], w.NewKeyOf(entry.AlgP256, entry.UseStatement, "secretariat-third-3"))
		e.say(w.Amend(&entry.Amend{}, Amended{Secretariat: &Ring{Keys: keys, Threshold: 2}}, nil))
		e.say(w.Rotate(w.Secretariat, Ring{Keys: w.Secretariat.Keys, Threshold: 1}))
		e.say(w.Rotate(w.Secretariat, Ring{Keys: w.Secretariat.Keys, Threshold: 2}))
		amend(&entry.Amend{LogKeys: []string{w.Signer.Key().String(), w.NextSigner().Key().String()}})
	})
	e.on("2024-11-25 14:00", func() {
		b := &entry.Amend{From: "2025-01-15T00:00:00Z"}
		texts := make(map[string]string)
		for _, c := range append(Clauses[:len(Clauses):len(Clauses)], Clause{"help-others", "We help each other to answer requests: what one learns of the law, all may use."}) {
			b.Clauses, texts[c.ID] = append(b.Clauses, entry.Clause{ID: c.ID}), c.Text
		}
		e.say(w.Amend(b, Amended{}, &entry.AmendBody{Clauses: texts}))
		// For a week slots are weekly, for a day daily.
		amend(&entry.Amend{From: "2024-12-02T00:00:00Z", Slots: entry.SlotsWeek})
		amend(&entry.Amend{From: "2024-12-09T00:00:00Z", Slots: entry.SlotsDay})
		amend(&entry.Amend{From: "2024-12-10T00:00:00Z", Slots: entry.SlotsNone})
		amend(&entry.Amend{From: "2024-12-11T00:00:00Z", Slots: entry.SlotsMonth})
	})
	e.on("2025-02-03 14:00", func() {
		for i, a := range w.Signatories[:3] {
			w.Advance(time.Minute)
			e.pledges(i, a)
		}
	})
	e.on("2025-03-10 14:00", func() {
		// A change of keys and of terms in one, and ends that are far off.
		e.say(w.Amend(&entry.Amend{From: "2025-07-01T00:00:00Z", GraceDays: 45}, Amended{Operator: &Ring{Keys: w.NewKeys("operator-third", 1), Threshold: 1}}, nil))
		amend(&entry.Amend{Ends: &entry.End{Successor: "log.lanternhall.example/2050"}, From: "2050-01-01T00:00:00Z"})
		amend(&entry.Amend{Ends: &entry.End{}, From: "2051-01-01T00:00:00Z"})
	})
}

// mergers shows one signatory taking the place of another.
func (e *every) mergers() {
	w := e.w
	var asked *Filed
	e.on("2025-01-13 10:00", func() { asked = e.ask(e.signatory(10)) })
	e.on("2025-02-10 15:00", func() { e.say(w.Succeed(e.signatory(10), e.signatory(0))) })
	e.on("2025-02-17 10:00", func() {
		e.say(w.Decision(asked, "refused", nil))
		a := e.signatory(10)
		e.say(w.Rotate(a, w.freshRing(a, "after")))
	})
	// A new name: its admission brings keys of its own. What ended before stays the
	// former's to attest.
	e.on("2025-04-02 10:00", func() {
		c := namesake(Companies, len(w.Signatories))
		keys := Ring{Keys: w.NewKeysOf(c.ID, entry.AlgP256, entry.AlgEd25519), Threshold: 1, Slot: w.NewSlotKey(c.ID, 0)}
		a := w.Join(c, entry.RoleSignatory, keys)
		e.say(w.Admit(a))
		e.pledges(len(w.Signatories)-1, a)
		w.Advance(time.Hour)
		e.say(w.Succeed(e.signatory(3), a))
	})
}

// ask logs a request that an author received this month.
func (e *every) ask(a *Author) *Filed {
	w := e.w
	a.note(w.PeriodAt(w.now))
	return w.Log(w.Request(a, month(w.now), nil))
}

// erasures shows what the operator deletes, and on what grounds.
func (e *every) erasures() {
	w := e.w
	var plain, opened, sealed, corrected *Statement
	e.on("2024-12-11 10:00", func() {
		a := e.signatory(0)
		for range 3 {
			a.note(w.PeriodAt(w.now))
		}
		refuse := func(st *Statement) *Statement {
			e.say(w.Decision(w.Log(st), "refused", nil))
			return st
		}
		plain = refuse(w.Request(a, "2024-12", nil))
		opened = refuse(w.Request(a, "2024-12", nil).Withhold(e.later(30)))
		sealed = refuse(w.Seal(w.Request(a, "2024-12", nil), Seal{Member: "narrative", Reason: "personal-data", Review: e.later(90)}))
		w.Advance(time.Hour)
		e.say(w.OpenText(opened, "own-decision"))
		e.say(w.OpenText(sealed, "own-decision", "narrative"))
		twice := w.Request(a, "2024-12", nil)
		w.Log(twice)
		corrected = e.say(w.Correct(twice, nil, e.why(a, entry.CorrectVoid)))
	})
	e.on("2025-03-17 10:00", func() {
		narrative := sealed.Disclosures["narrative"]
		e.say(w.Erase(plain, plain.BodyDigest, entry.BasisDataSubject, "DSR-2025-04"))
		e.say(w.Erase(opened, opened.BodyDigest, entry.BasisCourtOrder, "XA/17/2025"))
		e.say(w.Erase(sealed, narrative.Digest(), entry.BasisSafety, "S.3"))
		e.say(w.Erase(corrected, corrected.BodyDigest, entry.BasisNotice, "N:2025-11"))
	})
}
