package api

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/index"
)

// entries answers with a page of entries.
func (a *API) entries(w http.ResponseWriter, r *http.Request) {
	query, err := listQuery(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	page, err := s.Entries(r.Context(), query)
	if err != nil {
		a.fail(w, r, queryProblem(err))
		return
	}
	a.writeJSON(w, r, a.wirePage(page))
}

// listQuery reads which entries an address asks for.
func listQuery(r *http.Request) (index.Query, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return index.Query{}, refuse(http.StatusBadRequest, codeParam, "the query of the address can't be read")
	}
	for name, values := range q {
		if !index.IsParameter(name) {
			return index.Query{}, unknownParameter(name, index.Parameters())
		}
		if !index.MayRepeat(name) && len(values) > 1 {
			return index.Query{}, refuse(http.StatusBadRequest, codeParamTwice, "the parameter "+name+" is there twice")
		}
	}
	query, err := index.ParseValues(q)
	if err != nil {
		return index.Query{}, queryProblem(err)
	}
	if query.Limit > maxPage {
		return index.Query{}, badParameter("limit", "is a number from 1 to 100")
	}
	if query.Limit == 0 {
		query.Limit = entriesPage
	}
	return query, nil
}

// queryProblem says what is wrong with a query.
func queryProblem(err error) error {
	var wrong *index.QueryError
	if errors.As(err, &wrong) {
		return badParameter(wrong.Field, wrong.Reason)
	}
	return err
}

func (a *API) wirePage(page *index.Page) client.EntryPage {
	view := page.View
	out := client.EntryPage{
		Size: view.Size, AsOf: client.Time(view.AsOf), SimulatedTime: a.simulated(), Total: page.Total,
		Entries: make([]client.Entry, 0, len(page.Entries)), Next: page.Next, Previous: page.Prev,
	}
	for _, e := range page.Entries {
		out.Entries = append(out.Entries, a.wireEntry(e))
	}
	for _, n := range page.Absent {
		out.NotInLog = append(out.NotInLog, client.Absent{Parameter: string(n.Facet), Value: n.Value})
	}
	for _, n := range page.Named {
		got := client.Named{ID: n.ID, Name: n.Name, SucceededBy: n.SucceededBy}
		if n.Now != n.Name {
			got.Now = n.Now
		}
		out.Named = append(out.Named, got)
	}
	out.Facets = wireFacets(page.Facets)
	return out
}
