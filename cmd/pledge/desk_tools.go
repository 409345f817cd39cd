package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

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
	drafting *entry.Submission   // the request that a decision is prepared on
	site     *page.Site          // with the names that the log told; nil before
	cited    map[entry.ID]string // what permits to tell of the requests that were drafted here
}

func (t *deskTools) Who() desk.Who {
	return desk.Who{Author: t.flags.author, Origin: t.origin, Key: t.signer.Public().ID.String(), Dir: t.flags.dir, Slots: t.flags.slots, Keeps: t.safes.to != nil || t.safes.unencrypted}
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
	st, err := t.standing(ctx, t.statusFlags())
	if err != nil {
		return nil, forDesk(err)
	}
	out := &desk.Standing{Name: t.flags.author, AsOf: st.now, Size: st.size, Due: st.due, Stated: t.stated(st)}
	if st.Admit != nil {
		out.Name = st.Admit.Name
	}
	return out, nil
}

// Drafts are the author's statements in the folder. What is no draft is passed over, and so
// is one whose place was taken, and that has gone on in another file.
func (t *deskTools) Drafts() ([]*desk.Look, error) {
	files, err := jsonFiles(t.flags.dir, "")
	if err != nil {
		return nil, forDesk(err)
	}
	var out []*desk.Look
	moved := make(successors)
	for _, path := range files {
		sub, err := readDraft(path)
		if err != nil || !t.concerns(sub) {
			continue
		}
		moved.add(&successor{path, sub})
		out = append(out, t.outline(path, sub))
	}
	out = slices.DeleteFunc(out, func(l *desk.Look) bool { return moved.of(l.ID) != nil })
	slices.SortStableFunc(out, func(a, b *desk.Look) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Made, b.Made))
	})
	return out, nil
}

// concerns reports whether a draft is one of the author's, or one that this desk's key signs all
// the same, as the admission of a company is signed by each of its keys.
func (t *deskTools) concerns(sub *entry.Submission) bool {
	st := sub.Statement
	return st.Log == t.origin && (st.Author == t.flags.author || signersOf(sub).called(t.signer.Public().ID))
}

// outline is how far a draft is.
func (t *deskTools) outline(path string, sub *entry.Submission) *desk.Look {
	st := sub.Statement
	l := &desk.Look{Path: path, Name: filepath.Base(path), ID: st.ID, Kind: st.Kind, Seq: st.Seq, Made: st.Made, Logged: exists(receiptOf(path))}
	switch b := st.Body.(type) {
	case *entry.Decision:
		l.On = b.Request
	case *entry.Correct:
		l.On = b.Entry
	case *entry.Open:
		l.On = b.Entry
	case *entry.Reply:
		l.On = b.Challenge
	}
	l.Keeps = st.IsWithheld() || sub.Detached != nil && len(sub.Detached.Seals()) > 0
	who := signersOf(sub)
	now := who.stateOf(sub)
	mine := t.signer.Public().ID
	for _, s := range now.there {
		l.Signatures = append(l.Signatures, desk.Signature{Key: s.id.String(), Mine: s.id == mine, Verified: s.state == "verified"})
		l.Mine = l.Mine || s.id == mine
	}
	l.Uncalled = now.known && !who.called(mine)
	l.Complete = now.complete || !now.known && l.Mine
	if now.every != nil {
		each := desk.Missing{Whose: "the keys that it names", Need: len(now.every)}
		for _, k := range now.every {
			each.Keys = append(each.Keys, k.String())
		}
		l.Missing = append(l.Missing, each)
	}
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
	law, err := t.sightOf(ctx, path, sub, opened, t.cited[sub.Statement.ID], t.published)
	if err != nil {
		return nil, forDesk(err)
	}
	l.Notes = append(l.Notes, law.notes(true)...)
	if !formerly(path, sub, t.signer.Public()).settled() {
		for _, d := range law.doubts() {
			l.Doubts = append(l.Doubts, desk.Doubt{Path: d.path, Key: d.key, Text: d.text})
		}
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
	since := formerly(path, sub, t.signer.Public())
	if since.settled() {
		l.Notes = append(l.Notes, fmt.Sprintf("its place was taken: it is number %d now and was %d. Nothing else changed since this key signed it, which was compared byte by byte, and what was confirmed then stays so", st.Seq, since.from.Seq))
	} else {
		if since != nil {
			l.Notes = append(l.Notes, fmt.Sprintf("its place was taken: it is number %d now and was %d, where this key had not signed the same. Read all of it", st.Seq, since.from.Seq))
		}
		for _, d := range (&ui{reveal: true}).doubts(sub, opened) {
			l.Doubts = append(l.Doubts, desk.Doubt{Path: d.path, Key: d.key, Text: d.text})
		}
	}
	if t.site == nil {
		site := previewSite(st.Log)
		if _, err := t.nameSite(ctx, site, t.flags.policy, t.flags.log); err == nil {
			t.site = site
		}
	}
	var err error
	var subject *page.Entry
	if !l.On.IsZero() {
		subject = t.subjectOf(ctx, l.On)
	}
	l.Page, err = publicPage(cmp.Or(t.site, previewSite(st.Log)), sub, subject)
	return l, err
}

// subjectOf finds the statement that another one is about: it is being drafted, its draft is in the
// folder, or the log has it; nil when it is nowhere.
func (t *deskTools) subjectOf(ctx context.Context, id entry.ID) *page.Entry {
	if t.drafting != nil && t.drafting.Statement.ID == id {
		return publicEntry(t.drafting)
	}
	draft, path := draftOf(t.flags.dir, id)
	if draft != nil && !exists(receiptOf(path)) {
		return publicEntry(draft)
	}
	if e, it, err := t.lookUp(ctx, id); err == nil {
		return loggedEntry(&e.Entry, it.Leaf.Statement, it.Statement)
	}
	if draft != nil {
		return publicEntry(draft)
	}
	return nil
}

// published shows a statement as the log has it, with its text where that is published.
func (t *deskTools) published(ctx context.Context, id entry.ID) (*entry.Statement, []byte) {
	e, it, err := t.lookUp(ctx, id)
	if err != nil {
		return nil, nil
	}
	return it.Statement, []byte(e.Body)
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
	if !t.concerns(sub) {
		return "", forDesk(commandline.Refused(fmt.Errorf("it is a statement of %s in the log %s", st.Author, st.Log), "a desk takes those of its own author, and those that its key has to sign, of its own log"))
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
	law, err := t.sightOf(ctx, path, sub, opened, t.cited[sub.Statement.ID], t.published)
	if err != nil {
		return forDesk(err)
	}
	doubts := append((&ui{reveal: true}).doubts(sub, opened), law.doubts()...)
	if open := unsettled(doubts, confirmed); len(open) > 0 && !formerly(path, sub, t.signer.Public()).settled() {
		return forDesk(commandline.Refused(errors.New(counted(len(open), "thing in it is to be confirmed", "things in it are to be confirmed, one by one")), ""))
	}
	_, err = addSignature(ctx, path, sub, t.signer)
	return forDesk(err)
}

func (t *deskTools) Submit(ctx context.Context, paths []string, tell func(desk.Progress)) error {
	// What is heard meanwhile of other requests is no part of it.
	a := *t.app
	var last atomic.Int32
	a.heard = func(status int) {
		last.Store(int32(status))
		if trouble := troubleOf(status); trouble != "" {
			tell(desk.Progress{Trouble: trouble})
		}
	}
	a.sleep = func(ctx context.Context, d time.Duration) error {
		if d >= firstPause && last.Load()/100 == 2 {
			tell(desk.Progress{Trouble: desk.TroublePending})
		}
		return t.sleep(ctx, d)
	}
	d, err := a.deliverMany(ctx, paths, sendFlags{t.flags.policy, t.flags.log, t.flags.clock}, func(done, of int) { tell(desk.Progress{Done: done, Of: of}) })
	if err != nil {
		return forDesk(err)
	}
	err = forDesk(d.failure())
	var f *desk.Failure
	if errors.As(err, &f) {
		f.Open = d.open() > 0
		for _, text := range d.refused {
			f.Problems = append(f.Problems, desk.Problem{Text: text})
		}
	}
	return err
}

// troubleOf is what the status of an answer says of a log, "" when that is no trouble.
func troubleOf(status int) desk.Trouble {
	switch {
	case status == 0:
		return desk.TroubleLost
	case status == http.StatusTooManyRequests:
		return desk.TroubleMany
	case status == http.StatusServiceUnavailable:
		return desk.TroubleBusy
	case status >= 500:
		return desk.TroubleServer
	}
	return ""
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
