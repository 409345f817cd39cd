package scenes

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// A relay stands between clients and a server, and keeps every byte that crosses.
type relay struct {
	t     *testing.T
	l     net.Listener
	to    string
	name  string // of whom it leads to
	mu    sync.Mutex
	conns []*crossing
	limit int           // after so many bytes from the server it holds them back; 0: never
	held  chan struct{} // closed when it holds
	open  chan struct{} // closed to let them go
}

// A crossing is one connection.
type crossing struct{ up, down bytes.Buffer }

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, l: l, to: to, name: "the server"}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.carry(c)
		}
	}()
	return r
}

func (r *relay) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer server.Close()
	x := new(crossing)
	r.mu.Lock()
	r.conns = append(r.conns, x)
	r.mu.Unlock()
	go func() {
		r.pass(server, client, &x.up, false)
		server.(*net.TCPConn).CloseWrite()
	}()
	r.pass(client, server, &x.down, true)
}

func (r *relay) pass(to io.Writer, from io.Reader, keep *bytes.Buffer, down bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		r.mu.Lock()
		keep.Write(b[:n])
		var wait chan struct{}
		if down && r.limit > 0 {
			if r.limit -= n; r.limit <= 0 {
				r.limit = 1
				wait = r.open
				select {
				case <-r.held:
				default:
					close(r.held)
				}
			}
		}
		r.mu.Unlock()
		if wait != nil {
			<-wait
		}
		if _, werr := to.Write(b[:n]); werr != nil || err != nil {
			return
		}
	}
}

// hold has the relay hold back what comes from the server after so many bytes.
func (r *relay) hold(after int) (held <-chan struct{}, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit, r.held, r.open = after, make(chan struct{}), make(chan struct{})
	return r.held, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.limit = 0
		close(r.open)
	}
}

// crossed is all that crossed: as it crossed, and what it was before it was compressed or
// cut into pieces.
func (r *relay) crossed(see func(place string, data []byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.conns {
		up, down := x.up.Bytes(), x.down.Bytes()
		see("wire to "+r.name, up)
		see("wire from "+r.name, down)
		requests := bufio.NewReader(bytes.NewReader(up))
		answers := bufio.NewReader(bytes.NewReader(down))
		for {
			q, err := http.ReadRequest(requests)
			if err != nil {
				break
			}
			body, _ := io.ReadAll(q.Body) // what broke off is looked at as far as it came
			see("wire to "+r.name, unpacked(body))
			a, err := http.ReadResponse(answers, q)
			if err != nil {
				break
			}
			body, _ = io.ReadAll(a.Body)
			see("wire from "+r.name, unpacked(body))
		}
	}
}

// unpacked is what was compressed, as far as it can be read, or else as it is.
func unpacked(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return b
	}
	out, _ := io.ReadAll(z)
	return out
}
