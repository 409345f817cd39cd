package index

import (
	"context"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// Stats are counts of what is in the log.
type Stats struct {
	View     View
	Accepted uint64       // statements
	NoEffect uint64       // leaves without effect
	Kinds    []FacetCount // of accepted statements
	// Requests that stand, and how often each value of their facets is among them.
	Requests uint64
	Facets   map[Facet][]FacetCount
}

// A Country is what is logged of requests that are attributed to one.
type Country struct {
	Code        string // or ValueWithheld and so on
	Requests    uint64 // that stand
	Signatories uint64 // that logged them
	Outcomes    []FacetCount
	First, Last int64 // when the first and the last of them were logged, Unix seconds
}

// standing chooses the requests that stand: none that was taken back, or in whose place
// another one stands.
var standing = Query{Filters: map[Facet][]string{FacetKind: {string(entry.KindRequest)}, FacetStatus: {StatusStands}}}

// Stats counts what is in the log.
func (s *Snapshot) Stats(context.Context) (*Stats, error) {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	out := &Stats{View: s.view}
	size := uint32(s.view.Size)
	all := (&chosen{size: size}).result("")
	out.Accepted = all.AndCardinality(s.x.catalog.accepted)
	out.NoEffect = s.view.Size - out.Accepted
	out.Kinds = s.x.facets(&chosen{size: size}, all, []Facet{FacetKind})[FacetKind]
	c := s.choose(standing, nil, size)
	requests := c.result("")
	out.Requests = requests.GetCardinality()
	c.filters = nil // kinds and statuses are counted among them, too
	out.Facets = s.x.facets(c, requests, slices.Concat(ofRequests, []Facet{FacetAuthor, FacetOutcome, FacetStatus, FacetYear}))
	return out, nil
}

// Countries lists the countries that requests are attributed to, those with most requests
// first; also the requests that name none.
func (s *Snapshot) Countries(context.Context) ([]Country, View, error) {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	c := s.choose(standing, nil, uint32(s.view.Size))
	requests := c.result("")
	c.filters = nil
	out := []Country{}
	for _, n := range s.x.facets(c, requests, []Facet{FacetCountry})[FacetCountry] {
		of := requests.Clone()
		of.And(s.x.catalog.facets[FacetCountry].sets[n.Value])
		out = append(out, Country{
			Code: n.Value, Requests: n.Count, Signatories: uint64(len(s.x.catalog.facets[FacetAuthor].counts(of))),
			Outcomes: s.x.facets(c, of, []Facet{FacetOutcome})[FacetOutcome],
			First:    s.x.rows[of.Minimum()].logged, Last: s.x.rows[of.Maximum()].logged,
		})
	}
	return out, s.view, nil
}
