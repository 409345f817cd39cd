// Package dump keeps daily dumps of a log: everything that was logged, as files that any
// static server serves, in the folder dump of the log's directory. A dump is made once for
// each day of the log's own time, as of the first checkpoint of that day which the server
// shows, and is kept for some days.
//
// A dump is there whole or not at all. When a text is erased no dump that was made before
// stays: the newest is made again, for the same tree size, without the text.
//
// Use Keep from one process alone, which has the log.
package dump

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
)

// A Keeper keeps the dumps of one log.
type Keeper struct {
	Dir     string // the log's directory
	Days    int    // for how many days a dump is kept, with its own; 0: none are made
	Exports api.Exports
}

func (k *Keeper) root() string { return filepath.Join(k.Dir, api.DumpFolder) }

// Keep makes the dump that is due, and removes those that are old or from before the
// newest erasure. It says what it made, "" when nothing was due.
func (k *Keeper) Keep(ctx context.Context, s *index.Snapshot) (made string, err error) {
	if err := k.sweep(); err != nil {
		return "", err
	}
	view := s.View()
	if view.Size == 0 {
		return "", nil // it shows nothing yet
	}
	today := time.Unix(view.Logged, 0).UTC().Format(time.DateOnly)
	oldest := time.Unix(view.Logged, 0).UTC().AddDate(0, 0, 1-k.Days).Format(time.DateOnly)
	names, err := k.list()
	if err != nil {
		return "", err
	}
	newest := ""
	var again *from
	for _, day := range names {
		d, err := read(filepath.Join(k.root(), day))
		if err == nil && d.erasures == s.Count(entry.KindErasure) && day >= oldest && k.Days > 0 {
			newest = day
			continue
		}
		if err == nil && d.size <= view.Size && day == names[len(names)-1] && day >= oldest && k.Days > 0 {
			again = &d
		}
		if err := k.remove(day); err != nil {
			return "", err
		}
	}
	if again != nil {
		day := names[len(names)-1]
		if err := k.make(ctx, day, s, *again); err != nil {
			return "", err
		}
		made, newest = day, day
	}
	if k.Days == 0 || newest >= today {
		return made, nil
	}
	return today, k.make(ctx, today, s, from{size: view.Size, checkpoint: view.Checkpoint})
}

// Forget removes all dumps: what was erased while no server runs may be in them. The next
// server makes one.
func (k *Keeper) Forget() error {
	names, err := k.list()
	for _, day := range names {
		err = errors.Join(err, k.remove(day))
	}
	return err
}

// list returns the days of which there are dumps, rising.
func (k *Keeper) list() ([]string, error) {
	all, err := os.ReadDir(k.root())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list dumps: %w", err)
	}
	var days []string
	for _, e := range all {
		if api.IsDumpDay(e.Name()) {
			days = append(days, e.Name())
		}
	}
	return days, nil
}

// Names of folders that are being written, and removed: a dot hides them.
const (
	making   = ".making-"
	removing = ".removing-"
)

// sweep removes what a process that ended left half done.
func (k *Keeper) sweep() error {
	all, err := os.ReadDir(k.root())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list dumps: %w", err)
	}
	for _, e := range all {
		if strings.HasPrefix(e.Name(), making) || strings.HasPrefix(e.Name(), removing) {
			if err := os.RemoveAll(filepath.Join(k.root(), e.Name())); err != nil {
				return fmt.Errorf("remove what is left of a dump: %w", err)
			}
		}
	}
	return nil
}

// remove takes a dump away at once, then deletes it.
func (k *Keeper) remove(day string) error {
	gone := filepath.Join(k.root(), removing+day)
	if err := os.Rename(filepath.Join(k.root(), day), gone); err != nil {
		return fmt.Errorf("remove dump: %w", err)
	}
	if err := os.RemoveAll(gone); err != nil {
		return fmt.Errorf("remove dump: %w", err)
	}
	return atomicfile.SyncDir(k.root())
}

func (k *Keeper) make(ctx context.Context, day string, s *index.Snapshot, f from) error {
	temp := filepath.Join(k.root(), making+day)
	if err := os.MkdirAll(k.root(), 0o755); err != nil {
		return fmt.Errorf("make folder of dumps: %w", err)
	}
	if err := write(ctx, temp, k.Exports, s, f); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	if err := os.Rename(temp, filepath.Join(k.root(), day)); err != nil {
		return fmt.Errorf("put dump in its place: %w", err)
	}
	return atomicfile.SyncDir(k.root())
}

// Write writes a dump as of a snapshot into a folder that is not there yet.
func Write(ctx context.Context, dir string, x api.Exports, s *index.Snapshot) error {
	view := s.View()
	if view.Checkpoint == nil {
		return errors.New("write dump: the log has no checkpoint yet")
	}
	if err := write(ctx, dir, x, s, from{size: view.Size, checkpoint: view.Checkpoint}); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(dir))
}

// from is what a dump is of.
type from struct {
	size       uint64
	checkpoint []byte
	erasures   uint64
}

// read says of what a dump is.
func read(dir string) (from, error) {
	var p client.DataPackage
	b, err := os.ReadFile(filepath.Join(dir, api.DumpPackage))
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err == nil && p.Erasures == nil {
		err = errors.New("it does not say as of which erasures it is")
	}
	if err != nil {
		return from{}, fmt.Errorf("read dump: %w", err)
	}
	f := from{size: p.TreeSize, erasures: *p.Erasures}
	if f.checkpoint, err = os.ReadFile(filepath.Join(dir, api.DumpCheckpoint)); err != nil {
		return from{}, fmt.Errorf("read dump: %w", err)
	}
	if len(f.checkpoint) > log.MaxCheckpointFile {
		return from{}, errors.New("read dump: its checkpoint is too large")
	}
	return f, nil
}

func write(ctx context.Context, dir string, x api.Exports, s *index.Snapshot, f from) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("write dump: %w", err)
	}
	w := &writer{dir: dir}
	compressed := func(name string, to func(context.Context, io.Writer, *index.Snapshot, uint64) error) api.File {
		got := w.file(name, func(out io.Writer) error {
			z := gzip.NewWriter(out)
			return errors.Join(to(ctx, z, s, f.size), z.Close())
		})
		got.Compression = "gz"
		return got
	}
	text := func(name string, b []byte) api.File {
		return w.file(name, func(out io.Writer) error { _, err := out.Write(b); return err })
	}
	table := compressed(api.DumpTable, x.CSV)
	lines := compressed(api.DumpLines, x.JSONLines)
	codes := text(api.DumpCodebook, api.Codebook())
	text(api.DumpCheckpoint, f.checkpoint)
	if w.err == nil {
		var b []byte
		if b, w.err = x.Package(ctx, s, f.size, s.Count(entry.KindErasure), table, lines, codes); w.err == nil {
			text(api.DumpPackage, b)
		}
	}
	text(api.DumpSums, []byte(w.sums.String()))
	if w.err != nil {
		return w.err
	}
	return atomicfile.SyncDir(dir)
}

// A writer writes the files of a dump, until one fails.
type writer struct {
	dir  string
	sums strings.Builder
	err  error
}

func (w *writer) file(name string, fill func(io.Writer) error) (out api.File) {
	out.Path = name
	if w.err != nil {
		return out
	}
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		w.err = fmt.Errorf("write dump: %w", err)
		return out
	}
	hash, count := sha256.New(), new(counter)
	err = fill(io.MultiWriter(f, hash, count))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		w.err = fmt.Errorf("write dump: %s: %w", name, err)
		return out
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	fmt.Fprintf(&w.sums, "%s  %s\n", sum, name)
	out.Bytes, out.Hash = int64(*count), "sha256:"+sum
	return out
}

type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }
