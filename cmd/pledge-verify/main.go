// Command pledge-verify audits a log of signed statements, and checks receipts.
// It believes nobody but the policy file and the charter's entry id that it is
// given.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// command is the program's tree of commands.
func command(stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "pledge-verify",
		Short: "audit a log of signed statements, and check receipts",
		Long: `pledge-verify audits a log of signed statements, and checks receipts.

It believes nobody but the policy file, which names the log's key and its
witnesses, and the charter's entry id. Get both from somewhere other than the
log's operator.

Exit codes: 0 matches the signed log; 1 does not; 2 usage, a file that cannot be
read or a policy that is none; 3 cannot decide (no log where it should be, an old
copy, no charter id given); 4 proof of misbehaviour, written to a file.`,
		Example: `  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" https://log.accord.example/2026
  pledge-verify diff --policy policy.txt --charter "$(cat charter-id)" 18000 18204 https://log.accord.example/2026
  pledge-verify mirror --policy policy.txt --charter "$(cat charter-id)" /srv/mirror https://log.accord.example/2026
  pledge-verify chain --policy policy.txt --charter "$(cat charter-id)" acme https://log.accord.example
  pledge-verify proof --policy policy.txt request-3.tlog-proof
  pledge-verify evidence --policy policy.txt evidence-log.accord.example-2026-1a2b3c4d.json
  pledge-verify monitor --config monitor.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(auditCommand(stderr), mirrorCommand(stderr), diffCommand(stderr), chainCommand(), proofCommand(), evidenceCommand(), monitorCommand(stderr), versionCommand())
	commandline.Finish(root)
	return root
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	f := commandline.Execute(ctx, command(stderr), args, stdin, stdout, stderr)
	if f == nil {
		return commandline.ExitDone
	}
	if wrong := (*monitor.Problems)(nil); errors.As(f, &wrong) {
		for _, p := range wrong.List {
			commandline.Print(stderr, verifier.Printable(wrong.At(p)), verifier.Printable(p.Hint))
		}
		return f.Code
	}
	commandline.Print(stderr, verifier.Printable(f.Error()), verifier.Printable(f.Hint))
	return f.Code
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program, the protocol and the vocabulary",
		Example: "  pledge-verify version",
		Args:    commandline.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), commandline.About("pledge-verify"))
			return err
		},
	}
}
