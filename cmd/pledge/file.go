package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
)

// createFile writes a file that is not there yet, which --out may name: whole or not at
// all.
func createFile(path string, b []byte, perm fs.FileMode) error {
	err := atomicfile.New(path, b, perm)
	switch {
	case errors.Is(err, fs.ErrExist):
		hint := "choose another name with --out, or move the file away"
		if info, e := os.Lstat(path); e == nil && info.Size() == 0 {
			hint = "it is empty: if nothing else made it, it was left by a run that was killed, and can be removed"
		}
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", path), hint)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return commandline.Usagef("choose with --out a folder that is there and that you may write", "%w", err)
	}
	return err
}
