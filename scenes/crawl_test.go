package scenes

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A crawler reads whatever a server shows: from some addresses on, all that pages, JSON
// and feeds name.
type crawler struct {
	t      *testing.T
	url    string // of the server
	known  string // the public address, which stands on its pages
	client http.Client
	seen   map[string]bool
	ok     []string // what was there
}

var (
	nofollow  = regexp.MustCompile(`<a [^>]*rel="nofollow"[^>]*>`) // as many as choices can be put together
	attribute = regexp.MustCompile(`(?i)\b(?:href|src|action)\s*=\s*["']([^"']*)["']`)
	quoted    = regexp.MustCompile(`["'>]((?:https?:/)?/[^"'<>\s\\]*)["'<]`)
)

const maxCrawled = 4000

// crawl looks at all of it.
func (c *crawler) crawl(see func(place string, data []byte), from ...string) {
	c.t.Helper()
	c.seen = make(map[string]bool)
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	queue := from
	for len(queue) > 0 {
		address := queue[0]
		queue = queue[1:]
		if c.seen[address] {
			continue
		}
		if len(c.seen) == maxCrawled {
			c.t.Fatalf("over %d addresses", maxCrawled)
		}
		c.seen[address] = true
		resp, err := c.client.Get(c.url + address)
		if err != nil {
			c.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			c.t.Fatalf("%s: %v", address, err)
		}
		if resp.StatusCode == http.StatusOK {
			c.ok = append(c.ok, address)
		}
		see("address "+address, fmt.Appendf(body, "\n%s %v", address, resp.Header))
		body = nofollow.ReplaceAll(body, nil)
		if next := resp.Header.Get("Location"); next != "" {
			queue = append(queue, c.local(address, next)...)
		}
		for _, found := range [][][][]byte{attribute.FindAllSubmatch(body, -1), quoted.FindAllSubmatch(body, -1)} {
			for _, m := range found {
				queue = append(queue, c.local(address, string(m[1]))...)
			}
		}
	}
}

// local is the address of something on this server, as seen from a page; none for what is
// elsewhere.
func (c *crawler) local(page, link string) []string {
	link, _, _ = strings.Cut(link, "#")
	link = strings.ReplaceAll(link, "&amp;", "&")
	for _, here := range []string{c.url, c.known} {
		if rest, ok := strings.CutPrefix(link, here); ok && here != "" && (rest == "" || rest[0] == '/') {
			return []string{"/" + strings.TrimPrefix(rest, "/")}
		}
	}
	if strings.Contains(link, ":") || link == "" || strings.HasPrefix(link, "//") {
		return nil
	}
	base, err := http.NewRequest(http.MethodGet, c.url+page, nil)
	if err != nil {
		return nil
	}
	to, err := base.URL.Parse(link)
	if err != nil {
		return nil
	}
	return []string{to.RequestURI()}
}
