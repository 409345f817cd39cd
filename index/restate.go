package index

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

// wordsOf makes the document of a statement that is being replayed. Of a text that is not
// to be shown yet it has nothing: that of a challenge waits for a reply or its day.
func (x *Index) wordsOf(r *replayed) store.Document {
	st := r.item.Statement
	if x.words == nil || st.Kind == entry.KindChallenge {
		return store.Document{Marked: store.Marked{Index: uint32(r.item.Index)}}
	}
	texts := entry.Texts(st, r.text)
	d := documentOf(r.item.Index, texts)
	if !x.words.holds(d) {
		fill(&d, texts)
	}
	return d
}

// keepFacets keeps the facets that an accepted statement has when it is logged.
func (x *Index) keepFacets(index uint64, st *entry.Statement, r *replayed) {
	i := uint32(index)
	x.catalog.accepted.Add(i)
	x.catalog.set(i, facetsOf(&Entry{Index: index, Logged: r.item.Leaf.Logged, Statement: st, Detached: r.text, BodyState: r.state}))
	switch b := st.Body.(type) {
	case *entry.Admit:
		x.keepNames(index, b)
	case *entry.Request:
		x.catalog.set(i, []valued{{FacetOutcome, []string{entry.OutcomePending}}})
		x.catalog.setReceived(i, entry.Received(st, r.text))
	case *entry.Decision:
		if to, ok := x.acceptedAt(b.Request); ok {
			x.catalog.inherit(i, uint32(to))
			x.outcomes[to] = true
		}
	}
}

// restateAll makes s the newest snapshot, once facets and words are those of the entries as
// s has them: of those that later statements, or their day, changed. An error is that of the
// context: nothing was shown. When the store of words fails, texts are not looked in until
// it works again.
func (x *Index) restateAll(ctx context.Context, s *Snapshot) error {
	for _, c := range s.challenges {
		if !x.spoken[c.Index] && (len(c.Replies) > 0 || s.view.AsOf >= c.Due) {
			x.restate[c.Index] = true
		}
	}
	entries, unread := make([]*Entry, 0, len(x.restate)), make(map[uint64]bool)
	var docs []store.Document
	// In their order, so that each bundle is read once.
	for _, index := range slices.Sorted(maps.Keys(x.restate)) {
		e, err := s.read(ctx, index)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			// Nothing is known of it but that its words may not be the ones it has.
			x.cfg.Logger.Error("entry that changed can't be read", slog.Uint64("index", index), slog.Any("error", err))
			docs = append(docs, store.Document{Marked: store.Marked{Index: uint32(index)}})
			unread[index] = true
			continue
		}
		if e.Verdict.Kind != pledge.Accepted {
			continue
		}
		entries = append(entries, e)
		texts := entry.Texts(e.Statement, e.Detached)
		d := documentOf(index, texts)
		fill(&d, texts)
		docs = append(docs, d)
	}
	if x.words != nil {
		if s.textFailed = x.words.flush(ctx, docs, s.view.Size); s.textFailed != nil {
			x.cfg.Logger.Error("texts can't be searched", slog.Any("error", s.textFailed))
		}
	}

	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range entries {
		x.restateFacets(e)
	}
	for index := range x.outcomes {
		for _, i := range x.samePlace(index) {
			if o, ok := x.state.Outcome(x.rows[i].id); ok {
				x.catalog.set(uint32(i), []valued{{FacetOutcome, outcomeOf(o)}})
			}
		}
	}
	clear(x.outcomes)
	if s.textFailed == nil {
		x.restate = unread
		for _, e := range entries {
			if e.Statement.Kind == entry.KindChallenge && e.HeldUntil == 0 {
				x.spoken[e.Index] = true
			}
		}
	}
	x.shown.Store(s)
	return nil
}

// restateFacets keeps the facets that an entry has now. The caller holds the lock.
func (x *Index) restateFacets(e *Entry) {
	x.catalog.set(uint32(e.Index), facetsOf(e))
	switch e.Statement.Kind {
	case entry.KindRequest:
		x.outcomes[e.Index] = true
		x.catalog.setReceived(uint32(e.Index), entry.Received(e.Statement, e.Detached))
		for _, i := range x.refs[e.Index] {
			if entry.Kinds[x.rows[i].kind-1] == entry.KindDecision {
				x.catalog.inherit(uint32(i), uint32(e.Index))
			}
		}
	case entry.KindDecision:
		if len(e.Refers) > 0 {
			x.outcomes[e.Refers[0].Index] = true
		}
	}
}

// samePlace lists a request and those that stand in its place, or it in theirs. The caller
// holds the lock.
func (x *Index) samePlace(index uint64) []uint64 {
	for {
		earlier, ok := x.instead[index]
		if !ok {
			break
		}
		index = earlier
	}
	out := []uint64{index}
	for {
		by, ok := x.acceptedAt(x.fixed[index].By)
		if !ok {
			return out
		}
		index = by
		if out = append(out, index); len(out) > len(x.instead)+1 {
			return out // never: a place has a last statement
		}
	}
}
