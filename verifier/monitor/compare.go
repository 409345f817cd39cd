package monitor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// A shown is one checkpoint that the log's key signed, and who shows it.
type shown struct {
	view  *log.View
	who   []string
	tiles []*log.TileReader // of copies that show it
	since int64             // it is seen and not known to be a part of the log, Unix seconds
	group *shown            // itself, or one with which it is consistent
	// The earliest time, Unix seconds, at which a known witness says that it cosigned it,
	// and which one; 0 for none.
	stamped   uint64
	stampedBy string
}

// stamp notes when a witness says that it cosigned s.
func (s *shown) stamp(at uint64, by string) {
	if at != 0 && (s.stamped == 0 || at < s.stamped) {
		s.stamped, s.stampedBy = at, by
	}
}

func (s *shown) size() uint64 { return s.view.Checkpoint.Size }

// top finds the one that stands for all that are consistent with s.
func (s *shown) top() *shown {
	for s.group != s {
		s = s.group
	}
	return s
}

// A comparison is what became of all checkpoints of one cycle.
type comparison struct {
	all   []*shown
	log   *shown // what the log shows; nil when it shows none
	forks []*verifier.Evidence
	why   map[*shown]error // why a checkpoint could not be compared
}

func (c *comparison) add(v *log.View, who string, tiles *log.TileReader, since int64) *shown {
	for _, s := range c.all {
		if s.view.Checkpoint == v.Checkpoint {
			if !slices.Contains(s.who, who) {
				s.who = append(s.who, who)
			}
			if tiles != nil {
				s.tiles = append(s.tiles, tiles)
			}
			s.since = min(s.since, since)
			return s
		}
	}
	s := &shown{view: v, who: []string{who}, since: since}
	s.group = s
	if tiles != nil {
		s.tiles = []*log.TileReader{tiles}
	}
	c.all = append(c.all, s)
	return s
}

// compare finds which checkpoints fit one another. Others are copies that may have the
// tiles of what neither shows. A smaller one is held to the log's first, then to larger
// ones until one can be told to fit or not. Forks that are known don't count for what a
// cycle proves at most: they must not keep it from finding others.
func (c *comparison) compare(ctx context.Context, policy *log.Policy, others []*log.TileReader, known func(*verifier.Evidence) bool) {
	c.why = make(map[*shown]error)
	pairs := 0
	slices.SortStableFunc(c.all, func(x, y *shown) int { return cmp.Compare(x.size(), y.size()) })
	for i, small := range c.all {
		larger := slices.Clone(c.all[i+1:])
		if at := slices.Index(larger, c.log); at > 0 {
			larger = slices.Insert(slices.Delete(larger, at, at+1), 0, c.log)
		}
		for _, large := range larger {
			if small.top() == large.top() {
				break
			}
			e, err := c.pair(ctx, policy, small, large, others)
			if err != nil {
				c.why[small] = cmp.Or(c.why[small], err)
				continue
			}
			if e != nil {
				c.forks = append(c.forks, e)
				if !known(e) {
					pairs++
				}
				if pairs == maxPairs {
					return
				}
				continue
			}
			small.top().group = large.top()
			break
		}
	}
}

func (c *comparison) pair(ctx context.Context, policy *log.Policy, small, large *shown, others []*log.TileReader) (*verifier.Evidence, error) {
	var last error
	readers := append(slices.Clone(large.tiles), others...)
	if len(readers) == 0 {
		readers = []*log.TileReader{nil}
	}
	tried := make(map[*log.TileReader]bool)
	for _, tiles := range readers {
		if tried[tiles] {
			continue
		}
		tried[tiles] = true
		e, err := verifier.Compare(ctx, policy, small.view, large.view, tiles)
		if err == nil {
			return e, nil
		}
		last = cmp.Or(last, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// inFork reports whether a bundle proves that s and another can't both be true.
func (c *comparison) inFork(s *shown) bool {
	for _, e := range c.forks {
		if e.Smaller == string(s.view.Raw) || e.Larger == string(s.view.Raw) {
			return true
		}
	}
	return false
}

// fits reports whether s is known to be consistent with what the log shows.
func (c *comparison) fits(s *shown) bool { return c.log != nil && s.top() == c.log.top() }

// settled reports whether s is known to be a part of what the log shows.
func (c *comparison) settled(s *shown) bool { return c.fits(s) && s.size() <= c.log.size() }

// key names a checkpoint.
func key(c log.Checkpoint) string { return fmt.Sprintf("%d/%x", c.Size, c.Root) }
