package verifier_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// A fork that the operator shows once is proof ever after, whatever the audit that
// saw it came to.
func TestSeenOnceIsKept(t *testing.T) {
	w := stateWorld(t, 221, 800, false)
	notes := func(sizes ...uint64) [][]byte {
		var out [][]byte
		for _, n := range sizes {
			out = append(out, w.Checkpoint(n, log.LeafHash([]byte("another log")), w.Now()))
		}
		return out
	}
	show := func(t *testing.T, s *generator.Site, path string, b []byte) {
		t.Helper()
		if err := s.Write(path, b); err != nil {
			t.Fatal(err)
		}
	}
	good := writePrefix(t, w, 750)
	before := writePrefix(t, w, 600)
	for _, c := range []struct {
		name   string
		fresh  bool // there was no audit before
		size   int
		change func(t *testing.T, s *generator.Site)
		cfg    func(*verifier.Config)
		want   verifier.Result
	}{
		{"its entries are not to be had", false, 699, func(t *testing.T, s *generator.Site) { show(t, s, log.CheckpointPath, notes(700)[0]) }, nil, verifier.CannotDecide},
		{"in a first audit", true, 699, func(t *testing.T, s *generator.Site) { show(t, s, log.CheckpointPath, notes(700)[0]) }, nil, verifier.CannotDecide},
		{"its entries are others", false, 699, func(t *testing.T, s *generator.Site) { show(t, s, log.CheckpointPath, notes(699)[0]) }, func(c *verifier.Config) {}, verifier.Misbehaviour},
		{"no charter was given", true, 300, func(t *testing.T, s *generator.Site) { show(t, s, log.CheckpointPath, notes(300)[0]) }, func(c *verifier.Config) { c.Charter = entry.ID{} }, verifier.CannotDecide},
		{"in an archive whose checkpoint is none", false, 400, func(t *testing.T, s *generator.Site) {
			show(t, s, log.ArchivePath, log.AppendArchive(nil, notes(400)[0]))
			show(t, s, log.CheckpointPath, []byte("nothing"))
		}, nil, verifier.Differs},
		{"in an archive alone", false, 400, func(t *testing.T, s *generator.Site) {
			show(t, s, log.ArchivePath, log.AppendArchive(nil, notes(400)[0]))
			if err := os.Remove(filepath.Join(s.Dir, log.CheckpointPath)); err != nil {
				t.Fatal(err)
			}
		}, nil, verifier.CannotDecide},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := filepath.Join(t.TempDir(), "state")
			if !c.fresh {
				if r := runAudit(t, w, before.Dir, withState(state)); r.Result != verifier.Matches || r.State.Size != 512 {
					t.Fatalf("before: %s, %+v", r.Result, r.State)
				}
			}
			s := writePrefix(t, w, c.size)
			c.change(t, s)
			edit := c.cfg
			if edit == nil {
				edit = func(*verifier.Config) {}
			}
			if r := runAudit(t, w, s.Dir, withState(state), edit); r.Result != c.want {
				t.Fatalf("the fork is shown: %s, %v, want %s", r.Result, found(r), c.want)
			}
			// Twice: proof stays proof.
			for range 2 {
				r := runAudit(t, w, good.Dir, withState(state))
				if r.Result != verifier.Misbehaviour || !slices.Contains(found(r), "log-forked/operator") || r.Evidence == nil {
					t.Fatalf("the good log again: %s, %v", r.Result, found(r))
				}
				if err := verifier.CheckEvidence(w.Policy, r.Evidence); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A checkpoint that is short of its quorum is the log's word all the same.
func TestSeenWithoutQuorum(t *testing.T) {
	w := stateWorld(t, 222, 400, true)
	s := writePrefix(t, w, 300)
	raw := w.Checkpoint(300, log.LeafHash([]byte("another log")), w.Now())
	if err := s.Write(log.CheckpointPath, generator.EditNote(raw, func(n *log.Note) { n.Signatures = n.Signatures[:1] })); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	if r := runAudit(t, w, s.Dir, withState(state)); !slices.Equal(found(r), []string{"checkpoint-quorum-short/view"}) {
		t.Fatalf("findings %v", found(r))
	}
	if r := runAudit(t, w, writePrefix(t, w, 400).Dir, withState(state)); r.Result != verifier.Misbehaviour {
		t.Errorf("result %s, findings %v", r.Result, found(r))
	}
}

// Who holds the log's key can sign as much as it likes: of one size two are kept that
// differ, the first ones.
func TestSeenIsBounded(t *testing.T) {
	w := stateWorld(t, 223, 400, false)
	state := filepath.Join(t.TempDir(), "state")
	s := writePrefix(t, w, 300)
	signed := func(i int) []byte { return w.Checkpoint(400, log.LeafHash(fmt.Append(nil, i)), w.Now()) }
	for i := range 5 {
		if err := s.Write(log.CheckpointPath, signed(i)); err != nil {
			t.Fatal(err)
		}
		runAudit(t, w, s.Dir, withState(state))
	}
	b, err := os.ReadFile(filepath.Join(state, verifier.SeenFile))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := log.ParseArchive(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if has := slices.ContainsFunc(kept, func(n []byte) bool { return bytes.Equal(n, signed(i)) }); has != (i < 2) {
			t.Errorf("checkpoint %d is kept: %v", i, has)
		}
	}
	// Damage is said: it may be proof that is lost.
	for name, change := range map[string]func([]byte) []byte{
		"cut short":     func(b []byte) []byte { return b[:len(b)-10] },
		"a bit flipped": func(b []byte) []byte { b = bytes.Clone(b); b[len(b)-8] ^= 1; return b },
	} {
		if err := os.WriteFile(filepath.Join(state, verifier.SeenFile), change(b), 0o600); err != nil {
			t.Fatal(err)
		}
		var refused *verifier.StateError
		if _, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(s.Dir), State: state}); !errors.As(err, &refused) || refused.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
