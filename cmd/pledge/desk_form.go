package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/desk"
	"github.com/pledgelog/pledgelog/entry"
)

// What is filled in at a desk becomes what the YAML of `pledge new` is read into, and goes
// the same way from there.

// request is what a form says of a request, as the YAML would.
func (t *deskTools) request(f *desk.Form) *requestYAML {
	y := &requestYAML{
		Author: t.flags.author, Received: f.Received, Country: t.country(f.Country), Assist: f.Assist, Authority: f.Authority, Instrument: f.Instrument,
		Statute: f.Statute, Compulsion: f.Compulsion, Gag: f.Gag, GagReview: f.GagReview, Targets: f.Targets, Products: f.Products,
		Agency: f.Agency, Narrative: inLanguage(f.Language, f.Words),
	}
	if f.Permission != "" {
		y.Permission = &permissionYAML{Reference: f.Permission}
	}
	switch f.Keep {
	case desk.KeepText, desk.KeepAll:
		y.Withhold = &withholdYAML{Review: f.Review}
	case desk.KeepSome:
		for _, m := range f.Seal {
			y.Seal.list = append(y.Seal.list, entry.Seal{Member: m, Reason: f.Reason, Review: f.Review})
		}
		slices.SortFunc(y.Seal.list, func(a, b entry.Seal) int { return cmp.Compare(a.Member, b.Member) })
	}
	return y
}

// decision is what a form says of the decision on it; nil when there is none yet.
func (t *deskTools) decision(f *desk.Form) *decisionYAML {
	if f.Outcome == "" && f.Date == "" && f.Scope == "" && len(f.Grounds) == 0 && f.Answered == "" {
		return nil
	}
	y := &decisionYAML{Author: t.flags.author, Outcome: f.Outcome, Date: f.Date, Grounds: f.Grounds, Scope: f.Scope, Narrative: inLanguage(f.Language, f.Answered)}
	if f.Keep == desk.KeepAll {
		y.Withhold = &withholdYAML{Review: f.Review}
	}
	return y
}

func inLanguage(language, words string) map[string]string {
	if words == "" {
		return nil
	}
	return map[string]string{cmp.Or(language, "en"): words}
}

// hold holds a form to what the YAML is held to: members that are needed, and codes.
func hold(src any, more ...desk.Problem) error {
	f := &desk.Failure{Problems: more}
	for _, w := range checkSource(src) {
		f.Problems = append(f.Problems, desk.Problem{Field: fieldOf(w.member), Text: w.text, Hint: w.hint, Missing: w.missing})
	}
	if f.Problems == nil {
		return nil
	}
	return f
}

// sealing wants what a seal needs.
func sealing(f *desk.Form) (out []desk.Problem) {
	if f.Keep != desk.KeepSome {
		return nil
	}
	if len(f.Seal) == 0 {
		out = append(out, desk.Problem{Field: "seal", Text: "nothing is chosen to be sealed"})
	}
	for _, w := range checkSource(&sealYAML{Reason: f.Reason, Review: f.Review}) {
		field := w.member
		if field == "reason" {
			field = "sealReason"
		}
		out = append(out, desk.Problem{Field: field, Text: w.text, Hint: w.hint, Missing: w.missing})
	}
	return out
}

// A deskDraft is a draft that is not written yet.
type deskDraft struct {
	t    *deskTools
	d    *drafting
	sub  *entry.Submission
	path string
	look *desk.Look
}

func (p *deskDraft) Look() *desk.Look { return p.look }

func (p *deskDraft) Write() error {
	if err := p.t.keep(p.d, p.sub, p.path); err != nil {
		return forDesk(err)
	}
	if p.d.permission != "" { // its safe may be nobody's at this desk
		if p.t.cited == nil {
			p.t.cited = make(map[entry.ID]string)
		}
		p.t.cited[p.sub.Statement.ID] = p.d.permission
	}
	return forDesk(rememberSeen(p.path, p.sub.Statement.ID))
}

func (t *deskTools) Prepare(ctx context.Context, f *desk.Form) ([]desk.Prepared, error) {
	src, answer := t.request(f), t.decision(f)
	problems := sealing(f)
	if answer != nil {
		answer.Request.ID = entry.ID{1} // comes with the request
		var more *desk.Failure
		if errors.As(hold(answer), &more) {
			problems = append(problems, more.Problems...)
		}
	}
	if err := hold(src, problems...); err != nil {
		return nil, err
	}
	if f.Keep != desk.KeepNothing || f.Permission != "" { // said now, and not when it is signed
		if _, err := t.keepers(nil, false); err != nil {
			return nil, forDesk(err)
		}
	}
	flags := newFlags{author: t.flags.author, policy: t.flags.policy, log: t.flags.log, clock: t.flags.clock}
	d := &drafting{st: &entry.Statement{Kind: entry.KindRequest, Lane: entry.LaneMain, Author: t.flags.author}}
	if err := src.tellBy(d, "keep it for the next slot: answer no at the start", "cite here what permits it; that is not logged"); err != nil {
		return nil, forDesk(err)
	}
	if _, err := t.place(ctx, d, flags); err != nil {
		return nil, forDesk(err)
	}
	request, err := t.prepare(ctx, d, src)
	if err != nil {
		return nil, err
	}
	return t.withAnswer(ctx, request, answer)
}

// withAnswer drafts the decision on a request that is being drafted, if there is one.
func (t *deskTools) withAnswer(ctx context.Context, request *deskDraft, answer *decisionYAML) ([]desk.Prepared, error) {
	if answer == nil {
		return []desk.Prepared{request}, nil
	}
	d := request.d
	answer.Request.ID = request.sub.Statement.ID
	t.drafting = request.sub
	defer func() { t.drafting = nil }()
	st := &entry.Statement{Kind: entry.KindDecision, Lane: entry.LaneMain, Author: t.flags.author, Log: d.st.Log, Made: d.st.Made, Seq: d.st.Seq + 1, Prev: request.sub.Statement.ID}
	next := &drafting{st: st, terms: d.terms, clauses: d.clauses, signers: d.signers}
	decision, err := t.prepare(ctx, next, answer)
	if err != nil {
		return nil, err
	}
	decision.look.On = request.look.ID
	return []desk.Prepared{request, decision}, nil
}

func (t *deskTools) prepare(ctx context.Context, d *drafting, src source) (*deskDraft, error) {
	sub, err := d.compose(src)
	if err != nil {
		return nil, forDeskOf(d.st.Kind, err)
	}
	return t.prepared(ctx, d, sub)
}

// prepared shows what was drafted as it will be.
func (t *deskTools) prepared(ctx context.Context, d *drafting, sub *entry.Submission) (*deskDraft, error) {
	var err error
	p := &deskDraft{t: t, d: d, sub: sub, path: filepath.Join(t.flags.dir, d.fileName())}
	for _, path := range []string{p.path, sealedPath(p.path), filingPath(p.path)} {
		if exists(path) {
			return nil, forDesk(commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", path), "it waits to be signed and submitted, at the start; or move it away"))
		}
	}
	if p.look, err = t.lookAt(ctx, p.path, sub, d.disclosures); err != nil {
		return nil, forDesk(err)
	}
	p.look.Notes = d.notes
	if d.seals != nil && t.safes.unencrypted {
		p.look.Draft = append(p.look.Draft, sealedPath(p.path))
	}
	if d.permission != "" && t.safes.unencrypted {
		p.look.Draft = append(p.look.Draft, filingPath(p.path))
	}
	return p, nil
}

func (t *deskTools) Keep(f *desk.Form) (*desk.Kept, error) {
	src := t.request(f)
	if err := hold(src, sealing(f)...); err != nil {
		return nil, err
	}
	c, err := t.keepCommitment("the form", src, newFlags{author: t.flags.author, policy: t.flags.policy, clock: t.flags.clock, forSlot: t.flags.slots})
	if err != nil {
		return nil, forDesk(err)
	}
	return &desk.Kept{Path: c.path}, nil
}

// forDesk makes the desk's failure of an error: what is wrong, what to do, and, as far as
// its text begins with a member of the form, where.
func forDesk(err error) error { return forDeskOf(entry.KindRequest, err) }

var (
	formLine      = regexp.MustCompile(`^the form:\d+: `) // where what a form says is read as YAML
	leadingMember = regexp.MustCompile(`^(?:the form: )?(?:member-malformed: )?([a-zA-Z]+)(?:\.[a-z]+)?(?:: | ")`)
	someMember    = regexp.MustCompile(`\b(?:member|body\.) ?"?([a-zA-Z]+)"?`)
)

func forDeskOf(kind entry.Kind, err error) error {
	var already *desk.Failure
	if err == nil || errors.As(err, &already) {
		return err
	}
	if b := (*blocked)(nil); errors.As(err, &b) {
		return &desk.Failure{Block: blockOf(b)}
	}
	p := desk.Problem{Text: strings.TrimPrefix(oneLine(err.Error()), "the form: ")}
	var f *commandline.Failure
	if errors.As(err, &f) {
		p.Hint, p.Again = f.Hint, f.Code == commandline.ExitUndecided
	} else {
		p.Hint = entry.Hint(entry.CodeOf(err))
	}
	if m := leadingMember.FindStringSubmatch(err.Error()); m != nil {
		p.Field = fieldOf(m[1])
	}
	if m := someMember.FindStringSubmatch(err.Error()); m != nil && p.Field == "" {
		p.Field = fieldOf(m[1])
	}
	p.Field = fieldIn(kind, p.Field)
	return &desk.Failure{Problems: []desk.Problem{p}}
}

// blockOf is what a desk says of a request that may not be told of, in words. Where nobody may
// know of it, it goes without saying that nobody may know what it says.
func blockOf(b *blocked) *desk.Block {
	out := &desk.Block{Keep: b.keepBack()}
	existence := slices.ContainsFunc(b.reasons, func(r entry.WayReason) bool { return r.Code == entry.ReasonExistenceForbidden })
	for _, r := range b.reasons {
		if r.Code == entry.ReasonExistenceForbidden || r.Code == entry.ReasonGagForbids || r.Code == entry.ReasonContentsForbidden && !existence {
			out.Reasons = append(out.Reasons, r.Text)
		}
	}
	return out
}

// fieldIn is what a field is called in the form of a kind of statement.
func fieldIn(kind entry.Kind, field string) string {
	switch {
	case field == "narrative" && kind == entry.KindDecision:
		return "answered"
	case field == "narrative" && kind != entry.KindRequest:
		return "said"
	case field == "received" && kind == entry.KindAttestation:
		return "total"
	}
	return field
}

// fieldOf is the form's field of a member; "" when it has none.
func fieldOf(member string) string {
	switch member {
	case "withhold":
		return "review"
	case "seal":
		return "seal"
	}
	if slices.Contains(deskFields, member) {
		return member
	}
	return ""
}

var deskFields = []string{"country", "received", "authority", "instrument", "permission", "compulsion", "gag", "assist", "products", "targets", "agency", "statute", "gagReview", "outcome", "date", "grounds", "scope", "narrative", "language", "keep", "review", "sealReason", "covers", "total", "totals", "clauses", "lateReason", "answer", "finding", "entry", "period", "how", "by", "openWhy", "opens", "opened"}
