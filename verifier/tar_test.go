package verifier_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// tarOf packs a directory, alone in its own, as a folder of an archive.
func tarOf(t *testing.T, dir string) log.Source {
	t.Helper()
	name := filepath.Join(t.TempDir(), "copy.tar")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := tar.NewWriter(file)
	if err := w.AddFS(os.DirFS(filepath.Dir(dir))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := log.OpenTar(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// An archive of a directory gives the report that the directory gives: whatever
// is wrong with whichever file.
func TestTar(t *testing.T) {
	w, first := newStory(t, 2*log.TileWidth+20, generator.Options{Seed: 85}) // two full bundles and part of a third
	paths, err := first.Paths()
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, path := range paths {
		if strings.HasPrefix(path, "bodies/") && !strings.HasPrefix(path, "bodies/bundle/") {
			text = path
		}
	}
	nobodys := log.BodyPath("LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564")
	asJSON := func(r *verifier.Report) string {
		b, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []struct {
		name string
		do   func(s *generator.Site) error
		want verifier.Result
	}{
		{"nothing", func(s *generator.Site) error { return nil }, verifier.Matches},
		{"the checkpoint", func(s *generator.Site) error { return s.Flip(log.CheckpointPath, 3, 1) }, verifier.Differs},
		{"no checkpoint", func(s *generator.Site) error { return s.Remove(log.CheckpointPath) }, verifier.CannotDecide},
		{"the archive", func(s *generator.Site) error { return s.Flip(log.ArchivePath, 3, 1) }, verifier.Differs},
		{"no archive", func(s *generator.Site) error { return s.Remove(log.ArchivePath) }, verifier.Differs},
		{"entries", func(s *generator.Site) error { return s.Flip("tile/entries/001", 300, 1) }, verifier.Differs},
		{"entries cut short", func(s *generator.Site) error { return s.Write("tile/entries/001", []byte{0, 9, 1}) }, verifier.Differs},
		{"entries too large", func(s *generator.Site) error { return s.Write("tile/entries/001", make([]byte, log.MaxBundleFile+1)) }, verifier.CannotDecide},
		{"no entries", func(s *generator.Site) error { return s.Remove("tile/entries/001") }, verifier.CannotDecide},
		{"a tile", func(s *generator.Site) error { return s.Flip("tile/0/001", 300, 1) }, verifier.Differs},
		{"no tile", func(s *generator.Site) error { return s.Remove("tile/0/001") }, verifier.Differs},
		{"an earlier tile", func(s *generator.Site) error { return s.Write("tile/0/000.p/7", make([]byte, 7*32)) }, verifier.Differs},
		{"earlier entries", func(s *generator.Site) error { return s.Write("tile/entries/000.p/1", []byte{0, 1, 1}) }, verifier.Differs},
		{"an upper tile as it was not", func(s *generator.Site) error { return s.Flip("tile/1/000.p/1", 5, 1) }, verifier.Differs},
		{"a bundle of texts", func(s *generator.Site) error { return s.Flip("bodies/bundle/001", 300, 1) }, verifier.Differs},
		{"a text", func(s *generator.Site) error { return s.Flip(text, 30, 1) }, verifier.Differs},
		{"no text", func(s *generator.Site) error { return s.Remove(text) }, verifier.Differs},
		{"a text that nobody names", func(s *generator.Site) error { return s.Write(nobodys, []byte("foo")) }, verifier.Matches},
		{"another in its place", func(s *generator.Site) error { return s.Write(nobodys, []byte("bar")) }, verifier.Differs},
		{"files without meaning", func(s *generator.Site) error {
			for _, path := range []string{"README", "tile/README", "tile/0/000.p/256", "tile/1/2/3/4/5/6/7/8/9/10/11/12", "bodies/.tmp", "bodies/old/000", "bodies/bundle/xx"} {
				if err := s.Write(path, []byte("x")); err != nil {
					return err
				}
			}
			return nil
		}, verifier.Matches},
		{"no texts at all", func(s *generator.Site) error { return os.RemoveAll(filepath.Join(s.Dir, "bodies")) }, verifier.Differs},
		{"no tiles at all", func(s *generator.Site) error { return os.RemoveAll(filepath.Join(s.Dir, "tile", "0")) }, verifier.Differs},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := first.Copy(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.do(s); err != nil {
				t.Fatal(err)
			}
			directory := runAudit(t, w, s.Dir)
			archive := runAudit(t, w, s.Dir, func(cfg *verifier.Config) { cfg.Source = tarOf(t, s.Dir) })
			if directory.Result != c.want {
				t.Errorf("result %s, want %s; findings %v", directory.Result, c.want, found(directory))
			}
			if u, v := directory.Undecided, archive.Undecided; u != nil && v != nil {
				u.Text, v.Text = "", "" // they name the source
			}
			if diff := cmp.Diff(asJSON(directory), asJSON(archive)); diff != "" {
				t.Errorf("the archive gives another report:\n%s", diff)
			}
		})
	}
}
