package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/verifier"
)

// A desk is an intake on a directory, with the real store and the real engine.
type desk struct {
	t     *testing.T
	dir   string
	world *generator.World
	now   atomic.Int64
	store store.Store
	eng   *embedded.Engine
	cfg   Config
	*Intake
}

func newDesk(t *testing.T, w *generator.World) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), world: w}
	d.now.Store(w.Now())
	ctx := t.Context()
	st, err := sqlite.Create(ctx, filepath.Join(d.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	st.Close()
	if _, err := guard.CreateFile(filepath.Join(d.dir, "guard"), w.Options.Origin); err != nil {
		t.Fatal(err)
	}
	if err := embedded.Create(ctx, d.engineConfig()); err != nil {
		t.Fatal(err)
	}
	d.open()
	return d
}

func (d *desk) logDir() string { return filepath.Join(d.dir, "log") }

func (d *desk) engineConfig() embedded.Config {
	d.t.Helper()
	state, err := guard.OpenFile(filepath.Join(d.dir, "guard"))
	if err != nil {
		d.t.Fatal(err)
	}
	tiles := log.NewTileReader(log.DirSource(d.logDir()))
	return embedded.Config{Dir: d.logDir(), Signer: guard.New(d.world.Signer, state, tiles), Interval: embedded.MinInterval, Logger: quiet}
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func (d *desk) open() {
	d.t.Helper()
	ctx := context.Background()
	var err error
	if d.store, err = sqlite.Open(ctx, filepath.Join(d.dir, "store.db")); err != nil {
		d.t.Fatal(err)
	}
	if d.eng, err = embedded.Open(ctx, d.engineConfig()); err != nil {
		d.t.Fatal(err)
	}
	d.cfg = Config{Origin: d.world.Options.Origin, Policy: d.world.Policy, Store: d.store, Log: d.eng, Dir: d.logDir(), Clock: func() time.Time { return time.Unix(d.now.Load(), 0) }, Logger: quiet}
	if d.Intake, err = Open(ctx, d.cfg); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(d.close)
}

func (d *desk) close() {
	ctx := context.Background()
	if d.Intake == nil {
		return
	}
	if err := d.Intake.Close(ctx); err != nil {
		d.t.Error(err)
	}
	d.Intake = nil
	if err := d.eng.Close(ctx); err != nil {
		d.t.Error(err)
	}
	d.store.Close()
}

// submission is the statement as it arrives over HTTP.
func (d *desk) submission(st *generator.Statement) *entry.Submission {
	d.t.Helper()
	sub, err := entry.ParseSubmission(st.Submission().Marshal())
	if err != nil {
		d.t.Fatal(err)
	}
	return sub
}

// holds checks a receipt as a signatory would.
func (d *desk) holds(r *Receipt, sub *entry.Submission) *entry.Leaf {
	d.t.Helper()
	p, err := log.ParseProof(r.Proof)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Equal(p.Extra, r.Leaf) || p.Index != r.Index {
		d.t.Fatal("the proof is of another leaf")
	}
	if _, err := d.world.Policy.VerifyProof(p, log.LeafHash(r.Leaf)); err != nil {
		d.t.Fatal(err)
	}
	leaf, err := entry.ParseLeaf(r.Leaf)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Equal(leaf.Statement.Payload, sub.Envelope.Payload) || r.Entry != sub.Statement.ID {
		d.t.Fatal("the receipt is for another statement")
	}
	return leaf
}

func (d *desk) must(st *generator.Statement) *Receipt {
	d.t.Helper()
	sub := d.submission(st)
	r, err := d.Submit(context.Background(), sub)
	if err != nil {
		d.t.Fatalf("%s by %s: %v", st.Kind, st.Author, err)
	}
	d.holds(r, sub)
	return r
}

// TestStoryThroughIntake plays a story through the intake and compares every
// leaf with the one that the generator, which knows nothing of the intake, wrote.
func TestStoryThroughIntake(t *testing.T) {
	w := generator.New(generator.Options{Seed: 1, Signatories: 4})
	start := w.Now()
	if err := w.Story(60); err != nil {
		t.Fatal(err)
	}
	story := w.Logged
	d := newDesk(t, w)
	d.now.Store(start)
	for i, e := range story {
		leaf, err := entry.ParseLeaf(e.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		d.now.Store(leaf.Logged)
		sub, err := entry.ParseSubmission((&entry.Submission{Envelope: leaf.Statement, Body: e.Body}).Marshal())
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Submit(t.Context(), sub)
		if err != nil {
			t.Fatalf("statement %d: %v", i, err)
		}
		d.holds(r, sub)
		if r.Index != uint64(i) || r.Known || !bytes.Equal(r.Leaf, e.Leaf) {
			t.Fatalf("statement %d became leaf %d, known %v:\n%s\nwant\n%s", i, r.Index, r.Known, r.Leaf, e.Leaf)
		}
		if e.Body != nil {
			if b, err := os.ReadFile(filepath.Join(d.logDir(), log.BodyPath(e.Digest))); err != nil || !bytes.Equal(b, e.Body) {
				t.Fatalf("body of statement %d: %v", i, err)
			}
		}
	}
	if err := d.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if got := d.Size(); got != uint64(len(story)) {
		t.Errorf("size %d, want %d", got, len(story))
	}
	// The same statement again: the same leaf and index, and no growth.
	leaf, _ := entry.ParseLeaf(story[10].Leaf)
	again, err := entry.ParseSubmission((&entry.Submission{Envelope: leaf.Statement, Body: story[10].Body}).Marshal())
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Submit(t.Context(), again)
	if err != nil || r.Index != 10 || !r.Known || !bytes.Equal(r.Leaf, story[10].Leaf) {
		t.Errorf("submitted again: %+v, %v", r, err)
	}
	d.close()
	d.open()
	if got := d.Size(); got != uint64(len(story)) {
		t.Errorf("after a restart: size %d, want %d", got, len(story))
	}
	if r, err := d.Submit(t.Context(), again); err != nil || r.Index != 10 || !r.Known {
		t.Errorf("submitted again after a restart: %+v, %v", r, err)
	}
	d.audit()
}

// found sets a world up to its pledges.
func (d *desk) found(n int) {
	d.t.Helper()
	step := func(st *generator.Statement) {
		d.world.Log(st)
		d.now.Store(d.world.Now())
		d.must(st)
	}
	step(d.world.Found())
	for _, a := range d.world.Signatories[:n] {
		step(d.world.Admit(a))
		step(d.world.Pledge(a))
	}
}

func TestEverythingAtOnce(t *testing.T) {
	const authors, each = 20, 10
	w := generator.New(generator.Options{Seed: 2, Signatories: authors})
	d := newDesk(t, w)
	// The whole founding goes in without a wait: each builds on the one before.
	var subs []*entry.Submission
	add := func(st *generator.Statement) {
		w.Log(st)
		subs = append(subs, d.submission(st))
	}
	add(w.Found())
	for _, a := range w.Signatories {
		add(w.Admit(a))
		add(w.Pledge(a))
	}
	d.now.Store(w.Now())
	for i, ticket := range d.SubmitAll(t.Context(), subs) {
		r, err := ticket.Wait(t.Context())
		if err != nil {
			t.Fatalf("statement %d: %v", i, err)
		}
		if r.Index != uint64(i) {
			t.Fatalf("statement %d became entry %d", i, r.Index)
		}
	}
	// Then every author submits its own chain, all at the same time.
	chains := make([][]*entry.Submission, authors)
	for i, a := range w.Signatories {
		for range each {
			st := w.Request(a, "2025-01", nil)
			w.Log(st)
			chains[i] = append(chains[i], d.submission(st))
		}
	}
	d.now.Store(w.Now())
	seen := make([]atomic.Int32, len(subs)+authors*each)
	var wg sync.WaitGroup
	for _, chain := range chains {
		wg.Go(func() {
			last := uint64(0)
			for _, sub := range chain {
				r, err := d.Submit(t.Context(), sub)
				if err != nil {
					t.Errorf("%s %d: %v", sub.Statement.Author, sub.Statement.Seq, err)
					return
				}
				d.holds(r, sub)
				if r.Index <= last {
					t.Errorf("%s: entry %d after %d", sub.Statement.Author, r.Index, last)
				}
				last = r.Index
				seen[r.Index].Add(1)
			}
		})
	}
	wg.Wait()
	for i := len(subs); i < len(seen); i++ {
		if seen[i].Load() != 1 {
			t.Errorf("entry %d was given to %d statements", i, seen[i].Load())
		}
	}
	d.audit()
}

// audit replays what was published with the rules alone.
func (d *desk) audit() *pledge.State {
	d.t.Helper()
	ctx := context.Background()
	raw, err := d.eng.Published(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	v, err := d.world.Policy.Open(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	tiles := log.NewTileReader(log.DirSource(d.logDir()))
	state, keys, b := pledge.New(d.world.Options.Origin), pledge.NewKeyring(), log.NewBuilder(nil)
	it := tiles.Leaves(ctx, 0, v.Checkpoint.Size, v.Checkpoint.Size)
	for first, leaves := range it.All() {
		for i, leaf := range leaves {
			item := pledge.Read(first+uint64(i), leaf)
			keys.Try(item)
			keys.Learn(item.Statement)
			if verdict, found := state.Step(item); verdict.Kind != pledge.Accepted || len(found) > 0 {
				d.t.Errorf("entry %d: %+v %v", item.Index, verdict, found)
			}
			b.Append(log.LeafHash(leaf))
		}
	}
	if it.Err() != nil {
		d.t.Fatal(it.Err())
	}
	if b.Root() != v.Checkpoint.Root || b.Size() != v.Checkpoint.Size {
		d.t.Error("the root is not that of the leaves")
	}
	// What the server accepts the verifier accepts.
	report, err := verifier.Audit(ctx, verifier.Config{Policy: d.world.Policy, Charter: d.world.Charter, Source: log.DirSource(d.logDir())})
	if err != nil || report.Result != verifier.Matches {
		d.t.Errorf("audit: %v %+v", err, report)
	}
	return state
}

func TestRefusals(t *testing.T) {
	w := generator.New(generator.Options{Seed: 3, Signatories: 3})
	d := newDesk(t, w)
	d.found(2)
	a, b, outsider := w.Signatories[0], w.Signatories[1], w.Signatories[2]
	draft := func(a *generator.Author) *generator.Statement { return w.Request(a, "2025-01", nil) }
	for _, c := range []struct {
		name string
		st   func() *generator.Statement
		want entry.Code
		head bool
	}{
		{"wrong signature", func() *generator.Statement {
			st := draft(a).Sign()
			st.Envelope.Signatures[0].Sig[3] ^= 1
			return st
		}, pledge.CodeSignatureInvalid, false},
		{"a signature too many", func() *generator.Statement {
			return draft(a).Encode().SignWith(append(a.Signers(), b.Signers()...)...)
		}, pledge.CodeSignatureUncalled, false},
		{"another's signature", func() *generator.Statement { return draft(a).Encode().SignWith(b.Signers()...) }, pledge.CodeSignatureUncalled, false},
		{"unknown author", func() *generator.Statement { return draft(outsider) }, pledge.CodeAuthorUnknown, false},
		{"gap in seq", func() *generator.Statement {
			st := draft(a)
			st.Seq++
			return st
		}, pledge.CodeSeqGap, true},
		{"wrong prev", func() *generator.Statement {
			st := draft(a)
			st.Prev[0] ^= 1
			return st
		}, pledge.CodePrevMismatch, true},
		{"seq that is taken", func() *generator.Statement {
			st := draft(a)
			st.Seq, st.Prev = 1, entry.ID{}
			return st
		}, pledge.CodeSeqTaken, true},
		{"replay from another origin", func() *generator.Statement {
			o := generator.New(generator.Options{Seed: 3, Signatories: 3, Origin: "log.other.example"})
			st := o.Request(o.Signatories[0], "2025-01", nil)
			st.Seq, st.Prev = a.Seq+1, a.Head
			return st
		}, pledge.CodeOrigin, false},
		{"kind of the secretariat", func() *generator.Statement {
			st := w.Admit(outsider)
			st.Author, st.Seq, st.Prev = a.ID, a.Seq+1, a.Head
			return st
		}, pledge.CodeKindNotAllowed, false},
		{"second charter", func() *generator.Statement { return w.Found() }, pledge.CodeCharterMisplaced, false},
		// What only the server refuses: the table of docs/spec.md.
		{"made in the future", func() *generator.Statement {
			st := draft(a)
			st.Made = d.now.Load() + 601
			return st
		}, CodeMadeAhead, false},
		{"made before the previous", func() *generator.Statement {
			st := draft(a)
			st.Made = a.LastMade - 1
			return st
		}, CodeMadeDecreases, false},
		{"received in the future", func() *generator.Statement {
			p := entry.PeriodAt(entry.Quarter, d.now.Load()).Next()
			return w.Request(a, time.Unix(p.Start(), 0).UTC().Format("2006-01-02"), nil)
		}, CodeReceivedAhead, false},
		{"withheld", func() *generator.Statement {
			st := draft(a)
			st.Review = "2099-01-01"
			return st
		}, CodeWithheldNotYet, false},
		{"unknown code", func() *generator.Statement {
			st := draft(a)
			st.Detached.(*entry.RequestBody).Assist = []string{"telepathy"}
			st.Detached.(*entry.RequestBody).Other = nil
			return st
		}, entry.CodeVocabulary, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			size := d.Size()
			_, err := d.Submit(t.Context(), d.submission(c.st()))
			var r *Refusal
			if !errors.As(err, &r) || r.Code != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if (r.Head != nil) != c.head {
				t.Errorf("head %v, want one: %v", r.Head, c.head)
			}
			if c.head && (r.Head.Seq != a.Seq || r.Head.Entry != a.Head) {
				t.Errorf("head %+v, want %d %s", r.Head, a.Seq, a.Head)
			}
			if Hint(r.Code) == "" {
				t.Errorf("%s has no hint", r.Code)
			}
			if d.Size() != size {
				t.Error("the log grew")
			}
		})
	}
	st := draft(a)
	w.Log(st)
	d.now.Store(w.Now())
	d.must(st) // all that did no harm
	d.audit()
}

func TestTwoForOnePlace(t *testing.T) {
	w := generator.New(generator.Options{Seed: 4, Signatories: 1})
	d := newDesk(t, w)
	d.found(1)
	a := w.Signatories[0]
	const rivals = 16
	subs := make([]*entry.Submission, rivals)
	for i := range subs {
		subs[i] = d.submission(w.Request(a, "2025-01", nil)) // none is noted: all have one seq
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for _, sub := range subs {
		wg.Go(func() {
			r, err := d.Submit(t.Context(), sub)
			var refused *Refusal
			switch {
			case err == nil:
				won.Add(1)
				d.holds(r, sub)
			case errors.As(err, &refused) && refused.Code == pledge.CodeSeqTaken && refused.Head.Seq == a.Seq+1:
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d statements got the one place", won.Load())
	}
	d.audit()
}

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

// TestTakeover opens a second intake on the same store: the first, frozen one
// must not write any more.
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
	deadline := time.Now().Add(20 * time.Second)
	for d.Size() == size && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if r := d.must(st); r.Index != size || !r.Known {
		t.Errorf("after the takeover: entry %d, known %v; want %d, known", r.Index, r.Known, size)
	}
}

// faulty fails some writes of a store, as a full disk does.
type faulty struct {
	store.Store
	enqueue, sequence, after atomic.Bool
}

var errDisk = fmt.Errorf("no space left on device: %w", store.ErrFull)

func (f *faulty) Enqueue(ctx context.Context, s []store.Submission) ([]bool, error) {
	if f.enqueue.Load() {
		return nil, errDisk
	}
	return f.Store.Enqueue(ctx, s)
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
	d := newDesk(t, w)
	d.found(1)
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
	next := func() *generator.Statement {
		st := w.Request(w.Signatories[0], "2025-01", nil)
		w.Log(st)
		d.now.Store(w.Now())
		return st
	}

	// The queue cannot be written: nothing is acknowledged, and trying again works.
	one := next()
	f.enqueue.Store(true)
	if _, err := d.Submit(t.Context(), d.submission(one)); !errors.Is(err, ErrBusy) {
		t.Errorf("with a full queue: %v, want %v", err, ErrBusy)
	}
	f.enqueue.Store(false)
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

func TestInit(t *testing.T) {
	w := generator.New(generator.Options{Seed: 8, Signatories: 1})
	d := newDesk(t, w)
	if err := d.Ready(); err == nil {
		t.Error("ready without a charter")
	}
	found := w.Found()
	sub := d.submission(found)
	one := d.submission(w.Found())
	one.Envelope.Signatures = one.Envelope.Signatures[1:]
	if _, err := d.Submit(t.Context(), one); !errors.As(err, new(*Refusal)) || err.(*Refusal).Code != pledge.CodeSignaturesTooFew {
		t.Errorf("a charter that one of its keys did not sign: %v, want %s", err, pledge.CodeSignaturesTooFew)
	}
	d.Intake.Close(t.Context())
	r, err := Init(t.Context(), d.cfg, sub)
	if err != nil || r.Index != 0 || r.Known {
		t.Fatalf("init: %+v, %v", r, err)
	}
	r, err = Init(t.Context(), d.cfg, sub)
	if err != nil || r.Index != 0 || !r.Known {
		t.Errorf("init again: %+v, %v", r, err)
	}
	d.Intake = nil
	d.eng.Close(t.Context())
	d.store.Close()
}

// TestStoreOlderThanLog restores a store from before the last entries: it must not
// give their indexes to others.
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

// TestFilesComeBack removes what a crash may take: single bodies that were not
// flushed, and the end of the archive.
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

func (d *desk) reopenStore(do func(store.Store) error) error {
	s, err := sqlite.Open(context.Background(), filepath.Join(d.dir, "store.db"))
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}
