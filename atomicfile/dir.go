package atomicfile

import (
	"errors"
	"os"
	"runtime"
)

// SyncDir makes the names in a folder safe from a crash of the machine, where a system
// can do that.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
