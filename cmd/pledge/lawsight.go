package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
)

// What the law cards say of a draft to whoever signs it. The drafter had the YAML; who
// signs has the file alone, and is shown the card and what was cited against it.

// codeLawForbids is the doubt about a draft that a card forbids, and that cites nothing.
const codeLawForbids = "law-forbids"

// A lawSight is what the cards say of a request, or of what of it is opened.
type lawSight struct {
	way    entry.PublicWay
	card   *entry.Card // nil for none
	plain  bool        // the instrument is published, so that the card may be named
	cited  string      // what permits telling, "" for nothing that was found
	unread bool        // a safe that was not opened may have it
	opens  bool        // it is opened, and known otherwise
	unseen bool        // of what is opened, not all that a card is chosen by was seen
}

// sightOf applies the law cards to a draft as its signers get it; nil for what is neither a
// request nor an opening of one. Cited is what permits telling where that is known, else it is
// looked for in the draft's safe, or beside it. Ask is for what an opening is about.
func (a *app) sightOf(ctx context.Context, path string, sub *entry.Submission, disclosures []entry.Disclosure, cited string, ask published) (*lawSight, error) {
	var s *lawSight
	switch sub.Statement.Kind {
	case entry.KindRequest:
		s = requestSight(sub, disclosures)
	case entry.KindOpen:
		s = a.openingSight(ctx, path, sub, ask)
	}
	if s == nil {
		return nil, nil
	}
	s.cited = cited
	if s.way.State != entry.WayBlocked && !s.unseen || cited != "" {
		return s, nil
	}
	filed, unread, err := a.filingOf(ctx, path, sub)
	if err != nil {
		return nil, err
	}
	s.unread = unread
	if filed != nil {
		s.cited = filed.Permission.Reference
	}
	return s, nil
}

// requestSight applies the law cards to a request.
func requestSight(sub *entry.Submission, disclosures []entry.Disclosure) *lawSight {
	public, ok := sub.Detached.(*entry.RequestBody)
	if !ok {
		return nil
	}
	kept := entry.KeptBack{All: sub.Statement.IsWithheld()}
	for _, s := range public.Seals() {
		kept.Members = append(kept.Members, s.Member)
	}
	body := public
	if whole, err := entry.Unseal(sub.Statement, sub.Body, disclosures); err == nil {
		if b, ok := whole.(*entry.RequestBody); ok {
			body = b
		}
	}
	s := &lawSight{way: entry.RequestWay(body, kept, ""), plain: !kept.All && public.Instrument == body.Instrument}
	s.card, _ = entry.LawCard(body.Instrument)
	return s
}

// filingOf reads the filing record of a draft, nil for none. Unread says that it may be in
// a safe which cannot be opened here: a text that is public is read without it.
func (a *app) filingOf(ctx context.Context, path string, sub *entry.Submission) (filed *filing, unread bool, err error) {
	if sub.Safe == nil {
		filed, err = readFiling(path, sub.Statement)
		return filed, false, err
	}
	if a.safes.key == "" && a.safes.opened == nil {
		return nil, true, nil
	}
	filed, _, err = a.keptFiling(ctx, path, sub)
	if errors.Is(err, safe.ErrOther) {
		return nil, true, nil
	}
	return filed, false, err
}

// blocked reports whether a card forbids telling, and nothing that permits it was read.
func (s *lawSight) blocked() bool {
	return s != nil && s.way.State == entry.WayBlocked && s.cited == ""
}

// doubts is what is to be confirmed.
func (s *lawSight) doubts() []doubt {
	if !s.blocked() {
		return nil
	}
	var words []string
	for _, r := range s.way.Reasons {
		words = append(words, r.Text)
	}
	without := "no permission is in this file, or beside it"
	if s.unread {
		without = "whether its safe has a permission was not seen: --safe-key opens it"
	}
	at := "instrument"
	if s.opens {
		at = "what it opens"
	}
	return []doubt{{path: at, key: codeLawForbids, text: strings.Join(words, "; ") + "; " + without + " (" + codeLawForbids + ")"}}
}

// notes is what there is to know. Reveal says that what is kept back may be shown.
func (s *lawSight) notes(reveal bool) []string {
	if s == nil {
		return nil
	}
	var out []string
	if !s.blocked() { // else the doubt says it
		for _, r := range s.way.Reasons {
			out = append(out, fmt.Sprintf("%s (%s)", r.Text, r.Code))
		}
	}
	if s.unseen {
		out = append(out, "whether a law card or an order forbids telling what it opens was not seen here: the statement that it is about is not in this folder, or its safe is not open")
	}
	switch {
	case s.cited == "":
	case reveal:
		out = append(out, "what permits telling, as it was cited: "+clean(s.cited))
	default:
		out = append(out, "a permission is cited, which is shown on a terminal, or with --show-withheld")
	}
	switch {
	case len(s.way.Reasons) == 0 || s.card == nil:
	case s.plain || reveal:
		out = append(out, inShort(s.card))
	default:
		out = append(out, "pledge law shows the cards. "+entry.LawCards().Notice)
	}
	return out
}

// lookedAt is all that is pointed at in a draft, with what the law cards say of it, which
// is told.
func (a *app) lookedAt(ctx context.Context, path string, sub *entry.Submission, opened []entry.Disclosure) ([]doubt, error) {
	s, err := a.sightOf(ctx, path, sub, opened, "", nil)
	if err != nil {
		return nil, err
	}
	for _, n := range s.notes(a.mayReveal()) {
		a.note("%s", n)
	}
	return append(a.doubts(sub, opened), s.doubts()...), nil
}
