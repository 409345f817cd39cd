package index

import (
	"context"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// An Entry is one leaf with all that is known of it.
type Entry struct {
	View      View // the tree that the answer is about
	Index     uint64
	ID        entry.ID // zero when the leaf or its statement could not be read
	LeafHash  log.Hash
	Leaf      []byte // exact bytes
	Logged    int64  // Unix seconds; 0 when the leaf could not be read
	Envelope  *entry.Envelope
	Statement *entry.Statement // nil when it could not be read
	Verdict   pledge.Verdict
	// Canonical says that Snapshot.Entry gives this leaf for its id: the
	// accepted one, or the first when none is.
	Canonical bool

	// What follows is there for accepted statements only.
	Admit     *entry.Admit   // the author's admission; nil for the secretariat and the operator
	Body      []byte         // exact bytes of the detached body, if it is public and the one that was signed
	Detached  entry.Detached // what it says, with the fields that were opened since
	BodyState pledge.BodyState
	Review    int64            // of a withheld body: day by which its author looks at it again, Unix seconds
	Opened    *Opened          // how a withheld body came to be published
	Disclosed []Disclosed      // fields that were opened, in the order of their openings
	Erasures  []pledge.Erasure // tombstones of its texts, in the order of the log
	// HeldUntil is the moment before which the text of a challenge is not to be
	// shown, because nobody has replied yet; 0 otherwise. Body and Detached are
	// nil then.
	HeldUntil int64

	Refers     []Ref // accepted statements that this one names
	ReferredBy []Ref // accepted statements that name this one, oldest first
	Previous   *Ref  // its author's statement before this one
	Next       *Ref  // and after it
	// Subject is the statement that this one is about: the request of a
	// decision, what an open opens, a correct corrects, a challenge or a reply
	// speaks to, or an erasure took a text from. Nil for other kinds.
	Subject *Entry

	Correction  *Correction        // what became of it
	InPlaceOf   *Ref               // the earlier statement in whose place it stands
	Doubt       *pledge.Doubt      // its author called it doubtful
	Unconfirmed *pledge.KeyChange  // it was signed with keys of last resort that are not confirmed
	Challenge   *pledge.Challenge  // that it is, or replies to
	Challenges  []pledge.Challenge // about it, oldest first

	Findings []pledge.Finding
}

// An Opened says which open published a text.
type Opened struct {
	Ref
	Logged int64 // Unix seconds
}

// A Disclosed is a field that was sealed in a body and opened since.
type Disclosed struct {
	Seal   entry.Seal
	By     Opened
	Text   string // the disclosure as it is hashed; "" when it is not served or was erased
	Erased bool
}

// A Correction is what became of a statement by a later one of its author.
type Correction struct {
	pledge.Correction
	By *Ref // what stands in its place; nil when it is void
}

// A Ref points to an entry.
type Ref struct {
	Index  uint64
	ID     entry.ID
	Kind   entry.Kind
	Author string
}

// maxReferredBy bounds Entry.ReferredBy: the newest are given.
const maxReferredBy = 200

// Entry returns the entry with this id: the accepted one; the first when none
// was accepted. It matches ErrNotFound when there is none, and ErrDamaged when
// the log now gives other bytes than those that were verified.
func (s *Snapshot) Entry(ctx context.Context, id entry.ID) (*Entry, error) {
	s.x.mu.RLock()
	index, ok := s.find(id)
	s.x.mu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("entry %s: %w (%d)", id, ErrNotFound, s.view.Size)
	}
	return s.EntryAt(ctx, index)
}

// find returns the index that stands for an id. The caller holds the lock.
func (s *Snapshot) find(id entry.ID) (uint64, bool) {
	if id.IsZero() {
		return 0, false
	}
	first, ok := s.x.byID[id]
	if !ok || first >= s.view.Size {
		return 0, false
	}
	accepted := number(verdicts, pledge.Accepted)
	if s.x.rows[first].verdict == accepted {
		return first, true
	}
	for _, i := range s.x.again[id] {
		if i < s.view.Size && s.x.rows[i].verdict == accepted {
			return i, true
		}
	}
	return first, true
}

// EntryAt returns the entry at an index; see Entry for the errors.
func (s *Snapshot) EntryAt(ctx context.Context, index uint64) (*Entry, error) {
	e, err := s.read(ctx, index)
	if err != nil {
		return nil, err
	}
	if err := s.addSubject(ctx, e, nil); err != nil {
		return nil, err
	}
	return e, nil
}

// addSubject reads the statement that an entry is about, unless it is among those
// read already.
func (s *Snapshot) addSubject(ctx context.Context, e *Entry, read map[uint64]*Entry) error {
	if e.Verdict.Kind != pledge.Accepted || !hasSubject(e.Statement.Kind) || len(e.Refers) == 0 {
		return nil
	}
	index := e.Refers[0].Index
	if got := read[index]; got != nil {
		e.Subject = got
		return nil
	}
	var err error
	if e.Subject, err = s.read(ctx, index); err == nil && read != nil {
		read[index] = e.Subject
	}
	return err
}

func (s *Snapshot) read(ctx context.Context, index uint64) (*Entry, error) {
	if index >= s.view.Size {
		return nil, fmt.Errorf("entry %d: %w (%d)", index, ErrNotFound, s.view.Size)
	}
	s.x.mu.RLock()
	w := s.x.rows[index]
	s.x.mu.RUnlock()
	leaf, err := s.leaf(ctx, index)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", index, err)
	}
	if log.LeafHash(leaf) != w.leaf {
		s.x.bundles.forget(index)
		return nil, fmt.Errorf("entry %d: %w", index, ErrDamaged)
	}
	it := pledge.Read(index, leaf)
	e := &Entry{View: s.view, Index: index, ID: w.id, LeafHash: w.leaf, Leaf: leaf, Logged: w.logged, Statement: it.Statement, BodyState: pledge.BodyNone}
	if it.Leaf != nil {
		e.Envelope = it.Leaf.Statement
	}
	e.Verdict = pledge.Verdict{Kind: verdicts[w.verdict], Code: w.code}
	if e.Verdict.Kind == pledge.Accepted {
		s.relate(e)
		if err := s.addText(ctx, e); err != nil {
			return nil, fmt.Errorf("entry %d: %w", index, err)
		}
		if i, ok := s.byAuthor[e.Statement.Author]; ok {
			e.Admit = s.statuses[i].Admit
		}
	}
	for _, f := range s.byIndex[index] {
		if e.Verdict.Kind != pledge.Accepted || !s.judgesAnew(e, f.Code) {
			e.Findings = append(e.Findings, f)
		}
	}
	pledge.SortFindings(e.Findings)
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	s.link(e)
	return e, nil
}

// link fills in what points to and from an entry. The caller holds the lock.
func (s *Snapshot) link(e *Entry) {
	if e.Statement == nil {
		return
	}
	if !s.bare {
		index, _ := s.find(e.ID)
		e.Canonical = index == e.Index
	}
	if e.Verdict.Kind != pledge.Accepted {
		return
	}
	for _, id := range references(e.Statement) {
		if i, ok := s.find(id); ok {
			e.Refers = append(e.Refers, s.ref(i))
		}
	}
	if s.bare {
		return
	}
	to := s.cut(s.x.refs[e.Index])
	for _, i := range to[max(0, len(to)-maxReferredBy):] {
		e.ReferredBy = append(e.ReferredBy, s.ref(i))
	}
	chain := s.cut(s.x.lists[listKey{author: e.Statement.Author}])
	if at, ok := slices.BinarySearch(chain, e.Index); ok {
		if at > 0 {
			r := s.ref(chain[at-1])
			e.Previous = &r
		}
		if at+1 < len(chain) {
			r := s.ref(chain[at+1])
			e.Next = &r
		}
	}
}

func (s *Snapshot) ref(index uint64) Ref {
	w := s.x.rows[index]
	return Ref{Index: index, ID: w.id, Kind: entry.Kinds[w.kind-1], Author: s.x.authors[w.author]}
}

// cut returns the part of a rising list that this snapshot shows.
func (s *Snapshot) cut(list []uint64) []uint64 {
	n, _ := slices.BinarySearch(list, s.view.Size)
	return list[:n:n]
}

// leafPrefix is how many bytes stand before a leaf in a bundle.
const leafPrefix = 2

// leaf returns a leaf as it reads now: by itself out of a whole bundle, since a page shows
// entries from all over the log, and with its bundle otherwise. The caller does not hold the
// lock.
func (x *Index) leaf(ctx context.Context, index, size uint64) ([]byte, error) {
	n := index / log.TileWidth
	source, ok := x.cfg.Source.(log.Ranger)
	if !ok || (n+1)*log.TileWidth > size || x.bundles.keeps(n) {
		return x.bundles.leaf(ctx, index, size)
	}
	x.mu.RLock()
	w := &x.rows[index]
	at, length := int64(w.at), int(w.size)
	x.mu.RUnlock()
	leaf, err := source.GetRange(ctx, log.EntriesPath(n, log.TileWidth), at, length)
	if err != nil {
		return x.bundles.leaf(ctx, index, size) // which says what is wrong, if anything is
	}
	return leaf, nil
}
