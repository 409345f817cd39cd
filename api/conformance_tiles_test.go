package api_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/conformance"
	"github.com/pledgelog/pledgelog/log"
)

// decoy is as long as the hashes of a full tile.
var decoy = strings.Repeat("decoy is no hash", 512)

// otherAddresses are no tiles'.
var otherAddresses = []string{
	"/tile/00/000", "/tile/64/000", "/tile/0/0", "/tile/0/0000", "/tile/0/x000/000", "/tile/0/000.p/04", "/tile/0/000.p/256", "/tile/0/000.p/257", "/tile/0/000.p/4/", "/tile/0/000.p", "/tile/0/000/", "/tile/0/x000", "/tile/+0/000",
	"/tile/-1/000", "/tile/0/00a", "/tile/0/X001/000", "/tile/0/999x", "/tile/0/x001/x002/3", "/tile/0/000.P/4", "/tile/0/000.p/+4", "/tile/0/000.p/4.tmp", "/tile/0/000.tmp", "/tile/0/.000.123456", "/tile/0/000~", "/tile/0/000.gz",
	"/tile/entries/000.p/256", "/tile/entries/000.p/04", "/tile/entries/0", "/tile/entries/000.gz", "/tile/entries/.tmp-1", "/tile/data/000", "/tile/names/000", "/tile/000", "/tile/index.html",
	"/checkpoint.tmp", "/.checkpoint", "/checkpoint~", "/checkpoint.unsigned", "/notes.txt", "/index.html", "/.state/decoy", "/Checkpoint", "/bodies/notes.txt", "/bodies/bundle/0", "/bodies/bundle/000.tmp", "/bodies/.tmp-1",
}

// c2sp.org/tlog-tiles v0.1.0: what a log serves, and how.
func TestConformanceTlogTiles(t *testing.T) {
	s := newServer(t)
	member := s.member(0)
	sizes := []uint64{1, 2, 3} // with each answer there is a checkpoint
	for range 4 {
		s.mustSubmit(s.request(member))
		sizes = append(sizes, s.size())
	}
	last := sizes[len(sizes)-1]
	width := strconv.FormatUint(last, 10)
	// A full tile and bundle, which so small a log has not.
	write(t, s.Dir+"/tile/0/000", strings.Repeat("h", 8192))
	write(t, s.Dir+"/tile/entries/000", strings.Repeat("\x00\x01a", 256))
	tiles := []string{"/tile/0/000.p/" + width, "/tile/0/000"}
	bundles := []string{"/tile/entries/000.p/" + width, "/tile/entries/000"}
	onDisk := func(path string) []byte {
		b, err := os.ReadFile(filepath.Join(s.Dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// served wants what is on the disk, of this type, and to be kept so long.
	served := func(contentType string, kept func(seconds int) bool, paths ...string) func(*testing.T) {
		return func(t *testing.T) {
			for _, path := range paths {
				a := s.get(path)
				if a.StatusCode != 200 || !bytes.Equal(a.body, onDisk(path)) {
					t.Errorf("%s: status %d, %d bytes", path, a.StatusCode, len(a.body))
				}
				if got := a.Header.Values("Content-Type"); len(got) != 1 || got[0] != contentType {
					t.Errorf("%s: Content-Type %q, want %q", path, got, contentType)
				}
				_, age, _ := strings.Cut(a.Header.Get("Cache-Control"), "max-age=")
				age, _, _ = strings.Cut(age, ",")
				if n, err := strconv.Atoi(age); err != nil || !kept(n) {
					t.Errorf("%s: Cache-Control %q", path, a.Header.Get("Cache-Control"))
				}
			}
		}
	}
	forLong := func(n int) bool { return n >= 24*60*60 }
	// decoyed puts a file at each address, as far as a file system has such names, and
	// wants it not to be served.
	decoyed := func(paths ...string) func(*testing.T) {
		return func(t *testing.T) {
			for _, path := range paths {
				if name := strings.TrimPrefix(path, "/"); filepath.IsLocal(name) && !strings.HasSuffix(name, "/") {
					if info, err := os.Stat(filepath.Join(s.Dir, name)); err != nil {
						write(t, filepath.Join(s.Dir, name), decoy)
					} else if !info.IsDir() {
						t.Fatalf("%s is there already", path)
					}
				}
				if a := s.get(path); a.StatusCode != 404 || bytes.Contains(a.body, []byte(decoy)) {
					t.Errorf("%s: status %d, %.100q", path, a.StatusCode, a.body)
				}
			}
		}
	}

	conformance.Run(t, []conformance.Row{
		conformance.Tested("APIs", "GET", "what is served is fetched by HTTP GET", func(t *testing.T) {
			for _, path := range append(append([]string{"/checkpoint"}, tiles...), bundles...) {
				if a := s.get(path); a.StatusCode != 200 {
					t.Errorf("GET %s: %d", path, a.StatusCode)
				}
				if a := s.do("POST", path, nil, nil); a.StatusCode != 405 {
					t.Errorf("POST %s: %d", path, a.StatusCode)
				}
			}
		}),
		conformance.Tested("Checkpoints", "address and type", "the checkpoint is at `checkpoint`, as text/plain; charset=utf-8, and is kept for seconds only (a SHOULD)",
			served("text/plain; charset=utf-8", func(n int) bool { return n <= 5 }, "/checkpoint")),
		conformance.Tested("Merkle Tree", "address and type", "tiles are served as application/octet-stream, and may be kept for long (a SHOULD)", served("application/octet-stream", forLong, tiles...)),
		conformance.Tested("Merkle Tree", "no other addresses", "a level is 0 to 63, an index in groups of three digits, a width 1 to 255", decoyed(otherAddresses...),
			"Files that have those names, and others beside the log's, are put into its folder first."),
		conformance.Tested("Partial Tiles", "no empty tiles", "there is no tile without a hash", func(t *testing.T) {
			decoyed("/tile/0/000.p/0", "/tile/1/000.p/0", "/tile/entries/000.p/0")(t)
			for _, path := range []string{"/tile/0/001", "/tile/1/000", "/tile/entries/001"} {
				if a := s.get(path); a.StatusCode != 404 {
					t.Errorf("%s: status %d", path, a.StatusCode)
				}
			}
			// A write that broke off has left these.
			for path, text := range map[string]string{"/tile/0/001.p/3": "", "/tile/0/001": "", "/tile/1/000.p/1": "", "/tile/entries/001.p/3": "", "/tile/0/002.p/3": strings.Repeat("h", 95), "/tile/0/002": strings.Repeat("h", 8191)} {
				write(t, s.Dir+path, text)
				if a := s.get(path); a.StatusCode != 500 || a.Header.Get("Cache-Control") != "no-store" || len(a.body) == len(text) {
					t.Errorf("%s of %d bytes: status %d, %q", path, len(text), a.StatusCode, a.Header)
				}
			}
		}),
		conformance.Tested("Partial Tiles", "those of each published size", "the partial tiles of each checkpoint's size are there", func(t *testing.T) {
			if last != 7 {
				t.Fatalf("the log has %d entries", last)
			}
			whole, entries := s.get("/tile/0/000.p/"+width).body, s.get("/tile/entries/000.p/"+width).body
			for _, size := range sizes {
				n := strconv.FormatUint(size, 10)
				if a := s.get("/tile/0/000.p/" + n); a.StatusCode != 200 || len(a.body) != int(size)*32 || !bytes.HasPrefix(whole, a.body) {
					t.Errorf("size %d: status %d, %d bytes", size, a.StatusCode, len(a.body))
				}
				a := s.get("/tile/entries/000.p/" + n)
				if leaves, err := log.ParseBundle(a.body, int(size)); a.StatusCode != 200 || err != nil || len(leaves) != int(size) || !bytes.HasPrefix(entries, a.body) {
					t.Errorf("size %d: status %d, %v", size, a.StatusCode, err)
				}
			}
		}, "Of each published size, to 256 and over: `log/embedded.TestConformanceTlogTiles`."),
		conformance.Tested("Log entries", "address and type", "bundles are at `tile/entries/`, as application/octet-stream, and may be kept for long (a SHOULD)", served("application/octet-stream", forLong, bundles...)),
		conformance.Tested("Log entries", "compression", "bundles are compressed for who asks for it (a SHOULD), and only then", func(t *testing.T) {
			for _, path := range bundles {
				for accept, want := range map[string]string{"": "", "identity": "", "gzip": "gzip", "gzip, identity": "gzip", "br": "", "gzip;q=0": ""} {
					a := s.do("GET", path, map[string]string{"Accept-Encoding": accept}, nil)
					got, b := a.Header.Get("Content-Encoding"), a.body
					if got == "gzip" {
						z, err := gzip.NewReader(bytes.NewReader(b))
						if err != nil {
							t.Fatal(err)
						}
						if b, err = io.ReadAll(z); err != nil {
							t.Fatal(err)
						}
					}
					if got != want || !bytes.Equal(b, onDisk(path)) {
						t.Errorf("%s for %q: encoding %q, %d bytes", path, accept, got, len(b))
					}
				}
			}
		}),
	})
}
