package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/store"
)

func testCancelled(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Enqueue(ctx, submissions(0, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("Enqueue: %v, want context.Canceled", err)
	}
	if err := s.Sequence(ctx, epoch, []store.Record{record(0, 1, Submission(0))}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Sequence: %v, want context.Canceled", err)
	}
	if _, err := s.Records(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Records: %v, want context.Canceled", err)
	}
	wantQueue(t, s, nil)
	wantSize(t, s, 0, 0)
	mustEnqueue(t, s, submissions(0, 3)) // and it still works
}

func testClosed(t *testing.T, h Harness) {
	s, err := h.Open(t.Context(), h.New(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Enqueue":  func() error { _, err := s.Enqueue(ctx, submissions(0, 1)); return err },
		"Queued":   func() error { _, err := s.Queued(ctx, 0, 1); return err },
		"Fence":    func() error { _, err := s.Fence(ctx); return err },
		"Sequence": func() error { return s.Sequence(ctx, 1, nil, nil) },
		"Size":     func() error { _, _, err := s.Size(ctx); return err },
		"Text":     func() error { _, _, err := s.Text(ctx, ""); return err },
		"Erase":    func() error { return s.Erase(ctx, digest(nil)) },
		"SetMark":  func() error { return s.SetMark(ctx, "m", 1) },
	} {
		if err := call(); !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

// testConcurrent: several front ends on handles of their own queue overlapping
// statements, one sequencer follows the queue by its cursor, readers read.
// Every statement is sequenced once, and the cursor misses none.
func testConcurrent(t *testing.T, h Harness) {
	name := h.New(t)
	const (
		enqueuers = 4
		each      = 300 // statements; half of them another front end sends too
		batch     = 11
		all       = (enqueuers + 1) * each / 2
	)
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for e := range enqueuers {
		s := h.open(t, name)
		wg.Go(func() {
			first := uint64(e) * each / 2
			for n := first; n < first+each; n += batch {
				queued, err := s.Enqueue(t.Context(), submissions(n, min(n+batch, first+each)))
				if err != nil {
					t.Errorf("Enqueue: %v", err)
					return
				}
				mu.Lock()
				for _, q := range queued {
					if q {
						accepted++
					}
				}
				mu.Unlock()
			}
		})
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		s := h.open(t, name)
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				size, _, err := s.Size(t.Context())
				if err != nil {
					t.Errorf("Size: %v", err)
					return
				}
				records, err := s.Records(t.Context(), 0, all+1)
				if err != nil || uint64(len(records)) < size {
					t.Errorf("%d records after size %d, %v", len(records), size, err)
					return
				}
			}
		})
	}
	front := make(chan struct{})
	go func() { wg.Wait(); close(front) }()

	s := h.open(t, name)
	epoch := mustFence(t, s)
	var (
		after int64
		size  uint64
	)
	for done := false; ; {
		q := mustQueued(t, s, after, 64)
		if len(q) == 0 {
			if done {
				break
			}
			select {
			case <-front:
				done = true // and look once more
			default:
			}
			continue
		}
		var (
			records []store.Record
			places  []int64
		)
		for _, sub := range q {
			records = append(records, record(size, 0, sub))
			places = append(places, sub.Queue)
			size++
		}
		mustSequence(t, s, epoch, records, places)
		after = places[len(places)-1]
	}
	close(stop)
	readers.Wait()
	if size != all || accepted != all {
		t.Errorf("%d sequenced, %d accepted, want %d", size, accepted, all)
	}
	wantQueue(t, s, nil) // the cursor passed nothing over
}
