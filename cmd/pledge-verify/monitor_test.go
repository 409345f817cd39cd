package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// A watched is the real monitor beside a growing log, with a webhook.
type watched struct {
	t       *testing.T
	dir     string
	program string
	world   *generator.World

	mu  sync.Mutex
	got map[string]int // alarms by id, that the webhook took
}

func newWatched(t *testing.T, n int) *watched {
	t.Helper()
	w := &watched{t: t, dir: t.TempDir(), got: make(map[string]int), world: generator.New(generator.Options{Seed: 15, Signatories: 4}), program: program(t)}
	if err := w.world.Story(n); err != nil {
		t.Fatal(err)
	}
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var a struct{ ID string }
		b, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(b, &a); err != nil {
			t.Errorf("the webhook got %q", b)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.got[a.ID]++
	}))
	t.Cleanup(hook.Close)
	config := "state: state\nlogs:\n  - name: hall\n    policy: policy.txt\n    charter: " + w.world.Charter.String() + "\n    log: log\n    interval: 1s\n    history: true\n" +
		"    rules:\n      - {name: all, kinds: [request, decision]}\nsinks:\n  - {type: webhook, url: \"" + hook.URL + "\"}\n  - {type: stdout}\n"
	for name, b := range map[string][]byte{"policy.txt": w.world.Policy.Marshal(), "monitor.yaml": []byte(config)} {
		if err := os.WriteFile(filepath.Join(w.dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *watched) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.program, append([]string{"monitor", "--config", "monitor.yaml"}, args...)...)
	cmd.Dir = w.dir
	return cmd
}

// wanted are the entries that the rule wants among the first n.
func (w *watched) wanted(n int) map[uint64]bool {
	out := make(map[uint64]bool)
	for i, e := range w.world.Logged[:n] {
		leaf, err := entry.ParseLeaf(e.Leaf)
		if err != nil {
			w.t.Fatal(err)
		}
		st, err := entry.ParseStatement(leaf.Statement)
		if err != nil {
			w.t.Fatal(err)
		}
		if st.Kind == entry.KindRequest || st.Kind == entry.KindDecision {
			out[uint64(i)] = true
		}
	}
	return out
}

// alarm is what the tests look at.
type alarm struct {
	Format, ID, Event, Class string
	Entry                    struct{ Index uint64 }
}

func alarms(t *testing.T, r io.Reader, each func(alarm)) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a alarm
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			continue // cut off by the kill
		}
		if a.Format == "pledgelog.alarm.v1" {
			each(a)
		}
	}
}

// TestMonitorKilled kills the real monitor with kill -9 at random moments, among them
// right after it told its first sink something and before it wrote its state. In the end
// every alarm came, on standard output and at the webhook, a repeat with the same id.
func TestMonitorKilled(t *testing.T) {
	const n = 700
	w := newWatched(t, n)
	dice := rand.New(rand.NewPCG(15, 0))
	ids := make(map[uint64]map[string]bool)
	told := make(map[uint64]int)
	take := func(a alarm) {
		if ids[a.Entry.Index] == nil {
			ids[a.Entry.Index] = make(map[string]bool)
		}
		ids[a.Entry.Index][a.ID] = true
		told[a.Entry.Index]++
	}
	killed := 0
	for i, size := range []int{300, 420, 560, n} {
		writeLog(t, w.world, filepath.Join(w.dir, "log"), size)
		for try := range 6 {
			cmd := w.command("--once")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if try%2 == 0 {
				// At the first alarm of this start.
				alarms(t, out, func(a alarm) {
					take(a)
					cmd.Process.Kill()
				})
			} else {
				kill := time.AfterFunc(time.Duration(dice.Int64N(int64(300*time.Millisecond))), func() { cmd.Process.Kill() })
				alarms(t, out, take)
				kill.Stop()
			}
			if cmd.Wait() != nil {
				killed++
			}
		}
		cmd := w.command("--once")
		b, err := cmd.Output()
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		alarms(t, bytes.NewReader(b), take)
	}
	want := w.wanted(n)
	for index := range want {
		if told[index] == 0 {
			t.Errorf("entry %d: no alarm", index)
		}
		if len(ids[index]) > 1 {
			t.Errorf("entry %d: alarms with ids %v", index, ids[index])
		}
		for id := range ids[index] {
			if w.got[id] == 0 {
				t.Errorf("entry %d: the webhook did not get %s", index, id)
			}
		}
	}
	repeats := 0
	for index, n := range told {
		if !want[index] {
			t.Errorf("entry %d: an alarm that nobody wants", index)
		}
		repeats += n - 1
	}
	if killed < 6 {
		t.Errorf("only %d were killed", killed)
	}
	t.Logf("%d killed, %d alarms, %d repeats on standard output", killed, len(told), repeats)
}

// TestMonitorRuns: without --once it follows the log, and SIGTERM ends it in order.
func TestMonitorRuns(t *testing.T) {
	const n = 200
	w := newWatched(t, n)
	writeLog(t, w.world, filepath.Join(w.dir, "log"), 150)
	cmd := w.command()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer end.Stop()
	before, all := len(w.wanted(150)), len(w.wanted(n))
	got := 0
	alarms(t, out, func(a alarm) {
		switch got++; got {
		case before:
			next := filepath.Join(w.dir, "next")
			writeLog(t, w.world, next, n)
			// A file at a time, as a log grows: its checkpoint last.
			if err := os.Rename(filepath.Join(w.dir, "log"), filepath.Join(w.dir, "old")); err != nil {
				t.Error(err)
			}
			if err := os.Rename(next, filepath.Join(w.dir, "log")); err != nil {
				t.Error(err)
			}
		case all:
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
	})
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, &stderr)
	}
	if got != all || len(w.got) != all {
		t.Errorf("%d alarms on standard output, %d at the webhook, want %d\n%s", got, len(w.got), all, &stderr)
	}
}

// One cycle that leaves alarms with a sink that did not take them says so, and is not
// done; what was found comes first.
func TestOnceSaysWhatWaits(t *testing.T) {
	for _, c := range []struct {
		name    string
		out     monitor.Outcome
		waiting map[string]int
		code    int
	}{
		{"nothing waits", monitor.Outcome{}, nil, commandline.ExitDone},
		{"some wait", monitor.Outcome{}, map[string]int{"mail": 1, "hook": 12}, commandline.ExitUndecided},
		{"and something differs", monitor.Outcome{Differs: true}, map[string]int{"mail": 1, "hook": 12}, commandline.ExitRefused},
		{"and something is proved", monitor.Outcome{Proved: true}, map[string]int{"mail": 1, "hook": 12}, commandline.ExitMisbehaviour},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := onceExit([]*monitor.Outcome{&c.out}, nil, c.waiting)
			var f *commandline.Failure
			switch {
			case c.code == commandline.ExitDone:
				if err != nil {
					t.Error(err)
				}
			case !errors.As(err, &f) || f.Code != c.code:
				t.Errorf("%v", err)
			case !strings.Contains(f.Error(), "1 alarm waits for the sink mail") || !strings.Contains(f.Error(), "12 alarms wait for the sink hook"):
				t.Errorf("it says %q", f.Error())
			}
		})
	}
}
