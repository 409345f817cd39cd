package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
)

// server is an embedded log with a guard, as pledgelog runs it.
type server struct {
	t     *testing.T
	dir   string
	state string
	*embedded.Engine
}

func newServer(t *testing.T) *server {
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "log"), state: newState(t).String()}
	if err := embedded.Create(t.Context(), s.config()); err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

func (s *server) config() embedded.Config {
	state, err := guard.OpenFile(s.state)
	if err != nil {
		s.t.Fatal(err)
	}
	return embedded.Config{
		Dir:      s.dir,
		Signer:   guard.New(newSigner(s.t), state, log.NewTileReader(log.DirSource(s.dir))),
		Interval: embedded.MinInterval,
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func (s *server) start() {
	s.t.Helper()
	e, err := embedded.Open(s.t.Context(), s.config())
	if err != nil {
		s.t.Fatal(err)
	}
	s.Engine = e
	s.t.Cleanup(func() { e.Close(context.Background()) })
}

func (s *server) stop() {
	s.t.Helper()
	if err := s.Close(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) append(first, end uint64, of string) {
	s.t.Helper()
	var leaves [][]byte
	for n := first; n < end; n++ {
		leaves = append(leaves, fmt.Appendf(nil, "%d of %s", n, of))
	}
	if err := s.Append(s.t.Context(), first, leaves); err != nil {
		s.t.Fatal(err)
	}
}

// published is the size that readers of the directory see.
func (s *server) published() uint64 {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, "checkpoint"))
	if err != nil {
		s.t.Fatal(err)
	}
	note, err := log.ParseNote(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	cp, err := log.ParseCheckpoint(note.Text)
	if err != nil {
		s.t.Fatal(err)
	}
	return cp.Size
}

// untilRefused waits for the engine to have tried, and returns why it may not.
func (s *server) untilRefused() error {
	for s.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return s.Err()
}

// restored runs a log to 1,000, copies its directory, runs on to 1,500, and
// brings the copy back.
func restored(t *testing.T) *server {
	s := newServer(t)
	s.append(0, 1000, "us")
	s.stop()
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.append(1000, 1500, "us")
	s.stop()
	if got := s.published(); got != 1500 {
		t.Fatalf("published %d", got)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.dir, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

// TestRestoredDirectory: an old copy of the log's directory signs nothing,
// until the order of record has brought it back to where it was.
func TestRestoredDirectory(t *testing.T) {
	s := restored(t)
	if next, err := s.Next(t.Context()); err != nil || next != 1000 {
		t.Fatalf("Next = %d, %v", next, err)
	}
	s.append(1000, 1200, "us")
	err := s.untilRefused()
	if !errors.Is(err, guard.ErrBehind) || errors.Is(err, log.ErrStopped) {
		t.Fatalf("Err: %v, want ErrBehind, not final", err)
	}
	if got := s.published(); got != 1000 {
		t.Fatalf("published %d", got)
	}
	s.append(1200, 1600, "us")
	if _, err := s.Await(t.Context(), 1599); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if got := s.published(); got != 1600 {
		t.Errorf("published %d", got)
	}
}

// TestRestoredAndWrittenTo: other leaves than before, after a restored copy,
// are the fork that must never be signed.
func TestRestoredAndWrittenTo(t *testing.T) {
	for _, end := range []uint64{1500, 1501, 3000} {
		s := restored(t)
		s.append(1000, 1100, "them")
		if err := s.untilRefused(); !errors.Is(err, guard.ErrBehind) {
			t.Fatalf("at 1,100: %v, want ErrBehind", err)
		}
		s.append(1100, end, "them")
		_, err := s.Await(t.Context(), end-1)
		if !errors.Is(err, guard.ErrFork) || !errors.Is(err, log.ErrStopped) {
			t.Fatalf("at %d: %v, want ErrFork, final", end, err)
		}
		if got := s.published(); got != 1000 {
			t.Errorf("published %d", got)
		}
		s.stop()
	}
}

// TestOldGuardState: the state alone is an old copy. The log has grown from
// it, so it goes on.
func TestOldGuardState(t *testing.T) {
	s := newServer(t)
	s.append(0, 100, "us")
	s.stop()
	old, err := os.ReadFile(s.state)
	if err != nil {
		t.Fatal(err)
	}
	s.start()
	s.append(100, 400, "us")
	s.stop()
	if err := os.WriteFile(s.state, old, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.append(400, 500, "us")
	s.stop()
	if got := s.published(); got != 500 {
		t.Errorf("published %d", got)
	}
}

// A guard that remembers another history than the published one keeps the log from
// being opened: it would give out indexes that nothing is ever signed for.
func TestGuardOfAnotherHistory(t *testing.T) {
	s := newServer(t)
	s.append(0, 100, "us")
	s.append(100, 400, "us")
	s.stop()
	own, err := os.ReadFile(s.state)
	if err != nil {
		t.Fatal(err)
	}
	cp, err := log.ParseCheckpoint(own)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		size uint64
		want error
	}{
		{"the same size", 400, guard.ErrFork},
		{"smaller", 250, guard.ErrFork},
		{"larger: the log may grow to it", 401, nil},
	} {
		other := cp
		other.Size, other.Root = c.size, log.LeafHash([]byte("another"))
		if err := os.WriteFile(s.state, other.Marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := embedded.Open(t.Context(), s.config())
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if c.want != nil && !errors.Is(err, log.ErrStopped) {
			t.Errorf("%s: %v does not match ErrStopped", c.name, err)
		}
		if err == nil {
			e.Close(t.Context())
		}
		if kept, err := os.ReadFile(s.state); err != nil || string(kept) != string(other.Marshal()) {
			t.Errorf("%s: the state was changed: %v", c.name, err)
		}
	}
	// Its own state, of any size that it had, opens it.
	if err := os.WriteFile(s.state, own, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
}
