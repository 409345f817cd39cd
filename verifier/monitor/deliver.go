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

// A pass is one attempt at all that waits. It looks at each a few times at most, however
// many there are.
type pass struct {
	list    []waiting
	at      int                // what stands before it was looked at
	again   []waiting          // what is looked at before the rest of the list
	blocked map[string]waiting // what ended and was passed over, by id, as that it was raised still waits
	raised  map[string]bool    // ids of which still has to be told that they were raised
	left    int                // how many wait
	looked  int                // how often one was looked at

	tried   map[string]bool // what failed in this pass, and stays
	alone   map[string]bool // what was among several that failed, or were refused, together
	strikes map[Class]int
}

func newPass() *pass {
	return &pass{tried: make(map[string]bool), alone: make(map[string]bool), strikes: make(map[Class]int)}
}

// begin takes a list from its beginning. What failed in this pass is not forgotten.
func (p *pass) begin(list []waiting) {
	p.list, p.at, p.again, p.left = list, 0, nil, len(list)
	p.blocked, p.raised = make(map[string]waiting), make(map[string]bool)
	for _, w := range list {
		if id, ok := strings.CutSuffix(w.what, "-"+string(Raised)); ok {
			p.raised[id] = true
		}
	}
}

// peek is the one to look at next.
func (p *pass) peek() (w waiting, ok bool) {
	p.looked++
	switch {
	case len(p.again) > 0:
		return p.again[0], true
	case p.at < len(p.list):
		return p.list[p.at], true
	}
	return waiting{}, false
}

// skip goes on to the one after that.
func (p *pass) skip() {
	if len(p.again) > 0 {
		p.again = p.again[1:]
	} else {
		p.at++
	}
}

// choose finds what is sent next: several of one class, or one alone. That a matter ended
// is not sent before that it was raised.
func (p *pass) choose(most int) (some []waiting) {
	with := make(map[string]bool) // that they were raised is sent with it
	for len(some) < most {
		w, ok := p.peek()
		if !ok {
			break
		}
		if p.tried[w.what] || p.strikes[w.class] >= maxStrikes {
			p.skip()
			continue
		}
		if id, ok := strings.CutSuffix(w.what, "-"+string(Ended)); ok && p.raised[id] && !with[id] {
			p.blocked[id] = w
			p.skip()
			continue
		}
		single := w.fails > 0 || p.alone[w.what]
		if len(some) > 0 && (single || w.class != some[0].class) {
			break
		}
		p.skip()
		some = append(some, w)
		if id, ok := strings.CutSuffix(w.what, "-"+string(Raised)); ok {
			with[id] = true
		}
		if single {
			break
		}
	}
	return some
}

// remove notes that some wait no more.
func (p *pass) remove(some ...waiting) {
	p.left -= len(some)
	for _, w := range some {
		id, ok := strings.CutSuffix(w.what, "-"+string(Raised))
		if !ok {
			continue
		}
		delete(p.raised, id)
		if ended, ok := p.blocked[id]; ok {
			delete(p.blocked, id)
			p.again = append(p.again, ended)
		}
	}
}

// each has some that did not come through together looked at again, each alone.
func (p *pass) each(some []waiting) {
	for _, w := range some {
		p.alone[w.what] = true
	}
	p.again = append(slices.Clone(some), p.again...)
}

// deliver sends what waits and goes on past what fails, which it leaves for the next time.
// Of several that fail together, or are refused, each is sent alone. It reports whether
// the sink took any, and why it did not take all.
func (q *queue) deliver(ctx context.Context) (took bool, err error) {
	p := newPass()
	var failed error
	for next := uint64(0); ; {
		if p.raised == nil || q.came(next) {
			var list []waiting
			if list, next, err = q.list(); err != nil {
				return took, q.note(err)
			}
			p.begin(list)
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
		err := q.attempt(ctx, alarms, p.left > len(good))
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
			p.each(good)
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
