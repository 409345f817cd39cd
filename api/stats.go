package api

import (
	"net/http"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/index"
)

// stats answers with what is counted in the log.
func (a *API) stats(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	got, err := s.Stats(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	roll, err := s.Signatories(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	out := client.StatsAnswer{
		Size: got.View.Size, AsOf: client.Time(got.View.AsOf), SimulatedTime: a.simulated(),
		Statements: client.StatementCounts{Accepted: got.Accepted, NoEffect: got.NoEffect, Kinds: wireCounts(got.Kinds)},
		Requests:   client.RequestCounts{Total: got.Requests, Facets: wireFacets(got.Facets)},
	}
	out.Standings = make(map[string]uint64)
	for i := range roll.Statuses {
		st := &roll.Statuses[i]
		out.Standings[st.Standing]++
		out.Withheld += st.Withheld
		out.Opened += st.Opened
		out.Void += st.Void
	}
	a.writeJSON(w, r, out)
}

// countries answers with the countries that requests are attributed to.
func (a *API) countries(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	countries, view, err := a.snapshot(r.Context()).Countries(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	out := client.CountryList{Size: view.Size, AsOf: client.Time(view.AsOf), SimulatedTime: a.simulated(), Countries: make([]client.Country, 0, len(countries))}
	for _, c := range countries {
		out.Countries = append(out.Countries, client.Country{
			Code: c.Code, Requests: c.Requests, Signatories: c.Signatories, Outcomes: wireCounts(c.Outcomes),
			First: client.Time(c.First), Last: client.Time(c.Last),
		})
	}
	a.writeJSON(w, r, out)
}

func wireFacets(facets map[index.Facet][]index.FacetCount) map[string][]client.FacetCount {
	if facets == nil {
		return nil
	}
	out := make(map[string][]client.FacetCount, len(facets))
	for f, counts := range facets {
		out[string(f)] = wireCounts(counts)
	}
	return out
}

func wireCounts(counts []index.FacetCount) []client.FacetCount {
	out := make([]client.FacetCount, 0, len(counts))
	for _, c := range counts {
		out = append(out, client.FacetCount{Value: c.Value, Count: c.Count})
	}
	return out
}
