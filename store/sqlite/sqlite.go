// Package sqlite implements store.Store on one SQLite file: the default for a
// server on one machine.
//
// The file is in WAL mode with synchronous=FULL: a commit returns when the
// write-ahead log is on disk. One connection writes, a few read; readers never
// wait for the writer. Several processes may open the same file on one
// machine; a network file system won't do.
//
// Enqueue and Sequence are one transaction, and so one fsync, each: give them
// many statements at once.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/store"
)

const (
	// busyTimeout is how long a write waits for another process's transaction.
	busyTimeout = 10 * time.Second
	// emptyTimeout is how long emptying the write-ahead log waits for another
	// process's readers. Nobody can write meanwhile.
	emptyTimeout = 250 * time.Millisecond
	// readers is the number of reading connections.
	readers = 4
	// walPages is the number of pages (4 KiB) in the write-ahead log at which
	// a commit copies them into the database. The default of 1,000 would do so
	// after nearly every large batch.
	walPages = 8192
)

// Store is a store.Store in one SQLite file.
type Store struct {
	write  *sql.DB // one connection
	read   *sql.DB
	closed atomic.Bool
	w      writeStatements

	reading   sync.RWMutex // held while rows are read, and wholly while nobody may
	prepareMu sync.Mutex
	reads     map[string]*sql.Stmt // by their text
}

// writeStatements are prepared once on the writing connection.
type writeStatements struct {
	enqueue, addQueueText, addText                  *sql.Stmt
	size, addRecord, addRecordText                  *sql.Stmt
	refused, dequeueTexts, dequeue, dropText        *sql.Stmt
	epoch, nextEpoch, setMark, addErased, eraseText *sql.Stmt
}

var _ store.Store = (*Store)(nil)

// Create makes a new, empty store in the file path and opens it. The file must
// not exist; its directory must. Only the owner can read it.
func Create(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("create store: %w", err)
	}
	s, err := open(ctx, path, true)
	if err != nil {
		return nil, fmt.Errorf("create store %s: %w", path, err)
	}
	if err := atomicfile.SyncDir(filepath.Dir(path)); err != nil {
		s.Close()
		return nil, fmt.Errorf("create store: %w", err)
	}
	return s, nil
}

// Open opens a store that Create made, and brings its tables up to date. It
// does not create one: an empty store where a full one was expected would
// start a second order of record.
func Open(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := open(ctx, path, false)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, create bool) (_ *Store, err error) {
	s := &Store{reads: make(map[string]*sql.Stmt)}
	defer func() {
		if err != nil {
			err = wrap("open", err)
			s.Close()
		}
	}()
	// busy_timeout comes first: changing the journal mode takes a lock.
	// recursive_triggers makes REPLACE fire delete triggers.
	common := []string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"synchronous(FULL)", "foreign_keys(ON)", "recursive_triggers(ON)", "trusted_schema(OFF)",
	}
	if s.write, err = sql.Open("sqlite", dsn(path, url.Values{
		"_txlock":    {"immediate"},
		"_defensive": {"1"},
		"_pragma":    append(common, "journal_mode(WAL)", "secure_delete(ON)", "temp_store(MEMORY)", fmt.Sprintf("wal_autocheckpoint(%d)", walPages), "cache_size(-65536)"),
	})); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write, create); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	if s.read, err = sql.Open("sqlite", dsn(path, url.Values{
		"_pragma": append(common, "query_only(ON)", "cache_size(-16384)"),
	})); err != nil {
		return nil, err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if err := s.read.PingContext(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func dsn(path string, query url.Values) string {
	// Only what would end the path in a URI is escaped; SQLite undoes it.
	path = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return "file:" + path + "?mode=rw&" + query.Encode()
}

func (s *Store) prepare(ctx context.Context) error {
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.w.enqueue, `INSERT INTO queue (entry_id, statement)
			SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM record WHERE entry_id = ?1)
			ON CONFLICT (entry_id) DO NOTHING`},
		{&s.w.addQueueText, `INSERT INTO queue_text (place, ord, digest) VALUES (?, ?, ?)`},
		{&s.w.addText, `INSERT INTO text (digest, held, bytes)
			SELECT ?1, 1, ?2 WHERE NOT EXISTS (SELECT 1 FROM erased WHERE digest = ?1)
			ON CONFLICT (digest) DO UPDATE SET held = 1, bytes = excluded.bytes WHERE NOT held`},
		{&s.w.size, sizeQuery},
		{&s.w.addRecord, `INSERT INTO record (idx, entry_id, logged, leaf) VALUES (?, ?, ?, ?)`},
		{&s.w.addRecordText, `INSERT INTO record_text (idx, ord, digest) VALUES (?, ?, ?)`},
		// Texts that go with refused submissions.
		{&s.w.refused, `SELECT DISTINCT digest FROM queue_text JOIN queue USING (place)
			WHERE place IN (SELECT value FROM json_each(?))
			AND NOT EXISTS (SELECT 1 FROM record WHERE record.entry_id = queue.entry_id)`},
		{&s.w.dequeueTexts, `DELETE FROM queue_text WHERE place IN (SELECT value FROM json_each(?))`},
		{&s.w.dequeue, `DELETE FROM queue WHERE place IN (SELECT value FROM json_each(?))`},
		{&s.w.dropText, `UPDATE text SET held = 0, bytes = zeroblob(length(bytes)) WHERE digest = ?1
			AND NOT EXISTS (SELECT 1 FROM queue_text WHERE digest = ?1)
			AND NOT EXISTS (SELECT 1 FROM record_text WHERE digest = ?1)`},
		{&s.w.addErased, `INSERT INTO erased (digest) VALUES (?) ON CONFLICT (digest) DO NOTHING`},
		{&s.w.eraseText, `UPDATE text SET held = 0, bytes = zeroblob(length(bytes)) WHERE digest = ?`},
		{&s.w.epoch, `SELECT number FROM epoch`},
		{&s.w.nextEpoch, `UPDATE epoch SET number = number + 1 RETURNING number`},
		{&s.w.setMark, `INSERT INTO mark (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`},
	} {
		stmt, err := s.write.PrepareContext(ctx, p.sql)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", p.sql, err)
		}
		*p.to = stmt
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	// The reader goes first, so that the writer is the last connection and
	// folds the write-ahead log into the database.
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// update runs f in one write transaction. ctx bounds the wait for the writing
// connection only: what has begun is finished, so that a caller who gives up
// leaves no transaction of which nobody knows whether it was committed.
func (s *Store) update(ctx context.Context, doing string, f func(tx *sql.Tx) error) error {
	if s.closed.Load() {
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return wrap(doing, err)
	}
	defer conn.Close()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	tx, err := conn.BeginTx(context.Background(), nil)
	if err != nil {
		return wrap(doing, err)
	}
	if err := f(tx); err != nil {
		tx.Rollback() // the first error is the one that matters
		return wrap(doing, err)
	}
	if err := tx.Commit(); err != nil {
		// A COMMIT that failed for lack of room leaves the transaction open.
		tx.Rollback()
		return wrap(doing, err)
	}
	return nil
}

// wrap says what was being done, and gives the errors of store their names.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrConnDone), err.Error() == "sql: database is closed":
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	case errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL:
		return fmt.Errorf("%s: %w: %w", doing, store.ErrFull, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
