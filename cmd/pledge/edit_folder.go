package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pledgelog/pledgelog/commandline"
)

// editPrefix begins the names of folders in which something is edited.
const editPrefix = "pledge-edit-"

// An editFolder is where something is being written. Where a system has locks, it is held
// by this run and by the editor, so that another run can tell it from one that was left.
type editFolder struct {
	dir  string
	lock *os.File // nil where there are no locks
}

// held are the files that the editor holds the folder with.
func (f *editFolder) held() []*os.File {
	if f.lock == nil {
		return nil
	}
	return []*os.File{f.lock}
}

// remove removes the folder with all that is in it.
func (f *editFolder) remove() error {
	err := removeAll(f.dir)
	if f.lock != nil {
		f.lock.Close()
	}
	return err
}

// removeAll removes a folder, whatever an editor made of the ones in it.
func removeAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// openEditFolder makes a private folder in one that is in memory, or, where there is no such place and it
// is allowed, on the disk. It removes those of runs that were killed.
func (a *app) openEditFolder(memory []string, onDisk bool) (*editFolder, error) {
	disk := os.TempDir()
	for _, base := range append(memory, disk) {
		removeLeft(base)
	}
	for _, base := range memory {
		if f, err := newEditFolder(base); err == nil {
			return f, nil
		}
	}
	if !onDisk {
		return nil, commandline.Refused(errors.New("there is no folder in memory for what you write"),
			"set XDG_RUNTIME_DIR to one, or add --edit-on-disk: then it is on the disk while you edit it, and may be found there after it was removed")
	}
	f, err := newEditFolder(disk)
	if err != nil {
		return nil, commandline.Usagef("see TMPDIR", "make a folder for what you write: %w", err)
	}
	a.note("what you write lies on the disk, in %s, while you edit it: it is removed afterwards, and who examines the disk may find it all the same", f.dir)
	return f, nil
}

// newEditFolder makes a folder that nobody else can read.
func newEditFolder(base string) (*editFolder, error) {
	var err error
	for range 3 {
		var dir string
		if dir, err = os.MkdirTemp(base, editPrefix); err != nil { // mode 0700
			return nil, err
		}
		if !foldersHold {
			return &editFolder{dir: dir}, nil
		}
		lock, ok := holdFolder(dir)
		if ok {
			return &editFolder{dir, lock}, nil
		}
		os.RemoveAll(dir) // another run took it for one that was left
		err = fmt.Errorf("%s is held by another", dir)
	}
	return nil, err
}

// removeLeft removes folders of runs that were killed, where it can be told that they
// were.
func removeLeft(base string) {
	if !foldersHold {
		return
	}
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		if left, _ := filepath.Match(editPrefix+"*", e.Name()); !left || !e.IsDir() {
			continue
		}
		dir := filepath.Join(base, e.Name())
		if lock, ok := holdFolder(dir); ok {
			removeAll(dir)
			lock.Close()
		}
	}
}
