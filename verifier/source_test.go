package verifier_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

func newCancel(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// cancelAt is a source that has the audit called off while a path is read.
type cancelAt struct {
	log.Source
	path   string
	cancel func()
}

func (s cancelAt) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == s.path {
		s.cancel()
	}
	return s.Source.Get(ctx, path, limit)
}

func httpSource(t *testing.T, h http.Handler) log.Source {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	src, err := log.NewHTTPSource(server.URL, log.HTTPOptions{Backoff: time.Millisecond, Attempts: 2, MaxWait: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// Any static file server of a log's directory is a mirror. An address can't say
// which files it has: what only a directory shows is named as not checked.
func TestOverHTTP(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 21})
	src := httpSource(t, http.FileServer(http.Dir(s.Dir)))
	remote := runAudit(t, w, s.Dir, func(c *verifier.Config) { c.Source = src })
	local := runAudit(t, w, s.Dir)
	for _, what := range []string{"Partial tiles", "single addresses"} {
		if !notChecked(remote, what) || notChecked(local, what) {
			t.Errorf("%q is not said of the address alone: %v, %v", what, remote.NotChecked, local.NotChecked)
		}
	}
	var reports [][]byte
	for _, r := range []*verifier.Report{remote, local} {
		r.NotChecked = nil
		for i := range r.Steps {
			r.Steps[i].Text, _, _ = strings.Cut(r.Steps[i].Text, ", and ") // files of other sizes
		}
		b, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, b)
	}
	if !bytes.Equal(reports[0], reports[1]) {
		t.Errorf("over HTTP another report:\n%s", reports[0])
	}
}

// A source that does not deliver leaves the audit undecided, and it says which
// address and why. It is held against nobody.
func TestSourceFails(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 22})
	files := http.FileServer(http.Dir(s.Dir))
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	last := len(entries) - 1
	for entries[last].Body == nil {
		last--
	}
	if last < storySize/log.TileWidth*log.TileWidth {
		t.Fatal("no text is without its bundle")
	}
	tail := entries[last]
	endless := func(rw http.ResponseWriter, r *http.Request) {
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		for r.Context().Err() == nil {
			if _, err := rw.Write(chunk); err != nil {
				return
			}
		}
	}
	elsewhere := func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "http://elsewhere.example"+r.URL.Path, http.StatusFound)
	}
	broken := func(rw http.ResponseWriter, r *http.Request) {
		http.Error(rw, "no", http.StatusInternalServerError)
	}
	for name, c := range map[string]struct {
		path   string
		answer http.HandlerFunc
		says   string
	}{
		"checkpoint fails":        {"/checkpoint", broken, "500"},
		"checkpoint without end":  {"/checkpoint", endless, "larger"},
		"archive fails":           {"/checkpoints", broken, "500"},
		"bundle fails":            {"/tile/entries/001", broken, "500"},
		"bundle without end":      {"/tile/entries/001", endless, "larger"},
		"bundle elsewhere":        {"/tile/entries/000", elsewhere, "redirect"},
		"hash tile fails":         {"/tile/0/001", broken, "500"},
		"upper hash tile fails":   {"/tile/1/000.p/2", broken, "500"},
		"bundle of texts fails":   {"/bodies/bundle/001", broken, "500"},
		"bundle of texts, no end": {"/bodies/bundle/001", endless, "larger"},
		"text fails":              {"/bodies/" + tail.Digest, broken, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			src := httpSource(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == c.path {
					c.answer(rw, r)
					return
				}
				files.ServeHTTP(rw, r)
			}))
			r := runAudit(t, w, s.Dir, func(cfg *verifier.Config) { cfg.Source = src })
			if r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedSource {
				t.Fatalf("result %s, undecided %v, findings %v", r.Result, r.Undecided, found(r))
			}
			if !strings.Contains(r.Undecided.Text, c.path) || !strings.Contains(r.Undecided.Text, c.says) {
				t.Errorf("it says %q, not %q and %q", r.Undecided.Text, c.path, c.says)
			}
			if len(r.Findings) > 0 {
				t.Errorf("findings %v", found(r))
			}
		})
	}
}

// growing is a source whose log grows while it is read: partial files go once
// the full ones are there.
type growing struct{ before, after log.Source }

func (g growing) String() string { return "a growing log" }

func (g growing) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == log.CheckpointPath || path == log.ArchivePath {
		return g.before.Get(ctx, path, limit)
	}
	if strings.Contains(path, ".p/") {
		full, _, _ := strings.Cut(path, ".p/")
		if _, err := g.after.Get(ctx, full, limit); !errors.Is(err, log.ErrNotFound) {
			return nil, log.ErrNotFound
		}
	}
	return g.after.Get(ctx, path, limit)
}

func TestGrowingLog(t *testing.T) {
	w, before := newStory(t, 300, generator.Options{Seed: 23})
	entries, err := before.Entries()
	if err != nil {
		t.Fatal(err)
	}
	after, err := before.Copy(t.TempDir() + "/after")
	if err != nil {
		t.Fatal(err)
	}
	// More entries of any kind will do: they are not in the view.
	if err := after.Fool(func(es []*generator.Entry) []*generator.Entry { return append(es, entries[1:]...) }); err != nil {
		t.Fatal(err)
	}
	r := runAudit(t, w, before.Dir, func(c *verifier.Config) {
		c.Source = growing{log.DirSource(before.Dir), log.DirSource(after.Dir)}
	})
	if r.Result != verifier.Matches || len(r.Findings) > 0 || r.Size != 300 {
		t.Fatalf("result %s of size %d, findings %v\n%s", r.Result, r.Size, found(r), text(t, r))
	}
}
