package witness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// ErrBusy says that others held a log's state for too long.
var ErrBusy = errors.New("the state of the log is in use")

// lockTime is how long a log's lock is waited for.
const lockTime = 5 * time.Second

// locks keep the goroutines of one process in a queue a log. What keeps processes
// apart is flock, which every one of them would have to ask for over and over.
type locks struct {
	mu   sync.Mutex
	logs map[string]chan struct{}
}

func (l *locks) of(hash string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.logs[hash]
	if !ok {
		if l.logs == nil {
			l.logs = make(map[string]chan struct{})
		}
		c = make(chan struct{}, 1)
		l.logs[hash] = c
	}
	return c
}

// locked runs do while nobody else changes the log: no goroutine, no process. It is
// called for logs alone that are there or are being added.
func (s *State) locked(ctx context.Context, hash string, do func() error) error {
	wait, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	turn := s.locks.of(hash)
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-wait.Done():
		return ErrBusy
	}
	f, err := os.OpenFile(filepath.Join(s.dir, logsDir, hash+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock state: %w", err)
	}
	defer f.Close() // which unlocks
	if err := flock(wait, f); err != nil {
		return err
	}
	if err := s.step("locked"); err != nil {
		return err
	}
	return do()
}

// flock asks again and again, as a call that waits could not be broken off.
func flock(ctx context.Context, f *os.File) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ErrBusy
		}
	}
}
