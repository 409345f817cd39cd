package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A tileResult is what became of comparing one tile of hashes with the hashes
// of the entries.
type tileResult struct {
	tile    log.Tile
	used    int    // width of what was read: that of the tile, or of the full one
	data    []byte // as read, until compared
	missing bool
	size    int   // of what was read, when it is not the tile's; over the limit: one more
	differs []int // places in the tile
	err     error // the source failed
}

func (r *tileResult) ok() bool { return !r.missing && r.size == 0 && len(r.differs) == 0 }

// compare holds what was read to the right hashes.
func (r *tileResult) compare(want func(i int) log.Hash) {
	if r.data == nil {
		return
	}
	for i := range r.tile.Width {
		if log.Hash(r.data[i*log.HashSize:]) != want(i) {
			r.differs = append(r.differs, i)
		}
	}
	r.data = nil
}

// tileCheck compares every tile that readers of the checkpoint use.
type tileCheck struct {
	a      *audit
	ctx    context.Context
	places chan struct{} // tiles above level 0 that are being read
	wg     sync.WaitGroup

	mu       sync.Mutex
	compared uint64
	wrong    map[log.Tile]tileResult   // by level and index, with Width 0
	earlier  map[log.Tile]earlierFiles // the same, of files for other sizes
	err      error
}

func newTileCheck(a *audit) *tileCheck {
	return &tileCheck{a: a, places: make(chan struct{}, 4), wrong: make(map[log.Tile]tileResult), earlier: make(map[log.Tile]earlierFiles)}
}

// read gets a tile and looks at its size.
func (t *tileCheck) read(ctx context.Context, tile log.Tile) tileResult {
	r := tileResult{tile: tile}
	b, width, err := t.a.read(ctx, tile, nil)
	r.used = width
	switch {
	case errors.Is(err, log.ErrNotFound):
		r.missing = true
	case errors.Is(err, log.ErrTooLarge):
		r.size = log.MaxTileFile + 1
	case err != nil:
		r.err = err
	case len(b) != width*log.HashSize:
		r.size = len(b)
		if r.size == 0 {
			r.missing = true
		}
	default:
		r.data = b
	}
	return r
}

// add takes in what was compared.
func (t *tileCheck) add(r tileResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.compared++
	if t.err == nil {
		t.err = r.err
	}
	if !r.ok() && len(t.wrong) < maxPerCode {
		t.wrong[log.Tile{Level: r.tile.Level, Index: r.tile.Index}] = r
	}
}

// addEarlier takes in what was compared of a tile's other files.
func (t *tileCheck) addEarlier(r earlierFiles) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = r.err
	}
	if len(r.differ) > 0 && len(t.earlier) < maxPerCode {
		t.earlier[log.Tile{Level: r.tile.Level, Index: r.tile.Index}] = r
	}
}

// emit compares a tile of the recomputed tree with the source's. Tiles of leaf
// hashes were compared with their bundles.
func (t *tileCheck) emit(level int, index uint64, width int, data []byte) error {
	if level == 0 {
		return nil
	}
	select {
	case t.places <- struct{}{}:
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
	data = slices.Clone(data)
	t.wg.Go(func() {
		defer func() { <-t.places }()
		r := t.read(t.ctx, log.Tile{Level: level, Index: index, Width: width})
		r.compare(func(i int) log.Hash { return log.Hash(data[i*log.HashSize:]) })
		t.add(r)
		t.addEarlier(t.a.earlier(t.ctx, r.tile, r.used, sameHashes(data)))
	})
	return nil
}

// report adds a finding for each tile that is not as it should be, but for those
// that only follow from one below. RootOK says whether the entries are those that
// were signed: otherwise nobody can tell which file of them is right.
func (t *tileCheck) report(rootOK bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wrong []tileResult
	for _, r := range t.wrong {
		if !t.follows(r) {
			wrong = append(wrong, r)
		}
	}
	slices.SortFunc(wrong, func(x, y tileResult) int {
		return cmp.Or(cmp.Compare(x.tile.Level, y.tile.Level), cmp.Compare(x.tile.Index, y.tile.Index))
	})
	for _, r := range wrong {
		t.a.found.add(r.finding(t.a.where))
	}
	for key, r := range t.earlier {
		// Where the tile itself differs, what is wrong may be the entries.
		if len(t.wrong[key].differs) == 0 && (rootOK || key.Level != log.EntriesLevel) {
			t.a.found.add(r.finding())
		}
	}
}

// follows reports whether all that is wrong with a tile comes from entries or
// tiles below it.
func (t *tileCheck) follows(r tileResult) bool {
	if r.tile.Level == 0 || len(r.differs) == 0 {
		return false
	}
	for _, i := range r.differs {
		below, ok := t.wrong[log.Tile{Level: r.tile.Level - 1, Index: r.tile.Index*log.TileWidth + uint64(i)}]
		if !ok || len(below.differs) == 0 {
			return false
		}
	}
	return true
}

// finding says what is wrong with a tile, whose file where names.
func (r *tileResult) finding(where func(path string) string) pledge.Finding {
	path := where(r.tile.Path())
	first := r.tile.Index << (8 * (r.tile.Level + 1))
	switch {
	case r.missing:
		return at(finding(FindTileMissing, fmt.Sprintf("The copy lacks the hash tile %s.", path)), first)
	case r.size > log.MaxTileFile:
		return at(finding(FindTileMismatch, fmt.Sprintf("The hash tile %s has more than the %d bytes that a tile can have.", path, log.MaxTileFile)), first)
	case r.size > 0:
		return at(finding(FindTileMismatch, fmt.Sprintf("The hash tile %s has %d bytes, where its hashes take %d.", path, r.size, r.tile.Width*log.HashSize)), first)
	}
	first += uint64(r.differs[0]) << (8 * r.tile.Level)
	return at(finding(FindTileMismatch, fmt.Sprintf("The hash tile %s differs from the entries in %s, first at entry %d.", path, Count(uint64(len(r.differs)), "place", "places"), first)), first)
}

// tilesOf counts the tiles of hashes of a log.
func tilesOf(size uint64) (n uint64) {
	for ; size > 0; size /= log.TileWidth {
		n += (size + log.TileWidth - 1) / log.TileWidth
	}
	return n
}

func (a *audit) stepTiles(s *stream, whole, rootOK bool) {
	s.tiles.report(rootOK)
	compared := s.tiles.compared
	if whole {
		compared = tilesOf(a.target.size) // an earlier audit may have compared some of them
	}
	text := Count(compared, "tile", "tiles") + " of hashes compared with the entries"
	if a.local != nil {
		text += ", and what files there are of other sizes"
	}
	title := "tiles match"
	if !whole {
		text += ", up to where these could be read"
	}
	if a.found.has(FindTileMissing, FindTileMismatch, FindBundleMismatch) {
		a.report.step("tiles", Failed, "tiles differ", text+"; see the findings")
		return
	}
	a.report.step("tiles", passedIf(whole), title, text)
}
