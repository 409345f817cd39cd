package index

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A name is one with which an author was admitted, and its entities with it.
type name struct {
	author string
	name   string
	index  uint64 // of the admit
}

// A Named is an author whose name has the words that were looked for.
type Named struct {
	ID          string
	Name        string // that has them
	Now         string // the name that it has now; Name, unless that is a former one, or one of an entity that it covers
	SucceededBy string // who took its place; "" when nobody did
}

// An Absent is a value of a filter of whom, or of what, the log has nothing.
type Absent struct {
	Facet Facet
	Value string
}

// maxNamed is how many authors are given by name.
const maxNamed = 20

// keepNames keeps what an admission names.
func (x *Index) keepNames(index uint64, b *entry.Admit) {
	for _, n := range append([]string{b.Name}, b.Entities...) {
		if !slices.ContainsFunc(x.names, func(o name) bool { return o.author == b.ID && o.name == n }) {
			x.names = append(x.names, name{b.ID, n, index})
		}
	}
}

// named returns the authors that have, or had, a name in which all words stand, each as
// the beginning of a word. The caller holds the lock.
func (s *Snapshot) named(words []string) []Named {
	if len(words) == 0 {
		return nil
	}
	var out []Named
	for _, n := range s.x.names {
		if n.index >= s.view.Size || len(out) == maxNamed || !begins(tokens(n.name), words) {
			continue
		}
		got := Named{ID: n.author, Name: n.name, Now: s.Name(n.author)}
		if i, ok := s.byAuthor[n.author]; ok && s.statuses[i].Succeeded != nil {
			got.SucceededBy = s.statuses[i].Succeeded.Author
		}
		out = append(out, got)
	}
	return out
}

func begins(name, words []string) bool {
	for _, w := range words {
		if !slices.ContainsFunc(name, func(n string) bool { return len(n) >= len(w) && n[:len(w)] == w }) {
			return false
		}
	}
	return true
}

// absent returns the authors and countries of a query that the tree has nothing of. The
// caller holds the lock.
func (s *Snapshot) absent(q Query) []Absent {
	var out []Absent
	for _, f := range []Facet{FacetAuthor, FacetCountry} {
		for _, v := range q.Filters[f] {
			if f == FacetAuthor {
				if _, ok := s.byAuthor[v]; ok || s.reservedNo(v) >= 0 {
					continue
				}
			}
			if set := s.x.catalog.facets[f].sets[v]; set == nil || set.IsEmpty() || uint64(set.Minimum()) >= s.view.Size {
				out = append(out, Absent{f, v})
			}
		}
	}
	return out
}
