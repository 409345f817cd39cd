package daemon

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// crowd is a listener whose clients come from where a test says.
type crowd struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (c *crowd) Accept() (net.Conn, error) {
	select {
	case x := <-c.conns:
		return x, nil
	case <-c.closed:
		return nil, net.ErrClosed
	}
}
func (c *crowd) Close() error   { close(c.closed); return nil }
func (c *crowd) Addr() net.Addr { return &net.TCPAddr{} }

type remote struct {
	net.Conn
	addr net.Addr
}

func (r *remote) RemoteAddr() net.Addr { return r.addr }

// dial gives the listener a client from that address, and returns the client's end.
func (c *crowd) dial(t *testing.T, from string) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	c.conns <- &remote{theirs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 4711))}
	return ours
}

// hungUp reports whether the other end was closed; nobody writes to these clients.
func hungUp(c net.Conn) bool {
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	var timeout net.Error
	return !errors.As(err, &timeout) || !timeout.Timeout()
}

func TestLimitConns(t *testing.T) {
	const n, share = 24, 3
	c := &crowd{make(chan net.Conn, 100), make(chan struct{})}
	l := LimitConns(c, n)
	accepted := make(chan net.Conn, 100)
	go func() {
		for {
			x, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- x
		}
	}()
	held := func(from string, count, want int) (taken []net.Conn) {
		t.Helper()
		var clients []net.Conn
		for range count {
			clients = append(clients, c.dial(t, from))
		}
		for range want {
			select {
			case x := <-accepted:
				taken = append(taken, x)
			case <-time.After(10 * time.Second):
				t.Fatalf("from %s: %d of %d connections were accepted", from, len(taken), want)
			}
		}
		// Those beyond the share are hung up on, sooner or later, and no others.
		refused := -1
		for late := time.Now().Add(10 * time.Second); refused < count-want && time.Now().Before(late); {
			refused = 0
			for _, x := range clients {
				if hungUp(x) {
					refused++
				}
			}
		}
		if refused != count-want {
			t.Errorf("from %s: %d of %d connections were hung up on, want %d", from, refused, count, count-want)
		}
		return taken
	}
	crowded := held("192.0.2.7", 9, share)
	held("192.0.2.8", 1, 1) // a neighbour
	held("2001:db8:1:2::1", 2, 2)
	held("2001:db8:1:2:ffff::9", 2, 1) // the same client
	held("2001:db8:1:3::1", 1, 1)
	held("::ffff:192.0.2.7", 1, 0) // another way to write the first
	held("127.0.0.1", 5, 5)
	held("10.1.2.3", 5, 5)
	crowded[0].Close()
	crowded[0].Close() // twice gives up one share
	crowded[1].Close()
	again := held("192.0.2.7", 3, 2)
	// 18 are open: six more, and the rest waits until somebody goes.
	held("fd00::1", 6, 6)
	late := c.dial(t, "192.0.2.99")
	select {
	case <-accepted:
		t.Fatalf("more than %d connections", n)
	case <-time.After(50 * time.Millisecond):
	}
	again[0].Close()
	select {
	case <-accepted:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was let in when somebody had gone")
	}
	if hungUp(late) {
		t.Error("who waited was hung up on")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
