package sqlite_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// BenchmarkWay takes statements of the usual size, half of them with a body,
// through the queue into the order of record. One iteration is one statement.
func BenchmarkWay(b *testing.B) {
	for _, batch := range []int{1, 100, 1000, 4000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s, err := sqlite.Create(b.Context(), filepath.Join(b.TempDir(), "store.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			epoch, err := s.Fence(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			var size uint64
			for b.Loop() {
				b.StopTimer()
				subs := make([]store.Submission, batch)
				for i := range subs {
					subs[i] = submission(size+uint64(i), (size+uint64(i))%2 == 0)
				}
				b.StartTimer()
				if _, err := s.Enqueue(b.Context(), subs); err != nil {
					b.Fatal(err)
				}
				queued, err := s.Queued(b.Context(), 0, batch)
				if err != nil || len(queued) != batch {
					b.Fatal(len(queued), err)
				}
				records := make([]store.Record, batch)
				done := make([]int64, batch)
				for i, q := range queued {
					records[i] = store.Record{Index: size, EntryID: q.EntryID, Logged: int64(size), Leaf: q.Statement, Texts: digestsOf(q)}
					done[i] = q.Queue
					size++
				}
				if err := s.Sequence(b.Context(), epoch, records, done); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/b.Elapsed().Seconds(), "statements/s")
		})
	}
}

func submission(n uint64, withBody bool) store.Submission {
	s := store.Submission{Statement: make([]byte, 1200)}
	binary.BigEndian.PutUint64(s.Statement, n)
	s.EntryID = sha256.Sum256(s.Statement)
	if withBody {
		s.Texts = []store.Text{newText(append([]byte("body"), s.Statement...))}
	}
	return s
}
