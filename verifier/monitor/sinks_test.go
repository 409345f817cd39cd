package monitor_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// A hook is a webhook's receiver.
type hook struct {
	mu     sync.Mutex
	status int // to answer with; 0 for 204
	got    []*monitor.Alarm
	keys   []string
	bad    []string // what was wrong with requests
	tries  int
}

const hookSecret = "0123456789abcdef0123456789abcdef"

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries++
	body, _ := io.ReadAll(r.Body)
	// As docs/monitor.md says it, not as our own function has it.
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(r.Header.Get("Pledgelog-Timestamp") + "." + string(body)))
	if want := "v1=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("Pledgelog-Signature") != want {
		h.bad = append(h.bad, "its signature is "+r.Header.Get("Pledgelog-Signature"))
	}
	if err := schematest.Hold(body); err != nil {
		h.bad = append(h.bad, err.Error())
	}
	if h.status != 0 {
		w.WriteHeader(h.status)
		return
	}
	a := new(monitor.Alarm)
	if err := json.Unmarshal(body, a); err != nil {
		h.bad = append(h.bad, err.Error())
	}
	h.got, h.keys = append(h.got, a), append(h.keys, r.Header.Get("Idempotency-Key"))
	w.WriteHeader(http.StatusNoContent)
}

func (h *hook) set(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

func (h *hook) take() (got []*monitor.Alarm, tries int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	got, tries = h.got, h.tries
	h.got, h.tries = nil, 0
	return got, tries
}

// garbled is a log whose witness shows garbage or, when it is well, its checkpoint.
func garbled(p *place, well *bool) string {
	good := p.checkpointOf("log")()
	url := p.witness(func() []byte {
		if *well {
			return good
		}
		return []byte("hello\n")
	})
	return "    witnesses:\n      - {name: w1, url: \"" + url + "\"}"
}

// A webhook gets each alarm, signed; what it does not take waits on disk, over a
// restart, in order.
func TestWebhook(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 51})
	p.limits.LastTime = 8 * time.Second
	h := &hook{status: http.StatusServiceUnavailable}
	well := false
	p.write("secret", []byte(hookSecret+"\n"))
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}, {type: stdout}]")
	list, _ := p.once(cfg)
	want(t, "stdout", list, "raised/infrastructure/copy-not-believed")
	if got, tries := h.take(); len(got) != 0 || tries < 2 {
		t.Errorf("%d taken, %d tries", len(got), tries)
	}
	well = true
	p.once(cfg)
	h.set(0)
	if files, err := os.ReadDir(p.path("state/queue/webhook")); err != nil || len(files) != 3 { // and a folder
		t.Errorf("in the queue: %v, %v", files, err)
	}
	p.once(cfg)
	got, _ := h.take()
	if len(got) != 2 || got[0].Event != monitor.Raised || got[1].Event != monitor.Ended || got[0].ID != got[1].ID || got[0].ID != list[0].ID {
		t.Errorf("got %q", codes(got))
	}
	if want := []string{list[0].ID + "-raised", list[0].ID + "-ended"}; !slices.Equal(h.keys, want) {
		t.Errorf("keys %q, want %q", h.keys, want)
	}
	p.once(cfg)
	if got, tries := h.take(); tries != 0 {
		t.Errorf("sent again: %q", codes(got))
	}
	for _, bad := range h.bad {
		t.Error(bad)
	}
	// One that is refused is set aside, and does not stand in the way of others.
	h.set(http.StatusBadRequest)
	well = false
	p.once(cfg)
	h.set(0)
	well = true
	p.once(cfg)
	if got, _ := h.take(); len(got) != 1 || got[0].Event != monitor.Ended {
		t.Errorf("after one that was refused: %q", codes(got))
	}
	if files, err := os.ReadDir(p.path("state/queue/webhook/refused")); err != nil || len(files) != 1 {
		t.Errorf("set aside: %v, %v", files, err)
	}
}

// That a sink takes nothing, the others are told.
func TestSinkThatFails(t *testing.T) {
	p := newPlace(t, 30, generator.Options{Seed: 59})
	p.limits.LastTime = 4 * time.Second
	p.now = time.Now()
	h := &hook{status: http.StatusServiceUnavailable}
	p.write("secret", []byte(hookSecret))
	well := false
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}, {type: stdout}]")
	p.once(cfg)
	p.now = p.now.Add(2 * time.Hour)
	list, _ := p.once(cfg)
	want(t, "two hours later", list, "raised/infrastructure/sink-failing")
	h.set(0)
	p.once(cfg)
	p.now = time.Now()
	list, _ = p.once(cfg)
	want(t, "it takes them again", list, "ended/infrastructure/sink-failing")
	if got, _ := h.take(); len(got) < 3 {
		t.Errorf("it got %q", codes(got))
	}
}

// A full queue holds the cycle up; nothing is dropped.
func TestFullQueue(t *testing.T) {
	p := newPlace(t, 200, generator.Options{Seed: 52})
	p.limits.LastTime, p.limits.Queue = time.Second, 20
	h := &hook{status: http.StatusServiceUnavailable}
	p.write("secret", []byte(hookSecret))
	cfg := p.config("log", "    history: true", "    rules: [{name: all, kinds: [request]}]", "sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}]")
	run := func() error {
		m, err := monitor.New(cfg, monitor.Options{Limits: p.limits})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		_, err = m.Once(t.Context())
		return err
	}
	for range 2 {
		if err := run(); err != nil {
			t.Fatal(err)
		}
		if files, err := os.ReadDir(p.path("state/queue/webhook")); err != nil || len(files) != 21 { // and a folder
			t.Errorf("%d files in the queue, %v", len(files), err)
		}
	}
	h.set(0)
	p.limits.LastTime = 20 * time.Second
	got := make(map[uint64]bool)
	for range 50 {
		if err := run(); err != nil {
			t.Fatal(err)
		}
		list, _ := h.take()
		for _, a := range list {
			if got[a.Entry.Index] {
				t.Errorf("entry %d came twice", a.Entry.Index)
			}
			got[a.Entry.Index] = true
		}
		if len(list) == 0 {
			break
		}
	}
	requests := 0
	for _, e := range p.world.Logged {
		if kindOf(t, e) == "request" {
			requests++
		}
	}
	if len(got) != requests || requests <= 20 {
		t.Errorf("%d of %d came", len(got), requests)
	}
}

// Where a webhook answers with a redirect, nothing goes elsewhere.
func TestWebhookRedirect(t *testing.T) {
	p := newPlace(t, 20, generator.Options{Seed: 53})
	p.limits.LastTime = 4 * time.Second
	elsewhere := new(hook)
	other := p.server(elsewhere)
	well := false
	var logged bytes.Buffer
	url := p.server(http.RedirectHandler(other, http.StatusTemporaryRedirect)) + "/token-that-is-secret"
	p.write("url", []byte(url))
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: webhook, url_file: url}]")
	m, err := monitor.New(cfg, monitor.Options{Limits: p.limits, Log: slog.New(slog.NewJSONHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, tries := elsewhere.take(); tries != 0 {
		t.Error("it went elsewhere")
	}
	if !strings.Contains(logged.String(), "redirect") || strings.Contains(logged.String(), "token-that-is-secret") {
		t.Errorf("it was logged: %s", &logged)
	}
}

// Why alarms wait is what a sink said, whatever the end of the time cuts off.
func TestWhyAlarmsWait(t *testing.T) {
	p := newPlace(t, 20, generator.Options{Seed: 53})
	p.limits.LastTime = 4 * time.Second
	var tries atomic.Int64
	url := p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) > 1 {
			io.Copy(io.Discard, r.Body) // that it is seen when the other side goes away
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	well := false
	var logged bytes.Buffer
	p.write("secret", []byte(hookSecret))
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: webhook, url: \""+url+"\", secret_file: secret}]")
	m, err := monitor.New(cfg, monitor.Options{Limits: p.limits, Log: slog.New(slog.NewJSONHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tries.Load() < 2 || !strings.Contains(logged.String(), "503") {
		t.Errorf("after %d tries it was logged: %s", tries.Load(), &logged)
	}
}

// A secret is in nothing that is printed.
func TestSecretsAreNotPrinted(t *testing.T) {
	p := newPlace(t, 20, generator.Options{Seed: 54})
	t.Setenv("MONITOR_TEST_SECRET", hookSecret)
	cfg := p.config("log", "sinks: [{type: webhook, url: \"http://127.0.0.1:1/\", secret_env: MONITOR_TEST_SECRET}]")
	for _, printed := range []string{fmt.Sprintf("%v", cfg), fmt.Sprintf("%+v", cfg.Sinks), fmt.Sprintf("%#v", cfg.Sinks[0])} {
		if strings.Contains(printed, hookSecret) {
			t.Error("the secret is printed")
		}
	}
	if b, err := json.Marshal(cfg); err == nil && bytes.Contains(b, []byte(hookSecret)) {
		t.Error("the secret is in the JSON")
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "sink", cfg.Sinks[0])
	if strings.Contains(logged.String(), hookSecret) {
		t.Error("the secret is logged")
	}
}

// A feed is a valid one, has each alarm once, and is bounded.
func TestAtom(t *testing.T) {
	p := newPlace(t, 600, generator.Options{Seed: 56})
	cfg := p.config("log", "    history: true", "    rules: [{name: all, kinds: [request]}]", "sinks: [{type: atom, file: public/feed.atom, link: \"https://watch.example/feed.atom\"}, {type: stdout}]")
	list, _ := p.once(cfg)
	read := func() (ids []string, text string) {
		t.Helper()
		b, err := os.ReadFile(p.path("public/feed.atom"))
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
			ID      string   `xml:"id"`
			Updated string   `xml:"updated"`
			Entries []struct {
				ID      string `xml:"id"`
				Title   string `xml:"title"`
				Updated string `xml:"updated"`
				Content string `xml:"content"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Entries {
			ids = append(ids, e.ID)
			if e.Title == "" || e.Content == "" || e.Updated == "" {
				t.Errorf("an entry lacks something: %+v", e)
			}
		}
		return ids, string(b)
	}
	ids, text := read()
	if len(list) <= 200 || len(ids) != 200 {
		t.Errorf("%d alarms, %d in the feed", len(list), len(ids))
	}
	if want := "urn:pledgelog:alarm:" + list[len(list)-1].ID + ":raised"; ids[0] != want {
		t.Errorf("the newest is %s, want %s", ids[0], want)
	}
	if !strings.Contains(text, "time in this log is simulated") {
		t.Error("it does not say that time is simulated")
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(ids))); len(sorted) != len(ids) {
		t.Error("an alarm stands there twice")
	}
}

// A heartbeat comes after each whole cycle, and not when a cycle was none.
func TestHeartbeatAndMetrics(t *testing.T) {
	p := newPlace(t, 100, generator.Options{Seed: 57})
	var mu sync.Mutex
	beats := 0
	url := p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPost && r.URL.Path == "/alive" {
			beats++
		}
	}))
	y := strings.Replace(p.yaml("log", "    mirrors: [{name: m1, url: log}]", "metrics: monitor.prom"), "heartbeat: {quiet: true}", "heartbeat: {url: \""+url+"/alive\", method: post}", 1)
	cfg, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(y), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	m, err := monitor.New(cfg, monitor.Options{Stdout: &out, Now: func() time.Time { return p.now }, Limits: p.limits})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if beats != 1 {
		t.Errorf("%d heartbeats", beats)
	}
	if err := schematest.Hold(out.Bytes()); err != nil {
		t.Errorf("%v: %s", err, &out)
	}
	b, err := os.ReadFile(p.path("monitor.prom"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`pledgelog_monitor_audited_entries{log="hall"} 100`, `pledgelog_monitor_audit_matches{log="hall"} 1`, `pledgelog_monitor_copy_up{log="hall",copy="mirror m1"} 1`,
		`pledgelog_monitor_open_alarms{log="hall",class="misbehaviour",acknowledged="false"} 0`, `pledgelog_monitor_cycles{log="hall"} 1`,
	} {
		if !strings.Contains(string(b), want+"\n") {
			t.Errorf("no %s in\n%s", want, b)
		}
	}
	holdMetrics(t, string(b))
	// A cycle that is interrupted is none.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Once(ctx); err == nil || beats != 1 {
		t.Errorf("an interrupted cycle: %v, %d heartbeats", err, beats)
	}
}

// holdMetrics holds a text to the form that the node exporter reads: each metric with
// its help and type before, and no sample twice.
func holdMetrics(t *testing.T, text string) {
	t.Helper()
	sample := regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? -?[0-9.e+]+$`)
	typed, seen := "", make(map[string]bool)
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			typed, _, _ = strings.Cut(name, " ")
			continue
		}
		if strings.HasPrefix(line, "# HELP ") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil || m[1] != typed || !strings.HasPrefix(m[1], "pledgelog_monitor_") || seen[m[1]+m[2]] {
			t.Errorf("not a sample of %s, or twice: %s", typed, line)
			continue
		}
		seen[m[1]+m[2]] = true
	}
}

// A certificate that ends soon is told of, of the log and of who shows copies.
func TestCertificate(t *testing.T) {
	p := newPlace(t, 20, generator.Options{Seed: 58})
	s, pool := tlsServer(t, http.FileServer(http.Dir(p.path("log"))))
	p.limits.Roots = pool
	p.now = time.Now().Add(-20 * 24 * time.Hour)
	cfg := p.config(s, "    mirrors: [{name: m1, url: \""+s+"\"}]")
	list, _ := p.once(cfg)
	want(t, "long before", list)
	p.now = time.Now()
	list, _ = p.once(cfg)
	want(t, "before its end", list, "raised/infrastructure/certificate-ending")
	if len(list) != 2 {
		t.Errorf("%d alarms", len(list))
	}
}

func tlsServer(t *testing.T, h http.Handler) (string, *x509.CertPool) {
	t.Helper()
	box, pool := newMailbox(t, true)
	box.listener.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", box.tls)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "https://" + l.Addr().String(), pool
}
