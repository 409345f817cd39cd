package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
)

// An app is one run of the program.
type app struct{ daemon.Terminal }

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{daemon.Terminal{In: stdin, Out: stdout, Err: stderr}}
}

func (a *app) run(ctx context.Context, args []string) int {
	f := commandline.Execute(ctx, a.command(), args, a.In, a.Out, a.Err)
	if f == nil {
		return commandline.ExitDone
	}
	var many configfile.Problems
	if errors.As(f, &many) {
		for _, p := range many {
			a.Fail(p, p.Hint)
		}
		return commandline.ExitUsage
	}
	hint := f.Hint
	if hint == "" {
		hint = hintOf(f)
	}
	a.Fail(f, hint)
	return f.Code
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
	}
	root.AddCommand(a.keygenCommand(), a.initCommand(), a.serveCommand(), a.statusCommand(), a.eraseCommand(), a.dumpCommand(), a.adoptCommand(), a.checkConfigCommand(), a.versionCommand())
	commandline.Finish(root)
	return root
}

// do makes a command's function one that returns nil or a failure: problems are one
// of usage.
func do(f func(ctx context.Context) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		err := f(cmd.Context())
		var many configfile.Problems
		switch {
		case err == nil || commandline.IsFailure(err):
			return err
		case errors.As(err, &many):
			return &commandline.Failure{Code: commandline.ExitUsage, Err: err}
		}
		return commandline.Refused(err, "")
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program, the protocol and the vocabulary",
		Example: `  pledgelog version`,
		Args:    commandline.NoArguments,
		RunE: do(func(context.Context) error {
			a.Printf("%s", commandline.About("pledgelog"))
			return nil
		}),
	}
}

// configFlag declares --config, which has to be given.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "config", "", "the configuration `FILE` (pledgelog check-config --help shows one)")
}

func needConfig(command, path string) error {
	if path == "" {
		return commandline.Usagef("for example: pledgelog "+command+" --config pledgelog.yaml", "--config is missing")
	}
	return nil
}
