package witness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

var (
	// ErrNotSigned says that a checkpoint has no signature by a key of its log, or
	// one that does not verify.
	ErrNotSigned = errors.New("the log did not sign this checkpoint")
	// ErrOldSize says that the old size is over the checkpoint's.
	ErrOldSize = errors.New("the old size is over the checkpoint's")
	// ErrInconsistent says that a checkpoint is not shown to be consistent with the
	// one that was cosigned last.
	ErrInconsistent = errors.New("not consistent with what was cosigned")
	// ErrClock says that the clock can't be right.
	ErrClock = errors.New("the witness's clock is wrong")
	// ErrRefused is for a Checker: what it says of a checkpoint that may be consistent
	// and is not to be cosigned.
	ErrRefused = errors.New("the checkpoint is refused")
	// ErrUndecided stands before every other error of a Checker.
	ErrUndecided = errors.New("the checkpoint can't be checked now")

	errNoSignature = fmt.Errorf("%w: there is no signature by a key that this witness knows of the log", ErrNotSigned)
)

// A ForkError says that a log signed two roots for one size: proof that it
// misbehaves. It matches ErrInconsistent.
type ForkError struct {
	// Note is the checkpoint that is refused, with the log's signatures alone. The one
	// that was cosigned is in the state.
	Note []byte
}

func (e *ForkError) Error() string {
	return ErrInconsistent.Error() + ": the log signed another root for the same size"
}

// Is makes errors.Is(err, ErrInconsistent) true.
func (e *ForkError) Is(target error) bool { return target == ErrInconsistent }

// A ConflictError says that the old size is not that of the checkpoint that was
// cosigned last.
type ConflictError struct {
	Size uint64 // the one that was cosigned last
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the checkpoint that was cosigned last has size %d", e.Size)
}

// A TooOftenError says that a log wants cosignatures faster than it may.
type TooOftenError struct {
	Wait time.Duration // until the next one
}

func (e *TooOftenError) Error() string {
	return fmt.Sprintf("too many cosignatures for this log: wait %v", e.Wait)
}

// An UndecidedError says that a checkpoint can't be checked now, and when to ask
// again. It matches ErrUndecided.
type UndecidedError struct {
	Text string        // for the log
	Wait time.Duration // until it is worth asking again for the same; 0: it is not
	Err  error         // what is for the witness's own log alone; may be nil
}

func (e *UndecidedError) Error() string { return e.Text }

// Unwrap returns Err.
func (e *UndecidedError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrUndecided) true.
func (e *UndecidedError) Is(target error) bool { return target == ErrUndecided }

// A Checker looks at what the protocol does not: the entries behind a checkpoint,
// for one. An [Auditor] is one.
type Checker interface {
	// Check is called with a log as it is in the state, whose Head is the checkpoint
	// that was cosigned last, and the next checkpoint, which is signed by the log and
	// consistent with it. Note is that as a signed note, with the log's signatures that
	// were verified. Head and next are equal when the log asks again. An error keeps
	// the witness from cosigning: one
	// that matches ErrRefused says that the checkpoint is not to be had, others that
	// it can't be told now. Either way the log is answered with 503 and the text. No
	// lock is held meanwhile, and several may run at once.
	Check(ctx context.Context, l *Log, next log.Checkpoint, note []byte) error
}

// A Config says what a Witness works with.
type Config struct {
	State *State // needed
	// Cosigners make the cosignatures, each one. One is needed at least. An Ed25519
	// key is to have one name alone, as the message does not hold it
	// (c2sp.org/tlog-cosignature).
	Cosigners []*log.Cosigner
	// Clock is the time that stands in cosignatures. Default: time.Now.
	Clock func() time.Time
	// Simulated says that Clock is not the real time: then only demonstrations are
	// cosigned.
	Simulated bool
	// Check is asked after all checks of the protocol. Default: nothing; logs that are
	// to be audited are then not cosigned.
	Check Checker
	// CosignInterval is how much time the cosignatures for one log have to have
	// between them, in the mean over some more than 20. Default: 50 ms.
	CosignInterval time.Duration
}

// A Witness cosigns checkpoints.
type Witness struct {
	Config
	grown, again rates
}

// New returns a witness.
func New(c Config) (*Witness, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.CosignInterval <= 0 {
		c.CosignInterval = 50 * time.Millisecond
	}
	if len(c.Cosigners) == 0 {
		return nil, errors.New("make witness: there is no key")
	}
	names := make(map[string]string)
	for i, s := range c.Cosigners {
		k := s.Key()
		if name, ok := names[string(k.Public)]; ok && name != k.Name {
			return nil, fmt.Errorf("make witness: %s and %s have one public key", name, k.Name)
		}
		names[string(k.Public)] = k.Name
		for _, o := range c.Cosigners[:i] {
			if o.Key().Equal(k) {
				return nil, fmt.Errorf("make witness: key %s+%08x is there twice", k.Name, k.ID)
			}
		}
	}
	return &Witness{Config: c, grown: rates{every: c.CosignInterval}, again: rates{every: c.CosignInterval}}, nil
}

// AddCheckpoint cosigns a checkpoint by each of the witness's keys (add-checkpoint
// of c2sp.org/tlog-witness). The cosignatures are those of a state that is durable.
//
// Errors match, in the order of the checks, ErrUnknownLog, ErrNotSigned, ErrOldSize,
// a *ConflictError, ErrInconsistent, a *TooOftenError, ErrRefused or ErrUndecided,
// ErrBusy and ErrClock; others come from the disk.
func (w *Witness) AddCheckpoint(ctx context.Context, r *log.AddCheckpoint) ([]log.NoteSignature, error) {
	next, err := log.ParseCheckpoint(r.Note.Text)
	if err != nil {
		return nil, err
	}
	// Before the lock: a request that fails holds up nobody.
	l, err := w.State.Load(next.Origin)
	if err != nil {
		return nil, err
	}
	byLog, err := judge(l, next, r)
	if err != nil {
		return nil, err
	}
	// One who has nothing but what the log published can ask again for the newest
	// checkpoint, and must not use up what the log needs to grow.
	rate := &w.grown
	if next == l.Head {
		rate = &w.again
	}
	if wait := rate.take(next.Origin); wait > 0 {
		return nil, &TooOftenError{wait}
	}
	if l.Audit != nil && w.Check == nil {
		return nil, fmt.Errorf("%w: this process does not audit", ErrUndecided)
	}
	if w.Check != nil {
		err := w.Check.Check(ctx, l, next, (&log.Note{Text: r.Note.Text, Signatures: byLog}).Marshal())
		switch {
		case errors.Is(err, ErrRefused):
			return nil, err
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrUndecided, err)
		}
	}
	return w.cosign(ctx, l.Audit, next, r)
}

// cosign judges a request against the state as it is then, signs, and makes the
// state durable before it returns what was signed. Audit is how it was audited.
func (w *Witness) cosign(ctx context.Context, audit *AuditOf, next log.Checkpoint, r *log.AddCheckpoint) ([]log.NoteSignature, error) {
	var made []log.NoteSignature
	err := w.State.change(ctx, next.Origin, func(l *Log) (*Log, error) {
		if l == nil {
			return nil, ErrUnknownLog
		}
		byLog, err := judge(l, next, r)
		if err != nil {
			return nil, err
		}
		if l.Audit != nil && (audit == nil || *audit != *l.Audit) {
			return nil, fmt.Errorf("%w: how the log is audited was changed meanwhile", ErrUndecided)
		}
		now, err := w.time(l)
		if err != nil {
			return nil, err
		}
		for _, c := range w.Cosigners {
			s, err := c.Cosign(r.Note.Text, now)
			if err != nil {
				return nil, err
			}
			made = append(made, s)
		}
		if err := w.State.step("signed"); err != nil {
			return nil, err
		}
		n := log.Note{Text: r.Note.Text, Signatures: append(byLog, made...)}
		with := *l
		with.Head, with.Time, with.Note = next, now, n.Marshal()
		return &with, nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// time returns the time for a cosignature: never before the log's last one.
func (w *Witness) time(l *Log) (uint64, error) {
	now := w.Clock().Unix()
	switch {
	case w.Simulated && !entry.IsDemonstration(l.Origin):
		return 0, fmt.Errorf("%w: it is simulated, and %s is no demonstration", ErrClock, l.Origin)
	case now < 1:
		return 0, fmt.Errorf("%w: it is before 1970", ErrClock)
	case uint64(now) < l.Time:
		return 0, fmt.Errorf("%w: it is %d s before the last cosignature for this log", ErrClock, l.Time-uint64(now))
	}
	return uint64(now), nil
}

// Healthy says why the witness could not cosign for some log now, nil if it could for
// all: the whole state can be read, it can be written, and the clock is not before it.
func (w *Witness) Healthy() error {
	logs, err := w.State.Logs()
	if err != nil {
		return err
	}
	for _, l := range logs {
		if _, err := w.time(l); err != nil && l.Enabled {
			return fmt.Errorf("log %q: %w", l.Origin, err)
		}
	}
	return w.State.probe()
}

// judge makes all checks of the protocol, in its order, and returns the log's
// signatures, one a key.
func judge(l *Log, next log.Checkpoint, r *log.AddCheckpoint) ([]log.NoteSignature, error) {
	if !l.Enabled {
		return nil, ErrDisabled
	}
	byLog, err := l.verifyNext(r.Note)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Old > next.Size:
		return nil, fmt.Errorf("%w: %d and %d", ErrOldSize, r.Old, next.Size)
	case r.Old != l.Head.Size:
		return nil, &ConflictError{l.Head.Size}
	case next.Size == 0 && next.Root != log.EmptyRoot():
		return nil, fmt.Errorf("%w: it is not the root of the empty tree", ErrInconsistent)
	case next.Size == l.Head.Size && next.Root != l.Head.Root:
		return nil, &ForkError{(&log.Note{Text: r.Note.Text, Signatures: byLog}).Marshal()}
	case r.Old == 0 && len(r.Proof) > 0:
		return nil, fmt.Errorf("%w: the empty tree needs no proof, and there is one", ErrInconsistent)
	}
	if err := log.VerifyConsistency(r.Old, next.Size, l.Head.Root, next.Root, r.Proof); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInconsistent, err)
	}
	return byLog, nil
}

// verify verifies the signatures of a note that are by keys of the log, and returns
// the first of each key. One at least is needed, and none may be bad; those by
// other keys are ignored.
func (l *Log) verify(n *log.Note) ([]log.NoteSignature, error) {
	var byLog []log.NoteSignature
	for _, k := range l.Keys {
		seen := false
		for _, s := range n.Signatures {
			if s.Name != k.Name || s.ID != k.ID {
				continue
			}
			if _, err := k.Verify(n.Text, s); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
			}
			if !seen {
				byLog = append(byLog, s)
			}
			seen = true
		}
	}
	if len(byLog) == 0 {
		return nil, errNoSignature
	}
	return byLog, nil
}
