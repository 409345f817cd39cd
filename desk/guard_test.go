package desk

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// noTools have nobody's drafts, and do nothing.
type noTools struct{ Tools }

func (noTools) Who() Who {
	return Who{Author: "acme", Origin: "log.accord.test/2026", Key: strings.Repeat("a", 64)}
}
func (noTools) Countries() []Country        { return []Country{{"XB", "Federation of Borvania"}} }
func (noTools) Drafts() ([]*Look, error)    { return nil, nil }
func (noTools) Waiting() ([]Waiting, error) { return nil, nil }

// open serves a desk and returns its address and its host.
func open(t *testing.T, idle time.Duration) (address, host string, ended <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Tools: noTools{}, Listener: l, Idle: idle})
	if err != nil {
		t.Fatal(err)
	}
	why := make(chan string, 1)
	go func() {
		text, err := d.Serve(t.Context())
		if err != nil {
			text = err.Error()
		}
		why <- text
	}()
	return d.Address(), l.Addr().String(), why
}

// browser follows no redirect.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func ask(t *testing.T, method, address, body string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	a, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(text)
}

// TestRefused: what is not the desk's own page gets nothing, and changes nothing.
func TestRefused(t *testing.T) {
	address, host, _ := open(t, 0)
	base := "http://" + host
	if a, _ := ask(t, "GET", base+"/open/"+strings.Repeat("A", 43), "", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("another token: %s", a.Status)
	}
	if a, _ := ask(t, "GET", base+"/", "", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("no token: %s", a.Status)
	}
	for _, name := range []string{"localhost", "pledge.example", "[::1]"} {
		a, _ := ask(t, "GET", address, "", func(r *http.Request) { r.Host = name + host[strings.LastIndex(host, ":"):] })
		if a.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("as %s: %s", name, a.Status)
		}
	}
	a, _ := ask(t, "GET", address, "", nil)
	session := a.Header.Get("Location")
	if a.StatusCode != http.StatusSeeOther || len(session) < 40 || len(a.Cookies()) > 0 {
		t.Fatalf("the token: %s, to %q", a.Status, session)
	}
	if a, _ := ask(t, "GET", address, "", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("the token a second time: %s", a.Status)
	}
	a, text := ask(t, "GET", base+session, "", nil)
	if a.StatusCode != http.StatusOK || !strings.Contains(text, `name="do" value="unsure"`) {
		t.Fatalf("the first page: %s %s", a.Status, text)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	csp := a.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) || strings.Contains(csp, "unsafe") {
			t.Errorf("policy: %s", csp)
		}
	}
	form := url.Values{"step": {"0"}, "do": {"unsure"}}.Encode()
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		want               int
	}{
		"another origin":         {"POST", session, form, func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, http.StatusForbidden},
		"a page of another site": {"POST", session, form, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		"another port":           {"POST", session, form, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, http.StatusForbidden},
		"another session":        {"POST", "/" + strings.Repeat("A", 43) + "/", form, nil, http.StatusForbidden},
		"half a session":         {"GET", session[:20] + "/", "", nil, http.StatusForbidden},
		"no slash":               {"GET", strings.TrimSuffix(session, "/"), "", nil, http.StatusForbidden},
		"another method":         {"PUT", session, form, nil, http.StatusMethodNotAllowed},
		"delete":                 {"DELETE", session, "", nil, http.StatusMethodNotAllowed},
		"no such file":           {"GET", session + "secrets.txt", "", nil, http.StatusNotFound},
		"out of the folder":      {"GET", session + "..%2f..%2fetc%2fpasswd", "", nil, http.StatusNotFound},
		"too large":              {"POST", session, "x=" + strings.Repeat("y", maxForm+1), nil, http.StatusRequestEntityTooLarge},
		"no form":                {"POST", session, "%zz", nil, http.StatusBadRequest},
	} {
		if a, _ := ask(t, c.method, base+c.path, c.body, c.change); a.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", name, a.Status, c.want)
		}
	}
	// None of them did anything: the page is the first one still.
	if _, text := ask(t, "GET", base+session, "", nil); !strings.Contains(text, `name="do" value="unsure"`) {
		t.Errorf("a request that was refused did something: %s", text)
	}
	// A press of the same button twice does one thing.
	ask(t, "POST", base+session, form, func(r *http.Request) { r.Header.Set("Origin", base) })
	_, first := ask(t, "GET", base+session, "", nil)
	if strings.Contains(first, `value="unsure"`) {
		t.Error("its own form did nothing")
	}
	ask(t, "POST", base+session, url.Values{"step": {"0"}, "do": {"start"}}.Encode(), nil)
	if _, text := ask(t, "GET", base+session, "", nil); strings.Contains(text, `value="unsure"`) {
		t.Error("an old form did something")
	}
}

// TestIdle: nobody at it, and it closes.
func TestIdle(t *testing.T) {
	_, _, ended := open(t, 50*time.Millisecond)
	select {
	case why := <-ended:
		if why != texts.Say("end.idle").Text {
			t.Errorf("it ended: %s", why)
		}
	case <-time.After(10 * time.Second):
		t.Error("it stays open")
	}
}

// TestLoopback: nobody on another machine.
func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:80": true, "127.9.9.9:1": true,
		"0.0.0.0:0": false, "[::]:0": false, ":80": false, "localhost:80": false, "192.0.2.1:80": false, "127.0.0.1": false, "": false,
	} {
		if got := IsLoopback(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

// slowTools take long to say what is due, and listen to nobody.
type slowTools struct {
	noTools
	begun, goOn chan struct{}
}

func (s slowTools) Standing(context.Context) (*Standing, error) {
	close(s.begun)
	<-s.goOn
	return &Standing{}, nil
}

// TestSlowEnd: what was begun last is waited for, and that is said at once.
func TestSlowEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 8)
	tools := slowTools{begun: make(chan struct{}), goOn: make(chan struct{})}
	d, err := New(Config{Tools: tools, Listener: l, Say: func(text string) { said <- text }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); d.Serve(ctx) }()
	a, _ := ask(t, "GET", d.Address(), "", nil)
	session := "http://" + l.Addr().String() + a.Header.Get("Location")
	go func() {
		a, err := http.PostForm(session, url.Values{"step": {"0"}, "do": {"due"}})
		if err == nil {
			a.Body.Close()
		}
	}()
	<-tools.begun
	stop()
	for text := ""; text != texts.Say("say.last").Text; {
		select {
		case text = <-said:
		case <-ended:
			t.Fatal("it ended with something under way")
		case <-time.After(10 * time.Second):
			t.Fatal("it waits, and says nothing")
		}
	}
	// Its port is free again: another desk can open there.
	again, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	close(tools.goOn)
	<-ended
}
