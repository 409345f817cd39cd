package web

import (
	"context"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
)

// pageEntry makes of an index's entry what a page takes.
func pageEntry(e *index.Entry) *page.Entry {
	if e == nil {
		return nil
	}
	p := &page.Entry{
		Index: e.Index, ID: e.ID, LeafHash: e.LeafHash, Logged: e.Logged, Envelope: e.Envelope, Statement: e.Statement,
		Verdict: e.Verdict, State: e.BodyState, Detached: e.Detached, Findings: e.Findings, Subject: pageEntry(e.Subject),
	}
	p.Refers, p.Uses, p.Previous, p.Next, p.InPlaceOf = pageRefs(e.Refers), pageRefs(e.ReferredBy), pageRef(e.Previous), pageRef(e.Next), pageRef(e.InPlaceOf)
	p.Review, p.Erasures, p.HeldUntil = e.Review, e.Erasures, e.HeldUntil
	p.Doubt, p.Unconfirmed, p.Challenge = e.Doubt, e.Unconfirmed, e.Challenge
	if e.Opened != nil {
		p.Opened = &page.Opened{Ref: *pageRef(&e.Opened.Ref), Logged: e.Opened.Logged}
	}
	if e.Correction != nil {
		p.Correction = &page.Correction{Correction: e.Correction.Correction, By: pageRef(e.Correction.By)}
	}
	for _, d := range e.Disclosed {
		p.Disclosed = append(p.Disclosed, page.Disclosed{Seal: d.Seal, By: page.Opened{Ref: *pageRef(&d.By.Ref), Logged: d.By.Logged}, Shown: d.Text != "", Erased: d.Erased})
	}
	return p
}

func pageRef(r *index.Ref) *page.Ref {
	if r == nil {
		return nil
	}
	return &page.Ref{Index: r.Index, ID: r.ID, Kind: r.Kind, Author: r.Author}
}

func pageRefs(list []index.Ref) []page.Ref {
	out := make([]page.Ref, 0, len(list))
	for i := range list {
		out = append(out, *pageRef(&list[i]))
	}
	return out
}

func pageEntries(list []*index.Entry) []*page.Entry {
	out := make([]*page.Entry, len(list))
	for i, e := range list {
		out[i] = pageEntry(e)
	}
	return out
}

// deadline is before when an attestation was due; 0 when it was not.
func (q *request) deadline(ctx context.Context, e *index.Entry, b *entry.Attestation) (int64, error) {
	sig, err := q.log.Signatory(ctx, e.Statement.Author)
	if err != nil {
		return 0, err
	}
	for _, ps := range sig.Status.Periods {
		if ps.Period == b.Period {
			return ps.Deadline, nil
		}
	}
	return 0, nil
}
