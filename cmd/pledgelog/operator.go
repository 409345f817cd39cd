package main

import (
	"fmt"
	"os"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/keyfile"
)

// maxOperatorFile is the largest file of operator keys, in bytes.
const maxOperatorFile = 4 * keyfile.MaxSize

// readOperator reads the operator's statement keys from a file that nobody else may
// read: one key, or several one after the other.
func readOperator(path string) ([]intake.OperatorKey, *problem) {
	b, err := readFile(path, maxOperatorFile)
	if err != nil {
		return nil, &problem{text: fmt.Sprintf("read key: %v", plainError(err)), hint: "give the path of operator.key, as `pledgelog keygen` wrote it"}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, &problem{text: fmt.Sprintf("others on this machine may read or change %s", path), hint: "chmod 600 " + path}
	}
	secrets, err := keyfile.ParseAll(b)
	if err != nil {
		return nil, &problem{text: fmt.Sprintf("read key %s: %v", path, err), hint: "give the file operator.key that `pledgelog keygen` wrote, not the .pub file beside it; several keys stand in one file, one after the other"}
	}
	var keys []intake.OperatorKey
	for _, secret := range secrets {
		public, err := keyfile.PublicOf(secret, entry.UseStatement)
		var parsed *entry.PublicKey
		if err == nil {
			parsed, err = public.Parse()
		}
		if err != nil {
			return nil, &problem{text: fmt.Sprintf("read key %s: %v", path, err), hint: "make a new key, and have the secretariat amend the charter"}
		}
		keys = append(keys, intake.OperatorKey{ID: parsed.ID, Sign: func(pae []byte) ([]byte, error) { return keyfile.Sign(secret, pae) }})
	}
	return keys, nil
}
