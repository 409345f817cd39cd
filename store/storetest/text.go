package storetest

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/store"
)

func testTexts(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	epoch := mustFence(t, s)
	subs := submissions(0, 60)
	mustEnqueue(t, s, subs)
	check := func(s store.Store) {
		t.Helper()
		for _, sub := range subs {
			for _, text := range sub.Texts {
				wantText(t, s, text.Digest, text.Bytes)
			}
		}
	}
	check(s)
	sequenceAll(t, s, epoch)
	wantQueue(t, s, nil)
	check(s)
	check(h.open(t, name))
}

func testRefusedTexts(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	shared := Submission(0)
	share := func(n uint64) store.Submission { // another statement with the same text
		sub := Submission(n)
		sub.Texts = shared.Texts
		return sub
	}
	subs := []store.Submission{shared, share(1), Submission(3), Submission(7), share(2)}
	mustEnqueue(t, s, subs)

	// One is refused: its texts go; one is sequenced: its text stays.
	mustSequence(t, s, epoch, []store.Record{record(0, 1, subs[2])}, []int64{subs[2].Queue, subs[3].Queue})
	wantText(t, s, subs[2].Texts[0].Digest, subs[2].Texts[0].Bytes)
	for _, text := range subs[3].Texts {
		wantText(t, s, text.Digest, nil)
	}
	// Refused, but another in the queue has the same text.
	mustSequence(t, s, epoch, nil, []int64{subs[0].Queue})
	wantText(t, s, shared.Texts[0].Digest, shared.Texts[0].Bytes)
	// Refused, but a record has it.
	mustSequence(t, s, epoch, []store.Record{record(1, 1, subs[1])}, []int64{subs[1].Queue, subs[4].Queue})
	wantText(t, s, shared.Texts[0].Digest, shared.Texts[0].Bytes)
	wantQueue(t, s, nil)
	// And all at once.
	last := []store.Submission{Submission(9), Submission(12)}
	last[1].Texts = last[0].Texts
	mustEnqueue(t, s, last)
	mustSequence(t, s, epoch, nil, []int64{last[0].Queue, last[1].Queue})
	wantText(t, s, last[0].Texts[0].Digest, nil)
}

func testTextsFrom(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	mustEnqueue(t, s, submissions(0, 700))
	sequenceAll(t, s, epoch)
	mustEnqueue(t, s, submissions(700, 720)) // queued ones are no record's
	for _, r := range []struct {
		first uint64
		limit int
	}{{0, 256}, {256, 256}, {512, 256}, {1, 1}, {3, 1}, {7, 1}, {0, 10_000}, {700, 5}, {0, 0}, {math.MaxUint64, 5}, {2, math.MaxInt}} {
		got, err := s.TextsFrom(t.Context(), r.first, r.limit)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for n := r.first; n < 700 && n-r.first < uint64(r.limit); n++ {
			for _, want := range Submission(n).Texts {
				if i >= len(got) || got[i].Index != n || got[i].Digest != want.Digest || !bytes.Equal(got[i].Bytes, want.Bytes) {
					t.Fatalf("TextsFrom(%d, %d): element %d is not the text of %d", r.first, r.limit, i, n)
				}
				i++
			}
		}
		if i != len(got) {
			t.Fatalf("TextsFrom(%d, %d): %d elements, want %d", r.first, r.limit, len(got), i)
		}
	}
}

// twice makes three records, the first and last of which publish the same text
// beside others.
func twice(t *testing.T, s store.Store) store.Text {
	t.Helper()
	subs := []store.Submission{Submission(7), Submission(1), Submission(14)}
	subs[2].Texts[2] = subs[0].Texts[1]
	mustEnqueue(t, s, subs)
	sequenceAll(t, s, mustFence(t, s))
	return subs[0].Texts[1]
}

func testRecordsOfText(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	shared := twice(t, s)
	mustEnqueue(t, s, submissions(21, 22)) // not a record yet
	for digest, want := range map[string][]uint64{
		shared.Digest:                  {0, 2},
		Submission(14).Texts[0].Digest: {2},
		Submission(14).Texts[2].Digest: nil,
		Submission(21).Texts[0].Digest: nil,
		text("no text at all").Digest:  nil,
		"not even a digest":            nil,
		"":                             nil,
	} {
		got, err := s.RecordsOfText(t.Context(), digest)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("RecordsOfText(%q) = %v, %v; want %v", digest, got, err, want)
		}
	}
}

func testErase(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	shared := twice(t, s)
	queued := Submission(28)
	queued.Texts[0] = text("waiting")
	mustEnqueue(t, s, []store.Submission{queued})

	if err := s.Erase(t.Context(), "no digest"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Erase of no digest: %v, want ErrInvalid", err)
	}
	for range 2 { // again does no harm
		for _, digest := range []string{shared.Digest, text("waiting").Digest, text("never there").Digest} {
			if err := s.Erase(t.Context(), digest); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Another statement brings the same bytes, and a text that was erased before it
	// came: neither comes back. The statement itself is queued.
	again := Submission(35)
	again.Texts = []store.Text{shared, text("never there"), text("kept")}
	if queued := mustEnqueue(t, s, []store.Submission{again}); !queued[0] {
		t.Error("a statement with an erased text is not queued")
	}
	for _, s := range []store.Store{s, h.open(t, name)} {
		for _, digest := range []string{shared.Digest, text("waiting").Digest, text("never there").Digest} {
			wantText(t, s, digest, nil)
		}
		wantText(t, s, text("kept").Digest, []byte("kept"))
		// What was not erased is as it was, in its order.
		got, err := s.TextsFrom(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []store.Text{Submission(7).Texts[0], Submission(7).Texts[2], Submission(14).Texts[0], Submission(14).Texts[1]}
		if !slices.EqualFunc(got, want, func(a store.RecordText, b store.Text) bool {
			return a.Digest == b.Digest && bytes.Equal(a.Bytes, b.Bytes)
		}) {
			t.Errorf("%d texts are left, or others than those that were not erased", len(got))
		}
		// The records still say which texts they published.
		if got, err := s.RecordsOfText(t.Context(), shared.Digest); err != nil || !slices.Equal(got, []uint64{0, 2}) {
			t.Errorf("RecordsOfText after it was erased: %v, %v", got, err)
		}
		if r, err := s.Records(t.Context(), 0, 1); err != nil || !sameRecord(r[0], record(0, 0, Submission(7))) {
			t.Errorf("the record has changed: %v", err)
		}
	}
}

// testAnyBytes: the largest leaf and text, and bytes that are no text, come back
// as they were.
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
		sub := store.Submission{Statement: odd(min(size, 65_535)), Texts: []store.Text{{Bytes: odd(size)}}}
		sub.EntryID[0], sub.EntryID[31] = 0, byte(i)
		sub.Texts[0].Digest = digest(sub.Texts[0].Bytes)
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
		wantText(t, s, subs[i].Texts[0].Digest, subs[i].Texts[0].Bytes)
	}
}
