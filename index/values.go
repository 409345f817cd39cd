package index

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Names of a query's parameters in an address, beside those of the facets, which may be
// there more than once.
const (
	paramText     = "q"
	paramLogged   = "logged"
	paramReceived = "received"
	paramSort     = "sort"
	paramFacets   = "facets"
	paramCursor   = "cursor"
	paramLimit    = "limit"
)

// Values of the parameter sort.
const (
	sortNewest = "newest"
	sortOldest = "oldest"
)

// allFacets is the value of the parameter facets for all of them.
const allFacets = "all"

// Parameters lists the names of the parameters of addresses of lists.
func Parameters() []string {
	var out []string
	for _, f := range Facets {
		out = append(out, string(f))
	}
	return append(out, paramText, paramLogged, paramReceived, paramSort, paramFacets, paramCursor, paramLimit)
}

// IsParameter reports whether addresses of lists have a parameter of that name.
func IsParameter(name string) bool { return slices.Contains(Parameters(), name) }

// MayRepeat reports whether a parameter may be there more than once.
func MayRepeat(name string) bool { return slices.Contains(Facets, Facet(name)) }

// ParseValues reads a query from the parameters of an address; names that IsParameter does
// not know it leaves alone. Errors match ErrQuery, and are *QueryError.
func ParseValues(v url.Values) (Query, error) {
	var q Query
	one := func(name string) (string, error) {
		if len(v[name]) > 1 {
			return "", wrong(name, "is there twice")
		}
		if v.Has(name) && v.Get(name) == "" {
			return "", wrong(name, "is empty: leave it out")
		}
		return v.Get(name), nil
	}
	for _, f := range Facets {
		if values := v[string(f)]; values != nil {
			if q.Filters == nil {
				q.Filters = make(map[Facet][]string)
			}
			q.Filters[f] = values
		}
	}
	for _, p := range []struct {
		name string
		read func(string) error
	}{
		{paramText, func(s string) error { q.Text = s; return nil }},
		{paramLogged, func(s string) error { return spanParameter(paramLogged, s, &q.Logged) }},
		{paramReceived, func(s string) error { return spanParameter(paramReceived, s, &q.Received) }},
		{paramSort, func(s string) error {
			if s != sortNewest && s != sortOldest {
				return wrong(paramSort, "is neither %s nor %s", sortNewest, sortOldest)
			}
			q.Oldest = s == sortOldest
			return nil
		}},
		{paramFacets, func(s string) error {
			if s == allFacets {
				q.Facets = Facets
				return nil
			}
			for name := range strings.SplitSeq(s, ",") {
				q.Facets = append(q.Facets, Facet(name))
			}
			return nil
		}},
		{paramCursor, func(s string) error { q.Cursor = s; return nil }},
		{paramLimit, func(s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || strconv.Itoa(n) != s {
				return wrong(paramLimit, "is not from 1 to %d", MaxLimit)
			}
			q.Limit = n
			return nil
		}},
	} {
		s, err := one(p.name)
		if err != nil {
			return Query{}, err
		}
		if s == "" {
			continue
		}
		if err := p.read(s); err != nil {
			return Query{}, err
		}
	}
	return q, q.check()
}

func spanParameter(name, s string, to *Span) error {
	span, err := ParseSpan(s)
	if err != nil {
		return wrong(name, "is malformed: %s", reason(err))
	}
	*to = span
	return nil
}

// reason is what an error says beyond that it matches ErrQuery.
func reason(err error) string { return strings.TrimPrefix(err.Error(), ErrQuery.Error()+": ") }

// Values is the opposite of ParseValues: the parameters of an address that ask the query.
func (q Query) Values() url.Values {
	v := make(url.Values)
	for f, values := range q.Filters {
		v[string(f)] = slices.Clone(values)
	}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set(paramText, q.Text)
	set(paramLogged, q.Logged.String())
	set(paramReceived, q.Received.String())
	if q.Oldest {
		set(paramSort, sortOldest)
	}
	if len(q.Facets) == len(Facets) {
		set(paramFacets, allFacets)
	} else {
		var names []string
		for _, f := range q.Facets {
			names = append(names, string(f))
		}
		set(paramFacets, strings.Join(names, ","))
	}
	set(paramCursor, q.Cursor)
	if q.Limit > 0 {
		set(paramLimit, strconv.Itoa(q.Limit))
	}
	return v
}

// String is the form that ParseSpan reads; "" for a span without bounds.
func (s Span) String() string {
	if s.From == s.To {
		return s.From
	}
	return s.From + ".." + s.To
}
