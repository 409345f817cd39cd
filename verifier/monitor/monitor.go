package monitor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/atomicfile"
)

// Options are what a monitor needs beside its configuration. The zero value of each is
// good.
type Options struct {
	Stdout io.Writer    // for the stdout sink and the heartbeat's line. Default: none
	Log    *slog.Logger // for what goes wrong with the monitor itself. Default: none
	Now    func() time.Time
	Limits Limits
}

// Limits bound what others may take. The zero value of each is good.
type Limits struct {
	LogAttempt  time.Duration // one request to the log. Default: a minute
	LogAttempts int           // Default: 4
	PeerTime    time.Duration // all that is asked of a witness or mirror. Default: a minute
	PeerAttempt time.Duration // one request of it. Default: 15 seconds
	CompareTime time.Duration // comparing all checkpoints. Default: 5 minutes
	SinkAttempt time.Duration // one delivery. Default: 30 seconds
	Backoff     time.Duration // after the first failed delivery; it doubles. Default: 2 seconds
	MaxBackoff  time.Duration // Default: 5 minutes
	LastTime    time.Duration // for deliveries at the end. Default: 15 seconds
	// Grace is how long a log may show less than its key signed before that is worth
	// a word: a checkpoint is witnessed before it is published. Default: 2 minutes.
	Grace time.Duration
	// Queue is how many statements of interest may wait for a sink. Other alarms have
	// some room beyond it. Default: 10,000.
	Queue int
	Roots *x509.CertPool // certificates to trust. Default: the system's
}

func (l *Limits) setDefaults() {
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{
		{&l.LogAttempt, time.Minute}, {&l.PeerTime, peerTime}, {&l.PeerAttempt, peerAttempt}, {&l.CompareTime, 5 * time.Minute}, {&l.SinkAttempt, 30 * time.Second},
		{&l.Backoff, 2 * time.Second}, {&l.MaxBackoff, 5 * time.Minute}, {&l.LastTime, 15 * time.Second}, {&l.Grace, 2 * time.Minute},
	} {
		if *d.of <= 0 {
			*d.of = d.def
		}
	}
	if l.LogAttempts <= 0 {
		l.LogAttempts = 4
	}
	if l.Queue <= 0 {
		l.Queue = 10_000
	}
}

// A Monitor follows the logs of a configuration.
type Monitor struct {
	cfg    *Config
	now    func() time.Time
	log    *slog.Logger
	limits Limits
	hub    *hub
	logs   []*follower
	lock   io.Closer

	mu   sync.Mutex
	last map[string]*Outcome  // of the last whole cycle, by log
	due  map[string]time.Time // by when the next one has to be whole
}

// ErrRuns says that another monitor works in the same folder.
var ErrRuns = errors.New("another monitor works in this folder")

// New makes a monitor ready. Only one may work in a state folder at a time: see
// ErrRuns. Close ends it.
func New(cfg *Config, o Options) (*Monitor, error) {
	o.Limits.setDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	m := &Monitor{cfg: cfg, now: o.Now, log: o.Log, limits: o.Limits, last: make(map[string]*Outcome), due: make(map[string]time.Time)}
	if err := os.MkdirAll(cfg.State, 0o700); err != nil {
		return nil, fmt.Errorf("keep state: %w", err)
	}
	var err error
	if m.lock, err = lockFolder(filepath.Join(cfg.State, "lock")); err != nil {
		return nil, fmt.Errorf("keep state in %s: %w", cfg.State, err)
	}
	if m.hub, err = newHub(m, o.Stdout); err == nil {
		for i := range cfg.Logs {
			var f *follower
			if f, err = m.follow(&cfg.Logs[i], i == 0); err != nil {
				break
			}
			m.logs = append(m.logs, f)
		}
	}
	if err != nil {
		m.lock.Close()
		return nil, err
	}
	return m, nil
}

// Close lets another monitor work in the folder.
func (m *Monitor) Close() error { return m.lock.Close() }

// keep writes an evidence bundle and returns its name.
func (m *Monitor) keep(e interface {
	FileName() string
	Marshal() ([]byte, error)
}) (string, error) {
	b, err := e.Marshal()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(m.cfg.Evidence, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(m.cfg.Evidence, e.FileName())
	return file, atomicfile.Write(file, b, 0o644)
}

// Once has one cycle of each log, delivers what it can, and returns what each came to.
// The error is that of cycles whose state was not kept; the others are whole.
func (m *Monitor) Once(ctx context.Context) ([]*Outcome, error) {
	outs := make([]*Outcome, len(m.logs))
	errs := make([]error, len(m.logs))
	places := make(chan struct{}, logsAtOnce)
	var wg sync.WaitGroup
	for i, f := range m.logs {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			outs[i], errs[i] = m.turn(ctx, f)
		})
	}
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.limits.LastTime)
	defer cancel()
	m.hub.drain(last)
	m.writeMetrics()
	return outs, errors.Join(errs...)
}

// Undelivered is how many alarms wait for a sink, by its name.
func (m *Monitor) Undelivered() map[string]int {
	waiting := make(map[string]int)
	for _, q := range m.hub.queues {
		if n, _ := q.length(); n > 0 {
			waiting[q.sink.Name] = n
		}
	}
	return waiting
}

// logsAtOnce is how many logs are audited at the same time.
const logsAtOnce = 4

// turn has one cycle of a log, and says that it was whole.
func (m *Monitor) turn(ctx context.Context, f *follower) (*Outcome, error) {
	out, err := f.cycle(ctx)
	m.mu.Lock()
	if err == nil {
		m.last[f.l.Name] = out
		m.due[f.l.Name] = m.now().Add(3*f.l.Interval + f.l.Timeout)
	}
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	m.writeMetrics()
	m.beat(ctx, out)
	return out, nil
}

// Run follows the logs until the context ends. It then lets what is under way come to
// an end, delivers what it can in a short time, and keeps the rest for the next start.
func (m *Monitor) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	deliver, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	m.hub.start(deliver, &wg)
	places := make(chan struct{}, logsAtOnce)
	var logs sync.WaitGroup
	for _, f := range m.logs {
		m.mu.Lock()
		m.due[f.l.Name] = m.now().Add(3*f.l.Interval + f.l.Timeout)
		m.mu.Unlock()
		logs.Go(func() { m.loop(ctx, f, places) })
	}
	logs.Wait()
	stop()
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.limits.LastTime)
	defer cancel()
	m.hub.drain(last)
	m.writeMetrics()
	return nil
}

func (m *Monitor) loop(ctx context.Context, f *follower, places chan struct{}) {
	for ctx.Err() == nil {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		_, err := m.turn(ctx, f)
		<-places
		if err != nil && ctx.Err() == nil {
			m.log.Error("a cycle was not whole, and is repeated", "log", f.l.Name, "error", err.Error())
			m.writeMetrics()
		}
		// Monitors that were started together need not all come together.
		wait := f.l.Interval + rand.N(f.l.Interval/10+1)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}
