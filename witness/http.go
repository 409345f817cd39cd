package witness

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

const (
	// maxBody is the largest request body in bytes: a proof, and a checkpoint with
	// over 30 signatures by ML-DSA-44.
	maxBody = 128 << 10
	// requests is how many requests are worked on at once; a body that is still
	// arriving does not count.
	requests = 64
	// slotTime is how long further ones wait.
	slotTime = 5 * time.Second
	// healthInterval is how long an answer to /healthz is good for.
	healthInterval = 5 * time.Second
	// typeSize is the Content-Type of a conflict's answer.
	typeSize = "text/x.tlog.size"
	// cacheControl is that of a checkpoint in the monitoring interface.
	cacheControl = "public, max-age=5"
)

// A HandlerConfig says what a handler serves, and where.
type HandlerConfig struct {
	Witness *Witness // needed
	// SubmissionPrefix and MonitoringPrefix are the paths before /add-checkpoint and
	// /<origin hash>/checkpoint: empty, or with a slash at the beginning and none at
	// the end. They may be the same.
	SubmissionPrefix, MonitoringPrefix string
	Logger                             *slog.Logger // needed
	Metrics                            *Metrics     // may be nil
}

type handler struct {
	HandlerConfig
	mux   http.ServeMux
	slots chan struct{}
	pages pages

	healthLock sync.Mutex
	looked     time.Time
	healthErr  error // as it was then
}

// NewHandler returns what answers:
//
//	POST <submission prefix>/add-checkpoint
//	GET  <monitoring prefix>/<origin hash>/checkpoint
//	GET  <monitoring prefix>/<origin hash>/audit.json
//	GET  /healthz
func NewHandler(c HandlerConfig) http.Handler {
	h := &handler{HandlerConfig: c, slots: make(chan struct{}, requests)}
	h.mux.HandleFunc("POST "+c.SubmissionPrefix+"/add-checkpoint", h.addCheckpoint)
	h.mux.HandleFunc("GET "+c.MonitoringPrefix+"/{hash}/checkpoint", h.checkpoint)
	h.mux.HandleFunc("GET "+c.MonitoringPrefix+"/{hash}/audit.json", h.audit)
	h.mux.HandleFunc("GET /healthz", h.health)
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	h.mux.ServeHTTP(w, r)
}

// An answer is one to add-checkpoint.
type answer struct {
	status      int
	contentType string
	body        string
	wait        time.Duration // for Retry-After; 0: there is none
}

func (h *handler) addCheckpoint(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	req, made, err := h.cosign(w, r)
	a := answerTo(made, err)
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "no-store")
	if a.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(a.wait.Seconds()))))
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
	h.Metrics.answered(a.status, time.Since(begun))
	h.report(req, a.status, err, time.Since(begun))
}

func (h *handler) cosign(w http.ResponseWriter, r *http.Request) (*log.AddCheckpoint, []log.NoteSignature, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, nil, &bodyError{err}
	}
	req, err := log.ParseAddCheckpoint(body)
	if err != nil {
		return nil, nil, err
	}
	wait := time.NewTimer(slotTime)
	defer wait.Stop()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-wait.C:
		return req, nil, ErrBusy
	case <-r.Context().Done():
		return req, nil, ErrBusy
	}
	made, err := h.Witness.AddCheckpoint(r.Context(), req)
	return req, made, err
}

// A bodyError says that a request's body did not arrive.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "read request: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// answerTo says what an error is as HTTP. What it says of the inside stays there.
func answerTo(made []log.NoteSignature, err error) answer {
	if err == nil {
		var lines strings.Builder
		for _, s := range made {
			lines.WriteString(s.Line())
		}
		return answer{status: http.StatusOK, contentType: "text/plain; charset=utf-8", body: lines.String()}
	}
	say := func(status int, text string, wait time.Duration) answer {
		return answer{status, "text/plain; charset=utf-8", text + "\n", wait}
	}
	var conflict *ConflictError
	var often *TooOftenError
	var large *http.MaxBytesError
	var body *bodyError
	var undecided *UndecidedError
	switch {
	case errors.As(err, &conflict):
		return answer{status: http.StatusConflict, contentType: typeSize, body: fmt.Sprintf("%d\n", conflict.Size)}
	case errors.As(err, &often):
		return say(http.StatusTooManyRequests, "too many requests for this log", often.Wait)
	case errors.As(err, &large):
		return say(http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is over %d bytes", maxBody), 0)
	case errors.As(err, &body):
		return say(http.StatusRequestTimeout, "the request did not arrive", 0)
	case errors.Is(err, log.ErrMalformed), errors.Is(err, ErrOldSize):
		return say(http.StatusBadRequest, err.Error(), 0)
	case errors.Is(err, ErrUnknownLog):
		return say(http.StatusNotFound, err.Error(), 0)
	case errors.Is(err, ErrNotSigned):
		return say(http.StatusForbidden, err.Error(), 0)
	case errors.Is(err, ErrInconsistent):
		return say(http.StatusUnprocessableEntity, err.Error(), 0)
	case errors.Is(err, ErrBusy):
		return say(http.StatusServiceUnavailable, "this witness is busy", time.Second)
	case errors.Is(err, ErrClock):
		return say(http.StatusServiceUnavailable, err.Error(), time.Minute)
	case errors.Is(err, ErrRefused):
		// The specification has no status for it. 403 would tell every client that the
		// witness has another key for the log.
		return say(http.StatusServiceUnavailable, err.Error(), time.Minute)
	case errors.As(err, &undecided):
		return say(http.StatusServiceUnavailable, err.Error(), undecided.Wait)
	case errors.Is(err, ErrUndecided):
		return say(http.StatusServiceUnavailable, err.Error(), 10*time.Second)
	}
	return say(http.StatusInternalServerError, "this witness can't cosign now", 10*time.Second)
}

// report says in the log what was asked and what came of it.
func (h *handler) report(r *log.AddCheckpoint, status int, err error, took time.Duration) {
	attrs := []any{slog.Int("status", status), slog.Duration("took", took)}
	if r != nil {
		// It was parsed before.
		cp, _ := log.ParseCheckpoint(r.Note.Text)
		// An origin that is not known can be as long as a body.
		attrs = append(attrs, slog.String("origin", strings.ToValidUTF8(cp.Origin[:min(len(cp.Origin), 255)], "")), slog.Uint64("old", r.Old), slog.Uint64("size", cp.Size), slog.String("root", base64.StdEncoding.EncodeToString(cp.Root[:])))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	var undecided *UndecidedError
	if errors.As(err, &undecided) && undecided.Err != nil {
		attrs = append(attrs, slog.String("why", undecided.Err.Error()))
	}
	var fork *ForkError
	if errors.As(err, &fork) {
		// Kept with the checkpoint that was cosigned, it shows anybody that the log
		// misbehaves.
		attrs = append(attrs, slog.String("checkpoint", string(fork.Note)))
	}
	switch {
	case fork != nil, status >= 500 && !errors.Is(err, ErrRefused) && (undecided == nil || undecided.Err != nil):
		h.Logger.Error("add-checkpoint", attrs...)
	case status >= 500, errors.Is(err, ErrInconsistent):
		h.Logger.Warn("add-checkpoint", attrs...)
	default:
		h.Logger.Info("add-checkpoint", attrs...)
	}
}

// checkpoint answers with the newest checkpoint of a log that was cosigned
// (c2sp.org/tlog-witness, Monitor Retrieval Mechanism). It goes on for a log that is
// disabled.
func (h *handler) checkpoint(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	hash := r.PathValue("hash")
	if !isOriginHash(hash) {
		http.Error(w, "the path holds no SHA-256 in lower case hexadecimal", http.StatusNotFound)
		return
	}
	l, err := h.Witness.State.load(hash)
	if err != nil && !errors.Is(err, ErrUnknownLog) {
		h.Logger.Error("checkpoint", slog.String("error", err.Error()))
		w.Header().Set("Retry-After", "10")
		http.Error(w, "this witness can't read its state", http.StatusInternalServerError)
		return
	}
	if err != nil || l.Note == nil {
		http.Error(w, "this witness has cosigned no checkpoint of such a log", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", cacheControl)
	w.Write(l.Note)
}

func isOriginHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// health answers with 200 when the witness could cosign now.
func (h *handler) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	h.healthLock.Lock()
	defer h.healthLock.Unlock()
	// Looking costs the disk something, and anybody may ask.
	if now := time.Now(); h.looked.IsZero() || now.Sub(h.looked) >= healthInterval {
		h.looked, h.healthErr = now, h.Witness.Healthy()
		if h.healthErr != nil {
			h.Logger.Error("not healthy", slog.String("error", h.healthErr.Error()))
		}
	}
	if h.healthErr != nil {
		http.Error(w, "this witness can't cosign now: see its log", http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}
