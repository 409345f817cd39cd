package witness

import (
	"log/slog"
	"net/http"
	"time"
)

// What clients get of a server. They are variables for the tests' sake.
const (
	headerTime = 5 * time.Second
	// bodyTime is how long a request may take to arrive, its header included.
	bodyTime = 15 * time.Second
	// answerTime is how long it may take from there until its answer is read. An
	// audit of what is new may take a while.
	answerTime = 60 * time.Second
	idleTime   = 2 * time.Minute // logs keep their connection between checkpoints
	maxHeader  = 16 << 10
)

// NewServer returns a server for h with every time-out set. Serve it on what
// daemon.LimitConns returns.
func NewServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      bodyTime + answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		// What net/http has to say is about clients that misbehave.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
