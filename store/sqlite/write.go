package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"

	"github.com/pledgelog/pledgelog/store"
)

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, subs []store.Submission) ([]bool, error) {
	for i := range subs {
		if err := subs[i].Check(); err != nil {
			return nil, fmt.Errorf("enqueue submission %d: %w", i, err)
		}
	}
	queued := make([]bool, len(subs))
	if len(subs) == 0 {
		return queued, nil
	}
	places := make([]int64, len(subs))
	err := s.update(ctx, "enqueue", func(tx *sql.Tx) error {
		enqueue, addBody := tx.Stmt(s.w.enqueue), tx.Stmt(s.w.addBody)
		for i := range subs {
			sub := &subs[i]
			res, err := enqueue.Exec(sub.EntryID[:], sub.Statement, sub.BodyDigest)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue
			}
			queued[i] = true
			if places[i], err = res.LastInsertId(); err != nil {
				return err
			}
			if sub.Body != nil {
				if _, err := addBody.Exec(sub.BodyDigest, sub.Body); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range subs {
		subs[i].Queue = places[i]
	}
	return queued, nil
}

// Fence implements store.Store.
func (s *Store) Fence(ctx context.Context) (uint64, error) {
	var epoch int64
	err := s.update(ctx, "fence", func(tx *sql.Tx) error {
		return tx.Stmt(s.w.nextEpoch).QueryRow().Scan(&epoch)
	})
	if err != nil {
		return 0, err
	}
	return uint64(epoch), nil
}

// Sequence implements store.Store.
func (s *Store) Sequence(ctx context.Context, epoch uint64, records []store.Record, done []int64) error {
	// The list of places is one JSON parameter, so that a thousand deletes
	// are one statement.
	places := append(make([]byte, 0, 2+8*len(done)), '[')
	for i, place := range done {
		if i > 0 {
			places = append(places, ',')
		}
		places = strconv.AppendInt(places, place, 10)
	}
	list := string(append(places, ']'))

	return s.update(ctx, "sequence", func(tx *sql.Tx) error {
		var newest int64
		if err := tx.Stmt(s.w.epoch).QueryRow().Scan(&newest); err != nil {
			return err
		}
		if epoch != uint64(newest) {
			return fmt.Errorf("%w: epoch %d, newest is %d", store.ErrFenced, epoch, newest)
		}
		size, last, err := scanSize(tx.Stmt(s.w.size).QueryRow())
		if err != nil {
			return err
		}
		if err := store.CheckRecords(size, last, records); err != nil {
			return err
		}
		addRecord := tx.Stmt(s.w.addRecord)
		for i := range records {
			r := &records[i]
			if _, err := addRecord.Exec(int64(r.Index), r.EntryID[:], r.Logged, r.Leaf, r.BodyDigest); err != nil {
				// The checks above leave one reason for the trigger to refuse.
				if known, e := s.inRecord(tx, r.EntryID); e == nil && known {
					return fmt.Errorf("%w: %x", store.ErrDuplicate, r.EntryID)
				}
				return err
			}
		}
		if len(done) == 0 {
			return nil
		}
		refused, err := refusedBodies(tx.Stmt(s.w.refused), list)
		if err != nil {
			return err
		}
		if _, err := tx.Stmt(s.w.dequeue).Exec(list); err != nil {
			return err
		}
		for _, digest := range refused {
			if _, err := tx.Stmt(s.w.dropBody).Exec(digest); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) inRecord(tx *sql.Tx, id [32]byte) (known bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM record WHERE entry_id = ?)`, id[:]).Scan(&known)
	return known, err
}

func refusedBodies(query *sql.Stmt, places string) ([]string, error) {
	rows, err := query.Query(places)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var digests []string
	for rows.Next() {
		var d string
		if err := rows.Scan(&d); err != nil {
			return nil, err
		}
		digests = append(digests, d)
	}
	return digests, rows.Err()
}

// SetMark implements store.Store.
func (s *Store) SetMark(ctx context.Context, name string, value uint64) error {
	if value > math.MaxInt64 {
		return fmt.Errorf("set mark %q: %w: %d is over 2^63-1", name, store.ErrInvalid, value)
	}
	return s.update(ctx, "set mark", func(tx *sql.Tx) error {
		_, err := tx.Stmt(s.w.setMark).Exec(name, int64(value))
		return err
	})
}
