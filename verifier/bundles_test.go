package verifier_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// A bundle of 256 complete entries has the texts that are public; whoever reads it
// alone must not miss some. An erased text is not missed, nor a bundle that may be on
// its way.
func TestBundlesAreWhole(t *testing.T) {
	w := stateWorld(t, 341, 800, false)
	good := writePrefix(t, w, 800)
	bundle := func(n uint64) string { return log.BodiesBundlePath(n) }
	lines := func(t *testing.T, s *generator.Site, n uint64) [][]byte {
		b, err := s.Read(bundle(n))
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(bytes.SplitAfter(b, []byte("\n")), func(l []byte) bool { return len(l) == 0 })
	}
	for _, c := range []struct {
		name   string
		size   int
		damage func(t *testing.T, s *generator.Site)
		want   []string
	}{
		{"whole", 800, func(*testing.T, *generator.Site) {}, nil},
		{"a line is missing", 800, func(t *testing.T, s *generator.Site) {
			l := lines(t, s, 1)
			if err := s.Write(bundle(1), bytes.Join(slices.Delete(l, 4, 5), nil)); err != nil {
				t.Fatal(err)
			}
		}, []string{"body-bundle-incomplete@256"}},
		{"it is empty", 800, func(t *testing.T, s *generator.Site) {
			if err := s.Write(bundle(0), nil); err != nil {
				t.Fatal(err)
			}
		}, []string{"body-bundle-incomplete@0"}},
		{"two are not there", 800, func(t *testing.T, s *generator.Site) {
			for _, n := range []uint64{0, 2} {
				if err := s.Remove(bundle(n)); err != nil {
					t.Fatal(err)
				}
			}
		}, []string{"body-bundle-incomplete@0", "body-bundle-incomplete@512"}},
		{"it may be on its way", 512, func(t *testing.T, s *generator.Site) {
			if err := s.Remove(bundle(1)); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := good.Copy(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			if c.size != 800 {
				s = writePrefix(t, w, c.size)
			}
			c.damage(t, s)
			server := httptest.NewServer(http.FileServer(http.Dir(s.Dir)))
			defer server.Close()
			address, err := log.NewHTTPSource(server.URL, log.HTTPOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for from, source := range map[string]log.Source{"a directory": log.DirSource(s.Dir), "an address": address} {
				state := filepath.Join(t.TempDir(), "state")
				r := runAudit(t, w, s.Dir, withState(state), func(cfg *verifier.Config) { cfg.Source = source })
				var got []string
				for _, f := range r.Findings {
					if f.Code == verifier.FindBodyBundleShort {
						got = append(got, fmt.Sprintf("%s@%d", f.Code, *f.Index))
						if f.Concerns != pledge.RoleOperator || f.Severity != pledge.Warning {
							t.Errorf("%s on %s", f.Severity, f.Concerns)
						}
					}
				}
				if r.Result != verifier.Matches || !slices.Equal(got, c.want) || r.State.Hindered != (c.want != nil) {
					t.Errorf("%s: result %s, findings %v of %v, want %v; state %+v", from, r.Result, got, found(r), c.want, r.State)
				}
			}
		})
	}
}
