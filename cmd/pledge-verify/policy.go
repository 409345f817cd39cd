package main

import (
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/log"
)

// readPolicy reads the file that says whom to trust.
func readPolicy(file string) (*log.Policy, error) {
	const from = "it holds the log's key; get it from somewhere other than the log"
	if file == "" {
		return nil, commandline.Usagef("name one with --policy: "+from, "no policy file")
	}
	b, err := commandline.ReadInput("policy", file, log.MaxPolicySize, "see --policy: "+from)
	if err != nil {
		return nil, err
	}
	p, err := log.ParsePolicy(b)
	if err != nil {
		return nil, commandline.Usagef("see c2sp.org/tlog-policy for the format", "%s: %w", file, err)
	}
	return p, nil
}
