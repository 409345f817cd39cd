package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/keyfile"
)

// maxOperatorFile is the largest file of operator keys, in bytes.
const maxOperatorFile = 4 * keyfile.MaxSize

// readOperator reads the operator's statement keys from a file that nobody else may
// read: one key, or several one after the other.
func readOperator(path string) ([]intake.OperatorKey, *configfile.Problem) {
	b, failed := commandline.ReadPrivate(path, maxOperatorFile, "give the path of operator.key, as `pledgelog keygen` wrote it")
	if failed != nil {
		return nil, &configfile.Problem{Text: failed.Error(), Hint: failed.Hint}
	}
	secrets, err := keyfile.ParseAll(b)
	if err != nil {
		return nil, &configfile.Problem{Text: fmt.Sprintf("read key %s: %v", path, err), Hint: "give the file operator.key that `pledgelog keygen` wrote, not the .pub file beside it; several keys stand in one file, one after the other"}
	}
	var keys []intake.OperatorKey
	for _, secret := range secrets {
		public, err := keyfile.PublicOf(secret, entry.UseStatement)
		var parsed *entry.PublicKey
		if err == nil {
			parsed, err = public.Parse()
		}
		if err != nil {
			return nil, &configfile.Problem{Text: fmt.Sprintf("read key %s: %v", path, err), Hint: "make a new key, and have the secretariat amend the charter"}
		}
		keys = append(keys, intake.OperatorKey{ID: parsed.ID, Sign: func(pae []byte) ([]byte, error) { return keyfile.Sign(secret, pae) }})
	}
	return keys, nil
}
