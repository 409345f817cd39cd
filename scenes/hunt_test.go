package scenes

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func random(n int) string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32 of them
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b)
}

// A hunt looks for canaries in all that anybody could have left or shown. What was seen
// is kept, as salts are known only after they were made.
type hunt struct {
	t        *testing.T
	env      []string // of the programs that are watched, besides what all have
	canaries []*canary
	kept     []kept
	seen     map[[32]byte]bool
	places   map[string]int // looks by the place's first words
	hits     map[string]int // how often each canary was found where it may be
	wrong    func(c *canary, place, form, moment string)
}

type kept struct {
	place string
	data  []byte
}

func newHunt(t *testing.T) *hunt {
	return &hunt{
		t: t, seen: make(map[[32]byte]bool), places: make(map[string]int), hits: make(map[string]int),
		wrong: func(c *canary, place, form, moment string) {
			t.Errorf("%s: %s is in %s, as %s", moment, c.what, place, form)
		},
	}
}

// canary makes one more.
func (h *hunt) canary(what string, may ...string) *canary {
	c := newCanary(what, may...)
	h.canaries = append(h.canaries, c)
	return c
}

// bytes hunts for bytes that somebody else made at random.
func (h *hunt) bytes(what string, b []byte, may ...string) {
	h.canaries = append(h.canaries, &canary{what: what, text: string(b), may: may})
}

// keep keeps what was seen in a place, once.
func (h *hunt) keep(place string, data []byte) {
	sum := sha256.Sum256(append([]byte(place+"\x00"), data...))
	if len(data) > 0 && !h.seen[sum] {
		h.seen[sum] = true
		h.kept = append(h.kept, kept{place, bytes.Clone(data)})
	}
}

// search looks through all that was kept, and at what else there is.
func (h *hunt) search(moment string, looks ...func(see func(place string, data []byte))) {
	h.t.Helper()
	h.look(moment, append(looks, func(see func(string, []byte)) {
		for _, k := range h.kept {
			see(k.place, k.data)
		}
	})...)
}

// look looks at what is too large to be kept: each of looks gives a place and what is
// there, piece by piece.
func (h *hunt) look(moment string, looks ...func(see func(place string, data []byte))) {
	h.t.Helper()
	f := newFinder(h.canaries)
	see := func(place string, data []byte) {
		first, _, _ := strings.Cut(place, " ")
		h.places[first]++
		for c, form := range f.find(data) {
			switch {
			case c.public:
			case slices.ContainsFunc(c.may, func(pattern string) bool { return matches(pattern, place) }):
				h.hits[c.what]++
			default:
				h.wrong(c, place, form, moment)
			}
		}
	}
	for _, look := range looks {
		look(see)
	}
}

func matches(pattern, place string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(place)
}

// files looks at every file in a folder.
func files(dir, as string) func(see func(string, []byte)) {
	return func(see func(string, []byte)) {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // it may be gone by now
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return nil
			}
			if b, err := os.ReadFile(path); err == nil {
				see(as+" "+filepath.ToSlash(name), append(b, name...))
			}
			return nil
		})
	}
}
