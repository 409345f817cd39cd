// Package store is what the server keeps beside the log: the queue of
// statements that wait for an index, the order of record, and the texts that are
// public beside it: detached bodies and disclosures. The interface is here; store/sqlite implements it, and any other
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
	"slices"
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

	// Texts become public with the statement, in this order: its detached body,
	// or what an open opens. Not more than MaxTexts, none twice. A text that is
	// withheld is not here. Queued leaves their bytes out.
	Texts []Text
}

// MaxTexts is how many texts one statement may publish.
const MaxTexts = 64

// A Text is a detached body or a disclosure, exact bytes.
type Text struct {
	Digest string // SHA-256 of Bytes in base64url without padding, 43 characters
	Bytes  []byte // not empty
}

// Record is one row of the order of record.
type Record struct {
	Index   uint64   // of the leaf in the log, from 0
	EntryID [32]byte // as in Submission
	Logged  int64    // Unix seconds, at least 0; never decreases with Index
	Leaf    []byte   // the exact leaf; not empty
	Texts   []string // digests of the texts that it publishes, as in Submission
}

// RecordText is a text that is held for a record.
type RecordText struct {
	Index uint64 // of the record
	Text
}

// Store keeps the queue, the order of record and the texts.
type Store interface {
	// Enqueue makes submissions durable, all or none, in the given order. One
	// whose EntryID is queued or sequenced already, or came earlier in the
	// same call, is not queued again: that is no error, and queued says which
	// were. A text that was erased is not kept, the submission is. A reader that was shown place q by Queued is never shown a smaller
	// new one later, however many callers enqueue at once.
	Enqueue(ctx context.Context, subs []Submission) (queued []bool, err error)

	// Queued returns up to limit queued submissions with Queue > after, in
	// order, without the bytes of their texts: see Text.
	Queued(ctx context.Context, after int64, limit int) ([]Submission, error)

	// QueueLen returns how many submissions are queued.
	QueueLen(ctx context.Context) (int, error)

	// Fence starts a new epoch and returns it. Every later Sequence with an
	// older epoch fails with ErrFenced. The first epoch is 1.
	Fence(ctx context.Context) (epoch uint64, err error)

	// Sequence writes, in one transaction, records that continue the order of
	// record, and removes the queue places in done: those that were sequenced
	// and those that were refused. A place that is not in the queue is passed
	// over. The texts of a sequenced submission are kept for its record; those
	// of a refused one go with it, unless a record or another queued submission
	// has the same digest.
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

	// Text returns the text with that digest, of a queued submission or of a
	// record, if it is held.
	Text(ctx context.Context, digest string) ([]byte, bool, error)

	// TextsFrom returns the texts that are held for the records with
	// first <= index < first+limit, by index and in each record's order. A record
	// without a text has no element, so the caller goes on at first+limit,
	// whatever came back, until it reaches Size.
	TextsFrom(ctx context.Context, first uint64, limit int) ([]RecordText, error)

	// RecordsOfText returns the indexes of the records that publish the text with
	// that digest, rising, whether it is still held or was erased.
	RecordsOfText(ctx context.Context, digest string) ([]uint64, error)

	// Erase deletes the text with that digest for ever, from the files too and
	// not from their tables alone: after it returned without an error none of the
	// store's files holds its bytes, and no later Enqueue brings them back. It may
	// be repeated; a text that is not there is no error. Errors: ErrInvalid for
	// what is no digest.
	Erase(ctx context.Context, digest string) error

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

// Check says whether a submission can be stored: an error that is ErrInvalid if
// it has no statement, or a text under another digest than its own.
// Implementations call it.
func (s *Submission) Check() error {
	if len(s.Statement) == 0 {
		return fmt.Errorf("%w: submission without a statement", ErrInvalid)
	}
	digests := make([]string, len(s.Texts))
	for i, t := range s.Texts {
		if len(t.Bytes) == 0 {
			return fmt.Errorf("%w: empty text", ErrInvalid)
		}
		sum := sha256.Sum256(t.Bytes)
		if t.Digest != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return fmt.Errorf("%w: text does not match its digest %q", ErrInvalid, t.Digest)
		}
		digests[i] = t.Digest
	}
	return checkDigests(digests)
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
		if err := checkDigests(r.Texts); err != nil {
			return err
		}
		if _, ok := seen[r.EntryID]; ok {
			return fmt.Errorf("%w: %x twice in one call", ErrDuplicate, r.EntryID)
		}
		seen[r.EntryID] = struct{}{}
	}
	return nil
}

func checkDigests(list []string) error {
	if len(list) > MaxTexts {
		return fmt.Errorf("%w: %d texts of one statement", ErrInvalid, len(list))
	}
	for i, d := range list {
		if err := CheckDigest(d); err != nil {
			return err
		}
		if slices.Contains(list[:i], d) {
			return fmt.Errorf("%w: text %s twice in one statement", ErrInvalid, d)
		}
	}
	return nil
}

// CheckDigest says whether d is a digest: the error is ErrInvalid.
func CheckDigest(d string) error {
	// Strict decoding refuses non-zero trailing bits, so each digest has one
	// spelling only.
	b, err := base64.RawURLEncoding.Strict().DecodeString(d)
	if len(d) != digestLen || err != nil || len(b) != sha256.Size {
		return fmt.Errorf("%w: digest %q is not a SHA-256 in base64url", ErrInvalid, d)
	}
	return nil
}
