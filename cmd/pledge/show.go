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
// Opened is what opens its sealed members, as far as it is at hand.
func (u *ui) statement(sub *entry.Submission, opened []entry.Disclosure) {
	st := sub.Statement
	lane := ""
	if st.Lane != entry.LaneMain {
		lane = " in lane " + st.Lane
	}
	u.printf("statement   %s, number %d of %s%s, in the log %s\n", st.Kind, st.Seq, st.Author, lane, st.Log)
	u.printf("entry id    %s\n", st.ID)
	u.printf("\nin the log's tree, public for ever:\n")
	u.rows(rowsOf(st.Log, sub.Envelope.Payload))
	secret := st.IsWithheld()
	switch {
	case st.Kind == entry.KindOpen && len(st.Publishes()) > 0:
		secret = true
		u.printf("\nit opens, and when it is submitted this is published beside the tree:\n")
	case st.BodyDigest == "":
	case sub.Body == nil:
		u.printf("\nits detached body is not in this file; bodyDigest above is the digest\n")
	case secret:
		u.printf("\nin the detached body, committed to by its digest and not published; review by %s:\n", st.Review)
	default:
		u.printf("\nin the detached body, published beside the tree under its digest, with a random salt:\n")
	}
	switch {
	case sub.Body == nil && sub.Disclosures == nil:
	case secret && !u.mayReveal():
		u.hidden()
	default:
		u.text(st.Log, sub.Body)
		u.disclosed(st.Log, sub.Disclosures)
	}
	u.sealed(sub, opened)
	u.printf("\n")
}

// hidden stands in place of what is withheld.
func (u *ui) hidden() {
	u.printf("  (not shown, as the output is no terminal: --show-withheld shows it)\n")
}

// text shows a detached body.
func (u *ui) text(origin string, body []byte) {
	if body == nil {
		return
	}
	u.rows(textRows(origin, body))
}

// textRows are the members of a detached body that the tree does not have.
func textRows(origin string, body []byte) []row {
	return slices.DeleteFunc(rowsOf(origin, body), func(r row) bool {
		// The same as in the tree: entry holds them equal.
		return r.name == "author" || r.name == "kind" || r.name == "log"
	})
}

// disclosed shows what disclosures say.
func (u *ui) disclosed(origin string, opened []entry.Disclosure) {
	for _, d := range opened {
		u.rows(disclosedRows(origin, []entry.Disclosure{d}))
	}
}

// disclosedRows are the members that disclosures say.
func disclosedRows(origin string, opened []entry.Disclosure) []row {
	w := walker{origin: origin}
	for _, d := range opened {
		w.walk(d.Name, d.Name, d.Value)
	}
	return w.rows
}

// sealed shows what is under the seals of a body.
func (u *ui) sealed(sub *entry.Submission, opened []entry.Disclosure) {
	if sub.Detached == nil || len(sub.Detached.Seals()) == 0 {
		return
	}
	u.printf("\nunder the seals, not published:\n")
	switch {
	case opened == nil:
		u.printf("  (not at hand: it stands in the file of disclosures beside the draft)\n")
	case !u.mayReveal():
		u.hidden()
	default:
		u.disclosed(sub.Statement.Log, opened)
	}
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
	kind   entry.Kind // of the statement; "" when it is not known
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
	if members["sealed"] != nil {
		w.seal(path, members)
		return
	}
	names := make([]string, 0, len(members))
	for m := range members {
		names = append(names, m)
	}
	slices.Sort(names)
	if kind, ok := members["kind"]; ok && path == "" {
		w.kind = entry.Kind(w.word("", kind))
	}
	for _, m := range names {
		if m == "salt" && path == "" {
			continue
		}
		w.walk(join(path, m), m, members[m])
	}
}

// seal adds a member that is sealed.
func (w *walker) seal(path string, members map[string]jsontext.Value) {
	text := "sealed; reason " + w.word("sealReason", members["reason"])
	if law := members["law"]; law != nil {
		text += ", law " + w.word("instrument", law)
	}
	w.add(path, text+"; review by "+w.word("review", members["review"])+"; digest "+w.word("sealed", members["sealed"]))
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
	switch {
	case name == "carveOuts":
		list = "instrument"
	case name == "reason" && w.kind != "":
		list = string(w.kind) + "Reason"
	case name == "why":
		list = "openWhy"
	}
	if t, ok := entry.Terms().Term(list, text); ok {
		return text + " (" + t.Label + ")"
	}
	return text
}
