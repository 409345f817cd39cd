package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// unnamed writes a file that has no name until it is whole. Its error is
// errors.ErrUnsupported where that can't be done.
func unnamed(path string, b []byte, perm fs.FileMode) error {
	fd, err := unix.Open(filepath.Dir(path), unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, uint32(perm.Perm()))
	if err != nil {
		return errors.ErrUnsupported // with a name it is seen whether there is more in the way
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	if err := fill(f, b); err != nil {
		return err
	}
	err = unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	if errors.Is(err, fs.ErrExist) {
		return &fs.PathError{Op: "create", Path: path, Err: err}
	}
	if err != nil {
		return errors.ErrUnsupported
	}
	return reached("named")
}

// renameNew renames a file, unless there is one with the new name.
func renameNew(temp, path string) error {
	if err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE); err != nil {
		return &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return nil
}
