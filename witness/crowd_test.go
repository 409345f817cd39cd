package witness_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// TestHundredClients: of checkpoints that compete, and of histories that do, one line
// is cosigned. Each client holds a whole log with a history of its own.
func TestHundredClients(t *testing.T) {
	b := newBench(t, func(c *witness.Config) {
		// The time is not what is looked at here, and must not go by.
		c.Cosigners = nil
		for _, of := range []string{"w1", "w2"} {
			s, err := log.NewCosigner("witness.example/"+of, seed(of))
			if err != nil {
				t.Fatal(err)
			}
			c.Cosigners = append(c.Cosigners, s)
		}
	})
	server := httptest.NewServer(b.handler)
	defer server.Close()
	var trees []*tree
	for i := range 10 {
		trees = append(trees, newTree(t, fmt.Sprint(i), 40, 300))
	}
	h := &history{t: t}
	var took, lost atomic.Int64
	var clients sync.WaitGroup
	start := make(chan struct{})
	for i := range 100 {
		clients.Go(func() {
			dice := rand.New(rand.NewPCG(5, uint64(i)))
			tree, old := trees[i%len(trees)], uint64(0)
			<-start
			for range 20 {
				r := ask(tree, old, min(old+1+uint64(dice.IntN(5)), 300), b.sign)
				resp, err := http.Post(server.URL+"/submit/add-checkpoint", "", strings.NewReader(string(r.Marshal())))
				if err != nil {
					t.Error(err)
					return
				}
				body := text(resp)
				resp.Body.Close()
				switch resp.StatusCode {
				case 200:
					took.Add(1)
					h.add(r, body)
				case 409:
					lost.Add(1)
					fmt.Sscan(body, &old)
				case 422: // the line is another's by now
					return
				case 503: // as it says to who comes when it has enough to do
					time.Sleep(20 * time.Millisecond)
				default:
					t.Errorf("%d: %s", resp.StatusCode, body)
				}
			}
		})
	}
	close(start)
	clients.Wait()
	which := h.one(trees...)
	t.Logf("%d cosigned of history %d, %d too late", took.Load(), which, lost.Load())
	if took.Load() < 10 || lost.Load() < 50 {
		t.Errorf("%d and %d are too few to show anything", took.Load(), lost.Load())
	}
	// Every growth was cosigned once: two that both grew the log from one size can't be.
	if h.count != len(h.roots) {
		t.Errorf("%d cosignatures of %d sizes", h.count, len(h.roots))
	}
	h.kept(b.dir)
}

func TestRateOfALog(t *testing.T) {
	b := newBench(t, func(c *witness.Config) { c.CosignInterval = time.Hour })
	other, otherKey := edSigner(t, "other.example", "other")
	if _, err := b.state.Add(t.Context(), "other.example", []log.Key{otherKey}, false); err != nil {
		t.Fatal(err)
	}
	b.cosigned(b.request(0, 1))
	// A stranger repeats what the log has published: that is not at the log's cost.
	for range witness.Burst {
		b.cosigned(b.request(1, 1))
	}
	b.refused(b.request(1, 1).Marshal(), 429, "too many")
	for size := uint64(1); size < witness.Burst; size++ {
		b.cosigned(b.request(size, size+1))
	}
	resp := b.refused(b.request(witness.Burst, witness.Burst+1).Marshal(), 429, "too many")
	// The test itself takes some of that hour.
	if got, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || got > 3600 || got < 3500 {
		t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
	}
	// What can't be cosigned anyway costs nothing and is told so.
	b.refused(b.request(0, 1).Marshal(), 409, "")
	text := log.Checkpoint{Origin: "other.example", Size: 1, Root: b.tree.root(1)}.Marshal()
	b.cosigned(&log.AddCheckpoint{Note: &log.Note{Text: text, Signatures: []log.NoteSignature{other(text)}}})
}

// A checker says no, or can't say.
type checker func(ctx context.Context, old, next log.Checkpoint) error

func (f checker) Check(ctx context.Context, l *witness.Log, next log.Checkpoint, _ []byte) error {
	return f(ctx, l.Head, next)
}

func TestChecker(t *testing.T) {
	var asked []string
	var say error
	meanwhile := func() {}
	b := newBench(t, func(c *witness.Config) {
		c.Check = checker(func(_ context.Context, old, next log.Checkpoint) error {
			asked = append(asked, fmt.Sprintf("%d to %d", old.Size, next.Size))
			meanwhile()
			return say
		})
	})
	b.cosigned(b.request(0, 7))
	say = fmt.Errorf("%w: entry 7 is of nobody", witness.ErrRefused)
	b.refused(b.request(7, 8).Marshal(), 503, "is refused: entry 7 is of nobody")
	say = errors.New("the log does not answer")
	if resp := b.refused(b.request(7, 8).Marshal(), 503, "can't be checked now: the log does not answer"); resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	say = nil
	b.refused(b.request(0, 8).Marshal(), 409, "")
	b.refused(ask(b.tree, 7, 8).Marshal()[:0], 400, "")
	wrong := b.request(7, 12)
	wrong.Proof = nil
	b.refused(wrong.Marshal(), 422, "")
	// While it looks, the log gets another cosignature: the lock is not held, and what
	// it looked at is judged again.
	meanwhile = func() {
		meanwhile = func() {}
		b.cosigned(b.request(7, 9))
	}
	resp := b.post(b.request(7, 8).Marshal())
	if got := text(resp); resp.StatusCode != 409 || got != "9\n" {
		t.Errorf("%d: %s", resp.StatusCode, got)
	}
	b.cosigned(b.request(9, 10))
	if got, want := strings.Join(asked, ", "), "0 to 7, 7 to 8, 7 to 8, 7 to 8, 7 to 9, 9 to 10"; got != want {
		t.Errorf("asked about %s, want %s", got, want)
	}
}

func TestSimulatedTimeIsForDemonstrations(t *testing.T) {
	b := newBench(t, func(c *witness.Config) { c.Simulated = true })
	real, key := edSigner(t, "log.invented.test", "real")
	if _, err := b.state.Add(t.Context(), "log.invented.test", []log.Key{key}, false); err != nil {
		t.Fatal(err)
	}
	b.cosigned(b.request(0, 1))
	text := log.Checkpoint{Origin: "log.invented.test", Size: 1, Root: b.tree.root(1)}.Marshal()
	r := &log.AddCheckpoint{Note: &log.Note{Text: text, Signatures: []log.NoteSignature{real(text)}}}
	b.refused(r.Marshal(), 503, "simulated")
}

func TestHealth(t *testing.T) {
	b := newBench(t)
	ask := func() int {
		b.start() // an answer is good for some seconds
		return b.do(httptest.NewRequest("GET", "/healthz", nil)).StatusCode
	}
	b.cosigned(b.request(0, 1))
	if got := ask(); got != 200 {
		t.Errorf("%d", got)
	}
	b.pass(-time.Minute)
	if got := ask(); got != 503 {
		t.Errorf("with a clock that went back: %d", got)
	}
	if _, err := b.state.SetEnabled(t.Context(), origin, false); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != 200 {
		t.Errorf("with a clock that concerns no log: %d", got)
	}
	// Nothing is left of the attempt to write, and when it fails that is told.
	if list, err := os.ReadDir(b.dir); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if err := os.Mkdir(filepath.Join(b.dir, "probe"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != 503 {
		t.Errorf("with a state that can't be written: %d", got)
	}
	if err := os.Remove(filepath.Join(b.dir, "probe")); err != nil {
		t.Fatal(err)
	}
	if got := b.do(httptest.NewRequest("GET", "/healthz", nil)).StatusCode; got != 503 {
		t.Errorf("a moment later: %d", got)
	}
	if got := ask(); got != 200 {
		t.Errorf("when it can again: %d", got)
	}
}

func TestMetrics(t *testing.T) {
	b := newBench(t)
	m := witness.NewMetrics(b.witness)
	b.handler = witness.NewHandler(witness.HandlerConfig{Witness: b.witness, SubmissionPrefix: "/submit", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: m})
	b.cosigned(b.request(0, 7))
	b.refused(b.request(0, 8).Marshal(), 409, "")
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`pledge_witness_requests_total{status="200"} 1`, `pledge_witness_requests_total{status="409"} 1`,
		`pledge_witness_log_size{origin="` + origin + `"} 7`, `pledge_witness_log_cosigned_timestamp_seconds{origin="` + origin + `"} 1.7676036e+09`,
		`pledge_witness_log_enabled{origin="` + origin + `"} 1`, `pledge_witness_state_readable 1`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// No secret and nothing of the inside is in what the witness writes to its log.
func TestLogHoldsNoSecret(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 7))
	b.refused(b.request(0, 8).Marshal(), 409, "")
	for _, want := range []string{`"status":200`, `"status":409`, `"origin":"` + origin + `"`, `"size":7`} {
		if !strings.Contains(b.logs.String(), want) {
			t.Errorf("no %s in %s", want, b.logs)
		}
	}
	before := len(b.logs.String())
	r := b.request(7, 8)
	r.Note.Text = log.Checkpoint{Origin: strings.Repeat("é", 50_000), Size: 8}.Marshal()
	b.refused(r.Marshal(), 404, "")
	if n := len(b.logs.String()) - before; n > 1000 {
		t.Errorf("a stranger's request fills %d bytes", n)
	}
	for _, k := range b.keys {
		if strings.Contains(b.logs.String(), fmt.Sprintf("%08x", k.ID)) {
			t.Errorf("a key in %s", b.logs)
		}
	}
}

// A body that comes in drips is cut off, and holds up nobody meanwhile.
func TestSlowBodies(t *testing.T) {
	b := newBench(t)
	server := httptest.NewUnstartedServer(b.handler)
	server.Config.ReadTimeout = 4 * time.Second
	server.Start()
	defer server.Close()
	var slow []net.Conn
	for range 100 { // more than are worked on at once
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /submit/add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nold 0\n")
		slow = append(slow, c)
	}
	begun := time.Now()
	resp, err := http.Post(server.URL+"/submit/add-checkpoint", "", strings.NewReader(string(b.request(0, 1).Marshal())))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if took := time.Since(begun); resp.StatusCode != 200 || took > 3*time.Second {
		t.Errorf("%d after %v", resp.StatusCode, took)
	}
	for _, c := range slow {
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer, err := io.ReadAll(c)
		if err != nil || len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
			t.Fatalf("%q, %v", answer, err)
		}
	}
	if s := witness.NewServer(b.handler, slog.New(slog.NewTextHandler(io.Discard, nil))); s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("a limit of the server is not set: %+v", s)
	}
}

func TestNewRefuses(t *testing.T) {
	s, _ := newState(t)
	ed := cosigners(t)[0]
	samePublic, err := log.NewCosigner("witness.example/w2", seed("w1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][]*log.Cosigner{
		"no key":                     nil,
		"a key twice":                {ed, ed},
		"one Ed25519 key, two names": {ed, samePublic},
	} {
		if _, err := witness.New(witness.Config{State: s, Cosigners: c}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
