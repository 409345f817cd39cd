package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/page"
)

// What can be done about a request that may not be told of: cite what permits it, or keep it for
// the next slot instead, with all that was typed.

// inTheWay says of a form that it may not be told, and what there is to do.
func (s *sitting) inTheWay() Problem {
	p := Problem{Field: "permission", Text: capital(strings.Join(s.block.Reasons, "; ")) + ".", Hint: texts.Say("blocked.below").Text}
	if s.screen == onMatter {
		p.Hint = texts.Say("blocked.leave").Text
		if s.matter.Kind == entry.KindRequest {
			p.Hint = texts.Say("blocked.leave.slot").Text
		}
	}
	return p
}

// instead makes of a form that was to be told one for the next slot. Nothing is kept yet.
func (d *Desk) instead(s *sitting, r *http.Request) error {
	if s.screen != onForm || s.slot {
		return errors.New(texts.Say("problem.stale").Text)
	}
	s.form = readForm(r, false)
	if !d.tools.Who().Keeps {
		return errors.New(texts.Say("problem.nosafe").Text)
	}
	s.told, s.form, s.slot, s.news = s.form, readForm(r, true), true, "news.instead"
	return nil
}

// public goes back to the form that was to be told, with what has no place in a slot.
func (s *sitting) public(r *http.Request) error {
	if s.screen != onForm || s.told == nil {
		return errors.New(texts.Say("problem.stale").Text)
	}
	f, told := readForm(r, true), s.told
	f.Permission, f.Outcome, f.Date, f.Scope, f.Answered, f.Grounds = told.Permission, told.Outcome, told.Date, told.Scope, told.Answered, told.Grounds
	if f.Keep == KeepNothing && (told.Keep == KeepText || told.Keep == KeepAll) {
		f.Keep, f.Review = told.Keep, told.Review
	}
	s.form, s.told, s.slot = f, nil, false
	return nil
}

// Block is why the form may not be told; nil when that is not the problem.
func (v *view) Block() *Block { return v.block }

// Told is what was typed to be told, when it is to be kept for a slot instead.
func (v *view) Told() *Form { return v.told }

// ToKeep names what could be kept back, so that nothing is told that may not be.
func (v *view) ToKeep() string {
	var out []page.Words
	for _, m := range v.block.Keep {
		if slices.Contains(sealable, m) {
			out = append(out, texts.Say("member."+m))
		}
	}
	if len(out) < len(v.block.Keep) {
		return "" // the form has no field for some of it
	}
	return page.English.List(out).Text
}

// Left is what was typed and has no place in a slot.
func (v *view) Left() (out []Row) {
	f := v.told
	label := func(list, code string) string {
		if t, ok := entry.Terms().Term(list, code); ok {
			return capital(t.Label)
		}
		return code
	}
	var grounds []string
	for _, code := range f.Grounds {
		grounds = append(grounds, label("grounds", code))
	}
	for _, r := range []struct{ field, value string }{
		{"outcome", label("outcome", f.Outcome)}, {"date", f.Date}, {"grounds", strings.Join(grounds, "; ")}, {"scope", label("scope", f.Scope)}, {"answered", f.Answered}, {"permission", f.Permission},
	} {
		if r.value != "" {
			out = append(out, Row{texts.Say("label." + r.field).Text, r.value})
		}
	}
	return out
}
