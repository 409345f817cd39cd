package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const steps = "../../docs/first-steps.md"

// The commands of docs/first-steps.md do what it says, as they stand there: only
// the port is another one, and the home directory.
func TestFirstSteps(t *testing.T) {
	if out, err := exec.Command("../../scripts/build").CombinedOutput(); err != nil {
		t.Fatalf("scripts/build: %v\n%s", err, out)
	}
	const address = "127.0.0.1:8090"
	commands := blocks(t, string(file(t, steps)), "sh")
	if n := strings.Count(commands, address); n != 3 {
		t.Fatalf("%s is there %d times, want in policy, configuration and audit", address, n)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", strings.ReplaceAll(commands, address, freePort(t)))
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "HOME="+home)
	// The server is in the shell's process group, whatever becomes of the shell.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	t.Cleanup(func() {
		if cmd.Process == nil {
			return
		}
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("something that the commands started still runs (%v)", err)
		}
	})
	// Its output goes to a file: a server that is left behind keeps nobody waiting.
	said, err := os.Create(filepath.Join(home, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v:\n%s", err, file(t, said.Name()))
	}

	dir := filepath.Join(home, "first-accord")
	out := string(file(t, said.Name()))
	if n := strings.Count(out, "\nResult: this copy matches the signed log of 8 entries"); n != 2 {
		t.Errorf("%d audits that match 8 entries, want one of the server and one of the directory:\n%s", n, out)
	}
	for _, receipt := range []string{"secretariat-admit-2", "brightbarrow-pledge-1", "brightbarrow-request-2", "brightbarrow-request-3", "brightbarrow-open-4", "brightbarrow-request-5"} {
		file(t, dir, receipt+".tlog-proof")
	}
	audit := exec.Command("../../bin/pledge-verify", "audit", "--policy", filepath.Join(dir, "policy.txt"),
		"--charter", lines(t, dir, "charter-id")[0], filepath.Join(dir, "log"))
	if out, err := audit.CombinedOutput(); err != nil {
		t.Errorf("audit: %v\n%s", err, out)
	}
}

// blocks returns what stands in a document's fenced blocks of one language.
func blocks(t *testing.T, doc, language string) string {
	t.Helper()
	var out strings.Builder
	inside, other := false, false
	for line := range strings.Lines(doc) {
		switch fence := strings.HasPrefix(line, "```"); {
		case fence && (inside || other):
			inside, other = false, false
		case fence:
			inside = strings.TrimSpace(line) == "```"+language
			other = !inside
		case inside:
			out.WriteString(line)
		}
	}
	if inside || other {
		t.Fatal("a fenced block has no end")
	}
	return out.String()
}
