package monitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/atomicfile"
)

// A queue has a file for each alarm that waits for a sink.
type queue struct {
	m     *Monitor
	sink  *Sink
	dir   string
	batch int
	send  func(context.Context, []*Alarm) error
	wake  chan struct{}

	mu      sync.Mutex
	next    uint64
	pending map[string]bool // by id and event
	failed  error           // the last delivery's; nil when it came through
}

// A refusal says that a sink will not take an alarm, however often it is sent.
type refusal struct{ err error }

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

const refusedFolder = "refused"

func newQueue(m *Monitor, s *Sink, batch int, send func(context.Context, []*Alarm) error) (*queue, error) {
	q := &queue{m: m, sink: s, dir: filepath.Join(m.cfg.State, "queue", s.Name), batch: batch, send: send, wake: make(chan struct{}, 1), pending: make(map[string]bool)}
	if err := os.MkdirAll(filepath.Join(q.dir, refusedFolder), 0o700); err != nil {
		return nil, fmt.Errorf("keep queue of %s: %w", s.Name, err)
	}
	files, err := q.files()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		n, rest, _ := strings.Cut(strings.TrimSuffix(f, ".json"), "-")
		number, err := strconv.ParseUint(n, 10, 63)
		if err != nil {
			return nil, fmt.Errorf("read queue of %s: %s is no file of it", s.Name, f)
		}
		q.next = max(q.next, number+1)
		q.pending[rest] = true
	}
	return q, nil
}

// files lists what waits, oldest first.
func (q *queue) files() ([]string, error) {
	list, err := os.ReadDir(q.dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("read queue of %s: %w", q.sink.Name, err)
	}
	var out []string
	for _, e := range list {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".json") && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// spare is the room that a queue has beyond its limit for all that is no statement of
// interest: who writes many statements must not keep the other alarms from being told.
func spare(limit int) int { return limit/10 + 100 }

// add puts alarms at the end, durably. One that waits already is not put there twice.
// For lack of room it leaves out those alone that there is none for.
func (q *queue) add(alarms []*Alarm, skip map[string]bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var full error
	for _, a := range alarms {
		what := a.what()
		if !q.sink.wants(a) || q.pending[what] || skip[what] {
			continue
		}
		limit := q.m.limits.Queue
		if a.Code != CodeEntry {
			limit += spare(limit)
		}
		if len(q.pending) >= limit {
			full = fmt.Errorf("queue alarm for %s: %d wait already; the cycle is repeated when there is room", q.sink.Name, len(q.pending))
			continue
		}
		b, err := a.JSON()
		if err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(q.dir, fmt.Sprintf("%020d-%s.json", q.next, what)), b, 0o600); err != nil {
			return fmt.Errorf("queue alarm for %s: %w", q.sink.Name, err)
		}
		q.next++
		q.pending[what] = true
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return full
}

// length is how many wait, and how the last delivery failed.
func (q *queue) length() (n int, failed error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pending), q.failed
}

// oldest is since when the first one waits; the zero time when none does.
func (q *queue) oldest() time.Time {
	files, err := q.files()
	if err != nil || len(files) == 0 {
		return time.Time{}
	}
	info, err := os.Stat(filepath.Join(q.dir, files[0]))
	if err != nil {
		return time.Time{} // it was just delivered
	}
	return info.ModTime()
}

func (q *queue) run(ctx context.Context) {
	backoff := q.m.limits.Backoff
	for {
		wait := time.Duration(-1)
		if err := q.deliver(ctx); err != nil && ctx.Err() == nil {
			q.m.log.Warn("alarms wait, as they could not be delivered", "sink", q.sink.Name, "error", err.Error())
			wait = backoff
			backoff = min(2*backoff, q.m.limits.MaxBackoff)
		} else {
			backoff = q.m.limits.Backoff
		}
		if wait < 0 {
			select {
			case <-q.wake:
			case <-ctx.Done():
				return
			}
			continue
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

func (q *queue) drain(ctx context.Context) {
	backoff := q.m.limits.Backoff
	var failed error
	for {
		err := q.deliver(ctx)
		if err == nil {
			return
		}
		// Of one that the end of the time cuts off, the one before says why.
		if failed == nil || ctx.Err() == nil {
			failed = err
		}
		select {
		case <-time.After(backoff):
			backoff = min(2*backoff, q.m.limits.MaxBackoff)
		case <-ctx.Done():
			q.m.log.Warn("alarms wait for the next start, as they could not be delivered", "sink", q.sink.Name, "error", failed.Error())
			return
		}
	}
}

// deliver sends all that waits, in order. Of several that are refused together each is
// sent alone.
func (q *queue) deliver(ctx context.Context) error {
	alone := 0
	for {
		files, err := q.files()
		if err != nil {
			return q.note(err)
		}
		if len(files) == 0 {
			return q.note(nil)
		}
		batch := q.batch
		if alone > 0 {
			alone, batch = alone-1, 1
		}
		files = files[:min(batch, len(files))]
		var alarms []*Alarm
		var good []string
		for _, f := range files {
			a := new(Alarm)
			b, err := readSmall(filepath.Join(q.dir, f), 1<<20)
			if err == nil {
				err = json.Unmarshal(b, a)
			}
			if err != nil {
				q.m.log.Error("a file of the queue can't be read, and is set aside", "sink", q.sink.Name, "file", f)
				if err := q.setAside(f); err != nil {
					return q.note(err)
				}
				continue
			}
			alarms, good = append(alarms, a), append(good, f)
		}
		if len(alarms) == 0 {
			continue
		}
		attempt, cancel := context.WithTimeout(ctx, q.m.limits.SinkAttempt)
		err = q.send(attempt, alarms)
		cancel()
		var refused *refusal
		switch {
		case errors.As(err, &refused) && len(good) > 1:
			alone = len(good)
			continue
		case errors.As(err, &refused):
			q.m.log.Error("a sink refuses an alarm, which is set aside", "sink", q.sink.Name, "id", alarms[0].ID, "error", err.Error())
			for _, f := range good {
				if err := q.setAside(f); err != nil {
					return q.note(err)
				}
			}
			continue
		case err != nil:
			return q.note(err)
		}
		for _, f := range good {
			if err := q.remove(f); err != nil {
				return q.note(err)
			}
		}
	}
}

// note keeps how the last delivery ended.
func (q *queue) note(err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failed = err
	return err
}

func (q *queue) remove(file string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := os.Remove(filepath.Join(q.dir, file)); err != nil {
		return fmt.Errorf("take alarm from queue of %s: %w", q.sink.Name, err)
	}
	q.forget(file)
	return nil
}

func (q *queue) forget(file string) {
	_, what, _ := strings.Cut(strings.TrimSuffix(file, ".json"), "-")
	delete(q.pending, what)
}

// maxRefused is how many alarms are kept that a sink refused.
const maxRefused = 1000

func (q *queue) setAside(file string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	dir := filepath.Join(q.dir, refusedFolder)
	if err := os.Rename(filepath.Join(q.dir, file), filepath.Join(dir, file)); err != nil {
		return err
	}
	q.forget(file)
	if list, err := os.ReadDir(dir); err == nil && len(list) > maxRefused {
		os.Remove(filepath.Join(dir, list[0].Name()))
	}
	return nil
}
