package mirror

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// world plays a log of every kind, which erases some texts.
func world(t *testing.T, n int) *generator.World {
	t.Helper()
	o := generator.EveryKindOptions()
	o.Seed, o.Witnesses, o.Quorum = 31, 3, 2
	w := generator.New(o)
	if err := w.EveryKind(n); err != nil {
		t.Fatal(err)
	}
	return w
}

// write writes the log of a world's first n entries, as it was then.
func write(t *testing.T, w *generator.World, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	d, err := w.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range w.Logged[:n] {
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	// A log's archive only grows: what it has now it has later too.
	archive := filepath.Join(dir, log.ArchivePath)
	if n == len(w.Logged) {
		b, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		archives.Store(w, b)
		return dir
	}
	if _, ok := archives.Load(w); !ok {
		write(t, w, len(w.Logged))
	}
	whole, _ := archives.Load(w)
	notes, err := log.ParseArchive(whole.([]byte))
	if err != nil {
		t.Fatal(err)
	}
	var part []byte
	for _, raw := range notes {
		v, err := w.Policy.OpenUnwitnessed(raw)
		if err != nil {
			t.Fatal(err)
		}
		if v.Checkpoint.Size <= uint64(n) {
			part = log.AppendArchive(part, raw)
		}
	}
	if err := os.WriteFile(archive, part, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// archives are those of whole logs, by their world.
var archives sync.Map

// server serves a directory, which may be another one later, and counts.
type server struct {
	*httptest.Server
	dir             atomic.Value
	requests, tiles atomic.Int64
	change          atomic.Value // func(http.ResponseWriter, *http.Request) bool: true when it answered
}

func serve(t *testing.T, dir string) *server {
	s := &server{}
	s.dir.Store(dir)
	s.change.Store(func(http.ResponseWriter, *http.Request) bool { return false })
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if strings.HasPrefix(r.URL.Path, "/tile/") {
			s.tiles.Add(1)
		}
		if !s.change.Load().(func(http.ResponseWriter, *http.Request) bool)(w, r) {
			http.FileServer(http.Dir(s.dir.Load().(string))).ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// config mirrors what is at an address or in a directory.
func config(t *testing.T, w *generator.World, from, to string) Config {
	t.Helper()
	src, err := log.OpenSource(from)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Policy: w.Policy, Charter: w.Charter, Source: src, Dir: to, Now: func() time.Time { return time.Unix(w.Now(), 0) }}
}

func run(t *testing.T, cfg Config) *Result {
	t.Helper()
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// audit audits all files of a directory.
func audit(t *testing.T, w *generator.World, dir string) *verifier.Report {
	t.Helper()
	now := w.Now()
	r, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(dir), Now: &now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sameCopy wants the copy to be one that an audit of every file says the same of as
// of the log itself.
func sameCopy(t *testing.T, w *generator.World, original, dir string) {
	t.Helper()
	want, got := audit(t, w, original), audit(t, w, dir)
	x, _ := want.JSON()
	y, _ := got.JSON()
	if !bytes.Equal(x, y) {
		lx, ly := strings.Split(string(x), "\n"), strings.Split(string(y), "\n")
		for i := range min(len(lx), len(ly)) {
			if lx[i] != ly[i] {
				t.Errorf("the audit of the copy says %s, and that of the log %s; line %d of its report is\n%s\nnot\n%s", got.Result, want.Result, i+1, ly[i], lx[i])
				break
			}
		}
	}
	for _, path := range []string{log.CheckpointPath, log.ArchivePath} {
		x, _ := os.ReadFile(filepath.Join(original, path))
		y, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || !bytes.Equal(x, y) {
			t.Errorf("%s of the copy is another: %v", path, err)
		}
	}
	// Every text of the log is in the copy, and no other.
	if x, y := names(t, filepath.Join(original, "bodies")), names(t, filepath.Join(dir, "bodies")); !slices.Equal(x, y) {
		t.Errorf("the copy has %d texts, the log %d", len(y), len(x))
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestCopy follows a log over HTTP as it grows and erases: each copy is the log.
func TestCopy(t *testing.T) {
	w := world(t, 900)
	dir := filepath.Join(t.TempDir(), "mirror")
	s := serve(t, "")
	var erased, before int
	for i, n := range []int{100, 200, 256, 300, 700, len(w.Logged)} {
		original := write(t, w, n)
		s.dir.Store(original)
		cfg := config(t, w, s.URL, dir)
		if i > 0 {
			cfg.Charter = entry.ID{} // the copy knows it
		}
		s.tiles.Store(0)
		r := run(t, cfg)
		if !r.Copied || r.Report.Size != uint64(n) || r.Before != uint64(before) {
			t.Fatalf("%d entries: copied %v from %d, %s %v", n, r.Copied, r.Before, r.Report.Result, r.Report.Undecided)
		}
		if bundles := n/256 - before/256 + 1; s.tiles.Load() > int64(2*bundles+2) {
			t.Errorf("%d requests for tiles of %d bundles", s.tiles.Load(), bundles)
		}
		before = n
		erased += r.Erased
		sameCopy(t, w, original, dir)
	}
	if erased == 0 {
		t.Error("no text was erased in this log: the test shows less than it says")
	}
	// Nothing new: only the newest texts and what was erased are asked for again.
	s.tiles.Store(0)
	if r := run(t, config(t, w, s.URL, dir)); !r.Copied || r.Texts != 0 {
		t.Errorf("again: copied %v, %d texts", r.Copied, r.Texts)
	}
	if n := s.tiles.Load(); n > 0 {
		t.Errorf("%d requests for tiles that are there", n)
	}
	// Full tiles have no partial ones once a reader has had the time.
	for _, part := range []string{"tile/entries/000.p", "tile/0/000.p"} {
		if _, err := os.Stat(filepath.Join(dir, part)); err == nil {
			t.Errorf("%s is still there", part)
		}
	}
}

// TestMirrorOfMirror: a mirror served by any file server can be mirrored, and its
// cosignatures are on its checkpoint.
func TestMirrorOfMirror(t *testing.T) {
	w := world(t, 600)
	original := write(t, w, len(w.Logged))
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	a, err := log.NewCosigner("mirror.example/first", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	b, err := log.NewMLDSACosigner("mirror.example/first", bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, w, original, first)
	cfg.Cosigners = []*log.Cosigner{a, b}
	run(t, cfg)
	run(t, cfg) // again: they are replaced, not added
	raw, err := os.ReadFile(filepath.Join(first, log.CheckpointPath))
	if err != nil {
		t.Fatal(err)
	}
	n, err := log.ParseNote(raw)
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(filepath.Join(original, log.CheckpointPath))
	if err != nil {
		t.Fatal(err)
	}
	bare, err := log.ParseNote(own)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Signatures) != len(bare.Signatures)+2 {
		t.Fatalf("%d signatures, want %d of the log's and two", len(n.Signatures), len(bare.Signatures))
	}
	for i, key := range []log.Key{a.Key(), b.Key()} {
		when, err := key.Verify(n.Text, n.Signatures[len(bare.Signatures)+i])
		if err != nil || when != uint64(w.Now()) {
			t.Errorf("cosignature %d: time %d, %v", i, when, err)
		}
	}
	if r := run(t, config(t, w, serve(t, first).URL, second)); !r.Copied {
		t.Fatal("the mirror was not copied")
	}
	if got := audit(t, w, second); got.Result != verifier.Matches {
		t.Errorf("the mirror's mirror: %s, %v", got.Result, got.Findings)
	}
}

// TestCutShort: wherever a run ends, the copy is the old one or the new one, and the
// next run completes it with what was fetched.
func TestCutShort(t *testing.T) {
	w := world(t, 700)
	early, late := write(t, w, 300), write(t, w, len(w.Logged))
	s := serve(t, early)
	start := filepath.Join(t.TempDir(), "start")
	run(t, config(t, w, s.URL, start))
	s.dir.Store(late)
	s.requests.Store(0)
	run(t, config(t, w, s.URL, clone(t, start)))
	all := s.requests.Load()
	if all < 8 {
		t.Fatalf("a run makes %d requests", all)
	}
	for cut := int64(1); cut <= all; cut += max(1, all/9) {
		dir := clone(t, start)
		ctx, cancel := context.WithCancel(t.Context())
		s.requests.Store(0)
		s.change.Store(func(http.ResponseWriter, *http.Request) bool {
			if s.requests.Load() >= cut {
				cancel()
				return true
			}
			return false
		})
		r, err := Run(ctx, config(t, w, s.URL, dir))
		cancel()
		s.change.Store(func(http.ResponseWriter, *http.Request) bool { return false })
		if err == nil && r.Copied && r.Report.Size != uint64(len(w.Logged)) {
			t.Fatalf("cut at request %d: copied up to %d", cut, r.Report.Size)
		}
		if err != nil || !r.Copied {
			if got := audit(t, w, dir); got.Size != 300 || got.Result != verifier.Matches {
				t.Errorf("cut at request %d: the copy of %d entries: %s, %v", cut, got.Size, got.Result, got.Findings)
			}
		}
		run(t, config(t, w, s.URL, dir))
		sameCopy(t, w, late, dir)
	}
}

// clone copies a directory.
func clone(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestDirectory: a directory that is somebody else's is left alone, and two runs do
// not meet.
func TestDirectory(t *testing.T) {
	w := world(t, 600)
	original := write(t, w, len(w.Logged))
	if _, err := Run(t.Context(), config(t, w, original, original)); !errors.Is(err, ErrNoMirror) {
		t.Errorf("into the log's own directory: %v, want %v", err, ErrNoMirror)
	}
	dir := filepath.Join(t.TempDir(), "mirror")
	run(t, config(t, w, original, dir))
	unlock, err := lock(filepath.Join(dir, StateDir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), config(t, w, original, dir)); !errors.Is(err, ErrBusy) {
		t.Errorf("while another is at work: %v, want %v", err, ErrBusy)
	}
	unlock()
	run(t, config(t, w, original, dir))
	// A key that the policy has for somebody else makes no mirror's cosignature.
	witness, err := log.NewCosigner(w.Policy.Witnesses[0].Key.Name, bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, w, original, dir)
	cfg.Cosigners = []*log.Cosigner{witness}
	if _, err := Run(t.Context(), cfg); !errors.Is(err, ErrCosigner) {
		t.Errorf("under a witness's name: %v, want %v", err, ErrCosigner)
	}
	// Nor is a copy gone on from that the policy does not vouch for.
	stranger := config(t, generator.New(generator.Options{Seed: 99, Signatories: 1}), original, dir)
	if _, err := Run(t.Context(), stranger); !errors.Is(err, ErrPolicy) {
		t.Errorf("with another policy: %v, want %v", err, ErrPolicy)
	}
	// A file that can't be written is the directory's fault, not the log's.
	full := filepath.Join(t.TempDir(), "full")
	if err := os.MkdirAll(filepath.Join(full, StateDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(full, "tile"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := Run(t.Context(), config(t, w, original, full)); err == nil {
		t.Errorf("over a file: %v", r.Report.Result)
	}
}
