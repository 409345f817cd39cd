package generator

import (
	"runtime"
	"sync"
)

// WriteDir writes what w has logged so far to a directory, as a server would
// leave it. The directory must be new or empty.
func (w *World) WriteDir(dir string) error {
	d, err := w.NewWriter(dir)
	if err != nil {
		return err
	}
	for _, e := range w.Logged {
		if err := d.Add(e); err != nil {
			d.kept.Close()
			return err
		}
	}
	return d.Close()
}

// WriteStory plays a story of n statements (see Story) and writes it to a
// directory as it goes: it signs on all processors and holds no more than a few
// thousand statements in memory, whatever n is. The world keeps no entries.
func (w *World) WriteStory(dir string, n int, options ...func(*Writer)) error {
	return w.writePlay(dir, n, w.Story, options)
}

// WriteEveryKind is WriteStory for EveryKind.
func (w *World) WriteEveryKind(dir string, n int, options ...func(*Writer)) error {
	return w.writePlay(dir, n, w.EveryKind, options)
}

func (w *World) writePlay(dir string, n int, play func(int) error, options []func(*Writer)) error {
	d, err := w.NewWriter(dir)
	if err != nil {
		return err
	}
	for _, o := range options {
		o(d)
	}
	s := newSigning(d.Add)
	w.sink = s.add
	err = play(n)
	w.sink = nil
	if stopped := s.close(); err == nil {
		err = stopped
	}
	if err != nil {
		d.kept.Close()
		return err
	}
	return d.Close()
}

// Bundled is a Writer option: see Writer.BundledBodies.
func Bundled(d *Writer) { d.BundledBodies = true }

// signing signs statements on all processors and hands their entries on in
// order. A statement's entry id does not depend on its signatures, so the next
// one can be drafted meanwhile.
type signing struct {
	batch []*Statement
	todo  chan *signed
	order chan *signed
	done  chan struct{}

	workers sync.WaitGroup
	mu      sync.Mutex
	err     error
}

// signed is a batch; ready is closed when entries has them all.
type signed struct {
	statements []*Statement
	entries    []*Entry
	ready      chan struct{}
}

const signingBatch = 256

func newSigning(out func(*Entry) error) *signing {
	n := runtime.GOMAXPROCS(0)
	s := &signing{todo: make(chan *signed, 2*n), order: make(chan *signed, 2*n), done: make(chan struct{})}
	for range n {
		s.workers.Go(func() {
			for b := range s.todo {
				for _, st := range b.statements {
					b.entries = append(b.entries, st.entry())
				}
				close(b.ready)
			}
		})
	}
	go func() {
		defer close(s.done)
		for b := range s.order {
			<-b.ready
			for _, e := range b.entries {
				if s.failed() == nil {
					s.fail(out(e))
				}
			}
		}
	}()
	return s
}

func (s *signing) fail(err error) {
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
}

func (s *signing) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *signing) add(st *Statement) error {
	if s.batch = append(s.batch, st); len(s.batch) < signingBatch {
		return nil
	}
	s.send()
	return s.failed()
}

func (s *signing) send() {
	b := &signed{statements: s.batch, ready: make(chan struct{})}
	s.batch = nil
	s.order <- b
	s.todo <- b
}

func (s *signing) close() error {
	if len(s.batch) > 0 {
		s.send()
	}
	close(s.todo)
	close(s.order)
	s.workers.Wait()
	<-s.done
	return s.err
}
