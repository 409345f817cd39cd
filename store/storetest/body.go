package storetest

import (
	"bytes"
	"math"
	"testing"

	"github.com/pledgelog/pledgelog/store"
)

func testBodies(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	epoch := mustFence(t, s)
	subs := submissions(0, 60)
	mustEnqueue(t, s, subs)
	check := func(s store.Store) {
		t.Helper()
		for _, sub := range subs {
			if sub.BodyDigest != "" {
				wantBody(t, s, sub.BodyDigest, sub.Body)
			}
		}
	}
	check(s)
	sequenceAll(t, s, epoch)
	wantQueue(t, s, nil)
	check(s)
	check(h.open(t, name))
}

func testRefusedBodies(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	shared := Submission(0)
	share := func(n uint64) store.Submission { // another statement with the same body
		sub := Submission(n)
		sub.Body, sub.BodyDigest = shared.Body, shared.BodyDigest
		return sub
	}
	subs := []store.Submission{shared, share(1), Submission(3), Submission(6), share(2)}
	mustEnqueue(t, s, subs)

	// One is refused: its body goes; one is sequenced: its body stays.
	mustSequence(t, s, epoch, []store.Record{record(0, 1, subs[2])}, []int64{subs[2].Queue, subs[3].Queue})
	wantBody(t, s, subs[2].BodyDigest, subs[2].Body)
	wantBody(t, s, subs[3].BodyDigest, nil)
	// Refused, but another in the queue has the same body.
	mustSequence(t, s, epoch, nil, []int64{subs[0].Queue})
	wantBody(t, s, shared.BodyDigest, shared.Body)
	// Refused, but a record has it.
	mustSequence(t, s, epoch, []store.Record{record(1, 1, subs[1])}, []int64{subs[1].Queue, subs[4].Queue})
	wantBody(t, s, shared.BodyDigest, shared.Body)
	wantQueue(t, s, nil)
	// And all at once.
	last := []store.Submission{Submission(9), Submission(12)}
	last[1].Body, last[1].BodyDigest = last[0].Body, last[0].BodyDigest
	mustEnqueue(t, s, last)
	mustSequence(t, s, epoch, nil, []int64{last[0].Queue, last[1].Queue})
	wantBody(t, s, last[0].BodyDigest, nil)
}

func testBodiesFrom(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	mustEnqueue(t, s, submissions(0, 700))
	sequenceAll(t, s, epoch)
	mustEnqueue(t, s, submissions(700, 720)) // queued ones are no record's
	for _, r := range []struct {
		first uint64
		limit int
	}{{0, 256}, {256, 256}, {512, 256}, {1, 1}, {3, 1}, {0, 10_000}, {700, 5}, {0, 0}, {math.MaxUint64, 5}, {2, math.MaxInt}} {
		got, err := s.BodiesFrom(t.Context(), r.first, r.limit)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for n := r.first; n < 700 && n-r.first < uint64(r.limit); n++ {
			want := Submission(n)
			if want.Body == nil {
				continue
			}
			if i >= len(got) || got[i].Index != n || got[i].Digest != want.BodyDigest || !bytes.Equal(got[i].Body, want.Body) {
				t.Fatalf("BodiesFrom(%d, %d): element %d is not the body of %d", r.first, r.limit, i, n)
			}
			i++
		}
		if i != len(got) {
			t.Fatalf("BodiesFrom(%d, %d): %d elements, want %d", r.first, r.limit, len(got), i)
		}
	}
}

// testAnyBytes: the largest leaf and body, and bytes that are no text, come
// back as they were.
func testAnyBytes(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	epoch := mustFence(t, s)
	odd := func(size int) []byte {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i * 7)
		}
		return b
	}
	var subs []store.Submission
	for i, size := range []int{1, 2, 65_535, 256 << 10} {
		sub := store.Submission{Statement: odd(min(size, 65_535)), Body: odd(size)}
		sub.EntryID[0], sub.EntryID[31] = 0, byte(i)
		sub.BodyDigest = digest(sub.Body)
		subs = append(subs, sub)
	}
	mustEnqueue(t, s, subs)
	wantQueue(t, s, subs)
	var (
		want []store.Record
		done []int64
	)
	for i, sub := range subs {
		r := record(uint64(i), 9, sub)
		r.Leaf = sub.Statement
		want, done = append(want, r), append(done, sub.Queue)
	}
	mustSequence(t, s, epoch, want, done)
	s = h.open(t, name)
	got, err := s.Records(t.Context(), 0, 10)
	if err != nil || len(got) != len(want) {
		t.Fatalf("Records: %d, %v", len(got), err)
	}
	for i := range want {
		if !sameRecord(got[i], want[i]) {
			t.Errorf("record %d differs", i)
		}
		wantBody(t, s, subs[i].BodyDigest, subs[i].Body)
	}
}
