package intake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

var hints = map[entry.Code]string{
	CodeMadeAhead:     "set the clock of the machine that made the statement, and make it again",
	CodeMadeDecreases: "set the clock of the machine that made the statement, and make it again",
	CodeReceivedAhead: "name the period in which the request was received",
	CodeDateAhead:     "give the day on which it was decided or erased",
	CodeTextErased:    "see the entry in which the operator says that it erased the text: it is neither shown nor published again",
}

// Hint says what can be done about a code, from this package, pledge or entry.
func Hint(c entry.Code) string {
	if h, ok := hints[c]; ok {
		return h
	}
	return pledge.Hint(c)
}

// maxMadeAhead is how far a statement's own date may be ahead of the server's
// clock.
const maxMadeAhead = 10 * time.Minute

// admit is all that a front end checks.
func (in *Intake) admit(sub *entry.Submission) (*pledge.Item, error) {
	in.awaitWitnesses()
	it, err := in.check(sub)
	if err != nil {
		return nil, err
	}
	if err := in.judgeFirst(it, sub.Detached); err != nil {
		return nil, err
	}
	in.mu.RLock()
	_, known := in.state.Find(it.Statement.ID)
	in.mu.RUnlock()
	if known {
		return it, nil // its texts were looked at when it was logged
	}
	if _, err := in.checkOpen(it.Statement, inSubmission(sub)); err != nil {
		return nil, err
	}
	return it, nil
}

// awaitWitnesses waits a moment, when a simulated clock was moved, until witnesses
// vouch for the new time: who moved it has no other way to know.
func (in *Intake) awaitWitnesses() {
	if !in.clock.isSimulated() {
		return
	}
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end) && in.ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		in.mu.RLock()
		_, err := in.time()
		in.mu.RUnlock()
		if err != ErrWitnesses {
			return
		}
	}
}

// check does all that does not depend on what was logged before: the server's
// own strictness, and the signatures.
func (in *Intake) check(sub *entry.Submission) (*pledge.Item, error) {
	if err := in.ctx.Err(); err != nil {
		return nil, ErrStopped
	}
	if unknown := entry.UnknownCodes(sub.Statement, sub.Detached); len(unknown) > 0 {
		return nil, &Refusal{Code: entry.CodeVocabulary, Detail: "the vocabulary does not have " + strings.Join(unknown, ", ")}
	}
	it := pledge.Draft(0, 0, sub)
	if err := in.keys.TryStrict(it); err != nil {
		return nil, refusal(err)
	}
	return it, nil
}

// tryAgain tries the signatures of an item once more, if one did not verify: a
// statement that was taken in since may have brought its key. Keys and state change
// together, so who judges by one and not the other calls a good signature invalid. The
// caller holds in.mu.
func (in *Intake) tryAgain(it *pledge.Item) error {
	if !slices.Contains(it.Valid, false) {
		return nil
	}
	if err := in.keys.TryStrict(it); err != nil {
		return refusal(err)
	}
	return nil
}

func refusal(err error) error {
	if e, ok := err.(*entry.Error); ok {
		return &Refusal{Code: e.Code, Detail: e.Detail}
	}
	return err
}

// judgeFirst is the front end's judgement, against what was sequenced so far. It
// is nil for what may well be accepted: the sequencer judges again.
func (in *Intake) judgeFirst(it *pledge.Item, body entry.Detached) error {
	in.mu.RLock()
	defer in.mu.RUnlock()
	now, err := in.time()
	if err != nil {
		return err
	}
	if err := in.tryAgain(it); err != nil {
		return err
	}
	r := in.judge(it, now)
	// What waits in front of it may change the judgement: then it is the
	// sequencer's.
	if r != nil && !in.waitsBefore(it.Statement) {
		return r
	}
	if r := in.strictBody(body, now); r != nil {
		return r
	}
	// But a signature that fails under its key fails whatever was logged before.
	if in.keys.Fails(it) {
		return &Refusal{Code: pledge.CodeSignatureInvalid, Detail: "a signature does not verify"}
	}
	return nil
}

// waitsBefore reports whether statements wait on which the judgement of this one may
// depend: its author's, the secretariat's, or, where it names another's, anybody's.
// The caller holds in.mu.
func (in *Intake) waitsBefore(st *entry.Statement) bool {
	switch st.Kind {
	case entry.KindChallenge, entry.KindReply, entry.KindErasure, entry.KindDirectory:
		return len(in.waiting) > 0
	}
	return in.waiting[st.Author] > 0 || in.waiting[entry.AuthorSecretariat] > 0
}

// judge says why a statement is not to be sequenced next, at a moment; nil if it
// is, or is a duplicate. The caller holds in.mu.
func (in *Intake) judge(it *pledge.Item, now int64) *Refusal {
	st := it.Statement
	draft := *it
	draft.Index = in.state.Size()
	draft.Leaf = &entry.Leaf{Logged: max(now, in.state.Now()), Statement: it.Leaf.Statement}
	draft.Size = len(draft.Leaf.Marshal())
	v := in.state.Judge(&draft)
	switch v.Kind {
	case pledge.Duplicate:
		return nil
	case pledge.Accepted:
		return in.stricter(st, now)
	}
	r := &Refusal{Code: v.Code, Detail: v.Detail}
	switch v.Code {
	case pledge.CodeSeqTaken, pledge.CodeSeqGap, pledge.CodePrevMismatch:
		seq, head, _ := in.state.HeadIn(st.Author, st.Lane)
		r.Head = &Head{Seq: seq, Entry: head}
	}
	return r
}

// stricter refuses what no verifier rejects and no honest author sends.
func (in *Intake) stricter(st *entry.Statement, now int64) *Refusal {
	if st.Made > now+int64(maxMadeAhead/time.Second) {
		return &Refusal{Code: CodeMadeAhead, Detail: fmt.Sprintf("made is %s and the server's clock says %s", entry.FormatTime(st.Made), entry.FormatTime(now))}
	}
	if last := in.state.LastMade(st.Author, st.Lane); st.Made < last {
		return &Refusal{Code: CodeMadeDecreases, Detail: fmt.Sprintf("made is %s and that of the author's previous statement %s", entry.FormatTime(st.Made), entry.FormatTime(last))}
	}
	switch b := st.Body.(type) {
	case *entry.Request:
		if pledge.ReceivedAhead(b, now) {
			return &Refusal{Code: CodeReceivedAhead, Detail: fmt.Sprintf("%s has not begun", b.Period())}
		}
	case *entry.Decision:
		if r := dateAhead(b.Date, now); r != nil {
			return r
		}
	case *entry.Erasure:
		if r := dateAhead(b.Date, now); r != nil {
			return r
		}
	}
	return in.refuseErased(st.Publishes()...)
}

// strictBody is stricter for a body that comes with its statement. (One that was
// committed to earlier can't be mended any more.) The caller holds in.mu.
func (in *Intake) strictBody(body entry.Detached, now int64) *Refusal {
	if body == nil {
		return nil
	}
	// A seal is reviewed as a withheld body is. Acceptance can't depend on a body, so
	// that no verifier rejects the statement.
	today, most := now-now%secondsADay, int64(in.state.Terms(now).ReviewDays)*secondsADay
	for _, seal := range body.Seals() {
		if at, err := entry.ParseDate(seal.Review); err != nil || at <= today || at > today+most {
			return &Refusal{Code: pledge.CodeReviewRange, Detail: fmt.Sprintf("the seal of %s is to be reviewed on %s", seal.Member, seal.Review)}
		}
	}
	return nil
}

const secondsADay = 86400

// dateAhead refuses a date that is tomorrow or later wherever on earth one is.
func dateAhead(date string, now int64) *Refusal {
	if pledge.DateAhead(date, now) {
		return &Refusal{Code: CodeDateAhead, Detail: "the date is " + date + ", which is still to come"}
	}
	return nil
}
