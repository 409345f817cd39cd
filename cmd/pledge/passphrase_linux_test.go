package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pledgelog/pledgelog/commandline"
)

// A phraseCanary is a passphrase that is nowhere by chance, and the forms that it may have
// somewhere.
type phraseCanary struct {
	text  string
	forms map[string][]byte
}

func newPhrase(t *testing.T) phraseCanary {
	t.Helper()
	random := make([]byte, 24)
	rand.Read(random)
	// With characters that JSON escapes.
	return phraseOf(t, `q"`+base64.RawURLEncoding.EncodeToString(random)+`\<é`)
}

func phraseOf(t *testing.T, text string) phraseCanary {
	t.Helper()
	b := []byte(text)
	c := phraseCanary{text, map[string][]byte{"raw": b, "hex": []byte(hex.EncodeToString(b)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(b)))}}
	escaped, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	c.forms["JSON"] = escaped[1 : len(escaped)-1]
	var whole bytes.Buffer
	e := json.NewEncoder(&whole)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		t.Fatal(err)
	}
	c.forms["JSON without HTML"] = bytes.Trim(whole.Bytes(), "\"\n")
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for before := range 3 {
			// What depends on the bytes before and behind is left out.
			s := encoding.EncodeToString(append(make([]byte, before), b...))
			c.forms[fmt.Sprintf("%s behind %d bytes", name, before)] = []byte(s[(before*8+5)/6 : (before+len(b))*8/6])
		}
	}
	return c
}

// in returns the form in which the canary is in b, or "".
func (c phraseCanary) in(b []byte) string {
	for name, form := range c.forms {
		if bytes.Contains(b, form) {
			return name
		}
	}
	return ""
}

// The canary is found in whatever way somebody may have written it down.
func TestCanaryIsFound(t *testing.T) {
	c := newPhrase(t)
	for i := range 7 {
		b := append(bytes.Repeat([]byte{'x'}, i), c.text...)
		b = append(b, "and more"...)
		quoted, err := json.Marshal(string(b))
		if err != nil {
			t.Fatal(err)
		}
		for name, hidden := range map[string]string{
			"raw": string(b), "hex": fmt.Sprintf("%x", b), "HEX": fmt.Sprintf("%X", b), "JSON": string(quoted),
			"base64": base64.StdEncoding.EncodeToString(b), "base64url": base64.URLEncoding.EncodeToString(b),
		} {
			if c.in([]byte(hidden)) == "" {
				t.Errorf("not found %d bytes into %s", i, name)
			}
		}
	}
	if form := c.in([]byte(newPhrase(t).text)); form != "" {
		t.Errorf("another was found, as %s", form)
	}
}

// A watcher sits at a terminal and runs the program in a folder; all that the program
// leaves or shows anywhere is watched.
type watcher struct {
	t        *testing.T
	dir      string // where it works
	temp     string // its folder for temporary files
	home     string
	canaries []phraseCanary

	terminal *os.File
	cmd      *exec.Cmd
	mu       sync.Mutex
	shown    bytes.Buffer
	seen     int // bytes shown before the last question
	looks    int
	watched  sync.WaitGroup
}

func newWatcher(t *testing.T, canaries ...phraseCanary) *watcher {
	p := &watcher{t: t, dir: t.TempDir(), temp: t.TempDir(), home: t.TempDir(), canaries: canaries}
	return p
}

// start runs the program on a terminal of its own.
func (p *watcher) start(args ...string) {
	p.t.Helper()
	var err error
	if p.terminal, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		p.t.Fatal(err)
	}
	fd := int(p.terminal.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command("pledge", args...)
	p.cmd.Dir, p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = p.dir, screen, screen, screen
	p.cmd.Env = append(os.Environ(), "TMPDIR="+p.temp, "HOME="+p.home)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p.mu.Lock()
	p.shown.Reset()
	p.seen = 0
	p.mu.Unlock()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	screen.Close()
	p.watched.Add(1)
	go func() {
		defer p.watched.Done()
		b := make([]byte, 4096)
		for {
			n, err := p.terminal.Read(b)
			p.mu.Lock()
			p.shown.Write(b[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
}

func (p *watcher) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown.String()
}

// types waits for a question and answers it: without echo, if it is for a secret, and
// not before the echo is off.
func (p *watcher) types(question, answer string, secret bool) {
	p.t.Helper()
	for range 2000 {
		p.look()
		s := p.screen()
		state, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS)
		if i := strings.Index(s[p.seen:], question); i >= 0 && err == nil && (state.Lflag&unix.ECHO == 0) == secret {
			p.seen += i + len(question)
			if _, err := p.terminal.WriteString(answer + "\n"); err != nil {
				p.t.Fatal(err)
			}
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.t.Fatalf("it does not ask %q:\n%s", question, p.screen())
}

// ends waits for the program's end and wants an exit code.
func (p *watcher) ends(code int) string {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(2 * time.Millisecond):
			p.look()
		}
	}
	p.watched.Wait()
	p.terminal.Close()
	p.look()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("exit code %d, not %d:\n%s", got, code, p.screen())
	}
	for _, c := range p.canaries {
		if form := c.in([]byte(p.screen())); form != "" {
			p.t.Errorf("%q shows a passphrase, as %s", p.cmd.Args, form)
		}
	}
	return p.screen()
}

// look looks for canaries in the process's arguments and environment, and in every file.
func (p *watcher) look() {
	p.t.Helper()
	p.looks++
	places := map[string][]byte{}
	for _, name := range []string{"cmdline", "environ"} {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)); err == nil {
			places["its "+name] = b
		}
	}
	for _, dir := range []string{p.dir, p.temp, p.home} {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if b, err := os.ReadFile(path); err == nil {
					places[path] = append(b, path...)
				}
			}
			return nil
		})
	}
	for place, b := range places {
		for _, c := range p.canaries {
			if form := c.in(b); form != "" {
				p.t.Fatalf("%q: a passphrase is in %s, as %s", p.cmd.Args, place, form)
			}
		}
	}
}

// A passphrase is nowhere but with who typed it: not on the screen, not in arguments or
// environment, not in a file at any moment.
func TestPassphraseIsNowhere(t *testing.T) {
	one, two := newPhrase(t), newPhrase(t)
	p := newWatcher(t, one, two)
	d := newTable(t, "a text") // a draft, elsewhere
	p.start("keygen", "--out", "acme.key")
	p.types("new passphrase of acme.key", one.text, true)
	p.types("the same again", one.text, true)
	if s := p.ends(commandline.ExitDone); !strings.Contains(s, "key id") {
		t.Errorf("it says\n%s", s)
	}
	p.start("keygen", "--out", "other.key")
	p.types("new passphrase of other.key", one.text, true)
	p.types("the same again", two.text, true)
	if s := p.ends(commandline.ExitRefused); !strings.Contains(s, "the two passphrases differ") || exists(filepath.Join(p.dir, "other.key")) {
		t.Errorf("it says\n%s", s)
	}
	p.start("sign", d.draft, "--key", "acme.key")
	p.types("passphrase of acme.key", two.text, true)
	if s := p.ends(commandline.ExitRefused); !strings.Contains(s, "that is not its passphrase") {
		t.Errorf("it says\n%s", s)
	}
	p.start("sign", d.draft, "--key", "acme.key")
	p.types("passphrase of acme.key", one.text, true)
	p.types("[y/N]", "y", false)
	if s := p.ends(commandline.ExitDone); !strings.Contains(s, "signed ") {
		t.Errorf("it says\n%s", s)
	}
	p.start("key", "passphrase", "acme.key")
	p.types("passphrase of acme.key", one.text, true)
	p.types("new passphrase of acme.key", two.text, true)
	p.types("the same again", two.text, true)
	p.ends(commandline.ExitDone)

	// From files, which are not among those that are looked at.
	file := write(t, filepath.Join(t.TempDir(), "phrase"), []byte(two.text+"\n"))
	p.start("sign", newTable(t, "another").draft, "--key", "acme.key", "--passphrase-file", file, "--yes")
	p.ends(commandline.ExitDone)
	p.start("keygen", "--out", "second.key", "--passphrase-file", file)
	p.ends(commandline.ExitDone)
	if p.looks < 50 {
		t.Errorf("only %d looks were taken", p.looks)
	}
}

// Who chooses no passphrase is given one, and types it to show that it is written down.
func TestPassphraseThatIsGiven(t *testing.T) {
	p := newWatcher(t)
	p.start("keygen", "--out", "acme.key")
	p.types("new passphrase of acme.key", "", true)
	var given string
	for range 2000 {
		if m := regexp.MustCompile(`(?m)^    ([a-z]{4}(?:-[a-z]{4}){5})\r?$`).FindStringSubmatch(p.screen()); m != nil {
			given = m[1]
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.types("the same again", given, true)
	p.ends(commandline.ExitDone)
	p.canaries = []phraseCanary{phraseOf(t, given)}
	p.start("key", "show", "acme.key")
	p.types("passphrase of acme.key", given, true)
	p.ends(commandline.ExitDone)
}

// Who presses Ctrl-C at the question gets the terminal back as it was.
func TestPassphraseIsInterrupted(t *testing.T) {
	p := newWatcher(t)
	p.start("keygen", "--out", "acme.key")
	for range 2000 {
		if state, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS); err == nil && state.Lflag&unix.ECHO == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	second, err := os.Open(fmt.Sprintf("/proc/%d/fd/0", p.cmd.Process.Pid)) // else the terminal ends with the program
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != commandline.ExitUndecided {
		t.Errorf("%v\n%s", err, p.screen())
	}
	if state, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal does not show any more what is typed: %v", err)
	}
	second.Close()
	p.watched.Wait()
	p.terminal.Close()
	if got := files(t, p.dir); len(got) > 0 {
		t.Errorf("files were left: %q", got)
	}
}
