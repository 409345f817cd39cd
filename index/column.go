package index

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
)

// A column is one property of all entries, both ways: which entries have a value, and
// which values an entry has. Either is found without a look at the others.
type column struct {
	sets  map[string]*roaring.Bitmap
	of    []uint32          // by entry: which of lists it has
	lists [][]string        // the lists of values that entries have; the first is none
	nos   map[string]uint32 // in lists, by the values with zeros between them
}

func newColumn() *column {
	return &column{sets: make(map[string]*roaring.Bitmap), lists: [][]string{nil}, nos: map[string]uint32{"": 0}}
}

// values returns what an entry has. It must not be changed.
func (c *column) values(index uint32) []string { return c.lists[c.no(index)] }

func (c *column) no(index uint32) uint32 {
	if int(index) >= len(c.of) {
		return 0
	}
	return c.of[index]
}

// set gives an entry these values in the place of those that it had.
func (c *column) set(index uint32, values []string) {
	key := strings.Join(values, "\x00")
	no, known := c.nos[key]
	if !known {
		no = uint32(len(c.lists))
		c.nos[key] = no
		var once []string
		for _, v := range values {
			if !slices.Contains(once, v) {
				once = append(once, v)
			}
		}
		c.lists = append(c.lists, once)
	}
	was := c.no(index)
	if was == no {
		return
	}
	for _, v := range c.lists[was] {
		c.sets[v].Remove(index)
	}
	for _, v := range c.lists[no] {
		set := c.sets[v]
		if set == nil {
			set = roaring.New()
			c.sets[v] = set
		}
		set.Add(index)
	}
	for int(index) >= len(c.of) {
		c.of = append(c.of, 0)
	}
	c.of[index] = no
}

// counts says how many of some entries have each value.
func (c *column) counts(among *roaring.Bitmap) map[string]uint64 {
	out := make(map[string]uint64)
	n := among.GetCardinality()
	// To look at each entry is quicker than to intersect all sets, unless there are many.
	if n > uint64(len(c.of))/8+1000 {
		for v, set := range c.sets {
			if n := among.AndCardinality(set); n > 0 {
				out[v] = n
			}
		}
		return out
	}
	byList := make([]uint64, len(c.lists))
	var buf [256]uint32
	for it := among.ManyIterator(); ; {
		some := buf[:it.NextMany(buf[:])]
		if len(some) == 0 {
			break
		}
		for _, index := range some {
			byList[c.no(index)]++
		}
	}
	for no, n := range byList {
		if n == 0 {
			continue
		}
		for _, v := range c.lists[no] {
			out[v] += n
		}
	}
	return out
}
