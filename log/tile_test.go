package log

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func TestTilePath(t *testing.T) {
	for _, tt := range []struct {
		tile Tile
		want string
	}{
		{Tile{0, 0, 256}, "tile/0/000"},
		{Tile{0, 0, 1}, "tile/0/000.p/1"},
		{Tile{0, 999, 256}, "tile/0/999"},
		{Tile{1, 1000, 17}, "tile/1/x001/000.p/17"},
		{Tile{0, 1234067, 256}, "tile/0/x001/x234/067"},
		{Tile{63, 0, 255}, "tile/63/000.p/255"},
		{Tile{EntriesLevel, 5, 256}, "tile/entries/005"},
		{Tile{EntriesLevel, 1234067, 8}, "tile/entries/x001/x234/067.p/8"},
		{Tile{0, maxTileIndex, 256}, "tile/0/x036/x028/x797/x018/x963/967"},
	} {
		if got := tt.tile.Path(); got != tt.want {
			t.Errorf("%v has path %s, want %s", tt.tile, got, tt.want)
		}
		got, err := ParseTilePath(tt.want)
		if err != nil || got != tt.tile {
			t.Errorf("%s is %v, %v, want %v", tt.want, got, err, tt.tile)
		}
	}
	for index, want := range map[uint64]string{
		0: "bodies/bundle/000", 7: "bodies/bundle/007", 1234067: "bodies/bundle/x001/x234/067",
	} {
		if got := BodiesBundlePath(index); got != want {
			t.Errorf("body bundle %d has path %s, want %s", index, got, want)
		}
	}
}

func TestParseTilePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tiles/0/000", "tile//000",
		"tile/64/000", "tile/-1/000", "tile/00/000", "tile/+1/000", "tile/01/000", "tile/Entries/000",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/1000", "tile/0/x001000",
		"tile/0/x000/000", "tile/0/x000/x001/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/x001",
		"tile/0/X001/000", "tile/0/x1/000", "tile/0/+12", "tile/0/ 12", "tile/0/0x1",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
		"tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.P/1", "tile/0/000/p/1",
		"tile/0/000 ", "tile/0/000\n", "tile/0/../0/000", "tile/0/٠٠٠", "tile/data/000",
		"tile/0/x036/x028/x797/x018/x963/968", "tile/0/x099/x999/x999/x999/x999/x999/x999/999",
	} {
		if got, err := ParseTilePath(path); err == nil {
			t.Errorf("%q is taken for %v", path, got)
		}
	}
}

func TestTilePathPanicsOutOfRange(t *testing.T) {
	for _, tile := range []Tile{{0, 0, 0}, {0, 0, 257}, {0, 0, -1}, {64, 0, 1}, {-2, 0, 1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v has a path", tile)
				}
			}()
			tile.Path()
		}()
	}
}

// The widths of the tiles of a tree are those that x/mod works out.
func TestTileWidthAt(t *testing.T) {
	for _, size := range []uint64{0, 1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537, 70000, 1<<24 + 1, MaxTreeSize} {
		want := make(map[Tile]bool)
		// The tiles that the last leaf adds to are the rightmost of each level.
		if size > 0 {
			for _, tile := range tlog.NewTiles(tileHeight, int64(size-1), int64(size)) {
				want[Tile{tile.L, uint64(tile.N), tile.W}] = true
			}
		}
		for tile := range want {
			if got := TileWidthAt(tile.Level, tile.Index, size); got != tile.Width {
				t.Errorf("size %d: tile %d/%d has width %d, want %d", size, tile.Level, tile.Index, got, tile.Width)
			}
		}
		for level := range 8 {
			next := size >> (8 * (level + 1))
			if size>>(8*level)%256 != 0 {
				next++
			}
			if got := TileWidthAt(level, next, size); got != 0 {
				t.Errorf("size %d: tile %d/%d has width %d, want none", size, level, next, got)
			}
		}
	}
	if got := TileWidthAt(EntriesLevel, 1, 300); got != 44 {
		t.Errorf("entry bundle has width %d, want 44", got)
	}
	if got := TileWidthAt(8, 0, MaxTreeSize); got != 0 {
		t.Errorf("a tile at level 8 has width %d", got)
	}
}

func FuzzParseTilePath(f *testing.F) {
	for _, s := range []string{"tile/0/000", "tile/1/x001/000.p/17", "tile/entries/x001/x234/067.p/8", "tile/63/x000/000",
		"tile/0/000.p/1", "tile/0/000.p/255", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/64/000", "tile/00/000", "tile/-1/000", "tile/0/x000/000",
		"tile/0/0000", "tile/0/00", "tile/0/x001/x234", "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/entries/000", "tile/entries/x000.p/1", "tile/data/000", "tile/0/001.p", "tile/0/", "/tile/0/000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tile, err := ParseTilePath(s)
		if err != nil {
			return
		}
		if got := tile.Path(); got != s {
			t.Fatalf("%q comes back as %q", s, got)
		}
	})
}
