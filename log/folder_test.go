package log

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openFolder(t *testing.T, dir, path string) *Folder {
	t.Helper()
	f, err := DirSource(dir).(Lister).OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "bodies/a", []byte("text"))
	writeFile(t, dir, "bodies/bundle/000", []byte("text\n"))
	writeFile(t, dir, "elsewhere/b", []byte("other"))
	writeFile(t, filepath.Dir(dir), "secret", []byte("secret"))
	for link, target := range map[string]string{"in": "../elsewhere/b", "out": "../../secret"} {
		if err := os.Symlink(target, filepath.Join(dir, "bodies", link)); err != nil {
			t.Fatal(err)
		}
	}
	f := openFolder(t, dir, "bodies")
	for name, want := range map[string]string{"a": "text", "in": "other"} {
		got, err := f.Read(t.Context(), name, 5, nil)
		if err != nil || string(got) != want {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"b", "bundle"} {
		if _, err := f.Read(t.Context(), name, 5, nil); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "bodies/"+name) {
			t.Errorf("%s: error %v, want ErrNotFound and the name", name, err)
		}
	}
	for _, name := range []string{"out", "..", ".", "", "../elsewhere/b", "/a", "a\x00"} {
		if got, err := f.Read(t.Context(), name, 100, nil); err == nil {
			t.Errorf("%q gives %q", name, got)
		}
	}
	if _, err := f.Read(t.Context(), "out", 100, nil); !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), "bodies/out: ") {
		t.Errorf("out: error %v, want ErrLink", err)
	}
	for _, name := range []string{"a", "in"} {
		if _, err := f.Read(t.Context(), name, 3, nil); !errors.Is(err, ErrTooLarge) {
			t.Errorf("3 bytes of %s: error %v, want ErrTooLarge", name, err)
		}
	}
	var names []string
	for name, err := range f.All() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"a", "bundle", "in", "out"}) {
		t.Errorf("it holds %v", names)
	}
}

func TestFolderOfMany(t *testing.T) {
	dir := t.TempDir()
	for i := range 2*listed + 1 {
		writeFile(t, dir, fmt.Sprintf("tile/%d", i), nil)
	}
	n := 0
	for _, err := range openFolder(t, dir, "tile").All() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2*listed+1 {
		t.Errorf("%d files, want %d", n, 2*listed+1)
	}
}

func TestNoFolder(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "checkpoint", nil)
	src := DirSource(dir).(Lister)
	for _, path := range []string{"bodies", "checkpoint", "checkpoint/x"} {
		if _, err := src.OpenFolder(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", path, err)
		} else if path != "checkpoint/x" && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: error %v, want ErrNotFound", path, err)
		}
	}
	for _, path := range []string{"", ".", "..", "../x", "/"} {
		if _, err := src.OpenFolder(path); err == nil {
			t.Errorf("%q is opened", path)
		}
	}
	if _, err := DirSource(filepath.Join(dir, "nowhere")).(Lister).OpenFolder("bodies"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no directory: error %v, want ErrNotFound", err)
	}
}
