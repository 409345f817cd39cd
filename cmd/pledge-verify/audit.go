package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

func auditCommand(stderr io.Writer) *cobra.Command {
	var from trust
	var asOf, failOn, evidenceDir, state string
	var receipts, checkpoints []string
	var asJSON, asServed bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "audit --policy FILE --charter ID URL|DIR|FILE.tar",
		Short: "read a whole log and check everything that it can show",
		Long: `audit reads a whole log, from its address, from a directory that holds it, or from
a .tar of that directory, and checks everything that the public record can show:
signatures, the tree, the archive of checkpoints, every statement, every published
text, and who stated what in time. It explains each step, then lists what it found
and whom that concerns, how each signatory stands, and what it did not check.

With --state the audit keeps in a folder where it came to, and the next one reads
what is new since then and holds the log to every checkpoint seen before. It keeps
the charter's id too.

A .tar holds files and folders alone, no links, and is not compressed.`,
		Example: `  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" https://log.accord.example/2026
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --json ./copy > report.json
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" copy.tar
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --state state https://log.accord.example/2026
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --receipt request-3.tlog-proof ./copy
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --checkpoint theirs ./copy
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --as-of 2026-07-31T00:00:00Z ./copy
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --fail-on warning ./copy`,
		Args: commandline.OneArgument("name one log: an address, a directory that holds it, or a .tar of that"),
	}
	from.flags(cmd, "")
	cmd.Flags().StringVar(&asOf, "as-of", "", "judge statuses and deadlines for this `TIME`, as 2026-07-31T00:00:00Z (default: the time of the copy)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the report as JSON")
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit 1 on any finding of this `SEVERITY` or over, authors' too: info, warning or error")
	cmd.Flags().StringVar(&evidenceDir, "evidence", ".", "`DIR` for a proof of misbehaviour, if there is one")
	cmd.Flags().StringVar(&state, "state", "", "`DIR` to keep in where the audit came to, and to go on from the next time")
	cmd.Flags().StringArrayVar(&receipts, "receipt", nil, "hold the log to the checkpoint of this receipt, `FILE`.tlog-proof; may be given again")
	cmd.Flags().StringArrayVar(&checkpoints, "checkpoint", nil, "hold the log to this signed checkpoint, a `FILE` that somebody else was shown; may be given again")
	cmd.Flags().BoolVar(&asServed, "as-served", false, "of a directory or .tar read only what an audit over HTTP asks for: faster")
	timeoutFlag(cmd, &timeout)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		now := time.Now().Unix()
		cfg := verifier.Config{Now: &now, State: state, AsServed: asServed}
		var err error
		if cfg.Policy, cfg.Charter, err = from.read(); err != nil {
			return err
		}
		if asOf != "" {
			t, err := entry.ParseTime(asOf)
			if err != nil {
				return commandline.Usagef("write it as 2026-07-31T00:00:00Z, in UTC", "--as-of is not a time")
			}
			cfg.AsOf = &t
		}
		for _, file := range receipts {
			checkpoint, err := checkpointOf(cfg.Policy, file)
			if err != nil {
				return err
			}
			cfg.Checkpoints = append(cfg.Checkpoints, checkpoint)
		}
		for _, file := range checkpoints {
			b, err := commandline.ReadInput("checkpoint", file, log.MaxCheckpointFile, "save what the log shows somebody else at ADDRESS/checkpoint, as it is")
			if err != nil {
				return err
			}
			if _, err := cfg.Policy.OpenUnwitnessed(b); err != nil {
				return commandline.Usagef("give a signed checkpoint of the log that the policy names, byte for byte as it was shown", "%s: %w", file, err)
			}
			cfg.Checkpoints = append(cfg.Checkpoints, b)
		}
		switch pledge.Severity(failOn) {
		case "", pledge.Info, pledge.Warning, pledge.Error:
		default:
			return commandline.Usagef("use info, warning or error", "--fail-on %q is not a severity", failOn)
		}
		if cfg.Source, err = openLog(args[0]); err != nil {
			return err
		}
		ctx, cancel, err := limited(cmd.Context(), timeout)
		if err != nil {
			return err
		}
		defer cancel()
		defer boundGarbage()()
		bar := commandline.NewProgress(stderr, "entries")
		cfg.Progress = bar.Show
		report, err := verifier.Audit(ctx, cfg)
		bar.Clear()
		if refused := (*verifier.StateError)(nil); errors.As(err, &refused) {
			return commandline.Usagef(refused.Hint, "%w", err)
		} else if err != nil {
			return commandline.Usagef("", "%w", err)
		}
		if err := writeReport(cmd.OutOrStdout(), report, asJSON); err != nil {
			return commandline.Undecided(fmt.Errorf("write report: %w", err), "")
		}
		return cmp.Or(auditExit(report, pledge.Severity(failOn), evidenceDir), stateExit(report, state))
	}
	return cmd
}

// checkpointOf reads the checkpoint of a receipt.
func checkpointOf(policy *log.Policy, file string) ([]byte, error) {
	b, err := commandline.ReadInput("receipt", file, log.MaxProofSize, "see --receipt: FILE.tlog-proof, which `pledge submit` left beside the statement")
	if err != nil {
		return nil, err
	}
	p, err := log.ParseProof(b)
	if err == nil {
		_, err = policy.OpenUnwitnessed(p.Checkpoint)
	}
	if err != nil {
		return nil, commandline.Usagef("give a receipt of the log that the policy names, as the server gave it", "%s: %w", file, err)
	}
	return p.Checkpoint, nil
}

// stateExit says why no state was kept, after an audit that found nothing to end
// with otherwise.
func stateExit(r *verifier.Report, dir string) error {
	if r.State == nil || r.State.Err == nil {
		return nil
	}
	return commandline.Usagef("see that there is room in "+dir+" and that it can be written; the next audit reads again what this one read", "keep state: %w", r.State.Err)
}

func writeReport(w io.Writer, r *verifier.Report, asJSON bool) error {
	if !asJSON {
		return r.Text(w)
	}
	b, err := r.JSON()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// auditExit turns a report into the end of the program.
func auditExit(r *verifier.Report, failOn pledge.Severity, evidenceDir string) error {
	if err := resultExit(r.Result, r.Evidence, r.Undecided, evidenceDir); err != nil {
		return err
	}
	if failOn != "" && r.AtLeast(failOn) {
		return commandline.Refused(fmt.Errorf("there is a finding of severity %q or over", failOn), "")
	}
	return nil
}

// writeEvidence keeps the evidence whole or not at all.
func writeEvidence(e *verifier.Evidence, dir string) (string, error) {
	b, err := e.Marshal()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(dir, e.FileName())
	return file, atomicfile.Write(file, b, 0o644)
}
