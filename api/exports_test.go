package api_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
)

// TestManyExportsAtOnce: of 10,000 at once a few are written, and the others are told at
// once to come again.
func TestManyExportsAtOnce(t *testing.T) {
	var source *counting
	s := newServer(t, func(c *api.Config) {
		source = &counting{Source: c.Source, goOn: make(chan struct{})}
		x, err := index.Open(t.Context(), index.Config{Origin: c.Origin, Source: source, Policy: c.Policy, Logger: c.Logger})
		if err != nil {
			t.Fatal(err)
		}
		c.Index = x
	})
	st := s.request(s.member(0))
	s.mustSubmit(st)
	_, want := s.exported("csv", -1)
	source.hold(log.BodyPath(st.BodyDigest))
	const all = 10_000
	answers := make(chan *httptest.ResponseRecorder, all)
	for range all {
		go func() {
			w := httptest.NewRecorder()
			s.API.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/export.csv", nil))
			answers <- w
		}()
	}
	for range all - 4 {
		if w := <-answers; w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"code":"server-busy"`) {
			t.Fatalf("one of too many: %d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	close(source.goOn)
	for range 4 {
		if w := <-answers; w.Code != 200 || w.Body.String() != want {
			t.Errorf("one that was written: %d, %d bytes of %d", w.Code, w.Body.Len(), len(want))
		}
	}
	if most := source.most(); most == 0 || most > 4 {
		t.Errorf("%d texts were read at once", most)
	}
	s.exported("jsonl", -1)
}

// counting counts who reads a file at once, and holds them until it may go on.
type counting struct {
	api.Source
	goOn chan struct{}

	mu           sync.Mutex
	at           string
	now, highest int
}

func (c *counting) hold(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = path
}

func (c *counting) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.highest
}

func (c *counting) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	c.mu.Lock()
	held := path == c.at
	if held {
		c.now++
		c.highest = max(c.highest, c.now)
	}
	c.mu.Unlock()
	if held {
		<-c.goOn
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.now--
		}()
	}
	return c.Source.Get(ctx, path, limit)
}

// TestExportThatIsNotRead: who asks for an export and does not read it gives its place to
// others.
func TestExportThatIsNotRead(t *testing.T) {
	s := newServer(t, func(cfg *api.Config) { cfg.Limits = api.Limits{Exports: 1, ReadTime: time.Second} })
	a := s.member(0)
	long := strings.Repeat("A long text that a reader has to take in. ", 1150)
	for range 40 { // far more than the system keeps for who does not read
		s.mustSubmit(s.world.Request(a, lastMonth(s.world), &entry.RequestBody{Country: "XB", Assist: []string{"access"}, Narrative: map[string]string{"de": long, "en": long, "es": long, "fr": long}}))
	}
	conn := s.dial()
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET /api/v1/export.jsonl HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil { // it has begun
		t.Fatal(err)
	}
	start := time.Now()
	for s.get("/api/v1/export.csv?size=0").StatusCode != 200 {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("after %v it still has its place", time.Since(start))
		}
		time.Sleep(50 * time.Millisecond)
	}
	if took := time.Since(start); took < 500*time.Millisecond {
		t.Errorf("it was let go after %v", took)
	}
}
