package log

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// publishedVectors returns a member of every published vector of a file, whatever the
// verdict on it: seeds for fuzzing. See testdata/vectors/README.md.
func publishedVectors(f *testing.F, file, member string) [][]byte {
	f.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", file))
	if err != nil {
		f.Fatal(err)
	}
	var lists struct {
		Vectors []map[string]json.RawMessage `json:"vectors"`
	}
	if err := json.Unmarshal(b, &lists); err != nil {
		f.Fatal(err)
	}
	var seeds [][]byte
	for _, v := range lists.Vectors {
		var text string
		if json.Unmarshal(v[member], &text) == nil && text != "" {
			seeds = append(seeds, []byte(text))
		}
	}
	if len(seeds) < 10 {
		f.Fatalf("%s has %d of %s", file, len(seeds), member)
	}
	return seeds
}

// keptFiles returns the files of this name in the kept logs: seeds for fuzzing.
func keptFiles(f *testing.F, name string) [][]byte {
	f.Helper()
	var seeds [][]byte
	for _, logs := range []string{"logs", "vectors/logs"} {
		found, err := filepath.Glob(filepath.Join("..", "testdata", filepath.FromSlash(logs), "*", filepath.FromSlash(name)))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range found {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			seeds = append(seeds, b)
		}
	}
	if len(seeds) == 0 {
		f.Fatalf("no kept log has %s", name)
	}
	return seeds
}

// textOf is what is signed of a note.
func textOf(note []byte) []byte {
	if i := bytes.LastIndex(note, []byte("\n\n")); i >= 0 {
		return note[:i+1]
	}
	return note
}
