package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// A deployment is a log on disk, served by the program itself in a process of its
// own.
type deployment struct {
	t          *testing.T
	dir        string
	addr       string
	metrics    string // address of the metrics
	policy     *log.Policy
	client     *client.Client
	statements []*entry.Submission // of an accord; the charter is logged

	cmd *exec.Cmd
	log *bytes.Buffer // what the process wrote; read it once it has ended
}

// deploy makes a log with n statements to come, and does not start it yet.
func deploy(t *testing.T, n int, interval string) *deployment {
	t.Helper()
	return deployUnder(t, n, interval, func(vkey string) string { return "log " + vkey + "\nquorum none\n" })
}

// deployUnder is deploy with another policy, made for the log's vkey.
func deployUnder(t *testing.T, n int, interval string, policy func(vkey string) string) *deployment {
	t.Helper()
	d := &deployment{t: t, dir: t.TempDir()}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	d.addr, err = freeAddress()
	check(err)
	d.metrics, err = freeAddress()
	check(err)
	d.run("keygen", "--origin", generator.DefaultOrigin, "--out", "keys")
	vkey := string(bytes.TrimSpace(d.read("keys/checkpoint.pub")))
	d.write("policy.txt", policy(vkey))
	d.policy, err = log.ParsePolicy(d.read("policy.txt"))
	check(err)
	d.write("clock", accordTime+"\n")
	d.write("pledgelog.yaml", fmt.Sprintf(`origin: %s
directory: log
state: state
policy: policy.txt
checkpoint_key: keys/checkpoint.key
listen: %s
metrics_listen: %s
checkpoint_interval: %s
simulated_clock: clock
operator_key: operator.key
`, generator.DefaultOrigin, d.addr, d.metrics, interval))
	key, err := operatorKey(5)
	check(err)
	check(os.WriteFile(filepath.Join(d.dir, "operator.key"), key, 0o600))
	d.statements = accord(vkey, n, 5)
	check(os.WriteFile(filepath.Join(d.dir, "charter.json"), d.statements[0].Marshal(), 0o644))
	d.run("init", "--config", "pledgelog.yaml", "--charter", "charter.json")
	d.client, err = client.New("http://"+d.addr, client.Options{Attempts: 1, Timeout: 40 * time.Second})
	check(err)
	return d
}

func (d *deployment) read(name string) []byte {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

func (d *deployment) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) command(args ...string) *exec.Cmd {
	cmd := exec.Command("pledgelog", args...)
	cmd.Dir = d.dir
	return cmd
}

func (d *deployment) run(args ...string) {
	d.t.Helper()
	if out, err := d.command(args...).CombinedOutput(); err != nil {
		d.t.Fatalf("pledgelog %s: %v\n%s", args[0], err, out)
	}
}

// start starts the server and waits until it is ready.
func (d *deployment) start() {
	d.t.Helper()
	if err := d.launch(); err != nil {
		d.t.Fatal(err)
	}
	if err := untilReady("http://" + d.addr); err != nil {
		d.cmd.Process.Kill()
		d.cmd.Wait()
		d.t.Fatalf("%v\n%s", err, d.log)
	}
}

// launch starts the server.
func (d *deployment) launch() error {
	d.cmd, d.log = d.command("serve", "--config", "pledgelog.yaml"), new(bytes.Buffer)
	d.cmd.Stderr = d.log
	// A test that is ended takes the server along.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	cmd := d.cmd
	d.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return nil
}

// stop sends a signal and returns the exit code.
func (d *deployment) stop(sig os.Signal) int {
	d.t.Helper()
	if err := d.cmd.Process.Signal(sig); err != nil {
		d.t.Fatal(err)
	}
	return d.wait()
}

func (d *deployment) wait() int {
	d.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- d.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		d.cmd.Process.Kill()
		d.t.Fatalf("the server does not end\n%s", d.log)
	}
	return d.cmd.ProcessState.ExitCode()
}

// leaves reads the whole log from disk, holds it against its checkpoint, and
// returns its leaves.
func (d *deployment) leaves() [][]byte {
	d.t.Helper()
	src := log.DirSource(filepath.Join(d.dir, "log"))
	raw, err := src.Get(d.t.Context(), log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		d.t.Fatal(err)
	}
	view, err := d.policy.Open(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	size := view.Checkpoint.Size
	tree, it := log.NewBuilder(nil), log.NewTileReader(src).Leaves(d.t.Context(), 0, size, size)
	var all [][]byte
	for _, leaves := range it.All() {
		for _, l := range leaves {
			all = append(all, l)
			if err := tree.Append(log.LeafHash(l)); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	if err := it.Err(); err != nil {
		d.t.Fatal(err)
	}
	if tree.Root() != view.Checkpoint.Root {
		d.t.Fatal("the leaves do not hash to the checkpoint's root")
	}
	return all
}

// holds checks that the log has every acknowledged leaf at its index, and every
// statement at most once.
func (d *deployment) holds(acknowledged map[entry.ID]*client.Reply) {
	d.t.Helper()
	leaves := d.leaves()
	seen := make(map[entry.ID]int)
	for i, b := range leaves {
		leaf, err := entry.ParseLeaf(b)
		if err != nil {
			d.t.Fatalf("leaf %d: %v", i, err)
		}
		id := leaf.Statement.ID()
		if before, twice := seen[id]; twice {
			d.t.Errorf("statement %s is logged as %d and as %d", id, before, i)
		}
		seen[id] = i
	}
	for id, r := range acknowledged {
		if r.Index >= uint64(len(leaves)) || !bytes.Equal(leaves[r.Index], r.Leaf) {
			d.t.Errorf("statement %s was acknowledged at %d and is not there", id, r.Index)
		}
	}
}

// verify holds a reply against the policy.
func (d *deployment) verify(r *client.Reply) {
	d.t.Helper()
	p, err := log.ParseProof([]byte(r.Proof))
	if err != nil {
		d.t.Error(err)
		return
	}
	if _, err := d.policy.VerifyProof(p, log.LeafHash(r.Leaf)); err != nil {
		d.t.Error(err)
	}
}

// Whoever waits for a receipt when the server is asked to end gets it; whoever
// comes later is not let in; the next server goes on.
func TestGracefulEnd(t *testing.T) {
	// Checkpoints are rare: receipts are waited for when the signal comes.
	d := deploy(t, 80, "2s")
	d.start()
	members := d.statements[1:17] // admissions and pledges
	acknowledged := d.submit(members, nil)
	if len(acknowledged) != len(members) {
		t.Fatalf("%d of %d acknowledged", len(acknowledged), len(members))
	}
	idle, err := net.Dial("tcp", d.addr) // who does nothing keeps nobody waiting
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()

	// The first request of each of eight members: they do not hang on each other.
	first := d.statements[17:25]
	replies := make([]*client.Reply, len(first))
	errs := make([]error, len(first))
	var wg sync.WaitGroup
	for i, sub := range first {
		wg.Go(func() { replies[i], errs[i] = d.client.Submit(context.Background(), sub) })
	}
	waitFor(t, func() bool { return d.inFlight() == len(first) })
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	wg.Wait()
	for i := range first {
		if errs[i] != nil {
			t.Errorf("statement %d: %v", i, errs[i])
			continue
		}
		d.verify(replies[i])
		acknowledged[replies[i].ID] = replies[i]
	}
	if _, err := d.client.Submit(context.Background(), d.statements[25]); err == nil {
		t.Error("a server that has ended took a statement")
	}
	d.holds(acknowledged)

	d.start()
	for id, r := range d.submit(d.statements[1:], nil) {
		acknowledged[id] = r
	}
	if code := d.stop(syscall.SIGINT); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	d.holds(acknowledged)
	if n := len(d.leaves()); n != len(d.statements) {
		t.Errorf("the log has %d entries, want %d", n, len(d.statements))
	}
}

// inFlight is how many single submissions wait for their receipt, as the server's
// metrics have it.
func (d *deployment) inFlight() int {
	d.t.Helper()
	if n, ok := d.figures()["pledgelog_submissions_waiting"]; ok {
		return int(n)
	}
	return -1
}

// figures are the server's metrics, by name and labels.
func (d *deployment) figures() map[string]float64 {
	d.t.Helper()
	resp, err := http.Get("http://" + d.metrics + "/metrics")
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	out := make(map[string]float64)
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				out[name] = v
			}
		}
	}
	return out
}

// submit sends statements in one request and returns the acknowledged ones. It
// breaks off when enough returns true.
func (d *deployment) submit(subs []*entry.Submission, enough func(r *client.Reply) bool) map[entry.ID]*client.Reply {
	d.t.Helper()
	got := make(map[entry.ID]*client.Reply)
	err := d.client.SubmitAll(d.t.Context(), subs, func(i int, r *client.Reply, err error) error {
		if err != nil {
			return fmt.Errorf("statement %d: %w", i, err)
		}
		if !r.Pending() {
			got[r.ID] = r
		}
		if enough != nil && enough(r) {
			return errEnough
		}
		return nil
	})
	if err != nil && enough == nil {
		d.t.Errorf("submit: %v", err)
	}
	return got
}

var errEnough = errors.New("enough")

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// The server is killed while statements come in, again and again: half the times
// after some were answered, half the times between a request and its reply.
// Nothing that was acknowledged is missing afterwards, and nothing is there twice.
func TestKilledWhileStatementsComeIn(t *testing.T) {
	const rounds, perRound = 10, 24
	d := deploy(t, 17+rounds*perRound, "100ms")
	acknowledged := make(map[entry.ID]*client.Reply)
	keep := func(got map[entry.ID]*client.Reply) {
		for id, r := range got {
			if before := acknowledged[id]; before != nil && (before.Index != r.Index || !bytes.Equal(before.Leaf, r.Leaf)) {
				t.Errorf("statement %s was acknowledged at %d, and then at %d or with another leaf", id, before.Index, r.Index)
			}
			acknowledged[id] = r
		}
	}
	for round := range rounds {
		d.start()
		kill := sync.OnceFunc(func() { d.cmd.Process.Kill() })
		if round%2 == 0 {
			fresh, most := 0, 1+rand.IntN(perRound)
			keep(d.submit(d.statements[1:], func(r *client.Reply) bool {
				if !r.Known() {
					fresh++
				}
				return fresh >= most
			}))
			kill()
		} else {
			sent := make(chan struct{})
			go func() {
				<-sent
				time.AfterFunc(time.Duration(rand.IntN(120))*time.Millisecond, kill)
			}()
			d.sendAndForget(d.statements[1 : 17+(round+1)*perRound])
			close(sent)
		}
		if code := d.wait(); code != -1 {
			t.Fatalf("round %d: the server ended by itself, with exit code %d\n%s", round, code, d.log)
		}
	}
	d.start()
	keep(d.submit(d.statements, nil))
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	d.holds(acknowledged)
	if n := len(d.leaves()); n != len(d.statements) || len(acknowledged) != n {
		t.Errorf("the log has %d entries, %d were acknowledged, want %d", n, len(acknowledged), len(d.statements))
	}
	for _, r := range acknowledged {
		d.verify(r)
	}
	opened := 0
	for _, sub := range d.statements {
		if sub.Statement.Kind == entry.KindOpen {
			opened++
		}
		for _, digest := range sub.Statement.Publishes() {
			if text := d.read(filepath.Join("log", filepath.FromSlash(log.BodyPath(digest)))); entry.Digest(text) != digest {
				t.Errorf("the text %s is another", digest)
			}
		}
		if st := sub.Statement; st.IsWithheld() && sub.Body != nil {
			t.Error("a withheld text was sent")
		}
	}
	if opened == 0 {
		t.Error("nothing was opened: the test tested less than it says")
	}
}

// sendAndForget sends a whole request and does not wait for the reply.
func (d *deployment) sendAndForget(subs []*entry.Submission) {
	d.t.Helper()
	var body bytes.Buffer
	for _, sub := range subs {
		body.Write(sub.Marshal())
		body.WriteByte('\n')
	}
	c, err := net.Dial("tcp", d.addr)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "POST /api/v1/statements HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n", body.Len())
	if _, err := c.Write(body.Bytes()); err != nil {
		d.t.Fatal(err)
	}
}
