package index

import (
	"cmp"
	"context"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// relate says what later statements made of an accepted one, and what its author
// and its keys are said to be.
func (s *Snapshot) relate(e *Entry) {
	st := e.Statement
	s.x.mu.RLock()
	if c, ok := s.x.fixed[e.Index]; ok && c.Index < s.view.Size {
		e.Correction = &Correction{Correction: c}
		if by, ok := s.find(c.By); ok {
			r := s.ref(by)
			e.Correction.By = &r
		}
	}
	if at, ok := s.x.instead[e.Index]; ok && s.x.fixed[at].Index < s.view.Size {
		r := s.ref(at)
		e.InPlaceOf = &r
	}
	now := s.x.rows[e.Index].now
	s.x.mu.RUnlock()
	if i, ok := s.byAuthor[st.Author]; ok {
		status := &s.statuses[i]
		for i := range status.Doubtful {
			if d := &status.Doubtful[i]; e.Index >= d.First && e.Index <= d.Last {
				e.Doubt = d
			}
		}
		if k := status.KeysChanged; k != nil && now >= k.From {
			e.Unconfirmed = k
		}
	}
	switch b := st.Body.(type) {
	case *entry.Challenge:
		e.Challenge = s.challenge(e.ID)
	case *entry.Reply:
		e.Challenge = s.challenge(b.Challenge)
	}
	for _, i := range s.disputed[e.ID] {
		e.Challenges = append(e.Challenges, s.challenges[i])
	}
	if c := e.Challenge; c != nil && st.Kind == entry.KindChallenge && len(c.Replies) == 0 && s.view.AsOf < c.Due {
		e.HeldUntil = c.Due
	}
}

func (s *Snapshot) challenge(id entry.ID) *pledge.Challenge {
	if i, ok := s.challenged[id]; ok {
		return &s.challenges[i]
	}
	return nil
}

// textOf says how the detached body of an accepted statement stands in this tree.
func (s *Snapshot) textOf(e *Entry) pledge.TextState {
	if e.Statement.BodyDigest == "" {
		return pledge.TextUnknown
	}
	if _, erased := s.erasure(e.Index, e.Statement.BodyDigest); erased {
		return pledge.TextErased
	}
	if _, held := s.held[e.Index]; held {
		return pledge.TextWithheld
	}
	return pledge.TextPublic
}

// erasure returns the tombstone of a text of the statement at an index.
func (s *Snapshot) erasure(index uint64, digest string) (pledge.Erasure, bool) {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	e, ok := s.x.erased[textKey{index, digest}]
	return e, ok && e.Index < s.newest
}

// addText reads and judges the detached body as it is served now, and what was
// opened of it. What is withheld or was erased is not read.
func (s *Snapshot) addText(ctx context.Context, e *Entry) error {
	st, state := e.Statement, s.textOf(e)
	s.x.mu.RLock()
	openings := slices.Clone(s.x.opened[e.Index])
	at := s.x.publishers(e.Index, s.newest)
	s.x.mu.RUnlock()
	openings = slices.DeleteFunc(openings, func(o opening) bool { return o.index >= s.view.Size })
	e.Review = s.held[e.Index]
	if erased, ok := s.erasure(e.Index, st.BodyDigest); ok {
		e.Erasures = append(e.Erasures, erased)
	}
	for _, o := range openings {
		if st.IsWithheld() && slices.Contains(o.digests, st.BodyDigest) {
			e.Opened = s.openedBy(o)
		}
	}
	var raw []byte
	if state == pledge.TextPublic {
		var err error
		if raw, err = s.text(ctx, st.BodyDigest, at...); err != nil {
			return err
		}
	}
	var found []pledge.Finding
	e.BodyState, e.Detached, found = pledge.JudgeText(state, e.Index, st, raw)
	if state == pledge.TextPublic {
		e.Findings = append(e.Findings, found...)
	}
	if e.BodyState == pledge.BodyPublished || e.BodyState == pledge.BodyInvalid {
		e.Body = raw
	}
	if err := s.disclose(ctx, e, openings); err != nil {
		return err
	}
	slices.SortFunc(e.Erasures, func(a, b pledge.Erasure) int { return cmp.Compare(a.Index, b.Index) })
	if e.HeldUntil != 0 {
		e.Body, e.Detached = nil, nil
	}
	return nil
}

func (s *Snapshot) openedBy(o opening) *Opened {
	s.x.mu.RLock()
	defer s.x.mu.RUnlock()
	return &Opened{s.ref(o.index), o.logged}
}

// disclose puts the fields that were opened in their places.
func (s *Snapshot) disclose(ctx context.Context, e *Entry, openings []opening) error {
	st := e.Statement
	var opened []entry.Disclosure
	for _, o := range openings {
		for _, digest := range o.digests {
			if digest == st.BodyDigest {
				continue
			}
			d := Disclosed{By: *s.openedBy(o)}
			var erased pledge.Erasure
			if erased, d.Erased = s.erasure(e.Index, digest); d.Erased {
				e.Erasures = append(e.Erasures, erased)
			}
			if e.Detached == nil {
				continue // there is no body to say which field it was
			}
			i := slices.IndexFunc(e.Detached.Seals(), func(seal entry.Seal) bool { return seal.Digest == digest })
			if i < 0 {
				continue // it opens nothing
			}
			d.Seal = e.Detached.Seals()[i]
			if !d.Erased {
				raw, err := s.text(ctx, digest, o.index)
				if err != nil {
					return err
				}
				if disclosure, ok, _ := pledge.JudgeDisclosure(o.index, st, st, e.Body, digest, raw); ok {
					d.Text = disclosure.Text()
					opened = append(opened, disclosure)
				}
			}
			e.Disclosed = append(e.Disclosed, d)
		}
	}
	if len(opened) == 0 {
		return nil
	}
	// Each fits by itself. If they don't fit together, none is put in its place:
	// they are still listed.
	if whole, err := entry.Unseal(st, e.Body, opened); err == nil {
		e.Detached = whole
	}
	return nil
}

// judgesAnew reports whether findings of this code on an entry were made anew when
// its text was read.
func (s *Snapshot) judgesAnew(e *Entry, c entry.Code) bool {
	switch c {
	case pledge.FindBodyMissing, pledge.FindBodyMismatch, pledge.FindBodyInvalid:
		return true
	case pledge.FindCodeUnknown:
		return s.textOf(e) == pledge.TextPublic
	}
	return false
}
