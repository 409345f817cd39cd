package monitor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// A place is a folder with a log, its policy, and a monitor's configuration, and what
// the monitor said there.
type place struct {
	t      *testing.T
	dir    string
	world  *generator.World
	now    time.Time
	limits monitor.Limits
}

// newPlace has a log of n entries in the folder log.
func newPlace(t *testing.T, n int, o generator.Options) *place {
	t.Helper()
	o.Signatories = 4
	p := &place{t: t, dir: t.TempDir(), world: generator.New(o), now: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)}
	if err := p.world.Story(n); err != nil {
		t.Fatal(err)
	}
	p.world.Logged = p.world.Logged[:n]
	p.limits = monitor.Limits{LogAttempt: 10 * time.Second, LogAttempts: 2, PeerAttempt: 10 * time.Second, PeerTime: 30 * time.Second, SinkAttempt: 5 * time.Second, Backoff: 10 * time.Millisecond, MaxBackoff: 50 * time.Millisecond, LastTime: 5 * time.Second, Grace: time.Nanosecond}
	p.write("policy.txt", p.world.Policy.Marshal())
	p.log("log", n)
	return p
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) write(name string, b []byte) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), b, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// log writes the log as it was with n entries, in a folder.
func (p *place) log(name string, n int) *generator.Site {
	p.t.Helper()
	if err := os.RemoveAll(p.path(name)); err != nil {
		p.t.Fatal(err)
	}
	d, err := p.world.NewWriter(p.path(name))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range p.world.Logged[:n] {
		if err := d.Add(e); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		p.t.Fatal(err)
	}
	return p.world.Open(p.path(name))
}

// other writes another log by the same key, of n entries: the one at index gone is
// left out.
func (p *place) other(name string, gone, n int) *generator.Site {
	p.t.Helper()
	s := p.log(name, 3)
	entries := slices.Delete(slices.Clone(p.world.Logged[:n+1]), gone, gone+1)
	if err := s.Rewrite(entries, false); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// serve serves a folder.
func (p *place) serve(name string) string { return p.server(http.FileServer(http.Dir(p.path(name)))) }

func (p *place) server(h http.Handler) string {
	s := httptest.NewServer(h)
	p.t.Cleanup(s.Close)
	p.t.Cleanup(s.CloseClientConnections)
	return s.URL
}

// witness serves what a witness of the log shows: the checkpoint that f returns.
func (p *place) witness(f func() []byte) string {
	sum := sha256.Sum256([]byte(p.world.Options.Origin))
	path := "/w/" + hex.EncodeToString(sum[:]) + "/checkpoint"
	return p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		w.Write(f())
	})) + "/w"
}

// checkpointOf is what a folder shows.
func (p *place) checkpointOf(name string) func() []byte {
	return func() []byte {
		b, err := os.ReadFile(p.path(name + "/checkpoint"))
		if err != nil {
			p.t.Error(err)
		}
		return b
	}
}

// config is a configuration of one log; more stands under its keys, and what has no
// indentation under none.
func (p *place) config(at string, more ...string) *monitor.Config {
	p.t.Helper()
	cfg, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(p.yaml(at, more...)), os.Getenv)
	if err != nil {
		p.t.Fatal(err)
	}
	return cfg
}

func (p *place) yaml(at string, more ...string) string {
	var own, top strings.Builder
	for _, m := range more {
		if strings.HasPrefix(m, " ") {
			own.WriteString(m + "\n")
		} else {
			top.WriteString(m + "\n")
		}
	}
	if text := own.String(); !strings.Contains(text, "    patience: ") {
		own.WriteString("    patience: 0s\n") // a cycle says what it sees
	}
	return fmt.Sprintf("state: state\nheartbeat: {quiet: true}\nlogs:\n  - name: hall\n    policy: policy.txt\n    charter: %s\n    log: %s\n%s%s", p.world.Charter, at, own.String(), top.String())
}

// once runs one cycle, as a program that was just started, and returns what it said.
func (p *place) once(cfg *monitor.Config) ([]*monitor.Alarm, *monitor.Outcome) {
	p.t.Helper()
	var out bytes.Buffer
	m, err := monitor.New(cfg, monitor.Options{Stdout: &out, Now: func() time.Time { return p.now }, Limits: p.limits})
	if err != nil {
		p.t.Fatal(err)
	}
	defer m.Close()
	outs, err := m.Once(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	p.now = p.now.Add(time.Minute)
	return p.alarms(out.Bytes()), outs[0]
}

// alarms reads lines of standard output, and holds each to the published schema and to
// what is said of all alarms.
func (p *place) alarms(b []byte) []*monitor.Alarm {
	p.t.Helper()
	var list []*monitor.Alarm
	for line := range bytes.Lines(b) {
		if err := schematest.Hold(line); err != nil {
			p.t.Errorf("%v\n%s", err, line)
			continue
		}
		if !bytes.Contains(line, []byte(`"format":"pledgelog.alarm.v1"`)) {
			continue
		}
		a := new(monitor.Alarm)
		if err := json.Unmarshal(line, a); err != nil {
			p.t.Fatal(err)
		}
		hold(p.t, a)
		list = append(list, a)
	}
	return list
}

// hold checks what every alarm has to keep to, by the words of the project: an alarm
// without a bundle never speaks of proof, and none accuses.
func hold(t *testing.T, a *monitor.Alarm) {
	t.Helper()
	if (a.Proof == monitor.ProofBundle) != (a.Evidence != "") {
		t.Errorf("proof %q with evidence %q", a.Proof, a.Evidence)
	}
	text := strings.ToLower(a.Text + " " + a.Hint)
	for _, word := range []string{" lied", " lie ", "fraud", "guilty", "cheat", "hiding", "secret order", "verified true", "illegal", "failed to", "refused a request", "received none", "attack"} {
		if strings.Contains(text, word) {
			t.Errorf("an alarm says %q: %s", word, a.Text)
		}
	}
	if a.Proof != monitor.ProofBundle && strings.Contains(text, "prove") {
		t.Errorf("an alarm without a bundle speaks of proof: %s", a.Text)
	}
	if a.Class == monitor.Interest && a.Entry == nil && a.Finding == nil && a.Code != monitor.CodeMoreOfCode {
		t.Errorf("of interest, and without an entry or a finding: %s", a.Text)
	}
}

// codes lists alarms as event/class/code, sorted, each once.
func codes(list []*monitor.Alarm) []string {
	out := []string{}
	for _, a := range list {
		out = append(out, fmt.Sprintf("%s/%s/%s", a.Event, a.Class, a.Code))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// want compares them.
func want(t *testing.T, what string, list []*monitor.Alarm, codesOf ...string) {
	t.Helper()
	slices.Sort(codesOf)
	if got := codes(list); !slices.Equal(got, codesOf) {
		t.Errorf("%s: got %q, want %q", what, got, codesOf)
		for _, a := range list {
			t.Logf("%s %s: %s", a.Event, a.Code, a.Text)
		}
	}
}

var anyRoot = log.LeafHash([]byte("another tree"))

// kindOf is the kind of an entry's statement.
func kindOf(t *testing.T, e *generator.Entry) string {
	t.Helper()
	leaf, err := entry.ParseLeaf(e.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	st, err := entry.ParseStatement(leaf.Statement)
	if err != nil {
		t.Fatal(err)
	}
	return string(st.Kind)
}
