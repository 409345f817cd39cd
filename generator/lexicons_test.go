package generator

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A large one has hundreds of signatories, each with a name of its own, that is
// nobody's.
func TestLifelikeNames(t *testing.T) {
	w := New(SearchOptions(1_000_000))
	names, ids, sites := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range slices.Concat(w.Signatories, w.Challengers) {
		if names[a.Name] || ids[a.ID] || sites[a.Company.Website] {
			t.Errorf("%s, %s, %s: one of these stands twice", a.ID, a.Name, a.Company.Website)
		}
		names[a.Name], ids[a.ID], sites[a.Company.Website] = true, true, true
		if !slug.MatchString(a.ID) || len(a.ID) > 63 || regexp.MustCompile(`[0-9]`).MatchString(a.Name) {
			t.Errorf("%s is called %q", a.ID, a.Name)
		}
		for _, r := range realCompanies {
			if strings.Contains(words(a.Name), words(r)) {
				t.Errorf("%q holds the name of a real company, %q", a.Name, r)
			}
		}
	}
	if len(w.Signatories) != 400 || len(w.Challengers) != 20 {
		t.Errorf("%d signatories and %d challengers", len(w.Signatories), len(w.Challengers))
	}
}

// No word of the invented languages is the name of a real company or country.
func TestLexiconsNameNobody(t *testing.T) {
	real, _ := countryData(t)
	taken := map[string]string{}
	for _, name := range slices.Concat(realCompanies, slices.Collect(maps.Values(real))) {
		taken[strings.ToLower(name)] = name
	}
	for tag, words := range Lexicons() {
		distinct := map[string]bool{}
		for _, word := range words {
			distinct[word] = true
			for _, one := range append(strings.Fields(word), word) {
				if name, ok := taken[strings.ToLower(one)]; ok {
					t.Errorf("%s: %q is the name %q", tag, word, name)
				}
			}
		}
		if len(distinct) < 30_000 {
			t.Errorf("%s: %d words", tag, len(distinct))
		}
	}
}
