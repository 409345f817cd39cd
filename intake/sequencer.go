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

// sequenceLoop gives queued statements their indexes, in order.
func (in *Intake) sequenceLoop() {
	after := int64(0)
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
			in.pause(retryAfter)
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
}

// sequenceBatch judges queued statements and writes the order of record. It
// returns how many it took and the last one's place in the queue.
func (in *Intake) sequenceBatch(after int64) (n int, last int64, err error) {
	subs, err := in.cfg.Store.Queued(in.ctx, after, batchSize)
	if err != nil {
		return 0, 0, fmt.Errorf("read queue: %w", err)
	}
	if len(subs) == 0 {
		return 0, 0, nil
	}
	in.mu.RLock()
	now, err := in.time()
	in.mu.RUnlock()
	if err != nil {
		return 0, 0, err
	}
	items := make([]*pledge.Item, len(subs))
	errs := make([]error, len(subs))
	for i, sub := range subs {
		items[i], errs[i] = in.item(in.ctx, sub)
	}
	outcomes := make([]outcome, len(subs))
	var records []store.Record
	var done []int64
	in.mu.Lock()
	for i, sub := range subs {
		outcomes[i] = in.decide(sub, items[i], errs[i], now)
		if r := outcomes[i].record; r != nil {
			records = append(records, *r)
		}
		done = append(done, sub.Queue)
	}
	size := in.state.Size()
	in.mu.Unlock()

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
			return 0, 0, err
		}
		break
	}
	in.sequence.Store(size)
	in.wake(in.grown)
	for _, o := range outcomes {
		in.count(o.author, -1)
		in.tell(o)
	}
	return len(subs), subs[len(subs)-1].Queue, nil
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
	// Signatures by keys that a statement queued before it brought could not be
	// tried until that one was taken in.
	if !allValid(it) {
		if err := in.keys.TryStrict(it); err != nil {
			e := err.(*entry.Error)
			o.refused = &Refusal{Code: e.Code, Detail: e.Detail}
			return o
		}
	}
	if o.refused = in.judge(it, now); o.refused != nil {
		return o
	}
	it.Index = in.state.Size()
	it.Leaf = &entry.Leaf{Logged: max(now, in.state.Now()), Statement: it.Leaf.Statement}
	leaf := it.Leaf.Marshal()
	it.Size = len(leaf)
	if in.state.Judge(it).Kind == pledge.Duplicate {
		o.known = true
		return o
	}
	in.keys.Learn(it.Statement)
	in.state.Step(it)
	o.record = &store.Record{Index: it.Index, EntryID: it.Statement.ID, Logged: it.Leaf.Logged, Leaf: leaf, BodyDigest: it.Statement.BodyDigest}
	return o
}

func allValid(it *pledge.Item) bool {
	for _, ok := range it.Valid {
		if !ok {
			return false
		}
	}
	return true
}

// tell passes an outcome on to who waits for it.
func (in *Intake) tell(o outcome) {
	switch {
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
		}
		next += uint64(len(records))
	}
	in.sequence.Store(size)
	return nil
}
