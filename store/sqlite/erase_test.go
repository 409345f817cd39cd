package sqlite_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/store"
)

// TestEraseAmongReaders: whoever reads in the same process, an erasure comes through;
// whoever reads in another, nobody waits long to write.
func TestEraseAmongReaders(t *testing.T) {
	s, path := create(t)
	ctx := t.Context()
	epoch, err := s.Fence(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(0)
	add := func() string {
		t.Helper()
		sub := store.Submission{Statement: fmt.Appendf(nil, "statement %d", n), Texts: []store.Text{newText(fmt.Appendf(nil, "text %d", n))}}
		sub.EntryID = sha256.Sum256(sub.Statement)
		subs := []store.Submission{sub}
		if _, err := s.Enqueue(ctx, subs); err != nil {
			t.Fatal(err)
		}
		if err := s.Sequence(ctx, epoch, []store.Record{{Index: n, EntryID: sub.EntryID, Leaf: make([]byte, 3000), Texts: digestsOf(sub)}}, []int64{subs[0].Queue}); err != nil {
			t.Fatal(err)
		}
		n++
		return sub.Texts[0].Digest
	}
	for range 300 {
		add()
	}
	reading, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for reading.Err() == nil {
				s.Records(reading, 0, 200)
				s.TextsFrom(reading, 0, 100)
			}
		})
	}
	erasures := 60
	if testing.Short() { // as under the race detector
		erasures = 20
	}
	for range erasures {
		if err := s.Erase(ctx, add()); err != nil {
			t.Error(err)
		}
	}
	stop()
	readers.Wait()

	other, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var count int
	if err := tx.QueryRow("SELECT count(*) FROM record").Scan(&count); err != nil {
		t.Fatal(err)
	}
	digest := add()
	var took []time.Duration
	for range 5 {
		begin := time.Now()
		if err := s.Erase(ctx, digest); err == nil {
			t.Error("the write-ahead log is empty, and somebody reads from it")
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	if took[0] > 5*time.Second { // the wait for another's transaction is 10
		t.Errorf("an erasure keeps others from writing for %s", took[0])
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(ctx, digest); err != nil {
		t.Error(err)
	}
}
