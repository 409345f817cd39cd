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
)

func (a *app) keygenCommand() *cobra.Command {
	var out, use, alg string
	var unencrypted bool
	cmd := &cobra.Command{
		Use:   "keygen --out FILE --unencrypted",
		Short: "make a signing key",
		Long: `keygen makes a key. FILE gets the secret key (PKCS#8 in PEM, mode 0600),
FILE.pub the public one, which goes to the secretariat for admission or into a
charter. Neither file may be there already.

Algorithms are ed25519, ecdsa-p256-sha256 (for hardware that knows no other) and
ml-dsa-44 (made to last when quantum computers come; a signature has 2,420
bytes). The keys of one author may be mixed.

A key of use statement signs everything but slots; one of use slot signs slots
alone, so that a machine that does so by itself can state nothing else.

This version cannot encrypt the secret key: --unencrypted says that you know.
Whoever can read FILE can sign as you.`,
		Example: `  pledge keygen --out acme-1.key --unencrypted
  pledge keygen --out acme-2.key --algorithm ml-dsa-44 --unencrypted
  pledge keygen --out acme-slot.key --use slot --unencrypted`,
		Args: commandline.NoArguments,
		RunE: do(func(_ context.Context, _ []string) error {
			switch {
			case out == "":
				return commandline.Usagef("for example: pledge keygen --out acme-1.key --unencrypted", "--out is missing")
			case use != entry.UseStatement && use != entry.UseSlot:
				return commandline.Usagef("write --use statement, for statements, which is the default, or --use slot, for slots", "--use is %q, not statement or slot", use)
			case !slices.Contains(algorithms, alg):
				return commandline.Usagef(cmp.Or(didYouMean(alg, algorithms), "the algorithms are "+strings.Join(algorithms, ", ")), "--algorithm is %q", alg)
			case !unencrypted:
				return commandline.Usagef("keys with a passphrase come with a later version; add --unencrypted and keep the file where only you can read it", "this version writes keys that are not encrypted, and --unencrypted is not given")
			}
			return a.keygen(out, use, alg)
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the secret key; the public one goes to FILE.pub")
	cmd.Flags().StringVar(&use, "use", entry.UseStatement, "what the key signs: `statement` or slot")
	cmd.Flags().StringVar(&alg, "algorithm", entry.AlgEd25519, "`NAME`: "+strings.Join(algorithms, ", "))
	cmd.Flags().BoolVar(&unencrypted, "unencrypted", false, "write the secret key without a passphrase")
	return cmd
}

var algorithms = []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44}

func (a *app) keygen(out, use, alg string) error {
	pubFile := out + ".pub"
	if exists(pubFile) {
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", pubFile), "choose another name with --out, or move the file away")
	}
	secret, err := keyfile.New(alg)
	if err != nil {
		return err
	}
	public, err := keyfile.PublicOf(secret, use)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	parsed, err := public.Parse()
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	secretBytes, err := keyfile.Marshal(secret)
	if err != nil {
		return err
	}
	publicBytes, err := keyfile.MarshalPublic(public)
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	if err := createFile(out, secretBytes, 0o600); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := createFile(pubFile, publicBytes, 0o644); err != nil {
		// A secret key without its public one is of no use to anybody.
		return fmt.Errorf("write public key: %w", errors.Join(err, os.Remove(out)))
	}
	a.note("%s is not encrypted: whoever can read it can sign as you", out)
	a.printf("key id      %s\nsecret key  %s\npublic key  %s\n", parsed.ID, out, pubFile)
	return nil
}
