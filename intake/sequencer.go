package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

const (
	// batchSize is how many queued statements get their index in one
	// transaction.
	batchSize = 1024
	// retryAfter is the pause before a write or a look at the clock is tried
	// again.
	retryAfter = 250 * time.Millisecond
)

// sequenceLoop gives queued statements their indexes, in order, and looks now and
// then whether a directory is due.
func (in *Intake) sequenceLoop() {
	after := int64(0)
	var tick <-chan time.Time
	every, retry := time.Second, retryAfter
	if in.clock.isSimulated() {
		every, retry = 20*time.Millisecond, 20*time.Millisecond // who moves it waits for what follows
	}
	if len(in.cfg.Operator) > 0 {
		t := time.NewTicker(every)
		defer t.Stop()
		tick = t.C
	}
	for in.ctx.Err() == nil {
		n, last, err := in.sequenceBatch(after)
		switch {
		case in.ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrFenced):
			in.halt(err)
			return
		case err != nil:
			in.report(err)
			in.pause(retry)
		case n > 0:
			in.report(nil)
			after = last
			if n == batchSize {
				continue
			}
			fallthrough
		default:
			in.report(nil)
			select {
			case <-in.queued:
			case <-tick:
			case <-in.ctx.Done():
			}
		}
	}
}

// report notes why nothing is sequenced, and tells it once.
func (in *Intake) report(err error) {
	if !in.sequenceTrouble.set(err) {
		return
	}
	if err == nil {
		in.log.Info("statements are sequenced again")
		return
	}
	in.log.Error("statements are not sequenced", "error", err.Error())
}

func (in *Intake) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-in.ctx.Done():
	}
}

// outcome is what the sequencer decided about one queued statement.
type outcome struct {
	queue    int64
	id       entry.ID
	envelope []byte
	author   string
	record   *store.Record // it got an index
	refused  *Refusal
	known    bool // it has one already
	err      error
}

// sequenceBatch judges queued statements and writes the order of record, and after
// them the directory if one is due. It returns how many it took from the queue and
// the last one's place in it.
func (in *Intake) sequenceBatch(after int64) (n int, last int64, err error) {
	subs, err := in.cfg.Store.Queued(in.ctx, after, batchSize)
	if err != nil {
		return 0, 0, fmt.Errorf("read queue: %w", err)
	}
	if len(subs) == 0 && len(in.cfg.Operator) == 0 {
		return 0, 0, nil
	}
	in.mu.RLock()
	now, err := in.time()
	in.mu.RUnlock()
	if err != nil {
		return 0, 0, err
	}
	orders := in.ownOrders()
	items := make([]*pledge.Item, len(subs))
	errs := make([]error, len(subs))
	for i, sub := range subs {
		items[i], errs[i] = in.item(in.ctx, sub)
	}
	outcomes := make([]outcome, len(subs))
	var records []store.Record
	var done []int64
	in.mu.Lock()
	for _, o := range orders {
		var taken []outcome
		taken, o.err = o.make(now)
		for _, t := range taken {
			records = append(records, *t.record)
		}
	}
	for i, sub := range subs {
		outcomes[i] = in.decide(sub, items[i], errs[i], now)
		if r := outcomes[i].record; r != nil {
			records = append(records, *r)
		}
		done = append(done, sub.Queue)
	}
	if o := in.directory(now); o != nil {
		records = append(records, *o.record)
	}
	size := in.state.Size()
	in.mu.Unlock()
	if len(records) == 0 && len(done) == 0 {
		finish(orders, nil)
		return 0, 0, nil
	}

	// From here on the state is ahead of the store: the very same records are
	// written until it works, or the process ends and replays.
	for {
		err := in.cfg.Store.Sequence(in.ctx, in.epoch, records, done)
		if err != nil && !errors.Is(err, store.ErrFenced) && in.ctx.Err() == nil {
			if have, _, serr := in.cfg.Store.Size(in.ctx); serr == nil && have == size && len(records) > 0 {
				err = nil // the commit had worked after all
			} else {
				in.report(fmt.Errorf("write order of record: %w", err))
				in.pause(retryAfter)
				continue
			}
		}
		if err != nil {
			finish(orders, err)
			return 0, 0, err
		}
		break
	}
	finish(orders, nil)
	in.batchMu.Lock()
	clear(in.batch) // they are in the store now
	in.batchMu.Unlock()
	in.sequence.Store(size)
	in.noteDirectories()
	in.wake(in.grown)
	if len(subs) == 0 {
		return 0, 0, nil
	}
	for _, o := range outcomes {
		in.count(o.author, -1)
		in.tell(o)
	}
	return len(subs), subs[len(subs)-1].Queue, nil
}

// finish tells those who gave orders what became of them.
func finish(orders []*ownOrder, err error) {
	for _, o := range orders {
		o.done <- errors.Join(o.err, err)
	}
}

// decide judges one queued statement and, when it is accepted, takes it into the
// state. The caller holds in.mu.
func (in *Intake) decide(sub store.Submission, it *pledge.Item, err error, now int64) outcome {
	o := outcome{queue: sub.Queue, id: sub.EntryID, envelope: sub.Statement}
	if err != nil {
		var e *entry.Error
		if !errors.As(err, &e) {
			e = &entry.Error{Code: entry.CodeEnvelopeMalformed, Detail: "the queued statement could not be read"}
		}
		o.refused = &Refusal{Code: e.Code, Detail: e.Detail}
		return o
	}
	o.author = it.Statement.Author
	if err := in.tryAgain(it); err != nil {
		if !errors.As(err, &o.refused) {
			o.err = err
		}
		return o
	}
	if o.refused = in.judge(it, now); o.refused != nil {
		return o
	}
	it.Index = in.state.Size()
	it.Leaf = &entry.Leaf{Logged: max(now, in.state.Now()), Statement: it.Leaf.Statement}
	if in.state.Judge(it).Kind == pledge.Duplicate {
		o.known = true
		return o
	}
	if done, err := in.checkOpen(it.Statement, in.inStore); err != nil || !done {
		if !errors.As(err, &o.refused) {
			in.log.Error("a text could not be read", "error", fmt.Sprint(err))
			o.err = ErrStore
		}
		return o
	}
	taken := in.take(it)
	o.record = taken.record
	return o
}

// take takes an item that was judged accepted into the state: from here on it is
// the entry with its index. The caller holds in.mu.
func (in *Intake) take(it *pledge.Item) outcome {
	st, leaf := it.Statement, it.Leaf.Marshal()
	it.Size = len(leaf)
	in.keys.Learn(st)
	in.state.Step(it)
	in.took(it)
	if st.BodyDigest != "" {
		in.batchMu.Lock()
		in.batch[st.ID] = st
		in.batchMu.Unlock()
	}
	return outcome{id: st.ID, author: st.Author, record: &store.Record{Index: it.Index, EntryID: st.ID, Logged: it.Leaf.Logged, Leaf: leaf, Texts: st.Publishes()}}
}

// tell passes an outcome on to who waits for it.
func (in *Intake) tell(o outcome) {
	switch {
	case o.err != nil:
		in.tickets.resolve(o.id, store.Record{}, false, o.err)
	case o.record != nil:
		in.tickets.resolve(o.id, *o.record, false, nil)
	case o.known:
		rec, found, err := in.cfg.Store.RecordByEntryID(in.ctx, o.id)
		if err != nil || !found {
			in.tickets.resolve(o.id, store.Record{}, false, ErrBusy)
			return
		}
		in.tickets.resolve(o.id, rec, true, nil)
	default:
		for _, t := range in.tickets.refuse(o.id, o.envelope, o.refused) {
			if !in.submitTicket(t) {
				in.tickets.resolve(o.id, store.Record{}, false, ErrBusy)
			}
		}
	}
}

// replay reads the order of record, rebuilds the state from it, and compares it
// with what the engine holds.
func (in *Intake) replay(ctx context.Context) error {
	size, _, err := in.cfg.Store.Size(ctx)
	if err != nil {
		return fmt.Errorf("read order of record: %w", err)
	}
	cmp, err := in.newComparison(ctx, size)
	if err != nil {
		return err
	}
	if cmp.published != nil && cmp.published.Satisfied {
		in.head.set(cmp.published)
	}
	for next := uint64(0); next < size; {
		records, err := in.cfg.Store.Records(ctx, next, batchSize)
		if err != nil {
			return fmt.Errorf("read order of record from %d: %w", next, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("read order of record: it ends at %d of %d", next, size)
		}
		for _, r := range records {
			if err := cmp.add(ctx, r); err != nil {
				return err
			}
			it := pledge.Read(r.Index, r.Leaf)
			if it.Leaf != nil && it.Statement != nil {
				// Its signatures were verified before it got its index.
				it.Valid = make([]bool, len(it.Leaf.Statement.Signatures))
				for i := range it.Valid {
					it.Valid[i] = true
				}
				in.keys.Learn(it.Statement)
			}
			if v, _ := in.state.Step(it); v.Kind != pledge.Accepted {
				return fmt.Errorf("replay order of record: entry %d is %s (%s: %s): the store was altered, or this version judges otherwise than the one that logged it", r.Index, v.Kind, v.Code, v.Detail)
			}
			in.took(it)
		}
		next += uint64(len(records))
	}
	in.sequence.Store(size)
	in.noteDirectories()
	return nil
}
