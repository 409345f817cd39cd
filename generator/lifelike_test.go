package generator_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A count says how often each of some things occurs.
type count map[string]int

func (c count) sum() (n int) {
	for _, v := range c {
		n += v
	}
	return n
}

// top is the share of the n most frequent.
func (c count) top(n int) float64 {
	sorted := slices.SortedFunc(maps.Values(c), func(a, b int) int { return b - a })
	most := 0
	for _, v := range sorted[:min(n, len(sorted))] {
		most += v
	}
	return float64(most) / float64(c.sum())
}

// seen is what a log has.
type seen struct {
	kinds, authors, countries, authorities, instruments, assists, products, outcomes, tongues, scripts, words, years, names count
	lengths                                                                                                                 []int // of English texts, in words
	withheld, sealed                                                                                                        int
}

func see(t *testing.T, w *generator.World) *seen {
	t.Helper()
	s := &seen{
		kinds: count{}, authors: count{}, countries: count{}, authorities: count{}, instruments: count{}, assists: count{}, products: count{},
		outcomes: count{}, tongues: count{}, scripts: count{}, words: count{}, years: count{}, names: count{},
	}
	for i, e := range w.Logged {
		st := pledge.Read(uint64(i), e.Leaf).Statement
		s.kinds[string(st.Kind)]++
		s.years[entry.FormatTime(e.Logged)[:4]]++
		if st.IsWithheld() {
			s.withheld++
		}
		switch b := st.Body.(type) {
		case *entry.Admit:
			s.names[b.Name]++
			if !slices.ContainsFunc(generator.Countries, func(c generator.Country) bool { return c.Code == b.Country }) {
				t.Errorf("%s is of %s", b.Name, b.Country)
			}
		case *entry.Decision:
			s.outcomes[b.Outcome]++
		case *entry.Request:
			s.authors[st.Author]++
		}
		if e.Body == nil {
			continue
		}
		d, err := entry.ParseDetached(st, e.Body)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if unknown := entry.UnknownCodes(st, d); len(unknown) > 0 {
			t.Errorf("entry %d: codes %v", i, unknown)
		}
		if len(d.Seals()) > 0 {
			s.sealed++
		}
		if r, ok := d.(*entry.RequestBody); ok {
			s.countries[r.Country]++
			s.authorities[r.Agency]++
			s.instruments[r.Instrument]++
			for _, code := range r.Assist {
				s.assists[code]++
			}
			for _, code := range r.Products {
				s.products[code]++
			}
		}
		if st.Kind == entry.KindRequest || st.Kind == entry.KindDecision {
			s.read(entry.Narrative(d))
		}
	}
	return s
}

func (s *seen) read(texts map[string]string) {
	for tag, text := range texts {
		s.tongues[tag]++
		for _, name := range scripts {
			if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Scripts[name], r) }) {
				s.scripts[name]++
			}
		}
		if tag != "en" {
			continue
		}
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
		s.lengths = append(s.lengths, len(strings.Fields(text)))
		for _, word := range words {
			s.words[word]++
		}
	}
}

var scripts = []string{"Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Han", "Hiragana", "Katakana", "Thai", "Hangul"}

// A log to be searched has everything that searches are about, and few of each have
// most, as in real ones.
func TestLifelike(t *testing.T) {
	const n = 12_000
	w := generator.New(generator.SearchOptions(n))
	if err := w.Story(n); err != nil {
		t.Fatal(err)
	}
	s := see(t, w)
	for _, test := range []struct {
		what     string
		share    float64
		from, to float64
	}{
		{"requests", float64(s.kinds["request"]) / n, 0.3, 0.5},
		{"decisions", float64(s.kinds["decision"]) / n, 0.3, 0.55},
		{"attestations", float64(s.kinds["attestation"]) / n, 0.005, 0.1},
		{"slots", float64(s.kinds["slot"]) / n, 0.005, 0.15},
		{"corrections", float64(s.kinds["correct"]) / n, 0.001, 0.02},
		{"openings", float64(s.kinds["open"]) / n, 0.005, 0.05},
		{"challenges", float64(s.kinds["challenge"]) / n, 0.001, 0.02},
		{"replies", float64(s.kinds["reply"]) / n, 0.001, 0.02},
		{"erasures", float64(s.kinds["erasure"]) / n, 0.00005, 0.002},
		{"withheld texts", float64(s.withheld) / n, 0.005, 0.05},
		{"sealed members", float64(s.sealed) / n, 0.002, 0.03},
		{"the first 3 of 25 signatories", s.authors.top(3), 0.35, 0.7},
		{"the first 5 of 25 countries", s.countries.top(5), 0.4, 0.8},
		{"the first 10 authorities", s.authorities.top(10), 0.3, 0.8},
		{"the first instrument", s.instruments.top(1), 0.2, 0.5},
		{"the first 3 kinds of help", s.assists.top(3), 0.25, 0.6},
		{"the first 3 products", s.products.top(3), 0.3, 0.8},
		{"refusals among the outcomes", float64(s.outcomes["refused"]) / float64(s.outcomes.sum()), 0.4, 0.7},
		{"English among the texts", float64(s.tongues["en"]) / float64(s.tongues.sum()), 0.5, 0.85},
		{"the first 100 English words", s.words.top(100), 0.4, 0.75},
		{"the first English word", s.words.top(1), 0.02, 0.12},
	} {
		if test.share < test.from || test.share > test.to {
			t.Errorf("%s are %.4f of all, want %g to %g", test.what, test.share, test.from, test.to)
		}
	}
	for _, name := range scripts {
		if s.scripts[name] < n/500 {
			t.Errorf("%d texts in %s, want %d or more: %v", s.scripts[name], name, n/500, s.scripts)
		}
	}
	if len(s.tongues) < 19 || len(s.countries) < 26 || len(s.assists) < 17 || len(s.outcomes) < 11 || len(s.years) < 3 || len(s.words) < 5000 {
		t.Errorf("%d languages, countries %v, help %v, outcomes %v, years %v, %d English words", len(s.tongues), s.countries, s.assists, s.outcomes, s.years, len(s.words))
	}
	for code := range s.countries {
		if code != entry.Withheld && !slices.ContainsFunc(generator.Countries, func(c generator.Country) bool { return c.Code == code }) {
			t.Errorf("a request of %q", code)
		}
	}
	slices.Sort(s.lengths)
	if first, median, last := s.lengths[0], s.lengths[len(s.lengths)/2], s.lengths[len(s.lengths)-1]; first < 10 || median < 25 || median > 50 || last < 100 || last > 160 {
		t.Errorf("English texts have %d to %d words, most often %d", first, last, median)
	}
}

// A smaller one is faultless, and the same whether it is written as it goes or
// afterwards.
func TestLifelikeIsFaultless(t *testing.T) {
	const n = 3000
	o := generator.SearchOptions(n)
	o.Seed, o.Signatories, o.Mix.Erased = 11, 8, 10
	w, dir, streamed := generator.New(o), t.TempDir(), t.TempDir()
	if err := w.Story(n); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	state, found := audit(t, w, dir)
	if state.Size() != n {
		t.Errorf("%d statements, want %d", state.Size(), n)
	}
	told := 0
	for _, f := range found {
		switch f.Code {
		case pledge.FindCorrected:
		case pledge.FindErased:
			told++
		default:
			t.Errorf("%s: %s", f.Code, f.Text)
		}
	}
	if err := generator.New(o).WriteStory(streamed, n); err != nil {
		t.Fatal(err)
	}
	a, b := files(t, dir), files(t, streamed)
	for path, bytes := range a {
		if string(b[path]) != string(bytes) {
			t.Errorf("%s differs", path)
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d files and %d", len(a), len(b))
	}
	// What was erased is nowhere.
	erased := 0
	for i, e := range w.Logged {
		if b, ok := pledge.Read(uint64(i), e.Leaf).Statement.Body.(*entry.Erasure); ok {
			erased++
			if _, err := os.Stat(dir + "/" + log.BodyPath(b.Digest)); !os.IsNotExist(err) {
				t.Errorf("%s is there (%v)", b.Digest, err)
			}
			for path, lines := range a {
				if !strings.HasPrefix(path, "bodies/bundle/") {
					continue
				}
				for _, line := range strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n") {
					if entry.Digest([]byte(line)) == b.Digest {
						t.Errorf("%s is in %s", b.Digest, path)
					}
				}
			}
		}
	}
	if erased < 3 || erased != told {
		t.Errorf("%d erasures, of which the audit tells %d", erased, told)
	}
}
