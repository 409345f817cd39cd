package page

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// showControls makes visible what would change how a text reads without being
// seen: characters that set or override the direction, and control characters.
func showControls(s string) string {
	if !strings.ContainsFunc(s, isDeceptive) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isDeceptive(r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isDeceptive takes embeddings, overrides and isolates (but not the marks that
// ordinary right-to-left writing uses), control characters, tags and the like.
func isDeceptive(r rune) bool {
	switch {
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f:
		return true
	case r == '\n' || r == '\t':
		return false
	}
	return unicode.IsControl(r)
}

// hasRightToLeft reports whether s has letters that are written from right to
// left.
func hasRightToLeft(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic, unicode.Adlam, unicode.Hanifi_Rohingya)
	})
}

// rightToLeft are the languages that are written from right to left unless a
// script is named.
var rightToLeft = []string{"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}

// Direction returns the writing direction of a language, BCP 47: ltr or rtl.
func Direction(lang string) string {
	subtags := strings.Split(lang, "-")
	for _, sub := range subtags[1:] {
		if len(sub) == 4 && (sub[0] < '0' || sub[0] > '9') {
			switch strings.ToLower(sub) {
			case "arab", "hebr", "syrc", "thaa", "nkoo", "adlm", "rohg", "mand", "samr":
				return "rtl"
			}
			return "ltr"
		}
	}
	if slices.Contains(rightToLeft, subtags[0]) {
		return "rtl"
	}
	return "ltr"
}

// Language returns the name of a language in the interface's; its tag when it
// has none here.
func (t *Texts) Language(tag string) Words {
	for try := tag; try != ""; {
		if key := "language." + try; t.Has(key) {
			return t.Say(key)
		}
		i := strings.LastIndexByte(try, '-')
		if i < 0 {
			break
		}
		try = try[:i]
	}
	return Code(tag)
}

// clipHTML cuts a text so that what is written of it on a page has at most max
// bytes, and reports how many it has and whether anything was left out.
func clipHTML(s string, max int) (clipped string, used int, cut bool) {
	for i, r := range s {
		n := utf8.RuneLen(r)
		switch {
		case n < 0: // not a character: written as U+FFFD
			n = 3
		case r == '<' || r == '>':
			n = len("&lt;")
		case r == '&' || r == '"' || r == '\'':
			n = len("&#34;")
		case isDeceptive(r):
			n = len("[U+1FFFF]")
		}
		if used+n > max {
			return s[:i], used, true
		}
		used += n
	}
	return s, used, false
}
