package monitor_test

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// A queue that statements of interest filled has room for a fork, and keeps no other
// sink from hearing of it.
func TestFullQueueHearsOfAFork(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 46})
	p.limits.LastTime, p.limits.Queue = 3*time.Second, 20
	p.log("log", 600)
	p.other("theirs", 300, 420)
	h := &hook{status: http.StatusServiceUnavailable}
	p.write("secret", []byte(hookSecret))
	show := p.checkpointOf("log")
	cfg := p.config("log", "    history: true", "    rules: [{name: all, kinds: [request]}]", "    witnesses:", "      - {name: w1, url: \""+p.witness(func() []byte { return show() })+"\"}",
		"sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}, {type: stdout}]")
	waiting := func() int {
		files, err := os.ReadDir(p.path("state/queue/webhook"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files) - 1 // and a folder
	}
	p.once(cfg)
	if n := waiting(); n != 20 {
		t.Fatalf("%d wait", n)
	}
	show = p.checkpointOf("theirs")
	list, out := p.once(cfg)
	if !slices.Contains(codes(list), "raised/misbehaviour/log-forked") || !out.Proved || waiting() <= 20 {
		t.Errorf("%q, %+v, %d wait", codes(list), out, waiting())
	}
}

// A sink that takes nothing at all keeps no other from hearing, which hears once.
func TestBrokenSinkSilencesNoOther(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 47})
	p.limits.LastTime = 3 * time.Second
	p.log("log", 600)
	p.other("theirs", 300, 420)
	h := new(hook)
	p.write("secret", []byte(hookSecret))
	cfg := p.config("log", "    witnesses:", "      - {name: w1, url: \""+p.witness(p.checkpointOf("theirs"))+"\"}",
		"sinks: [{type: webhook, url: \""+p.server(h)+"\", secret_file: secret}, {type: atom, file: feed.atom, link: \"https://watch.example/feed.atom\"}, {type: stdout}]")
	var out bytes.Buffer
	m, err := monitor.New(cfg, monitor.Options{Stdout: &out, Now: func() time.Time { return p.now }, Limits: p.limits})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := os.Rename(p.path("state/queue/webhook"), p.path("aside")); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := m.Once(t.Context()); err == nil {
			t.Error("the cycle is whole, and an alarm is lost")
		}
		if n := bytes.Count(out.Bytes(), []byte(`"code":"log-forked"`)); n != 1 {
			t.Errorf("after %d cycles standard output has it %d times", i+1, n)
		}
	}
	if b, err := os.ReadFile(p.path("feed.atom")); err != nil || bytes.Count(b, []byte("<entry>")) != 1 {
		t.Errorf("the feed has %s, %v", b, err)
	}
	if err := os.Rename(p.path("aside"), p.path("state/queue/webhook")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := h.take(); !slices.Contains(codes(got), "raised/misbehaviour/log-forked") {
		t.Errorf("the webhook got %q", codes(got))
	}
	if n := bytes.Count(out.Bytes(), []byte(`"code":"log-forked"`)); n != 1 {
		t.Errorf("standard output has it %d times", n)
	}
}
