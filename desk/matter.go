package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/page"
)

// What is filed about something from before has a form of its own: an answer to an earlier
// request, an attestation, a reply, a correction, an opening, a withdrawal, a request that comes
// out of a slot.

// on begins such a form. Kind is that of the statement which it makes.
func (d *Desk) on(ctx context.Context, s *sitting, kind entry.Kind, about string) error {
	m, err := d.tools.Matter(ctx, kind, about)
	if err != nil {
		return err
	}
	s.matter, s.form, s.slot, s.screen = m, new(Form), false, onMatter
	if kind == entry.KindAttestation {
		for _, c := range m.Clauses { // affirmed are all of them, unless one is taken out
			s.form.Clauses = append(s.form.Clauses, c.ID)
		}
	}
	if kind == entry.KindOpen && !m.Withheld {
		s.form.Opens = OpenIt
	}
	return nil
}

// draftOn takes the form in.
func (d *Desk) draftOn(ctx context.Context, s *sitting, r *http.Request) error {
	s.form = readMatter(r, s.matter)
	prepared, err := d.tools.PrepareOn(ctx, s.matter, s.form)
	if err != nil {
		return err
	}
	s.take(prepared)
	return nil
}

// readMatter reads what was filled in.
func readMatter(r *http.Request, m *Matter) *Form {
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	words := func(name string) string { return strings.ReplaceAll(get(name), "\r\n", "\n") }
	f := &Form{
		Outcome: get("outcome"), Date: get("date"), Scope: get("scope"), Answered: words("answered"), Grounds: several(r, "grounds"),
		Language: get("language"), Keep: get("keep"), Review: get("review"), Permission: get("permission"),
		Said: words("said"), Covers: get("covers"), Total: get("total"), Late: get("lateReason"), Clauses: r.PostForm["clauses"],
		Reply: get("answer"), Finding: get("finding"), Entry: get("entry"), Period: get("period"),
		How: get("how"), By: get("by"), Why: get("openWhy"), Opens: get("opens"), Opened: r.PostForm["opened"],
	}
	for _, t := range entry.Terms().Lists["outcome"] {
		if claim := get("totals-" + t.Code); claim != "" {
			f.Totals = append(f.Totals, Total{t.Code, claim})
		}
	}
	if m.Kind == entry.KindOpen && !m.Withheld {
		f.Opens = OpenIt
	}
	if f.Keep == KeepNothing && m.Kind != entry.KindOpen {
		f.Review = ""
	}
	return f
}

// take shows what was prepared.
func (s *sitting) take(prepared []Prepared) {
	s.prepared, s.looks, s.screen = prepared, nil, onReview
	for _, p := range prepared {
		s.looks = append(s.looks, p.Look())
	}
}

// onPrefix begins what a button says that begins a form about something from before; the
// rest is the kind of statement.
const onPrefix = "on-"

// matter is what such a button asks for.
func (d *Desk) matter(ctx context.Context, s *sitting, what string, r *http.Request) error {
	kind := entry.Kind(strings.TrimPrefix(what, onPrefix))
	if !slices.Contains(matterKinds, kind) {
		return errors.New(texts.Say("problem.what").Text)
	}
	return d.on(ctx, s, kind, r.PostFormValue("about"))
}

// matterKinds are the kinds of statements that are drafted so.
var matterKinds = []entry.Kind{entry.KindDecision, entry.KindAttestation, entry.KindReply, entry.KindCorrect, entry.KindOpen, entry.KindWithdraw, entry.KindRequest}

// What templates ask of a form about something from before.

func (v *view) Matter() *Matter { return v.matter }

// Is reports whether the form makes a statement of a kind.
func (v *view) Is(kind string) bool { return string(v.matter.Kind) == kind }

// Totals are the fields for the claims by outcome, with what the log holds.
func (v *view) Totals() (out []field) {
	held := make(map[string]string)
	for _, r := range v.matter.Logged {
		held[r.Name] = r.Value
	}
	for _, t := range entry.Terms().Lists["outcome"] {
		f := field{Name: "totals-" + t.Code, Label: capital(t.Label)}
		if n := held[t.Code]; n != "" {
			f.Hint = texts.Say("hint.held", "n", n).Text
		}
		for _, c := range v.form.Totals {
			if c.Outcome == t.Code {
				f.Value = c.Claim
			}
		}
		out = append(out, f)
	}
	return out
}

// Wrongs are what is wrong, by field.
func (v *view) Wrongs() map[string]string {
	out := make(map[string]string)
	for _, p := range v.problems {
		out[p.Field] = p.Text
	}
	return out
}

// Radios are the codes of a list of the vocabulary, of which one is chosen.
func (v *view) Radios(list, chosen string) selection {
	return selection{v.field(list, chosen), choices(list, chosen)}
}

// Affirmed are the clauses of an attestation.
func (v *view) Affirmed() selection {
	s := selection{field: v.field("clauses", "")}
	for _, c := range v.matter.Clauses {
		s.Choices = append(s.Choices, choice{Code: c.ID, Label: c.ID, Note: c.Text, Chosen: slices.Contains(v.form.Clauses, c.ID)})
	}
	return s
}

// Openable are the members that can be opened.
func (v *view) Openable() selection {
	s := selection{field: v.field("opened", "")}
	for _, m := range v.matter.Sealed {
		c := choice{Code: m, Label: m, Chosen: slices.Contains(v.form.Opened, m)}
		if key := "member." + m; texts.Has(key) {
			c.Label = texts.Say(key).Text
		}
		s.Choices = append(s.Choices, c)
	}
	return s
}

// Others are the statements that may stand in the place of the one that is corrected.
func (v *view) Others() selection {
	s := selection{field: v.field("by", "")}
	for _, o := range v.matter.Instead {
		s.Choices = append(s.Choices, choice{Code: o.ID.String(), Label: o.Words().Text, Chosen: v.form.By == o.ID.String()})
	}
	return s
}

// Words say which statement it is.
func (s Stated) Words() page.Words {
	what := texts.Say("kind." + string(s.Kind))
	outcome, _ := entry.Terms().Term("outcome", s.Code)
	switch {
	case s.Kind == entry.KindDecision && s.Code != "":
		return texts.Say("stated.decision", "what", what, "index", s.Index, "on", s.On, "outcome", page.Plain(outcome.Label), "day", page.English.Day(s.Logged))
	case s.Kind == entry.KindDecision:
		return texts.Say("stated.decision.withheld", "what", what, "index", s.Index, "on", s.On, "day", page.English.Day(s.Logged))
	case s.Period != "" && s.Period != entry.Withheld:
		return texts.Say("stated.period", "what", what, "index", s.Index, "period", s.Period, "day", page.English.Day(s.Logged))
	}
	return texts.Say("stated", "what", what, "index", s.Index, "day", page.English.Day(s.Logged))
}

// undoneKey is the key of what can't be undone about a statement of a kind; "" for kinds of
// which a later one of the same kind mends what the former said.
func undoneKey(k entry.Kind) string {
	if key := "undone." + string(k); texts.Has(key) {
		return key
	}
	switch k {
	case entry.KindRequest, entry.KindDecision, entry.KindAttestation, entry.KindReply, entry.KindChallenge:
		return "undone"
	}
	return ""
}

// BeforeSigning says what who is about to sign a statement is told at the end of a review: who
// holds what, and what can't be undone. The command line says the same. Secret says that the
// file holds what is not published.
func BeforeSigning(k entry.Kind, secret bool) []string {
	out := []string{texts.Say("holds.shown").Text, texts.Say("holds.you").Text}
	if secret {
		out[1] += " " + texts.Say("holds.secret").Text
	}
	if key := undoneKey(k); key != "" {
		out = append(out, texts.Say(key).Text)
	}
	return out
}

// Undone says of what is reviewed what can't be undone about it, each once.
func (v *view) Undone() (out []page.Words) {
	seen := make(map[string]bool)
	for _, l := range v.looks {
		key := undoneKey(l.Kind)
		if key != "" && !seen[key] {
			seen[key] = true
			out = append(out, texts.Say(key))
		}
	}
	return out
}

// Waiting are the requests that are kept for slots.
func (v *view) Waiting() []Waiting { return v.waiting }

// Lede says what a form does, where that is not plain from its title; nil where it is.
func (v *view) Lede() *page.Words {
	key := "matter.lede." + string(v.matter.Kind)
	if !texts.Has(key) {
		return nil
	}
	w := texts.Say(key)
	return &w
}

// Held is how many requests the log holds for the period of an attestation.
func (v *view) Held() int { return int(v.matter.Sum) }
