package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a file, or replaces one, whole or not at all. What it writes first
// stands beside it, in no other folder. Permissions are the folder's.
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
	f    *os.File
	path string
	done bool
}

// Create begins to write a file.
func Create(path string, _ fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
	if err != nil {
		return nil, err
	}
	return &File{f: f, path: path}, nil
}

// Write is that of an io.Writer.
func (f *File) Write(b []byte) (int, error) { return f.f.Write(b) }

// Commit puts the file in its place, whole and safe from a crash of the machine.
func (f *File) Commit() error {
	err := f.f.Sync()
	if e := f.f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.f.Name(), f.path)
	}
	f.done = err == nil
	return err
}

// Abandon drops what was written, unless it was committed.
func (f *File) Abandon() error {
	if f.done {
		return nil
	}
	f.f.Close()
	return os.Remove(f.f.Name())
}
