package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

// A key of keygen is two files, as package keyfile has them: FILE with the secret key,
// and FILE.pub with the public one.

func readPublic(path string) (entry.Key, error) {
	b, err := commandline.ReadInput("public key", path, keyfile.MaxSize, "name the .pub file that `pledge keygen` wrote; names in a YAML file start from its folder")
	if err != nil {
		return entry.Key{}, err
	}
	key, err := keyfile.ParsePublic(b)
	if err != nil {
		return entry.Key{}, commandline.Usagef("name the .pub file that `pledge keygen` wrote", "read public key %s: %w", path, err)
	}
	return key, nil
}

// exists reports whether something is at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
