package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// An idYAML names another statement: by its entry id, or by the draft that it was
// signed in.
type idYAML struct {
	entry.ID
}

func (i *idYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	const hint = "give the entry id, as `pledge submit` printed it, or the name of the statement's file"
	text, ok := scalar(n)
	if !ok {
		return d.refuse(path, n, hint, "it has to be an entry id")
	}
	if strings.HasSuffix(text, ".json") {
		b, err := commandline.ReadFile(d.path(text), entry.MaxDraft)
		if err != nil {
			return d.refuse(path, n, hint, "the file that it names can't be read")
		}
		sub, err := entry.ParseDraft(b)
		if err != nil {
			return d.refuse(path, n, hint, "the file that it names is no statement: %v", err)
		}
		i.ID = sub.Statement.ID
		return nil
	}
	var err error
	if i.ID, err = entry.ParseID(text); err != nil {
		return commandline.Refused(fmt.Errorf("%w: %w", d.at(path, n, "it is no entry id"), err), hint)
	}
	return nil
}

// A reference is a statement that another one names.
type reference struct {
	member string
	id     entry.ID     // zero when it names none
	kinds  []entry.Kind // nil for any
	own    bool         // it has to be its author's own
	by     string       // who has to have made it; "" for anybody
}

// A referrer is a source that names other statements.
type referrer interface {
	references() []reference
}

// check asks whether the log has what a statement of author names.
func (r *remote) check(ctx context.Context, author string, ref reference) error {
	answer, err := r.api.Entry(ctx, ref.id)
	if isNotFound(err) {
		return commandline.Refused(fmt.Errorf("%s: the log has no entry %s", ref.member, ref.id), "give its entry id, as `pledge submit` printed it; what is not in the log yet can't be named")
	}
	if err != nil {
		return commandline.Undecided(fmt.Errorf("ask about %s: %w", ref.member, err), askAgain)
	}
	st, err := statementOf(answer.Leaf)
	if err != nil {
		return fmt.Errorf("read entry %s: %w", ref.id, err)
	}
	by := ref.by
	if ref.own {
		by = author
	}
	if st.ID == ref.id && (ref.kinds == nil || slices.Contains(ref.kinds, st.Kind)) && (by == "" || by == st.Author) {
		return nil
	}
	want := "statement"
	if ref.kinds != nil {
		want = oneOf(ref.kinds)
	}
	if by != "" {
		want += " by " + by
	}
	whose := "give the entry id of a " + want
	if ref.own {
		whose = "give the entry id of one of your own"
	}
	return commandline.Refused(fmt.Errorf("%s: entry %s is a %s by %s, not a %s", ref.member, ref.id, st.Kind, st.Author, want), whose)
}

func oneOf(kinds []entry.Kind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return words[0]
}

func statementOf(leaf []byte) (*entry.Statement, error) {
	l, err := entry.ParseLeaf(leaf)
	if err != nil {
		return nil, err
	}
	return entry.ParseStatement(l.Statement)
}
