package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed icon.svg
var icon []byte

// policy lets a page load nothing but this site's own style and icon, send forms
// nowhere else, and be framed by nobody.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "interest-cohort=(), browsing-topics=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// A request is one reader's request and the snapshot that answers it.
type request struct {
	w      http.ResponseWriter
	r      *http.Request
	s      *site
	log    *index.Snapshot
	site   *page.Site
	status int
	feeds  []feedLink // of this page, beside that of the whole log
}

// A feedLink leads a feed reader from a page to a feed.
type feedLink struct{ Title, Href string }

// follow names a feed of this page; the path begins at the site's root.
func (q *request) follow(title page.Words, path string) {
	q.feeds = append(q.feeds, feedLink{title.Text, q.site.Root + path})
}

// A problem is why there is no such page: it has a page of its own.
type problem struct {
	status int
	key    string // of its texts: key, key.title
	args   []any
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s", p.status, p.key) }

type problemPage struct {
	*page.Site
	Status      int
	Title, Text page.Words
}

func notFound(key string, args ...any) *problem {
	return &problem{http.StatusNotFound, key, args}
}

func (s *site) handle(h func(*request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		q := &request{w: w, r: r, s: s, log: s.cfg.Index.Snapshot(), status: http.StatusOK}
		q.site = s.around(q)
		err := h(q)
		if err == nil {
			return
		}
		var p *problem
		switch {
		case r.Context().Err() != nil:
			return // the reader has gone
		case errors.As(err, &p):
		case errors.Is(err, index.ErrQuery):
			p = &problem{http.StatusBadRequest, "error.query", nil}
		case errors.Is(err, index.ErrNoText):
			p = &problem{http.StatusServiceUnavailable, "error.words", nil}
		default:
			s.cfg.Logger.Error("page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
			p = &problem{http.StatusInternalServerError, "error.internal", nil}
			if errors.Is(err, index.ErrDamaged) {
				p.key = "error.damaged"
			}
		}
		q.status = p.status
		shown := problemPage{Site: q.site, Status: p.status, Title: q.site.Say(p.key + ".title"), Text: q.site.Say(p.key, p.args...)}
		if err := q.show("problem", shown.Title.Text, shown); err != nil {
			s.cfg.Logger.Error("page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
			http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		}
	})
}

// around is what every page of a request shares.
func (s *site) around(q *request) *page.Site {
	v := q.log.View()
	charter, _, _ := q.log.Charter()
	p := &page.Site{
		Texts: s.texts, Origin: s.cfg.Origin, Root: s.root(q.r), Base: s.cfg.BaseURL, Names: q.log.Name, Clauses: q.log.ClausesInForce(),
		Size: v.Size, Logged: v.Logged, AsOf: v.AsOf,
	}
	if v.HasQuorumTime { // cosignatures that no policy asks for prove nothing here
		p.Witnesses = len(v.Cosignatures)
		p.QuorumTime = int64(v.QuorumTime)
	}
	if charter != nil {
		p.Accord, p.Attested = charter.Accord, q.log.Terms().Attestation
	}
	if end := q.log.End(); end != nil {
		p.Ends, p.Successor = end.At, end.Successor
	}
	return p
}

// root leads from the request's page to the front page.
func (s *site) root(r *http.Request) string {
	n := strings.Count(strings.TrimPrefix(r.URL.EscapedPath(), s.cfg.Prefix), "/")
	if n <= 1 {
		return "./"
	}
	return strings.Repeat("../", min(n-1, 50))
}

// A frame is what the layout takes.
type frame struct {
	Site    *page.Site
	View    index.View
	Lag     uint64
	Title   string // for the browser's tab
	Section string // which link of the navigation is this page's
	Style   string // href
	Icon    string
	Content any
	Robots  string
	Feeds   []feedLink
}

// show renders a page: the template of that name within the layout.
func (q *request) show(name, title string, content any) error {
	f := &frame{
		Site: q.site, View: q.log.View(), Lag: q.log.View().Lag(), Title: title, Section: section(q.r.URL.Path, q.s.cfg.Prefix), Content: content,
		Style: q.site.Root + "assets/" + q.s.style.name, Icon: q.site.Root + "assets/" + q.s.icon.name,
	}
	f.Feeds = append(f.Feeds, q.feeds...)
	if all := (feedLink{q.site.Say("feed.all").Text, q.site.Root + "feed.atom"}); !slices.Contains(f.Feeds, all) {
		f.Feeds = append(f.Feeds, all)
	}
	if q.site.IsDemonstration() || q.status != http.StatusOK {
		f.Robots = "noindex"
	}
	var body bytes.Buffer
	for _, part := range []string{"top", name, "bottom"} {
		var data any = f
		if part == name {
			data = content
		}
		if err := q.s.tmpl.ExecuteTemplate(&body, part, data); err != nil {
			return fmt.Errorf("render %s: %w", part, err)
		}
	}
	q.send(body.Bytes())
	return nil
}

func section(path, prefix string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, prefix), "/"), "/")
	return name
}

// send writes a page, or says that the reader has it already.
func (q *request) send(body []byte) { q.sendAs("text/html", body) }

// sendAs is send for a text of another kind.
func (q *request) sendAs(mediaType string, body []byte) {
	h := q.w.Header()
	h.Set("Content-Type", mediaType+"; charset=utf-8")
	h.Set("Content-Language", q.site.Lang)
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Encoding")
	if q.status == http.StatusOK {
		// Weak: the same page in another encoding is the same page.
		sum := sha256.Sum256(body)
		tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
		h.Set("ETag", tag)
		if matches(q.r.Header.Get("If-None-Match"), tag) {
			q.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if acceptsGzip(q.r.Header.Get("Accept-Encoding")) {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(body) // a bytes.Buffer takes everything
		w.Close()
		body = z.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(q.status)
	if q.r.Method != http.MethodHead {
		q.w.Write(body) // an error is the reader's going away
	}
}

// redirect sends the reader to an address relative to this one, this once: what
// an index stands for is for the log to say that is served here now.
func (q *request) redirect(to string) error {
	q.w.Header().Set("Location", to)
	q.w.Header().Set("Cache-Control", "no-store")
	q.w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// matches reports whether a list of entity tags has this one, compared weakly
// (RFC 9110 section 13.1.2).
func matches(header, tag string) bool {
	for _, t := range strings.Split(header, ",") {
		if t = strings.TrimSpace(t); t == "*" || t == tag || "W/"+t == tag {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether gzip is among the encodings, with a weight over 0.
func acceptsGzip(header string) bool {
	for _, part := range strings.Split(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		return !ok || strings.Trim(q, "0.") != ""
	}
	return false
}

// An asset is a file whose name holds its digest: it never changes.
type asset struct {
	name, mediaType string
	data            []byte
}

func newAsset(name, ext, mediaType string, data []byte) asset {
	sum := sha256.Sum256(data)
	return asset{name + "-" + hex.EncodeToString(sum[:8]) + ext, mediaType, data}
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	secure(h)
	h.Set("Content-Type", a.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	tag := `"` + a.name + `"`
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(a.data)))
	if r.Method != http.MethodHead {
		w.Write(a.data) // an error is the reader's going away
	}
}

// parseIndex reads an index in an address: decimal, without leading zeros.
func parseIndex(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil && strconv.FormatUint(n, 10) == s
}

func parseID(s string) (entry.ID, bool) {
	id, err := entry.ParseID(s)
	return id, err == nil
}
