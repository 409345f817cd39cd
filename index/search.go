package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// ErrNoText says that texts can't be looked in now, or not at all.
var ErrNoText = errors.New("texts can't be searched")

// A FacetCount is how many entries have a value.
type FacetCount struct {
	Value string
	Count uint64
}

// maxFacetValues is how many values of a facet are given: those that most have.
const maxFacetValues = 200

// A chosen is the entries that fit a query. Sets may reach beyond the tree; below cuts.
type chosen struct {
	size    uint32
	filters map[Facet]*roaring.Bitmap
	others  []*roaring.Bitmap // sets that all have to have it
	not     []*roaring.Bitmap
	all     bool // no filter at all
}

// choose finds the sets of a query in the tree of size. The caller holds the lock but for
// words.
func (s *Snapshot) choose(q Query, words []found, size uint32) *chosen {
	c := s.x.catalog
	out := &chosen{size: size, filters: make(map[Facet]*roaring.Bitmap)}
	for f, values := range q.Filters {
		var sets []*roaring.Bitmap
		for _, v := range values {
			if set := c.facets[f].sets[v]; set != nil {
				sets = append(sets, set)
			}
		}
		if len(sets) == 1 {
			out.filters[f] = sets[0]
		} else {
			out.filters[f] = roaring.FastOr(sets...)
		}
	}
	for _, w := range words {
		if w.not {
			out.not = append(out.not, w.set)
		} else {
			out.others = append(out.others, w.set)
		}
	}
	if q.Logged != (Span{}) {
		out.others = append(out.others, s.loggedIn(q.Logged))
	}
	if q.Received != (Span{}) {
		within, _ := q.Received.seconds()
		var sets []*roaring.Bitmap
		for stated, set := range c.received.sets {
			if at := c.spans[stated]; at.from >= within.from && at.to <= within.to {
				sets = append(sets, set)
			}
		}
		out.others = append(out.others, roaring.FastOr(sets...))
	}
	out.all = len(q.Filters) == 0 && len(out.others) == 0 && len(out.not) == 0
	if !out.all && q.Filters[FacetStatus] == nil {
		out.others = append(out.others, c.accepted)
	}
	return out
}

// loggedIn returns the entries that were logged in a span, by the largest time up to each.
// The caller holds the lock.
func (s *Snapshot) loggedIn(t Span) *roaring.Bitmap {
	within, _ := t.seconds()
	rows := s.x.rows[:s.view.Size]
	first := sort.Search(len(rows), func(i int) bool { return rows[i].now >= within.from })
	end := sort.Search(len(rows), func(i int) bool { return rows[i].now >= within.to })
	set := roaring.New()
	set.AddRange(uint64(first), uint64(max(first, end)))
	return set
}

// result returns the entries that fit all, but for the filter of one facet.
func (c *chosen) result(without Facet) *roaring.Bitmap {
	sets := slices.Clone(c.others)
	for f, set := range c.filters {
		if f != without {
			sets = append(sets, set)
		}
	}
	below := roaring.New()
	below.AddRange(0, uint64(c.size))
	// The smallest first: what is left is never larger.
	slices.SortFunc(sets, func(a, b *roaring.Bitmap) int { return cmp.Compare(a.GetCardinality(), b.GetCardinality()) })
	for _, set := range sets {
		below.And(set)
	}
	for _, set := range c.not {
		below.AndNot(set)
	}
	return below
}

// facets counts the values of facets among the entries that fit, each without its own
// filter. The caller holds the lock.
func (x *Index) facets(c *chosen, result *roaring.Bitmap, wanted []Facet) map[Facet][]FacetCount {
	if len(wanted) == 0 {
		return nil
	}
	out := make(map[Facet][]FacetCount, len(wanted))
	for _, f := range wanted {
		among := result
		if c.filters[f] != nil {
			among = c.result(f)
		}
		counts := make([]FacetCount, 0)
		for v, n := range x.catalog.facets[f].counts(among) {
			counts = append(counts, FacetCount{v, n})
		}
		slices.SortFunc(counts, func(a, b FacetCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
		out[f] = counts[:min(len(counts), maxFacetValues)]
	}
	return out
}

// A found is the entries in whose text something stands.
type found struct {
	set *roaring.Bitmap
	not bool
}

// look looks for the words of a query in texts.
func (s *Snapshot) look(ctx context.Context, text string, size uint32) ([]found, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	sought, err := parseText(text)
	if err != nil {
		return nil, err
	}
	switch {
	case s.x.words == nil:
		return nil, ErrNoText
	case s.textFailed != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoText, s.textFailed)
	}
	var out []found
	for _, w := range sought {
		set, err := s.x.words.matching(ctx, w.Phrase, size)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoText, err)
		}
		out = append(out, found{set, w.not})
	}
	return out, nil
}
