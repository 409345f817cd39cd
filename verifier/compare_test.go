package verifier_test

import (
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// Two checkpoints that fit are told to; two that don't are proved not to; and where
// the tiles do not say, nothing is said.
func TestCompare(t *testing.T) {
	w, s := newStory(t, 600, generator.Options{Seed: 82, Signatories: 4})
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	b := log.NewBuilder(nil)
	roots := []log.Hash{b.Root()}
	for _, e := range entries {
		if err := b.Append(log.LeafHash(e.Leaf)); err != nil {
			t.Fatal(err)
		}
		roots = append(roots, b.Root())
	}
	open := func(size uint64, root log.Hash) *log.View {
		t.Helper()
		v, err := w.Policy.OpenUnwitnessed(w.Checkpoint(size, root, 0))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	whole := open(600, roots[600])
	reader := log.NewTileReader(log.DirSource(s.Dir))
	for _, size := range []uint64{0, 1, 2, 3, 7, 128, 255, 256, 257, 512, 599, 600} {
		if e, err := verifier.Compare(t.Context(), w.Policy, open(size, roots[size]), whole, reader); e != nil || err != nil {
			t.Errorf("size %d: %v, %v", size, e, err)
		}
		for _, pair := range [][]*log.View{{open(size, anyRoot), whole}, {whole, open(size, anyRoot)}} {
			e, err := verifier.Compare(t.Context(), w.Policy, pair[0], pair[1], reader)
			if err != nil || e == nil {
				t.Errorf("size %d, another root: %v, %v", size, e, err)
			} else if err := verifier.CheckEvidence(w.Policy, e); err != nil {
				t.Errorf("size %d: %v", size, err)
			}
		}
	}
	// The tiles are not those of the larger one: that proves nothing.
	for name, pair := range map[string][]*log.View{
		"a larger one that is not there": {whole, open(700, anyRoot)},
		"another larger one":             {open(300, roots[300]), open(600, anyRoot)},
	} {
		if e, err := verifier.Compare(t.Context(), w.Policy, pair[0], pair[1], reader); e != nil || err == nil {
			t.Errorf("%s: %v, %v", name, e, err)
		}
	}
	if e, err := verifier.Compare(t.Context(), w.Policy, open(300, roots[300]), whole, nil); e != nil || err == nil {
		t.Errorf("without tiles: %v, %v", e, err)
	}
	if err := s.Flip("tile/0/000", 40, 1); err != nil {
		t.Fatal(err)
	}
	if e, err := verifier.Compare(t.Context(), w.Policy, open(1, roots[1]), whole, reader); e != nil || err == nil {
		t.Errorf("with a damaged tile: %v, %v", e, err)
	}
	if slices.Contains(roots, anyRoot) {
		t.Error("the false root is a true one")
	}
}
