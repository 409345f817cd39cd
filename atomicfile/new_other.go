//go:build !linux && !windows

package atomicfile

import (
	"errors"
	"io/fs"
)

// unnamed: every file has a name here.
func unnamed(string, []byte, fs.FileMode) error { return errors.ErrUnsupported }

func renameNew(string, string) error { return errors.ErrUnsupported }
