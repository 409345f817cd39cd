package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/pledgelog/pledgelog/store"
)

const sizeQuery = `SELECT idx + 1, logged FROM record ORDER BY idx DESC LIMIT 1`

// Queued implements store.Store.
func (s *Store) Queued(ctx context.Context, after int64, limit int) ([]store.Submission, error) {
	return query(ctx, s, "read queue", func(rows *sql.Rows) (sub store.Submission, err error) {
		var id []byte
		var list string
		if err = rows.Scan(&sub.Queue, &id, &sub.Statement, &list); err == nil {
			err = entryID(&sub.EntryID, id)
		}
		for _, d := range digests(list) {
			sub.Texts = append(sub.Texts, store.Text{Digest: d})
		}
		return sub, err
	}, `SELECT place, entry_id, statement, coalesce((SELECT group_concat(digest, ' ' ORDER BY ord) FROM queue_text WHERE queue_text.place = queue.place), '')
		FROM queue WHERE place > ? ORDER BY place LIMIT ?`, after, max(limit, 0))
}

// digests takes a list of digests apart; nil when it is empty.
func digests(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, " ")
}

// QueueLen implements store.Store.
func (s *Store) QueueLen(ctx context.Context) (int, error) {
	n, _, err := queryOne[int](ctx, s, "count queue", `SELECT count(*) FROM queue`)
	return n, err
}

// Size implements store.Store.
func (s *Store) Size(ctx context.Context) (uint64, int64, error) {
	if s.closed.Load() {
		return 0, 0, fmt.Errorf("read size: %w", store.ErrClosed)
	}
	stmt, err := s.prepared(ctx, sizeQuery)
	if err != nil {
		return 0, 0, wrap("read size", err)
	}
	s.reading.RLock()
	defer s.reading.RUnlock()
	size, last, err := scanSize(stmt.QueryRowContext(ctx))
	return size, last, wrap("read size", err)
}

func scanSize(row *sql.Row) (uint64, int64, error) {
	var size, last int64
	err := row.Scan(&size, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return uint64(size), last, err
}

const recordColumns = `SELECT idx, entry_id, logged, leaf,
	coalesce((SELECT group_concat(digest, ' ' ORDER BY ord) FROM record_text WHERE record_text.idx = record.idx), '') FROM record `

func scanRecord(rows *sql.Rows) (r store.Record, err error) {
	var (
		idx  int64
		id   []byte
		list string
	)
	if err = rows.Scan(&idx, &id, &r.Logged, &r.Leaf, &list); err == nil {
		r.Index, r.Texts = uint64(idx), digests(list)
		err = entryID(&r.EntryID, id)
	}
	return r, err
}

// Records implements store.Store.
func (s *Store) Records(ctx context.Context, first uint64, limit int) ([]store.Record, error) {
	if first > math.MaxInt64 {
		return nil, nil
	}
	return query(ctx, s, "read records", scanRecord,
		recordColumns+`WHERE idx >= ? ORDER BY idx LIMIT ?`, int64(first), max(limit, 0))
}

// RecordByEntryID implements store.Store.
func (s *Store) RecordByEntryID(ctx context.Context, id [32]byte) (store.Record, bool, error) {
	records, err := query(ctx, s, "read record", scanRecord, recordColumns+`WHERE entry_id = ?`, id[:])
	if err != nil || len(records) == 0 {
		return store.Record{}, false, err
	}
	return records[0], true, nil
}

// Text implements store.Store.
func (s *Store) Text(ctx context.Context, digest string) ([]byte, bool, error) {
	return queryOne[[]byte](ctx, s, "read text", `SELECT bytes FROM text WHERE digest = ? AND held`, digest)
}

// TextsFrom implements store.Store.
func (s *Store) TextsFrom(ctx context.Context, first uint64, limit int) ([]store.RecordText, error) {
	if first > math.MaxInt64 || limit <= 0 {
		return nil, nil
	}
	end := int64(math.MaxInt64)
	if int64(first) <= end-int64(limit) {
		end = int64(first) + int64(limit)
	}
	return query(ctx, s, "read texts", func(rows *sql.Rows) (t store.RecordText, err error) {
		var idx int64
		err = rows.Scan(&idx, &t.Digest, &t.Bytes)
		t.Index = uint64(idx)
		return t, err
	}, `SELECT idx, digest, bytes FROM record_text JOIN text USING (digest)
		WHERE held AND idx >= ? AND idx < ? ORDER BY idx, ord`, int64(first), end)
}

// RecordsOfText implements store.Store.
func (s *Store) RecordsOfText(ctx context.Context, digest string) ([]uint64, error) {
	return query(ctx, s, "look for a text", func(rows *sql.Rows) (uint64, error) {
		var idx int64
		err := rows.Scan(&idx)
		return uint64(idx), err
	}, `SELECT idx FROM record_text WHERE digest = ? ORDER BY idx`, digest)
}

// Mark implements store.Store.
func (s *Store) Mark(ctx context.Context, name string) (uint64, error) {
	v, _, err := queryOne[int64](ctx, s, "read mark", `SELECT value FROM mark WHERE name = ?`, name)
	return uint64(v), err
}

// prepared returns the statement for query, which database/sql prepares once on
// each reading connection. The texts are the few constants of this file.
func (s *Store) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	s.prepareMu.Lock()
	defer s.prepareMu.Unlock()
	if stmt, ok := s.reads[query]; ok {
		return stmt, nil
	}
	stmt, err := s.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.reads[query] = stmt
	return stmt, nil
}

// query runs sql on a reading connection and scans every row.
func query[T any](ctx context.Context, s *Store, doing string, scan func(*sql.Rows) (T, error), sql string, args ...any) ([]T, error) {
	if s.closed.Load() {
		return nil, fmt.Errorf("%s: %w", doing, store.ErrClosed)
	}
	stmt, err := s.prepared(ctx, sql)
	if err != nil {
		return nil, wrap(doing, err)
	}
	s.reading.RLock()
	defer s.reading.RUnlock()
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, wrap(doing, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, wrap(doing, err)
		}
		all = append(all, one)
	}
	return all, wrap(doing, rows.Err())
}

// queryOne returns the one value that sql selects, and whether there was a row.
func queryOne[T any](ctx context.Context, s *Store, doing, sql string, args ...any) (T, bool, error) {
	all, err := query(ctx, s, doing, scanOne[T], sql, args...)
	if err != nil || len(all) == 0 {
		var none T
		return none, false, err
	}
	return all[0], true, nil
}

func scanOne[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

func entryID(to *[32]byte, b []byte) error {
	if len(b) != len(to) {
		return fmt.Errorf("entry id of %d bytes", len(b))
	}
	copy(to[:], b)
	return nil
}
