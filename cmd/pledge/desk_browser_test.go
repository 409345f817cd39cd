package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// An atDesk is a real `pledge desk` of one person, in a home and with an agent of their own, and a
// real Chromium with a profile of its own.
type atDesk struct {
	t       *testing.T
	home    string
	profile string
	cmd     *exec.Cmd
	address string // that the desk printed
	said    *lockedText
	ended   chan struct{}

	ctx context.Context
	mu  sync.Mutex
	log []string // what pages wrote to the console

	scriptless bool // scripts are switched off

	// What the person did, for the keystroke-level model.
	who                  string
	clicks, keys, chunks int
	words                int
	seen                 map[string]bool
}

type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.WriteString(line + "\n")
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startDesk runs the program. What it needs from its environment is env.
func startDesk(t *testing.T, home string, env []string, args ...string) *atDesk {
	t.Helper()
	d := &atDesk{t: t, home: home, said: new(lockedText), ended: make(chan struct{}), seen: make(map[string]bool)}
	d.cmd = exec.Command("pledge", append([]string{"desk", "--author", "acme", "--no-browser"}, args...)...)
	d.cmd.Dir = home
	d.cmd.Env = append(os.Environ(), append([]string{"HOME=" + home}, env...)...)
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			d.said.add(lines.Text())
			if a, ok := strings.CutPrefix(lines.Text(), "desk        "); ok {
				address <- a
			}
		}
	})
	reading.Go(func() {
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			d.said.add(lines.Text())
		}
	})
	go func() { reading.Wait(); d.cmd.Wait(); close(d.ended) }()
	t.Cleanup(d.kill)
	select {
	case d.address = <-address:
	case <-d.ended:
		t.Fatalf("the desk ended:\n%s", d.said)
	case <-time.After(20 * time.Second):
		t.Fatalf("the desk does not open:\n%s", d.said)
	}
	return d
}

func (d *atDesk) kill() {
	d.cmd.Process.Signal(syscall.SIGKILL)
	<-d.ended
}

// browse starts a browser and opens the desk in it.
func (d *atDesk) browse(options ...chromedp.ExecAllocatorOption) {
	d.t.Helper()
	d.launch(options...)
	d.do(chromedp.Navigate(d.address))
}

func (d *atDesk) launch(options ...chromedp.ExecAllocatorOption) {
	d.t.Helper()
	if d.profile == "" {
		d.profile = d.t.TempDir()
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(d.profile),
		chromedp.Env("TMPDIR="+d.short()))
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*time.Minute)
	d.t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(opts, options...)...)
	d.t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithBrowserOption(chromedp.WithConsolef(func(format string, args ...any) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.log = append(d.log, fmt.Sprintf(format, args...))
	})))
	d.t.Cleanup(leave)
	d.ctx = ctx
	d.do(chromedp.EmulateViewport(1280, 900))
}

func (d *atDesk) do(steps ...chromedp.Action[chromedp.Void]) {
	d.t.Helper()
	if err := chromedp.Do(d.ctx, steps...); err != nil {
		d.t.Fatal(err)
	}
}

func atPage[T any](d *atDesk, js string) T {
	d.t.Helper()
	v, err := chromedp.Run(d.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

// quiet fails the test if a page wrote to the console: a violation of its policy, say.
func (d *atDesk) quiet() {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.log {
		d.t.Errorf("the console says: %s", s)
	}
}

// click clicks at something with the mouse, and waits for the page that it leads to, if any.
func (d *atDesk) click(sel string) {
	d.t.Helper()
	d.clicks++
	d.do(chromedp.ScrollIntoView(chromedp.CSS(sel)), chromedp.Click(chromedp.CSS(sel), chromedp.NodeVisible))
}

func (d *atDesk) clickTo(sel, screen string) {
	d.t.Helper()
	d.clicks++
	d.do(chromedp.ScrollIntoView(chromedp.CSS(sel)))
	if _, err := chromedp.RunResponse(d.ctx, chromedp.Click(chromedp.CSS(sel), chromedp.NodeVisible)); err != nil {
		d.t.Fatalf("%s: %v", sel, err)
	}
	d.at(screen)
}

func button(do string) string { return fmt.Sprintf("main button[name=do][value=%s]", do) }

// press is one chunk of typing.
func (d *atDesk) press(keys string) {
	d.t.Helper()
	d.chunks++
	d.keys += len([]rune(keys))
	d.do(chromedp.KeyEvent(keys))
}

func (d *atDesk) next() { d.keys++; d.do(chromedp.KeyEvent(kb.Tab)) }

// at wants a heading, which is read together with all that is new on the page.
func (d *atDesk) at(heading string) {
	d.t.Helper()
	until := time.Now().Add(20 * time.Second)
	for {
		got, err := chromedp.Run(d.ctx, chromedp.Evaluate[string](`document.querySelector("h1")?.textContent + (document.querySelector("[data-again]") ? "…" : "")`))
		if err == nil && got == heading {
			break
		}
		if time.Now().After(until) {
			text, _ := chromedp.Run(d.ctx, chromedp.Evaluate[string](`document.querySelector("main")?.innerText`))
			d.t.Fatalf("the page is %q, not %q:\n%s\n%s", got, heading, text, d.said)
		}
		time.Sleep(20 * time.Millisecond)
	}
	d.read()
}

// visible are the words that a person sees: not what is folded away, nor options of a list
// that is closed. The public pages in the frames are part of it.
const visible = `(async () => {
  const out = [];
  const walk = (doc, styled) => {
    const w = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
    while (w.nextNode()) {
      const e = w.currentNode.parentElement, text = w.currentNode.data.trim();
      if (!text || e.closest("select, datalist, script, style, .skip, textarea")) continue;
      const folded = e.closest("details:not([open])");
      if (folded && !e.closest("summary")) continue;
      if (styled && !e.checkVisibility()) continue;
      out.push(text);
    }
  };
  walk(document, true);
  for (const f of document.querySelectorAll("iframe"))
    walk(new DOMParser().parseFromString(await (await fetch(f.src)).text(), "text/html"), false);
  return out;
})()`

// read counts the words that this person has not read yet.
func (d *atDesk) read() {
	d.t.Helper()
	if d.scriptless { // what reads is a script
		return
	}
	for _, text := range atPage[[]string](d, visible) {
		if !d.seen[text] {
			d.seen[text] = true
			d.words += len(strings.Fields(text))
			if os.Getenv("DESK_WORDS") != "" {
				fmt.Println(d.who, len(strings.Fields(text)), text)
			}
		}
	}
}

// The keystroke-level model (Card, Moran and Newell 1980): before each click and each chunk of
// typing a person thinks, for 1.35 s; pointing and clicking take 1.1 s, a key of somebody who
// seldom types 0.28 s. Words are read at 200 a minute.
func (d *atDesk) seconds() float64 {
	return float64(d.clicks)*(1.35+1.1) + float64(d.chunks)*1.35 + float64(d.keys)*0.28 + float64(d.words)*60/200
}

func (d *atDesk) sum() string {
	return fmt.Sprintf("%s: %d clicks, %d keys in %d chunks, %d words: %.0f s", d.who, d.clicks, d.keys, d.chunks, d.words, d.seconds())
}

// axePath is where scripts/test installs axe-core. Tests go to other folders.
var axePath = func() string {
	path, err := filepath.Abs(filepath.Join("..", "..", "scripts", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		panic(err)
	}
	return path
}()

// axeSource is axe-core.
var axeSource = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile(axePath)
	if err != nil {
		return "", fmt.Errorf("%w\naxe-core is missing: (cd scripts/axe && npm ci)", err)
	}
	return string(b), nil
})

// axe has axe-core look at the page, with every rule it has, and wants it to report nothing. In the
// other theme only colours differ, and it looks at these again. Frames are looked at as pages of their own.
func (d *atDesk) axe(what string) {
	d.t.Helper()
	source, err := axeSource()
	if err != nil {
		d.t.Fatal(err)
	}
	atPage[int](d, source+"; 0")
	for _, theme := range []struct{ name, only string }{{"light", ""}, {"dark", `, runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}`}} {
		d.theme(theme.name)
		for _, v := range atPage[[]string](d, `axe.run(document, {iframes: false, resultTypes: ["violations"]`+theme.only+`}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 160) + " " + n.failureSummary)))`) {
			d.t.Errorf("%s, %s: axe: %s", what, theme.name, v)
		}
	}
	d.theme("light")
}

// short is a folder whose name leaves room for the name of a socket, which has 108 bytes at most.
func (d *atDesk) short() string {
	d.t.Helper()
	dir, err := os.MkdirTemp("/tmp", "d")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (d *atDesk) theme(name string) {
	d.t.Helper()
	_, err := chromedp.Call(d.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// shoot writes what is seen to the folder in DESK_SHOTS, at three widths and in both themes.
func (d *atDesk) shoot(name string) {
	d.t.Helper()
	dir := os.Getenv("DESK_SHOTS")
	if dir == "" {
		return
	}
	for _, look := range []struct {
		name  string
		width int64
		theme string
	}{{"", 1280, "light"}, {"-dark", 1280, "dark"}, {"-phone", 320, "light"}} {
		d.theme(look.theme)
		d.do(chromedp.EmulateViewport(look.width, 900))
		b, err := chromedp.Run(d.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "desk-"+name+look.name+".png"), b, 0o644); err != nil {
			d.t.Fatal(err)
		}
	}
	d.theme("light")
	d.do(chromedp.EmulateViewport(1280, 900))
}

// look holds a screen to what any reader needs.
func (d *atDesk) look(name string) {
	d.t.Helper()
	if d.scriptless { // what looks is a script
		d.noScript(false)
		defer d.noScript(true)
	}
	d.axe(name)
	d.shoot(name)
	for _, width := range []int64{320, 640, 1280} { // 640 is 1280 at a zoom of 200 %
		d.do(chromedp.EmulateViewport(width, 900))
		if wide := atPage[int](d, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			d.t.Errorf("%s at %d px scrolls sideways by %d px", name, width, wide)
		}
	}
	d.do(chromedp.EmulateViewport(1280, 900))
	// The focus is where a screen reader begins: at the heading, or at what is wrong.
	if at := atPage[string](d, `(() => { const e = document.activeElement; return e.matches("h1, .problems") ? "" : e.outerHTML.slice(0, 80); })()`); at != "" && name != "sending" {
		d.t.Errorf("%s: the focus is at %s", name, at)
	}
}

// agent starts an ssh-agent with a key of a comment.
func agent(t *testing.T, comment string) (env string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "a")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	env = "SSH_AUTH_SOCK=" + socket
	key := filepath.Join(dir, "key")
	for _, args := range [][]string{{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key}, {"ssh-add", "-q", key}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), env)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	return env
}

// filesIn lists all files under a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// command runs another program and returns what it wrote.
func command(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func itoa(n int) string { return fmt.Sprint(n) }

// keeps reports whether bytes hold a word, as it is or in one of the forms that programs
// store text in: UTF-16, hex, base64 at its three alignments.
func keeps(b []byte, word string) bool {
	var wide []byte
	for _, r := range word {
		wide = append(wide, byte(r), 0)
	}
	forms := [][]byte{[]byte(word), wide, []byte(hex.EncodeToString([]byte(word))), []byte(strings.ToUpper(hex.EncodeToString([]byte(word))))}
	for pad := range 3 {
		// The characters that depend on the neighbours are left out.
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + word))
		first, last := (pad*8+5)/6, (pad+len(word))*8/6
		forms = append(forms, []byte(coded[first:last]), []byte(strings.NewReplacer("+", "-", "/", "_").Replace(coded[first:last])))
	}
	return slices.ContainsFunc(forms, func(form []byte) bool { return bytes.Contains(b, form) })
}

func TestKeeps(t *testing.T) {
	const word = "zephyrine"
	for n := range 4 {
		text := strings.Repeat("ab", n)[:n] + word + "more"
		for name, b := range map[string][]byte{
			"raw": []byte(text), "hex": []byte(hex.EncodeToString([]byte(text))), "base64": []byte(base64.StdEncoding.EncodeToString([]byte(text))),
			"UTF-16": []byte("z\x00e\x00p\x00h\x00y\x00r\x00i\x00n\x00e\x00"),
		} {
			if !keeps(b, word) {
				t.Errorf("%s at %d is not found", name, n)
			}
		}
	}
	if keeps([]byte("zephyr in e"), word) {
		t.Error("found what is not there")
	}
}
