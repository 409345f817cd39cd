package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// The exit codes of all programs of this project.
const (
	exitDone      = 0
	exitRefused   = 1 // refused, or not verified
	exitUsage     = 2 // the command line, or what it names cannot be read
	exitUndecided = 3 // network, pending, stale
)

// A failure ends a command: what was wrong, what to do, and the exit code.
type failure struct {
	code int
	err  error
	hint string // "" when the error's own code has one
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func refusal(err error, hint string) error { return &failure{exitRefused, err, hint} }

func usage(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), hint}
}

func undecided(err error, hint string) error { return &failure{exitUndecided, err, hint} }

// An app is one run of the program, with what it needs from outside.
type app struct {
	*ui
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	http  client.Options // how servers are asked; the zero value is good
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{
		ui:    &ui{in: stdin, out: stdout, err: stderr},
		now:   time.Now,
		sleep: sleep,
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	// What a command returns is a failure; anything else is cobra's opinion on
	// the command line.
	var f *failure
	if !errors.As(err, &f) {
		f = fromCobra(err)
		err = f
	}
	hint := f.hint
	if hint == "" {
		hint = pledge.Hint(entry.CodeOf(err))
	}
	a.fail(err, hint)
	return f.code
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "pledge",
		Short: "draft, sign and submit statements to a pledge log",
		Long: `pledge is the tool of who signs: signatories and the secretariat of an accord
whose statements stand in a public, append-only log.

A statement goes this way:
  pledge new      draft it, from YAML; nothing is signed or sent
  pledge sign     read it and sign it, offline; pass the file on if more sign
  pledge submit   send it, check the log's answer, keep the receipt

Exit codes: 0 done; 1 refused or not verified; 2 usage, a file that cannot be
read or is not filled in; 3 cannot decide now.`,
		Example: `  pledge keygen --out acme-1.key --unencrypted
  pledge new request > request.yaml
  pledge new request --from request.yaml --author acme --policy policy.txt
  pledge sign acme-request-4.json --key acme-1.key
  pledge submit acme-request-4.json --policy policy.txt
  pledge receipt show acme-request-4.tlog-proof --policy policy.txt`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(a.keygenCommand(), a.newCommand(), a.signCommand(), a.submitCommand(), a.receiptCommand(), a.versionCommand())
	finish(root)
	return root
}

// do makes a command's function one that returns nil or a failure.
func do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd.Context(), args)
		var known *failure
		if err == nil || errors.As(err, &known) {
			return err
		}
		if errors.Is(err, context.Canceled) {
			return undecided(errors.New("interrupted"), "run the same command again")
		}
		return refusal(err, "")
	}
}
