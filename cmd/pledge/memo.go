package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/safe"
)

func (a *app) memoCommand() *cobra.Command {
	var policy, out string
	cmd := &cobra.Command{
		Use:   "memo FILE --policy FILE --out FILE.txt",
		Short: "write a filing record for the company's own file",
		Long: `memo writes down, for the company's own file, what was filed: the whole statement with
what was published and what is kept back, by which keys it is signed, where and when
it was logged by its verified receipt, what permits telling if that was cited, the law
card of the day, and what to look at again when. It holds what is withheld too: nothing
sends it, and it is encrypted for the safes that the draft's own texts are in, and for
those that --safe adds. pledge safe show shows it then.

It asks nothing of a log.`,
		Example: `  pledge memo acme-request-4.json --policy policy.txt --out acme-request-4.memo.txt`,
		Args:    commandline.OneArgument("name the statement, FILE.json"),
		RunE: do(func(ctx context.Context, args []string) error {
			const example = "for example: pledge memo acme-request-4.json --policy policy.txt --out memo.txt"
			switch {
			case policy == "":
				return commandline.Usagef(example, "--policy is missing: without it no receipt can be verified")
			case out == "":
				return commandline.Usagef(example, "--out is missing: a memo may hold what is withheld, and goes to a file of its owner's")
			}
			return a.memo(ctx, args[0], policy, out)
		}),
	}
	a.keepFlags(cmd)
	a.openingFlags(cmd)
	cmd.Flags().StringVar(&policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the receipt is held to")
	cmd.Flags().StringVar(&out, "out", "", "memo `FILE` to write")
	return cmd
}

func (a *app) memo(ctx context.Context, path, policyFile, out string) error {
	to, secret, err := a.keepMemo(ctx, path, policyFile, out)
	if err != nil {
		return err
	}
	a.printf("memo        %s\n", out)
	if to != nil {
		a.note("%s is encrypted for %s: pledge safe show %s --safe-key FILE shows it", out, counted(len(to), "safe", "safes"), out)
	}
	if secret {
		a.note("%s holds what is not published: let nobody else read it", out)
	}
	return nil
}

// keepMemo writes the memo of a statement, and returns the safes that it is for, and
// whether it holds in plain text what is not published.
func (a *app) keepMemo(ctx context.Context, path, policyFile, out string) (to []*safe.Recipient, secret bool, err error) {
	policy, err := readPolicy(policyFile)
	if err != nil {
		return nil, false, err
	}
	sub, opened, err := a.readWhole(ctx, path)
	if err != nil {
		return nil, false, err
	}
	var filed *filing
	var from []*safe.Recipient
	if sub.Safe == nil {
		filed, err = readFiling(path, sub.Statement)
	} else {
		filed, from, err = a.keptFiling(ctx, path, sub)
	}
	if err != nil {
		return nil, false, err
	}
	to, err = a.keepers(from, sub.Safe == nil)
	if err != nil {
		return nil, false, err
	}
	var text bytes.Buffer
	m := &ui{out: &text, err: a.err, reveal: true} // it goes to a file that only its owner reads
	st := sub.Statement
	m.printf(memoBegins+"%s by the clock of this machine\n\n", entry.FormatTime(a.now().Unix()))
	if err := m.memoReceipt(receiptOf(path), policy, sub); err != nil {
		return nil, false, err
	}
	m.printf("\n")
	m.statement(sub, opened)
	m.printf("signed by\n")
	if len(sub.Envelope.Signatures) == 0 {
		m.printf("  nobody yet\n")
	}
	for _, s := range sub.Envelope.Signatures {
		m.printf("  %s\n", s.KeyID)
	}
	m.printf("\nto be kept\n  %s\n", path)
	if len(opened) > 0 && sub.Safe == nil {
		m.printf("  %s: without it what is sealed can never be opened\n", sealedPath(path))
	}
	if st.IsWithheld() {
		m.printf("  %s is the only copy of the text\n\nto be looked at again\n  by %s: open the text, or set another day (pledge open)\n", path, st.Review)
	}
	if sub.Detached != nil {
		for _, s := range sub.Detached.Seals() {
			m.printf("  by %s: the seal of %s\n", s.Review, s.Member)
		}
	}
	if filed != nil {
		m.printf("\nwhat permits telling, as it was cited when it was drafted\n  %s\n  law cards of %s, version %d\n", filed.Permission.Reference, filed.LawCards.Date, filed.LawCards.Version)
	}
	if b, ok := sub.Detached.(*entry.RequestBody); ok {
		if card, ok := entry.LawCard(b.Instrument); ok {
			m.printf("\nthe law card of this version of pledge\n  %s\n", inShort(card))
		}
	}
	b := text.Bytes()
	if to != nil {
		if b, err = safe.Encrypt(b, to); err == nil {
			b, err = safe.Armor(b)
		}
		if err != nil {
			return nil, false, fmt.Errorf("write memo: %w", err)
		}
	}
	if err := createFile(out, b, 0o600); err != nil {
		return nil, false, fmt.Errorf("write memo: %w", err)
	}
	return to, to == nil && (st.IsWithheld() || len(opened) > 0), nil
}

// memoBegins begins a memo.
const memoBegins = "Filing record, made "

// memoReceipt writes what the receipt beside a statement proves, if there is one.
func (u *ui) memoReceipt(path string, policy *log.Policy, sub *entry.Submission) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		u.printf("not submitted, as far as this folder tells: there is no %s\n", path)
		return nil
	}
	if err != nil {
		return commandline.Usagef("see whether it can be read", "read receipt: %w", err)
	}
	const hint = "see whether the policy is the log's; a receipt that verified before is evidence: keep it"
	r, err := openReceipt(policy, raw)
	if err != nil {
		return commandline.Refused(fmt.Errorf("%s is not verified: %w", path, err), hint)
	}
	if !r.isOf(sub) {
		return commandline.Refused(fmt.Errorf("%s is a receipt for another statement, entry id %s", path, r.statement.ID), hint)
	}
	u.summary(r)
	digest := sha256.Sum256(raw)
	u.printf("receipt     %s, SHA-256 %s\n", path, hex.EncodeToString(digest[:]))
	return nil
}

// keptFiling reads the record in the safe of a draft, nil for none, and for which safes
// that is.
func (a *app) keptFiling(ctx context.Context, path string, sub *entry.Submission) (*filing, []*safe.Recipient, error) {
	kept, err := a.openKept(ctx, "draft", path, sub.Safe)
	if err != nil {
		return nil, nil, err
	}
	if _, _, err := opened(path, closed(sub), kept); err != nil {
		return nil, nil, err
	}
	if kept.Filing == nil {
		return nil, kept.Recipients, nil
	}
	return &filing{
		Format: filingFormat, Entry: sub.Statement.ID, Made: kept.Filing.Made,
		LawCards: cardsOf{kept.Filing.Version, kept.Filing.Date}, Permission: permission{kept.Filing.Reference},
	}, kept.Recipients, nil
}

// readFiling reads the record beside a draft; nil when there is none.
func readFiling(draft string, st *entry.Statement) (*filing, error) {
	path := filingPath(draft)
	b, err := commandline.ReadFile(path, 8<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	const hint = "find the file that pledge new wrote beside the draft, or move it away"
	if err != nil {
		return nil, commandline.Usagef(hint, "read filing record: %w", err)
	}
	var f filing
	if err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true)); err != nil || f.Format != filingFormat {
		return nil, commandline.Refused(fmt.Errorf("read filing record %s: it is not as `pledge new` wrote it", path), hint)
	}
	if f.Entry != st.ID {
		return nil, commandline.Refused(fmt.Errorf("read filing record %s: it is that of entry %s", path, f.Entry), hint)
	}
	return &f, nil
}
