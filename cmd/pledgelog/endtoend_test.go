package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

var (
	kills    = flag.Int("crowd.kills", 9, "how many processes TestCrowd kills")
	killSeed = flag.Uint64("crowd.seed", 0, "what TestCrowd draws from; 0: something new")
)

// A crowd is a log with six witnesses: a, b, d and the auditor are processes of
// pledge-witness, b behind a proxy that is slow; c lies, and e is dead. The policy wants
// two of a, b, c and one of d, e, and the auditor is beyond that.
type crowd struct {
	*deployment
	honest map[string]*witnessProcess
	liar   *witnesstest.Witness
	lies   *lies

	mu    sync.Mutex
	roots map[uint64]log.Hash // of every checkpoint that anybody showed
	shown int                 // checkpoints that the log published, as far as they were seen
}

// A witnessProcess is pledge-witness as it is run, with what it needs in a folder.
type witnessProcess struct {
	t                  *testing.T
	program, dir, name string
	addr, url          string // where it listens; where it is asked
	key                log.Key
	cmd                *exec.Cmd
	said               *bytes.Buffer // read it once the process has ended
	size               uint64        // that it showed last
	cosigned           int           // how many sizes it showed
}

func (w *witnessProcess) run(args ...string) string {
	w.t.Helper()
	cmd := exec.Command(w.program, args...)
	cmd.Dir = w.dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("pledge-witness %s: %v\n%s", args[0], err, &complaint)
	}
	return string(out)
}

// newWitnessProcess makes what a witness needs, and starts nothing.
func newWitnessProcess(t *testing.T, program, name string) *witnessProcess {
	t.Helper()
	w := &witnessProcess{t: t, program: program, dir: t.TempDir(), name: name}
	var err error
	if w.addr, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + w.addr
	w.write("witness.yaml", "state: state\nkeys: [w.key]\nlisten: "+w.addr+"\nsimulated_clock: clock\n")
	w.write("clock", accordTime+"\n")
	vkey := w.run("keygen", "--name", name+".witness.example", "--out", "w.key")
	if w.key, err = log.ParseKey(strings.TrimSpace(vkey)); err != nil {
		t.Fatal(err)
	}
	w.run("init", "--config", "witness.yaml")
	return w
}

func (w *witnessProcess) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *witnessProcess) line() string {
	return fmt.Sprintf("witness %s %s %s\n", w.name, w.key, w.url)
}

func (w *witnessProcess) start() error {
	cmd, said := exec.Command(w.program, "serve", "--config", "witness.yaml"), new(bytes.Buffer)
	cmd.Dir, cmd.Stderr = w.dir, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cmd, w.said = cmd, said
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get("http://" + w.addr + "/healthz")
		if err == nil {
			resp.Body.Close()
			return nil
		}
		if time.Now().After(end) {
			w.kill()
			return fmt.Errorf("witness %s does not start: %w\n%s", w.name, err, said)
		}
	}
}

// kill ends it with SIGKILL.
func (w *witnessProcess) kill() {
	w.cmd.Process.Kill()
	w.cmd.Wait()
}

// deployCrowd makes it, and starts all but the server.
func deployCrowd(t *testing.T, n int) *crowd {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pledge-witness")
	if out, err := exec.Command("go", "build", "-o", program, "../pledge-witness").CombinedOutput(); err != nil {
		t.Fatalf("build pledge-witness: %v\n%s", err, out)
	}
	c := &crowd{honest: make(map[string]*witnessProcess), lies: &lies{told: make(map[string]bool)}, roots: make(map[uint64]log.Hash)}
	begin := func(w *witnessProcess) {
		if err := w.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.kill)
	}
	at, err := entry.ParseTime(accordTime)
	if err != nil {
		t.Fatal(err)
	}
	c.deployment = deployUnder(t, n, "100ms", func(vkey string) string {
		key, err := log.ParseKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		text := "log " + vkey + "\n"
		for _, name := range []string{"a", "b", "c", "d", "e", "auditor"} {
			if name == "c" || name == "e" {
				w := witnesstest.New(name, key)
				w.Clock = func() time.Time { return time.Unix(at, 0) }
				w.Start()
				t.Cleanup(w.Stop)
				w.Set(witnesstest.Dead())
				if name == "c" {
					w.Set(nil) // it is honest until the log is there
					c.liar = w
				}
				text += w.Lines()
				continue
			}
			w := newWitnessProcess(t, program, name)
			c.honest[name] = w
			if name != "auditor" {
				w.run("add-log", "--config", "witness.yaml", vkey)
				begin(w)
			}
			if name == "b" {
				proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.addr})
				proxy.ErrorHandler = func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }
				var asked atomic.Int64
				slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if asked.Add(1)%12 == 0 {
						time.Sleep(1500 * time.Millisecond) // and now and then much slower
					}
					time.Sleep(120 * time.Millisecond)
					proxy.ServeHTTP(rw, r)
				}))
				t.Cleanup(slow.Close)
				w.url = slow.URL
			}
			text += w.line()
		}
		return text + "group x 2 a b c\ngroup y any d e\ngroup xy all x y\nquorum xy\n"
	})
	auditor := c.honest["auditor"]
	auditor.run("add-log", "--config", "witness.yaml", "--audit", filepath.Join(c.dir, "log"), "--policy", filepath.Join(c.dir, "policy.txt"),
		"--charter", c.statements[0].Statement.ID.String(), c.policy.Logs[0].Key.String())
	begin(auditor)
	c.liar.Set(c.lies.by(c.liar))
	return c
}

// see keeps a checkpoint that somebody showed.
func (c *crowd) see(who string, cp log.Checkpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if root, ok := c.roots[cp.Size]; ok && root != cp.Root {
		c.t.Errorf("%s shows another root for size %d", who, cp.Size)
	}
	c.roots[cp.Size] = cp.Root
}

// look reads what the log publishes: its quorum is there each time.
func (c *crowd) look() {
	raw, err := os.ReadFile(filepath.Join(c.dir, "log", log.CheckpointPath))
	if err != nil {
		c.t.Errorf("read checkpoint: %v", err)
		return
	}
	v, err := c.policy.Open(raw)
	if err != nil {
		c.t.Errorf("the log publishes what lacks its quorum: %v\n%s", err, raw)
		return
	}
	c.see("the log", v.Checkpoint)
	c.withoutLiars(v)
	c.shown++
}

// withoutLiars wants nobody's cosignature who is dead or lies.
func (c *crowd) withoutLiars(v *log.View) {
	for _, s := range v.Cosignatures {
		if v.Checkpoint.Size > 1 && (s.Witness == "c" || s.Witness == "e") {
			c.t.Errorf("size %d is cosigned by %s", v.Checkpoint.Size, s.Witness)
		}
	}
}

// lookAt reads what a witness has cosigned. It never goes back, whatever happened to its
// process.
func (c *crowd) lookAt(w *witnessProcess) error {
	hash := sha256.Sum256([]byte(generator.DefaultOrigin))
	resp, err := http.Get("http://" + w.addr + "/" + hex.EncodeToString(hash[:]) + "/checkpoint")
	if err != nil {
		return err // it is dead just now
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotFound && w.size == 0 {
		return nil // it has cosigned nothing yet
	}
	v, err := c.policy.OpenUnwitnessed(raw)
	if err != nil {
		c.t.Errorf("witness %s shows: %v\n%s", w.name, err, raw)
		return nil
	}
	if !slices.ContainsFunc(v.Note.Signatures, func(s log.NoteSignature) bool {
		_, err := w.key.Verify(v.Note.Text, s)
		return s.Name == w.key.Name && s.ID == w.key.ID && err == nil
	}) {
		c.t.Errorf("witness %s shows what it has not cosigned:\n%s", w.name, raw)
	}
	if v.Checkpoint.Size < w.size {
		c.t.Errorf("witness %s went back from size %d to %d", w.name, w.size, v.Checkpoint.Size)
	}
	if v.Checkpoint.Size > w.size {
		w.cosigned++
	}
	w.size = v.Checkpoint.Size
	c.see("witness "+w.name, v.Checkpoint)
	return nil
}

// submitOneByOne submits an author's statements, each until it is acknowledged.
func (c *crowd) submitOneByOne(ctx context.Context, subs []*entry.Submission, wait func(i int), keep func(*client.Reply)) {
	for i, sub := range subs {
		wait(i)
		for {
			r, err := c.client.Submit(ctx, sub)
			if err == nil && !r.Pending() {
				keep(r)
				break
			}
			if ctx.Err() != nil {
				c.t.Errorf("statement %s is not acknowledged: %v", sub.Statement.ID, err)
				return
			}
			time.Sleep(20 * time.Millisecond) // the server is dead, or starts
		}
	}
}

// The whole of it: the server and the witnesses that are honest are programs of ours, and
// are killed at random moments while statements come in from many authors at once. Every
// statement that was acknowledged is there once, each published checkpoint had its quorum,
// each witness stands on the log's own line, and an audit by the policy finds nothing. The
// auditing witness takes part beyond the quorum.
func TestCrowd(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-crowd.seed=%d", seed)
	began := time.Now()
	told := func(what string) { t.Logf("%4.1f s: %s", time.Since(began).Seconds(), what) }
	const perKill = 24
	members := 17
	c := deployCrowd(t, members+perKill**kills)
	c.start()
	told("all were started")
	acknowledged := c.submit(c.statements[1:members], nil)

	// Each author submits alone. A part of the statements comes with each kill.
	byAuthor := make(map[string][]*entry.Submission)
	for _, sub := range c.statements[members:] {
		byAuthor[sub.Statement.Author] = append(byAuthor[sub.Statement.Author], sub)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(*kills)*15*time.Second)
	defer cancel()
	var killed atomic.Int64
	var submitters, others sync.WaitGroup
	var mu sync.Mutex
	for _, subs := range byAuthor {
		submitters.Go(func() {
			c.submitOneByOne(ctx, subs, func(i int) {
				for int64(i**kills) >= int64(len(subs))*(killed.Load()+1) && ctx.Err() == nil {
					time.Sleep(5 * time.Millisecond)
				}
			}, func(r *client.Reply) { mu.Lock(); defer mu.Unlock(); acknowledged[r.ID] = r })
		})
	}
	stop := make(chan struct{})
	stopped := sync.OnceFunc(func() { close(stop); others.Wait() })
	defer stopped()
	others.Go(func() {
		for {
			c.look()
			for _, w := range c.honest {
				c.lookAt(w)
			}
			select {
			case <-stop:
				return
			case <-time.After(40 * time.Millisecond):
			}
		}
	})

	dice := rand.New(rand.NewPCG(seed, 1))
	deaths := make(map[string]int)
	names := []string{"a", "b", "d", "auditor"}
	for i := range *kills {
		time.Sleep(time.Duration(200+dice.IntN(900)) * time.Millisecond)
		pause := time.Duration(dice.IntN(150)) * time.Millisecond
		name := names[dice.IntN(len(names))]
		if i%3 == 1 {
			name = "server"
			c.lies.killed()
			c.cmd.Process.Kill()
			c.wait()
			time.Sleep(pause)
			c.start()
			c.lies.up()
		} else {
			c.honest[name].kill()
			time.Sleep(pause)
			if err := c.honest[name].start(); err != nil {
				t.Fatal(err)
			}
		}
		deaths[name]++
		killed.Add(1)
	}
	told("all were killed")
	submitters.Wait()
	told("all is acknowledged")
	// Whoever lies is asked from time to time, and has told all in the end.
	for end := time.Now().Add(30 * time.Second); len(c.lies.untold()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nobody told these lies: %v", c.lies.untold())
		}
	}
	told("all lies were told")
	// The log rests: everybody honest comes to cosign it, the auditor too, and the
	// published checkpoint has all of them.
	size := uint64(len(c.statements))
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		v, err := c.policy.Open(c.read("log/" + log.CheckpointPath))
		if err != nil {
			t.Fatal(err)
		}
		var by []string
		for _, s := range v.Cosignatures {
			by = append(by, s.Witness)
		}
		if v.Checkpoint.Size == size && strings.Join(by, " ") == "a b d auditor" {
			break
		}
		if time.Now().After(end) {
			out, _ := c.command("status", "--config", "pledgelog.yaml").CombinedOutput()
			c.honest["auditor"].kill()
			t.Fatalf("size %d of %d, cosigned by %v\n%s\nThe auditor says:\n%s", v.Checkpoint.Size, size, by, out, c.honest["auditor"].said)
		}
	}
	told("all is cosigned")
	// The archive has one a minute.
	at, err := entry.ParseTime(accordTime)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range c.honest {
		w.write("clock", entry.FormatTime(at+90)+"\n")
	}
	c.write("clock", entry.FormatTime(at+90)+"\n")
	waitFor(t, func() bool {
		b, err := os.ReadFile(filepath.Join(c.dir, "log", log.ArchivePath))
		notes, perr := log.ParseArchive(b)
		if err != nil || perr != nil {
			return false
		}
		v, err := c.policy.Open(notes[len(notes)-1])
		return err == nil && v.Checkpoint.Size == size
	})
	stopped()
	told("it is in the archive")
	if code := c.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, c.log)
	}
	told("the server has ended")

	c.holds(acknowledged)
	if len(acknowledged) != len(c.statements)-1 {
		t.Errorf("%d of %d acknowledged", len(acknowledged), len(c.statements)-1)
	}
	for _, r := range acknowledged {
		c.verify(r) // by the policy, with its quorum
		if p, err := log.ParseProof([]byte(r.Proof)); err != nil {
			t.Error(err)
		} else if v, err := c.policy.Open(p.Checkpoint); err != nil {
			t.Error(err)
		} else {
			c.withoutLiars(v)
			c.see("a receipt", v.Checkpoint)
		}
	}
	c.onOneLine()
	for _, w := range c.honest {
		if err := c.lookAt(w); err != nil || w.size != size || w.cosigned < 3 {
			t.Errorf("witness %s has size %d of %d, and showed %d others: %v", w.name, w.size, size, w.cosigned, err)
		}
	}
	told("all is held to the log")
	report, err := verifier.Audit(t.Context(), verifier.Config{Policy: c.policy, Charter: c.statements[0].Statement.ID, Source: log.DirSource(filepath.Join(c.dir, "log"))})
	if err != nil || report.Result != verifier.Matches {
		t.Fatalf("audit: %v %+v", err, report)
	}
	for _, f := range report.Findings {
		if f.Severity != pledge.Info {
			t.Errorf("audit: %s: %s", f.Code, f.Text)
		}
	}
	t.Logf("%d statements of %d authors, killed %v, %d sizes seen in %d looks; the auditor showed %d", len(acknowledged), len(byAuthor), deaths, len(c.roots), c.shown, c.honest["auditor"].cosigned)
}

// onOneLine wants every checkpoint that anybody showed to be one of the log's tree.
func (c *crowd) onOneLine() {
	c.t.Helper()
	tree, found := log.NewBuilder(nil), 0
	check := func() {
		if root, ok := c.roots[tree.Size()]; ok {
			found++
			if root != tree.Root() {
				c.t.Errorf("the root that was shown for size %d is not the log's", tree.Size())
			}
		}
	}
	check()
	for _, leaf := range c.leaves() {
		if err := tree.Append(log.LeafHash(leaf)); err != nil {
			c.t.Fatal(err)
		}
		check()
	}
	if found != len(c.roots) || found < 5 {
		c.t.Errorf("%d of %d sizes that were shown are the log's", found, len(c.roots))
	}
}
