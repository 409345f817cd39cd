package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

func (a *app) keygenCommand() *cobra.Command {
	var out, use string
	var unencrypted bool
	cmd := &cobra.Command{
		Use:   "keygen --out FILE --unencrypted",
		Short: "make a signing key",
		Long: `keygen makes an Ed25519 key. FILE gets the secret key (PKCS#8 in PEM, mode
0600), FILE.pub the public one, which goes to the secretariat for admission or
into a charter. Neither file may be there already.

This version cannot encrypt the secret key: --unencrypted says that you know.
Whoever can read FILE can sign as you.`,
		Example: `  pledge keygen --out acme-1.key --unencrypted
  pledge keygen --out acme-slot.key --use slot --unencrypted`,
		Args: commandline.NoArguments,
		RunE: do(func(_ context.Context, _ []string) error {
			switch {
			case out == "":
				return commandline.Usagef("for example: pledge keygen --out acme-1.key --unencrypted", "--out is missing")
			case use != entry.UseStatement && use != entry.UseSlot:
				return commandline.Usagef("write --use statement, for statements, which is the default, or --use slot, for slots", "--use is %q, not statement or slot", use)
			case !unencrypted:
				return commandline.Usagef("keys with a passphrase come with a later version; add --unencrypted and keep the file where only you can read it", "this version writes keys that are not encrypted, and --unencrypted is not given")
			}
			return a.keygen(out, use)
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the secret key; the public one goes to FILE.pub")
	cmd.Flags().StringVar(&use, "use", entry.UseStatement, "what the key signs: `statement` or slot")
	cmd.Flags().BoolVar(&unencrypted, "unencrypted", false, "write the secret key without a passphrase")
	return cmd
}

func (a *app) keygen(out, use string) error {
	public := out + ".pub"
	if exists(public) {
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", public), "choose another name with --out, or move the file away")
	}
	pub, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	secretBytes, err := marshalSecret(secret)
	if err != nil {
		return err
	}
	publicBytes, err := marshalPublic(entry.NewKey(pub, use))
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	if err := createFile(out, secretBytes, 0o600); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := createFile(public, publicBytes, 0o644); err != nil {
		// A secret key without its public one is of no use to anybody.
		return fmt.Errorf("write public key: %w", errors.Join(err, os.Remove(out)))
	}
	a.note("%s is not encrypted: whoever can read it can sign as you", out)
	a.printf("key id      %s\nsecret key  %s\npublic key  %s\n", entry.KeyIDOf(pub), out, public)
	return nil
}
