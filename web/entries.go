package web

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// perPage is how many entries a page of the list has.
const perPage = 25

// manyAuthors is from how many on a field to type in takes the place of a menu.
const manyAuthors = 300

type entriesPage struct {
	*page.Site
	Heading page.Words
	Count   page.Words
	Items   []item
	Authors []choice
	Kinds   []choice
	Typed   bool   // there are too many authors for a menu
	Author  string // as it was asked for
	Newer   string // hrefs
	Older   string
	Filters bool
	Unknown page.Words // says that there is no such author
}

// An item is one row of a list of entries.
type item struct {
	page.Step
	Kind   page.Words
	Index  string
	Asked  page.Words
	Alone  page.Words
	IsVoid bool
}

type choice struct {
	Value    string
	Label    page.Words
	Selected bool
}

func (s *site) entries(q *request) error {
	ctx, form := q.r.Context(), q.r.URL.Query()
	for name, values := range form {
		switch name {
		case "author", "kind", "cursor":
		default:
			continue // others mean nothing here and do no harm
		}
		if len(values) > 1 {
			return &problem{status: http.StatusBadRequest, key: "error.query"}
		}
	}
	author, kind := form.Get("author"), entry.Kind(form.Get("kind"))
	ask := index.Query{Filters: index.By(index.FacetAuthor, author), Cursor: form.Get("cursor"), Limit: perPage}
	if kind != "" {
		ask.Filters = index.By(index.FacetKind, string(kind))
		if author != "" {
			ask.Filters[index.FacetAuthor] = []string{author}
		}
	}
	list, err := q.log.Entries(ctx, ask)
	if err != nil {
		return err
	}
	roll, err := q.log.Signatories(ctx)
	if err != nil {
		return err
	}
	p := &entriesPage{Site: q.site, Author: author, Filters: len(ask.Filters) > 0, Typed: len(roll.Statuses) > manyAuthors}
	for _, e := range list.Entries {
		p.Items = append(p.Items, q.item(pageEntry(e)))
	}
	if author != "" {
		if _, err := q.log.Signatory(ctx, author); errors.Is(err, index.ErrNotFound) {
			p.Unknown = q.site.Say("entries.unknown", "id", page.Code(author), "size", q.site.Size)
		} else if err != nil {
			return err
		}
	}
	p.Heading, p.Count = q.listHeading(author, kind, list)
	p.Kinds = append(p.Kinds, choice{"", q.site.Say("entries.any-kind"), kind == ""})
	for _, k := range entry.Kinds {
		p.Kinds = append(p.Kinds, choice{string(k), q.site.Say("kind." + string(k)), kind == k})
	}
	if !p.Typed {
		p.Authors = append(p.Authors, choice{"", q.site.Say("entries.any-author"), author == ""})
		p.Authors = append(p.Authors, choice{entry.AuthorSecretariat, q.site.Say("who.secretariat.first"), author == entry.AuthorSecretariat})
		p.Authors = append(p.Authors, choice{entry.AuthorOperator, q.site.Say("who.operator.first"), author == entry.AuthorOperator})
		for _, st := range roll.Statuses {
			p.Authors = append(p.Authors, choice{st.ID, page.Foreign(st.Admit.Name), author == st.ID})
		}
	}
	p.Newer, p.Older = q.listHref(ask, list.Prev), q.listHref(ask, list.Next)
	return q.show("entries", p.Heading.Text, p)
}

// listHeading says what a list holds, and how many there are.
func (q *request) listHeading(author string, kind entry.Kind, list *index.Page) (heading, count page.Words) {
	s := q.site
	what := s.Say("entries.heading.statements")
	if kind != "" {
		what = s.Say("entries.heading." + string(kind))
	}
	switch {
	case author != "":
		heading = s.Say("entries.heading.by", "kind", what, "who", s.Who(author))
	case kind != "":
		heading = what
	default:
		heading = s.Say("entries.heading")
	}
	if list.Total == 0 {
		return heading, s.Count("entries.none", s.Size)
	}
	return heading, s.Count("entries.count", list.Total, "size", s.Size)
}

// item makes a row of a list.
func (q *request) item(e *page.Entry) item {
	s := q.site
	it := item{Step: page.Step{Sentence: s.Sentence(e), Href: s.EntryHref(e.ID, e.Index)}, Index: s.Number(e.Index), IsVoid: e.Statement == nil || e.Verdict.Kind != pledge.Accepted}
	if it.IsVoid {
		// The id may belong to a statement that has effect.
		it.Href = s.EntryHref(entry.ID{}, e.Index)
	}
	if e.Logged != 0 {
		it.When = s.Day(e.Logged)
	}
	if it.IsVoid {
		it.Kind = s.Say("kind.void")
		return it
	}
	it.Kind = s.Say("kind." + string(e.Statement.Kind))
	it.Asked, it.Note = s.AskedFor(e), s.Marks(e)
	return it
}

func (q *request) listHref(ask index.Query, cursor string) string {
	if cursor == "" {
		return ""
	}
	ask.Cursor, ask.Limit = cursor, 0
	return q.site.Root + "entries?" + ask.Values().Encode()
}

// entry shows one entry by its id. An index leads to the id that it has; where it
// has none, or the id stands for another entry, the entry is shown there.
func (s *site) entry(q *request) error {
	ctx := q.r.Context()
	asked := mux.Vars(q.r)["id"]
	var e *index.Entry
	if i, ok := parseIndex(asked); ok {
		var err error
		if e, err = q.log.EntryAt(ctx, i); err != nil {
			return q.missing(err, "error.index", "index", i)
		}
		if e.Canonical {
			return q.redirect(e.ID.String())
		}
	} else if id, ok := parseID(asked); ok {
		var err error
		if e, err = q.log.Entry(ctx, id); err != nil {
			return q.missing(err, "error.id", "id", page.Code(asked[:12]+"…"))
		}
	} else {
		return notFound("error.entry")
	}
	p := pageEntry(e)
	if e.Verdict.Kind == pledge.Accepted {
		if err := q.relate(ctx, e, p); err != nil {
			return err
		}
		if err := q.details(ctx, e, p); err != nil {
			return err
		}
		if err := q.answered(ctx, p); err != nil {
			return err
		}
	}
	if e.Canonical {
		q.follow(q.site.Say("feed.entry", "index", e.Index), "entries/"+e.ID.String()+"/feed.atom")
	}
	laid := q.site.Entry(p)
	return q.show("entry", laid.Title.Text, laid)
}

// missing turns the index's ErrNotFound into a page that says so.
func (q *request) missing(err error, key string, args ...any) error {
	if !errors.Is(err, index.ErrNotFound) {
		return err
	}
	return notFound(key, append(args, "size", q.site.Size, "last", max(q.site.Size, 1)-1)...)
}
