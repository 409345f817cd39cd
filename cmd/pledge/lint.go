package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/lint"
)

// A doubt is one thing that room lint points at in a draft, and that who signs
// confirms.
type doubt struct {
	path string
	key  string // what confirms it: the words themselves, or the code of a remark
	text string // what is told of it
}

// doubts looks at all that a draft says. In a text that may not be shown here, the
// words are left out of what is told.
func (u *ui) doubts(sub *entry.Submission, opened []entry.Disclosure) []doubt {
	secret := sub.Statement.IsWithheld() || sub.Statement.Kind == entry.KindOpen
	var out []doubt
	o := lint.Options{Names: []string{strings.ReplaceAll(sub.Statement.Author, "-", " ")}}
	for _, f := range lint.Statement(sub, opened, o) {
		d := doubt{path: f.Path, key: f.Text, text: fmt.Sprintf("%q looks like %s", f.Text, f.Class.Label())}
		if secret && !u.mayReveal() {
			d.text = "something in it looks like " + f.Class.Label()
		}
		if !slices.ContainsFunc(out, func(o doubt) bool { return o.path == d.path && o.key == d.key }) {
			out = append(out, d)
		}
	}
	detached := sub.Detached
	if whole, err := entry.Unseal(sub.Statement, sub.Body, opened); err == nil && detached != nil {
		detached = whole
	}
	if a := ahead(sub.Statement, detached, sub.Statement.Made); a != nil {
		out = append(out, doubt{path: a.member, key: a.code, text: a.text + " (" + a.code + ")"})
	}
	for _, r := range lint.Combinations(sub.Statement, detached) {
		out = append(out, doubt{path: r.Path, key: r.Code, text: r.Text + " (" + r.Code + ")"})
	}
	return out
}

// pointAt tells what lint points at.
func (u *ui) pointAt(doubts []doubt) {
	for _, d := range doubts {
		u.note("%s: %s", d.path, d.text)
	}
}

// settle has everything confirmed that lint points at: one by one on a terminal, or
// by the keys that were given beforehand.
func (a *app) settle(path string, doubts []doubt, confirmed []string) error {
	open := unsettled(doubts, confirmed)
	if len(open) == 0 {
		return nil
	}
	const hint = "change the YAML and draft it anew; or confirm each with --confirm WORDS: the very words, or the code in brackets"
	if !a.isTerminal() {
		a.pointAt(open)
		return commandline.Refused(fmt.Errorf("%s is not signed: %s", path, counted(len(open), "thing in it is to be confirmed", "things in it are to be confirmed, one by one")), hint)
	}
	for _, d := range open {
		if !a.confirm(d.path + ": " + d.text + ". Leave it as it is?") {
			return commandline.Refused(errors.New("not signed"), "nothing was changed; change the YAML and draft it anew")
		}
	}
	return nil
}

// unsettled are the doubts that nothing confirms.
func unsettled(doubts []doubt, confirmed []string) []doubt {
	var open []doubt
	for _, d := range doubts {
		if !slices.Contains(confirmed, d.key) {
			open = append(open, d)
		}
	}
	return open
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (a *app) lintCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lint FILE...",
		Short: "point at what may not belong in a draft",
		Long: `lint points at what may not belong in a public statement: names of persons, e-mail
addresses, telephone numbers, IP addresses, names of internal machines and
identifiers of vulnerabilities in its free texts, dates that are still to come, and
members that do not go together. Sealed and withheld texts are looked at too: they are public
one day. A request that a law card, or its own duty of secrecy, forbids to tell of is pointed
at (law-forbids), and so is the opening of one, where no permission is in its safe, or beside it.

pledge new does the same, and pledge sign has each of them confirmed. That nothing
is pointed at does not say that nothing is there.

Exit code 1 says that there is something to look at.`,
		Example: `  pledge lint acme-request-4.json
  pledge lint *.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return commandline.Usagef("for example: pledge lint acme-request-4.json", "lint takes drafts")
			}
			return nil
		},
		RunE: do(func(ctx context.Context, args []string) error {
			n := 0
			for _, path := range args {
				sub, opened, err := a.readWhole(ctx, path)
				if err != nil {
					return err
				}
				doubts, err := a.lookedAt(ctx, path, sub, opened)
				if err != nil {
					return err
				}
				for _, d := range doubts {
					n++
					a.printf("%s: %s: %s\n", path, d.path, d.text)
				}
			}
			if n > 0 {
				return commandline.Refused(fmt.Errorf("%s", counted(n, "thing to look at", "things to look at")), "change the YAML and draft it anew, or confirm them when you sign")
			}
			return nil
		}),
	}
	a.openingFlags(cmd)
	return cmd
}
