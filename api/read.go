package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
)

// How many things a page has, and at most.
const (
	entriesPage = 50
	maxPage     = 100
)

// catchUpTime is how long an answer waits for the index to reach the published
// checkpoint.
const catchUpTime = 2 * time.Second

// snapshot returns what the index shows, once it shows what was published before
// the question: who was just given a receipt finds the entry. An index that is
// further behind is asked as it is; every answer names its size.
func (a *API) snapshot(ctx context.Context) *index.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, catchUpTime)
	defer cancel()
	if head, err := a.proofs.head(ctx); err == nil && head.Checkpoint.Size > a.cfg.Index.View().Size {
		if err := a.cfg.Index.CatchUp(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "index is behind", "error", err.Error())
		}
	}
	return a.cfg.Index.Snapshot()
}

// simulated says that times in this log are not real (protocol section 7).
func (a *API) simulated() bool { return entry.IsDemonstration(a.cfg.Origin) }

func (a *API) writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		a.fail(w, r, fmt.Errorf("encode answer: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", client.TypeJSON)
	h.Set("Cache-Control", "no-cache")
	write(w, r, http.StatusOK, append(b, '\n'))
}

// find returns the entry that an address names by index or entry id.
func (a *API) find(r *http.Request, s *index.Snapshot) (*index.Entry, error) {
	ref := mux.Vars(r)["ref"]
	if id, err := entry.ParseID(ref); err == nil {
		return s.Entry(r.Context(), id)
	}
	if i, ok := parseIndex(ref); ok {
		return s.EntryAt(r.Context(), i)
	}
	return nil, refuse(http.StatusNotFound, codeEntryUnknown, "the address has neither an index nor an entry id")
}

// entry answers with one entry.
func (a *API) entry(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	e, err := a.find(r, s)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.writeJSON(w, r, client.EntryAnswer{Size: s.View().Size, Entry: a.wireEntry(e)})
}

// proof answers with the tlog-proof of one entry under the newest checkpoint.
func (a *API) proof(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	e, err := a.find(r, a.snapshot(r.Context()))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	view, err := a.proofs.head(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	b, err := a.proofs.prove(r.Context(), view, e.Index, e.Leaf)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", typeText)
	h.Set("Cache-Control", cacheSeconds)
	write(w, r, http.StatusOK, b)
}

// signatories answers with how everybody stands.
func (a *API) signatories(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	roll, err := s.Signatories(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	out := client.SignatoryList{Size: roll.View.Size, AsOf: client.Time(roll.View.AsOf), SimulatedTime: a.simulated(), Signatories: make([]client.Signatory, 0, len(roll.Statuses))}
	for i := range roll.Statuses {
		out.Signatories = append(out.Signatories, wireSignatory(s, &roll.Statuses[i]))
	}
	a.writeJSON(w, r, out)
}

// signatory answers with how one author stands; the secretariat is one too.
func (a *API) signatory(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	got, err := s.Signatory(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		a.fail(w, r, unknownSignatory(err))
		return
	}
	a.writeJSON(w, r, client.SignatoryAnswer{Size: got.View.Size, AsOf: client.Time(got.View.AsOf), SimulatedTime: a.simulated(), Signatory: wireSignatory(s, &got.Status)})
}

func unknownSignatory(err error) error {
	if errors.Is(err, index.ErrNotFound) {
		return refuse(http.StatusNotFound, codeSignatory, "nobody of this id was admitted")
	}
	return err
}

// vocabulary answers with the codes that this version knows, and the law cards.
func (a *API) vocabulary(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	a.writeJSON(w, r, client.VocabularyAnswer{Vocabulary: *entry.Terms(), LawCards: entry.LawCards()})
}
