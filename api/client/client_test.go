package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// submission is any statement: these servers do not look at it.
func submission() *entry.Submission {
	return generator.New(generator.Options{Seed: 3}).Found().Submission()
}

// serve answers the n-th request, counted from 1, with h.
func serve(t *testing.T, h func(n int, w http.ResponseWriter, r *http.Request)) (*client.Client, *atomic.Int64) {
	t.Helper()
	n := new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(int(n.Add(1)), w, r) }))
	t.Cleanup(s.Close)
	c, err := client.New(s.URL, client.Options{Backoff: time.Millisecond, Timeout: 60 * time.Second, MaxReply: 100_000, MaxWait: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c, n
}

const (
	reply = `{"index":5,"id":"` + zeros + `","leaf":"AAAA","proof":"c2sp…","news":"a member of a later version"}`
	zeros = "0000000000000000000000000000000000000000000000000000000000000000"
)

func problem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", client.ProblemType)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"type":"urn:pledgelog:problem:%s","title":"T","status":200,"code":"%s","detail":"d","hint":"h","head":{"seq":3,"id":"%s"}}`, code, code, zeros)
}

// What passes is tried again: a statement is never logged twice.
func TestRetries(t *testing.T) {
	for name, fail := range map[string]func(w http.ResponseWriter){
		"busy":      func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); problem(w, 503, "server-busy") },
		"gateway":   func(w http.ResponseWriter) { http.Error(w, "<html>", 502) },
		"cut off":   func(w http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"half":      func(w http.ResponseWriter) { w.Header().Set("Content-Length", "900"); io.WriteString(w, "{") },
		"too often": func(w http.ResponseWriter) { problem(w, 429, "rate") },
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			c, n := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(b))
				if n < 3 {
					fail(w)
					return
				}
				w.WriteHeader(201)
				io.WriteString(w, reply)
			})
			r, err := c.Submit(t.Context(), submission())
			if err != nil || r.Index != 5 || r.Status != 201 {
				t.Fatalf("%+v, %v", r, err)
			}
			if n.Load() != 3 {
				t.Errorf("%d requests, want 3", n.Load())
			}
			if want := string(submission().Marshal()); bodies[0] != want || bodies[2] != want {
				t.Error("not the same bytes each time")
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	c, n := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { problem(w, 503, "log-stopped") })
	_, err := c.Submit(t.Context(), submission())
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "log-stopped" || p.Status != 503 || p.IsRefusal() {
		t.Errorf("error is %v", err)
	}
	if n.Load() != 4 {
		t.Errorf("%d requests, want 4", n.Load())
	}
	c, n = serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600")
		problem(w, 503, "server-busy")
	})
	if _, err := c.Submit(t.Context(), submission()); err == nil || n.Load() != 1 {
		t.Errorf("told to wait an hour: %v after %d requests", err, n.Load())
	}
}

// A refusal is final.
func TestRefusal(t *testing.T) {
	c, n := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { problem(w, 409, "seq-taken") })
	_, err := c.Submit(t.Context(), submission())
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "seq-taken" || p.Status != 409 || p.Head == nil || p.Head.Seq != 3 || !p.IsRefusal() || p.Hint != "h" {
		t.Errorf("error is %#v", err)
	}
	if n.Load() != 1 {
		t.Errorf("%d requests, want 1", n.Load())
	}
}

// Whatever answers, the client ends soon, with an error and bounded memory.
func TestStrangeAnswers(t *testing.T) {
	endless := func(w http.ResponseWriter) {
		for {
			if _, err := w.Write([]byte(strings.Repeat(" ", 10_000))); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   error
	}{
		"endless":     {endless, client.ErrTooLarge},
		"not JSON":    {func(w http.ResponseWriter) { io.WriteString(w, "<html>") }, client.ErrAnswer},
		"other types": {func(w http.ResponseWriter) { io.WriteString(w, `{"index":"five"}`) }, client.ErrAnswer},
		"no problem":  {func(w http.ResponseWriter) { http.Error(w, "<html>", 404) }, client.ErrAnswer},
		"endless problem": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", client.ProblemType)
			w.WriteHeader(400)
			endless(w)
		}, client.ErrAnswer},
		"elsewhere": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(307)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cl, n := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { c.answer(w) })
			_, err := cl.Submit(t.Context(), submission())
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if n.Load() != 1 {
				t.Errorf("%d requests, want 1", n.Load())
			}
		})
	}
}

func TestManyBreakOff(t *testing.T) {
	line := func(n int) string { return fmt.Sprintf(`{"line":%d,"status":201,%s`+"\n", n, reply[1:]) }
	for name, c := range map[string]struct {
		lines string
		seen  int
		code  entry.Code
	}{
		"early end":     {line(1), 1, ""},
		"wrong order":   {line(1) + line(3), 1, ""},
		"neither":       {`{"line":1,"status":201}` + "\n", 0, ""},
		"not JSON":      {line(1) + "<html>\n", 1, ""},
		"server ending": {line(1) + `{"line":0,"status":503,"problem":{"code":"server-ending","status":503}}` + "\n", 1, "server-ending"},
	} {
		t.Run(name, func(t *testing.T) {
			cl, _ := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", client.TypeNDJSON)
				io.WriteString(w, c.lines)
			})
			seen := 0
			err := cl.SubmitAll(t.Context(), []*entry.Submission{submission(), submission(), submission()}, func(i int, r *client.Reply, err error) error {
				if err != nil || i != seen || r.Index != 5 {
					t.Errorf("answer %d: %v, %v", i, r, err)
				}
				seen++
				return nil
			})
			if err == nil || seen != c.seen {
				t.Errorf("%d answers, want %d; error %v", seen, c.seen, err)
			}
			var p *client.Problem
			if errors.As(err, &p) != (c.code != "") || p != nil && p.Code != c.code {
				t.Errorf("error is %v, want %q", err, c.code)
			}
		})
	}
	// What answer returns comes back as it is.
	cl, _ := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", client.TypeNDJSON)
		io.WriteString(w, line(1)+line(2))
	})
	stop := errors.New("enough")
	if err := cl.SubmitAll(t.Context(), []*entry.Submission{submission(), submission()}, func(int, *client.Reply, error) error { return stop }); err != stop {
		t.Errorf("error is %v", err)
	}
}

func TestContextEnds(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c, _ := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := c.Submit(ctx, submission()); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestAddress(t *testing.T) {
	for _, bad := range []string{"", "log.accord.example", "ftp://log.example/", "https://", "https://a:b@log.example/", "https://log.example/?q", "https://log.example/#x", "http://[::1"} {
		if c, err := client.New(bad, client.Options{}); err == nil {
			t.Errorf("%q is taken as %s", bad, c)
		}
	}
	for in, want := range map[string]string{"https://log.example": "https://log.example/", "http://127.0.0.1:80/2026/": "http://127.0.0.1:80/2026/"} {
		if c, err := client.New(in, client.Options{}); err != nil || c.String() != want {
			t.Errorf("%q is %v, %v", in, c, err)
		}
	}
}

func TestUserAgentIsSent(t *testing.T) {
	got := make(chan string, 1)
	c, _ := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		got <- r.UserAgent()
		io.WriteString(w, "{}")
	})
	if _, err := c.Signatories(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ua := <-got; !strings.HasPrefix(ua, "pledgelog/") {
		t.Errorf("User-Agent is %q", ua)
	}
}

// Programs that use the client get neither the server nor its libraries.
func TestClientIsSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/pledgelog/pledgelog/api/client").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		for _, heavy := range []string{"gorilla/mux", "prometheus", "sqlite", "tessera", "pledgelog/intake", "pledgelog/store", "pledgelog/index"} {
			if strings.Contains(dep, heavy) {
				t.Errorf("the client reaches %s", strings.TrimSpace(dep))
			}
		}
	}
}
