package log

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

// c2sp.org/tlog-tiles v0.1.0: the names and forms of what is served, and who reads it.
// What is written and served is in the tables of log/embedded and api.
func TestConformanceTlogTiles(t *testing.T) {
	conformance.Run(t, []conformance.Row{
		conformance.Tested("APIs", "hashes of RFC 6962", "hashes are those of RFC 6962, section 2.1, with SHA-256", func(t *testing.T) {
			// The empty tree is the hash of nothing, a leaf has 0x00 before it and a node 0x01:
			// printf '' | sha256sum, printf '\0' | sha256sum, printf '\0L123456' | sha256sum.
			for got, want := range map[Hash]string{
				EmptyRoot():                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
				LeafHash(nil):                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
				LeafHash([]byte("L123456")):  "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
				NodeHash(Hash{}, Hash{0: 1}): theirNodeHash(Hash{}, Hash{0: 1}),
			} {
				if hex.EncodeToString(got[:]) != want {
					t.Errorf("%x, want %s", got, want)
				}
			}
		}, "Trees: `log.TestTileReaderAgreesWithXMod`."),
		conformance.Tested("Checkpoints", "address of the checkpoint", "the checkpoint is at `checkpoint`, below the prefix", func(t *testing.T) {
			got := asked(t, func(r *TileReader) { r.Source().Get(t.Context(), CheckpointPath, MaxCheckpointFile) })
			if !slices.Equal(got, []string{"checkpoint"}) {
				t.Errorf("asked for %q", got)
			}
		}),

		conformance.Tested("Merkle Tree", "level", "a level is 0 to 63 in decimal without more zeroes", tilePaths(
			map[string]Tile{"tile/0/000": {0, 0, 256}, "tile/9/000": {9, 0, 256}, "tile/10/000": {10, 0, 256}, "tile/63/000": {63, 0, 256}},
			"tile/64/000", "tile/255/000", "tile/256/000", "tile/00/000", "tile/01/000", "tile/-1/000", "tile/+1/000", "tile//000", "tile/x/000", "tile/0x1/000", "tile/٣/000", "tile/000")),
		conformance.Tested("Merkle Tree", "index", "an index is in groups of three digits, an x before all but the last, and no group of zeroes before them", tilePaths(
			map[string]Tile{"tile/0/000": {0, 0, 256}, "tile/0/007": {0, 7, 256}, "tile/0/999": {0, 999, 256}, "tile/0/x001/000": {0, 1000, 256}, "tile/0/x001/x234/067": {0, 1234067, 256},
				"tile/2/x999/x999/999": {2, 999999999, 256}},
			"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/1234067", "tile/0/x001/x234/x067", "tile/0/001/234/067", "tile/0/x1/x234/067", "tile/0/x001234/067", "tile/0/x000/007",
			"tile/0/X001/000", "tile/0/x001/", "tile/0/x001", "tile/0/-01", "tile/0/ 01", "tile/0/", "tile/0", "tile/0/x001//000")),
		conformance.Tested("Merkle Tree", "width of partial tiles", "a partial tile has `.p/` and a width of 1 to 255 in decimal without more zeroes, a full one has not", tilePaths(
			map[string]Tile{"tile/0/000.p/1": {0, 0, 1}, "tile/0/000.p/10": {0, 0, 10}, "tile/1/x001/000.p/255": {1, 1000, 255}},
			"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/+1", "tile/0/000.p/", "tile/0/000.p", "tile/0/000/p/1", "tile/0/000.p/1/", "tile/0/x001.p/1/000",
			"tile/0/000.P/1", "tile/0/000.p/1.p/1", "tile/0/000.p/1e1")),
		conformance.Tested("Merkle Tree", "a full tile has 256 hashes", "a full tile has 8,192 bytes", func(t *testing.T) {
			for size, want := range map[int]bool{8192: true, 8191: false, 8193: false, 8160: false, 8224: false, 32: false, 0: false} {
				_, err := NewTileReader(memory{"tile/0/000": make([]byte, size)}).Tile(t.Context(), Tile{0, 0, 256})
				if (err == nil) != want {
					t.Errorf("%d bytes: %v", size, err)
				}
			}
		}),
		conformance.Tested("Merkle Tree", "hashes of a tile", "a tile at level l has the hashes of the trees of 256 to the power of l leaves", func(t *testing.T) {
			files, o := built(t, 70_000)
			for path, data := range files {
				tile, err := tlog.ParseTilePath(strings.Replace(path, "tile/", "tile/8/", 1))
				if err != nil {
					t.Fatal(err)
				}
				want, err := tlog.ReadTileData(tile, o)
				if err != nil || !bytes.Equal(data, want) {
					t.Errorf("%s is another tile than x/mod's: %v", path, err)
				}
			}
			// The formula, by hand, of the second node at level 1: of leaves 256 to 511.
			var sub oracle
			for i := 256; i < 512; i++ {
				sub.add(t, testLeaf(i))
			}
			if root := sub.root(t, 256); !bytes.Equal(files["tile/1/000"][32:64], root[:]) {
				t.Error("the second hash at level 1 is not the root of the second 256 leaves")
			}
		}, "By golang.org/x/mod."),

		conformance.Tested("Partial Tiles", "which there are", "a partial tile at level l of a tree of size s has s / 256^l mod 256 hashes", func(t *testing.T) {
			// The two examples of the specification, and what follows from the formula.
			for size, want := range map[int][]string{
				70_000: {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"},
				256:    {"tile/1/000.p/1"},
				1:      {"tile/0/000.p/1"},
				257:    {"tile/0/001.p/1", "tile/1/000.p/1"},
				65_536: {"tile/2/000.p/1"},
				0:      nil,
			} {
				files, _ := built(t, size)
				var partial []string
				full := make(map[string]int)
				for path := range files {
					if strings.Contains(path, ".p/") {
						partial = append(partial, path)
					} else {
						full[strings.Split(path, "/")[1]]++
					}
				}
				slices.Sort(partial)
				if !slices.Equal(partial, want) || full["0"] != size/256 || full["1"] != size/65536 {
					t.Errorf("size %d: partial tiles %q, want %q; full ones %v", size, partial, want, full)
				}
			}
		}, "With the examples, CC BY 4.0."),
		conformance.Tested("Partial Tiles", "as many hashes as its width", "a partial tile has as many hashes as its address says", func(t *testing.T) {
			for size, want := range map[int]bool{128: true, 0: false, 32: false, 96: false, 127: false, 129: false, 160: false, 8192: false} {
				_, err := NewTileReader(memory{"tile/0/000.p/4": make([]byte, size)}).Tile(t.Context(), Tile{0, 0, 4})
				if (err == nil) != want {
					t.Errorf("%d bytes: %v", size, err)
				}
			}
		}),
		conformance.Tested("Partial Tiles", "not hashed into the level above", "a partial tile gives no hash to the level above", func(t *testing.T) {
			files, _ := built(t, 300)
			if len(files["tile/1/000.p/1"]) != 32 || len(files) != 3 {
				t.Errorf("%d tiles; level 1 has %d bytes", len(files), len(files["tile/1/000.p/1"]))
			}
			files, _ = built(t, 255)
			if len(files) != 1 {
				t.Errorf("255 leaves: %d tiles", len(files))
			}
		}),
		conformance.Tested("Partial Tiles", "no empty tiles", "an empty tile does not exist", func(t *testing.T) {
			for _, size := range []int{0, 256, 512, 65_536} {
				files, _ := built(t, size)
				for path, data := range files {
					if len(data) == 0 {
						t.Errorf("size %d: %s is empty", size, path)
					}
				}
				for level := range 4 {
					if n := size >> (8 * level); n%256 == 0 && TileWidthAt(level, uint64(n/256), uint64(size)) != 0 {
						t.Errorf("size %d: a tile behind the last of level %d", size, level)
					}
				}
			}
			if _, err := NewTileReader(memory{"tile/0/000.p/1": nil}).Tile(t.Context(), Tile{0, 0, 1}); err == nil {
				t.Error("an empty tile is taken")
			}
		}),
		conformance.Tested("Partial Tiles", "only those of a size that was signed", "a client asks for no partial tile but those of a size that it has verified", func(t *testing.T) {
			allowed := map[string]bool{"tile/0/002.p/188": true, "tile/1/000.p/2": true, "tile/entries/002.p/188": true}
			got := asked(t, func(r *TileReader) {
				ctx := t.Context()
				r.Root(ctx, 700)
				r.Leaf(ctx, 699, 700)
				for range r.Leaves(ctx, 0, 700, 700).All() {
				}
				for _, n := range []uint64{0, 255, 256, 511, 512, 699} {
					r.InclusionProof(ctx, n, 700)
					r.RootAt(ctx, n, 700)
					if n > 0 {
						r.ConsistencyProof(ctx, n, 700)
					}
				}
				ResumeBuilder(ctx, r, 700, nil)
			})
			partial := 0
			for _, path := range got {
				if !strings.Contains(path, ".p/") {
					continue
				}
				if partial++; !allowed[path] {
					t.Errorf("asked for %s", path)
				}
			}
			if partial < len(allowed) {
				t.Errorf("asked for %q", got)
			}
		}, "Each call is given the size; `log.Policy.Open` is what verifies it."),
		conformance.Tested("Partial Tiles", "the full tile in its place", "a log may delete a partial tile once the full one is there; a client reads that instead", func(t *testing.T) {
			dir := t.TempDir()
			o := buildLog(t, dir, 300, 600)
			for _, path := range []string{"tile/0/001.p", "tile/entries/001.p"} {
				if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
					t.Fatal(err)
				}
			}
			r := NewTileReader(DirSource(dir))
			if root, err := r.Root(t.Context(), 300); err != nil || root != o.root(t, 300) {
				t.Errorf("root %x, %v", root, err)
			}
			if leaf, err := r.Leaf(t.Context(), 299, 300); err != nil || !bytes.Equal(leaf, testLeaf(299)) {
				t.Errorf("leaf %q, %v", leaf, err)
			}
			if err := os.Remove(filepath.Join(dir, "tile/0/001")); err != nil {
				t.Fatal(err)
			}
			if _, err := NewTileReader(DirSource(dir)).Root(t.Context(), 300); !errors.Is(err, ErrNotFound) {
				t.Errorf("without either: %v", err)
			}
		}),

		conformance.Tested("Log entries", "address of entry bundles", "bundles are at `tile/entries/`, with index and width as tiles have them", tilePaths(
			map[string]Tile{"tile/entries/000": {EntriesLevel, 0, 256}, "tile/entries/x001/x234/067": {EntriesLevel, 1234067, 256}, "tile/entries/005.p/8": {EntriesLevel, 5, 8}},
			"tile/Entries/000", "tile/entries/0", "tile/entries/000.p/0", "tile/entries/000.p/256", "tile/entry/000", "tile/data/000", "entries/000", "tile/0/entries/000")),
		conformance.Tested("Log entries", "entries have a length", "each entry has its length before it, in 2 bytes, big-endian", func(t *testing.T) {
			leaves, err := ParseBundle([]byte("\x00\x01a\x01\x00"+strings.Repeat("b", 256)+"\x00\x00"+"\x00\x02cd"), 4)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []string{"a", strings.Repeat("b", 256), "", "cd"} {
				if string(leaves[i]) != want {
					t.Errorf("entry %d is %q", i, leaves[i])
				}
			}
			b, err := AppendBundle([]byte("\x00\x01a"), bytes.Repeat([]byte("b"), 256))
			if err != nil || string(b) != "\x00\x01a\x01\x00"+strings.Repeat("b", 256) {
				t.Errorf("written %q, %v", b, err)
			}
			for _, bad := range []string{"", "\x00", "\x00\x01", "\x00\x02a", "\x00\x01ab", "\x00\x01a\x00", "\x01\x00a", "\x00\x01a\x00\x01b"} {
				if _, err := ParseBundle([]byte(bad), 1); err == nil {
					t.Errorf("%q is taken for one entry", bad)
				}
			}
		}),
		conformance.Tested("Log entries", "entries hash to the tile", "each entry hashes to its hash in the tile at level 0, by RFC 6962", func(t *testing.T) {
			dir := t.TempDir()
			buildLog(t, dir, 300)
			bundle, err := os.ReadFile(filepath.Join(dir, "tile/entries/001.p/44"))
			if err != nil {
				t.Fatal(err)
			}
			tile, err := os.ReadFile(filepath.Join(dir, "tile/0/001.p/44"))
			if err != nil {
				t.Fatal(err)
			}
			leaves, err := ParseBundle(bundle, 44)
			if err != nil {
				t.Fatal(err)
			}
			for i, leaf := range leaves {
				if h := tlog.RecordHash(leaf); !bytes.Equal(tile[i*32:i*32+32], h[:]) {
					t.Errorf("entry %d has another hash", i)
				}
			}
		}, "That an audit finds where they differ: `verifier.TestEveryFile`."),
		conformance.Tested("Log entries", "compression", "a client names gzip and identity, and reads what a log compressed unasked (a SHOULD)", func(t *testing.T) {
			var accept []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				accept = append(accept, r.Header.Get("Accept-Encoding"))
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				z.Write([]byte("\x00\x01a"))
				z.Close()
			}))
			defer srv.Close()
			src, err := NewHTTPSource(srv.URL, HTTPOptions{Attempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			if leaf, err := NewTileReader(src).Leaf(t.Context(), 0, 1); err != nil || string(leaf) != "a" {
				t.Errorf("read %q, %v", leaf, err)
			}
			if len(accept) != 1 || !strings.Contains(accept[0], "gzip") || !strings.Contains(accept[0], "identity") {
				t.Errorf("Accept-Encoding %q", accept)
			}
		}),
		conformance.Elsewhere("Log entries", "a client that puts off partial bundles", "a client that leaves out partial bundles fetches the partial tile, verifies the checkpoint with it and its consistency with the next, and does not wait for ever",
			"Nothing here leaves them out: an audit reads every bundle up to the size that was signed, `verifier.TestEveryFile`"),
		conformance.Elsewhere("Log entries", "other forms of entries elsewhere", "entries in another form are at another address",
			"There are none; texts are at `bodies/`, which is no address of tlog-tiles (docs/decisions/0005)"),
	})
}

func theirNodeHash(left, right Hash) string {
	h := tlog.NodeHash(tlog.Hash(left), tlog.Hash(right))
	return hex.EncodeToString(h[:])
}

// tilePaths wants each of the paths to be that of its tile and the others to be none.
func tilePaths(good map[string]Tile, bad ...string) func(*testing.T) {
	return func(t *testing.T) {
		for path, want := range good {
			if got, err := ParseTilePath(path); err != nil || got != want {
				t.Errorf("%s is %+v, %v", path, got, err)
			}
			if got := want.Path(); got != path {
				t.Errorf("%+v is at %s, want %s", want, got, path)
			}
		}
		for _, path := range bad {
			if got, err := ParseTilePath(path); err == nil {
				t.Errorf("%q is taken for %+v", path, got)
			}
		}
	}
}

// memory is a source in memory.
type memory map[string][]byte

func (f memory) String() string { return "memory" }
func (f memory) Get(_ context.Context, path string, limit int64) ([]byte, error) {
	b, ok := f[path]
	if !ok {
		return nil, ErrNotFound
	}
	if int64(len(b)) > limit {
		return nil, ErrTooLarge
	}
	return b, nil
}

// built returns the tiles of a tree of one size, and the tree by golang.org/x/mod.
func built(t *testing.T, size int) (map[string][]byte, *oracle) {
	t.Helper()
	files, o := make(map[string][]byte), new(oracle)
	b := NewBuilder(func(level int, index uint64, width int, data []byte) error {
		path := TilePath(level, index, width)
		if _, twice := files[path]; twice {
			return fmt.Errorf("%s is written twice", path)
		}
		files[path] = bytes.Clone(data)
		return nil
	})
	for i := range size {
		o.add(t, testLeaf(i))
		if err := b.Append(Hash(tlog.RecordHash(testLeaf(i)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	return files, o
}

// asked returns what a reader of a log of 700 leaves asks for.
func asked(t *testing.T, f func(*TileReader)) []string {
	t.Helper()
	dir := t.TempDir()
	buildLog(t, dir, 700)
	src := &asking{Source: DirSource(dir)}
	f(NewTileReader(src))
	return src.paths
}

type asking struct {
	Source
	mu    sync.Mutex
	paths []string
}

func (a *asking) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	a.mu.Lock()
	a.paths = append(a.paths, path)
	a.mu.Unlock()
	return a.Source.Get(ctx, path, limit)
}
