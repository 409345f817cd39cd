package pledge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// A carved says from when on which laws an author's admission carves out.
type carved struct {
	From int64
	Laws []string
}

// admittedAt returns an author's admission in force at a moment that is not before Now.
func (a *author) admittedAt(t int64) *entry.Admit {
	if p := a.Pending; p != nil && p.Admit != nil && t >= p.From {
		return p.Admit
	}
	return a.Admit
}

// carvesOut reports whether the admission that was in force in a period's last second
// carves out a law. A later one does not excuse what was missed before it; one that has
// ended since still does. The period's deadline has passed.
func (a *author) carvesOut(p entry.Period) bool {
	last := p.End() - 1
	if w := a.Pending; w != nil && w.Admit != nil && w.From <= last {
		return len(w.Admit.CarveOuts) > 0
	}
	for i := len(a.CarveOuts) - 1; i >= 0; i-- {
		if a.CarveOuts[i].From <= last {
			return len(a.CarveOuts[i].Laws) > 0
		}
	}
	return false
}

// A Doubt is a run of an author's entries that it called doubtful itself.
type Doubt struct {
	Mark               // of the statement that says so
	First, Last uint64 // indexes; only its author's entries between them
}

// A tenure is a time in which an author is held to what it promised.
type tenure struct {
	Admitted int64  // now of its admission
	Owes     int64  // moment from whose period on it owes attestations; 0 as long as it pledged nothing
	End      int64  // 0 while it lasts
	How      string // the last way in which it ended; End is the first
}

// How a tenure ends.
const (
	endWithdrawn = "withdrawn"
	endRemoved   = "removed"
	endSucceeded = "succeeded"
)

// A Removal says when an author was removed, and since when that was proposed.
type Removal struct {
	Mark
	Proposed *Mark // nil when it had not been proposed
	Reason   string
}

// A Succession says which author's place another takes.
type Succession struct {
	Mark
	Author string // the other one
}

func (a *author) tenure() *tenure {
	if len(a.Tenures) == 0 {
		return nil
	}
	return &a.Tenures[len(a.Tenures)-1]
}

// ended says how an author's membership ended; "" while it lasts.
func (a *author) ended() string {
	if t := a.tenure(); t != nil {
		return t.How
	}
	return ""
}

// end ends a membership. Who was succeeded may still be removed: what it owes ended
// with the succession.
func (a *author) end(now int64, how string) {
	t := a.tenure()
	if t.How == "" {
		t.End = now
	}
	t.How = how
}

// The standings of admitted authors, beside entry's suspended, proposed-removal
// and removed.
const (
	InStanding        = "in-standing"
	SuspendedProposed = "suspended-proposed-removal"
	Withdrawn         = "withdrawn"
	Succeeded         = "succeeded"
)

// standing is the one word for how an admitted author stands; "" for others.
func (a *author) standing() string {
	switch {
	case a.Admit == nil:
		return ""
	case a.ended() == endRemoved:
		return entry.StandingRemoved
	case a.ended() == endWithdrawn:
		return Withdrawn
	case a.Suspended != nil && a.Proposed != nil:
		return SuspendedProposed
	case a.Suspended != nil:
		return entry.StandingSuspended
	case a.Proposed != nil:
		return entry.StandingProposed
	case a.ended() == endSucceeded:
		return Succeeded
	}
	return InStanding
}

// isOut reports whether an author was removed or withdrew.
func (a *author) isOut() bool { return a.ended() == endRemoved || a.ended() == endWithdrawn }

func (s *State) acceptCharter(b *entry.Charter, m Mark) {
	s.k.Charter, s.k.CharterAt = b, m
	for _, reserved := range []struct {
		id  string
		set entry.KeySet
	}{{entry.AuthorSecretariat, b.Secretariat}, {entry.AuthorOperator, b.Operator}} {
		a := s.newAuthor(reserved.id, m)
		a.setKeys(reserved.set)
		s.own(reserved.set, reserved.id)
	}
	s.own(b.Recovery, recoveryOwner)
	s.ownLogKeys(b.LogKeys)
}

func (s *State) newAuthor(id string, m Mark) *author {
	a := &author{No: uint16(len(s.k.People)), ID: id, Admitted: m, Attested: make(map[entry.Period]*attested)}
	s.k.People = append(s.k.People, a)
	s.byID[id] = a
	return a
}

// maxPeople is how many authors there can be, the reserved ones among them (protocol
// section 4): what author.No can count.
const maxPeople = 1 << 16

func (s *State) judgeAdmit(b *entry.Admit) Verdict {
	a := s.byID[b.ID]
	if b.Mode == entry.AdmitNew {
		if a != nil {
			return rejected(CodeAuthorTaken, "the author is admitted already")
		}
		if len(s.k.People) == maxPeople {
			return rejected(CodeAuthorsFull, fmt.Sprintf("there are %d authors already", maxPeople))
		}
		return s.judgeOwner(b.KeySet(), b.ID)
	}
	switch {
	case a == nil || a.Admit == nil:
		return rejected(CodeAuthorUnknown, "the author was not admitted before")
	case a.Admit.Role != b.Role:
		return rejected(CodeRoleDiffers, "the author was admitted as a "+a.Admit.Role)
	case s.knowsAllOf(a.ID) && a.isOut() != (b.Mode == entry.AdmitReadmit):
		return rejected(CodeStanding, "the author's standing is "+a.standing())
	}
	return s.judgeOwner(b.KeySet(), b.ID)
}

func (s *State) acceptAdmit(t *taken, b *entry.Admit) {
	s.own(b.KeySet(), b.ID)
	if b.Mode == entry.AdmitNew {
		a := s.newAuthor(b.ID, t.m)
		a.admit(b, t.m.Logged)
		a.NeedPledge = b.Role == entry.RoleSignatory
		a.setKeys(b.KeySet())
		a.Tenures = []tenure{{Admitted: t.m.Logged}}
		return
	}
	a := s.byID[b.ID]
	waits := pendingKeys{t.m, b.KeySet(), t.m.Logged + rekeyDelay, a.ownSet(), b}
	t.admissionChanges(a, b, waits.From)
	wait := true
	if b.Mode == entry.AdmitReadmit {
		a.admit(b, t.m.Logged)
		waits.Admit = nil
		a.Tenures = append(a.Tenures, tenure{Admitted: t.m.Logged})
		a.Suspended, a.Proposed, a.Removed = nil, nil, nil
		a.NeedPledge = b.Role == entry.RoleSignatory
		// Every admitted key signed. So if enough of the old ones are among them, it
		// is the author's own change.
		wait = countIn(statementKeys(b.KeySet()), statementKeys(a.Keys)) < int(a.Keys.Threshold)
	}
	if !wait {
		a.setKeys(b.KeySet())
		a.Pending = nil
		return
	}
	a.Pending = &waits
	if !slices.Contains(s.waiting, a) {
		s.waiting = append(s.waiting, a)
	}
	f := finding(FindRekeyPending, fmt.Sprintf("The secretariat gave %s new keys; they count from %s unless a statement by the old ones comes first.", name(a), moment(a.Pending.From)))
	t.found = append(t.found, f.about(a, t.m))
}

// admit puts the details of an admission into force.
func (a *author) admit(b *entry.Admit, from int64) {
	a.Admit = b
	a.CarveOuts = append(a.CarveOuts, carved{from, b.CarveOuts})
}

// admissionChanges tells what a further admission says otherwise than the one in force:
// the secretariat's doing, which its author need not have asked for.
func (t *taken) admissionChanges(a *author, b *entry.Admit, from int64) {
	var changes []string
	if b.Name != a.Admit.Name {
		changes = append(changes, fmt.Sprintf("its legal name, to %s", b.Name))
	}
	if !slices.Equal(b.CarveOuts, a.Admit.CarveOuts) {
		changes = append(changes, fmt.Sprintf("the laws that its membership leaves out, from %s to %s", laws(a.Admit.CarveOuts), laws(b.CarveOuts)))
	}
	if !slices.Equal(b.Entities, a.Admit.Entities) {
		changes = append(changes, "the companies that its membership covers")
	}
	if len(changes) == 0 {
		return
	}
	when := "from this entry on"
	if b.Mode == entry.AdmitRekey {
		when = "from " + moment(from) + " on, unless a statement by the old keys comes first"
	}
	f := finding(FindAdmissionChanged, fmt.Sprintf("The secretariat stated that it admits %s anew and changes %s, %s.", name(a), strings.Join(changes, "; and "), when))
	t.found = append(t.found, f.about(a, t.m))
}

func laws(codes []string) string {
	if len(codes) == 0 {
		return "none"
	}
	return strings.Join(codes, ", ")
}

func (s *State) judgeStanding(b *entry.Standing) Verdict {
	a := s.byID[b.Who]
	if a == nil || a.Admit == nil {
		return rejected(CodeAuthorUnknown, "the author is not admitted")
	}
	conflict := a.isOut()
	switch b.Standing {
	case entry.StandingSuspended:
		conflict = conflict || a.Suspended != nil
	case entry.StandingProposed:
		conflict = conflict || a.Proposed != nil
	case entry.StandingReinstated:
		conflict = conflict || a.Suspended == nil && a.Proposed == nil
	}
	if conflict && s.knowsAllOf(a.ID) {
		return rejected(CodeStanding, "the author's standing is "+a.standing())
	}
	return accepted
}

func (s *State) acceptStanding(t *taken, b *entry.Standing) {
	a := s.byID[b.Who]
	switch b.Standing {
	case entry.StandingSuspended:
		a.Suspended = &t.m
	case entry.StandingProposed:
		a.Proposed = &t.m
	case entry.StandingReinstated:
		a.Suspended, a.Proposed = nil, nil
	case entry.StandingRemoved:
		a.Removed = &Removal{t.m, a.Proposed, b.Reason}
		a.end(t.m.Logged, endRemoved)
	}
}

// isUnknown reports whether an author is no admitted signatory: where not all is
// given, one of whom nothing was is taken for one.
func (s *State) isUnknown(a *author) bool {
	if a == nil {
		return s.whole == nil
	}
	return !a.isSignatory()
}

func (s *State) judgeSucceed(b *entry.Succeed) Verdict {
	from, to := s.byID[b.From], s.byID[b.To]
	if s.isUnknown(from) || s.isUnknown(to) {
		return rejected(CodeAuthorUnknown, "from and to are not both admitted signatories")
	}
	for _, a := range []*author{from, to} {
		if a != nil && s.knowsAllOf(a.ID) && a.ended() != "" {
			return rejected(CodeStanding, "the standing of "+a.ID+" is "+a.standing())
		}
	}
	return accepted
}

func (s *State) acceptSucceed(t *taken, b *entry.Succeed) {
	from, to := s.byID[b.From], s.byID[b.To]
	if from != nil {
		from.Succeeded = &Succession{t.m, b.To}
		from.end(t.m.Logged, endSucceeded)
	}
	if to == nil {
		return // its admission was not given
	}
	to.Succeeds = append(to.Succeeds, Succession{t.m, b.From})
	if tn := to.tenure(); tn.Owes == 0 {
		tn.Owes = t.m.Logged
	}
}

func (s *State) acceptPledge(t *taken, b *entry.Pledge) {
	a := t.a
	if n := len(a.Pledges); n > 0 {
		inForce := s.Terms(max(t.m.Logged, s.documentFrom(b.Charter))).Clauses
		for _, c := range a.Pledges[n-1].Clauses {
			if !slices.Contains(b.Clauses, c) && hasClause(inForce, c) {
				t.say(FindClauseDropped, "%s's pledge of %s had clause %s, which is still one of the accord; this pledge does not have it.", name(a), day(a.Pledges[n-1].Logged), c)
			}
		}
	}
	a.Pledges = append(a.Pledges, Pledged{t.m, b.Charter, b.Clauses})
	a.NeedPledge = false
	if tn := a.tenure(); tn.Owes == 0 {
		tn.Owes = t.m.Logged
	}
}

// pledgeBefore returns an author's last pledge that was logged before a moment; nil
// when there is none.
func (a *author) pledgeBefore(t int64) *Pledged {
	for i := len(a.Pledges) - 1; i >= 0; i-- {
		if a.Pledges[i].Logged < t {
			return &a.Pledges[i]
		}
	}
	return nil
}
