package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
)

// The exit codes of all programs of this project, as far as this one has them.
const (
	exitDone    = 0
	exitRefused = 1 // refused, or failed
	exitUsage   = 2 // the command line, or what it names cannot be read or used
)

// A failure ends a command: what was wrong, what to do about it, and the exit
// code.
type failure struct {
	code int
	err  error
	hint string // "" when the error's own code has one, or when there is nothing to say
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func refused(hint string, err error) error { return &failure{exitRefused, err, hint} }

func refusef(hint, format string, args ...any) error {
	return refused(hint, fmt.Errorf(format, args...))
}

func usagef(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), hint}
}

// An app is one run of the program.
type app struct{ ui }

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{ui{in: stdin, out: stdout, err: stderr}}
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
	var many problems
	if errors.As(err, &many) {
		for _, p := range many {
			a.fail(p, p.hint)
		}
		return exitUsage
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
		hint = hintOf(err)
	}
	a.fail(err, hint)
	return f.code
}

// hintOf says what can be done about a refused statement.
func hintOf(err error) string {
	var r *intake.Refusal
	if errors.As(err, &r) {
		return intake.Hint(r.Code)
	}
	return intake.Hint(entry.CodeOf(err))
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "pledgelog",
		Short: "run the log of an accord's pledges",
		Long: `pledgelog is the operator's server. It takes signed statements in, gives each
its place, keeps them in a public, append-only log, and serves that log, an API
and pages for people.

A new log is made in this order:
  pledgelog keygen        the keys of the log
  a charter               drafted and signed by the secretariat, with pledge
  pledgelog check-config  says what is wrong with the configuration
  pledgelog init          makes the charter the first entry
  pledgelog serve         runs the server

Exit codes: 0 done; 1 refused or failed; 2 usage, a file that cannot be read or a
configuration that is not right.`,
		Example: `  pledgelog keygen --origin log.accord.example/2026 --out keys
  pledgelog check-config --config pledgelog.yaml
  pledgelog init --config pledgelog.yaml --charter charter.json
  pledgelog serve --config pledgelog.yaml`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(a.keygenCommand(), a.initCommand(), a.serveCommand(), a.adoptCommand(), a.checkConfigCommand(), a.versionCommand())
	finish(root)
	return root
}

// do makes a command's function one that returns nil, problems or a failure.
func do(f func(ctx context.Context) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		err := f(cmd.Context())
		var known *failure
		var many problems
		if err == nil || errors.As(err, &known) || errors.As(err, &many) {
			return err
		}
		return refused("", err)
	}
}

// configFlag declares --config, which has to be given.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "config", "", "the configuration `FILE` (pledgelog check-config --help shows one)")
}

func needConfig(command, path string) error {
	if path == "" {
		return usagef("for example: pledgelog "+command+" --config pledgelog.yaml", "--config is missing")
	}
	return nil
}
