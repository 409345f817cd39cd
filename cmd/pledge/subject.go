package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// subjectOf finds the request that a decision is on: in the log, where there is one to be
// asked, or as a draft beside it. It is nil when it is nowhere, and for other kinds.
func (r *remote) subjectOf(ctx context.Context, path string, st *entry.Statement) (*page.Entry, error) {
	b, ok := st.Body.(*entry.Decision)
	if !ok {
		return nil, nil
	}
	if r != nil {
		e, err := r.api.Entry(ctx, b.Request)
		if err != nil && !isNotFound(err) {
			return nil, askError("for the request", err)
		}
		if err == nil {
			leaf, err := entry.ParseLeaf(e.Leaf)
			if err != nil {
				return nil, fmt.Errorf("read entry %s: %w", b.Request, err)
			}
			request, err := entry.ParseStatement(leaf.Statement)
			if err != nil {
				return nil, fmt.Errorf("read entry %s: %w", b.Request, err)
			}
			if request.ID != b.Request {
				return nil, commandline.Refused(fmt.Errorf("the server gives entry %s for %s", request.ID, b.Request), "see --log: what answered is not a log, or not an honest one")
			}
			return loggedEntry(&e.Entry, leaf.Statement, request), nil
		}
	}
	if sub, _ := draftOf(filepath.Dir(path), b.Request); sub != nil {
		return publicEntry(sub), nil
	}
	return nil, nil
}

// draftOf finds the draft of a statement in a folder, and its file; nil when there is
// none.
func draftOf(dir string, id entry.ID) (*entry.Submission, string) {
	files, err := jsonFiles(dir, "")
	if err != nil {
		return nil, ""
	}
	for _, path := range files {
		if sub, err := readDraft(path); err == nil && sub.Statement.ID == id {
			return sub, path
		}
	}
	return nil, ""
}

// loggedEntry is a statement as the log has it. Its text is the one that was signed, or
// it is left out; when it was logged is the server's word.
func loggedEntry(e *client.Entry, env *entry.Envelope, st *entry.Statement) *page.Entry {
	sub := &entry.Submission{Envelope: env, Statement: st}
	if body := []byte(e.Body); body != nil && entry.Digest(body) == st.BodyDigest {
		if d, err := entry.ParseDetached(st, body); err == nil {
			sub.Body, sub.Detached = body, d
		}
	}
	p := publicEntry(sub)
	p.Index, p.Logged = e.Index, int64(e.Logged)
	if st.IsWithheld() && sub.Detached != nil { // it was opened since
		p.State, p.Detached = pledge.BodyPublished, sub.Detached
	}
	if c := e.Correction; c != nil {
		p.Correction = &page.Correction{Correction: pledge.Correction{Mark: pledge.Mark{Index: c.Index, Entry: c.ID, Logged: int64(c.Logged)}, How: c.How}}
		if c.By != nil {
			p.Correction.By = &page.Ref{Index: c.By.Index, ID: c.By.ID, Kind: c.By.Kind, Author: c.By.Author}
		}
	}
	return p
}

// subject shows on a terminal what a decision is on.
func (u *ui) subject(st *entry.Statement, e *page.Entry) {
	if st.Kind != entry.KindDecision {
		return
	}
	if e == nil {
		u.note("the request that it is on is not at hand: its draft is not beside it, and no log that has it was asked")
		return
	}
	where := "a draft"
	if e.Logged != 0 {
		where = fmt.Sprintf("entry %d in the log, logged %s", e.Index, entry.FormatTime(e.Logged))
	}
	u.printf("on this request, which is %s:\n\n", where)
	sub := &entry.Submission{Envelope: e.Envelope, Statement: e.Statement, Detached: e.Detached}
	if e.Detached != nil {
		if b, err := entry.Marshal(e.Detached); err == nil {
			sub.Body = b
		}
	}
	u.statement(sub, nil)
	u.printf("and this is said of it:\n\n")
}
