package monitor

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// A Rule says which statements are of interest. A statement has to fit every key that
// is given, and of each one of its values. What stands in a published text is looked
// at when it is published, with its statement or later.
type Rule struct {
	Line int
	// Name is how alarms call it. Needed.
	Name string `yaml:"name"`
	// Authors file it: "anything in our name" is a rule with this alone.
	Authors []string `yaml:"authors"`
	// About are authors that it names, or to whose statement it refers: a challenge to
	// one, an admission, an erasure of one's text.
	About []string `yaml:"about"`
	// Kinds are the kinds of statements, such as challenge.
	Kinds []string `yaml:"kinds"`
	// Outcomes, of a decision, in the log or in its text.
	Outcomes []string `yaml:"outcomes"`
	// Countries, Authorities, Instruments and Assist are codes of a request's text.
	Countries   []string `yaml:"countries"`
	Authorities []string `yaml:"authorities"`
	Instruments []string `yaml:"instruments"`
	Assist      []string `yaml:"assist"`
	// Words stand in a published text, in any case.
	Words []string `yaml:"words"`
	// Findings are codes of findings on an author (docs/findings.md), such as
	// attestation-missed. A rule with them is about findings, and has authors beside
	// them at the most.
	Findings []string `yaml:"findings"`

	words []string // in lower case
}

func (k *checker) rule(r *Rule, path string) {
	if k.need(r.Line, path+".name", r.Name, "give it a short name: alarms call it that") {
		k.name(r.Line, path+".name", r.Name)
	}
	lists := []struct {
		key   string
		of    []string
		check func(string) bool
		hint  string
	}{
		{"authors", r.Authors, isAuthor, "give ids of authors, such as aldermoth-cloud"},
		{"about", r.About, isAuthor, "give ids of authors, such as aldermoth-cloud"},
		{"kinds", r.Kinds, func(s string) bool { return slices.Contains(entry.Kinds, entry.Kind(s)) }, "the kinds are " + kinds()},
		{"outcomes", r.Outcomes, inList("outcome"), "the outcomes are " + codes("outcome")},
		{"countries", r.Countries, func(s string) bool { return entry.IsCountry(s) || s == entry.Withheld }, "give codes of two capital letters"},
		{"authorities", r.Authorities, inList("authority"), "the authorities are " + codes("authority")},
		{"instruments", r.Instruments, inList("instrument"), "the instruments are " + codes("instrument")},
		{"assist", r.Assist, inList("assist"), "the kinds of help are " + codes("assist")},
		{"words", r.Words, func(s string) bool { return len(strings.TrimSpace(s)) >= 2 && len(s) <= 200 }, "give words of 2 to 200 letters"},
		{"findings", r.Findings, func(s string) bool { m, ok := meaning(s); return ok && m.Concerns == pledge.RoleAuthor }, "give codes of findings on authors, as docs/findings.md has them"},
	}
	given := 0
	for _, l := range lists {
		given += len(l.of)
		for i, s := range l.of {
			if !l.check(s) {
				k.say(k.lines[path+"."+l.key], l.hint, "%s.%s[%d] is not one", path, l.key, i+1)
			}
		}
	}
	switch {
	case given == 0:
		k.say(r.Line, "give authors, about, kinds, outcomes, countries, authorities, instruments, assist, words or findings", "%s wants everything", path)
	case len(r.Findings) > 0 && given > len(r.Findings)+len(r.Authors):
		k.say(r.Line, "write two rules", "%s is about findings, and has more than authors beside them", path)
	}
	for _, w := range r.Words {
		r.words = append(r.words, strings.ToLower(strings.TrimSpace(w)))
	}
}

func isAuthor(s string) bool {
	return s == entry.AuthorSecretariat || s == entry.AuthorOperator || entry.CheckAuthor(s) == nil
}

func inList(list string) func(string) bool {
	return func(code string) bool {
		_, ok := entry.Terms().Term(list, code)
		return ok
	}
}

func codes(list string) string {
	var all []string
	for _, t := range entry.Terms().Lists[list] {
		all = append(all, t.Code)
	}
	return strings.Join(all, ", ")
}

func kinds() string {
	var all []string
	for _, k := range entry.Kinds {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}

// readsText reports whether the rule can only be told from a text.
func (r *Rule) readsText() bool {
	return len(r.Countries)+len(r.Authorities)+len(r.Instruments)+len(r.Assist)+len(r.words) > 0
}

// text reports whether what the rule wants of a text is in this one.
func (r *Rule) text(st *entry.Statement, d entry.Detached, texts func() []string) bool {
	any := func(want []string, have ...string) bool {
		return len(want) == 0 || slices.ContainsFunc(have, func(s string) bool { return s != "" && slices.Contains(want, s) })
	}
	request, ok := d.(*entry.RequestBody)
	if !ok {
		request = new(entry.RequestBody)
	}
	if !any(r.Countries, request.Country) || !any(r.Authorities, request.Authority) || !any(r.Instruments, request.Instrument) || !any(r.Assist, request.Assist...) {
		return false
	}
	if decision, ok := d.(*entry.DecisionBody); ok && len(r.Outcomes) > 0 && !any(r.Outcomes, decision.Outcome, treeOutcome(st)) {
		return false
	}
	return len(r.words) == 0 || slices.ContainsFunc(texts(), func(s string) bool {
		return slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(s, w) })
	})
}

func treeOutcome(st *entry.Statement) string {
	if d, ok := st.Body.(*entry.Decision); ok {
		return d.Outcome
	}
	return ""
}

// wants reports whether the rule wants an entry. St is its statement, or of an open
// whose text was read, the one that the text is of.
func (r *Rule) wants(e *verifier.Watched, st *entry.Statement) bool {
	textFits := slices.Contains(e.Texts, r.Name)
	switch {
	case len(r.Findings) > 0, st == nil:
		return false
	case r.readsText() && !textFits:
		return false
	case len(r.Authors) > 0 && !slices.Contains(r.Authors, st.Author):
		return false
	case len(r.About) > 0 && !slices.ContainsFunc(e.About, func(a string) bool { return slices.Contains(r.About, a) }):
		return false
	case len(r.Kinds) > 0 && !slices.Contains(r.Kinds, string(e.Kind)) && !slices.Contains(r.Kinds, string(st.Kind)):
		return false
	case len(r.Outcomes) > 0 && !slices.Contains(r.Outcomes, treeOutcome(st)) && !(textFits && st.Kind == entry.KindDecision):
		return false
	}
	return true
}

// watch has an audit look out for what the rules want, from an entry on.
func (l *Log) watch(from uint64) *verifier.Watch {
	return &verifier.Watch{
		From: from,
		Max:  maxEntries,
		Text: func(st *entry.Statement, raw []byte, d entry.Detached) []string {
			var all []string
			texts := func() []string {
				if all == nil {
					all = textsIn(raw)
				}
				return all
			}
			var names []string
			for i := range l.Rules {
				r := &l.Rules[i]
				if (r.readsText() || len(r.Outcomes) > 0) && r.text(st, d, texts) {
					names = append(names, r.Name)
				}
			}
			return names
		},
		Entry: func(e *verifier.Watched, st *entry.Statement) []string {
			var names []string
			for i := range l.Rules {
				if l.Rules[i].wants(e, st) {
					names = append(names, l.Rules[i].Name)
				}
			}
			return names
		},
	}
}

// textsIn lists the texts in a canonical JSON object, in lower case, without the
// members that every text has.
func textsIn(raw []byte) []string {
	var out []string
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	key := ""
	for {
		t, err := d.ReadToken()
		if err != nil {
			return out
		}
		if t.Kind() != '"' {
			continue
		}
		kind, n := d.StackIndex(d.StackDepth())
		if kind == '{' && n%2 == 1 {
			if d.StackDepth() == 1 {
				key = t.String()
			}
			continue
		}
		switch key {
		case "author", "kind", "log", "salt":
		default:
			out = append(out, strings.ToLower(t.String()))
		}
	}
}

// rulesOfFinding are the rules that want a finding on an author.
func (l *Log) rulesOfFinding(f pledge.Finding) []string {
	var names []string
	for i := range l.Rules {
		r := &l.Rules[i]
		if slices.Contains(r.Findings, string(f.Code)) && (len(r.Authors) == 0 || slices.Contains(r.Authors, f.Author)) {
			names = append(names, r.Name)
		}
	}
	return names
}
