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

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/desk"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/signer"
)

// deskTools does for the desk what the commands do, and prints nothing.
type deskTools struct {
	*app
	flags    deskFlags
	origin   string
	signer   *signer.Signer
	drafting *entry.Submission // the request that a decision is prepared on
	site     *page.Site        // with the names that the log told; nil before
}

func (t *deskTools) Who() desk.Who {
	return desk.Who{Author: t.flags.author, Origin: t.origin, Key: t.signer.Public().ID.String(), Dir: t.flags.dir, Slots: t.flags.slots}
}

func (t *deskTools) Countries() []desk.Country {
	var out []desk.Country
	for name, code := range countryCodes(t.origin) {
		out = append(out, desk.Country{Code: code, Name: name})
	}
	slices.SortFunc(out, func(a, b desk.Country) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// country is the code that a person meant by a name or a code; what was typed when there is none.
func (t *deskTools) country(typed string) string {
	for name, code := range countryCodes(t.origin) {
		if strings.EqualFold(typed, name) || strings.EqualFold(typed, code) {
			return code
		}
	}
	return typed
}

func (t *deskTools) Standing(ctx context.Context) (*desk.Standing, error) {
	st, err := t.standing(ctx, statusFlags{author: t.flags.author, policy: t.flags.policy, log: t.flags.log, clock: t.flags.clock})
	if err != nil {
		return nil, forDesk(err)
	}
	out := &desk.Standing{Name: t.flags.author, AsOf: st.now, Size: st.size, Due: st.due}
	if st.Admit != nil {
		out.Name = st.Admit.Name
	}
	return out, nil
}

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
	out := []desk.Prepared{request}
	if answer == nil {
		return out, nil
	}
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
	return append(out, decision), nil
}

func (t *deskTools) prepare(ctx context.Context, d *drafting, src source) (*deskDraft, error) {
	sub, err := d.compose(src)
	if err != nil {
		return nil, forDeskOf(d.st.Kind, err)
	}
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
	if d.seals != nil {
		p.look.Draft = append(p.look.Draft, sealedPath(p.path))
	}
	if d.permission != "" {
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

// Drafts are the author's statements in the folder. What is no draft is passed over.
func (t *deskTools) Drafts() ([]*desk.Look, error) {
	files, err := jsonFiles(t.flags.dir, "")
	if err != nil {
		return nil, forDesk(err)
	}
	var out []*desk.Look
	for _, path := range files {
		sub, err := readDraft(path)
		if err != nil || sub.Statement.Author != t.flags.author || sub.Statement.Log != t.origin {
			continue
		}
		out = append(out, t.outline(path, sub))
	}
	slices.SortStableFunc(out, func(a, b *desk.Look) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Made, b.Made))
	})
	return out, nil
}

// outline is how far a draft is.
func (t *deskTools) outline(path string, sub *entry.Submission) *desk.Look {
	st := sub.Statement
	l := &desk.Look{Path: path, Name: filepath.Base(path), ID: st.ID, Kind: st.Kind, Seq: st.Seq, Made: st.Made, Logged: exists(receiptOf(path))}
	if b, ok := st.Body.(*entry.Decision); ok {
		l.On = b.Request
	}
	who := signersOf(sub)
	now := who.stateOf(sub)
	mine := t.signer.Public().ID
	for _, s := range now.there {
		l.Signatures = append(l.Signatures, desk.Signature{Key: s.id.String(), Mine: s.id == mine, Verified: s.state == "verified"})
		l.Mine = l.Mine || s.id == mine
	}
	l.Uncalled = now.known && !who.called(mine)
	l.Complete = now.complete || !now.known && l.Mine
	for _, m := range now.left {
		one := desk.Missing{Whose: m.whose, Need: m.need}
		for _, k := range m.keys {
			one.Keys = append(one.Keys, k.String())
		}
		l.Missing = append(l.Missing, one)
	}
	return l
}

func (t *deskTools) Look(ctx context.Context, path string) (*desk.Look, error) {
	sub, opened, err := t.readWhole(ctx, path)
	if err != nil {
		return nil, forDesk(err)
	}
	l, err := t.lookAt(ctx, path, sub, opened)
	if err != nil {
		return nil, forDesk(err)
	}
	for _, beside := range []string{sealedPath(path), filingPath(path)} {
		if exists(beside) {
			l.Draft = append(l.Draft, beside)
		}
	}
	return l, forDesk(rememberSeen(path, sub.Statement.ID))
}

// lookAt shows all that a draft says.
func (t *deskTools) lookAt(ctx context.Context, path string, sub *entry.Submission, opened []entry.Disclosure) (*desk.Look, error) {
	l := t.outline(path, sub)
	st := sub.Statement
	l.Tree = deskRows(rowsOf(st.Log, sub.Envelope.Payload))
	if sub.Body != nil {
		l.Text = deskRows(textRows(st.Log, sub.Body))
	}
	l.Under = deskRows(disclosedRows(st.Log, opened))
	l.Withheld, l.Review, l.Opened = st.IsWithheld(), st.Review, len(opened) > 0
	l.Secret = l.Withheld
	if sub.Detached != nil {
		l.Sealed = len(sub.Detached.Seals())
	}
	for _, d := range (&ui{reveal: true}).doubts(sub, opened) {
		l.Doubts = append(l.Doubts, desk.Doubt{Path: d.path, Key: d.key, Text: d.text})
	}
	if t.site == nil {
		site := previewSite(st.Log)
		if err := t.nameSite(ctx, site, t.flags.policy, t.flags.log); err == nil {
			t.site = site
		}
	}
	var err error
	var subject *entry.Submission
	if !l.On.IsZero() {
		subject = t.requestOf(l.On)
	}
	l.Page, err = publicPage(cmp.Or(t.site, previewSite(st.Log)), sub, subject)
	return l, err
}

// requestOf finds a request that is being drafted, or whose draft is in the folder; nil when there
// is none.
func (t *deskTools) requestOf(id entry.ID) *entry.Submission {
	if t.drafting != nil && t.drafting.Statement.ID == id {
		return t.drafting
	}
	files, err := jsonFiles(t.flags.dir, "")
	if err != nil {
		return nil
	}
	for _, path := range files {
		if sub, err := readDraft(path); err == nil && sub.Statement.ID == id {
			return sub
		}
	}
	return nil
}

func deskRows(rows []row) []desk.Row {
	var out []desk.Row
	for _, r := range rows {
		out = append(out, desk.Row{Name: r.name, Value: clean(r.value)})
	}
	return out
}

// Take puts a colleague's file into the folder under the name that pledge new gives.
func (t *deskTools) Take(b []byte) (string, error) {
	sub, err := parseDraft("it", b)
	if err != nil {
		return "", forDesk(err)
	}
	st := sub.Statement
	if st.Author != t.flags.author || st.Log != t.origin {
		return "", forDesk(commandline.Refused(fmt.Errorf("it is a statement of %s in the log %s", st.Author, st.Log), "a desk takes those of its own author and log"))
	}
	name := (&drafting{st: st}).fileName()
	path := filepath.Join(t.flags.dir, name)
	if !exists(path) {
		return name, forDesk(createFile(path, sub.Marshal(), 0o600))
	}
	there, err := readDraft(path)
	if err != nil {
		return "", forDesk(err)
	}
	if there.Statement.ID != st.ID {
		return "", forDesk(commandline.Refused(fmt.Errorf("%s is there already, and is another statement", path), "move the one that does not count away, then take this one again"))
	}
	before := len(there.Envelope.Signatures)
	for _, s := range sub.Envelope.Signatures {
		if !slices.ContainsFunc(there.Envelope.Signatures, func(o entry.Signature) bool { return o.KeyID == s.KeyID }) {
			there.Envelope.Sign(s.KeyID, s.Sig)
		}
	}
	if len(there.Envelope.Signatures) == before {
		return name, nil
	}
	both, err := entry.ParseDraft(there.Marshal())
	if err != nil {
		return "", forDesk(err)
	}
	return name, forDesk(atomicfile.Write(path, both.Marshal(), 0o600))
}

func (t *deskTools) Sign(ctx context.Context, path string, seen entry.ID, confirmed []string) error {
	sub, opened, err := t.readWhole(ctx, path)
	if err != nil {
		return forDesk(err)
	}
	if err := holdSeen(path, seen); err != nil {
		return forDesk(err)
	}
	if err := holdSeen(path, sub.Statement.ID); err != nil {
		return forDesk(err)
	}
	before, err := signable(sub, signersOf(sub), t.signer.Public())
	if err != nil || before {
		return forDesk(err)
	}
	if open := unsettled((&ui{reveal: true}).doubts(sub, opened), confirmed); len(open) > 0 {
		return forDesk(commandline.Refused(errors.New(counted(len(open), "thing in it is to be confirmed", "things in it are to be confirmed, one by one")), ""))
	}
	_, err = addSignature(ctx, path, sub, t.signer)
	return forDesk(err)
}

func (t *deskTools) Submit(ctx context.Context, paths []string, progress func(done, of int)) error {
	d, err := t.deliverMany(ctx, paths, t.flags.policy, t.flags.log, progress)
	if err != nil {
		return forDesk(err)
	}
	err = forDesk(d.failure())
	var f *desk.Failure
	if errors.As(err, &f) {
		for _, text := range d.refused {
			f.Problems = append(f.Problems, desk.Problem{Text: text})
		}
	}
	return err
}

func (t *deskTools) Receipt(path string) (*desk.Receipt, error) {
	policy, err := readPolicy(t.flags.policy)
	if err != nil {
		return nil, forDesk(err)
	}
	keep := receiptOf(path)
	raw, err := commandline.ReadInput("receipt", keep, log.MaxProofSize, "submit it again: nothing is logged twice")
	if err != nil {
		return nil, forDesk(err)
	}
	r, err := openReceipt(policy, raw)
	if err != nil {
		return nil, forDesk(commandline.Refused(fmt.Errorf("%s is not verified: %w", keep, err), "a receipt that verified before is evidence: keep it"))
	}
	out := &desk.Receipt{Path: keep, Kind: r.statement.Kind, ID: r.statement.ID, Index: r.proof.Index, Logged: r.leaf.Logged, Size: r.view.Checkpoint.Size}
	for _, c := range r.view.Cosignatures {
		out.Witnesses = append(out.Witnesses, c.Witness)
	}
	if r.view.HasQuorumTime {
		out.By = int64(r.view.QuorumTime)
	}
	return out, nil
}

func (t *deskTools) Memo(ctx context.Context, path string) (string, bool, error) {
	out := strings.TrimSuffix(path, ".json") + ".memo.txt"
	_, secret, err := t.keepMemo(ctx, path, t.flags.policy, out)
	return out, secret, forDesk(err)
}

// forDesk makes the desk's failure of an error: what is wrong, what to do, and, as far as
// its text begins with a member of the form, where.
func forDesk(err error) error { return forDeskOf(entry.KindRequest, err) }

var (
	leadingMember = regexp.MustCompile(`^(?:the form: )?(?:member-malformed: )?([a-zA-Z]+)(?:\.[a-z]+)?(?:: | ")`)
	someMember    = regexp.MustCompile(`\b(?:member|body\.) ?"?([a-zA-Z]+)"?`)
)

func forDeskOf(kind entry.Kind, err error) error {
	var already *desk.Failure
	if err == nil || errors.As(err, &already) {
		return err
	}
	p := desk.Problem{Text: strings.TrimPrefix(oneLine(err.Error()), "the form: ")}
	var f *commandline.Failure
	if errors.As(err, &f) {
		p.Hint = f.Hint
	} else {
		p.Hint = entry.Hint(entry.CodeOf(err))
	}
	if m := leadingMember.FindStringSubmatch(err.Error()); m != nil {
		p.Field = fieldOf(m[1])
	}
	if m := someMember.FindStringSubmatch(err.Error()); m != nil && p.Field == "" {
		p.Field = fieldOf(m[1])
	}
	if kind == entry.KindDecision && p.Field == "narrative" {
		p.Field = "answered"
	}
	return &desk.Failure{Problems: []desk.Problem{p}}
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

var deskFields = []string{"country", "received", "authority", "instrument", "permission", "compulsion", "gag", "assist", "products", "targets", "agency", "statute", "gagReview", "outcome", "date", "grounds", "scope", "narrative", "language", "keep", "review", "sealReason"}
