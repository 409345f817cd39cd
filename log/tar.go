package log

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// A TarSource reads a log from a tar archive of its directory. It is a [Lister]
// like the directory itself: whoever reads both sees the same files. It is safe
// for concurrent use until it is closed.
//
// It keeps 8 bytes for each file of the archive and, for each folder, its path
// and some 200 bytes; names are read from the archive again when they are
// needed. So 1,000,000 texts take 8 MB.
type TarSource struct {
	name string // of the archive, for people
	file *os.File
	tarIndex
}

// OpenTar opens a tar archive of a log's directory, and goes through it once to
// see where its files are. The files may lie in one folder with any name, and
// each name may begin with "./", as tar writes them.
//
// The archive holds files and folders, and nothing else: links, devices and
// sparse files are refused, and so are a name that leads elsewhere (".." or
// from the root), one that is there twice, a file in the place of a folder, and
// an archive that is cut short or compressed. It has at most 33,554,432 files in
// 262,144 folders, names of 255 bytes, headers of 64 KiB, and 2 TiB. Errors name
// the entry; those about what is in the archive match [ErrMalformed].
func OpenTar(name string) (*TarSource, error) {
	s, err := openTar(name)
	if err != nil {
		return nil, fmt.Errorf("open log: %s: %w", name, err)
	}
	return s, nil
}

func openTar(name string) (*TarSource, error) {
	// Asked before the file is opened, since opening a pipe would wait.
	info, err := os.Stat(name)
	if err != nil {
		return nil, lastError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, lastError(err)
	}
	index, err := indexTar(file, info.Size())
	if err != nil {
		file.Close()
		return nil, err
	}
	return &TarSource{name, file, *index}, nil
}

// lastError takes the address off an error of the file system, which the caller
// names.
func lastError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Close gives the file back.
func (s *TarSource) Close() error { return s.file.Close() }

// String returns the name under which the archive was opened.
func (s *TarSource) String() string { return s.name }

// Get implements [Source].
func (s *TarSource) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	b, err := s.get(ctx, path, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s in %s: %w", path, s.name, err)
	}
	return b, nil
}

func (s *TarSource) get(ctx context.Context, file string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkGet(file, limit); err != nil {
		return nil, err
	}
	folder, name := path.Split(path.Join(s.top, file))
	return s.read(strings.TrimSuffix(folder, "/"), name, limit)
}

// OpenFolder implements [Lister].
func (s *TarSource) OpenFolder(folder string) (*Folder, error) {
	err := checkGet(folder, 1)
	at := path.Join(s.top, folder)
	if err == nil && s.folders[at] == nil {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open %s in %s: %w", folder, s.name, err)
	}
	return &Folder{s, folder, openTarFolder{&s.tarIndex, at}}, nil
}

// openTarFolder is a folder of an archive.
type openTarFolder struct {
	index *tarIndex
	at    string // path in the archive
}

func (f openTarFolder) close() error { return nil }

func (f openTarFolder) read(_ context.Context, name string, limit int64, _ []byte) ([]byte, error) {
	return f.index.read(f.at, name, limit)
}

// all yields the folders, and the files in the order in which the archive has
// them.
func (f openTarFolder) all(yield func(string, error) bool) {
	folder := f.index.folders[f.at]
	for _, name := range folder.folders {
		if !yield(name, nil) {
			return
		}
	}
	blocks := make([]uint32, len(folder.files))
	for i, at := range folder.files {
		blocks[i] = uint32(at)
	}
	slices.Sort(blocks)
	for _, block := range blocks {
		h, _, _, err := f.index.header(block)
		if err != nil {
			yield("", err)
			return
		}
		if !yield(path.Base(h.Name), nil) {
			return
		}
	}
}

func (f openTarFolder) isFolder(name string) bool {
	return f.index.folders[path.Join(f.at, name)] != nil
}
