package mirror

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushAll has what was written to the file system of dir on its disk.
func flushAll(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}
