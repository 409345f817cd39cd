package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/generator"

	"github.com/pledgelog/pledgelog/api/apitest"
)

// TestSearchedText: what can't be looked for is refused, and the answer says why.
func TestSearchedText(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 7}, apitest.Start)
	s.member(0)
	for text, want := range map[string]string{
		"ab*":                     "give 3 letters",
		"*":                       "no word",
		"-":                       "no word",
		`""`:                      "no word",
		strings.Repeat("a b ", 9): "over 16",
		strings.Repeat("x", 501):  "over 500 bytes",
		"a\x00b":                  "UTF-8",
	} {
		a := s.get("/api/v1/entries?q=" + url.QueryEscape(text))
		if p := a.problem(t); a.StatusCode != 400 || p.Code != "parameter-malformed" || !strings.Contains(p.Detail, want) || !strings.Contains(p.Detail, "parameter q ") {
			t.Errorf("%q: %d %s: %s", text, a.StatusCode, p.Code, p.Detail)
		}
	}
	for _, text := range []string{"NEAR", `"a AND b"`, "abc*", "a:b ^c (d)", "-abc", `"unclosed`} {
		if a := s.get("/api/v1/entries?q=" + url.QueryEscape(text)); a.StatusCode != 200 {
			t.Errorf("%q: %d %s", text, a.StatusCode, a.body)
		}
	}
}
