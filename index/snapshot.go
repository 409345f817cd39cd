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

	statuses       []pledge.Status // in order of admission
	byAuthor       map[string]int
	secretariat    pledge.Status
	hasSecretariat bool
	charter        *entry.Charter
	charterID      entry.ID
	clauses        map[string]string
	findings       []pledge.Finding
	byIndex        map[uint64][]pledge.Finding
}

// View says which tree this is.
func (s *Snapshot) View() View { return s.view }

// A Roll lists the signatories and challengers in order of admission.
type Roll struct {
	View     View
	Statuses []pledge.Status
}

// Signatories returns how everybody stands at View.AsOf. The secretariat is not
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

// Signatory returns one author, the secretariat included. It matches
// ErrNotFound when nobody of that id is admitted.
func (s *Snapshot) Signatory(_ context.Context, id string) (*Signatory, error) {
	sig := &Signatory{View: s.view}
	if i, ok := s.byAuthor[id]; ok {
		sig.Status = s.statuses[i]
	} else if id == entry.AuthorSecretariat && s.hasSecretariat {
		sig.Status = s.secretariat
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

// Name returns the legal name with which an author was admitted; "" for the
// secretariat and for who was not admitted.
func (s *Snapshot) Name(id string) string {
	if i, ok := s.byAuthor[id]; ok {
		return s.statuses[i].Admit.Name
	}
	return ""
}

// Chain returns the indexes of an author's accepted statements in order. It
// matches ErrNotFound when nobody of that id is admitted.
func (s *Snapshot) Chain(_ context.Context, id string) ([]uint64, error) {
	if _, ok := s.byAuthor[id]; !ok && !(id == entry.AuthorSecretariat && s.hasSecretariat) {
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
	return s.charter, s.charterID, s.clauses
}
