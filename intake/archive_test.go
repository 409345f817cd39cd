package intake

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// TestArchiveThins: on a log that grows all the time a checkpoint is archived each
// minute; when the archive is large, each ten minutes, and then each half an hour, but
// never so seldom that an hour passes.
func TestArchiveThins(t *testing.T) {
	w := generator.New(generator.Options{Seed: 15})
	st, err := sqlite.Create(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for _, c := range []struct {
		size int64
		want int // in two hours
	}{{0, 120}, {48<<20 - 1<<16, 120}, {48 << 20, 12}, {96<<20 - 1<<16, 12}, {96 << 20, 4}, {400 << 20, 4}} {
		dir := t.TempDir()
		path := filepath.Join(dir, archivePath)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, c.size); err != nil { // what stands in it does not matter here
			t.Fatal(err)
		}
		now := time.Unix(1_800_000_000, 0)
		f := &files{store: st, dir: dir, clock: func() time.Time { return now }, log: quiet}
		f.archive.size = c.size
		f.archive.minute = now.Unix()/60 - 1000
		archived, last, gap := 0, now, time.Duration(0)
		for second := range 2 * 3600 {
			now = now.Add(time.Second)
			view, err := w.Policy.Open(w.Checkpoint(uint64(second+1), log.Hash{byte(second), byte(second >> 8)}, now.Unix()))
			if err != nil {
				t.Fatal(err)
			}
			f.newest = view
			if f.settle(false); f.newest == nil {
				archived++
				gap, last = max(gap, now.Sub(last)), now
			}
		}
		if archived < c.want || archived > c.want+1 {
			t.Errorf("at %d bytes: %d archived in two hours, want %d", c.size, archived, c.want)
		}
		if gap >= time.Hour-10*time.Minute {
			t.Errorf("at %d bytes: %s between two", c.size, gap)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != f.archive.size || info.Size() <= c.size {
			t.Errorf("at %d bytes: the file has %d, and is thought to have %d (%v)", c.size, info.Size(), f.archive.size, err)
		}
	}
}
