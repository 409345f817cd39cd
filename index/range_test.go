package index_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
)

// TestLeavesOfDirectory: out of a directory, where leaves are read by themselves, each entry
// has its own leaf, wherever the index went on; and one that was altered is told.
func TestLeavesOfDirectory(t *testing.T) {
	w, dir := generator.New(generator.Options{Seed: 12}), t.TempDir()
	if err := w.Story(700); err != nil {
		t.Fatal(err)
	}
	all := w.Logged
	x, err := index.Open(t.Context(), index.Config{Origin: w.Options.Origin, Source: log.DirSource(dir), Policy: w.Policy, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{100, 300, 513, 700} {
		w.Logged = all[:n]
		if err := w.WriteDir(dir); err != nil {
			t.Fatal(err)
		}
		if err := x.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range all {
		e, err := x.EntryAt(t.Context(), uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(e.Leaf, want.Leaf) {
			t.Fatalf("entry %d has another leaf", i)
		}
	}
	path := filepath.Join(dir, filepath.FromSlash(log.EntriesPath(1, log.TileWidth)))
	bundle, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(bundle, all[400].Leaf)
	bundle[at+50] ^= 1
	if err := os.WriteFile(path, bundle, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := x.EntryAt(t.Context(), 400); !errors.Is(err, index.ErrDamaged) {
		t.Errorf("the altered entry: %v", err)
	}
	if _, err := x.EntryAt(t.Context(), 401); err != nil {
		t.Errorf("the one behind it: %v", err)
	}
}
