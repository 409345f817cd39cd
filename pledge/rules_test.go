package pledge_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// cast is a world in which everybody has something to do: two signatories that
// pledged, one that is admitted, a challenger, weekly slots.
type cast struct {
	*generator.World
	a, b, fresh, out *generator.Author
	c                *generator.Author
	request          *generator.Statement // of a, public
	withheld         *generator.Statement // of a
	decision         *generator.Statement // of a, on request
	slot             *generator.Statement // of a, with committed in it
	committed        *generator.Committed
	filed            *generator.Filed
}

func newCast(seed uint64) *cast {
	w := generator.New(generator.Options{Seed: seed, Signatories: 4, Challengers: 1, Slots: entry.SlotsWeek})
	x := &cast{World: w, a: w.Signatories[0], b: w.Signatories[1], fresh: w.Signatories[2], out: w.Signatories[3], c: w.Challengers[0]}
	w.Log(w.Found())
	for _, p := range []*generator.Author{x.a, x.b, x.fresh, x.c} {
		w.Log(w.Admit(p))
	}
	for _, p := range []*generator.Author{x.a, x.b} {
		w.Log(w.Pledge(p))
	}
	w.SetNow(unix("2025-01-14 10:00:00"))
	x.request = w.Request(x.a, "2025-01", nil)
	x.filed = w.Log(x.request)
	x.decision = w.Decision(x.filed, "refused", nil)
	w.Log(x.decision)
	x.withheld = w.Request(x.a, "2025-01", nil).Withhold("2025-06-01")
	w.Log(x.withheld)
	x.committed = w.Commit(x.a, "2025-01", nil)
	x.slot = w.Slot(x.a, entry.SlotPeriodAt(entry.SlotsWeek, w.Now()), x.committed)
	w.Log(x.slot)
	w.Advance(time.Hour)
	return x
}

// next returns the verdict on a statement if it is logged now.
func (x *cast) next(st *generator.Statement) pledge.Verdict {
	logged := len(x.Logged)
	x.LogVoid(st)
	s, _, _ := replayLeaves(x.Options.Origin, x.Logged[:logged])
	it := pledge.Read(uint64(logged), x.Logged[logged].Leaf)
	ring := pledge.NewKeyring()
	for i, e := range x.Logged[:logged] {
		ring.Learn(pledge.Read(uint64(i), e.Leaf).Statement)
	}
	ring.Try(it)
	x.Logged = x.Logged[:logged]
	return s.Judge(it)
}

// TestRules goes through what each kind asks for beyond what all do. The codes are
// written from the protocol, section 4; "" is accepted.
func TestRules(t *testing.T) {
	amend := func(b entry.Amend) func(x *cast) *generator.Statement {
		return func(x *cast) *generator.Statement { return x.Amend(&b, generator.Amended{}, nil) }
	}
	signed := func(st *generator.Statement, keys ...[]*generator.Key) *generator.Statement {
		return st.Encode().SignWith(slices.Concat(keys...)...)
	}
	for _, c := range []struct {
		name string
		st   func(x *cast) *generator.Statement
		want entry.Code
	}{
		// amend
		{"amend of days from now on", amend(entry.Amend{From: "2025-02-01T00:00:00Z", GraceDays: 10}), ""},
		{"amend from a moment that has passed", amend(entry.Amend{From: "2025-01-14T10:59:59Z", GraceDays: 10}), pledge.CodeAmendFrom},
		{"amend from the very moment", amend(entry.Amend{From: "2025-01-14T11:00:00Z", GraceDays: 10}), ""},
		{"half-years from the middle of one", amend(entry.Amend{From: "2025-04-01T00:00:00Z", Attestation: entry.HalfYear}), pledge.CodeAmendFrom},
		{"half-years from the beginning of one", amend(entry.Amend{From: "2025-07-01T00:00:00Z", Attestation: entry.HalfYear}), ""},
		{"half-years from a second later", amend(entry.Amend{From: "2025-07-01T00:00:01Z", Attestation: entry.HalfYear}), pledge.CodeAmendFrom},
		{"amend by a signatory", func(x *cast) *generator.Statement {
			st := x.Draft(x.a, entry.KindAmend, &entry.Amend{From: "2025-02-01T00:00:00Z", GraceDays: 10}, nil)
			return st
		}, entry.CodeMemberMalformed},
		{"new secretariat by its threshold", func(x *cast) *generator.Statement {
			return x.Amend(&entry.Amend{}, generator.Amended{Secretariat: &generator.Ring{Keys: x.NewKeys("new", 3), Threshold: 2}}, nil)
		}, ""},
		{"new secretariat, one of its keys silent", func(x *cast) *generator.Statement {
			keys := x.NewKeys("new", 3)
			st := x.Amend(&entry.Amend{}, generator.Amended{Secretariat: &generator.Ring{Keys: keys, Threshold: 2}}, nil)
			return signed(st, x.Secretariat.Signers(), keys[:2])
		}, pledge.CodeSignaturesTooFew},
		{"new secretariat by recovery", func(x *cast) *generator.Statement {
			return x.Recover(generator.Ring{Keys: x.NewKeys("new", 3), Threshold: 2})
		}, ""},
		{"new secretariat by one recovery key of two", func(x *cast) *generator.Statement {
			keys := x.NewKeys("new", 3)
			return signed(x.Recover(generator.Ring{Keys: keys, Threshold: 2}), x.Recovery[:1], keys)
		}, pledge.CodeSignaturesTooFew},
		{"one key of the secretariat and one of recovery", func(x *cast) *generator.Statement {
			keys := x.NewKeys("new", 3)
			return signed(x.Recover(generator.Ring{Keys: keys, Threshold: 2}), x.Recovery[:1], x.Secretariat.Keys[:1], keys)
		}, pledge.CodeSignaturesTooFew},
		{"recovery replaces itself", func(x *cast) *generator.Statement {
			keys := x.NewKeys("new", 2)
			st := x.Amend(&entry.Amend{}, generator.Amended{Recovery: &generator.Ring{Keys: keys, Threshold: 2}}, nil)
			return signed(st, x.Recovery, keys)
		}, pledge.CodeSignatureUncalled},
		{"recovery changes days beside the keys", func(x *cast) *generator.Statement {
			keys := x.NewKeys("new", 2)
			st := x.Amend(&entry.Amend{From: "2025-02-01T00:00:00Z", GraceDays: 3650}, generator.Amended{Secretariat: &generator.Ring{Keys: keys, Threshold: 2}}, nil)
			return signed(st, x.Recovery, keys)
		}, pledge.CodeSignatureUncalled},
		{"recovery key becomes the secretariat's", func(x *cast) *generator.Statement {
			st := x.Amend(&entry.Amend{}, generator.Amended{Secretariat: &generator.Ring{Keys: x.Recovery, Threshold: 2}}, nil)
			return st
		}, pledge.CodeKeyTaken},
		{"signatory's key becomes the operator's", func(x *cast) *generator.Statement {
			return x.Amend(&entry.Amend{}, generator.Amended{Operator: &generator.Ring{Keys: x.a.Keys, Threshold: 1}}, nil)
		}, pledge.CodeKeyTaken},
		// admit
		{"rekey of who is not admitted", func(x *cast) *generator.Statement { return x.Rekey(x.out, x.out.Ring()) }, pledge.CodeAuthorUnknown},
		{"rekey into another role", func(x *cast) *generator.Statement {
			st := x.Rekey(x.a, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1})
			st.Statement.Body.(*entry.Admit).Role = entry.RoleChallenger
			return st
		}, pledge.CodeRoleDiffers},
		{"rekey to another's key", func(x *cast) *generator.Statement { return x.Rekey(x.a, x.b.Ring()) }, pledge.CodeKeyTaken},
		{"rekey of the secretariat", func(x *cast) *generator.Statement {
			st := x.Rekey(x.a, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1})
			st.Statement.Body.(*entry.Admit).ID = "secretariat"
			return st
		}, entry.CodeAuthorMalformed},
		{"rekey without the new keys", func(x *cast) *generator.Statement {
			return signed(x.Rekey(x.a, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1}), x.Secretariat.Signers())
		}, pledge.CodeSignaturesTooFew},
		{"readmission of a member", func(x *cast) *generator.Statement { return x.Readmit(x.a, x.a.Ring()) }, pledge.CodeStanding},
		{"rekey of who withdrew", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.b, nil))
			return x.Rekey(x.b, x.b.Ring())
		}, pledge.CodeStanding},
		{"readmission of who withdrew", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.b, nil))
			return x.Readmit(x.b, x.b.Ring())
		}, ""},
		// standing
		{"suspended twice", func(x *cast) *generator.Statement {
			x.Log(x.Standing(x.a, entry.StandingSuspended, "other"))
			return x.Standing(x.a, entry.StandingSuspended, "other")
		}, pledge.CodeStanding},
		{"removal proposed of who is suspended", func(x *cast) *generator.Statement {
			x.Log(x.Standing(x.a, entry.StandingSuspended, "other"))
			return x.Standing(x.a, entry.StandingProposed, "other")
		}, ""},
		{"reinstated for nothing", func(x *cast) *generator.Statement {
			return x.Standing(x.a, entry.StandingReinstated, "other")
		}, pledge.CodeStanding},
		{"removed twice", func(x *cast) *generator.Statement {
			x.Log(x.Standing(x.a, entry.StandingRemoved, "other"))
			return x.Standing(x.a, entry.StandingRemoved, "other")
		}, pledge.CodeStanding},
		{"standing of nobody", func(x *cast) *generator.Statement {
			return x.Standing(x.out, entry.StandingSuspended, "other")
		}, pledge.CodeAuthorUnknown},
		// succeed
		{"a challenger takes a place", func(x *cast) *generator.Statement { return x.Succeed(x.a, x.c) }, pledge.CodeAuthorUnknown},
		{"a place is taken twice", func(x *cast) *generator.Statement {
			x.Log(x.Succeed(x.a, x.b))
			return x.Succeed(x.a, x.fresh)
		}, pledge.CodeStanding},
		{"who has left takes a place", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.b, nil))
			return x.Succeed(x.a, x.b)
		}, pledge.CodeStanding},
		// keys
		{"keys without the old threshold", func(x *cast) *generator.Statement {
			keys := x.NewKeys("new", 1)
			return signed(x.Rotate(x.a, generator.Ring{Keys: keys, Threshold: 1}), keys)
		}, pledge.CodeSignaturesTooFew},
		{"keys without the new key", func(x *cast) *generator.Statement {
			return signed(x.Rotate(x.a, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1}), x.a.Signers())
		}, pledge.CodeSignaturesTooFew},
		{"keys of another", func(x *cast) *generator.Statement { return x.Rotate(x.a, x.b.Ring()) }, pledge.CodeKeyTaken},
		{"doubtful from another's entry on", func(x *cast) *generator.Statement {
			return x.Compromised(x.a, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1}, x.b.Head)
		}, pledge.CodeReferenceUnknown},
		{"keys by the secretariat", func(x *cast) *generator.Statement {
			return x.Rotate(x.Secretariat, generator.Ring{Keys: x.NewKeys("new", 2), Threshold: 2})
		}, ""},
		{"keys by the operator", func(x *cast) *generator.Statement {
			return x.Rotate(x.Host, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1})
		}, entry.CodeMemberMalformed},
		{"keys before the pledge", func(x *cast) *generator.Statement {
			return x.Rotate(x.fresh, generator.Ring{Keys: x.NewKeys("new", 1), Threshold: 1})
		}, pledge.CodePledgeFirst},
		// slot
		{"slot before the pledge", func(x *cast) *generator.Statement {
			return x.Slot(x.fresh, entry.SlotPeriodAt(entry.SlotsWeek, x.Now()))
		}, ""},
		{"slot for the week again", func(x *cast) *generator.Statement {
			return x.Slot(x.a, entry.SlotPeriodAt(entry.SlotsWeek, x.Now()))
		}, pledge.CodeSlotRepeated},
		{"slot of a day", func(x *cast) *generator.Statement {
			return x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsDay, x.Now()))
		}, pledge.CodePeriodKind},
		{"slot of next week", func(x *cast) *generator.Statement {
			return x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now()).Next())
		}, pledge.CodeSlotEarly},
		{"slot by a statement key", func(x *cast) *generator.Statement {
			return signed(x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now())), x.b.Signers())
		}, pledge.CodeSignatureUncalled},
		{"slot by two keys", func(x *cast) *generator.Statement {
			return signed(x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now())), []*generator.Key{x.b.SlotKey}, x.b.Signers())
		}, pledge.CodeSignatureUncalled},
		{"slot of a challenger", func(x *cast) *generator.Statement {
			return signed(x.Slot(x.c, entry.SlotPeriodAt(entry.SlotsWeek, x.Now())), x.c.Signers())
		}, pledge.CodeKindNotAllowed},
		// request out of a slot
		{"request of a slot", func(x *cast) *generator.Statement { return x.Publish(x.committed) }, ""},
		{"request of a slot that is another's", func(x *cast) *generator.Statement {
			st := x.Publish(x.committed)
			st.Author, st.Seq, st.Prev, st.Signers = x.b.ID, x.b.Seq+1, x.b.Head, x.b.Signers()
			return st
		}, pledge.CodeReferenceUnknown},
		{"request that names its place in another slot", func(x *cast) *generator.Statement {
			x.Log(x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now())))
			x.SetNow(unix("2025-01-21 10:00:00"))
			other := x.Slot(x.a, entry.SlotPeriodAt(entry.SlotsWeek, x.Now()))
			x.Log(other)
			st := x.Publish(x.committed)
			st.Statement.Body.(*entry.Request).Slot = other.ID
			return st
		}, pledge.CodeNotInSlot},
		{"request that was in no slot", func(x *cast) *generator.Statement {
			late := x.Commit(x.a, "2025-01", nil)
			d, err := entry.NewDisclosure(x.Salt(), entry.SlotName, []byte(`"`+late.Digest+`"`))
			if err != nil {
				panic(err)
			}
			late.Slot, late.Disclosure = x.slot.ID, d
			return x.Publish(late)
		}, pledge.CodeNotInSlot},
		{"place opened twice", func(x *cast) *generator.Statement {
			x.Log(x.Publish(x.committed))
			return x.Publish(x.committed)
		}, pledge.CodeDigestReused},
		{"request that names a request as its slot", func(x *cast) *generator.Statement {
			st := x.Publish(x.committed)
			st.Statement.Body.(*entry.Request).Slot = x.request.ID
			return st
		}, pledge.CodeReferenceUnknown},
		// withheld, open
		{"withheld for longer than the longest review", func(x *cast) *generator.Statement {
			return x.Request(x.a, "2025-01", nil).Withhold("2027-01-15") // 731 days
		}, pledge.CodeReviewRange},
		{"withheld for the longest review", func(x *cast) *generator.Statement {
			return x.Request(x.a, "2025-01", nil).Withhold("2027-01-14") // 730 days
		}, ""},
		{"withheld until today", func(x *cast) *generator.Statement {
			return x.Request(x.a, "2025-01", nil).Withhold("2025-01-14")
		}, pledge.CodeReviewRange},
		{"open", func(x *cast) *generator.Statement { return x.OpenText(x.withheld, "other") }, ""},
		{"open twice", func(x *cast) *generator.Statement {
			again := x.OpenText(x.withheld, "other")
			x.Log(x.OpenText(x.withheld, "other"))
			again.Seq, again.Prev = x.a.Seq+1, x.a.Head
			return again
		}, pledge.CodeAlreadyOpened},
		{"open of what is public", func(x *cast) *generator.Statement {
			return x.Draft(x.a, entry.KindOpen, &entry.Open{Entry: x.request.ID, Why: "other", Digests: []string{x.request.BodyDigest}}, nil)
		}, pledge.CodeAlreadyOpened},
		{"open of another digest while the body is withheld", func(x *cast) *generator.Statement {
			return x.Draft(x.a, entry.KindOpen, &entry.Open{Entry: x.withheld.ID, Why: "other", Digests: []string{entry.Digest([]byte("x"))}}, nil)
		}, pledge.CodeBodyClosed},
		{"open of a sealed member", func(x *cast) *generator.Statement {
			return x.Draft(x.a, entry.KindOpen, &entry.Open{Entry: x.request.ID, Why: "other", Digests: []string{entry.Digest([]byte("x"))}}, nil)
		}, ""},
		{"new review of what is public", func(x *cast) *generator.Statement { return x.Extend(x.request, "2025-06-01", "other") }, pledge.CodeOpenNotWithheld},
		{"new review", func(x *cast) *generator.Statement { return x.Extend(x.withheld, "2026-06-01", "other") }, ""},
		{"new review too far", func(x *cast) *generator.Statement { return x.Extend(x.withheld, "2036-06-01", "other") }, pledge.CodeReviewRange},
		{"open of another's", func(x *cast) *generator.Statement {
			st := x.OpenText(x.withheld, "other")
			st.Author, st.Seq, st.Prev, st.Signers = x.b.ID, x.b.Seq+1, x.b.Head, x.b.Signers()
			return st
		}, pledge.CodeReferenceUnknown},
		{"open of a slot", func(x *cast) *generator.Statement {
			return x.Draft(x.a, entry.KindOpen, &entry.Open{Entry: x.slot.ID, Why: "other", Digests: x.slot.Statement.Body.(*entry.Slot).Digests[:1]}, nil)
		}, pledge.CodeReferenceUnknown},
		// correct
		{"void", func(x *cast) *generator.Statement { return x.Correct(x.request, nil, nil) }, ""},
		{"void twice", func(x *cast) *generator.Statement {
			x.Log(x.Correct(x.request, nil, nil))
			return x.Correct(x.request, nil, nil)
		}, pledge.CodeAlreadyCorrected},
		{"void of a pledge", func(x *cast) *generator.Statement {
			return x.Draft(x.a, entry.KindCorrect, &entry.Correct{Entry: idOf(x.Logged[5]), How: entry.CorrectVoid}, nil)
		}, pledge.CodeReferenceUnknown},
		{"void of another's", func(x *cast) *generator.Statement {
			return x.Draft(x.b, entry.KindCorrect, &entry.Correct{Entry: x.request.ID, How: entry.CorrectVoid}, nil)
		}, pledge.CodeReferenceUnknown},
		{"superseded by an earlier one", func(x *cast) *generator.Statement { return x.Correct(x.withheld, x.request, nil) }, pledge.CodeCorrectConflict},
		{"superseded by a later one", func(x *cast) *generator.Statement { return x.Correct(x.request, x.withheld, nil) }, ""},
		{"superseded by one of another kind", func(x *cast) *generator.Statement { return x.Correct(x.request, x.decision, nil) }, pledge.CodeReferenceUnknown},
		{"one stands for two", func(x *cast) *generator.Statement {
			last := x.Request(x.a, "2025-01", nil)
			x.Log(last)
			x.Log(x.Correct(x.request, last, nil))
			return x.Correct(x.withheld, last, nil)
		}, pledge.CodeCorrectConflict},
		{"superseded by a void one", func(x *cast) *generator.Statement {
			x.Log(x.Correct(x.withheld, nil, nil))
			return x.Correct(x.request, x.withheld, nil)
		}, pledge.CodeCorrectConflict},
		{"decision superseded by one on another request", func(x *cast) *generator.Statement {
			f := x.Log(x.Request(x.a, "2025-01", nil))
			other := x.Decision(f, "complied", nil)
			x.Log(other)
			return x.Correct(x.decision, other, nil)
		}, pledge.CodeCorrectConflict},
		// withdraw
		{"withdraw", func(x *cast) *generator.Statement { return x.Withdraw(x.a, nil) }, ""},
		{"withdraw twice", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			return x.Withdraw(x.a, nil)
		}, pledge.CodeStandingEnded},
		{"challenger withdraws", func(x *cast) *generator.Statement { return x.Withdraw(x.c, nil) }, ""},
		{"request after withdrawing", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			return x.Request(x.a, "2025-01", nil)
		}, pledge.CodeStandingEnded},
		{"open after withdrawing", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			return x.OpenText(x.withheld, "other")
		}, ""},
		{"slot after removal", func(x *cast) *generator.Statement {
			x.Log(x.Standing(x.b, entry.StandingRemoved, "other"))
			return x.Slot(x.b, entry.SlotPeriodAt(entry.SlotsWeek, x.Now()))
		}, pledge.CodeStandingEnded},
		{"request while suspended", func(x *cast) *generator.Statement {
			x.Log(x.Standing(x.a, entry.StandingSuspended, "other"))
			return x.Request(x.a, "2025-01", nil)
		}, ""},
		{"the running period attested after withdrawing", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			x.SetNow(unix("2025-04-02 00:00:00"))
			return x.Attestation(x.a, period("2025-Q1"))
		}, ""},
		{"a later period attested after withdrawing", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			x.SetNow(unix("2025-07-02 00:00:00"))
			return x.Attestation(x.a, period("2025-Q2"))
		}, pledge.CodeStandingEnded},
		{"the running period attested after removal", func(x *cast) *generator.Statement {
			x.Log(x.Standing(x.a, entry.StandingRemoved, "other"))
			x.SetNow(unix("2025-04-02 00:00:00"))
			return x.Attestation(x.a, period("2025-Q1"))
		}, pledge.CodeStandingEnded},
		{"request after readmission, before the pledge", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			x.Log(x.Readmit(x.a, x.a.Ring()))
			return x.Request(x.a, "2025-01", nil)
		}, pledge.CodePledgeFirst},
		{"pledge after readmission", func(x *cast) *generator.Statement {
			x.Log(x.Withdraw(x.a, nil))
			x.Log(x.Readmit(x.a, x.a.Ring()))
			return x.Pledge(x.a)
		}, ""},
		// pledge
		{"pledge of an amend that states no clauses", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-02-01T00:00:00Z", GraceDays: 10}, generator.Amended{}, nil))
			st := x.Pledge(x.a)
			st.Statement.Body.(*entry.Pledge).Charter = x.Secretariat.Head
			return st
		}, pledge.CodeReferenceUnknown},
		{"pledge of an amend's clause", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-02-01T00:00:00Z", Clauses: []entry.Clause{{ID: "new-clause"}}}, generator.Amended{}, &entry.AmendBody{Clauses: map[string]string{"new-clause": "We will do more."}}))
			return x.Pledge(x.a)
		}, ""},
		{"pledge of an amend's clause by the charter", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-02-01T00:00:00Z", Clauses: []entry.Clause{{ID: "new-clause"}}}, generator.Amended{}, &entry.AmendBody{Clauses: map[string]string{"new-clause": "We will do more."}}))
			st := x.Pledge(x.a)
			st.Statement.Body.(*entry.Pledge).Charter = x.Charter
			return st
		}, pledge.CodeClauseUnknown},
		// challenge, reply
		{"challenge", func(x *cast) *generator.Statement { return x.Challenge(x.c, x.a, nil, nil) }, ""},
		{"challenge of an entry that is another's", func(x *cast) *generator.Statement {
			return x.Challenge(x.c, x.b, &entry.Challenge{Entry: x.request.ID}, nil)
		}, pledge.CodeReferenceUnknown},
		{"challenge of a challenger", func(x *cast) *generator.Statement { return x.Challenge(x.c, x.c, nil, nil) }, pledge.CodeAuthorUnknown},
		{"challenge by a signatory", func(x *cast) *generator.Statement { return x.Challenge(x.b, x.a, nil, nil) }, pledge.CodeKindNotAllowed},
		{"two open challenges", func(x *cast) *generator.Statement {
			x.Log(x.Challenge(x.c, x.a, nil, nil))
			return x.Challenge(x.c, x.a, nil, nil)
		}, pledge.CodeChallengeOpen},
		{"two open challenges against two", func(x *cast) *generator.Statement {
			x.Log(x.Challenge(x.c, x.a, nil, nil))
			return x.Challenge(x.c, x.b, nil, nil)
		}, ""},
		{"challenge after the reply", func(x *cast) *generator.Statement {
			ch := x.Challenge(x.c, x.a, nil, nil)
			x.Log(ch)
			x.Log(x.Reply(x.a, &entry.Reply{Challenge: ch.ID, Answer: entry.AnswerDisputed}, nil))
			return x.Challenge(x.c, x.a, nil, nil)
		}, ""},
		{"challenge after voiding it", func(x *cast) *generator.Statement {
			ch := x.Challenge(x.c, x.a, nil, nil)
			x.Log(ch)
			x.Log(x.Correct(ch, nil, nil))
			return x.Challenge(x.c, x.a, nil, nil)
		}, ""},
		{"reply to a challenge of another", func(x *cast) *generator.Statement {
			ch := x.Challenge(x.c, x.a, nil, nil)
			x.Log(ch)
			return x.Reply(x.b, &entry.Reply{Challenge: ch.ID, Answer: entry.AnswerDisputed}, nil)
		}, pledge.CodeReferenceUnknown},
		{"reply to no challenge", func(x *cast) *generator.Statement {
			return x.Reply(x.a, &entry.Reply{Challenge: x.request.ID, Answer: entry.AnswerDisputed}, nil)
		}, pledge.CodeReferenceUnknown},
		{"reply to a finding", func(x *cast) *generator.Statement {
			return x.Reply(x.a, &entry.Reply{Finding: "contradicted", Period: "2025-Q1", Answer: entry.AnswerAccepted}, nil)
		}, ""},
		// erasure
		{"erasure", func(x *cast) *generator.Statement {
			return x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1")
		}, ""},
		{"erasure twice", func(x *cast) *generator.Statement {
			x.Log(x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1"))
			return x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1")
		}, pledge.CodeAlreadyErased},
		{"erasure of what was never published", func(x *cast) *generator.Statement {
			return x.Erase(x.withheld, x.withheld.BodyDigest, entry.BasisSafety, "ref-1")
		}, pledge.CodeDigestUnknown},
		{"erasure of what was opened", func(x *cast) *generator.Statement {
			x.Log(x.OpenText(x.withheld, "other"))
			return x.Erase(x.withheld, x.withheld.BodyDigest, entry.BasisSafety, "ref-1")
		}, ""},
		{"erasure of another text of the entry", func(x *cast) *generator.Statement {
			return x.Erase(x.request, x.withheld.BodyDigest, entry.BasisSafety, "ref-1")
		}, pledge.CodeDigestUnknown},
		{"erasure of an unknown entry", func(x *cast) *generator.Statement {
			st := x.Request(x.a, "2025-01", nil).Encode()
			return x.Erase(st, st.BodyDigest, entry.BasisSafety, "ref-1")
		}, pledge.CodeReferenceUnknown},
		{"erasure by the secretariat", func(x *cast) *generator.Statement {
			st := x.Erase(x.request, x.request.BodyDigest, entry.BasisSafety, "ref-1")
			st.Author, st.Seq, st.Prev, st.Signers = x.Secretariat.ID, x.Secretariat.Seq+1, x.Secretariat.Head, x.Secretariat.Signers()
			return st
		}, pledge.CodeKindNotAllowed},
		// directory
		{"directory", func(x *cast) *generator.Statement { return x.Directory() }, ""},
		{"directory of fewer leaves", func(x *cast) *generator.Statement {
			st := x.Directory()
			st.Statement.Body.(*entry.Directory).Size--
			return st
		}, pledge.CodeDirectorySize},
		{"directory with another root", func(x *cast) *generator.Statement {
			st := x.Directory()
			st.Statement.Body.(*entry.Directory).Root = entry.Digest([]byte("x"))
			return st
		}, pledge.CodeDirectoryRoot},
		{"directory that is stale", func(x *cast) *generator.Statement {
			st := x.Directory()
			x.Log(x.Request(x.a, "2025-01", nil))
			st.Statement.Body.(*entry.Directory).Size++
			return st
		}, pledge.CodeDirectoryRoot},
		// end of the log
		{"request after the end", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-01-20T00:00:00Z", Ends: &entry.End{}}, generator.Amended{}, nil))
			x.SetNow(unix("2025-01-20 00:00:00"))
			return x.Request(x.a, "2025-01", nil)
		}, pledge.CodeLogEnded},
		{"request just before the end", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-01-20T00:00:00Z", Ends: &entry.End{}}, generator.Amended{}, nil))
			x.SetNow(unix("2025-01-19 23:59:59"))
			return x.Request(x.a, "2025-01", nil)
		}, ""},
		{"open after the end", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-01-20T00:00:00Z", Ends: &entry.End{}}, generator.Amended{}, nil))
			x.SetNow(unix("2025-01-20 00:00:00"))
			return x.OpenText(x.withheld, "other")
		}, ""},
		{"amend after the end", func(x *cast) *generator.Statement {
			x.Log(x.Amend(&entry.Amend{From: "2025-01-20T00:00:00Z", Ends: &entry.End{}}, generator.Amended{}, nil))
			x.SetNow(unix("2025-01-20 00:00:00"))
			return x.Amend(&entry.Amend{From: "2025-02-01T00:00:00Z", GraceDays: 10}, generator.Amended{}, nil)
		}, pledge.CodeLogEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newCast(41)
			v := x.next(c.st(x))
			if v.Code != c.want || (v.Kind == pledge.Accepted) != (c.want == "") {
				t.Errorf("%s %s (%s), want %q", v.Kind, v.Code, v.Detail, c.want)
			}
			if c.want == "" {
				return
			}
			if pledge.Hint(c.want) == "" {
				t.Errorf("%s has no hint", c.want)
			}
		})
	}
}

func idOf(e *generator.Entry) entry.ID {
	return pledge.Read(0, e.Leaf).Statement.ID
}
