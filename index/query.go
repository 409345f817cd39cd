package index

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// A Query asks for a list of entries. The zero value asks for the newest of all leaves,
// those without effect too; with any filter or text only accepted statements fit, but
// for StatusNoEffect.
type Query struct {
	// Filters choose by facet: an entry fits if, for each facet that is there, it has one
	// of the values.
	Filters  map[Facet][]string
	Text     string // what is looked for in texts; see parseText
	Logged   Span   // when it was logged, by the operator's word
	Received Span   // when the request was received, as its author states; one that states a longer time does not fit
	Facets   []Facet
	Oldest   bool   // oldest first
	Cursor   string // Next or Prev of an earlier answer with the same order; "": begin with the first page
	Limit    int    // 1 to MaxLimit; 0: DefaultLimit
}

// A Span is the days, months, quarters, half-years or years from the beginning of From to
// the end of To; "" is without bound.
type Span struct{ From, To string }

// Bounds on a query.
const (
	DefaultLimit = 25
	MaxLimit     = 200
	maxValues    = 50 // of a filter
)

// A QueryError says what is wrong with a query. It matches ErrQuery.
type QueryError struct {
	Field  string // of the query: a facet's name, or q, logged, received, cursor, limit, facets
	Reason string // goes on after the field's name: "is not …"
}

func (e *QueryError) Error() string {
	return fmt.Sprintf("%v: %s %s", ErrQuery, e.Field, e.Reason)
}

func (e *QueryError) Unwrap() error { return ErrQuery }

func wrong(field, format string, args ...any) error {
	return &QueryError{field, fmt.Sprintf(format, args...)}
}

// By is the filter of one facet by one value; none when the value is "".
func By(f Facet, value string) map[Facet][]string {
	if value == "" {
		return nil
	}
	return map[Facet][]string{f: {value}}
}

// ParseSpan reads FROM, or FROM..TO with either side left out.
func ParseSpan(s string) (Span, error) {
	from, to, two := strings.Cut(s, "..")
	if !two {
		to = from
	}
	span := Span{from, to}
	if from == "" && to == "" {
		return Span{}, fmt.Errorf("%w: no time in %q", ErrQuery, s)
	}
	_, err := span.seconds()
	return span, err
}

// seconds returns the first second of a span, and the first one after it.
func (s Span) seconds() (span, error) {
	out := span{from: minTime, to: maxTime}
	if s.From != "" {
		first, ok := timeOf(s.From)
		if !ok {
			return out, notTime
		}
		out.from = first.from
	}
	if s.To != "" {
		last, ok := timeOf(s.To)
		if !ok {
			return out, notTime
		}
		out.to = last.to
	}
	if out.from >= out.to {
		return out, fmt.Errorf("%w: it ends before it begins", ErrQuery)
	}
	return out, nil
}

var notTime = fmt.Errorf("%w: not a day (2026-03-04), month (2026-03), quarter (2026-Q1), half-year (2026-H1) or year (2026)", ErrQuery)

const minTime, maxTime = int64(-1 << 62), int64(1 << 62)

// timeOf reads a day, a month, a quarter, a half-year or a year.
func timeOf(s string) (span, bool) {
	if year, ok := parseYear(s); ok {
		first, ok := spanOf(fmt.Sprintf("%04d-01/%04d-12", year, year))
		return first, ok
	}
	if strings.Contains(s, "/") {
		return span{}, false
	}
	return spanOf(s)
}

func parseYear(s string) (int, bool) {
	if len(s) != 4 {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1970
}

// check refuses a query that makes no sense.
func (q *Query) check() error {
	if q.Limit < 0 || q.Limit > MaxLimit {
		return wrong("limit", "is not from 1 to %d", MaxLimit)
	}
	for _, f := range slices.Sorted(maps.Keys(q.Filters)) {
		values := q.Filters[f]
		if !slices.Contains(Facets, f) {
			return wrong(string(f), "is no facet")
		}
		if len(values) == 0 || len(values) > maxValues {
			return wrong(string(f), "has not 1 to %d values", maxValues)
		}
		for _, v := range values {
			if err := f.check(v); err != nil {
				return err
			}
		}
	}
	for _, f := range q.Facets {
		if !slices.Contains(Facets, f) {
			return wrong("facets", "names what is no facet")
		}
	}
	for field, s := range map[string]Span{"logged": q.Logged, "received": q.Received} {
		if _, err := s.seconds(); err != nil {
			return wrong(field, "is malformed: %s", reason(err))
		}
	}
	return nil
}

// check refuses what can be no value of a facet. A code that nobody uses is one.
func (f Facet) check(v string) error {
	ok, want := entry.IsCode(v), "a code: lower-case letters, digits and hyphens"
	switch f {
	case FacetAuthor:
		ok, want = entry.CheckAuthor(v) == nil, "the id of an author"
	case FacetKind:
		ok, want = slices.Contains(entry.Kinds, entry.Kind(v)), "a kind of statement"
	case FacetCountry:
		ok, want = entry.IsCountry(v) || slices.Contains([]string{ValueWithheld, ValueErased, ValueMissing, ValueUnstated}, v), "two upper-case letters"
	case FacetYear:
		_, ok = parseYear(v)
		want = "a year"
	case FacetStatus:
		ok, want = slices.Contains(Statuses, v), "one of "+strings.Join(Statuses, ", ")
	}
	if !ok {
		return wrong(string(f), "is not %s", want)
	}
	return nil
}
