package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
)

// A writer sits at a terminal and writes a request for a slot in a scripted editor.
type writer struct {
	*watcher
	memory string // the folder in memory
	marks  string // where the editor leaves its marks
}

// newWriter makes one. The editor gets the file as $1 and a folder for marks as $M.
func newWriter(t *testing.T, editor string, canaries ...phraseCanary) *writer {
	t.Helper()
	memory, err := os.MkdirTemp("/dev/shm", "pledge-test-")
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{newWatcher(t, canaries...), memory, t.TempDir()}
	t.Cleanup(func() {
		if w.cmd != nil && w.cmd.ProcessState == nil {
			w.cmd.Process.Kill()
		}
		os.RemoveAll(memory)
	})
	write(t, filepath.Join(w.dir, "policy.txt"), []byte(policyOf(0, newPaperLog(t, "log.accord.example/2026"))))
	w.uses(editor)
	t.Setenv("XDG_RUNTIME_DIR", memory)
	t.Setenv("VISUAL", "")
	t.Setenv("M", w.marks)
	return w
}

func (w *writer) uses(editor string) {
	w.t.Helper()
	w.t.Setenv("EDITOR", "sh "+write(w.t, filepath.Join(w.t.TempDir(), "editor.sh"), []byte(editor)))
}

func (w *writer) edits() {
	w.t.Helper()
	w.start("new", "request", "--edit", "--for-slot", "slots", "--policy", "policy.txt", "--unencrypted", "--author", "acme")
}

// waits waits for a mark of the editor.
func (w *writer) waits(mark string) []byte {
	w.t.Helper()
	for range 2000 {
		w.look()
		if b, err := os.ReadFile(filepath.Join(w.marks, mark)); err == nil && len(b) > 0 {
			return b
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("the editor left no mark %q:\n%s", mark, w.screen())
	return nil
}

func (w *writer) mark(name string) { write(w.t, filepath.Join(w.marks, name), []byte("x\n")) }

// left is what is in the folder in memory.
func (w *writer) left() []string { return files(w.t, w.memory) }

func (w *writer) commitments() int {
	found, err := filepath.Glob(filepath.Join(w.dir, "slots", commitmentsIn, "*.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found)
}

// alive reports whether the editor, which left its process id as a mark, runs.
func (w *writer) alive() bool {
	var pid int
	fmt.Sscan(string(w.waits("pid")), &pid)
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(b, []byte(") Z "))
}

func (w *writer) types3() {
	w.t.Helper()
	if _, err := w.terminal.WriteString("\x03"); err != nil {
		w.t.Fatal(err)
	}
}

// aRequest writes a request, and untilGo goes on until there is a mark.
const (
	aRequest = `printf 'received: 2026-01\ncountry: XB\nassist: [keys]\n' > "$1"; echo $$ > "$M/pid"; `
	untilGo  = `while [ ! -e "$M/go" ]; do sleep 0.05; done; `
)

// What is written is on no disk at any moment, nor what the editor leaves beside it or
// where temporary files go; and it is in no argument and no environment.
func TestEditedIsOnNoDisk(t *testing.T) {
	c := newPhrase(t)
	secret := write(t, filepath.Join(t.TempDir(), "typed"), fmt.Appendf(nil, "received: 2026-01\nnarrative:\n  en: '%s'\ncountry: nowhere\n", c.text))
	w := newWriter(t, `cat "`+secret+`" > "$1"; cp "$1" "$1~"; cp "$1" "$TMPDIR/x"; ls "$(dirname "$1")" | wc -l > "$M/files"; sleep 0.1`, c)
	w.edits()
	w.types("written? [E/t/q]", "e", false)
	w.types("written? [E/t/q]", "q", false)
	w.ends(commandline.ExitUsage)
	if got := strings.TrimSpace(string(w.waits("files"))); got != "3" || len(w.left()) > 0 || w.looks < 10 {
		t.Errorf("%s files in memory, %q left, %d looks", got, w.left(), w.looks)
	}
}

// A run that is killed leaves its folder. The next one removes it, but not from under an
// editor that still runs.
func TestEditIsKilled(t *testing.T) {
	w := newWriter(t, `trap '' HUP; `+aRequest+untilGo)
	w.edits()
	w.waits("pid")
	w.cmd.Process.Kill()
	w.cmd.Wait()
	held := w.terminal // which the editor still has
	defer held.Close()
	before := w.left()
	if len(before) != 1 || !w.alive() {
		t.Fatalf("left: %q", before)
	}
	next := func() {
		w.uses("exit 1")
		other := &writer{&watcher{t: t, dir: w.dir, temp: w.temp, home: w.home}, w.memory, w.marks}
		other.edits()
		other.ends(commandline.ExitRefused)
	}
	next()
	if got := w.left(); len(got) != 1 || got[0] != before[0] {
		t.Errorf("of a run whose editor is open %q is left", got)
	}
	w.mark("go")
	for i := 0; w.alive() && i < 1000; i++ {
		time.Sleep(5 * time.Millisecond)
	}
	next()
	if got := w.left(); len(got) != 0 {
		t.Errorf("%q is left", got)
	}
}

// An interrupt at the keyboard is the editor's. One that ends by it ends the command, and so
// does whoever ends the command; nothing is left then.
func TestEditIsInterrupted(t *testing.T) {
	// Under nohup a hang-up is ignored, by whoever is started too: here it is not.
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	defer signal.Stop(hangUps)
	t.Run("the editor takes it", func(t *testing.T) {
		w := newWriter(t, `trap 'echo x > "$M/told"' INT; `+aRequest+untilGo)
		w.edits()
		w.waits("pid")
		w.types3()
		w.waits("told")
		w.mark("go")
		w.ends(commandline.ExitDone)
		if w.commitments() != 1 || len(w.left()) > 0 {
			t.Errorf("%d drafted, %q left:\n%s", w.commitments(), w.left(), w.screen())
		}
	})
	for name, c := range map[string]struct {
		editor string
		ends   func(w *writer)
	}{
		"the editor ends by it":       {aRequest + untilGo, (*writer).types3},
		"terminated":                  {aRequest + untilGo, func(w *writer) { w.cmd.Process.Signal(syscall.SIGTERM) }},
		"an editor that does not end": {`trap '' TERM; ` + aRequest + untilGo, func(w *writer) { w.cmd.Process.Signal(syscall.SIGTERM) }},
		"hung up":                     {aRequest + untilGo, func(w *writer) { w.cmd.Process.Signal(syscall.SIGHUP) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t, c.editor)
			w.edits()
			w.waits("pid")
			c.ends(w)
			s := w.ends(commandline.ExitUndecided)
			if w.commitments() > 0 || len(w.left()) > 0 || w.alive() || !strings.Contains(s, "what was written is removed") {
				t.Errorf("%d drafted, %q left, the editor alive: %v\n%s", w.commitments(), w.left(), w.alive(), s)
			}
		})
	}
	t.Run("at the question", func(t *testing.T) {
		w := newWriter(t, `echo 'received: never' > "$1"; echo x > "$M/pid"`)
		w.edits()
		w.types("written? [E/t/q]", "what", false)
		for range 2000 {
			if strings.Count(w.screen(), "written? [E/t/q]") == 2 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		w.types3()
		s := w.ends(commandline.ExitUndecided)
		if len(w.left()) > 0 || !strings.Contains(s, "what was written is removed") {
			t.Errorf("%q left:\n%s", w.left(), s)
		}
	})
}

// Where there is no folder in memory it is refused, unless the disk will do, and then it
// is said that it is on the disk.
func TestEditWithoutMemory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var said bytes.Buffer
	a := newApp(strings.NewReader(""), new(bytes.Buffer), &said)
	if _, err := a.openEditFolder(nil, false); err == nil || !strings.Contains(err.Error(), "no folder in memory") || len(files(t, os.TempDir())) > 0 {
		t.Errorf("%v", err)
	}
	f, err := a.openEditFolder(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.dir)
	if err != nil || info.Mode().Perm() != 0o700 || filepath.Dir(f.dir) != filepath.Clean(os.TempDir()) || !strings.Contains(said.String(), "lies on the disk, in "+f.dir) {
		t.Errorf("%v %v, and it says %q", info, err, &said)
	}
	if err := f.remove(); err != nil || len(files(t, os.TempDir())) > 0 {
		t.Errorf("%v", err)
	}
	// What another user or another program has there is let alone.
	other := filepath.Join(os.TempDir(), editPrefix+"link")
	if err := os.Symlink(t.TempDir(), other); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(os.TempDir(), editPrefix+"file"), nil)
	removeLeft(os.TempDir())
	if got := files(t, os.TempDir()); len(got) != 2 {
		t.Errorf("left: %q", got)
	}
}

// What can't come to a draft is said before the editor is opened.
func TestEditAsks(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "policy.txt", []byte(policyOf(0, newPaperLog(t, "log.accord.example/2026"))))
	write(t, "there.json", nil)
	t.Setenv("VISUAL", "")
	for _, c := range []struct {
		editor string
		args   []string
		code   int
		says   string
	}{
		{"", []string{"request", "--edit", "--for-slot", "slots", "--policy", "policy.txt", "--unencrypted"}, 2, "neither VISUAL nor EDITOR"},
		{" ", []string{"charter", "--edit"}, 2, "neither VISUAL nor EDITOR"},
		{"touch opened", []string{"request", "--edit", "--from", "request.yaml"}, 2, "--edit does not go with --from"},
		{"touch opened", []string{"request", "--edit", "--from-slot", "x.json"}, 2, "--edit does not go with --from"},
		{"touch opened", []string{"request", "--edit-on-disk"}, 2, "--edit-on-disk goes with --edit"},
		{"touch opened", []string{"request", "--edit"}, 2, "not said where the log is"},
		{"touch opened", []string{"request", "--edit", "--policy", "policy.txt", "--seq", "4"}, 2, "--seq and --prev do not fit"},
		{"touch opened", []string{"request", "--edit", "--policy", "policy.txt", "--safe", "policy.txt"}, 2, "read safe"},
		{"touch opened", []string{"request", "--edit", "--policy", "nowhere.txt"}, 2, "nowhere.txt"},
		{"touch opened", []string{"charter", "--edit", "--out", "there.json"}, 1, "is there already"},
		{"touch opened", []string{"slot", "--edit"}, 2, "does not draft"},
	} {
		t.Setenv("EDITOR", c.editor)
		var out, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"new"}, c.args...), strings.NewReader(""), &out, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%q: exit code %d\n%s", c.args, code, &stderr)
		}
	}
	if got := files(t, "."); len(got) != 2 {
		t.Errorf("there is %q", got)
	}
}

func TestWhatIsInMemory(t *testing.T) {
	for dir, want := range map[string]bool{"/dev/shm": true, "/proc": false, "/no-such-folder": false} {
		if inMemory(dir) != want {
			t.Errorf("%s in memory: %v", dir, !want)
		}
	}
	t.Setenv("XDG_RUNTIME_DIR", "/proc")
	if got := memoryFolders(); len(got) != 1 || got[0] != "/dev/shm" {
		t.Errorf("%q", got)
	}
}
