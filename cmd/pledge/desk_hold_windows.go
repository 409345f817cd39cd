package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// holdDesk holds a folder for one desk, as long as the process runs, by a file in it that
// nobody else can open meanwhile, and that is gone when the process ends. Taken says that another
// desk has it.
func holdDesk(dir string) (held io.Closer, taken bool, err error) {
	name, err := syscall.UTF16PtrFromString(filepath.Join(dir, ".pledge-desk"))
	if err != nil {
		return nil, false, err
	}
	const deleteOnClose = 0x04000000 // FILE_FLAG_DELETE_ON_CLOSE
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_HIDDEN|deleteOnClose, 0)
	if err != nil {
		const sharingViolation = syscall.Errno(32)
		return nil, errors.Is(err, sharingViolation), err
	}
	return os.NewFile(uintptr(h), ".pledge-desk"), false, nil
}
