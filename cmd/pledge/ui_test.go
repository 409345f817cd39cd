package main

import "testing"

func TestCleanShowsWhatIsHidden(t *testing.T) {
	for in, want := range map[string]string{
		"plain\nlines": "plain\nlines",
		"naïve 中文 עברית العربية हिन्दी": "naïve 中文 עברית العربية हिन्दी",
		"क्\u200dष می\u200cخواهم":       "क्\u200dष می\u200cخواهم",
		"a\x1b[2Jb":                     "a<U+001B>[2Jb",
		"a\rb\x00":                      "a<U+000D>b<U+0000>",
		"a\u202eb\u2066c\u200f":         "a<U+202E>b<U+2066>c<U+200F>",
		"a\u0085\u009b31mb":             "a<U+0085><U+009B>31mb",
		"a\u2028b\ufeff\u00adc":         "a<U+2028>b<U+FEFF><U+00AD>c",
		"a\tb":                          "a    b",
		"a\xffb":                        "a<U+FFFD>b",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) is %q, not %q", in, got, want)
		}
	}
}

func TestNear(t *testing.T) {
	words := []string{"refused", "challenged", "complied", "partly-complied", "narrowed", "lapsed"}
	for in, want := range map[string]string{
		"refuse":   "did you mean refused?",
		"Refused":  "did you mean refused?",
		"refsued":  "did you mean refused?",
		"complied": "did you mean complied or partly-complied?",
		"partly":   "did you mean partly-complied?",
		"x":        "",
		"":         "",
		"upheld":   "",
	} {
		if got := didYouMean(in, words); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}
