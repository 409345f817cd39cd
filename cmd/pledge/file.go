package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readInput reads a file that somebody named, of at most limit bytes. That it
// cannot be read is a failure of usage; missing is the hint for one that is not
// there.
func readInput(what, path string, limit int64, missing string) ([]byte, error) {
	b, err := readFile(path, limit)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage(missing, "read %s: %w", what, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, usage("run this as somebody who may read it", "read %s: %w", what, err)
	}
	return nil, usage("see whether the name is that of the right file", "read %s: %w", what, err)
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return b, nil
}

// createFile writes a file that is not there yet. It never writes to another
// name first, as what it writes may be secret, and it removes what it could not
// finish.
func createFile(path string, b []byte, perm fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if errors.Is(err, fs.ErrExist) {
		return refusal(fmt.Errorf("%s is there already and is not overwritten", path), "choose another name with --out, or move the file away")
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return usage("choose with --out a folder that is there and that you may write", "%w", err)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}
