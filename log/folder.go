package log

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Lister is a source that can also say what it has: a directory and an archive
// of one can, an address can't.
type Lister interface {
	Source
	// OpenFolder opens a folder by its path, which is like that of a file.
	// Errors name it, and match ErrNotFound if there is none.
	OpenFolder(path string) (*Folder, error)
}

// A Folder is an open folder of a log's directory: see [Lister]. It is for
// going through all files of one, and reads many files of it faster than
// [Source.Get] does. It is safe for concurrent use until it is closed.
type Folder struct {
	src  Source
	path string
	from folder
}

// A folder does what Folder does, without the names in the errors.
type folder interface {
	read(ctx context.Context, name string, limit int64, buf []byte) ([]byte, error)
	all(yield func(string, error) bool)
	isFolder(name string) bool
	close() error
}

// dirFolder is a folder of a directory.
type dirFolder struct {
	src  dirSource
	path string
	root *os.Root
	dir  *os.File // the same
}

// listed is how many names of a folder are read at the same time.
const listed = 1024

func (s dirSource) OpenFolder(path string) (*Folder, error) {
	f, err := s.openFolder(path)
	if err != nil {
		return nil, fmt.Errorf("open %s in %s: %w", path, s.dir, err)
	}
	return f, nil
}

func (s dirSource) openFolder(path string) (*Folder, error) {
	if err := checkGet(path, 1); err != nil {
		return nil, err
	}
	top, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, notFound(err)
	}
	defer top.Close()
	// OpenRoot alone would say of a file only that it is not a folder, in the
	// words of the system.
	info, err := top.Stat(path)
	if err != nil {
		return nil, notFound(linkError(top, path, err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("not a folder: %w", ErrNotFound)
	}
	root, err := top.OpenRoot(path)
	if err != nil {
		return nil, notFound(err)
	}
	dir, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, notFound(err)
	}
	return &Folder{s, path, dirFolder{s, path, root, dir}}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.from.close() }

// Read returns the whole of one of the folder's files, as [Source.Get] does for
// the folder's path and that name. It is in buf if that has room for it and a byte
// more.
func (f *Folder) Read(ctx context.Context, name string, limit int64, buf []byte) ([]byte, error) {
	b, err := f.read(ctx, name, limit, buf)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s in %s: %w", f.path, name, f.src, err)
	}
	return b, nil
}

func (f *Folder) read(ctx context.Context, name string, limit int64, buf []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkGet(name, limit); err != nil {
		return nil, err
	}
	return f.from.read(ctx, name, limit, buf)
}

// All yields the names of what is in the folder, in no order, itself and its parent
// left out. It holds a bounded part of the names, however many there are. An error
// is the last that it yields. One goroutine at a time may list a folder.
func (f *Folder) All() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f.from.all(func(name string, err error) bool {
			if err != nil {
				err = fmt.Errorf("list %s in %s: %w", f.path, f.src, err)
			}
			return yield(name, err)
		})
	}
}

// IsFolder reports whether what has that name in the folder is one itself: a link to
// one is not.
func (f *Folder) IsFolder(name string) bool { return f.from.isFolder(name) }

func (f dirFolder) close() error {
	return errors.Join(f.dir.Close(), f.root.Close())
}

func (f dirFolder) read(ctx context.Context, name string, limit int64, buf []byte) ([]byte, error) {
	if b := readSmall(f.dir, name, limit, buf); b != nil {
		return b, nil
	}
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, notFound(err)
	}
	if !info.Mode().IsRegular() {
		// A link may lead to another folder of the same directory.
		return f.src.get(ctx, f.path+"/"+name, limit, buf)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", info.Size(), limit, ErrTooLarge)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, notFound(err)
	}
	defer file.Close()
	return readAll(file, limit, info.Size(), buf)
}

func (f dirFolder) all(yield func(string, error) bool) {
	if _, err := f.dir.Seek(0, io.SeekStart); err != nil {
		yield("", err)
		return
	}
	for {
		names, err := f.dir.Readdirnames(listed)
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			yield("", err)
			return
		}
	}
}

func (f dirFolder) isFolder(name string) bool {
	info, err := f.root.Lstat(name)
	return err == nil && info.IsDir()
}
