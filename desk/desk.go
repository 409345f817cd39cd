package desk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config is what a desk is made of.
type Config struct {
	Tools    Tools
	Listener net.Listener // on a loopback address
	// Idle is how long it stays open when nobody does anything. Default: 30 minutes.
	Idle time.Duration
	// Say tells the person at the terminal something.
	Say func(string)

	guard guard // guarded; others show in tests what each check stops
}

// A Desk serves one person.
type Desk struct {
	tools   Tools
	address string
	say     func(string)
	server  *http.Server
	l       net.Listener
	idle    time.Duration
	end     chan string // why it ends

	mu      sync.Mutex
	token   string // "" once it was used
	session string // "" before
	timer   *time.Timer
	sitting *sitting
}

// New makes a desk.
func New(c Config) (*Desk, error) {
	if !IsLoopback(c.Listener.Addr().String()) {
		return nil, fmt.Errorf("listen: %s is not a loopback address", c.Listener.Addr())
	}
	d := &Desk{tools: c.Tools, address: c.Listener.Addr().String(), say: c.Say, l: c.Listener, idle: c.Idle, end: make(chan string, 1), token: newSecret()}
	if d.idle == 0 {
		d.idle = 30 * time.Minute
	}
	if d.say == nil {
		d.say = func(string) {}
	}
	d.sitting = d.newSitting()
	if c.guard == nil {
		c.guard = guarded
	}
	d.server = &http.Server{
		Handler:           c.guard(d.address, http.HandlerFunc(d.serve)),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	return d, nil
}

// Address opens the desk, once.
func (d *Desk) Address() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return "http://" + d.address + "/open/" + d.token
}

// Serve serves until the person closes the desk, nobody does anything for too long, or
// ctx ends. It returns why, in words.
func (d *Desk) Serve(ctx context.Context) (string, error) {
	d.timer = time.AfterFunc(d.idle, func() { d.close(texts.Say("end.idle").Text) })
	defer d.timer.Stop()
	d.server.BaseContext = func(net.Listener) context.Context { return ctx }
	failed := make(chan error, 1)
	go func() { failed <- d.server.Serve(d.l) }()
	var why string
	select {
	case err := <-failed:
		return "", fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		why = texts.Say("end.stopped").Text
	case why = <-d.end:
	}
	// The last page is on its way; nothing else is waited for.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := d.server.Shutdown(last); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return why, fmt.Errorf("close: %w", err)
	}
	d.server.Close()
	d.waitForLast()
	defer d.mu.Unlock()
	d.sitting.drop()
	d.session, d.token = "", ""
	return why, nil
}

// waitForLast takes the sitting's lock. What a person began last may still run, a signature by a
// slow token for one: then it is said what is waited for, and that nothing new is taken.
func (d *Desk) waitForLast() {
	for range 50 {
		if d.mu.TryLock() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.say(texts.Say("say.last").Text)
	d.mu.Lock()
}

func (d *Desk) close(why string) {
	select {
	case d.end <- why:
	default:
	}
}

// serve is what guarded lets through.
func (d *Desk) serve(w http.ResponseWriter, r *http.Request) {
	first, rest, below := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if first == "open" && below && r.Method == http.MethodGet {
		d.open(w, rest)
		return
	}
	d.mu.Lock()
	ok := d.session != "" && same(first, d.session)
	if ok && d.timer != nil {
		d.timer.Reset(d.idle)
	}
	d.mu.Unlock()
	if !ok || !below {
		refuse(w, http.StatusForbidden, "refused.session")
		return
	}
	switch {
	case rest == "" && r.Method == http.MethodGet:
		d.show(w, r)
	case rest == "" && r.Method == http.MethodPost:
		d.act(w, r)
	case rest == "lint" && r.Method == http.MethodPost:
		d.lint(w, r)
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "refused.method")
	default:
		d.file(w, r, rest)
	}
}

// open takes the token and gives a session for it.
func (d *Desk) open(w http.ResponseWriter, token string) {
	d.mu.Lock()
	ok := d.token != "" && same(token, d.token)
	used := d.token == "" && d.session != ""
	if ok {
		d.token, d.session = "", newSecret()
	}
	session := d.session
	d.mu.Unlock()
	if !ok {
		if used {
			d.say(texts.Say("say.twice").Text)
		}
		refuse(w, http.StatusForbidden, "refused.token")
		return
	}
	d.say(texts.Say("say.opened").Text)
	w.Header().Set("Location", "/"+session+"/")
	w.WriteHeader(http.StatusSeeOther)
}
