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
	"github.com/pledgelog/pledgelog/log"
)

// algorithms are those of cosignatures, by the names that the project has for them.
var algorithms = map[string]byte{"ed25519": log.TypeCosignature, "ml-dsa-44": log.TypeMLDSA44}

func (a *app) keygenCommand() *cobra.Command {
	var name, out, algorithm string
	cmd := &cobra.Command{
		Use:   "keygen --name NAME --out FILE",
		Short: "make a key of a witness",
		Long: `keygen writes a secret key that cosigns into a file, and prints its vkey: what logs
and their readers put into their policies. The file is not encrypted (mode 0600) and
never written over another.

ML-DSA-44 is what c2sp.org/tlog-cosignature asks of new witnesses. Logs and readers
that do not know it need an Ed25519 key: a witness may have one of each, under one
name, and cosigns with both.`,
		Example: `  pledge-witness keygen --name witness.example/w1 --out keys/w1.key
  pledge-witness keygen --name witness.example/w1 --algorithm ed25519 --out keys/w1-ed25519.key >> vkeys`,
		Args: commandline.NoArguments,
		RunE: do(func(context.Context, []string) error {
			if name == "" || out == "" {
				return commandline.Usagef("for example: pledge-witness keygen --name witness.example/w1 --out keys/w1.key", "--name or --out is missing")
			}
			if err := checkName(name); err != nil {
				return commandline.Usagef("a witness's name is an address without https://, such as witness.example/w1", "--name: %w", err)
			}
			typ, ok := algorithms[algorithm]
			if !ok {
				return commandline.Usagef("choose ml-dsa-44 or ed25519", "--algorithm: there is no algorithm %q", algorithm)
			}
			return a.keygen(name, typ, out)
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "the witness's `NAME`: an address without https://")
	cmd.Flags().StringVar(&out, "out", "", "the `FILE` for the secret key; its folder is made if need be")
	cmd.Flags().StringVar(&algorithm, "algorithm", "ml-dsa-44", "ml-dsa-44 or ed25519")
	return cmd
}

// checkName wants a schema-less address: a host, and a path without a slash at its
// end.
func checkName(s string) error {
	host, path, hasPath := strings.Cut(s, "/")
	switch {
	case strings.Contains(s, "://"):
		return fmt.Errorf("%q has a scheme", s)
	case host == "" || hasPath && (path == "" || strings.HasSuffix(path, "/") || strings.Contains(s, "//")):
		return fmt.Errorf("%q is not an address", s)
	case strings.ContainsAny(s, "+ \t\r\n?#%@\\\"") || s != strings.ToLower(s) || len(s) > 200:
		return fmt.Errorf("%q has characters that a witness's name may not have", s)
	}
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%q has characters that a witness's name may not have", s)
		}
	}
	return nil
}

func (a *app) keygen(name string, typ byte, path string) error {
	secret := log.NewSecret(name, typ)
	b, err := secret.Marshal()
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	key, err := secret.Key()
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return commandline.Usagef("choose with --out a folder that you may make and write", "make folder for key: %w", commandline.PlainError(err))
	}
	err = atomicfile.New(path, b, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return commandline.Refusedf("choose another file with --out, or move the file away", "%s is there already and is not overwritten", path)
	case err != nil:
		return commandline.Usagef("choose with --out a file that you may write", "write key: %w", commandline.PlainError(err))
	}
	a.Note("the secret key is not encrypted: whoever can read it can cosign as the witness")
	a.Printf("%s\n", key)
	return nil
}
