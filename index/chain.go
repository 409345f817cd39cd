package index

import (
	"context"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Directory is what the newest directory of a log holds (protocol section 4).
type Directory struct {
	Index uint64 // of its entry, and how many entries it covers
	Rows  []entry.Row
}

// Directory returns the newest accepted directory of the tree shown, with its rows;
// nil when there is none.
func (s *Snapshot) Directory() *Directory { return s.directory }

// Concerning returns the indexes of the accepted statements by which it can be
// judged, without the rest of the log, what an author said: all of its own, in both
// lanes; what the secretariat said of its admission and standing; and what changed
// the terms, or whose signatures count: the charter, every amend and every change of
// the secretariat's keys. Rising, none twice. It matches ErrNotFound when nobody of
// that id is admitted.
func (s *Snapshot) Concerning(_ context.Context, id string) ([]uint64, error) {
	if _, ok := s.byAuthor[id]; !ok && s.reservedNo(id) < 0 {
		return nil, fmt.Errorf("author %q: %w (%d)", id, ErrNotFound, s.view.Size)
	}
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	var all []uint64
	for _, list := range [][]uint64{
		s.x.lists[listKey{author: id}],
		s.x.lists[listKey{kind: entry.KindCharter}], s.x.lists[listKey{kind: entry.KindAmend}],
		s.x.lists[listKey{author: entry.AuthorSecretariat, kind: entry.KindKeys}],
	} {
		all = append(all, s.cut(list)...)
	}
	for _, index := range s.cut(s.x.lists[listKey{author: id, about: true}]) {
		if s.x.authors[s.x.rows[index].author] == entry.AuthorSecretariat { // a challenge is not among them
			all = append(all, index)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// LeafAt returns the exact bytes of the leaf at an index of the tree shown; see
// Entry for the errors.
func (s *Snapshot) LeafAt(ctx context.Context, index uint64) ([]byte, error) {
	if index >= s.view.Size {
		return nil, fmt.Errorf("entry %d: %w (%d)", index, ErrNotFound, s.view.Size)
	}
	// A chain goes through many bundles in their order.
	leaf, err := s.x.bundles.leaf(ctx, index, s.view.Size)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", index, err)
	}
	return leaf, nil
}

// lastDirectory returns the last item of a batch that is a directory; -1 when none
// is. Only that one's rows are worth working out.
func lastDirectory(batch []replayed) int {
	for i := len(batch) - 1; i >= 0; i-- {
		if st := batch[i].item.Statement; st != nil && st.Kind == entry.KindDirectory {
			return i
		}
	}
	return -1
}

// keepDirectory keeps a directory with the rows that it was judged by.
func (x *Index) keepDirectory(index uint64, v pledge.Verdict, rows []entry.Row) {
	if v.Kind == pledge.Accepted {
		x.directory = &Directory{index, rows}
	}
}
