package log

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// TileWidth is the number of hashes in a full tile and of entries in a
	// full bundle.
	TileWidth = 256
	// FullTileSize is the size in bytes of a full tile of hashes.
	FullTileSize = TileWidth * HashSize
	// EntriesLevel stands for the level of an entry bundle in a [Tile].
	EntriesLevel = -1

	// CheckpointPath is where a log keeps its newest checkpoint.
	CheckpointPath = "checkpoint"
	// ArchivePath is where a log keeps its archive of cosigned checkpoints
	// (see [ParseArchive]).
	ArchivePath = "checkpoints"
	// BodiesPath is the folder of detached bodies, each under its digest.
	BodiesPath = "bodies"

	maxTileLevel = 63
	tileHeight   = 8
	// maxTileIndex is the largest index of a tile that can be part of a tree
	// of at most MaxTreeSize leaves.
	maxTileIndex = MaxTreeSize >> tileHeight
)

// Tile names a tile of hashes or a bundle of entries (c2sp.org/tlog-tiles).
type Tile struct {
	Level int    // 0 to 63, or EntriesLevel for a bundle of entries
	Index uint64 // the tile's number within its level
	Width int    // hashes or entries in it, 1 to 256; 256 is a full one
}

// Path returns the tile's path below the log's prefix. It panics if Level or
// Width is out of range, which no tile of a tree can be.
func (t Tile) Path() string {
	var b strings.Builder
	b.WriteString("tile/")
	switch {
	case t.Level == EntriesLevel:
		b.WriteString("entries/")
	case t.Level >= 0 && t.Level <= maxTileLevel:
		b.WriteString(strconv.Itoa(t.Level))
		b.WriteByte('/')
	default:
		panic(fmt.Sprintf("log: tile level %d out of range", t.Level))
	}
	writeIndex(&b, t.Index)
	switch {
	case t.Width == TileWidth:
	case t.Width >= 1 && t.Width < TileWidth:
		b.WriteString(".p/")
		b.WriteString(strconv.Itoa(t.Width))
	default:
		panic(fmt.Sprintf("log: tile width %d out of range", t.Width))
	}
	return b.String()
}

// TilePath returns the path of a tile of hashes, "tile/<L>/<N>[.p/<W>]"
// (c2sp.org/tlog-tiles). Level is 0 to 63 and width 1 to 256, where 256 is a
// full tile; it panics otherwise.
func TilePath(level int, index uint64, width int) string {
	if level < 0 {
		panic(fmt.Sprintf("log: tile level %d out of range", level))
	}
	return Tile{level, index, width}.Path()
}

// EntriesPath returns the path of an entry bundle,
// "tile/entries/<N>[.p/<W>]" (c2sp.org/tlog-tiles). Width is 1 to 256, where
// 256 is a full bundle; it panics otherwise.
func EntriesPath(index uint64, width int) string {
	return Tile{EntriesLevel, index, width}.Path()
}

// BodyPath returns the path of one detached body, "bodies/<digest>"
// (protocol section 8).
func BodyPath(digest string) string { return BodiesPath + "/" + digest }

// BodiesBundlePath returns the path of the bundle of the detached bodies of
// the 256 entries from index*256 on, "bodies/bundle/<N>" with N written as in
// tile paths (protocol section 8).
func BodiesBundlePath(index uint64) string {
	var b strings.Builder
	b.WriteString(BodiesPath + "/bundle/")
	writeIndex(&b, index)
	return b.String()
}

// writeIndex writes n in groups of three digits, all but the last with an x
// before it: 1234067 is x001/x234/067.
func writeIndex(b *strings.Builder, n uint64) {
	if n >= 1000 {
		writeLeading(b, n/1000)
	}
	fmt.Fprintf(b, "%03d", n%1000)
}

func writeLeading(b *strings.Builder, n uint64) {
	if n >= 1000 {
		writeLeading(b, n/1000)
	}
	fmt.Fprintf(b, "x%03d/", n%1000)
}

// ParseTilePath parses the path of a tile or of an entry bundle, and accepts
// only what [Tile.Path] gives. Tiles that no tree of at most [MaxTreeSize]
// leaves can have at level 0 are refused.
func ParseTilePath(path string) (Tile, error) {
	t, err := parseTilePath(path)
	if err != nil {
		return Tile{}, fmt.Errorf("parse tile path: %w", err)
	}
	return t, nil
}

var errTilePath = errors.New("not of the form tile/<level>/<index>[.p/<width>]")

func parseTilePath(path string) (Tile, error) {
	// The longest path of a tile that exists is under 64 bytes.
	if len(path) > 64 {
		return Tile{}, errTilePath
	}
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return Tile{}, errTilePath
	}
	level, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return Tile{}, errTilePath
	}
	t := Tile{Level: EntriesLevel, Width: TileWidth}
	if level != "entries" {
		n, err := strconv.ParseUint(level, 10, 8)
		if err != nil || n > maxTileLevel {
			return Tile{}, fmt.Errorf("level %q is not a number from 0 to %d", level, maxTileLevel)
		}
		t.Level = int(n)
	}
	index, width, partial := strings.Cut(rest, ".p/")
	if partial {
		n, err := strconv.ParseUint(width, 10, 16)
		if err != nil || n < 1 || n >= TileWidth {
			return Tile{}, fmt.Errorf("width %q is not a number from 1 to %d", width, TileWidth-1)
		}
		t.Width = int(n)
	}
	groups := strings.Split(index, "/")
	for i, g := range groups {
		last := i == len(groups)-1
		if !last {
			if g, ok = strings.CutPrefix(g, "x"); !ok {
				return Tile{}, errTilePath
			}
		}
		n, err := strconv.ParseUint(g, 10, 16)
		if err != nil || len(g) != 3 {
			return Tile{}, errTilePath
		}
		if t.Index > (maxTileIndex-n)/1000 {
			return Tile{}, fmt.Errorf("index of %q is too large", path)
		}
		t.Index = t.Index*1000 + n
	}
	// Leading zeros and empty leading groups are caught here.
	if t.Path() != path {
		return Tile{}, errTilePath
	}
	return t, nil
}

// TileWidthAt returns how many hashes (or entries, for EntriesLevel) the tile
// with this level and index has in a tree of the given size: 0 if the tree
// does not reach it, 256 if it is full.
func TileWidthAt(level int, index, size uint64) int {
	if level == EntriesLevel {
		level = 0
	}
	if level < 0 || level >= 8 { // a level above 7 needs more than 2^63 leaves
		return 0
	}
	n := size >> (tileHeight * level) // complete nodes at that level
	if index > maxTileIndex || index*TileWidth >= n {
		return 0
	}
	return int(min(n-index*TileWidth, TileWidth))
}
