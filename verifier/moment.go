package verifier

import (
	"context"
	"fmt"
	"math"
	"slices"
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
	switch {
	case a.cfg.AsOf != nil:
		return *a.cfg.AsOf
	case a.view.HasQuorumTime:
		return quorumTime(a.view)
	}
	return math.MaxInt64
}

// quorumTime is a view's quorum time in Unix seconds. Witnesses may stamp what they
// like: none is after the year 9999.
func quorumTime(v *log.View) int64 { return int64(min(v.QuorumTime, entry.MaxLogged)) }

// maxAhead is how far, in seconds, two clocks that are right may differ.
const maxAhead = 600

// judgeClock holds the largest log time so far to the auditor's clock, that of
// entries without effect too.
func (s *stream) judgeClock(it *pledge.Item) {
	now := s.a.cfg.Now
	if now == nil || s.future != nil || s.a.report.SimulatedTime || s.state.LastLogged() <= *now+maxAhead {
		return
	}
	f := at(finding(FindLoggedInFuture, fmt.Sprintf("This entry is logged %s; by the clock of this audit it is %s.", moment(s.state.LastLogged()), moment(*now))), it.Index)
	s.future = &f
}

// snapshot looks at the state as it stands for moment t: what is logged later
// has no part in statuses and promises (protocol section 6).
func (s *stream) snapshot(ctx context.Context, t int64) error {
	if err := s.texts.compareOpenings(ctx); err != nil {
		return err
	}
	s.snapped, s.moment, s.snapAt = true, t, s.state.Size()
	s.statuses = s.state.Statuses(t)
	s.promises = append(s.state.Promises(t), s.texts.sealsOverdue(t)...)
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
