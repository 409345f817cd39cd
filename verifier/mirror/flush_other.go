//go:build !linux

package mirror

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// flushAll has the files and folders of dir that were changed since yesterday on its
// disk.
func flushAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err != nil || !d.IsDir() && time.Since(info.ModTime()) > 24*time.Hour {
			return err
		}
		how := os.O_RDWR // which flushing wants on Windows
		if d.IsDir() {
			how = os.O_RDONLY
		}
		f, err := os.OpenFile(path, how, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := f.Sync(); err != nil && !d.IsDir() {
			return err
		}
		return nil
	})
}
