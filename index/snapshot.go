package index

import (
	"context"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Snapshot is the log as of one tree size. It is safe for concurrent use, and
// what it returns must not be changed.
type Snapshot struct {
	x    *Index
	view View
	// newest is the size of the tree that is read from, and whose tombstones count: the
	// view's, or more when that is pinned to an earlier one.
	newest uint64
	ahead  ahead
	bare   bool // entries are read without what is before, behind and after them

	statuses  []pledge.Status // in order of admission
	byAuthor  map[string]int
	reserved  []pledge.Status // the secretariat and the operator, once there is a charter
	charter   *entry.Charter
	charterID entry.ID
	terms     pledge.Terms
	end       *End
	clauses   map[uint64]map[string]string // by the index of the document
	held      map[uint64]int64             // statements whose text is withheld, and the review day of each
	directory *Directory
	findings  []pledge.Finding
	byIndex   map[uint64][]pledge.Finding

	textFailed error // why texts can't be looked in now

	challenges []pledge.Challenge // oldest first
	challenged map[entry.ID]int   // by the challenge's id
	disputed   map[entry.ID][]int // by the id of what they are about
}

// An End is the announced end of the log.
type End struct {
	At        int64  // Unix seconds
	Successor string // origin of the log that goes on; "" when none was named
}

// View says which tree this is.
func (s *Snapshot) View() View { return s.view }

// A Roll lists the signatories and challengers in order of admission.
type Roll struct {
	View     View
	Statuses []pledge.Status
}

// Signatories returns how everybody stands at View.AsOf. The secretariat and the operator are not
// among them; see Signatory.
func (s *Snapshot) Signatories(context.Context) (*Roll, error) {
	return &Roll{View: s.view, Statuses: slices.Clip(s.statuses)}, nil
}

// A Signatory is one author, with what was found that concerns it.
type Signatory struct {
	View     View
	Status   pledge.Status // Admit is nil for the secretariat
	Findings []pledge.Finding
}

// Signatory returns one author, the secretariat and the operator included. It matches
// ErrNotFound when nobody of that id is admitted.
func (s *Snapshot) Signatory(_ context.Context, id string) (*Signatory, error) {
	sig := &Signatory{View: s.view}
	if i, ok := s.byAuthor[id]; ok {
		sig.Status = s.statuses[i]
	} else if i := s.reservedNo(id); i >= 0 {
		sig.Status = s.reserved[i]
	} else {
		return nil, fmt.Errorf("author %q: %w (%d)", id, ErrNotFound, s.view.Size)
	}
	for _, f := range s.findings {
		if f.Concerns == pledge.RoleAuthor && f.Author == id {
			sig.Findings = append(sig.Findings, f)
		}
	}
	return sig, nil
}

// reservedNo returns which of the reserved authors an id is, or -1.
func (s *Snapshot) reservedNo(id string) int {
	return slices.IndexFunc(s.reserved, func(st pledge.Status) bool { return st.ID == id })
}

// Name returns the legal name with which an author was admitted; "" for the
// secretariat, the operator and who was not admitted.
func (s *Snapshot) Name(id string) string {
	if i, ok := s.byAuthor[id]; ok {
		return s.statuses[i].Admit.Name
	}
	return ""
}

// Chain returns the indexes of an author's accepted statements in order. It
// matches ErrNotFound when nobody of that id is admitted.
func (s *Snapshot) Chain(_ context.Context, id string) ([]uint64, error) {
	if _, ok := s.byAuthor[id]; !ok && s.reservedNo(id) < 0 {
		return nil, fmt.Errorf("author %q: %w (%d)", id, ErrNotFound, s.view.Size)
	}
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	return slices.Clone(s.cut(s.x.lists[listKey{author: id}])), nil
}

// Count returns how many accepted statements there are of a kind; of all kinds
// when it is "".
func (s *Snapshot) Count(kind entry.Kind) uint64 {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	if kind != "" {
		return uint64(len(s.cut(s.x.lists[listKey{kind: kind}])))
	}
	n := 0
	for _, k := range entry.Kinds {
		n += len(s.cut(s.x.lists[listKey{kind: k}]))
	}
	return uint64(n)
}

// Findings returns all findings in their one order: the ones that an audit of
// the same tree gives at View.AsOf.
func (s *Snapshot) Findings(context.Context) ([]pledge.Finding, error) {
	return slices.Clip(s.findings), nil
}

// Charter returns the accepted charter, its entry id, and the texts of its
// clauses by clause id: nil when they are not served. The charter is nil when
// there is none.
func (s *Snapshot) Charter() (*entry.Charter, entry.ID, map[string]string) {
	return s.charter, s.charterID, s.clauses[0]
}

// Terms returns the terms in force at View.AsOf; zero without a charter.
func (s *Snapshot) Terms() pledge.Terms { return s.terms }

// Clauses returns the texts of clauses by clause id: those of the charter or amend
// at an index, nil when it has none or they are not served.
func (s *Snapshot) Clauses(index uint64) map[string]string { return s.clauses[index] }

// ClausesInForce returns the texts of the clauses of Terms by clause id.
func (s *Snapshot) ClausesInForce() map[string]string {
	out := make(map[string]string)
	for _, c := range s.terms.Clauses {
		for _, texts := range s.clauses {
			if text, ok := texts[c.ID]; ok && entry.Digest([]byte(text)) == c.Text {
				out[c.ID] = text
			}
		}
	}
	return out
}

// End returns the announced end of the log; nil when none was announced.
func (s *Snapshot) End() *End { return s.end }

// Challenges returns all accepted challenges, oldest first.
func (s *Snapshot) Challenges() []pledge.Challenge { return slices.Clip(s.challenges) }

// About returns the statements by others that name an author, oldest first:
// admissions, standings, successions, challenges.
func (s *Snapshot) About(id string) []Ref {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	var refs []Ref
	for _, i := range s.cut(s.x.lists[listKey{author: id, about: true}]) {
		refs = append(refs, s.ref(i))
	}
	return refs
}
