package pledge

import (
	"fmt"
	"slices"

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
	a := s.authors[st.Author]
	if a != nil && st.Seq <= uint64(len(a.chain)) && a.chain[st.Seq-1] == st.ID {
		return Verdict{Kind: Duplicate}
	}
	if limit := entry.MaxLeafOf(st.Kind); it.Size > limit {
		return rejected(entry.CodeLeafTooLarge, fmt.Sprintf("the leaf has %d bytes, over %d", it.Size, limit))
	}
	if st.Log != s.origin {
		return rejected(CodeOrigin, "the statement is for another log")
	}
	if v, done := s.judgeCharter(it); done {
		return v
	}
	if a == nil {
		return rejected(CodeAuthorUnknown, "the author is not admitted")
	}
	seq, head := a.head()
	if !a.mayMake(st.Kind) {
		return rejected(CodeKindNotAllowed, fmt.Sprintf("the author may not make a statement of kind %s", st.Kind))
	}
	if st.Seq <= seq {
		return rejected(CodeSeqTaken, fmt.Sprintf("the author's statement %d is logged already and is another one", st.Seq))
	}
	if st.Seq != seq+1 {
		return rejected(CodeSeqGap, fmt.Sprintf("seq is %d and the author's last one is %d", st.Seq, seq))
	}
	if st.Prev != head {
		return rejected(CodePrevMismatch, "prev is not the author's last accepted statement")
	}
	if v := judgeSignatures(it, s.calledFor(a, st)); v.Kind != Accepted {
		return v
	}
	if st.BodyDigest != "" {
		if _, used := a.digests[st.BodyDigest]; used {
			return rejected(CodeDigestReused, "the author used this body's digest before")
		}
	}
	return s.judgeKind(a, it)
}

// judgeCharter handles index 0 and charters; done is false when the leaf is
// neither.
func (s *State) judgeCharter(it *Item) (v Verdict, done bool) {
	st := it.Statement
	if st.Kind != entry.KindCharter {
		if s.charter == nil {
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
		if id, ok := vkeyID(v); ok && slices.Contains(want.every, id) {
			return rejected(CodeKeyTaken, "a key of the charter is a checkpoint key too"), true
		}
	}
	return judgeSignatures(it, want), true
}

// mayMake says which kinds an author's role allows (protocol section 4).
func (a *author) mayMake(k entry.Kind) bool {
	switch k {
	case entry.KindAdmit:
		return a.admit == nil
	case entry.KindPledge, entry.KindRequest, entry.KindDecision, entry.KindAttestation:
		return a.admit != nil && a.admit.Role == entry.RoleSignatory
	}
	return false
}

// A demand is whose signatures a statement needs: at least need of the keys in
// any, and every key in every. A signature of no such key is not called for.
type demand struct {
	any   []entry.KeyID
	need  int
	every []entry.KeyID
}

// charterDemand wants every key that a charter names.
func charterDemand(st *entry.Statement) demand {
	var d demand
	for _, set := range keySets(st) {
		d.every = append(d.every, keyIDs(set)...)
	}
	return d
}

// authorDemand says who signs a statement of an author that has these keys of use
// statement, need of which must (protocol section 4, "Who signs").
func authorDemand(st *entry.Statement, keys []entry.KeyID, need int) demand {
	d := demand{any: keys, need: need}
	if b, ok := st.Body.(*entry.Admit); ok {
		d.every = keyIDs(b.KeySet())
	}
	return d
}

func (s *State) calledFor(a *author, st *entry.Statement) demand {
	keys := make([]entry.KeyID, 0, len(a.keys))
	for id, use := range a.keys {
		if use == entry.UseStatement {
			keys = append(keys, id)
		}
	}
	return authorDemand(st, keys, a.need)
}

// JudgeSignatures judges the signatures of an item whose author has the given
// keys, as Judge does, for who knows these keys and not the whole log. A charter
// needs no author's keys.
func JudgeSignatures(it *Item, author entry.KeySet) Verdict {
	switch {
	case it.Leaf == nil || it.Statement == nil:
		return rejected(entry.CodeOf(it.Err), detail(it.Err))
	case it.Statement.Kind == entry.KindCharter:
		return judgeSignatures(it, charterDemand(it.Statement))
	}
	keys, err := author.Parse()
	if err != nil {
		return rejected(entry.CodeOf(err), detail(err))
	}
	var ids []entry.KeyID
	for _, k := range keys {
		if k.Use == entry.UseStatement {
			ids = append(ids, k.ID)
		}
	}
	return judgeSignatures(it, authorDemand(it.Statement, ids, int(author.Threshold)))
}

func keyIDs(set entry.KeySet) []entry.KeyID {
	ids := make([]entry.KeyID, 0, len(set.Keys))
	for _, k := range set.Keys {
		if p, err := k.Parse(); err == nil {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func judgeSignatures(it *Item, want demand) Verdict {
	have, all := 0, 0
	for i, sig := range it.Leaf.Statement.Signatures {
		ofAny, ofEvery := slices.Contains(want.any, sig.KeyID), slices.Contains(want.every, sig.KeyID)
		if !ofAny && !ofEvery {
			return rejected(CodeSignatureUncalled, "the signature by key "+sig.KeyID.String()+" is not called for")
		}
		if i >= len(it.Valid) || !it.Valid[i] {
			return rejected(CodeSignatureInvalid, "the signature by key "+sig.KeyID.String()+" does not verify")
		}
		if ofAny {
			have++
		}
		if ofEvery {
			all++
		}
	}
	if have < want.need {
		return rejected(CodeSignaturesTooFew, fmt.Sprintf("%d of %d signatures needed are there", have, want.need))
	}
	if all < len(want.every) {
		return rejected(CodeSignaturesTooFew, fmt.Sprintf("%d of %d new keys signed", all, len(want.every)))
	}
	return accepted
}

// judgeKind checks the references of a statement whose author, place and
// signatures are right (protocol sections 4 and 6).
func (s *State) judgeKind(a *author, it *Item) Verdict {
	st := it.Statement
	if a.admit != nil && len(a.chain) == 0 && st.Kind != entry.KindPledge {
		return rejected(CodePledgeFirst, "a signatory's first statement is its pledge")
	}
	switch b := st.Body.(type) {
	case *entry.Admit:
		return s.judgeAdmit(b)
	case *entry.Pledge:
		if b.Charter != s.charterID {
			return rejected(CodeReferenceUnknown, "the pledge refers to another charter")
		}
		return s.judgeClauses(b.Clauses)
	case *entry.Request:
		return s.judgePeriod(b.Period())
	case *entry.Decision:
		if a.requests[b.Request] == nil {
			return rejected(CodeReferenceUnknown, "the decision names no accepted request of its author")
		}
	case *entry.Attestation:
		if v := s.judgePeriod(b.Period); v.Kind != Accepted {
			return v
		}
		if max(s.now, it.Leaf.Logged) < b.Period.End() {
			return rejected(CodeAttestationEarly, fmt.Sprintf("%s has not ended", b.Period))
		}
		return s.judgeClauses(b.Clauses)
	}
	return accepted
}

func (s *State) judgeAdmit(b *entry.Admit) Verdict {
	if s.authors[b.ID] != nil {
		return rejected(CodeAuthorTaken, "the author is admitted already")
	}
	for _, id := range keyIDs(b.KeySet()) {
		if owner, taken := s.owners[id]; taken {
			return rejected(CodeKeyTaken, "an admitted key belongs to "+owner+" already")
		}
	}
	return accepted
}

func (s *State) judgeClauses(ids []string) Verdict {
	for _, id := range ids {
		if !slices.ContainsFunc(s.charter.Clauses, func(c entry.Clause) bool { return c.ID == id }) {
			return rejected(CodeClauseUnknown, "the charter has no clause "+id)
		}
	}
	return accepted
}

func (s *State) judgePeriod(p entry.Period) Verdict {
	if !p.IsZero() && p.Kind() != s.charter.Attestation {
		return rejected(CodePeriodKind, fmt.Sprintf("%s is not a %s", p, s.charter.Attestation))
	}
	return accepted
}

func detail(err error) string {
	if e, ok := err.(*entry.Error); ok {
		return e.Detail
	}
	return "it could not be read"
}
