package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// maxPause bounds how long a log whose audits fail is left alone between them.
const maxPause = 10 * time.Minute

// An AuditorConfig says what an Auditor works with.
type AuditorConfig struct {
	State  *State           // needed
	Logger *slog.Logger     // needed
	Clock  func() time.Time // the witness's. Default: time.Now
	// Wait is how long a request for a cosignature is held while the audit goes on. It
	// is to be shorter than a log waits for its witnesses. Default: 8 s.
	Wait time.Duration
	// Recheck is for how long what came of an audit is the answer for the same
	// checkpoint at once. After that it is audited again, and what came of the audit
	// before is the answer when Wait is over first. Default: one minute.
	Recheck time.Duration
	// TextTime is for how long a text of a published entry may be missing before that
	// counts: its checkpoint is out a moment earlier. Default: one minute.
	TextTime time.Duration
	// Audits is how many logs are audited at once, each one once. Default: 2.
	Audits int
	// Workers is how many processors one audit keeps busy. Default: all.
	Workers int
}

// An Auditor is a Checker that lets a checkpoint of an audited log pass only once a
// verifier.Audit of everything up to exactly that checkpoint found no error that
// concerns the operator or the copy, but for those that a person accepted. A log that
// is not audited passes.
//
// An audit goes on when the request for which it began has been answered, and whatever
// the log asks for meanwhile. One runs at a time for each log, and the next is of the
// newest checkpoint that it asked for. So a log whose audits take longer than Wait gets
// its cosignature when it asks for the same checkpoint again.
type Auditor struct {
	cfg    AuditorConfig
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{}

	mu   sync.Mutex
	logs map[string]*auditing
}

// auditing is what an Auditor knows of a log. The Auditor's lock is for all of it but
// what is said of source and missing.
type auditing struct {
	newest  uint64 // size of the largest checkpoint that was asked for
	next    *asked // to be audited; nil: nothing
	now     *asked // being audited; nil: nothing
	running bool   // a goroutine works on it
	waiting int    // requests
	last    *outcome
	changed chan struct{} // closed and replaced when last changes
	pause   time.Time     // when the next audit may begin
	began   time.Time     // when the one that goes on did
	took    time.Duration // how long the last one took; 0: there was none
	away    bool          // the log does not answer the one that goes on

	first, done, total atomic.Uint64 // entries: those of earlier audits, how far it is, all

	// For the goroutine alone.
	source  log.Source
	from    string          // where that is
	once    *log.HTTPSource // the same, that tries once; nil for a directory
	missing map[string]time.Time
}

// asked is a checkpoint that a log asked for.
type asked struct {
	log  *Log
	cp   log.Checkpoint
	note []byte
}

func (a *asked) is(o *asked) bool {
	return o != nil && a.cp == o.cp && *a.log.Audit == *o.log.Audit
}

type outcome struct {
	*Audited
	of *asked
	at time.Time
}

// NewAuditor returns an auditor. Close ends it.
func NewAuditor(c AuditorConfig) *Auditor {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&c.Wait, 8 * time.Second}, {&c.Recheck, time.Minute}, {&c.TextTime, time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	if c.Audits <= 0 {
		c.Audits = 2
	}
	a := &Auditor{cfg: c, slots: make(chan struct{}, c.Audits), logs: make(map[string]*auditing)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// Close breaks off what is being audited and waits for its end.
func (a *Auditor) Close() {
	a.cancel()
	a.wg.Wait()
}

// Check implements Checker.
func (a *Auditor) Check(ctx context.Context, l *Log, next log.Checkpoint, note []byte) error {
	if l.Audit == nil || next.Size == 0 {
		return nil // of the empty tree there is nothing to audit
	}
	o, err := a.audited(ctx, &asked{l, next, note})
	if err != nil {
		return err
	}
	// After the audit, so that what was accepted meanwhile counts.
	decisions, err := a.cfg.State.Decisions(l.Origin)
	if err != nil {
		return &UndecidedError{"this witness can't read what was accepted of the log's audit", failureWait, err}
	}
	if !o.isOf(next) {
		return fmt.Errorf("%w: the audit is of another checkpoint", ErrUndecided) // it never is
	}
	return o.Weigh(decisions).Err
}

// lastAudits returns what came of the last audit of each log since the start.
func (a *Auditor) lastAudits() []*Audited {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []*Audited
	for _, x := range a.logs {
		if x.last != nil {
			out = append(out, x.last.Audited)
		}
	}
	return out
}

// work audits what a log asked for, until there is nothing more.
func (a *Auditor) work(x *auditing) {
	for {
		s := a.begin(x)
		if s == nil {
			return
		}
		o := a.audit(x, s)
		<-a.slots
		fails := o != nil && a.weigh(o).Err != nil
		a.mu.Lock()
		x.now, x.took = nil, time.Since(x.began)
		if o != nil {
			x.last = &outcome{o, s, time.Now()}
			x.pause = time.Time{}
			if fails {
				// A log that breaks rules keeps no processor busy.
				x.pause = time.Now().Add(min(x.took, maxPause))
			}
			close(x.changed)
			x.changed = make(chan struct{})
		}
		a.mu.Unlock()
	}
}

// begin waits until the next audit may begin, and returns what to audit; nil when there
// is nothing.
func (a *Auditor) begin(x *auditing) *asked {
	a.mu.Lock()
	pause := time.Until(x.pause)
	a.mu.Unlock()
	wait := time.NewTimer(max(pause, 0))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-a.ctx.Done():
	}
	select {
	case a.slots <- struct{}{}:
	case <-a.ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() != nil {
		x.running = false
		return nil
	}
	if x.next == nil {
		x.running = false
		<-a.slots
		return nil
	}
	x.now, x.next, x.began = x.next, nil, time.Now()
	for _, n := range []*atomic.Uint64{&x.first, &x.done, &x.total} {
		n.Store(0)
	}
	return x.now
}

// audit audits a checkpoint and keeps what came of it; nil when it was broken off.
func (a *Auditor) audit(x *auditing, s *asked) *Audited {
	o := &Audited{Origin: s.cp.Origin, Size: s.cp.Size, Root: rootText(s.cp), Checkpoint: string(s.note), Began: a.clock()}
	err := a.run(x, s, o)
	if a.ctx.Err() != nil {
		return nil
	}
	o.Ended = a.clock()
	logger := a.cfg.Logger.With(slog.String("origin", o.Origin), slog.Uint64("size", o.Size))
	if err != nil {
		logger.Error("audit", slog.String("error", err.Error()))
		if o.Failure == "" {
			o.Failure = "this witness can't audit it now"
		}
	}
	if err := a.cfg.State.keepAudit(a.ctx, o); err != nil {
		// What it says of itself is to be there before it cosigns.
		logger.Error("keep audit", slog.String("error", err.Error()))
		o.Failure = or(o.Failure, "this witness can't keep what its audit found")
	}
	v := a.weigh(o)
	attrs := []any{slog.Int("open", len(v.Open)), slog.Int("accepted", len(v.Accepted)), slog.Uint64("unpublished", o.Size-min(o.Published, o.Size))}
	if v.Err != nil {
		logger.Warn("audited", append(attrs, slog.String("result", v.Err.Error()))...)
	} else {
		logger.Info("audited", attrs...)
	}
	return o
}

// weigh weighs an audit by what is decided now. Where that can't be read nothing is
// accepted, and Check says so.
func (a *Auditor) weigh(o *Audited) Verdict {
	decisions, _ := a.cfg.State.Decisions(o.Origin)
	return o.Weigh(decisions)
}

func (a *Auditor) clock() string { return entry.FormatTime(a.cfg.Clock().Unix()) }

// run audits a checkpoint. An error is for the witness's own log; what there is to say
// to others is in o.
func (a *Auditor) run(x *auditing, s *asked, o *Audited) error {
	policy, charter, err := s.log.Audit.read(s.log.Origin, s.log.Keys)
	if err != nil {
		return err
	}
	policy = unwitnessed(policy)
	hash := OriginHash(s.log.Origin)
	if err := a.cfg.State.makeAuditDir(hash); err != nil {
		return err
	}
	unlock, err := lockAudit(a.cfg.State.auditPath(hash, "lock"))
	if err != nil {
		if errors.Is(err, ErrBusy) {
			o.Failure = "another process of this witness audits it"
			return nil
		}
		return err
	}
	defer unlock()
	if x.source == nil || x.from != s.log.Audit.Source {
		if x.source, err = log.OpenSource(s.log.Audit.Source); err != nil {
			x.source = nil
			o.Failure = "the log can't be read where this witness was told to"
			return err
		}
		x.from, x.once = s.log.Audit.Source, nil
		if strings.Contains(x.from, "://") {
			if x.once, err = log.NewHTTPSource(x.from, log.HTTPOptions{Attempts: 1}); err != nil {
				return err
			}
		}
	}
	switch _, err := policy.OpenUnwitnessed(s.note); {
	case errors.Is(err, log.ErrNoLogSignature):
		o.Failure = "the policy with which this witness audits the log lacks the key that signed this checkpoint: its operator gives it the log's new one with `pledge-witness add-log --audit … --policy NEW`"
		return err
	case err != nil:
		o.Failure = "the policy with which this witness audits the log does not fit its checkpoint"
		return err
	}
	src := &auditSource{Source: x.source, next: s.cp, note: s.note}
	published, err := a.reach(x, src, policy)
	if err != nil {
		o.Failure, o.Away = err.Error(), errors.Is(err, errAway)
		return nil
	}
	cfg := verifier.Config{
		Policy: policy, Charter: charter, Source: src, State: a.cfg.State.auditPath(hash, verifierDir), Workers: a.cfg.Workers,
		Progress: func(done, total uint64) {
			if x.total.Load() == 0 {
				x.first.Store(done)
			}
			x.done.Store(done)
			x.total.Store(total)
		},
	}
	now := a.cfg.Clock().Unix()
	cfg.Now = &now
	if published != nil {
		o.Published = published.Checkpoint.Size
		if o.Published <= s.cp.Size {
			cfg.Checkpoints = [][]byte{published.Raw}
		}
	}
	r, err := verifier.Audit(a.ctx, cfg)
	if err != nil {
		var state *verifier.StateError
		if errors.As(err, &state) {
			o.Failure = "this witness can't use what it kept of earlier audits"
		}
		return err
	}
	if r.State != nil && r.State.Err != nil {
		a.cfg.Logger.Error("keep state of audit", slog.String("origin", o.Origin), slog.String("error", r.State.Err.Error()))
	}
	o.take(r)
	x.look(o, a.cfg.TextTime)
	return o.keep(r)
}

// look tells texts that are missing for long from those that are not there yet.
func (x *auditing) look(o *Audited, texts time.Duration) {
	now := make(map[string]time.Time)
	o.wait(func(n Named) bool {
		key := n.String() + "\n" + n.Entry + "\n" + n.Text
		first, ok := x.missing[key]
		if !ok {
			first = time.Now()
		}
		now[key] = first
		return time.Since(first) < texts
	})
	x.missing = now
}

// publishedBy opens the checkpoint that the log shows its readers; nil when there is
// none yet. It says which texts are to be there, and the new checkpoint is held to it.
func publishedBy(ctx context.Context, src *auditSource, policy *log.Policy) (*log.View, error) {
	raw, err := src.Source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if errors.Is(err, log.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAway, src.hide(err))
	}
	v, err := policy.OpenUnwitnessed(bytes.Clone(raw))
	if err == nil && v.Checkpoint.Origin != src.next.Origin {
		err = log.ErrUnknownOrigin
	}
	if err != nil {
		return nil, fmt.Errorf("the checkpoint that the log shows its readers is not to be believed: %w", err)
	}
	return v, nil
}

// lockAudit keeps other processes from auditing a log at the same time. It does not
// wait: an audit may take hours.
func lockAudit(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock audit: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrBusy
		}
		return nil, fmt.Errorf("lock audit: %w", err)
	}
	return func() { f.Close() }, nil
}
