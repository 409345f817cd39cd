package web

import (
	"context"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
)

// maxAnswers bounds the answers that stand on a request's page: the newest.
const maxAnswers = 20

// pageEntry makes of an index's entry what a page takes.
func pageEntry(e *index.Entry) *page.Entry {
	if e == nil {
		return nil
	}
	p := &page.Entry{
		Index: e.Index, ID: e.ID, LeafHash: e.LeafHash, Logged: e.Logged, Envelope: e.Envelope, Statement: e.Statement,
		Verdict: e.Verdict, State: e.BodyState, Detached: e.Detached, Findings: e.Findings, Subject: pageEntry(e.Subject),
	}
	p.Refers, p.Previous, p.Next = pageRefs(e.Refers), pageRef(e.Previous), pageRef(e.Next)
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

// answers reads the decisions on the request that e is or answers.
func (q *request) answers(ctx context.Context, e *index.Entry) ([]*page.Entry, error) {
	asked := e
	if e.Subject != nil {
		asked = e.Subject
	}
	var refs []index.Ref
	for _, r := range asked.ReferredBy {
		if r.Kind == entry.KindDecision {
			refs = append(refs, r)
		}
	}
	var out []*page.Entry
	for _, r := range refs[max(0, len(refs)-maxAnswers):] {
		d, err := q.log.EntryAt(ctx, r.Index)
		if err != nil {
			return nil, err
		}
		out = append(out, pageEntry(d))
	}
	return out, nil
}

// deadline is before when an attestation was due; 0 for other kinds.
func (q *request) deadline(ctx context.Context, e *index.Entry) (int64, error) {
	b, ok := e.Statement.Body.(*entry.Attestation)
	if !ok {
		return 0, nil
	}
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
