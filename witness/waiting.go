package witness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

const (
	// failureWait is what a log is asked to wait for after an audit without a result.
	failureWait = 30 * time.Second
	// soonWait is that where a text is looked for again: mostly it comes in the moment
	// after its checkpoint.
	soonWait = 10 * time.Second
	// pendingWait is that while an audit goes on, and maxPendingWait where much of it is
	// left.
	pendingWait, maxPendingWait = 10 * time.Second, time.Minute
	// awayWait is that where the log does not answer whoever reads it: a server that starts
	// asks its witnesses before it listens, and does so a moment later. It waits for this
	// witness then, so that it gets an answer as soon as that is seen, while the audit tries
	// again to read it.
	awayWait = 3 * time.Second
	// maxWaiting is how many requests of one log wait for its audit at once: others are
	// answered at once, so that one log takes no other's place.
	maxWaiting = 2
)

// audited returns what came of the audit of a checkpoint, and waits for it a while.
func (a *Auditor) audited(ctx context.Context, s *asked) (*outcome, error) {
	timer := time.NewTimer(a.cfg.Wait)
	defer timer.Stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.logs[s.cp.Origin]
	if x == nil {
		x = &auditing{changed: make(chan struct{}), missing: make(map[string]time.Time)}
		a.logs[s.cp.Origin] = x
	}
	before := x.of(s)
	if before != nil && time.Since(before.at) < before.goodFor(a.cfg.Recheck) {
		return before, nil
	}
	if s.cp.Size < x.newest && !s.is(x.now) {
		if before != nil {
			return before, nil // a newer one is audited already
		}
		return nil, &UndecidedError{Text: fmt.Sprintf("the log asked for its checkpoint of size %d before: ask for that or a later one", x.newest)}
	}
	x.newest = max(x.newest, s.cp.Size)
	if !s.is(x.now) {
		x.next = s
	}
	if !x.running && a.ctx.Err() == nil {
		x.running = true
		a.wg.Go(func() { a.work(x) })
	}
	for over := x.waiting >= maxWaiting; ; {
		over = over || x.away && s.is(x.now)
		if o := x.of(s); o != nil && (o != before || over) {
			return o, nil
		}
		if over {
			return nil, x.pending(s)
		}
		over = a.wait(ctx, x, timer.C)
	}
}

// wait waits until there is another outcome, or reports that there is no more time for
// that. The caller holds the lock.
func (a *Auditor) wait(ctx context.Context, x *auditing, timer <-chan time.Time) (over bool) {
	changed := x.changed
	x.waiting++
	a.mu.Unlock()
	select {
	case <-changed:
	case <-timer:
		over = true
	case <-ctx.Done():
		over = true
	case <-a.ctx.Done():
		over = true
	}
	a.mu.Lock()
	x.waiting--
	return over
}

var errAway = errors.New("the log can't be read")

// reach is publishedBy, and answers those who wait when the log can't be read at first.
func (a *Auditor) reach(x *auditing, src *auditSource, policy *log.Policy) (*log.View, error) {
	if x.once == nil {
		return publishedBy(a.ctx, src, policy)
	}
	v, err := publishedBy(a.ctx, &auditSource{Source: x.once, next: src.next, note: src.note}, policy)
	if !errors.Is(err, errAway) {
		return v, err
	}
	a.mu.Lock()
	x.away = true
	close(x.changed)
	x.changed = make(chan struct{})
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		x.away = false
	}()
	return publishedBy(a.ctx, src, policy)
}

// of is the last outcome if it is that of a checkpoint. The caller holds the lock.
func (x *auditing) of(s *asked) *outcome {
	if x.last != nil && s.is(x.last.of) {
		return x.last
	}
	return nil
}

// pending says how far the audit is. The caller holds the lock.
func (x *auditing) pending(s *asked) error {
	if x.away && s.is(x.now) {
		return &UndecidedError{Text: "its audit does not reach the log, and goes on trying", Wait: awayWait}
	}
	text := "its audit has not begun yet"
	if x.now != nil {
		text = "its audit"
		if !s.is(x.now) {
			text = fmt.Sprintf("its audit comes after that of size %d, which", x.now.cp.Size)
		}
		if done, total := x.done.Load(), x.total.Load(); total > 0 {
			text += fmt.Sprintf(" goes on, at entry %d of %d", done, total)
		} else {
			text += " has begun"
		}
	}
	return &UndecidedError{Text: text, Wait: x.left()}
}

// left guesses when it is worth asking again: soon for an audit of what is new, by how
// far it is for one that reads much. The caller holds the lock.
func (x *auditing) left() time.Duration {
	if x.now == nil {
		return pendingWait
	}
	spent := time.Since(x.began)
	if first, done, total := x.first.Load(), x.done.Load(), x.total.Load(); done > first {
		if left := time.Duration(float64(spent) * float64(total-done) / float64(done-first)); left > pendingWait {
			return min(left, maxPendingWait)
		}
	}
	left := spent // nobody knows
	if x.took > 0 {
		left = x.took - spent
	}
	return min(max(left, time.Second), pendingWait)
}

// goodFor is for how long it is the answer at once.
func (o *outcome) goodFor(recheck time.Duration) time.Duration {
	switch {
	case len(o.Soon) > 0:
		return min(recheck, soonWait)
	case o.Away:
		return min(recheck, awayWait/2)
	case o.Failure != "":
		return min(recheck, failureWait)
	}
	return recheck
}
