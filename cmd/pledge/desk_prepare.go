package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/desk"
	"github.com/pledgelog/pledgelog/entry"
)

// What the desk drafts on what was stated before: by the code of the commands that do the same.

// PrepareOn drafts a statement about a matter.
func (t *deskTools) PrepareOn(ctx context.Context, m *desk.Matter, f *desk.Form) ([]desk.Prepared, error) {
	switch m.Kind {
	case entry.KindRequest:
		return t.outOfSlotOn(ctx, m, f)
	case entry.KindOpen:
		return t.openingOn(ctx, m, f)
	}
	src, err := t.sourceOn(m, f)
	if err != nil {
		return nil, forDeskOf(m.Kind, err)
	}
	if keepsBack(src) {
		if _, err := t.keepers(nil, false); err != nil {
			return nil, forDeskOf(m.Kind, err)
		}
	}
	d := &drafting{st: &entry.Statement{Kind: m.Kind, Lane: entry.LaneOf(m.Kind), Author: t.flags.author}}
	if err := t.settleIn(ctx, d, src, t.newFlags()); err != nil {
		return nil, forDeskOf(m.Kind, err)
	}
	p, err := t.prepare(ctx, d, src)
	if err != nil {
		return nil, err
	}
	return []desk.Prepared{p}, nil
}

// sourceOn is what a form says, as the YAML would.
func (t *deskTools) sourceOn(m *desk.Matter, f *desk.Form) (source, error) {
	words := inLanguage(f.Language, f.Said)
	var about idYAML
	if m.Entry != nil {
		about.ID = m.Entry.ID
	}
	switch m.Kind {
	case entry.KindDecision:
		y := cmp.Or(t.decision(f), &decisionYAML{Author: t.flags.author})
		y.Request = about
		return y, hold(y)
	case entry.KindAttestation:
		y := &attestationYAML{Author: t.flags.author, Period: m.Period, Covers: f.Covers, Clauses: f.Clauses, LateReason: f.Late, Narrative: words}
		problems, err := claimed(y, f)
		if err != nil {
			return nil, err
		}
		return y, hold(y, problems...)
	case entry.KindReply:
		y := &replyYAML{Author: t.flags.author, Answer: f.Reply, Challenge: about, Finding: f.Finding, Period: f.Period, Narrative: words}
		var problems []desk.Problem
		if m.Entry == nil && f.Finding == "" {
			problems = append(problems, desk.Problem{Field: "finding", Missing: true})
		}
		if f.Entry != "" {
			var err error
			if y.Entry.ID, err = entry.ParseID(f.Entry); err != nil {
				problems = append(problems, desk.Problem{Field: "entry", Text: "entry: it is no entry id", Hint: "give the 64 hex digits that stand on the entry's page"})
			}
		}
		return y, hold(y, problems...)
	case entry.KindCorrect:
		y := &correctYAML{Author: t.flags.author, Entry: about, How: f.How, Narrative: words}
		if f.By != "" && f.How == entry.CorrectSuperseded {
			var err error
			if y.By.ID, err = entry.ParseID(f.By); err != nil {
				return nil, err
			}
		}
		var problems []desk.Problem
		if f.How == entry.CorrectSuperseded && f.By == "" {
			problems = append(problems, desk.Problem{Field: "by", Missing: true})
		}
		return y, hold(y, problems...)
	case entry.KindWithdraw:
		y := &withdrawYAML{Author: t.flags.author, Narrative: words}
		return y, hold(y)
	}
	return nil, fmt.Errorf("the desk drafts no statement of kind %q", m.Kind)
}

// claimed reads the claims of an attestation as the flags of pledge attest are read.
func claimed(y *attestationYAML, f *desk.Form) ([]desk.Problem, error) {
	if f.Total == "" {
		y.Received.Total.Claim = entry.CannotSay() // it is said here that it is missing
		return []desk.Problem{{Field: "total", Missing: true}}, nil
	}
	var outcomes []string
	for _, o := range f.Totals {
		if o.Claim != "" {
			outcomes = append(outcomes, o.Outcome+"="+o.Claim)
		}
	}
	claims, err := claimsOf(f.Total, outcomes)
	if err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("write down what the form says: %w", err)
	}
	err = decodeYAML("the form", text, &y.Received, false)
	if err == nil {
		return nil, nil
	}
	p := desk.Problem{Field: "total", Text: formLine.ReplaceAllString(err.Error(), "")}
	var failed *commandline.Failure
	if errors.As(err, &failed) {
		p.Hint = failed.Hint
	}
	if strings.Contains(p.Text, "outcomes") {
		p.Field = "totals"
	}
	y.Received.Total.Claim = entry.CannotSay() // it is said what is wrong with it
	return []desk.Problem{p}, nil
}

// openingOn drafts what pledge open drafts.
func (t *deskTools) openingOn(ctx context.Context, m *desk.Matter, f *desk.Form) ([]desk.Prepared, error) {
	l := t.draftOf(m.Entry.ID)
	if l == nil {
		return nil, forDesk(errors.New("its draft is not in the folder any more"))
	}
	o := openFlags{newFlags: t.newFlags(), why: f.Why, cited: f.Permission}
	if f.Permission != "" {
		if err := checkReference(f.Permission); err != nil {
			return nil, forDesk(err)
		}
	}
	var problems []desk.Problem
	if f.Why == "" {
		problems = append(problems, desk.Problem{Field: "openWhy", Missing: true})
	}
	switch f.Opens {
	case desk.OpenLater:
		if o.review = f.Review; f.Review == "" {
			problems = append(problems, desk.Problem{Field: "review", Missing: true})
		}
	case desk.OpenIt:
		o.fields = f.Opened
		if !m.Withheld && f.Opened == nil {
			problems = append(problems, desk.Problem{Field: "opened", Missing: true})
		}
	default:
		problems = append(problems, desk.Problem{Field: "opens", Missing: true})
	}
	if problems != nil {
		return nil, &desk.Failure{Problems: problems}
	}
	if err := o.checkOpen([]string{l.Path}); err != nil {
		return nil, forDeskOf(m.Kind, err)
	}
	var out []desk.Prepared
	err := t.eachOpening(ctx, []string{l.Path}, o, func(d *drafting, sub *entry.Submission) error {
		p, err := t.prepared(ctx, d, sub)
		out = append(out, p)
		return err
	})
	if err != nil {
		return nil, forDeskOf(m.Kind, err)
	}
	return out, nil
}

// outOfSlotOn drafts what pledge new request --from-slot drafts, and the decision on it.
func (t *deskTools) outOfSlotOn(ctx context.Context, m *desk.Matter, f *desk.Form) ([]desk.Prepared, error) {
	answer := t.decision(f)
	if answer != nil {
		answer.Request.ID = entry.ID{1} // comes with the request
		if err := hold(answer); err != nil {
			return nil, err
		}
	}
	if f.Permission != "" {
		if err := checkReference(f.Permission); err != nil {
			return nil, forDesk(err)
		}
	}
	flags := t.newFlags()
	flags.author, flags.fromSlot = "", t.keptPath(m.About)
	if f.Keep == desk.KeepText || f.Keep == desk.KeepAll {
		if flags.review = f.Review; f.Review == "" {
			return nil, &desk.Failure{Problems: []desk.Problem{{Field: "review", Missing: true}}}
		}
	}
	d, sub, err := t.drawFromSlot(ctx, flags, f.Permission)
	if err != nil {
		return nil, forDesk(err)
	}
	request, err := t.prepared(ctx, d, sub)
	if err != nil {
		return nil, err
	}
	return t.withAnswer(ctx, request, answer)
}
