package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

// ErrNoOperator says that the server has no key of the operator, and so can't make
// the operator's statements.
var ErrNoOperator = errors.New("the configuration names no operator key")

// An EraseOrder says which texts are to be erased, and why (protocol section 3).
type EraseOrder struct {
	Entry     entry.ID // a statement, all of whose texts go; zero when Digest says which
	Digest    string   // a text, wherever it was published; "" with Entry
	Basis     string   // entry.BasisCourtOrder and so on
	Reference string   // such as a docket number
	Date      string   // YYYY-MM-DD; "" for today
}

// A TextErased is one text of one statement that is erased.
type TextErased struct {
	Of      entry.ID // the statement
	Digest  string
	Erasure Erasure // the operator's statement that says so
	Before  bool    // it was logged before this order came
}

// Erase logs that texts are erased, a statement for each, signed as the operator,
// and returns them. A text that several statements published goes for all of them.
// The texts are deleted once these statements are published: see IsErased. The same
// order again finds what is there already. Errors: ErrNoOperator, *Refusal,
// ErrStopped, or ctx's.
func (in *Intake) Erase(ctx context.Context, order EraseOrder) ([]TextErased, error) {
	if len(in.cfg.Operator) == 0 {
		return nil, ErrNoOperator
	}
	if order.Reference == "" {
		return nil, &Refusal{Code: entry.CodeMemberMissing, Detail: "the order gives no reference"}
	}
	digests := []string{order.Digest}
	if order.Digest == "" {
		var err error
		if digests, err = in.publicTexts(ctx, order.Entry); err != nil {
			return nil, err
		}
	}
	var erased []TextErased
	err := in.logOwn(ctx, func(now int64) (taken []outcome, err error) {
		erased, taken, err = in.eraseNow(order, digests, now)
		return taken, err
	})
	return erased, err
}

// publicTexts lists the texts that a statement published or had opened. It reads the
// order of record from that statement on.
func (in *Intake) publicTexts(ctx context.Context, id entry.ID) ([]string, error) {
	rec, ok, err := in.cfg.Store.RecordByEntryID(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("look for entry %s: %w", id, err)
	}
	if !ok {
		return nil, &Refusal{Code: pledge.CodeReferenceUnknown, Detail: "no statement of that id was accepted"}
	}
	digests := slices.Clone(rec.Texts)
	for at := rec.Index + 1; ; {
		records, err := in.cfg.Store.Records(ctx, at, batchSize)
		if err != nil {
			return nil, fmt.Errorf("read order of record from %d: %w", at, err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if len(r.Texts) > 0 && openedBy(r) == id {
				digests = append(digests, r.Texts...)
			}
		}
		at += uint64(len(records))
	}
	if len(digests) == 0 {
		return nil, &Refusal{Code: pledge.CodeDigestUnknown, Detail: "the statement has published no text"}
	}
	return digests, nil
}

// openedBy returns the statement whose texts a record publishes: its own, or the one
// that it opens.
func openedBy(r store.Record) entry.ID {
	if open, ok := pledge.Read(r.Index, r.Leaf).Statement.Body.(*entry.Open); ok {
		return open.Entry
	}
	return r.EntryID
}

// eraseNow makes the erasures of texts, for every statement that published them. The
// caller holds in.mu, and everything that was sequenced so far is in the store.
func (in *Intake) eraseNow(order EraseOrder, digests []string, now int64) (erased []TextErased, taken []outcome, err error) {
	if order.Date == "" {
		order.Date = entry.FormatTime(now)[:len("2006-01-02")]
	}
	if r := dateAhead(order.Date, now); r != nil {
		return nil, nil, r
	}
	for _, digest := range digests {
		at, err := in.cfg.Store.RecordsOfText(in.ctx, digest)
		if err != nil {
			return nil, nil, fmt.Errorf("look for a text: %w", err)
		}
		if len(at) == 0 {
			return nil, nil, &Refusal{Code: pledge.CodeDigestUnknown, Detail: "no statement has published a text of that digest"}
		}
		for _, index := range at {
			records, err := in.cfg.Store.Records(in.ctx, index, 1)
			if err != nil || len(records) == 0 {
				return nil, nil, fmt.Errorf("read entry %d: %w", index, err)
			}
			erased = append(erased, TextErased{Of: openedBy(records[0]), Digest: digest})
		}
	}
	for i := range erased {
		e := &erased[i]
		if was, ok := in.state.Erased(e.Of, e.Digest); ok {
			e.Erasure, e.Before = Erasure{was.Index, was.Entry}, true
			continue
		}
		it, err := in.operatorStatement(entry.KindErasure, &entry.Erasure{Basis: order.Basis, Date: order.Date, Digest: e.Digest, Entry: e.Of, Reference: order.Reference}, now)
		if err != nil {
			return nil, taken, refusal(err)
		}
		if v := in.state.Judge(it); v.Kind != pledge.Accepted {
			return nil, taken, &Refusal{Code: v.Code, Detail: v.Detail}
		}
		taken = append(taken, in.take(it))
		e.Erasure = Erasure{it.Index, it.Statement.ID}
	}
	return erased, taken, nil
}

// An ownOrder is statements of the operator's that the sequencer makes.
type ownOrder struct {
	make func(now int64) ([]outcome, error) // called under in.mu
	done chan error                         // gets one error, or nil, once the statements are in the order of record
	err  error
}

// logOwn has the sequencer make statements, in front of what is queued, and waits
// until they are in the order of record.
func (in *Intake) logOwn(ctx context.Context, statements func(now int64) ([]outcome, error)) error {
	o := &ownOrder{make: statements, done: make(chan error, 1)}
	select {
	case in.own <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-in.ctx.Done():
		return ErrStopped
	}
	in.wake(in.queued)
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-in.ctx.Done():
		return ErrStopped
	}
}

// ownOrders returns those that wait.
func (in *Intake) ownOrders() []*ownOrder {
	var list []*ownOrder
	for {
		select {
		case o := <-in.own:
			list = append(list, o)
		default:
			return list
		}
	}
}

// completeTombstones logs that a text is erased for the statements that published it
// too and whose erasure is not logged: somebody had only the first of them logged.
func (in *Intake) completeTombstones(ctx context.Context, index uint64, digest string) error {
	in.mu.RLock()
	var of pledge.Erasure
	for _, e := range in.state.Erasures() {
		if e.Index == index {
			of = e
		}
	}
	in.mu.RUnlock()
	erased, err := in.Erase(ctx, EraseOrder{Digest: digest, Basis: of.Basis, Reference: of.Reference, Date: of.Date})
	if errors.Is(err, ErrNoOperator) {
		in.log.Warn("a text may be gone for statements that no erasure names: the configuration has no operator key", "erasure", index)
		return nil
	}
	for _, e := range erased {
		if !e.Before {
			in.log.Info("a text was erased that another statement published too", "erasure", e.Erasure.Index)
		}
	}
	return err
}

// markErased is the counter of erasures that were carried out: the texts of all
// below it are gone.
const markErased = "erasures-done"

// An erasedText is what an accepted erasure wants to be deleted.
type erasedText struct {
	index  uint64 // of the erasure
	digest string
}

// eraseLoop deletes what a published erasure names, and nothing before. A crash at
// any step repeats the steps before it, which does no harm.
func (in *Intake) eraseLoop() {
	again := true
	for in.ctx.Err() == nil {
		err := in.eraseDue(in.ctx)
		if err == nil && again {
			err = in.eraseAgain(in.ctx)
			again = err != nil
		}
		if in.ctx.Err() == nil && in.eraseTrouble.set(err) && err != nil {
			in.log.Error("an erased text is not deleted yet", "error", err.Error())
		}
		if err != nil {
			in.pause(retryAfter)
			continue
		}
		select {
		case <-in.publishedMore:
		case <-in.ctx.Done():
		}
	}
}

// eraseDue carries out the published erasures that were not yet: the text goes from
// the store, where nobody can bring it back, then its own file, then its line in the
// bundles.
func (in *Intake) eraseDue(ctx context.Context) error {
	done, err := in.cfg.Store.Mark(ctx, markErased)
	if err != nil {
		return fmt.Errorf("read mark %s: %w", markErased, err)
	}
	size := in.publishedSize()
	in.textMu.RLock()
	var due []erasedText
	for i := len(in.erasures) - 1; i >= 0 && in.erasures[i].index >= done; i-- {
		if in.erasures[i].index < size {
			due = append(due, in.erasures[i])
		}
	}
	in.textMu.RUnlock()
	for i := len(due) - 1; i >= 0; i-- { // the oldest first
		e := due[i]
		if err := in.eraseText(ctx, e); err != nil {
			return fmt.Errorf("erase text as entry %d says: %w", e.index, err)
		}
		if err := in.cfg.Store.SetMark(ctx, markErased, e.index+1); err != nil {
			return fmt.Errorf("mark erasure %d: %w", e.index, err)
		}
		in.log.Info("a text was erased", "erasure", e.index, "digest", e.digest)
	}
	in.erasedTo.Store(size)
	return nil
}

func (in *Intake) eraseText(ctx context.Context, e erasedText) error {
	at, err := in.cfg.Store.RecordsOfText(ctx, e.digest)
	if err != nil {
		return err
	}
	if len(at) > 1 {
		if err := in.completeTombstones(ctx, e.index, e.digest); err != nil {
			return err
		}
	}
	return errors.Join(in.cfg.Store.Erase(ctx, e.digest), in.files.erase(ctx, e.digest, at))
}

// eraseAgain deletes what came back since it was erased, with a folder that was
// restored from an old copy.
func (in *Intake) eraseAgain(ctx context.Context) error {
	in.textMu.RLock()
	list := slices.Clone(in.erasures)
	in.textMu.RUnlock()
	for _, e := range list {
		_, held, err := in.cfg.Store.Text(ctx, e.digest)
		if err != nil {
			return fmt.Errorf("look for an erased text: %w", err)
		}
		if !held && !in.files.has(e.digest) || e.index >= in.erasedTo.Load() {
			continue
		}
		in.log.Warn("an erased text was back, and is deleted again", "erasure", e.index)
		if err := in.eraseText(ctx, e); err != nil {
			return fmt.Errorf("erase text as entry %d says: %w", e.index, err)
		}
	}
	return nil
}

// IsErasing reports whether a published erasure is not carried out yet, so that
// bundles may still hold an erased text.
func (in *Intake) IsErasing() bool {
	size, done := in.publishedSize(), in.erasedTo.Load()
	in.textMu.RLock()
	defer in.textMu.RUnlock()
	for i := len(in.erasures) - 1; i >= 0 && in.erasures[i].index >= done; i-- {
		if in.erasures[i].index < size {
			return true
		}
	}
	return false
}

// IsErased reports whether all texts that an erasure names are deleted, everywhere.
func (in *Intake) IsErased(ctx context.Context, erasure uint64) (bool, error) {
	done, err := in.cfg.Store.Mark(ctx, markErased)
	return done > erasure, err
}
