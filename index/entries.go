package index

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	Admit      *entry.Admit // the author's admission; nil for the secretariat
	Body       []byte       // exact bytes of the detached body, if it is the one that was signed
	Detached   entry.Detached
	BodyState  pledge.BodyState
	Refers     []Ref  // accepted statements that this one names
	ReferredBy []Ref  // accepted statements that name this one, oldest first
	Previous   *Ref   // its author's statement before this one
	Next       *Ref   // and after it
	Subject    *Entry // the request that a decision answers

	Findings []pledge.Finding
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
	leaf, err := s.x.leaf(ctx, index, s.view.Size)
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
	for _, f := range s.byIndex[index] {
		if e.Verdict.Kind != pledge.Accepted || !isAboutBody(f.Code) {
			e.Findings = append(e.Findings, f)
		}
	}
	if e.Verdict.Kind == pledge.Accepted {
		if err := s.addBody(ctx, e); err != nil {
			return nil, err
		}
		if i, ok := s.byAuthor[e.Statement.Author]; ok {
			e.Admit = s.statuses[i].Admit
		}
	}
	pledge.SortFindings(e.Findings)
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	s.link(e)
	return e, nil
}

// addBody reads and judges the detached body as it is served now.
func (s *Snapshot) addBody(ctx context.Context, e *Entry) error {
	st := e.Statement
	var raw []byte
	if st.BodyDigest != "" && !st.IsWithheld() {
		var err error
		if raw, err = s.x.body(ctx, e.Index, s.view.Size, st.BodyDigest); err != nil {
			return fmt.Errorf("entry %d: %w", e.Index, err)
		}
	}
	var found []pledge.Finding
	e.BodyState, e.Detached, found = pledge.JudgeBody(e.Index, st, raw)
	e.Findings = append(e.Findings, found...)
	if e.BodyState == pledge.BodyPublished || e.BodyState == pledge.BodyInvalid {
		e.Body = raw
	}
	return nil
}

// isAboutBody reports whether JudgeBody gives findings of this code.
func isAboutBody(c entry.Code) bool {
	switch c {
	case pledge.FindBodyMissing, pledge.FindBodyMismatch, pledge.FindBodyInvalid, pledge.FindCodeUnknown:
		return true
	}
	return false
}

// link fills in what points to and from an entry. The caller holds the lock.
func (s *Snapshot) link(e *Entry) {
	if e.Statement == nil {
		return
	}
	index, _ := s.find(e.ID)
	e.Canonical = index == e.Index
	if e.Verdict.Kind != pledge.Accepted {
		return
	}
	for _, id := range references(e.Statement) {
		if i, ok := s.find(id); ok {
			e.Refers = append(e.Refers, s.ref(i))
		}
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

// leaf returns a leaf as it reads now.
func (x *Index) leaf(ctx context.Context, index, size uint64) ([]byte, error) {
	return x.bundles.leaf(ctx, index, size)
}

// A Query asks for a list of entries. The zero value asks for the newest ones.
type Query struct {
	Author string     // only accepted statements of this author; "": any
	Kind   entry.Kind // only accepted statements of this kind; "": any
	Cursor string     // Next or Prev of an earlier answer; "": begin with the newest
	Limit  int        // 1 to MaxLimit; 0: DefaultLimit
}

// How many entries a page of a list has.
const (
	DefaultLimit = 25
	MaxLimit     = 200
)

// A Page is a part of a list, newest first. Cursors stay good while the log
// grows: they name a place in the log, not a page number.
type Page struct {
	View    View
	Entries []*Entry
	Total   uint64 // entries that the query fits, on all pages
	Next    string // cursor of the page with older ones; "" on the last
	Prev    string // cursor of the page with newer ones; "" on the first
}

// Entries answers a query. Without an author and a kind the list has every
// leaf, those without effect too. Errors match ErrQuery when the query is
// malformed.
func (s *Snapshot) Entries(ctx context.Context, q Query) (*Page, error) {
	limit := q.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	if limit < 1 || limit > MaxLimit {
		return nil, fmt.Errorf("%w: limit is not from 1 to %d", ErrQuery, MaxLimit)
	}
	if q.Kind != "" && !slices.Contains(entry.Kinds, q.Kind) {
		return nil, fmt.Errorf("%w: kind is not one of the protocol", ErrQuery)
	}
	if q.Author != "" && entry.CheckAuthor(q.Author) != nil {
		return nil, fmt.Errorf("%w: author is not an author's id", ErrQuery)
	}
	l := s.list(q)
	from, to, err := l.window(q.Cursor, limit)
	if err != nil {
		return nil, err
	}
	p := &Page{View: s.view, Total: uint64(l.len())}
	read := make(map[uint64]*Entry)
	for i := to; i > from; i-- {
		e, err := s.read(ctx, l.at(i-1))
		if err != nil {
			return nil, err
		}
		read[e.Index] = e
		p.Entries = append(p.Entries, e)
	}
	for _, e := range p.Entries {
		if err := s.addSubject(ctx, e, read); err != nil {
			return nil, err
		}
	}
	if from > 0 {
		p.Next = cursorBefore + strconv.FormatUint(l.at(from), 10)
	}
	if to < l.len() && to > 0 {
		p.Prev = cursorAfter + strconv.FormatUint(l.at(to-1), 10)
	}
	return p, nil
}

// indexes is a rising list of indexes: given, or 0 to size-1.
type indexes struct {
	given []uint64
	all   bool
	size  uint64
}

func (s *Snapshot) list(q Query) indexes {
	if q.Author == "" && q.Kind == "" {
		return indexes{all: true, size: s.view.Size}
	}
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	return indexes{given: s.cut(s.x.lists[listKey{q.Author, q.Kind}])}
}

func (l indexes) len() int {
	if l.all {
		return int(l.size)
	}
	return len(l.given)
}

func (l indexes) at(i int) uint64 {
	if l.all {
		return uint64(i)
	}
	return l.given[i]
}

// search returns how many indexes are below v.
func (l indexes) search(v uint64) int {
	if l.all {
		return int(min(v, l.size))
	}
	n, _ := slices.BinarySearch(l.given, v)
	return n
}

const (
	cursorBefore = "before-"
	cursorAfter  = "after-"
)

// window returns which part of the list a cursor asks for, as positions.
func (l indexes) window(cursor string, limit int) (from, to int, err error) {
	switch {
	case cursor == "":
		to = l.len()
	case strings.HasPrefix(cursor, cursorBefore):
		v, err := parseIndex(cursor[len(cursorBefore):])
		if err != nil {
			return 0, 0, err
		}
		to = l.search(v)
	case strings.HasPrefix(cursor, cursorAfter):
		v, err := parseIndex(cursor[len(cursorAfter):])
		if err != nil {
			return 0, 0, err
		}
		from = l.search(v + 1)
		return from, min(from+limit, l.len()), nil
	default:
		return 0, 0, fmt.Errorf("%w: cursor is none that was given out", ErrQuery)
	}
	return max(0, to-limit), to, nil
}

// parseIndex reads an index as cursors hold it: decimal, without leading zeros.
func parseIndex(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(v, 10) != s {
		return 0, fmt.Errorf("%w: cursor is none that was given out", ErrQuery)
	}
	return v, nil
}
