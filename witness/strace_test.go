package witness_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pledgelog/pledgelog/log"
)

// TestDurableBeforeTheAnswer watches the system calls of a witness: what kill -9 can't
// show, as the system keeps what a process wrote, is whether it would survive a loss of
// power. The new file is on disk before it gets its name, the name before the answer.
func TestDurableBeforeTheAnswer(t *testing.T) {
	state, dir := newState(t)
	sign, key := edSigner(t, origin, origin)
	if _, err := state.Add(t.Context(), origin, []log.Key{key}, false); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, dir)
	file := filepath.Join(t.TempDir(), "calls")
	strace := exec.Command("strace", "-f", "-qq", "-y", "-s", "40", "-e", "trace=openat,write,fsync,renameat,rename,flock", "-o", file, "-p", strconv.Itoa(p.cmd.Process.Pid))
	if err := strace.Start(); err != nil {
		t.Fatal(err)
	}
	tree := newTree(t, "a", 0, 100)
	// It is attached once it has seen something: requests that change nothing are made
	// until then.
	for calls := 0; calls == 0; {
		if _, _, err := p.post(ask(tree, 1, 7, sign)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		calls = strings.Count(string(b), "409 Conflict")
	}
	status, body, err := p.post(ask(tree, 0, 7, sign))
	if err != nil || status != 200 {
		t.Fatalf("%d: %s, %v", status, body, err)
	}
	strace.Process.Signal(syscall.SIGINT)
	strace.Wait()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, line := range strings.Split(string(b), "\n") {
		for _, step := range []struct{ name, pattern string }{
			{"lock", `flock\(.*\.lock>, LOCK_EX`},
			{"write file", `write\(\d+<.*\.json\.new>`},
			{"sync file", `fsync\(\d+<.*\.json\.new>`},
			{"rename", `rename(at)?\(.*\.json\.new".*\.json"`},
			{"sync folder", `fsync\(\d+<.*/logs>`},
			{"answer", `write\(.*"HTTP/1\.1 200 `},
		} {
			if regexp.MustCompile(step.pattern).MatchString(line) {
				steps = append(steps, step.name)
			}
		}
	}
	if want := []string{"lock", "write file", "sync file", "rename", "sync folder", "answer"}; !slices.Equal(steps, want) {
		t.Errorf("it went %q, want %q\n%s", steps, want, b)
	}
}
