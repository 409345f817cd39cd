package pledge

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
)

// saveFormat names the form in which a State is saved. It changes whenever what is
// kept, or what a rule makes of it, does: a state of another form is of no use, and
// the log is read again from its beginning.
const saveFormat = "pledgelog.state.v5"

// ErrSaved says that what Restore was given is no state of this version.
var ErrSaved = errors.New("not a saved state of this version")

type saved struct {
	Format string
	Kept   *kept
}

// Save writes the state so that Restore reads it back: the same state gives the
// same bytes. It holds nothing that the log does not. Whoever keeps it guards it
// against change: Restore believes what it reads.
func (s *State) Save(w io.Writer) error {
	if s.whole != nil {
		return errors.New("save state: it is of part of a log")
	}
	if err := json.MarshalWrite(w, saved{saveFormat, &s.k}, json.Deterministic(true)); err != nil {
		return fmt.Errorf("save state: %w", err)
	}
	return nil
}

// Restore reads what Save wrote. Its error matches ErrSaved unless reading failed.
func Restore(r io.Reader) (*State, error) {
	s := New("")
	got := saved{Kept: &s.k}
	if err := json.UnmarshalRead(r, &got, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("restore state: %w: %w", ErrSaved, err)
	}
	if got.Format != saveFormat || got.Kept != &s.k {
		return nil, fmt.Errorf("restore state: %w: its form is %q", ErrSaved, got.Format)
	}
	if err := s.derive(); err != nil {
		return nil, fmt.Errorf("restore state: %w: %w", ErrSaved, err)
	}
	return s, nil
}

// derive makes what follows from s.k.
func (s *State) derive() error {
	k := &s.k
	for n := range k.Book.Records.len() {
		r := k.Book.Records.at(n)
		if int(r.Author) >= len(k.People) || int(r.Kind) >= len(entry.Kinds) {
			return fmt.Errorf("record %d is of nobody or of no kind", n)
		}
		k.Book.enter(ref(n))
	}
	if k.Owners == nil || k.Places == nil || k.Contents == nil || k.Instead == nil || k.Withheld == nil || k.Opened == nil || k.Corrections == nil {
		return errors.New("a list is not there")
	}
	for i, a := range k.People {
		if a == nil || int(a.No) != i {
			return fmt.Errorf("author %d is not there, or has another number", i)
		}
		if a.Attested == nil {
			return fmt.Errorf("author %d has no list of what it attested", i)
		}
		s.byID[a.ID] = a
		a.readKeys()
		for _, r := range a.ToFindings {
			if n := k.Book.Records.len(); int64(r.Ref) >= int64(n) || int64(r.In) >= int64(n) || r.About != noRef && int64(r.About) >= int64(n) || r.At != noRef && int64(r.At) >= int64(len(a.ToFindings)) {
				return fmt.Errorf("author %d replied to what is not there", i)
			}
		}
		if a.Pending != nil {
			s.waiting = append(s.waiting, a)
		}
		for _, list := range []iter.Seq[*attested]{maps.Values(a.Attested), slices.Values(a.Void)} {
			for at := range list {
				if at == nil {
					return fmt.Errorf("author %d attested what is not there", i)
				}
				s.enterAttested(at)
			}
		}
	}
	for i, c := range k.Challenges {
		if c == nil {
			return fmt.Errorf("challenge %d is not there", i)
		}
		s.enterChallenge(c)
	}
	for n, list := range k.Opened {
		for _, o := range list {
			if int(n) >= k.Book.Records.len() {
				return fmt.Errorf("a text was opened for statement %d, which is not there", n)
			}
			if r := k.Book.at(n); r.Flags&hasText == 0 || r.Text != o.Text {
				s.disclosed[o.Text] = append(s.disclosed[o.Text], n)
			}
		}
	}
	if len(k.Outcomes) == 0 || k.Outcomes[0] != "" {
		return errors.New("the first outcome is not that of a withheld one")
	}
	for n := range k.Decisions.len() {
		if o := k.Decisions.at(n).outcome(); int64(o) >= int64(len(k.Outcomes)) {
			return fmt.Errorf("decision %d has outcome %d, which is not there", n, o)
		}
	}
	for n := 1; n < len(k.Outcomes); n++ {
		s.enterOutcome(ref(n))
	}
	for i, e := range k.Erased {
		s.erased[erasedText{e.Of, e.Digest}] = i
	}
	return nil
}
