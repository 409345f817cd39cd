package verifier

import (
	"fmt"
	"slices"
	"sort"

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
	kept   keptTimes
}

// A bound says by when the entries below a size were there.
type bound struct {
	size uint64
	by   int64 // Unix seconds: the earliest quorum time of that checkpoint and all larger ones
}

// keptTimes is what an audit keeps of times.
type keptTimes struct {
	NoEvidence uint64 // entries of whose time there is no evidence
	From       uint64 // index of the first
	Doubtful   []run  // entries whose time is doubtful, in order
}

// A run is the entries from First to Last, both included.
type run struct{ First, Last uint64 }

// newTimeCheck goes by the known checkpoints, which are sorted by size.
func newTimeCheck(known []*signed) *timeCheck {
	t := new(timeCheck)
	for _, s := range slices.Backward(known) {
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

// add says what is to be said of the time of the next entry. Now is the largest
// log time up to and including it, by which deadlines are judged.
func (t *timeCheck) add(it *pledge.Item, now int64) []pledge.Finding {
	for t.at < len(t.bounds) && t.bounds[t.at].size <= it.Index {
		t.at++
	}
	if t.at == len(t.bounds) || it.Leaf == nil {
		return nil
	}
	by := t.bounds[t.at].by
	if now > by+maxAfterWitnessed || now < by-maxHeldBack {
		t.doubt(it.Index)
	}
	logged := it.Leaf.Logged
	switch {
	case logged > by+maxAfterWitnessed:
		return []pledge.Finding{timeFinding(FindAfterWitnessed, it, "This entry is logged %s; witnesses had seen it by %s.", logged, by)}
	case logged >= by-maxHeldBack:
	case it.Index >= t.bounds[0].size:
		return []pledge.Finding{timeFinding(FindHeldBack, it, "This entry is logged %s; no known checkpoint shows it before %s.", logged, by)}
	default:
		if t.kept.NoEvidence == 0 {
			t.kept.From = it.Index
		}
		t.kept.NoEvidence++
	}
	return nil
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
		some(t.kept.NoEvidence, "entry is", "entries are"), commas(t.bounds[0].size))
	return []pledge.Finding{at(finding(FindNoTimeEvidence, text), t.kept.From)}
}

// timely are the findings on authors that hang on the time of the entry that they
// name.
var timely = []entry.Code{
	pledge.FindMadeAfterLogged, pledge.FindFiledLate, pledge.FindLoggedDiffers, pledge.FindDecisionOut, pledge.FindAttestationLate,
	pledge.FindSlotLate, pledge.FindReplyLate, pledge.FindReplyOverdue,
}

// markDoubtful marks what hangs on doubtful times.
func (t *timeCheck) markDoubtful(r *Report) {
	for i := range r.Findings {
		f := &r.Findings[i]
		f.TimeDoubtful = f.Index != nil && slices.Contains(timely, f.Code) && t.isDoubtful(*f.Index)
	}
	for i := range r.Signatories {
		for j := range r.Signatories[i].Periods {
			p := &r.Signatories[i].Periods[j]
			p.TimeDoubtful = p.Attested != nil && t.isDoubtful(p.Attested.Index)
		}
	}
}
