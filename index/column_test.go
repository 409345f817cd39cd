package index

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
)

// TestColumn: entries have the values that they were given last, and are counted by them,
// however many there are.
func TestColumn(t *testing.T) {
	const entries = 30_000
	dice := rand.New(rand.NewPCG(1, 2))
	all := []string{"a", "b", "c", "d", "e-f", "g"}
	c, has := newColumn(), make(map[uint32][]string)
	for range 3 * entries {
		var values []string
		for range dice.IntN(4) {
			values = append(values, all[dice.IntN(len(all))])
		}
		index := uint32(dice.IntN(entries))
		c.set(index, values)
		has[index] = values
	}
	for index := range uint32(entries + 5) {
		want := slices.Compact(slices.Sorted(slices.Values(has[index])))
		if got := slices.Sorted(slices.Values(c.values(index))); !slices.Equal(got, want) {
			t.Fatalf("entry %d has %v, want %v", index, got, want)
		}
		for _, v := range all {
			if set := c.sets[v]; set.Contains(index) != slices.Contains(want, v) {
				t.Fatalf("entry %d has %v: in the set of %s: %v", index, want, v, set.Contains(index))
			}
		}
	}
	for _, n := range []int{0, 1, 300, 4000, entries} {
		among, want := roaring.New(), make(map[string]uint64)
		for _, index := range dice.Perm(entries)[:n] {
			among.Add(uint32(index))
			for _, v := range slices.Compact(slices.Sorted(slices.Values(has[uint32(index)]))) {
				want[v]++
			}
		}
		if got := c.counts(among); !maps.Equal(got, want) {
			t.Errorf("among %d: %v, want %v", n, got, want)
		}
	}
}
