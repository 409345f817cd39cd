package intake

import (
	"context"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

const (
	// maxWaiting and maxWaitingBytes bound the statements that wait to be made
	// durable.
	maxWaiting      = 4096
	maxWaitingBytes = 256 << 20
	// maxQueued bounds the statements that are queued, durably, and have no index
	// yet.
	maxQueued = 16384
	// maxCommit bounds the statements, and their bytes, in one commit.
	maxCommit      = 1024
	maxCommitBytes = 32 << 20
)

// enqueue is one statement on its way to the queue.
type enqueue struct {
	sub  store.Submission
	item *pledge.Item
}

func (e *enqueue) bytes() int64 {
	n := len(e.sub.Statement)
	for _, t := range e.sub.Texts {
		n += len(t.Bytes)
	}
	return int64(n)
}

// submit hands a checked statement to the committer and returns the ticket for
// it.
func (in *Intake) submit(sub *entry.Submission, it *pledge.Item) *Ticket {
	t := in.newTicket(enqueue{store.Submission{EntryID: it.Statement.ID, Statement: sub.Envelope.Marshal(), Texts: textsOf(sub)}, it})
	if !in.submitTicket(t) {
		in.tickets.drop(t)
		return in.failed(ErrBusy)
	}
	if in.ctx.Err() != nil { // the committer may have ended before it saw this
		in.tickets.failAll(ErrStopped)
	}
	return t
}

// submitTicket hands a ticket's statement to the committer; false when there is no
// room.
func (in *Intake) submitTicket(t *Ticket) bool {
	in.parsedMu.Lock()
	full := len(in.parsed) >= maxQueued
	in.parsedMu.Unlock()
	if full {
		return false
	}
	in.count(t.of.item.Statement.Author, +1)
	if in.entering.Add(t.of.bytes()) <= maxWaitingBytes {
		select {
		case in.enter <- t.of:
			return true
		default:
		}
	}
	in.entering.Add(-t.of.bytes())
	in.count(t.of.item.Statement.Author, -1)
	return false
}

func (in *Intake) count(author string, n int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.waiting[author] += n; in.waiting[author] <= 0 {
		delete(in.waiting, author)
	}
}

// commitLoop makes statements durable, as many at once as there are: while one
// commit is under way the next batch gathers.
func (in *Intake) commitLoop() {
	for {
		select {
		case <-in.ctx.Done():
			return
		case first := <-in.enter:
			in.commit(in.gather(first))
		}
	}
}

func (in *Intake) gather(first enqueue) []enqueue {
	batch, bytes := []enqueue{first}, first.bytes()
	for len(batch) < maxCommit && bytes < maxCommitBytes {
		select {
		case next := <-in.enter:
			batch, bytes = append(batch, next), bytes+next.bytes()
		default:
			return batch
		}
	}
	return batch
}

func (in *Intake) commit(batch []enqueue) {
	subs := make([]store.Submission, len(batch))
	for i, e := range batch {
		subs[i] = e.sub
		in.entering.Add(-e.bytes())
	}
	queued, err := in.cfg.Store.Enqueue(in.ctx, subs)
	if in.ctx.Err() == nil && in.queueTrouble.set(err) {
		if err != nil {
			in.log.Error("statements are not queued", "error", err.Error())
		} else {
			in.log.Info("statements are queued again")
		}
	}
	if err != nil {
		// Nothing was acknowledged. The clients hear of it and try again.
		for _, e := range batch {
			in.count(e.item.Statement.Author, -1)
			in.tickets.resolve(e.sub.EntryID, store.Record{}, false, ErrStore)
		}
		return
	}
	in.parsedMu.Lock()
	for i, e := range batch {
		if queued[i] && subs[i].Queue > in.fetched { // or the sequencer was faster, and read it itself
			in.parsed[subs[i].Queue] = e.item
		}
	}
	in.parsedMu.Unlock()
	for i, e := range batch {
		if !queued[i] {
			in.count(e.item.Statement.Author, -1)
			in.known(e)
		}
	}
	in.wake(in.queued)
}

// probe finds out whether the store can be written again: nobody sends statements
// to a server that says it is not ready.
func (in *Intake) probe() {
	if in.queueTrouble.get() == nil {
		return
	}
	if err := in.cfg.Store.SetMark(in.ctx, markProbe, uint64(time.Now().Unix())); err == nil && in.queueTrouble.set(nil) {
		in.log.Info("statements are queued again")
	}
}

// markProbe is a counter that is written to see whether one can be.
const markProbe = "last-probe"

// known answers for a statement that was there before: from the order of record,
// or when the sequencer comes to it.
func (in *Intake) known(e enqueue) {
	rec, found, err := in.cfg.Store.RecordByEntryID(in.ctx, e.sub.EntryID)
	switch {
	case err != nil:
		in.tickets.resolve(e.sub.EntryID, store.Record{}, false, ErrBusy)
	case found:
		in.tickets.resolve(e.sub.EntryID, rec, true, nil)
	default:
		// It waited in the queue when this was offered, and this one's ticket was
		// there before: the sequencer's word on it reaches the ticket, or did.
	}
}

// item returns the checked statement of a queued submission: from memory, or
// read and checked again after a restart.
func (in *Intake) item(_ context.Context, sub store.Submission) (*pledge.Item, error) {
	in.parsedMu.Lock()
	it := in.parsed[sub.Queue]
	delete(in.parsed, sub.Queue)
	in.fetched = max(in.fetched, sub.Queue)
	in.parsedMu.Unlock()
	if it != nil {
		return it, nil
	}
	env, err := entry.ParseEnvelope(sub.Statement)
	if err != nil {
		return nil, err
	}
	st, err := entry.ParseStatement(env)
	if err != nil {
		return nil, err
	}
	it = pledge.Draft(0, 0, &entry.Submission{Envelope: env, Statement: st})
	return it, in.keys.TryStrict(it)
}
