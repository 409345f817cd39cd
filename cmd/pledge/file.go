package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pledgelog/pledgelog/atomicfile"
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

// createWhole writes a file that is not there yet, for its owner only, whole or not
// at all, durably. Its error is fs.ErrExist for a file that is there, whoever wrote it
// and however shortly before.
func createWhole(path string, b []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return atomicfile.SyncDir(dir)
}
