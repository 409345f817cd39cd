//go:build !windows

package monitor

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// lockFolder takes a file that one process can have at a time. It ends with the
// process.
func lockFolder(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrRuns
		}
		return nil, err
	}
	return f, nil
}
