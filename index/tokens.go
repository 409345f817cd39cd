package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// tokensVersion changes with what tokens makes of a text: what was found by the rules of
// another version is read anew.
const tokensVersion = 1

// maxToken bounds a token, in bytes. What is beyond it is not looked at, in texts and in
// queries alike.
const maxToken = 96

// fieldBreak is a token that no text has. It stands between two texts of one entry, so
// that no phrase is found across them.
const fieldBreak = "\uE000"

// tokens splits a text into what a search compares: runs of letters and digits, in one
// case and without accents. In scripts that put no spaces between words each character is
// a token, and a word of them is a phrase; so whatever stands in such a text is found,
// wherever words begin.
func tokens(text string) []string {
	var out []string
	start := -1 // of the run in progress
	end := func(at int, s string) {
		if start >= 0 {
			out = append(out, cut(s[start:at]))
			start = -1
		}
	}
	s := fold(text)
	joins := false // the last token is a character that marks may follow
	for at, r := range s {
		switch {
		case unspaced(r):
			end(at, s)
			out = append(out, string(r))
			joins = true
			continue
		case joins && unicode.Is(unicode.M, r):
			if last := &out[len(out)-1]; len(*last) < maxToken {
				*last += string(r)
			}
			continue
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			if start < 0 {
				start = at
			}
		default:
			end(at, s)
		}
		joins = false
	}
	end(len(s), s)
	return out
}

// cut bounds a token, between two characters.
func cut(token string) string {
	if len(token) <= maxToken {
		return token
	}
	at := maxToken
	for !utf8.RuneStart(token[at]) {
		at--
	}
	return token[:at]
}

// unspaced says that a character is of a script that puts no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan) && !unicode.Is(unicode.M, r) || r == 'ー'
}

// fold brings a text to one case and one form, without what is written above or below the
// letters of alphabets that have it as an addition: accents, points, vowels of Hebrew and
// Arabic.
func fold(text string) string {
	ascii := true
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(text)
	}
	apart := norm.NFKD.String(cases.Fold().String(text))
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 0x0300 && r <= 0x036F, // accents
			r >= 0x0591 && r <= 0x05C7 && unicode.Is(unicode.Mn, r),
			r >= 0x064B && r <= 0x065F, r == 0x0670, r >= 0x06D6 && r <= 0x06ED && unicode.Is(unicode.Mn, r),
			r == 'ـ',                                                                                                     // makes an Arabic word longer
			r == 0x00AD, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2069, r == 0xFEFF: // not seen
			return -1
		}
		return r
	}, apart)
	return norm.NFC.String(cases.Fold().String(kept))
}
