package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/log"
)

// The secret key of a cosigner is a file of one line, in the form that package note
// of golang.org/x/mod/sumdb has for private keys:
//
//	PRIVATE+KEY+<name>+<key id, 8 hex digits>+<base64 of the type and the seed>
//
// The type is 0x04 for Ed25519 and 0x06 for ML-DSA-44; either seed has 32 bytes.

const (
	secretPrefix = "PRIVATE+KEY+"
	maxKeyFile   = 4 << 10
	seedSize     = 32
)

// newCosigner makes a cosigner of a type.
func newCosigner(name string, typ byte, seed []byte) (*log.Cosigner, error) {
	switch typ {
	case log.TypeCosignature:
		return log.NewCosigner(name, seed)
	case log.TypeMLDSA44:
		return log.NewMLDSACosigner(name, seed)
	}
	return nil, errors.New("it is not the secret of an Ed25519 or ML-DSA-44 cosignature key")
}

// marshalCosigner writes what parseCosigner reads.
func marshalCosigner(c *log.Cosigner, seed []byte) []byte {
	k := c.Key()
	raw := append([]byte{k.Type}, seed...)
	return fmt.Appendf(nil, "%s%s+%08x+%s\n", secretPrefix, k.Name, k.ID, base64.StdEncoding.EncodeToString(raw))
}

// parseCosigner reads a secret key file, exactly. Its errors quote nothing of it.
func parseCosigner(b []byte) (*log.Cosigner, error) {
	rest, ok := strings.CutPrefix(string(b), secretPrefix)
	// Base64 has plus signs too: only the first two separate.
	parts := strings.SplitN(strings.TrimSuffix(rest, "\n"), "+", 3)
	if !ok || len(parts) != 3 {
		return nil, errors.New("it is not one line of the form PRIVATE+KEY+name+id+key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+seedSize {
		return nil, errors.New("it is not the secret of an Ed25519 or ML-DSA-44 cosignature key")
	}
	c, err := newCosigner(parts[0], raw[0], raw[1:])
	if err != nil {
		return nil, err
	}
	if string(marshalCosigner(c, raw[1:])) != string(b) {
		return nil, errors.New("its key id is not that of its name and key, or it is written in another way than `pledge-witness keygen` does")
	}
	return c, nil
}

// readCosigner reads a secret key file that nobody else may read.
func readCosigner(path string) (*log.Cosigner, *configfile.Problem) {
	b, err := commandline.ReadFile(path, maxKeyFile)
	if err != nil {
		return nil, &configfile.Problem{Text: fmt.Sprintf("read key: %v", plainError(err)), Hint: "make it with `pledge-witness keygen`, or mend the path"}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, &configfile.Problem{Text: fmt.Sprintf("others on this machine may read or change %s", path), Hint: "chmod 600 " + path}
	}
	c, err := parseCosigner(b)
	if err != nil {
		return nil, &configfile.Problem{Text: fmt.Sprintf("read key %s: %v", path, err), Hint: "give a file that `pledge-witness keygen` wrote"}
	}
	return c, nil
}
