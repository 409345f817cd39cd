package verifier_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// fork is the evidence of an audit of a log whose archive holds a checkpoint of
// the given size with a false root.
func fork(t testing.TB, w *generator.World, first *generator.Site, archive [][]byte, size uint64) *verifier.Evidence {
	t.Helper()
	s, err := first.Copy(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	rest := slices.Clone(archive)
	for len(rest) > 0 && generator.SizeOf(rest[0]) <= size {
		rest = rest[1:]
	}
	if err := s.SetArchive(insert(rest, 0, w.Checkpoint(size, anyRoot, 0))); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Misbehaviour {
		t.Fatalf("size %d: result %s, findings %v", size, r.Result, found(r))
	}
	return r.Evidence
}

// Whatever the sizes, the evidence convinces somebody who has only the policy,
// and no change of it goes unseen.
func TestEvidence(t *testing.T) {
	const n = 300
	w, s := newStory(t, n, generator.Options{Seed: 71})
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []uint64{0, 1, 2, 3, 7, 8, 128, 200, 255, 256, 257, 288, 299, 300} {
		e := fork(t, w, s, archive, size)
		b, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := verifier.ParseEvidence(b)
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if err := verifier.CheckEvidence(w.Policy, again); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
		for i := range again.Consistency {
			bad := *again
			bad.Consistency = slices.Clone(again.Consistency)
			bad.Consistency[i] = bad.Prefix
			if err := verifier.CheckEvidence(w.Policy, &bad); err == nil {
				t.Errorf("size %d: hash %d does not matter", size, i)
			}
		}
	}
}

// once is a source that answers each question once.
type once struct {
	log.Source
	mu    sync.Mutex
	asked map[string]bool
}

func (o *once) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	o.mu.Lock()
	again := o.asked[path]
	o.asked[path] = true
	o.mu.Unlock()
	if again {
		return nil, log.ErrNotFound
	}
	return o.Source.Get(ctx, path, limit)
}

// Who forked a log does not get away with it by answering no second time.
func TestEvidenceFromOneReading(t *testing.T) {
	w, s := newStory(t, 700, generator.Options{Seed: 74})
	for _, sizes := range [][]uint64{{300}, {256}, {1, 511}, {699}} {
		var archive [][]byte
		for _, size := range sizes {
			archive = append(archive, w.Checkpoint(size, anyRoot, 0))
		}
		if err := s.SetArchive(archive); err != nil {
			t.Fatal(err)
		}
		r := runAudit(t, w, s.Dir, func(c *verifier.Config) {
			c.Source = &once{Source: c.Source, asked: make(map[string]bool)}
		})
		if r.Result != verifier.Misbehaviour {
			t.Fatalf("sizes %d: result %s, findings %v", sizes, r.Result, found(r))
		}
		if err := verifier.CheckEvidence(w.Policy, r.Evidence); err != nil {
			t.Errorf("sizes %d: %v", sizes, err)
		}
	}
}

func TestEvidenceRefused(t *testing.T) {
	w, s := newStory(t, 300, generator.Options{Seed: 72})
	archive, err := s.Archive()
	if err != nil {
		t.Fatal(err)
	}
	good := fork(t, w, s, archive, 200)
	current, err := s.Read(log.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	earlier := archive[len(archive)/2]
	other := generator.New(generator.Options{Seed: 73, Origin: "other.example/1"})
	for name, edit := range map[string]func(e *verifier.Evidence){
		"two checkpoints that fit": func(e *verifier.Evidence) { e.Smaller, e.Larger = string(earlier), string(current) },
		"one checkpoint twice":     func(e *verifier.Evidence) { e.Smaller = e.Larger },
		"the other way round":      func(e *verifier.Evidence) { e.Smaller, e.Larger = e.Larger, e.Smaller },
		"of another log":           func(e *verifier.Evidence) { e.Smaller = string(other.Checkpoint(200, anyRoot, 0)) },
		"of two logs":              func(e *verifier.Evidence) { e.Log = "other.example/1" },
		"unsigned": func(e *verifier.Evidence) {
			e.Smaller = string(generator.EditNote([]byte(e.Smaller), func(n *log.Note) { n.Signatures[0].Sig[0] ^= 1 }))
		},
		// Every log grew from the empty one.
		"an empty log": func(e *verifier.Evidence) {
			e.Smaller = string(w.Checkpoint(0, log.EmptyRoot(), 0))
		},
		"an empty log, without a proof": func(e *verifier.Evidence) {
			e.Smaller, e.Consistency = string(w.Checkpoint(0, log.EmptyRoot(), 0)), nil
		},
		"an empty log, without anything": func(e *verifier.Evidence) {
			e.Smaller, e.Prefix, e.Consistency = string(w.Checkpoint(0, log.EmptyRoot(), 0)), "", nil
		},
		"an empty log twice": func(e *verifier.Evidence) {
			e.Smaller = string(w.Checkpoint(0, log.EmptyRoot(), 0))
			e.Larger, e.Consistency = e.Smaller, nil
		},
		"no prefix":           func(e *verifier.Evidence) { e.Prefix = "" },
		"a prefix of its own": func(e *verifier.Evidence) { e.Prefix = e.Consistency[0] },
		"no proof":            func(e *verifier.Evidence) { e.Consistency = nil },
	} {
		e := *good
		edit(&e)
		if err := verifier.CheckEvidence(w.Policy, &e); err == nil {
			t.Errorf("%s: it proves something", name)
		}
	}
}

func TestEvidenceFileName(t *testing.T) {
	e := &verifier.Evidence{Log: "../log.accord.example/2026", Smaller: "a", Larger: "b"}
	if name := e.FileName(); name != filepath.Base(name) || name[0] == '.' {
		t.Errorf("file name %q", name)
	}
}

func FuzzParseEvidence(f *testing.F) {
	w, s := newStory(f, 40, generator.Options{Seed: 74})
	archive, err := s.Archive()
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range []*verifier.Evidence{
		fork(f, w, s, archive, 7), fork(f, w, s, archive, 32), fork(f, w, s, archive, 40),
		{Format: verifier.EvidenceFormat, Log: w.Options.Origin, What: "x", Smaller: string(w.Checkpoint(1, anyRoot, 0)), Larger: string(w.Checkpoint(2, anyRoot, 0)), Prefix: "AAAA", Consistency: []string{"AAAA"}},
		{Format: verifier.EvidenceFormat},
	} {
		b, err := e.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := verifier.ParseEvidence(b)
		if err != nil {
			return
		}
		again, err := e.Marshal()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is written again as %q, %v", b, again, err)
		}
		if verifier.CheckEvidence(w.Policy, e) == nil && !bytes.Contains(b, []byte(w.Options.Origin)) {
			t.Error("evidence against nobody")
		}
	})
}

func FuzzCheckProof(f *testing.F) {
	w, s := newStory(f, 20, generator.Options{Seed: 75})
	for i := range uint64(20) {
		f.Add(receipt(f, s, i).Marshal())
	}
	none := receipt(f, s, 5)
	none.Extra = nil
	f.Add(none.Marshal())
	other := receipt(f, s, 5)
	other.Index = 6
	f.Add(other.Marshal())
	entries, err := s.Entries()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := checkProof(t, w.Policy, b, nil)
		if err != nil {
			return
		}
		// Nobody can make a proof of anything else without the log's key.
		if p, err := log.ParseProof(b); err != nil || !bytes.Equal(p.Extra, entries[r.Index].Leaf) {
			t.Errorf("proved an entry that is not in the log: %+v", r)
		}
	})
}
