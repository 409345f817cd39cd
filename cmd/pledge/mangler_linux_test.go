package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"time"
)

// A mangle is what a bad connection does with one answer.
type mangle int

const (
	untouched  mangle = iota
	cutBefore         // the server never hears of the request
	cutAfter          // the server has done it, and the answer is lost
	halfBytes         // the answer breaks off
	halfText          // the answer is half, and whole as HTTP has it
	twice             // the answer comes twice, one after the other
	late              // the answer takes a while, and the next one overtakes it
	anothers          // the answer to another request
	backwards         // the lines of the answer are in another order
	badGateway        // something in between answers
	mangles
)

var mangleNames = [mangles]string{"untouched", "cut before", "cut after", "half the bytes", "half the text", "twice", "late", "another's", "backwards", "bad gateway"}

func (m mangle) String() string { return mangleNames[m] }

// A mangler stands between a client and a server, and mangles answers to statements.
type mangler struct {
	server http.Handler
	front  *httptest.Server

	mu    sync.Mutex
	plan  []mangle          // what becomes of the next answers; then all are whole
	at    map[string]func() // what happens at a moment of the exchange, before it goes on
	other []byte            // the last answer to another request
	done  map[mangle]int    // what was done
}

func newMangler(proxy *httputil.ReverseProxy) *mangler {
	m := &mangler{server: proxy, done: make(map[mangle]int)}
	m.front = httptest.NewUnstartedServer(m)
	m.front.Listener = &toldListener{m.front.Listener, m}
	m.front.Start()
	return m
}

// toldListener tells of a client that connects, before it has sent anything.
type toldListener struct {
	net.Listener
	m *mangler
}

func (l *toldListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.m.moment("connecting")
	}
	return c, err
}

// expect says what becomes of the next answers, and what happens when.
func (m *mangler) expect(plan []mangle, at map[string]func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plan, m.at = plan, at
}

// moment lets happen what is to happen, and reports whether that was anything.
func (m *mangler) moment(name string) bool {
	m.mu.Lock()
	f := m.at[name]
	m.mu.Unlock()
	if f != nil {
		f()
	}
	return f != nil
}

func (m *mangler) next() mangle {
	m.mu.Lock()
	defer m.mu.Unlock()
	how := untouched
	if len(m.plan) > 0 {
		how, m.plan = m.plan[0], m.plan[1:]
	}
	m.done[how]++
	return how
}

func (m *mangler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		m.server.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	how := m.next()
	if m.moment("sent") {
		panic(http.ErrAbortHandler)
	}
	switch how {
	case cutBefore:
		panic(http.ErrAbortHandler)
	case badGateway:
		http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	m.server.ServeHTTP(answer, r)
	if m.moment("answered") {
		panic(http.ErrAbortHandler)
	}
	text := bytes.Clone(answer.Body.Bytes())
	m.mu.Lock()
	other := m.other
	m.other = text
	m.mu.Unlock()
	switch how {
	case cutAfter:
		panic(http.ErrAbortHandler)
	case halfText:
		text = text[:len(text)/2]
	case late:
		time.Sleep(300 * time.Millisecond)
	case anothers:
		if other != nil {
			text = other
		}
	case backwards:
		lines := strings.SplitAfter(string(text), "\n")
		slices.Reverse(lines)
		text = []byte(strings.Join(lines, ""))
	}
	m.give(w, how, answer, text)
	m.moment("relayed")
}

// give writes an answer to the connection itself, so that it is on its way when it returns.
func (m *mangler) give(w http.ResponseWriter, how mangle, answer *httptest.ResponseRecorder, text []byte) {
	conn, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	var whole bytes.Buffer
	fmt.Fprintf(&whole, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", answer.Code, http.StatusText(answer.Code), answer.Header().Get("Content-Type"), len(text), text)
	b := whole.Bytes()
	switch how {
	case halfBytes:
		b = b[:len(b)-len(text)/2]
	case twice:
		b = append(b, b...)
	}
	half := len(b) - len(text)/2
	write := func(w *bufio.Writer, b []byte) {
		if _, err := w.Write(b); err == nil {
			w.Flush() // the client may be gone
		}
	}
	write(buf.Writer, b[:half])
	if !m.moment("half relayed") {
		write(buf.Writer, b[half:])
	}
}
