package log

import (
	"archive/tar"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// What an archive may have at most. A log's directory stays far below in the
// length of its names and the depth of its folders.
const (
	maxTarSize    = tarBlock << 32 // bytes, 2 TiB: blocks are counted in 32 bits
	maxTarFiles   = 1 << 25        // 33,554,432
	maxTarFolders = 1 << 18        // 262,144
	maxTarName    = 255            // bytes, folders included
	maxTarHeader  = 64 << 10       // bytes of one entry, extensions included
)

const tarBlock = 512

// A tarIndex says where in an archive each file is.
type tarIndex struct {
	r       io.ReaderAt
	size    int64
	seed    maphash.Seed
	top     string                // the folder that the log is in, "" for the archive itself
	folders map[string]*tarFolder // by path in the archive; "" is the archive itself
	files   int
}

// A tarFolder is what a folder holds.
type tarFolder struct {
	// Of each file the half of its name's hash, above, and the number of the
	// block with which its header begins; sorted.
	files   []uint64
	folders []string // names
}

// indexTar goes through an archive of size bytes.
func indexTar(r io.ReaderAt, size int64) (*tarIndex, error) {
	x := &tarIndex{r: r, size: size, seed: maphash.MakeSeed(), folders: map[string]*tarFolder{"": {}}}
	if size > maxTarSize {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", size, int64(maxTarSize), ErrTooLarge)
	}
	var magic [2]byte
	if n, _ := r.ReadAt(magic[:], 0); n == 2 && magic == [2]byte{0x1f, 0x8b} {
		return nil, fmt.Errorf("%w: it is compressed: unpack it first", ErrMalformed)
	}
	if err := x.scan(); err != nil {
		return nil, err
	}
	if err := x.finish(); err != nil {
		return nil, err
	}
	return x, nil
}

// scan reads every header.
func (x *tarIndex) scan() error {
	c := &tarCursor{r: x.r, buf: make([]byte, 0, 64<<10)}
	t := tar.NewReader(c)
	var start int64 // of the entry that is next
	for {
		h, err := t.Next()
		if err == io.EOF {
			// Without the block of zeros that ends an archive, some of it is
			// missing. What comes after it is not looked at.
			if c.pos < start+tarBlock {
				return cutShort(start)
			}
			return nil
		}
		if err != nil {
			return tarError(c, start, err)
		}
		end := c.pos
		if end-start > maxTarHeader {
			return fmt.Errorf("%w: entry %.100q: its header has %d bytes, at most %d", ErrMalformed, h.Name, end-start, maxTarHeader)
		}
		if h.Typeflag == tar.TypeReg {
			if h.Size > x.size-end {
				return cutShort(start)
			}
			end += h.Size
		}
		if err := x.add(h, uint32(start/tarBlock)); err != nil {
			return fmt.Errorf("%w: entry %.100q: %w", ErrMalformed, h.Name, err)
		}
		start = (end + tarBlock - 1) / tarBlock * tarBlock
	}
}

// cutShort is the error of an archive that ends within the entry at start.
func cutShort(start int64) error {
	if start == 0 {
		return fmt.Errorf("%w: it is not a tar archive, or cut short", ErrMalformed)
	}
	return fmt.Errorf("%w: it is cut short", ErrMalformed)
}

// tarError says whether an archive could not be read or is none.
func tarError(c *tarCursor, start int64, err error) error {
	switch {
	case c.failed != nil:
		return lastError(c.failed)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return cutShort(start)
	}
	return fmt.Errorf("%w: it is not a tar archive: %w", ErrMalformed, err)
}

// add takes in the next entry.
func (x *tarIndex) add(h *tar.Header, block uint32) error {
	errSparse := errors.New("it is a sparse file: make the archive without --sparse")
	for record := range h.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return errSparse
		}
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeGNUSparse:
		return errSparse
	case tar.TypeXGlobalHeader:
		for record := range h.PAXRecords {
			if record != "comment" {
				return fmt.Errorf("it sets %.40q for all that follow", record)
			}
		}
		return nil
	case tar.TypeLink:
		return errors.New("it is a hard link: make the archive with --hard-dereference")
	case tar.TypeSymlink:
		return errors.New("it is a symbolic link: make the archive with --dereference")
	default:
		return fmt.Errorf("it is of type %q, neither a file nor a folder", h.Typeflag)
	}
	name, err := tarName(h)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		_, err := x.folder(name)
		return err
	}
	if name == "" {
		return errors.New("a file without a name")
	}
	if x.files++; x.files > maxTarFiles {
		return fmt.Errorf("it is one of more than %d files", maxTarFiles)
	}
	in, base := path.Split(name)
	folder, err := x.folder(strings.TrimSuffix(in, "/"))
	if err != nil {
		return err
	}
	folder.files = append(folder.files, x.hash(base)|uint64(block))
	return nil
}

// tarName returns the path of an entry in the archive, "" for the archive
// itself.
func tarName(h *tar.Header) (string, error) {
	name := h.Name
	if h.Typeflag == tar.TypeDir {
		name = strings.TrimSuffix(name, "/")
	}
	name = strings.TrimPrefix(name, "./")
	if name == "." {
		return "", nil
	}
	if len(name) > maxTarName {
		return "", fmt.Errorf("its name has %d bytes, at most %d", len(name), maxTarName)
	}
	if !fs.ValidPath(name) {
		return "", errors.New("its name is not that of a file or folder in this archive")
	}
	return name, nil
}

// folder returns a folder, which it makes if need be, and those that it is in.
func (x *tarIndex) folder(at string) (*tarFolder, error) {
	if f := x.folders[at]; f != nil {
		return f, nil
	}
	if len(x.folders) > maxTarFolders {
		return nil, fmt.Errorf("there are more than %d folders", maxTarFolders)
	}
	at = strings.Clone(at)
	in, base := path.Split(at)
	above, err := x.folder(strings.TrimSuffix(in, "/"))
	if err != nil {
		return nil, err
	}
	above.folders = append(above.folders, base)
	f := new(tarFolder)
	x.folders[at] = f
	return f, nil
}

// hash returns half the hash of a name, as the upper half. The seed is secret, so
// that nobody can make an archive of names that are hard to tell apart.
func (x *tarIndex) hash(name string) uint64 {
	return maphash.String(x.seed, name) &^ (1<<32 - 1)
}

// finish sorts what was found, refuses a name that is there twice, and finds the
// folder that the log is in.
func (x *tarIndex) finish() error {
	for at, f := range x.folders {
		slices.Sort(f.files)
		f.files = slices.Clone(f.files)
		if err := x.twice(f); err != nil {
			return err
		}
		if at == "" {
			continue
		}
		in, base := path.Split(at)
		if _, _, err := x.find(strings.TrimSuffix(in, "/"), base); err == nil {
			return fmt.Errorf("%w: entry %.100q: it is both a file and a folder", ErrMalformed, at)
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	top := x.folders[""]
	if len(top.files) > 0 || len(top.folders) != 1 {
		return nil
	}
	if _, _, err := x.find(top.folders[0], CheckpointPath); err == nil {
		x.top = top.folders[0]
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// twice refuses a folder with two files of one name.
func (x *tarIndex) twice(f *tarFolder) error {
	for i := 1; i < len(f.files); i++ {
		// The names of one hash are nearly always one name.
		for j := i - 1; j >= 0 && f.files[j]>>32 == f.files[i]>>32; j-- {
			_, a, _, err := x.header(uint32(f.files[j]))
			if err != nil {
				return err
			}
			_, b, _, err := x.header(uint32(f.files[i]))
			if err != nil {
				return err
			}
			if a == b {
				return fmt.Errorf("%w: entry %.100q: it is there twice", ErrMalformed, a)
			}
		}
	}
	return nil
}

// find returns the header of a file and where its content begins.
func (x *tarIndex) find(folder, name string) (*tar.Header, int64, error) {
	f := x.folders[folder]
	if f == nil {
		return nil, 0, ErrNotFound
	}
	want := x.hash(name)
	i, _ := slices.BinarySearch(f.files, want)
	for ; i < len(f.files) && f.files[i]>>32 == want>>32; i++ {
		h, got, content, err := x.header(uint32(f.files[i]))
		if err != nil {
			return nil, 0, err
		}
		if got == path.Join(folder, name) {
			return h, content, nil
		}
	}
	return nil, 0, ErrNotFound
}

// errTarChanged says that a header is not what it was when the archive was opened.
var errTarChanged = errors.New("the archive has changed since it was opened")

// header reads the header of a file again. It returns its path in the archive and
// where its content begins too.
func (x *tarIndex) header(block uint32) (h *tar.Header, name string, content int64, err error) {
	c := cursors.Get().(*tarCursor)
	defer cursors.Put(c)
	*c = tarCursor{r: x.r, pos: int64(block) * tarBlock, buf: c.buf[:0]}
	h, err = tar.NewReader(c).Next()
	switch {
	case c.failed != nil:
		return nil, "", 0, lastError(c.failed)
	case err != nil || h.Typeflag != tar.TypeReg:
		return nil, "", 0, errTarChanged
	}
	if name, err = tarName(h); err != nil {
		return nil, "", 0, errTarChanged
	}
	return h, name, c.pos, nil
}

// read returns a whole file.
func (x *tarIndex) read(folder, name string, limit int64) ([]byte, error) {
	h, content, err := x.find(folder, name)
	if err != nil {
		return nil, err
	}
	if h.Size > limit {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", h.Size, limit, ErrTooLarge)
	}
	if h.Size > x.size-content {
		return nil, errTarChanged
	}
	b := make([]byte, h.Size)
	if n, err := x.r.ReadAt(b, content); n < len(b) {
		if err == io.EOF {
			err = errTarChanged
		}
		return nil, lastError(err)
	}
	return b, nil
}

// A tarCursor reads on from a position, with a buffer.
type tarCursor struct {
	r      io.ReaderAt
	pos    int64
	buf    []byte // what is at from
	from   int64
	failed error // of the reader, its end excepted
}

// cursors are for reading a single header.
var cursors = sync.Pool{New: func() any { return &tarCursor{buf: make([]byte, 0, 2*tarBlock)} }}

func (c *tarCursor) Read(p []byte) (int, error) {
	if c.pos < c.from || c.pos >= c.from+int64(len(c.buf)) {
		n, err := c.r.ReadAt(c.buf[:cap(c.buf)], c.pos)
		c.from, c.buf = c.pos, c.buf[:n]
		if err != nil && err != io.EOF {
			c.failed = err
			return 0, err
		}
		if n == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, c.buf[c.pos-c.from:])
	c.pos += int64(n)
	return n, nil
}

// Seek lets the archive's contents be passed over.
func (c *tarCursor) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent {
		return 0, errors.ErrUnsupported
	}
	c.pos += offset
	return c.pos, nil
}
