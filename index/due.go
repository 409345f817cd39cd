package index

import (
	"context"
	"time"

	"github.com/pledgelog/pledgelog/pledge"
)

// A Due is what the log waits for, of everybody, as of a view.
type Due struct {
	View   View
	Duties []pledge.Duty // what is due first first
}

// dueShare is how often the time that it took to work duties out passes before that is
// done again: whoever asks without end takes a tenth of a processor.
const dueShare = 10

// due is what was worked out last.
type due struct {
	*Due
	next time.Time // before which it is not done again
}

// Due returns what everybody owes at View.AsOf by package pledge, the secretariat and the
// operator aside. It is made when it is asked for; a large log's may be of a view that is
// some seconds old. While the index replays a large part of a log, and nothing was worked
// out before, it waits until ctx ends.
func (x *Index) Due(ctx context.Context) (*Due, error) {
	for {
		last := x.due.Load()
		shown := x.shown.Load()
		if last != nil && (last.View.Size == shown.view.Size && last.View.AsOf == shown.view.AsOf || time.Now().Before(last.next)) {
			return last.Due, nil
		}
		if d := x.workOutDue(); d != nil {
			return d, nil
		}
		if last != nil {
			return last.Due, nil // the replay is at work, and the next view comes
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// workOutDue asks the replay's state, when that is as the newest view has it: nil when it
// is not, or being replayed to.
func (x *Index) workOutDue() *Due {
	if !x.catching.TryLock() {
		return nil
	}
	defer x.catching.Unlock()
	view := x.shown.Load().view
	if x.tree.Size() != view.Size {
		return nil
	}
	start := time.Now()
	d := &Due{View: view, Duties: x.state.AllDuties(view.AsOf)}
	now := time.Now()
	x.due.Store(&due{d, now.Add(dueShare * now.Sub(start))})
	return d
}
