package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// atOnce is how many statements go in one request.
const atOnce = 1000

// An outgoing is one of many statements that are submitted.
type outgoing struct {
	path, keep string
	sub        *entry.Submission
	done       bool            // its receipt is kept, or it is not sent
	problem    *client.Problem // why the log refused it; nil when it did not
	said       string          // instead of the problem: what is to be done about it
	resent     bool            // once more, after it was refused
}

// A delivery is what became of statements that were submitted.
type delivery struct {
	all     []*outgoing
	logged  int      // receipts that were kept now
	kept    int      // receipts that were there
	moved   int      // whose places were taken, and that are logged or sent at new ones
	refused []string // what was refused, a line each
	err     error    // of the last request
}

// submitMany sends what has no receipt yet, as many in a request as a server takes,
// and again what a broken connection left unanswered, until the time is over.
func (a *app) submitMany(ctx context.Context, paths []string, f sendFlags) error {
	bar := commandline.NewProgress(a.err, "statements")
	d, err := a.deliverMany(ctx, paths, f, func(done, of int) { bar.Show(uint64(done), uint64(of)) })
	bar.Clear()
	if err != nil {
		return err
	}
	a.printf("logged      %d\n", d.logged)
	if d.kept > 0 {
		a.printf("before      %d, of which the receipt was there\n", d.kept)
	}
	if d.moved > 0 {
		a.printf("moved       %d, whose places were taken: they go on in other files\n", d.moved)
	}
	for _, f := range d.refused {
		a.note("%s", f)
	}
	if n := len(d.refused); n > 0 {
		a.printf("refused     %d\n", n)
	}
	if n := d.open(); n > 0 {
		a.printf("not known   %d\n", n)
	}
	return d.failure()
}

// open is of how many statements it is not known what became of them.
func (d *delivery) open() int { return len(d.all) - d.kept - d.moved - d.logged - len(d.refused) }

// failure says that not all is logged, or nil.
func (d *delivery) failure() error {
	open := d.open()
	switch {
	case d.err != nil && (commandline.IsFailure(d.err) || open == 0):
		return d.err
	case open > 0:
		return commandline.Undecided(fmt.Errorf("%s: %w", counted(open, "statement is not known to be logged", "statements are not known to be logged"), cmp.Or(d.err, errNotYet)), "run the same command again later: nothing will be logged twice")
	case len(d.refused) > 0:
		return commandline.Refused(errors.New(counted(len(d.refused), "statement was refused", "statements were refused")), "what is wrong with each is said above; the others are logged")
	}
	return nil
}

// deliverMany reads signed statements and sends those that have no receipt. Its error
// is of what was before the first was sent.
func (a *app) deliverMany(ctx context.Context, paths []string, f sendFlags, progress func(done, of int)) (*delivery, error) {
	policy, err := readPolicy(f.policy)
	if err != nil {
		return nil, err
	}
	d := new(delivery)
	for _, path := range paths {
		sub, err := a.readSigned(ctx, path)
		said := ""
		if errors.Is(err, errUnsigned) {
			// Others are not held up by one that was rebased and waits for signatures.
			if draft, e := readDraft(path); e == nil && draft.Former != nil {
				one := &successor{path, draft}
				sub, err, said = draft, nil, fmt.Sprintf("%s: nobody has signed it at its new place: %s", path, signCommand(one))
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w; nothing was sent", err)
		}
		if !names(policy, sub.Statement.Log) || sub.Statement.Log != first(d.all, sub).Statement.Log {
			return nil, commandline.Refused(fmt.Errorf("%s is for the log %s", path, sub.Statement.Log), "give statements for one log, which is in the policy; nothing was sent")
		}
		o := &outgoing{path: path, keep: receiptOf(path), sub: sub, said: said, done: said != ""}
		if !o.done && exists(o.keep) {
			if err := a.holdReceipt(o, policy); err != nil {
				return nil, err
			}
			o.done = true
			d.kept++
		}
		d.all = append(d.all, o)
	}
	if err := a.setAside(d, policy); err != nil {
		return nil, err
	}
	r, err := a.open(policy, f.url, d.all[0].sub.Statement.Log)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(d.all, func(x, y *outgoing) int {
		return cmp.Or(cmp.Compare(x.sub.Statement.Author, y.sub.Statement.Author), cmp.Compare(x.sub.Statement.Lane, y.sub.Statement.Lane), cmp.Compare(x.sub.Statement.Seq, y.sub.Statement.Seq))
	})
	for again := true; again && d.err == nil; {
		var logged int
		logged, d.err = r.sendAll(ctx, d.all, func(done int) { progress(done, len(d.all)) })
		d.logged += logged
		again = ctx.Err() == nil && r.rebaseAll(ctx, d, f.clock)
	}
	for _, o := range d.all {
		switch {
		case o.said != "":
			d.refused = append(d.refused, o.said)
		case o.problem != nil:
			d.refused = append(d.refused, o.path+": "+o.problem.Error())
		}
	}
	return d, nil
}

// setAside takes out what an earlier run rebased: its place is another's, and what comes
// after it would be refused with it.
func (a *app) setAside(d *delivery, policy *log.Policy) error {
	moved, err := readSuccessors(d.all)
	if err != nil {
		return err
	}
	for _, o := range d.all {
		to := moved.of(o.sub.Statement.ID)
		if o.done || to == nil {
			continue
		}
		o.done = true
		switch {
		case slices.ContainsFunc(d.all, func(p *outgoing) bool { return p.sub.Statement.ID == to.sub.Statement.ID }):
			d.moved++
		case exists(receiptOf(to.path)):
			if err := a.holdReceipt(&outgoing{path: to.path, keep: receiptOf(to.path), sub: to.sub}, policy); err != nil {
				return err
			}
			d.moved++
		default:
			o.said = saidOf(o, to)
		}
	}
	return nil
}

// saidOf says in a line where a statement is now whose place was taken, and what is to be
// done.
func saidOf(o *outgoing, to *successor) string {
	next := signCommand(to)
	if signersOf(to.sub).stateOf(to.sub).complete {
		next = "pledge submit " + to.path
	}
	return fmt.Sprintf("%s: its place was taken, and its new one is in %s, %s: %s", o.path, to.path, stillMissing(to), next)
}

// rebaseAll gives what was refused because its place was taken a new one, with what
// follows it of its author. It reports whether something is to be sent again.
func (r *remote) rebaseAll(ctx context.Context, d *delivery, clock string) (again bool) {
	for i, o := range d.all {
		if o.problem == nil || o.said != "" || !placeTaken(o.problem) {
			continue
		}
		chain := []*outgoing{o}
		for _, p := range d.all[i+1:] {
			st := p.sub.Statement
			if st.Author != o.sub.Statement.Author || st.Lane != o.sub.Statement.Lane {
				break
			}
			if p.problem != nil && (placeTaken(p.problem) || p.problem.Code == codePredecessor) {
				chain = append(chain, p)
			}
		}
		list, err := r.rebase(ctx, o.problem, chain, clock)
		for j, one := range list {
			p := chain[j]
			switch {
			case one.logged:
				p.problem = nil
				d.moved++
			case one.free:
				p.problem, p.done, again = nil, false, true
			default:
				p.said = saidOf(p, one.to)
			}
		}
		switch p := chain[min(len(list), len(chain)-1)]; {
		case err == nil:
		case errors.Is(err, errThere) && !o.resent:
			for _, p := range chain {
				p.problem, p.done, p.resent, again = nil, false, true, true
			}
		case errors.Is(err, errThere), errors.Is(err, errGap):
		default:
			p.said = fmt.Sprintf("%s: %v", p.path, notRebased(p.problem, err))
		}
	}
	return again
}

// codePredecessor is the code of what follows a refused statement of its author.
const codePredecessor entry.Code = "predecessor-refused"

var errNotYet = errors.New("the log has not published them yet")

// first is the first of the statements that were read, or sub.
func first(all []*outgoing, sub *entry.Submission) *entry.Submission {
	if len(all) == 0 {
		return sub
	}
	return all[0].sub
}

// holdReceipt wants a receipt that is there to be one for the statement.
func (a *app) holdReceipt(o *outgoing, policy *log.Policy) error {
	raw, err := commandline.ReadInput("receipt", o.keep, log.MaxProofSize, "run the same command again")
	if err != nil {
		return err
	}
	const hint = "move the receipt away to submit again, and keep it if it verified before; nothing was sent"
	got, err := openReceipt(policy, raw)
	if err != nil {
		return commandline.Refused(fmt.Errorf("%s is there and is not verified: %w", o.keep, err), hint)
	}
	if !got.isOf(o.sub) {
		return commandline.Refused(fmt.Errorf("%s is a receipt for another statement, entry id %s", o.keep, got.statement.ID), hint)
	}
	return nil
}

// sendAll sends what is not done, in requests of atOnce, until all is answered or the
// context ends. It returns how many receipts were kept.
func (r *remote) sendAll(ctx context.Context, all []*outgoing, progress func(done int)) (logged int, err error) {
	pause, refused := firstPause, 0
	for {
		var batch []*outgoing
		var subs []*entry.Submission
		for _, o := range all {
			if !o.done && len(batch) < atOnce {
				batch, subs = append(batch, o), append(subs, o.sub)
			}
		}
		if len(batch) == 0 {
			return logged, nil
		}
		before := logged + refused
		sent := r.app.now()
		var fatal error
		err = r.api.SubmitAll(ctx, subs, func(i int, reply *client.Reply, err error) error {
			o := batch[i]
			var problem *client.Problem
			switch {
			case errors.As(err, &problem) && problem.IsRefusal():
				o.done, o.problem = true, problem
				refused++
			case err != nil, reply.Pending():
				return nil // it is asked for again
			default:
				if _, err := r.keepReceipt(ctx, o.sub, o.keep, reply, sent); err != nil {
					fatal = fmt.Errorf("%s: %w", o.path, err)
					return fatal
				}
				o.done = true
				logged++
			}
			progress(logged + refused)
			return nil
		})
		var problem *client.Problem
		after, passes := client.Passes(err)
		switch {
		case fatal != nil:
			return logged, fatal
		case passes && after > maxPause:
			return logged, commandline.Undecided(fmt.Errorf("the server asks to wait %v: %w", after, err), "run the same command again later: nothing will be logged twice")
		case passes:
		case errors.As(err, &problem) && problem.IsRefusal(), errors.Is(err, client.ErrAnswer), errors.Is(err, client.ErrTooLarge):
			return logged, submitError(err, r)
		case logged+refused > before:
			pause = firstPause
			continue // it goes on
		}
		if e := r.app.sleep(ctx, max(pause, after)); e != nil {
			return logged, err
		}
		pause = min(2*pause, maxPause)
	}
}
