package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/google/renameio/v2"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/log"
)

// File is a State in a file: the text of the last signed checkpoint, three
// lines, without signatures. It belongs on another volume than the log, and
// into no backup together with it: what it guards against is that both are old.
//
// Beside it is a file with the suffix .lock, by which several processes on one
// machine keep out of each other's way.
type File struct {
	path string
	mu   sync.Mutex // flock does not tell goroutines apart
}

var _ State = (*File)(nil)

// CreateFile makes the state of a new log: nothing signed yet. The file must
// not exist: a state is never started afresh for a log that has signed.
func CreateFile(path, origin string) (*File, error) {
	return CreateFileAt(path, log.Checkpoint{Origin: origin, Root: log.EmptyRoot()})
}

// CreateFileAt is CreateFile for a log that has signed before, and no tree that is
// larger than that of cp: the file is there with cp, or not at all.
func CreateFileAt(path string, cp log.Checkpoint) (*File, error) {
	f := &File{path: path}
	err := f.locked(func() error {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				err = fs.ErrExist
			}
			return err
		}
		return f.write(cp)
	})
	if err != nil {
		return nil, fmt.Errorf("create guard state %s: %w", path, err)
	}
	return f, nil
}

// ErrLink says that the state's path is a symbolic link, or no file at all.
var ErrLink = errors.New("the guard's state is not a plain file: the first write would put one in its place, and leave what it leads to, on another volume perhaps, at what was signed before")

// plain refuses a path that is something else than a file.
func (f *File) plain() error {
	info, err := os.Lstat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", f.path, ErrLink)
	}
	return err
}

// OpenFile opens a state that CreateFile made. A missing file is an error: to
// a log that has signed before, no state is not the same as nothing signed.
func OpenFile(path string) (*File, error) {
	f := &File{path: path}
	if _, err := f.Load(context.Background()); err != nil {
		return nil, fmt.Errorf("open guard state: %w", err)
	}
	return f, nil
}

// String returns the path.
func (f *File) String() string { return f.path }

// Load implements State.
func (f *File) Load(context.Context) (log.Checkpoint, error) {
	if err := f.plain(); err != nil {
		return log.Checkpoint{}, err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return log.Checkpoint{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 4<<10))
	if err != nil {
		return log.Checkpoint{}, err
	}
	cp, err := log.ParseCheckpoint(text)
	if err == nil && !bytes.Equal(cp.Marshal(), text) {
		err = errors.New("not the text of a checkpoint")
	}
	if err != nil {
		return log.Checkpoint{}, fmt.Errorf("read %s: %w", f.path, err)
	}
	return cp, nil
}

// CompareAndSwap implements State.
func (f *File) CompareAndSwap(ctx context.Context, old, next log.Checkpoint) error {
	return f.locked(func() error {
		now, err := f.Load(ctx)
		if err != nil {
			return err
		}
		if now != old {
			return fmt.Errorf("%w: it is at size %d, not %d", ErrConflict, now.Size, old.Size)
		}
		return f.write(next)
	})
}

// locked runs do while no other process changes the file.
func (f *File) locked(do func() error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lock, err := os.OpenFile(f.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks
	for {
		if err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	return do()
}

// write replaces the file: data on disk first, then the name, then the
// directory that holds the name.
func (f *File) write(cp log.Checkpoint) error {
	dir := filepath.Dir(f.path)
	if err := renameio.WriteFile(f.path, cp.Marshal(), 0o600, renameio.WithTempDir(dir)); err != nil {
		return err
	}
	return atomicfile.SyncDir(dir)
}
