package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// memory gives a script a folder in memory of its own, $XDG_RUNTIME_DIR.
func memory(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: memory")
	}
	dir, err := os.MkdirTemp("/dev/shm", "pledge-test-")
	ts.Check(err)
	ts.Defer(func() { ts.Check(os.RemoveAll(dir)) })
	ts.Setenv("XDG_RUNTIME_DIR", dir)
}

// emptied wants nothing to be left in the folder in memory.
func emptied(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: emptied")
	}
	entries, err := os.ReadDir(ts.Getenv("XDG_RUNTIME_DIR"))
	ts.Check(err)
	if len(entries) > 0 {
		ts.Fatalf("%q was left", entries)
	}
}
