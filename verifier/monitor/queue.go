package monitor

import (
	"context"
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
	pending map[string]Class // by id and event
	failed  error            // the last delivery's; nil when all came through
	fails   map[string]int   // how often one failed that is pending, since the start
}

// A refusal says that a sink will not take an alarm, however often it is sent.
type refusal struct{ err error }

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

const refusedFolder = "refused"

func newQueue(m *Monitor, s *Sink, batch int, send func(context.Context, []*Alarm) error) (*queue, error) {
	q := &queue{m: m, sink: s, dir: filepath.Join(m.cfg.State, "queue", s.Name), batch: batch, send: send, wake: make(chan struct{}, 1), pending: make(map[string]Class), fails: make(map[string]int)}
	if err := os.MkdirAll(filepath.Join(q.dir, refusedFolder), 0o700); err != nil {
		return nil, fmt.Errorf("keep queue of %s: %w", s.Name, err)
	}
	files, err := q.files()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		n, _, _ := strings.Cut(f, "-")
		number, err := strconv.ParseUint(n, 10, 63)
		if err != nil {
			return nil, fmt.Errorf("read queue of %s: %s is no file of it", s.Name, f)
		}
		q.next = max(q.next, number+1)
		q.pending[whatOf(f)] = "" // before all others, to be set aside
		if a, err := q.read(f); err == nil {
			q.pending[whatOf(f)] = a.Class
		}
	}
	return q, nil
}

// whatOf is the id and event of an alarm, by the name of its file.
func whatOf(file string) string {
	_, what, _ := strings.Cut(strings.TrimSuffix(file, ".json"), "-")
	return what
}

func (q *queue) read(file string) (*Alarm, error) {
	b, err := readSmall(filepath.Join(q.dir, file), 1<<20)
	if err != nil {
		return nil, err
	}
	a := new(Alarm)
	return a, json.Unmarshal(b, a)
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
		if _, waits := q.pending[what]; waits || !q.sink.wants(a) || skip[what] {
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
		q.pending[what] = a.Class
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
	delete(q.pending, whatOf(file))
	delete(q.fails, whatOf(file))
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
