package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/verifier"
)

func diffCommand(stderr io.Writer) *cobra.Command {
	var from trust
	var evidenceDir string
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "diff --policy FILE --charter ID SIZE SIZE URL|DIR|FILE.tar",
		Short: "audit a log, and tell what was said between two of its sizes",
		Long: `diff audits a whole log and then tells what was said between two of its sizes, the
smaller first: each entry in a sentence that says who states it, what became of
texts that are not published, how each author stands otherwise, and what an audit
found there. 0 is the empty log.

Its exit codes are those of audit.`,
		Example: `  pledge-verify diff --policy policy.txt --charter "$(cat charter-id)" 18000 18204 https://log.accord.example/2026
  pledge-verify diff --policy policy.txt --charter "$(cat charter-id)" --json 0 100 ./copy > first-hundred.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 3 {
				return commandline.Usagef("name two sizes and a log: an address, a directory that holds it, or a .tar of that", "%d arguments, want 3", len(args))
			}
			return nil
		},
	}
	from.flags(cmd, "")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write it as JSON")
	cmd.Flags().StringVar(&evidenceDir, "evidence", ".", "`DIR` for a proof of misbehaviour, if there is one")
	timeoutFlag(cmd, &timeout)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var sizes [2]uint64
		for i := range sizes {
			n, err := strconv.ParseUint(args[i], 10, 63)
			if err != nil || strconv.FormatUint(n, 10) != args[i] {
				return commandline.Usagef("write how many entries the log had, in digits, as 18204", "%q is not a size", args[i])
			}
			sizes[i] = n
		}
		if sizes[0] > sizes[1] {
			return commandline.Usagef("name the smaller size first", "%d is larger than %d", sizes[0], sizes[1])
		}
		now := time.Now().Unix()
		cfg := verifier.Config{Now: &now}
		var err error
		if cfg.Policy, cfg.Charter, err = from.read(); err != nil {
			return err
		}
		if cfg.Source, err = openLog(args[2]); err != nil {
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
		d, err := verifier.Diff(ctx, cfg, sizes[0], sizes[1])
		bar.Clear()
		if err != nil {
			return commandline.Usagef("", "%w", err)
		}
		if err := writeDiff(cmd.OutOrStdout(), d, asJSON); err != nil {
			return commandline.Undecided(fmt.Errorf("write difference: %w", err), "")
		}
		return resultExit(d.Result, d.Evidence, d.Undecided, evidenceDir)
	}
	return cmd
}

func writeDiff(w io.Writer, d *verifier.Difference, asJSON bool) error {
	if !asJSON {
		return d.Text(w)
	}
	b, err := d.JSON()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// resultExit turns the result of an audit into the end of the program.
func resultExit(result verifier.Result, evidence *verifier.Evidence, undecided *verifier.Undecided, evidenceDir string) error {
	switch result {
	case verifier.Misbehaviour:
		file, err := writeEvidence(evidence, evidenceDir)
		if err != nil {
			return &commandline.Failure{Code: commandline.ExitMisbehaviour, Err: fmt.Errorf("%s The evidence could not be kept: %w", evidence.What, err), Hint: "name a directory that can be written with --evidence, and run this again before the log changes"}
		}
		return &commandline.Failure{Code: commandline.ExitMisbehaviour, Err: fmt.Errorf("proof of misbehaviour, kept in %s", file), Hint: "anybody can check that file: pledge-verify evidence --policy FILE " + file}
	case verifier.CannotDecide:
		return commandline.Undecided(errors.New(undecided.Text), undecided.Hint)
	case verifier.Differs:
		return &commandline.Failure{Code: commandline.ExitRefused}
	}
	return nil
}
