package verifier_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestBundleThatIsNotFull: what is served at the address of a bundle of texts whose
// entries are not all there is served, whether it is withheld or erased.
func TestBundleThatIsNotFull(t *testing.T) {
	l := newTextLog(t, 103, nil)
	tail := log.BodiesBundlePath(l.w.Size() / log.TileWidth)
	for _, c := range []struct {
		name   string
		lines  [][]byte
		found  []string
		passes bool
	}{
		{"a withheld text", [][]byte{l.hidden.Body}, []string{"body-not-opened/operator"}, false},
		{"an erased text", [][]byte{[]byte("x"), l.erased.Body}, []string{"body-erased-served/operator"}, false},
		{"both, twice", [][]byte{l.erased.Body, l.hidden.Body, l.hidden.Body, l.erased.Body}, []string{"body-erased-served/operator", "body-not-opened/operator"}, false},
		{"a public text, and one that nobody names", [][]byte{l.plain.Body, []byte("x")}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := l.s.Copy(filepath.Join(t.TempDir(), "copy"))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Write(tail, append(bytes.Join(c.lines, []byte("\n")), '\n')); err != nil {
				t.Fatal(err)
			}
			var asked atomic.Int64
			files := http.FileServer(http.Dir(s.Dir))
			for name, src := range map[string]log.Source{
				"directory": log.DirSource(s.Dir),
				"address": httpSource(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/"+tail {
						asked.Add(1)
					}
					files.ServeHTTP(w, r)
				})),
			} {
				r := runAudit(t, l.w, s.Dir, func(cfg *verifier.Config) { cfg.Source = src })
				got := slices.DeleteFunc(found(r), func(f string) bool { return f == "body-erased/operator" })
				slices.Sort(got)
				if !slices.Equal(got, c.found) || (r.Result == verifier.Matches) != c.passes || len(r.Findings) != 2+len(c.found) {
					t.Errorf("%s: result %s, %d findings, %v, want %v", name, r.Result, len(r.Findings), got, c.found)
				}
			}
			if n := asked.Load(); n != 1 {
				t.Errorf("the bundle was asked for %d times", n)
			}
		})
	}
}

// TestBundleThatBecameFull: a log may grow while it is audited, and what is opened
// then stands in a bundle that is full by then.
func TestBundleThatBecameFull(t *testing.T) {
	for _, grows := range []bool{true, false} {
		l := newTextLog(t, 104, nil)
		old, err := l.s.Copy(filepath.Join(t.TempDir(), "old"))
		if err != nil {
			t.Fatal(err)
		}
		l.w.Log(l.w.OpenText(l.hidden, "order-lifted"))
		for l.w.Size() < 3*log.TileWidth {
			l.w.Log(l.w.Request(l.w.Signatories[0], "2025-01", nil))
		}
		grown := newLog(t, l.w)
		tail := log.BodiesBundlePath(2)
		var late atomic.Bool // the tail's bundle was asked for
		before, after := http.FileServer(http.Dir(old.Dir)), http.FileServer(http.Dir(grown.Dir))
		src := httpSource(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/"+tail {
				late.Store(true)
				after.ServeHTTP(w, r)
			} else if late.Load() && grows {
				after.ServeHTTP(w, r)
			} else {
				before.ServeHTTP(w, r)
			}
		}))
		r := runAudit(t, l.w, old.Dir, func(cfg *verifier.Config) { cfg.Source = src })
		if !late.Load() || slices.Contains(found(r), "body-not-opened/operator") == grows {
			t.Errorf("grows %t: findings %v", grows, found(r))
		}
	}
}
