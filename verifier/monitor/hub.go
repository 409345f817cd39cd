package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// A hub hands alarms to the sinks: to standard output and feeds at once, to others by
// a queue on disk.
type hub struct {
	m      *Monitor
	mu     sync.Mutex // one alarm after the other
	stdout io.Writer
	lines  []*Sink // stdout sinks
	feeds  []*Sink
	queues []*queue
	beats  *http.Client
	have   map[*Sink]map[string]bool // what a sink got of a cycle that is repeated because of another
}

func newHub(m *Monitor, stdout io.Writer) (*hub, error) {
	h := &hub{m: m, stdout: stdout, beats: plainClient(m.limits), have: make(map[*Sink]map[string]bool)}
	for i := range m.cfg.Sinks {
		s := &m.cfg.Sinks[i]
		switch s.Type {
		case "stdout":
			h.lines = append(h.lines, s)
		case "atom":
			h.feeds = append(h.feeds, s)
		case "webhook":
			w := newWebhook(s, m.limits)
			q, err := newQueue(m, s, 1, w.send)
			if err != nil {
				return nil, err
			}
			h.queues = append(h.queues, q)
		case "smtp":
			p := &post{sink: s, limits: m.limits, log: m.log}
			q, err := newQueue(m, s, maxMail, p.send)
			if err != nil {
				return nil, err
			}
			h.queues = append(h.queues, q)
		}
	}
	return h, nil
}

func (s *Sink) wants(a *Alarm) bool {
	return len(s.Classes) == 0 || slices.Contains(s.Classes, string(a.Class))
}

// emit hands alarms over. When it returns nil, none of them can be lost any more. One
// sink that takes nothing does not keep the others from getting theirs; those have them
// once, although the cycle is repeated.
func (h *hub) emit(ctx context.Context, alarms []*Alarm) error {
	if len(alarms) == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	done := func(s *Sink, err error) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		have := h.have[s]
		if have == nil {
			have = make(map[string]bool)
			h.have[s] = have
		}
		for _, a := range alarms {
			have[a.what()] = true
		}
	}
	for _, q := range h.queues {
		done(q.sink, q.add(alarms, h.have[q.sink]))
	}
	for _, s := range h.feeds {
		done(s, h.feed(s, alarms))
	}
	for _, s := range h.lines {
		done(s, h.print(s, alarms))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, have := range h.have {
		for _, a := range alarms {
			delete(have, a.what())
		}
	}
	return nil
}

func (h *hub) print(s *Sink, alarms []*Alarm) error {
	for _, a := range alarms {
		if !s.wants(a) || h.have[s][a.what()] {
			continue
		}
		b, err := a.JSON()
		if err != nil {
			return err
		}
		if _, err := h.stdout.Write(b); err != nil {
			return fmt.Errorf("write alarm: %w", err)
		}
	}
	return nil
}

// room is how many alarms all queues have room for.
func (h *hub) room() int {
	room := h.m.limits.Queue
	for _, q := range h.queues {
		n, _ := q.length()
		room = min(room, h.m.limits.Queue-n)
	}
	return room
}

// line writes a line of its own on standard output.
func (h *hub) line(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stdout.Write(b)
}

// start delivers until the context ends.
func (h *hub) start(ctx context.Context, wg *sync.WaitGroup) {
	for _, q := range h.queues {
		wg.Go(func() { q.run(ctx) })
	}
}

// drain delivers what waits, as long as the context allows.
func (h *hub) drain(ctx context.Context) {
	var wg sync.WaitGroup
	for _, q := range h.queues {
		wg.Go(func() { q.drain(ctx) })
	}
	wg.Wait()
}

// noRedirect keeps what is sent from going elsewhere.
func noRedirect(*http.Request, []*http.Request) error {
	return errors.New("it answers with a redirect, which is not followed")
}
