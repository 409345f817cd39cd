package generator

import (
	"github.com/pledgelog/pledgelog/entry"
)

// An Author makes statements. What it said so far is kept here, in books of the
// generator's own: the rules of package pledge are not asked, so that tests may
// hold them against these.
type Author struct {
	ID        string
	Name      string
	Role      string // "" for the secretariat and the operator
	Company   Company
	Keys      []*Key // in force, for statements
	Threshold int
	SlotKey   *Key // in force, for slots; nil when it has none

	CarveOuts []string // codes of laws, for its admission
	LEI       string   // for its admission

	Seq      uint64   // of its last statement in lane main
	Head     entry.ID // its entry id
	SlotSeq  uint64   // of its last slot
	SlotHead entry.ID
	LastMade int64
	Pledged  int64 // when it pledged for the first time; 0 before

	set      entry.KeySet // in force, as a statement listed it
	digest   setDigest    // of set
	coming   *comingKeys  // of a rekey or a readmission, until they are in force
	pledging bool         // its pledge is owed: it never was, or not since it was readmitted
	clauses  []string     // that it pledged last
	affirmed []string     // by its last attestation, or by none

	suspended, proposed, removed, withdrawn, succeeded bool
	ended                                              int64 // when it was removed, withdrew or was succeeded; 0: not

	filed    map[entry.Period][]*Filed // requests by the period in which they were logged
	received map[entry.Period]uint64   // requests received, logged or not
	lang     string                    // beside English
}

// comingKeys are in force rekeyDelay after Logged.
type comingKeys struct {
	ring   Ring
	set    entry.KeySet
	logged int64
}

// rekeyDelay is after how many seconds the keys of a rekey are in force (protocol
// section 4).
const rekeyDelay = 14 * dayLong

// A setDigest is the digest of a key set, kept because directories ask for it daily.
type setDigest struct {
	first     *entry.Key // of the set's keys
	threshold uint64
	digest    string
}

// keysDigest is the digest of the key set in force.
func (a *Author) keysDigest() string {
	if len(a.set.Keys) == 0 {
		return a.set.Digest()
	}
	if first := &a.set.Keys[0]; a.digest.first != first || a.digest.threshold != a.set.Threshold {
		a.digest = setDigest{first, a.set.Threshold, a.set.Digest()}
	}
	return a.digest.digest
}

// Ring are the author's keys in force.
func (a *Author) Ring() Ring { return Ring{Keys: a.Keys, Threshold: a.Threshold, Slot: a.SlotKey} }

func (a *Author) setRing(r Ring) { a.Keys, a.Threshold, a.SlotKey = r.Keys, r.Threshold, r.Slot }

// Signers are the keys with which the author signs: as many as its threshold
// wants.
func (a *Author) Signers() []*Key { return a.Keys[:a.Threshold] }

// ringAt are the keys that are in force at a moment, if nothing is logged before.
func (a *Author) ringAt(now int64) Ring {
	if c := a.coming; c != nil && now >= c.logged+rekeyDelay {
		return c.ring
	}
	return a.Ring()
}

// settle puts coming keys in force if it is time.
func (a *Author) settle(now int64) {
	if c := a.coming; c != nil && now >= c.logged+rekeyDelay {
		a.setRing(c.ring)
		a.set, a.coming = c.set, nil
	}
}

// Standing is what a directory says of an admitted author.
func (a *Author) Standing() string {
	switch {
	case a.removed:
		return entry.StandingRemoved
	case a.withdrawn:
		return "withdrawn"
	case a.suspended && a.proposed:
		return "suspended-proposed-removal"
	case a.suspended:
		return entry.StandingSuspended
	case a.proposed:
		return entry.StandingProposed
	case a.succeeded:
		return "succeeded"
	}
	return "in-standing"
}

// isActive reports whether the author may log new requests and challenges.
func (a *Author) isActive() bool {
	return a.set.Keys != nil && a.ended == 0 && (a.Role != entry.RoleSignatory || !a.pledging)
}

// owes reports whether the author owes an attestation for a period, as things are
// (protocol section 6): who withdraws owes the running one, who is removed or
// succeeded only those that ended before.
func (a *Author) owes(p entry.Period) bool {
	return a.ended == 0 || a.ended >= p.End() || a.withdrawn && a.ended >= p.Start()
}

// Filed is a request that was logged, and what stands in its place if it was
// superseded.
type Filed struct {
	ID       entry.ID // of the one that counts
	Logged   int64    // of the first one
	Received entry.Period
	By       *Author

	was     []entry.ID // superseded ones
	void    bool
	asked   *entry.RequestBody
	answers []*answer
}

// An answer is a decision, and what stands in its place if it was superseded.
type answer struct {
	id      entry.ID
	was     []entry.ID
	logged  int64
	outcome string // "" when it is not in the tree
	void    bool
}

// Counts are the requests logged in a period by their outcome at its end
// (protocol section 6, `logged`).
func (a *Author) Counts(p entry.Period) entry.Counts {
	var c entry.Counts
	for _, f := range a.filed[p] {
		if f.void {
			continue
		}
		if c.Outcomes == nil {
			c.Outcomes = make(map[string]uint64)
		}
		c.Outcomes[f.outcomeBefore(p.End())]++
		c.Total++
	}
	return c
}

// receivedByOutcome are the requests received in a period that were logged so far, by
// the outcome that was stated for each by moment t.
func (a *Author) receivedByOutcome(p entry.Period, t int64) map[string]uint64 {
	out := make(map[string]uint64)
	for _, list := range a.filed {
		for _, f := range list {
			if f.Received == p && !f.void {
				out[f.outcomeBefore(t+1)]++
			}
		}
	}
	return out
}

func (f *Filed) outcomeBefore(t int64) string {
	out := entry.OutcomePending
	for _, a := range f.answers {
		if a.logged < t && a.outcome != "" && !a.void {
			out = a.outcome
		}
	}
	return out
}

// ReceivedIn is how many requests the author received in a period, as far as it
// has noted them.
func (a *Author) ReceivedIn(p entry.Period) uint64 { return a.received[p] }

// note notes that the author received a request, logged or not.
func (a *Author) note(p entry.Period) {
	if a.received == nil {
		a.received = make(map[entry.Period]uint64)
	}
	a.received[p]++
}

// forget drops the requests of periods that are accounted for, so that the
// books of a long story stay small.
func (a *Author) forget(p entry.Period) {
	delete(a.filed, p)
	delete(a.received, p)
}

// find returns the request of that id, superseded or not.
func (a *Author) find(id entry.ID) *Filed {
	for _, list := range a.filed {
		for i := len(list) - 1; i >= 0; i-- {
			if f := list[i]; f.ID == id || contains(f.was, id) {
				return f
			}
		}
	}
	return nil
}

// findAnswer returns the decision of that id, and the request that it is about.
func (a *Author) findAnswer(id entry.ID) (*Filed, *answer) {
	for _, list := range a.filed {
		for _, f := range list {
			for _, ans := range f.answers {
				if ans.id == id || contains(ans.was, id) {
					return f, ans
				}
			}
		}
	}
	return nil, nil
}

func contains(ids []entry.ID, id entry.ID) bool {
	for _, i := range ids {
		if i == id {
			return true
		}
	}
	return false
}
