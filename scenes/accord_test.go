package scenes

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const layout = "2006-01-02T15:04:05Z"

// An accord is a log that the real server serves, on a clock that the test moves, and
// the secretariat's and its members' files in one folder.
type accord struct {
	t       *testing.T
	dir     string
	url     string
	metrics string
	charter string // entry id
	server  *exec.Cmd
	now     time.Time
	grown   time.Time // when something was logged last, zero when a directory covers it

	run     func(name string, args ...string) said
	phrases map[string]string // the file with a key's passphrase, by key
	reading []string          // flags that name the safe in which drafts keep something back

	ids    map[string]string // entry ids by what a scene calls them
	labels map[string]string // and the other way round
}

// found makes an accord: one key signs for the secretariat, slots are weekly, and the
// terms are those that the scenes count with.
func found(t *testing.T, at string) *accord {
	t.Helper()
	a := newAccord(t)
	address := free(t)
	a.begin(at, address, address)
	return a
}

func newAccord(t *testing.T) *accord {
	t.Helper()
	a := &accord{t: t, dir: t.TempDir(), ids: make(map[string]string), labels: make(map[string]string), phrases: make(map[string]string)}
	a.run = func(name string, args ...string) said { return play(a.t, a.dir, name, args...) }
	for _, name := range []string{"home", "temp"} {
		if err := os.Mkdir(filepath.Join(a.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// begin founds it. The server listens on one address; members are given another one.
func (a *accord) begin(at, listen, address string) {
	a.t.Helper()
	a.set(at)
	a.must("pledgelog", "keygen", "--origin", "log.accord.example/2025", "--out", "keys")
	for _, key := range []string{"sec1", "rec1"} {
		a.key(key, "statement")
	}
	vkey := strings.TrimSpace(a.read("keys/checkpoint.pub"))
	metrics := free(a.t)
	a.url, a.metrics = "http://"+listen, "http://"+metrics
	a.write("policy.txt", "log "+vkey+" http://"+address+"\nquorum none\n")
	a.write("serve.yaml", fmt.Sprintf(`origin: log.accord.example/2025
directory: log
state: state
policy: policy.txt
checkpoint_key: keys/checkpoint.key
operator_key: keys/operator.key
listen: %s
metrics_listen: %s
checkpoint_interval: 100ms
simulated_clock: clock
`, listen, metrics))
	a.write("charter.yaml", `accord: Accord of the scenes
logKeys: [keys/checkpoint.pub]
clauses:
  - {id: no-backdoors, text: We supply no backdoor.}
attestation: quarter
graceDays: 30
fileDays: 30
decisionDays: 180
replyDays: 30
reviewDays: 365
slots: week
secretariat: {threshold: 1, keys: [sec1.pub]}
recovery: {threshold: 1, keys: [rec1.pub]}
operator: {threshold: 1, keys: [keys/operator.key.pub]}
`)
	a.charter = entryOf(a.t, a.must("pledge", "new", "charter", "--from", "charter.yaml", "--simulated-clock", "clock", "--out", "charter.json"))
	for _, key := range []string{"sec1", "rec1", "keys/operator.key"} {
		a.sign("charter.json", key)
	}
	a.must("pledgelog", "init", "--config", "serve.yaml", "--charter", "charter.json")
	a.grown = a.now
	a.serve()
}

// free is an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve starts the server; it has to end in order.
func (a *accord) serve() {
	a.t.Helper()
	errs, err := os.Create(filepath.Join(a.dir, "serve.log"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer errs.Close()
	a.server = command(a.dir, "pledgelog", "serve", "--config", "serve.yaml")
	a.server.Stdout, a.server.Stderr = errs, errs
	if err := a.server.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		if a.server.ProcessState != nil {
			return // a test ended it
		}
		if err := a.server.Process.Signal(syscall.SIGTERM); err != nil {
			a.t.Error(err)
		}
		if err := a.server.Wait(); err != nil {
			a.t.Errorf("the server: %v\n%s", err, a.read("serve.log"))
		}
	})
	a.wait("the server is ready", func() bool {
		resp, err := http.Get(a.url + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// wait waits for what comes by itself.
func (a *accord) wait(what string, done func() bool) {
	a.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			a.t.Fatalf("waited in vain until %s\n%s", what, a.read("serve.log"))
		}
	}
}

func (a *accord) read(name string) string {
	a.t.Helper()
	b, err := os.ReadFile(filepath.Join(a.dir, name))
	if err != nil {
		a.t.Fatal(err)
	}
	return string(b)
}

func (a *accord) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// set sets the clock, for who reads it in one step.
func (a *accord) set(at string) {
	a.t.Helper()
	to, err := time.Parse(layout, at)
	if err != nil {
		a.t.Fatal(err)
	}
	if to.Before(a.now) {
		a.t.Fatalf("%s is before %s", at, a.now.Format(layout))
	}
	a.write("clock.new", at+"\n")
	if err := os.Rename(filepath.Join(a.dir, "clock.new"), filepath.Join(a.dir, "clock")); err != nil {
		a.t.Fatal(err)
	}
	a.now = to
}

// at lets time go by until a moment. Where a directory comes due on the way, the server
// makes it before time goes on.
func (a *accord) at(at string) {
	a.t.Helper()
	due := a.grown.Add(6*time.Hour + time.Minute) // directory_after is 6h
	if to, err := time.Parse(layout, at); err != nil {
		a.t.Fatal(err)
	} else if !a.grown.IsZero() && !to.Before(due) {
		if due.After(a.now) {
			a.set(due.Format(layout))
		}
		a.wait("there is a directory", func() bool {
			var page struct {
				Entries []struct{ Statement struct{ Kind string } }
			}
			a.ask("/api/v1/entries?limit=1", &page)
			return len(page.Entries) == 1 && page.Entries[0].Statement.Kind == "directory"
		})
		a.grown = time.Time{}
	}
	a.set(at)
}

// get reads an address of the server.
func (a *accord) get(path string) (status int, body string) {
	a.t.Helper()
	resp, err := http.Get(a.url + path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// ask reads an answer of the API.
func (a *accord) ask(path string, into any) {
	a.t.Helper()
	status, body := a.get(path)
	if status != http.StatusOK {
		a.t.Fatalf("%s: status %d\n%s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		a.t.Fatalf("%s: %v", path, err)
	}
}

// must runs what has to succeed.
func (a *accord) must(name string, args ...string) said {
	a.t.Helper()
	s := a.run(name, args...)
	if s.code != 0 {
		a.t.Fatalf("%s %q: exit %d\n%s%s", name, args, s.code, s.stdout, s.stderr)
	}
	return s
}

// refused runs what has to be refused, for a reason.
func (a *accord) refused(why string, args ...string) {
	a.t.Helper()
	if s := a.run("pledge", args...); s.code != 1 || !strings.Contains(s.stderr, why) {
		a.t.Errorf("pledge %q: exit %d, and not because of %s\n%s%s", args, s.code, why, s.stdout, s.stderr)
	}
}

var (
	printedID         = regexp.MustCompile(`(?m)^entry id    ([0-9a-f]{64})$`)
	printedDraft      = regexp.MustCompile(`(?m)^draft       (.+)$`)
	printedCommitment = regexp.MustCompile(`(?m)^commitment  (.+)$`)
)

func printed(t *testing.T, what *regexp.Regexp, s said) string {
	t.Helper()
	m := what.FindStringSubmatch(s.stdout)
	if m == nil {
		t.Fatalf("it does not print %s\n%s", what, s.stdout)
	}
	return m[1]
}

func entryOf(t *testing.T, s said) string { t.Helper(); return printed(t, printedID, s) }

// online are the flags of whatever asks the log.
var online = []string{"--policy", "policy.txt", "--simulated-clock", "clock"}

// key makes a key of a use.
func (a *accord) key(name, use string) {
	a.t.Helper()
	a.must("pledge", "keygen", "--out", name, "--use", use, "--unencrypted")
}

// draft drafts a statement from YAML, and returns the draft's name. A scene calls it by
// the label.
func (a *accord) draft(label, kind, yaml string, more ...string) string {
	a.t.Helper()
	a.write(label+".yaml", yaml)
	s := a.must("pledge", append(append([]string{"new", kind, "--unencrypted", "--from", label + ".yaml", "--out", label + ".json"}, online...), more...)...)
	return a.named(label, s)
}

// named keeps the entry id of a draft under the scene's name for it.
func (a *accord) named(label string, s said) string {
	a.t.Helper()
	id := entryOf(a.t, s)
	a.ids[label], a.labels[id] = id, label
	return printed(a.t, printedDraft, s)
}

func (a *accord) sign(draft string, keys ...string) {
	a.t.Helper()
	for _, key := range keys {
		args := []string{"sign", draft, "--key", key, "--yes"}
		if file := a.phrases[key]; file != "" {
			args = append(args, "--passphrase-file", file)
		}
		args = append(args, a.safeOf(draft)...)
		a.must("pledge", args...)
	}
}

// safeOf are the flags that name the safe of a draft which keeps something back.
func (a *accord) safeOf(draft string) []string {
	if strings.Contains(a.read(draft), `"safe":`) {
		return a.reading
	}
	return nil
}

func (a *accord) submit(draft string, more ...string) {
	a.t.Helper()
	a.must("pledge", append([]string{"submit", draft, "--policy", "policy.txt"}, more...)...)
	a.grown = a.now
}

// log drafts, signs and submits a statement.
func (a *accord) log(label, kind, yaml string, keys ...string) {
	a.t.Helper()
	draft := a.draft(label, kind, yaml)
	a.sign(draft, keys...)
	a.submit(draft)
}

// open opens a statement that the scene logged, or gives it another review date.
func (a *accord) open(label, of string, key string, more ...string) {
	a.t.Helper()
	args := append([]string{"open", of + ".json", "--out", label + ".json"}, online...)
	args = append(append(args, more...), a.safeOf(of+".json")...)
	draft := a.named(label, a.must("pledge", args...))
	a.sign(draft, key)
	a.submit(draft, a.safeOf(draft)...)
}

// slot is what an author's timer runs.
func (a *accord) slot(author string) {
	a.t.Helper()
	a.must("pledge", append([]string{"slot", "--author", author, "--key", author + "-slot", "--dir", author + "-slots"}, online...)...)
	a.grown = a.now
}

// admit has somebody admitted with the keys id-1, id-2 … and id-slot, and pledge.
func (a *accord) admit(id, name string, threshold, keys int) {
	a.t.Helper()
	var all []string
	for i := range keys {
		all = append(all, fmt.Sprintf("%s-%d", id, i+1))
		a.key(all[i], "statement")
	}
	a.key(id+"-slot", "slot")
	a.admission(id+"-admitted", id, name, "new", threshold, append(all, id+"-slot"))
	a.log(id+"-pledge", "pledge", "author: "+id+"\nclauses: [no-backdoors]\n", all[:threshold]...)
}

// admission has the secretariat admit somebody, or give it keys of last resort.
func (a *accord) admission(label, id, name, mode string, threshold int, keys []string) {
	a.t.Helper()
	a.log(label, "admit", fmt.Sprintf("id: %s\nmode: %s\nname: %s\nrole: signatory\ncountry: XB\nwebsite: https://%s.example/\nthreshold: %d\nkeys: [%s.pub]\n",
		id, mode, name, id, threshold, strings.Join(keys, ".pub, ")), append([]string{"sec1"}, keys...)...)
}
