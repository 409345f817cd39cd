package api_test

import (
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// TestRelationsOverHTTP: an entry says what later ones made of it, and an author how
// it stands, in the words of docs/api.md.
func TestRelationsOverHTTP(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 7, Challengers: 1, Slots: entry.SlotsMonth, NoDirectories: true}, apitest.Start)
	w := s.world
	say := func(st *generator.Statement) *generator.Statement {
		s.mustSubmit(st)
		w.Advance(time.Minute)
		return st
	}
	a, b, ngo := s.member(0), s.member(1), w.Challengers[0]
	say(w.Admit(ngo))

	review := day(w.Now() + 20*86400)
	told := w.Seal(s.request(a), generator.Seal{Member: "country", Reason: "safety", Review: review})
	filed := w.Log(told)
	s.SetTime(w.Now())
	if _, err := s.client.Submit(t.Context(), told.Submission()); err != nil {
		t.Fatal(err)
	}
	kept := say(s.request(a).Withhold(review))
	open := say(w.OpenText(told, "permission", "country"))
	if e := entryOf(t, s, kept.ID); e.Review != review {
		t.Errorf("a withheld text is reviewed by %q", e.Review)
	}
	whole := say(w.OpenText(kept, "permission"))
	erasure := say(w.Erase(kept, kept.BodyDigest, entry.BasisNotice, "N-1"))
	first, second := say(w.Decision(filed, "refused", nil)), say(w.Decision(filed, "narrowed", nil))
	fixed := say(w.Correct(first, second, nil))
	gone := say(s.request(a))
	voided := say(w.Correct(gone, nil, nil))
	asked := say(w.Challenge(ngo, a, &entry.Challenge{Entry: told.ID, Finding: "contradicted", Period: "2025-Q1"}, nil))

	e := entryOf(t, s, told.ID)
	if len(e.Disclosures) != 1 || e.Disclosures[0].Member != "country" || e.Disclosures[0].Text != told.Disclosures["country"].Text() || e.Disclosures[0].By.ID != open.ID {
		t.Errorf("disclosures %+v", e.Disclosures)
	}
	if len(e.Challenges) != 1 || e.Challenges[0].ID != asked.ID || e.Challenges[0].By != ngo.ID || e.Challenges[0].Against != a.ID || e.Challenges[0].Entry != told.ID {
		t.Errorf("challenges %+v", e.Challenges)
	}
	due := asked.Logged + int64(w.Terms.ReplyDays)*86400
	if c := entryOf(t, s, asked.ID); c.Body != nil || c.HeldUntil == nil || int64(*c.HeldUntil) != due || c.Challenge == nil || int64(c.Challenge.Due) != due || c.Challenge.Finding != "contradicted" {
		t.Errorf("a challenge before its reply: %d bytes, held until %v", len(c.Body), c.HeldUntil)
	}
	reply := say(w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: asked.ID}, nil))
	if c := entryOf(t, s, asked.ID); c.Body == nil || c.HeldUntil != nil || len(c.Challenge.Replies) != 1 || c.Challenge.Replies[0].ID != reply.ID || c.Challenge.Replies[0].Answer != entry.AnswerAccepted {
		t.Errorf("a challenge with its reply: %+v", c.Challenge)
	}
	e = entryOf(t, s, kept.ID)
	if e.BodyState != "erased" || e.Opened == nil || e.Opened.ID != whole.ID || len(e.Erasures) != 1 || e.Erasures[0].ID != erasure.ID || e.Erasures[0].Basis != entry.BasisNotice || e.Erasures[0].Reference != "N-1" || e.Review != "" {
		t.Errorf("opened and erased: %+v", e.Related)
	}
	if e := entryOf(t, s, first.ID); e.Correction == nil || e.Correction.ID != fixed.ID || e.Correction.How != entry.CorrectSuperseded || e.Correction.By == nil || e.Correction.By.ID != second.ID {
		t.Errorf("corrected: %+v", e.Correction)
	}
	if e := entryOf(t, s, second.ID); e.InPlaceOf == nil || e.InPlaceOf.ID != first.ID {
		t.Errorf("in place of %+v", e.InPlaceOf)
	}
	if e := entryOf(t, s, gone.ID); e.Correction == nil || e.Correction.ID != voided.ID || e.Correction.How != entry.CorrectVoid || e.Correction.By != nil {
		t.Errorf("void: %+v", e.Correction)
	}

	slot := say(w.Slot(a, entry.SlotPeriodAt(entry.SlotsMonth, w.Now())))
	proposal := say(w.Standing(b, entry.StandingProposed, "other"))
	removal := say(w.Standing(b, entry.StandingRemoved, "settled"))
	doubtful := say(s.request(a))
	compromise := say(w.Compromised(a, generator.Ring{Keys: w.NewKeys("a-new", 1), Threshold: 1, Slot: a.SlotKey}, doubtful.ID))
	rekey := say(w.Rekey(ngo, generator.Ring{Keys: w.NewKeys("ngo-new", 1), Threshold: 1}))
	if e := entryOf(t, s, doubtful.ID); e.Doubtful == nil || e.Doubtful.ID != compromise.ID {
		t.Errorf("doubtful: %+v", e.Doubtful)
	}
	standing := func(of *generator.Author) client.Signatory {
		got, err := s.client.Signatory(t.Context(), of.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.Signatory
	}
	x := standing(a)
	if x.SlotSeq != 1 || x.SlotHead != slot.ID || x.Void != 1 || x.Withheld != 1 || x.Opened != 1 || len(x.Challenges) != 1 || x.Keys == nil || len(x.Keys.Keys) != 2 || len(x.Doubtful) != 1 || x.Doubtful[0].First != x.Doubtful[0].Last {
		t.Errorf("%s: %+v", a.ID, x.Membership)
	}
	if x := standing(b); x.Standing != entry.StandingRemoved || x.Removed == nil || x.Removed.ID != removal.ID || x.Removed.Reason != "settled" || x.Removed.Proposed == nil || x.Removed.Proposed.ID != proposal.ID {
		t.Errorf("%s: %+v", b.ID, x.Removed)
	}
	if x := standing(ngo); x.KeysWaiting == nil || x.KeysWaiting.ID != rekey.ID || int64(x.KeysWaiting.From) != rekey.Logged+14*86400 || x.KeysChanged != nil {
		t.Errorf("%s: %+v", ngo.ID, x.KeysWaiting)
	}
	say(w.Succeed(a, s.member(2)))
	if x := standing(a); x.SucceededBy == nil || x.SucceededBy.Author != w.Signatories[2].ID {
		t.Errorf("succeeded by %+v", x.SucceededBy)
	}
	if x := standing(w.Signatories[2]); len(x.Succeeds) != 1 || x.Succeeds[0].Author != a.ID {
		t.Errorf("succeeds %+v", x.Succeeds)
	}
	// A month passes in which nobody else logs a slot; the first keys of last resort
	// count, unconfirmed.
	w.Advance(60 * 24 * time.Hour)
	labelled := say(w.Challenge(ngo, w.Signatories[2], nil, nil))
	if x := standing(w.Signatories[2]); x.Slots == nil || x.Slots.Owed == 0 || x.Slots.Missed != x.Slots.Owed || len(x.Slots.First) == 0 {
		t.Errorf("slots %+v", x.Slots)
	}
	if x := standing(ngo); x.KeysChanged == nil || x.KeysWaiting != nil {
		t.Errorf("keys %+v", x.KeysChanged)
	}
	if e := entryOf(t, s, labelled.ID); e.Unconfirmed == nil || e.Unconfirmed.ID != rekey.ID {
		t.Errorf("unconfirmed: %+v", e.Unconfirmed)
	}
}
