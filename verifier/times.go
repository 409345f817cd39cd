package verifier

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// How far, in seconds, an entry's log time may be after the time by which
// witnesses saw it, and how far before (protocol section 7, Time).
const (
	maxAfterWitnessed = 600
	maxHeldBack       = 3600
)

// A timeCheck holds the log time of entries to the known checkpoints that cover
// them: an entry was there no later than the earliest quorum time of one of these.
type timeCheck struct {
	bounds []bound // of known checkpoints with a quorum time, by size
	at     int     // the first that covers the next entry
	clock  *int64  // the auditor's, where there is no other evidence of time
	kept   keptTimes
	left   uncounted // statements that the moment leaves out and whose time is doubtful
}

// A bound says by when the entries below a size were there.
type bound struct {
	size uint64
	by   int64 // Unix seconds: the earliest quorum time of that checkpoint and all larger ones
}

// keptTimes is what an audit keeps of times.
type keptTimes struct {
	NoEvidence uint64            // entries of whose time there is no evidence
	From       uint64            // index of the first
	Doubtful   []run             // entries whose time is doubtful, in order
	Leaps      []leap            // in order
	Refused    uncounted         // rejected statements that may have been in order, were their time another
	Moved      map[string]uint64 // by author, the first of its entries that may have been there on another day than its time says
}

// A run is the entries from First to Last, both included.
type run struct{ First, Last uint64 }

// A leap is a time by which the log's own time ran ahead of what witnesses saw: what
// was to happen after From and no later than To, by the log happened too early.
type leap struct{ From, To int64 }

// newTimeCheck goes by the known checkpoints, which are sorted by size.
func newTimeCheck(a *audit) *timeCheck {
	t := &timeCheck{clock: a.clock()}
	for _, s := range slices.Backward(a.known) {
		if !s.timed {
			continue
		}
		by := s.time
		if n := len(t.bounds); n > 0 {
			by = min(by, t.bounds[n-1].by)
		}
		t.bounds = append(t.bounds, bound{s.size, by})
	}
	slices.Reverse(t.bounds)
	return t
}

// A timed is an entry that was just judged, with what its time is held to.
type timed struct {
	it      *pledge.Item
	verdict pledge.Verdict
	before  int64 // the largest log time that counts, before it
	now     int64 // by which it is judged: that, or its own if it is larger
	left    bool  // it is left out of the moment
	moment  int64 // which is this one
	found   []pledge.Finding
}

func (s *stream) timed(it *pledge.Item, v pledge.Verdict, before int64, found []pledge.Finding) timed {
	e := timed{it: it, verdict: v, before: before, now: before, left: s.snapped, moment: s.moment, found: found}
	if it.Leaf != nil {
		e.now = max(before, it.Leaf.Logged)
	}
	return e
}

// add says what is to be said of the time of the next entry.
func (t *timeCheck) add(e timed) []pledge.Finding {
	for t.at < len(t.bounds) && t.bounds[t.at].size <= e.it.Index {
		t.at++
	}
	if e.it.Leaf == nil {
		return nil
	}
	for i := range e.found {
		t.doubtSlot(&e.found[i], e.it)
	}
	if t.at == len(t.bounds) {
		ahead := t.clock != nil && e.now > *t.clock
		t.leaveOut(e, ahead, ahead)
		return nil
	}
	by := t.bounds[t.at].by
	t.weigh(e, by)
	for i := range e.found {
		doubtDated(&e.found[i], e.it, by)
	}
	logged := e.it.Leaf.Logged
	switch {
	case logged > by+maxAfterWitnessed:
		return []pledge.Finding{timeFinding(FindAfterWitnessed, e.it, "This entry is logged %s; witnesses had seen it by %s.", logged, by)}
	case logged >= by-maxHeldBack:
	case e.it.Index >= t.bounds[0].size:
		return []pledge.Finding{timeFinding(FindHeldBack, e.it, "This entry is logged %s; no known checkpoint shows it before %s.", logged, by)}
	default:
		if t.kept.NoEvidence == 0 {
			t.kept.From = e.it.Index
		}
		t.kept.NoEvidence++
	}
	return nil
}

// weigh notes what is doubtful about the time of an entry that was there by a time.
func (t *timeCheck) weigh(e timed, by int64) {
	ahead := e.now > by+maxAfterWitnessed
	off := ahead || e.now < by-maxHeldBack
	// Nearly all that is owed ends with a day.
	switch day := e.now/secondsPerDay != by/secondsPerDay; {
	case off, e.now > by && (day || slices.ContainsFunc(e.found, isLate)):
		t.doubt(e.it.Index)
	}
	if ahead && e.now > e.before && e.verdict.Kind == pledge.Accepted {
		t.leapt(max(e.before, by), e.now)
	}
	t.leaveOut(e, by <= e.moment || ahead, off)
	if e.verdict.Kind == pledge.Accepted && (off || e.now/secondsPerDay != by/secondsPerDay) {
		author := e.it.Statement.Author
		if _, ok := t.kept.Moved[author]; !ok {
			if t.kept.Moved == nil {
				t.kept.Moved = make(map[string]uint64)
			}
			t.kept.Moved[author] = e.it.Index
		}
	}
}

// doubtDated marks that a statement, or what it tells of, was dated after it was
// logged, where witnesses do not show it earlier than that date: it may be the operator
// who dated it back.
func doubtDated(f *pledge.Finding, it *pledge.Item, by int64) {
	ahead := true
	switch f.Code {
	case pledge.FindMadeAfterLogged:
		ahead = it.Statement.Made > by+maxAfterWitnessed
	case pledge.FindReceivedAhead:
		ahead = pledge.ReceivedAhead(it.Statement.Body.(*entry.Request), by+maxAfterWitnessed)
	case pledge.FindDateAhead:
		ahead = pledge.DateAhead(it.Statement.Body.(*entry.Decision).Date, by+maxAfterWitnessed)
	}
	if !ahead {
		mayBeDatedBack(f, by)
	}
}

// doubtSlot is doubtDated for a slot that the finding names and that was logged before
// what the statement says was in it.
func (t *timeCheck) doubtSlot(f *pledge.Finding, it *pledge.Item) {
	if f.Code != pledge.FindSlotBefore {
		return
	}
	if by, ok := t.by(*f.Index); ok && !pledge.ReceivedAhead(it.Statement.Body.(*entry.Request), by+maxAfterWitnessed) {
		mayBeDatedBack(f, by)
	}
}

func mayBeDatedBack(f *pledge.Finding, by int64) {
	f.TimeDoubtful = true
	f.Text = fmt.Sprintf("%s; no known checkpoint shows it before %s, so that it is the operator's time that is in doubt.", strings.TrimSuffix(f.Text, "."), moment(by))
}

// isLate reports whether a finding is that its entry came late.
func isLate(f pledge.Finding) bool {
	return f.Code == pledge.FindFiledLate || f.Code == pledge.FindSlotLate || f.Code == pledge.FindReplyLate
}

// mayCount reports whether a statement is its author's, as far as its signatures
// show, and has an effect, or would have one if its time were another.
func (e timed) mayCount() bool {
	switch {
	case e.it.Statement == nil:
		return false
	case e.verdict.Kind == pledge.Rejected:
		return !slices.Contains(e.it.Valid, false)
	}
	return e.verdict.Kind == pledge.Accepted
}

// leaveOut notes a statement that is not counted although it might be, were its time
// another. One that the moment leaves out may have been there by then: because that
// was seen, or because its time can't be right. What the operator itself dates before
// the moment, behind an entry that is dated after it, is such a one too. And one of a
// time that can't be right may have been rejected for that.
func (t *timeCheck) leaveOut(e timed, seen, off bool) {
	switch {
	case !e.mayCount():
	case e.left && (seen || e.it.Leaf.Logged <= e.moment):
		t.left.add(e.it.Statement)
	case !e.left && off && e.verdict.Kind == pledge.Rejected:
		t.kept.Refused.add(e.it.Statement)
	}
}

// leapt notes that the log's time went ahead of what was seen.
func (t *timeCheck) leapt(from, to int64) {
	if n := len(t.kept.Leaps); n > 0 && t.kept.Leaps[n-1].To >= from {
		t.kept.Leaps[n-1].To = max(t.kept.Leaps[n-1].To, to)
		return
	}
	t.kept.Leaps = append(t.kept.Leaps, leap{from, to})
}

// isLeapt reports whether, by the log, a moment came too early.
func (t *timeCheck) isLeapt(moment int64) bool {
	return slices.ContainsFunc(t.kept.Leaps, func(l leap) bool { return l.From < moment && moment <= l.To })
}

// isAhead reports whether the log's time, as it stood at a size, was ahead of when
// all its entries had been seen, so that something may have come late by that alone.
func (t *timeCheck) isAhead(size uint64, now int64) bool {
	if size == 0 {
		return false
	}
	by, ok := t.by(size - 1)
	if !ok {
		return t.clock != nil && now > *t.clock
	}
	return now > by+maxAfterWitnessed || now > by && now/secondsPerDay != by/secondsPerDay
}

// by is the time by which an entry was there, as known checkpoints show.
func (t *timeCheck) by(index uint64) (by int64, ok bool) {
	i := sort.Search(len(t.bounds), func(i int) bool { return t.bounds[i].size > index })
	if i == len(t.bounds) {
		return 0, false
	}
	return t.bounds[i].by, true
}

func timeFinding(c entry.Code, it *pledge.Item, text string, logged, by int64) pledge.Finding {
	f := at(finding(c, fmt.Sprintf(text, moment(logged), moment(by))), it.Index)
	if it.Statement != nil {
		f.Entry = it.Statement.ID.String()
	}
	return f
}

func (t *timeCheck) doubt(index uint64) {
	if n := len(t.kept.Doubtful); n > 0 && t.kept.Doubtful[n-1].Last+1 == index {
		t.kept.Doubtful[n-1].Last = index
		return
	}
	t.kept.Doubtful = append(t.kept.Doubtful, run{index, index})
}

// isDoubtful reports whether the time of an entry is doubtful.
func (t *timeCheck) isDoubtful(index uint64) bool {
	i := sort.Search(len(t.kept.Doubtful), func(i int) bool { return t.kept.Doubtful[i].Last >= index })
	return i < len(t.kept.Doubtful) && t.kept.Doubtful[i].First <= index
}

// finding says of how many entries nothing shows when they were there.
func (t *timeCheck) finding() []pledge.Finding {
	if t.kept.NoEvidence == 0 {
		return nil
	}
	text := fmt.Sprintf("%s dated over an hour before the first known checkpoint that satisfies this policy, which covers %s entries: when they were there is the operator's word.",
		Count(t.kept.NoEvidence, "entry is", "entries are"), Commas(t.bounds[0].size))
	return []pledge.Finding{at(finding(FindNoTimeEvidence, text), t.kept.From)}
}
