// Package store is what the server keeps beside the log: the queue of
// statements that wait for an index, the order of record, and the detached
// bodies. The interface is here; store/sqlite implements it, and any other
// implementation must pass store/storetest.
//
// The order of record is the one table that says which leaf has which index.
// It only grows. The engine is fed from it, after a crash too, so a leaf is
// never stamped twice and an index is never given twice.
//
// # What every implementation promises
//
// A method that returns without an error has made its writes durable: they
// survive the death of the process and of the machine. A method that returns
// an error has written nothing, with one exception that no database can
// avoid: when the error came from the commit itself the outcome is unknown,
// and the caller finds out by reading. Every write may be repeated safely.
//
// All methods are safe for concurrent use, from several processes too.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Errors that callers branch on. They are found with errors.Is.
var (
	// ErrFenced: a newer epoch exists. The caller is no longer the sequencer
	// and must stop writing.
	ErrFenced = errors.New("fenced: a newer sequencer has taken over")

	// ErrOrder: the records do not continue the order of record: the first
	// index is not the size, an index is left out, or Logged decreases.
	ErrOrder = errors.New("records do not continue the order of record")

	// ErrDuplicate: a record's entry id is in the order of record already,
	// or twice in one call.
	ErrDuplicate = errors.New("entry id is in the order of record already")

	// ErrInvalid: a submission, record or mark that can't be stored as it is;
	// a mistake of the caller's.
	ErrInvalid = errors.New("invalid argument")

	// ErrFull: the database or its disk has no room.
	ErrFull = errors.New("no room left to write")

	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
)

// Submission is a statement on its way to an index.
type Submission struct {
	// Queue is the place in the queue: at least 1, increasing, never used
	// twice. Enqueue sets it in the caller's slice for what it queued, and to
	// 0 for what it did not.
	Queue int64

	// EntryID is the SHA-256 of what was signed (protocol section 2).
	EntryID [32]byte

	// Statement holds the exact bytes of the envelope. Not empty.
	Statement []byte

	// Body is the detached body, exact canonical bytes; nil if none came with
	// the statement.
	Body []byte

	// BodyDigest is the digest that the statement commits to: SHA-256 in
	// base64url without padding, 43 characters. Empty if there is none. It may
	// be set without a Body (a withheld body); a Body needs it.
	BodyDigest string
}

// Record is one row of the order of record.
type Record struct {
	Index      uint64   // of the leaf in the log, from 0
	EntryID    [32]byte // as in Submission
	Logged     int64    // Unix seconds, at least 0; never decreases with Index
	Leaf       []byte   // the exact leaf; not empty
	BodyDigest string   // as in Submission
}

// RecordBody is a body that is held for a record.
type RecordBody struct {
	Index  uint64 // of the record
	Digest string
	Body   []byte
}

// Store keeps the queue, the order of record and the bodies.
type Store interface {
	// Enqueue makes submissions durable, all or none, in the given order. One
	// whose EntryID is queued or sequenced already, or came earlier in the
	// same call, is not queued again: that is no error, and queued says which
	// were. A reader that was shown place q by Queued is never shown a smaller
	// new one later, however many callers enqueue at once.
	Enqueue(ctx context.Context, subs []Submission) (queued []bool, err error)

	// Queued returns up to limit queued submissions with Queue > after, in
	// order, with their bodies.
	Queued(ctx context.Context, after int64, limit int) ([]Submission, error)

	// QueueLen returns how many submissions are queued.
	QueueLen(ctx context.Context) (int, error)

	// Fence starts a new epoch and returns it. Every later Sequence with an
	// older epoch fails with ErrFenced. The first epoch is 1.
	Fence(ctx context.Context) (epoch uint64, err error)

	// Sequence writes, in one transaction, records that continue the order of
	// record, and removes the queue places in done: those that were sequenced
	// and those that were refused. A place that is not in the queue is passed
	// over. The body of a sequenced submission is kept for its record; the
	// body of a refused one goes with it, unless a record or another queued
	// submission has the same digest.
	//
	// Errors: ErrFenced if epoch is not the newest, ErrOrder, ErrDuplicate,
	// ErrInvalid.
	Sequence(ctx context.Context, epoch uint64, records []Record, done []int64) error

	// Size returns the number of records and the last Logged; 0, 0 when there
	// is none.
	Size(ctx context.Context) (size uint64, lastLogged int64, err error)

	// Records returns up to limit records from index first on, in order.
	Records(ctx context.Context, first uint64, limit int) ([]Record, error)

	// RecordByEntryID returns the record with that entry id, if there is one.
	RecordByEntryID(ctx context.Context, id [32]byte) (Record, bool, error)

	// IsQueued says whether a submission with that entry id waits in the queue.
	IsQueued(ctx context.Context, id [32]byte) (bool, error)

	// Body returns the body with that digest, of a queued submission or of a
	// record, if it is held.
	Body(ctx context.Context, digest string) ([]byte, bool, error)

	// BodiesFrom returns the bodies that are held for the records with
	// first <= index < first+limit, in order. A record without a body has no
	// element, so the caller goes on at first+limit, whatever came back, until
	// it reaches Size.
	BodiesFrom(ctx context.Context, first uint64, limit int) ([]RecordBody, error)

	// Mark returns the named counter, 0 if it was never set.
	Mark(ctx context.Context, name string) (uint64, error)

	// SetMark sets the named counter. Values go up to 2^63-1.
	SetMark(ctx context.Context, name string, value uint64) error

	// Close releases everything. Methods that are under way finish first;
	// later ones fail with ErrClosed.
	Close() error
}

// digestLen is the length of a SHA-256 in base64url without padding.
const digestLen = 43

// Check says whether a submission can be stored: an error that is ErrInvalid
// if it has no statement, or a body without its digest. Implementations call
// it, so that a body can never stand under another digest than its own.
func (s *Submission) Check() error {
	if len(s.Statement) == 0 {
		return fmt.Errorf("%w: submission without a statement", ErrInvalid)
	}
	if err := checkDigest(s.BodyDigest); err != nil {
		return err
	}
	if s.Body == nil {
		return nil
	}
	if len(s.Body) == 0 {
		return fmt.Errorf("%w: empty body", ErrInvalid)
	}
	sum := sha256.Sum256(s.Body)
	if s.BodyDigest != base64.RawURLEncoding.EncodeToString(sum[:]) {
		return fmt.Errorf("%w: body does not match its digest %q", ErrInvalid, s.BodyDigest)
	}
	return nil
}

// CheckRecords says whether records can follow an order of record of the
// given size and last Logged. Errors: ErrOrder, ErrDuplicate (within the
// slice), ErrInvalid.
func CheckRecords(size uint64, lastLogged int64, records []Record) error {
	seen := make(map[[32]byte]struct{}, len(records))
	for i := range records {
		r := &records[i]
		if want := size + uint64(i); r.Index != want {
			return fmt.Errorf("%w: index %d where %d is next", ErrOrder, r.Index, want)
		}
		if r.Logged < lastLogged {
			return fmt.Errorf("%w: index %d logged at %d, before %d", ErrOrder, r.Index, r.Logged, lastLogged)
		}
		lastLogged = r.Logged
		if len(r.Leaf) == 0 {
			return fmt.Errorf("%w: record %d without a leaf", ErrInvalid, r.Index)
		}
		if err := checkDigest(r.BodyDigest); err != nil {
			return err
		}
		if _, ok := seen[r.EntryID]; ok {
			return fmt.Errorf("%w: %x twice in one call", ErrDuplicate, r.EntryID)
		}
		seen[r.EntryID] = struct{}{}
	}
	return nil
}

func checkDigest(d string) error {
	if d == "" {
		return nil
	}
	// Strict decoding refuses non-zero trailing bits, so each digest has one
	// spelling only.
	b, err := base64.RawURLEncoding.Strict().DecodeString(d)
	if len(d) != digestLen || err != nil || len(b) != sha256.Size {
		return fmt.Errorf("%w: body digest %q is not a SHA-256 in base64url", ErrInvalid, d)
	}
	return nil
}
