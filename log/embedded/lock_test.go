package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A directory is free once it is given free, also while a process that was forked
// meanwhile still has the lock file open.
func TestDirectoryIsFreeAtOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, stateDir), 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(first.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(child)
	if _, err := lockDir(dir); !errors.Is(err, ErrInUse) {
		t.Fatalf("it is taken twice: %v", err)
	}
	if err := unlock(first); err != nil {
		t.Fatal(err)
	}
	second, err := lockDir(dir)
	if err != nil {
		t.Fatalf("it is still taken: %v", err)
	}
	if err := unlock(second); err != nil {
		t.Fatal(err)
	}
}
