package desk

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/page"
)

// readForm reads what was filled in. What has no place in a slot is left out.
func readForm(r *http.Request, slot bool) *Form {
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	// A browser ends lines with CR LF, and statements have line feeds.
	words := func(name string) string { return strings.ReplaceAll(get(name), "\r\n", "\n") }
	f := &Form{
		Country: get("country"), Authority: get("authority"), Agency: get("agency"), Instrument: get("instrument"), Statute: get("statute"),
		Received: get("received"), Compulsion: get("compulsion"), Gag: get("gag"), GagReview: get("gagReview"),
		Assist: several(r, "assist"), Products: r.PostForm["products"], Targets: r.PostForm["targets"],
		Words: words("narrative"), Language: get("language"), Keep: get("keep"), Seal: r.PostForm["seal"], Reason: get("sealReason"), Review: get("review"),
	}
	if slot && f.Keep != KeepSome { // nothing of it is published now
		f.Keep = KeepNothing
	}
	if f.Keep != KeepSome {
		f.Seal, f.Reason = nil, ""
	}
	if f.Keep == KeepNothing {
		f.Review = ""
	}
	if slot {
		return f
	}
	f.Permission, f.Outcome, f.Date, f.Scope, f.Answered, f.Grounds = get("permission"), get("outcome"), get("date"), get("scope"), words("answered"), several(r, "grounds")
	return f
}

// several are the codes of a list of which the first stands in a field of its own.
func several(r *http.Request, name string) (out []string) {
	for _, code := range slices.Concat(r.PostForm[name], r.PostForm[name+"More"]) {
		if code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// A choice is one of a list.
type choice struct {
	Code, Label, Note string
	Chosen            bool
}

// choices are the codes of a list of the vocabulary.
func choices(list string, chosen ...string) []choice {
	var out []choice
	for _, t := range entry.Terms().Lists[list] {
		if !t.Deprecated {
			out = append(out, choice{t.Code, capital(t.Label), t.Definition, slices.Contains(chosen, t.Code)})
		}
	}
	return out
}

func capital(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// sealable are the members of a request that the form has and that may be sealed.
var sealable = []string{"country", "agency", "authority", "instrument", "statute", "assist", "products", "targets", "received", "compulsion", "gag", "gagReview", "narrative"}

func sealChoices(chosen []string) []choice {
	var out []choice
	for _, m := range sealable {
		out = append(out, choice{Code: m, Label: texts.Say("member." + m).Text, Chosen: slices.Contains(chosen, m)})
	}
	return out
}

// A card is a law card as a page shows it.
type card struct {
	*entry.Card
	Label, Definition string
	Shown             bool
}

func cards() []card {
	var out []card
	for i := range entry.LawCards().Cards {
		c := &entry.LawCards().Cards[i]
		term, _ := entry.Terms().Term("instrument", c.Code)
		out = append(out, card{Card: c, Label: capital(term.Label), Definition: term.Definition})
	}
	return out
}

// Recipients are who may be told all the same.
func (c card) Recipients(t entry.Telling) string {
	var who []page.Words
	for _, code := range t.To {
		who = append(who, page.Plain(entry.LawCards().Recipient(code)))
	}
	return page.English.List(who).Text
}

// IsForbidden reports whether the card keeps something from the public.
func (c card) IsForbidden() bool {
	existence, contents := c.Blocks()
	return existence || contents
}
