package index

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/pledgelog/pledgelog/entry"
)

// A catalog keeps, for each value of each facet, the set of entries that have it. Sets are
// as long as the log that was replayed; who reads them cuts them at the tree size shown.
type catalog struct {
	facets   map[Facet]*column
	received *column         // what requests, and decisions on them, state
	spans    map[string]span // of the values of received
	accepted *roaring.Bitmap
}

// A span is from its first second up to the one after its last, Unix seconds.
type span struct{ from, to int64 }

func newCatalog() *catalog {
	c := &catalog{facets: make(map[Facet]*column), received: newColumn(), spans: make(map[string]span), accepted: roaring.New()}
	for _, f := range Facets {
		c.facets[f] = newColumn()
	}
	return c
}

// set gives an entry these values of facets in the place of those that it had.
func (c *catalog) set(index uint32, facets []valued) {
	for _, v := range facets {
		c.facets[v.facet].set(index, v.values)
	}
}

// inherit gives a decision the facets of its request.
func (c *catalog) inherit(decision, request uint32) {
	for _, f := range ofRequests {
		c.facets[f].set(decision, c.facets[f].values(request))
	}
	c.received.set(decision, c.received.values(request))
}

// setReceived keeps when a request states that it was received. What says no time is not
// kept.
func (c *catalog) setReceived(index uint32, stated string) {
	if _, known := c.spans[stated]; !known {
		s, ok := spanOf(stated)
		if !ok {
			c.received.set(index, nil)
			return
		}
		c.spans[stated] = s
	}
	c.received.set(index, []string{stated})
}

// spanOf reads what a request says of when it was received.
func spanOf(stated string) (span, bool) {
	if p, err := entry.ParsePeriod(stated); err == nil {
		return span{p.Start(), p.End()}, true
	}
	from, to, err := entry.ParseSpan(stated)
	return span{from, to}, err == nil
}
