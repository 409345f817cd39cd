package vectors_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/vectors"
)

// dir is where the vectors are published.
var dir = filepath.Join("..", "testdata", "vectors")

// byHand are the files that no recipe makes.
var byHand = map[string]bool{"README.md": true}

// TestFilesAreTheRecipes: the recipe gives the published bytes, and nothing else is
// there. What was published never changes; the recipe is added to.
func TestFilesAreTheRecipes(t *testing.T) {
	made := vectors.Files()
	size := 0
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || byHand[path] {
			return err
		}
		want, ok := made[path]
		if !ok {
			t.Errorf("%s is made by no recipe", path)
			return nil
		}
		delete(made, path)
		got, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		size += len(got)
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what the recipe makes, first in %q", path, firstDifference(got, want))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for path := range made {
		t.Errorf("%s is not there: go run ./vectors/write", path)
	}
	if size > 3<<20 {
		t.Errorf("the vectors have %d bytes", size)
	}
}

// firstDifference is the first line that two texts have differently, cut.
func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return x[i][:min(len(x[i]), 200)]
		}
	}
	return ""
}

// read decodes a file of vectors, strictly.
func read[T any](t *testing.T, path string) T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := vectors.Read(b, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

func file[T any](t *testing.T, path string) []T {
	t.Helper()
	return read[vectors.File[T]](t, path).Vectors
}
