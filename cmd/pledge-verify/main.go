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
	"strings"
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

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "pledge-verify",
		Short: "audit a log of signed statements, and check receipts",
		Long: `pledge-verify audits a log of signed statements, and checks receipts.

It believes nobody but the policy file, which names the log's key and its
witnesses, and the charter's entry id. Get both from somewhere other than the
log's operator.

Exit codes: 0 matches the signed log; 1 does not; 2 usage; 3 cannot decide
(nothing to read, an old copy, no charter id given); 4 proof of misbehaviour,
written to a file.`,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(auditCommand(stderr), proofCommand(), evidenceCommand(), versionCommand())
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
		text, _, _ := strings.Cut(err.Error(), "\n")
		f = &failure{exitUsage, errors.New(text), "see `pledge-verify --help`"}
	}
	if f.err != nil {
		fmt.Fprintf(stderr, "error: %s\n", verifier.Printable(f.err.Error()))
	}
	if f.hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", verifier.Printable(f.hint))
	}
	return f.code
}
