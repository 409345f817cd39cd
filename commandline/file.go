package commandline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ReadInput reads a file that somebody named, of at most limit bytes. What is what
// the file is, for the message. That it cannot be read is a Failure of usage;
// missing is the hint for one that is not there.
func ReadInput(what, path string, limit int64, missing string) ([]byte, error) {
	b, err := ReadFile(path, limit)
	if err != nil {
		return nil, Usagef(InputHint(err, missing), "read %s: %w", what, err)
	}
	return b, nil
}

// InputHint says what can be done about a named file that ReadFile could not read;
// missing is the hint for one that is not there.
func InputHint(err error, missing string) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case errors.Is(err, fs.ErrPermission):
		return "run this as somebody who may read it"
	}
	return "see whether the name is that of the right file"
}

// ReadFile reads a file of at most limit bytes. Its error is no Failure.
func ReadFile(path string, limit int64) ([]byte, error) {
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

// PlainError leaves out the system call of a file's error. What has words around it
// keeps them, and is left as it is.
func PlainError(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return fmt.Errorf("%s: %w", filepath.Clean(pe.Path), pe.Err)
	}
	return err
}

// ReadPrivate reads the file of a secret, of at most limit bytes, that nobody else on
// this machine may read or change. Missing is what to do when there is none. The Failure
// is nil or one of usage, and quotes nothing of the file.
func ReadPrivate(path string, limit int64, missing string) ([]byte, *Failure) {
	b, err := ReadFile(path, limit)
	if err != nil {
		return nil, &Failure{ExitUsage, fmt.Errorf("read key: %w", PlainError(err)), missing}
	}
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS == "windows" { // which says this in another way
		return b, nil
	}
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, &Failure{ExitUsage, fmt.Errorf("others on this machine may read or change %s", path), "chmod 600 " + path}
	}
	return b, nil
}
