package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
	"github.com/pledgelog/pledgelog/signer"
)

// keygenFlags are the flags of `pledge keygen`.
type keygenFlags struct {
	out, use, alg, passphrase, from string
	unencrypted                     bool
}

func (a *app) keygenCommand() *cobra.Command {
	var f keygenFlags
	cmd := &cobra.Command{
		Use:   "keygen --out FILE [--from REFERENCE]",
		Short: "make a signing key",
		Long: `keygen makes a key. FILE gets the secret key, encrypted with a passphrase (mode 0600),
FILE.pub the public one, which goes to the secretariat for admission or into a
charter. Neither file may be there already.

The passphrase is asked for twice, or read from the file that --passphrase-file
names. It has at least 12 characters; who types none is given one of 24 letters to
write down. FILE is what age -p -a makes of a PKCS#8 key in PEM, and age decrypts
it. Nobody can recover a passphrase.

Algorithms are ed25519, ecdsa-p256-sha256 (for hardware that knows no other) and
ml-dsa-44 (made to last when quantum computers come; a signature has 2,420
bytes). The keys of one author may be mixed.

A key of use statement signs everything but slots; one of use slot signs slots
alone, so that a machine that does so by itself can state nothing else.

A key that lives elsewhere, in an ssh-agent, on a token or in Vault, is made there.
With --from FILE.pub gets its public half, and FILE is not written.

With --unencrypted whoever can read FILE can sign as you: for a machine that signs
slots by itself, and for trying things out.`,
		Example: `  pledge keygen --out acme-1.key
  pledge keygen --out acme-2.key --algorithm ml-dsa-44 --passphrase-file acme-2.phrase
  pledge keygen --out acme-slot.key --use slot --unencrypted
  pledge keygen --out acme-3.key --from ssh-agent:counsel@acme`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context, _ []string) error {
			switch {
			case f.out == "":
				return commandline.Usagef("for example: pledge keygen --out acme-1.key", "--out is missing")
			case f.use != entry.UseStatement && f.use != entry.UseSlot:
				return commandline.Usagef("write --use statement, for statements, which is the default, or --use slot, for slots", "--use is %q, not statement or slot", f.use)
			case !slices.Contains(algorithms, f.alg):
				return commandline.Usagef(cmp.Or(didYouMean(f.alg, algorithms), "the algorithms are "+strings.Join(algorithms, ", ")), "--algorithm is %q", f.alg)
			case f.unencrypted && f.passphrase != "":
				return commandline.Usagef("leave one out", "--unencrypted and --passphrase-file are both given")
			case f.from != "" && f.unencrypted:
				return commandline.Usagef("leave --unencrypted out", "with --from there is nothing to encrypt")
			case f.from != "":
				return a.keygenFrom(ctx, f)
			}
			return a.keygen(ctx, f)
		}),
	}
	cmd.Flags().StringVar(&f.out, "out", "", "`FILE` for the secret key; the public one goes to FILE.pub")
	cmd.Flags().StringVar(&f.use, "use", entry.UseStatement, "what the key signs: `statement` or slot")
	cmd.Flags().StringVar(&f.alg, "algorithm", entry.AlgEd25519, "`NAME`: "+strings.Join(algorithms, ", "))
	cmd.Flags().StringVar(&f.from, "from", "", "make no key, and write the public half of the one at `REFERENCE`: "+references)
	passphraseFlag(cmd, &f.passphrase)
	cmd.Flags().BoolVar(&f.unencrypted, "unencrypted", false, "write the secret key without a passphrase")
	return cmd
}

var algorithms = []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44}

func (a *app) keygen(ctx context.Context, f keygenFlags) error {
	pubFile := f.out + ".pub"
	for _, path := range []string{pubFile, f.out} {
		if exists(path) {
			return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", path), "choose another name with --out, or move the file away")
		}
	}
	passphrase := ""
	if !f.unencrypted {
		var err error
		if passphrase, err = a.newPassphrase(ctx, f.out, f.passphrase, "--passphrase-file"); err != nil {
			return err
		}
	}
	secret, err := keyfile.New(f.alg)
	if err != nil {
		return err
	}
	public, err := keyfile.PublicOf(secret, f.use)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	parsed, err := public.Parse()
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	var secretBytes []byte
	if f.unencrypted {
		secretBytes, err = keyfile.Marshal(secret)
	} else {
		secretBytes, err = signer.Encrypt(secret, passphrase, workFactor)
	}
	if err != nil {
		return err
	}
	publicBytes, err := keyfile.MarshalPublic(public)
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	if err := createFile(f.out, secretBytes, 0o600); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := readBack(ctx, f.out, passphrase, secret); err != nil {
		return errors.Join(err, os.Remove(f.out))
	}
	if err := createFile(pubFile, publicBytes, 0o644); err != nil {
		// A secret key without its public one is of no use to anybody.
		return fmt.Errorf("write public key: %w", errors.Join(err, os.Remove(f.out)))
	}
	if f.unencrypted {
		a.note("%s is not encrypted: whoever can read it can sign as you", f.out)
	}
	a.printf("key id      %s\nsecret key  %s\npublic key  %s\n", parsed.ID, f.out, pubFile)
	return nil
}

// keygenFrom writes the public half of a key that is there.
func (a *app) keygenFrom(ctx context.Context, f keygenFlags) error {
	key, err := a.openKey(ctx, f.from, f.passphrase)
	if err != nil {
		return err
	}
	defer key.Close()
	b, err := keyfile.MarshalPublic(key.Key(f.use))
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	if err := createFile(f.out+".pub", b, 0o644); err != nil {
		return fmt.Errorf("write public key: %w", err)
	}
	a.printf("key id      %s\nsecret key  %s\npublic key  %s\n", key.Public().ID, f.from, f.out+".pub")
	return nil
}

// readBack wants a key file that was just written to hold the key.
func readBack(ctx context.Context, path, passphrase string, want keyfile.Secret) error {
	got, err := signer.ReadFile(ctx, path, signer.Options{Ask: func(context.Context, signer.Secret) (string, error) { return passphrase, nil }})
	if err == nil && !got.Equal(want) {
		err = errors.New("it holds another key")
	}
	if err != nil {
		return fmt.Errorf("read back what was written: %w", err)
	}
	return nil
}
