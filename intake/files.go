package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store"
)

// The counters that files keeps in the store.
const (
	markBodies   = "bodies-on-disk"    // bodies of records below it are in files that survive a crash
	markBundles  = "bundles-on-disk"   // body bundles below it are complete
	markArchived = "checkpoint-minute" // Unix minute of the last archived checkpoint
)

// files keeps what stands beside the tiles in the log's directory: detached
// bodies, their bundles and the archive of checkpoints. The store holds every
// body too, so that a file that a crash took is written again.
type files struct {
	store store.Store
	dir   string
	clock func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	flushed time.Time // when bodies were last made durable, by the real clock
	bodies  uint64    // bodies of records below it are written, durable or not
	synced  uint64    // and durable
	bundles uint64
	newest  *log.View // published and not archived yet
	archive struct {
		last   []byte // the last archived checkpoint
		minute int64
	}
}

const (
	archivePath = "checkpoints"
	// flushEvery is how often bodies on disk are made durable. Until then the
	// store alone has them for certain.
	flushEvery = 10 * time.Second
)

func openFiles(cfg Config, logger *slog.Logger) (*files, error) {
	ctx := context.Background()
	f := &files{store: cfg.Store, dir: cfg.Dir, clock: cfg.Clock, log: logger}
	if err := os.MkdirAll(filepath.Join(f.dir, "bodies"), 0o755); err != nil {
		return nil, fmt.Errorf("make directory of bodies: %w", err)
	}
	for _, m := range []struct {
		name string
		to   *uint64
	}{{markBodies, &f.synced}, {markBundles, &f.bundles}} {
		n, err := f.store.Mark(ctx, m.name)
		if err != nil {
			return nil, fmt.Errorf("read mark %s: %w", m.name, err)
		}
		*m.to = n
	}
	minute, err := f.store.Mark(ctx, markArchived)
	if err != nil {
		return nil, fmt.Errorf("read mark %s: %w", markArchived, err)
	}
	f.archive.minute = int64(minute)
	f.bodies = f.synced
	next, err := cfg.Log.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the engine for its next index: %w", err)
	}
	// What a crash left half written is written again; what is right stays.
	if err := f.eachBody(ctx, f.bodies, next, writeIfNot); err != nil {
		return nil, err
	}
	return f, f.openArchive()
}

// writeBodies writes the bodies of the records from first up to end. They become
// durable with the next settle.
func (f *files) writeBodies(ctx context.Context, first, end uint64) error {
	return f.eachBody(ctx, first, end, writeWhole)
}

func (f *files) eachBody(ctx context.Context, first, end uint64, write func(path string, b []byte) error) error {
	for at := first; at < end; {
		n := min(end-at, feedSize)
		bodies, err := f.store.BodiesFrom(ctx, at, int(n))
		if err != nil {
			return fmt.Errorf("read bodies from %d: %w", at, err)
		}
		for _, b := range bodies {
			if err := write(filepath.Join(f.dir, filepath.FromSlash(log.BodyPath(b.Digest))), b.Body); err != nil {
				return fmt.Errorf("write body of entry %d: %w", b.Index, err)
			}
		}
		at += n
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bodies = max(f.bodies, end)
	return nil
}

// writeWhole writes a file of which a reader sees all or nothing.
func writeWhole(path string, b []byte) error {
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// writeIfNot is writeWhole unless the file holds b already.
func writeIfNot(path string, b []byte) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, b) {
		return nil
	}
	return writeWhole(path, b)
}

// published takes note of a new checkpoint: bundles that it completes are
// written, and it goes into the archive when its time has come.
func (f *files) published(v *log.View) {
	f.mu.Lock()
	f.newest = v
	f.mu.Unlock()
	if err := f.writeBundles(v.Checkpoint.Size / 256); err != nil {
		f.log.Error("could not write a bundle of bodies", "error", err.Error())
	}
	f.settle(false)
}

// writeBundles writes the body bundles below end that are not there yet.
func (f *files) writeBundles(end uint64) error {
	ctx := context.Background()
	for ; f.bundles < end; f.bundles++ {
		bodies, err := f.store.BodiesFrom(ctx, f.bundles*256, 256)
		if err != nil {
			return fmt.Errorf("read bodies from %d: %w", f.bundles*256, err)
		}
		var b []byte
		for _, body := range bodies {
			b = append(append(b, body.Body...), '\n')
		}
		path := filepath.Join(f.dir, filepath.FromSlash(log.BodiesBundlePath(f.bundles)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write bundle %d: %w", f.bundles, err)
		}
		if err := renameio.WriteFile(path, b, 0o644, renameio.WithStaticPermissions(0o644)); err != nil {
			return fmt.Errorf("write bundle %d: %w", f.bundles, err)
		}
		if err := f.store.SetMark(ctx, markBundles, f.bundles+1); err != nil {
			return fmt.Errorf("mark bundle %d: %w", f.bundles, err)
		}
	}
	return nil
}

// settle makes written bodies durable and archives the newest checkpoint, unless
// one was archived in this minute (protocol section 7, Time). It is called about
// once a second; last says that it is for the last time.
func (f *files) settle(last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bodies > f.synced && (last || time.Since(f.flushed) > flushEvery) {
		if err := f.sync(); err != nil {
			f.log.Error("could not make bodies durable", "error", err.Error())
		}
	}
	minute := f.clock().Unix() / 60
	if f.newest == nil || minute == f.archive.minute {
		return
	}
	if err := f.archiveNewest(minute); err != nil {
		f.log.Error("could not archive a checkpoint", "error", err.Error())
	}
}

func (f *files) sync() error {
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	upTo := f.bodies
	f.flushed = time.Now()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("sync file system: %w", err)
	}
	if err := f.store.SetMark(context.Background(), markBodies, upTo); err != nil {
		return err
	}
	f.synced = upTo
	return nil
}

func (f *files) archiveNewest(minute int64) error {
	raw := f.newest.Raw
	if bytes.Equal(raw, f.archive.last) {
		f.newest = nil
		return nil
	}
	file, err := os.OpenFile(filepath.Join(f.dir, archivePath), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	_, err = file.Write(log.AppendArchive(nil, raw))
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		// Nothing half written stays in front of what is appended next.
		return errors.Join(fmt.Errorf("append to archive: %w", err), file.Truncate(end))
	}
	f.archive.last, f.archive.minute, f.newest = raw, minute, nil
	return f.store.SetMark(context.Background(), markArchived, uint64(minute))
}

// openArchive reads the archive. What a crash left half written at its end is cut
// off; any other damage is for a person to look at, since the archive is evidence
// that nobody can make again.
func (f *files) openArchive() error {
	path := filepath.Join(f.dir, archivePath)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	// A checkpoint ends with the empty line after its signatures: the second one
	// since it began. What follows the last whole one is what was being written.
	whole := b[:wholeCheckpoints(b)]
	notes, err := log.ParseArchive(whole)
	if err != nil {
		return fmt.Errorf("the archive of checkpoints, %s, is damaged; restore it from a copy or a mirror, and keep the damaged one: %w", path, err)
	}
	if torn := len(b) - len(whole); torn > 0 {
		if torn > log.MaxNoteSize {
			return fmt.Errorf("the archive of checkpoints, %s, ends in %d bytes that are no checkpoint; restore it from a copy or a mirror, and keep the damaged one", path, torn)
		}
		f.log.Warn("cut off what a crash left at the end of the archive", "bytes", torn)
		if err := os.Truncate(path, int64(len(whole))); err != nil {
			return fmt.Errorf("mend archive: %w", err)
		}
	}
	if len(notes) > 0 {
		f.archive.last = bytes.Clone(notes[len(notes)-1])
	}
	return nil
}

// wholeCheckpoints returns where the last checkpoint of an archive ends that was
// written to its end.
func wholeCheckpoints(b []byte) int {
	end, blank := 0, 0
	for i := 1; i < len(b); i++ {
		if b[i] == '\n' && b[i-1] == '\n' {
			if blank++; blank%2 == 0 {
				end = i + 1
			}
		}
	}
	return end
}

func (f *files) close(context.Context) error {
	f.settle(true)
	return nil
}
