package storetest

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/pledgelog/pledgelog/store"
)

func testEmpty(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	wantSize(t, s, 0, 0)
	wantQueue(t, s, nil)
	if r, err := s.Records(t.Context(), 0, 10); err != nil || len(r) != 0 {
		t.Errorf("Records = %v, %v; want none", r, err)
	}
	if _, ok, err := s.RecordByEntryID(t.Context(), [32]byte{}); err != nil || ok {
		t.Errorf("RecordByEntryID = %v, %v; want none", ok, err)
	}
	if b, err := s.TextsFrom(t.Context(), 0, 10); err != nil || len(b) != 0 {
		t.Errorf("BodiesFrom = %v, %v; want none", b, err)
	}
	wantText(t, s, digest([]byte("no such")), nil)
	wantText(t, s, "", nil)
	if queued := mustEnqueue(t, s, nil); len(queued) != 0 {
		t.Errorf("Enqueue of nothing = %v", queued)
	}
	if epoch := mustFence(t, s); epoch != 1 {
		t.Errorf("first epoch is %d, want 1", epoch)
	}
	mustSequence(t, s, 1, nil, nil)
}

func testQueueOrder(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	want := submissions(0, 2500)
	for _, part := range [][2]int{{0, 1}, {1, 40}, {40, 1900}, {1900, 2500}} {
		part := want[part[0]:part[1]]
		mustEnqueue(t, s, part)
		for i := range part {
			if part[i].Queue <= 0 {
				t.Fatalf("place of a queued submission is %d", part[i].Queue)
			}
		}
	}
	for _, s := range []store.Store{s, h.open(t, name)} {
		wantQueue(t, s, want)
		// In pages, of any size.
		var got []store.Submission
		for after, limit := int64(0), 1; ; limit += 37 {
			page := mustQueued(t, s, after, limit)
			if len(page) > limit {
				t.Fatalf("page of %d, limit is %d", len(page), limit)
			}
			if len(page) == 0 {
				break
			}
			for _, q := range page {
				if q.Queue <= after {
					t.Fatalf("place %d after %d", q.Queue, after)
				}
				after = q.Queue
			}
			got = append(got, page...)
		}
		if !slices.EqualFunc(got, want, sameSubmission) {
			t.Fatal("the pages together are not the queue")
		}
		for i := range want {
			if got[i].Queue != want[i].Queue {
				t.Fatalf("Enqueue gave place %d, Queued says %d", want[i].Queue, got[i].Queue)
			}
		}
	}
	if page := mustQueued(t, s, 0, 0); len(page) != 0 {
		t.Fatalf("a page of no more than 0 has %d", len(page))
	}
}

func testPlaces(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	epoch := mustFence(t, s)
	var last int64
	for n := range uint64(5) {
		sub := submissions(n, n+1)
		mustEnqueue(t, s, sub)
		if sub[0].Queue <= last {
			t.Fatalf("place %d after %d", sub[0].Queue, last)
		}
		last = sub[0].Queue
		mustSequence(t, s, epoch, nil, []int64{last}) // refused: the queue is empty again
		if n == 2 {
			s = h.open(t, name)
		}
	}
}

func testDedupe(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	first := submissions(0, 3)
	mustEnqueue(t, s, first)
	sequenceAll(t, s, epoch)
	waiting := submissions(3, 6)
	mustEnqueue(t, s, waiting)

	// Another set of signatures is still the same statement.
	again := Submission(4)
	again.Statement = []byte("other signatures")
	mixed := []store.Submission{Submission(1), Submission(6), Submission(3), Submission(6), again, Submission(7), Submission(0)}
	queued := mustEnqueue(t, s, mixed)
	if want := []bool{false, true, false, false, false, true, false}; !slices.Equal(queued, want) {
		t.Fatalf("queued = %v, want %v", queued, want)
	}
	for i := range mixed {
		if (mixed[i].Queue > 0) != queued[i] {
			t.Errorf("submission %d has place %d, queued is %v", i, mixed[i].Queue, queued[i])
		}
	}
	wantQueue(t, s, submissions(3, 8))
	wantSize(t, s, 3, 0)
	// What was refused may come again.
	q := mustQueued(t, s, 0, 1)
	mustSequence(t, s, epoch, nil, []int64{q[0].Queue})
	if queued := mustEnqueue(t, s, submissions(3, 4)); !queued[0] {
		t.Error("a refused statement can't come again")
	}
}

func testAllOrNone(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	for name, spoil := range map[string]func(*store.Submission){
		"no statement":        func(s *store.Submission) { s.Statement = nil },
		"another digest":      func(s *store.Submission) { s.Texts[0].Digest = text("other").Digest },
		"no digest":           func(s *store.Submission) { s.Texts[0].Digest = "" },
		"empty text":          func(s *store.Submission) { s.Texts[0].Bytes = []byte{} },
		"no text":             func(s *store.Submission) { s.Texts[0].Bytes = nil },
		"digest of odd form":  func(s *store.Submission) { s.Texts[0].Digest = "x" },
		"digest, bits behind": func(s *store.Submission) { s.Texts[0].Digest = s.Texts[0].Digest[:42] + "B" },
		"a text twice":        func(s *store.Submission) { s.Texts = append(s.Texts, s.Texts[0]) },
		"too many texts": func(s *store.Submission) {
			for i := range store.MaxTexts {
				s.Texts = append(s.Texts, text(strconv.Itoa(i)))
			}
		},
	} {
		subs := submissions(0, 5)
		spoil(&subs[3])
		if _, err := s.Enqueue(t.Context(), subs); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
		wantQueue(t, s, nil)
	}
	wantText(t, s, Submission(0).Texts[0].Digest, nil)
}
