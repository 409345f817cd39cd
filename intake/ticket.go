package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store"
)

// A Ticket waits for one statement.
type Ticket struct {
	in    *Intake
	id    entry.ID
	of    enqueue       // the statement, with the signatures that came with it
	ready chan struct{} // closed when what follows is set

	record store.Record
	known  bool
	err    error
}

// tickets knows who waits for which statement.
type tickets struct {
	mu      sync.Mutex
	byEntry map[entry.ID][]*Ticket
}

func (in *Intake) newTicket(of enqueue) *Ticket {
	t := &Ticket{in: in, id: of.sub.EntryID, of: of, ready: make(chan struct{})}
	in.tickets.mu.Lock()
	defer in.tickets.mu.Unlock()
	in.tickets.byEntry[t.id] = append(in.tickets.byEntry[t.id], t)
	return t
}

// failed returns a ticket that knows its error already.
func (in *Intake) failed(err error) *Ticket {
	t := &Ticket{in: in, ready: make(chan struct{}), err: err}
	close(t.ready)
	return t
}

// drop forgets a ticket that nobody waits for any more.
func (ts *tickets) drop(t *Ticket) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	rest := slices.DeleteFunc(ts.byEntry[t.id], func(o *Ticket) bool { return o == t })
	if len(rest) == 0 {
		delete(ts.byEntry, t.id)
		return
	}
	ts.byEntry[t.id] = rest
}

// resolve tells everybody who waits for a statement what became of it.
func (ts *tickets) resolve(id entry.ID, record store.Record, known bool, err error) {
	ts.mu.Lock()
	waiting := ts.byEntry[id]
	delete(ts.byEntry, id)
	ts.mu.Unlock()
	for _, t := range waiting {
		t.record, t.known, t.err = record, known, err
		close(t.ready)
	}
}

// refuse tells those who submitted the very envelope that was refused, and returns
// those who wait for the same statement with other signatures: one set that is not
// in order says nothing about another.
func (ts *tickets) refuse(id entry.ID, envelope []byte, why error) (others []*Ticket) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.byEntry[id] {
		if !bytes.Equal(t.of.sub.Statement, envelope) {
			others = append(others, t)
			continue
		}
		t.err = why
		close(t.ready)
	}
	if len(others) == 0 {
		delete(ts.byEntry, id)
	} else {
		ts.byEntry[id] = slices.Clone(others)
	}
	return others
}

func (ts *tickets) failAll(err error) {
	ts.mu.Lock()
	all := ts.byEntry
	ts.byEntry = make(map[entry.ID][]*Ticket)
	ts.mu.Unlock()
	for _, waiting := range all {
		for _, t := range waiting {
			t.err = err
			close(t.ready)
		}
	}
}

// Wait returns the receipt once a published checkpoint covers the statement. See
// Intake.Submit for its errors.
func (t *Ticket) Wait(ctx context.Context) (*Receipt, error) {
	timer := time.NewTimer(t.in.cfg.PublishWait)
	defer timer.Stop()
	select {
	case <-t.ready:
	case <-timer.C:
		t.in.tickets.drop(t)
		// It is queued, durably, and has no index yet.
		if err := t.in.sequenceTrouble.get(); errors.Is(err, ErrWitnesses) {
			return nil, ErrWitnesses
		}
		return nil, ErrBusy
	case <-ctx.Done():
		t.in.tickets.drop(t)
		return nil, ctx.Err()
	}
	if t.err != nil {
		return nil, t.err
	}
	view, err := t.in.head.covering(ctx, t.in.ctx, t.record.Index, timer.C)
	if errors.Is(err, errNotYet) {
		return nil, &Pending{Index: t.record.Index, Entry: t.record.EntryID}
	}
	if err != nil {
		return nil, err
	}
	r, err := t.in.receipt(ctx, t.record, view)
	if err != nil {
		return nil, err
	}
	r.Known = t.known
	return r, nil
}

// receipt makes and verifies the proof that a record is in the log.
func (in *Intake) receipt(ctx context.Context, rec store.Record, view *log.View) (*Receipt, error) {
	c := view.Checkpoint
	hashes, err := in.tiles.InclusionProof(ctx, rec.Index, c.Size)
	if err != nil {
		return nil, fmt.Errorf("prove inclusion of entry %d: %w", rec.Index, err)
	}
	if err := log.VerifyInclusion(rec.Index, c.Size, log.LeafHash(rec.Leaf), c.Root, hashes); err != nil {
		in.tiles.Forget()
		return nil, fmt.Errorf("verify inclusion of entry %d: %w", rec.Index, err)
	}
	p := log.Proof{Extra: rec.Leaf, Index: rec.Index, Hashes: hashes, Checkpoint: view.Raw}
	return &Receipt{Index: rec.Index, Entry: rec.EntryID, Leaf: rec.Leaf, Proof: p.Marshal()}, nil
}

// published is the newest published checkpoint, and how to wait for a later one.
type published struct {
	mu      sync.Mutex
	view    *log.View
	changed chan struct{}
}

var errNotYet = errors.New("not published yet")

func (p *published) set(v *log.View) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.view = v
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *published) get() (*log.View, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.view, p.changed
}

// covering waits for a checkpoint whose size is over index.
func (p *published) covering(ctx, stopped context.Context, index uint64, timeout <-chan time.Time) (*log.View, error) {
	for {
		view, changed := p.get()
		if view != nil && view.Checkpoint.Size > index {
			return view, nil
		}
		select {
		case <-changed:
		case <-timeout:
			return nil, errNotYet
		case <-stopped.Done():
			return nil, errNotYet // it has its index: the next start publishes it
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
