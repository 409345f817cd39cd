package daemon

import (
	"net"
	"net/netip"
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
//
// One address has an eighth of them at most, and is hung up on beyond: else whoever
// keeps n connections that never say anything keeps everybody else out. What comes from
// this machine or a private network has no such share, as a proxy of the operator's own
// stands there for all its clients, and bounds these itself.
func LimitConns(l net.Listener, n int) net.Listener {
	return &limitListener{
		Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{}),
		share: max(1, n/8), open: make(map[netip.Prefix]int),
	}
}

type limitListener struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}

	share int // of one address
	mu    sync.Mutex
	open  map[netip.Prefix]int
}

func (l *limitListener) Accept() (net.Conn, error) {
	for {
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
		from := client(c.RemoteAddr())
		if !l.take(from) {
			c.Close()
			<-l.slots
			continue
		}
		return &limitConn{Conn: c, release: sync.OnceFunc(func() { l.give(from); <-l.slots })}, nil
	}
}

func (l *limitListener) take(from netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from.IsValid() && l.open[from] >= l.share {
		return false
	}
	l.open[from]++
	return true
}

func (l *limitListener) give(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// client returns who has a share: an IPv4 address, or the /64 that one client has of
// IPv6; zero for an address that has none of its own.
func client(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if !addr.IsValid() || addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() {
		return netip.Prefix{}
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits)
	return p
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
