package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// rebaseOne is rebase for the one statement of a `pledge submit`. Its error says that
// somebody has to act, unless the statement is in the log, at its place or at a new one.
func (a *app) rebaseOne(ctx context.Context, r *remote, problem *client.Problem, o *outgoing, f sendFlags) error {
	list, err := r.rebase(ctx, problem, []*outgoing{o}, f.clock)
	switch {
	case errors.Is(err, errThere):
		return a.deliver(ctx, r, o.sub, o.keep)
	case errors.Is(err, errGap):
		return refusedBy(problem)
	case err != nil:
		return notRebased(problem, err)
	}
	one := list[0]
	if one.logged {
		a.note("the place of %s was taken; the log has it at its new place, from %s; nothing has to be done", o.path, one.to.path)
		a.printf("rebased     %s\nentry id    %s\n", one.to.path, one.to.sub.Statement.ID)
		return nil
	}
	a.tellRebased(o.sub, one)
	why := "was taken: it has a new one in"
	if one.before {
		why = "was taken: an earlier run gave it a new one in"
	}
	return commandline.Refused(fmt.Errorf("%s: %s is not logged: its place %s %s", problem.Code, o.path, why, one.to.path), a.nextStep(one.to, f))
}

// notRebased says why a statement whose place was taken has no new one.
func notRebased(problem *client.Problem, err error) error {
	f := &commandline.Failure{Code: commandline.ExitRefused, Err: err, Hint: "draft it anew with pledge new"}
	errors.As(err, &f)
	return &commandline.Failure{Code: f.Code, Err: fmt.Errorf("%w; and it gets no other place: %w", withHead(problem), err), Hint: f.Hint}
}

// tellRebased says where a statement is now, and who has to sign it there.
func (a *app) tellRebased(old *entry.Submission, one rebased) {
	sub := one.to.sub
	a.printf("rebased     %s\n", one.to.path)
	a.printf("number      %d, instead of %d\n", sub.Statement.Seq, old.Statement.Seq)
	if t := one.taker; t != nil {
		a.printf("taken by    a statement of kind %s, entry %d, %s\n", t.Statement.Kind, t.Index, t.Statement.ID)
	}
	a.printf("entry id    %s\n", sub.Statement.ID)
	a.signatures(sub, signersOf(sub))
	before := signedBefore(sub)
	for _, id := range before {
		if signersOf(sub).called(id) {
			a.note("key %s signed it at its former place, and has to sign again or leave it to others", id)
		} else {
			a.note("key %s signed it at its former place, and its signature is not called for any more: keys were changed", id)
		}
	}
}

// signedBefore are the keys in the signatures of a draft's newest former place.
func signedBefore(sub *entry.Submission) []entry.KeyID {
	for _, e := range slices.Backward(sub.Former) {
		if e.Signatures == nil {
			continue
		}
		var ids []entry.KeyID
		for _, s := range e.Signatures {
			ids = append(ids, s.KeyID)
		}
		return ids
	}
	return nil
}

// nextStep is the command by which a rebased draft goes on.
func (a *app) nextStep(to *successor, f sendFlags) string {
	now := signersOf(to.sub).stateOf(to.sub)
	if now.complete {
		return "all who have to sign have signed: pledge submit " + to.path + " --policy " + cmp.Or(f.policy, "FILE")
	}
	return "who signed signs again, each with " + signCommand(to) + "; then pledge submit " + to.path + " --policy " + cmp.Or(f.policy, "FILE")
}

// signCommand is how one more signs a draft.
func signCommand(to *successor) string {
	text := "pledge sign " + to.path + " --key KEYFILE"
	if to.sub.Safe != nil && hidesText(to.sub) {
		text += " --safe-key FILE"
	}
	return text
}

// stillMissing says in a line who has to sign a draft, by the beginnings of their key ids.
func stillMissing(to *successor) string {
	now := signersOf(to.sub).stateOf(to.sub)
	var parts []string
	if now.every != nil {
		parts = append(parts, "each of "+shortIDs(now.every))
	}
	for i, left := range now.left {
		word := fmt.Sprintf("%d of %s of %s", left.need, shortIDs(left.keys), left.whose)
		if i > 0 {
			word = "or instead " + word
		}
		parts = append(parts, word)
	}
	switch {
	case now.complete:
		return "all who have to sign have signed"
	case parts == nil:
		return "who signs is for the log to say"
	}
	return "to be signed by " + strings.Join(parts, ", ")
}

func shortIDs(ids []entry.KeyID) string {
	var out []string
	for _, id := range ids {
		out = append(out, id.String()[:8])
	}
	return strings.Join(out, ", ")
}
