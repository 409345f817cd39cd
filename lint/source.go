package lint

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A source is a text that is looked at.
type source struct {
	text  string
	names [][]string // of organisations, as words in lower case

	organisation bool // see Options
}

func newSource(text string, o Options) *source {
	s := &source{text: text, organisation: o.Organisation}
	for _, name := range o.Names {
		if words := strings.Fields(strings.ToLower(name)); len(words) > 0 {
			s.names = append(s.names, words)
		}
	}
	return s
}

// find returns where a form stands.
func (s *source) find(form *regexp.Regexp) []span {
	var out []span
	for _, at := range form.FindAllStringIndex(s.text, -1) {
		out = append(out, span{at[0], at[1]})
	}
	return out
}

// all returns where one of several forms stands.
func (s *source) all(forms ...*regexp.Regexp) []span {
	var out []span
	for _, f := range forms {
		out = append(out, s.find(f)...)
	}
	return out
}

// before returns what stands right before a span, some words of it.
func (s *source) before(at span) string { return s.text[max(0, at.start-64):at.start] }

// alone reports whether a span is not part of a longer word or number.
func (s *source) alone(at span) bool {
	before, _ := utf8.DecodeLastRuneInString(s.text[:at.start])
	after, n := utf8.DecodeRuneInString(s.text[at.end:])
	beyond, _ := utf8.DecodeRuneInString(s.text[at.end+min(n, len(s.text)-at.end):])
	return !inWord(before) && !strings.ContainsRune(".:/-_@\\", before) &&
		!inWord(after) && !(strings.ContainsRune(".:-_", after) && inWord(beyond))
}

// inWord reports whether a character belongs to words and numbers that are written
// with spaces between them.
func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}
