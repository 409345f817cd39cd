package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// onlyWays has New write by way of another name, and give it its place in some ways.
func onlyWays(t *testing.T, some ...func(temp, path string) error) {
	t.Helper()
	before, direct := ways, first
	t.Cleanup(func() { ways, first = before, direct })
	lesserWays(some...)
}

// lesserWays leaves the process these ways alone.
func lesserWays(some ...func(temp, path string) error) {
	ways = some
	first = func(string, []byte, fs.FileMode) error { return errors.ErrUnsupported }
}

// eachWay runs a test with all the ways in which New writes on this system, and as if it
// had only the lesser ones.
func eachWay(t *testing.T, f func(t *testing.T)) {
	t.Run("as it is", f)
	t.Run("a name", func(t *testing.T) { onlyWays(t, renameNew, linkNew, reserve); f(t) })
	t.Run("links", func(t *testing.T) { onlyWays(t, none, linkNew); f(t) })
	t.Run("no links", func(t *testing.T) { onlyWays(t, none, none, reserve); f(t) })
}

// none is a way that a file system does not have.
func none(string, string) error { return errors.ErrUnsupported }

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// Runs at once: one file, whole, nothing beside it, and the others are told.
func TestNewIsOnce(t *testing.T) {
	eachWay(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "slot.json")
		var wait sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wait.Go(func() { errs[i] = New(path, bytes.Repeat([]byte{byte('a' + i)}, 100), 0o600) })
		}
		wait.Wait()
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
				if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte('a' + i)}, 100)) {
					t.Errorf("it holds %q (%v)", got, err)
				}
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("%v", err)
			}
		}
		if got := names(t, dir); won != 1 || !slices.Equal(got, []string{"slot.json"}) {
			t.Errorf("%d wrote it, and the folder has %q", won, got)
		}
	})
}

// What is there stays, whatever it is.
func TestNewReplacesNothing(t *testing.T) {
	eachWay(t, func(t *testing.T) {
		dir := t.TempDir()
		for name, is := range map[string]func(path string) error{
			"file":  func(path string) error { return os.WriteFile(path, []byte("there"), 0o600) },
			"empty": func(path string) error { return os.WriteFile(path, nil, 0o600) },
			"dir":   func(path string) error { return os.Mkdir(path, 0o700) },
			"link":  func(path string) error { return os.Symlink(filepath.Join(dir, "elsewhere"), path) },
		} {
			path := filepath.Join(dir, name)
			if err := is(path); err != nil {
				if name == "link" && runtime.GOOS == "windows" {
					continue
				}
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := New(path, []byte("new"), 0o600); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
			after, err := os.Lstat(path)
			if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() {
				t.Errorf("%s was changed (%v)", name, err)
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, "elsewhere")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it was written to where a link leads")
		}
		for _, name := range names(t, dir) {
			if strings.HasPrefix(name, ".new-") {
				t.Errorf("it left %s", name)
			}
		}
	})
}

// At whichever step something fails: the error comes out, and nothing is there.
func TestNewFails(t *testing.T) {
	failed := errors.New("the disk is full")
	eachWay(t, func(t *testing.T) {
		for _, at := range []string{"created", "half", "written", "synced", "named"} {
			dir := t.TempDir()
			seen := false
			interfere(t, func(step string) error {
				if step != at {
					return nil
				}
				seen = true
				return failed
			})
			err := New(filepath.Join(dir, "x"), []byte("0123456789"), 0o600)
			if at == "named" { // it has its name then, and is whole
				if b, e := os.ReadFile(filepath.Join(dir, "x")); !seen || e != nil || string(b) != "0123456789" {
					t.Errorf("%s: %q %v", at, b, e)
				}
				continue
			}
			if got := names(t, dir); !seen || !errors.Is(err, failed) || len(got) > 0 {
				t.Errorf("%s (reached: %v): %v, and the folder has %q", at, seen, err, got)
			}
		}
	})
	t.Run("reserved", func(t *testing.T) {
		onlyWays(t, none, none, reserve)
		dir := t.TempDir()
		interfere(t, func(step string) error {
			if step == "reserved" {
				return failed
			}
			return nil
		})
		if err := New(filepath.Join(dir, "x"), []byte("x"), 0o600); !errors.Is(err, failed) || len(names(t, dir)) > 0 {
			t.Errorf("%v, and the folder has %q", err, names(t, dir))
		}
	})
}

// interfere has a function called at each step, with a step "half" in the midst of
// writing.
func interfere(t *testing.T, f func(step string) error) {
	t.Helper()
	w, r := write, reached
	t.Cleanup(func() { write, reached = w, r })
	atEachStep(f)
}

// atEachStep has f called at each step of this process's writing, also half way.
func atEachStep(f func(step string) error) {
	reached = f
	write = func(to io.Writer, b []byte) error {
		if _, err := to.Write(b[:len(b)/2]); err != nil {
			return err
		}
		if err := f("half"); err != nil {
			return err
		}
		_, err := to.Write(b[len(b)/2:])
		return err
	}
}
