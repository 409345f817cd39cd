package api

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
)

// Intake is what the API needs of a statement's way in; *intake.Intake is one.
type Intake interface {
	// Submit waits for the receipt. Errors are those of intake.Intake.Submit.
	Submit(ctx context.Context, sub *entry.Submission) (*intake.Receipt, error)
	// SubmitAll queues statements in order; each ticket is then waited for.
	SubmitAll(ctx context.Context, subs []*entry.Submission) []*intake.Ticket
	// Ready returns nil when statements can be sequenced and published.
	Ready() error
	// Status says how the log stands beside that.
	Status() intake.Status
	// Erased returns the published statement that a text was erased, by its digest.
	Erased(digest string) (intake.Erasure, bool)
	// IsErasing reports whether a text that was erased is not deleted everywhere yet.
	IsErasing() bool
	// IsWaiting reports whether a text belongs to a statement that is not published
	// yet.
	IsWaiting(digest string) bool
}

// Source is where the log is read from: tiles, bundles, bodies, checkpoint. It
// is log.Source without its name.
type Source interface {
	Get(ctx context.Context, path string, limit int64) ([]byte, error)
	String() string
}

// Index is what the API needs of the query layer; *index.Index is one.
type Index interface {
	// CatchUp reads what was published since.
	CatchUp(ctx context.Context) error
	View() index.View
	Snapshot() *index.Snapshot
	// Due returns who owes what.
	Due(ctx context.Context) (*index.Due, error)
}

// Config is what the handler works with.
type Config struct {
	Origin string      // the log's origin
	Policy *log.Policy // proofs and the checkpoint are held to it
	Source Source      // the published log
	Files  fs.FS       // the log's directory: its large files, body bundles and the archive, are streamed from here
	Intake Intake
	Index  Index
	Logger *slog.Logger

	// License is by what the exports may be used, an SPDX identifier such as CC-BY-4.0.
	// Default: nothing is said of it.
	License string

	// Web answers every address that is not the API's: the pages. Without it
	// they are unknown.
	Web http.Handler

	// Collectors are further figures for Metrics, of what the API does not know.
	Collectors []prometheus.Collector

	// Limits bounds what clients can make the server do. The zero value is good.
	Limits Limits
}

// An API is the handler of a server.
type API struct {
	cfg    Config
	log    *slog.Logger
	limits Limits
	router http.Handler

	patterns []string // of its own addresses

	proofs  *prover
	metrics *metrics
	memory  *budget       // for bodies of requests
	answers *budget       // for answers that are held whole
	slots   chan struct{} // for single submissions that wait for their receipt
	streams chan struct{} // for requests of many statements
	chains  chan struct{} // for chains that are being written
	exports chan struct{} // for exports that are being written
	drained chan struct{} // closed when the server is about to end
}

// New returns the handler of a server.
func New(cfg Config) *API {
	cfg.Limits.setDefaults()
	a := &API{
		cfg: cfg, log: cfg.Logger, limits: cfg.Limits,
		proofs:  newProver(cfg.Source, cfg.Policy),
		memory:  newBudget(cfg.Limits.Memory),
		answers: newBudget(cfg.Limits.Memory),
		slots:   make(chan struct{}, cfg.Limits.Submissions),
		streams: make(chan struct{}, cfg.Limits.Streams),
		chains:  make(chan struct{}, cfg.Limits.Chains),
		exports: make(chan struct{}, cfg.Limits.Exports),
		drained: make(chan struct{}),
	}
	a.metrics = newMetrics(a)
	a.router = a.routes()
	return a
}

// ServeHTTP answers one request and writes one line to the access log.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.observe(w, r, a.router) }

// Drain tells requests of many statements to come to an end: they read no
// further line and answer those that they have read. Call it before
// http.Server.Shutdown.
func (a *API) Drain() { close(a.drained) }

// A methods table says who answers which method of an address. HEAD goes to
// GET's handler.
type methods map[string]http.HandlerFunc

func (a *API) routes() http.Handler {
	// Paths are taken as they come: a log has one address for each thing.
	r := mux.NewRouter().SkipClean(true).UseEncodedPath()
	handle := func(path string, m methods) {
		a.patterns = append(a.patterns, path)
		r.Handle(path, a.route(path, m))
	}

	handle("/checkpoint", methods{"GET": a.checkpoint})
	handle("/checkpoints", methods{"GET": a.archive})
	handle("/tile/{path:.+}", methods{"GET": a.tile})
	handle("/bodies/bundle/{path:.+}", methods{"GET": a.bodyBundle})
	handle("/dump/{day}/{file}", methods{"GET": a.dump})
	handle("/bodies/{digest}", methods{"GET": a.body})

	handle("/api/v1/statements", methods{"POST": a.submit})
	handle("/api/v1/entries", methods{"GET": a.entries})
	handle("/api/v1/entries/{ref}", methods{"GET": a.entry})
	handle("/api/v1/entries/{ref}/proof", methods{"GET": a.proof})
	handle("/api/v1/signatories", methods{"GET": a.signatories})
	handle("/api/v1/signatories/{id}", methods{"GET": a.signatory})
	handle("/api/v1/signatories/{id}/chain", methods{"GET": a.chain})
	handle("/api/v1/countries", methods{"GET": a.countries})
	handle("/api/v1/stats", methods{"GET": a.stats})
	handle("/api/v1/due", methods{"GET": a.due})
	handle("/api/v1/export.csv", methods{"GET": a.exportCSV})
	handle("/api/v1/export.jsonl", methods{"GET": a.exportJSON})
	handle("/api/v1/datapackage.json", methods{"GET": a.dataPackage})
	handle("/api/v1/codebook.csv", methods{"GET": a.codebookCSV})
	handle("/api/v1/dumps", methods{"GET": a.dumps})
	handle("/api/v1/vocabulary", methods{"GET": a.vocabulary})

	handle("/openapi.json", methods{"GET": a.openapi})
	handle("/healthz", methods{"GET": a.healthz})
	handle("/readyz", methods{"GET": a.readyz})

	unknown := a.label("unknown", http.HandlerFunc(a.unknown))
	for _, prefix := range []string{"/api/", "/tile/", "/bodies/", "/checkpoint/", "/checkpoints/", "/dump/"} {
		r.PathPrefix(prefix).Handler(unknown)
	}
	if a.cfg.Web != nil {
		r.PathPrefix("/").Handler(a.label("web", a.cfg.Web))
	}
	r.NotFoundHandler = unknown
	return r
}

// route answers one address by method. gorilla/mux is asked for paths only: it
// forgets a method that did not match when a later route takes the path.
func (a *API) route(name string, m methods) http.Handler {
	allow := ""
	for _, method := range []string{"GET", "POST"} {
		if m[method] == nil {
			continue
		}
		if allow != "" {
			allow += ", "
		}
		allow += method
		if method == "GET" {
			allow += ", HEAD"
		}
	}
	return a.label(name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h := m[method]
		if h == nil {
			w.Header().Set("Allow", allow)
			a.fail(w, r, refuse(http.StatusMethodNotAllowed, codeMethod, "the address takes "+allow))
			return
		}
		h(w, r)
	}))
}

func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	a.fail(w, r, refuse(http.StatusNotFound, codeAddress, "nothing is at this address"))
}

// healthz says that the process answers.
func (a *API) healthz(w http.ResponseWriter, r *http.Request) {
	writeText(w, r, "ok\n")
}

// readyz says whether statements can be sequenced and published: the intake runs
// and the published checkpoint satisfies the policy. The lines after the first say
// what else whoever watches the server wants to know.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	err := a.cfg.Intake.Ready()
	if err == nil {
		_, err = a.proofs.head(ctx)
	}
	select {
	case <-a.drained:
		err = intake.ErrStopped
	default:
	}
	if err != nil {
		a.log.Warn("not ready", "error", err.Error())
		a.fail(w, r, notReady(err))
		return
	}
	writeText(w, r, "ready\n"+details(a.cfg.Intake.Status()))
}

// details says how a log stands, a line for each thing. Why something is not done is
// for the server's own log.
func details(s intake.Status) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if s.QuorumTime != 0 {
		line("witnesses: a quorum gave the time %s", entry.FormatTime(s.QuorumTime))
	}
	if d := s.Directory; d != nil {
		line("directory: entry %d, logged %s", d.Index, entry.FormatTime(d.Logged))
	} else {
		line("directory: none yet")
	}
	if s.DirectoryDue != 0 {
		line("directory: the next is due by %s", entry.FormatTime(s.DirectoryDue))
	}
	if !s.Operator {
		line("directory: this server has no operator key and makes none")
	}
	if s.DirectoryTrouble != nil {
		line("directory: the one that is due is not made; the server's own log has the reason")
	}
	if s.EraseTrouble != nil {
		line("erasure: an erased text is not deleted yet; the server's own log has the reason")
	}
	if s.Ends != 0 {
		verb := "ends"
		if s.Ended {
			verb = "ended"
		}
		successor := ""
		if s.Successor != "" {
			successor = ", and " + s.Successor + " goes on"
		}
		line("end: this log %s %s%s", verb, entry.FormatTime(s.Ends), successor)
	}
	return b.String()
}

func writeText(w http.ResponseWriter, r *http.Request, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	write(w, r, http.StatusOK, []byte(text))
}
