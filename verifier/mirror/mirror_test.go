package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// TestHostile: what is not the signed log is not copied, and what a run fetched of it
// does not keep the next from copying a good one.
func TestHostile(t *testing.T) {
	w := world(t, 600)
	early, late := write(t, w, 300), write(t, w, len(w.Logged))
	s := serve(t, early)
	start := filepath.Join(t.TempDir(), "start")
	run(t, config(t, w, s.URL, start))
	// The first entry or hash of a file, or the end of one.
	flip := func(at int, prefixes ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(rw http.ResponseWriter, r *http.Request) bool {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
				return false
			}
			b, err := os.ReadFile(filepath.Join(late, filepath.FromSlash(r.URL.Path)))
			if err != nil {
				return false
			}
			b[(at+len(b))%len(b)] ^= 1
			rw.Write(b)
			return true
		}
	}
	for name, change := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"an entry differs":       flip(10, "/tile/entries/001"),
		"every bundle differs":   flip(10, "/tile/entries/000", "/tile/entries/001"),
		"every tile differs":     flip(3, "/tile/0/000", "/tile/0/001"),
		"the last entries":       flip(-9, "/tile/entries/002"),
		"a tile differs":         flip(-9, "/tile/0/001"),
		"the checkpoint differs": flip(20, "/checkpoint"),
		"an older checkpoint": func(rw http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == "/checkpoint" && copyFile(rw, early+"/checkpoint")
		},
		"entries are missing": func(rw http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/tile/entries/001") {
				http.NotFound(rw, r)
				return true
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := clone(t, start)
			s.dir.Store(late)
			s.change.Store(change)
			for range 2 {
				r, err := Run(t.Context(), config(t, w, s.URL, dir))
				if err != nil || r.Copied {
					t.Fatalf("copied %v: %v", r != nil && r.Copied, err)
				}
			}
			sameCopy(t, w, early, dir)
			if got := audit(t, w, dir); got.Size != 300 || got.Result != verifier.Matches {
				t.Errorf("the copy of %d entries: %s, %v", got.Size, got.Result, got.Findings)
			}
			s.change.Store(func(http.ResponseWriter, *http.Request) bool { return false })
			if r := run(t, config(t, w, s.URL, dir)); !r.Copied {
				t.Fatalf("and then: %v", r.Report.Findings)
			}
			sameCopy(t, w, late, dir)
		})
	}
	// A log that shows less than it did changes nothing either.
	dir := clone(t, start)
	s.dir.Store(late)
	run(t, config(t, w, s.URL, dir))
	s.dir.Store(early)
	if r, err := Run(t.Context(), config(t, w, s.URL, dir)); err == nil && r.Copied {
		t.Error("a log that shrank was copied")
	}
	sameCopy(t, w, late, dir)
}

func copyFile(rw http.ResponseWriter, path string) bool {
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	rw.Write(b)
	return true
}

// TestArchiveStays: what is served in the place of the archive does not replace the one
// of the copy, which holds evidence for ever.
func TestArchiveStays(t *testing.T) {
	w := world(t, 600)
	early, late := write(t, w, 300), write(t, w, len(w.Logged))
	s := serve(t, early)
	start := filepath.Join(t.TempDir(), "start")
	run(t, config(t, w, s.URL, start))
	have, err := os.ReadFile(filepath.Join(start, log.ArchivePath))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(late, log.ArchivePath))
	if err != nil {
		t.Fatal(err)
	}
	notes, err := log.ParseArchive(whole)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := bytes.Clone(whole)
	unsigned[len(unsigned)-9] ^= 1 // in the last signature
	for name, served := range map[string][]byte{
		"nothing": {}, "junk": []byte("<html>"), "its end": log.AppendArchive(nil, notes[len(notes)-1]), "one is not signed": unsigned,
	} {
		t.Run(name, func(t *testing.T) {
			dir := clone(t, start)
			s.dir.Store(late)
			s.change.Store(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/checkpoints" {
					return false
				}
				rw.Write(served)
				return true
			})
			if _, err := Run(t.Context(), config(t, w, s.URL, dir)); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, log.ArchivePath))
			if err != nil || !bytes.Equal(got, have) {
				t.Errorf("the archive of the copy changed from %d to %d bytes: %v", len(have), len(got), err)
			}
			s.change.Store(func(http.ResponseWriter, *http.Request) bool { return false })
			run(t, config(t, w, s.URL, dir))
			sameCopy(t, w, late, dir)
		})
	}
}

// other is another history of a world's log by the same keys, from n entries on.
func other(t *testing.T, w *generator.World, n, more int) *generator.World {
	t.Helper()
	o := world(t, 600)
	o.Logged = o.Logged[:n:n]
	for i := range more {
		o.Logged = append(o.Logged, &generator.Entry{Leaf: fmt.Appendf(nil, "another %d", i), Logged: w.Logged[n-1].Logged})
	}
	return o
}

// TestFork: a history that contradicts the copy's checkpoint does not replace it, nor
// does it when the audit's state was deleted; and what was seen signed is not forgotten.
func TestFork(t *testing.T) {
	w := world(t, 600)
	early := write(t, w, 300)
	fork := other(t, w, 200, 180)
	forked := write(t, fork, len(fork.Logged))
	s := serve(t, early)
	dir := filepath.Join(t.TempDir(), "mirror")
	run(t, config(t, w, s.URL, dir))
	s.dir.Store(forked)
	for _, deleted := range []bool{false, true} {
		if deleted {
			if err := os.RemoveAll(filepath.Join(dir, StateDir, "audit")); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Run(t.Context(), config(t, w, s.URL, dir))
		if err != nil || r.Copied || r.Report.Result != verifier.Misbehaviour {
			t.Fatalf("state deleted %v: %+v, %v", deleted, r, err)
		}
		sameCopy(t, w, early, dir)
	}
	// It is known from then on, whatever is served later.
	late := write(t, w, len(w.Logged))
	s.dir.Store(late)
	if r, err := Run(t.Context(), config(t, w, s.URL, dir)); err != nil || r.Report.Result != verifier.Misbehaviour {
		t.Errorf("the fork is forgotten: %+v, %v", r, err)
	}
}

// TestLoggedTwice: a text that two leaves publish is erased from both bundles.
func TestLoggedTwice(t *testing.T) {
	w := world(t, 900)
	at := slices.IndexFunc(w.Logged, func(e *generator.Entry) bool { return e.Erases != "" })
	published := slices.IndexFunc(w.Logged, func(e *generator.Entry) bool { return e.Digest == w.Logged[at].Erases })
	if at < 0 || published < 0 || published/256 == (at-1)/256 {
		t.Fatalf("the world erases at %d what it published at %d: the test shows nothing", at, published)
	}
	again := *w.Logged[published]
	w.Logged = slices.Insert(slices.Clone(w.Logged), at, &again)
	before, after := write(t, w, at+1), write(t, w, (at/256+1)*256)
	s := serve(t, before)
	dir := filepath.Join(t.TempDir(), "mirror")
	cfg := config(t, w, s.URL, dir)
	if r, err := Run(t.Context(), cfg); err != nil || !r.Copied {
		t.Fatalf("%+v, %v", r, err)
	}
	s.dir.Store(after)
	if r, err := Run(t.Context(), cfg); err != nil || !r.Copied || r.Erased == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	digest := w.Logged[at+1].Erases
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for line := range bytes.Lines(b) {
			if entry.Digest(bytes.TrimSuffix(line, []byte("\n"))) == digest {
				t.Errorf("%s has the text that was erased", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestForeignText: what an operator serves among the texts of a bundle, and no
// statement names, gets into no mirror.
func TestForeignText(t *testing.T) {
	w := world(t, 600)
	late := write(t, w, len(w.Logged))
	s := serve(t, late)
	s.change.Store(func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/bodies/bundle/") {
			return false
		}
		b, err := os.ReadFile(filepath.Join(late, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			return false
		}
		rw.Write(append(b, `{"nobody":"signed this"}`+"\n"...))
		return true
	})
	dir := filepath.Join(t.TempDir(), "mirror")
	r := run(t, config(t, w, s.URL, dir))
	if !r.Copied || r.Report.Result != verifier.Differs {
		t.Fatalf("copied %v, %s", r.Copied, r.Report.Result)
	}
	sameCopy(t, w, late, dir)
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
