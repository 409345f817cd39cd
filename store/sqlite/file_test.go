package sqlite_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/store/storetest"
)

func create(t *testing.T) (*sqlite.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := sqlite.Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

// raw opens the file as anybody with a SQLite shell could.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec1(t *testing.T, path, statement string) {
	t.Helper()
	if _, err := raw(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestCreateRefusesAnExistingFile(t *testing.T) {
	s, path := create(t)
	if _, err := sqlite.Create(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create: %v, want fs.ErrExist", err)
	}
	if _, _, err := s.Size(t.Context()); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

func TestOpenRefuses(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	if _, err := sqlite.Open(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Error("Open made a file")
	}
	for name, test := range map[string]struct {
		spoil func(path string)
		want  string
	}{
		"no database":   {func(p string) { os.WriteFile(p, []byte(strings.Repeat("text ", 1000)), 0o600) }, "not a database"},
		"empty file":    {func(p string) { os.WriteFile(p, nil, 0o600) }, "not a store"},
		"another's":     {func(p string) { exec1(t, p, "PRAGMA application_id = 5") }, "not a store"},
		"newer version": {func(p string) { exec1(t, p, "PRAGMA user_version = 999") }, "newer than this program"},
	} {
		s, path := create(t)
		s.Close()
		test.spoil(path)
		if _, err := sqlite.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
	}
}

// TestRecordIsAppendOnly: not even a SQLite shell on the file changes the
// order of record by an ordinary statement.
func TestRecordIsAppendOnly(t *testing.T) {
	s, path := create(t)
	epoch, err := s.Fence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	subs := []store.Submission{storetest.Submission(0), storetest.Submission(1), storetest.Submission(2)}
	var records []store.Record
	for i, sub := range subs {
		records = append(records, store.Record{Index: uint64(i), EntryID: sub.EntryID, Logged: 100 + int64(i), Leaf: sub.Statement, Texts: digestsOf(sub)})
	}
	if err := s.Sequence(t.Context(), epoch, records, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Enqueue(t.Context(), []store.Submission{storetest.Submission(3)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), newText([]byte("erased")).Digest); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE record SET logged = 1",
		"UPDATE record SET leaf = x'00' WHERE idx = 2",
		"UPDATE OR REPLACE record SET idx = 1 WHERE idx = 2",
		"DELETE FROM record",
		"DELETE FROM record WHERE idx = 2",
		"INSERT INTO record VALUES (4, randomblob(32), 200, x'00')",
		"INSERT INTO record VALUES (3, randomblob(32), 101, x'00')",
		"INSERT INTO record VALUES (3, randomblob(31), 200, x'00')",
		"INSERT INTO record VALUES (3, randomblob(32), 200, x'')",
		"INSERT INTO record VALUES (3, randomblob(32), 200, 'text')",
		"INSERT INTO record VALUES (NULL, randomblob(32), 101, x'00')",
		"INSERT OR REPLACE INTO record VALUES (1, randomblob(32), 101, x'00')",
		"REPLACE INTO record VALUES (2, randomblob(32), 200, x'00')",
		"INSERT OR REPLACE INTO record SELECT 3, entry_id, 200, leaf FROM record WHERE idx = 1",
		"INSERT INTO record VALUES (2, randomblob(32), 200, x'00') ON CONFLICT DO UPDATE SET leaf = x'00'",
		"UPDATE record_text SET digest = (SELECT digest FROM text LIMIT 1)",
		"DELETE FROM record_text",
		"DELETE FROM record_text WHERE idx = 0",
		"INSERT OR REPLACE INTO record_text VALUES (0, 0, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')",
		"INSERT INTO record_text SELECT 0, 1, digest FROM record_text WHERE idx = 0",
		"DELETE FROM erased",
		"UPDATE erased SET digest = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
		"INSERT INTO text (digest, held, bytes) SELECT digest, 1, x'00' FROM erased",
		"DELETE FROM text",
		"UPDATE text SET bytes = x'0000000000000000'",
		"UPDATE epoch SET number = 0",
		"DELETE FROM epoch",
	} {
		if _, err := raw(t, path).ExecContext(t.Context(), statement); err == nil {
			t.Errorf("went through: %s", statement)
		}
	}
	got, err := s.Records(t.Context(), 0, 10)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	for i := range got {
		if got[i].Logged != records[i].Logged || string(got[i].Leaf) != string(records[i].Leaf) || !slices.Equal(got[i].Texts, records[i].Texts) {
			t.Errorf("record %d has changed", i)
		}
	}
}

// fill writes until the store refuses, and returns how many were queued and
// how many of these are in the order of record.
func fill(t *testing.T, s store.Store) (queued, records uint64, err error) {
	epoch, err := s.Fence(t.Context())
	if err != nil {
		return 0, 0, err
	}
	for queued < 100_000 {
		var subs []store.Submission
		for n := queued; n < queued+50; n++ {
			subs = append(subs, storetest.Submission(n))
		}
		if _, err := s.Enqueue(t.Context(), subs); err != nil {
			return queued, records, err
		}
		queued += 50
		if queued%200 != 0 {
			continue
		}
		var rs []store.Record
		var done []int64
		q, err := s.Queued(t.Context(), 0, 100)
		if err != nil {
			return queued, records, err
		}
		for i, sub := range q {
			rs = append(rs, store.Record{Index: records + uint64(i), EntryID: sub.EntryID, Leaf: sub.Statement, Texts: digestsOf(sub)})
			done = append(done, sub.Queue)
		}
		if err := s.Sequence(t.Context(), epoch, rs, done); err != nil {
			return queued, records, err
		}
		records += uint64(len(rs))
	}
	return queued, records, errors.New("never full")
}

// wantAll checks that exactly what was acknowledged is there.
func wantAll(t *testing.T, s store.Store, queued, records uint64) {
	t.Helper()
	size, _, err := s.Size(t.Context())
	if err != nil || size != records {
		t.Fatalf("%d records, %v; want %d", size, err, records)
	}
	rs, err := s.Records(t.Context(), 0, int(size)+1)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rs {
		if want := storetest.Submission(uint64(i)); string(r.Leaf) != string(want.Statement) {
			t.Fatalf("record %d differs", i)
		}
	}
	q, err := s.Queued(t.Context(), 0, int(queued)+100)
	if err != nil || uint64(len(q)) != queued-records {
		t.Fatalf("%d queued, %v; want %d", len(q), err, queued-records)
	}
	for i, sub := range q {
		if want := storetest.Submission(records + uint64(i)); string(sub.Statement) != string(want.Statement) || !slices.Equal(digestsOf(sub), digestsOf(want)) {
			t.Fatalf("queued %d differs", i)
		}
	}
}

// TestDatabaseFull: SQLite's own limit stands for a full disk at the moment at
// which the database grows.
func TestDatabaseFull(t *testing.T) {
	s, path := create(t)
	sqlite.LimitPages(t, s, 200)
	queued, records, err := fill(t, s)
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d: %v, want ErrFull", queued, err)
	}
	if queued == 0 || records == 0 {
		t.Fatalf("full after %d queued, %d records: the test tested nothing", queued, records)
	}
	wantAll(t, s, queued, records)
	sqlite.LimitPages(t, s, 1<<30) // room again: it goes on
	if _, err := s.Enqueue(t.Context(), []store.Submission{storetest.Submission(queued)}); err != nil {
		t.Fatal(err)
	}
	wantAll(t, s, queued+1, records)
	s.Close()
	integrity(t, path)
}

// TestFileCannotGrow: writes to the write-ahead log fail, as they do on a full
// disk, because the process may write no longer files.
func TestFileCannotGrow(t *testing.T) {
	if path, ok := os.LookupEnv("STORE_FILL"); ok {
		fillLimited(t, path)
		return
	}
	s, path := create(t)
	s.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFileCannotGrow$", "-test.v")
	cmd.Env = append(os.Environ(), "STORE_FILL="+path)
	out, err := cmd.Output()
	var queued, records uint64
	said := false
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "FULL %d %d", &queued, &records); n == 2 {
			said = true
		}
	}
	if err != nil || !said || queued == 0 {
		t.Fatalf("child: %v\n%s", err, out)
	}
	s, err = sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, s, queued, records)
	s.Close()
	integrity(t, path)
}

func fillLimited(t *testing.T, path string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 3 << 20, Max: 3 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	queued, records, err := fill(t, s)
	if err == nil || queued >= 100_000 {
		t.Fatalf("no error after %d", queued)
	}
	wantAll(t, s, queued, records) // the reader's view, with the process still there
	fmt.Printf("\nFULL %d %d\n", queued, records)
	// No Close: the process just ends, as after a panic elsewhere.
}

func integrity(t *testing.T, path string) {
	t.Helper()
	var verdict string
	if err := raw(t, path).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity_check: %s, %v", verdict, err)
	}
}

func TestDurabilitySettings(t *testing.T) {
	s, _ := create(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1"} {
		if got := sqlite.WriterPragma(t, s, pragma); got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
}
