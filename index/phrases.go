package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pledgelog/pledgelog/store"
)

// Bounds on what is looked for in texts.
const (
	MaxText    = 500 // bytes of Query.Text
	maxPhrases = 16
	minPrefix  = 3 // letters before the star, but where a character is a word
)

// A sought is one thing that is looked for in texts.
type sought struct {
	store.Phrase
	not bool // an entry that has it is none that is looked for
}

// parseText reads what a person writes into the field of a search: words, all of which
// are looked for, "words that follow each other", -words that are not to be there, and
// beginnings of words*. There is nothing else: AND, OR and the like are words. Errors
// match ErrQuery.
func parseText(text string) ([]sought, error) {
	if len(text) > MaxText {
		return nil, wrong(paramText, "is over %d bytes", MaxText)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, wrong(paramText, "is not UTF-8")
	}
	var out []sought
	rest := strings.TrimSpace(text)
	for rest != "" {
		var s sought
		if after, ok := strings.CutPrefix(rest, "-"); ok && after != "" && !unicode.IsSpace(rune(after[0])) {
			s.not, rest = true, after
		}
		var words string
		words, rest = nextWords(rest)
		s.Tokens = tokens(words)
		if words, ok := strings.CutSuffix(words, "*"); ok && len(s.Tokens) > 0 {
			s.Prefix = true
			// The star has to stand at a word.
			if r, _ := utf8.DecodeLastRuneInString(words); !unicode.In(r, unicode.L, unicode.N, unicode.M) {
				s.Prefix = false
			} else if last := s.Tokens[len(s.Tokens)-1]; unspaced(r) {
				s.Prefix = false // each character is a word, and what follows is any
			} else if utf8.RuneCountInString(last) < minPrefix {
				return nil, wrong(paramText, "has %s*, the beginning of too many words: give %d letters", last, minPrefix)
			}
		}
		rest = strings.TrimSpace(rest)
		if len(s.Tokens) == 0 {
			continue
		}
		if out = append(out, s); len(out) > maxPhrases {
			return nil, wrong(paramText, "has over %d words and phrases", maxPhrases)
		}
	}
	if len(out) == 0 {
		return nil, wrong(paramText, "has no word")
	}
	return out, nil
}

// quotes are marks between which words follow each other: opening and closing.
var quotes = map[rune]string{'"': `"`, '“': `”"“`, '„': `“”"`, '«': `»`, '»': `«`, '「': `」`, '『': `』`}

// nextWords takes the next word, or what stands between two quotation marks. A star
// behind the second belongs to it. Without a second, everything up to the end is quoted.
func nextWords(text string) (words, rest string) {
	first, n := utf8.DecodeRuneInString(text)
	if closing, ok := quotes[first]; ok {
		body := text[n:]
		at := strings.IndexAny(body, closing)
		if at < 0 {
			return body, ""
		}
		_, n := utf8.DecodeRuneInString(body[at:])
		words, rest = body[:at], body[at+n:]
		if after, ok := strings.CutPrefix(rest, "*"); ok {
			words, rest = words+"*", after
		}
		return words, rest
	}
	for i, r := range text {
		if unicode.IsSpace(r) {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// wordsOf returns the words of a query that are to be there, for names of authors.
func wordsOf(text string) []string {
	sought, _ := parseText(text) // malformed ones have none
	var out []string
	for _, s := range sought {
		if !s.not {
			out = append(out, s.Tokens...)
		}
	}
	return out
}
