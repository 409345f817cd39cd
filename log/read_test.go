package log

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var readSizes = []int{0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 65535, 65536, 65537, 66000}

// Proofs between the sizes of a log, read from its directory.
func TestTileReaderAgreesWithXMod(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, readSizes...)
	r := NewTileReader(DirSource(dir))
	for _, size := range readSizes {
		if size == 0 {
			root, err := r.Root(ctx, 0)
			if err != nil || root != EmptyRoot() {
				t.Errorf("root of the empty tree is %x, %v", root, err)
			}
			continue
		}
		for _, old := range readSizes {
			if old == 0 || old > size {
				continue
			}
			for _, index := range []int{0, 1, old - 1, size / 2, size - 1} {
				if index < size {
					checkTree(t, ctx, r, o, int64(index), int64(old), int64(size))
				}
			}
		}
		// From nothing to anything, no hash is needed.
		if got, err := r.ConsistencyProof(ctx, 0, uint64(size)); err != nil || len(got) != 0 {
			t.Errorf("consistency of 0 and %d: %x, %v", size, got, err)
		}
	}
}

func TestTileReaderRefuses(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	buildLog(t, dir, 300)
	r := NewTileReader(DirSource(dir))
	for name, f := range map[string]func() error{
		"index beyond the size":     func() error { _, err := r.InclusionProof(ctx, 300, 300); return err },
		"inclusion in nothing":      func() error { _, err := r.InclusionProof(ctx, 0, 0); return err },
		"sizes the wrong way round": func() error { _, err := r.ConsistencyProof(ctx, 300, 299); return err },
		"huge size for inclusion":   func() error { _, err := r.InclusionProof(ctx, 0, MaxTreeSize+1); return err },
		"huge size for consistency": func() error { _, err := r.ConsistencyProof(ctx, 1, MaxTreeSize+1); return err },
		"huge size for a root":      func() error { _, err := r.Root(ctx, MaxTreeSize+1); return err },
		"a leaf beyond the size":    func() error { _, err := r.Leaf(ctx, 300, 300); return err },
		"leaves beyond the size":    func() error { return r.Leaves(ctx, 0, 301, 300).Err() },
		"leaves the wrong way":      func() error { return r.Leaves(ctx, 2, 1, 300).Err() },
		"a tile of entries":         func() error { _, err := r.Tile(ctx, Tile{EntriesLevel, 0, 256}); return err },
		"a tile of no width":        func() error { _, err := r.Tile(ctx, Tile{0, 0, 0}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// Sizes that were never published have no partial tiles.
	if _, err := r.Root(ctx, 2000); !errors.Is(err, ErrNotFound) {
		t.Errorf("size that does not exist: error %v, want ErrNotFound", err)
	}
	if _, err := r.Root(ctx, MaxTreeSize); !errors.Is(err, ErrNotFound) {
		t.Errorf("largest size: error %v, want ErrNotFound", err)
	}
}

func TestTileReaderRefusesBadTiles(t *testing.T) {
	ctx := context.Background()
	for name, f := range map[string]func(path string) error{
		"short": func(path string) error { return os.Truncate(path, FullTileSize-1) },
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"long":  func(path string) error { return os.Truncate(path, FullTileSize+1) },
		"narrow": func(path string) error {
			return os.Truncate(path, FullTileSize-HashSize)
		},
	} {
		dir := t.TempDir()
		buildLog(t, dir, 600)
		if err := f(filepath.Join(dir, "tile/0/001")); err != nil {
			t.Fatal(err)
		}
		r := NewTileReader(DirSource(dir))
		_, err := r.InclusionProof(ctx, 300, 600)
		if err == nil {
			t.Errorf("%s tile: no error", name)
			continue
		}
		wantError(t, err, "tile/0/001")
		if name == "long" && !errors.Is(err, ErrTooLarge) {
			t.Errorf("long tile: error %v, want ErrTooLarge", err)
		}
	}
}

// c2sp.org/tlog-tiles: a partial tile may go when the full one exists.
func TestTileReaderTakesTheFullTile(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, 300, 600)
	for _, path := range []string{"tile/0/001.p", "tile/entries/001.p"} {
		if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	r := NewTileReader(DirSource(dir))
	checkTree(t, ctx, r, o, 299, 257, 300)
	leaf, err := r.Leaf(ctx, 299, 300)
	if err != nil || !bytes.Equal(leaf, testLeaf(299)) {
		t.Errorf("leaf 299 is %q, %v", leaf, err)
	}
	tile, err := r.Tile(ctx, Tile{0, 1, 44})
	if err != nil || len(tile) != 44 {
		t.Errorf("tile of %d hashes, %v, want 44", len(tile), err)
	}
}

// A damaged tile is kept until Forget.
func TestTileReaderForget(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, 300)
	path := filepath.Join(dir, "tile/0/000")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	bad[40] ^= 1
	writeFile(t, dir, "tile/0/000", bad)
	r := NewTileReader(DirSource(dir))
	root := o.root(t, 300)
	verify := func() error {
		proof, err := r.InclusionProof(ctx, 0, 300)
		if err != nil {
			t.Fatal(err)
		}
		return VerifyInclusion(0, 300, LeafHash(testLeaf(0)), root, proof)
	}
	if err := verify(); !errors.Is(err, ErrProof) {
		t.Fatalf("proof from a damaged tile: error %v, want ErrProof", err)
	}
	writeFile(t, dir, "tile/0/000", good)
	r.Forget()
	if err := verify(); err != nil {
		t.Error(err)
	}
}

// gateSource counts what is read from a source and can hold it up.
type gateSource struct {
	Source
	reads atomic.Int64
	gate  chan struct{} // nil: open
}

func (s *gateSource) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	s.reads.Add(1)
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s.Source.Get(ctx, path, limit)
}

// Many proofs at the same time agree, and read each tile about once.
func TestTileReaderConcurrent(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, 700, 1500)
	src := &gateSource{Source: DirSource(dir)}
	r := NewTileReader(src)
	roots := map[uint64]Hash{700: o.root(t, 700), 1500: o.root(t, 1500)}
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for g := range 8 {
		wg.Go(func() {
			for i := range 700 {
				size := uint64(700)
				if (i+g)%2 == 0 {
					size = 1500
				}
				index := uint64((i*7 + g*13) % 700)
				proof, err := r.InclusionProof(ctx, index, size)
				if err == nil {
					err = VerifyInclusion(index, size, LeafHash(testLeaf(int(index))), roots[size], proof)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	// Six tiles at level 0 and one at level 1, two of each partial ones.
	if n := src.reads.Load(); n > 20 {
		t.Errorf("%d reads for 9 tiles", n)
	}
}

// Who waits for a tile that another one loads is not called off with it.
func TestTileReaderLoaderCalledOff(t *testing.T) {
	dir := t.TempDir()
	o := buildLog(t, dir, 200)
	src := &gateSource{Source: DirSource(dir), gate: make(chan struct{})}
	r := NewTileReader(src)
	loaderCtx, cancel := context.WithCancel(context.Background())
	loader := make(chan error, 1)
	go func() {
		_, err := r.Root(loaderCtx, 200)
		loader <- err
	}()
	waitFor(t, func() bool { return src.reads.Load() == 1 })
	waiter := make(chan error, 1)
	go func() {
		root, err := r.Root(context.Background(), 200)
		if err == nil && root != o.root(t, 200) {
			err = fmt.Errorf("root is %x", root)
		}
		waiter <- err
	}()
	cancel()
	if err := <-loader; !errors.Is(err, context.Canceled) {
		t.Errorf("loader: error %v, want context.Canceled", err)
	}
	close(src.gate)
	if err := <-waiter; err != nil {
		t.Errorf("waiter: %v", err)
	}
}

// waitFor waits until what another goroutine does is seen.
func waitFor(t testing.TB, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(60 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("waited for a minute")
		}
	}
}

// More tiles than are kept still give the right answers.
func TestTileReaderDropsOldTiles(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	size := TileWidth * (cachedTiles + 10)
	o := buildLog(t, dir, size)
	r := NewTileReader(DirSource(dir))
	root := o.root(t, int64(size))
	for i := 0; i < size; i += TileWidth / 2 {
		proof, err := r.InclusionProof(ctx, uint64(i), uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyInclusion(uint64(i), uint64(size), LeafHash(testLeaf(i)), root, proof); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.tiles); n > cachedTiles || n != r.recent.Len() {
		t.Errorf("%d tiles kept, %d listed, at most %d", n, r.recent.Len(), cachedTiles)
	}
}
