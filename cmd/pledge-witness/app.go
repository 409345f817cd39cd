package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/witness"
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
	a.Fail(f, f.Hint)
	return f.Code
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "pledge-witness",
		Short: "cosign the checkpoints of logs",
		Long: `pledge-witness is a C2SP witness (c2sp.org/tlog-witness). Logs send it their new
checkpoints; it cosigns each that is proved to be consistent with the last, and
never two that are not. Whoever trusts it knows that a log did not show others
another history. With add-log --audit it first audits everything up to a checkpoint.

A new witness is made in this order:
  pledge-witness keygen        its keys
  pledge-witness check-config  says what is wrong with the configuration
  pledge-witness init          makes its state
  pledge-witness add-log       tells it of a log, also while it runs
  pledge-witness serve         runs it

Exit codes: 0 done; 1 refused or failed; 2 usage, a file that cannot be read or a
configuration that is not right; 3 cannot be done now, try again.`,
		Example: `  pledge-witness keygen --name witness.example/w1 --out keys/w1.key
  pledge-witness init --config witness.yaml
  pledge-witness add-log --config witness.yaml log.accord.example/2026+01234567+AQ...
  pledge-witness serve --config witness.yaml`,
	}
	root.AddCommand(a.keygenCommand(), a.checkConfigCommand(), a.initCommand(), a.addLogCommand(), a.retireKeyCommand(), a.listCommand(),
		a.enableCommand(false), a.enableCommand(true), a.findingsCommand(), a.decideCommand(witness.ActionAccept), a.decideCommand(witness.ActionRefuse),
		a.serveCommand(), a.versionCommand())
	commandline.Finish(root)
	return root
}

// do makes a command's function one that returns nil or a failure.
func do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd.Context(), args)
		var many configfile.Problems
		switch {
		case err == nil || commandline.IsFailure(err):
			return err
		case errors.As(err, &many):
			return &commandline.Failure{Code: commandline.ExitUsage, Err: err}
		case errors.Is(err, witness.ErrBusy):
			return commandline.Undecided(err, "run the same command again")
		}
		return commandline.Refused(commandline.PlainError(err), "")
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program, the protocol and the vocabulary",
		Example: `  pledge-witness version`,
		Args:    commandline.NoArguments,
		RunE: do(func(context.Context, []string) error {
			a.Printf("%s", commandline.About("pledge-witness"))
			return nil
		}),
	}
}

// configured declares --config, and gives a command what it names.
func (a *app) configured(cmd *cobra.Command, f func(ctx context.Context, s *setup, args []string) error) *cobra.Command {
	var path string
	cmd.Flags().StringVar(&path, "config", "", "the configuration `FILE` (pledge-witness check-config --help shows one)")
	cmd.RunE = do(func(ctx context.Context, args []string) error {
		if path == "" {
			return commandline.Usagef("for example: pledge-witness "+cmd.Name()+" --config witness.yaml", "--config is missing")
		}
		s, err := loadConfig(path)
		if err != nil {
			return err
		}
		return f(ctx, s, args)
	})
	return cmd
}
