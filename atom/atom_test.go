package atom_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/atom"
)

// TestMarshal: texts that others wrote stay texts, and what XML can't have is replaced.
func TestMarshal(t *testing.T) {
	f := &atom.Feed{
		ID: "urn:x:feed", Title: "</title><entry>", Lang: "en", Updated: 1735689600, Author: "A",
		Links: []atom.Link{{Rel: "self", Type: atom.MediaType, Href: `https://log.example/?q="a"&b`}},
		Entries: []atom.Entry{
			{ID: "urn:x:1", Title: "bell \a and \xff", Updated: 1735689601, Author: "<B>", Categories: []string{"request"}, Content: atom.Content{Type: "html", Text: "<p>a &amp; b</p>"}},
		},
	}
	b, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">`, "<title>&lt;/title&gt;&lt;entry&gt;</title>", "<updated>2025-01-01T00:00:00Z</updated>",
		`href="https://log.example/?q=&#34;a&#34;&amp;b"`, "<updated>2025-01-01T00:00:01Z</updated>", "<name>&lt;B&gt;</name>", `<category term="request"`,
		`<content type="html">&lt;p&gt;a &amp;amp; b&lt;/p&gt;</content>`, "bell \uFFFD and \uFFFD",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("it lacks %s:\n%s", want, b)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(string(b))); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, b)
		}
	}
	if strings.Contains(string(b), "<subtitle") {
		t.Error("a subtitle that is none")
	}
}
