package intake

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// stalled opens a desk on a store that can be made to fail.
func stalled(t *testing.T, w *generator.World, signatories int) (*desk, *faulty) {
	t.Helper()
	d := newDesk(t, w)
	d.found(signatories)
	d.close()
	st, err := sqlite.Open(t.Context(), filepath.Join(d.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{Store: st}
	if d.eng, err = embedded.Open(t.Context(), d.engineConfig()); err != nil {
		t.Fatal(err)
	}
	d.store, d.cfg.Store, d.cfg.Log = f, f, d.eng
	if d.Intake, err = Open(t.Context(), d.cfg); err != nil {
		t.Fatal(err)
	}
	return d, f
}

// signedBy is the statement with these signatures and no others.
func (d *desk) signedBy(st *generator.Statement, keys ...*generator.Key) *entry.Submission {
	d.t.Helper()
	other := *st
	other.Envelope = &entry.Envelope{Payload: st.Payload}
	return d.submission(other.SignWith(keys...))
}

// TestAnotherSetOfSignatures: while statements wait, one that lacks signatures says
// nothing about the same statement with all of them.
func TestAnotherSetOfSignatures(t *testing.T) {
	w := generator.New(generator.Options{Seed: 21, Signatories: 3})
	var two *generator.Author
	for _, a := range w.Signatories {
		if a.Threshold > 1 {
			two = a
		}
	}
	if two == nil {
		two = w.Signatories[0]
		two.Keys = append(two.Keys, w.NewKey("second"))
		two.Threshold = 2
	}
	d, f := stalled(t, w, 3)
	first := w.Request(two, "2025-01", nil)
	w.Log(first)
	st := w.Request(two, "2025-01", nil)
	w.Log(st)
	d.now.Store(w.Now())
	f.sequence.Store(true) // everything waits
	tickets := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(first), d.signedBy(st, two.Keys[0]), d.submission(st), d.signedBy(st, two.Keys[1]), d.submission(st)})
	// A signature that fails is refused at once, whatever waits.
	bad := d.submission(st)
	bad.Envelope = &entry.Envelope{Payload: st.Payload, Signatures: []entry.Signature{{KeyID: two.Keys[0].ID, Sig: make([]byte, 64)}}}
	var refused *Refusal
	if _, err := d.Submit(t.Context(), bad); !errors.As(err, &refused) || refused.Code != pledge.CodeSignatureInvalid {
		t.Errorf("a signature that fails: %v, want %s", err, pledge.CodeSignatureInvalid)
	}
	f.sequence.Store(false)
	want := []entry.Code{"", pledge.CodeSignaturesTooFew, "", "", ""}
	for i, ticket := range tickets {
		r, err := ticket.Wait(t.Context())
		switch {
		case want[i] != "":
			if !errors.As(err, &refused) || refused.Code != want[i] {
				t.Errorf("submission %d: %v, want %s", i, err, want[i])
			}
		case err != nil && i == 3: // short of a signature too, but the statement is there
			if !errors.As(err, &refused) || refused.Code != pledge.CodeSignaturesTooFew {
				t.Errorf("submission %d: %v", i, err)
			}
		case err != nil:
			t.Errorf("submission %d: %v", i, err)
		case i != 3:
			d.holds(r, d.submission(map[bool]*generator.Statement{true: first, false: st}[i == 0]))
		}
	}
	d.audit()
}

// TestSequencerIsFaster: what the sequencer did with a statement before its committer
// knew that it was queued is what everybody hears, and nothing of it is kept.
func TestSequencerIsFaster(t *testing.T) {
	w := generator.New(generator.Options{Seed: 23, Signatories: 1})
	two := w.Signatories[0]
	two.Keys = append(two.Keys, w.NewKey("second"))
	two.Threshold = 2
	d, f := stalled(t, w, 1)
	before := w.Request(two, "2025-01", nil)
	w.Log(before)
	st := w.Request(two, "2025-01", nil)
	w.Log(st)
	d.now.Store(w.Now())
	subs := []*entry.Submission{d.signedBy(st, two.Keys[0]), d.submission(st), d.signedBy(st, two.Keys[1]), d.submission(st)}
	// One commit takes the four, as that before it ends when all are there: the first
	// is queued, and refused before it is known that the others were not.
	var later atomic.Bool
	f.enqueued = func(n int) {
		for !later.Load() && n+len(d.enter) < 1+len(subs) {
			time.Sleep(time.Millisecond)
		}
		later.Store(true)
		for ; n > 0 && t.Context().Err() == nil; time.Sleep(time.Millisecond) {
			d.wake(d.queued)
			n, _ = f.QueueLen(t.Context())
		}
	}
	d.SubmitAll(t.Context(), []*entry.Submission{d.submission(before)})
	tickets := d.SubmitAll(t.Context(), subs)
	for i, ticket := range tickets {
		r, err := ticket.Wait(t.Context())
		var refused *Refusal
		switch {
		case i%2 == 0 && (!errors.As(err, &refused) || refused.Code != pledge.CodeSignaturesTooFew) && (i == 0 || err != nil):
			t.Errorf("submission %d: %v, want %s", i, err, pledge.CodeSignaturesTooFew)
		case i%2 == 1 && err != nil:
			t.Errorf("submission %d: %v", i, err)
		case i%2 == 1:
			d.holds(r, d.submission(st))
		}
	}
	if len(d.parsed) != 0 {
		t.Errorf("%d statements are kept of an empty queue", len(d.parsed))
	}
	d.audit()
}

// TestQueueIsBounded: nothing that is known to be bad gets in while the sequencer
// stands still, and what is good only up to a bound.
func TestQueueIsBounded(t *testing.T) {
	w := generator.New(generator.Options{Seed: 22, Signatories: 1})
	d, f := stalled(t, w, 1)
	a := w.Signatories[0]
	f.sequence.Store(true)
	first := w.Request(a, "2025-01", nil)
	w.Log(first)
	d.now.Store(w.Now())
	tickets := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(first)})
	for { // until it is queued
		if n, err := d.store.QueueLen(t.Context()); err != nil {
			t.Fatal(err)
		} else if n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for range 50 {
		st := w.Request(a, "2025-01", nil).Sign()
		st.Envelope.Signatures[0].Sig[5] ^= 1
		if _, err := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(st)})[0].Wait(t.Context()); !errors.As(err, new(*Refusal)) {
			t.Fatalf("a bad signature while the sequencer stands still: %v", err)
		}
	}
	if n, err := d.store.QueueLen(t.Context()); err != nil || n != 1 {
		t.Errorf("%d statements are queued (%v), want 1", n, err)
	}
	// Pretend that the queue is full.
	d.parsedMu.Lock()
	for i := range maxQueued {
		d.parsed[int64(-1-i)] = nil
	}
	d.parsedMu.Unlock()
	st := w.Request(a, "2025-01", nil)
	if _, err := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(st)})[0].Wait(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("with a full queue: %v, want %v", err, ErrBusy)
	}
	d.parsedMu.Lock()
	for i := range maxQueued {
		delete(d.parsed, int64(-1-i))
	}
	d.parsedMu.Unlock()
	f.sequence.Store(false)
	if _, err := tickets[0].Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestReadinessComesBack after a reading error on an empty queue, and is lost while
// the clock is behind.
func TestReadinessComesBack(t *testing.T) {
	w := generator.New(generator.Options{Seed: 23, Signatories: 1})
	d, f := stalled(t, w, 1)
	f.read.Store(true)
	d.wake(d.queued)
	for d.Ready() == nil {
		time.Sleep(time.Millisecond)
	}
	f.read.Store(false)
	for d.Ready() != nil {
		time.Sleep(time.Millisecond)
	}
	right := d.now.Load()
	d.now.Store(right - 86400)
	if err := d.Ready(); !errors.Is(err, ErrClock) {
		t.Errorf("with the clock behind: %v, want %v", err, ErrClock)
	}
	d.now.Store(right)
	if err := d.Ready(); err != nil {
		t.Error(err)
	}
}

// TestSequencerWatchesTheClock: what is queued when the clock goes back waits.
func TestSequencerWatchesTheClock(t *testing.T) {
	w := generator.New(generator.Options{Seed: 24, Signatories: 1})
	d, f := stalled(t, w, 1)
	a := w.Signatories[0]
	one := w.Request(a, "2025-01", nil)
	w.Log(one)
	w.Advance(time.Hour)
	two := w.Request(a, "2025-01", nil)
	w.Log(two)
	right := w.Now()
	d.now.Store(right)
	d.must(one)
	f.read.Store(true) // the sequencer does not see what comes
	for d.Ready() == nil {
		d.wake(d.queued)
		time.Sleep(time.Millisecond)
	}
	ticket := d.SubmitAll(t.Context(), []*entry.Submission{d.submission(two)})[0]
	d.now.Store(right - 3600)
	f.read.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	if _, err := ticket.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("sequenced by a clock that is behind: %v", err)
	}
	d.now.Store(right)
	if leaf := d.holds(d.must(two), d.submission(two)); leaf.Logged != right {
		t.Errorf("logged %d, want %d", leaf.Logged, right)
	}
}

// TestRecordThatTheRulesReject: an order of record that was altered, or that another
// version wrote by other rules, does not start.
func TestRecordThatTheRulesReject(t *testing.T) {
	w := generator.New(generator.Options{Seed: 25, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	d.close()
	stray := w.Request(w.Signatories[0], "2025-01", nil)
	stray.Seq += 5
	stray.Sign()
	leaf := (&entry.Leaf{Logged: w.Now(), Statement: stray.Envelope}).Marshal()
	if err := d.reopenStore(func(s store.Store) error {
		epoch, err := s.Fence(t.Context())
		if err != nil {
			return err
		}
		size, _, err := s.Size(t.Context())
		if err != nil {
			return err
		}
		return s.Sequence(t.Context(), epoch, []store.Record{{Index: size, EntryID: stray.ID, Logged: w.Now(), Leaf: leaf}}, nil)
	}); err != nil {
		t.Fatal(err)
	}
	d.opensNot("replay order of record")
}

// TestRecordAgainstEngine: an order of record whose leaves are not those of the
// published log does not start.
func TestRecordAgainstEngine(t *testing.T) {
	one := generator.New(generator.Options{Seed: 26, Signatories: 1})
	d := newDesk(t, one)
	d.found(1)
	d.close()
	// The same accord, founded again: the same keys, another log.
	two := generator.New(generator.Options{Seed: 26, Signatories: 1})
	two.Advance(time.Hour)
	e := newDesk(t, two)
	e.found(1)
	e.close()
	d.dir, e.dir = e.dir, d.dir // the store of one ...
	if err := swap(filepath.Join(d.dir, "log"), filepath.Join(e.dir, "log")); err != nil {
		t.Fatal(err)
	}
	if err := swap(filepath.Join(d.dir, "guard"), filepath.Join(e.dir, "guard")); err != nil {
		t.Fatal(err)
	}
	d.opensNot("not that of the order of record")
}

// opensNot opens an intake that must not open, for a reason that holds why.
func (d *desk) opensNot(why string) {
	d.t.Helper()
	ctx := context.Background()
	st, err := sqlite.Open(ctx, filepath.Join(d.dir, "store.db"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer st.Close()
	eng, err := embedded.Open(ctx, d.engineConfig())
	if err != nil {
		d.t.Fatal(err)
	}
	defer eng.Close(ctx)
	cfg := d.cfg
	cfg.Store, cfg.Log, cfg.Dir = st, eng, d.logDir()
	in, err := Open(ctx, cfg)
	if err == nil {
		in.Close(ctx)
		d.t.Fatal("it opened")
	}
	if !contains(err, why) {
		d.t.Errorf("got %v, want %q", err, why)
	}
}

// lying gives wrong tiles, as a damaged disk does.
type lying struct{ log.Source }

func (l lying) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	b, err := l.Source.Get(ctx, path, limit)
	if err == nil && len(path) > 7 && path[:7] == "tile/0/" {
		for i := range b {
			b[i] ^= 1
		}
	}
	return b, err
}

// TestNoReceiptThatDoesNotHold: a proof made from damaged tiles is never given out.
func TestNoReceiptThatDoesNotHold(t *testing.T) {
	w := generator.New(generator.Options{Seed: 27, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	st := w.Request(w.Signatories[0], "2025-01", nil)
	w.Log(st)
	d.now.Store(w.Now())
	d.tiles = log.NewTileReader(lying{d.eng.Source()})
	if r, err := d.Submit(t.Context(), d.submission(st)); err == nil {
		t.Errorf("a receipt from damaged tiles: entry %d", r.Index)
	}
	d.tiles = log.NewTileReader(d.eng.Source())
	d.must(st)
}
