package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// Interrupted writes leave these names: tessera's are the final name with a
// random number behind it, ours begin with a dot.
var (
	temporary = regexp.MustCompile(`^(treeState|version)[0-9]+$|^\.(checkpoint|treeState)[0-9]+$`)
	digits    = regexp.MustCompile(`^[0-9]+$`)
)

// sweep removes files that a crash in the middle of a write has left, so that
// a copy of the directory holds nothing but the log. They can only be where
// files were written since the last Open: from the published size to one batch
// after what was integrated.
func (e *Engine) sweep(published, integrated uint64) error {
	if err := e.removeFrom(stateDir, func(p string) bool { return temporary.MatchString(path.Base(p)) }); err != nil {
		return err
	}
	// Whatever else the operator keeps there, compressed copies say, stays.
	litter := func(p string) bool {
		_, err := log.ParseTilePath(p)
		return err != nil && digits.MatchString(path.Base(p))
	}
	dirs := make(map[string]bool)
	for level := log.EntriesLevel; level < 8; level++ {
		shift := 8 * (max(level, 0) + 1)
		for index := published >> shift; index <= (integrated+maxBatch)>>shift; index++ {
			full := log.Tile{Level: level, Index: index, Width: log.TileWidth}.Path()
			dirs[path.Dir(full)] = true
			dirs[full+".p"] = true
		}
	}
	for dir := range dirs {
		if err := e.removeFrom(dir, litter); err != nil {
			return err
		}
	}
	return nil
}

// removeFrom removes the files of a folder, if there is one, that are litter
// by their path in the log.
func (e *Engine) removeFrom(dir string, litter func(path string) bool) error {
	entries, err := os.ReadDir(filepath.Join(e.cfg.Dir, filepath.FromSlash(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		p := path.Join(dir, entry.Name())
		if entry.Type().IsRegular() && litter(p) {
			if err := os.Remove(filepath.Join(e.cfg.Dir, filepath.FromSlash(p))); err != nil {
				return err
			}
		}
	}
	return nil
}

// collectLoop removes partial tiles and bundles that no reader needs any more.
//
// It does so in place of tessera's collector, which removes them as soon as
// the published tree has the full one, at its next tick: a reader that took
// the checkpoint before could find them gone a moment later, and only
// c2sp.org/tlog-tiles, not every client, has it fall back on the full one.
// Relied on: a partial tile serves only readers whose checkpoint is smaller
// than the full tile's end. Such a checkpoint is the newest only until a
// larger one is published; KeepPartials is counted from there.
func (e *Engine) collectLoop(ctx context.Context) {
	type publication struct {
		at   time.Time
		size uint64
	}
	var (
		seen      []publication // not yet old enough, oldest first
		collected uint64        // bundles below this index have been seen to
	)
	// A tenth of the time is fine enough, and keeps seen short.
	every := time.NewTicker(max(e.cfg.KeepPartials/10, time.Millisecond))
	defer every.Stop()
	for {
		e.mu.Lock()
		size := e.size
		e.mu.Unlock()
		now := time.Now()
		if len(seen) == 0 || seen[len(seen)-1].size < size {
			seen = append(seen, publication{now, size})
		}
		old := -1 // the last one that is old enough
		for old+1 < len(seen) && now.Sub(seen[old+1].at) >= e.cfg.KeepPartials {
			old++
		}
		if old >= 0 {
			seen = seen[old:]
			if err := e.collect(ctx, &collected, seen[0].size); err != nil && ctx.Err() == nil {
				e.cfg.Logger.Warn("remove partial tiles", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// collect removes the partial forms of all bundles and tiles that are full in
// a tree of this size, from bundle *next on, which it moves.
func (e *Engine) collect(ctx context.Context, next *uint64, size uint64) error {
	for ; *next < size/log.TileWidth; *next++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.removePartials(log.EntriesLevel, *next); err != nil {
			return err
		}
		// A tile is full when its last hash is, so on the way up only last
		// children have something to remove.
		for level, index := 0, *next; ; level, index = level+1, index/log.TileWidth {
			if err := e.removePartials(level, index); err != nil {
				return err
			}
			if index%log.TileWidth != log.TileWidth-1 {
				break
			}
		}
	}
	return nil
}

func (e *Engine) removePartials(level int, index uint64) error {
	full := log.Tile{Level: level, Index: index, Width: log.TileWidth}.Path()
	return os.RemoveAll(filepath.Join(e.cfg.Dir, filepath.FromSlash(full)+".p"))
}
