package verifier_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// Whichever byte of whichever file of a directory is changed, an audit has
// something to say. Texts, and files of earlier sizes, are many: the first of each sort
// is damaged alone, and the others together, where each of them has to be counted.
func TestEveryFile(t *testing.T) {
	w, s := newStory(t, 400, generator.Options{Seed: 81, Signatories: 4})
	paths, err := s.Paths()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if r := runAudit(t, w, s.Dir); r.Result != verifier.Matches || len(r.Findings) > 0 {
		t.Fatalf("the log is not good before the damage: %v", found(r))
	}
	dice := rand.New(rand.NewPCG(81, 0))
	damaged := func(paths []string, hold func(r *verifier.Report)) {
		undo := make([]func() error, 0, len(paths))
		var what []string
		for _, path := range paths {
			b, err := s.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			at, mask := dice.IntN(len(b)), byte(1<<dice.IntN(8))
			if err := s.Flip(path, at, mask); err != nil {
				t.Fatal(err)
			}
			undo = append(undo, func() error { return s.Write(path, b) })
			what = append(what, fmt.Sprintf("%s: bits %02x of byte %d turned over", path, mask, at))
		}
		r := runAudit(t, w, s.Dir)
		if len(r.Findings) == 0 || r.Result != verifier.Differs {
			t.Errorf("%v: result %s, findings %v", what, r.Result, found(r))
		}
		hold(r)
		for _, undo := range undo {
			if err := undo(); err != nil {
				t.Fatal(err)
			}
		}
	}
	current := []string{log.TilePath(0, 1, 144), log.TilePath(1, 0, 1), log.EntriesPath(1, 144)}
	kinds, many := make(map[string]int), make(map[string][]string)
	for _, path := range paths {
		kind, _, _ := strings.Cut(path, "/")
		sort := ""
		switch folder, _, partial := strings.Cut(path, ".p/"); {
		case partial && !slices.Contains(current, path):
			kind, sort = kind+" partial", folder
		case partial:
			kind += " partial"
		case kind == "bodies" && path != log.BodiesBundlePath(0):
			sort = kind
		}
		if kinds[kind]++; sort != "" {
			if many[sort] = append(many[sort], path); len(many[sort]) > 1 {
				continue
			}
		}
		damaged([]string{path}, func(*verifier.Report) {})
	}
	if kinds["bodies"] < 200 || kinds["tile"] != 2 || kinds["tile partial"] < 20 || kinds["checkpoint"] != 1 || kinds["checkpoints"] != 1 {
		t.Errorf("the log is not as this test wants it: %v", kinds)
	}
	for paths := range slices.Chunk(many["bodies"][1:], 40) {
		damaged(paths, func(r *verifier.Report) {
			var found []string
			for _, f := range r.Findings {
				if f.Index != nil && f.Severity == pledge.Error {
					found = append(found, log.BodyPath(entries[*f.Index].Digest))
				}
			}
			slices.Sort(found)
			if diff := cmp.Diff(paths, found); diff != "" || len(r.Findings) != len(paths) {
				t.Errorf("%d findings, for these texts (-damaged +found):\n%s", len(r.Findings), diff)
			}
		})
	}
	delete(many, "bodies")
	for folder, paths := range many {
		damaged(paths, func(r *verifier.Report) {
			all := fmt.Sprintf(" %s the copy has %d files for another size ", folder, len(paths))
			if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Text, all) {
				t.Errorf("%d files damaged: findings %v\n%s", len(paths), found(r), text(t, r))
			}
		})
	}
	if len(many) != 2 {
		t.Errorf("files of earlier sizes of %d", len(many))
	}
	if r := runAudit(t, w, s.Dir); r.Result != verifier.Matches || len(r.Findings) > 0 {
		t.Errorf("the log is not good after the damage: %v", found(r))
	}
}

// A text is served from its own file, whatever stands in its bundle. Every one
// replaced by a lie: a directory shows it, an address is not asked for each, and
// the report says so.
func TestSingleTexts(t *testing.T) {
	const size = 4*log.TileWidth + 30 // the last 30 have no bundle of texts yet
	w, s := newStory(t, size, generator.Options{Seed: 82})
	paths, err := s.Paths()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	tail := make(map[string]bool)
	for _, e := range entries[4*log.TileWidth:] {
		tail[log.BodyPath(e.Digest)] = true
	}
	replaced := 0
	for _, path := range paths {
		if strings.HasPrefix(path, "bodies/") && !strings.HasPrefix(path, "bodies/bundle/") && !tail[path] {
			if err := s.Write(path, []byte(`{"narrative":"All is well."}`)); err != nil {
				t.Fatal(err)
			}
			replaced++
		}
	}
	if replaced < 400 {
		t.Fatalf("%d texts replaced", replaced)
	}
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Differs || !slices.Equal(found(r), []string{"body-file-mismatch/operator"}) || len(r.Findings) != replaced {
		t.Fatalf("result %s, %d findings %v, want %d", r.Result, len(r.Findings), found(r), replaced)
	}
	checkReport(t, w, r)
	for _, f := range r.Findings {
		if f.Index == nil || !strings.Contains(f.Text, entries[*f.Index].Digest) || f.Entry == "" {
			t.Fatalf("finding %+v does not fit its entry", f)
		}
	}
	src := httpSource(t, http.FileServer(http.Dir(s.Dir)))
	r = runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Source = src })
	if r.Result != verifier.Matches || !notChecked(r, "single addresses") {
		t.Errorf("over HTTP: result %s, findings %v, not checked %v", r.Result, found(r), r.NotChecked)
	}
	r = runAudit(t, w, s.Dir, func(c *verifier.Config) { c.AsServed = true })
	if r.Result != verifier.Matches || !notChecked(r, "single addresses") || !notChecked(r, "Partial tiles") {
		t.Errorf("as served: result %s, findings %v, not checked %v", r.Result, found(r), r.NotChecked)
	}
}

func notChecked(r *verifier.Report, what string) bool {
	return slices.ContainsFunc(r.NotChecked, func(s string) bool { return strings.Contains(s, what) })
}

// Files beside those that readers of the checkpoint use.
func TestOtherFiles(t *testing.T) {
	w, first := newStory(t, storySize, generator.Options{Seed: 83})
	entries, err := first.Entries()
	if err != nil {
		t.Fatal(err)
	}
	// withText is the first entry from i on that has a published text.
	withText := func(i int) *generator.Entry {
		for entries[i].Body == nil {
			i++
		}
		return entries[i]
	}
	part := func(s *generator.Site, from, to string, n int) error {
		b, err := s.Read(from)
		if err != nil {
			return err
		}
		return s.Write(to, b[:n])
	}
	longer := func(s *generator.Site, from, to string, more int) error {
		b, err := s.Read(from)
		if err != nil {
			return err
		}
		return s.Write(to, append(b, make([]byte, more)...))
	}
	for _, c := range []struct {
		name string
		do   func(s *generator.Site) error
		want []string
		note string // in the list of what was not checked
	}{
		{"a tile as it was", func(s *generator.Site) error { return part(s, "tile/0/000", "tile/0/000.p/7", 7*32) }, nil, ""},
		{"a tile as it was not", func(s *generator.Site) error { return part(s, "tile/0/001", "tile/0/000.p/7", 7*32) }, []string{"tile-mismatch/view"}, ""},
		{"a tile of another width", func(s *generator.Site) error { return part(s, "tile/0/000", "tile/0/000.p/7", 6*32) }, []string{"tile-mismatch/view"}, ""},
		{"an upper tile as it was not", func(s *generator.Site) error { return s.Flip("tile/1/000.p/1", 5, 1) }, []string{"tile-mismatch/view"}, ""},
		{"an earlier tile too large", func(s *generator.Site) error { return s.Write("tile/0/000.p/9", make([]byte, log.MaxTileFile+1)) }, []string{"tile-mismatch/view"}, ""},
		{"a later tile", func(s *generator.Site) error { return longer(s, "tile/0/002.p/188", "tile/0/002", 68*32) }, nil, ""},
		{"a later tile that begins otherwise", func(s *generator.Site) error {
			return s.Write("tile/0/002", make([]byte, log.FullTileSize))
		}, []string{"tile-mismatch/view"}, ""},
		{"earlier entries replaced", func(s *generator.Site) error {
			return part(s, "tile/entries/001", "tile/entries/000.p/1", 2+len(entries[256].Leaf))
		}, []string{"bundle-mismatch/view"}, ""},
		{"earlier entries cut short", func(s *generator.Site) error { return part(s, "tile/entries/000", "tile/entries/000.p/1", 50) }, []string{"bundle-mismatch/view"}, ""},
		{"later entries", func(s *generator.Site) error {
			return longer(s, "tile/entries/002.p/188", "tile/entries/002", 68*2)
		}, nil, ""},
		// Nobody can tell which of the files is right.
		{"entries replaced, and those of earlier sizes not", func(s *generator.Site) error {
			return s.Flip("tile/entries/002.p/188", 200, 1)
		}, []string{"root-mismatch/view", "tile-mismatch/view"}, ""},
		{"one without meaning", func(s *generator.Site) error { return s.Write("tile/0/.DS_Store", []byte("x")) }, nil, "1 file under tile/ and bodies/"},
		{"some without meaning", func(s *generator.Site) error {
			for _, path := range []string{"tile/README", "tile/0/000.p/256", "tile/0/x", "bodies/.tmp", "bodies/old/000", "bodies/bundle/xx", "bodies/bundle/000.p/1"} {
				if err := s.Write(path, []byte("x")); err != nil {
					return err
				}
			}
			return nil
		}, nil, "7 files under tile/ and bodies/"},
		{"later ones", func(s *generator.Site) error {
			for _, path := range []string{"tile/0/003", "tile/entries/x001/000", "tile/7/000.p/1", "bodies/bundle/002"} {
				if err := s.Write(path, []byte("x")); err != nil {
					return err
				}
			}
			return nil
		}, nil, "4 files under tile/ and bodies/"},
		{"a text that nobody names", func(s *generator.Site) error {
			return s.Write(log.BodyPath("LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564"), []byte("foo"))
		}, nil, "1 file under tile/ and bodies/"},
		{"another text under a digest that nobody names", func(s *generator.Site) error {
			return s.Write(log.BodyPath("LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564"), []byte("bar"))
		}, []string{"body-file-mismatch/operator"}, ""},
		{"a text removed, its bundle there", func(s *generator.Site) error {
			return s.Remove(log.BodyPath(withText(30).Digest))
		}, []string{"body-file-missing/operator"}, ""},
		{"a text immense, its bundle there", func(s *generator.Site) error {
			return s.Write(log.BodyPath(withText(30).Digest), make([]byte, 1<<20))
		}, []string{"body-file-mismatch/operator"}, ""},
		{"a text empty, its bundle there", func(s *generator.Site) error {
			return s.Write(log.BodyPath(withText(30).Digest), nil)
		}, []string{"body-file-mismatch/operator"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := first.Copy(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.do(s); err != nil {
				t.Fatal(err)
			}
			r := runAudit(t, w, s.Dir)
			if !slices.Equal(found(r), c.want) || len(r.Findings) != len(c.want) || (r.Result == verifier.Matches) != (len(c.want) == 0) {
				t.Fatalf("result %s, findings %v; want %v\n%s", r.Result, found(r), c.want, text(t, r))
			}
			if c.note != "" && !notChecked(r, c.note) {
				t.Errorf("not checked: %v, want %q", r.NotChecked, c.note)
			}
			checkReport(t, w, r)
		})
	}
}

// What an operator puts under a withheld or a rejected statement's digest is held
// to it as well.
func TestTextsOfOthers(t *testing.T) {
	w := generator.New(generator.Options{Seed: 84, Signatories: 1})
	a := w.Signatories[0]
	w.Log(w.Found())
	w.Advance(3600e9)
	w.Log(w.Admit(a))
	w.Advance(3600e9)
	w.Log(w.Pledge(a))
	w.SetNow(at(2025, 2, 1, 12))
	secret := w.Request(a, "2025-01", nil)
	secret.Review = "2025-04-01"
	w.Log(secret)
	w.SetNow(at(2025, 2, 2, 12))
	gap := w.Request(a, "2025-01", nil)
	gap.Seq++
	w.LogVoid(gap.Encode().Sign())
	s := newLog(t, w)
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if r := runAudit(t, w, s.Dir); !slices.Equal(found(r), []string{"statement-rejected/operator"}) {
		t.Fatalf("findings %v", found(r))
	}
	lies := 0
	for i, e := range entries {
		if i == 0 || e.Digest == "" {
			continue // the charter's text is published
		}
		lies++
		c, err := s.Copy(t.TempDir() + "/log")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(log.BodyPath(e.Digest), []byte("a lie")); err != nil {
			t.Fatal(err)
		}
		if r := runAudit(t, w, c.Dir); !slices.Equal(found(r), []string{"body-file-mismatch/operator", "statement-rejected/operator"}) {
			t.Errorf("entry %d: findings %v", i, found(r))
		}
	}
	if lies != 2 {
		t.Errorf("%d entries with a text that is not published", lies)
	}
}
