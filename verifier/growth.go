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
	open     []grown  // the last two days, not judged yet

	days  uint64 // that are not covered
	first int64  // the first of them
}

// A grown is a day of growth: its number since 1970, and its first entry.
type grown struct {
	day   int64
	index uint64
}

// add takes in the next entry. Now is the largest `logged` so far.
func (g *growth) add(index uint64, now int64) {
	day := now / secondsPerDay
	if n := len(g.open); n > 0 && g.open[n-1].day == day {
		return
	}
	for len(g.open) > 0 && g.open[0].day < day-1 {
		if !g.covered(g.open[0].index, index) {
			if g.days == 0 {
				g.first = g.open[0].day * secondsPerDay
			}
			g.days++
		}
		g.open = g.open[1:]
	}
	g.open = append(g.open, grown{day, index})
}

// covered reports whether the archive has a checkpoint that covers the entry at
// first and none from next on.
func (g *growth) covered(first, next uint64) bool {
	i := sort.Search(len(g.archived), func(i int) bool { return g.archived[i] > first })
	return i < len(g.archived) && g.archived[i] <= next
}

func (g *growth) firstDay() string {
	return time.Unix(g.first, 0).UTC().Format("2 January 2006")
}
