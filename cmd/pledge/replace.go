//go:build !windows

package main

import (
	"io/fs"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// replaceFile writes a file that is there whole or not at all, whatever
// happens. What it writes first stands beside it, in no other folder.
func replaceFile(path string, b []byte, perm fs.FileMode) error {
	return renameio.WriteFile(path, b, perm, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(perm))
}
