package monitor_test

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// picky is a webhook's receiver that answers with 500 to what has a text in it.
type picky struct {
	hook
	bad func() string
}

func (h *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if bad := h.bad(); bad != "" && bytes.Contains(body, []byte(bad)) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.hook.ServeHTTP(w, r)
}

// waiting are the files of a queue.
func (p *place) waiting(sink string) int {
	p.t.Helper()
	files, err := filepath.Glob(p.path("state/queue/" + sink + "/*.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(files)
}

// Alarms that a webhook does not take stand in the way of no other, however many they
// are, and none is lost; what ended is not told of before what was raised.
func TestFailingAlarmHoldsUpNoOther(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 71})
	p.limits.LastTime = 2 * time.Second
	p.log("log", 600)
	p.other("theirs", 300, 420)
	bad, well := "witness bad", false
	good := p.checkpointOf("log")()
	garbage := func() []byte {
		if well {
			return good
		}
		return []byte("hello\n")
	}
	show := p.checkpointOf("log")
	h := &picky{bad: func() string { return bad }}
	p.write("secret", []byte(hookSecret))
	more := []string{"    witnesses:"}
	for _, name := range []string{"bad-1", "bad-2", "bad-3", "bad-4", "bad-5", "w6"} {
		more = append(more, "      - {name: "+name+", url: \""+p.witness(garbage)+"\"}")
	}
	more = append(more, "      - {name: w7, url: \""+p.witness(func() []byte { return show() })+"\"}", "sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}]")
	cfg := p.config("log", more...)
	p.once(cfg)
	if got, _ := h.take(); len(got) != 1 || got[0].From != "witness w6" || p.waiting("webhook") != 5 {
		t.Errorf("beside five that fail: %q, %d wait", codes(got), p.waiting("webhook"))
	}
	show = p.checkpointOf("theirs")
	p.once(cfg)
	if got, _ := h.take(); len(got) != 1 || got[0].Code != "log-forked" || p.waiting("webhook") != 5 {
		t.Errorf("a fork: %q, %d wait", codes(got), p.waiting("webhook"))
	}
	well = true
	p.once(cfg)
	if got, _ := h.take(); len(got) != 1 || got[0].From != "witness w6" || got[0].Event != monitor.Ended || p.waiting("webhook") != 10 {
		t.Errorf("they ended: %q, %d wait", codes(got), p.waiting("webhook"))
	}
	bad = ""
	p.once(cfg)
	got, _ := h.take()
	if len(got) != 10 || p.waiting("webhook") != 0 {
		t.Fatalf("it takes all: %q, %d wait", codes(got), p.waiting("webhook"))
	}
	raised := make(map[string]bool)
	for _, a := range got {
		if a.Event == monitor.Raised {
			raised[a.ID] = true
		} else if !raised[a.ID] {
			t.Errorf("%s ended before it was raised", a.From)
		}
	}
	for _, wrong := range h.hook.bad {
		t.Error(wrong)
	}
}

// Of what waits misbehaviour is sent first, then infrastructure, then what is of interest,
// each in the order in which it came.
func TestMisbehaviourIsSentFirst(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 72})
	p.limits.LastTime = time.Second
	p.log("log", 600)
	p.other("theirs", 300, 420)
	show := p.checkpointOf("log")
	h := &hook{status: http.StatusServiceUnavailable}
	p.write("secret", []byte(hookSecret))
	cfg := p.config("log", "    history: true", "    rules: [{name: all, kinds: [request]}]", "    witnesses:", "      - {name: w1, url: \""+p.witness(func() []byte { return show() })+"\"}",
		"sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}]")
	p.once(cfg)
	if _, tries := h.take(); tries < 3 || tries > 120 { // 20 times or so three of 200
		t.Errorf("a sink that takes nothing was asked %d times in a second", tries)
	}
	show = func() []byte { return []byte("hello\n") }
	p.once(cfg)
	show = p.checkpointOf("theirs")
	p.once(cfg)
	h.take()
	h.set(0)
	p.limits.LastTime = 30 * time.Second
	p.once(cfg)
	got, _ := h.take()
	var classes []monitor.Class
	var entries []uint64
	for _, a := range got {
		classes = append(classes, a.Class)
		if a.Entry != nil {
			entries = append(entries, a.Entry.Index)
		}
	}
	if want := []monitor.Class{monitor.Misbehaviour, monitor.Infrastructure, monitor.Interest}; !slices.Equal(slices.Compact(classes), want) {
		t.Errorf("in the order %q", slices.Compact(classes))
	}
	if len(entries) < 50 || !slices.IsSorted(entries) {
		t.Errorf("entries %v", entries)
	}
}

// That one sink takes nothing another one hears of, although that one does not take what
// came before.
func TestSinkThatFailsIsToldToOthers(t *testing.T) {
	p := newPlace(t, 30, generator.Options{Seed: 73})
	p.limits.LastTime = time.Second
	p.now = time.Now()
	down := &hook{status: http.StatusServiceUnavailable}
	other := &picky{bad: func() string { return "copy-not-believed" }}
	p.write("secret", []byte(hookSecret))
	well := false
	cfg := p.config("log", garbled(p, &well), "sinks: [{type: webhook, name: down, url: \""+p.server(down)+"\", secret_file: secret}, {type: webhook, name: other, url: \""+p.server(other)+"\", secret_file: secret}]")
	p.once(cfg)
	p.now = p.now.Add(2 * time.Hour)
	p.once(cfg)
	got, _ := other.take()
	if !slices.ContainsFunc(got, func(a *monitor.Alarm) bool { return a.Code == monitor.CodeSinkFails && a.From == "sink down" }) {
		t.Errorf("it got %q", codes(got))
	}
}

// One mail that a server puts off holds up no other.
func TestMailThatIsPutOff(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 55})
	p.limits.LastTime = 2 * time.Second
	box, _ := newMailbox(t, false)
	box.later = "witness bad"
	garbage := func() []byte { return []byte("hello\n") }
	cfg := p.config("log", "    witnesses:", "      - {name: bad, url: \""+p.witness(garbage)+"\"}", "      - {name: w2, url: \""+p.witness(garbage)+"\"}", "      - {name: w3, url: \""+p.witness(garbage)+"\"}",
		"sinks: [{type: smtp, server: \""+box.listener.Addr().String()+"\", plain: true, from: monitor@watch.example, to: [desk@watch.example]}]")
	p.once(cfg)
	all := strings.Join(box.take(), "")
	if !strings.Contains(all, "witness w2") || !strings.Contains(all, "witness w3") || strings.Contains(all, "witness bad") || p.waiting("smtp") != 1 {
		t.Errorf("%d wait; what came: %s", p.waiting("smtp"), all)
	}
	box.mu.Lock()
	box.later = ""
	box.mu.Unlock()
	p.once(cfg)
	if mails := box.take(); len(mails) != 1 || !strings.Contains(mails[0], "witness bad") || p.waiting("smtp") != 0 {
		t.Errorf("%d wait; what came: %q", p.waiting("smtp"), mails)
	}
}

// What waits for a sink is known after a cycle, and by its name.
func TestUndelivered(t *testing.T) {
	p := newPlace(t, 5, generator.Options{Seed: 74})
	p.limits.LastTime = 200 * time.Millisecond
	h := &hook{status: http.StatusServiceUnavailable}
	p.write("secret", []byte(hookSecret))
	cfg := p.config("log", "    mirrors: [{name: m1, url: nowhere}]", "sinks: [{type: webhook, name: deaf, url: \""+p.server(h)+"\", secret_file: secret}]")
	for _, want := range []int{1, 0} {
		m, err := monitor.New(cfg, monitor.Options{Now: func() time.Time { return p.now }, Limits: p.limits})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Once(t.Context()); err != nil {
			t.Error(err)
		}
		if got := m.Undelivered(); got["deaf"] != want || len(got) != want {
			t.Errorf("%v wait, want %d", got, want)
		}
		m.Close()
		h.set(0)
	}
}
