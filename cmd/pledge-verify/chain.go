package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

func chainCommand() *cobra.Command {
	var from trust
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "chain --policy FILE --charter ID AUTHOR URL|FILE",
		Short: "check all that one author ever said, without the rest of the log",
		Long: `chain asks a log's server for all that one author ever said, or reads what a
server gave before from a file, and checks it: every entry is in the log, every
signature is one that was called for, no number is left out, and the operator's
newest directory names the same last statements, keys and standing.

It reads nothing else. That the directory is true is the operator's word, which
every audit of the whole log holds it to. What the author said behind that
directory may be left out: the report says of which moment the chain is, when the
directory was logged, and how many entries it does not cover. When these may be
of more than two days, the chain decides nothing (exit code 3): ask for a newer
one, or audit the log. Without witnesses the moment is the operator's word.`,
		Example: `  pledge-verify chain --policy policy.txt --charter "$(cat charter-id)" acme https://log.accord.example
  curl https://log.accord.example/api/v1/signatories/acme/chain > acme.json
  pledge-verify chain --policy policy.txt --charter "$(cat charter-id)" acme acme.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return commandline.Usagef("name an author, and a log's address or a file", "%d arguments, want 2", len(args))
			}
			return nil
		},
	}
	from.flags(cmd, "")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the report as JSON")
	timeoutFlag(cmd, &timeout)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, id, err := from.read()
		if err != nil {
			return err
		}
		if err := entry.CheckAuthor(args[0]); err != nil {
			return commandline.Usagef("an author's id looks like acme-corp", "%w", err)
		}
		ctx, cancel, err := limited(cmd.Context(), timeout)
		if err != nil {
			return err
		}
		defer cancel()
		file, err := readChain(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		r, err := verifier.CheckChain(policy, id, args[0], file)
		if err != nil {
			return err
		}
		if asJSON {
			b, err := r.JSON()
			if err != nil {
				return err
			}
			if _, err := cmd.OutOrStdout().Write(b); err != nil {
				return commandline.Undecided(fmt.Errorf("write report: %w", err), "")
			}
		} else if err := r.WriteText(cmd.OutOrStdout()); err != nil {
			return commandline.Undecided(fmt.Errorf("write report: %w", err), "")
		}
		return resultExit(r.Result, nil, r.Undecided, "")
	}
	return cmd
}

// readChain gets a chain from a server's address, or from a file.
func readChain(ctx context.Context, author, from string) ([]byte, error) {
	if !strings.Contains(from, "://") {
		return commandline.ReadInput("chain", from, verifier.MaxChain, "name the address of the log's server, or a file that it gave")
	}
	source, err := openLog(from)
	if err != nil {
		return nil, err
	}
	b, err := source.Get(ctx, "api/v1/signatories/"+url.PathEscape(author)+"/chain", verifier.MaxChain)
	if errors.Is(err, log.ErrNotFound) {
		return nil, commandline.Undecided(err, "name the server's address, not that of a mirror, and an author that the log has")
	} else if err != nil {
		return nil, commandline.Undecided(err, "try again later, or read a chain that was kept in a file")
	}
	return b, nil
}
