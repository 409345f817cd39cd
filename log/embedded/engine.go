// Package embedded is a log engine on a directory: Tessera with its POSIX
// driver, in the process, for a server on one machine.
//
// Tessera writes the entry bundles and tiles. Whether they are right, and what
// is signed, is decided here:
//
//   - One batch is in flight at a time, and each index that Tessera returns is
//     compared with the wanted one.
//   - The engine computes the tree over the leaves that it was told to append
//     itself, and compares every bundle and tile that Tessera wrote with it,
//     byte for byte. Only the root of that tree is ever signed. A leaf that is
//     not where the order of record has it stops the engine before it can be
//     published.
//   - Publication is not Tessera's: the engine signs, has witnesses cosign, and
//     writes the checkpoint. Nothing is published that lacks their quorum.
//   - Open goes back to the published checkpoint. What was appended after it
//     and not published is to be appended again, from the order of record: the
//     engine has no other way to know that an earlier process left it right.
//
// docs/decisions/0002 says why, and what is relied on in Tessera.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

var (
	// ErrDamaged says that the directory does not hold what its checkpoint was
	// signed for: a file is missing, torn or changed. The error names it.
	ErrDamaged = errors.New("log directory is damaged")

	// ErrPushback says that the engine has too much to do and takes the leaves
	// later. Nothing of the call was appended unless Next says so.
	ErrPushback = errors.New("log engine is busy")

	// ErrOtherKey says that the published checkpoint was signed by no key that the
	// Config has.
	ErrOtherKey = errors.New("the checkpoint was signed with another key")

	// ErrInUse says that another process has the directory open.
	ErrInUse = errors.New("log directory is in use")
)

// MinInterval is the shortest time between two checkpoints.
const MinInterval = 100 * time.Millisecond

// Signer signs a checkpoint's text. A *guard.Signer should be used, which
// refuses a fork; a *log.Signer has the same shape.
type Signer interface {
	Key() log.Key
	Sign(text []byte) ([]byte, error)
}

// Cosigner signs a checkpoint's text with a time. A *guard.Cosigner should be used;
// a *log.Cosigner has the same shape.
type Cosigner interface {
	Key() log.Key
	Cosign(text []byte, unixTime uint64) (log.NoteSignature, error)
}

// Config says where the log is and how it is published.
type Config struct {
	// Dir is the log's directory: what is served, and a folder .state that is
	// not. Required.
	Dir string

	// Signer signs checkpoints. Its key is of type Ed25519 (0x01), and its
	// name is the log's origin. Required.
	//
	// An error that matches log.ErrStopped stops the engine; after another one
	// it tries again.
	Signer Signer

	// Cosigners are further keys of the log, such as one of ML-DSA-44 or the one that
	// Signer is to replace, that sign each checkpoint beside Signer. They have its
	// name. Whatever guards Signer should guard them too.
	Cosigners []Cosigner

	// Believed are keys of the log whose signature on the published checkpoint
	// counts when the log is opened, beside those above: of one that was lost, say.
	// What they alone have signed is signed anew, once the tree is verified.
	Believed []log.Key

	// Witnesses cosign each checkpoint before it is published, as their policy
	// wants. Without a quorum nothing is published, and the newest tree is tried
	// again every Interval. The default is none.
	Witnesses *witnessing.Client

	// Refresh is after what time, by Clock, witnesses cosign the published
	// checkpoint anew when the log does not grow. The default is five minutes.
	Refresh time.Duration

	// Clock tells the time for Cosigners and Refresh. The default is time.Now.
	Clock func() time.Time

	// Interval is the least time from one checkpoint to the next, at least
	// MinInterval. The default is one second.
	Interval time.Duration

	// KeepPartials is how long partial tiles and bundles are kept after a
	// checkpoint was published under which they are full. The default is ten
	// minutes. Readers that hold an older checkpoint for longer must fall back
	// on the full ones, as c2sp.org/tlog-tiles has them do.
	KeepPartials time.Duration

	// BeforeSign, if set, is asked before each signature, once it is certain
	// that the tree is the one that was appended. Its errors are taken as the
	// signer's.
	BeforeSign func(log.Checkpoint) error

	// Logger takes what there is to tell. The default is slog.Default().
	Logger *slog.Logger
}

func (c *Config) check() error {
	switch {
	case c.Dir == "":
		return errors.New("no directory given")
	case c.Signer == nil:
		return errors.New("no signer given")
	case c.Signer.Key().Type != log.TypeEd25519:
		return fmt.Errorf("signer has a key of type 0x%02x, want 0x%02x", c.Signer.Key().Type, log.TypeEd25519)
	case c.Interval != 0 && c.Interval < MinInterval:
		return fmt.Errorf("interval of %v, want at least %v", c.Interval, MinInterval)
	}
	for _, k := range c.Cosigners {
		if k.Key().Name != c.Signer.Key().Name {
			return fmt.Errorf("further key has the name %q, the signer's is %q", k.Key().Name, c.Signer.Key().Name)
		}
	}
	if c.Refresh == 0 {
		c.Refresh = 5 * time.Minute
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Interval == 0 {
		c.Interval = time.Second
	}
	if c.KeepPartials == 0 {
		c.KeepPartials = 10 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return nil
}

// Engine is a log.Log on a directory. Make one with Open.
type Engine struct {
	cfg  Config
	src  log.Source
	lock *os.File
	add  tessera.AddFn
	// shutdown ends tessera's part in good order, cancel at once.
	shutdown func(context.Context) error
	cancel   context.CancelFunc

	// appending holds one token: who has it may append. tree and tail belong
	// to that one.
	appending chan struct{}
	tree      *log.Builder
	tail      []byte // what the last bundle holds if it is not full

	grown     chan struct{} // tells the publisher; buffered
	unsigned  bool          // the published checkpoint lacks the signature of a key that is to sign; until it has it only the publisher looks
	closing   chan struct{} // closed by Close: the publisher makes an end
	publisher chan struct{} // closed when it has
	waited    time.Duration // the publisher's: how long it last waited for witnesses
	// publishing ends when Close has no more time for a last checkpoint.
	publishing     context.Context
	stopPublishing context.CancelCauseFunc

	mu        sync.Mutex
	verified  log.Checkpoint // appended, and compared with what is on disk
	published []byte         // the newest published signed checkpoint
	size      uint64         // of published
	changed   chan struct{}  // closed and replaced when published or stopped changes
	stopped   error          // why the engine takes no more; nil while it does
	signErr   error          // of the last attempt to publish
	closed    bool
	told      map[string]bool // what witnesses say against this log, and was told

	confirmed  bool      // witnesses have cosigned since Open
	cosigned   time.Time // when they did so last, by Clock
	due        time.Time // when they are to do so again if nothing is appended
	quorumTime uint64    // the newest that they gave since Open
}

var _ log.Log = (*Engine)(nil)

// Open opens the log in cfg.Dir, which Create made. It compares the right
// border of the tree, and the last 16,384 leaves, with the signed checkpoint,
// and returns an error that matches ErrDamaged if they differ: a whole check
// of a large log is an audit's business. What was appended but not published
// is dropped; Next then is the size of the checkpoint.
//
// A signer with a method Compare, as a *guard.Signer has it, compares the checkpoint with
// what it signed last. Where they contradict each other Open fails with its error, before
// a leaf is taken that nothing will be signed over.
//
// All witnesses are asked to cosign that checkpoint anew. If one has cosigned a
// larger tree than the guarded signer remembers, the error is a *RestoredError and
// matches log.ErrStopped. If too few answer, Open succeeds, and Err and QuorumTime
// tell.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e, err := open(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return e, nil
}

func open(ctx context.Context, cfg Config) (_ *Engine, err error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	bridgeKlog()
	lock, err := lockDir(cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no log was created in %s: %w", cfg.Dir, err)
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			unlock(lock)
		}
	}()
	e := &Engine{
		cfg:       cfg,
		src:       log.DirSource(cfg.Dir),
		lock:      lock,
		appending: make(chan struct{}, 1),
		grown:     make(chan struct{}, 1),
		closing:   make(chan struct{}),
		publisher: make(chan struct{}),
		changed:   make(chan struct{}),
	}
	e.publishing, e.stopPublishing = context.WithCancelCause(context.Background())
	if err := e.recover(ctx); err != nil {
		return nil, err
	}
	if err := e.compareSigned(ctx); err != nil {
		return nil, err
	}
	if err := e.askAtStart(ctx); err != nil {
		return nil, err
	}
	if err := e.start(); err != nil {
		return nil, err
	}
	e.appending <- struct{}{}
	return e, nil
}

// start starts tessera, the publisher and the collector.
func (e *Engine) start() error {
	driver, err := posix.New(context.Background(), posix.Config{Path: e.cfg.Dir})
	if err != nil {
		return err
	}
	// Tessera skips publication while the checkpoint is younger than the
	// interval; the checkpoint is ours, so it never comes to that. If it did,
	// its signer would refuse.
	opts := tessera.NewAppendOptions().
		WithCheckpointSigner(refuser{e.cfg.Signer.Key()}).
		WithCheckpointInterval(100*365*24*time.Hour).
		WithCheckpointRepublishInterval(0).
		WithBatching(maxBatch+1, maxAge).
		WithPushback(2 * maxBatch).
		WithGarbageCollectionInterval(0)
	ctx, cancel := context.WithCancel(context.Background())
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, opts)
	if err != nil {
		cancel()
		return fmt.Errorf("start tessera: %w", err)
	}
	e.add, e.shutdown, e.cancel = appender.Add, shutdown, cancel
	go e.publishLoop()
	go e.collectLoop(ctx)
	return nil
}

// refuser is the signer that tessera gets: it must not publish by itself.
type refuser struct{ key log.Key }

func (r refuser) Name() string    { return r.key.Name }
func (r refuser) KeyHash() uint32 { return r.key.ID }
func (r refuser) Sign([]byte) ([]byte, error) {
	return nil, errors.New("checkpoints are signed by the engine, not by tessera")
}

// Next implements log.Log. If an Append is under way, left by a caller whose
// context ended, it waits for its end.
func (e *Engine) Next(ctx context.Context) (uint64, error) {
	if err := e.take(ctx); err != nil {
		return 0, fmt.Errorf("next index: %w", err)
	}
	defer e.release()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.verified.Size, nil
}

// take waits for the token that appending needs.
func (e *Engine) take(ctx context.Context) error {
	select {
	case <-e.appending:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *Engine) release() { e.appending <- struct{}{} }

// Source implements log.Log.
func (e *Engine) Source() log.Source { return e.src }

// Err returns what keeps the engine from its work: why it stopped, or why the
// last checkpoint could not be signed or written; nil if all is well.
func (e *Engine) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped != nil {
		return e.stopped
	}
	return e.signErr
}

// stop makes the engine refuse all further work, and wakes who waits. The
// first reason stays.
func (e *Engine) stop(why error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped == nil {
		e.stopped = fmt.Errorf("%w: %w", log.ErrStopped, why)
		e.wake()
	}
	return e.stopped
}

// wake wakes all who wait in Await. The caller holds mu.
func (e *Engine) wake() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Close implements log.Log. Published checkpoints can still be read from it
// afterwards.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()

	err := e.close(ctx)
	if err != nil {
		return fmt.Errorf("close log: %w", err)
	}
	return nil
}

func (e *Engine) close(ctx context.Context) error {
	// In this order: the batch that is in flight, publication of what is left,
	// tessera's shutdown, the end of its context.
	var errs []error
	idle := true
	if err := e.take(ctx); err != nil {
		idle = false
		errs = append(errs, fmt.Errorf("wait for append: %w", err))
	}
	close(e.closing)
	defer e.stopPublishing(nil)
	select {
	case <-e.publisher:
	case <-ctx.Done(): // it waits for witnesses
		e.stopPublishing(context.Cause(ctx))
		<-e.publisher
	}

	e.mu.Lock()
	done, err := e.size == e.verified.Size, e.signErr
	stopped := e.stopped
	e.mu.Unlock()
	if stopped == nil && !done {
		errs = append(errs, fmt.Errorf("publish what was appended: %w", err))
	}
	if stopped != nil || !done || !idle {
		// Tessera would wait for a checkpoint that does not come.
		ended, cancel := context.WithCancel(ctx)
		cancel()
		ctx = ended
	}
	if err := e.shutdown(ctx); err != nil && ctx.Err() == nil {
		errs = append(errs, fmt.Errorf("shut down tessera: %w", err))
	}
	e.cancel()
	e.stop(errors.New("closed"))
	if idle {
		e.release() // who waits for it is told that the engine has stopped
		// Otherwise the batch may still be written: the directory stays
		// locked until the process ends.
		if err := unlock(e.lock); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
