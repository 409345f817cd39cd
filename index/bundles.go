package index

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"github.com/pledgelog/pledgelog/log"
)

// keptBundles bounds the memory of the bundles that are kept, in bytes.
const keptBundles = 32 << 20

// bundles reads leaves and keeps the bundles that were used last: a page of a
// list asks for many leaves of the same one.
type bundles struct {
	tiles *log.TileReader

	mu     sync.Mutex
	kept   map[uint64]*list.Element
	recent *list.List // of *bundle, last used in front
	size   int        // bytes kept
}

type bundle struct {
	index  uint64
	leaves [][]byte
	size   int
}

func newBundles(r *log.TileReader) *bundles {
	return &bundles{tiles: r, kept: make(map[uint64]*list.Element), recent: list.New()}
}

// leaf returns a leaf of the tree of this size, as it reads now.
func (b *bundles) leaf(ctx context.Context, index, size uint64) ([]byte, error) {
	n, i := index/log.TileWidth, int(index%log.TileWidth)
	b.mu.Lock()
	if e := b.kept[n]; e != nil {
		if kept := e.Value.(*bundle); i < len(kept.leaves) {
			b.recent.MoveToFront(e)
			b.mu.Unlock()
			return kept.leaves[i], nil
		}
	}
	b.mu.Unlock()
	it := b.tiles.Leaves(ctx, n*log.TileWidth, min((n+1)*log.TileWidth, size), size)
	var got *bundle
	for _, leaves := range it.All() {
		got = &bundle{index: n, leaves: leaves}
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	if got == nil || i >= len(got.leaves) {
		return nil, fmt.Errorf("read leaf: no leaf %d in a tree of %d", index, size)
	}
	for _, leaf := range got.leaves {
		got.size += len(leaf)
	}
	b.keep(got)
	return got.leaves[i], nil
}

// keeps reports whether it has a bundle.
func (b *bundles) keeps(index uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept[index] != nil
}

func (b *bundles) keep(got *bundle) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(b.kept[got.index])
	b.kept[got.index] = b.recent.PushFront(got)
	b.size += got.size
	for b.size > keptBundles && b.recent.Len() > 1 {
		b.drop(b.recent.Back())
	}
}

// forget drops a bundle that turned out to be damaged.
func (b *bundles) forget(index uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(b.kept[index/log.TileWidth])
}

func (b *bundles) drop(e *list.Element) {
	if e == nil {
		return
	}
	old := e.Value.(*bundle)
	delete(b.kept, old.index)
	b.recent.Remove(e)
	b.size -= old.size
}
