package lint

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// A Found is a mark in one of a statement's free texts.
type Found struct {
	Path string // of the text: narrative.en, documents[1].name
	Mark
	Around string // the text itself
}

// freeTexts are the members of detached bodies in which a person writes freely. What
// is below them is text too.
var freeTexts = map[string]bool{"agency": true, "clauses": true, "court": true, "documents": true, "narrative": true, "other": true, "statute": true}

// notText are members below those that are no words.
var notText = map[string]bool{"mediaType": true, "sha256": true}

// Statement looks at everything in a statement that a person wrote freely: its
// detached body, what it opens, and, in opened, what is under its seals, which is
// public one day too. The order is that of the members.
func Statement(sub *entry.Submission, opened []entry.Disclosure, o Options) []Found {
	var out []Found
	// What a statement itself names as an organisation is one in its other texts too.
	for _, name := range organisations(sub.Body, slices.Concat(sub.Disclosures, opened)) {
		o.Names = append(slices.Clip(o.Names), name)
	}
	out = append(out, inObject(sub.Body, o)...)
	for _, d := range slices.Concat(sub.Disclosures, opened) {
		if freeTexts[d.Name] {
			out = append(out, inValue(d.Name, d.Name, d.Value, o)...)
		}
	}
	return out
}

// ofOrganisations are members that name an organisation or cite a law.
var ofOrganisations = map[string]bool{"agency": true, "court": true, "statute": true}

// organisations returns the agency and the court that a statement names.
func organisations(body jsontext.Value, opened []entry.Disclosure) []string {
	var members map[string]jsontext.Value
	if len(body) == 0 || json.Unmarshal(body, &members) != nil {
		members = make(map[string]jsontext.Value)
	}
	for _, d := range opened {
		members[d.Name] = d.Value
	}
	var out []string
	for _, name := range []string{"agency", "court"} {
		if text, err := jsontext.AppendUnquote(nil, members[name]); err == nil && len(text) > 0 {
			out = append(out, string(text))
		}
	}
	return out
}

func inObject(body jsontext.Value, o Options) []Found {
	var members map[string]jsontext.Value
	if len(body) == 0 || json.Unmarshal(body, &members) != nil {
		return nil // no detached body; entry refuses others
	}
	var out []Found
	for _, name := range names(members) {
		if freeTexts[name] {
			out = append(out, inValue(name, name, members[name], o)...)
		}
	}
	return out
}

func inValue(path, name string, v jsontext.Value, o Options) []Found {
	var out []Found
	switch v.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		if err != nil || notText[name] {
			return nil
		}
		o.Organisation = ofOrganisations[name]
		if o.Organisation {
			o.Names = nil // its own name would hide who stands in it
		}
		for _, m := range Text(string(text), o) {
			out = append(out, Found{Path: path, Mark: m, Around: string(text)})
		}
	case '[':
		var items []jsontext.Value
		if json.Unmarshal(v, &items) != nil {
			return nil
		}
		for i, item := range items {
			out = append(out, inValue(path+"["+strconv.Itoa(i+1)+"]", name, item, o)...)
		}
	case '{':
		var members map[string]jsontext.Value
		if json.Unmarshal(v, &members) != nil || members["sealed"] != nil {
			return nil
		}
		for _, m := range names(members) {
			out = append(out, inValue(path+"."+m, m, members[m], o)...)
		}
	}
	return out
}

func names(members map[string]jsontext.Value) []string {
	out := make([]string, 0, len(members))
	for name := range members {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
