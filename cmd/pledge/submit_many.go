package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	done       bool // its receipt is kept, or it is refused
}

// A delivery is what became of statements that were submitted.
type delivery struct {
	all     []*outgoing
	logged  int      // receipts that were kept now
	kept    int      // receipts that were there
	refused []string // what was refused, a line each
	err     error    // of the last request
}

// submitMany sends what has no receipt yet, as many in a request as a server takes,
// and again what a broken connection left unanswered, until the time is over.
func (a *app) submitMany(ctx context.Context, paths []string, policyFile, url string) error {
	bar := commandline.NewProgress(a.err, "statements")
	d, err := a.deliverMany(ctx, paths, policyFile, url, func(done, of int) { bar.Show(uint64(done), uint64(of)) })
	bar.Clear()
	if err != nil {
		return err
	}
	a.printf("logged      %d\n", d.logged)
	if d.kept > 0 {
		a.printf("before      %d, of which the receipt was there\n", d.kept)
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
func (d *delivery) open() int { return len(d.all) - d.kept - d.logged - len(d.refused) }

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
func (a *app) deliverMany(ctx context.Context, paths []string, policyFile, url string, progress func(done, of int)) (*delivery, error) {
	policy, err := readPolicy(policyFile)
	if err != nil {
		return nil, err
	}
	d := new(delivery)
	for _, path := range paths {
		sub, err := a.readSigned(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("%w; nothing was sent", err)
		}
		if !names(policy, sub.Statement.Log) || sub.Statement.Log != first(d.all, sub).Statement.Log {
			return nil, commandline.Refused(fmt.Errorf("%s is for the log %s", path, sub.Statement.Log), "give statements for one log, which is in the policy; nothing was sent")
		}
		o := &outgoing{path: path, keep: receiptOf(path), sub: sub}
		if exists(o.keep) {
			if err := a.holdReceipt(o, policy); err != nil {
				return nil, err
			}
			o.done = true
			d.kept++
		}
		d.all = append(d.all, o)
	}
	r, err := a.open(policy, url, d.all[0].sub.Statement.Log)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(d.all, func(x, y *outgoing) int {
		return cmp.Or(cmp.Compare(x.sub.Statement.Author, y.sub.Statement.Author), cmp.Compare(x.sub.Statement.Lane, y.sub.Statement.Lane), cmp.Compare(x.sub.Statement.Seq, y.sub.Statement.Seq))
	})
	d.logged, d.refused, d.err = r.sendAll(ctx, d.all, func(done int) { progress(done, len(d.all)) })
	return d, nil
}

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
// context ends. It returns how many receipts were kept and what was refused, a line
// each.
func (r *remote) sendAll(ctx context.Context, all []*outgoing, progress func(done int)) (logged int, refused []string, err error) {
	pause := time.Second
	for {
		var batch []*outgoing
		var subs []*entry.Submission
		for _, o := range all {
			if !o.done && len(batch) < atOnce {
				batch, subs = append(batch, o), append(subs, o.sub)
			}
		}
		if len(batch) == 0 {
			return logged, refused, nil
		}
		before := logged + len(refused)
		sent := r.app.now()
		var fatal error
		err = r.api.SubmitAll(ctx, subs, func(i int, reply *client.Reply, err error) error {
			o := batch[i]
			var problem *client.Problem
			switch {
			case errors.As(err, &problem) && problem.IsRefusal():
				o.done, refused = true, append(refused, o.path+": "+problem.Error())
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
			progress(logged + len(refused))
			return nil
		})
		var problem *client.Problem
		switch {
		case fatal != nil:
			return logged, refused, fatal
		case errors.As(err, &problem) && problem.IsRefusal(), errors.Is(err, client.ErrAnswer), errors.Is(err, client.ErrTooLarge):
			return logged, refused, submitError(err, r)
		case logged+len(refused) > before:
			pause = time.Second
			continue // it goes on
		}
		if e := r.app.sleep(ctx, pause); e != nil {
			return logged, refused, err
		}
		pause = min(2*pause, 30*time.Second)
	}
}
