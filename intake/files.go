package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store"
)

// The counters that files keeps in the store.
const (
	markBodies   = "bodies-on-disk"    // texts of records below it are in files that survive a crash
	markBundles  = "bundles-on-disk"   // bundles of texts below it are complete
	markArchived = "checkpoint-minute" // Unix minute of the last archived checkpoint
)

// files keeps what stands beside the tiles in the log's directory: texts (detached
// bodies and disclosures), their bundles and the archive of checkpoints. The store
// holds every text too, so that a file that a crash took is written again.
type files struct {
	store store.Store
	dir   string
	clock func() time.Time
	log   *slog.Logger

	bundling sync.Mutex
	bundles  uint64 // how many are written, durably

	mu      sync.Mutex
	flushed time.Time // when texts were last made durable, by the real clock
	texts   uint64    // texts of records below it are written, durable or not
	synced  uint64    // and durable
	newest  *log.View // published and not archived yet
	archive struct {
		last   []byte // the last archived checkpoint
		minute int64  // when that was archived
		day    int64  // of which it is evidence
		size   int64  // bytes of the file
	}
}

const (
	archivePath = "checkpoints"
	// flushEvery is how often texts on disk are made durable. Until then the
	// store alone has them for certain.
	flushEvery = 10 * time.Second
	// From these sizes of the archive on, in bytes, a checkpoint is archived each ten
	// minutes and each half an hour: whoever audits reads all of it. An hour is what an
	// entry may have waited for a checkpoint that shows when it was there (protocol
	// section 7, held-back).
	archiveLarge = 48 << 20
	archiveHuge  = 96 << 20
	// readAtOnce is of how many records the texts are held at a time: the largest
	// are three quarters of a megabyte each.
	readAtOnce = 32
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
	f.archive.minute, f.archive.day = int64(minute), int64(minute)*60/secondsADay
	f.texts = f.synced
	next, err := cfg.Log.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the engine for its next index: %w", err)
	}
	// What a crash left half written is written again; what is right stays.
	if err := f.eachText(ctx, f.texts, next, writeIfNot); err != nil {
		return nil, err
	}
	return f, f.openArchive()
}

// writeTexts writes the texts of the records from first up to end. They become
// durable with the next settle.
func (f *files) writeTexts(ctx context.Context, first, end uint64) error {
	return f.eachText(ctx, first, end, writeWhole)
}

func (f *files) eachText(ctx context.Context, first, end uint64, write func(path string, b []byte) error) error {
	err := f.readTexts(ctx, first, end, func(t store.RecordText) error {
		if err := write(f.textPath(t.Digest), t.Bytes); err != nil {
			return fmt.Errorf("write text of entry %d: %w", t.Index, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts = max(f.texts, end)
	return nil
}

func (f *files) textPath(digest string) string {
	return filepath.Join(f.dir, filepath.FromSlash(log.BodyPath(digest)))
}

// has reports whether a text has its file.
func (f *files) has(digest string) bool {
	_, err := os.Lstat(f.textPath(digest))
	return err == nil
}

// readTexts calls do with each text of the records from first up to end, in order.
func (f *files) readTexts(ctx context.Context, first, end uint64, do func(store.RecordText) error) error {
	for at := first; at < end; at += readAtOnce {
		texts, err := f.store.TextsFrom(ctx, at, int(min(end-at, readAtOnce)))
		if err != nil {
			return fmt.Errorf("read texts from %d: %w", at, err)
		}
		for _, t := range texts {
			if err := do(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeWhole writes a file of which a reader sees all or nothing.
func writeWhole(path string, b []byte) error {
	tmp := beside(path)
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// beside is where a file is written before it gets its name. It is the same each
// time, so that what a crash leaves is found again.
func beside(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
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
	if !sameText(v.Raw, f.archive.last) { // or a start found what was archived before it
		f.newest = v
	}
	f.mu.Unlock()
	if err := f.writeBundles(v.Checkpoint.Size / 256); err != nil {
		f.log.Error("could not write a bundle of texts", "error", err.Error())
	}
	f.settle(false)
}

// cosigned takes note that witnesses have cosigned the newest checkpoint anew. The
// first one that covers a growth is evidence of when it was there, and waits for its
// minute; after that one a day shows that the log stood still.
func (f *files) cosigned(v *log.View) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.newest == nil && int64(v.QuorumTime)/secondsADay > f.archive.day {
		f.newest = v
	}
}

// writeBundles writes the bundles of texts below end that are not there yet.
func (f *files) writeBundles(end uint64) error {
	ctx := context.Background()
	f.bundling.Lock()
	defer f.bundling.Unlock()
	for ; f.bundles < end; f.bundles++ {
		if err := f.writeBundle(ctx, f.bundles); err != nil {
			return err
		}
		if err := f.store.SetMark(ctx, markBundles, f.bundles+1); err != nil {
			return fmt.Errorf("mark bundle %d: %w", f.bundles, err)
		}
	}
	return nil
}

func (f *files) bundlePath(n uint64) string {
	return filepath.Join(f.dir, filepath.FromSlash(log.BodiesBundlePath(n)))
}

// writeBundle writes the texts of 256 records, a line each, durably. A reader sees
// all of it or, until then, what was there before.
func (f *files) writeBundle(ctx context.Context, n uint64) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write bundle %d: %w", n, err)
		}
	}()
	path := f.bundlePath(n)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(beside(path), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<16)
	err = f.readTexts(ctx, n*256, n*256+256, func(t store.RecordText) error {
		w.Write(t.Bytes)
		return w.WriteByte('\n') // which has the error of the write before it
	})
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

// erase deletes a text's line in the bundles of the records at these indexes, and
// then its file. The store must have lost it before.
func (f *files) erase(ctx context.Context, digest string, at []uint64) error {
	errs := []error{f.eraseLines(ctx, at)}
	path := f.textPath(digest)
	for _, p := range []string{beside(path), path} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, atomicfile.SyncDir(filepath.Dir(path)))...)
}

// eraseLines writes the bundles of records anew, without what the store lost.
func (f *files) eraseLines(ctx context.Context, at []uint64) error {
	f.bundling.Lock()
	defer f.bundling.Unlock()
	var errs []error
	done := uint64(math.MaxUint64)
	for _, index := range at {
		n := index / 256
		if n == done {
			continue
		}
		done = n
		if n < f.bundles {
			errs = append(errs, f.writeBundle(ctx, n))
			continue
		}
		// It may have been begun when a crash came.
		if err := os.Remove(beside(f.bundlePath(n))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// archiveEvery is how many minutes lie between two archived checkpoints at least, when
// the archive has a size.
func archiveEvery(size int64) int64 {
	switch {
	case size >= archiveHuge:
		return 30
	case size >= archiveLarge:
		return 10
	}
	return 1
}

// settle makes written texts durable and archives the newest checkpoint, unless one was
// archived just now (protocol section 7, Time; archiveEvery). It is called about
// once a second; last says that it is for the last time.
func (f *files) settle(last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.texts > f.synced && (last || time.Since(f.flushed) > flushEvery) {
		if err := f.sync(); err != nil {
			f.log.Error("could not make texts durable", "error", err.Error())
		}
	}
	minute := f.clock().Unix() / 60
	if since := minute - f.archive.minute; f.newest == nil || since >= 0 && since < archiveEvery(f.archive.size) {
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
	upTo := f.texts
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
	n, err := file.Write(log.AppendArchive(nil, raw))
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		// Nothing half written stays in front of what is appended next.
		return errors.Join(fmt.Errorf("append to archive: %w", err), file.Truncate(end))
	}
	// What witnesses said at midnight may be archived the next day, and is not of that.
	f.archive.day = minute * 60 / secondsADay
	if f.newest.HasQuorumTime {
		f.archive.day = int64(f.newest.QuorumTime) / secondsADay
	}
	f.archive.last, f.archive.minute, f.archive.size, f.newest = raw, minute, end+int64(n), nil
	return f.store.SetMark(context.Background(), markArchived, uint64(minute))
}

// openArchive reads the archive. What a crash left half written at its end is cut
// off; any other damage is for a person to look at, since the archive is evidence
// that nobody can make again.
func (f *files) openArchive() error {
	path := filepath.Join(f.dir, archivePath)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && f.archive.minute > 0 {
		return f.archiveGone()
	} else if errors.Is(err, fs.ErrNotExist) {
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
	f.archive.size = int64(len(whole))
	if len(notes) > 0 {
		f.archive.last = bytes.Clone(notes[len(notes)-1])
	} else if f.archive.minute > 0 {
		return f.archiveGone()
	}
	return nil
}

// archiveGone refuses to begin a new archive in the place of one that was kept.
func (f *files) archiveGone() error {
	return fmt.Errorf("the archive of checkpoints, %s, holds none, and there were some; restore it from a copy or a mirror", filepath.Join(f.dir, archivePath))
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
