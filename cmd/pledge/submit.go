package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

const receiptExt = ".tlog-proof"

func (a *app) submitCommand() *cobra.Command {
	var f sendFlags
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "submit FILE... --policy FILE",
		Short: "submit signed statements and keep the receipts",
		Long: `submit sends a signed statement to the log and checks the answer before it
believes it: that what was logged is this very statement, and that it is in the
log under a checkpoint that the policy accepts. Only then is the receipt written
beside FILE, with the extension ` + receiptExt + `.

A text that is withheld stays in FILE: it is not sent, and no safe is needed. An open
sends the texts that it opens, which --safe-key takes out of the safe, and from then
on they are public.

Of several files those of one author go in the order of their numbers, whatever the
order of the names. Those that have a receipt are not sent. When the log refuses one,
what follows it of that author is refused too; the rest goes on.

When another statement of the same author was logged first and took the place, FILE can
never be logged: its signatures are of the place too. Then it is rebased: the same
content at the next place, in a new draft beside FILE, without signatures. What follows
it of that author goes along, and names it by its new id. It is said who has to sign,
and how; exit code 1 says that somebody has to act. A second run finds the new draft. A
statement is not rebased when the log holds its text already, or when something on the
same matter was logged meanwhile: that asks for a look.

A log that is busy, or that has not published a statement yet, is asked again when it
says (Retry-After), up to 30 seconds each time and --timeout in all.

It can be run again at any time: a statement is never logged twice, and one whose
receipt is there is not sent. Exit code 3 says that the outcome is not known yet:
run the same command again later.`,
		Example: `  pledge submit acme-request-4.json --policy policy.txt
  pledge submit *.json --policy policy.txt
  pledge sign acme-request-6.json --key acme-1.key        # after: its place was taken
  pledge submit acme-request-4.json --policy policy.txt --log https://log.accord.example/2026`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return commandline.Usagef("name signed statements, FILE.json", "submit takes files")
			}
			return nil
		},
		RunE: do(func(ctx context.Context, args []string) error {
			switch {
			case f.policy == "":
				return commandline.Usagef("for example: --policy policy.txt", "--policy is missing: without it no receipt can be verified")
			case timeout <= 0:
				return commandline.Usagef("for example: --timeout 2m", "--timeout has to be over 0")
			}
			for _, path := range args {
				if strings.HasSuffix(path, receiptExt) {
					return commandline.Usagef("give the statement, FILE.json", "%s is a receipt", path)
				}
			}
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			if len(args) > 1 {
				return a.submitMany(ctx, args, f)
			}
			return a.submit(ctx, args[0], f)
		}),
	}
	a.openingFlags(cmd)
	cmd.Flags().StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the receipt is held to")
	cmd.Flags().StringVar(&f.url, "log", "", "the log's address, if not the policy's `URL`")
	cmd.Flags().StringVar(&f.clock, "simulated-clock", "", "read the time at which a statement is rebased from `FILE`; for logs under .example only")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "give up after this `time` in all")
	return cmd
}

// sendFlags are the flags by which statements are sent.
type sendFlags struct {
	policy, url, clock string
}

func (a *app) submit(ctx context.Context, path string, f sendFlags) error {
	policy, err := readPolicy(f.policy)
	if err != nil {
		return err
	}
	sub, err := a.readSigned(ctx, path)
	if err != nil {
		return err
	}
	if !names(policy, sub.Statement.Log) {
		return commandline.Refused(fmt.Errorf("%s is for the log %s, which is not in the policy", path, sub.Statement.Log), "see --policy; nothing was sent")
	}
	keep := receiptOf(path)
	if exists(keep) {
		return a.keptReceipt(ctx, keep, policy, f.url, sub)
	}
	r, err := a.open(policy, f.url, sub.Statement.Log)
	if err != nil {
		return err
	}
	err = a.deliver(ctx, r, sub, keep)
	if problem := (*client.Problem)(nil); errors.As(err, &problem) && placeTaken(problem) {
		return a.rebaseOne(ctx, r, problem, &outgoing{path: path, keep: keep, sub: sub}, f)
	}
	return err
}

// deliver sends a statement and keeps the receipt, which is the file keep. One that has
// its index and is not published yet is asked for again, when the server says, until the
// context ends.
func (a *app) deliver(ctx context.Context, r *remote, sub *entry.Submission, keep string) error {
	const again = "run the same command again later: it will not be logged twice"
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		sent := a.now()
		reply, err := r.api.Submit(ctx, sub)
		if err != nil {
			return submitError(err, r)
		}
		if !reply.Pending() {
			return a.delivered(ctx, r, sub, keep, reply, sent)
		}
		pending := fmt.Errorf("the server says that the statement has index %d and is not published yet", reply.Index)
		if reply.After > maxPause {
			return commandline.Undecided(fmt.Errorf("%w, and asks to wait %v", pending, reply.After), again)
		}
		if err := a.sleep(ctx, max(pause, reply.After)); err != nil {
			return commandline.Undecided(pending, again)
		}
	}
}

// The pauses between two attempts, where the server names none: the first, and the longest.
// A server that asks for a longer one is not waited for.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// delivered keeps the receipt of a reply, and tells of it.
func (a *app) delivered(ctx context.Context, r *remote, sub *entry.Submission, keep string, reply *client.Reply, sent time.Time) error {
	got, err := r.keepReceipt(ctx, sub, keep, reply, sent)
	if err != nil {
		return err
	}
	if reply.Known() {
		a.note("it was logged before; this is a receipt for the same entry")
	}
	a.summary(got)
	a.printf("receipt     %s\n", keep)
	return nil
}

// keepReceipt holds a reply to what was sent and to the policy, and keeps its proof as
// the file keep.
func (r *remote) keepReceipt(ctx context.Context, sub *entry.Submission, keep string, reply *client.Reply, sent time.Time) (*receipt, error) {
	got, err := checkReply(r.policy, sub, reply, sent, r.app.now())
	if err == nil && reply.Known() {
		err = r.checkSignatures(ctx, sub, got)
	}
	if err != nil {
		if commandline.IsFailure(err) {
			return nil, err
		}
		return nil, commandline.Refused(fmt.Errorf("the server's answer does not fit, and no receipt was kept: %w", err), "the statement may or may not be logged; keep what you know and tell the operator and the auditors")
	}
	if err := atomicfile.Write(keep, []byte(reply.Proof), 0o644); err != nil {
		return nil, fmt.Errorf("write receipt: %w", err)
	}
	return got, nil
}

// receiptOf names the receipt beside a statement.
func receiptOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + receiptExt }

// readSigned reads a signed draft as it is to be sent: without a body that is
// withheld.
func (a *app) readSigned(ctx context.Context, path string) (*entry.Submission, error) {
	sub, err := readDraft(path)
	if err != nil {
		return nil, err
	}
	if sub.Safe != nil && sub.Statement.Kind == entry.KindOpen && len(sub.Envelope.Signatures) > 0 {
		kept, err := a.openKept(ctx, "draft", path, sub.Safe)
		if err != nil {
			return nil, err
		}
		if sub, _, err = opened(path, sub, kept); err != nil {
			return nil, err
		}
	}
	if len(sub.Envelope.Signatures) == 0 {
		return nil, commandline.Refused(fmt.Errorf("%s %w", path, errUnsigned), "pledge sign "+path+" --key KEYFILE")
	}
	sub.Signers, sub.Safe, sub.Former = nil, nil, nil
	if sub.Statement.IsWithheld() {
		sub.Body, sub.Detached = nil, nil
	}
	return entry.ParseSubmission(sub.Marshal())
}

var errUnsigned = errors.New("has no signature")

// keptReceipt looks at a receipt that is there already. It is never overwritten:
// one that verified once and does not fit any more is evidence.
// Its leaf may have other signatures than the draft, all the same: whether these
// are enough takes the author's keys, and so the log.
func (a *app) keptReceipt(ctx context.Context, path string, policy *log.Policy, url string, sub *entry.Submission) error {
	raw, err := commandline.ReadInput("receipt", path, log.MaxProofSize, "run the same command again")
	if err != nil {
		return err
	}
	const hint = "nothing was sent; move the receipt away to submit again, and keep it if it verified before"
	r, err := openReceipt(policy, raw)
	if err != nil {
		return commandline.Refused(fmt.Errorf("%s is there and is not verified: %w", path, err), hint)
	}
	if !r.isOf(sub) {
		return commandline.Refused(fmt.Errorf("%s is a receipt for another statement, entry id %s", path, r.statement.ID), hint)
	}
	if !r.isExactly(sub) {
		log, err := a.open(policy, url, sub.Statement.Log)
		if err != nil {
			return err
		}
		if err := log.checkSignatures(ctx, sub, r); err != nil {
			if commandline.IsFailure(err) {
				return err
			}
			return commandline.Refused(fmt.Errorf("%s is for this statement with other signatures: %w", path, err), hint)
		}
	}
	a.note("it is logged already: the receipt is there and verified; nothing was sent")
	a.summary(r)
	a.printf("receipt     %s\n", path)
	return nil
}

// maxDrift is how far `logged` may be from what is known of the time, in either
// direction (protocol section 7, Time).
const maxDrift = 10 * time.Minute

// checkReply holds a 200 or 201 reply to what was sent and to the policy. Sent
// and now are before and after the request, by this machine's clock. For 200 the
// leaf's signatures are not judged here.
func checkReply(policy *log.Policy, sub *entry.Submission, reply *client.Reply, sent, now time.Time) (*receipt, error) {
	if reply.ID != sub.Statement.ID {
		return nil, fmt.Errorf("it is about entry %s and not %s", reply.ID, sub.Statement.ID)
	}
	leaf, err := entry.ParseLeaf(reply.Leaf)
	if err != nil {
		return nil, fmt.Errorf("the leaf: %w", err)
	}
	if !bytes.Equal(leaf.Statement.Payload, sub.Envelope.Payload) {
		return nil, errors.New("the leaf holds another statement")
	}
	if !reply.Known() && !bytes.Equal(leaf.Statement.Marshal(), sub.Envelope.Marshal()) {
		return nil, errors.New("the leaf does not hold the signatures that were sent")
	}
	r, err := openReceipt(policy, []byte(reply.Proof))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(r.proof.Extra, reply.Leaf) {
		return nil, errors.New("the leaf and the one in the proof differ")
	}
	if r.proof.Index != reply.Index {
		return nil, fmt.Errorf("its index is %d and the proof's is %d", reply.Index, r.proof.Index)
	}
	return r, checkLogged(r, reply.Known(), sent, now)
}

// checkLogged refuses a `logged` that cannot be true.
func checkLogged(r *receipt, known bool, sent, now time.Time) error {
	logged := time.Unix(r.leaf.Logged, 0)
	when := entry.FormatTime(r.leaf.Logged)
	if made := time.Unix(r.statement.Made, 0); logged.Before(made.Add(-maxDrift)) {
		return fmt.Errorf("it says logged at %s, before the statement was made, at %s", when, entry.FormatTime(r.statement.Made))
	}
	if r.view.HasQuorumTime && logged.After(time.Unix(int64(r.view.QuorumTime), 0).Add(maxDrift)) {
		return fmt.Errorf("it says logged at %s, after the witnesses saw it, at %s", when, entry.FormatTime(int64(r.view.QuorumTime)))
	}
	if entry.IsDemonstration(r.statement.Log) {
		return nil // simulated time cannot be compared with a clock
	}
	if logged.After(now.Add(maxDrift)) {
		return fmt.Errorf("it says logged at %s, and this machine's clock is at %s", when, entry.FormatTime(now.Unix()))
	}
	if !known && logged.Before(sent.Add(-maxDrift)) {
		return fmt.Errorf("it says logged at %s, and it was sent at %s by this machine's clock", when, entry.FormatTime(sent.Unix()))
	}
	return nil
}

// submitError says what is to be thought of an error from Submit.
func submitError(err error, r *remote) error {
	const again = "run the same command again later: it will not be logged twice"
	var problem *client.Problem
	switch {
	case errors.As(err, &problem) && problem.IsRefusal():
		return refusedBy(problem)
	case errors.As(err, &problem):
		return commandline.Undecided(err, again)
	case errors.Is(err, client.ErrTooLarge), errors.Is(err, client.ErrAnswer) && r.status.last.Load() < 500:
		return commandline.Refused(err, "see --log: what answered is not a log, or not an honest one; no receipt was kept")
	case r.status.last.Load()/100 == 3:
		return commandline.Refused(err, "")
	}
	return commandline.Undecided(err, again)
}

// refusedBy makes the error of a problem document.
func refusedBy(p *client.Problem) error {
	if p.Code == pledge.CodeSignatureUncalled {
		return commandline.Refused(p, "take the signature of the key that is not called for out of the file, and submit it again: pledge sign FILE --remove KEYID")
	}
	if p.Head == nil {
		return commandline.Refused(p, cmp.Or(p.Hint, pledge.Hint(p.Code)))
	}
	return commandline.Refused(withHead(p), "draft it again with pledge new, which takes its place from the log, and have it signed again")
}

// withHead adds to a problem where the author stands.
func withHead(p *client.Problem) error {
	switch {
	case p.Head == nil:
		return p
	case p.Head.Seq == 0:
		return fmt.Errorf("%w; the author has no statement in the log yet", p)
	}
	return fmt.Errorf("%w; the author's last one in the log is number %d, entry id %s", p, p.Head.Seq, p.Head.ID)
}
