package api

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// Limits bounds what clients can make the server do. A zero field means its
// default.
type Limits struct {
	// Submissions is how many single submissions may wait for their receipt at
	// once; more are told to come back. Default: 4,096.
	Submissions int
	// Streams is how many requests of many statements run at once. Default: 8.
	Streams int
	// Lines is how many statements one such request may have. Default: 100,000.
	Lines int
	// Chains is how many chains are written at once. Default: 32.
	Chains int
	// Exports is how many exports are written at once: each reads the whole log.
	// Default: 4.
	Exports int
	// Window is how many of its statements are on their way at once. Default: 512.
	Window int
	// Memory is how many bytes of request bodies are held at once, and how many
	// of answers. Default: 256 MiB.
	Memory int64
	// ReadTime is how long one statement may take to arrive, as a request or as a
	// line; and how long the answer to a line may take to be read. Default: 30 s.
	ReadTime time.Duration
	// Slowest is how slowly a long answer may be read, in bytes a second: exports,
	// chains, large files. Default: 128 KiB.
	Slowest int64
	// TakenTime is how long a request of many statements may go on without one of
	// them being taken. Default: 60 s, since a receipt may take 30.
	TakenTime time.Duration
	// StreamTime is how long a request of many statements may take. Default:
	// 15 min.
	StreamTime time.Duration
	// HeaderTime is how long a request's header may take to arrive. Default: 10 s.
	HeaderTime time.Duration
	// WriteTime is how long an answer may take to be made and to be read by the
	// client. Default: 90 s, since a receipt may take 30.
	WriteTime time.Duration
	// IdleTime is how long a connection may wait for the next request. Default:
	// 90 s.
	IdleTime time.Duration
	// Conns is how many connections there may be at once. Default: 8,192.
	Conns int
}

func (l *Limits) setDefaults() {
	or(&l.Submissions, 4096)
	or(&l.Streams, 8)
	or(&l.Lines, 100_000)
	or(&l.Chains, 32)
	or(&l.Exports, 4)
	or(&l.Window, 512)
	or(&l.Memory, 256<<20)
	or(&l.Slowest, 128<<10)
	or(&l.ReadTime, 30*time.Second)
	or(&l.TakenTime, 60*time.Second)
	or(&l.StreamTime, 15*time.Minute)
	or(&l.HeaderTime, 10*time.Second)
	or(&l.WriteTime, 90*time.Second)
	or(&l.IdleTime, 90*time.Second)
	or(&l.Conns, 8192)
}

func or[T int | int64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// maxHeader bounds a request's header, in bytes.
const maxHeader = 16 << 10

// NewServer returns a server for h with every time-out set. Serve it on what
// daemon.LimitConns returns.
func NewServer(h http.Handler, l Limits, logger *slog.Logger) *http.Server {
	l.setDefaults()
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: l.HeaderTime,
		ReadTimeout:       l.HeaderTime + l.ReadTime,
		WriteTimeout:      l.WriteTime,
		IdleTimeout:       l.IdleTime,
		MaxHeaderBytes:    maxHeader,
		// What net/http has to say is about clients that misbehave.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// A budget is a number of bytes that may be held at once.
type budget struct {
	left atomic.Int64
}

func newBudget(n int64) *budget {
	b := new(budget)
	b.left.Store(n)
	return b
}

// take takes n bytes, or says that there are not so many.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

func (b *budget) give(n int64) { b.left.Add(n) }

var (
	errTooLarge = errors.New("body is over the limit")
	errNoMemory = errors.New("too many bodies at once")
)

// readBody reads the whole of a request's body, at most limit bytes. It takes
// from the budget what has arrived and no more, so that slow clients do not
// reserve what they do not send. The caller calls release when the bytes are no
// longer used.
func (b *budget) readBody(r io.Reader, limit int) (body []byte, release func(), err error) {
	taken := int64(0)
	release = func() { b.give(taken); taken = 0 }
	defer func() {
		if err != nil {
			release()
			release = func() {}
		}
	}()
	for {
		if len(body) == cap(body) {
			grow := min(max(4<<10, 2*cap(body)), limit+1)
			if !b.take(int64(grow - cap(body))) {
				return nil, release, errNoMemory
			}
			taken += int64(grow - cap(body))
			body = append(make([]byte, 0, grow), body...)
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if len(body) > limit {
			return nil, release, errTooLarge
		}
		if err == io.EOF {
			return body, release, nil
		}
		if err != nil {
			return nil, release, err
		}
	}
}

// bodyError says what is wrong when a request's body could not be read.
func bodyError(err error, limit int) error {
	switch {
	case errors.Is(err, errTooLarge):
		return refuse(http.StatusRequestEntityTooLarge, codeRequestLarge, fmt.Sprintf("the request's body is over %d bytes", limit))
	case errors.Is(err, errNoMemory):
		return refuse(http.StatusServiceUnavailable, codeBusy, "the server is receiving as much as it can take")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, codeRequestSlow, "the request's body did not arrive in time")
	}
	return refuse(http.StatusBadRequest, codeRequestBroken, "the request's body broke off")
}
