package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

func TestClockGoesBack(t *testing.T) {
	w := generator.New(generator.Options{Seed: 5, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	st := w.Request(w.Signatories[0], "2025-01", nil)
	w.Log(st)
	right := w.Now()
	d.now.Store(right - 86400*30)
	if _, err := d.Submit(t.Context(), d.submission(st)); !errors.Is(err, ErrClock) {
		t.Errorf("with the clock before the last logged: %v, want %v", err, ErrClock)
	}
	d.now.Store(right)
	leaf := d.holds(d.must(st), d.submission(st))
	if leaf.Logged != right {
		t.Errorf("logged %d, want %d", leaf.Logged, right)
	}
}

func TestTakeover(t *testing.T) {
	w := generator.New(generator.Options{Seed: 6, Signatories: 2})
	d := newDesk(t, w)
	d.found(2)
	if _, err := d.store.Fence(t.Context()); err != nil { // what a successor does first
		t.Fatal(err)
	}
	size, _, _ := d.store.Size(t.Context())
	st := w.Request(w.Signatories[0], "2025-01", nil)
	if _, err := d.Submit(t.Context(), d.submission(st)); !errors.Is(err, ErrStopped) {
		t.Errorf("submitted to the one that was taken over from: %v, want %v", err, ErrStopped)
	}
	if err := d.Ready(); !errors.Is(err, ErrStopped) || !errors.Is(err, store.ErrFenced) {
		t.Errorf("ready: %v", err)
	}
	if got, _, _ := d.store.Size(t.Context()); got != size {
		t.Errorf("the order of record grew from %d to %d", size, got)
	}
	// What it had queued is not lost: the successor logs it.
	d.close()
	d.open()
	w.Log(st)
	d.now.Store(w.Now())
	deadline := time.Now().Add(time.Minute)
	for d.Size() == size && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	// The first to ask may do so before the sequencer has told of it, and hears of it
	// then; the second asks for what was logged before.
	if r := d.must(st); r.Index != size {
		t.Errorf("after the takeover: entry %d, want %d", r.Index, size)
	}
	if r := d.must(st); r.Index != size || !r.Known {
		t.Errorf("asked again: entry %d, known %v; want %d, known", r.Index, r.Known, size)
	}
}

// A log whose publisher stops it takes no more statements, although the feeder has
// nothing to give it and hears of it last; it is told once.
func TestPublisherStops(t *testing.T) {
	w := generator.New(generator.Options{Seed: 7, Signatories: 2})
	var stop atomic.Bool
	var told bytes.Buffer
	d := newDesk(t, w, func(d *desk) {
		d.publishWait = 2 * time.Second
		d.beforeSign = func(log.Checkpoint) error {
			if stop.Load() {
				return log.ErrStopped
			}
			return nil
		}
	})
	d.found(2)
	size := d.Size()
	d.Intake.log = slog.New(slog.NewTextHandler(&told, nil))
	stop.Store(true)
	first := w.Request(w.Signatories[0], "2025-01", nil)
	var pending *Pending
	if _, err := d.Submit(t.Context(), d.submission(first)); !errors.Is(err, ErrStopped) && !errors.As(err, &pending) {
		t.Errorf("the one that made it sign: %v", err)
	}
	d.waitFor("the end", func() bool { return errors.Is(d.Ready(), ErrStopped) })
	if err := d.Ready(); !errors.Is(err, ErrStopped) || !errors.Is(err, log.ErrStopped) {
		t.Errorf("ready: %v", err)
	}
	second := w.Request(w.Signatories[1], "2025-01", nil)
	if _, err := d.Submit(t.Context(), d.submission(second)); !errors.Is(err, ErrStopped) {
		t.Errorf("the next one: %v, want %v", err, ErrStopped)
	}
	if got := d.Size(); got != size+1 {
		t.Errorf("the order of record has %d entries, want %d", got, size+1)
	}
	time.Sleep(3 * retryAfter)
	d.close()
	if n := strings.Count(told.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times:\n%s", n, &told)
	}
}

type faulty struct {
	store.Store
	enqueue, sequence, after, read atomic.Bool

	// enqueued is called when submissions are durable and nobody heard of it yet.
	enqueued func(n int)
}

func (f *faulty) Queued(ctx context.Context, after int64, limit int) ([]store.Submission, error) {
	if f.read.Load() {
		return nil, errors.New("read error")
	}
	return f.Store.Queued(ctx, after, limit)
}

var errDisk = fmt.Errorf("no space left on device: %w", store.ErrFull)

func (f *faulty) Enqueue(ctx context.Context, s []store.Submission) ([]bool, error) {
	if f.enqueue.Load() {
		return nil, errDisk
	}
	queued, err := f.Store.Enqueue(ctx, s)
	if f.enqueued != nil {
		f.enqueued(len(s))
	}
	return queued, err
}

func (f *faulty) SetMark(ctx context.Context, name string, value uint64) error {
	if f.enqueue.Load() {
		return errDisk
	}
	return f.Store.SetMark(ctx, name, value)
}

func (f *faulty) Sequence(ctx context.Context, epoch uint64, r []store.Record, done []int64) error {
	if f.sequence.Load() {
		return errDisk
	}
	err := f.Store.Sequence(ctx, epoch, r, done)
	if f.after.CompareAndSwap(true, false) && err == nil {
		return errDisk // it was written, and nobody heard of it
	}
	return err
}

func TestDiskTrouble(t *testing.T) {
	w := generator.New(generator.Options{Seed: 7, Signatories: 1})
	d, f := stalled(t, w, 1)
	next := func() *generator.Statement {
		st := w.Request(w.Signatories[0], "2025-01", nil)
		w.Log(st)
		d.now.Store(w.Now())
		return st
	}

	// The queue cannot be written: nothing is acknowledged, and trying again works.
	one := next()
	f.enqueue.Store(true)
	if _, err := d.Submit(t.Context(), d.submission(one)); !errors.Is(err, ErrStore) {
		t.Errorf("with a full disk: %v, want %v", err, ErrStore)
	}
	if err := d.Ready(); !errors.Is(err, store.ErrFull) {
		t.Errorf("with a full disk it is ready: %v", err)
	}
	f.enqueue.Store(false)
	for d.Ready() != nil { // it finds out by itself, without a submission
		time.Sleep(10 * time.Millisecond)
	}
	d.must(one)

	// The order of record cannot be written: the statement waits and is logged
	// once there is room.
	two := next()
	f.sequence.Store(true)
	got := make(chan *Receipt)
	go func() {
		r, err := d.Submit(context.Background(), d.submission(two))
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	for d.Ready() == nil {
		time.Sleep(time.Millisecond)
	}
	f.sequence.Store(false)
	second := <-got

	// The commit worked and its answer was lost: it is not written twice.
	three := next()
	f.after.Store(true)
	third := d.must(three)
	if second == nil || third.Index != second.Index+1 {
		t.Errorf("entries %v and %v", second, third)
	}
	d.audit()
}

func TestStoreOlderThanLog(t *testing.T) {
	w := generator.New(generator.Options{Seed: 9, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	d.close()
	backup, err := os.ReadFile(filepath.Join(d.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	d.open()
	st := w.Request(w.Signatories[0], "2025-01", nil)
	w.Log(st)
	d.now.Store(w.Now())
	d.must(st)
	d.close()
	for _, suffix := range []string{"-wal", "-shm"} {
		os.Remove(filepath.Join(d.dir, "store.db"+suffix))
	}
	if err := os.WriteFile(filepath.Join(d.dir, "store.db"), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	if d.store, err = sqlite.Open(t.Context(), filepath.Join(d.dir, "store.db")); err != nil {
		t.Fatal(err)
	}
	if d.eng, err = embedded.Open(t.Context(), d.engineConfig()); err != nil {
		t.Fatal(err)
	}
	d.cfg.Store, d.cfg.Log = d.store, d.eng
	if _, err := Open(t.Context(), d.cfg); err == nil || !bytes.Contains([]byte(err.Error()), []byte("older copy")) {
		t.Errorf("opened on an old store: %v", err)
	}
	d.eng.Close(t.Context())
	d.store.Close()
}

func TestFilesComeBack(t *testing.T) {
	w := generator.New(generator.Options{Seed: 10, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	var digest string
	for range 3 {
		w.Advance(2 * time.Minute)
		st := w.Request(w.Signatories[0], "2025-01", nil)
		w.Log(st)
		d.now.Store(w.Now())
		d.must(st)
		digest = st.BodyDigest
	}
	d.close()
	if err := d.reopenStore(func(s store.Store) error { return s.SetMark(t.Context(), markBodies, 0) }); err != nil {
		t.Fatal(err)
	}
	body := filepath.Join(d.logDir(), log.BodyPath(digest))
	if err := os.Truncate(body, 3); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(d.logDir(), archivePath)
	whole, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := log.ParseArchive(whole)
	if err != nil || len(notes) < 2 {
		t.Fatalf("archive of %d checkpoints: %v", len(notes), err)
	}
	for cut := 1; cut < len(notes[len(notes)-1]); cut += 17 {
		if err := os.WriteFile(archive, whole[:len(whole)-cut], 0o644); err != nil {
			t.Fatal(err)
		}
		d.open()
		d.close()
		b, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		got, err := log.ParseArchive(b)
		if err != nil || len(got) < len(notes)-1 || !bytes.Equal(got[0], notes[0]) {
			t.Fatalf("cut by %d bytes: %d checkpoints, %v", cut, len(got), err)
		}
	}
	b, err := os.ReadFile(body)
	if err != nil || entry.Digest(b) != digest {
		t.Errorf("the body did not come back: %v", err)
	}
}

// TestArchiveDamaged: the archive is evidence. A start of the server cuts off what a
// crash left at its end, and touches nothing else.
func TestArchiveDamaged(t *testing.T) {
	w := generator.New(generator.Options{Seed: 12, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	for range 4 {
		w.Advance(2 * time.Minute)
		st := w.Request(w.Signatories[0], "2025-01", nil)
		w.Log(st)
		d.now.Store(w.Now())
		d.must(st)
	}
	d.close()
	path := filepath.Join(d.logDir(), archivePath)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := log.ParseArchive(whole)
	if err != nil || len(notes) < 4 {
		t.Fatalf("an archive of %d checkpoints: %v", len(notes), err)
	}
	last := len(whole) - len(notes[len(notes)-1]) - 1
	for at := 0; at < last; at += 31 {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x80
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := log.ParseArchive(bad); err == nil {
			continue // in a signature: an audit's business
		}
		f := &files{dir: d.logDir(), log: quiet}
		if err := f.openArchive(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("byte %d: %v", at, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, bad) {
			t.Fatalf("byte %d: the archive was changed", at)
		}
	}
	// Every way in which writing the last one may have been broken off.
	for cut := last + 1; cut < len(whole); cut += 7 {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		f := &files{dir: d.logDir(), log: quiet}
		if err := f.openArchive(); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, whole[:last]) {
			t.Fatalf("cut at %d: %d bytes are left, want %d", cut, len(after), last)
		}
	}
	// One that is gone is not begun anew: a start of the server refuses.
	kept, err := sqlite.Open(t.Context(), filepath.Join(d.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	minute, err := kept.Mark(t.Context(), markArchived)
	if err != nil || minute == 0 {
		t.Fatalf("the store knows of no archive: %d, %v", minute, err)
	}
	for name, make := range map[string]func() error{
		"none":  func() error { return os.Remove(path) },
		"empty": func() error { return os.WriteFile(path, nil, 0o644) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		f := &files{dir: d.logDir(), log: quiet}
		f.archive.minute = int64(minute)
		if err := f.openArchive(); err == nil || !strings.Contains(err.Error(), "restore it from a copy or a mirror") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a full disk kept from the order of record has the time of the first attempt once
// there is room, however late that is: docs/operating.md says so, and that a start anew
// before there is room gives it the time of then.
func TestFullDiskForHours(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprintf("started again %v", again), func(t *testing.T) {
			w := generator.New(generator.Options{Seed: 14, Signatories: 1})
			d, f := stalled(t, w, 1)
			st := w.Request(w.Signatories[0], "2025-01", nil)
			w.Log(st)
			first := w.Now()
			d.now.Store(first)
			f.sequence.Store(true)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go d.Submit(ctx, d.submission(st))
			d.waitFor("the full disk", func() bool { return d.Ready() != nil })
			want := first
			d.now.Add(2 * 3600)
			if again {
				want += 2 * 3600
				cancel()
				d.close()
				d.open()
			} else {
				f.sequence.Store(false)
			}
			d.waitFor("the statement", func() bool {
				_, found, err := d.store.RecordByEntryID(t.Context(), st.ID)
				return found && err == nil
			})
			if leaf := d.holds(d.must(st), d.submission(st)); leaf.Logged != want {
				t.Errorf("logged %d, want %d", leaf.Logged, want)
			}
		})
	}
}

// A full engine is one that takes no leaves.
type fullEngine struct {
	*embedded.Engine
	full atomic.Bool
}

func (e *fullEngine) Append(ctx context.Context, first uint64, leaves [][]byte) error {
	if e.full.Load() {
		return errDisk
	}
	return e.Engine.Append(ctx, first, leaves)
}

// While the log's own disk is full statements get their time for ten minutes more, and
// then no other, as they would look held back.
func TestNothingIsSequencedThatTheLogDoesNotTake(t *testing.T) {
	w := generator.New(generator.Options{Seed: 15, Signatories: 1})
	d, _ := stalled(t, w, 1)
	d.close()
	var err error
	if d.eng, err = embedded.Open(t.Context(), d.engineConfig()); err != nil {
		t.Fatal(err)
	}
	st, err := sqlite.Open(t.Context(), filepath.Join(d.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	e := &fullEngine{Engine: d.eng}
	d.store, d.cfg.Store, d.cfg.Log = st, st, e
	if d.Intake, err = Open(t.Context(), d.cfg); err != nil {
		t.Fatal(err)
	}
	say := func() *generator.Statement {
		st := w.Request(w.Signatories[0], "2025-01", nil)
		w.Log(st)
		d.now.Store(w.Now())
		return st
	}
	e.full.Store(true)
	one := say()
	first := d.now.Load()
	ctx, cancel := context.WithCancel(t.Context())
	go d.Submit(ctx, d.submission(one))
	d.waitFor("the full disk", func() bool { return errors.Is(d.Ready(), store.ErrFull) })
	size := d.Size()
	cancel()

	two := say()
	d.now.Store(first + 601)
	ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := d.Submit(ctx, d.submission(two)); !errors.Is(err, ErrStore) {
		t.Errorf("ten minutes later: %v, want %v", err, ErrStore)
	}
	if got := d.Size(); got != size {
		t.Errorf("%d entries have a place, %d had", got, size)
	}
	e.full.Store(false)
	d.waitFor("room", func() bool { return d.Ready() == nil })
	d.now.Store(w.Now())
	if leaf := d.holds(d.must(two), d.submission(two)); leaf.Logged != w.Now() {
		t.Errorf("logged %d, want %d", leaf.Logged, w.Now())
	}
	if leaf := d.holds(d.must(one), d.submission(one)); leaf.Logged != first {
		t.Errorf("the first was logged %d, want %d", leaf.Logged, first)
	}
}
