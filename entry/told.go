package entry

import (
	"maps"
	"slices"
)

// Texts returns everything that a person wrote freely and that a statement publishes, in
// the tree or in its detached body as given: names, narratives in all languages, clauses,
// what `other` stands for. Codes, digests, numbers and addresses are none. d may be nil.
func Texts(st *Statement, d Detached) []string {
	var out []string
	add := func(texts ...string) {
		for _, t := range texts {
			if t != "" {
				out = append(out, t)
			}
		}
	}
	all := func(texts map[string]string) {
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			add(texts[key])
		}
	}
	if b, ok := st.Body.(*Admit); ok {
		add(b.Name)
	}
	all(Narrative(d))
	switch b := d.(type) {
	case *CharterBody:
		all(b.Clauses)
	case *AmendBody:
		all(b.Clauses)
	case *RequestBody:
		add(b.Agency, b.Statute)
		all(b.Other)
		names(b.Documents, add)
	case *DecisionBody:
		add(b.Court)
		names(b.Documents, add)
	case *ChallengeBody:
		names(b.Documents, add)
	case *ReplyBody:
		names(b.Documents, add)
	}
	return out
}

func names(documents []Document, add func(...string)) {
	for _, d := range documents {
		add(d.Name)
	}
}

// Decided returns what a decision tells, which stands in the tree or, when it was withheld
// there, in its detached body. What neither has is empty. ok is false for other kinds.
func Decided(st *Statement, d Detached) (told Decision, ok bool) {
	b, ok := st.Body.(*Decision)
	if !ok {
		return Decision{}, false
	}
	told = *b
	if t, ok := d.(*DecisionBody); ok && told.Outcome == "" {
		told.Date, told.Grounds, told.Outcome, told.Scope = t.Date, t.Grounds, t.Outcome, t.Scope
	}
	return told, true
}

// Received returns when a request was received, as it states it: a date, a month or an
// interval (ParseSpan), else the period in the tree, which may be withheld; "" for other
// kinds.
func Received(st *Statement, d Detached) string {
	b, ok := st.Body.(*Request)
	if !ok {
		return ""
	}
	if t, ok := d.(*RequestBody); ok && t.Received != "" {
		return t.Received
	}
	return b.Received
}
