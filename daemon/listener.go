package daemon

import (
	"net"
	"strconv"
	"strings"
	"sync"
)

// CheckAddresses says what is wrong with the addresses of a configuration's keys listen
// and metrics_listen. Example is an address as the first may be.
func CheckAddresses(listen, metrics, example string, say func(key, hint, format string, args ...any)) {
	hint := "give an address and a port, such as " + example
	for _, a := range []struct{ key, value string }{{"listen", listen}, {"metrics_listen", metrics}} {
		if a.value == "" {
			if a.key == "listen" {
				say(a.key, hint, "it is empty")
			}
			continue
		}
		_, port, err := net.SplitHostPort(a.value)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			say(a.key, hint, "%q is not an address with a port", a.value)
		}
	}
	if listen != "" && listen == metrics && !strings.HasSuffix(listen, ":0") {
		say("metrics_listen", "choose another port: metrics are not for the public", "it is the same as listen")
	}
}

// LimitConns bounds how many connections of a listener are open at once; further
// ones wait to be accepted. Files need descriptors too: a log that can't open
// its own must stop, so that a crowd of connections must not take them all.
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
