package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	textReaders = 8  // texts that are read at the same time
	lookedAgain = 64 // texts that are looked for again at a time
	// maxTextBundle is the largest file of the texts of 256 entries, in bytes.
	maxTextBundle = log.TileWidth * (entry.MaxBody + 1)
)

// published says how the text of a statement stands when that is logged.
func published(st *entry.Statement) pledge.TextState {
	if st.IsWithheld() {
		return pledge.TextWithheld
	}
	return pledge.TextPublic
}

// readBodies reads the published bodies of a batch: from their bundle where
// there is one, one by one otherwise. A body that is not there is left nil.
func (x *Index) readBodies(ctx context.Context, first, size uint64, batch []replayed) error {
	want := make(map[string][]*replayed)
	for i := range batch {
		if st := batch[i].item.Statement; st != nil && st.BodyDigest != "" && !st.IsWithheld() {
			want[st.BodyDigest] = append(want[st.BodyDigest], &batch[i])
		}
	}
	if len(want) > 1 {
		lines, err := x.textBundle(ctx, first, size)
		if err != nil {
			return err
		}
		for line := range lines {
			digest := entry.Digest(line)
			for _, r := range want[digest] {
				r.body = line
			}
			delete(want, digest)
		}
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
		slots  = make(chan struct{}, textReaders)
	)
	for digest, rs := range want {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			b, err := x.singleText(ctx, digest)
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
				return
			}
			for _, r := range rs {
				r.body = b
			}
		})
	}
	wg.Wait()
	return failed
}

// textBundle reads the texts of the 256 entries among which index is; none
// when those are not all published yet, or have no bundle.
func (x *Index) textBundle(ctx context.Context, index, size uint64) (iter.Seq[[]byte], error) {
	n := index / log.TileWidth
	if (n+1)*log.TileWidth > size {
		return splitLines(nil), nil
	}
	b, err := x.cfg.Source.Get(ctx, log.BodiesBundlePath(n), maxTextBundle)
	if err != nil && !errors.Is(err, log.ErrNotFound) && !errors.Is(err, log.ErrTooLarge) {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return splitLines(b), nil
}

// singleText reads one text from its own file; nil when there is none.
func (x *Index) singleText(ctx context.Context, digest string) ([]byte, error) {
	b, err := x.cfg.Source.Get(ctx, log.BodyPath(digest), entry.MaxBody)
	switch {
	case errors.Is(err, log.ErrNotFound):
		return nil, nil
	case errors.Is(err, log.ErrTooLarge):
		return []byte{}, nil // whatever it is, it is not the text
	case err != nil:
		return nil, fmt.Errorf("read text: %w", err)
	}
	return b, nil
}

// text reads a text that the entries at some indexes published; nil when the log
// does not serve it.
func (x *Index) text(ctx context.Context, digest string, size uint64, at ...uint64) ([]byte, error) {
	b, err := x.singleText(ctx, digest)
	if b != nil || err != nil {
		return b, err
	}
	for _, index := range at {
		lines, err := x.textBundle(ctx, index, size)
		if err != nil {
			return nil, err
		}
		for line := range lines {
			if entry.Digest(line) == digest {
				return bytes.Clone(line), nil
			}
		}
	}
	return nil, nil
}

// splitLines yields the lines of b without their line feeds.
func splitLines(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start := 0
		for i, ch := range b {
			if ch == '\n' {
				if !yield(b[start:i:i]) {
					return
				}
				start = i + 1
			}
		}
	}
}

// A sealed is a statement whose published body has sealed fields.
type sealed struct {
	st    *entry.Statement
	seals []entry.Seal
}

// A withheldText is the body of a statement that was logged without it.
type withheldText struct {
	index  uint64
	id     entry.ID
	digest string
}

// keepText keeps what is found about the texts that an entry committed to or
// opened, and the texts of clauses.
func (x *Index) keepText(index uint64, text entry.Detached, found []pledge.Finding) {
	delete(x.bodies, index)
	if len(found) > 0 {
		x.bodies[index] = found
	}
	delete(x.clauses, index)
	switch b := text.(type) {
	case *entry.CharterBody:
		x.clauses[index] = b.Clauses
	case *entry.AmendBody:
		if b.Clauses != nil {
			x.clauses[index] = b.Clauses
		}
	}
}

func (x *Index) keepSeals(index uint64, st *entry.Statement, text entry.Detached) {
	delete(x.sealed, index)
	if text != nil && len(text.Seals()) > 0 {
		x.sealed[index] = sealed{st, text.Seals()}
	}
}

// settleDirty looks at the texts of entries of which later ones say something
// else: what was opened or erased, and what was withheld.
func (x *Index) settleDirty(ctx context.Context) error {
	// In their order, so that each bundle is read once.
	for _, index := range slices.Sorted(maps.Keys(x.dirty)) {
		again, err := x.settle(ctx, index, x.dirty[index])
		if err != nil {
			return err
		}
		delete(x.dirty, index)
		if again {
			x.wait(index)
		}
	}
	return nil
}

// wait notes that an entry's texts are to be looked at again.
func (x *Index) wait(index uint64) {
	if !x.waiting[index] {
		x.waiting[index] = true
		x.unsettled = append(x.unsettled, index)
	}
}

// lookAgain looks for texts that were missing or altered, or that were served and
// should not be, and reports whether that has changed for any.
func (x *Index) lookAgain(ctx context.Context) (changed bool, err error) {
	n := min(len(x.unsettled), lookedAgain)
	some := x.unsettled[:n:n]
	x.unsettled = x.unsettled[n:]
	for i, index := range some {
		delete(x.waiting, index)
		again, err := x.settle(ctx, index, nil)
		if err != nil {
			for _, index := range some[i:] {
				x.wait(index)
			}
			return changed, err
		}
		if again {
			x.wait(index)
			continue
		}
		x.restate[index] = true
		changed = true
	}
	return changed, nil
}

// settle judges the texts of an accepted entry by how they stand after the last
// leaf, and reports whether they should be looked at again. The statement is read
// when it is nil.
func (x *Index) settle(ctx context.Context, index uint64, st *entry.Statement) (again bool, err error) {
	if st == nil {
		if st, err = x.statement(ctx, index); err != nil {
			return false, err
		}
	}
	state, raw, err := x.ownText(ctx, index, st)
	if err != nil {
		return false, err
	}
	is, text, found := pledge.JudgeText(state, index, st, raw)
	again = is == pledge.BodyMissing || is == pledge.BodyAltered
	if raw != nil && state != pledge.TextPublic && entry.Digest(raw) == st.BodyDigest {
		again = true
		if e, ok := x.state.Erased(st.ID, st.BodyDigest); ok {
			found = append(found, pledge.ErasedServed(e))
		}
	}
	if b, ok := st.Body.(*entry.Open); ok && b.Digests != nil {
		more, waits, err := x.judgeOpen(ctx, index, st, b)
		if err != nil {
			return false, err
		}
		found, again = append(found, more...), again || waits
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.keepText(index, text, found)
	x.keepSeals(index, st, text)
	return again, nil
}

// statement reads an accepted statement anew.
func (x *Index) statement(ctx context.Context, index uint64) (*entry.Statement, error) {
	leaf, err := x.leaf(ctx, index, x.tree.Size())
	if err != nil {
		return nil, err
	}
	if log.LeafHash(leaf) != x.rows[index].leaf {
		x.bundles.forget(index)
		return nil, fmt.Errorf("entry %d: %w", index, ErrDamaged)
	}
	return pledge.Read(index, leaf).Statement, nil
}

// ownText says how a statement's detached body stands and reads it; nil when it has
// none or it is not served.
func (x *Index) ownText(ctx context.Context, index uint64, st *entry.Statement) (pledge.TextState, []byte, error) {
	if st.BodyDigest == "" {
		return pledge.TextUnknown, nil, nil
	}
	raw, err := x.text(ctx, st.BodyDigest, x.tree.Size(), x.publishers(index, x.tree.Size())...)
	return x.state.TextOf(st.ID, st.BodyDigest), raw, err
}

// publishers are the entries in whose bundles a statement's body may stand: itself,
// and those that opened it, in a tree of this size. The caller is the replay, or
// holds the lock.
func (x *Index) publishers(index, size uint64) []uint64 {
	at := []uint64{index}
	for _, o := range x.opened[index] {
		if o.index < size {
			at = append(at, o.index)
		}
	}
	return at
}

// judgeOpen judges the fields that an open published.
func (x *Index) judgeOpen(ctx context.Context, index uint64, open *entry.Statement, b *entry.Open) (found []pledge.Finding, again bool, err error) {
	to, ok := x.acceptedAt(b.Entry)
	if !ok {
		return nil, false, nil // then it would not have been accepted
	}
	st, err := x.statement(ctx, to)
	if err != nil {
		return nil, false, err
	}
	state, body, err := x.ownText(ctx, to, st)
	if err != nil {
		return nil, false, err
	}
	if is, _, _ := pledge.JudgeText(state, to, st, body); is != pledge.BodyPublished {
		body = nil
	}
	for _, digest := range b.Digests {
		if digest == st.BodyDigest {
			continue
		}
		raw, err := x.text(ctx, digest, x.tree.Size(), index)
		if err != nil {
			return nil, false, err
		}
		if e, ok := x.state.Erased(st.ID, digest); ok {
			if raw != nil && entry.Digest(raw) == digest {
				found, again = append(found, pledge.ErasedServed(e)), true
			}
			continue
		}
		_, _, more := pledge.JudgeDisclosure(index, open, st, body, digest, raw)
		for _, f := range more {
			again = again || f.Concerns == pledge.RoleOperator
		}
		found = append(found, more...)
	}
	return found, again, nil
}

// isOpened reports whether an accepted open named a digest for the statement at an
// index.
func (x *Index) isOpened(index uint64, digest string) bool {
	return slices.ContainsFunc(x.opened[index], func(o opening) bool { return slices.Contains(o.digests, digest) })
}
