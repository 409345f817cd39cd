package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// What is opened of a request meets its law card, and the duty of secrecy that the request itself
// states: whoever drafts it, and whoever signs it after that.

// forbiddenNow are the reasons why what is opened of a request may not be told: that there is
// such a request is told already. Whole says that the text is opened; opened are the sealed
// members that are.
func forbiddenNow(b *entry.RequestBody, sealed []entry.Seal, whole bool, opened []entry.Disclosure) (out []entry.WayReason) {
	now := func(member string) bool {
		return slices.ContainsFunc(opened, func(o entry.Disclosure) bool { return o.Name == member })
	}
	var kept entry.KeptBack
	for _, s := range sealed {
		if !now(s.Member) {
			kept.Members = append(kept.Members, s.Member)
		}
	}
	for _, r := range entry.RequestWay(b, kept, "").Reasons {
		if r.Code == entry.ReasonGagForbids || r.Code == entry.ReasonContentsForbidden && (whole || slices.ContainsFunc(r.Members, now)) {
			out = append(out, r)
		}
	}
	return out
}

// tell applies the law card of a request to what of it is opened now.
func (o *opening) tell(d *drafting, permission string) error {
	d.permission = permission
	whole, err := entry.Unseal(o.sub.Statement, o.sub.Body, o.disclosures)
	if err != nil {
		return nil // it is held to its statement elsewhere
	}
	b, ok := whole.(*entry.RequestBody)
	if !ok {
		return nil
	}
	reasons := forbiddenNow(b, o.sub.Detached.Seals(), d.body != nil, d.disclosures)
	if reasons != nil && permission == "" {
		// What keeps a member back is in the log already, and not to be chosen here.
		return refuseByCard(&blocked{"the instrument", reasons, true}, "leave it as it is", "cite what permits it, --permission FILE, which is not logged")
	}
	for _, r := range reasons {
		d.note("%s (%s); a permission is cited, and whether it covers what is opened is for counsel to say", r.Text, r.Code)
	}
	if day, err := entry.ParseDate(b.GagReview); err == nil && day > d.st.Made {
		d.note("the text says that its secrecy is looked at again at a later day (gagReview): see that it is lifted now")
	}
	return nil
}

// A published is what shows a statement and its text, as a log has them; nil where no log
// is asked.
type published func(ctx context.Context, id entry.ID) (*entry.Statement, []byte)

// openingSight applies the law cards to the draft of an opening, as its signers get it; nil for
// one that opens nothing, or nothing of a request. The request is looked for in the draft's folder, since it knows
// what is sealed still; else what is opened is the text, or the text is published.
func (a *app) openingSight(ctx context.Context, path string, sub *entry.Submission, ask published) *lawSight {
	b := sub.Statement.Body.(*entry.Open)
	if b.Digests == nil {
		return nil
	}
	st, body, sealed := a.openedFrom(ctx, path, b.Entry)
	if st == nil && sub.Body != nil {
		st, body, sealed = requestOf(sub), sub.Body, sub.Disclosures
	}
	if st == nil && ask != nil {
		if st, body = ask(ctx, b.Entry); body != nil {
			sealed = sub.Disclosures
		}
	}
	switch {
	case st != nil && st.Kind != entry.KindRequest:
		return nil
	case body == nil:
		return &lawSight{unseen: true}
	}
	detached, err := entry.ParseDetached(st, body)
	if err != nil {
		return nil // the text of another kind, or not what it has to be: that is held elsewhere
	}
	whole, err := entry.Unseal(st, body, sealed)
	if err != nil {
		whole = detached
	}
	request, ok := whole.(*entry.RequestBody)
	if !ok {
		return nil
	}
	s := &lawSight{way: entry.PublicWay{State: entry.WayOpen, Reasons: forbiddenNow(request, detached.Seals(), sub.Body != nil, sub.Disclosures)}, opens: true}
	if s.way.Reasons != nil {
		s.way.State = entry.WayBlocked
	}
	s.card, _ = entry.LawCard(request.Instrument)
	s.unseen = slices.ContainsFunc(request.Seals(), func(o entry.Seal) bool { return o.Member == "instrument" || o.Member == "gag" })
	return s
}

// openedFrom reads the statement that an opening is about, with all that it keeps back, from the
// folder of the opening; nil where it is not there, or can't be read here.
func (a *app) openedFrom(ctx context.Context, path string, id entry.ID) (*entry.Statement, []byte, []entry.Disclosure) {
	sub, from := draftOf(filepath.Dir(path), id)
	if sub == nil || sub.Safe != nil && hidesText(sub) && a.safes.key == "" && a.safes.opened == nil {
		return nil, nil, nil
	}
	whole, opened, err := a.readWhole(ctx, from)
	if err != nil || whole.Body == nil {
		return nil, nil, nil
	}
	return whole.Statement, whole.Body, opened
}

// requestOf is the request whose whole text an opening has, as far as the text tells.
func requestOf(open *entry.Submission) *entry.Statement {
	return &entry.Statement{
		Log: open.Statement.Log, Author: open.Statement.Author, Kind: entry.KindRequest, Lane: entry.LaneMain,
		Body: &entry.Request{Received: entry.Withheld}, BodyDigest: entry.Digest(open.Body),
	}
}
