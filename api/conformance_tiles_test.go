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
)

// c2sp.org/tlog-tiles v0.1.0: what a log serves, and how.
func TestConformanceTlogTiles(t *testing.T) {
	s := newServer(t)
	s.mustSubmit(s.request(s.member(0)))
	// A full tile and bundle, which so small a log has not.
	write(t, s.Dir+"/tile/0/000", strings.Repeat("h", 8192))
	write(t, s.Dir+"/tile/entries/000", strings.Repeat("\x00\x01a", 256))
	tiles := []string{"/tile/0/000.p/4", "/tile/0/000"}
	bundles := []string{"/tile/entries/000.p/4", "/tile/entries/000"}
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
	notThere := func(paths ...string) func(*testing.T) {
		return func(t *testing.T) {
			for _, path := range paths {
				if a := s.get(path); a.StatusCode != 404 {
					t.Errorf("%s: status %d", path, a.StatusCode)
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
		conformance.Tested("Merkle Tree", "no other addresses", "a level is 0 to 63, an index in groups of three digits, a width 1 to 255", notThere(
			"/tile/00/000", "/tile/64/000", "/tile/0/0", "/tile/0/0000", "/tile/0/x000/000", "/tile/0/000.p/04", "/tile/0/000.p/256", "/tile/0/000.p/4/", "/tile/0/000.p", "/tile/0/000/", "/tile/0/x000", "/tile/+0/000")),
		conformance.Tested("Partial Tiles", "no empty tiles", "there is no tile without a hash", notThere("/tile/0/000.p/0", "/tile/0/001", "/tile/1/000", "/tile/1/000.p/0", "/tile/entries/000.p/0", "/tile/entries/001")),
		conformance.Tested("Partial Tiles", "those of the published size", "the partial tiles of the checkpoint's size are there", func(t *testing.T) {
			lines := strings.Split(string(s.get("/checkpoint").body), "\n")
			if a := s.get("/tile/0/000.p/" + lines[1]); a.StatusCode != 200 || strconv.Itoa(len(a.body)/32) != lines[1] {
				t.Errorf("size %s: status %d, %d bytes", lines[1], a.StatusCode, len(a.body))
			}
			if a := s.get("/tile/entries/000.p/" + lines[1]); a.StatusCode != 200 {
				t.Errorf("size %s: status %d", lines[1], a.StatusCode)
			}
		}, "Of each published size: `log/embedded.TestConformanceTlogTiles`."),
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
