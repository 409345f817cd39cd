package page

import (
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"
)

// Words are a piece of text in its two forms: for a page, and for where no
// markup can be (titles, quotations).
type Words struct {
	HTML template.HTML
	Text string
}

// IsZero reports whether there is nothing to say.
func (w Words) IsZero() bool { return w.HTML == "" }

// Plain makes words of a text of our own.
func Plain(s string) Words { return Words{template.HTML(html.EscapeString(s)), s} }

// Foreign makes words of a text that somebody else wrote: a name, a court, a
// citation. It is isolated, so that its direction changes nothing around it,
// and what would turn directions round is shown instead of obeyed.
func Foreign(s string) Words {
	s = showControls(s)
	w := Words{template.HTML("<bdi>" + html.EscapeString(s) + "</bdi>"), s}
	if hasRightToLeft(s) {
		w.Text = "\u2068" + s + "\u2069"
	}
	return w
}

// Code makes words of something for machines: an id, a code, a path.
func Code(s string) Words {
	s = showControls(s)
	return Words{template.HTML("<code>" + html.EscapeString(s) + "</code>"), s}
}

// Link makes words a link. An empty href leaves them as they are.
func Link(href string, w Words) Words {
	if href == "" {
		return w
	}
	return Words{template.HTML(`<a href="`+html.EscapeString(href)+`">`) + w.HTML + "</a>", w.Text}
}

// Texts are the interface texts of one language.
type Texts struct {
	Lang    string // BCP 47
	Dir     string // ltr or rtl
	texts   map[string]string
	plural  func(n uint64) string // which form goes with a number: the end of the key
	months  [12]string
	group   string // between groups of three digits
	marshal func(day int, month string, year int) string
}

// English are the interface texts in English.
var English = &Texts{
	Lang: "en", Dir: "ltr", texts: english, group: ",",
	plural: func(n uint64) string {
		if n == 1 {
			return "one"
		}
		return "other"
	},
	months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	marshal: func(day int, month string, year int) string {
		return fmt.Sprintf("%d %s %d", day, month, year)
	},
}

// With returns the same language with the texts of somebody else's pages.
func (t *Texts) With(texts map[string]string) *Texts {
	other := *t
	other.texts = texts
	return &other
}

// Say returns the text of a key. Its placeholders, such as {company}, are
// filled from args: names and values in turn. A value is Words, or a string or a
// number of our own. A key that is not there shows as ⟦key⟧: a test keeps that
// from happening.
func (t *Texts) Say(key string, args ...any) Words {
	text, ok := t.texts[key]
	if !ok {
		return Plain("⟦" + key + "⟧")
	}
	var page, plain strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		page.WriteString(html.EscapeString(before))
		plain.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		w := t.argument(name, args)
		page.WriteString(string(w.HTML))
		plain.WriteString(w.Text)
		text = after
	}
	return Words{template.HTML(page.String()), plain.String()}
}

// Has reports whether there is a text of that key.
func (t *Texts) Has(key string) bool { _, ok := t.texts[key]; return ok }

// Count is Say for a text that depends on a number: the key has a form for each
// of the language's plurals, and {n} is the number.
func (t *Texts) Count(key string, n uint64, args ...any) Words {
	return t.Say(key+"."+t.plural(n), append([]any{"n", n}, args...)...)
}

func (t *Texts) argument(name string, args []any) Words {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return t.words(args[i+1])
		}
	}
	return Plain("⟦{" + name + "}⟧")
}

func (t *Texts) words(v any) Words {
	switch v := v.(type) {
	case Words:
		return v
	case string:
		return Plain(v)
	case uint64:
		return Plain(t.Number(v))
	case int:
		return Plain(t.Number(uint64(v)))
	}
	return Plain(fmt.Sprintf("⟦%T⟧", v))
}

// Number writes n with its digits in groups of three.
func (t *Texts) Number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + t.group + s[i:]
	}
	return s
}

// List joins words: one, two and three.
func (t *Texts) List(items []Words) Words {
	if len(items) == 0 {
		return Words{}
	}
	out := items[0]
	for i, w := range items[1:] {
		key := "list.comma"
		if i == len(items)-2 {
			key = "list.and"
		}
		out = t.Say(key, "before", out, "after", w)
	}
	return out
}
