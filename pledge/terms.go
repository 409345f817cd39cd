package pledge

import (
	"github.com/pledgelog/pledgelog/entry"
)

// An amendment is an accepted amend.
type amendment struct {
	Mark
	Body *entry.Amend
}

// Terms are the charter's terms as they are in force at some moment.
type Terms struct {
	Attestation  entry.PeriodKind
	Clauses      []entry.Clause
	DecisionDays uint64
	FileDays     uint64
	GraceDays    uint64
	ReplyDays    uint64
	ReviewDays   uint64
	Slots        string
}

// Terms returns the terms in force at moment t, Unix seconds: the charter's, with
// each amend whose `from` is not after t (protocol section 4). Zero before a
// charter was accepted.
//
// What begins at a moment goes by the terms of that moment for its whole time: a
// period, a slot period, a challenge.
func (s *State) Terms(t int64) Terms {
	c := s.k.Charter
	if c == nil {
		return Terms{}
	}
	out := Terms{c.Attestation, c.Clauses, c.DecisionDays, c.FileDays, c.GraceDays, c.ReplyDays, c.ReviewDays, c.Slots}
	for i := range s.k.Amends {
		b := s.k.Amends[i].Body
		if !b.IsTimed() || b.FromUnix() > t {
			continue
		}
		if b.Attestation != "" {
			out.Attestation = b.Attestation
		}
		if b.Clauses != nil {
			out.Clauses = b.Clauses
		}
		for _, d := range []struct {
			to   *uint64
			from uint64
		}{{&out.DecisionDays, b.DecisionDays}, {&out.FileDays, b.FileDays}, {&out.GraceDays, b.GraceDays}, {&out.ReplyDays, b.ReplyDays}, {&out.ReviewDays, b.ReviewDays}} {
			if d.from > 0 {
				*d.to = d.from
			}
		}
		if b.Slots != "" {
			out.Slots = b.Slots
		}
	}
	return out
}

// Ends returns the moment at which the log ends, and the origin of the log that
// goes on, "" when none was named; ok is false when no end was announced.
func (s *State) Ends() (at int64, successor string, ok bool) {
	for i := range s.k.Amends {
		if b := s.k.Amends[i].Body; b.Ends != nil && (!ok || b.FromUnix() < at) {
			at, successor, ok = b.FromUnix(), b.Ends.Successor, true
		}
	}
	return at, successor, ok
}

// Ended reports whether the log has ended by moment t.
func (s *State) Ended(t int64) bool {
	at, _, ok := s.Ends()
	return ok && t >= at
}

// PeriodAt returns the attestation period in which a moment falls.
func (s *State) PeriodAt(t int64) entry.Period { return entry.PeriodAt(s.Terms(t).Attestation, t) }

// nextPeriod is the period after p, of the kind that is in force then.
func (s *State) nextPeriod(p entry.Period) entry.Period { return s.PeriodAt(p.End()) }

// deadline is the moment before which an attestation for p is on time.
func (s *State) deadline(p entry.Period) int64 {
	return p.End() + days(s.Terms(p.Start()).GraceDays)
}

// hasClause reports whether a clause is, or was, one of the accord by moment t.
func (s *State) hasClause(id string, t int64) bool {
	if hasClause(s.k.Charter.Clauses, id) {
		return true
	}
	for i := range s.k.Amends {
		if b := s.k.Amends[i].Body; b.Clauses != nil && b.FromUnix() <= t && hasClause(b.Clauses, id) {
			return true
		}
	}
	return false
}

func hasClause(list []entry.Clause, id string) bool {
	for i := range list {
		if list[i].ID == id {
			return true
		}
	}
	return false
}

// clausesOf returns the clauses of the document that a pledge may refer to: the
// charter, or an amend that states clauses; ok is false for any other entry.
func (s *State) clausesOf(id entry.ID) (list []entry.Clause, ok bool) {
	if id == s.k.CharterAt.Entry {
		return s.k.Charter.Clauses, true
	}
	for i := range s.k.Amends {
		if a := &s.k.Amends[i]; a.Entry == id && a.Body.Clauses != nil {
			return a.Body.Clauses, true
		}
	}
	return nil, false
}

// documentFrom returns the moment from which the clauses of a document that was pledged
// are in force; 0 for the charter.
func (s *State) documentFrom(id entry.ID) int64 {
	for i := range s.k.Amends {
		if a := &s.k.Amends[i]; a.Entry == id {
			return a.Body.FromUnix()
		}
	}
	return 0
}

// LogKeys returns the vkeys of the checkpoint signers by the newest word of the
// secretariat. It is an announcement: a verifier goes by its policy.
func (s *State) LogKeys() []string {
	if s.k.Charter == nil {
		return nil
	}
	keys := s.k.Charter.LogKeys
	for i := range s.k.Amends {
		if b := s.k.Amends[i].Body; b.LogKeys != nil {
			keys = b.LogKeys
		}
	}
	return keys
}

// halfYearStart reports whether a moment is the first second of a half-year, at
// which both kinds of period begin.
func halfYearStart(t int64) bool { return entry.PeriodAt(entry.HalfYear, t).Start() == t }

func (s *State) judgeAmend(b *entry.Amend, now int64) Verdict {
	if b.IsTimed() && b.FromUnix() < now {
		return rejected(CodeAmendFrom, "from is before the statement was logged")
	}
	if b.Attestation != "" && !halfYearStart(b.FromUnix()) {
		return rejected(CodeAmendFrom, "attestation changes at the first second of a half-year only")
	}
	for _, o := range []struct {
		set   *entry.KeySet
		owner string
	}{{b.Secretariat, entry.AuthorSecretariat}, {b.Recovery, recoveryOwner}, {b.Operator, entry.AuthorOperator}} {
		if o.set == nil {
			continue
		}
		if v := s.judgeOwner(*o.set, o.owner); v.Kind != Accepted {
			return v
		}
	}
	for _, v := range b.LogKeys {
		if id, ok := vkeyID(v); ok {
			if owner, taken := s.k.Owners[id]; taken && owner != logOwner {
				return rejected(CodeKeyTaken, "a log key belongs to "+owner+" already")
			}
			for _, set := range b.KeySets() {
				for _, own := range keyIDs(set) {
					if own == id {
						return rejected(CodeKeyTaken, "a key of the amend is a checkpoint key too")
					}
				}
			}
		}
	}
	return accepted
}

func (s *State) acceptAmend(t *taken, b *entry.Amend) {
	s.k.Amends = append(s.k.Amends, amendment{t.m, b})
	if b.Secretariat != nil {
		s.k.People[secretariatNo].setKeys(*b.Secretariat)
		s.own(*b.Secretariat, entry.AuthorSecretariat)
	}
	if b.Recovery != nil {
		s.own(*b.Recovery, recoveryOwner)
	}
	if b.Operator != nil {
		s.k.People[operatorNo].setKeys(*b.Operator)
		s.own(*b.Operator, entry.AuthorOperator)
	}
	if b.LogKeys != nil {
		s.ownLogKeys(b.LogKeys)
		t.say(FindLogKeys, "The secretariat announced which keys sign the log's checkpoints from now on. A verifier goes by its policy file: get the new one from a source that the operator can't alter.")
	}
	if b.Ends != nil {
		text := "The secretariat announced that this log ends on " + moment(b.FromUnix())
		if b.Ends.Successor != "" {
			text += "; it names " + b.Ends.Successor + " as the log that goes on"
		}
		t.say(FindLogEnds, "%s.", text)
	}
}

// recovery returns the recovery key set in force.
func (s *State) recovery() entry.KeySet {
	set := s.k.Charter.Recovery
	for i := range s.k.Amends {
		if r := s.k.Amends[i].Body.Recovery; r != nil {
			set = *r
		}
	}
	return set
}
