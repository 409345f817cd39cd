package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	bodyReaders = 8  // bodies that are read at the same time
	lookedAgain = 64 // missing bodies that are looked for again at a time
	// maxBodyBundle is the largest file of the bodies of 256 entries, in bytes.
	maxBodyBundle = log.TileWidth * (entry.MaxBody + 1)
)

// replayed is one leaf on its way into the index.
type replayed struct {
	item  *pledge.Item
	hash  log.Hash
	body  []byte // what the log serves under the statement's digest
	state pledge.BodyState
	text  entry.Detached
	found []pledge.Finding // about the body
}

// replay takes in the leaves from where it is up to size.
func (x *Index) replay(ctx context.Context, size uint64) error {
	it := x.tiles.Leaves(ctx, x.tree.Size(), size, size)
	for first, leaves := range it.All() {
		batch := make([]replayed, len(leaves))
		parallel(len(leaves), func(i int) {
			batch[i].item = pledge.Read(first+uint64(i), leaves[i])
			batch[i].hash = log.LeafHash(leaves[i])
		})
		for i := range batch {
			x.keys.Learn(batch[i].item.Statement)
		}
		if err := x.readBodies(ctx, first, size, batch); err != nil {
			return err
		}
		x.trySignatures(batch)
		parallel(len(batch), func(i int) {
			r := &batch[i]
			if r.item.Statement != nil {
				r.state, r.text, r.found = pledge.JudgeBody(r.item.Index, r.item.Statement, r.body)
			}
		})
		x.take(batch)
	}
	return it.Err()
}

// trySignatures verifies the signatures of a batch, in as many parts as there are
// processors.
func (x *Index) trySignatures(batch []replayed) {
	parts := min(runtime.GOMAXPROCS(0), len(batch))
	parallel(parts, func(p int) {
		var items []*pledge.Item
		for i := p; i < len(batch); i += parts {
			items = append(items, batch[i].item)
		}
		x.keys.TryAll(items)
	})
}

// parallel calls f for 0 to n-1 on all processors.
func parallel(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
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
		lines, err := x.bodyBundle(ctx, first, size)
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
		slots  = make(chan struct{}, bodyReaders)
	)
	for digest, rs := range want {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			b, err := x.singleBody(ctx, digest)
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

// bodyBundle reads the bodies of the 256 entries among which index is; none
// when those are not all published yet, or have no bundle.
func (x *Index) bodyBundle(ctx context.Context, index, size uint64) (iter.Seq[[]byte], error) {
	n := index / log.TileWidth
	if (n+1)*log.TileWidth > size {
		return splitLines(nil), nil
	}
	b, err := x.cfg.Source.Get(ctx, log.BodiesBundlePath(n), maxBodyBundle)
	if err != nil && !errors.Is(err, log.ErrNotFound) && !errors.Is(err, log.ErrTooLarge) {
		return nil, fmt.Errorf("read bodies: %w", err)
	}
	return splitLines(b), nil
}

// singleBody reads one body from its own file; nil when there is none.
func (x *Index) singleBody(ctx context.Context, digest string) ([]byte, error) {
	b, err := x.cfg.Source.Get(ctx, log.BodyPath(digest), entry.MaxBody)
	switch {
	case errors.Is(err, log.ErrNotFound):
		return nil, nil
	case errors.Is(err, log.ErrTooLarge):
		return []byte{}, nil // whatever it is, it is not the body
	case err != nil:
		return nil, fmt.Errorf("read body: %w", err)
	}
	return b, nil
}

// body reads the body of the statement at index; nil when the log does not
// serve it.
func (x *Index) body(ctx context.Context, index, size uint64, digest string) ([]byte, error) {
	b, err := x.singleBody(ctx, digest)
	if b != nil || err != nil {
		return b, err
	}
	lines, err := x.bodyBundle(ctx, index, size)
	if err != nil {
		return nil, err
	}
	for line := range lines {
		if entry.Digest(line) == digest {
			return bytes.Clone(line), nil
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

// take steps over a batch and keeps its rows.
func (x *Index) take(batch []replayed) {
	verdicts := make([]pledge.Verdict, len(batch))
	for i := range batch {
		var found []pledge.Finding
		verdicts[i], found = x.state.Step(batch[i].item)
		x.stepped = append(x.stepped, found...)
		// A builder without an emit function can only fail at 2^63 leaves.
		if err := x.tree.Append(batch[i].hash); err != nil {
			panic(fmt.Sprintf("index: %v", err))
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range batch {
		x.keep(&batch[i], verdicts[i])
	}
}

func (x *Index) keep(r *replayed, v pledge.Verdict) {
	index, st := r.item.Index, r.item.Statement
	w := row{leaf: r.hash, verdict: number(verdicts, v.Kind), code: v.Code}
	if r.item.Leaf != nil {
		w.logged = r.item.Leaf.Logged
	}
	if st != nil {
		w.id, w.author, w.kind = st.ID, x.author(st.Author), number(entry.Kinds, st.Kind)+1
		if _, known := x.byID[st.ID]; known {
			x.again[st.ID] = append(x.again[st.ID], index)
		} else {
			x.byID[st.ID] = index
		}
	}
	if v.Kind == pledge.Accepted {
		w.body = number(bodyStates, r.state)
		x.keepAccepted(index, st, r)
	}
	x.rows = append(x.rows, w)
}

func (x *Index) keepAccepted(index uint64, st *entry.Statement, r *replayed) {
	author := x.authors[x.authorNo[st.Author]]
	for _, key := range []listKey{{author: author}, {kind: st.Kind}, {author, st.Kind}} {
		x.lists[key] = append(x.lists[key], index)
	}
	for _, id := range references(st) {
		if to, ok := x.acceptedAt(id); ok {
			x.refs[to] = append(x.refs[to], index)
		}
	}
	switch r.state {
	case pledge.BodyWithheld:
		return
	case pledge.BodyMissing, pledge.BodyAltered:
		x.unsettled = append(x.unsettled, index)
	}
	x.keepBody(index, r.text, r.found)
}

// keepBody keeps what is found about a body, and the charter's texts.
func (x *Index) keepBody(index uint64, text entry.Detached, found []pledge.Finding) {
	delete(x.bodies, index)
	if len(found) > 0 {
		x.bodies[index] = found
	}
	if b, ok := text.(*entry.CharterBody); ok && index == 0 {
		x.clauses = b.Clauses
	}
}

// acceptedAt returns the index of the accepted statement of that id. The caller
// holds the lock.
func (x *Index) acceptedAt(id entry.ID) (uint64, bool) {
	first, ok := x.byID[id]
	if !ok {
		return 0, false
	}
	for _, i := range append([]uint64{first}, x.again[id]...) {
		if x.rows[i].verdict == number(verdicts, pledge.Accepted) {
			return i, true
		}
	}
	return 0, false
}

func (x *Index) author(name string) uint32 {
	n, ok := x.authorNo[name]
	if !ok {
		n = uint32(len(x.authors))
		x.authors = append(x.authors, name)
		x.authorNo[name] = n
	}
	return n
}

// lookAgain looks for bodies that were missing or altered, and reports whether
// any is there now.
func (x *Index) lookAgain(ctx context.Context) (settled bool, err error) {
	n := min(len(x.unsettled), lookedAgain)
	some := x.unsettled[:n:n]
	x.unsettled = x.unsettled[n:]
	for _, index := range some {
		state, err := x.settle(ctx, index)
		if err != nil {
			x.unsettled = append(x.unsettled, index)
			return settled, err
		}
		if state == pledge.BodyMissing || state == pledge.BodyAltered {
			x.unsettled = append(x.unsettled, index)
			continue
		}
		settled = true
	}
	return settled, nil
}

func (x *Index) settle(ctx context.Context, index uint64) (pledge.BodyState, error) {
	leaf, err := x.leaf(ctx, index, x.tree.Size())
	if err != nil {
		return "", err
	}
	it := pledge.Read(index, leaf)
	raw, err := x.body(ctx, index, x.tree.Size(), it.Statement.BodyDigest)
	if err != nil {
		return "", err
	}
	state, text, found := pledge.JudgeBody(index, it.Statement, raw)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.rows[index].body = number(bodyStates, state)
	x.keepBody(index, text, found)
	return state, nil
}
