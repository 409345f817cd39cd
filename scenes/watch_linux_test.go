package scenes

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An answer is what somebody types when a program asks.
type answer struct {
	question, types string
	hidden          bool // typed without echo, and not before the echo is off
}

// watch runs a program and keeps all that it shows, and what can be seen of it from
// outside while it runs: its arguments, its environment, those of what it starts, and
// what is in its folders for temporary files. With answers it runs on a terminal.
func (h *hunt) watch(dir string, name string, args []string, answers ...answer) said {
	h.t.Helper()
	what := name
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			break
		}
		if what == "pledge receipt" || what == "pledge key" || what == name {
			what += " " + arg
		}
	}
	cmd := command(dir, name, args...)
	cmd.Env = append(cmd.Env, h.env...)
	var out, errs bytes.Buffer
	var screen *terminal
	if len(answers) == 0 {
		cmd.Stdout, cmd.Stderr = &out, &errs
	} else {
		screen = newTerminal(h.t, cmd)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	stop, watched := make(chan struct{}), make(chan struct{})
	var seen []kept
	go func() {
		defer close(watched)
		for {
			seen = append(seen, fromOutside(cmd.Process.Pid, what)...)
			for _, folder := range []string{"temp", "home"} {
				files(filepath.Join(dir, folder), "temporary")(func(place string, b []byte) { seen = append(seen, kept{place, b}) })
			}
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	if screen != nil {
		screen.converse(answers)
	}
	err := cmd.Wait()
	close(stop)
	<-watched
	if err != nil && cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	for _, k := range seen {
		h.keep(k.place, k.data)
	}
	if screen != nil {
		shown := screen.end()
		h.keep("terminal of "+what, []byte(shown))
		return said{cmd.ProcessState.ExitCode(), shown, ""}
	}
	h.keep("stdout of "+what, out.Bytes())
	h.keep("stderr of "+what, errs.Bytes())
	return said{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// fromOutside is what everybody on the machine may see of a process and of those that it
// started.
func fromOutside(pid int, what string) []kept {
	var out []kept
	for _, name := range []string{"cmdline", "environ"} {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name)); err == nil {
			out = append(out, kept{name + " of " + what, b})
		}
	}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return out
	}
	for _, task := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(child); err == nil {
				out = append(out, fromOutside(n, what)...)
			}
		}
	}
	return out
}

// A terminal is one at which a test sits.
type terminal struct {
	t      *testing.T
	side   *os.File // the test's
	screen *os.File // the program's
	mu     sync.Mutex
	shown  bytes.Buffer
	ended  chan struct{}
}

func newTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	p := &terminal{t: t, ended: make(chan struct{})}
	var err error
	if p.side, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(p.side.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(p.side.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if p.screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.screen, p.screen, p.screen
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	return p
}

// converse waits for each question and answers it.
func (p *terminal) converse(answers []answer) {
	p.t.Helper()
	p.screen.Close()
	go func() {
		defer close(p.ended)
		b := make([]byte, 4096)
		for {
			n, err := p.side.Read(b)
			p.mu.Lock()
			p.shown.Write(b[:n])
			p.mu.Unlock()
			if err != nil {
				return // the program ended
			}
		}
	}()
	seen := 0
	for _, a := range answers {
		for end := time.Now().Add(time.Minute); ; time.Sleep(3 * time.Millisecond) {
			p.mu.Lock()
			s := p.shown.String()
			p.mu.Unlock()
			state, err := unix.IoctlGetTermios(int(p.side.Fd()), unix.TCGETS)
			if i := strings.Index(s[seen:], a.question); i >= 0 && err == nil && (state.Lflag&unix.ECHO == 0) == a.hidden {
				seen += i + len(a.question)
				break
			}
			if time.Now().After(end) {
				p.t.Fatalf("it does not ask %q:\n%s", a.question, s)
			}
		}
		if _, err := p.side.WriteString(a.types + "\n"); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *terminal) end() string {
	<-p.ended
	p.side.Close()
	return p.shown.String()
}

// memory looks at all that a process has mapped, as a core dump of it would have it.
func memory(t *testing.T, pid int, as string, overlap int) func(see func(string, []byte)) {
	return func(see func(string, []byte)) {
		t.Helper()
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			t.Fatal(err)
		}
		mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil {
			t.Fatal(err)
		}
		defer mem.Close()
		total := 0
		b := make([]byte, 1<<20)
		for line := range strings.Lines(string(maps)) {
			var from, to int64
			var mode string
			if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || mode[0] != 'r' || strings.Contains(line, "[v") {
				continue
			}
			for at := from; at < to; at += int64(len(b) - overlap) {
				n, err := mem.ReadAt(b[:min(int64(len(b)), to-at)], at)
				total += n
				see("memory of "+as, b[:n])
				if err != nil && err != io.EOF {
					break // a part that is not there
				}
			}
		}
		if total < 1<<20 {
			t.Errorf("only %d bytes of the memory of %s could be read", total, as)
		}
	}
}
