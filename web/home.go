package web

import (
	"cmp"
	"context"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	homeStatements  = 8
	homeSignatories = 12
	homeOpen        = 4 // of each group
)

type homePage struct {
	*page.Site
	Terms  uint64 // how many clauses the charter has
	Items  []item
	Base   page.Words // of the bars
	Bars   []page.Outcome
	Groups []openGroup
	Report page.Words
	Rows   []signatoryRow
	Period page.Words // of the rows' latest cell
	More   uint64     // signatories beyond the rows
	View   index.View
}

// An openGroup is what is open, of one sort.
type openGroup struct {
	Title page.Words
	Count uint64
	Items []page.Notice
}

// openGroups are the sorts of what is open, with the findings that belong to
// each.
var openGroups = []struct {
	key   string
	codes []entry.Code
}{
	{"open.operator", nil}, // every error that concerns the operator
	{"open.differ", []entry.Code{pledge.FindContradicted, pledge.FindLoggedDiffers, pledge.FindDisclosedLater}},
	{"open.attestations", []entry.Code{pledge.FindAttestationMissed}},
	{"open.answers", []entry.Code{pledge.FindDecisionOut}},
	{"open.replies", []entry.Code{pledge.FindReplyOverdue}},
	{"open.slots", []entry.Code{pledge.FindSlotMissed}},
	{"open.reviews", []entry.Code{pledge.FindWithheldOverdue, pledge.FindSealedOverdue}},
	{"open.keys", []entry.Code{pledge.FindRekeyUnconfirmed}},
	{"open.erased", []entry.Code{pledge.FindErased}},
	{"open.ends", []entry.Code{pledge.FindLogEnds}},
}

func (s *site) home(q *request) error {
	ctx := q.r.Context()
	p := &homePage{Site: q.site, View: q.log.View()}
	p.Terms = uint64(len(q.log.Terms().Clauses))
	var err error
	if p.Items, err = q.newest(ctx); err != nil {
		return err
	}
	found, err := q.log.Findings(ctx)
	if err != nil {
		return err
	}
	roll, err := q.log.Signatories(ctx)
	if err != nil {
		return err
	}
	statuses := make(map[string]*pledge.Status)
	for i := range roll.Statuses {
		statuses[roll.Statuses[i].ID] = &roll.Statuses[i]
	}
	for _, g := range openGroups {
		group := openGroup{Title: q.site.Say(g.key)}
		for _, f := range slices.Backward(found) {
			if g.codes == nil && (f.Concerns != pledge.RoleOperator || f.Severity != pledge.Error) || g.codes != nil && !slices.Contains(g.codes, f.Code) {
				continue
			}
			group.Count++
			if len(group.Items) == homeOpen {
				continue
			}
			n, err := q.openItem(ctx, f, statuses[f.Author])
			if err != nil {
				return err
			}
			group.Items = append(group.Items, n)
		}
		if group.Count > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	p.Report = q.report(roll)
	periods := endedPeriods(roll, 1)
	if len(periods) > 0 {
		p.Period = q.site.Period(periods[0])
	}
	p.Base, p.Bars = q.outcomes(roll)
	for _, st := range roll.Statuses {
		if st.Admit.Role != entry.RoleSignatory {
			continue
		}
		if len(p.Rows) == homeSignatories {
			p.More++
			continue
		}
		p.Rows = append(p.Rows, q.signatoryRow(st, periods))
	}
	return q.show("home", q.site.Say("home.title", "accord", q.site.AccordName()).Text, p)
}

// newest lists the newest requests and answers. A request whose answer is among
// them is left out: the answer's sentence tells of it.
func (q *request) newest(ctx context.Context) ([]item, error) {
	var all []*index.Entry
	for _, kind := range []entry.Kind{entry.KindRequest, entry.KindDecision} {
		list, err := q.log.Entries(ctx, index.Query{Filters: index.By(index.FacetKind, string(kind)), Limit: homeStatements})
		if err != nil {
			return nil, err
		}
		all = append(all, list.Entries...)
	}
	slices.SortFunc(all, func(a, b *index.Entry) int { return cmp.Compare(b.Index, a.Index) })
	told := make(map[uint64]bool)
	for _, e := range all {
		if e.Subject != nil {
			told[e.Subject.Index] = true
		}
	}
	var items []item
	for _, e := range all {
		if !told[e.Index] && len(items) < homeStatements {
			items = append(items, q.item(pageEntry(e)))
		}
	}
	return items, nil
}

// outcomes counts requests by the last answer stated to them.
func (q *request) outcomes(roll *index.Roll) (base page.Words, bars []page.Outcome) {
	counts := make(map[string]uint64)
	var total, signatories uint64
	for _, st := range roll.Statuses {
		if st.Requests > 0 {
			signatories++
		}
		total += st.Requests
		for code, n := range st.Outcomes {
			counts[code] += n
		}
	}
	if total == 0 {
		return page.Words{}, nil
	}
	return q.site.Count("home.answers.note", total, "signatories", signatories, "size", q.site.Size), q.site.RankOutcomes(counts, total)
}

// openItem is a finding with a link to what it is about, and the newest reply to it. The
// status is that of whom it concerns, nil for nobody that was admitted.
func (q *request) openItem(ctx context.Context, f pledge.Finding, st *pledge.Status) (page.Notice, error) {
	n := page.Notice{Text: page.Foreign(f.Text)}
	if f.Concerns == pledge.RoleOperator && f.Index != nil {
		n.Text = q.site.Say("open.entry", "index", *f.Index, "text", n.Text)
	}
	switch {
	case f.Entry != "":
		n.Href = q.site.Root + "entries/" + f.Entry
		if f.Concerns == pledge.RoleOperator {
			n.Href = q.site.EntryHref(entry.ID{}, *f.Index)
		}
	case f.Index != nil:
		n.Href = q.site.EntryHref(entry.ID{}, *f.Index)
	case f.Author != "":
		n.Href = q.site.SignatoryHref(f.Author)
	}
	if st == nil {
		return n, nil
	}
	replies, err := q.replies(ctx, st, []pledge.Finding{f}, 1)
	for _, r := range replies {
		n.Replies = append(n.Replies, page.Side{Sentence: q.site.Sentence(r.Entry), Href: q.site.EntryHref(r.Entry.ID, r.Entry.Index)})
	}
	return n, err
}
