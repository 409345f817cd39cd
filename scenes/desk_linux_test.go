package scenes

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// A desk is a real `pledge desk`, with somebody's browser at it, which is a client that fills in
// forms. Between them is a wire of their own.
type desk struct {
	c    *company
	cmd  *exec.Cmd
	out  *bufio.Reader
	errs bytes.Buffer
	http *http.Client
	base string // with the session
	page string // that was shown last
}

// without runs a program that may not look into others by right, as a person's own programs may
// not. The superuser may, and is told to give that up.
func without(args ...string) []string {
	if os.Geteuid() != 0 {
		return args
	}
	return append([]string{"setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"}, args...)
}

// sits opens a desk. Its limits are those under which a crash would leave most.
func (c *company) sits() *desk {
	c.t.Helper()
	args := append([]string{filepath.Join(bin, "pledge"), "desk", "--author", "acme", "--key", "acme-1", "--passphrase-file", "second.txt",
		"--dir", "desk", "--slots", "desk/slots", "--safe", "counsel.safe.pub", "--no-browser"}, append(online, c.reading...)...)
	all := without(append([]string{"/bin/sh", "-c", `ulimit -S -c "$(ulimit -H -c)"; exec "$@"`, "sh"}, args...)...)
	path, err := exec.LookPath(all[0])
	if err != nil {
		c.t.Fatal(err)
	}
	d := &desk{c: c, cmd: command(c.dir, path, all[1:]...)}
	d.cmd.Env = append(d.cmd.Env, "GOTRACEBACK=crash")
	d.cmd.Stderr = &d.errs
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	d.out = bufio.NewReader(out)
	line, err := d.out.ReadString('\n')
	if err != nil {
		d.cmd.Wait()
		c.t.Fatalf("the desk does not open: %v\n%s", err, &d.errs)
	}
	c.hunt.keep("stdout of pledge desk", []byte(line))
	u, err := url.Parse(strings.TrimSpace(strings.TrimPrefix(line, "desk ")))
	if err != nil {
		c.t.Fatal(err)
	}
	c.loopback = newRelay(c.t, u.Host)
	c.loopback.name = "the desk"
	d.http = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, c.loopback.l.Addr().String())
	}}}
	d.base = u.String()
	d.shown(d.get(""))
	session := regexp.MustCompile(`/([A-Za-z0-9_-]{43})/$`).FindStringSubmatch(d.base)
	if session == nil {
		c.t.Fatalf("the desk is at %s", d.base)
	}
	c.hunt.bytes("the session of a desk", []byte(session[1]), "wire * the desk")
	return d
}

// get asks the desk for a page or for what it needs.
func (d *desk) get(name string) string {
	d.c.t.Helper()
	a, err := d.http.Get(d.base + name)
	if err != nil {
		d.c.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		d.c.t.Fatalf("%s: %s, %v\n%s", name, a.Status, err, b)
	}
	if name == "" {
		d.base = a.Request.URL.String()
	}
	return string(b)
}

// shown looks at the program from outside while it shows a page.
func (d *desk) shown(page string) {
	d.page = page
	for _, k := range fromOutside(d.cmd.Process.Pid, "pledge desk") {
		d.c.hunt.keep(k.place, k.data)
	}
	for _, folder := range []string{"temp", "home"} {
		files(filepath.Join(d.c.dir, folder), "temporary")(d.c.hunt.keep)
	}
}

var deskStep = regexp.MustCompile(`name="step" value="(\d+)"`)

// act sends the form that is shown, and wants the page that follows to say something.
func (d *desk) act(want, do string, fields ...string) {
	d.c.t.Helper()
	form := url.Values{"do": {do}}
	if m := deskStep.FindStringSubmatch(d.page); m != nil {
		form.Set("step", m[1])
	}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	a, err := d.http.PostForm(d.base, form)
	if err != nil {
		d.c.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		d.c.t.Fatal(err)
	}
	d.shown(string(b))
	for end := time.Now().Add(30 * time.Second); !strings.Contains(d.page, want); d.shown(d.get("")) {
		if !strings.Contains(d.page, "data-again") || time.Now().After(end) {
			d.c.t.Fatalf("%s: the desk does not say %q:\n%s", do, want, d.page)
		}
	}
}

// desks has somebody type secrets at a desk. They cross to it, and are in the safe afterwards;
// nowhere else, whatever becomes of the desk.
func (c *company) desks() {
	if err := os.Mkdir(filepath.Join(c.dir, "desk"), 0o700); err != nil {
		c.t.Fatal(err)
	}
	typed := func(what string) *canary { return c.hunt.canary(what+" at a desk", "wire * the desk") }
	words, agency, permission, forbidden, looked, given := typed("withheld words"), typed("a sealed agency"), typed("the reference of a permission"), typed("what a law card forbids to tell, typed"), typed("what was looked at while it was typed"), typed("what was given up")
	d := c.sits()
	const form, review, start = "The request, and your answer", "Exactly what the public will see", "A request came."

	// Typed and given up; forbidden, and kept for a slot instead.
	d.act(form, "yes")
	if a, err := d.http.Post(d.base+"lint", "text/plain", strings.NewReader(text(looked))); err != nil || a.StatusCode != http.StatusOK {
		c.t.Fatalf("lint: %v, %v", a, err)
	} else {
		a.Body.Close()
	}
	d.act("fill this in", "draft", "narrative", text(given))
	d.act(start, "start")
	d.act(form, "yes")
	request := []string{"country", "XC", "received", "2025-03", "assist", "keys", "instrument", "gb-tcn", "narrative", text(forbidden)}
	d.act("This may not be told in public", "draft", request...)
	d.act("Nothing is kept yet.", "instead", request...)
	d.act("Nothing was sent.", "draft", request...)
	d.act(start, "start")

	// Withheld, with a permission, signed and submitted; and a field under a seal.
	d.act(form, "yes")
	d.act(review, "draft", "country", "XC", "received", "2025-03", "assist", "keys", "instrument", "informal", "gag", "ordered", "gagReview", "2025-09-30",
		"permission", "Letter "+permission.text, "narrative", text(words), "keep", "text", "review", "2025-09-30")
	if !strings.Contains(d.page, words.text) {
		c.t.Error("who typed it does not see what is kept back")
	}
	if page := d.get("public/0"); strings.Contains(page, words.text) || !strings.Contains(page, "<h1") {
		c.t.Errorf("the public page: %s", page)
	}
	d.act("Signed by all", "sign")
	d.act("The receipt is verified", "submit")
	d.act("acme-request", "memo")
	d.act(start, "start")
	d.act(form, "yes")
	d.act(review, "draft", "country", "XC", "received", "2025-03", "assist", "keys", "instrument", "informal", "gag", "none", "agency", agency.text[:26],
		"keep", "some", "seal", "agency", "sealReason", "safety", "review", "2025-09-30")
	d.act("Nobody signed it yet.", "write")

	// Nobody else of the same person's reads its memory, and a crash leaves none of it.
	d.unreadable()
	d.cmd.Process.Signal(syscall.SIGABRT)
	rest, _ := io.ReadAll(d.out)
	d.cmd.Wait()
	c.hunt.keep("stdout of pledge desk", rest)
	c.hunt.keep("stderr of pledge desk", d.errs.Bytes())
	if state := d.cmd.ProcessState.Sys().(syscall.WaitStatus); !state.Signaled() && state.ExitStatus() != 2 || state.CoreDump() {
		c.t.Errorf("it ended with %v, and left a core dump: %v", d.cmd.ProcessState, state.CoreDump())
	}
	if left, err := filepath.Glob(filepath.Join(c.dir, "desk", "*.json")); err != nil || len(left) != 2 {
		c.t.Errorf("in its folder are %q (%v)", left, err)
	} else {
		for _, path := range left {
			c.salts("desk/" + filepath.Base(path))
		}
	}
	kept, err := filepath.Glob(filepath.Join(c.dir, "desk", "slots", "commitments", "*.json"))
	if err != nil || len(kept) != 1 {
		c.t.Fatalf("for a slot are kept %q (%v)", kept, err)
	}
	c.salts("desk/slots/commitments/" + filepath.Base(kept[0]))
}

// unreadable wants a program that could read another's memory to fail at the desk's.
func (d *desk) unreadable() {
	d.c.t.Helper()
	other := exec.Command("/bin/sh", "-c", "exec sleep 60")
	args := without("/bin/sh", "-c", "exec sleep 60")
	if path, err := exec.LookPath(args[0]); err == nil {
		other = exec.Command(path, args[1:]...)
	}
	if err := other.Start(); err != nil {
		d.c.t.Fatal(err)
	}
	defer func() { other.Process.Kill(); other.Wait() }()
	read := func(pid int) (string, error) {
		args := without("/bin/sh", "-c", fmt.Sprintf("exec cat </proc/%d/mem", pid))
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		return string(out), err
	}
	late := time.Now().Add(10 * time.Second)
	for {
		// It is opened, and has nothing at its beginning.
		out, err := read(other.Process.Pid)
		if err != nil && strings.Contains(out, "Input/output error") {
			break
		}
		if time.Now().After(late) {
			d.c.t.Fatalf("another program's memory can't be looked at here either: %v\n%s", err, out)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if out, err := read(d.cmd.Process.Pid); err == nil || !strings.Contains(strings.ToLower(out), "permission denied") {
		d.c.t.Errorf("the memory of the desk can be read by others: %v\n%.200s", err, out)
	}
}
