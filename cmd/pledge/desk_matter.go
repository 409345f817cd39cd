package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/desk"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// What is filed at a desk about something from before: a decision, an attestation, a
// reply, a correction, an opening, a withdrawal, a request that comes out of a slot. Each is drafted
// by what its command drafts with.

// newFlags are the flags with which the commands would be run.
func (t *deskTools) newFlags() newFlags {
	return newFlags{author: t.flags.author, policy: t.flags.policy, log: t.flags.log, clock: t.flags.clock}
}

// stated lists what the author stated, and what can be filed about each, the newest first.
func (t *deskTools) stated(st *standing) []desk.Stated {
	files := make(map[entry.ID]*desk.Look)
	if all, err := t.Drafts(); err == nil {
		for _, l := range all {
			files[l.ID] = l
		}
	}
	index := make(map[entry.ID]uint64)
	var out []desk.Stated
	for _, it := range st.items {
		index[it.Statement.ID] = it.Index
		if it.Statement.Author != t.flags.author {
			continue
		}
		one := statedOf(it.Statement, it.Index, it.Leaf.Logged)
		if one == nil {
			continue
		}
		if b, ok := it.Statement.Body.(*entry.Decision); ok {
			one.On = index[b.Request]
		}
		_, one.Gone = st.state.Correction(one.ID)
		if l := files[one.ID]; l != nil {
			one.File = l.Name
		}
		if !one.Gone {
			if one.Kind == entry.KindRequest {
				one.Can = append(one.Can, entry.KindDecision)
			}
			one.Can = append(one.Can, entry.KindCorrect)
		}
		if one.File != "" && files[one.ID].Keeps {
			one.Can = append(one.Can, entry.KindOpen)
		}
		out = append(out, *one)
	}
	slices.Reverse(out)
	return out
}

// statedOf says what a list of statements has of one; nil for a kind about which nothing
// is filed.
func statedOf(st *entry.Statement, index uint64, logged int64) *desk.Stated {
	one := &desk.Stated{ID: st.ID, Kind: st.Kind, Index: index, Logged: logged}
	switch b := st.Body.(type) {
	case *entry.Request:
		one.Period = b.Received
	case *entry.Decision:
		one.Code = b.Outcome
	case *entry.Attestation:
		one.Period = b.Period.String()
	case *entry.Reply, *entry.Challenge:
	default:
		return nil
	}
	return one
}

// Waiting lists what is kept for slots. It asks nobody.
func (t *deskTools) Waiting() ([]desk.Waiting, error) {
	folder, err := readSlots(t.flags.slots, t.flags.author)
	if err != nil {
		return nil, forDesk(err)
	}
	var out []desk.Waiting
	for _, c := range folder.commitments {
		if c.log != t.origin {
			continue
		}
		w := desk.Waiting{Name: filepath.Base(c.path), Made: c.Made}
		if s, _, ok := folder.find(c.digest()); ok {
			w.Slot, w.Logged = s.period(), s.logged
		}
		out = append(out, w)
	}
	return out, nil
}

// Matter looks up what is filed about.
func (t *deskTools) Matter(ctx context.Context, kind entry.Kind, about string) (*desk.Matter, error) {
	m := &desk.Matter{Kind: kind, About: about}
	var err error
	switch kind {
	case entry.KindAttestation:
		err = t.period(ctx, m)
	case entry.KindRequest:
		err = t.kept(ctx, m)
	case entry.KindWithdraw:
	case entry.KindReply:
		if about != "" {
			err = t.earlier(ctx, m, entry.KindChallenge)
		}
	case entry.KindDecision:
		err = t.earlier(ctx, m, entry.KindRequest)
	case entry.KindOpen:
		err = t.toOpen(ctx, m)
	case entry.KindCorrect:
		if err = t.earlier(ctx, m); err == nil {
			err = t.instead(ctx, m)
		}
	default:
		err = fmt.Errorf("the desk drafts no statement of kind %q", kind)
	}
	if err != nil {
		return nil, forDeskOf(kind, err)
	}
	return m, nil
}

// earlier looks up an entry of the log, of one of some kinds or of any.
func (t *deskTools) earlier(ctx context.Context, m *desk.Matter, kinds ...entry.Kind) error {
	id, err := entry.ParseID(m.About)
	if err != nil {
		return err
	}
	e, it, err := t.lookUp(ctx, id)
	if err != nil {
		return err
	}
	st := it.Statement
	if kinds != nil && !slices.Contains(kinds, st.Kind) {
		return fmt.Errorf("entry %s is a %s", id, st.Kind)
	}
	m.By = st.Author
	if m.Entry = statedOf(st, e.Index, it.Leaf.Logged); m.Entry == nil {
		return fmt.Errorf("nothing is filed about a %s", st.Kind)
	}
	m.Says = deskRows(rowsOf(st.Log, it.Leaf.Statement.Payload))
	if body := []byte(e.Body); body != nil && entry.Digest(body) == st.BodyDigest {
		m.Says = append(m.Says, deskRows(textRows(st.Log, body))...)
	}
	if e.HeldUntil != nil {
		m.Hidden = e.HeldUntil.String()[:10]
	}
	t.under(ctx, m, id)
	return nil
}

// under adds what is kept back of a statement whose draft is in the folder and whose safe
// is open. Without it the form is the same.
func (t *deskTools) under(ctx context.Context, m *desk.Matter, id entry.ID) {
	l := t.draftOf(id)
	if l == nil {
		return
	}
	sub, opened, err := t.readWhole(ctx, l.Path)
	if err != nil {
		return
	}
	if sub.Statement.IsWithheld() && sub.Body != nil {
		m.Under = append(m.Under, deskRows(textRows(sub.Statement.Log, sub.Body))...)
	}
	m.Under = append(m.Under, deskRows(disclosedRows(sub.Statement.Log, opened))...)
}

// draftOf is the draft of a statement in the folder, nil when it is not there.
func (t *deskTools) draftOf(id entry.ID) *desk.Look {
	all, err := t.Drafts()
	if err != nil {
		return nil
	}
	for _, l := range all {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// lookUp asks the log for one entry, and wants its leaf to be the statement.
func (t *deskTools) lookUp(ctx context.Context, id entry.ID) (*client.EntryAnswer, *pledge.Item, error) {
	policy, err := readPolicy(t.flags.policy)
	if err != nil {
		return nil, nil, err
	}
	r, err := t.open(policy, t.flags.log, t.origin)
	if err != nil {
		return nil, nil, err
	}
	answer, err := r.api.Entry(ctx, id)
	if isNotFound(err) {
		return nil, nil, commandline.Refused(fmt.Errorf("the log has no entry %s", id), "what is not in the log yet can't be named")
	}
	if err != nil {
		return nil, nil, askError("about entry "+id.String(), err)
	}
	it := pledge.Read(answer.Index, answer.Leaf)
	if it.Statement == nil {
		return nil, nil, fmt.Errorf("read entry %s: %w", id, it.Err)
	}
	if it.Statement.ID != id {
		return nil, nil, fmt.Errorf("asked for entry %s, the server gives %s", id, it.Statement.ID)
	}
	return answer, it, nil
}

// period looks up what the log holds for the period of an attestation.
func (t *deskTools) period(ctx context.Context, m *desk.Matter) error {
	p, err := entry.ParsePeriod(m.About)
	if err != nil {
		return fmt.Errorf("period: %w", err)
	}
	d := &drafting{st: &entry.Statement{Kind: entry.KindAttestation, Lane: entry.LaneMain, Author: t.flags.author}}
	if _, err := t.place(ctx, d, t.newFlags()); err != nil {
		return err
	}
	row, err := periodRow(d.signatory, p)
	if err != nil {
		return err
	}
	m.Period, m.Sum = p.String(), row.Logged.Total
	for _, term := range entry.Terms().Lists["outcome"] {
		if n := row.Logged.Outcomes[term.Code]; n > 0 {
			m.Logged = append(m.Logged, desk.Row{Name: term.Code, Value: fmt.Sprint(n)})
		}
	}
	words := t.clauses(ctx, d.clauses)
	for _, c := range d.terms.Clauses {
		if slices.Contains(d.signatory.Pledged, c.ID) {
			m.Clauses = append(m.Clauses, desk.Clause{ID: c.ID, Text: clean(words[c.ID])})
		}
	}
	return nil
}

// clauses are the texts of the clauses in force, as far as the log shows the text of the
// charter or amend that states them.
func (t *deskTools) clauses(ctx context.Context, id entry.ID) map[string]string {
	e, it, err := t.lookUp(ctx, id)
	if err != nil || e.Body == nil {
		return nil
	}
	detached, err := entry.ParseDetached(it.Statement, e.Body) // holds it to the digest
	if err != nil {
		return nil
	}
	switch b := detached.(type) {
	case *entry.CharterBody:
		return b.Clauses
	case *entry.AmendBody:
		return b.Clauses
	}
	return nil
}

// kept reads what is kept for a slot. It asks nobody.
func (t *deskTools) kept(ctx context.Context, m *desk.Matter) error {
	all, err := t.Waiting()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(w desk.Waiting) bool { return w.Name == m.About }) {
		return fmt.Errorf("nothing of that name is kept for a slot")
	}
	c, err := readCommitment(t.keptPath(m.About))
	if err != nil {
		return err
	}
	if err := t.openCommitment(ctx, c); err != nil {
		return err
	}
	m.Says = deskRows(textRows(c.log, c.Body))
	m.Under = deskRows(disclosedRows(c.log, c.Disclosures))
	return nil
}

func (t *deskTools) keptPath(name string) string {
	return filepath.Join(t.flags.slots, commitmentsIn, name)
}

// toOpen looks up what a statement keeps back still.
func (t *deskTools) toOpen(ctx context.Context, m *desk.Matter) error {
	id, err := entry.ParseID(m.About)
	if err != nil {
		return err
	}
	l := t.draftOf(id)
	if l == nil {
		return commandline.Refused(fmt.Errorf("the draft of entry %s is not in the folder %s", id, t.flags.dir), "put it there, from a backup or from who has it: it holds the only copy of the text")
	}
	if err := t.earlier(ctx, m); err != nil {
		return err
	}
	o, err := t.readOpening(ctx, l.Path, false)
	if err != nil {
		return err
	}
	policy, err := readPolicy(t.flags.policy)
	if err != nil {
		return err
	}
	r, err := t.open(policy, t.flags.log, t.origin)
	if err != nil {
		return err
	}
	already, err := r.opened(ctx, o)
	if err != nil {
		return err
	}
	st := o.sub.Statement
	m.Withheld = st.IsWithheld() && !slices.Contains(already, st.BodyDigest)
	// Which members are sealed stands in the text, and in a withheld one only its owner
	// can read that.
	if o, err = t.readOpening(ctx, l.Path, true); err != nil || o.sub.Detached == nil {
		return nil
	}
	for _, member := range o.members() {
		if d, err := o.field(member); err != nil || !slices.Contains(already, d.Digest()) {
			m.Sealed = append(m.Sealed, member)
		}
	}
	return nil
}

// instead lists what may stand in the place of a statement.
func (t *deskTools) instead(ctx context.Context, m *desk.Matter) error {
	st, err := t.standing(ctx, t.statusFlags())
	if err != nil {
		return err
	}
	for _, s := range t.stated(st) {
		if s.Kind == m.Entry.Kind && s.ID != m.Entry.ID && !s.Gone {
			m.Instead = append(m.Instead, s)
		}
	}
	return nil
}

func (t *deskTools) statusFlags() statusFlags {
	return statusFlags{author: t.flags.author, policy: t.flags.policy, log: t.flags.log, clock: t.flags.clock}
}
