package storetest

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/pledgelog/pledgelog/store"
)

func testSequence(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	epoch := mustFence(t, s)
	subs := submissions(0, 1200)
	mustEnqueue(t, s, subs)
	var want []store.Record
	// Out of the queue's order, with several at the same second, and some left
	// in the queue: which goes where is the sequencer's business.
	slices.Reverse(subs)
	for i, sub := range subs[:1100] {
		want = append(want, record(uint64(i), 1000+int64(i/7), sub))
	}
	places := func(subs []store.Submission) (done []int64) {
		for _, sub := range subs {
			done = append(done, sub.Queue)
		}
		return done
	}
	mustSequence(t, s, epoch, want[:1], places(subs[:1]))
	mustSequence(t, s, epoch, want[1:1100], places(subs[1:1100]))
	mustSequence(t, s, epoch, nil, []int64{subs[0].Queue, 1 << 40}) // not there: passed over

	for _, s := range []store.Store{s, h.open(t, name)} {
		wantSize(t, s, 1100, want[1099].Logged)
		var got []store.Record
		for limit := 1; ; limit += 29 {
			page, err := s.Records(t.Context(), uint64(len(got)), limit)
			if err != nil || len(page) > limit {
				t.Fatalf("Records: %d of %d, %v", len(page), limit, err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
		}
		if !slices.EqualFunc(got, want, sameRecord) {
			t.Fatal("records differ from what was written")
		}
		for _, i := range []int{0, 1, 500, 1099} {
			r, ok, err := s.RecordByEntryID(t.Context(), want[i].EntryID)
			if err != nil || !ok || !sameRecord(r, want[i]) {
				t.Fatalf("RecordByEntryID of %d: %v, %v", i, ok, err)
			}
		}
		left := slices.Clone(subs[1100:])
		slices.Reverse(left)
		wantQueue(t, s, left)
	}
	if r, err := s.Records(t.Context(), math.MaxUint64, 5); err != nil || len(r) != 0 {
		t.Fatalf("Records beyond the end: %d, %v", len(r), err)
	}
}

func testDisorder(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	mustEnqueue(t, s, submissions(0, 10))
	q := mustQueued(t, s, 0, 10)
	mustSequence(t, s, epoch, []store.Record{record(0, 50, q[0]), record(1, 60, q[1])}, []int64{q[0].Queue, q[1].Queue})

	for name, test := range map[string]struct {
		records []store.Record
		want    error
	}{
		"index left out":     {[]store.Record{record(3, 60, q[2])}, store.ErrOrder},
		"index again":        {[]store.Record{record(1, 60, q[2])}, store.ErrOrder},
		"hole within":        {[]store.Record{record(2, 60, q[2]), record(4, 60, q[3])}, store.ErrOrder},
		"swapped":            {[]store.Record{record(3, 60, q[2]), record(2, 60, q[3])}, store.ErrOrder},
		"earlier":            {[]store.Record{record(2, 59, q[2])}, store.ErrOrder},
		"earlier within":     {[]store.Record{record(2, 70, q[2]), record(3, 69, q[3])}, store.ErrOrder},
		"no leaf":            {[]store.Record{{Index: 2, EntryID: q[2].EntryID, Logged: 60}}, store.ErrInvalid},
		"digest of odd form": {[]store.Record{{Index: 2, EntryID: q[2].EntryID, Logged: 60, Leaf: []byte("l"), Texts: []string{"d"}}}, store.ErrInvalid},
		"text twice":         {[]store.Record{{Index: 2, EntryID: q[2].EntryID, Logged: 60, Leaf: []byte("l"), Texts: []string{text("a").Digest, text("a").Digest}}}, store.ErrInvalid},
		"too many texts":     {[]store.Record{{Index: 2, EntryID: q[2].EntryID, Logged: 60, Leaf: []byte("l"), Texts: manyDigests(store.MaxTexts + 1)}}, store.ErrInvalid},
	} {
		err := s.Sequence(t.Context(), epoch, test.records, []int64{q[2].Queue, q[3].Queue})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		wantSize(t, s, 2, 60)
		wantQueue(t, s, q[2:])
	}
	before := h.open(t, h.New(t))
	if err := before.Sequence(t.Context(), mustFence(t, before), []store.Record{record(0, -1, q[0])}, nil); !errors.Is(err, store.ErrOrder) {
		t.Errorf("logged before 1970: %v, want ErrOrder", err)
	}
}

func testDuplicate(t *testing.T, h Harness) {
	s := h.open(t, h.New(t))
	epoch := mustFence(t, s)
	mustSequence(t, s, epoch, []store.Record{record(0, 5, Submission(0)), record(1, 5, Submission(1))}, nil)
	mustEnqueue(t, s, submissions(2, 4))
	q := mustQueued(t, s, 0, 10)
	for name, records := range map[string][]store.Record{
		"in the record":   {record(2, 5, q[0]), record(3, 5, Submission(1))},
		"twice in a call": {record(2, 5, q[0]), record(3, 5, q[0])},
	} {
		err := s.Sequence(t.Context(), epoch, records, []int64{q[0].Queue})
		if !errors.Is(err, store.ErrDuplicate) {
			t.Errorf("%s: %v, want ErrDuplicate", name, err)
		}
		wantSize(t, s, 2, 5)
		wantQueue(t, s, q)
	}
}

func testFencing(t *testing.T, h Harness) {
	name := h.New(t)
	old, young := h.open(t, name), h.open(t, name)
	mustEnqueue(t, old, submissions(0, 4))
	q := mustQueued(t, old, 0, 4)
	one := mustFence(t, old)
	mustSequence(t, old, one, []store.Record{record(0, 1, q[0])}, []int64{q[0].Queue})

	two := mustFence(t, young)
	if two <= one {
		t.Fatalf("epoch %d after %d", two, one)
	}
	refused := func(s store.Store, epoch uint64) {
		t.Helper()
		if err := s.Sequence(t.Context(), epoch, []store.Record{record(1, 1, q[1])}, []int64{q[1].Queue}); !errors.Is(err, store.ErrFenced) {
			t.Errorf("epoch %d: %v, want ErrFenced", epoch, err)
		}
		if err := s.Sequence(t.Context(), epoch, nil, []int64{q[1].Queue}); !errors.Is(err, store.ErrFenced) {
			t.Errorf("epoch %d, queue alone: %v, want ErrFenced", epoch, err)
		}
		wantSize(t, s, 1, 1)
		wantQueue(t, s, q[1:])
	}
	refused(old, one)
	refused(young, one)
	refused(young, 0)
	refused(young, two+1) // never given out
	refused(young, math.MaxUint64)
	mustSequence(t, young, two, []store.Record{record(1, 1, q[1])}, []int64{q[1].Queue})
	// The epoch belongs to the database, not to a handle.
	again := h.open(t, name)
	mustSequence(t, again, two, []store.Record{record(2, 1, q[2])}, []int64{q[2].Queue})
	if three := mustFence(t, again); three <= two {
		t.Fatalf("epoch %d after %d", three, two)
	}
	// A frozen sequencer doesn't keep anyone from queueing.
	mustEnqueue(t, old, submissions(4, 5))
	wantSize(t, old, 3, 1)
}

func testMarks(t *testing.T, h Harness) {
	name := h.New(t)
	s := h.open(t, name)
	want := func(s store.Store, name string, want uint64) {
		t.Helper()
		if got, err := s.Mark(t.Context(), name); err != nil || got != want {
			t.Fatalf("Mark(%q) = %d, %v; want %d", name, got, err, want)
		}
	}
	want(s, "bodies", 0)
	for _, v := range []uint64{7, 0, math.MaxInt64, 3} {
		if err := s.SetMark(t.Context(), "bodies", v); err != nil {
			t.Fatal(err)
		}
		want(s, "bodies", v)
	}
	if err := s.SetMark(t.Context(), "bodies", math.MaxInt64+1); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("2^63: %v, want ErrInvalid", err)
	}
	want(h.open(t, name), "bodies", 3)
	want(s, "Bodies", 0)
}

func manyDigests(n int) (list []string) {
	for i := range n {
		list = append(list, text(strconv.Itoa(i)).Digest)
	}
	return list
}
