// Command pledge-verify audits a log of signed statements, and checks receipts.
// It believes nobody but the policy file and the charter's entry id that it is
// given.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/verifier"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes of all programs of the project.
const (
	exitVerified     = 0
	exitNotVerified  = 1
	exitUsage        = 2
	exitCannotDecide = 3
	exitMisbehaviour = 4
)

// A failure ends a command with an exit code. Every other error is one of usage.
type failure struct {
	code int
	err  error // nil: all is said
	hint string
}

func (f *failure) Error() string { return f.err.Error() }

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
  pledge-verify proof --policy policy.txt request-3.tlog-proof
  pledge-verify evidence --policy policy.txt evidence-log.accord.example-2026-1a2b3c4d.json`,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(auditCommand(stderr), proofCommand(), evidenceCommand(), versionCommand())
	finish(root)
	return root
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := command(stderr)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitVerified
	}
	var f *failure
	if !errors.As(err, &f) {
		f = fromCobra(err)
	}
	if f.err != nil {
		fmt.Fprintf(stderr, "error: %s\n", verifier.Printable(f.err.Error()))
	}
	if f.hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", verifier.Printable(f.hint))
	}
	return f.code
}
