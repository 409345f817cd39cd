package log

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// oracle is the same tree by golang.org/x/mod/sumdb/tlog.
type oracle struct {
	hashes []tlog.Hash
	size   int64
}

func (o *oracle) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(o.hashes)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		out[i] = o.hashes[x]
	}
	return out, nil
}

func (o *oracle) add(t testing.TB, leaf []byte) {
	t.Helper()
	h, err := tlog.StoredHashes(o.size, leaf, o)
	if err != nil {
		t.Fatal(err)
	}
	o.hashes = append(o.hashes, h...)
	o.size++
}

func (o *oracle) root(t testing.TB, size int64) Hash {
	t.Helper()
	if size == 0 {
		return EmptyRoot() // x/mod gives zeros
	}
	h, err := tlog.TreeHash(size, o)
	if err != nil {
		t.Fatal(err)
	}
	return Hash(h)
}

// testLeaf is leaf i of the trees of the tests; its length varies.
func testLeaf(i int) []byte { return fmt.Appendf(nil, "leaf %0*d", i%40, i) }

// writeFile writes a file of a log below dir.
func writeFile(t testing.TB, dir, path string, data []byte) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// buildLog writes the tiles and bundles of a log of the last of these sizes
// into dir, with the partial ones of all of them, and returns the tree by
// x/mod.
func buildLog(t testing.TB, dir string, sizes ...int) *oracle {
	t.Helper()
	o := new(oracle)
	var bundle []byte
	b := NewBuilder(func(level int, index uint64, width int, data []byte) error {
		writeFile(t, dir, TilePath(level, index, width), data)
		return nil
	})
	for i := 0; ; i++ {
		if slices.Contains(sizes, i) {
			if err := b.Flush(); err != nil {
				t.Fatal(err)
			}
			if n := i % TileWidth; n > 0 {
				writeFile(t, dir, EntriesPath(uint64(i/TileWidth), n), bundle)
			}
			if got, want := b.Root(), o.root(t, int64(i)); got != want {
				t.Fatalf("root of %d leaves is %x, want %x", i, got, want)
			}
		}
		if i == slices.Max(sizes) {
			return o
		}
		leaf := testLeaf(i)
		o.add(t, leaf)
		if err := b.Append(LeafHash(leaf)); err != nil {
			t.Fatal(err)
		}
		var err error
		if bundle, err = AppendBundle(bundle, leaf); err != nil {
			t.Fatal(err)
		}
		if (i+1)%TileWidth == 0 {
			writeFile(t, dir, EntriesPath(uint64(i/TileWidth), TileWidth), bundle)
			bundle = nil
		}
	}
}

// The builder has the roots of x/mod, and emits the tiles of x/mod: each full
// one once, and the partial ones at a flush.
func TestBuilderAgreesWithXMod(t *testing.T) {
	flush := []int64{0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537}
	o := new(oracle)
	full := make(map[Tile]bool)
	partial := make(map[Tile]bool)
	b := NewBuilder(func(level int, index uint64, width int, data []byte) error {
		tile := Tile{level, index, width}
		if width == TileWidth {
			if full[tile] {
				t.Errorf("%s emitted twice", tile.Path())
			}
			full[tile] = true
		} else {
			partial[tile] = true
		}
		if level > 0 && len(data) == FullTileSize && tileBelowMissing(full, level, index) {
			t.Errorf("%s emitted before the tiles below it", tile.Path())
		}
		// The leaf that completes a tile is in the oracle already.
		want, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: level, N: int64(index), W: width}, o)
		if err != nil {
			return err
		}
		if string(data) != string(want) {
			t.Errorf("%s differs from x/mod's", tile.Path())
		}
		return nil
	})
	for {
		if b.Size() < 600 || b.Size() > 65530 {
			nodes := b.Nodes()
			if folded := foldNodes(nodes); folded != b.Root() || len(nodes) != bits.OnesCount64(b.Size()) {
				t.Fatalf("the %d nodes of %d leaves have the root %x, want %x", len(nodes), b.Size(), folded, b.Root())
			}
			if got, want := b.Root(), o.root(t, o.size); got != want {
				t.Fatalf("root of %d leaves is %x, want %x", b.Size(), got, want)
			}
		}
		if slices.Contains(flush, int64(b.Size())) {
			clear(partial)
			if err := b.Flush(); err != nil {
				t.Fatal(err)
			}
			want := make(map[Tile]bool)
			if o.size > 0 {
				// x/mod lists full tiles among the last ones too.
				for _, x := range tlog.NewTiles(tileHeight, 0, o.size) {
					if x.W < TileWidth {
						want[Tile{x.L, uint64(x.N), x.W}] = true
					} else if !full[Tile{x.L, uint64(x.N), x.W}] {
						t.Errorf("size %d: full tile %s was not emitted", o.size, x.Path())
					}
				}
			}
			for tile := range want {
				if !partial[tile] {
					t.Errorf("size %d: partial tile %s was not emitted", o.size, tile.Path())
				}
			}
			for tile := range partial {
				if !want[tile] {
					t.Errorf("size %d: tile %s is none of the tree", o.size, tile.Path())
				}
			}
		}
		if b.Size() == 65537 {
			break
		}
		leaf := testLeaf(int(o.size))
		o.add(t, leaf)
		if err := b.Append(LeafHash(leaf)); err != nil {
			t.Fatal(err)
		}
	}
	if len(full) != 256+1 {
		t.Errorf("%d full tiles, want 257", len(full))
	}
}

// tileBelowMissing reports whether a tile below one of a higher level is missing.
func tileBelowMissing(full map[Tile]bool, level int, index uint64) bool {
	for i := range uint64(TileWidth) {
		if !full[Tile{level - 1, index*TileWidth + i, TileWidth}] {
			return true
		}
	}
	return false
}

func TestBuilderEmptyTree(t *testing.T) {
	b := NewBuilder(func(level int, index uint64, width int, data []byte) error {
		t.Errorf("emits %s", TilePath(level, index, width))
		return nil
	})
	if err := b.Flush(); err != nil {
		t.Error(err)
	}
	if got := b.Root(); got != EmptyRoot() {
		t.Errorf("root is %x", got)
	}
}

func TestBuilderKeepsAnError(t *testing.T) {
	full := errors.New("disk full")
	b := NewBuilder(func(int, uint64, int, []byte) error { return full })
	var err error
	for i := 0; err == nil; i++ {
		if i == 300 {
			t.Fatal("no error after 300 leaves")
		}
		err = b.Append(Hash{})
	}
	if !errors.Is(err, full) {
		t.Errorf("error %v, want the callback's", err)
	}
	wantError(t, err, "tile/0/000")
	if err := b.Append(Hash{}); !errors.Is(err, full) {
		t.Errorf("next append: %v", err)
	}
	if err := b.Flush(); !errors.Is(err, full) {
		t.Errorf("flush: %v", err)
	}
}

// A builder that goes on from the tiles of a size ends like one that never
// stopped.
func TestResumeBuilder(t *testing.T) {
	ctx := context.Background()
	sizes := []int{0, 1, 2, 3, 255, 256, 257, 511, 512, 700, 65535, 65536, 65537, 66000}
	dir := t.TempDir()
	o := buildLog(t, dir, sizes...)
	for _, size := range sizes {
		tiles := make(map[Tile]string)
		b, err := ResumeBuilder(ctx, NewTileReader(DirSource(dir)), uint64(size), func(level int, index uint64, width int, data []byte) error {
			tiles[Tile{level, index, width}] = string(data)
			return nil
		})
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if got, want := b.Root(), o.root(t, int64(size)); got != want {
			t.Errorf("size %d: root is %x, want %x", size, got, want)
		}
		for i := size; i < min(size+700, 66000); i++ {
			if err := b.Append(LeafHash(testLeaf(i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, want := b.Root(), o.root(t, int64(b.Size())); got != want {
			t.Errorf("from %d to %d: root is %x, want %x", size, b.Size(), got, want)
		}
		for tile, data := range tiles {
			want, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: tile.Level, N: int64(tile.Index), W: tile.Width}, o)
			if err != nil || string(want) != data {
				t.Errorf("from %d: %s differs from x/mod's (%v)", size, tile.Path(), err)
			}
		}
	}
	if _, err := ResumeBuilder(ctx, NewTileReader(DirSource(dir)), 90000, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("a size that the log does not have: error %v, want ErrNotFound", err)
	}
}

// Roots, proofs and widths of any small tree, against x/mod.
func TestTreeLaws(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 1100).Draw(rt, "size")
		old := rapid.IntRange(1, size).Draw(rt, "old size")
		index := rapid.IntRange(0, size-1).Draw(rt, "index")
		dir, err := os.MkdirTemp("", "log")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		o := buildLog(t, dir, old, size)
		checkTree(t, ctx, NewTileReader(DirSource(dir)), o, int64(index), int64(old), int64(size))
	})
}

// checkTree compares root, inclusion and consistency of one tree with x/mod.
func checkTree(t testing.TB, ctx context.Context, r *TileReader, o *oracle, index, old, size int64) {
	t.Helper()
	root, err := r.Root(ctx, uint64(size))
	if err != nil {
		t.Fatal(err)
	}
	if want := o.root(t, size); root != want {
		t.Fatalf("root of %d is %x, want %x", size, root, want)
	}
	got, err := r.InclusionProof(ctx, uint64(index), uint64(size))
	if err != nil {
		t.Fatal(err)
	}
	want, err := tlog.ProveRecord(size, index, o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, func(a Hash, b tlog.Hash) bool { return a == Hash(b) }) {
		t.Fatalf("inclusion of %d in %d: %x, want %v", index, size, got, want)
	}
	leaf := LeafHash(testLeaf(int(index)))
	if err := VerifyInclusion(uint64(index), uint64(size), leaf, root, got); err != nil {
		t.Fatal(err)
	}
	got, err = r.ConsistencyProof(ctx, uint64(old), uint64(size))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := tlog.ProveTree(size, old, o)
	if err != nil {
		t.Fatal(err)
	}
	// x/mod and RFC 6962 agree but for equal sizes, where both have nothing.
	if !slices.EqualFunc(got, tree, func(a Hash, b tlog.Hash) bool { return a == Hash(b) }) {
		t.Fatalf("consistency of %d and %d: %x, want %v", old, size, got, tree)
	}
	if err := VerifyConsistency(uint64(old), uint64(size), o.root(t, old), root, got); err != nil {
		t.Fatal(err)
	}
}

// foldNodes computes a root from the nodes of a tree, as RFC 6962 puts it
// together.
func foldNodes(nodes []Hash) Hash {
	if len(nodes) == 0 {
		return EmptyRoot()
	}
	root := nodes[len(nodes)-1]
	for i := len(nodes) - 2; i >= 0; i-- {
		root = NodeHash(nodes[i], root)
	}
	return root
}
