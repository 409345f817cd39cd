package index

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzText: whatever stands in a text or a query becomes tokens that a store of words takes.
func FuzzText(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		got := tokens(text)
		for _, token := range got {
			if token == "" || !utf8.ValidString(token) && utf8.ValidString(text) {
				t.Fatalf("%q has the token %q", text, token)
			}
			for _, r := range token {
				if r < utf8.RuneSelf && !unicode.IsLower(r) && !unicode.IsDigit(r) || unicode.IsSpace(r) {
					t.Fatalf("%q has the token %q", text, token)
				}
			}
			if len(token) > maxToken+utf8.UTFMax {
				t.Fatalf("a token has %d bytes", len(token))
			}
		}
		sought, err := parseText(text)
		if err != nil {
			return
		}
		for _, s := range sought {
			if len(s.Tokens) == 0 || slices.Contains(s.Tokens, "") || strings.ContainsAny(strings.Join(s.Tokens, ""), "\" \x00") {
				t.Fatalf("%q looks for %q", text, s.Tokens)
			}
		}
	})
}
