package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// What is shown of a statement is made from its very bytes, member by member, so
// that nothing that is signed can be left out. Salts are not shown: they tell
// nothing to a reader, and to others they would tell what a digest hides.

// A row is one member: a path, and a value of one line or more.
type row struct {
	name, value string
}

// statement shows a draft: what stays in the tree, and what stands beside it.
func (u *ui) statement(sub *entry.Submission) {
	st := sub.Statement
	u.printf("statement   %s, number %d of %s, in the log %s\n", st.Kind, st.Seq, st.Author, st.Log)
	u.printf("entry id    %s\n", st.ID)
	u.printf("\nin the log's tree, public for ever:\n")
	u.rows(rowsOf(st.Log, sub.Envelope.Payload))
	switch {
	case st.BodyDigest == "":
	case sub.Body == nil:
		u.printf("\nits detached body is not in this file; bodyDigest above is the digest\n")
	case st.IsWithheld():
		u.printf("\nin the detached body, committed to by its digest and not published; review by %s:\n", st.Review)
	default:
		u.printf("\nin the detached body, published beside the tree under its digest, with a random salt:\n")
	}
	if sub.Body != nil {
		u.rows(slices.DeleteFunc(rowsOf(st.Log, sub.Body), func(r row) bool {
			// The same as above: entry holds them equal.
			return r.name == "author" || r.name == "kind" || r.name == "log"
		}))
	}
	u.printf("\n")
}

func (u *ui) rows(rows []row) {
	width := 0
	for _, r := range rows {
		width = max(width, min(len(r.name), 36))
	}
	for _, r := range rows {
		if strings.Contains(r.value, "\n") || len(r.value) > 120 {
			u.printf("  %s\n    | %s\n", r.name, strings.ReplaceAll(r.value, "\n", "\n    | "))
			continue
		}
		u.printf("  %-*s  %s\n", width, r.name, r.value)
	}
}

// rowsOf lists the members of a canonical JSON object.
func rowsOf(origin string, object []byte) []row {
	w := walker{origin: origin}
	w.walk("", "", object)
	return w.rows
}

type walker struct {
	origin string
	rows   []row
}

// walk adds the members of a value: path says where it stands, name is the
// nearest member that gives it its meaning.
func (w *walker) walk(path, name string, v jsontext.Value) {
	switch v.Kind() {
	case '{':
		w.object(path, name, v)
	case '[':
		var items []jsontext.Value
		if err := json.Unmarshal(v, &items); err != nil {
			w.add(path, string(v))
			return
		}
		var words []string
		for i, item := range items {
			if k := item.Kind(); k == '{' || k == '[' {
				w.walk(fmt.Sprintf("%s[%d]", path, i+1), name, item)
				continue
			}
			words = append(words, w.word(name, item))
		}
		if words != nil {
			w.add(path, strings.Join(words, ", "))
		}
	default:
		w.add(path, w.word(name, v))
	}
}

func (w *walker) object(path, name string, v jsontext.Value) {
	var key entry.Key
	if err := json.Unmarshal(v, &key, json.RejectUnknownMembers(true)); err == nil && key.SPKI != "" {
		if p, err := key.Parse(); err == nil {
			w.add(path, fmt.Sprintf("%s key %s, for %ss", key.Alg, p.ID, key.Use))
			return
		}
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(v, &members); err != nil {
		w.add(path, string(v))
		return
	}
	names := make([]string, 0, len(members))
	for m := range members {
		names = append(names, m)
	}
	slices.Sort(names)
	for _, m := range names {
		if m == "salt" && path == "" {
			continue
		}
		w.walk(join(path, m), m, members[m])
	}
}

func (w *walker) add(path, value string) { w.rows = append(w.rows, row{path, value}) }

// word writes one value, a code with its label.
func (w *walker) word(name string, v jsontext.Value) string {
	if v.Kind() != '"' {
		return string(v)
	}
	s, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return string(v)
	}
	text := string(s)
	if name == "country" {
		if label, ok := entry.CountryName(w.origin, text); ok {
			return text + " (" + label + ")"
		}
	}
	list := name
	if name == "carveOuts" {
		list = "instrument"
	}
	if t, ok := entry.Terms.Term(list, text); ok {
		return text + " (" + t.Label + ")"
	}
	return text
}
