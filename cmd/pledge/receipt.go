package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// A receipt is a tlog-proof with the exact leaf in its extra line. Once opened it
// is proved: the leaf is in the log of its statement, under a checkpoint that the
// policy accepts.
type receipt struct {
	proof     *log.Proof
	view      *log.View
	leaf      *entry.Leaf
	statement *entry.Statement
}

// openReceipt verifies a receipt. Each error says what did not fit.
func openReceipt(policy *log.Policy, raw []byte) (*receipt, error) {
	proof, err := log.ParseProof(raw)
	if err != nil {
		return nil, fmt.Errorf("the proof: %w", err)
	}
	if proof.Extra == nil {
		return nil, fmt.Errorf("the proof holds no leaf: it has no extra line")
	}
	leaf, err := entry.ParseLeaf(proof.Extra)
	if err != nil {
		return nil, fmt.Errorf("the leaf: %w", err)
	}
	st, err := entry.ParseStatement(leaf.Statement)
	if err != nil {
		return nil, fmt.Errorf("the leaf's statement: %w", err)
	}
	if n := len(proof.Extra); n > entry.MaxLeafOf(st.Kind) {
		return nil, fmt.Errorf("the leaf has %d bytes, over %d", n, entry.MaxLeafOf(st.Kind))
	}
	view, err := policy.VerifyProof(proof, log.LeafHash(proof.Extra))
	if err != nil {
		return nil, fmt.Errorf("the proof: %w", err)
	}
	if view.Checkpoint.Origin != st.Log {
		return nil, fmt.Errorf("the checkpoint is of the log %s and the statement is for %s", view.Checkpoint.Origin, st.Log)
	}
	return &receipt{proof, view, leaf, st}, nil
}

// isOf reports whether a receipt is for the statement of a submission.
func (r *receipt) isOf(sub *entry.Submission) bool {
	return bytes.Equal(r.leaf.Statement.Payload, sub.Envelope.Payload)
}

// summary prints what a receipt proves, in numbers.
func (u *ui) summary(r *receipt) {
	u.printf("log         %s\n", r.statement.Log)
	u.printf("index       %d\n", r.proof.Index)
	u.printf("entry id    %s\n", r.statement.ID)
	u.printf("logged      %s%s\n", entry.FormatTime(r.leaf.Logged), simulatedSuffix(r.statement.Log))
	u.printf("size        %d\n", r.view.Checkpoint.Size)
	var names []string
	for _, c := range r.view.Cosignatures {
		names = append(names, c.Witness)
	}
	switch {
	case r.view.HasQuorumTime:
		u.printf("witnesses   %s; all that the policy asks for by %s\n", strings.Join(names, ", "), entry.FormatTime(int64(r.view.QuorumTime)))
	case names != nil:
		u.printf("witnesses   %s; the policy asks for none: times are the operator's word\n", strings.Join(names, ", "))
	default:
		u.printf("witnesses   none, and the policy asks for none: times are the operator's word\n")
	}
}

func simulatedSuffix(origin string) string {
	if entry.IsDemonstration(origin) {
		return " (simulated time)"
	}
	return ""
}

func (a *app) receiptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "receipt",
		Short:   "look at a receipt",
		Example: `  pledge receipt show acme-request-4.tlog-proof --policy policy.txt`,
		Args:    cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			return commandline.Usagef("for example: pledge receipt show acme-request-4.tlog-proof --policy policy.txt", "receipt needs a command: show")
		}),
	}
	var policy string
	show := &cobra.Command{
		Use:   "show FILE --policy FILE",
		Short: "verify a receipt and say what it proves",
		Long: `show verifies a receipt (a C2SP tlog-proof with the leaf in it) under a policy,
and says what it proves and what it does not. It opens no connection.`,
		Example: `  pledge receipt show acme-request-4.tlog-proof --policy policy.txt`,
		Args:    commandline.OneArgument("name one receipt, FILE.tlog-proof"),
		RunE: do(func(_ context.Context, args []string) error {
			if policy == "" {
				return commandline.Usagef("for example: --policy policy.txt", "--policy is missing")
			}
			return a.showReceipt(args[0], policy)
		}),
	}
	show.Flags().StringVar(&policy, "policy", "", "policy `FILE` (C2SP tlog-policy)")
	cmd.AddCommand(show)
	return cmd
}

func (a *app) showReceipt(path, policyFile string) error {
	policy, err := readPolicy(policyFile)
	if err != nil {
		return err
	}
	raw, err := commandline.ReadInput("receipt", path, log.MaxProofSize, "`pledge submit FILE.json` leaves the receipt beside FILE.json, as FILE.tlog-proof")
	if err != nil {
		return err
	}
	r, err := openReceipt(policy, raw)
	if err != nil {
		hint := "see whether the policy is the log's; a receipt that verified before is evidence: keep it"
		if strings.HasSuffix(path, ".json") {
			hint = "give the receipt, which ends in .tlog-proof, not the statement"
		}
		return commandline.Refused(fmt.Errorf("%s is not verified: %w", path, err), hint)
	}
	a.summary(r)
	a.printf("\nproved: the log took in these bytes as entry %d, and its first %d entries hold them:\n\n", r.proof.Index, r.view.Checkpoint.Size)
	a.statement(&entry.Submission{Envelope: r.leaf.Statement, Statement: r.statement}, nil)
	a.printf("signed by\n")
	for _, s := range r.leaf.Statement.Signatures {
		a.printf("  %s\n", s.KeyID)
	}
	a.printf(`
not proved by this file alone: that these keys are %s's, and that the statement
was accepted. An audit of the log shows both: pledge-verify audit.
`, r.statement.Author)
	a.simulated(r.statement.Log)
	return nil
}
