package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// yaml is YAML in the making, two spaces a level. What is empty is left out.
type yaml struct{ strings.Builder }

// plain is what needs no quotes in YAML. Words that YAML takes for something
// else, such as no, are quoted; so is all that begins with a digit.
var (
	plain    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
	reserved = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`)
)

func scalar(s string) string {
	if plain.MatchString(s) && !reserved.MatchString(s) {
		return s
	}
	// A JSON string is a YAML one.
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		panic("story: a text is not UTF-8: " + err.Error())
	}
	return string(b)
}

func (y *yaml) member(level int, name string) {
	fmt.Fprintf(y, "%s%s:\n", strings.Repeat("  ", level), name)
}

func (y *yaml) text(level int, name, value string) {
	if value != "" {
		fmt.Fprintf(y, "%s%s: %s\n", strings.Repeat("  ", level), name, scalar(value))
	}
}

func (y *yaml) number(level int, name string, n uint64) {
	fmt.Fprintf(y, "%s%s: %d\n", strings.Repeat("  ", level), name, n)
}

func (y *yaml) list(level int, name string, values []string) {
	if len(values) == 0 {
		return
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = scalar(v)
	}
	fmt.Fprintf(y, "%s%s: [%s]\n", strings.Repeat("  ", level), name, strings.Join(quoted, ", "))
}

func (y *yaml) texts(name string, texts map[string]string) {
	if len(texts) == 0 {
		return
	}
	y.member(0, name)
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		y.text(1, key, texts[key])
	}
}

func (y *yaml) documents(docs []entry.Document) {
	if len(docs) == 0 {
		return
	}
	y.member(0, "documents")
	for _, d := range docs {
		y.text(1, "- name", d.Name)
		y.text(2, "mediaType", d.MediaType)
		y.text(2, "sha256", d.SHA256)
		y.text(2, "url", d.URL)
	}
}
