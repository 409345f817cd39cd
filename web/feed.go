package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/atom"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// perFeed is how many entries a feed, or a page of it, has.
const perFeed = 50

// told are the kinds of statements that feeds tell of. Slots, which all signatories log
// alike, and directories tell a reader nothing, and are left out.
var told = func() (kinds []string) {
	for _, k := range entry.Kinds {
		if k != entry.KindSlot && k != entry.KindDirectory {
			kinds = append(kinds, string(k))
		}
	}
	return kinds
}()

// A feed is an Atom feed of entries, before it is written.
type feed struct {
	title   page.Words
	path    string // below the site's address, with its query
	about   string // the page that it belongs to, likewise
	entries []*index.Entry
	next    string // the path of the page with older ones, "" on the last
}

// newest is the feed of the whole log.
func (s *site) newestFeed(q *request) error {
	return q.listFeed(q.site.Say("feed.all"), index.Query{Filters: map[index.Facet][]string{index.FacetKind: told}}, "feed.atom", "entries")
}

// countryFeed is the feed of requests that their authors attribute to a country, and of
// the answers to them.
func (s *site) countryFeed(q *request) error {
	code := mux.Vars(q.r)["code"]
	if !entry.IsCountry(code) {
		return notFound("error.page")
	}
	return q.listFeed(q.site.Say("feed.country", "country", q.site.Country(code)), index.Query{Filters: index.By(index.FacetCountry, code)},
		"countries/"+code+"/feed.atom", "entries?country="+code)
}

// searchFeed is the feed of what a search finds, newest first, by the parameters of the
// API's list of entries.
func (s *site) searchFeed(q *request) error {
	form, err := url.ParseQuery(q.r.URL.RawQuery)
	if err != nil {
		return &problem{status: http.StatusBadRequest, key: "error.query"}
	}
	for name, values := range form {
		if !index.IsParameter(name) || !index.MayRepeat(name) && len(values) > 1 {
			return &problem{status: http.StatusBadRequest, key: "error.query"}
		}
	}
	ask, err := index.ParseValues(form)
	if err != nil {
		return err
	}
	// A feed has an order, a length and pages of its own, and counts nothing.
	for _, name := range []string{"sort", "limit", "facets", "cursor"} {
		form.Del(name)
	}
	ask.Oldest, ask.Facets = false, nil
	if len(form) == 0 {
		return q.redirect("feed.atom")
	}
	return q.listFeed(q.site.Say("feed.search"), ask, "entries.atom?"+form.Encode(), "entries?"+form.Encode())
}

// listFeed sends the feed of a list of entries, or a page of it.
func (q *request) listFeed(title page.Words, ask index.Query, path, about string) error {
	ask.Limit = perFeed
	if ask.Cursor == "" {
		ask.Cursor = q.r.URL.Query().Get("cursor")
	}
	list, err := q.log.Entries(q.r.Context(), ask)
	if err != nil {
		return err
	}
	f := &feed{title: title, path: path, about: about, entries: list.Entries}
	if list.Next != "" {
		f.next = withCursor(path, list.Next)
	}
	return q.sendFeed(f, ask.Cursor)
}

func withCursor(path, cursor string) string {
	if cursor == "" {
		return path
	}
	if strings.Contains(path, "?") {
		return path + "&cursor=" + url.QueryEscape(cursor)
	}
	return path + "?cursor=" + url.QueryEscape(cursor)
}

// signatoryFeed is the feed of what an author states, and others of it: admissions,
// standings, challenges.
func (s *site) signatoryFeed(q *request) error {
	ctx, id := q.r.Context(), mux.Vars(q.r)["id"]
	if entry.CheckAuthor(id) != nil {
		return notFound("error.author")
	}
	if _, err := q.log.Signatory(ctx, id); err != nil {
		return q.missing(err, "error.signatory", "id", page.Code(id))
	}
	list, err := q.log.Entries(ctx, index.Query{Filters: map[index.Facet][]string{index.FacetAuthor: {id}, index.FacetKind: told}, Limit: perFeed})
	if err != nil {
		return err
	}
	f := &feed{title: q.site.Say("feed.signatory", "who", q.site.Who(id)), path: "signatories/" + id + "/feed.atom", about: "signatories/" + id, entries: list.Entries}
	refs := q.log.About(id)
	for _, r := range refs[max(0, len(refs)-perFeed):] {
		e, err := q.log.EntryAt(ctx, r.Index)
		if err != nil {
			return err
		}
		f.entries = append(f.entries, e)
	}
	sortNewest(f)
	return q.sendFeed(f, "")
}

// entryFeed is the feed of an entry and of what happened to it: answers, corrections,
// challenges and replies, openings, erasures.
func (s *site) entryFeed(q *request) error {
	ctx := q.r.Context()
	id, ok := parseID(mux.Vars(q.r)["id"])
	if !ok {
		return notFound("error.entry")
	}
	e, err := q.log.Entry(ctx, id)
	if err != nil {
		return q.missing(err, "error.id", "id", page.Code(id.String()[:12]+"…"))
	}
	f := &feed{title: q.site.Say("feed.entry", "index", e.Index), path: "entries/" + id.String() + "/feed.atom", about: "entries/" + id.String(), entries: []*index.Entry{e}}
	if e.Verdict.Kind == pledge.Accepted {
		if f.entries, err = q.happened(ctx, e); err != nil {
			return err
		}
	}
	sortNewest(f)
	return q.sendFeed(f, "")
}

// happened returns an entry and what its page shows beside it.
func (q *request) happened(ctx context.Context, e *index.Entry) ([]*index.Entry, error) {
	p := pageEntry(e)
	if err := q.relate(ctx, e, p); err != nil {
		return nil, err
	}
	indexes := []uint64{e.Index}
	for _, o := range slices.Concat(p.Answers, p.Related) {
		indexes = append(indexes, o.Index)
	}
	for _, d := range p.Disputes {
		indexes = append(indexes, d.Challenge.Index)
		for _, r := range d.State.Replies {
			indexes = append(indexes, r.Index)
		}
	}
	slices.Sort(indexes)
	var out []*index.Entry
	for _, i := range slices.Compact(indexes) {
		o, err := q.log.EntryAt(ctx, i)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// sortNewest puts a feed in order, none twice.
func sortNewest(f *feed) {
	slices.SortFunc(f.entries, func(a, b *index.Entry) int { return cmp.Compare(b.Index, a.Index) })
	f.entries = slices.CompactFunc(f.entries, func(a, b *index.Entry) bool { return a.Index == b.Index })
	f.entries = f.entries[:min(len(f.entries), perFeed)]
}

// sendFeed writes a feed: the page of it that begins at the cursor.
func (q *request) sendFeed(f *feed, cursor string) error {
	s, base := q.site, q.site.Base+"/"
	out := atom.Feed{
		ID: "urn:pledgelog:feed:" + s.Origin + "/" + f.path, Title: f.title.Text, Subtitle: s.Say("feed.caveat").Text, Lang: s.Lang, Updated: s.Logged,
		Author: s.Say("site.title", "accord", s.AccordName()).Text,
		Links: []atom.Link{
			{Rel: "self", Type: atom.MediaType, Href: base + withCursor(f.path, cursor)},
			{Rel: "alternate", Type: "text/html", Href: base + f.about},
		},
	}
	if s.IsDemonstration() {
		out.Title = s.Say("feed.demonstration", "title", f.title).Text
		out.Subtitle = s.Say("site.demonstration").Text + " " + out.Subtitle
	}
	if f.next != "" {
		out.Links = append(out.Links, atom.Link{Rel: "next", Type: atom.MediaType, Href: base + f.next})
	}
	if cursor != "" {
		out.Links = append(out.Links, atom.Link{Rel: "first", Type: atom.MediaType, Href: base + f.path})
	}
	if len(f.entries) > 0 {
		out.Updated = f.entries[0].Logged
	}
	for _, e := range f.entries {
		out.Entries = append(out.Entries, q.feedEntry(e))
	}
	b, err := out.Marshal()
	if err != nil {
		return err
	}
	q.sendAs(atom.MediaType, b)
	return nil
}

// feedEntry makes an entry of a feed. What happens to a statement later is told by entries
// of their own; what an erased text said leaves the sentence.
func (q *request) feedEntry(e *index.Entry) atom.Entry {
	s, p := q.site, pageEntry(e)
	out := atom.Entry{Updated: e.Logged, Title: s.Sentence(p).Text, Content: atom.Content{Type: "html"}}
	// The entry id of a statement without effect may be another's.
	out.ID, out.Links = fmt.Sprintf("urn:pledgelog:leaf:%s:%d", s.Origin, e.Index), []atom.Link{{Rel: "alternate", Type: "text/html", Href: fmt.Sprintf("%s/entries/%d", s.Base, e.Index)}}
	if e.Canonical {
		out.ID, out.Links[0].Href = "urn:pledgelog:entry:"+e.ID.String(), s.Permalink(e.ID)
	}
	var paragraphs []page.Words
	if s.IsDemonstration() {
		paragraphs = append(paragraphs, s.Say("site.demonstration"))
	}
	paragraphs = append(paragraphs, s.Sentence(p))
	if e.Verdict.Kind == pledge.Accepted {
		out.Author, out.Categories = s.WhoFirst(e.Statement.Author).Text, []string{string(e.Statement.Kind)}
		paragraphs = append(paragraphs, s.AskedFor(p))
	}
	paragraphs = append(paragraphs, s.Marks(p), s.Alone(p))
	var b strings.Builder
	for _, w := range paragraphs {
		if w.HTML != "" {
			b.WriteString("<p>" + string(w.HTML) + "</p>")
		}
	}
	out.Content.Text = b.String()
	return out
}
