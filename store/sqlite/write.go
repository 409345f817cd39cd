package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

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
		enqueue, addQueueText, addText := tx.Stmt(s.w.enqueue), tx.Stmt(s.w.addQueueText), tx.Stmt(s.w.addText)
		for i := range subs {
			sub := &subs[i]
			res, err := enqueue.Exec(sub.EntryID[:], sub.Statement)
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
			for ord, t := range sub.Texts {
				if _, err := addQueueText.Exec(places[i], ord, t.Digest); err != nil {
					return err
				}
				if _, err := addText.Exec(t.Digest, t.Bytes); err != nil {
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
		addRecord, addText := tx.Stmt(s.w.addRecord), tx.Stmt(s.w.addRecordText)
		for i := range records {
			r := &records[i]
			if _, err := addRecord.Exec(int64(r.Index), r.EntryID[:], r.Logged, r.Leaf); err != nil {
				// The checks above leave one reason for the trigger to refuse.
				if known, e := s.inRecord(tx, r.EntryID); e == nil && known {
					return fmt.Errorf("%w: %x", store.ErrDuplicate, r.EntryID)
				}
				return err
			}
			for ord, digest := range r.Texts {
				if _, err := addText.Exec(int64(r.Index), ord, digest); err != nil {
					return err
				}
			}
		}
		if len(done) == 0 {
			return nil
		}
		refused, err := refusedTexts(tx.Stmt(s.w.refused), list)
		if err != nil {
			return err
		}
		if err := s.takeFromQueue(tx, list); err != nil {
			return err
		}
		for _, digest := range refused {
			if _, err := tx.Stmt(s.w.dropText).Exec(digest); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeFromQueue removes places from the queue. What they held is public, or was
// refused, and is not overwritten: that would cost a fifth of the speed.
func (s *Store) takeFromQueue(tx *sql.Tx, places string) (err error) {
	if _, err := tx.Exec("PRAGMA secure_delete = OFF"); err != nil {
		return err
	}
	defer func() {
		_, e := tx.Exec("PRAGMA secure_delete = ON")
		err = errors.Join(err, e)
	}()
	for _, remove := range []*sql.Stmt{s.w.dequeueTexts, s.w.dequeue} {
		if _, err := tx.Stmt(remove).Exec(places); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) inRecord(tx *sql.Tx, id [32]byte) (known bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM record WHERE entry_id = ?)`, id[:]).Scan(&known)
	return known, err
}

func refusedTexts(query *sql.Stmt, places string) ([]string, error) {
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

// Erase implements store.Store. The text is overwritten in the database; the
// write-ahead log, which still has it, is emptied.
func (s *Store) Erase(ctx context.Context, digest string) error {
	if err := store.CheckDigest(digest); err != nil {
		return fmt.Errorf("erase text: %w", err)
	}
	err := s.update(ctx, "erase text", func(tx *sql.Tx) error {
		if _, err := tx.Stmt(s.w.addErased).Exec(digest); err != nil {
			return err
		}
		_, err := tx.Stmt(s.w.eraseText).Exec(digest)
		return err
	})
	if err != nil {
		return err
	}
	return s.emptyLog(ctx)
}

// emptyLog copies the write-ahead log into the database and cuts it to nothing.
//
// SQLite can do so at a moment only at which nobody reads from that log, and it holds
// the writing connection while it waits for one: for as long as others write nothing.
// Under steady reading that moment does not come by itself, so that our own readers are
// made to wait, which takes no longer than the longest of them. Readers of other
// processes get a short while; then it is the caller's to try again.
func (s *Store) emptyLog(ctx context.Context) (err error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return wrap("empty write-ahead log", err)
	}
	defer conn.Close()
	wait := func(d time.Duration) error {
		_, err := conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
		return err
	}
	if err := wait(emptyTimeout); err != nil {
		return wrap("empty write-ahead log", err)
	}
	defer func() { err = errors.Join(err, wrap("empty write-ahead log", wait(busyTimeout))) }()
	s.reading.Lock()
	defer s.reading.Unlock()
	var busy, pages, copied int
	if err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied); err != nil {
		return wrap("empty write-ahead log", err)
	}
	if busy != 0 {
		return errors.New("empty write-ahead log: another process reads from it")
	}
	return nil
}
