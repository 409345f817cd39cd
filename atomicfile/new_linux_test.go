package atomicfile

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain is also what is killed, and what writes to a disk that is full.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ATOMICFILE_FULL"); dir != "" {
		os.Exit(writeFull(dir))
	}
	if path := os.Getenv("ATOMICFILE_PATH"); path != "" {
		os.Exit(writeKilled(path, os.Getenv("ATOMICFILE_WAY"), os.Getenv("ATOMICFILE_AT")))
	}
	os.Exit(m.Run())
}

const content = "0123456789 and so on to the end\n"

// writeKilled writes in a way, and is killed at a step.
func writeKilled(path, way, at string) int {
	switch way {
	case "name":
		lesserWays(renameNew, linkNew, reserve)
	case "link":
		lesserWays(none, linkNew)
	case "reserve":
		lesserWays(none, none, reserve)
	}
	atEachStep(func(step string) error {
		if step == at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	})
	var err error
	if way == "replace" {
		err = Write(path, []byte(content), 0o600)
	} else {
		err = New(path, []byte(content), 0o600)
	}
	println("it was not killed at", at, err)
	return 1
}

// A process that is killed with SIGKILL at any step leaves the whole file or none, and
// the next run writes it; nothing has a name that it should not have.
func TestNewIsWholeWhenKilled(t *testing.T) {
	for _, c := range []struct {
		way, at string
		left    string // beside the file, or of it
	}{
		{"", "created", "none"}, {"", "half", "none"}, {"", "written", "none"}, {"", "synced", "none"},
		{"", "named", "whole"}, {"", "durable", "whole"},
		{"name", "half", "temp"}, {"name", "synced", "temp"}, {"name", "named", "whole"},
		{"link", "half", "temp"}, {"link", "named", "whole"},
		{"reserve", "half", "temp"}, {"reserve", "reserved", "empty"}, {"reserve", "named", "whole"},
		{"replace", "half", "old"},
	} {
		t.Run(c.way+" "+c.at, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "x.json")
			if c.way == "" && !hasUnnamed(dir) {
				t.Fatal("this file system has no files without names: set TMPDIR to one that has, such as /dev/shm")
			}
			if c.left == "old" {
				if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "ATOMICFILE_PATH="+path, "ATOMICFILE_WAY="+c.way, "ATOMICFILE_AT="+c.at)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("%v\n%s", err, out)
			}
			got, temps := "none", 0
			for _, name := range names(t, dir) {
				if name != "x.json" {
					temps++
					continue
				}
				b, err := os.ReadFile(path)
				switch {
				case err != nil:
					t.Fatal(err)
				case string(b) == content:
					got = "whole"
				case string(b) == "old":
					got = "old"
				case len(b) == 0:
					got = "empty"
				default:
					t.Fatalf("it is half there: %q", b)
				}
			}
			if got == "none" && temps == 1 {
				got = "temp"
			}
			if got != c.left || temps > 1 || c.way == "" && temps > 0 {
				t.Errorf("it left %q and %d files more, want %q", got, temps, c.left)
			}
			if got == "none" || got == "temp" {
				if err := New(path, []byte("the next"), 0o600); err != nil {
					t.Errorf("the next run: %v", err)
				}
			}
		})
	}
}

func hasUnnamed(dir string) bool {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}

// On a disk that is full nothing is left of the file, its name is free, and what was
// there before stays.
func TestFullDisk(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ATOMICFILE_FULL="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("this test mounts a small disk: as root, or where a user may make namespaces (see the sysctls kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns): %v\n%s", err, out)
	}
}

// writeFull mounts a small disk and writes more to it than it has.
func writeFull(dir string) int {
	// What is mounted here is not to be seen from outside.
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		println(err.Error())
		return 1
	}
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		println(err.Error())
		return 1
	}
	defer unix.Unmount(dir, 0)
	code := 0
	wrong := func(what string) { println(what); code = 1 }
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		wrong(err.Error())
	}
	path, large := filepath.Join(dir, "x"), bytes.Repeat([]byte("0123456789abcdef"), 8<<10)
	for _, lesser := range []bool{false, true} {
		if lesser {
			first = func(string, []byte, os.FileMode) error { return errors.ErrUnsupported }
		}
		if err := New(path, large, 0o600); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path) {
			wrong("new: " + err.Error())
		}
		if err := Write(old, large, 0o600); !errors.Is(err, unix.ENOSPC) {
			wrong("write: no error of a full disk")
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "old" }) {
			wrong("something was left")
		}
		if b, err := os.ReadFile(old); err != nil || string(b) != "old" {
			wrong("what was there before is gone")
		}
	}
	if err := New(path, large[:8<<10], 0o600); err != nil {
		wrong("what there is room for: " + err.Error())
	}
	return code
}
