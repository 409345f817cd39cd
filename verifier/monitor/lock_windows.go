package monitor

import (
	"io"
	"os"
)

// lockFolder takes a file that one process can have at a time: on Windows a file that
// is open can't be removed.
func lockFolder(path string) (io.Closer, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, ErrRuns
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
