package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

func evidenceCommand() *cobra.Command {
	var policyFile string
	cmd := &cobra.Command{
		Use:   "evidence --policy FILE FILE",
		Short: "check a proof of misbehaviour that an audit or a monitor kept",
		Long: `evidence checks a file that an audit or a monitor left: that the log's key signed two
checkpoints that cannot both be true, or that the log holds entries which break a rule
whatever else is in it. It needs neither the log nor a network, and explains what the
file proves. Exit code 4 says that the file proves it, 1 that it doesn't. FILE may be a
pipe: it is read to its end, which has to come within a minute.`,
		Example: `  pledge-verify evidence --policy policy.txt evidence-log.accord.example-2026-1a2b3c4d.json`,
		Args:    commandline.OneArgument("name one evidence file"),
	}
	policyFlag(cmd, &policyFile)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, err := readPolicy(policyFile)
		if err != nil {
			return err
		}
		b, err := readEvidence(args[0], pipeTime)
		if err != nil {
			return err
		}
		if r, err := verifier.ParseRuleBreak(b); err == nil {
			return checkRuleBreak(cmd.OutOrStdout(), policy, r)
		}
		e, err := verifier.ParseEvidence(b)
		if err != nil {
			return commandline.Refused(err, "it is not a file that an audit left, or it was altered")
		}
		if err := verifier.CheckEvidence(policy, e); err != nil {
			return commandline.Refused(err, "this file proves nothing")
		}
		if e.IsDemonstration() {
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n", verifier.SimulatedNotice)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "proved ✓  the key of %s signed both checkpoints in this file, and they cannot both be true\n", e.Log)
		fmt.Fprint(cmd.OutOrStdout(), `
A log only grows: of any two checkpoints the smaller one is a beginning of the larger.
These two are not. Somebody was shown another log, or entries were taken back or
changed. The file does not show who was shown which, nor why.
`)
		for _, side := range []struct{ name, raw string }{{"first", e.Smaller}, {"second", e.Larger}} {
			if err := showSide(cmd.OutOrStdout(), policy, side.name, side.raw); err != nil {
				return commandline.Refused(err, "this file proves nothing")
			}
		}
		return &commandline.Failure{Code: commandline.ExitMisbehaviour}
	}
	return cmd
}

// pipeTime is how long a pipe may take to its end.
const pipeTime = time.Minute

// readEvidence reads a file of evidence, or a pipe: that nobody writes to it must not keep
// the program for ever.
func readEvidence(path string, limit time.Duration) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := commandline.ReadInput("evidence", path, max(verifier.MaxEvidence, verifier.MaxRuleBreak), "name the file that an audit or a monitor left: its name begins with evidence-")
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-time.After(limit):
		return nil, commandline.Usagef("see that something writes the evidence into it and closes it", "read evidence: %s has not come to its end within %v", path, limit)
	}
}

// showSide prints what is signed on one side of a contradiction, and who stood by it.
func showSide(w io.Writer, policy *log.Policy, name, raw string) error {
	v, err := policy.OpenUnwitnessed([]byte(raw))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nthe %s checkpoint\n  size          %s\n  root          %s\n", name,
		verifier.Commas(v.Checkpoint.Size), base64.StdEncoding.EncodeToString(v.Checkpoint.Root[:]))
	for _, k := range v.LogKeys {
		fmt.Fprintf(w, "  signed by     %s, key %08x\n", k.Name, k.ID)
	}
	if len(v.Cosignatures) == 0 {
		fmt.Fprintln(w, "  cosigned by   no witness of the policy")
	}
	for _, c := range v.Cosignatures {
		fmt.Fprintf(w, "  cosigned by   %s, at %s\n", c.Witness, entry.FormatTime(int64(min(c.Time, entry.MaxLogged))))
	}
	return nil
}

// checkRuleBreak checks evidence on entries, and says what it shows and what not.
func checkRuleBreak(w io.Writer, policy *log.Policy, r *verifier.RuleBreak) error {
	what, err := verifier.CheckRuleBreak(policy, r)
	if err != nil {
		return commandline.Refused(err, "this file proves nothing")
	}
	if r.IsDemonstration() {
		fmt.Fprintf(w, "%s\n\n", verifier.SimulatedNotice)
	}
	fmt.Fprintf(w, "proved ✓  %s\n", verifier.Printable(what))
	if m, ok := verifier.MeaningOf(r.Code); ok {
		fmt.Fprintf(w, "\n%s (%s). %s\n", m.Title, m.Code, m.Meaning)
	}
	fmt.Fprintln(w, "The log's key signed the tree that holds this. It is held against the operator, not against an\nauthor, and the file does not show why it was done.")
	return &commandline.Failure{Code: commandline.ExitMisbehaviour}
}
