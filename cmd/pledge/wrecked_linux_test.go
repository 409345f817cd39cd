package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

var wreckRounds = flag.Int("wreck.rounds", 20, "how often TestSubmitOnAWreckedConnection submits")

// The steps at which a client is killed, in the order in which it comes to them, and
// others at which something else happens to it.
const (
	nothing      = "-"
	connecting   = "connecting"
	sent         = "sent"
	answered     = "answered"
	halfRelayed  = "half relayed"
	relayed      = "relayed"
	afterRelayed = "after relayed"
	halfWritten  = "receipt half written" // killed when the disk takes no more of it
	fullDisk     = "disk full"            // the same without being killed
	written      = "receipt written"      // and not in its place
	syncedFile   = "before the rename"
	inPlace      = "receipt in place"
	anywhere     = "anywhere"
)

var steps = []string{nothing, connecting, sent, answered, halfRelayed, relayed, afterRelayed, halfWritten, fullDisk, written, syncedFile, inPlace, anywhere}

// reached is how far a statement has come where the step alone decides it.
var reached = map[string]string{
	connecting:  "not in the log, no receipt",
	sent:        "not in the log, no receipt",
	answered:    "in the log, no receipt",
	halfRelayed: "in the log, no receipt",
	halfWritten: "in the log, receipt begun",
	fullDisk:    "in the log, no receipt",
	written:     "in the log, receipt begun",
	syncedFile:  "in the log, receipt begun",
	inPlace:     "in the log, receipt",
}

// A wreck is a real server behind a bad connection, and a folder with what one signatory
// has to submit.
type wreck struct {
	t      *testing.T
	dir    string
	world  *generator.World
	author *generator.Author
	server *apitest.Server
	direct *client.Client // around the bad connection
	m      *mangler
	random *rand.Rand
	others int // entries that are not the author's requests
	drafts map[string][]byte
	ids    []entry.ID
	pledge string // the program as it is built, without a test's
}

func newWreck(t *testing.T) *wreck {
	t.Helper()
	w := &wreck{t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(5, 2)), drafts: make(map[string][]byte)}
	w.world = generator.New(generator.Options{Seed: 5, NoDirectories: true})
	var err error
	if w.server, err = apitest.Start(t.Context(), w.world); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.server.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.direct, err = client.New(w.server.URL, client.Options{}); err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.m = newMangler(httputil.NewSingleHostReverseProxy(to))
	t.Cleanup(w.m.front.Close)
	w.author = w.world.Signatories[0]
	w.log(w.world.Found())
	w.log(w.world.Admit(w.author))
	w.log(w.world.Pledge(w.author))
	write(t, filepath.Join(w.dir, "policy.txt"), []byte("log "+w.world.Signer.Key().String()+" "+w.m.front.URL+"\nquorum none\n"))
	return w
}

func (w *wreck) log(st *generator.Statement) {
	w.t.Helper()
	w.world.Log(st)
	w.server.SetTime(w.world.Now())
	if _, err := w.direct.Submit(w.t.Context(), st.Submission()); err != nil {
		w.t.Fatal(err)
	}
	w.others++
}

// request puts one more signed request into the folder.
func (w *wreck) request() string {
	st := w.world.Request(w.author, time.Unix(w.world.Now(), 0).UTC().AddDate(0, -1, 0).Format("2006-01"), nil)
	w.world.Log(st)
	w.server.SetTime(w.world.Now())
	sub := st.Submission()
	name := fmt.Sprintf("r%d.json", len(w.ids))
	w.ids = append(w.ids, sub.Statement.ID)
	w.drafts[name] = sub.Marshal()
	write(w.t, filepath.Join(w.dir, name), w.drafts[name])
	return name
}

// submit runs the real program on files, as its own process, and has happen to it what
// the step says.
func (w *wreck) submit(step string, plan []mangle, names []string) (code int, said string) {
	w.t.Helper()
	args := append([]string{w.pledge, "submit", "--policy", "policy.txt", "--timeout", "20s"}, names...)
	trace := func(call string) {
		args = slices.Concat([]string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=" + call + ":signal=SIGKILL"}, args)
	}
	switch step {
	case halfWritten:
		trace("unlinkat")
		args = append([]string{"prlimit", "--fsize=700"}, args...)
	case fullDisk:
		args = append([]string{"prlimit", "--fsize=700"}, args...)
	case written:
		trace("fsync")
	case syncedFile:
		trace("renameat")
	case inPlace:
		trace("exit_group")
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = w.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var once sync.Once
	started, ended := make(chan struct{}), make(chan struct{})
	kill := func() {
		<-started
		once.Do(func() { cmd.Process.Kill() })
		<-ended
	}
	at := make(map[string]func())
	switch step {
	case connecting, sent, answered, halfRelayed, relayed:
		at[step] = kill
	case afterRelayed:
		pause := time.Duration(w.random.IntN(4000)) * time.Microsecond
		at[relayed] = func() { time.Sleep(pause); kill() }
	case anywhere:
		time.AfterFunc(time.Duration(w.random.IntN(250))*time.Millisecond, kill)
	}
	w.m.expect(plan, at)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	close(started)
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// found says how far a statement had come when its client ended.
func (w *wreck) found(name string, id entry.ID) string {
	where := "not in the log"
	if _, err := w.direct.Entry(w.t.Context(), id); err == nil {
		where = "in the log"
	}
	keep := receiptOf(name)
	if exists(filepath.Join(w.dir, keep)) {
		return where + ", receipt"
	}
	if begun, _ := filepath.Glob(filepath.Join(w.dir, "."+keep+"*")); len(begun) > 0 {
		return where + ", receipt begun"
	}
	return where + ", no receipt"
}

// check looks at all that is left when everything was submitted, and returns what is
// wrong.
func (w *wreck) check() (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for name, b := range w.drafts {
		if got, err := os.ReadFile(filepath.Join(w.dir, name)); err != nil || !bytes.Equal(got, b) {
			bad("%s was changed (%v)", name, err)
		}
		keep := receiptOf(name)
		out, err := exec.Command(filepath.Join(programs.dir, "pledge-verify"), "proof", filepath.Join(w.dir, keep), "--policy", filepath.Join(w.dir, "policy.txt")).CombinedOutput()
		sub, perr := entry.ParseDraft(b)
		if err != nil || perr != nil || !strings.Contains(string(out), sub.Statement.ID.String()) {
			bad("%s: pledge-verify: %v, %v\n%s", keep, err, perr, out)
		}
	}
	list, err := os.ReadDir(w.dir)
	if err != nil {
		bad("%v", err)
	}
	for _, f := range list {
		name := f.Name()
		known := name == "policy.txt" || w.drafts[name] != nil || w.drafts[strings.TrimSuffix(name, receiptExt)+".json"] != nil && strings.HasSuffix(name, receiptExt)
		if !known && !strings.HasPrefix(name, ".r") {
			bad("%s is there", name)
		}
	}
	return append(wrong, w.checkLog()...)
}

// checkLog wants each request in the log once, in order, and nothing else.
func (w *wreck) checkLog() (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	var ids []entry.ID
	for q := (client.Query{Author: w.author.ID, Kind: entry.KindRequest, Limit: 100}); ; {
		page, err := w.direct.Entries(w.t.Context(), q)
		if err != nil {
			bad("%v", err)
			break
		}
		if int(page.Size) != w.others+len(w.ids) {
			bad("the log has %d entries, not %d", page.Size, w.others+len(w.ids))
		}
		for _, e := range page.Entries {
			ids = append(ids, e.ID)
		}
		if q.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	slices.Reverse(ids)
	if !slices.Equal(ids, w.ids) {
		bad("the log has %d requests, not these %d in their order", len(ids), len(w.ids))
	}
	return wrong
}

// Whatever the connection does with answers, and wherever the client is killed: the same
// command again ends with exactly one entry and one valid receipt.
func TestSubmitOnAWreckedConnection(t *testing.T) {
	for _, tool := range []string{"strace", "prlimit"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is needed: %v", tool, err)
		}
	}
	w := newWreck(t)
	if err := buildPrograms(); err != nil {
		t.Fatal(err)
	}
	w.pledge = filepath.Join(t.TempDir(), "pledge")
	if out, err := exec.Command("go", "build", "-o", w.pledge, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	histogram := make(map[string]map[string]int)
	ends := make(map[string]int)
	for round := range *wreckRounds {
		step := steps[round%len(steps)]
		names := []string{w.request()}
		var plan []mangle
		mixed := round >= len(steps) // before that each step comes once by itself
		if mixed && w.random.IntN(3) == 0 {
			names = append(names, w.request(), w.request())
		}
		if step == nothing || mixed && w.random.IntN(3) == 0 {
			for range 1 + w.random.IntN(2) {
				plan = append(plan, mangle(1+w.random.IntN(int(mangles)-1)))
			}
		}
		code, said := w.submit(step, plan, names)
		if code != -1 && code != 0 && code != 1 && code != 3 && code != 128+9 {
			t.Errorf("round %d, %s, %v: exit %d\n%s", round, step, plan, code, said)
		}
		ends[fmt.Sprint(code)]++
		if histogram[step] == nil {
			histogram[step] = make(map[string]int)
		}
		for i, name := range names {
			what := w.found(name, w.ids[len(w.ids)-len(names)+i])
			histogram[step][what]++
			if want := reached[step]; want != "" && plan == nil && len(names) == 1 && what != want {
				t.Errorf("round %d, %s: it is %s and not %s: exit %d\n%s", round, step, what, want, code, said)
			}
		}
		// The same command, once more on the bad connection, and then on a good one.
		if w.random.IntN(4) == 0 {
			plan = []mangle{mangle(1 + w.random.IntN(int(mangles)-1))}
			if code, said = w.submit(nothing, plan, names); code != 0 && code != 1 && code != 3 {
				t.Errorf("round %d, again, %v: exit %d\n%s", round, plan, code, said)
			}
		}
		if code, said = w.submit(nothing, nil, names); code != 0 {
			t.Fatalf("round %d, %s: the same command again: exit %d\n%s", round, step, code, said)
		}
	}
	for _, wrong := range w.check() {
		t.Error(wrong)
	}
	// A client that drafts anew after a lost reply would be noticed.
	w.log(w.world.Request(w.author, "2024-12", nil))
	if w.others--; len(w.checkLog()) < 2 {
		t.Errorf("one request more than there should be: %q", w.checkLog())
	}
	var table strings.Builder
	for _, step := range steps {
		for _, what := range slices.Sorted(maps.Keys(histogram[step])) {
			fmt.Fprintf(&table, "  %-22s %-32s %5d\n", step, what, histogram[step][what])
		}
	}
	w.m.front.Close() // what still answers a client that is gone has ended
	t.Logf("%d statements in %d rounds; exit codes of the first command %v (-1, 137: killed); answers: %v\nwhere it was killed, and what was found then:\n%s", len(w.ids), *wreckRounds, ends, w.m.done, table.String())
}
