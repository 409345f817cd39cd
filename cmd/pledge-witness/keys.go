package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/log"
)

// readCosigner reads a secret key file that nobody else may read.
func readCosigner(path string) (*log.Cosigner, *configfile.Problem) {
	b, failed := commandline.ReadPrivate(path, log.MaxSecretFile, "make it with `pledge-witness keygen`, or mend the path")
	if failed != nil {
		return nil, &configfile.Problem{Text: failed.Error(), Hint: failed.Hint}
	}
	c, err := parseCosigner(b)
	if err != nil {
		return nil, &configfile.Problem{Text: fmt.Sprintf("read key %s: %v", path, err), Hint: "give a file that `pledge-witness keygen` wrote"}
	}
	return c, nil
}

func parseCosigner(b []byte) (*log.Cosigner, error) {
	s, err := log.ParseSecret(b)
	if err != nil {
		return nil, err
	}
	return s.Cosigner()
}
