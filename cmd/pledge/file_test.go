package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
)

// Files are written in one way, room atomicfile's, which is tested there with a process
// that is killed and a disk that is full. What is not says why.
func TestFilesAreWrittenInOneWay(t *testing.T) {
	but := map[string]string{
		"desk.go os.WriteFile":          "the page that a browser is opened with: in a folder of its own, and worth nothing when half",
		"edit_hold_unix.go os.OpenFile": "it opens a folder, and writes nothing",
		"keycommand.go os.CreateTemp":   "it is read back before it gets its name",
	}
	in := regexp.MustCompile(`os\.(WriteFile|Create|CreateTemp|OpenFile|Link|Symlink)\b`)
	sources, err := filepath.Glob("*.go")
	if err != nil || len(sources) < 50 {
		t.Fatalf("%d sources (%v)", len(sources), err)
	}
	used := make(map[string]bool)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range in.FindAllString(string(b), -1) {
			if used[name+" "+call] = true; but[name+" "+call] == "" {
				t.Errorf("%s has %s", name, call)
			}
		}
	}
	for what := range but {
		if !used[what] {
			t.Errorf("there is no %s any more", what)
		}
	}
}

// What a killed run can leave on a disk without hard links, an empty file, is told apart
// from a file that somebody made.
func TestAnEmptyFileIsTold(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, hint string }{
		"empty": {"", "it was left by a run that was killed"},
		"full":  {"x", "choose another name"},
	} {
		path := filepath.Join(dir, name)
		write(t, path, []byte(c.content))
		err := createFile(path, []byte("new"), 0o600)
		if f, ok := err.(*commandline.Failure); !ok || f.Code != commandline.ExitRefused || !strings.Contains(f.Hint, c.hint) {
			t.Errorf("%s: %#v", name, err)
		}
		if got := mustRead(t, path); string(got) != c.content {
			t.Errorf("%s became %q", name, got)
		}
	}
	write(t, filepath.Join(dir, "acme-slot-2026-W01.json"), nil)
	if _, err := readSlots(dir, "acme"); err == nil || !strings.Contains(err.Error(), "it is empty") {
		t.Errorf("an empty slot: %v", err)
	}
}
