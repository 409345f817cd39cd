// Package guard makes a signer that can't sign a fork.
//
// The last checkpoint that was signed is kept apart from the log's own
// directory, in a [State]. A new one is signed only if it is not smaller, and
// if the last one is proved, from the log's own tiles, to be a prefix of it.
// The state is on disk before the signature leaves. So a log directory that
// was restored from a backup, copied, or damaged makes the signer refuse,
// where an unguarded one would sign a second history.
//
// What it can't see is a state that was restored together with the log: for
// that, witnesses have to be asked.
package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

var (
	// ErrBehind says that the tree to be signed is smaller than one that was
	// signed before. It is not final: the log may grow again over the same
	// leaves. See [BehindError].
	ErrBehind = errors.New("the log is behind what was signed")

	// ErrFork says that the tree to be signed contradicts one that was signed
	// before. It is final, and matches [log.ErrStopped] too. See [ForkError].
	ErrFork = errors.New("the log contradicts what was signed")

	// ErrConflict says that the state changed between Load and CompareAndSwap.
	ErrConflict = errors.New("guard state was changed by another process")
)

// State keeps the last signed checkpoint of one log. Implementations are safe
// for use by several processes.
type State interface {
	// Load returns the last signed checkpoint. A state that never was used
	// holds size 0 and the root of the empty tree.
	Load(ctx context.Context) (log.Checkpoint, error)
	// CompareAndSwap replaces old by next, durably, before it returns nil. If
	// the state is not old it changes nothing and returns an error that
	// matches ErrConflict. After another error either may be the state.
	CompareAndSwap(ctx context.Context, old, next log.Checkpoint) error
	// String names the state for people: a path, say.
	String() string
}

// Inner is the signer that is guarded, log.Signer for one.
type Inner interface {
	Key() log.Key
	Sign(text []byte) ([]byte, error)
}

// Prover proves, from the log's tiles, that the tree of size1 is a prefix of
// the tree of size2 (RFC 6962, section 2.1.2). A *log.TileReader is one.
type Prover interface {
	ConsistencyProof(ctx context.Context, size1, size2 uint64) ([]log.Hash, error)
}

// timeout bounds what one signature takes, since Sign has no context.
const timeout = 30 * time.Second

// Signer signs checkpoints of one log. It has the shape of log.Signer, and of
// the Signer of golang.org/x/mod/sumdb/note. It is safe for concurrent use,
// also with others in other processes on the same state.
type Signer struct {
	inner  Inner
	state  State
	prover Prover
}

// New returns a signer that asks state and prover before it lets inner sign.
func New(inner Inner, state State, prover Prover) *Signer {
	return &Signer{inner, state, prover}
}

// Key returns the key of the guarded signer.
func (s *Signer) Key() log.Key { return s.inner.Key() }

// Name returns the name of that key.
func (s *Signer) Name() string { return s.inner.Key().Name }

// KeyHash returns the ID of that key.
func (s *Signer) KeyHash() uint32 { return s.inner.Key().ID }

// Last returns the last signed checkpoint. A server compares it with its order
// of record when it starts: if that is smaller, it was restored from a backup,
// and must not give indexes to new statements.
func (s *Signer) Last(ctx context.Context) (log.Checkpoint, error) {
	last, err := s.state.Load(ctx)
	if err != nil {
		return log.Checkpoint{}, fmt.Errorf("load guard state: %w", err)
	}
	return last, nil
}

// Compare says whether cp, a published checkpoint whose tree the prover has, and the
// last signed one are of one history; nothing is signed. Errors match ErrFork, ErrBehind
// when more was signed, which the log may grow to again, or neither.
func (s *Signer) Compare(ctx context.Context, cp log.Checkpoint) error {
	last, err := s.Last(ctx)
	if err == nil {
		err = s.follows(ctx, last, cp)
	}
	if err != nil {
		return fmt.Errorf("compare size %d with what was signed: %w", cp.Size, err)
	}
	return nil
}

// Sign returns the signature of a checkpoint's text. Errors match ErrBehind,
// ErrFork or neither: then the state or the tiles could not be read or the
// guarded signer failed, and the same text may be tried again.
func (s *Signer) Sign(text []byte) ([]byte, error) {
	if err := s.allow(text); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	sig, err := s.inner.Sign(text)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sig, nil
}

// allow makes the checkpoint with this text the last signed one, or refuses.
func (s *Signer) allow(text []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	next, err := log.ParseCheckpoint(text)
	if err != nil {
		return err
	}
	if err := s.advance(ctx, next); err != nil {
		return fmt.Errorf("size %d: %w", next.Size, err)
	}
	return nil
}

// InnerCosigner is a further key of the log, log.Cosigner for one.
type InnerCosigner interface {
	Key() log.Key
	Cosign(text []byte, unixTime uint64) (log.NoteSignature, error)
}

// Cosigner is a further key of a log that signs nothing but what the log's guarded
// signer may sign.
type Cosigner struct {
	inner InnerCosigner
	guard *Signer
}

// Cosigner puts a further key of the log, one of ML-DSA-44 say, under the same
// guard.
func (s *Signer) Cosigner(inner InnerCosigner) *Cosigner { return &Cosigner{inner, s} }

// Key returns the key of the guarded cosigner.
func (c *Cosigner) Key() log.Key { return c.inner.Key() }

// Cosign signs the text of a checkpoint with a time in seconds since 1970. Errors
// are those of [Signer.Sign].
func (c *Cosigner) Cosign(text []byte, unixTime uint64) (log.NoteSignature, error) {
	fail := func(err error) (log.NoteSignature, error) {
		return log.NoteSignature{}, fmt.Errorf("sign with %s: %w", c.inner.Key().Name, err)
	}
	if err := c.guard.allow(text); err != nil {
		return fail(err)
	}
	sig, err := c.inner.Cosign(text, unixTime)
	if err != nil {
		return fail(err)
	}
	return sig, nil
}

// advance makes next the last signed checkpoint, or refuses.
func (s *Signer) advance(ctx context.Context, next log.Checkpoint) error {
	for {
		last, err := s.state.Load(ctx)
		if err != nil {
			return fmt.Errorf("load guard state: %w", err)
		}
		if err := s.follows(ctx, last, next); err != nil {
			return err
		}
		if next == last {
			return nil
		}
		err = s.state.CompareAndSwap(ctx, last, next)
		if errors.Is(err, ErrConflict) && ctx.Err() == nil {
			continue // another process signed meanwhile: ask again
		}
		if err != nil {
			return fmt.Errorf("store guard state: %w", err)
		}
		return nil
	}
}

// follows says whether next may be signed after last.
func (s *Signer) follows(ctx context.Context, last, next log.Checkpoint) error {
	switch {
	case next.Origin != last.Origin:
		return fmt.Errorf("guard state %s is for the log %q, not %q", s.state, last.Origin, next.Origin)
	case next.Size < last.Size:
		return &BehindError{Last: last, Refused: next, State: s.state.String()}
	case next == last:
		return nil
	case next.Size == last.Size:
		return &ForkError{Last: last, Refused: next, State: s.state.String()}
	}
	err := s.prove(ctx, last, next)
	if f, ok := s.prover.(interface{ Forget() }); ok && errors.Is(err, ErrFork) {
		// A damaged tile may have been kept in memory: read them again before
		// so final a word.
		f.Forget()
		err = s.prove(ctx, last, next)
	}
	return err
}

func (s *Signer) prove(ctx context.Context, last, next log.Checkpoint) error {
	hashes, err := s.prover.ConsistencyProof(ctx, last.Size, next.Size)
	if err != nil {
		return err
	}
	if err := log.VerifyConsistency(last.Size, next.Size, last.Root, next.Root, hashes); err != nil {
		return &ForkError{Last: last, Refused: next, State: s.state.String(), Err: err}
	}
	return nil
}

// BehindError says what was asked to be signed and what had been.
type BehindError struct {
	Last, Refused log.Checkpoint
	State         string // where the guard state is kept
}

func (e *BehindError) Error() string {
	return fmt.Sprintf("%v: size %d was signed before, according to %s, and this tree has size %d; "+
		"the log directory is older than that, as when it was restored from a backup: "+
		"restore a newer one, or start the server with its order of record intact, from which it appends again what the log lacks; "+
		"leave the guard state as it is: without it a fork would be signed",
		ErrBehind, e.Last.Size, e.State, e.Refused.Size)
}

// Is makes errors.Is(err, ErrBehind) true.
func (e *BehindError) Is(target error) bool { return target == ErrBehind }

// ForkError is the evidence that the log's tree is another than was signed.
type ForkError struct {
	Last, Refused log.Checkpoint
	State         string // where the guard state is kept
	Err           error  // why the proof fails; nil if the sizes are equal
}

func (e *ForkError) Error() string {
	why := "the sizes are equal and the roots differ"
	if e.Err != nil {
		why = e.Err.Error()
	}
	return fmt.Sprintf("%v: size %d with root %x was signed before, according to %s, and this tree of size %d with root %x does not continue it (%s); "+
		"the log holds other leaves than it did, as when an old backup was restored and written to: "+
		"stop, keep all files, and restore the log and the order of record from a backup that is newer than the signature; "+
		"leave the guard state as it is",
		ErrFork, e.Last.Size, e.Last.Root, e.State, e.Refused.Size, e.Refused.Root, why)
}

// Is makes errors.Is(err, ErrFork) and errors.Is(err, log.ErrStopped) true.
func (e *ForkError) Is(target error) bool { return target == ErrFork || target == log.ErrStopped }

func (e *ForkError) Unwrap() error { return e.Err }
