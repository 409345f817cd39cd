package lint

import (
	"cmp"
	"slices"
)

// A Class is a sort of thing that lint points at.
type Class string

// The classes, in the order in which one wins over another for the same words.
const (
	Email         Class = "email"
	IPAddress     Class = "ip-address"
	Vulnerability Class = "vulnerability"
	InternalHost  Class = "internal-host"
	Phone         Class = "phone"
	Person        Class = "person"
)

// Classes are all classes of free text.
var Classes = []Class{Email, IPAddress, Vulnerability, InternalHost, Phone, Person}

// Label says in a few words what a class is.
func (c Class) Label() string {
	switch c {
	case Email:
		return "an e-mail address"
	case IPAddress:
		return "an IP address"
	case Vulnerability:
		return "the identifier of a vulnerability"
	case InternalHost:
		return "the name of an internal machine"
	case Phone:
		return "a telephone number"
	case Person:
		return "the name of a person"
	}
	return string(c)
}

// A Mark is a part of a text that looks like something of a class.
type Mark struct {
	Class      Class
	Start, End int // bytes of the text
	Text       string
}

// Options are what lint is told of a text.
type Options struct {
	// Names are those of companies and organisations, and not of persons: the
	// author's own, say. Case does not matter.
	Names []string
	// Organisation: the text names an organisation, or cites a law. Two words with
	// capital letters are no name of a person for that alone.
	Organisation bool
}

// Text returns what stands in a text, in its order, without overlaps: of two marks
// for the same words the one whose class comes first in Classes stays.
func Text(text string, o Options) []Mark {
	src := newSource(text, o)
	var out []Mark
	for i, find := range finders {
		for _, s := range find(src) {
			if s.start >= s.end || slices.ContainsFunc(out, func(m Mark) bool { return s.start < m.End && m.Start < s.end }) {
				continue
			}
			out = append(out, Mark{Class: Classes[i], Start: s.start, End: s.end, Text: text[s.start:s.end]})
		}
	}
	slices.SortFunc(out, func(a, b Mark) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

// finders find the spans of each class, in the order of Classes.
var finders = []func(*source) []span{emails, addresses, vulnerabilities, hosts, phones, persons}

// A span is a part of a text, in bytes.
type span struct{ start, end int }
