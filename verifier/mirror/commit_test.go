package mirror

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// A mirror cosigns what it has: when it asks for the time of the signature, tiles,
// entries and texts are in place. Ended at that moment, the copy is the old one with the
// cosignature that it had, or none, and the next run makes the new one.
func TestCosignsWhatIsThere(t *testing.T) {
	w := world(t, 600)
	early, late := write(t, w, 100), write(t, w, 300)
	mine, err := log.NewCosigner("mirror.example/m1", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	cfg := func(from, to string) Config {
		c := config(t, w, from, to)
		c.Cosigners = []*log.Cosigner{mine}
		return c
	}
	// cosignatures counts the mirror's on the checkpoint of a copy.
	cosignatures := func(dir string) (n int) {
		raw, err := os.ReadFile(filepath.Join(dir, log.CheckpointPath))
		if err != nil {
			t.Fatal(err)
		}
		note, err := log.ParseNote(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range note.Signatures {
			if _, err := mine.Key().Verify(note.Text, s); err == nil {
				n++
			}
		}
		return n
	}
	// What there is to be: the files of a whole copy.
	whole := filepath.Join(t.TempDir(), "whole")
	run(t, config(t, w, late, whole))
	var files []string
	for _, part := range []string{"tile", "bodies"} {
		err := filepath.WalkDir(filepath.Join(whole, part), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				path, err = filepath.Rel(whole, path)
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	bare, signed := filepath.Join(t.TempDir(), "bare"), filepath.Join(t.TempDir(), "signed")
	run(t, config(t, w, early, bare))
	run(t, cfg(early, signed))
	for name, c := range map[string]struct {
		start string
		had   int
	}{"without a cosignature": {bare, 0}, "with an older one": {signed, 1}, "from nothing": {"", 0}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if c.start != "" {
				dir = clone(t, c.start)
			}
			missing := func() (list []string) {
				for _, file := range files {
					if _, err := os.Stat(filepath.Join(dir, file)); errors.Is(err, fs.ErrNotExist) {
						list = append(list, file)
					}
				}
				return list
			}
			asked := 0
			ended := cfg(late, dir)
			ended.Now = func() time.Time {
				if asked++; asked > 1 { // the first is the audit's
					if list := missing(); len(list) > 0 {
						t.Errorf("it cosigns, and %d files are not there, among them %s", len(list), list[0])
					}
					panic("killed")
				}
				return time.Unix(w.Now(), 0)
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("it was not ended")
					}
				}()
				Run(t.Context(), ended)
			}()
			if c.start == "" {
				if _, err := os.Stat(filepath.Join(dir, log.CheckpointPath)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("a checkpoint is there: %v", err)
				}
			} else {
				got := audit(t, w, dir)
				if got.Size != 100 {
					t.Errorf("the copy of %d entries", got.Size)
				}
				for _, step := range got.Steps {
					// Texts that were opened since are there before the checkpoint that covers it.
					if step.State != verifier.Passed && step.Name != "texts" {
						t.Errorf("%s: %s: %s", step.Name, step.State, step.Text)
					}
				}
				if n := cosignatures(dir); n != c.had {
					t.Errorf("%d cosignatures, want %d", n, c.had)
				}
			}
			if r := run(t, cfg(late, dir)); !r.Copied || cosignatures(dir) != 1 {
				t.Errorf("the next run: copied %v, %d cosignatures", r.Copied, cosignatures(dir))
			}
			if got := audit(t, w, dir); got.Size != 300 || got.Result != verifier.Matches {
				t.Errorf("the copy of %d entries: %s, %v", got.Size, got.Result, got.Findings)
			}
		})
	}
}

// Who read the checkpoint before finds its partial tiles until the run after the one in
// which they were filled.
func TestPartialTilesStayForARun(t *testing.T) {
	w := world(t, 600)
	dir := filepath.Join(t.TempDir(), "mirror")
	partial := []string{"tile/entries/000.p/100", "tile/0/000.p/100"}
	for i, c := range []struct {
		size  int
		there bool
	}{{100, true}, {300, true}, {300, false}} {
		run(t, config(t, w, write(t, w, c.size), dir))
		for _, p := range partial {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(p))); (err == nil) != c.there {
				t.Errorf("run %d: %s is there: %v, want %v", i+1, p, err == nil, c.there)
			}
		}
		// Those that are not full yet stay.
		for _, p := range []string{"tile/entries/001.p/44", "tile/0/001.p/44"} {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(p))); (err == nil) != (c.size == 300) {
				t.Errorf("run %d: %s: %v", i+1, p, err)
			}
		}
	}
}
