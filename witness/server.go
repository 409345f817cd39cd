package witness

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
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
// LimitConns returns.
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

// LimitConns bounds how many connections of a listener are open at once; further
// ones wait to be accepted. The state needs file descriptors too.
func LimitConns(l net.Listener, n int) net.Listener {
	return &limitListener{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

type limitListener struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitConn{Conn: c, release: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitConn struct {
	net.Conn
	release func()
}

func (c *limitConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
