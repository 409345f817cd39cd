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

// Write writes a file, or replaces one, whole or not at all, whatever happens. What it
// writes first stands beside it, in no other folder.
func Write(path string, b []byte, perm fs.FileMode) error {
	f, err := Create(path, perm)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if err := write(f, b); err != nil {
		return err
	}
	return f.Commit()
}

// A File is one that is being written. It stands beside the place that it is to
// have, with a name that begins with a dot, until Commit.
type File struct {
	f    *renameio.PendingFile
	path string
}

// Create begins to write a file.
func Create(path string, perm fs.FileMode) (*File, error) {
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(perm))
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Write is that of an io.Writer.
func (f *File) Write(b []byte) (int, error) { return f.f.Write(b) }

// Commit puts the file in its place, whole and safe from a crash of the machine.
func (f *File) Commit() error {
	if err := f.f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(f.path))
}

// Abandon drops what was written, unless it was committed.
func (f *File) Abandon() error { return f.f.Cleanup() }
