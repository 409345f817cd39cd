package atomicfile

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// New writes a file that is not there yet: whole or not at all, whatever happens, and
// safe from a crash of the machine. It never writes to a file that another made, however
// shortly before: its error is fs.ErrExist then.
//
// Where a system can do that, what is not whole has no name, and nothing is left of it
// when the process is killed. Elsewhere it stands in the same folder with a name that
// begins with ".new-", readable for whom the file is to be. It gets its place by a rename
// that replaces nothing, or by a hard link. A file system that has neither, as some on the
// network, gets an empty file first, which is replaced by the whole one: a process that
// is killed between the two leaves it empty, and never half.
func New(path string, b []byte, perm fs.FileMode) error {
	err := first(path, b, perm)
	if errors.Is(err, errors.ErrUnsupported) {
		err = named(path, b, perm)
	}
	if err != nil {
		return under(path, err)
	}
	if err := SyncDir(filepath.Dir(path)); err != nil {
		return errors.Join(err, os.Remove(path)) // it is not known to last, and what was said to have failed is not there
	}
	return reached("durable")
}

// under tells an error under the name that the file was to have.
func under(path string, err error) error {
	var link *os.LinkError
	var named *fs.PathError
	switch {
	case errors.As(err, &named):
		return &fs.PathError{Op: named.Op, Path: path, Err: named.Err}
	case errors.As(err, &link):
		return &fs.PathError{Op: link.Op, Path: path, Err: link.Err}
	}
	return err
}

// fill writes a file to the disk.
func fill(f *os.File, b []byte) error {
	err := reached("created")
	if err == nil {
		err = write(f, b)
	}
	if err == nil {
		err = reached("written")
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = reached("synced")
	}
	return err
}

// named writes a file by way of another name.
func named(path string, b []byte, perm fs.FileMode) error {
	temp := filepath.Join(filepath.Dir(path), ".new-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	err = fill(f, b)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		for _, way := range ways {
			// What is wrong, if it is not the way, the last one says.
			if err = way(temp, path); err == nil || errors.Is(err, fs.ErrExist) {
				break
			}
		}
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return reached("named")
}

// first is how a file is written where that can be done.
var first = unnamed

// ways to give a file its name without replacing another, the best first.
var ways = []func(temp, path string) error{renameNew, linkNew, reserve}

func linkNew(temp, path string) error {
	if err := os.Link(temp, path); err != nil {
		return err
	}
	// That it has two names harms nobody.
	os.Remove(temp)
	return nil
}

// reserve takes the name with an empty file first.
func reserve(temp, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(f.Close(), reached("reserved"))
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// What tests put in the place of a disk, and when they kill.
var (
	write   = func(w io.Writer, b []byte) error { _, err := w.Write(b); return err }
	reached = func(step string) error { return nil }
)
