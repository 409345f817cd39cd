package web

import (
	"context"

	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// maxReplies bounds the replies that are read for one page: the newest.
const maxReplies = 12

// replies reads what an author answered to findings on it, oldest first.
func (q *request) replies(ctx context.Context, st *pledge.Status, found []pledge.Finding, most int) ([]page.FindingReply, error) {
	var to []pledge.FindingReply
	for _, r := range st.Replies {
		for _, f := range found {
			if f.Concerns == pledge.RoleAuthor && f.Author == st.ID && r.Answers(f) {
				to = append(to, r)
				break
			}
		}
	}
	var out []page.FindingReply
	for _, r := range to[max(0, len(to)-most):] {
		e, err := q.log.EntryAt(ctx, r.Content.Index)
		if err != nil {
			return nil, err
		}
		out = append(out, page.FindingReply{State: r, Entry: pageEntry(e)})
	}
	return out, nil
}

// answered reads the replies to the findings on an entry.
func (q *request) answered(ctx context.Context, p *page.Entry) error {
	asked := make(map[string]bool)
	for _, f := range p.Findings {
		if f.Concerns != pledge.RoleAuthor || asked[f.Author] {
			continue
		}
		asked[f.Author] = true
		sig, err := q.log.Signatory(ctx, f.Author)
		if err != nil {
			return err
		}
		list, err := q.replies(ctx, &sig.Status, p.Findings, maxReplies)
		if err != nil {
			return err
		}
		p.Replies = append(p.Replies, list...)
	}
	return nil
}
