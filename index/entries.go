package index

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Page is a part of a list. Cursors stay good while the log
// grows: they name a place in the log, not a page number.
type Page struct {
	View    View
	Entries []*Entry
	Total   uint64                 // entries that the query fits, on all pages
	Next    string                 // cursor of the page after it; "" on the last
	Prev    string                 // cursor of the page before it; "" on the first
	Facets  map[Facet][]FacetCount // of those that were asked for: the most frequent first
	Absent  []Absent
	Named   []Named // authors that have, or had, a name with the words of Text
}

// Entries answers a query. What fits, and how many, is as of the tree size of the snapshot;
// what later entries made of those that fit (an outcome, a correction) is as of now. Errors
// match ErrQuery when the query makes no sense, and ErrNoText when texts can't be looked in.
func (s *Snapshot) Entries(ctx context.Context, q Query) (*Page, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	limit := q.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	if s.view.Size > maxEntries {
		return nil, fmt.Errorf("%w: the log is larger than lists can be", ErrNoText)
	}
	size := uint32(s.view.Size)
	words, err := s.look(ctx, q.Text, size)
	if err != nil {
		return nil, err
	}
	p := &Page{View: s.view}
	s.x.mu.RLock()
	c := s.choose(q, words, size)
	result := c.result("")
	p.Facets = s.x.facets(c, result, q.Facets)
	p.Absent = s.absent(q)
	p.Named = s.named(wordsOf(q.Text))
	s.x.mu.RUnlock()
	p.Total = result.GetCardinality()

	l := listed{result, q.Oldest}
	from, to, err := l.window(q.Cursor, limit)
	if err != nil {
		return nil, err
	}
	read := make(map[uint64]*Entry)
	for i := from; i < to; i++ {
		e, err := s.read(ctx, l.at(i))
		if err != nil {
			return nil, err
		}
		read[e.Index] = e
		p.Entries = append(p.Entries, e)
	}
	for _, e := range p.Entries {
		if err := s.addSubject(ctx, e, read); err != nil {
			return nil, err
		}
	}
	if to < l.len() {
		p.Next = l.cursor(next, to)
	}
	if from > 0 && from < l.len() {
		p.Prev = l.cursor(prev, from)
	}
	return p, nil
}

// A listed is a set of entries in one of its two orders.
type listed struct {
	set    *roaring.Bitmap
	oldest bool // first
}

func (l listed) len() int { return int(l.set.GetCardinality()) }

// at returns the entry at a position.
func (l listed) at(i int) uint64 {
	if !l.oldest {
		i = l.len() - 1 - i
	}
	v, _ := l.set.Select(uint32(i)) // i is below len
	return uint64(v)
}

// below returns how many entries of the set have a smaller index.
func (l listed) below(index uint64) int {
	switch {
	case index == 0:
		return 0
	case index > math.MaxUint32:
		return l.len()
	}
	return int(l.set.Rank(uint32(index - 1)))
}

const (
	cursorBefore = "before-"
	cursorAfter  = "after-"
)

// Which way a cursor goes in a list.
const (
	next = true
	prev = false
)

// cursor names the place between two positions by the index of an entry next to it.
func (l listed) cursor(way bool, at int) string {
	if way == next {
		at--
	}
	if (way == next) == l.oldest {
		return cursorAfter + strconv.FormatUint(l.at(at), 10)
	}
	return cursorBefore + strconv.FormatUint(l.at(at), 10)
}

// window returns which part of the list a cursor asks for, as positions.
func (l listed) window(cursor string, limit int) (from, to int, err error) {
	if cursor == "" {
		return 0, min(limit, l.len()), nil
	}
	text, before := strings.CutPrefix(cursor, cursorBefore)
	if !before {
		var ok bool
		if text, ok = strings.CutPrefix(cursor, cursorAfter); !ok {
			return 0, 0, errCursor
		}
	}
	v, err := parseIndex(text)
	if err != nil {
		return 0, 0, err
	}
	// Positions of the list in rising order, from which the page goes one way.
	edge := l.below(v)
	if !before {
		edge = l.below(v + 1)
	}
	if !l.oldest {
		edge = l.len() - edge
	}
	if before == l.oldest {
		return max(0, edge-limit), edge, nil
	}
	return edge, min(edge+limit, l.len()), nil
}

var errCursor = wrong("cursor", "is none that was given out")

// parseIndex reads an index as cursors hold it: decimal, without leading zeros.
func parseIndex(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(v, 10) != s {
		return 0, errCursor
	}
	return v, nil
}
