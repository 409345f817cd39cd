package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	signatoriesPerPage = 100
	newestStatements   = 10
	periodColumns      = 4
)

type signatoriesPage struct {
	*page.Site
	Lead    page.Words
	Report  page.Words
	Columns []page.Words // periods, oldest first
	Rows    []signatoryRow
	Newer   string
	Older   string
	Others  []signatoryRow // challengers
}

// A signatoryRow is one signatory in a table.
type signatoryRow struct {
	Name     page.Words
	Href     string
	Country  page.Words
	Since    page.Words
	Standing page.Words // nothing when it is in standing
	Cells    []periodCell
	Latest   periodCell // of the newest period that has ended
	Requests page.Words
}

type periodCell struct {
	State page.Words
	Note  page.Words
	Class string
	Href  string
}

func (s *site) signatories(q *request) error {
	roll, err := q.log.Signatories(q.r.Context())
	if err != nil {
		return err
	}
	first := 0
	if from := q.r.URL.Query().Get("from"); from != "" {
		n, ok := parseIndex(from)
		if !ok || n >= uint64(max(1, len(roll.Statuses))) {
			return &problem{status: http.StatusBadRequest, key: "error.query"}
		}
		first = int(n)
	}
	last := min(first+signatoriesPerPage, len(roll.Statuses))
	periods := endedPeriods(roll, periodColumns)
	p := &signatoriesPage{Site: q.site, Lead: q.site.Say("signatories.lead"), Report: q.report(roll)}
	for _, period := range periods {
		p.Columns = append(p.Columns, q.site.Say("column.short-period", "months", q.site.PeriodShort(period), "year", period.String()[:4]))
	}
	for _, st := range roll.Statuses[first:last] {
		if st.Admit.Role == entry.RoleSignatory {
			p.Rows = append(p.Rows, q.signatoryRow(st, periods))
		} else {
			p.Others = append(p.Others, q.signatoryRow(st, nil))
		}
	}
	at := func(n int) string { return q.site.Root + "signatories?from=" + strconv.Itoa(n) }
	if first > 0 {
		p.Newer = at(max(0, first-signatoriesPerPage))
	}
	if last < len(roll.Statuses) {
		p.Older = at(last)
	}
	return q.show("signatories", q.site.Say("signatories.title").Text, p)
}

// endedPeriods returns the last periods that had ended when the log was last
// written to, oldest first.
func endedPeriods(roll *index.Roll, most int) []entry.Period {
	var longest []pledge.PeriodStatus
	for _, st := range roll.Statuses {
		if len(st.Periods) > len(longest) {
			longest = st.Periods
		}
	}
	var out []entry.Period
	for _, ps := range longest {
		if ps.Period.End() <= roll.View.AsOf {
			out = append(out, ps.Period)
		}
	}
	return out[max(0, len(out)-most):]
}

func (q *request) signatoryRow(st pledge.Status, periods []entry.Period) signatoryRow {
	s := q.site
	row := signatoryRow{Name: page.Foreign(st.Admit.Name), Href: s.SignatoryHref(st.ID), Country: s.Country(st.Admit.Country), Since: s.Day(st.Admitted.Logged)}
	if st.Standing != pledge.InStanding {
		row.Standing = s.Say("standing." + st.Standing)
	}
	if st.Requests == 0 {
		row.Requests = s.Say("requests.none")
	} else {
		row.Requests = page.Plain(s.Number(st.Requests))
	}
	for _, p := range periods {
		row.Cells = append(row.Cells, q.periodCell(st, p))
	}
	if n := len(row.Cells); n > 0 {
		row.Latest = row.Cells[n-1]
	}
	return row
}

func (q *request) periodCell(st pledge.Status, p entry.Period) periodCell {
	for _, ps := range st.Periods {
		if ps.Period == p {
			c := periodCell{State: q.site.PeriodState(ps), Note: q.site.PeriodNote(ps), Class: "state-" + string(ps.State)}
			if ps.Attested != nil {
				c.Href = q.site.EntryHref(ps.Attested.Entry, ps.Attested.Index)
			}
			return c
		}
	}
	return periodCell{State: q.site.Say("state.none"), Class: "state-none"}
}

// report says who reported for the newest period whose deadline has passed:
// "7 of 8".
func (q *request) report(roll *index.Roll) page.Words {
	s := q.site
	var newest entry.Period
	for _, st := range roll.Statuses {
		for _, ps := range st.Periods {
			if ps.Deadline <= roll.View.AsOf && (newest.IsZero() || newest.Before(ps.Period)) {
				newest = ps.Period
			}
		}
	}
	if newest.IsZero() {
		return s.Say("report.none")
	}
	var owed, onTime, late, open uint64
	for _, st := range roll.Statuses {
		for _, ps := range st.Periods {
			if ps.Period != newest {
				continue
			}
			switch ps.State {
			case pledge.OnTime:
				onTime++
			case pledge.Late:
				late++
			case pledge.Missed, pledge.CarvedOut:
				open++
			default:
				continue
			}
			owed++
		}
	}
	w := s.Count("report", owed, "attested", onTime+late, "period", s.Period(newest))
	if late > 0 {
		w = s.Count("report.late", late, "before", w)
	}
	if open > 0 {
		w = s.Count("report.open", open, "before", w)
	}
	return w
}

func (s *site) signatory(q *request) error {
	ctx, id := q.r.Context(), mux.Vars(q.r)["id"]
	if entry.CheckAuthor(id) != nil {
		return notFound("error.author")
	}
	sig, err := q.log.Signatory(ctx, id)
	if err != nil {
		return q.missing(err, "error.signatory", "id", page.Code(id))
	}
	list, err := q.log.Entries(ctx, index.Query{Filters: index.By(index.FacetAuthor, id), Limit: newestStatements})
	if err != nil {
		return err
	}
	a := &page.Signatory{Status: sig.Status, Findings: sig.Findings, Statements: pageEntries(list.Entries), Total: list.Total}
	for i := len(sig.Status.Periods) - 1; i >= 0; i-- {
		if at := sig.Status.Periods[i].Content; at != nil {
			e, err := q.log.EntryAt(ctx, at.Index)
			if err != nil {
				return err
			}
			a.Attested = pageEntry(e)
			break
		}
	}
	if err := q.members(ctx, sig, a); err != nil {
		return err
	}
	challenges := slices.Clone(sig.Status.Challenges)
	slices.Reverse(challenges)
	if a.Disputes, err = q.disputes(ctx, challenges[:min(len(challenges), moreDisputes)]); err != nil {
		return err
	}
	if a.Replies, err = q.replies(ctx, &sig.Status, sig.Findings, maxReplies); err != nil {
		return err
	}
	if id == entry.AuthorOperator {
		newest, err := q.log.Entries(ctx, index.Query{Filters: index.By(index.FacetKind, string(entry.KindDirectory)), Limit: 1})
		if err != nil {
			return err
		}
		for _, e := range newest.Entries {
			a.Directory = &page.Ref{Index: e.Index, ID: e.ID, Kind: entry.KindDirectory}
		}
	}
	q.follow(q.site.Say("feed.signatory", "who", q.site.Who(id)), "signatories/"+id+"/feed.atom")
	laid := q.site.Signatory(a)
	return q.show("signatory", laid.Name.Text, laid)
}
