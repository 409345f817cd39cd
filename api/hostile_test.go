package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
)

// hasty makes a server that waits for nobody, and still for who is honest on a machine
// that has other work to do.
func hasty(c *api.Config) {
	c.Limits.HeaderTime = 1200 * time.Millisecond
	c.Limits.ReadTime = 1500 * time.Millisecond
	c.Limits.IdleTime = time.Second
	c.Limits.WriteTime = 4 * time.Second
}

// dial opens a raw connection that the test ends by itself.
func (s *server) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(60 * time.Second))
	return c
}

// drip writes text over and over, a piece at a time, until the server has had
// enough; it returns all that the server said.
func drip(c net.Conn, first, text string, every time.Duration) []byte {
	io.WriteString(c, first)
	go func() {
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
			time.Sleep(every)
		}
	}()
	b, _ := io.ReadAll(c)
	return b
}

const postHead = "POST /api/v1/statements HTTP/1.1\r\nHost: x\r\nContent-Type: "

// Slow and endless requests are cut off: with a problem where something can still
// be said, and in any case soon. Others are served meanwhile.
func TestSlowAndEndlessRequests(t *testing.T) {
	s := newServer(t, hasty)
	a := s.member(0)
	before := s.size()
	type hostile struct {
		name  string
		first string // sent at once
		then  string // sent again and again
		every time.Duration
		code  entry.Code // "" when the connection just ends
	}
	const slow, fast = 50 * time.Millisecond, 0
	mega := strings.Repeat("x", 64<<10)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(mega), mega)
	cases := []hostile{
		{"nothing at all", "", "", slow, ""},
		{"slow header", "GET /checkpoint HTTP/1.1\r\nHost: x\r\nX-A: ", "a", slow, ""},
		{"endless header", "GET /checkpoint HTTP/1.1\r\nHost: x\r\nX-A: ", mega, fast, ""},
		{"endless number of headers", "GET /checkpoint HTTP/1.1\r\nHost: x\r\n", "X-A: a\r\n", fast, ""},
		{"no HTTP", "\x16\x03\x01\x02\x00", "\x01", slow, ""},
		{"slow body", postHead + "application/json\r\nContent-Length: 3000\r\n\r\n", "x", slow, "request-too-slow"},
		{"slow chunks", postHead + "application/json\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", slow, "request-too-slow"},
		{"announced too large", postHead + "application/json\r\nContent-Length: 999999999999\r\n\r\n", mega, fast, "request-too-large"},
		{"endless body", postHead + "application/json\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, fast, "request-too-large"},
		{"slow line", postHead + "application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", slow, "request-too-slow"},
		{"endless line", postHead + "application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, fast, "line-too-large"},
		{"broken chunks", postHead + "application/json\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n", slow, "request-broken-off"},
	}
	var wg sync.WaitGroup
	for _, h := range cases {
		wg.Go(func() {
			start := time.Now()
			said := drip(s.dial(), h.first, h.then, h.every)
			if took := time.Since(start); took > 40*time.Second {
				t.Errorf("%s: held out for %v", h.name, took)
			}
			if h.code == "" {
				if strings.Contains(string(said), "HTTP/1.1 2") {
					t.Errorf("%s: %.200s", h.name, said)
				}
				return
			}
			var p client.Problem
			if _, body, ok := bytes.Cut(said, []byte("\r\n\r\n")); !ok || json.Unmarshal(bytes.TrimSpace(body), &p) != nil || p.Code != h.code || p.Hint == "" {
				t.Errorf("%s: want %s, got %.400s", h.name, h.code, said)
			}
		})
	}
	// A connection that sends half a request and is gone.
	for range 20 {
		c := s.dial()
		io.WriteString(c, postHead+"application/json\r\nContent-Length: 3000\r\n\r\n{")
		c.Close()
	}
	s.mustSubmit(s.request(a)) // others are served meanwhile
	wg.Wait()
	if after := s.size(); after != before+1 {
		t.Errorf("the log grew from %d to %d", before, after)
	}
	s.mustSubmit(s.request(a))
}

// A stream may go on as long as lines keep coming, up to its limits, and every
// line that was read is answered.
func TestEndlessLines(t *testing.T) {
	t.Run("number", func(t *testing.T) {
		s := newServer(t, func(c *api.Config) { c.Limits.Lines = 50 })
		lines := s.stream(strings.Repeat("{}\n", 60))
		if len(lines) != 51 {
			t.Fatalf("%d answers, want 51", len(lines))
		}
		last := lines[50]
		if last.Line != 0 || last.Status != 413 || last.Problem.Code != "request-too-long" {
			t.Errorf("the last answer is %+v %v", last, last.Problem)
		}
	})
	t.Run("time", func(t *testing.T) {
		s := newServer(t, func(c *api.Config) { c.Limits.StreamTime = 2 * time.Second })
		said := drip(s.dial(), postHead+"application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\n{}\n\r\n", 10*time.Millisecond)
		if !bytes.Contains(said, []byte(`"line":1,`)) || !bytes.Contains(said, []byte(`"code":"request-too-long"`)) {
			t.Errorf("the answer is %.300s … %s", said, said[max(0, len(said)-500):])
		}
	})
}

// A client that sends and never reads is let go.
func TestClientThatDoesNotRead(t *testing.T) {
	s := newServer(t, hasty)
	a := s.member(0)
	c := s.dial()
	c.(*net.TCPConn).SetReadBuffer(4 << 10)
	io.WriteString(c, postHead+"application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
	for {
		line := strings.Repeat("{}\n", 4000)
		if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", len(line), line); err != nil {
			break // the server had enough, of too many lines or of us
		}
	}
	s.mustSubmit(s.request(a))
}

// Answers go out while lines still come in.
func TestStreamIsAnsweredAsItGoes(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/statements", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", client.TypeNDJSON)
	first := s.say(s.request(a)).Marshal()
	go pw.Write(append(first, '\n'))
	resp, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answers := bufio.NewReader(resp.Body)
	for i := range 3 {
		text, err := answers.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if l := parseLines(t, text)[0]; l.Status != 201 || l.Line != i+1 {
			t.Fatalf("answer %d: %s", i, text)
		}
		// The next is drafted after the answer to the one before it.
		if i < 2 {
			if _, err := pw.Write(append(s.say(s.request(a)).Marshal(), '\n')); err != nil {
				t.Fatal(err)
			}
		}
	}
	pw.Close()
	if rest, err := io.ReadAll(answers); err != nil || len(rest) != 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

// A server that ends answers what it read and says that it reads no more.
func TestStreamWhenTheServerEnds(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/api/v1/statements", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", client.TypeNDJSON)
	go pw.Write(append(s.say(s.request(a)).Marshal(), '\n'))
	resp, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s.API.Drain()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := parseLines(t, b)
	if len(lines) != 2 || lines[0].Status != 201 || lines[1].Line != 0 || lines[1].Problem == nil || lines[1].Problem.Code != "server-ending" {
		t.Errorf("answers are %s", b)
	}
	if p := s.get("/readyz").problem(t); p.Status != 503 {
		t.Errorf("readyz is %d", p.Status)
	}
	if a := s.get("/healthz"); a.StatusCode != 200 {
		t.Errorf("healthz is %d", a.StatusCode)
	}
}

// More than the server can take at once is refused with the time to come back.
func TestBusy(t *testing.T) {
	t.Run("streams", func(t *testing.T) {
		s := newServer(t, func(c *api.Config) { c.Limits.Streams = 1 })
		c := s.dial()
		io.WriteString(c, postHead+"application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n")
		if _, err := c.Read(make([]byte, 1)); err != nil { // it is being answered
			t.Fatal(err)
		}
		ans := s.post(client.TypeNDJSON, []byte("{}\n"))
		if p := ans.problem(t); p.Status != 503 || p.Code != "server-busy" || ans.Header.Get("Retry-After") != "1" {
			t.Errorf("%d %s, Retry-After %q", p.Status, p.Code, ans.Header.Get("Retry-After"))
		}
	})
	t.Run("streams that come to nothing", func(t *testing.T) {
		s := newServer(t, func(c *api.Config) { c.Limits.Streams, c.Limits.TakenTime = 1, 300*time.Millisecond })
		c := s.dial()
		io.WriteString(c, postHead+"application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
		ended := make(chan struct{})
		go func() { // a line that is refused, again and again
			defer close(ended)
			for range 1000 {
				if _, err := io.WriteString(c, "3\r\n{}\n\r\n"); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
		b, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), `"code":"request-idle"`) {
			t.Errorf("it was not ended: %.300s", b)
		}
		c.Close()
		<-ended
		if ans := s.post(client.TypeNDJSON, []byte("{}\n")); ans.StatusCode == 503 {
			t.Error("its place was not given to others")
		}
	})
	t.Run("memory", func(t *testing.T) {
		s := newServer(t, func(c *api.Config) { c.Limits.Memory = 8 << 10 })
		a := s.member(0)
		big := bytes.Repeat([]byte(" "), 100<<10)
		ans := s.post(client.TypeJSON, big)
		if p := ans.problem(t); p.Status != 503 || p.Code != "server-busy" {
			t.Errorf("%d %s", p.Status, p.Code)
		}
		s.mustSubmit(s.world.Draft(a, entry.KindPledge, &entry.Pledge{Charter: s.world.Charter, Clauses: []string{"report"}}, nil))
	})
	t.Run("connections", func(t *testing.T) {
		s := newServer(t, hasty)
		var conns []net.Conn
		for range 600 { // the test's listener takes 512
			c, err := net.Dial("tcp", s.Addr)
			if err != nil {
				break
			}
			conns = append(conns, c)
		}
		defer func() {
			for _, c := range conns {
				c.Close()
			}
		}()
		s.member(0) // they are let go, and others come in
	})
}

// slowIntake takes its time.
type slowIntake struct {
	api.Intake
	delay time.Duration
}

func (s slowIntake) Submit(ctx context.Context, sub *entry.Submission) (*intake.Receipt, error) {
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Intake.Submit(ctx, sub)
}

// A receipt may take longer than a request may.
func TestReceiptThatTakesLong(t *testing.T) {
	s := newServer(t, hasty, func(c *api.Config) { c.Intake = slowIntake{c.Intake, 2500 * time.Millisecond} })
	s.mustSubmit(s.world.Admit(s.world.Signatories[0]))
}

// Beyond the number of submissions that may wait, the next one is told to come
// back.
func TestTooManyWait(t *testing.T) {
	s := newServer(t, func(c *api.Config) {
		c.Limits.Submissions = 1
		c.Intake = slowIntake{c.Intake, 300 * time.Millisecond}
	})
	sub := s.say(s.world.Admit(s.world.Signatories[0])).Marshal()
	const clients = 4
	var wg sync.WaitGroup
	codes := make(chan int, clients)
	for range clients {
		wg.Go(func() {
			resp, err := plain.Post(s.URL+"/api/v1/statements", client.TypeJSON, bytes.NewReader(sub))
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode == 503 && resp.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			codes <- resp.StatusCode
		})
	}
	wg.Wait()
	close(codes)
	got := make(map[int]int)
	for c := range codes {
		got[c]++
	}
	if got[201] != 1 || got[503]+got[200] != clients-1 || got[503] == 0 {
		t.Errorf("statuses are %v", got)
	}
}

// While the published checkpoint lacks the witnesses that the policy wants, no proof
// is given under it, and the server says why.
func TestWitnessesMissing(t *testing.T) {
	witness, err := log.NewCosigner("witness.example", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	var index api.Index
	s := newServer(t, func(c *api.Config) {
		index = c.Index
		p := &log.Policy{Logs: c.Policy.Logs, Witnesses: []log.Witness{{Name: "w", Key: witness.Key()}}, Quorum: "w"}
		if c.Policy, err = log.ParsePolicy(p.Marshal()); err != nil {
			t.Fatal(err)
		}
	})
	if err := index.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/readyz", "/api/v1/entries/0/proof"} {
		ans := s.get(path)
		if p := ans.problem(t); p.Status != 503 || p.Code != "witnesses-missing" || ans.Header.Get("Retry-After") != "30" {
			t.Errorf("%s: %d %s, Retry-After %q", path, p.Status, p.Code, ans.Header.Get("Retry-After"))
		}
	}
}

// A clock that is behind the log stops the sequencer, and clients hear of it.
func TestClockBehind(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	s.SetTime(s.world.Now() - 3600)
	ans := s.post(client.TypeJSON, s.request(a).Submission().Marshal())
	if p := ans.problem(t); p.Status != 503 || p.Code != "clock-behind" || ans.Header.Get("Retry-After") != "30" {
		t.Errorf("%d %s, Retry-After %q", p.Status, p.Code, ans.Header.Get("Retry-After"))
	}
	s.SetTime(s.world.Now())
	s.mustSubmit(s.request(a))
}

// Where reading fails for a reason of the server's own, the client learns an
// incident's id and nothing of the inside.
func TestInsideStaysInside(t *testing.T) {
	s := newServer(t, func(c *api.Config) {
		c.Web = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/half":
				io.WriteString(w, "some")
				w.(http.Flusher).Flush()
				fallthrough
			default:
				panic("the secret recipe")
			}
		})
	})
	check := func(ans *answer) {
		t.Helper()
		p := ans.problem(t)
		if p.Status != 500 || p.Code != "internal-error" || len(p.Incident) != 16 {
			t.Errorf("problem is %s", ans.body)
		}
		for _, secret := range []string{"secret", "recipe", s.Dir, ".go", "goroutine"} {
			if bytes.Contains(ans.body, []byte(secret)) {
				t.Errorf("%q is in %s", secret, ans.body)
			}
		}
		if !strings.Contains(s.Log(), p.Incident) {
			t.Errorf("incident %s is not in the server's log", p.Incident)
		}
	}
	check(s.get("/boom"))
	if resp, err := plain.Get(s.URL + "/half"); err == nil {
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Error("an answer that broke off looks whole")
		}
		resp.Body.Close()
	}
	// A checkpoint that is none.
	if ans := s.get("/api/v1/entries/0"); ans.StatusCode != 200 {
		t.Fatalf("entry 0: %s", ans.body)
	}
	good, err := os.ReadFile(s.Dir + "/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Dir+"/checkpoint", []byte("rubbish\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(s.Dir+"/checkpoint", good, 0o600)
	check(s.get("/api/v1/entries/0/proof"))
	if p := s.get("/readyz").problem(t); p.Status != 503 || p.Code != "not-ready" {
		t.Errorf("readyz: %d %s", p.Status, p.Code)
	}
}

// pendingIntake finds no quorum of witnesses in time.
type pendingIntake struct{ api.Intake }

func (pendingIntake) Submit(context.Context, *entry.Submission) (*intake.Receipt, error) {
	return nil, &intake.Pending{Index: 7, Entry: entry.ID{1}}
}

// What has its index and no checkpoint yet is to be asked for again, and it is said when.
func TestReceiptThatIsPending(t *testing.T) {
	s := newServer(t, func(c *api.Config) { c.Intake = pendingIntake{c.Intake} })
	ans := s.post(client.TypeJSON, s.world.Admit(s.world.Signatories[0]).Submission().Marshal())
	if ans.StatusCode != 202 || ans.Header.Get("Retry-After") != "5" || !strings.Contains(string(ans.body), `"index":7`) {
		t.Errorf("%d, Retry-After %q: %s", ans.StatusCode, ans.Header.Get("Retry-After"), ans.body)
	}
}
