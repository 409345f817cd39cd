package index_test

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// published is a log that grows in steps: what is in the world and what is
// published are different things.
type published struct {
	t     *testing.T
	world *generator.World
	words string // path of the words; "": a new one each time

	mu    sync.Mutex
	files map[string][]byte
}

func newPublished(t *testing.T, o generator.Options) *published {
	return &published{t: t, world: generator.New(o), files: make(map[string][]byte)}
}

// publish makes the first n entries of the world the published log. The files of
// smaller sizes stay.
func (p *published) publish(n int) {
	p.t.Helper()
	dir := p.t.TempDir()
	d, err := p.world.NewWriter(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range p.world.Logged[:n] {
		if err := d.Add(e); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		p.t.Fatal(err)
	}
	files := make(map[string][]byte)
	err = filepath.WalkDir(dir, func(path string, f os.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err == nil {
			files[filepath.ToSlash(rel)], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.files, files)
}

func (p *published) Get(_ context.Context, path string, limit int64) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.files[path]
	switch {
	case !ok:
		return nil, log.ErrNotFound
	case int64(len(b)) > limit:
		return nil, log.ErrTooLarge
	}
	return b, nil
}

func (p *published) String() string { return "memory" }

// change replaces a file, or removes it when b is nil, and returns what was
// there.
func (p *published) change(path string, b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, ok := p.files[path]
	if !ok && b == nil {
		p.t.Fatalf("no file %s to remove", path)
	}
	if b == nil {
		delete(p.files, path)
	} else {
		p.files[path] = b
	}
	return old
}

// open returns an index that has read nothing yet.
func (p *published) open() *index.Index {
	p.t.Helper()
	path := p.words
	if path == "" {
		path = filepath.Join(p.t.TempDir(), "words")
	}
	words, err := sqlite.OpenWords(p.t.Context(), path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { words.Close() })
	x, err := index.Open(p.t.Context(), index.Config{Origin: p.world.Options.Origin, Source: p, Policy: p.world.Policy, Words: words, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		p.t.Fatal(err)
	}
	return x
}

func (p *published) caughtUp() *index.Index {
	p.t.Helper()
	x := p.open()
	if err := x.CatchUp(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return x
}

// story plays n statements and then some that are wrong.
func story(t *testing.T, n int) *published {
	t.Helper()
	p := newPublished(t, generator.Options{Seed: 7, Lapses: 250})
	w := p.world
	if err := w.Story(n); err != nil {
		t.Fatal(err)
	}
	a := w.Signatories[0]
	// Without effect: a gap in seq, a duplicate, a leaf that is none.
	gap := w.Request(a, "2025-02", nil)
	gap.Seq += 3
	w.LogVoid(gap)
	again := w.Pledge(a)
	w.Log(again)
	w.LogVoid(again)
	w.LogLeaf([]byte(`{"logged": 1}`))
	// A text that is not published and whose review date passes.
	hidden := w.Request(a, "2025-02", nil)
	hidden.Review = entry.FormatTime(w.Now() + 86400)[:10]
	w.Log(hidden)
	w.Advance(72 * 3600e9)
	// A code that is in no vocabulary.
	odd := w.Request(a, "2025-02", &entry.RequestBody{Assist: []string{"telepathy"}, Country: "XB"})
	w.Log(odd)
	return p
}
