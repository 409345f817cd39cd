package web

import (
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/page"
)

// A Config says which log the pages are about and where they stand.
type Config struct {
	Index  *index.Index
	Origin string // the log's name
	// BaseURL is the site's public address: what permalinks begin with, such as
	// https://log.accord.example/2026. Default: the origin, over https.
	BaseURL string
	// Prefix is the path under which the handler sees its requests, such as
	// /2026. Default: none.
	Prefix string
	Logger *slog.Logger
}

type site struct {
	cfg   Config
	texts *page.Texts
	tmpl  *template.Template
	style asset
	icon  asset
}

// New returns the handler of all pages: /, /entries, /entries/{id or index},
// /signatories, /signatories/{id}, /about, and a page that helps for everything
// else; and of the Atom feeds: /feed.atom, /entries.atom, which takes the parameters of
// the API's list of entries, and feed.atom below /entries/{id}, /signatories/{id} and
// /countries/{code}. Time-outs are the server's.
func New(cfg Config) (http.Handler, error) {
	switch {
	case cfg.Index == nil:
		return nil, errors.New("make site: no index")
	case cfg.Origin == "":
		return nil, errors.New("make site: no origin")
	case cfg.Prefix != "" && (cfg.Prefix[0] != '/' || strings.HasSuffix(cfg.Prefix, "/")):
		return nil, errors.New("make site: prefix does not begin with a slash, or ends in one")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://" + cfg.Origin
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &site{cfg: cfg, texts: page.English}
	s.style = newAsset("style", ".css", "text/css; charset=utf-8", page.Stylesheet)
	s.icon = newAsset("icon", ".svg", "image/svg+xml", icon)
	s.tmpl = template.Must(s.texts.Templates().ParseFS(templates, "templates/*.html"))

	r := mux.NewRouter()
	sub := r
	if cfg.Prefix != "" {
		sub = r.PathPrefix(cfg.Prefix).Subrouter()
	}
	get := func(path string, h func(*request) error) {
		sub.Handle(path, s.handle(h)).Methods(http.MethodGet, http.MethodHead)
	}
	get("/", s.home)
	get("/entries", s.entries)
	get("/entries/{id}", s.entry)
	get("/signatories", s.signatories)
	get("/signatories/{id}", s.signatory)
	get("/about", s.about)
	get("/feed.atom", s.newestFeed)
	get("/entries.atom", s.searchFeed)
	get("/entries/{id}/feed.atom", s.entryFeed)
	get("/signatories/{id}/feed.atom", s.signatoryFeed)
	get("/countries/{code}/feed.atom", s.countryFeed)
	for _, name := range []string{"entries", "signatories", "about"} {
		get("/"+name+"/", func(q *request) error { return q.redirect("../" + name) })
	}
	for _, a := range []asset{s.style, s.icon} {
		sub.Handle("/assets/"+a.name, a).Methods(http.MethodGet, http.MethodHead)
	}
	r.NotFoundHandler = s.handle(func(q *request) error { return notFound("error.page") })
	r.MethodNotAllowedHandler = s.handle(func(q *request) error {
		q.w.Header().Set("Allow", "GET, HEAD")
		return &problem{status: http.StatusMethodNotAllowed, key: "error.method"}
	})
	return r, nil
}
