package log

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Limits for [Source.Get] that fit what a path holds, in bytes.
const (
	MaxCheckpointFile = MaxNoteSize
	MaxTileFile       = FullTileSize
	MaxBundleFile     = MaxBundleSize
)

var (
	// ErrNotFound says that a source has nothing under a path, or that a log
	// has no checkpoint yet.
	ErrNotFound = errors.New("not found")
	// ErrTooLarge says that what a source has under a path is over the limit.
	ErrTooLarge = errors.New("larger than allowed")
	// ErrLink says that a symbolic link in a directory leads out of it. It is not
	// followed: what is elsewhere is no part of the copy.
	ErrLink = errors.New("a symbolic link that leads out of the directory is not followed")
)

// Source is where a log is read from: a directory, a tar archive of one, or an
// HTTP address. Paths are those of c2sp.org/tlog-tiles and protocol section 8,
// with slashes and without a leading one. Nothing that a source returns is
// verified.
//
// A source is safe for concurrent use.
type Source interface {
	// Get returns the whole of what is under path, at most limit bytes, which
	// is 1 to 2^40.
	// Errors name the address that was asked for. They match ErrNotFound if
	// there is nothing, and ErrTooLarge if there is more than limit bytes.
	Get(ctx context.Context, path string, limit int64) ([]byte, error)
	// String names the source for people: a directory, a file or an address.
	String() string
}

// A Refiller is a source that can read into memory that was used before.
type Refiller interface {
	Source
	// GetInto is Get, in buf's memory if that has room for all and a byte more.
	// The buffer's contents are lost.
	GetInto(ctx context.Context, path string, limit int64, buf []byte) ([]byte, error)
}

// GetInto is src.Get, in buf's memory where src is a [Refiller].
func GetInto(ctx context.Context, src Source, path string, limit int64, buf []byte) ([]byte, error) {
	if r, ok := src.(Refiller); ok {
		return r.GetInto(ctx, path, limit, buf)
	}
	return src.Get(ctx, path, limit)
}

// A Ranger is a source that can read a part of what is under a path.
type Ranger interface {
	Source
	// GetRange returns the n bytes from offset from on, 1 to 2^20. What ends before is
	// an error, which matches io.ErrUnexpectedEOF or io.EOF; other errors are those of
	// Get.
	GetRange(ctx context.Context, path string, from int64, n int) ([]byte, error)
}

// OpenSource opens what a person named on a command line: an address that
// begins with http:// or https://, a directory that exists, or a tar archive of
// one (see [OpenTar]).
func OpenSource(arg string) (Source, error) {
	scheme, _, ok := strings.Cut(arg, "://")
	if ok {
		switch strings.ToLower(scheme) {
		case "http", "https":
			return NewHTTPSource(arg, HTTPOptions{})
		}
		return nil, fmt.Errorf("open %s: want a directory, a tar archive of one, or an address with http or https", arg)
	}
	info, err := os.Stat(arg)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if info.IsDir() {
		return DirSource(arg), nil
	}
	s, err := OpenTar(arg)
	if err != nil {
		return nil, err
	}
	return s, nil
}

type dirSource struct{ dir string }

// DirSource reads a log from a directory that holds it under the paths at
// which it is served. No path and no symbolic link leads out of the
// directory. Only regular files are read. The directory need not exist yet.
func DirSource(dir string) Source { return dirSource{dir} }

func (s dirSource) String() string { return s.dir }

func (s dirSource) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return s.GetInto(ctx, path, limit, nil)
}

func (s dirSource) GetInto(ctx context.Context, path string, limit int64, buf []byte) ([]byte, error) {
	b, err := s.get(ctx, path, limit, buf)
	if err != nil {
		return nil, fmt.Errorf("read %s in %s: %w", path, s.dir, err)
	}
	return b, nil
}

func (s dirSource) get(ctx context.Context, path string, limit int64, buf []byte) ([]byte, error) {
	if err := checkGet(path, limit); err != nil {
		return nil, err
	}
	f, size, err := s.open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", size, limit, ErrTooLarge)
	}
	return readAll(f, limit, size, buf)
}

// GetRange implements Ranger.
func (s dirSource) GetRange(ctx context.Context, path string, from int64, n int) ([]byte, error) {
	b, err := s.getRange(ctx, path, from, n)
	if err != nil {
		return nil, fmt.Errorf("read %s in %s from byte %d: %w", path, s.dir, from, err)
	}
	return b, nil
}

func (s dirSource) getRange(ctx context.Context, path string, from int64, n int) ([]byte, error) {
	if err := checkGet(path, int64(n)); err != nil {
		return nil, err
	}
	if from < 0 || n > 1<<20 {
		return nil, errors.New("not a range that can be read")
	}
	f, _, err := s.open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	if got, err := f.ReadAt(b, from); got < n {
		if err == io.EOF && got > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// open opens a regular file of a checked path, and tells its size.
func (s dirSource) open(ctx context.Context, path string) (_ *os.File, size int64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, 0, notFound(err)
	}
	defer root.Close()
	// To open a pipe would wait for who writes to it, if it were not for O_NONBLOCK;
	// to ask first what is there would go the whole way to it twice.
	f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		// A socket can't be opened at all.
		if info, statErr := root.Stat(path); statErr == nil && !info.Mode().IsRegular() {
			return nil, 0, fmt.Errorf("not a regular file: %w", ErrNotFound)
		}
		return nil, 0, notFound(linkError(root, path, err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file: %w", ErrNotFound)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// linkError says of an error that a link on the way to a file is why, if that is so:
// os.Root has no error of its own for it that could be told apart.
func linkError(root *os.Root, path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for i := range len(path) + 1 {
		if i < len(path) && path[i] != '/' {
			continue
		}
		info, statErr := root.Lstat(path[:i])
		if statErr != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s: %w", path[:i], ErrLink)
		}
	}
	return err
}

// notFound makes a missing file, or a missing folder on the way to it, match
// ErrNotFound.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	return err
}

// checkGet refuses a path that is not a plain relative one, and a limit that
// allows nothing.
func checkGet(path string, limit int64) error {
	if !fs.ValidPath(path) || path == "." || strings.ContainsAny(path, "\\:%?#") {
		return errors.New("not a path of a log")
	}
	// The upper bound keeps sums with it from overflowing.
	if limit <= 0 || limit > 1<<40 {
		return fmt.Errorf("limit of %d bytes", limit)
	}
	return nil
}

// readAll reads r to its end and refuses more than limit bytes. Hint is the
// size to expect, and is believed. If all of it and a byte more fit
// into buf, they are there.
//
// What comes is kept in parts that are joined at the end: a buffer that grew
// would hold twice as much of what is refused in the end.
func readAll(r io.Reader, limit, hint int64, buf []byte) ([]byte, error) {
	var full [][]byte // parts before buf
	var total int64   // bytes of them
	if buf = buf[:0]; int64(cap(buf)) <= min(max(hint, 511), limit) {
		buf = make([]byte, 0, min(max(hint, 511), limit)+1)
	}
	r = io.LimitReader(r, limit+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		size := total + int64(len(buf))
		if size > limit {
			return nil, fmt.Errorf("more than %d bytes: %w", limit, ErrTooLarge)
		}
		if err == io.EOF {
			if full == nil {
				return buf, nil
			}
			return bytes.Join(append(full, buf), nil), nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			full, total = append(full, buf), size
			buf = make([]byte, 0, min(size, maxPart, limit+1-size))
		}
	}
}

// maxPart is the largest part of an answer whose length is not known, in bytes.
const maxPart = 4 << 20
