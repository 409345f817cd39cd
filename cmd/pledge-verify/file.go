package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pledgelog/pledgelog/log"
)

// readPolicy reads the file that says whom to trust.
func readPolicy(file string) (*log.Policy, error) {
	const from = "it holds the log's key; get it from somewhere other than the log"
	if file == "" {
		return nil, usageError("name one with --policy: "+from, "no policy file")
	}
	b, err := readInput("policy", file, log.MaxPolicySize, "see --policy: "+from)
	if err != nil {
		return nil, err
	}
	p, err := log.ParsePolicy(b)
	if err != nil {
		return nil, usageError("see c2sp.org/tlog-policy for the format", "%s: %w", file, err)
	}
	return p, nil
}

// readInput reads a file that was named on the command line, of at most limit
// bytes. That it cannot be read is a failure of usage; missing is the hint for one
// that is not there.
func readInput(what, name string, limit int64, missing string) ([]byte, error) {
	b, err := readFile(name, limit)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, usageError(missing, "read %s: %w", what, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, usageError("run this as somebody who may read it", "read %s: %w", what, err)
	}
	return nil, usageError("see whether the name is that of the right file", "read %s: %w", what, err)
}

func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is over %d bytes", name, limit)
	}
	return b, err
}
