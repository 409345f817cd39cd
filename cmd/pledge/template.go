package main

import (
	"embed"
	"fmt"
	"strings"
	texttemplate "text/template"

	"github.com/pledgelog/pledgelog/entry"
)

// The templates have a file for each kind. Comments begin with "# ", a member
// that may be left out with "#member:", so that taking the # away is enough.

//go:embed templates/*.yaml templates/*.tmpl
var templates embed.FS

// template returns the commented YAML template of a kind.
func template(kind entry.Kind) (string, error) {
	name := string(kind) + ".yaml"
	t, err := texttemplate.New(name).Funcs(texttemplate.FuncMap{"codes": codes}).ParseFS(templates, "templates/*")
	if err != nil {
		return "", fmt.Errorf("read templates: %w", err)
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, entry.Terms()); err != nil {
		return "", fmt.Errorf("write template: %w", err)
	}
	return b.String(), nil
}

// codes lists the codes of a vocabulary list with their labels, as comments.
func codes(list, indent string) (string, error) {
	terms := entry.Terms().Lists[list]
	if terms == nil {
		return "", fmt.Errorf("the vocabulary has no list %s", list)
	}
	width := 0
	for _, t := range terms {
		width = max(width, len(t.Code))
	}
	var lines []string
	for _, t := range terms {
		if !t.Deprecated {
			lines = append(lines, fmt.Sprintf("%s#   %-*s  %s", indent, width, t.Code, t.Label))
		}
	}
	return strings.Join(lines, "\n"), nil
}
