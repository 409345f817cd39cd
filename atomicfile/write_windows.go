package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a file that is there whole or not at all. What it writes first
// stands beside it, in no other folder. Permissions are the folder's.
func Write(path string, b []byte, _ fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
