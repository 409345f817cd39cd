// Command write makes testdata/vectors anew by the recipe of package vectors:
//
//	go run ./vectors/write [DIR]
//
// What is published does not change: run it after adding to the recipe, and look
// at the difference before you commit it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pledgelog/pledgelog/vectors"
)

func main() {
	dir := filepath.Join("testdata", "vectors")
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := write(dir); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	for path, b := range vectors.Files() {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("make folder of %s: %w", path, err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}
