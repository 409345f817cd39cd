package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// An app is one run of the program, with what it needs from outside.
type app struct {
	*ui
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	http  client.Options   // how servers are asked; the zero value is good
	heard func(status int) // is told the status of each answer, 0 of a request that got none; nil for nobody
	safes safes
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
	f := commandline.Execute(ctx, a.command(), args, a.in, a.out, a.err)
	if f == nil {
		return commandline.ExitDone
	}
	a.fail(f, hintOf(f))
	return f.Code
}

// hintOf says what can be done about a failure.
func hintOf(f *commandline.Failure) string { return cmp.Or(f.Hint, pledge.Hint(entry.CodeOf(f))) }

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "pledge",
		Short: "draft, sign and submit statements to a pledge log",
		Long: `pledge is the tool of who signs: signatories, challengers and the secretariat of an
accord whose statements stand in a public, append-only log.

A statement goes this way:
  pledge new      draft it, from YAML; nothing is signed or sent
  pledge lint     see what may not belong in it
  pledge preview  see all that it says, and its public page
  pledge sign     read it and sign it, offline; pass the file on if more sign
  pledge submit   send it, check the log's answer, keep the receipt
  pledge open     draft the opening of a text that was withheld or sealed
  pledge slot     by timer: log the slot that every signatory owes, full or empty
  pledge status   see what is due when
  pledge backup   keep what no log has, encrypted; pledge restore gets it back

pledge law shows what the law says on telling of a request, by instrument.

Exit codes: 0 done; 1 refused or not verified; 2 usage, a file that cannot be
read or is not filled in; 3 cannot decide now.`,
		Example: `  pledge keygen --out acme-1.key
  pledge new request > request.yaml
  pledge new request --from request.yaml --author acme --policy policy.txt
  pledge sign acme-request-4.json --key acme-1.key
  pledge submit acme-request-4.json --policy policy.txt
  pledge receipt show acme-request-4.tlog-proof --policy policy.txt`,
	}
	root.AddCommand(a.keygenCommand(), a.keyCommand(), a.safeCommand(), a.newCommand(), a.lintCommand(), a.previewCommand(), a.signCommand(), a.submitCommand(), a.slotCommand(), a.openCommand(), a.statusCommand(), a.lawCommand(), a.receiptCommand(), a.memoCommand(), a.backupCommand(), a.restoreCommand(), a.deskCommand(), a.versionCommand())
	root.AddCommand(a.verbCommands()...)
	commandline.Finish(root)
	return root
}

// do makes a command's function one that returns nil or a failure.
func do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := f(cmd.Context(), args)
		if err == nil || commandline.IsFailure(err) {
			return err
		}
		if errors.Is(err, context.Canceled) {
			return commandline.Undecided(errors.New("interrupted"), "run the same command again")
		}
		return commandline.Refused(err, "")
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program, the protocol and the vocabulary",
		Example: `  pledge version`,
		Args:    commandline.NoArguments,
		RunE: do(func(context.Context, []string) error {
			a.printf("%s", commandline.About("pledge"))
			return nil
		}),
	}
}
