package generator_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// written returns a good log of 300 statements.
func written(t *testing.T) (*generator.World, *generator.Site) {
	t.Helper()
	w := generator.New(generator.Options{Seed: 11})
	dir := t.TempDir()
	if err := w.WriteStory(dir, 300); err != nil {
		t.Fatal(err)
	}
	return w, w.Open(dir)
}

func verdicts(t *testing.T, w *generator.World, entries []*generator.Entry) []pledge.Verdict {
	t.Helper()
	state, ring := pledge.New(w.Options.Origin), pledge.NewKeyring()
	var out []pledge.Verdict
	for i, e := range entries {
		item := pledge.Read(uint64(i), e.Leaf)
		ring.Learn(item.Statement)
		ring.Try(item)
		v, _ := state.Step(item)
		out = append(out, v)
	}
	return out
}

// Rewriting a log as it is changes nothing, and another order of entries gives a
// sound tree under another root.
func TestRewrite(t *testing.T) {
	_, site := written(t)
	before := files(t, site.Dir)
	if err := site.Fool(func(es []*generator.Entry) []*generator.Entry { return es }); err != nil {
		t.Fatal(err)
	}
	after := files(t, site.Dir)
	if len(after) != len(before) {
		t.Errorf("%d files, before %d", len(after), len(before))
	}
	for path, b := range before {
		if !bytes.Equal(after[path], b) {
			t.Errorf("%s changed", path)
		}
	}
	w2, site2 := written(t)
	if err := site2.Fool(func(es []*generator.Entry) []*generator.Entry {
		es[200], es[201] = es[201], es[200]
		return append(es[:100], es[101:]...)
	}); err != nil {
		t.Fatal(err)
	}
	raw, err := site2.Read(log.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	view, err := w2.Policy.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	root, err := log.NewTileReader(log.DirSource(site2.Dir)).Root(context.Background(), 299)
	if err != nil || view.Checkpoint.Size != 299 || root != view.Checkpoint.Root {
		t.Errorf("size %d, root %x, want that of the tiles %x (%v)", view.Checkpoint.Size, view.Checkpoint.Root, root, err)
	}
}

// Kept evidence of what was there before stays in the archive.
func TestRewriteKeepsArchive(t *testing.T) {
	_, site := written(t)
	before, err := site.Archive()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := site.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Rewrite(append(entries, entries[7]), true); err != nil {
		t.Fatal(err)
	}
	after, err := site.Archive()
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before)+1 || !slices.EqualFunc(after[:len(before)], before, bytes.Equal) {
		t.Errorf("the archive has %d checkpoints, before %d", len(after), len(before))
	}
}

func TestDamageOfFiles(t *testing.T) {
	_, good := written(t)
	entries, err := good.Entries()
	if err != nil {
		t.Fatal(err)
	}
	body := slices.IndexFunc(entries[:256], func(e *generator.Entry) bool { return e.Body != nil })
	digest := entries[body].Digest
	for name, tc := range map[string]struct {
		damage func(*generator.Site) error
		paths  []string // that change, and no others
	}{
		"flip":       {func(s *generator.Site) error { return s.Flip("tile/0/000", 77, 4) }, []string{"tile/0/000"}},
		"remove":     {func(s *generator.Site) error { return s.Remove("tile/entries/000") }, []string{"tile/entries/000"}},
		"leaf":       {func(s *generator.Site) error { return s.ChangeLeaf(5, bytes.ToUpper) }, []string{"tile/entries/000"}},
		"body gone":  {func(s *generator.Site) error { return s.SetBody(digest, nil) }, []string{"bodies/" + digest, "bodies/bundle/000"}},
		"body other": {func(s *generator.Site) error { return s.SetBody(digest, []byte(`{}`)) }, []string{"bodies/" + digest, "bodies/bundle/000"}},
		"archive": {func(s *generator.Site) error {
			notes, err := s.Archive()
			if err != nil {
				return err
			}
			return s.SetArchive(notes[1:])
		}, []string{"checkpoints"}},
		"checkpoint": {func(s *generator.Site) error {
			_, err := s.SetCheckpoint(300, log.Hash{1}, 0)
			return err
		}, []string{"checkpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			site, err := good.Copy(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if err := tc.damage(site); err != nil {
				t.Fatal(err)
			}
			before, after := files(t, good.Dir), files(t, site.Dir)
			var changed []string
			for path, b := range before {
				if now, ok := after[path]; !ok || !bytes.Equal(now, b) {
					changed = append(changed, path)
				}
			}
			slices.Sort(changed)
			if !slices.Equal(changed, tc.paths) {
				t.Errorf("changed %v, want %v", changed, tc.paths)
			}
		})
	}
}

// A leaf of the tail stands in the bundle of every size that was published.
func TestChangeLeafInPartialBundles(t *testing.T) {
	_, site := written(t)
	if err := site.ChangeLeaf(256, func([]byte) []byte { return []byte("x") }); err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, b := range files(t, site.Dir) {
		tile, err := log.ParseTilePath(path)
		if err != nil || tile.Level != log.EntriesLevel || tile.Index != 1 {
			continue
		}
		leaves, err := log.ParseBundle(b, tile.Width)
		if err != nil || string(leaves[0]) != "x" {
			t.Errorf("%s: %v", path, err)
		}
		n++
	}
	if n < 2 {
		t.Errorf("%d bundles of the tail", n)
	}
}

// A dishonest operator can log what is wrong in one way, at each stage.
func TestBrokenStatements(t *testing.T) {
	base := func() (*generator.World, *generator.Author) {
		w := generator.New(generator.Options{Seed: 12})
		if err := w.Story(60); err != nil {
			t.Fatal(err)
		}
		for _, a := range w.Signatories {
			if a.Threshold == 2 && a.Pledged > 0 {
				return w, a
			}
		}
		t.Fatal("no signatory with two keys")
		return nil, nil
	}
	for name, tc := range map[string]struct {
		log  func(w *generator.World, a *generator.Author)
		want pledge.VerdictKind
		code entry.Code
	}{
		"good": {func(w *generator.World, a *generator.Author) { w.Log(w.Request(a, "2025-02", nil)) }, pledge.Accepted, ""},
		"gap": {func(w *generator.World, a *generator.Author) {
			st := w.Request(a, "2025-02", nil)
			st.Seq++
			w.LogVoid(st)
		}, pledge.Rejected, pledge.CodeSeqGap},
		"unknown member": {func(w *generator.World, a *generator.Author) {
			st := w.Request(a, "2025-02", nil).Encode()
			st.SetPayload(generator.Edit(st.Payload, func(m map[string]any) { m["note"] = "x" }))
			w.LogVoid(st)
		}, pledge.Rejected, entry.CodeMemberUnknown},
		"not canonical": {func(w *generator.World, a *generator.Author) {
			st := w.Request(a, "2025-02", nil).Encode()
			st.SetPayload(bytes.Replace(st.Payload, []byte(":"), []byte(": "), 1))
			w.LogVoid(st)
		}, pledge.Rejected, entry.CodeNotCanonical},
		"one signature short": {func(w *generator.World, a *generator.Author) {
			w.LogVoid(w.Request(a, "2025-02", nil).SignWith(a.Keys[1]))
		}, pledge.Rejected, pledge.CodeSignaturesTooFew},
		"a signature too many": {func(w *generator.World, a *generator.Author) {
			w.LogVoid(w.Request(a, "2025-02", nil).SignWith(append(w.Operator, a.Keys...)...))
		}, pledge.Rejected, pledge.CodeSignatureUncalled},
		"a broken signature": {func(w *generator.World, a *generator.Author) {
			st := w.Request(a, "2025-02", nil).Sign()
			st.Envelope.Signatures[1].Sig[3] ^= 1
			w.LogVoid(st)
		}, pledge.Rejected, pledge.CodeSignatureInvalid},
		"twice": {func(w *generator.World, a *generator.Author) {
			st := w.Request(a, "2025-02", nil)
			w.Log(st)
			w.Advance(3600e9)
			w.LogVoid(st)
		}, pledge.Duplicate, ""},
		"no leaf": {func(w *generator.World, a *generator.Author) { w.LogLeaf([]byte("{}")) }, pledge.Malformed, entry.CodeLeafMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			w, a := base()
			tc.log(w, a)
			all := verdicts(t, w, w.Logged)
			for i, v := range all[:60] {
				if v.Kind != pledge.Accepted {
					t.Fatalf("entry %d of the story is %v", i, v)
				}
			}
			if got := all[len(all)-1]; got.Kind != tc.want || got.Code != tc.code {
				t.Errorf("%s (%s: %s), want %s (%s)", got.Kind, got.Code, got.Detail, tc.want, tc.code)
			}
			if err := w.WriteDir(t.TempDir()); err != nil {
				t.Error(err)
			}
		})
	}
}
