package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pledgelog/pledgelog/store"
)

// wordsID marks a file of words ("plow" in ASCII), and wordsVersion is that of its tables:
// a file of another version is made anew.
const (
	wordsID      = 0x706c6f77
	wordsVersion = 1
)

// Words implements store.Words in a file of its own, since it may be lost: nothing is
// flushed to the disk but by SQLite's own checkpoints, and a file that is damaged or of
// another version is made anew.
//
// An FTS5 table holds the tokens, with their text: only from that can it take out of its
// index what was erased, instead of marking it (its option secure-delete).
type Words struct {
	write, read *sql.DB
	reading     sync.RWMutex // held alone while the write-ahead log is emptied
	closed      atomic.Bool
}

var _ store.Words = (*Words)(nil)

const wordsSchema = `
CREATE TABLE marked (idx INTEGER PRIMARY KEY, mark INTEGER NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (tokens, tokenize = 'ascii');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
`

// OpenWords opens the words in the file path, and makes an empty file where there is none
// or no good one. Only the owner can read it.
func OpenWords(ctx context.Context, path string) (*Words, error) {
	w, err := openWords(ctx, path)
	if err != nil && ctx.Err() == nil && spoilt(err) {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, fmt.Errorf("open words: %w", err)
			}
		}
		w, err = openWords(ctx, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open words %s: %w", path, err)
	}
	return w, nil
}

var errOtherWords = errors.New("file is of another version")

func spoilt(err error) bool {
	var e *sqlite.Error
	return errors.Is(err, errOtherWords) ||
		errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

func openWords(ctx context.Context, path string) (_ *Words, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	w := new(Words)
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	common := []string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "synchronous(NORMAL)", "trusted_schema(OFF)"}
	if w.write, err = sql.Open("sqlite", dsn(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": append(common, "journal_mode(WAL)", "secure_delete(ON)", "temp_store(MEMORY)", "cache_size(-65536)"),
	})); err != nil {
		return nil, err
	}
	w.write.SetMaxOpenConns(1)
	var id, version int
	if err := w.write.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)`).Scan(&id, &version); err != nil {
		return nil, err
	}
	var tables int
	if err := w.write.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return nil, err
	}
	switch {
	case tables == 0:
		schema := fmt.Sprintf("BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d; %s COMMIT;", wordsID, wordsVersion, wordsSchema)
		if _, err := w.write.ExecContext(ctx, schema); err != nil {
			return nil, err
		}
	case id != wordsID:
		return nil, errors.New("there is a database of something else")
	case version != wordsVersion:
		return nil, errOtherWords
	}
	if w.read, err = sql.Open("sqlite", dsn(path, url.Values{"_pragma": append(common, "query_only(ON)", "cache_size(-16384)")})); err != nil {
		return nil, err
	}
	w.read.SetMaxOpenConns(readers)
	w.read.SetMaxIdleConns(readers)
	return w, w.read.PingContext(ctx)
}

// Close implements store.Words.
func (w *Words) Close() error {
	if w.closed.Swap(true) {
		return nil
	}
	var errs []error
	for _, db := range []*sql.DB{w.read, w.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Marks implements store.Words.
func (w *Words) Marks(ctx context.Context) iter.Seq2[store.Marked, error] {
	return func(yield func(store.Marked, error) bool) {
		w.reading.RLock()
		defer w.reading.RUnlock()
		rows, err := w.read.QueryContext(ctx, `SELECT idx, mark FROM marked`)
		if err != nil {
			yield(store.Marked{}, wrap("read marks", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var m store.Marked
			if err := rows.Scan(&m.Index, &m.Mark); err != nil {
				yield(m, wrap("read marks", err))
				return
			}
			if !yield(m, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(store.Marked{}, wrap("read marks", err))
		}
	}
}

// Put implements store.Words.
func (w *Words) Put(ctx context.Context, docs []store.Document) error {
	if len(docs) == 0 {
		return nil
	}
	if w.closed.Load() {
		return fmt.Errorf("put words: %w", store.ErrClosed)
	}
	tx, err := w.write.BeginTx(ctx, nil)
	if err != nil {
		return wrap("put words", err)
	}
	defer tx.Rollback()
	docs, gone, err := takeAway(ctx, tx, docs)
	for len(docs) > 0 && err == nil {
		n := min(len(docs), putRows)
		err = putSome(ctx, tx, docs[:n])
		docs = docs[n:]
	}
	if err != nil {
		return wrap("put words", err)
	}
	if err := tx.Commit(); err != nil {
		return wrap("put words", err)
	}
	if gone {
		return w.clean(ctx)
	}
	return nil
}

// putRows is how many documents one statement puts: most of the time that one takes is that
// of the call.
const putRows = 64

func putSome(ctx context.Context, tx *sql.Tx, docs []store.Document) error {
	marks, tokens := make([]any, 0, 2*len(docs)), make([]any, 0, 2*len(docs))
	for _, d := range docs {
		marks, tokens = append(marks, d.Index, d.Mark), append(tokens, d.Index, d.Tokens)
	}
	rows := strings.TrimSuffix(strings.Repeat("(?, ?), ", len(docs)), ", ")
	if _, err := tx.ExecContext(ctx, `INSERT INTO marked (idx, mark) VALUES `+rows, marks...); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO words (rowid, tokens) VALUES `+rows, tokens...)
	return err
}

// takeAway deletes what is held at the indexes of documents, and returns those that are to
// be put. It reports whether there was anything to delete: most are new, and behind all that
// are held; and one with the mark that is held is the same.
func takeAway(ctx context.Context, tx *sql.Tx, docs []store.Document) (put []store.Document, gone bool, err error) {
	last := int64(-1)
	if err := tx.QueryRowContext(ctx, `SELECT ifnull(max(idx), -1) FROM marked`).Scan(&last); err != nil {
		return nil, false, err
	}
	for _, d := range docs {
		held := int64(d.Index) <= last
		if held {
			var mark int64
			switch err := tx.QueryRowContext(ctx, `SELECT mark FROM marked WHERE idx = ?`, d.Index).Scan(&mark); {
			case errors.Is(err, sql.ErrNoRows):
				held = false
			case err != nil:
				return nil, gone, err
			case mark == d.Mark && d.Tokens != "":
				continue
			}
		}
		if held {
			for _, table := range []string{`DELETE FROM marked WHERE idx = ?`, `DELETE FROM words WHERE rowid = ?`} {
				if _, err := tx.ExecContext(ctx, table, d.Index); err != nil {
					return nil, gone, err
				}
			}
			gone = true
		}
		if d.Tokens != "" {
			put = append(put, d)
		}
	}
	return put, gone, nil
}

// clean takes what was deleted out of the write-ahead log as well, which takes a moment at
// which nobody reads from it; see Store.emptyLog.
func (w *Words) clean(ctx context.Context) error {
	w.reading.Lock()
	defer w.reading.Unlock()
	var busy, frames, moved int
	if err := w.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return wrap("clean words", err)
	}
	if busy != 0 {
		return fmt.Errorf("clean words: others read for longer than %v", busyTimeout)
	}
	return nil
}

// Match implements store.Words.
func (w *Words) Match(ctx context.Context, p store.Phrase, from, to uint32) ([]uint32, error) {
	if w.closed.Load() {
		return nil, fmt.Errorf("match words: %w", store.ErrClosed)
	}
	query := `"` + strings.Join(p.Tokens, " ") + `"`
	if p.Prefix {
		query += "*"
	}
	if strings.Count(query, `"`) != 2 {
		return nil, fmt.Errorf("match words: %w: a token has a quotation mark", store.ErrInvalid)
	}
	w.reading.RLock()
	defer w.reading.RUnlock()
	var packed []byte
	if err := w.read.QueryRowContext(ctx, `SELECT pledgelog_gather(rowid) FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ?`, query, from, to).Scan(&packed); err != nil {
		return nil, wrap("match words", err)
	}
	out := make([]uint32, len(packed)/4)
	for i := range out {
		out[i] = binary.NativeEndian.Uint32(packed[4*i:])
	}
	return out, nil
}

// A gather is an aggregate function that returns all numbers as one value, 4 bytes each: a
// row of a result takes several times as long.
type gather struct{ packed []byte }

func init() {
	sqlite.MustRegisterFunction("pledgelog_gather", &sqlite.FunctionImpl{
		NArgs:         1,
		Deterministic: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return new(gather), nil },
	})
}

func (g *gather) Step(_ *sqlite.FunctionContext, args []driver.Value) error {
	n, ok := args[0].(int64)
	if !ok {
		return fmt.Errorf("gather: %T is no number", args[0])
	}
	g.packed = binary.NativeEndian.AppendUint32(g.packed, uint32(n))
	return nil
}

func (g *gather) WindowInverse(*sqlite.FunctionContext, []driver.Value) error {
	return errors.New("gather: not a function of windows")
}

func (g *gather) WindowValue(*sqlite.FunctionContext) (driver.Value, error) { return g.packed, nil }

func (g *gather) Final(*sqlite.FunctionContext) {}
