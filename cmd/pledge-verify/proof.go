package main

import (
	"bytes"
	"errors"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

func proofCommand() *cobra.Command {
	var policyFile, bodyFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "proof --policy FILE [--body FILE] FILE.tlog-proof",
		Short: "check a receipt, without the log and without a network",
		Long: `proof checks a receipt, a c2sp.org/tlog-proof file with the entry in it: that
these very bytes are in the log, at which place, under which signed checkpoint.
It says what that proves and what it doesn't. It opens no connection.`,
		Example: `  pledge-verify proof --policy policy.txt request-3.tlog-proof
  pledge-verify proof --policy policy.txt --body request-3.json request-3.tlog-proof`,
		Args: commandline.OneArgument("name one proof file"),
	}
	policyFlag(cmd, &policyFile)
	cmd.Flags().StringVar(&bodyFile, "body", "", "`FILE` with the text that the statement names, to compare; or the submission that has it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the result as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, err := readPolicy(policyFile)
		if err != nil {
			return err
		}
		file, err := commandline.ReadInput("proof", args[0], log.MaxProofSize, "name the receipt, FILE.tlog-proof, which `pledge submit` left beside the statement")
		if err != nil {
			return err
		}
		var body []byte
		if bodyFile != "" {
			if body, err = readBody(bodyFile); err != nil {
				return err
			}
		}
		r, err := verifier.CheckProof(policy, file, body)
		if err != nil {
			return commandline.Refused(err, proofHint(err))
		}
		if !asJSON {
			return r.WriteText(cmd.OutOrStdout())
		}
		b, err := r.JSON()
		if err == nil {
			_, err = cmd.OutOrStdout().Write(b)
		}
		return err
	}
	return cmd
}

// readBody reads a detached body: the file itself, or the one in the file of a
// submission.
func readBody(file string) ([]byte, error) {
	b, err := commandline.ReadInput("text", file, entry.MaxDraft, "see --body: the text as it was published, or the statement's file; it may be left out")
	if err != nil {
		return nil, err
	}
	sub, err := entry.ParseDraft(bytes.TrimSuffix(b, []byte("\n")))
	if err == nil && sub.Body == nil && sub.Safe != nil {
		return nil, commandline.Usagef("once it is opened, take it from the log: bodies/DIGEST below its address", "%s keeps its text in a safe", file)
	}
	if err == nil && sub.Body != nil {
		return sub.Body, nil
	}
	return b, nil
}

func proofHint(err error) string {
	switch {
	case errors.Is(err, verifier.ErrNoLeaf):
		return "use the file as the server gave it, or as `pledge submit` wrote it"
	case errors.Is(err, log.ErrUnknownOrigin), errors.Is(err, log.ErrNoLogSignature):
		return "this proof is of another log than the policy names, or was never signed"
	case errors.Is(err, log.ErrQuorum):
		return "ask the log for the proof again: a newer one may have more cosignatures"
	case errors.Is(err, log.ErrBadSignature), errors.Is(err, log.ErrProof), errors.Is(err, log.ErrMalformed):
		return "the file was altered, or never was a proof; ask the log for it again"
	case entry.CodeOf(err) != "":
		return "give the exact bytes of the text as they were submitted, or the submission's file"
	}
	return ""
}
