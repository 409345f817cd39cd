package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/pledgelog/pledgelog/commandline"
)

// createFile writes a file that is not there yet, which --out may name.
func createFile(path string, b []byte, perm fs.FileMode) error {
	err := commandline.CreateFile(path, b, perm)
	switch {
	case errors.Is(err, fs.ErrExist):
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", path), "choose another name with --out, or move the file away")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return commandline.Usagef("choose with --out a folder that is there and that you may write", "%w", err)
	}
	return err
}
