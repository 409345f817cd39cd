package monitor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// maxStrikes is how many deliveries of a class may fail in one pass over a queue: a sink
// that is gone is not asked for each of ten thousand.
const maxStrikes = 3

// deliveryOrder is in which order classes are sent.
var deliveryOrder = []Class{Misbehaviour, Infrastructure, Interest}

// run delivers until the context ends.
func (q *queue) run(ctx context.Context) {
	backoff := q.m.limits.Backoff
	for {
		took, err := q.deliver(ctx)
		wake, again := q.wake, (<-chan time.Time)(nil)
		if err == nil || ctx.Err() != nil {
			backoff = q.m.limits.Backoff
		} else {
			q.m.log.Warn("alarms wait, as they could not be delivered", "sink", q.sink.Name, "error", err.Error())
			again = time.After(backoff)
			backoff = min(2*backoff, q.m.limits.MaxBackoff)
			if !took {
				wake = nil // it is asked less often
			}
		}
		select {
		case <-wake:
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// drain delivers until nothing waits or the context ends.
func (q *queue) drain(ctx context.Context) {
	backoff := q.m.limits.Backoff
	var failed error
	for {
		_, err := q.deliver(ctx)
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

// A waiting is one alarm of a queue.
type waiting struct {
	file, what string
	class      Class
	fails      int
}

// list is what waits, as it is to be sent: misbehaviour, then infrastructure, then what is
// of interest; in each class what failed least, then the oldest. So one that a sink takes
// at no time stands in the way of none. Next is the number that the next one will have.
func (q *queue) list() (list []waiting, next uint64, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	files, err := q.files()
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		what := whatOf(f)
		list = append(list, waiting{f, what, q.pending[what], q.fails[what]})
	}
	slices.SortStableFunc(list, func(x, y waiting) int {
		return cmp.Or(cmp.Compare(slices.Index(deliveryOrder, x.class), slices.Index(deliveryOrder, y.class)), cmp.Compare(x.fails, y.fails))
	})
	return list, q.next, nil
}

// A pass is one attempt at all that waits.
type pass struct {
	list    []waiting
	tried   map[string]bool // what failed in this pass, and stays
	alone   map[string]bool // what was among several that failed, or were refused, together
	strikes map[Class]int
}

// choose finds what is sent next: several of one class, or one alone. That a matter ended
// is not sent before that it was raised.
func (p *pass) choose(most int) (some []waiting) {
	raised := make(map[string]bool) // what still has to be told of
	for _, w := range p.list {
		if id, ok := strings.CutSuffix(w.what, "-"+string(Raised)); ok {
			raised[id] = true
		}
	}
	for _, w := range p.list {
		if id, ok := strings.CutSuffix(w.what, "-"+string(Ended)); ok && raised[id] || p.tried[w.what] || p.strikes[w.class] >= maxStrikes {
			continue
		}
		single := w.fails > 0 || p.alone[w.what]
		if len(some) > 0 && (single || w.class != some[0].class) {
			break
		}
		some = append(some, w)
		delete(raised, strings.TrimSuffix(w.what, "-"+string(Raised)))
		if single || len(some) == most {
			break
		}
	}
	return some
}

// remove takes out what waits no more.
func (p *pass) remove(some ...waiting) {
	p.list = slices.DeleteFunc(p.list, func(w waiting) bool { return slices.Contains(some, w) })
}

// deliver sends what waits and goes on past what fails, which it leaves for the next time.
// Of several that fail together, or are refused, each is sent alone. It reports whether
// the sink took any, and why it did not take all.
func (q *queue) deliver(ctx context.Context) (took bool, err error) {
	p := &pass{tried: make(map[string]bool), alone: make(map[string]bool), strikes: make(map[Class]int)}
	var failed error
	for next := uint64(0); ; {
		if p.list == nil || q.came(next) {
			if p.list, next, err = q.list(); err != nil {
				return took, q.note(err)
			}
		}
		some := p.choose(q.batch)
		if len(some) == 0 {
			return took, q.note(failed)
		}
		if ctx.Err() != nil {
			return took, q.note(cmp.Or(failed, ctx.Err()))
		}
		var alarms []*Alarm
		var good []waiting
		for _, w := range some {
			a, err := q.read(w.file)
			if err != nil {
				q.m.log.Error("a file of the queue can't be read, and is set aside", "sink", q.sink.Name, "file", w.file)
				if err := q.setAside(w.file); err != nil {
					return took, q.note(err)
				}
				p.remove(w)
				continue
			}
			alarms, good = append(alarms, a), append(good, w)
		}
		if len(alarms) == 0 {
			continue
		}
		err := q.attempt(ctx, alarms, len(p.list) > len(good))
		var refused *refusal
		switch {
		case err == nil:
			took = true
			for _, w := range good {
				if err := q.remove(w.file); err != nil {
					return took, q.note(err)
				}
			}
			p.remove(good...)
			continue
		case errors.As(err, &refused) && len(good) == 1:
			q.m.log.Error("a sink refuses an alarm, which is set aside", "sink", q.sink.Name, "id", alarms[0].ID, "error", err.Error())
			if err := q.setAside(good[0].file); err != nil {
				return took, q.note(err)
			}
			p.remove(good...)
			continue
		case len(good) > 1:
			for _, w := range good {
				p.alone[w.what] = true
			}
		default:
			p.tried[good[0].what] = true
			q.count(good[0].what)
		}
		if refused == nil {
			failed = cmp.Or(failed, err)
			p.strikes[good[0].class]++
		}
	}
}

// attempt sends some. Where time is short and others wait, it leaves some to those.
func (q *queue) attempt(ctx context.Context, alarms []*Alarm, more bool) error {
	limit := q.m.limits.SinkAttempt
	if end, ok := ctx.Deadline(); ok && more {
		limit = min(limit, time.Until(end)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return q.send(ctx, alarms)
}

// count notes that one failed.
func (q *queue) count(what string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fails[what]++
}

// came reports whether others came since the next number was this.
func (q *queue) came(next uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.next != next
}
