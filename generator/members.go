package generator

import (
	"cmp"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// Admit drafts the admission of an author, signed by the secretariat and by
// every admitted key.
func (w *World) Admit(a *Author) *Statement { return w.admit(a, entry.AdmitNew, a.Ring()) }

// Rekey drafts new keys for an admitted author, who lost the old ones: they are in
// force 14 days later.
func (w *World) Rekey(a *Author, keys Ring) *Statement { return w.admit(a, entry.AdmitRekey, keys) }

// Readmit drafts the return of an author who was removed or withdrew. If as many
// of its old keys as its threshold wants are among the new ones, these are in
// force at once; else like a rekey's.
func (w *World) Readmit(a *Author, keys Ring) *Statement { return w.admit(a, entry.AdmitReadmit, keys) }

func (w *World) admit(a *Author, mode string, keys Ring) *Statement {
	st := w.Draft(w.Secretariat, entry.KindAdmit, &entry.Admit{
		CarveOuts: a.CarveOuts, Country: a.Company.Country, Entities: a.Company.Entities, ID: a.ID, Keys: keys.Set().Keys, LEI: a.LEI,
		Mode: mode, Name: a.Name, Role: a.Role, Threshold: uint64(keys.Threshold), Website: a.Company.Website,
	}, nil)
	st.Signers, st.brings = join(w.Secretariat.Signers(), keys.All()), &keys
	return st
}

// Join makes an author that no options listed: a company that the world did not
// start with. It is to be admitted.
func (w *World) Join(c Company, role string, keys Ring) *Author {
	a := &Author{ID: c.ID, Name: c.Name, Company: c, Role: role}
	a.setRing(keys)
	if role == entry.RoleChallenger {
		w.Challengers = append(w.Challengers, a)
	} else {
		a.lang = languages[w.dice.IntN(len(languages))]
		w.Signatories = append(w.Signatories, a)
	}
	return a
}

// Pledge drafts an author's pledge of every clause of the charter, or of the last
// amend that brought clauses.
func (w *World) Pledge(a *Author) *Statement {
	return w.Draft(a, entry.KindPledge, &entry.Pledge{Charter: w.document, Clauses: slices.Clone(w.clauses)}, nil)
}

// known are the clauses of these that are in force now, or were.
func (w *World) known(clauses []string) []string {
	if w.Terms == nil {
		return clauses
	}
	ids := sorted(w.Terms.Clauses, func(c entry.Clause) string { return c.ID })
	for _, c := range w.TermsAt(w.now).Clauses {
		ids = append(ids, c.ID)
	}
	return slices.DeleteFunc(slices.Clone(clauses), func(id string) bool { return !slices.Contains(ids, id) })
}

// Amended are the new keys that an amend brings, with their private halves. What
// is nil stays as it is.
type Amended struct{ Secretariat, Recovery, Operator *Ring }

// Amend drafts a change of terms, signed by the secretariat and by every key that
// it brings. The key sets of b are made from keys, the digests of its clauses from
// the texts in body, which may be nil when there are none.
func (w *World) Amend(b *entry.Amend, keys Amended, body *entry.AmendBody) *Statement {
	signers := slices.Clone(w.Secretariat.Signers())
	for _, s := range []struct {
		ring *Ring
		set  **entry.KeySet
	}{{keys.Secretariat, &b.Secretariat}, {keys.Recovery, &b.Recovery}, {keys.Operator, &b.Operator}} {
		if s.ring == nil {
			continue
		}
		set := s.ring.Set()
		*s.set = &set
		signers = union(signers, s.ring.Keys)
	}
	var detached entry.Detached
	if body != nil {
		body.Author, body.Kind, body.Log, body.Salt = w.Secretariat.ID, entry.KindAmend, w.Options.Origin, w.Salt()
		for i, c := range b.Clauses {
			b.Clauses[i].Text = entry.Digest([]byte(body.Clauses[c.ID]))
		}
		detached = body
	}
	st := w.Draft(w.Secretariat, entry.KindAmend, b, detached)
	st.Signers = signers
	st.then = func() {
		if keys.Secretariat != nil {
			w.Secretariat.setRing(*keys.Secretariat)
		}
		if keys.Recovery != nil {
			w.Recovery, w.RecoveryThreshold = keys.Recovery.Keys, keys.Recovery.Threshold
		}
		if keys.Operator != nil {
			w.Operator = keys.Operator.Keys
			w.Host.setRing(*keys.Operator)
		}
	}
	return st
}

// Recover drafts new keys of the secretariat, signed by recovery.
func (w *World) Recover(keys Ring) *Statement {
	st := w.Amend(&entry.Amend{}, Amended{Secretariat: &keys}, nil)
	st.Signers = union(w.Recovery[:w.RecoveryThreshold], keys.Keys)
	return st
}

// Standing drafts what the secretariat says of an author's standing, with a code
// for why.
func (w *World) Standing(a *Author, standing, reason string) *Statement {
	return w.Draft(w.Secretariat, entry.KindStanding, &entry.Standing{Reason: reason, Standing: standing, Who: a.ID}, nil)
}

// Succeed drafts that one signatory takes another's place.
func (w *World) Succeed(from, to *Author) *Statement {
	return w.Draft(w.Secretariat, entry.KindSucceed, &entry.Succeed{From: from.ID, To: to.ID}, nil)
}

// Rotate drafts an author's new key set, signed by as many old keys as its
// threshold wants and by every new one.
func (w *World) Rotate(a *Author, keys Ring) *Statement {
	st := w.Draft(a, entry.KindKeys, &entry.Keys{Keys: keys.Set().Keys, Reason: entry.KeysRotation, Threshold: uint64(keys.Threshold)}, nil)
	st.Signers, st.brings = union(st.Signers, keys.All()), &keys
	return st
}

// union is all of keys and those of more that are not among them.
func union(keys, more []*Key) []*Key {
	all := slices.Clone(keys)
	for _, k := range more {
		if !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}

// Compromised drafts the same because keys were in wrong hands, with the first
// doubtful entry; zero for none.
func (w *World) Compromised(a *Author, keys Ring, doubtful entry.ID) *Statement {
	st := w.Rotate(a, keys)
	b := st.Statement.Body.(*entry.Keys)
	b.Reason, b.Doubtful = entry.KeysCompromise, doubtful
	return st
}

// Withdraw drafts the end of an author's membership, with words or, when they are
// nil, without.
func (w *World) Withdraw(a *Author, words map[string]string) *Statement {
	var detached entry.Detached
	if words != nil {
		detached = &entry.WithdrawBody{Author: a.ID, Kind: entry.KindWithdraw, Log: w.Options.Origin, Narrative: words, Salt: w.Salt()}
	}
	return w.Draft(a, entry.KindWithdraw, &entry.Withdraw{}, detached)
}

// Directory drafts the operator's directory of everything logged so far.
func (w *World) Directory() *Statement {
	return w.Draft(w.Host, entry.KindDirectory, &entry.Directory{Root: DirectoryRoot(w.Rows()), Size: w.size}, nil)
}

// Challenge drafts what a challenger asks a signatory to answer. What it is about
// may be nil; the case is made up when none is given.
func (w *World) Challenge(by, against *Author, about *entry.Challenge, body *entry.ChallengeBody) *Statement {
	if about == nil {
		about = &entry.Challenge{}
	}
	about.Against = against.ID
	if body == nil {
		body = &entry.ChallengeBody{}
		body.Narrative = w.narrative(by, "challenge", pick(w, NarrativesFor("challenge", about.Finding, "en")), against.Name, cmp.Or(about.Period, month(w.now)))
	}
	body.Author, body.Kind, body.Log, body.Salt = by.ID, entry.KindChallenge, w.Options.Origin, cmp.Or(body.Salt, w.Salt())
	return w.Draft(by, entry.KindChallenge, about, body)
}

// Reply drafts a signatory's answer to a challenge or to a finding: exactly one of
// them stands in about, with the answer. The words are made up when none are
// given.
func (w *World) Reply(a *Author, about *entry.Reply, body *entry.ReplyBody) *Statement {
	if body == nil {
		body = &entry.ReplyBody{}
		body.Narrative = w.narrative(a, "reply", pick(w, NarrativesFor("reply", about.Answer, "en")), "", month(w.now))
	}
	body.Author, body.Kind, body.Log, body.Salt = a.ID, entry.KindReply, w.Options.Origin, cmp.Or(body.Salt, w.Salt())
	return w.Draft(a, entry.KindReply, about, body)
}
