package pledge

import (
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
)

// maxMadeAhead is how far a statement's own date may be after `logged`, in
// seconds, before it is a finding (protocol section 7, Time).
const maxMadeAhead = 600

// Judge says what becomes of a leaf if it is the next one. It changes nothing.
// The order of the checks decides which code is given when several fail.
func (s *State) Judge(it *Item) Verdict {
	if it.Leaf == nil {
		return Verdict{Kind: Malformed, Code: entry.CodeOf(it.Err), Detail: detail(it.Err)}
	}
	if it.Statement == nil {
		return rejected(entry.CodeOf(it.Err), detail(it.Err))
	}
	st := it.Statement
	if n := s.k.Book.find(st.ID); n != noRef {
		return Verdict{Kind: Duplicate}
	}
	if limit := entry.MaxLeafOf(st.Kind); it.Size > limit {
		return rejected(entry.CodeLeafTooLarge, fmt.Sprintf("the leaf has %d bytes, over %d", it.Size, limit))
	}
	if st.Log != s.k.Origin {
		return rejected(CodeOrigin, "the statement is for another log")
	}
	if v, done := s.judgeCharter(it); done {
		return v
	}
	now := max(s.k.Now, it.Leaf.Logged)
	a, v := s.judgeAuthor(st, now)
	if v.Kind != Accepted {
		return v
	}
	if v := s.judgePlaceInLane(a, st); v.Kind != Accepted {
		return v
	}
	if v := judgeSignatures(it, s.calledFor(a, st, now)); v.Kind != Accepted {
		return v
	}
	return s.judgeContent(a, it, now)
}

// JudgeContent says what Judge would say of an item in its author's next place, with
// every signature that it needs: for who wants to know whether a draft is worth being
// signed. It is no charter.
func (s *State) JudgeContent(it *Item) Verdict {
	now := max(s.k.Now, it.Leaf.Logged)
	a, v := s.judgeAuthor(it.Statement, now)
	if v.Kind != Accepted {
		return v
	}
	return s.judgeContent(a, it, now)
}

// judgeAuthor says whether there is an author who may make such a statement now.
func (s *State) judgeAuthor(st *entry.Statement, now int64) (*author, Verdict) {
	a := s.byID[st.Author]
	if a == nil {
		return nil, rejected(CodeAuthorUnknown, "the author is not admitted")
	}
	if !a.mayMake(st.Kind) {
		return nil, rejected(CodeKindNotAllowed, fmt.Sprintf("the author may not make a statement of kind %s", st.Kind))
	}
	if s.Ended(now) && st.Kind != entry.KindErasure && st.Kind != entry.KindDirectory && st.Kind != entry.KindOpen {
		return nil, rejected(CodeLogEnded, "the log has ended")
	}
	return a, accepted
}

// judgeContent judges what does not hang on the place and the signatures.
func (s *State) judgeContent(a *author, it *Item, now int64) Verdict {
	st := it.Statement
	if st.BodyDigest != "" && s.k.Book.used(a.No, it.textKey()) {
		return rejected(CodeDigestReused, "the author used this body's digest before")
	}
	if v := a.judgeStandingOf(st.Kind); v.Kind != Accepted {
		return v
	}
	if st.IsWithheld() {
		if v := s.judgeReview(st.Review, now); v.Kind != Accepted {
			return v
		}
	}
	return s.judgeKind(a, it, now)
}

// judgePlaceInLane wants a statement to be the next of its author and lane.
func (s *State) judgePlaceInLane(a *author, st *entry.Statement) Verdict {
	l := a.lane(st.Lane)
	switch {
	case st.Seq <= l.Seq:
		return rejected(CodeSeqTaken, fmt.Sprintf("the author's statement %d is logged already and is another one", st.Seq))
	case !s.knowsAllOf(a.ID):
		return accepted
	case st.Seq != l.Seq+1:
		return rejected(CodeSeqGap, fmt.Sprintf("seq is %d and the author's last one is %d", st.Seq, l.Seq))
	case st.Prev != l.Head:
		return rejected(CodePrevMismatch, "prev is not the author's last accepted statement")
	}
	return accepted
}

// judgeCharter handles index 0 and charters; done is false when the leaf is
// neither.
func (s *State) judgeCharter(it *Item) (v Verdict, done bool) {
	st := it.Statement
	if st.Kind != entry.KindCharter {
		if s.k.Charter == nil {
			return rejected(CodeCharterMissing, "the log has no accepted charter"), true
		}
		return Verdict{}, false
	}
	if it.Index != 0 {
		return rejected(CodeCharterMisplaced, "a charter stands at index 0 only"), true
	}
	if st.Seq != 1 {
		return rejected(CodeSeqGap, "a charter's seq is 1"), true
	}
	c := st.Body.(*entry.Charter)
	want := charterDemand(st)
	for _, v := range c.LogKeys {
		if id, ok := vkeyID(v); ok && countIn([]entry.KeyID{id}, want.every) > 0 {
			return rejected(CodeKeyTaken, "a key of the charter is a checkpoint key too"), true
		}
	}
	return judgeSignatures(it, want), true
}

// mayMake says which kinds an author's role allows (protocol section 4).
func (a *author) mayMake(k entry.Kind) bool {
	switch k {
	case entry.KindAmend, entry.KindAdmit, entry.KindStanding, entry.KindSucceed:
		return a.No == secretariatNo
	case entry.KindErasure, entry.KindDirectory:
		return a.No == operatorNo
	case entry.KindKeys:
		return a.No != operatorNo
	case entry.KindPledge, entry.KindRequest, entry.KindDecision, entry.KindAttestation, entry.KindSlot, entry.KindOpen, entry.KindReply:
		return a.isSignatory()
	case entry.KindChallenge:
		return a.isChallenger()
	case entry.KindCorrect, entry.KindWithdraw:
		return a.Admit != nil
	}
	return false
}

// judgeStandingOf says what an author may still log, or log already, by how it
// stands (protocol section 4, "Standing").
func (a *author) judgeStandingOf(k entry.Kind) Verdict {
	if a.Admit == nil || k == entry.KindSlot && a.ended() == "" {
		return accepted
	}
	after := false // kinds that may come after the end
	switch k {
	case entry.KindOpen, entry.KindCorrect, entry.KindDecision, entry.KindReply, entry.KindKeys, entry.KindAttestation:
		after = true
	}
	if a.ended() != "" && !after {
		return rejected(CodeStandingEnded, "the author's standing is "+a.standing())
	}
	if a.NeedPledge && k != entry.KindPledge && (len(a.Pledges) == 0 || !after) {
		return rejected(CodePledgeFirst, "a signatory's first statement is its pledge")
	}
	return accepted
}

// judgeKind checks the references of a statement whose author, place and
// signatures are right (protocol sections 4 and 6).
func (s *State) judgeKind(a *author, it *Item, now int64) Verdict {
	switch b := it.Statement.Body.(type) {
	case *entry.Amend:
		return s.judgeAmend(b, now)
	case *entry.Admit:
		return s.judgeAdmit(b)
	case *entry.Standing:
		return s.judgeStanding(b)
	case *entry.Succeed:
		return s.judgeSucceed(b)
	case *entry.Keys:
		return s.judgeKeys(a, b)
	case *entry.Pledge:
		return s.judgePledge(b)
	case *entry.Request:
		return s.judgeRequest(a, b)
	case *entry.Decision:
		if _, ok := s.ofOwn(a, b.Request, entry.KindRequest); !ok {
			return rejected(CodeReferenceUnknown, "the decision names no accepted request of its author")
		}
	case *entry.Attestation:
		return s.judgeAttestation(a, b, now)
	case *entry.Slot:
		return s.judgeSlot(a, b, now)
	case *entry.Open:
		return s.judgeOpen(a, b, now)
	case *entry.Correct:
		return s.judgeCorrect(a, b)
	case *entry.Challenge:
		return s.judgeChallenge(a, b)
	case *entry.Reply:
		return s.judgeReply(a, b)
	case *entry.Erasure:
		return s.judgeErasure(b)
	case *entry.Directory:
		return s.judgeDirectory(it, b)
	}
	return accepted
}

func (s *State) judgePledge(b *entry.Pledge) Verdict {
	clauses, ok := s.clausesOf(b.Charter)
	if !ok {
		return rejected(CodeReferenceUnknown, "the pledge refers neither to the charter nor to an accepted amend of its clauses")
	}
	for _, id := range b.Clauses {
		if !hasClause(clauses, id) {
			return rejected(CodeClauseUnknown, "the document that the pledge refers to has no clause "+id)
		}
	}
	return accepted
}

func (s *State) judgeRequest(a *author, b *entry.Request) Verdict {
	if v := s.judgePeriod(b.Period()); v.Kind != Accepted || b.Disclosure == "" {
		return v
	}
	return s.judgePlace(a, b)
}

func detail(err error) string {
	if e, ok := err.(*entry.Error); ok {
		return e.Detail
	}
	return "it could not be read"
}
