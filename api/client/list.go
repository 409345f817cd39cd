package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Query says which entries are wanted. The zero value wants the newest ones.
type Query struct {
	Text    string // words that all stand in a text, "in quotation marks" as they follow each other, -without, begin*
	Author  string
	Kind    entry.Kind
	Filters map[string][]string // by facet (docs/api.md): any of the values of one, and of each that is there
	// When it was logged, and when its author states that it was received: a day, month,
	// quarter, half-year or year, or two of them with ".." between.
	Logged, Received string
	Oldest           bool     // oldest first
	Facets           []string // that are counted; "all" for all
	Cursor           string   // EntryPage.Next of the page before
	Limit            int      // at most 100; 0 for the server's default
}

func (q Query) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Add(name, value)
		}
	}
	for facet, values := range q.Filters {
		v[facet] = append(v[facet], values...)
	}
	set("q", q.Text)
	set("author", q.Author)
	set("kind", string(q.Kind))
	set("logged", q.Logged)
	set("received", q.Received)
	if q.Oldest {
		set("sort", "oldest")
	}
	for i, f := range q.Facets {
		if i == 0 {
			v.Set("facets", f)
		} else {
			v.Set("facets", v.Get("facets")+","+f)
		}
	}
	set("cursor", q.Cursor)
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Entries returns a page of entries.
func (c *Client) Entries(ctx context.Context, q Query) (*EntryPage, error) {
	return get[EntryPage](ctx, c, "api/v1/entries", q.values())
}

// AllEntries goes through all entries that a query fits, page after page. Those that are
// logged meanwhile are among them only when the oldest come first. An error is the last
// thing that it yields.
func (c *Client) AllEntries(ctx context.Context, q Query) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		for {
			p, err := c.Entries(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range p.Entries {
				if !yield(&p.Entries[i], nil) {
					return
				}
			}
			if q.Cursor = p.Next; q.Cursor == "" {
				return
			}
			q.Facets = nil // they are on the first page
		}
	}
}

// A DueQuery says whose duties are wanted. The zero value wants everybody's.
type DueQuery struct {
	Author string
	Kind   pledge.DutyKind
	Cursor string // DuePage.Next of the page before
	Limit  int    // at most 1,000; 0 for the server's default
}

// Due returns a page of who owes what by when, what is due first first.
func (c *Client) Due(ctx context.Context, q DueQuery) (*DuePage, error) {
	v := Query{Author: q.Author, Kind: entry.Kind(q.Kind), Cursor: q.Cursor, Limit: q.Limit}.values()
	return get[DuePage](ctx, c, "api/v1/due", v)
}
