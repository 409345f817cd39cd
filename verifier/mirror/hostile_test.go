package mirror

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// begun is a world, its log of 300 entries and of all, a server of the first, and a
// mirror of that.
func begun(t *testing.T) (w *generator.World, early, late string, s *server, start string) {
	t.Helper()
	w = world(t, 600)
	early, late = write(t, w, 300), write(t, w, len(w.Logged))
	s = serve(t, early)
	start = filepath.Join(t.TempDir(), "start")
	run(t, config(t, w, s.URL, start))
	return w, early, late, s, start
}

// TestHostile: what is not the signed log is not copied, and what a run fetched of it
// does not keep the next from copying a good one.
func TestHostile(t *testing.T) {
	w, early, late, s, start := begun(t)
	// The first entry or hash of a file, or the end of one.
	flip := func(at int, prefixes ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(rw http.ResponseWriter, r *http.Request) bool {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
				return false
			}
			b, err := os.ReadFile(filepath.Join(late, filepath.FromSlash(r.URL.Path)))
			if err != nil {
				return false
			}
			b[(at+len(b))%len(b)] ^= 1
			rw.Write(b)
			return true
		}
	}
	for name, change := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"an entry differs":       flip(10, "/tile/entries/001"),
		"every bundle differs":   flip(10, "/tile/entries/000", "/tile/entries/001"),
		"every tile differs":     flip(3, "/tile/0/000", "/tile/0/001"),
		"the last entries":       flip(-9, "/tile/entries/002"),
		"a tile differs":         flip(-9, "/tile/0/001"),
		"the checkpoint differs": flip(20, "/checkpoint"),
		"an older checkpoint": func(rw http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == "/checkpoint" && copyFile(rw, early+"/checkpoint")
		},
		"entries are missing": func(rw http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/tile/entries/001") {
				http.NotFound(rw, r)
				return true
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := clone(t, start)
			s.dir.Store(late)
			s.change.Store(change)
			for range 2 {
				r, err := Run(t.Context(), config(t, w, s.URL, dir))
				if err != nil || r.Copied {
					t.Fatalf("copied %v: %v", r != nil && r.Copied, err)
				}
			}
			sameCopy(t, w, early, dir)
			if got := audit(t, w, dir); got.Size != 300 || got.Result != verifier.Matches {
				t.Errorf("the copy of %d entries: %s, %v", got.Size, got.Result, got.Findings)
			}
			s.change.Store(func(http.ResponseWriter, *http.Request) bool { return false })
			if r := run(t, config(t, w, s.URL, dir)); !r.Copied {
				t.Fatalf("and then: %v", r.Report.Findings)
			}
			sameCopy(t, w, late, dir)
		})
	}
	// A log that shows less than it did changes nothing either.
	dir := clone(t, start)
	s.dir.Store(late)
	run(t, config(t, w, s.URL, dir))
	s.dir.Store(early)
	if r, err := Run(t.Context(), config(t, w, s.URL, dir)); err == nil && r.Copied {
		t.Error("a log that shrank was copied")
	}
	sameCopy(t, w, late, dir)
}

func copyFile(rw http.ResponseWriter, path string) bool {
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	rw.Write(b)
	return true
}

// TestArchiveStays: what is served in the place of the archive does not replace the one
// of the copy, which holds evidence for ever.
func TestArchiveStays(t *testing.T) {
	w, _, late, s, start := begun(t)
	have, err := os.ReadFile(filepath.Join(start, log.ArchivePath))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(late, log.ArchivePath))
	if err != nil {
		t.Fatal(err)
	}
	notes, err := log.ParseArchive(whole)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := bytes.Clone(whole)
	unsigned[len(unsigned)-9] ^= 1 // in the last signature
	for name, served := range map[string][]byte{
		"nothing": {}, "junk": []byte("<html>"), "its end": log.AppendArchive(nil, notes[len(notes)-1]), "one is not signed": unsigned,
	} {
		t.Run(name, func(t *testing.T) {
			dir := clone(t, start)
			s.dir.Store(late)
			s.change.Store(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/checkpoints" {
					return false
				}
				rw.Write(served)
				return true
			})
			if _, err := Run(t.Context(), config(t, w, s.URL, dir)); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, log.ArchivePath))
			if err != nil || !bytes.Equal(got, have) {
				t.Errorf("the archive of the copy changed from %d to %d bytes: %v", len(have), len(got), err)
			}
			s.change.Store(func(http.ResponseWriter, *http.Request) bool { return false })
			run(t, config(t, w, s.URL, dir))
			sameCopy(t, w, late, dir)
		})
	}
}

// other is another history of a world's log by the same keys, from n entries on.
func other(t *testing.T, w *generator.World, n, more int) *generator.World {
	t.Helper()
	o := world(t, 600)
	o.Logged = o.Logged[:n:n]
	for i := range more {
		o.Logged = append(o.Logged, &generator.Entry{Leaf: fmt.Appendf(nil, "another %d", i), Logged: w.Logged[n-1].Logged})
	}
	return o
}

// TestFork: a history that contradicts the copy's checkpoint does not replace it, nor
// does it when the audit's state was deleted; and what was seen signed is not forgotten.
func TestFork(t *testing.T) {
	w := world(t, 600)
	early := write(t, w, 300)
	fork := other(t, w, 200, 180)
	forked := write(t, fork, len(fork.Logged))
	s := serve(t, early)
	dir := filepath.Join(t.TempDir(), "mirror")
	run(t, config(t, w, s.URL, dir))
	s.dir.Store(forked)
	for _, deleted := range []bool{false, true} {
		if deleted {
			if err := os.RemoveAll(filepath.Join(dir, StateDir, "audit")); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Run(t.Context(), config(t, w, s.URL, dir))
		if err != nil || r.Copied || r.Report.Result != verifier.Misbehaviour {
			t.Fatalf("state deleted %v: %+v, %v", deleted, r, err)
		}
		sameCopy(t, w, early, dir)
	}
	// It is known from then on, whatever is served later.
	late := write(t, w, len(w.Logged))
	s.dir.Store(late)
	if r, err := Run(t.Context(), config(t, w, s.URL, dir)); err != nil || r.Report.Result != verifier.Misbehaviour {
		t.Errorf("the fork is forgotten: %+v, %v", r, err)
	}
}

// TestLoggedTwice: a text that two leaves publish is erased from both bundles.
func TestLoggedTwice(t *testing.T) {
	w := world(t, 900)
	at := slices.IndexFunc(w.Logged, func(e *generator.Entry) bool { return e.Erases != "" })
	published := slices.IndexFunc(w.Logged, func(e *generator.Entry) bool { return e.Digest == w.Logged[at].Erases })
	if at < 0 || published < 0 || published/256 == (at-1)/256 {
		t.Fatalf("the world erases at %d what it published at %d: the test shows nothing", at, published)
	}
	again := *w.Logged[published]
	w.Logged = slices.Insert(slices.Clone(w.Logged), at, &again)
	before, after := write(t, w, at+1), write(t, w, (at/256+1)*256)
	s := serve(t, before)
	dir := filepath.Join(t.TempDir(), "mirror")
	cfg := config(t, w, s.URL, dir)
	if r, err := Run(t.Context(), cfg); err != nil || !r.Copied {
		t.Fatalf("%+v, %v", r, err)
	}
	s.dir.Store(after)
	if r, err := Run(t.Context(), cfg); err != nil || !r.Copied || r.Erased == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	digest := w.Logged[at+1].Erases
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for line := range bytes.Lines(b) {
			if entry.Digest(bytes.TrimSuffix(line, []byte("\n"))) == digest {
				t.Errorf("%s has the text that was erased", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestForeignText: what an operator serves among the texts of a bundle, and no
// statement names, gets into no mirror.
func TestForeignText(t *testing.T) {
	w := world(t, 600)
	late := write(t, w, len(w.Logged))
	s := serve(t, late)
	s.change.Store(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/bodies/bundle/") {
			return false
		}
		b, err := os.ReadFile(filepath.Join(late, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			return false
		}
		rw.Write(append(b, `{"nobody":"signed this"}`+"\n"...))
		return true
	})
	dir := filepath.Join(t.TempDir(), "mirror")
	r := run(t, config(t, w, s.URL, dir))
	if !r.Copied || r.Report.Result != verifier.Differs {
		t.Fatalf("copied %v, %s", r.Copied, r.Report.Result)
	}
	sameCopy(t, w, late, dir)
}
