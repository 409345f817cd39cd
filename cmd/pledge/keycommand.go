package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
	"github.com/pledgelog/pledgelog/signer"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key COMMAND",
		Short: "show a key, or give its file another passphrase",
		Example: `  pledge key show acme-1.key.pub
  pledge key passphrase acme-1.key`,
		RunE: func(*cobra.Command, []string) error {
			return commandline.Usagef("for example: pledge key show acme-1.key.pub", "key needs a command: show or passphrase")
		},
	}
	cmd.AddCommand(a.keyShowCommand(), a.keyPassphraseCommand())
	return cmd
}

func (a *app) keyShowCommand() *cobra.Command {
	var passphrase string
	cmd := &cobra.Command{
		Use:   "show FILE|REFERENCE",
		Short: "print a key's id and its public half",
		Long: `show prints the id by which statements, admissions and the log name a key, its
algorithm and its public half. FILE is a .pub file, or a secret key, of which
nothing secret is printed. What a key is used for only its .pub file says.`,
		Example: `  pledge key show acme-1.key.pub
  pledge key show acme-1.key`,
		Args: commandline.OneArgument("name a key"),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.keyShow(ctx, args[0], passphrase)
		}),
	}
	passphraseFlag(cmd, &passphrase)
	return cmd
}

func (a *app) keyShow(ctx context.Context, ref, passphrase string) error {
	var key entry.Key
	if b, err := commandline.ReadFile(ref, keyfile.MaxSize); err == nil {
		if public, err := keyfile.ParsePublic(b); err == nil {
			key = public
		} else if strings.HasSuffix(ref, ".pub") {
			return commandline.Usagef("name the .pub file that `pledge keygen` wrote", "read public key %s: %w", ref, err)
		}
	}
	use := key.Use
	if key.Alg == "" {
		s, err := a.openKey(ctx, ref, passphrase)
		if err != nil {
			return err
		}
		defer s.Close()
		key, use = s.Key(entry.UseStatement), "its .pub file says"
	}
	public, err := key.Parse()
	if err != nil {
		return err
	}
	a.printf("key id      %s\nalgorithm   %s\nuse         %s\nspki        %s\n", public.ID, key.Alg, use, key.SPKI)
	return nil
}

func (a *app) keyPassphraseCommand() *cobra.Command {
	var passphrase, next string
	cmd := &cobra.Command{
		Use:   "passphrase FILE",
		Short: "give a secret key file another passphrase",
		Long: `passphrase asks for the passphrase of FILE, and for the new one twice. A file that is
not encrypted becomes so. The new file is written beside the old one, read back, and
only then put in its place: at any moment one of the two is there, whole.

Whoever copied the old file and knows the old passphrase still has the key. If that
may be so, change the keys themselves: pledge new keys.`,
		Example: `  pledge key passphrase acme-1.key
  pledge key passphrase acme-1.key --passphrase-file old --new-passphrase-file new`,
		Args: commandline.OneArgument("name one secret key file"),
		RunE: do(func(ctx context.Context, args []string) error {
			return a.keyPassphrase(ctx, args[0], passphrase, next)
		}),
	}
	passphraseFlag(cmd, &passphrase)
	cmd.Flags().StringVar(&next, "new-passphrase-file", "", "read the new passphrase from `FILE`")
	return cmd
}

func (a *app) keyPassphrase(ctx context.Context, path, passphrase, next string) error {
	secret, err := signer.ReadFile(ctx, path, signer.Options{Ask: a.askFrom(passphrase)})
	if err != nil {
		return keyFailure(err)
	}
	given, err := a.newPassphrase(ctx, path, next, "--new-passphrase-file")
	if err != nil {
		return err
	}
	b, err := signer.Encrypt(secret, given, workFactor)
	if err != nil {
		return err
	}
	// A link would be replaced by a file, and the old one stay where it leads.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := replaceKey(ctx, path, b, given, secret); err != nil {
		return fmt.Errorf("write key: %w; %s is as it was", err, path)
	}
	a.printf("secret key  %s\n", path)
	return nil
}

// replaceKey puts a key file in the place of another once it has been read back. What is
// left when it is killed is a second file, encrypted with the new passphrase.
func replaceKey(ctx context.Context, path string, b []byte, passphrase string, secret keyfile.Secret) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = readBack(ctx, f.Name(), passphrase, secret)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if e := os.Remove(f.Name()); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}
