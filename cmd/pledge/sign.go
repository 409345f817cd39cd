package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/desk"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/signer"
)

// signFlags are the flags of `pledge sign`.
type signFlags struct {
	key, passphrase string
	confirmed       []string
	yes             bool
}

func (a *app) signCommand() *cobra.Command {
	var f signFlags
	var remove string
	cmd := &cobra.Command{
		Use:   "sign FILE --key KEYFILE | --remove KEYID",
		Short: "read a draft and sign it, offline",
		Long: `sign shows everything that a draft says, the detached body included, asks
whether to sign it, and adds your signature to the file. It opens no connection.
If more than one must sign, pass the file on: each signs the same statement, and
the file says whose signatures are there.

The file says by which keys of the author, and of whom else, it has to be signed,
as the log told when it was drafted: an admission by the secretariat and by every
key that it admits, a change of keys by the old threshold and by every new key, an
amend of nothing but the secretariat's keys by recovery keys alone if need be. What
the log says when it is submitted counts.

If the draft was looked at with pledge preview, and is another statement since, sign
refuses it. What may not belong in a public statement is pointed at, as by pledge lint, and has
to be confirmed, one by one. So has a request that a law card or its own duty of secrecy
forbids to tell of, and what is opened of one (law-forbids), unless a permission is in its
safe, which --safe-key opens, or beside it. For an opening the statement that it is about
is looked for in the same folder.
Before it asks whether to sign, sign says who holds what, and what can't be undone.

A draft that pledge submit rebased has its former places in it. sign compares it with
the newest one that your key signed, byte by byte, and says what changed; what was
pointed at and confirmed then is not asked again, if nothing but the place changed.

Without a terminal to ask on, --yes is needed, and --confirm WORDS for each thing
that is pointed at. A text that is withheld or about to
be opened, and what is under a seal, is shown on a terminal only, unless
--show-withheld is given.

A key file that is encrypted is opened with its passphrase, which is asked for, or
read from the file that --passphrase-file names. What is withheld or sealed is in the
safes of those who sign: --safe-key names yours.

With --remove it takes a signature out again: the log refuses a statement with
one that is not called for. The first 8 digits of the key id or more are enough,
if no other signature in the file has the same.`,
		Example: `  pledge sign acme-request-4.json --key acme-1.key
  pledge sign acme-request-4.json --key acme-2.key --yes
  pledge sign acme-keys-9.json --key acme-3-new.key
  pledge sign acme-request-4.json --remove 1f0c2a9b`,
		Args: commandline.OneArgument("name one draft, FILE.json"),
		RunE: do(func(ctx context.Context, args []string) error {
			switch {
			case f.key != "" && remove != "":
				return commandline.Usagef("do one after the other", "--key and --remove are both given")
			case remove != "":
				return a.unsign(args[0], remove)
			case f.key == "":
				return commandline.Usagef("for example: pledge sign "+args[0]+" --key acme-1.key", "--key is missing")
			}
			if !f.yes && !a.isTerminal() {
				return commandline.Usagef("add --yes if what the draft says was read before", "there is no terminal to ask on, and --yes is not given")
			}
			return a.sign(ctx, args[0], f)
		}),
	}
	cmd.Flags().StringVar(&f.key, "key", "", "secret key `FILE`, from pledge keygen, or "+references)
	passphraseFlag(cmd, &f.passphrase)
	a.openingFlags(cmd)
	cmd.Flags().StringVar(&remove, "remove", "", "take the signature of the key `KEYID` out, and sign nothing")
	cmd.Flags().BoolVar(&a.reveal, "show-withheld", false, showWithheld)
	cmd.Flags().StringArrayVar(&f.confirmed, "confirm", nil, "leave `WORDS` that were pointed at as they are; may be given again")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "sign without asking")
	return cmd
}

const showWithheld = "show what is withheld or sealed, even where the output is no terminal"

// readDraft reads a draft and wants its texts there, or in its safe.
func readDraft(path string) (*entry.Submission, error) {
	b, err := commandline.ReadInput("draft", path, entry.MaxDraft, "name the draft that `pledge new KIND --from FILE.yaml` wrote")
	if err != nil {
		return nil, err
	}
	return parseDraft(path, b)
}

// parseDraft is readDraft for the bytes of a file.
func parseDraft(path string, b []byte) (*entry.Submission, error) {
	sub, err := entry.ParseDraft(b)
	if err != nil {
		return nil, fmt.Errorf("read draft %s: %w", path, err)
	}
	if sub.Safe != nil {
		return sub, nil
	}
	return sub, holdTexts(path, sub)
}

// holdTexts wants the texts that a draft speaks of to be in it.
func holdTexts(path string, sub *entry.Submission) error {
	texts := len(sub.Disclosures)
	if sub.Body != nil {
		texts++
	}
	switch {
	case sub.Body == nil && sub.Statement.BodyDigest != "":
		return commandline.Refused(fmt.Errorf("read draft %s: %s: the statement names a detached body that is not in the file", path, entry.CodeBodyMissing), "ask for the file as pledge new wrote it")
	case sub.Statement.Kind == entry.KindOpen && texts < len(sub.Statement.Publishes()):
		return commandline.Refused(fmt.Errorf("read draft %s: %s: a text that it opens is not in the file", path, entry.CodeBodyMissing), "ask for the file as pledge open wrote it")
	}
	return nil
}

// readWhole reads a draft with what is in its safe, and what opens its seals as far as
// that stands beside it. What it returns is not to be written: see closed.
func (a *app) readWhole(ctx context.Context, path string) (*entry.Submission, []entry.Disclosure, error) {
	sub, err := readDraft(path)
	if err != nil {
		return nil, nil, err
	}
	if sub.Safe != nil {
		if !hidesText(sub) {
			return sub, nil, nil
		}
		kept, err := a.openKept(ctx, "draft", path, sub.Safe)
		if err != nil {
			return nil, nil, err
		}
		return opened(path, sub, kept)
	}
	opened, err := readDisclosures(path, sub)
	return sub, opened, err
}

func (a *app) sign(ctx context.Context, path string, f signFlags) error {
	sub, opened, err := a.readWhole(ctx, path)
	if err != nil {
		return err
	}
	if err := holdSeen(path, sub.Statement.ID); err != nil {
		return err
	}
	key, err := a.openKey(ctx, f.key, f.passphrase)
	if err != nil {
		return err
	}
	defer key.Close()
	public := key.Public()
	a.statement(sub, opened)
	a.simulated(sub.Statement.Log)
	since := formerly(path, sub, public)
	a.movedSince(since, sub.Statement, public.ID)
	signers := signersOf(sub)
	again, err := signable(sub, signers, public)
	if err != nil || again {
		a.signatures(sub, signers)
	}
	if err != nil {
		return err
	}
	if again {
		a.note("key %s signed this file before; nothing was changed", public.ID)
		return nil
	}
	doubts, err := a.lookedAt(ctx, path, sub, opened)
	if err != nil {
		return err
	}
	if since.settled() {
		if len(doubts) > 0 {
			a.note("%s pointed at in it: confirmed when this key signed the same before", counted(len(doubts), "thing is", "things are"))
		}
	} else if err := a.settle(path, doubts, f.confirmed); err != nil {
		return err
	}
	if !f.yes {
		for _, line := range desk.BeforeSigning(sub.Statement.Kind, sub.Statement.IsWithheld() || sub.Safe != nil) {
			a.note("%s", line)
		}
	}
	if !f.yes && !a.confirm(fmt.Sprintf("sign this %s with key %s?", sub.Statement.Kind, public.ID)) {
		return commandline.Refused(fmt.Errorf("not signed"), "nothing was changed")
	}
	signed, err := addSignature(ctx, path, sub, key)
	if err != nil {
		return err
	}
	a.signatures(signed, signers)
	if signers.known && !signers.called(public.ID) {
		a.note("by the keys that the log named when this was drafted, key %s is not called for: unless they have changed since, the log refuses it; pledge sign %s --remove %s takes it out", public.ID, path, public.ID.String()[:8])
	}
	a.printf("signed      %s\n", path)
	return nil
}

// signable reports whether a key signed a draft before, and refuses what it cannot sign.
func signable(sub *entry.Submission, signers signers, public *entry.PublicKey) (before bool, err error) {
	if sub.Statement.Kind == entry.KindCharter && !signers.called(public.ID) {
		return false, commandline.Refused(fmt.Errorf("key %s is not one of those that sign this %s", public.ID, sub.Statement.Kind), "every key that the charter names signs it, and no other")
	}
	if signers.forSlots(public.ID) && !signers.called(public.ID) {
		return false, commandline.Refused(fmt.Errorf("key %s is of use slot, and signs no %s", public.ID, sub.Statement.Kind), "sign with a key of use statement: a key of use slot signs what pledge slot makes, and a statement that names the key itself")
	}
	pae := sub.Envelope.PAE()
	for _, s := range sub.Envelope.Signatures {
		if s.KeyID == public.ID && public.VerifyStrict(pae, s.Sig) {
			return true, nil
		}
	}
	if len(sub.Envelope.Signatures) >= entry.MaxSignatures {
		return false, fmt.Errorf("the file has %d signatures, and there is no room for more", len(sub.Envelope.Signatures))
	}
	return false, nil
}

// addSignature signs a draft and writes it again.
func addSignature(ctx context.Context, path string, sub *entry.Submission, key *signer.Signer) (*entry.Submission, error) {
	if err := signEnvelope(ctx, sub.Envelope, key); err != nil {
		return nil, err
	}
	signed, err := entry.ParseDraft(closed(sub).Marshal())
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Write(path, signed.Marshal(), 0o600); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return signed, nil
}
