// Package atom writes Atom feeds (RFC 4287): those of the site, and the monitor's file of
// alarms. It reads none. Characters that XML can't have become U+FFFD.
package atom

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"
)

// MediaType is that of a feed.
const MediaType = "application/atom+xml"

// A Feed is one feed, or one page of it (RFC 5005, section 3: links first and next).
type Feed struct {
	ID       string  // an IRI, the same for ever
	Title    string  // plain text
	Subtitle string  // plain text; "" for none
	Lang     string  // of the texts; "" when that is not said
	Updated  int64   // Unix seconds
	Author   string  // of entries that name none
	Links    []Link  // one of them self, as far as the feed's address is known
	Entries  []Entry // newest first
}

// An Entry is one entry of a feed.
type Entry struct {
	ID         string // an IRI, the same for ever and of this entry alone
	Title      string // plain text
	Updated    int64  // Unix seconds
	Author     string // "" for the feed's
	Links      []Link
	Categories []string
	Content    Content
}

// A Link points from a feed or an entry to something.
type Link struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

// Content is what an entry says: Type is "text", or "html" for escaped HTML.
type Content struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type feed struct {
	XMLName  xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Lang     string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
	ID       string   `xml:"id"`
	Title    string   `xml:"title"`
	Subtitle string   `xml:"subtitle,omitempty"`
	Updated  string   `xml:"updated"`
	Author   person   `xml:"author"`
	Links    []Link   `xml:"link"`
	Entries  []item   `xml:"entry"`
}

type item struct {
	ID         string     `xml:"id"`
	Title      string     `xml:"title"`
	Updated    string     `xml:"updated"`
	Author     *person    `xml:"author"`
	Links      []Link     `xml:"link"`
	Categories []category `xml:"category"`
	Content    Content    `xml:"content"`
}

type person struct {
	Name string `xml:"name"`
}

type category struct {
	Term string `xml:"term,attr"`
}

func moment(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// Marshal writes f as an XML document.
func (f *Feed) Marshal() ([]byte, error) {
	out := feed{ID: f.ID, Title: f.Title, Subtitle: f.Subtitle, Lang: f.Lang, Updated: moment(f.Updated), Author: person{f.Author}, Links: f.Links}
	for _, e := range f.Entries {
		i := item{ID: e.ID, Title: e.Title, Updated: moment(e.Updated), Links: e.Links, Content: e.Content}
		if e.Author != "" {
			i.Author = &person{e.Author}
		}
		for _, term := range e.Categories {
			i.Categories = append(i.Categories, category{term})
		}
		out.Entries = append(out.Entries, i)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
