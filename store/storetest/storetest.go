// Package storetest says what a store.Store must do, as tests. Each
// implementation runs them against the real thing:
//
//	var harness = storetest.Harness{New: newDatabase, Open: openDatabase}
//
//	func TestMain(m *testing.M) { storetest.Main(m, harness) }
//	func TestStore(t *testing.T) { storetest.Run(t, harness) }
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/store"
)

// Harness is how the tests reach an implementation.
type Harness struct {
	// New makes a fresh, empty database that lives as long as the test, and
	// returns what Open needs to find it.
	New func(t testing.TB) (name string)
	// Open opens it, any number of times at once and from any process.
	Open func(ctx context.Context, name string) (store.Store, error)
}

func (h Harness) open(t testing.TB, name string) store.Store {
	t.Helper()
	s, err := h.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// Run runs every test of the suite. The test binary's TestMain must call Main.
func Run(t *testing.T, h Harness) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h Harness)
	}{
		{"Empty", testEmpty},
		{"QueueKeepsOrder", testQueueOrder},
		{"PlacesAreNotUsedAgain", testPlaces},
		{"EnqueueKnowsWhatItHas", testDedupe},
		{"EnqueueAllOrNone", testAllOrNone},
		{"SequenceContinues", testSequence},
		{"SequenceRefusesDisorder", testDisorder},
		{"SequenceRefusesDuplicate", testDuplicate},
		{"Fencing", testFencing},
		{"Texts", testTexts},
		{"RefusedTextsGo", testRefusedTexts},
		{"TextsFrom", testTextsFrom},
		{"RecordsOfText", testRecordsOfText},
		{"Erase", testErase},
		{"Marks", testMarks},
		{"AnyBytes", testAnyBytes},
		{"Cancelled", testCancelled},
		{"Closed", testClosed},
		{"Concurrent", testConcurrent},
		{"Killed", testKilled},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, h) })
	}
}

// Submission returns the nth submission of an endless, fixed series. Every
// third has a text, every seventh of the others three.
func Submission(n uint64) store.Submission {
	s := store.Submission{Statement: make([]byte, 200+n%300)}
	binary.BigEndian.PutUint64(s.Statement, n)
	s.EntryID = sha256.Sum256(s.Statement)
	texts := 0
	switch {
	case n%3 == 0:
		texts = 1
	case n%7 == 0:
		texts = 3
	}
	for i := range texts {
		s.Texts = append(s.Texts, text(fmt.Sprintf("text %d of %x", i, s.Statement[:8])))
	}
	return s
}

func text(s string) store.Text { return store.Text{Digest: digest([]byte(s)), Bytes: []byte(s)} }

func submissions(first, end uint64) []store.Submission {
	var subs []store.Submission
	for n := first; n < end; n++ {
		subs = append(subs, Submission(n))
	}
	return subs
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// record is what a sequencer makes of a submission.
func record(index uint64, logged int64, s store.Submission) store.Record {
	r := store.Record{Index: index, EntryID: s.EntryID, Logged: logged, Leaf: leafOf(s)}
	for _, t := range s.Texts {
		r.Texts = append(r.Texts, t.Digest)
	}
	return r
}

func leafOf(s store.Submission) []byte { return append([]byte("leaf:"), s.Statement...) }

func mustEnqueue(t testing.TB, s store.Store, subs []store.Submission) []bool {
	t.Helper()
	queued, err := s.Enqueue(t.Context(), subs)
	if err != nil {
		t.Fatalf("Enqueue: %v", err)
	}
	if len(queued) != len(subs) {
		t.Fatalf("Enqueue of %d returned %d answers", len(subs), len(queued))
	}
	return queued
}

func mustFence(t testing.TB, s store.Store) uint64 {
	t.Helper()
	epoch, err := s.Fence(t.Context())
	if err != nil {
		t.Fatalf("Fence: %v", err)
	}
	return epoch
}

func mustQueued(t testing.TB, s store.Store, after int64, limit int) []store.Submission {
	t.Helper()
	q, err := s.Queued(t.Context(), after, limit)
	if err != nil {
		t.Fatalf("Queued: %v", err)
	}
	return q
}

func mustSequence(t testing.TB, s store.Store, epoch uint64, records []store.Record, done []int64) {
	t.Helper()
	if err := s.Sequence(t.Context(), epoch, records, done); err != nil {
		t.Fatalf("Sequence: %v", err)
	}
}

// sequenceAll takes everything that is queued into the order of record.
func sequenceAll(t testing.TB, s store.Store, epoch uint64) {
	t.Helper()
	size, last, err := s.Size(t.Context())
	if err != nil {
		t.Fatalf("Size: %v", err)
	}
	var (
		records []store.Record
		done    []int64
	)
	for _, q := range mustQueued(t, s, 0, 1<<20) {
		records = append(records, record(size+uint64(len(records)), last, q))
		done = append(done, q.Queue)
	}
	mustSequence(t, s, epoch, records, done)
}

func wantSize(t testing.TB, s store.Store, size uint64, last int64) {
	t.Helper()
	gotSize, gotLast, err := s.Size(t.Context())
	if err != nil || gotSize != size || gotLast != last {
		t.Fatalf("Size = %d, %d, %v; want %d, %d", gotSize, gotLast, err, size, last)
	}
}

func wantQueue(t testing.TB, s store.Store, want []store.Submission) {
	t.Helper()
	got := mustQueued(t, s, 0, len(want)+10)
	if !slices.EqualFunc(got, want, sameSubmission) {
		t.Fatalf("queue holds %d submissions, not the %d wanted, or others", len(got), len(want))
	}
	if n, err := s.QueueLen(t.Context()); err != nil || n != len(want) {
		t.Fatalf("QueueLen = %d, %v; want %d", n, err, len(want))
	}
}

// sameSubmission compares all but the place and the bytes of texts.
func sameSubmission(a, b store.Submission) bool {
	return a.EntryID == b.EntryID && bytes.Equal(a.Statement, b.Statement) &&
		slices.EqualFunc(a.Texts, b.Texts, func(a, b store.Text) bool { return a.Digest == b.Digest })
}

func sameRecord(a, b store.Record) bool {
	return a.Index == b.Index && a.EntryID == b.EntryID && a.Logged == b.Logged &&
		bytes.Equal(a.Leaf, b.Leaf) && slices.Equal(a.Texts, b.Texts)
}

func wantText(t testing.TB, s store.Store, digest string, want []byte) {
	t.Helper()
	got, ok, err := s.Text(t.Context(), digest)
	if err != nil || ok != (want != nil) || !bytes.Equal(got, want) {
		t.Fatalf("Text(%s) = %q, %v, %v; want %q", digest, got, ok, err, want)
	}
}
