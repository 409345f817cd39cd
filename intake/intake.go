package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

// Config is what an Intake works with.
type Config struct {
	Origin string           // the log's origin
	Policy *log.Policy      // receipts and checkpoints are held to it
	Store  store.Store      // the queue and the order of record
	Log    log.Log          // the engine
	Dir    string           // the log's directory, where bodies/ and checkpoints are written
	Clock  func() time.Time // time.Now, or a simulated clock
	Logger *slog.Logger

	// Operator has the operator's statement keys, as many as its threshold wants: by
	// them the server makes the directories. Without them it makes none, and the log
	// is found wanting two days after it grew.
	Operator []OperatorKey

	// DirectoryAfter is how long after the log grew a directory is made. Zero means
	// DefaultDirectoryAfter; more than a day is too late.
	DirectoryAfter time.Duration

	// PublishWait is how long a client waits for a published checkpoint before
	// it is told that its statement is pending. Zero means 30 seconds.
	PublishWait time.Duration
}

// An Intake takes statements in. It is safe for concurrent use.
type Intake struct {
	cfg      Config
	log      *slog.Logger
	tiles    *log.TileReader
	files    *files
	ctx      context.Context // ends when the intake stops
	stop     context.CancelCauseFunc
	done     sync.WaitGroup
	epoch    uint64
	keys     *pledge.Keyring
	enter    chan enqueue  // to the committer
	entering atomic.Int64  // bytes in enter
	queued   chan struct{} // tells the sequencer that the queue grew
	grown    chan struct{} // tells the feeder that the order of record grew

	publishedMore chan struct{}  // tells the eraser that more was published
	own           chan *ownOrder // to the sequencer: statements that it makes as the operator

	mu      sync.RWMutex
	state   *pledge.State  // what was sequenced so far, published or not
	waiting map[string]int // statements on their way to the sequencer, by author

	parsedMu sync.Mutex
	parsed   map[int64]*pledge.Item // checked statements by queue number
	fetched  int64                  // the largest queue number that the sequencer has come to

	batchMu sync.Mutex
	batch   map[entry.ID]*entry.Statement // with a body, sequenced and perhaps not in the store yet

	textMu      sync.RWMutex
	erased      map[string]Erasure // by digest, the first of each; published or not
	erasures    []erasedText       // in order
	unpublished map[string]uint64  // digests of texts, by the index of who publishes them
	erasedTo    atomic.Uint64      // erasures below it are carried out

	tickets         tickets
	head            published // the newest published checkpoint
	clock           *clock
	queueTrouble    trouble // why nothing can be queued just now
	sequenceTrouble trouble // why nothing is sequenced just now
	feedTrouble     trouble // why nothing is appended just now
	halted          sync.Once
	feedFails       atomic.Int64 // since when, Unix seconds by the server's clock; 0 when it doesn't

	directoryTrouble trouble // why no directory is made although one is due
	eraseTrouble     trouble // why a text is not deleted although it was erased
	sequence         atomic.Uint64
	recorded         atomic.Pointer[directories]
}

// Errors that say why a statement was not taken; try again.
var (
	ErrBusy    = errors.New("too many statements are waiting")
	ErrStore   = errors.New("statements can't be kept just now")
	ErrClock   = errors.New("the server's clock is before the last logged entry")
	ErrStopped = errors.New("the log is stopped")

	// ErrWitnesses says that no witnesses vouch for the time: they have not cosigned
	// since the server started, or not within ten minutes. What were sequenced now
	// might be cosigned much later, and would look held back.
	ErrWitnesses = errors.New("the witnesses that vouch for the log's time are not to be reached")
)

// A Refusal says why a statement will not be logged.
type Refusal struct {
	Code   entry.Code
	Detail string
	Head   *Head // where the author stands, when that is what is wrong
}

// A Head is an author's last accepted statement.
type Head struct {
	Seq   uint64
	Entry entry.ID
}

func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail }

// Pending says that a statement has its index and that no published checkpoint
// covers it yet.
type Pending struct {
	Index uint64
	Entry entry.ID
}

func (p *Pending) Error() string {
	return fmt.Sprintf("entry %d has its index and waits for a published checkpoint", p.Index)
}

// A Receipt is what a signatory gets: the exact leaf and the proof that it is in
// the log.
type Receipt struct {
	Index uint64
	Entry entry.ID
	Leaf  []byte
	Proof []byte // a tlog-proof with the leaf as its extra data
	Known bool   // the statement was logged before
}

// Open replays the order of record, brings the engine up to it, takes over as
// the sequencer and starts. It fails if the engine holds something else than the
// order of record.
func Open(ctx context.Context, cfg Config) (*Intake, error) {
	if cfg.PublishWait == 0 {
		cfg.PublishWait = 30 * time.Second
	}
	if cfg.DirectoryAfter == 0 {
		cfg.DirectoryAfter = DefaultDirectoryAfter
	}
	in := &Intake{
		cfg: cfg, log: cfg.Logger, tiles: log.NewTileReader(cfg.Log.Source()),
		clock: newClock(cfg.Clock), keys: pledge.NewKeyring(), state: pledge.New(cfg.Origin),
		enter: make(chan enqueue, maxWaiting), queued: make(chan struct{}, 1), grown: make(chan struct{}, 1), publishedMore: make(chan struct{}, 1), own: make(chan *ownOrder, 16),
		batch: make(map[entry.ID]*entry.Statement), erased: make(map[string]Erasure), unpublished: make(map[string]uint64),
		waiting: make(map[string]int), parsed: make(map[int64]*pledge.Item),
	}
	in.tickets.byEntry = make(map[entry.ID][]*Ticket)
	in.head.changed = make(chan struct{})
	in.ctx, in.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	var err error
	if in.epoch, err = cfg.Store.Fence(ctx); err != nil {
		return nil, fmt.Errorf("take over as sequencer: %w", err)
	}
	if err := in.replay(ctx); err != nil {
		return nil, err
	}
	if in.files, err = openFiles(cfg, in.log); err != nil {
		return nil, err
	}
	done, err := cfg.Store.Mark(ctx, markErased)
	if err != nil {
		return nil, fmt.Errorf("read mark %s: %w", markErased, err)
	}
	in.erasedTo.Store(done)
	for _, work := range []func(){in.commitLoop, in.sequenceLoop, in.feedLoop, in.publishLoop, in.eraseLoop} {
		in.done.Go(work)
	}
	in.wake(in.queued)
	in.wake(in.grown)
	return in, nil
}

// Submit checks a statement, queues it, and waits until a published checkpoint
// covers it. Errors: *Refusal, *Pending, ErrBusy, ErrStore, ErrClock, ErrJump, ErrWitnesses, ErrStopped, or
// ctx's.
// Submitting the same statement again gives the same leaf and index.
func (in *Intake) Submit(ctx context.Context, sub *entry.Submission) (*Receipt, error) {
	it, err := in.admit(sub)
	if err != nil {
		return nil, err
	}
	return in.submit(sub, it).Wait(ctx)
}

// SubmitAll queues statements in the order given, without waiting for one before
// the next, so that one may build on another before it. The tickets are in the
// same order.
func (in *Intake) SubmitAll(_ context.Context, subs []*entry.Submission) []*Ticket {
	out := make([]*Ticket, len(subs))
	for i, sub := range subs {
		it, err := in.admit(sub)
		if err != nil {
			out[i] = in.failed(err)
			continue
		}
		out[i] = in.submit(sub, it)
	}
	return out
}

// Ready returns nil when statements can be sequenced and published, otherwise
// why not.
func (in *Intake) Ready() error {
	if err := in.ctx.Err(); err != nil {
		return context.Cause(in.ctx)
	}
	for _, t := range []*trouble{&in.queueTrouble, &in.sequenceTrouble, &in.feedTrouble} {
		if err := t.get(); err != nil {
			return err
		}
	}
	if e, ok := in.cfg.Log.(interface{ Err() error }); ok && e.Err() != nil {
		return fmt.Errorf("publish: %w", e.Err())
	}
	in.mu.RLock()
	defer in.mu.RUnlock()
	if c, _ := in.state.Charter(); c == nil {
		return errors.New("the log has no charter yet: run `pledgelog init`")
	}
	_, err := in.time()
	return err
}

// time is the clock's time, when statements may be sequenced by it. The caller holds
// in.mu.
func (in *Intake) time() (int64, error) {
	now, err := in.clock.now()
	if err == nil && now < in.state.Now() {
		err = ErrClock
	}
	if t, needed := in.quorumTime(); err == nil && needed && (t == 0 || now > t+maxUnwitnessed) {
		err = ErrWitnesses
	}
	if since := in.feedFails.Load(); err == nil && since != 0 && now > since+maxUnwitnessed {
		// What got its time now would be published much later, and look held back.
		err = fmt.Errorf("%w: the log has taken nothing for ten minutes", ErrStore)
	}
	return now, err
}

// maxUnwitnessed is how far, in seconds, the clock may be past the last time that
// witnesses gave.
const maxUnwitnessed = 600

// quorumTime is the last time, Unix seconds, that a quorum of witnesses gave since
// the engine was opened; 0 if none has, and false if the log does without.
func (in *Intake) quorumTime() (int64, bool) {
	w, ok := in.cfg.Log.(interface{ QuorumTime() (int64, bool) })
	if !ok {
		return 0, false
	}
	return w.QuorumTime()
}

// trouble is an error that may pass.
type trouble struct {
	mu  sync.Mutex
	err error
}

func (t *trouble) get() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// set notes err, nil when all is well, and reports whether that is news.
func (t *trouble) set(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	news := (err == nil) != (t.err == nil) || err != nil && err.Error() != t.err.Error()
	t.err = err
	return news
}

// Size returns how many entries the order of record has.
func (in *Intake) Size() uint64 { return in.sequence.Load() }

// Close stops taking statements in. What was queued is durable and goes on at
// the next start.
func (in *Intake) Close(ctx context.Context) error {
	in.stop(ErrStopped)
	ended := make(chan struct{})
	go func() { in.done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("close intake: %w", context.Cause(ctx))
	}
	in.tickets.failAll(ErrStopped)
	return in.files.close(ctx)
}

// halt stops the log because of an error that no retry can mend.
func (in *Intake) halt(err error) {
	in.halted.Do(func() { in.log.Error("the log is stopped", "error", err.Error()) }) // feeder and publisher may both find it
	in.stop(fmt.Errorf("%w: %w", ErrStopped, err))
	in.tickets.failAll(ErrStopped)
}

func (in *Intake) wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Init logs a charter as leaf 0 of an empty log. Running it again with the same
// charter gives the same receipt.
func Init(ctx context.Context, cfg Config, charter *entry.Submission) (*Receipt, error) {
	if charter.Statement.Kind != entry.KindCharter {
		return nil, &Refusal{Code: pledge.CodeCharterMissing, Detail: fmt.Sprintf("the statement is of kind %s, not a charter", charter.Statement.Kind)}
	}
	in, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	receipt, err := in.Submit(ctx, charter)
	if cerr := in.Close(ctx); err == nil && cerr != nil {
		return nil, cerr
	}
	return receipt, err
}
