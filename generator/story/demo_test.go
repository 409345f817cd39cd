package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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
// passes its audit; and the demo can be played again in the same folder.
func TestDemo(t *testing.T) {
	dir, listen := filepath.Join(t.TempDir(), "demo"), freePort(t)
	charters := map[string]bool{}
	for range 2 {
		out, code := demo(t, "--once", "--dir", dir, "--listen", listen)
		if code != 0 {
			t.Fatalf("exit %d:\n%s", code, out)
		}
		if !strings.Contains(out, "time in this log is simulated") {
			t.Errorf("the report does not say that time is simulated:\n%s", out)
		}
		statements := lines(t, dir, "story", "plan.tsv")
		if len(statements) < 120 {
			t.Errorf("%d statements", len(statements))
		}
		holdReceipts(t, dir, statements)
		holdRequests(t, dir, len(statements))
		charters[strings.TrimSpace(strings.Join(lines(t, dir, "charter-id"), ""))] = true

		audit := exec.Command("../../bin/pledge-verify", "audit", "--policy", filepath.Join(dir, "policy.txt"),
			"--charter", lines(t, dir, "charter-id")[0], filepath.Join(dir, "log"))
		if out, err := audit.CombinedOutput(); err != nil {
			t.Errorf("audit: %v\n%s", err, out)
		}
		if c, err := net.Dial("tcp", listen); err == nil {
			c.Close()
			t.Error("the server still listens")
		}
	}
	if len(charters) != 2 {
		t.Error("the second demo kept the first one's log")
	}
}

// holdReceipts wants one receipt for each statement, for its very bytes.
func holdReceipts(t *testing.T, dir string, plan []string) {
	t.Helper()
	policy, err := log.ParsePolicy(file(t, dir, "policy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	signatories, indexes := 0, map[uint64]bool{}
	for _, line := range plan {
		name := strings.TrimSuffix(strings.Split(line, "\t")[4], ".yaml")
		sub, err := entry.ParseDraft(file(t, dir, "statements", name+".json"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a, ok := sub.Statement.Body.(*entry.Admit); ok && a.Role == entry.RoleSignatory {
			signatories++
		}
		proof, err := log.ParseProof(file(t, dir, "statements", name+".tlog-proof"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := policy.VerifyProof(proof, log.LeafHash(proof.Extra)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		leaf, err := entry.ParseLeaf(proof.Extra)
		if err != nil || !bytes.Equal(leaf.Statement.Marshal(), sub.Envelope.Marshal()) {
			t.Errorf("%s: the receipt is for another leaf (%v)", name, err)
		}
		indexes[proof.Index] = true
	}
	if len(indexes) != len(plan) || signatories < 8 {
		t.Errorf("receipts for %d entries of %d statements by %d signatories", len(indexes), len(plan), signatories)
	}
	receipts, err := filepath.Glob(filepath.Join(dir, "statements", "*.tlog-proof"))
	if err != nil || len(receipts) != len(plan) {
		t.Errorf("%d receipts for %d statements (%v)", len(receipts), len(plan), err)
	}
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

func TestDemoUsage(t *testing.T) {
	for _, args := range [][]string{{"--nonsense"}, {"--dir"}, {"--listen"}, {"here"}} {
		if out, code := demo(t, args...); code != 2 || !strings.Contains(out, "hint:") {
			t.Errorf("%v: exit %d: %s", args, code, out)
		}
	}
	if out, code := demo(t, "--help"); code != 0 || !slices.ContainsFunc(strings.Split(out, "\n"), func(l string) bool { return strings.HasPrefix(l, "usage: scripts/demo [--once]") }) {
		t.Errorf("--help: exit %d: %s", code, out)
	}
}
