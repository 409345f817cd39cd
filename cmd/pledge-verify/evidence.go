package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/verifier"
)

func evidenceCommand() *cobra.Command {
	var policyFile string
	cmd := &cobra.Command{
		Use:   "evidence --policy FILE FILE",
		Short: "check a proof of misbehaviour that an audit kept",
		Long: `evidence checks a file that an audit left: that the log's key signed two
checkpoints that cannot both be true. It needs neither the log nor a network.
Exit code 4 says that the file proves it, 1 that it doesn't.`,
		Example: `  pledge-verify evidence --policy policy.txt evidence-log.accord.example-2026-1a2b3c4d.json`,
		Args:    commandline.OneArgument("name one evidence file"),
	}
	cmd.Flags().StringVar(&policyFile, "policy", "", "`FILE` with the trust policy (c2sp.org/tlog-policy)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, err := readPolicy(policyFile)
		if err != nil {
			return err
		}
		b, err := commandline.ReadInput("evidence", args[0], verifier.MaxEvidence, "name the file that an audit left: its name begins with evidence-")
		if err != nil {
			return err
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
		return &commandline.Failure{Code: commandline.ExitMisbehaviour}
	}
	return cmd
}
