package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pledgelog/pledgelog/atomicfile"
)

// A file that is being written is not seen until it is whole, and leaves nothing
// behind when it is given up.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := atomicfile.Write(path, []byte("first"), 0o644); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	files := func() int {
		t.Helper()
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for _, commit := range []bool{false, true} {
		f, err := atomicfile.Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"sec", "ond"} {
			if _, err := f.Write([]byte(s)); err != nil {
				t.Fatal(err)
			}
		}
		if got := read(); got != "first" || files() != 2 {
			t.Fatalf("it is seen before it is whole: %q", got)
		}
		want := "first"
		if commit {
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			want = "second"
		}
		if err := f.Abandon(); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != want || files() != 1 {
			t.Errorf("commit %v: %q, %d files", commit, got, files())
		}
	}
	if _, err := atomicfile.Create(filepath.Join(dir, "none", "x"), 0o600); err == nil {
		t.Error("a folder that is not there")
	}
}
