package commandline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pledgelog/pledgelog/commandline"
)

// terminal opens a pseudo-terminal: what is written to the second is read from the first.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return screen, tty
}

// The bar is drawn on a terminal after a second of work, and taken away; a file gets none.
func TestProgress(t *testing.T) {
	screen, tty := terminal(t)
	path := filepath.Join(t.TempDir(), "err")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	bars := []*commandline.Progress{commandline.NewProgress(tty, "statements"), commandline.NewProgress(file, "statements")}
	for _, p := range bars {
		p.Show(1, 40) // too early
	}
	time.Sleep(1100 * time.Millisecond)
	for _, p := range bars {
		p.Show(20, 40)
		p.Clear()
	}
	fmt.Fprintln(tty, "end")
	var seen strings.Builder
	b := make([]byte, 4096)
	for !strings.Contains(seen.String(), "end") {
		n, err := screen.Read(b)
		if err != nil {
			t.Fatalf("after %q: %v", seen.String(), err)
		}
		seen.Write(b[:n])
	}
	got := seen.String()
	if strings.Contains(got, "1 of 40") {
		t.Errorf("it is drawn at once: %q", got)
	}
	bar := strings.Repeat("█", 15) + strings.Repeat("░", 15) + "  50%  20 of 40 statements"
	if !strings.Contains(got, bar) {
		t.Errorf("it draws %q, not %q", got, bar)
	}
	if !strings.HasSuffix(strings.TrimRight(got, "\r\n"), "\r\x1b[Kend") {
		t.Errorf("it stays: %q", got)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) > 0 {
		t.Errorf("a file gets %q, %v", b, err)
	}
}
