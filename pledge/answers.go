package pledge

import (
	"fmt"

	"github.com/pledgelog/pledgelog/entry"
)

// A Challenge is an accepted challenge and what was answered.
type Challenge struct {
	Mark
	By      string // challenger
	Against string // signatory
	About   entry.ID
	Finding string
	Period  string
	Due     int64   // moment before which a reply is in time
	Replies []Reply // uncorrected ones; the first fixes timeliness
	Void    bool    // corrected: voided, or superseded by another
}

// A Reply is an accepted reply.
type Reply struct {
	Mark
	Answer  string // of what stands in its place now
	Content Mark   // which one that is; the same Mark when it was not superseded
}

// IsOpen reports whether a challenge waits for its reply.
func (c *Challenge) IsOpen() bool { return !c.Void && len(c.Replies) == 0 }

// changeChallenge does something to a challenge. One that was answered can come to
// wait again, so that those which wait are counted.
func (s *State) changeChallenge(c *Challenge, change func()) {
	pair := [2]string{c.By, c.Against}
	if c.IsOpen() {
		s.open[pair]--
	}
	change()
	if c.IsOpen() {
		s.open[pair]++
	}
}

// enterChallenge makes a challenge and its replies findable.
func (s *State) enterChallenge(c *Challenge) {
	s.challenges[c.Entry] = c
	if c.IsOpen() {
		s.open[[2]string{c.By, c.Against}]++
	}
	for i := range c.Replies {
		s.replied[c.Replies[i].Entry] = c
		s.replied[c.Replies[i].Content.Entry] = c
	}
}

func (s *State) judgeChallenge(a *author, b *entry.Challenge) Verdict {
	against := s.byID[b.Against]
	if s.isUnknown(against) {
		return rejected(CodeAuthorUnknown, "the challenge is against no admitted signatory")
	}
	if !b.Entry.IsZero() && s.knowsAllOf(b.Against) {
		if _, ok := s.ofOwn(against, b.Entry); !ok {
			return rejected(CodeReferenceUnknown, "the challenge names no accepted statement of that signatory")
		}
	}
	if s.open[[2]string{a.ID, b.Against}] > 0 {
		return rejected(CodeChallengeOpen, "the author has a challenge against this signatory that is not answered")
	}
	return accepted
}

func (s *State) acceptChallenge(t *taken, b *entry.Challenge) {
	c := &Challenge{Mark: t.m, By: t.a.ID, Against: b.Against, About: b.Entry, Finding: b.Finding, Period: b.Period,
		Due: t.m.Logged + days(s.Terms(t.m.Logged).ReplyDays)}
	s.k.Challenges = append(s.k.Challenges, c)
	s.enterChallenge(c)
}

func (s *State) judgeReply(a *author, b *entry.Reply) Verdict {
	if b.Challenge.IsZero() {
		if !b.Entry.IsZero() {
			if _, ok := s.ofOwn(a, b.Entry); !ok {
				return rejected(CodeReferenceUnknown, "the reply's entry is no accepted statement of its author")
			}
		}
		return accepted
	}
	c := s.challenges[b.Challenge]
	if c == nil && s.whole != nil {
		return accepted // it was not given
	}
	if c == nil || c.Against != a.ID {
		return rejected(CodeReferenceUnknown, "the reply names no accepted challenge against its author")
	}
	return accepted
}

func (s *State) acceptReply(t *taken, b *entry.Reply) {
	c := s.challenges[b.Challenge]
	if c == nil {
		if b.Challenge.IsZero() {
			s.acceptFindingReply(t, b)
		}
		return // else the challenge was not given
	}
	if len(c.Replies) > 0 {
		t.say(FindReplyRepeated, "%s replied to this challenge before; the earlier reply counts as long as no correction puts this one in its place.", name(t.a))
	} else if t.m.Logged >= c.Due {
		t.say(FindReplyLate, "%s replied on %s to a challenge; it was asked to reply before %s.", name(t.a), day(t.m.Logged), day(c.Due))
	}
	s.changeChallenge(c, func() { c.Replies = append(c.Replies, Reply{t.m, b.Answer, t.m}) })
	s.replied[t.m.Entry] = c
}

// A Correction says what became of a statement.
type Correction struct {
	Mark        // of the correct
	How  string // entry.CorrectVoid or CorrectSuperseded
	By   entry.ID
}

var correctable = []entry.Kind{entry.KindRequest, entry.KindDecision, entry.KindAttestation, entry.KindReply, entry.KindChallenge}

func (s *State) judgeCorrect(a *author, b *entry.Correct) Verdict {
	n, ok := s.ofOwn(a, b.Entry, correctable...)
	if !ok {
		return rejected(CodeReferenceUnknown, "the correction names no statement of its author's that can be corrected")
	}
	if s.k.Book.at(n).Flags&isCorrected != 0 {
		return rejected(CodeAlreadyCorrected, "the statement was corrected before")
	}
	if b.How == entry.CorrectVoid {
		return accepted
	}
	by, ok := s.ofOwn(a, b.By, s.k.Book.kind(n))
	switch {
	case !ok:
		return rejected(CodeReferenceUnknown, "by names no statement of its author's of the same kind")
	case by <= n:
		return rejected(CodeCorrectConflict, "by was logged before the statement that it is to stand for")
	case s.k.Book.at(by).Flags&(isCorrected|isInstead) != 0:
		return rejected(CodeCorrectConflict, "by was corrected itself, or stands for another statement already")
	case !s.sameMatter(n, by):
		return rejected(CodeCorrectConflict, "the two statements are not about the same matter")
	}
	return accepted
}

// sameMatter reports whether one statement may stand in another's place: decisions
// on the same request, attestations for the same period, replies to the same
// challenge or both to findings, challenges against the same signatory.
func (s *State) sameMatter(n, by ref) bool {
	switch s.k.Book.kind(n) {
	case entry.KindDecision:
		d, _ := s.decisionOf(n)
		e, _ := s.decisionOf(by)
		return s.samePlace(d, e)
	case entry.KindAttestation:
		return s.attested[n].at == s.attested[by].at
	case entry.KindReply:
		return s.repliedTo(n) == s.repliedTo(by)
	case entry.KindChallenge:
		return s.challenges[s.k.Book.at(n).ID].Against == s.challenges[s.k.Book.at(by).ID].Against
	}
	return true
}

// repliedTo returns the challenge that the statement n replied to; nil when it was
// a finding.
func (s *State) repliedTo(n ref) *Challenge { return s.replied[s.k.Book.at(n).ID] }

func (s *State) acceptCorrect(t *taken, b *entry.Correct) {
	n := s.k.Book.find(b.Entry)
	s.k.Book.at(n).Flags |= isCorrected
	s.k.Corrections[n] = Correction{t.m, b.How, b.By}
	by := noRef
	if b.How == entry.CorrectSuperseded {
		by = s.k.Book.find(b.By)
		s.k.Book.at(by).Flags |= isInstead
	}
	t.a.Corrected++
	s.tellCorrected(t, n, by)
	switch s.k.Book.kind(n) {
	case entry.KindRequest:
		r, _ := s.requestOf(n)
		if by == noRef {
			s.request(s.place(r)).Void = true
			return
		}
		other, _ := s.requestOf(by)
		s.supersedeRequest(r, other)
	case entry.KindDecision:
		s.correctDecision(n, by)
	case entry.KindAttestation:
		s.correctAttestation(t.a, n, by)
	case entry.KindReply:
		s.correctReply(t, n, by)
	case entry.KindChallenge:
		c := s.challenges[b.Entry]
		s.changeChallenge(c, func() { c.Void = true })
	}
}

// tellCorrected tells of a correction, before it counts: what does not count from now on
// was stated, and stays displayed.
func (s *State) tellCorrected(t *taken, n, by ref) {
	text := fmt.Sprintf("%s took back its statement of entry %d, %s. It stays displayed.", name(t.a), s.k.Book.at(n).index(), s.stated(n))
	if by != noRef {
		text = fmt.Sprintf("%s put its statement of entry %d, %s, in the place of that of entry %d, %s. Both stay displayed.",
			name(t.a), s.k.Book.at(by).index(), s.stated(by), s.k.Book.at(n).index(), s.stated(n))
	}
	t.say(FindCorrected, "%s", text)
	if in := s.attested[n]; in.at != nil {
		t.found[len(t.found)-1].Period = in.body.Period.String()
	}
}

// stated says in short what a statement states that can be corrected and was not.
func (s *State) stated(n ref) string {
	switch s.k.Book.kind(n) {
	case entry.KindRequest:
		i, _ := s.requestOf(n)
		if p := periodOf(s.request(i).Received); p != "" {
			return "a request that it stated to have received in " + p
		}
		return "a request that it stated to have received in a period that it withheld"
	case entry.KindDecision:
		i, _ := s.decisionOf(n)
		if at, ok := s.k.Instead[i]; ok {
			i = at // its outcome stands there
		}
		if o := s.decision(i).outcome(); o != 0 {
			return "a decision with the stated outcome \"" + s.k.Outcomes[o] + "\""
		}
		return "a decision whose outcome it withheld"
	case entry.KindAttestation:
		b := s.attested[n].body
		return fmt.Sprintf("an attestation that states %s received and %d logged", b.Received.Total, b.Logged.Total)
	case entry.KindReply:
		return "a reply"
	}
	return "a challenge"
}

// correctDecision: the one that supersedes takes the earlier one's place in the
// list, and its own is void.
func (s *State) correctDecision(n, by ref) {
	i, _ := s.decisionOf(n)
	if at, ok := s.k.Instead[i]; ok {
		i = at
	}
	if by == noRef {
		s.decision(i).Outcome |= isVoid
		return
	}
	j, _ := s.decisionOf(by)
	at, other := s.decision(i), s.decision(j)
	at.Outcome = at.Outcome&isVoid | other.outcome()
	other.Outcome |= isVoid
	s.k.Instead[j] = i
}

func (s *State) correctAttestation(a *author, n, by ref) {
	at := s.attested[n].at
	if at.In != n {
		return // it did not count
	}
	if by != noRef {
		at.In, at.Body = by, s.attested[by].body
		return
	}
	// Nothing stands for the period any more: a later attestation is the first.
	delete(a.Attested, at.Body.Period)
	a.Void = append(a.Void, at)
}

// enterAttested makes a period's attestations findable.
func (s *State) enterAttested(at *attested) {
	s.attested[at.Ref] = attestedIn{at, at.FirstBody}
	for i := range at.Again {
		s.attested[at.Again[i].Ref] = attestedIn{at, at.Again[i].Body}
	}
}

// An attestedIn is one attestation, and the period's among which it is.
type attestedIn struct {
	at   *attested
	body *entry.Attestation
}

func (s *State) correctReply(t *taken, n, by ref) {
	c := s.repliedTo(n)
	if c == nil {
		t.a.correctFindingReply(n, by)
		return
	}
	id := s.k.Book.at(n).ID
	for i := range c.Replies {
		r := &c.Replies[i]
		if r.Content.Entry != id {
			continue
		}
		if by == noRef {
			first := r.Logged
			s.changeChallenge(c, func() { c.Replies = append(c.Replies[:i:i], c.Replies[i+1:]...) })
			// The next one is the first now.
			if i == 0 && len(c.Replies) > 0 && first < c.Due && c.Replies[0].Logged >= c.Due {
				t.say(FindReplyLate, "%s took back a reply to a challenge; the one that stands now it logged on %s, and it was asked to reply before %s.", name(t.a), day(c.Replies[0].Logged), day(c.Due))
			}
			return
		}
		other := s.k.Book.at(by).ID
		for j := range c.Replies {
			if o := c.Replies[j]; o.Content.Entry == other {
				r.Answer, r.Content = o.Answer, o.Content
				c.Replies = append(c.Replies[:j:j], c.Replies[j+1:]...)
				return
			}
		}
	}
}
