package index

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

// replayed is one leaf on its way into the index.
type replayed struct {
	item  *pledge.Item
	hash  log.Hash
	size  int    // of the leaf, in bytes
	body  []byte // what the log serves under the statement's digest, if it is published with it
	state pledge.BodyState
	text  entry.Detached
	found []pledge.Finding // about the body
	words store.Document
	now   int64
}

// replay takes in the leaves from where it is up to size.
func (x *Index) replay(ctx context.Context, size uint64) error {
	it := x.tiles.Leaves(ctx, x.tree.Size(), size, size)
	for first, leaves := range it.All() {
		batch := make([]replayed, len(leaves))
		parallel(len(leaves), func(i int) {
			batch[i].item = pledge.Read(first+uint64(i), leaves[i])
			batch[i].hash, batch[i].size = log.LeafHash(leaves[i]), len(leaves[i])
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
				r.state, r.text, r.found = pledge.JudgeText(published(r.item.Statement), r.item.Index, r.item.Statement, r.body)
				r.words = x.wordsOf(r)
			}
		})
		x.take(ctx, batch)
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

// take steps over a batch and keeps its rows.
func (x *Index) take(ctx context.Context, batch []replayed) {
	verdicts := make([]pledge.Verdict, len(batch))
	directory := lastDirectory(batch)
	for i := range batch {
		var found []pledge.Finding
		var rows []entry.Row
		if i == directory {
			rows = x.state.Directory()
		}
		verdicts[i], found = x.state.Step(batch[i].item)
		batch[i].now = x.state.Now()
		if i == directory {
			x.keepDirectory(batch[i].item.Index, verdicts[i], rows)
		}
		x.stepped = append(x.stepped, found...)
		// A builder without an emit function can only fail at 2^63 leaves.
		if err := x.tree.Append(batch[i].hash); err != nil {
			panic(fmt.Sprintf("index: %v", err))
		}
	}
	x.mu.Lock()
	for i := range batch {
		x.keep(&batch[i], verdicts[i])
	}
	x.mu.Unlock()
	for i := range batch {
		if x.words != nil && verdicts[i].Kind == pledge.Accepted && !x.words.add(ctx, batch[i].words) {
			x.restate[batch[i].item.Index] = true
		}
	}
}

func (x *Index) keep(r *replayed, v pledge.Verdict) {
	index, st := r.item.Index, r.item.Statement
	w := row{leaf: r.hash, now: r.now, verdict: number(verdicts, v.Kind), code: v.Code, size: uint16(r.size), at: leafPrefix}
	if n := len(x.rows); n%log.TileWidth > 0 {
		w.at = x.rows[n-1].at + uint32(x.rows[n-1].size) + leafPrefix
	}
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
	x.rows = append(x.rows, w)
	if v.Kind == pledge.Accepted {
		x.keepAccepted(index, st, r)
	} else {
		x.catalog.set(uint32(index), []valued{{FacetStatus, []string{StatusNoEffect}}})
	}
}

func (x *Index) keepAccepted(index uint64, st *entry.Statement, r *replayed) {
	author := x.authors[x.authorNo[st.Author]]
	for _, key := range []listKey{{author: author}, {kind: st.Kind}, {author: author, kind: st.Kind}} {
		x.lists[key] = append(x.lists[key], index)
	}
	for _, name := range st.Names() {
		key := listKey{author: x.authors[x.author(name)], about: true}
		x.lists[key] = append(x.lists[key], index)
	}
	for _, id := range references(st) {
		if to, ok := x.acceptedAt(id); ok {
			x.refs[to] = append(x.refs[to], index)
		}
	}
	x.keepFacets(index, st, r)
	x.keepText(index, r.text, r.found)
	switch {
	case st.IsWithheld():
		x.withheld = append(x.withheld, withheldText{index, st.ID, st.BodyDigest})
		x.dirty[index] = st // is it served all the same?
	case r.state == pledge.BodyMissing || r.state == pledge.BodyAltered:
		x.wait(index)
	default:
		x.keepSeals(index, st, r.text)
	}
	x.relate(index, st, r.now)
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
