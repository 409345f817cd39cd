package intake

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
	"github.com/pledgelog/pledgelog/pledge"
)

// nested wants two of a, b, c and one of d, e.
const nested = "group x 2 a b c\ngroup y any d e\ngroup xy all x y\nquorum xy\n"

// witnessedDesk is a desk of a log with five witnesses in a nested policy.
func witnessedDesk(t *testing.T, lies ...witnesstest.Lie) (*desk, []*witnesstest.Witness) {
	w := generator.New(generator.Options{Seed: 11, NoDirectories: true})
	var ws []*witnesstest.Witness
	d := newDesk(t, w, func(d *desk) {
		d.operator = true
		text := "log " + w.Signer.Key().String() + "\n"
		for i, name := range []string{"a", "b", "c", "d", "e"} {
			x := witnesstest.New(name, w.Signer.Key())
			x.Clock = d.clock
			x.Start()
			t.Cleanup(x.Stop)
			if i < len(lies) {
				x.Set(lies[i])
			}
			ws = append(ws, x)
			text += x.Lines()
		}
		var err error
		if w.Policy, err = log.ParsePolicy([]byte(text + nested)); err != nil {
			t.Fatal(err)
		}
		d.asking, err = witnessing.New(witnessing.Config{
			Policy: w.Policy, Prover: log.NewTileReader(log.DirSource(d.logDir())), Clock: d.clock, Logger: quiet,
			Timeout: 2 * time.Second, Grace: 20 * time.Millisecond, Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.asking.Close)
	})
	return d, ws
}

// The quorum is lost and comes back, again and again, while statements come in, and
// so does the whole process. No statement is lost, every receipt has its quorum, and
// an audit by the policy finds nothing.
func TestQuorumComesAndGoes(t *testing.T) {
	slow := func(rw http.ResponseWriter, r *witnesstest.Request) bool {
		time.Sleep(150 * time.Millisecond)
		return false
	}
	d, ws := witnessedDesk(t, nil, slow, witnesstest.Dead(), nil, witnesstest.Status(http.StatusForbidden))
	d.found(4)
	d.publishWait = 500 * time.Millisecond
	d.Intake.cfg.PublishWait = d.publishWait
	month := lastMonth(d.world)
	var subs []*entry.Submission
	for i := range 120 {
		st := d.world.Request(d.world.Signatories[i%4], month, nil)
		d.world.Log(st)
		subs = append(subs, d.submission(st))
	}
	d.now.Store(d.world.Now())

	var mu sync.Mutex
	receipts := make(map[entry.ID]*Receipt)
	pending, refused := 0, 0
	stop := make(chan struct{})
	var fate sync.WaitGroup
	fate.Go(func() {
		for round := 0; ; round++ {
			ws[0].Set(nil)
			ws[3].Set(nil)
			select {
			case <-stop:
				return
			case <-time.After(400 * time.Millisecond):
			}
			ws[round%2*3].Set(witnesstest.Dead()) // a, or d: the quorum needs both
			select {
			case <-stop:
				ws[0].Set(nil)
				ws[3].Set(nil)
				return
			case <-time.After(900 * time.Millisecond):
			}
		}
	})
	for first := 0; first < len(subs); first += 12 {
		if first == 60 {
			d.close() // with whatever is lost just now
			d.open()
		}
		batch := subs[first : first+12]
		for len(batch) > 0 {
			var again []*entry.Submission
			for i, ticket := range d.SubmitAll(t.Context(), batch) {
				r, err := ticket.Wait(t.Context())
				var p *Pending
				var gap *Refusal
				switch {
				case errors.As(err, &gap) && gap.Code == pledge.CodeSeqGap && len(again) > 0:
					again = append(again, batch[i]) // what it follows was not taken a moment ago
				case err == nil:
					mu.Lock()
					receipts[r.Entry] = r
					mu.Unlock()
				case errors.As(err, &p):
					pending++
					again = append(again, batch[i])
				case errors.Is(err, ErrBusy), errors.Is(err, ErrWitnesses):
					refused++
					again = append(again, batch[i])
				default:
					t.Fatalf("statement %d: %v", first+i, err)
				}
			}
			batch = again
		}
	}
	close(stop)
	fate.Wait()
	if pending == 0 {
		t.Error("nothing had to wait: the test tested less than it says")
	}
	t.Logf("%d pending, %d to be sent again", pending, refused)
	seen := make(map[uint64]bool)
	for i, sub := range subs {
		r := receipts[sub.Statement.ID]
		if r == nil {
			t.Fatalf("statement %d is lost", i)
		}
		d.holds(r, sub) // which opens its checkpoint by the policy
		if seen[r.Index] {
			t.Errorf("index %d was given twice", r.Index)
		}
		seen[r.Index] = true
	}
	d.now.Add(7 * 3600) // a directory is due
	d.waitFor("the directory", func() bool {
		v, _ := d.head.get()
		s := d.Status()
		return s.Directory != nil && v.Checkpoint.Size > s.Directory.Index && v.Checkpoint.Size == d.Size()
	})
	d.now.Add(120)
	d.waitFor("the archive", func() bool { d.files.mu.Lock(); defer d.files.mu.Unlock(); return d.files.newest == nil })
	d.close()
	d.audited()
	// And none of the liars got in.
	notes := d.archive()
	for _, raw := range notes {
		v, err := d.world.Policy.Open(raw)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, c := range v.Cosignatures {
			if c.Witness == "c" || c.Witness == "e" {
				t.Errorf("cosigned by %s", c.Witness)
			}
		}
	}
	if len(notes) < 2 {
		t.Errorf("%d checkpoints in the archive", len(notes))
	}
}

func lastMonth(w *generator.World) string {
	return time.Unix(w.Now(), 0).UTC().AddDate(0, -1, 0).Format("2006-01")
}

func (d *desk) archive() [][]byte {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.logDir(), log.ArchivePath))
	if err != nil {
		d.t.Fatal(err)
	}
	notes, err := log.ParseArchive(b)
	if err != nil {
		d.t.Fatal(err)
	}
	return notes
}

// newestArchived is the last of them: read once, as there may be more a moment later.
func (d *desk) newestArchived() []byte {
	d.t.Helper()
	notes := d.archive()
	return notes[len(notes)-1]
}

// Without witnesses for ten minutes nothing is sequenced any more; with them it goes
// on, and what was queued gets its index then.
func TestNothingIsSequencedWithoutTime(t *testing.T) {
	d, ws := witnessedDesk(t)
	d.found(2)
	d.Intake.cfg.PublishWait = 500 * time.Millisecond
	month := lastMonth(d.world)
	next := func() *entry.Submission {
		st := d.world.Request(d.world.Signatories[0], month, nil)
		d.world.Log(st)
		return d.submission(st)
	}
	if err := d.Ready(); err != nil {
		t.Fatalf("not ready: %v", err)
	}
	if s := d.Status(); !s.Witnessed || s.QuorumTime == 0 {
		t.Errorf("status %+v", s)
	}
	for _, w := range ws[:2] {
		w.Set(witnesstest.Dead())
	}
	began := d.now.Load()
	d.now.Store(began + 590)
	first := next()
	var p *Pending
	if _, err := d.Submit(t.Context(), first); !errors.As(err, &p) {
		t.Fatalf("within ten minutes: %v, want a Pending", err)
	}
	if err := d.Ready(); !errors.Is(err, log.ErrQuorum) {
		t.Errorf("Ready: %v", err)
	}
	size := d.Size()
	d.now.Store(began + 700)
	second := next()
	if _, err := d.Submit(t.Context(), second); !errors.Is(err, ErrWitnesses) {
		t.Errorf("after ten minutes: %v", err)
	}
	if _, _, err := d.sequenceBatch(0); !errors.Is(err, ErrWitnesses) {
		t.Errorf("the sequencer: %v", err)
	}
	if d.Size() != size {
		t.Error("it was sequenced")
	}
	d.Intake.cfg.PublishWait = 30 * time.Second
	for _, w := range ws {
		w.Set(nil)
	}
	d.waitFor("witnesses", func() bool { return d.Ready() == nil })
	for _, sub := range []*entry.Submission{first, second} {
		r, err := d.Submit(t.Context(), sub)
		if err != nil {
			t.Fatal(err)
		}
		d.holds(r, sub)
	}
}

// A process whose witnesses are gone from its start sequences nothing, whatever the
// time on the published checkpoint.
func TestNothingIsSequencedBeforeWitnessesAnswer(t *testing.T) {
	d, ws := witnessedDesk(t)
	d.found(2)
	st := d.world.Request(d.world.Signatories[0], lastMonth(d.world), nil)
	d.world.Log(st)
	sub := d.submission(st)
	d.close()
	for _, w := range ws[3:] {
		w.Set(witnesstest.Dead())
	}
	d.open()
	if _, err := d.Submit(t.Context(), sub); !errors.Is(err, ErrWitnesses) {
		t.Errorf("Submit: %v", err)
	}
	if err := d.Ready(); err == nil {
		t.Error("it is ready")
	}
	ws[4].Set(nil)
	d.waitFor("a witness", func() bool { return d.Ready() == nil })
	r, err := d.Submit(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	d.holds(r, sub)
}

// A log that stands still is cosigned all the time, and its archive has one a day. A
// checkpoint that was not archived yet when the process ended is archived with its
// own cosignatures, not with those of the next start.
func TestArchiveOfALogThatStandsStill(t *testing.T) {
	d, _ := witnessedDesk(t)
	d.operator = false
	d.found(2)
	view, _ := d.head.get()
	d.waitFor("the archive", func() bool { d.files.mu.Lock(); defer d.files.mu.Unlock(); return len(d.files.archive.last) > 0 })
	d.close()
	down := d.now.Load()
	d.now.Store(down + 3*3600)
	d.open()
	size := func() uint64 {
		v, err := d.world.Policy.Open(d.newestArchived())
		if err != nil {
			t.Fatal(err)
		}
		return v.Checkpoint.Size
	}
	d.waitFor("the archive", func() bool { return size() == view.Checkpoint.Size })
	v, err := d.world.Policy.Open(d.newestArchived())
	if err != nil || v.Checkpoint.Size != view.Checkpoint.Size {
		t.Fatalf("%v", err)
	}
	if v.QuorumTime > uint64(down)+600 {
		t.Errorf("archived with the time %d, %d s after it was published", v.QuorumTime, v.QuorumTime-uint64(down))
	}
	had := len(d.archive())
	for hour := 0; hour < 72; hour += 4 {
		now := down + int64(4+hour)*3600
		d.now.Store(now)
		d.waitFor("a cosignature of the hour", func() bool { v, _ := d.head.get(); return v.QuorumTime >= uint64(now) })
	}
	days := make(map[string]int)
	d.waitFor("the last day", func() bool { d.files.mu.Lock(); defer d.files.mu.Unlock(); return d.files.newest == nil })
	for _, raw := range d.archive()[had:] {
		v, err := d.world.Policy.Open(raw)
		if err != nil {
			t.Fatal(err)
		}
		days[time.Unix(int64(v.QuorumTime), 0).UTC().Format(time.DateOnly)]++
	}
	if len(days) != 3 || len(d.archive()) != had+3 {
		t.Errorf("by day: %v", days)
	}
}
