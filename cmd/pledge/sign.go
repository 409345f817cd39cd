package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

func (a *app) signCommand() *cobra.Command {
	var keyFile, remove string
	var yes bool
	cmd := &cobra.Command{
		Use:   "sign FILE --key KEYFILE | --remove KEYID",
		Short: "read a draft and sign it, offline",
		Long: `sign shows everything that a draft says, the detached body included, asks
whether to sign it, and adds your signature to the file. It opens no connection.
If more than one must sign, pass the file on: each signs the same statement, and
the file says whose signatures are there.

Without a terminal to ask on, --yes is needed.

With --remove it takes a signature out again: the log refuses a statement with
one that is not called for. The first 8 digits of the key id or more are enough,
if no other signature in the file has the same.`,
		Example: `  pledge sign acme-request-4.json --key acme-1.key
  pledge sign acme-request-4.json --key acme-2.key --yes
  pledge sign acme-request-4.json --remove 1f0c2a9b`,
		Args: commandline.OneArgument("name one draft, FILE.json"),
		RunE: do(func(_ context.Context, args []string) error {
			switch {
			case keyFile != "" && remove != "":
				return commandline.Usagef("do one after the other", "--key and --remove are both given")
			case remove != "":
				return a.unsign(args[0], remove)
			case keyFile == "":
				return commandline.Usagef("for example: pledge sign "+args[0]+" --key acme-1.key", "--key is missing")
			}
			if !yes && !a.isTerminal() {
				return commandline.Usagef("add --yes if what the draft says was read before", "there is no terminal to ask on, and --yes is not given")
			}
			return a.sign(args[0], keyFile, yes)
		}),
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "secret key `FILE`, from pledge keygen")
	cmd.Flags().StringVar(&remove, "remove", "", "take the signature of the key `KEYID` out, and sign nothing")
	cmd.Flags().BoolVar(&yes, "yes", false, "sign without asking")
	return cmd
}

// readDraft reads a draft and wants its detached body there, if it names one.
func readDraft(path string) (*entry.Submission, error) {
	b, err := commandline.ReadInput("draft", path, entry.MaxSubmission, "name the draft that `pledge new KIND --from FILE.yaml` wrote")
	if err != nil {
		return nil, err
	}
	sub, err := entry.ParseDraft(b)
	if err != nil {
		return nil, fmt.Errorf("read draft %s: %w", path, err)
	}
	if sub.Body == nil && sub.Statement.BodyDigest != "" {
		return nil, commandline.Refused(fmt.Errorf("read draft %s: %s: the statement names a detached body that is not in the file", path, entry.CodeBodyMissing), "ask for the file as pledge new wrote it")
	}
	return sub, nil
}

func (a *app) sign(path, keyFile string, yes bool) error {
	sub, err := readDraft(path)
	if err != nil {
		return err
	}
	secret, err := readSecret(keyFile)
	if err != nil {
		return err
	}
	public, err := parsedPublic(secret)
	if err != nil {
		return fmt.Errorf("read key %s: %w", keyFile, err)
	}
	a.statement(sub)
	a.simulated(sub.Statement.Log)
	signers := signersOf(sub)
	if signers.known && !signers.called(public.ID) {
		a.signatures(sub, signers)
		return commandline.Refused(fmt.Errorf("key %s is not one of those that sign this %s", public.ID, sub.Statement.Kind), "every key that the statement names signs it, and for an admission the secretariat too")
	}
	pae := sub.Envelope.PAE()
	for _, s := range sub.Envelope.Signatures {
		if s.KeyID == public.ID && public.VerifyStrict(pae, s.Sig) {
			a.signatures(sub, signers)
			a.note("key %s signed this file before; nothing was changed", public.ID)
			return nil
		}
	}
	if len(sub.Envelope.Signatures) >= entry.MaxSignatures {
		return fmt.Errorf("the file has %d signatures, and there is no room for more", len(sub.Envelope.Signatures))
	}
	if !yes && !a.confirm(fmt.Sprintf("sign this %s with key %s?", sub.Statement.Kind, public.ID)) {
		return commandline.Refused(fmt.Errorf("not signed"), "nothing was changed")
	}
	sig, err := signWith(secret, pae)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if !public.VerifyStrict(pae, sig) {
		return fmt.Errorf("the new signature does not verify: the key file's two halves do not fit")
	}
	sub.Envelope.Sign(public.ID, sig)
	again, err := entry.ParseDraft(sub.Marshal())
	if err != nil {
		return err
	}
	if err := atomicfile.Write(path, again.Marshal(), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	a.signatures(again, signers)
	a.printf("signed      %s\n", path)
	return nil
}

// signers are the keys that a statement itself names: a charter's, and those
// that an admission admits. Whoever else signs is known to the log alone.
type signers struct {
	keys  *pledge.Keyring
	named []entry.KeyID
	known bool // nobody else signs
}

func signersOf(sub *entry.Submission) signers {
	s := signers{keys: pledge.NewKeyring()}
	s.keys.Learn(sub.Statement)
	var sets []entry.KeySet
	switch b := sub.Statement.Body.(type) {
	case *entry.Charter:
		sets, s.known = []entry.KeySet{b.Secretariat, b.Recovery, b.Operator}, true
	case *entry.Admit:
		sets = []entry.KeySet{b.KeySet()}
	}
	for _, set := range sets {
		keys, err := set.Parse()
		if err != nil {
			continue // entry has refused such a statement
		}
		for _, k := range keys {
			s.named = append(s.named, k.ID)
		}
	}
	return s
}

func (s signers) called(id entry.KeyID) bool {
	for _, k := range s.named {
		if k == id {
			return true
		}
	}
	return false
}

// signatures says whose signatures are there and, as far as the statement
// itself tells, whose are missing.
func (a *app) signatures(sub *entry.Submission, s signers) {
	a.printf("signatures  %d\n", len(sub.Envelope.Signatures))
	pae := sub.Envelope.PAE()
	there := make(map[entry.KeyID]bool)
	for _, sig := range sub.Envelope.Signatures {
		there[sig.KeyID] = true
		state := "there; the log knows whose key it is"
		if key := s.keys.Key(sig.KeyID); key != nil {
			if state = "verified"; !key.VerifyStrict(pae, sig.Sig) {
				state = "DOES NOT VERIFY"
			}
		}
		a.printf("  %s  %s\n", sig.KeyID, state)
	}
	for _, id := range s.named {
		if !there[id] {
			a.printf("  %s  missing\n", id)
		}
	}
	if !s.known {
		a.note("how many more must sign is for the log to say, by the keys that its author has there")
	}
}
