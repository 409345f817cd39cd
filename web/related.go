package web

import (
	"context"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// Bounds of what stands beside an entry or an author: the newest.
const (
	maxRelated   = 40 // statements in one matter
	maxDisputes  = 4  // challenges on an entry's page
	moreDisputes = 12 // and on an author's
	maxMembers   = 40 // standings or changes of keys
)

// A matter is what belongs together: a statement, what stands in its place, what
// was answered to it, and what corrected, opened or erased any of these.
type matter struct {
	q    *request
	ctx  context.Context
	read map[uint64]*index.Entry
	left int
}

func (m *matter) get(i uint64) (*index.Entry, error) {
	if e := m.read[i]; e != nil {
		return e, nil
	}
	if m.left == 0 {
		return nil, nil
	}
	m.left--
	e, err := m.q.log.EntryAt(m.ctx, i)
	if err == nil {
		m.read[i] = e
	}
	return e, err
}

// relate reads what is shown beside an accepted entry.
func (q *request) relate(ctx context.Context, e *index.Entry, p *page.Entry) error {
	m := &matter{q: q, ctx: ctx, read: map[uint64]*index.Entry{e.Index: e}, left: maxRelated}
	base := e
	for base.Subject != nil && base.Statement.Kind != entry.KindChallenge && base.Statement.Kind != entry.KindReply {
		base = base.Subject // an open of a decision on a request leads to the request
		var err error
		if base, err = m.get(base.Index); err != nil || base == nil {
			return err
		}
	}
	if err := m.follow(base); err != nil {
		return err
	}
	if r, ok := e.Statement.Body.(*entry.Request); ok && !r.Slot.IsZero() && len(e.Refers) > 0 {
		if _, err := m.get(e.Refers[0].Index); err != nil {
			return err
		}
	}
	var disputed []pledge.Challenge
	for _, o := range m.read {
		switch {
		case o.Index == e.Index:
		case o.Statement.Kind == entry.KindDecision:
			p.Answers = append(p.Answers, pageEntry(o))
		default:
			p.Related = append(p.Related, pageEntry(o))
		}
		disputed = append(disputed, o.Challenges...)
	}
	if e.Statement.Kind == entry.KindDecision {
		p.Answers = append(p.Answers, p)
	}
	if e.Challenge != nil {
		disputed = append(disputed, *e.Challenge)
	}
	sortEntries(p.Answers)
	sortEntries(p.Related)
	slices.SortFunc(disputed, func(a, b pledge.Challenge) int { return int(int64(b.Index) - int64(a.Index)) })
	disputed = slices.CompactFunc(disputed, func(a, b pledge.Challenge) bool { return a.Index == b.Index })
	var err error
	p.Disputes, err = q.disputes(ctx, disputed[:min(len(disputed), maxDisputes)])
	p.Disputed = uint64(len(disputed))
	return err
}

func sortEntries(list []*page.Entry) {
	slices.SortFunc(list, func(a, b *page.Entry) int { return int(int64(a.Index) - int64(b.Index)) })
}

// follow reads what belongs to a statement: from the first in whose place it stands
// to the last that stands in its own.
func (m *matter) follow(e *index.Entry) error {
	for e.InPlaceOf != nil {
		before, err := m.get(e.InPlaceOf.Index)
		if err != nil {
			return err
		}
		if before == nil {
			break
		}
		e = before
	}
	for e != nil {
		if err := m.around(e); err != nil {
			return err
		}
		if e.Correction == nil || e.Correction.By == nil {
			return nil
		}
		var err error
		if e, err = m.get(e.Correction.By.Index); err != nil {
			return err
		}
	}
	return nil
}

// around reads what answered, corrected, opened and erased a statement, and the
// same of the answers.
func (m *matter) around(e *index.Entry) error {
	for _, r := range slices.Backward(e.ReferredBy) {
		switch r.Kind {
		case entry.KindDecision, entry.KindCorrect, entry.KindOpen, entry.KindErasure:
		default:
			continue
		}
		o, err := m.get(r.Index)
		if err != nil {
			return err
		}
		if o != nil && r.Kind == entry.KindDecision {
			if err := m.around(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// disputes reads challenges and their replies.
func (q *request) disputes(ctx context.Context, list []pledge.Challenge) ([]page.Dispute, error) {
	var out []page.Dispute
	for _, c := range list {
		asked, err := q.log.EntryAt(ctx, c.Index)
		if err != nil {
			return nil, err
		}
		d := page.Dispute{State: c, Challenge: pageEntry(asked)}
		if n := len(c.Replies); n > 0 {
			reply, err := q.log.EntryAt(ctx, c.Replies[0].Content.Index)
			if err != nil {
				return nil, err
			}
			d.Reply = pageEntry(reply)
		}
		out = append(out, d)
	}
	return out, nil
}

// details adds what an entry's own page shows of its kind.
func (q *request) details(ctx context.Context, e *index.Entry, p *page.Entry) error {
	switch b := e.Statement.Body.(type) {
	case *entry.Charter, *entry.Amend:
		p.Clauses = q.log.Clauses(e.Index)
	case *entry.Pledge:
		if len(e.Refers) > 0 {
			p.Clauses = q.log.Clauses(e.Refers[0].Index)
		}
	case *entry.Attestation:
		var err error
		p.Deadline, err = q.deadline(ctx, e, b)
		return err
	case *entry.Standing:
		if b.Standing == entry.StandingRemoved {
			var err error
			p.Proposed, err = q.proposed(ctx, b.Who, e.Index)
			return err
		}
	}
	return nil
}

// proposed returns the proposal that a removal at an index followed; nil when there
// was none.
func (q *request) proposed(ctx context.Context, who string, before uint64) (*pledge.Mark, error) {
	refs := q.log.About(who)
	for _, r := range slices.Backward(refs) {
		if r.Index >= before || r.Kind != entry.KindStanding && r.Kind != entry.KindAdmit {
			continue
		}
		e, err := q.log.EntryAt(ctx, r.Index)
		if err != nil {
			return nil, err
		}
		switch b := e.Statement.Body.(type) {
		case *entry.Admit:
			if b.Mode != entry.AdmitRekey {
				return nil, nil
			}
		case *entry.Standing:
			switch b.Standing {
			case entry.StandingProposed:
				return &pledge.Mark{Index: e.Index, Entry: e.ID, Logged: e.Logged}, nil
			case entry.StandingReinstated, entry.StandingRemoved:
				return nil, nil
			}
		}
	}
	return nil, nil
}

// members reads what an author's page shows of others' statements about it and of
// its own on membership: former names, changes of keys, standings.
func (q *request) members(ctx context.Context, sig *index.Signatory, a *page.Signatory) error {
	id := sig.Status.ID
	refs := q.log.About(id)
	for _, kind := range []entry.Kind{entry.KindKeys, entry.KindWithdraw, entry.KindAmend} {
		if kind == entry.KindAmend && id != entry.AuthorSecretariat && id != entry.AuthorOperator {
			continue
		}
		author := id
		if kind == entry.KindAmend {
			author = entry.AuthorSecretariat
		}
		list, err := q.log.Entries(ctx, index.Query{Filters: map[index.Facet][]string{index.FacetAuthor: {author}, index.FacetKind: {string(kind)}}, Limit: maxMembers})
		if err != nil {
			return err
		}
		for _, e := range list.Entries {
			refs = append(refs, index.Ref{Index: e.Index, Kind: kind})
		}
	}
	slices.SortFunc(refs, func(a, b index.Ref) int { return int(int64(a.Index) - int64(b.Index)) })
	last := ""
	for _, r := range refs {
		if r.Kind == entry.KindChallenge {
			continue
		}
		e, err := q.log.EntryAt(ctx, r.Index)
		if err != nil {
			return err
		}
		switch b := e.Statement.Body.(type) {
		case *entry.Admit:
			if last != "" && last != b.Name {
				a.Names = append(a.Names, page.Name{Name: last, Until: e.Logged})
			}
			last = b.Name
			if b.Mode == entry.AdmitRekey {
				a.Keys = append(a.Keys, pageEntry(e))
			} else if b.Mode == entry.AdmitReadmit {
				a.Standings = append(a.Standings, pageEntry(e))
			}
		case *entry.Keys:
			a.Keys = append(a.Keys, pageEntry(e))
		case *entry.Amend:
			if id == entry.AuthorSecretariat && (b.Secretariat != nil || b.Recovery != nil) || id == entry.AuthorOperator && (b.Operator != nil || b.LogKeys != nil) {
				a.Keys = append(a.Keys, pageEntry(e))
			}
		default:
			a.Standings = append(a.Standings, pageEntry(e))
		}
	}
	a.Keys, a.Standings = a.Keys[max(0, len(a.Keys)-maxMembers):], a.Standings[max(0, len(a.Standings)-maxMembers):]
	return nil
}
