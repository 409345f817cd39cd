package intake

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

func withOperator(d *desk) { d.operator = true }

// hour is how far the desk's clock moves at a time, in the tests of directories.
const hour = 3600

// pass lets time pass for the desk, and for its world, which makes no directories by
// itself.
func (d *desk) pass(seconds int64) {
	d.world.SetNow(d.world.Now() + seconds)
	d.now.Store(d.world.Now())
}

// noted enters the server's own directories in the world's books, so that what the
// world drafts next is right.
func (d *desk) noted(r *pledge.Mark) {
	d.t.Helper()
	st := d.world.Directory()
	d.world.Log(st)
	if got := d.world.Host.Seq; d.Status().Directory == nil || r == nil {
		d.t.Fatalf("no directory, and the world has %d", got)
	}
	d.world.Host.Head = r.Entry
}

// TestDirectoryIsMade some hours after the log grew, once, and not because of
// itself.
func TestDirectoryIsMade(t *testing.T) {
	w := generator.New(generator.Options{Seed: 61, Signatories: 2, NoDirectories: true, Slots: entry.SlotsWeek})
	d := newDesk(t, w, withOperator)
	d.found(2)
	grown := w.Now()
	s := d.Status()
	if !s.Operator || s.Directory != nil || s.DirectorySince != grown || s.DirectoryDue != grown+86400 {
		t.Fatalf("status %+v, grown at %d", s, grown)
	}
	d.pass(6*hour - 1)
	d.say(w.Request(w.Signatories[0], "2025-01", nil))
	if got := d.Status().Directory; got != nil {
		t.Fatalf("a directory %+v before its time", got)
	}
	d.pass(1)
	d.waitFor("the directory", func() bool { return d.Status().Directory != nil })
	m := *d.Status().Directory
	if m.Index != w.Size() || m.Logged != grown+6*hour {
		t.Errorf("directory %+v, want index %d", m, w.Size())
	}
	if s := d.Status(); s.DirectorySince != 0 || s.DirectoryTrouble != nil {
		t.Errorf("status %+v", s)
	}
	d.noted(&m)
	// No growth, no directory: not by time, and not by a restart.
	d.pass(100 * hour)
	d.close()
	d.open()
	st := w.Request(w.Signatories[1], "2025-01", nil)
	if r := d.say(st); r.Index != m.Index+1 {
		t.Errorf("the request after the directory is entry %d", r.Index)
	}
	d.pass(6 * hour)
	d.waitFor("the second directory", func() bool { return d.Status().Directory.Index > m.Index })
	second := *d.Status().Directory
	if second.Index != m.Index+2 {
		t.Errorf("the second directory is entry %d", second.Index)
	}
	d.noted(&second)
	d.waitFor("its publication", func() bool { return d.publishedSize() > second.Index })
	d.audit()
}

// TestDirectoryUnderLoad: whatever comes in at the same time, a directory's size is
// its index, and none is refused.
func TestDirectoryUnderLoad(t *testing.T) {
	w := generator.New(generator.Options{Seed: 62, Signatories: 6, NoDirectories: true})
	d := newDesk(t, w, withOperator)
	d.found(6)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	chains := make([][]*entry.Submission, len(w.Signatories))
	for i, a := range w.Signatories {
		for range 40 {
			st := w.Request(a, "2025-01", nil)
			w.Log(st)
			chains[i] = append(chains[i], d.submission(st))
		}
	}
	d.now.Store(w.Now())
	for _, chain := range chains {
		wg.Go(func() {
			for _, sub := range chain {
				if _, err := d.Submit(context.Background(), sub); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	go func() { wg.Wait(); close(stop) }()
	made := 0
	for ended := false; !ended; {
		select {
		case <-stop:
			ended = true
		default:
			if made == 12 {
				<-stop // enough: the authors' clocks stand still
				continue
			}
			last := d.Status().Directory
			d.waitFor("growth", func() bool { return d.Status().DirectorySince != 0 || d.Size() >= w.Size() })
			if d.Status().DirectorySince == 0 {
				<-stop // all was said, and the last directory covers it
				continue
			}
			d.now.Add(6 * hour)
			d.wake(d.queued)
			d.waitFor("a directory", func() bool { m := d.Status().Directory; return m != nil && (last == nil || m.Index > last.Index) })
			made++
		}
	}
	d.now.Add(6 * hour)
	d.wake(d.queued)
	d.waitFor("the last directory", func() bool { return d.Status().DirectorySince == 0 })
	d.waitFor("its publication", func() bool { return d.publishedSize() > d.Status().Directory.Index })
	state := d.replayed(0)
	if made = int(d.Size() - w.Size()); made < 2 || state.LastDirectory() == nil || state.LastDirectory().Index != d.Size()-1 {
		t.Errorf("%d directories were made, the last is %+v", made, state.LastDirectory())
	}
	if err := d.Status().DirectoryTrouble; err != nil {
		t.Error(err)
	}
}

// TestDirectoryWithoutKey says so, and one whose key is not the operator's too.
func TestDirectoryWithoutKey(t *testing.T) {
	w := generator.New(generator.Options{Seed: 63, Signatories: 1, NoDirectories: true})
	d := newDesk(t, w)
	d.found(1)
	d.pass(30 * hour)
	if s := d.Status(); s.Operator || s.Directory != nil || s.DirectoryDue >= d.now.Load() {
		t.Errorf("status %+v", s)
	}
	d.close()
	d.operator = true
	w.Operator = []*generator.Key{w.NewKey("a stranger")}
	d.open()
	d.waitFor("the trouble", func() bool { return d.Status().DirectoryTrouble != nil })
	if err := d.Status().DirectoryTrouble; !strings.Contains(err.Error(), "0 of the 1 operator keys") {
		t.Errorf("trouble %v", err)
	}
	if err := d.Ready(); err != nil {
		t.Errorf("statements are not taken: %v", err)
	}
	// Statements are logged all the same.
	d.say(w.Request(w.Signatories[0], "2025-01", nil))
}

// TestDirectorySurvives: the commit of a directory whose answer was lost is not
// repeated, and one that could not be written is written later.
func TestDirectorySurvives(t *testing.T) {
	w := generator.New(generator.Options{Seed: 64, Signatories: 1, NoDirectories: true})
	f := new(faulty)
	d := newDesk(t, w, withOperator, func(d *desk) {
		d.wrap = func(s store.Store) store.Store { f.Store = s; return f }
	})
	d.found(1)
	f.sequence.Store(true)
	d.pass(7 * hour)
	d.waitFor("the trouble", func() bool { return d.Ready() != nil })
	size := d.Size()
	d.close() // killed before it was written
	f.sequence.Store(false)
	f.after.Store(true)
	d.open()
	d.waitFor("the directory", func() bool { return d.Size() > size })
	d.waitFor("its publication", func() bool { return d.publishedSize() == size+1 })
	d.replayed(0)
	if m := d.Status().Directory; m == nil || m.Index != size || d.Size() != size+1 {
		t.Errorf("directory %+v in a log of %d", m, d.Size())
	}
}

// TestOrderlyEnd: after the log has ended nothing is taken but what the operator and
// openings still say, and the server makes the last directory at once.
func TestOrderlyEnd(t *testing.T) {
	w := generator.New(generator.Options{Seed: 65, Signatories: 1, NoDirectories: true})
	d := newDesk(t, w, withOperator)
	d.found(1)
	a := w.Signatories[0]
	kept := w.Request(a, "2025-01", nil).Withhold(day(w.Now() + 86400))
	d.say(kept)
	at := w.Now() + 3*hour
	d.say(w.Amend(&entry.Amend{Ends: &entry.End{Successor: "log.next.example"}, From: entry.FormatTime(at)}, generator.Amended{}, nil))
	if s := d.Status(); s.Ended || s.Ends != at || s.Successor != "log.next.example" {
		t.Errorf("status %+v, want an end at %d", s, at)
	}
	d.pass(3*hour - 1)
	d.say(w.Request(a, "2025-01", nil))
	if d.Status().Directory != nil {
		t.Fatal("a directory before its time")
	}
	d.pass(1)
	d.waitFor("the last directory", func() bool { return d.Status().Directory != nil })
	if s := d.Status(); !s.Ended || s.DirectorySince != 0 {
		t.Errorf("status %+v", s)
	}
	d.noted(d.Status().Directory)
	late := w.Request(a, "2025-01", nil)
	if _, err := d.Submit(t.Context(), d.submission(late)); !errors.As(err, new(*Refusal)) {
		t.Errorf("after the end: %v", err)
	}
	d.refused(d.submission(late), pledge.CodeLogEnded)
	d.refused(d.submission(w.Amend(&entry.Amend{GraceDays: 5, From: entry.FormatTime(at + hour)}, generator.Amended{}, nil)), pledge.CodeLogEnded)
	// What was withheld can still be opened, and a directory follows.
	before := d.Status().Directory.Index
	d.say(w.OpenText(kept, "permission"))
	d.waitFor("a directory of the opening", func() bool { return d.Status().Directory.Index > before })
	d.waitFor("its publication", func() bool { return d.publishedSize() > d.Status().Directory.Index })
	d.replayed(1) // that an end was announced
}
