package verifier

import (
	"sort"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// A growth holds the days on which a log grew to its archive, which is to have a
// checkpoint for each of them (protocol section 7, Time).
//
// A day of growth is covered when a checkpoint of the archive covers its first
// entry and nothing that was logged after the next day. That is less than the
// protocol asks for: a log that keeps to it is never taken for one that does
// not, wherever in the day its checkpoints fall.
type growth struct {
	archived []uint64 // sizes, increasing
	days     []grown
}

// A grown is a day of growth: its number since 1970, and its first entry.
type grown struct {
	Day   int64
	Index uint64
}

// add takes in the next entry. Now is the largest `logged` so far.
func (g *growth) add(index uint64, now int64) {
	day := now / secondsPerDay
	if n := len(g.days); n == 0 || g.days[n-1].Day != day {
		g.days = append(g.days, grown{day, index})
	}
}

// uncovered counts the days that are not covered, and says which is the first.
// The last two are not judged yet.
func (g *growth) uncovered() (n uint64, first string) {
	for i, d := range g.days {
		later := g.days[i:]
		next := sort.Search(len(later), func(j int) bool { return later[j].Day > d.Day+1 })
		if next == len(later) || g.covered(d.Index, later[next].Index) {
			continue
		}
		if n == 0 {
			first = time.Unix(d.Day*secondsPerDay, 0).UTC().Format("2 January 2006")
		}
		n++
	}
	return n, first
}

// covered reports whether the archive has a checkpoint that covers the entry at
// first and none from next on.
func (g *growth) covered(first, next uint64) bool {
	i := sort.Search(len(g.archived), func(i int) bool { return g.archived[i] > first })
	return i < len(g.archived) && g.archived[i] <= next
}
