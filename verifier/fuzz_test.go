package verifier_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// FuzzCheckChain reads chains as a server could give them. What is proved to be all
// that the author said is what it said.
func FuzzCheckChain(f *testing.F) {
	w := generator.New(generator.Options{Seed: 77, Signatories: 2})
	if err := w.Story(12); err != nil {
		f.Fatal(err)
	}
	w.Log(w.Directory())
	author := w.Signatories[0].ID
	good := chainOf(f, w, author)
	add := func(c chainFile) {
		b, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	add(*good)
	for _, change := range []func(*chainFile){
		func(c *chainFile) { c.Directory = nil },
		func(c *chainFile) { c.Entries = c.Entries[1:] },
		func(c *chainFile) { c.Entries = c.Entries[:len(c.Entries)-1] },
		func(c *chainFile) { c.Entries = nil },
		func(c *chainFile) { // nothing of the author's
			c.Entries = c.Entries[:1]
			d := *c.Directory
			d.Rows = slices.DeleteFunc(slices.Clone(d.Rows), func(r chainRow) bool { return bytes.Contains(r.Row, []byte(author)) })
			c.Directory = &d
		},
		func(c *chainFile) { c.Checkpoint = "" },
		func(c *chainFile) { c.Directory = &chainDir{Count: 1 << 63} },
	} {
		c := *good
		change(&c)
		add(c)
	}
	b, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	whole, err := verifier.CheckChain(w.Policy, w.Charter, author, b)
	if err != nil || whole.Result != verifier.Matches || len(whole.Statements) < 2 {
		f.Fatalf("the chain is %+v, %v", whole, err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := verifier.CheckChain(w.Policy, w.Charter, author, b)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range r.Statements {
			if i >= len(whole.Statements) || s != whole.Statements[i] {
				t.Errorf("statement %d is %+v", i, s)
			}
		}
		for _, s := range whole.Statements[len(r.Statements):] {
			if r.Result == verifier.Matches && s.Index < r.CompleteTo {
				t.Errorf("it is complete to %d, without entry %d", r.CompleteTo, s.Index)
			}
		}
		if _, err := r.JSON(); err != nil {
			t.Error(err)
		}
		if err := r.WriteText(&bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	})
}

// A memory serves a log's files from memory, and notes which it was asked for.
type memory struct {
	files map[string][]byte
	mu    sync.Mutex
	read  map[string]bool
}

func newMemory(tb testing.TB, dir string) *memory {
	m := &memory{files: make(map[string][]byte), read: make(map[string]bool)}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		m.files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func (m *memory) Get(_ context.Context, path string, limit int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read[path] = true
	b, ok := m.files[path]
	switch {
	case !ok:
		return nil, log.ErrNotFound
	case int64(len(b)) > limit:
		return nil, log.ErrTooLarge
	}
	return slices.Clone(b), nil
}

func (m *memory) String() string { return "memory" }

// FuzzServed has a server answer with other bytes than the log's, at one of its
// addresses. An audit ends, and does not take them for the log.
func FuzzServed(f *testing.F) {
	w, s := newStory(f, 270, generator.Options{Seed: 78, Signatories: 3, Mix: generator.Mix{Withheld: 100, Sealed: 100}})
	good := newMemory(f, s.Dir)
	audit := func(t testing.TB, source log.Source) (*verifier.Report, error) {
		return verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: source})
	}
	r, err := audit(f, good)
	if err != nil || r.Result != verifier.Matches {
		f.Fatalf("the log: %v, %v", r, err)
	}
	var paths []string
	for path := range good.read {
		if good.files[path] != nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	seen := make(map[string]bool)
	for i, path := range paths {
		// Of single texts one will do: they are all alike.
		if sort := filepath.Dir(path); !seen[sort] || sort != log.BodiesPath {
			seen[sort] = true
			f.Add(uint16(i), good.files[path])
			f.Add(uint16(i), good.files[path][:len(good.files[path])/2])
			f.Add(uint16(i), []byte{})
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, b []byte) {
		path := paths[int(which)%len(paths)]
		served := &memory{files: map[string][]byte{path: b}, read: make(map[string]bool)}
		for name, content := range good.files {
			if name != path {
				served.files[name] = content
			}
		}
		r, err := audit(t, served)
		if bytes.Equal(b, good.files[path]) {
			if err != nil || r.Result != verifier.Matches {
				t.Fatalf("the log: %v, %v", r, err)
			}
			return
		}
		if err == nil && r.Undecided == nil && r.Result == verifier.Matches && len(r.Findings) == 0 {
			t.Errorf("other bytes at %s go unseen: %q", path, b)
		}
	})
}

// FuzzAuditState reads states of audits: damaged in any way, but with the right
// digest at their end, so that more than that is looked at. What is none is refused,
// and an audit goes on from the others.
func FuzzAuditState(f *testing.F) {
	w, s := newStory(f, 300, generator.Options{Seed: 79, Signatories: 3, Mix: generator.Mix{Withheld: 100, Sealed: 100}})
	temp := f.TempDir()
	if r := runAudit(f, w, s.Dir, withState(temp)); r.State.Size == 0 {
		f.Fatal("no state was left")
	}
	kept, err := os.ReadFile(filepath.Join(temp, verifier.StateFile))
	if err != nil {
		f.Fatal(err)
	}
	kept = kept[:len(kept)-sha256.Size]
	f.Add(kept)
	f.Add(kept[:len(kept)/2])
	f.Add(kept[:bytes.IndexByte(kept, '\n')+1])
	for _, damage := range [][2]string{
		{`"Log":"`, `"Log":"x`}, {`"Tree":"`, `"Tree":"AAAA`}, {`"Checkpoint":"`, `"Checkpoint":"x`}, {`"Findings":[`, `"Findings":[null,`},
		{`"People":[{`, `"People":[null,{`}, {`"Note":"`, `"Note":"x`},
		{"\x00\x00\x00\x00", ""}, {"\x00\x00\x00\x00", "\xff\xff\xff\xff"},
	} {
		f.Add(bytes.Replace(kept, []byte(damage[0]), []byte(damage[1]), 1))
	}
	good := newMemory(f, s.Dir)
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, verifier.StateFile), append(slices.Clip(b), sum[:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		source := &memory{files: good.files, read: make(map[string]bool)}
		_, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: source, State: dir})
		var refused *verifier.StateError
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if bytes.Equal(b, kept) && err != nil {
			t.Fatal(err)
		}
	})
}
