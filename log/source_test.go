package log

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDirSource(t *testing.T) {
	ctx := context.Background()
	outer := t.TempDir()
	dir := filepath.Join(outer, "log")
	writeFile(t, outer, "secret", []byte("secret"))
	writeFile(t, dir, "checkpoint", []byte("hello"))
	writeFile(t, dir, "tile/0/000", []byte("tile"))
	writeFile(t, dir, "empty", nil)
	for link, target := range map[string]string{
		"out": "../secret", "abs": filepath.Join(outer, "secret"), "dir": "..", "in": "checkpoint",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	src := DirSource(dir)
	for _, tt := range []struct{ path, want string }{
		{"checkpoint", "hello"}, {"tile/0/000", "tile"}, {"empty", ""}, {"in", "hello"},
	} {
		got, err := src.Get(ctx, tt.path, 5)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s is %q, %v, want %q", tt.path, got, err, tt.want)
		}
	}
	for _, path := range []string{"nothing", "tile/0/001", "nowhere/at/all", "tile/0", "tile"} {
		if _, err := src.Get(ctx, path, 5); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: error %v, want ErrNotFound", path, err)
		} else if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %q does not name it", path, err)
		}
	}
	for _, path := range []string{
		"", ".", "..", "../secret", "/checkpoint", "tile/../checkpoint", "tile//0", "./checkpoint",
		"checkpoint/", `..\secret`, "out", "abs", "dir/secret", "checkpoint\x00",
	} {
		if got, err := src.Get(ctx, path, 100); err == nil {
			t.Errorf("%q gives %q", path, got)
		}
	}
	for path, link := range map[string]string{"out": "out", "abs": "abs", "dir/secret": "dir"} {
		if _, err := src.Get(ctx, path, 100); !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), link+": a symbolic link that leads out of the directory is not followed") {
			t.Errorf("%s: error %v, want ErrLink", path, err)
		}
	}
	if _, err := src.Get(ctx, "../secret", 100); errors.Is(err, ErrLink) {
		t.Errorf("a path that is none: error %v", err)
	}
	if _, err := src.Get(ctx, "checkpoint", 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("4 of 5 bytes: error %v, want ErrTooLarge", err)
	}
	for _, limit := range []int64{0, -1, math.MaxInt64} {
		if _, err := src.Get(ctx, "checkpoint", limit); err == nil {
			t.Errorf("takes a limit of %d", limit)
		}
	}
	if _, err := DirSource(filepath.Join(outer, "none")).Get(ctx, "checkpoint", 5); !errors.Is(err, ErrNotFound) {
		t.Errorf("no directory: error %v, want ErrNotFound", err)
	}
	called, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := src.Get(called, "checkpoint", 5); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: error %v, want context.Canceled", err)
	}
}

// A pipe in a copied log must not hold up its reader.
func TestDirSourcePipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "checkpoint"), 0o644); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := DirSource(dir).Get(context.Background(), "checkpoint", 5)
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("a pipe: error %v, want ErrNotFound", err)
		}
	case <-time.After(60 * time.Second):
		t.Error("waits for a pipe")
	}
}

// A socket can't be opened; a copy with one lacks that file, and is read on.
func TestDirSourceSocket(t *testing.T) {
	t.Chdir(t.TempDir()) // the address of a socket is short
	l, err := net.Listen("unix", "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Symlink("checkpoint", "linked"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"checkpoint", "linked"} {
		if _, err := DirSource(".").Get(context.Background(), path, 5); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: error %v, want ErrNotFound", path, err)
		}
	}
}

func TestOpenSource(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "file", nil)
	for _, arg := range []string{dir, "http://log.example/2026", "HTTPS://log.example/2026/"} {
		if _, err := OpenSource(arg); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
	}
	for _, arg := range []string{
		"", filepath.Join(dir, "none"), filepath.Join(dir, "file"), "ftp://log.example/", "file:///etc",
		"http://", "https:///path",
	} {
		if src, err := OpenSource(arg); err == nil {
			t.Errorf("%q opens as %v", arg, src)
		}
	}
}

func TestGetRange(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tile", "pipe"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tile", "x"), []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "tile", "link")); err != nil {
		t.Fatal(err)
	}
	source := DirSource(dir).(Ranger)
	for _, test := range []struct {
		path string
		from int64
		n    int
		want string
		err  error // any when it is errAny
	}{
		{"tile/x", 0, 10, "0123456789", nil},
		{"tile/x", 3, 4, "3456", nil},
		{"tile/x", 9, 1, "9", nil},
		{"tile/x", 9, 2, "", io.ErrUnexpectedEOF},
		{"tile/x", 10, 1, "", io.EOF},
		{"tile/y", 0, 1, "", ErrNotFound},
		{"tile", 0, 1, "", ErrNotFound},
		{"tile/link", 0, 1, "", ErrLink},
		{"../x", 0, 1, "", errAny},
		{"tile/x", -1, 1, "", errAny},
		{"tile/x", 0, 0, "", errAny},
		{"tile/x", 0, 1<<20 + 1, "", errAny},
	} {
		got, err := source.GetRange(t.Context(), test.path, test.from, test.n)
		if string(got) != test.want || test.err == errAny && err == nil || test.err != errAny && !errors.Is(err, test.err) {
			t.Errorf("%s from %d, %d bytes: %q, %v; want %q, %v", test.path, test.from, test.n, got, err, test.want, test.err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := source.GetRange(ended, "tile/x", 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody wants it any more: %v", err)
	}
}

var errAny = errors.New("any")
