package web

import (
	"errors"
	"net/url"
	"slices"

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
	Heading   page.Words
	Count     page.Words
	Items     []item
	Words     string // that are looked for
	Authors   []choice
	Kinds     []choice
	Typed     bool   // there are too many authors for a menu
	Author    string // as it was asked for
	Sort      string // kept by the form
	Chosen    []chosen
	Facets    []facetGroup
	FacetNote page.Words
	Follow    string // hrefs
	Newer     string
	Older     string
	Filters   bool
	Absent    []page.Words // says that there is no such author or country
	Named     []choice     // authors whose names have the words, and where they are
}

// A chosen is one choice that the form has no field for, and the list without it.
type chosen struct {
	Name, Value string
	Text        page.Words
	Href        string
}

// A facetGroup is how many entries have which value, each with the list of those that do.
type facetGroup struct {
	Name   page.Words
	Values []facetValue
}

type facetValue struct {
	Label page.Words
	Count string
	Href  string
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
	ctx := q.r.Context()
	ask, err := listQuery(q.r.URL.Query())
	if err != nil {
		return err
	}
	list, err := q.log.Entries(ctx, ask)
	if err != nil {
		return err
	}
	roll, err := q.log.Signatories(ctx)
	if err != nil {
		return err
	}
	author, kind := only(ask, index.FacetAuthor), entry.Kind(only(ask, index.FacetKind))
	p := &entriesPage{Site: q.site, Author: author, Words: ask.Text, Filters: len(plainQuery(ask).Values()) > 0, Typed: len(roll.Statuses) > manyAuthors}
	for _, e := range list.Entries {
		p.Items = append(p.Items, q.item(pageEntry(e)))
	}
	for _, a := range list.Absent {
		say := q.site.Say("entries.absent.country", "country", q.site.FacetValue("country", a.Value), "size", q.site.Size)
		if a.Facet == index.FacetAuthor {
			say = q.site.Say("entries.unknown", "id", page.Code(a.Value), "size", q.site.Size)
		}
		p.Absent = append(p.Absent, say)
	}
	for _, n := range list.Named {
		say := q.site.Say("entries.named", "name", page.Foreign(n.Name), "who", q.site.Who(n.ID))
		if n.SucceededBy != "" {
			say = q.site.Say("entries.succeeded", "name", page.Foreign(n.Name), "who", q.site.Who(n.ID), "by", q.site.Who(n.SucceededBy))
		}
		p.Named = append(p.Named, choice{Value: q.site.SignatoryHref(n.ID), Label: say})
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
	q.narrow(p, ask, list)
	p.Newer, p.Older = q.listHref(ask, list.Prev), q.listHref(ask, list.Next)
	feed := plainQuery(ask)
	feed.Oldest = false
	p.Follow = q.site.Root + "feed.atom"
	if values := feed.Values(); len(values) > 0 {
		p.Follow = q.site.Root + "entries.atom?" + values.Encode()
		q.feeds = append(q.feeds, feedLink{q.site.Say("feed.search").Text, p.Follow})
	}
	return q.show("entries", p.Heading.Text, p)
}

// listQuery reads which entries a page lists. A form sends its empty fields too; and what
// means nothing here does no harm.
func listQuery(form url.Values) (index.Query, error) {
	for name, values := range form {
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		if form[name] = values; len(values) == 0 || !index.IsParameter(name) || name == "limit" || name == "facets" {
			delete(form, name)
		}
	}
	ask, err := index.ParseValues(form)
	ask.Limit, ask.Facets = perPage, shownFacets
	return ask, err
}

// shownFacets are those by which a page offers to narrow a list, and shownValues how many
// values of each at most.
var shownFacets = []index.Facet{
	index.FacetCountry, index.FacetAssist, index.FacetOutcome, index.FacetInstrument, index.FacetProduct, index.FacetStatus, index.FacetYear,
}

const shownValues = 8

// plainQuery is a query without what belongs to one page of it.
func plainQuery(ask index.Query) index.Query {
	ask.Cursor, ask.Limit, ask.Facets = "", 0, nil
	return ask
}

// only returns the one value of a filter; "" when it has none or several.
func only(ask index.Query, f index.Facet) string {
	if values := ask.Filters[f]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// narrow fills in what is chosen beside the fields of the form, and what can be.
func (q *request) narrow(p *entriesPage, ask index.Query, list *index.Page) {
	s := q.site
	href := func(values url.Values) string {
		if len(values) == 0 {
			return s.Root + "entries"
		}
		return s.Root + "entries?" + values.Encode()
	}
	values := plainQuery(ask).Values()
	without := func(name, value string) url.Values {
		out := make(url.Values)
		for n, all := range values {
			for _, v := range all {
				if n != name || v != value {
					out.Add(n, v)
				}
			}
		}
		return out
	}
	chose := func(name, value string, label, text page.Words) {
		p.Chosen = append(p.Chosen, chosen{Name: name, Value: value, Text: s.Say("entries.without", "facet", label, "value", text), Href: href(without(name, value))})
	}
	for _, f := range index.Facets {
		if (f == index.FacetAuthor || f == index.FacetKind) && only(ask, f) != "" {
			continue // the form has it
		}
		for _, v := range ask.Filters[f] {
			chose(string(f), v, s.FacetName(string(f)), s.FacetValue(string(f), v))
		}
	}
	for _, t := range []struct {
		name  string
		label page.Words
		span  index.Span
	}{{"logged", s.Say("entries.logged"), ask.Logged}, {"received", s.Say("entries.received"), ask.Received}} {
		if t.span != (index.Span{}) {
			chose(t.name, t.span.String(), t.label, page.Plain(t.span.String()))
		}
	}
	if ask.Oldest {
		p.Sort = values.Get("sort")
	}
	for _, f := range shownFacets {
		g := facetGroup{Name: s.FacetName(string(f))}
		for _, c := range list.Facets[f] {
			if slices.Contains(ask.Filters[f], c.Value) {
				continue
			}
			more := without("", "")
			more.Set(string(f), c.Value) // in the place of what is chosen: so many it leads to
			g.Values = append(g.Values, facetValue{Label: s.FacetValue(string(f), c.Value), Count: s.Number(c.Count), Href: href(more)})
			if len(g.Values) == shownValues {
				break
			}
		}
		if len(g.Values) > 0 {
			p.Facets = append(p.Facets, g)
		}
	}
	p.FacetNote = s.Say("entries.narrow.note", "size", s.Size)
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
