package verifier

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// moment writes a time for a reader.
func moment(unix int64) string {
	return time.Unix(unix, 0).UTC().Format("2 January 2006, 15:04:05 UTC")
}

// asOf is the moment at which the stream has to stop and look at the state: the
// largest possible when that is its end.
func (a *audit) asOf() int64 {
	switch clock := a.clock(); {
	case a.cfg.AsOf != nil:
		return *a.cfg.AsOf
	case a.view.HasQuorumTime:
		return quorumTime(a.view)
	case clock != nil:
		return *clock
	}
	return math.MaxInt64
}

// clock is the auditor's own clock, where nothing else shows how late it is: nil
// where witnesses do, where time is simulated, and where it is not known.
func (a *audit) clock() *int64 {
	if a.view.HasQuorumTime || a.report.SimulatedTime {
		return nil
	}
	return a.cfg.Now
}

// quorumTime is a view's quorum time in Unix seconds. Witnesses may stamp what they
// like: none is after the year 9999.
func quorumTime(v *log.View) int64 { return int64(min(v.QuorumTime, entry.MaxLogged)) }

// maxAhead is how far, in seconds, two clocks that are right may differ.
const maxAhead = 600

// judgeClock holds an entry's log time to the auditor's clock.
func (s *stream) judgeClock(it *pledge.Item) {
	now := s.a.cfg.Now
	if now == nil || s.a.report.SimulatedTime || it.Leaf == nil {
		return
	}
	if logged := it.Leaf.Logged; s.future == nil && logged > *now+maxAhead {
		f := at(finding(FindLoggedInFuture, fmt.Sprintf("This entry is logged %s; by the clock of this audit it is %s.", moment(logged), moment(*now))), it.Index)
		s.future = &f
	}
	if s.state.Now() <= *now {
		s.until = s.state.Now()
	}
}

// reaches is the time up to which the log is evidence, without witnesses: the largest
// that the operator gave it. What it dates after the auditor's clock is not believed.
func (s *stream) reaches() int64 {
	if clock := s.a.clock(); clock != nil && s.state.Now() > *clock {
		return s.until
	}
	return s.state.Now()
}

// beyond reports whether a leaf, which is the next one, puts the log's time past the
// moment. One without effect does not.
func (s *stream) beyond(it *pledge.Item) bool {
	return it.Leaf.Logged > s.a.asOf() && s.state.Judge(it).Kind == pledge.Accepted
}

// snapshot looks at the state as it stands for moment t: what is logged later
// has no part in statuses and promises (protocol section 6). Where no moment was
// asked for and the auditor's clock is the end, it is that up to which the log is
// evidence: a copy that is old does not become newer by one entry that is dated ahead.
func (s *stream) snapshot(ctx context.Context, t int64) error {
	if err := s.texts.compareOpenings(ctx); err != nil {
		return err
	}
	if s.a.cfg.AsOf == nil && s.a.clock() != nil {
		t = s.state.Now()
	}
	s.snapped, s.moment, s.snapAt = true, t, s.state.Size()
	var wg sync.WaitGroup // both only look, and take a while with a large log
	wg.Go(func() { s.statuses = s.state.Statuses(t) })
	s.promises = append(s.state.Promises(t), s.texts.sealFindings(t)...)
	wg.Wait()
	return nil
}

// unsaid returns the promises that were not kept at the moment, but for what a later
// entry showed too.
func (s *stream) unsaid() []pledge.Finding {
	later, _ := s.leafFindings.take()
	return slices.DeleteFunc(s.promises, func(f pledge.Finding) bool {
		return f.Code == pledge.FindDirectoryOverdue && slices.ContainsFunc(later, func(l pledge.Finding) bool { return l.Code == f.Code && *l.Index >= s.snapAt && l.Text == f.Text })
	})
}
