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
}

func newHub(m *Monitor, stdout io.Writer) (*hub, error) {
	h := &hub{m: m, stdout: stdout, beats: plainClient(m.limits)}
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
			p := &post{sink: s, limits: m.limits}
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

// emit hands alarms over. When it returns nil, none of them can be lost any more.
func (h *hub) emit(ctx context.Context, alarms []*Alarm) error {
	if len(alarms) == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.queues {
		if err := q.add(alarms); err != nil {
			return err
		}
	}
	for _, s := range h.feeds {
		if err := h.feed(s, alarms); err != nil {
			return err
		}
	}
	for _, s := range h.lines {
		for _, a := range alarms {
			if !s.wants(a) {
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
