package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
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
	"github.com/pledgelog/pledgelog/log"
)

func (a *app) keygenCommand() *cobra.Command {
	var origin, out string
	var mldsa bool
	cmd := &cobra.Command{
		Use:   "keygen --origin ORIGIN --out DIR",
		Short: "make the keys of a log",
		Long: `keygen makes the two keys that the operator of a log has, in a folder:

  checkpoint.key    secret: signs checkpoints; serve reads it
  checkpoint.pub    its vkey, which goes into policies and into the charter
  operator.key      secret: signs the operator's own statements
  operator.key.pub  its public key, which goes into the charter

With --mldsa it makes a second checkpoint key instead, of ML-DSA-44, which signs
beside the first, for readers who will doubt Ed25519 one day:

  checkpoint-mldsa.key  secret: checkpoint_key_mldsa of the configuration
  checkpoint-mldsa.pub  its vkey, which goes into policies and into the charter

Nothing is overwritten. The secret files are not encrypted (mode 0600): whoever
can read checkpoint.key can sign checkpoints of the log.`,
		Example: `  pledgelog keygen --origin log.accord.example/2026 --out keys`,
		Args:    commandline.NoArguments,
		RunE: do(func(context.Context) error {
			if origin == "" || out == "" {
				return commandline.Usagef("for example: pledgelog keygen --origin log.accord.example/2026 --out keys", "--origin or --out is missing")
			}
			if err := checkOrigin(origin); err != nil {
				return commandline.Usagef("an origin is the log's address without https://, such as log.accord.example/2026", "--origin: %w", err)
			}
			return a.keygen(origin, out, mldsa)
		}),
	}
	cmd.Flags().StringVar(&origin, "origin", "", "the log's `NAME`: its address without https://")
	cmd.Flags().BoolVar(&mldsa, "mldsa", false, "make a further checkpoint key of ML-DSA-44")
	cmd.Flags().StringVar(&out, "out", "", "the `DIR`ectory for the keys; it is made if need be")
	return cmd
}

// checkOrigin wants a schema-less address: a host, and a path without a slash at
// its end.
func checkOrigin(s string) error {
	host, path, hasPath := strings.Cut(s, "/")
	switch {
	case strings.Contains(s, "://"):
		return fmt.Errorf("%q has a scheme", s)
	case host == "" || hasPath && (path == "" || strings.HasSuffix(path, "/") || strings.Contains(s, "//")):
		return fmt.Errorf("%q is not an address", s)
	case strings.ContainsAny(s, "+ \t\r\n?#%@\\\"") || s != strings.ToLower(s) || len(s) > 200:
		return fmt.Errorf("%q has characters that a log's name may not have", s)
	}
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%q has characters that a log's name may not have", s)
		}
	}
	return nil
}

// A keyFile is one of the files that keygen writes.
type keyFile struct {
	name string
	perm fs.FileMode
	b    []byte
}

func (a *app) keygen(origin, dir string, mldsa bool) error {
	files, err := newKeys(origin)
	if mldsa {
		files, err = newFurtherKey(origin)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return commandline.Usagef("choose with --out a folder that you may make and write", "make folder for keys: %w", commandline.PlainError(err))
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return commandline.Refusedf("choose another folder with --out, or move the file away", "%s is there already and is not overwritten", path)
		}
	}
	for i, f := range files {
		if err := atomicfile.New(filepath.Join(dir, f.name), f.b, f.perm); err != nil {
			// Half a set of keys is of no use to anybody.
			for _, done := range files[:i] {
				os.Remove(filepath.Join(dir, done.name))
			}
			return fmt.Errorf("write key: %w", commandline.PlainError(err))
		}
	}
	a.Note("the secret keys are not encrypted: whoever can read them can sign as the log")
	for _, f := range files {
		if strings.HasPrefix(f.name, "checkpoint") && strings.HasSuffix(f.name, ".pub") {
			a.Printf("%s", f.b)
		}
	}
	return nil
}

// newFurtherKey makes a checkpoint key of ML-DSA-44.
func newFurtherKey(origin string) ([]keyFile, error) {
	return newCheckpointKey("checkpoint-mldsa", origin, log.TypeMLDSA44)
}

// newCheckpointKey makes a checkpoint key and the files of its halves.
func newCheckpointKey(name, origin string, typ byte) ([]keyFile, error) {
	secret := log.NewSecret(origin, typ)
	b, err := secret.Marshal()
	if err != nil {
		return nil, fmt.Errorf("make checkpoint key: %w", err)
	}
	key, err := secret.Key()
	if err != nil {
		return nil, fmt.Errorf("make checkpoint key: %w", err)
	}
	return []keyFile{{name + ".key", 0o600, b}, {name + ".pub", 0o644, []byte(key.String() + "\n")}}, nil
}

func newKeys(origin string) ([]keyFile, error) {
	files, err := newCheckpointKey("checkpoint", origin, log.TypeEd25519)
	if err != nil {
		return nil, err
	}
	pub, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make operator key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return nil, fmt.Errorf("encode operator key: %w", err)
	}
	line, err := entry.Marshal(entry.NewKey(pub, entry.UseStatement))
	if err != nil {
		return nil, fmt.Errorf("encode operator key: %w", err)
	}
	return append(files,
		keyFile{"operator.key", 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})},
		keyFile{"operator.key.pub", 0o644, append(line, '\n')}), nil
}
