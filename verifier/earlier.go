package verifier

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// An earlierFiles is what became of the other files of a tile or of a bundle of
// entries: those of earlier sizes of the log, which readers of earlier
// checkpoints use, and of later ones.
type earlierFiles struct {
	tile   log.Tile // that was audited
	differ []int    // widths of those that hold something else, smallest first
	err    error    // the source failed
}

// earlier compares every form in which a directory has a tile, but for the one
// of width used, which was compared before. Same says whether a file of that
// width is right. An address can't be asked which forms it has: nothing is
// compared then.
func (a *audit) earlier(ctx context.Context, t log.Tile, used int, same func(width int, b []byte) bool) earlierFiles {
	r := earlierFiles{tile: t}
	if a.local == nil {
		return r
	}
	compare := func(t log.Tile, read func(limit int64) ([]byte, error)) {
		if t.Width == used || r.err != nil {
			return
		}
		b, err := read(fileLimit(t.Level))
		switch {
		case errors.Is(err, log.ErrNotFound):
			return // it may go once there is a wider one
		case errors.Is(err, log.ErrTooLarge):
		case err != nil:
			r.err = err
			return
		}
		if err != nil || !same(t.Width, b) {
			r.differ = append(r.differ, t.Width)
		}
	}
	full := log.Tile{Level: t.Level, Index: t.Index, Width: log.TileWidth}
	compare(full, func(limit int64) ([]byte, error) { return a.local.Get(ctx, full.Path(), limit) })
	folder, err := a.local.OpenFolder(full.Path() + ".p")
	if err != nil {
		if !errors.Is(err, log.ErrNotFound) {
			r.err = cmp.Or(r.err, err)
		}
		return r
	}
	defer folder.Close()
	for name, err := range folder.All() {
		if err != nil {
			r.err = cmp.Or(r.err, err)
			break
		}
		// What has another name is no tile: see strayFiles.
		if part, err := log.ParseTilePath(full.Path() + ".p/" + name); err == nil {
			compare(part, func(limit int64) ([]byte, error) { return folder.Read(ctx, name, limit, nil) })
		}
	}
	slices.Sort(r.differ)
	return r
}

// sameHashes returns whether a tile of hashes begins with the right ones, as far
// as they are known, and has its size.
func sameHashes(right []byte) func(width int, b []byte) bool {
	return func(width int, b []byte) bool {
		n := min(len(right), width*log.HashSize)
		return len(b) == width*log.HashSize && bytes.Equal(b[:n], right[:n])
	}
}

// sameLeaves is sameHashes for a bundle of entries.
func sameLeaves(right [][]byte) func(width int, b []byte) bool {
	return func(width int, b []byte) bool {
		leaves, err := log.ParseBundle(b, width)
		if err != nil {
			return false
		}
		n := min(len(right), width)
		return slices.EqualFunc(leaves[:n], right[:n], bytes.Equal)
	}
}

// finding says which of the files hold something else.
func (r *earlierFiles) finding() pledge.Finding {
	first := r.tile
	first.Width = r.differ[0]
	n := Count(uint64(len(r.differ)), "file", "files")
	path, _, _ := strings.Cut(r.tile.Path(), ".p/")
	if r.tile.Level == log.EntriesLevel {
		return at(finding(FindBundleMismatch, fmt.Sprintf("Of the entries in %s the copy has %s for another size of the log that differ from what was signed, first %s.", path, n, first.Path())), r.tile.Index*log.TileWidth)
	}
	return at(finding(FindTileMismatch, fmt.Sprintf("Of the hash tile %s the copy has %s for another size of the log that differ from the entries, first %s.", path, n, first.Path())), r.tile.Index<<(8*(r.tile.Level+1)))
}
