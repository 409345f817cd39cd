//go:build !windows

// Package atomicfile writes files that are there whole or not at all, on every
// system that the tools of signers and auditors run on. Servers, which run on
// Linux alone, use renameio itself.
package atomicfile

import (
	"io/fs"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write writes a file that is there whole or not at all, whatever happens. What it
// writes first stands beside it, in no other folder.
func Write(path string, b []byte, perm fs.FileMode) error {
	return renameio.WriteFile(path, b, perm, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(perm))
}
