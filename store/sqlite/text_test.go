package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

func newText(b []byte) store.Text {
	sum := sha256.Sum256(b)
	return store.Text{Digest: base64.RawURLEncoding.EncodeToString(sum[:]), Bytes: b}
}

func digestsOf(s store.Submission) (list []string) {
	for _, t := range s.Texts {
		list = append(list, t.Digest)
	}
	return list
}

// TestErasedFromTheFiles: an erased text is in no file of the store any more, not
// in a page that is free, nor in the write-ahead log.
func TestErasedFromTheFiles(t *testing.T) {
	s, path := create(t)
	epoch, err := s.Fence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Texts of every size, of which two of three are erased. Some were refused once,
	// and came again.
	random := rand.New(rand.NewPCG(1, 2))
	secret := func(i int) string { return fmt.Sprintf("secret-%05d-", i) }
	n := 420
	if testing.Short() { // as under the race detector
		n = 180
	}
	var texts []store.Text
	for i := range n {
		size := []int{40, 300, 900, 3_000, 70_000}[random.IntN(5)]
		texts = append(texts, newText([]byte(strings.Repeat(secret(i), size/13+1))))
	}
	for i := 0; i < n; i += 20 {
		var subs []store.Submission
		for j := i; j < i+20; j++ {
			sub := store.Submission{Statement: fmt.Appendf(nil, "statement %d", j), Texts: texts[j : j+1]}
			sub.EntryID = sha256.Sum256(sub.Statement)
			subs = append(subs, sub)
		}
		if _, err := s.Enqueue(t.Context(), subs); err != nil {
			t.Fatal(err)
		}
		if i%60 == 0 {
			if err := s.Sequence(t.Context(), epoch, nil, []int64{subs[0].Queue, subs[3].Queue, subs[7].Queue}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Enqueue(t.Context(), subs); err != nil {
				t.Fatal(err)
			}
		}
		var records []store.Record
		var done []int64
		for j, sub := range subs {
			records = append(records, store.Record{Index: uint64(i + j), EntryID: sub.EntryID, Leaf: sub.Statement, Texts: digestsOf(sub)})
			done = append(done, sub.Queue)
		}
		if err := s.Sequence(t.Context(), epoch, records, done); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range random.Perm(n) {
		if i%3 == 1 {
			continue
		}
		if err := s.Erase(t.Context(), texts[i].Digest); err != nil {
			t.Fatal(err)
		}
	}
	files := 0
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		files++
		for i := range n {
			if i%3 != 1 && bytes.Contains(b, []byte(secret(i))) {
				t.Errorf("text %d, of %d bytes, is still in %s", i, len(texts[i].Bytes), filepath.Base(path+suffix))
			}
		}
	}
	if files < 2 {
		t.Fatalf("%d files were looked at", files)
	}
	for i := 1; i < n; i += 3 {
		if b, ok, err := s.Text(t.Context(), texts[i].Digest); err != nil || !ok || !bytes.Equal(b, texts[i].Bytes) {
			t.Fatalf("text %d, which was not erased: %v, %v", i, ok, err)
		}
	}
	s.Close()
	integrity(t, path)
}

// TestMigrateFromVersion1: a store of the first version keeps its queue, its order
// of record and its bodies.
func TestMigrateFromVersion1(t *testing.T) {
	published, waiting := newText([]byte(`{"body":1}`)), newText([]byte(`{"body":2}`))
	withheld := newText([]byte(`{"body":3}`))
	id := func(b byte) string { return fmt.Sprintf("x'%064x'", b) }
	path := filepath.Join(t.TempDir(), "store.db")
	sqlite.CreateVersion1(t, path,
		"INSERT INTO record VALUES (0, "+id(10)+", 100, x'aa', '"+published.Digest+"')",
		"INSERT INTO record VALUES (1, "+id(11)+", 100, x'ab', '')",
		"INSERT INTO record VALUES (2, "+id(12)+", 105, x'ac', '"+withheld.Digest+"')", // its body is nowhere
		"INSERT INTO queue (place, entry_id, statement, body_digest) VALUES (7, "+id(13)+", x'ad', '"+waiting.Digest+"')",
		"INSERT INTO queue (place, entry_id, statement, body_digest) VALUES (9, "+id(14)+", x'ae', '')",
		"INSERT INTO body VALUES ('"+published.Digest+"', CAST('"+string(published.Bytes)+"' AS BLOB))",
		"INSERT INTO body VALUES ('"+waiting.Digest+"', CAST('"+string(waiting.Bytes)+"' AS BLOB))",
		"UPDATE epoch SET number = 4",
		"INSERT INTO mark VALUES ('bodies-on-disk', 3)",
	)
	for range 2 { // the second time there is nothing to do
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		records, err := s.Records(t.Context(), 0, 10)
		if err != nil || len(records) != 3 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		for i, want := range []store.Record{
			{Index: 0, EntryID: [32]byte{31: 10}, Logged: 100, Leaf: []byte{0xaa}, Texts: []string{published.Digest}},
			{Index: 1, EntryID: [32]byte{31: 11}, Logged: 100, Leaf: []byte{0xab}},
			{Index: 2, EntryID: [32]byte{31: 12}, Logged: 105, Leaf: []byte{0xac}},
		} {
			got := records[i]
			if got.Index != want.Index || got.EntryID != want.EntryID || got.Logged != want.Logged || !bytes.Equal(got.Leaf, want.Leaf) || !slices.Equal(got.Texts, want.Texts) {
				t.Errorf("record %d is %+v, want %+v", i, got, want)
			}
		}
		queue, err := s.Queued(t.Context(), 0, 10)
		if err != nil || len(queue) != 2 || queue[0].Queue != 7 || queue[1].Queue != 9 || !slices.Equal(digestsOf(queue[0]), []string{waiting.Digest}) || queue[1].Texts != nil {
			t.Errorf("queue %+v, %v", queue, err)
		}
		for _, text := range []store.Text{published, waiting} {
			if b, ok, err := s.Text(t.Context(), text.Digest); err != nil || !ok || !bytes.Equal(b, text.Bytes) {
				t.Errorf("text %s: %q, %v, %v", text.Digest, b, ok, err)
			}
		}
		if texts, err := s.TextsFrom(t.Context(), 0, 10); err != nil || len(texts) != 1 || texts[0].Index != 0 {
			t.Errorf("texts of records: %+v, %v", texts, err)
		}
		if mark, err := s.Mark(t.Context(), "bodies-on-disk"); err != nil || mark != 3 {
			t.Errorf("mark %d, %v", mark, err)
		}
		s.Close()
	}
	// It goes on where it was.
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	epoch, err := s.Fence(t.Context())
	if err != nil || epoch != 5 {
		t.Errorf("epoch %d, %v; want 5", epoch, err)
	}
	record := store.Record{Index: 3, EntryID: [32]byte{31: 13}, Logged: 105, Leaf: []byte{0xad}, Texts: []string{waiting.Digest}}
	if err := s.Sequence(t.Context(), epoch, []store.Record{record}, []int64{7}); err != nil {
		t.Fatal(err)
	}
	if at, err := s.RecordsOfText(t.Context(), waiting.Digest); err != nil || !slices.Equal(at, []uint64{3}) {
		t.Errorf("records of the queued text: %v, %v", at, err)
	}
	integrity(t, path)
}
