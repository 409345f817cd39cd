package main

import (
	"errors"
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/guard"
)

// maxKeyFile bounds what a key file can be, in bytes.
const maxKeyFile = log.MaxSecretFile

// parseSigner reads the file of a checkpoint key.
func parseSigner(b []byte) (*log.Signer, error) {
	s, err := log.ParseSecret(b)
	if err != nil {
		return nil, err
	}
	return s.Signer()
}

// A furtherKey is a checkpoint key that signs beside the first.
type furtherKey struct {
	conf   string // its key in the configuration
	signer guard.InnerCosigner
}

// furtherKeys are the files of further checkpoint keys that the configuration may name.
func (c *Config) furtherKeys() []furtherFile {
	return []furtherFile{
		{"checkpoint_key_mldsa", c.CheckpointKeyMLDSA, "checkpoint-mldsa", parseMLDSA},
		{"checkpoint_key_former", c.CheckpointKeyFormer, "checkpoint", parseFormer},
	}
}

// A furtherFile is one of them: its key in the configuration, its path, and the name
// that keygen gave it.
type furtherFile struct {
	conf, path, name string
	parse            func([]byte) (guard.InnerCosigner, error)
}

func parseMLDSA(b []byte) (guard.InnerCosigner, error) {
	s, err := log.ParseSecret(b)
	if err == nil && s.Type != log.TypeMLDSA44 {
		err = errors.New("it is not the secret of an ML-DSA-44 signature key")
	}
	if err != nil {
		return nil, err
	}
	return s.Cosigner()
}

func parseFormer(b []byte) (guard.InnerCosigner, error) { return parseSigner(b) }

// readSecret reads a secret key file that nobody else may read.
func readSecret[S any](path, name string, parse func([]byte) (S, error)) (s S, p *configfile.Problem) {
	var none S
	b, failed := commandline.ReadPrivate(path, maxKeyFile, "make it with `pledgelog keygen`, or mend the path")
	if failed != nil {
		return none, &configfile.Problem{Text: failed.Error(), Hint: failed.Hint}
	}
	var err error
	if s, err = parse(b); err != nil {
		return none, &configfile.Problem{Text: fmt.Sprintf("read key %s: %v", path, err), Hint: "give the file " + name + " that `pledgelog keygen` wrote"}
	}
	return s, nil
}

// readFile reads a file of at most limit bytes that somebody named. That it cannot
// be read is a failure of usage.
func readFile(path string, limit int64) ([]byte, error) {
	return readInput(path, limit, "look at how its name is spelt, and at the folder that it is in")
}

// readInput is readFile with a hint for a file that is not there.
func readInput(path string, limit int64, missing string) ([]byte, error) {
	b, err := commandline.ReadFile(path, limit)
	if err != nil {
		return nil, commandline.Usagef(commandline.InputHint(err, missing), "%w", commandline.PlainError(err))
	}
	return b, nil
}
