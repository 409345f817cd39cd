package index

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/pledgelog/pledgelog/entry"
)

// A catalog keeps, for each value of each facet, the set of entries that have it. Sets are
// as long as the log that was replayed; who reads them cuts them at the tree size shown.
type catalog struct {
	sets     map[Facet]map[string]*roaring.Bitmap
	received map[string]*roaring.Bitmap // by what requests, and decisions on them, state
	spans    map[string]span            // of the keys of received
	accepted *roaring.Bitmap
}

// A span is from its first second up to the one after its last, Unix seconds.
type span struct{ from, to int64 }

func newCatalog() *catalog {
	c := &catalog{
		sets:     make(map[Facet]map[string]*roaring.Bitmap),
		received: make(map[string]*roaring.Bitmap),
		spans:    make(map[string]span),
		accepted: roaring.New(),
	}
	for _, f := range Facets {
		c.sets[f] = make(map[string]*roaring.Bitmap)
	}
	return c
}

// set gives an entry these values of facets in the place of those that it had.
func (c *catalog) set(index uint32, facets []valued) {
	for _, v := range facets {
		replace(c.sets[v.facet], index, v.values)
	}
}

func replace(sets map[string]*roaring.Bitmap, index uint32, values []string) {
	for _, set := range sets {
		// Most entries are new, and behind all others.
		if !set.IsEmpty() && set.Maximum() >= index {
			set.Remove(index)
		}
	}
	for _, v := range values {
		set := sets[v]
		if set == nil {
			set = roaring.New()
			sets[v] = set
		}
		set.Add(index)
	}
}

// of returns the values that an entry has.
func of(sets map[string]*roaring.Bitmap, index uint32) []string {
	var out []string
	for v, set := range sets {
		if set.Contains(index) {
			out = append(out, v)
		}
	}
	return out
}

// inherit gives a decision the facets of its request.
func (c *catalog) inherit(decision, request uint32) {
	for _, f := range ofRequests {
		replace(c.sets[f], decision, of(c.sets[f], request))
	}
	replace(c.received, decision, of(c.received, request))
}

// setReceived keeps when a request states that it was received. What says no time is not
// kept.
func (c *catalog) setReceived(index uint32, stated string) {
	if _, known := c.spans[stated]; !known {
		s, ok := spanOf(stated)
		if !ok {
			replace(c.received, index, nil)
			return
		}
		c.spans[stated] = s
	}
	replace(c.received, index, []string{stated})
}

// spanOf reads what a request says of when it was received.
func spanOf(stated string) (span, bool) {
	if p, err := entry.ParsePeriod(stated); err == nil {
		return span{p.Start(), p.End()}, true
	}
	from, to, err := entry.ParseSpan(stated)
	return span{from, to}, err == nil
}
