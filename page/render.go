package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"sync"
)

//go:embed templates/*.html
var templates embed.FS

// Stylesheet is the CSS of every page.
//
//go:embed style.css
var Stylesheet []byte

// Templates parses the templates of this package: "entry" takes an *EntryPage,
// "signatory" a *SignatoryPage, "facts" a []Fact, "steps" a []Step, "notices" a
// []Notice. The set is the caller's, to add its own to. In templates, t is Say
// without the plain form, and count is Count likewise.
func (t *Texts) Templates() *template.Template {
	set := template.New("page").Funcs(template.FuncMap{
		"t":     func(key string, args ...any) template.HTML { return t.Say(key, args...).HTML },
		"count": func(key string, n uint64, args ...any) template.HTML { return t.Count(key, n, args...).HTML },
		"text":  func(key string, args ...any) string { return t.Say(key, args...).Text },
		"num":   t.Number,
	})
	return template.Must(set.ParseFS(templates, "templates/*.html"))
}

// englishTemplates are parsed at their first use: most commands show no page.
var englishTemplates = sync.OnceValue(English.Templates)

// Render writes an entry as HTML, without anything around it: the preview of
// what the public will see.
func (s *Site) Render(e *Entry) (template.HTML, error) {
	set := englishTemplates()
	if s.Texts != English {
		set = s.Texts.Templates()
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, "entry", s.Entry(e)); err != nil {
		return "", fmt.Errorf("render entry: %w", err)
	}
	return template.HTML(b.String()), nil
}
