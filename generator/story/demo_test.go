package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

const script = "../../scripts/demo"

// demo runs scripts/demo and returns what it says, and its exit status.
func demo(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script, args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("scripts/demo: %v", err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// freePort returns an address on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Each statement of the demo was submitted once and has a receipt; the log
// passes its audit, and the commands that the demo shows at its end work. Played
// again in the same folder it starts anew, and ends when it is interrupted.
func TestDemo(t *testing.T) {
	dir, listen := filepath.Join(t.TempDir(), "a demo: #1"), freePort(t)
	out, code := demo(t, "--once", "--dir", dir, "--listen", listen)
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, out)
	}
	if !strings.Contains(out, "time in this log is simulated") {
		t.Errorf("the report does not say that time is simulated:\n%s", out)
	}
	plan := lines(t, dir, "story", "plan.tsv")
	if len(plan) < 200 {
		t.Errorf("%d lines in the plan", len(plan))
	}
	statements := holdReceipts(t, dir, plan)
	holdRequests(t, dir, statements)
	holdEnd(t, dir)
	for _, name := range []string{"audit it", "a receipt"} {
		holdCommand(t, out, name)
	}
	first := lines(t, dir, "charter-id")[0]

	out, code = interrupted(t, "--once", "--dir", dir, "--listen", loopback())
	if code != 130 {
		t.Fatalf("interrupted: exit %d:\n%s", code, out)
	}
	if again := lines(t, dir, "charter-id")[0]; again == first {
		t.Error("the second demo kept the first one's log")
	}
	receipts, err := filepath.Glob(filepath.Join(dir, "statements", "*.tlog-proof"))
	if err != nil || len(receipts) < 20 || len(receipts) >= statements {
		t.Errorf("%d receipts when it was interrupted (%v)", len(receipts), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "audit.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the second demo kept the first one's report (%v)", err)
	}
	holdEnd(t, dir)
}

// loopback returns an address with a port of the system's choice: an IPv6 one if
// the machine has any.
func loopback() string {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return "localhost:0"
	}
	l.Close()
	return "[::1]:0"
}

// interrupted runs scripts/demo and interrupts it when it says for the first time
// how far it is.
func interrupted(t *testing.T, args ...string) (string, int) {
	t.Helper()
	// Who runs tests in the background may have them ignore interrupts, and what they
	// start with them; this ends that.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	defer signal.Stop(caught)
	cmd := exec.CommandContext(t.Context(), script, args...)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	code := make(chan int)
	go func() {
		// The exit status says it all.
		_ = cmd.Wait()
		w.Close()
		code <- cmd.ProcessState.ExitCode()
	}()
	var said strings.Builder
	in, played := bufio.NewScanner(r), false
	for in.Scan() {
		said.WriteString(in.Text() + "\n")
		if !played && strings.HasPrefix(in.Text(), "plays ") {
			played = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	return said.String(), <-code
}

// holdEnd wants a log that passes its audit, and no server any more.
func holdEnd(t *testing.T, dir string) {
	t.Helper()
	audit := exec.Command("../../bin/pledge-verify", "audit", "--policy", filepath.Join(dir, "policy.txt"),
		"--charter", lines(t, dir, "charter-id")[0], filepath.Join(dir, "log"))
	if out, err := audit.CombinedOutput(); err != nil {
		t.Errorf("audit: %v\n%s", err, out)
	}
	var serving struct{ Msg, Address string }
	if err := json.Unmarshal([]byte(lines(t, dir, "serve.log")[0]), &serving); err != nil || serving.Msg != "serving" {
		t.Fatalf("serve.log begins with %+v (%v)", serving, err)
	}
	if c, err := net.Dial("tcp", serving.Address); err == nil {
		c.Close()
		t.Error("the server still listens")
	}
}

// holdCommand wants a command that the demo shows under a name to work.
func holdCommand(t *testing.T, said, name string) {
	t.Helper()
	for line := range strings.Lines(said) {
		if command, ok := strings.CutPrefix(line, name+" "); ok {
			if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
			return
		}
	}
	t.Errorf("it does not show %q", name)
}

// holdReceipts wants one receipt for each statement that is submitted, for its very
// bytes, and returns how many there are.
func holdReceipts(t *testing.T, dir string, plan []string) int {
	t.Helper()
	policy, err := log.ParsePolicy(file(t, dir, "policy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	indexes := map[uint64]bool{}
	receipt := func(elem ...string) *entry.Leaf {
		proof, err := log.ParseProof(file(t, elem...))
		if err != nil {
			t.Fatalf("%s: %v", elem, err)
		}
		if _, err := policy.VerifyProof(proof, log.LeafHash(proof.Extra)); err != nil {
			t.Errorf("%s: %v", elem, err)
		}
		leaf, err := entry.ParseLeaf(proof.Extra)
		if err != nil {
			t.Fatalf("%s: %v", elem, err)
		}
		indexes[proof.Index] = true
		return leaf
	}
	count := map[string]int{}
	signatories, others := 0, 0
	for _, line := range plan {
		f := strings.Split(line, "\t")
		count[f[2]]++
		if f[2] == "keep" || f[2] == "slot" || f[2] == "erasure" || f[2] == "directory" {
			continue
		}
		name := strings.TrimSuffix(f[4], ".yaml")
		if f[4] == "-" {
			name = f[0] + "-" + f[2] + "-" + f[3]
		}
		others++
		sub, err := entry.ParseDraft(file(t, dir, "statements", name+".json"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a, ok := sub.Statement.Body.(*entry.Admit); ok && a.Role == entry.RoleSignatory {
			signatories++
		}
		if leaf := receipt(dir, "statements", name+".tlog-proof"); !bytes.Equal(leaf.Statement.Marshal(), sub.Envelope.Marshal()) {
			t.Errorf("%s: the receipt is for another leaf", name)
		}
	}
	slots, err := filepath.Glob(filepath.Join(dir, "slots", "*", "*.tlog-proof"))
	if err != nil || len(slots) != count["slot"] {
		t.Errorf("%d receipts for %d slots (%v)", len(slots), count["slot"], err)
	}
	for _, path := range slots {
		if st, err := entry.ParseStatement(receipt(path).Statement); err != nil || st.Kind != entry.KindSlot || st.Author != filepath.Base(filepath.Dir(path)) {
			t.Errorf("%s is of %v (%v)", path, st, err)
		}
	}
	if len(indexes) != others+len(slots) || signatories < 8 {
		t.Errorf("receipts for %d entries of %d statements by %d signatories", len(indexes), others+len(slots), signatories)
	}
	receipts, err := filepath.Glob(filepath.Join(dir, "statements", "*.tlog-proof"))
	if err != nil || len(receipts) != others {
		t.Errorf("%d receipts for %d statements (%v)", len(receipts), others, err)
	}
	return others + len(slots)
}

// holdRequests wants one POST for each statement in the server's log: 201, and
// 200 for the charter, which was there before the server.
func holdRequests(t *testing.T, dir string, statements int) {
	t.Helper()
	posts := map[int]int{}
	in := bufio.NewScanner(bytes.NewReader(file(t, dir, "serve.log")))
	for in.Scan() {
		var line struct {
			Method, Path string
			Status       int
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Errorf("serve.log: %v: %s", err, in.Text())
		}
		if line.Method == "POST" && line.Path == "/api/v1/statements" {
			posts[line.Status]++
		}
	}
	if posts[201] != statements-1 || posts[200] != 1 || len(posts) != 2 {
		t.Errorf("%d statements and these POST requests by status: %v", statements, posts)
	}
}

func file(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A folder that no demo made is left alone.
func TestDemoLeavesForeignFoldersAlone(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "policy.txt")
	if err := os.WriteFile(precious, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := demo(t, "--once", "--dir", dir); code != 2 || !strings.Contains(out, "hint:") {
		t.Errorf("exit %d: %s", code, out)
	}
	if b := file(t, precious); string(b) != "mine" {
		t.Errorf("it wrote %q", b)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %d entries (%v)", len(entries), err)
	}
}

// A server that is there already gets nothing, and whoever wants the demo is told
// what to do.
func TestDemoAddressTaken(t *testing.T) {
	var asked atomic.Int64
	theirs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer theirs.Close()
	dir := t.TempDir()
	for _, listen := range []string{
		theirs.Listener.Addr().String(),
		"192.0.2.1:8080", // not this machine's: found out by the demo's own server
	} {
		out, code := demo(t, "--once", "--dir", filepath.Join(dir, "demo"), "--listen", listen)
		if code != 1 || !strings.Contains(out, "error: ") || !strings.Contains(out, listen) || !strings.Contains(out, "another address with --listen") {
			t.Errorf("%s: exit %d: %s", listen, code, out)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests to somebody else's server", n)
	}
}

func TestDemoUsage(t *testing.T) {
	taken := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(taken, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--nonsense"}, {"--dir"}, {"--listen"}, {"here"},
		{"--listen", "localhost"}, {"--listen", "::1:8080"}, {"--listen", "localhost:70000"}, {"--listen", "a\": b:80"},
		{"--dir", ""}, {"--dir", taken}, {"--dir", filepath.Join(taken, "below")}, {"--dir", "two\nlines"},
	} {
		out, code := demo(t, args...)
		if code != 2 || !strings.HasPrefix(out, "error: ") || !strings.Contains(out, "\nhint: ") {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
	}
	if out, code := demo(t, "--help"); code != 0 || !slices.ContainsFunc(strings.Split(out, "\n"), func(l string) bool { return strings.HasPrefix(l, "usage: scripts/demo [--once]") }) {
		t.Errorf("--help: exit %d: %s", code, out)
	}
}
