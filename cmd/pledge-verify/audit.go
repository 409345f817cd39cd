package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

func auditCommand(stderr io.Writer) *cobra.Command {
	var policyFile, charter, asOf, failOn, evidenceDir string
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "audit --policy FILE --charter ID URL|DIR|FILE.tar",
		Short: "read a whole log and check everything that it can show",
		Long: `audit reads a whole log, from its address, from a directory that holds it, or from
a .tar of that directory, and checks everything that the public record can show:
signatures, the tree, the archive of checkpoints, every statement, every published
text, and who stated what in time. It explains each step, then lists what it found
and whom that concerns, how each signatory stands, and what it did not check.

A .tar holds files and folders alone, no links, and is not compressed.`,
		Example: `  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" https://log.accord.example/2026
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --json ./copy > report.json
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" copy.tar
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --as-of 2026-07-31T00:00:00Z ./copy
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" --fail-on warning ./copy`,
		Args: commandline.OneArgument("name one log: an address, a directory that holds it, or a .tar of that"),
	}
	cmd.Flags().StringVar(&policyFile, "policy", "", "`FILE` with the trust policy (c2sp.org/tlog-policy)")
	cmd.Flags().StringVar(&charter, "charter", "", "entry `ID` of the charter, from somewhere other than the log")
	cmd.Flags().StringVar(&asOf, "as-of", "", "judge statuses and deadlines for this `TIME`, as 2026-07-31T00:00:00Z (default: the time of the copy)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the report as JSON")
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit 1 on any finding of this `SEVERITY` or over, authors' too: info, warning or error")
	cmd.Flags().StringVar(&evidenceDir, "evidence", ".", "`DIR` for a proof of misbehaviour, if there is one")
	timeoutFlag(cmd, &timeout)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		now := time.Now().Unix()
		cfg := verifier.Config{Now: &now}
		var err error
		if cfg.Policy, err = readPolicy(policyFile); err != nil {
			return err
		}
		if cfg.Charter, err = charterID(charter); err != nil {
			return err
		}
		if asOf != "" {
			t, err := entry.ParseTime(asOf)
			if err != nil {
				return commandline.Usagef("write it as 2026-07-31T00:00:00Z, in UTC", "--as-of is not a time")
			}
			cfg.AsOf = &t
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
		collectMore()
		bar := newProgress(stderr)
		cfg.Progress = bar.show
		report, err := verifier.Audit(ctx, cfg)
		bar.clear()
		if err != nil {
			return commandline.Usagef("", "%w", err)
		}
		if err := writeReport(cmd.OutOrStdout(), report, asJSON); err != nil {
			return commandline.Undecided(fmt.Errorf("write report: %w", err), "")
		}
		return auditExit(report, pledge.Severity(failOn), evidenceDir)
	}
	return cmd
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
