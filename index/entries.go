package index

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// A Query asks for a list of entries. The zero value asks for the newest ones.
type Query struct {
	Author string     // only accepted statements of this author; "": any
	Kind   entry.Kind // only accepted statements of this kind; "": any
	Cursor string     // Next or Prev of an earlier answer; "": begin with the newest
	Limit  int        // 1 to MaxLimit; 0: DefaultLimit
}

// How many entries a page of a list has.
const (
	DefaultLimit = 25
	MaxLimit     = 200
)

// A Page is a part of a list, newest first. Cursors stay good while the log
// grows: they name a place in the log, not a page number.
type Page struct {
	View    View
	Entries []*Entry
	Total   uint64 // entries that the query fits, on all pages
	Next    string // cursor of the page with older ones; "" on the last
	Prev    string // cursor of the page with newer ones; "" on the first
}

// Entries answers a query. Without an author and a kind the list has every
// leaf, those without effect too. Errors match ErrQuery when the query is
// malformed.
func (s *Snapshot) Entries(ctx context.Context, q Query) (*Page, error) {
	limit := q.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	if limit < 1 || limit > MaxLimit {
		return nil, fmt.Errorf("%w: limit is not from 1 to %d", ErrQuery, MaxLimit)
	}
	if q.Kind != "" && !slices.Contains(entry.Kinds, q.Kind) {
		return nil, fmt.Errorf("%w: kind is not one of the protocol", ErrQuery)
	}
	if q.Author != "" && entry.CheckAuthor(q.Author) != nil {
		return nil, fmt.Errorf("%w: author is not an author's id", ErrQuery)
	}
	l := s.list(q)
	from, to, err := l.window(q.Cursor, limit)
	if err != nil {
		return nil, err
	}
	p := &Page{View: s.view, Total: uint64(l.len())}
	read := make(map[uint64]*Entry)
	for i := to; i > from; i-- {
		e, err := s.read(ctx, l.at(i-1))
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
	if from > 0 {
		p.Next = cursorBefore + strconv.FormatUint(l.at(from), 10)
	}
	if to < l.len() && to > 0 {
		p.Prev = cursorAfter + strconv.FormatUint(l.at(to-1), 10)
	}
	return p, nil
}

// indexes is a rising list of indexes: given, or 0 to size-1.
type indexes struct {
	given []uint64
	all   bool
	size  uint64
}

func (s *Snapshot) list(q Query) indexes {
	if q.Author == "" && q.Kind == "" {
		return indexes{all: true, size: s.view.Size}
	}
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	return indexes{given: s.cut(s.x.lists[listKey{author: q.Author, kind: q.Kind}])}
}

func (l indexes) len() int {
	if l.all {
		return int(l.size)
	}
	return len(l.given)
}

func (l indexes) at(i int) uint64 {
	if l.all {
		return uint64(i)
	}
	return l.given[i]
}

// search returns how many indexes are below v.
func (l indexes) search(v uint64) int {
	if l.all {
		return int(min(v, l.size))
	}
	n, _ := slices.BinarySearch(l.given, v)
	return n
}

const (
	cursorBefore = "before-"
	cursorAfter  = "after-"
)

// window returns which part of the list a cursor asks for, as positions.
func (l indexes) window(cursor string, limit int) (from, to int, err error) {
	switch {
	case cursor == "":
		to = l.len()
	case strings.HasPrefix(cursor, cursorBefore):
		v, err := parseIndex(cursor[len(cursorBefore):])
		if err != nil {
			return 0, 0, err
		}
		to = l.search(v)
	case strings.HasPrefix(cursor, cursorAfter):
		v, err := parseIndex(cursor[len(cursorAfter):])
		if err != nil {
			return 0, 0, err
		}
		from = l.search(v + 1)
		return from, min(from+limit, l.len()), nil
	default:
		return 0, 0, fmt.Errorf("%w: cursor is none that was given out", ErrQuery)
	}
	return max(0, to-limit), to, nil
}

// parseIndex reads an index as cursors hold it: decimal, without leading zeros.
func parseIndex(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(v, 10) != s {
		return 0, fmt.Errorf("%w: cursor is none that was given out", ErrQuery)
	}
	return v, nil
}
