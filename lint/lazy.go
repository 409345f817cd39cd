package lint

import (
	"regexp"
	"strings"
	"sync"
)

// What this room looks for takes longer to compile than most programs that have it
// take in all, and most runs of these look at no text: it is made at its first use.

// expression is a regular expression.
func expression(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

// expressions are several.
func expressions(list ...string) func() []*regexp.Regexp {
	return sync.OnceValue(func() (out []*regexp.Regexp) {
		for _, s := range list {
			out = append(out, regexp.MustCompile(s))
		}
		return out
	})
}

// words are a set of words.
type words struct{ all func() map[string]bool }

// set has the words that stand in a text, separated by spaces.
func set(text string) words {
	return words{sync.OnceValue(func() map[string]bool {
		out := make(map[string]bool)
		for _, w := range strings.Fields(text) {
			out[w] = true
		}
		return out
	})}
}

func (w words) has(word string) bool { return w.all()[word] }
