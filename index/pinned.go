package index

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// Rows goes through the first size leaves as the log stood when it had so many, in
// their order: with what entries below size say of each other, and nothing that hangs on
// a moment. So the same size gives the same rows for ever, but for texts that were erased
// since: these are gone, and the tombstones are listed with them, wherever they stand. Of
// each Entry Admit, Review, Doubt, Unconfirmed, Challenge, Challenges and Findings are
// left out, which change as a log grows or are judged for a moment.
//
// Size is at most that of the snapshot, else the error matches ErrNotFound. A row with an
// error is the last.
func (s *Snapshot) Rows(ctx context.Context, size uint64) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		if err := s.covers(size); err != nil {
			yield(nil, err)
			return
		}
		p := s.pinned(size)
		for first := uint64(0); first < size; first += log.TileWidth {
			if err := p.readAhead(ctx, first); err != nil {
				yield(nil, err)
				return
			}
			n := int(min(log.TileWidth, size-first))
			rows, errs := make([]*Entry, n), make([]error, n)
			parallel(n, func(i int) { rows[i], errs[i] = p.row(ctx, first+uint64(i)) })
			for i, e := range rows {
				if err := errs[i]; err != nil {
					yield(nil, err)
					return
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

func (s *Snapshot) covers(size uint64) error {
	if size > s.view.Size {
		return fmt.Errorf("tree of %d: %w (%d)", size, ErrNotFound, s.view.Size)
	}
	return nil
}

// row is one row of a pinned snapshot.
func (s *Snapshot) row(ctx context.Context, index uint64) (*Entry, error) {
	e, err := s.read(ctx, index)
	if err != nil {
		return nil, err
	}
	e.Review, e.Findings, e.Challenge, e.Challenges = 0, nil, nil, nil
	return e, nil
}

// pinned returns the snapshot that there was at a size, so far as Rows needs it.
func (s *Snapshot) pinned(size uint64) *Snapshot {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	p := &Snapshot{x: s.x, view: View{Origin: s.view.Origin, Size: size}, newest: s.newest, held: make(map[uint64]int64)}
	if size > 0 {
		p.view.AsOf = s.x.rows[size-1].now
	}
	for _, t := range s.x.withheld {
		openedBelow := func(o opening) bool { return o.index < size && slices.Contains(o.digests, t.digest) }
		if t.index < size && !slices.ContainsFunc(s.x.opened[t.index], openedBelow) {
			p.held[t.index] = 0
		}
	}
	// Whether the text of a challenge was to be shown when the log had this size.
	p.challenged = make(map[entry.ID]int)
	for _, c := range s.challenges {
		if c.Index < size {
			c.Replies = nil
			for _, i := range p.cut(s.x.refs[c.Index]) {
				fixed, corrected := s.x.fixed[i]
				if s.ref(i).Kind == entry.KindReply && !(corrected && fixed.Index < size) {
					c.Replies = append(c.Replies, pledge.Reply{Mark: pledge.Mark{Index: i}})
				}
			}
			p.challenged[c.Entry] = len(p.challenges)
			p.challenges = append(p.challenges, c)
		}
	}
	return p
}

// An ahead is what was read already of 256 entries.
type ahead struct {
	first  uint64
	leaves [][]byte
	texts  map[string][]byte // those that are together, by digest
}

// readAhead reads the leaves and the texts of the 256 entries from first on.
func (s *Snapshot) readAhead(ctx context.Context, first uint64) error {
	read := ahead{first: first, texts: make(map[string][]byte, log.TileWidth)}
	it := s.x.tiles.Leaves(ctx, first, min(first+log.TileWidth, s.newest), s.newest)
	for _, leaves := range it.All() {
		read.leaves = append(read.leaves, leaves...)
	}
	if err := it.Err(); err != nil {
		return err
	}
	lines, err := s.x.textBundle(ctx, first, s.newest)
	if err != nil {
		return err
	}
	for line := range lines {
		read.texts[entry.Digest(line)] = line
	}
	s.ahead = read
	return nil
}

// leaf reads a leaf.
func (s *Snapshot) leaf(ctx context.Context, index uint64) ([]byte, error) {
	if a := &s.ahead; index >= a.first && index-a.first < uint64(len(a.leaves)) {
		return a.leaves[index-a.first], nil
	}
	return s.x.leaf(ctx, index, s.newest)
}

// text reads a text that the entries at some indexes published; nil when the log does
// not serve it.
func (s *Snapshot) text(ctx context.Context, digest string, at ...uint64) ([]byte, error) {
	if b, ok := s.ahead.texts[digest]; ok {
		return b, nil
	}
	return s.x.text(ctx, digest, s.newest, at...)
}
