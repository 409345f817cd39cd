package embedded_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/log"
)

// tree computes roots of the series of leaves with golang.org/x/mod.
type tree struct{ hashes []tlog.Hash }

func (tr *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, tr.hashes[i])
	}
	return out, nil
}

func wantRoot(t testing.TB, size uint64) log.Hash {
	t.Helper()
	var tr tree
	for n := range size {
		hashes, err := tlog.StoredHashes(int64(n), leaf(n), &tr)
		if err != nil {
			t.Fatal(err)
		}
		tr.hashes = append(tr.hashes, hashes...)
	}
	root, err := tlog.TreeHash(int64(size), &tr)
	if err != nil {
		t.Fatal(err)
	}
	return log.Hash(root)
}

// tiles reads a directory's tiles for x/mod.
type tiles string

func (d tiles) Height() int                     { return 8 }
func (d tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (d tiles) ReadTiles(ts []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range ts {
		// x/mod puts the height in front of the level.
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		b, err := os.ReadFile(filepath.Join(string(d), path))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// wantLog checks a log of the first size leaves of the series as three
// strangers see it: x/mod by leaves and by tiles, and tessera's fsck.
func wantLog(t testing.TB, dir string, size uint64) {
	t.Helper()
	cp := onDisk(t, dir)
	if cp.Size != size {
		t.Fatalf("checkpoint has size %d, want %d", cp.Size, size)
	}
	if want := wantRoot(t, size); cp.Root != want {
		t.Fatalf("root is %x, want %x", cp.Root, want)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: int64(size), Hash: tlog.Hash(cp.Root)}, tiles(dir))
	for _, n := range []uint64{0, size / 2, size - 1} {
		h, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(n))})
		if err != nil || h[0] != tlog.RecordHash(leaf(n)) {
			t.Fatalf("tiles have another leaf %d: %v", n, err)
		}
	}
	verifier, err := note.NewVerifier(newSigner(t).Key().String())
	if err != nil {
		t.Fatal(err)
	}
	hasher := func(b []byte) (hashes [][]byte, err error) {
		var bundle api.EntryBundle
		if err := bundle.UnmarshalText(b); err != nil {
			return nil, err
		}
		for _, e := range bundle.Entries {
			hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
		}
		return hashes, nil
	}
	if err := fsck.New(origin, verifier, client.FileFetcher{Root: dir}, hasher, fsck.Opts{N: 2}).Check(t.Context()); err != nil {
		t.Fatalf("fsck: %v", err)
	}
	wantNoLitter(t, dir)
}

// wantNoLitter checks that the directory holds nothing but a log.
func wantNoLitter(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch filepath.ToSlash(name) {
		case "checkpoint", ".state/treeState", ".state/treeState.lock", ".state/publish.lock", ".state/version", ".state/engine.lock":
			return nil
		}
		_, err = log.ParseTilePath(filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
