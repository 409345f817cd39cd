package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A statement that waited for signatures may find its place taken: a colleague's was
// logged first. Its content is as good as before, and its signatures are not, since they
// are of the place too. So it is drafted again at the next place, without them, and who
// signed is shown that nothing but the place changed (see former.go).
//
// That the place is taken is not the server's word: the author's chain shows it, under
// the policy. What stands there is judged by the rules of every audit, so that nobody is
// asked to sign what the log would refuse.

// placeTaken reports whether a refusal says that a statement's place is another's.
func placeTaken(p *client.Problem) bool {
	switch p.Code {
	case pledge.CodeSeqTaken, pledge.CodePrevMismatch, pledge.CodeSeqGap:
		return p.IsRefusal()
	}
	return false
}

var (
	// errThere says that the log has the statement after all.
	errThere = errors.New("the log has this statement")
	// errGap says that statements before it are missing, and that nothing took a place.
	errGap = errors.New("the statements before it are not in the log")
)

// A rebased is what became of a statement whose place was taken.
type rebased struct {
	from   string // its file
	to     *successor
	taker  *pledge.Item // what is logged at its place; nil when what it follows lost its own
	before bool         // an earlier run made it
	logged bool         // it is in the log at its new place
	free   bool         // its place is not taken after all: only one before it was refused
}

// A rebase gives the statements of one chain new places.
type rebase struct {
	*remote
	*accord
	moved successors
	size  uint64 // of the log, as far as accord goes
	made  int64

	seq  uint64 // after which the next one comes
	prev entry.ID
	from uint64 // the number from which on the log has what these statements did not know of
}

// rebase gives the statements of one author that come one after the other, of which the
// log refused the first, their next places. The drafts that it makes stand beside the
// former ones. Those that an earlier run made are found, and not made again.
func (r *remote) rebase(ctx context.Context, problem *client.Problem, chain []*outgoing, clock string) ([]rebased, error) {
	first := chain[0].sub.Statement
	if first.Lane == entry.LaneSlot {
		return nil, commandline.Refused(problem, "run pledge slot: it sets aside what the log refuses, and makes the slot anew")
	}
	acc, size, err := r.ground(ctx, first, problem.Head)
	if err != nil {
		return nil, err
	}
	if _, ok := acc.state.Find(first.ID); ok {
		return nil, errThere
	}
	b := &rebase{remote: r, accord: acc, size: size}
	if b.moved, err = readSuccessors(chain); err != nil {
		return nil, err
	}
	if err := b.begin(first, clock); err != nil {
		return nil, err
	}
	var out []rebased
	for _, o := range chain {
		one, err := b.next(ctx, o)
		if err != nil {
			return out, fmt.Errorf("%s: %w", o.path, err)
		}
		out = append(out, *one)
	}
	return out, nil
}

// ground asks for all that an author stated, up to what the server said is its head.
func (r *remote) ground(ctx context.Context, st *entry.Statement, head *client.Head) (*accord, uint64, error) {
	for waited := time.Duration(0); ; waited += 5 * lagPause {
		t, err := r.terms(ctx)
		if err != nil {
			return nil, 0, err
		}
		acc, err := r.accordWith(ctx, st.Author, t.size, everything, true)
		if err != nil {
			return nil, 0, err
		}
		seq, _, _ := acc.state.HeadIn(st.Author, st.Lane)
		switch {
		case head == nil || seq >= head.Seq:
			return acc, t.size, nil
		case waited >= lagLimit:
			return nil, 0, commandline.Undecided(fmt.Errorf("the server says that %s has logged %d statements, and shows %d", st.Author, head.Seq, seq), "run the same command again later")
		}
		if err := r.app.sleep(ctx, 5*lagPause); err != nil {
			return nil, 0, commandline.Undecided(err, askAgain)
		}
	}
}

// begin finds where the first statement comes, and refuses one whose place is its own.
func (b *rebase) begin(first *entry.Statement, clock string) error {
	b.seq, b.prev, _ = b.state.HeadIn(first.Author, first.Lane)
	b.from = first.Seq
	// What it follows may have moved, and not be in the log yet.
	if s := b.moved.of(first.Prev); s != nil && !b.has(s.sub.Statement.ID) {
		st := s.sub.Statement
		if st.Seq <= b.seq {
			return commandline.Refused(fmt.Errorf("it follows %s, whose place was taken as well", s.path), "submit that one first")
		}
		b.seq, b.prev, b.made = st.Seq, st.ID, st.Made
	} else {
		switch {
		case b.seq >= first.Seq:
		case b.seq < first.Seq-1:
			return errGap
		case b.prev == first.Prev:
			return commandline.Undecided(fmt.Errorf("the log refused statement %d of %s, and shows that its place is free", first.Seq, first.Author), "run the same command again; if it stays so tell the operator")
		default:
			b.from-- // what it follows lost its place
		}
	}
	now, err := b.app.clock(clock, first.Log)
	if err != nil {
		return err
	}
	// The author's clocks need not agree: the server wants `made` never to decrease.
	last := max(b.made, b.state.LastMade(first.Author, first.Lane))
	b.made = max(last, now.Unix())
	if last > now.Add(maxDrift).Unix() {
		return commandline.Refused(fmt.Errorf("the author's last statement was made at %s, and this machine's clock is at %s", entry.FormatTime(last), entry.FormatTime(now.Unix())), "set the clock of this machine, and run the same command again")
	}
	return nil
}

func (b *rebase) has(id entry.ID) bool {
	_, ok := b.state.Find(id)
	return ok
}

// at is what the log holds at a statement's place; nil for nothing.
func (b *rebase) at(st *entry.Statement) *pledge.Item {
	for _, it := range b.items {
		if got := it.Statement; got.Author == st.Author && got.Lane == st.Lane && got.Seq == st.Seq {
			return it
		}
	}
	return nil
}

// next gives one statement its next place.
func (b *rebase) next(ctx context.Context, o *outgoing) (*rebased, error) {
	id := o.sub.Statement.ID
	draft, err := readDraft(o.path)
	if err != nil {
		return nil, err
	}
	if draft.Statement.ID != id {
		return nil, commandline.Refused(errors.New("it was changed while it was submitted"), "run the same command again")
	}
	if st := draft.Statement; st.Seq == b.seq+1 && st.Prev == b.prev {
		b.take(st)
		return &rebased{from: o.path, free: true}, nil
	}
	old := &successor{o.path, draft}
	if s := b.moved.of(id); s != nil {
		st := s.sub.Statement
		switch {
		case b.has(st.ID):
			return &rebased{from: o.path, to: s, before: true, logged: true}, nil
		case st.Seq == b.seq+1 && st.Prev == b.prev:
			b.take(st)
			return &rebased{from: o.path, to: s, taker: b.at(draft.Statement), before: true}, nil
		}
		old = s // that place was taken too
	}
	sub, err := b.compose(old.sub)
	if err != nil {
		return nil, err
	}
	if err := b.judge(ctx, o.sub.Statement, sub); err != nil {
		return nil, err
	}
	path, err := writeRebased(o, old, sub)
	if err != nil {
		return nil, err
	}
	b.take(sub.Statement)
	to := &successor{path, sub}
	b.moved.add(to)
	return &rebased{from: o.path, to: to, taker: b.at(draft.Statement)}, nil
}

// take makes a statement the one after which the next comes.
func (b *rebase) take(st *entry.Statement) {
	b.seq, b.prev, b.made = st.Seq, st.ID, max(b.made, st.Made)
}

// compose drafts a statement at the next place: the same content, and no signature.
func (b *rebase) compose(old *entry.Submission) (*entry.Submission, error) {
	st := old.Statement
	moved := make(map[entry.ID]entry.ID)
	for _, id := range st.Refers() {
		if s := b.moved.of(id); s != nil && !b.has(id) {
			moved[id] = s.sub.Statement.ID
		}
	}
	payload, err := st.At(b.seq+1, b.prev, b.made, moved)
	if err != nil {
		return nil, err
	}
	draft := &entry.Submission{
		Envelope: &entry.Envelope{Payload: payload}, Body: old.Body, Disclosures: old.Disclosures, Safe: old.Safe,
		Signers: b.signers(st.Author), Former: append(slices.Clone(old.Former), old.Envelope),
	}
	if n := len(draft.Former) - entry.MaxFormer; n > 0 {
		draft.Former = draft.Former[n:]
	}
	return entry.ParseDraft(draft.Marshal())
}

// signers are whose signatures are called for at the next place: those of the log, or
// those that a change of keys brings that is rebased in front of it.
func (b *rebase) signers(author string) *entry.Signers {
	if s := b.moved.newest(b.prev); s != nil && !b.has(b.prev) {
		switch body := s.sub.Statement.Body.(type) {
		case *entry.Keys:
			return &entry.Signers{Author: body.KeySet()}
		case *entry.Amend:
			if body.Secretariat != nil {
				return &entry.Signers{Author: *body.Secretariat, Recovery: body.Recovery}
			}
		}
		if s.sub.Signers != nil {
			return s.sub.Signers // as for the one before it
		}
	}
	in, ok := b.state.KeysOf(author, b.made)
	if !ok {
		return nil
	}
	return signersHint(in)
}

// judge refuses what the log would refuse at the new place, and what should not be said
// again there without a look at what was logged in between.
func (b *rebase) judge(ctx context.Context, old *entry.Statement, sub *entry.Submission) error {
	st := sub.Statement
	const anew = "look at that one; if this is still to be said, draft it anew with pledge new"
	for _, it := range b.items {
		got := it.Statement
		if got.Author != st.Author || got.Lane != st.Lane {
			continue
		}
		if st.BodyDigest != "" && got.BodyDigest == st.BodyDigest {
			return commandline.Refused(fmt.Errorf("the log has this %s already, at another place: entry %d, entry id %s", st.Kind, it.Index, got.ID), "it need not be signed again; keep the file that it was submitted from")
		}
		if got.Seq < b.from || b.knew(old, got.ID) {
			continue
		}
		if c, ok := got.Body.(*entry.Correct); ok && st.Kind != entry.KindCorrect && slices.Contains(st.Refers(), c.Entry) {
			return commandline.Refused(fmt.Errorf("what it names, entry id %s, was corrected meanwhile (%s) by entry %d, entry id %s", c.Entry, c.How, it.Index, got.ID), anew)
		}
		if sameSubject(st, got) {
			return commandline.Refused(fmt.Errorf("another %s on the same matter was logged meanwhile: entry %d, entry id %s", got.Kind, it.Index, got.ID), anew)
		}
	}
	it := pledge.Draft(b.size, b.made, sub)
	if v := b.state.JudgeContent(it); v.Kind != pledge.Accepted && !(v.Code == pledge.CodeReferenceUnknown && b.refersToNew(st)) {
		return commandline.Refused(fmt.Errorf("the log would refuse it now: %s: %s", v.Code, v.Detail), pledge.Hint(v.Code))
	}
	if sub.Detached != nil {
		for _, seal := range sub.Detached.Seals() {
			if at, err := entry.ParseDate(seal.Review); err != nil || at <= b.made {
				return commandline.Refused(fmt.Errorf("the seal of %s was to be reviewed by %s", seal.Member, seal.Review), "draft it anew with pledge new, with another day")
			}
		}
	}
	if a, ok := st.Body.(*entry.Attestation); ok {
		return b.recount(ctx, st.Author, a)
	}
	return nil
}

// knew reports whether who drafted a statement knew of one that was logged at a new place:
// that stood in front of it, at its former one.
func (b *rebase) knew(old *entry.Statement, id entry.ID) bool {
	for p := old.Prev; !b.has(p); {
		before := p
		for _, s := range b.moved[p] {
			if s.sub.Statement.ID == id {
				return true
			}
			for _, e := range s.sub.Former {
				if st, err := entry.ParseStatement(e); err == nil && st.ID == before {
					p = st.Prev
				}
			}
		}
		if p == before {
			return false
		}
	}
	return false
}

// refersToNew reports whether a statement names one that is rebased and not in the log.
func (b *rebase) refersToNew(st *entry.Statement) bool {
	return slices.ContainsFunc(st.Refers(), func(id entry.ID) bool { return b.moved.newest(id) != nil && !b.has(id) })
}

// recount wants an attestation's counts to be still those of the log.
func (b *rebase) recount(ctx context.Context, author string, a *entry.Attestation) error {
	who, err := b.signatory(ctx, author, b.size)
	if err != nil {
		return err
	}
	row, err := periodRow(who, a.Period)
	if err != nil {
		return err
	}
	if !row.Logged.Equal(a.Logged) {
		return commandline.Refused(fmt.Errorf("what the log holds for %s is not what it counts any more", a.Period), "draft it anew with pledge attest, which takes the counts from the log")
	}
	return nil
}

// sameSubject reports whether two statements of one author and kind speak of the same
// thing, so that whoever drafted one should have known of the other.
func sameSubject(st, got *entry.Statement) bool {
	if st.Kind != got.Kind {
		return false
	}
	switch a := st.Body.(type) {
	case *entry.Decision:
		return a.Request == got.Body.(*entry.Decision).Request
	case *entry.Attestation:
		return a.Period == got.Body.(*entry.Attestation).Period
	case *entry.Reply:
		b := *got.Body.(*entry.Reply)
		b.Answer = a.Answer
		return *a == b
	case *entry.Open:
		b := got.Body.(*entry.Open)
		return a.Entry == b.Entry && (a.Review != "" || b.Review != "" || slices.ContainsFunc(a.Digests, func(d string) bool { return slices.Contains(b.Digests, d) }))
	case *entry.Correct:
		return a.Entry == got.Body.(*entry.Correct).Entry
	case *entry.Challenge:
		return a.Against == got.Body.(*entry.Challenge).Against
	case *entry.Admit:
		return a.ID == got.Body.(*entry.Admit).ID
	case *entry.Standing:
		return a.Who == got.Body.(*entry.Standing).Who
	case *entry.Succeed:
		b := got.Body.(*entry.Succeed)
		return a.From == b.From || a.To == b.To || a.From == b.To || a.To == b.From
	case *entry.Keys, *entry.Pledge, *entry.Withdraw, *entry.Amend:
		return true // each says the whole of it
	}
	return false
}
