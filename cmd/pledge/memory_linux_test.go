package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoCoreDump: whatever the limits are where pledge is started, a crash of it leaves
// no copy of its memory.
func TestNoCoreDump(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// The shell raises the limit as far as it may, so that there would be a dump.
	cmd := exec.Command("sh", "-c", `ulimit -S -c "$(ulimit -H -c)"; exec pledge new request --from - --policy policy.txt`)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTRACEBACK=crash")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	proc := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid))
	core := regexp.MustCompile(`(?m)^Max core file size +0 +0 `)
	late := time.Now().Add(time.Minute)
	for {
		exe, _ := os.Readlink(filepath.Join(proc, "exe"))
		limits, err := os.ReadFile(filepath.Join(proc, "limits"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(filepath.Base(exe), "pledge") && core.Match(limits) {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("%s\n%s", exe, limits)
		}
		time.Sleep(5 * time.Millisecond)
	}
	cmd.Process.Signal(syscall.SIGABRT)
	cmd.Wait()
	if state := cmd.ProcessState.Sys().(syscall.WaitStatus); state.CoreDump() {
		t.Error("there was a core dump")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}
