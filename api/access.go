package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
)

// response notes what became of a request.
type response struct {
	http.ResponseWriter
	route  string // the route's pattern, for metrics
	status int    // 0 until the header is written
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom lets files go from disk to socket without a copy.
func (w *response) ReadFrom(r io.Reader) (int64, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := io.Copy(w.ResponseWriter, r)
	w.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// label gives the requests that h answers a name in metrics.
func (a *API) label(route string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rw, ok := w.(*response); ok {
			rw.route = route
		}
		h.ServeHTTP(w, r)
	})
}

// observe answers a request with h, survives what h does, counts it, and writes
// one line to the access log: no query, since search terms are nobody's
// business, and no address of who asked.
func (a *API) observe(w http.ResponseWriter, r *http.Request, h http.Handler) {
	start := time.Now()
	rw := &response{ResponseWriter: w, route: "unknown"}
	aborted := a.serve(rw, r, h)
	took := time.Since(start)
	if rw.status == 0 && !aborted {
		rw.status = http.StatusOK // a handler that writes nothing
	}
	a.metrics.request(rw, r, took)
	a.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("method", clip(r.Method)), slog.String("path", logPath(r)), slog.Int("status", rw.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.Int64("bytes", rw.bytes))
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// serve runs h. It reports whether the connection has to be cut, because an
// answer broke off.
func (a *API) serve(rw *response, r *http.Request, h http.Handler) (aborted bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			aborted = true
			return
		}
		p := a.panicked(r.Context(), logPath(r), v)
		if aborted = rw.status != 0; !aborted {
			a.writeProblem(rw, r, p)
		}
	}()
	h.ServeHTTP(rw, r)
	return false
}

// panicked logs a panic, and returns what the client is told: nothing of it.
func (a *API) panicked(ctx context.Context, path string, v any) *client.Problem {
	p := refuse(http.StatusInternalServerError, codeInternal, "the server failed to answer")
	p.Incident = newIncident()
	a.log.ErrorContext(ctx, "answering a request panicked", "incident", p.Incident, "path", path, "panic", v, "stack", string(debug.Stack()))
	return p
}

// clip keeps what clients choose freely short.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// write sends a whole answer; none for HEAD.
func write(w http.ResponseWriter, r *http.Request, status int, b []byte) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", itoa(len(b)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b) // an error is the client's, who is gone
	}
}
