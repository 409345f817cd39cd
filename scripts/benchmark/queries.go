package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/log"
)

// A sampled is what a request in the log says, as far as people ask for it.
type sampled struct {
	Author, Country, Authority, Instrument, Compulsion, Gag, Corroboration string
	Assist, Targets, Products                                              []string
	Narrative                                                              map[string]string
}

// A query is an address, and whether it must find something: what it asks for stands in
// one statement that there is.
type query struct {
	path  string
	finds bool
}

// sampleRequests draws requests from bundles of the log's texts.
func sampleRequests(ctx context.Context, source log.Source, size uint64, n int, dice *rand.Rand) ([]*sampled, error) {
	var out []*sampled
	bundles := size / log.TileWidth
	if bundles == 0 {
		return nil, errors.New("the log has no whole bundle")
	}
	for range 50 * n {
		if len(out) >= n {
			return out, nil
		}
		path := log.BodiesBundlePath(dice.Uint64N(bundles))
		text, err := source.Get(ctx, path, 64<<20)
		if err != nil {
			return nil, err
		}
		lines := bytes.Split(text, []byte("\n"))
		for range 8 {
			if r := readRequest(lines[dice.IntN(len(lines))]); r != nil {
				out = append(out, r)
			}
		}
	}
	return nil, fmt.Errorf("the log has too few requests with words: %d were found", len(out))
}

// readRequest reads a request's text; nil when it is another one, or has sealed members.
func readRequest(line []byte) *sampled {
	var b struct {
		Kind string
		sampled
	}
	if len(line) == 0 || json.Unmarshal(line, &b, json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true)) != nil || b.Kind != "request" || len(b.Narrative) == 0 {
		return nil
	}
	if _, sealed := b.Narrative["sealed"]; sealed {
		return nil
	}
	return &b.sampled
}

// makeQueries makes n distinct queries: words, phrases, words that are not to be there,
// beginnings of words, parts of texts without spaces, and filters; each with the counts of
// its facets.
func makeQueries(requests []*sampled, n int, dice *rand.Rand) ([]query, error) {
	var out []query
	seen := make(map[string]bool)
	for range 50 * n {
		if len(out) == n {
			return out, nil
		}
		q := makeQuery(requests[dice.IntN(len(requests))], requests[dice.IntN(len(requests))], dice)
		if !seen[q.path] {
			seen[q.path] = true
			out = append(out, q)
		}
	}
	return nil, fmt.Errorf("the log gives %d distinct queries, and %d are wanted", len(out), n)
}

func makeQuery(of, other *sampled, dice *rand.Rand) query {
	v, finds := url.Values{}, true
	text := pickText(of, dice)
	words := wordsOf(text)
	filters := dice.IntN(3)
	switch n := dice.IntN(100); {
	case n < 25 || len(words) < 3:
		filters = 1 + dice.IntN(3)
	case n < 45:
		v.Set("q", words[dice.IntN(len(words))])
	case n < 60:
		v.Set("q", words[dice.IntN(len(words))]+" "+words[dice.IntN(len(words))])
	case n < 75:
		if at := phraseIn(text, words, dice); at != "" {
			v.Set("q", `"`+at+`"`)
		}
	case n < 85:
		v.Set("q", words[dice.IntN(len(words))]+" -"+wordsOf(pickText(other, dice))[0])
		finds = false
	default:
		v.Set("q", beginning(words[dice.IntN(len(words))], dice))
	}
	for range filters {
		setFilter(v, of, dice)
	}
	if v.Get("q") == "" && len(v) == 0 {
		v.Set("author", of.Author)
	}
	v.Set("facets", "all")
	if dice.IntN(10) == 0 {
		v.Set("sort", "oldest")
	}
	return query{"/api/v1/entries?limit=25&" + v.Encode(), finds}
}

// beginning asks for words that begin as one does, with three letters or more; for the word
// itself when it is too short.
func beginning(word string, dice *rand.Rand) string {
	var ends []int // behind each letter from the third on, but the last
	letters, last := 0, rune(0)
	for at, r := range word {
		if last = r; unicode.In(r, unicode.L, unicode.N) {
			if letters++; letters > 3 {
				ends = append(ends, at)
			}
		}
	}
	if len(ends) == 0 || unspaced(last) {
		return word
	}
	return word[:ends[dice.IntN(len(ends))]] + "*"
}

// setFilter asks for a value that the request has.
func setFilter(v url.Values, of *sampled, dice *rand.Rand) {
	options := [][2]string{
		{"author", of.Author}, {"country", of.Country}, {"country", of.Country}, {"authority", of.Authority}, {"instrument", of.Instrument},
		{"compulsion", of.Compulsion}, {"gag", of.Gag}, {"corroboration", of.Corroboration}, {"kind", "request"},
	}
	for name, list := range map[string][]string{"assist": of.Assist, "target": of.Targets, "product": of.Products} {
		if len(list) > 0 {
			options = append(options, [2]string{name, list[0]})
		}
	}
	slices.SortFunc(options, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	if o := options[dice.IntN(len(options))]; o[1] != "" {
		v.Set(o[0], o[1])
	}
}

// pickText draws one of the languages of a request.
func pickText(of *sampled, dice *rand.Rand) string {
	var tags []string
	for tag := range of.Narrative {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return of.Narrative[tags[dice.IntN(len(tags))]]
}

// wordsOf are the words of a text; of one without spaces, parts of two to four characters.
func wordsOf(text string) []string {
	var out []string
	for _, run := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) }) {
		for _, all := range oneKind([]rune(run)) {
			if !unspaced(all[0]) {
				out = append(out, string(all))
				continue
			}
			for i := 0; i+2 <= len(all); i += 3 {
				// A mark belongs to what is before it.
				part := all[i:min(i+2+i%3, len(all))]
				if next := i + len(part); !unicode.Is(unicode.M, part[0]) && (next == len(all) || !unicode.Is(unicode.M, all[next])) {
					out = append(out, string(part))
				}
			}
		}
	}
	return out
}

// oneKind splits a run where a script without spaces begins or ends, as behind a company's
// name. A mark goes with what is before it.
func oneKind(run []rune) (parts [][]rune) {
	start := 0
	for i := 1; i < len(run); i++ {
		if !unicode.Is(unicode.M, run[i]) && unspaced(run[i]) != unspaced(run[start]) {
			parts = append(parts, run[start:i])
			start = i
		}
	}
	return append(parts, run[start:])
}

// phraseIn are two or three words that follow each other in a text; "" when those drawn do
// not stand with a single space between them.
func phraseIn(text string, words []string, dice *rand.Rand) string {
	n := 2 + dice.IntN(2)
	at := dice.IntN(max(1, len(words)-n))
	if phrase := strings.Join(words[at:min(at+n, len(words))], " "); strings.Contains(text, phrase) {
		return phrase
	}
	return words[at]
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
