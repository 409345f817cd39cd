package atomicfile

import (
	"errors"
	"io/fs"
	"syscall"
)

// unnamed: every file has a name here.
func unnamed(string, []byte, fs.FileMode) error { return errors.ErrUnsupported }

// renameNew renames a file, unless there is one with the new name.
func renameNew(temp, path string) error {
	from, err := syscall.UTF16PtrFromString(temp)
	if err != nil {
		return err
	}
	to, err := syscall.UTF16PtrFromString(path)
	if err == nil {
		err = syscall.MoveFile(from, to)
	}
	if err != nil {
		return &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return nil
}
