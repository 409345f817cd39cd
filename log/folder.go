package log

import (
	"context"
	"fmt"
	"io"
	"io/fs"
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
	read(ctx context.Context, name string, limit int64) ([]byte, error)
	all(yield func(fs.DirEntry, error) bool)
	close() error
}

// dirFolder is a folder of a directory.
type dirFolder struct {
	src  dirSource
	path string
	root *os.Root
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
		return nil, notFound(err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("not a folder: %w", ErrNotFound)
	}
	root, err := top.OpenRoot(path)
	if err != nil {
		return nil, notFound(err)
	}
	return &Folder{s, path, dirFolder{s, path, root}}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.from.close() }

// Read returns the whole of one of the folder's files, as [Source.Get] does for
// the folder's path and that name.
func (f *Folder) Read(ctx context.Context, name string, limit int64) ([]byte, error) {
	b, err := f.read(ctx, name, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s in %s: %w", f.path, name, f.src, err)
	}
	return b, nil
}

func (f *Folder) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkGet(f.path+"/"+name, limit); err != nil {
		return nil, err
	}
	return f.from.read(ctx, name, limit)
}

// All yields what is in the folder, in no order, itself and its parent left
// out. It holds a bounded part of the names, however many there are. An error
// is the last that it yields.
func (f *Folder) All() iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) {
		f.from.all(func(e fs.DirEntry, err error) bool {
			if err != nil {
				err = fmt.Errorf("list %s in %s: %w", f.path, f.src, err)
			}
			return yield(e, err)
		})
	}
}

func (f dirFolder) close() error { return f.root.Close() }

func (f dirFolder) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, notFound(err)
	}
	if !info.Mode().IsRegular() {
		// A link may lead to another folder of the same directory.
		return f.src.get(ctx, f.path+"/"+name, limit)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", info.Size(), limit, ErrTooLarge)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, notFound(err)
	}
	defer file.Close()
	return readAll(file, limit, info.Size())
}

func (f dirFolder) all(yield func(fs.DirEntry, error) bool) {
	dir, err := f.root.Open(".")
	if err != nil {
		yield(nil, err)
		return
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(listed)
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
	}
}
