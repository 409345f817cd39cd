package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
	"github.com/pledgelog/pledgelog/signer"
)

// What is kept back is on a disk only in safes (room safe): encrypted for its author and
// for those who sign with them. Drafting needs their public halves alone, and so does a
// timer that makes slots; who reads gives the secret half and its passphrase.

// safes are the safes of one run.
type safes struct {
	to          []string // files of recipients, for what is written
	unencrypted bool     // write it in plain text

	key, passphrase string    // files, for what is read
	opened          *safe.Key // once it was asked for
}

// keepFlags adds the flags of a command that writes what is kept back.
func (a *app) keepFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.safes.to, "safe", nil, "keep what is kept back for the safe `FILE.pub`, from pledge safe new; again for each who signs")
	cmd.Flags().BoolVar(&a.safes.unencrypted, "unencrypted", false, "write what is kept back in plain text, for whoever can read the file")
}

// openingFlags adds the flags of a command that reads what is kept back.
func (a *app) openingFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.safes.key, "safe-key", "", "your safe, `FILE` from pledge safe new, for what is kept back")
	cmd.Flags().StringVar(&a.safes.passphrase, "safe-passphrase-file", "", "read the safe's passphrase from `FILE`, which holds nothing else and only you may read")
}

const (
	hintKeep = "give your safe, and those of all who sign: --safe FILE.pub (pledge safe new --out FILE makes one); or --unencrypted, for whoever can read the file"
	hintOpen = "name your safe: --safe-key FILE, which pledge safe new --out FILE made"
)

var errNoSafe = errors.New("something is kept back, and it is not said in which safe")

// keepers returns the safes that something is kept in: those that were given, and those
// that it comes out of. None, without an error, says that it is written in plain text:
// that was asked for, or it is plain already.
func (a *app) keepers(from []*safe.Recipient, plain bool) ([]*safe.Recipient, error) {
	switch {
	case a.safes.unencrypted && a.safes.to != nil:
		return nil, commandline.Usagef("leave one out", "--unencrypted and --safe are both given")
	case a.safes.unencrypted:
		return nil, nil
	}
	all := slices.Clone(from)
	for _, path := range a.safes.to {
		const hint = "name the .pub file that `pledge safe new` wrote"
		b, err := commandline.ReadInput("safe", path, 1<<10, hint)
		if err != nil {
			return nil, err
		}
		r, err := safe.ParseRecipientFile(b)
		if err != nil {
			return nil, commandline.Usagef(hint, "read safe %s: %w", path, err)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *safe.Recipient) int { return strings.Compare(a.String(), b.String()) })
	all = slices.CompactFunc(all, func(a, b *safe.Recipient) bool { return a.String() == b.String() })
	switch {
	case len(all) > safe.MaxRecipients:
		return nil, commandline.Usagef("give fewer", "--safe: over %d safes", safe.MaxRecipients)
	case len(all) == 0 && !plain:
		return nil, commandline.Refused(errNoSafe, hintKeep)
	}
	return all, nil
}

// unlock returns the safe that --safe-key names, asking for its passphrase once.
func (a *app) unlock(ctx context.Context, path string) (*safe.Key, error) {
	if a.safes.opened != nil {
		return a.safes.opened, nil
	}
	if a.safes.key == "" {
		return nil, commandline.Usagef(hintOpen, "%s keeps something back in a safe, and --safe-key is not given", path)
	}
	if b, err := commandline.ReadFile(a.safes.key, 1<<10); err == nil {
		if _, err := safe.ParseRecipientFile(b); err == nil {
			return nil, commandline.Usagef("name the file that `pledge safe new --out` wrote, not the .pub file beside it", "read safe %s: it is the public half, and nobody can read with that", a.safes.key)
		}
	}
	ask := a.askFrom(a.safes.passphrase)
	key, err := safe.ReadKey(ctx, a.safes.key, signer.Options{Ask: func(ctx context.Context, s signer.Secret) (string, error) {
		if a.safes.passphrase == "" && !a.isTerminal() {
			return "", commandline.Usagef("run it on a terminal, or put the passphrase into a file that only you may read: --safe-passphrase-file FILE", "there is no terminal to ask for the %s of %s on", s.What, s.Of)
		}
		return ask(ctx, s)
	}})
	if err != nil {
		return nil, keyFailure(err)
	}
	a.safes.opened = key
	return key, nil
}

// openKept opens what a file keeps back. What says what the file is.
func (a *app) openKept(ctx context.Context, what, path string, file []byte) (*safe.Kept, error) {
	key, err := a.unlock(ctx, path)
	if err != nil {
		return nil, err
	}
	kept, err := safe.Open(file, key)
	if err != nil {
		return nil, keptError(what, path, err)
	}
	return kept, nil
}

func keptError(what, path string, err error) error {
	hint := "take the file from a backup, or from who passed it on"
	if errors.Is(err, safe.ErrOther) {
		hint = "name with --safe-key one of the safes that it was drafted for"
	}
	return commandline.Refused(fmt.Errorf("read %s %s: %w", what, path, err), hint)
}

// hidesText reports whether a statement cannot be read without what is kept back.
func hidesText(sub *entry.Submission) bool {
	return sub.Statement.IsWithheld() ||
		sub.Statement.Kind == entry.KindOpen && len(sub.Statement.Publishes()) > 0 ||
		sub.Detached != nil && len(sub.Detached.Seals()) > 0
}

// opened returns a draft with the texts that are in its safe, and what opens its seals.
// They have to be those that are signed. The envelope stays the same one.
func opened(path string, sub *entry.Submission, kept *safe.Kept) (*entry.Submission, []entry.Disclosure, error) {
	wrong := func(err error) error {
		return commandline.Refused(fmt.Errorf("read draft %s: what is in its safe is not what the statement commits to: %w", path, err), "take the file from a backup, or from who passed it on")
	}
	if kept.BodyDigest != sub.Statement.BodyDigest || kept.Period != "" {
		return nil, nil, wrong(errors.New("it is another's"))
	}
	var disclosures []entry.Disclosure
	for _, text := range kept.Disclosures {
		d, err := entry.ParseDisclosure(text)
		if err != nil {
			return nil, nil, wrong(discreet(err))
		}
		disclosures = append(disclosures, d)
	}
	whole := &entry.Submission{Envelope: sub.Envelope, Body: sub.Body, Signers: sub.Signers}
	if kept.Body != nil {
		whole.Body = kept.Body
	}
	if sub.Statement.Kind == entry.KindOpen {
		whole.Disclosures, disclosures = disclosures, nil
	}
	got, err := entry.ParseDraft(whole.Marshal())
	if err != nil {
		return nil, nil, wrong(discreet(err))
	}
	got.Envelope, got.Safe, got.Former = sub.Envelope, sub.Safe, sub.Former
	if err := holdTexts(path, got); err != nil {
		return nil, nil, err
	}
	if got.Detached != nil && len(got.Detached.Seals()) > 0 {
		open, err := entry.Unseal(got.Statement, got.Body, disclosures)
		if err != nil || len(open.Seals()) > 0 {
			return nil, nil, wrong(errors.New("it does not open what is sealed"))
		}
	}
	return got, disclosures, nil
}

// closed is a draft as it stands on a disk: what is in its safe stands nowhere else.
func closed(sub *entry.Submission) *entry.Submission {
	if sub.Safe == nil {
		return sub
	}
	c := *sub
	c.Disclosures = nil
	if sub.Statement.IsWithheld() || sub.Statement.Kind == entry.KindOpen {
		c.Body, c.Detached = nil, nil
	}
	return &c
}

func (a *app) safeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "safe COMMAND",
		Short: "make a safe for what is kept back, or read what is in one",
		Example: `  pledge safe new --out counsel.safe
  pledge safe add acme-request-4.json --safe ciso.safe.pub --safe-key counsel.safe
  pledge safe show acme-request-4.memo --safe-key counsel.safe`,
		RunE: func(*cobra.Command, []string) error {
			return commandline.Usagef("for example: pledge safe new --out counsel.safe", "safe needs a command: new, add or show")
		},
	}
	cmd.AddCommand(a.safeNewCommand(), a.safeAddCommand(), a.safeShowCommand())
	return cmd
}

func (a *app) safeNewCommand() *cobra.Command {
	var out, passphrase string
	cmd := &cobra.Command{
		Use:   "new --out FILE",
		Short: "make a safe for what is kept back",
		Long: `new makes a safe: FILE opens it and is encrypted with a passphrase (mode 0600);
FILE.pub is what others and you yourself need to put something into it, and may be
read by anybody. Neither file may be there already.

What a draft keeps back, a withheld text, what opens a seal, a request that waits for
a slot, the reference of a permission, is encrypted for the safes that --safe FILE.pub
names: your own, and those of all who sign, as they have to read what they sign. A
draft that is passed on has it in it. Submitting a withheld statement and making slots
need no safe.

Who loses FILE or its passphrase loses what is in it, unless it is in another safe
too: keep a copy of FILE elsewhere. age reads FILE (age -d FILE), and with it every safe.`,
		Example: `  pledge safe new --out counsel.safe
  pledge new request --from request.yaml --author acme --policy policy.txt --safe counsel.safe.pub --safe ciso.safe.pub
  pledge sign acme-request-4.json --key ciso.key --safe-key ciso.safe`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context, _ []string) error {
			if out == "" {
				return commandline.Usagef("for example: pledge safe new --out counsel.safe", "--out is missing")
			}
			return a.newSafe(ctx, out, passphrase)
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` of the safe; what is needed to put something into it goes to FILE.pub")
	passphraseFlag(cmd, &passphrase)
	return cmd
}

func (a *app) newSafe(ctx context.Context, out, passphraseFile string) error {
	pubFile := out + ".pub"
	for _, path := range []string{pubFile, out} {
		if exists(path) {
			return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", path), "choose another name with --out, or move the file away")
		}
	}
	passphrase, err := a.newPassphrase(ctx, out, passphraseFile, "--passphrase-file")
	if err != nil {
		return err
	}
	key, err := safe.NewKey()
	if err != nil {
		return err
	}
	b, err := safe.EncryptKey(key, passphrase, workFactor)
	if err != nil {
		return err
	}
	if err := createFile(out, b, 0o600); err != nil {
		return fmt.Errorf("write safe: %w", err)
	}
	got, err := safe.ReadKey(ctx, out, signer.Options{Ask: func(context.Context, signer.Secret) (string, error) { return passphrase, nil }})
	if err == nil && got.Recipient().String() != key.Recipient().String() {
		err = errors.New("it holds another one")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read back %s: %w", out, err), os.Remove(out))
	}
	if err := createFile(pubFile, safe.MarshalRecipientFile(key.Recipient()), 0o644); err != nil {
		return fmt.Errorf("write safe: %w", errors.Join(err, os.Remove(out)))
	}
	a.printf("recipient   %s\nsafe        %s\npublic      %s\n", key.Recipient(), out, pubFile)
	return nil
}

func (a *app) safeShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show FILE --safe-key FILE",
		Short: "show a memo that is kept in a safe",
		Long: `show opens a file that pledge memo encrypted, and shows it on the terminal. Where the
output is none, --show-withheld is needed. What a draft keeps back pledge preview shows.`,
		Example: `  pledge safe show acme-request-4.memo --safe-key counsel.safe`,
		Args:    commandline.OneArgument("name one file, as pledge memo wrote it"),
		RunE: do(func(ctx context.Context, args []string) error {
			if !a.mayReveal() {
				return commandline.Usagef("run it on a terminal, or add --show-withheld", "the output is no terminal, and what is kept back is not written there")
			}
			b, err := commandline.ReadInput("file", args[0], 2*safe.MaxKept, "name the file that pledge memo wrote")
			if err != nil {
				return err
			}
			file, err := safe.ParseArmor(b)
			if err != nil {
				return commandline.Usagef("name the file that pledge memo wrote; pledge preview shows a draft", "read %s: %w", args[0], err)
			}
			key, err := a.unlock(ctx, args[0])
			if err != nil {
				return err
			}
			plain, err := safe.Decrypt(file, key, safe.MaxKept)
			if err != nil {
				return keptError("file", args[0], err)
			}
			a.printf("%s", plain)
			return nil
		}),
	}
	a.openingFlags(cmd)
	cmd.Flags().BoolVar(&a.reveal, "show-withheld", false, showWithheld)
	return cmd
}
