package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

// A witnessed deployment has five witnesses, in this process, of which the policy
// wants two of a, b, c and one of d, e.
type witnessedDeployment struct {
	*deployment
	ws  []*witnesstest.Witness
	now atomic.Int64
}

func deployWitnessed(t *testing.T, n int) *witnessedDeployment {
	t.Helper()
	d := new(witnessedDeployment)
	at, err := entry.ParseTime(accordTime)
	if err != nil {
		t.Fatal(err)
	}
	d.now.Store(at)
	d.deployment = deployUnder(t, n, "100ms", func(vkey string) string {
		key, err := log.ParseKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		text := "log " + vkey + "\n"
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			w := witnesstest.New(name, key)
			w.Clock = func() time.Time { return time.Unix(d.now.Load(), 0) }
			w.Start()
			t.Cleanup(w.Stop)
			d.ws = append(d.ws, w)
			text += w.Lines()
		}
		return text + "group x 2 a b c\ngroup y any d e\ngroup xy all x y\nquorum xy\n"
	})
	return d
}

// setTime moves the server's clock and the witnesses'.
func (d *witnessedDeployment) setTime(at int64) {
	d.t.Helper()
	d.now.Store(at)
	d.write("clock", entry.FormatTime(at)+"\n")
}

// readyz asks whether the server is ready.
func (d *deployment) readyz() (int, string) {
	d.t.Helper()
	resp, err := http.Get("http://" + d.addr + "/readyz")
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// Without a quorum the server says so, and ten minutes later takes nothing more. It
// ends in good order, starts without them, and goes on when they are back.
func TestServerWithoutQuorum(t *testing.T) {
	d := deployWitnessed(t, 40)
	start, now := d.start, d.now.Load()
	start()
	d.submit(d.statements[1:20], nil)
	if code, text := d.readyz(); code != http.StatusOK || !strings.Contains(text, "witnesses: a quorum gave the time "+accordTime) {
		t.Errorf("%d %s", code, text)
	}
	notReady := func() {
		t.Helper()
		waitFor(t, func() bool {
			code, text := d.readyz()
			return code == http.StatusServiceUnavailable && strings.Contains(text, `"witnesses-missing"`)
		})
	}
	ready := func() {
		t.Helper()
		for end := time.Now().Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) { // they may be left alone for a minute
			if code, text := d.readyz(); code == http.StatusOK {
				return
			} else if time.Now().After(end) {
				t.Fatalf("not ready: %s", text)
			}
		}
	}
	for _, w := range d.ws[3:] {
		w.Set(witnesstest.Dead())
	}
	d.setTime(now + 301)
	notReady()
	out, err := d.command("status", "--config", "pledgelog.yaml").CombinedOutput()
	for _, want := range []string{"quorum xy gave the time " + accordTime, "a: size 20, ", "note: e does not cosign: ", "error: the server is not ready: "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("status lacks %q: %v\n%s", want, err, out)
		}
	}
	out, _ = d.command("status", "--config", "pledgelog.yaml", "--json").Output()
	var st struct {
		Witnesses struct {
			Each []struct {
				Name, Trouble, NotBefore, Last string
				Size, Cosigned, Failures       uint64
			}
		}
	}
	if err := json.Unmarshal(out, &st); err != nil || len(st.Witnesses.Each) != 5 {
		t.Fatalf("%v\n%s", err, out)
	}
	if a, e := st.Witnesses.Each[0], st.Witnesses.Each[4]; a.Name != "a" || a.Size != 20 || a.Cosigned == 0 || a.Last == "" || a.Trouble != "" ||
		e.Trouble == "" || e.Failures == 0 {
		t.Errorf("%s", out)
	}
	figures := d.figures()
	a, e, free, quorum := figures[`pledgelog_witness_tree_size{witness="a"}`], figures[`pledgelog_witness_failures_in_a_row{witness="e"}`], figures[`pledgelog_free_bytes{folder="state"}`], figures["pledgelog_quorum_timestamp_seconds"]
	if a != 20 || e == 0 || free < 1 || quorum != float64(now) || figures["pledgelog_ready"] != 0 || figures["pledgelog_unpublished_entries"] != 0 {
		t.Errorf("metrics: %v", figures)
	}
	d.setTime(now + 700)
	time.Sleep(100 * time.Millisecond)
	if _, err := d.client.Submit(t.Context(), d.statements[20]); err == nil || !strings.Contains(err.Error(), "witnesses") {
		t.Errorf("after ten minutes: %v", err)
	}
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	if err := d.launch(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { _, err := http.Get("http://" + d.addr + "/healthz"); return err == nil })
	notReady()
	d.ws[3].Set(nil)
	ready()
	acknowledged := d.submit(d.statements[20:], nil)
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	d.holds(acknowledged)
	for _, r := range acknowledged {
		d.verify(r)
	}
}

// A machine that was restored whole, log, store and guard alike, does not start: its
// witnesses know more. With the newest store, and the guard's state made anew from
// what the witnesses know, it goes on.
func TestRestoredWithItsGuard(t *testing.T) {
	d := deployWitnessed(t, 40)
	end := func() {
		t.Helper()
		if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
			t.Fatalf("exit code %d\n%s", code, d.log)
		}
	}
	d.start()
	d.submit(d.statements[1:20], nil)
	end()
	backup := t.TempDir()
	for _, name := range []string{"log", "state"} {
		copyTree(t, filepath.Join(d.dir, name), filepath.Join(backup, name))
	}
	d.start()
	acknowledged := d.submit(d.statements[20:], nil)
	end()
	newest, held := d.read("state/store.db"), d.read("log/checkpoint")
	for _, name := range []string{"log", "state"} {
		if err := os.RemoveAll(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
		copyTree(t, filepath.Join(backup, name), filepath.Join(d.dir, name))
	}
	refused := func(want string) {
		t.Helper()
		out, err := d.command("serve", "--config", "pledgelog.yaml").CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "hint:") {
			t.Fatalf("it started, or did not say what to do: %v\n%s", err, out)
		}
	}
	refused("has cosigned a tree of 40 entries, and this log remembers to have signed no more than 20")
	// As the hint says. A checkpoint with one cosignature is enough for the guard.
	if err := os.Remove(filepath.Join(d.dir, "state/guard")); err != nil {
		t.Fatal(err)
	}
	n, err := log.ParseNote(held)
	if err != nil {
		t.Fatal(err)
	}
	n.Signatures = n.Signatures[:2]
	d.write("held", string(n.Marshal()))
	d.run("adopt-checkpoint", "--config", "pledgelog.yaml", "--from", "held")
	refused("the order of record has 20")
	if err := os.WriteFile(filepath.Join(d.dir, "state/store.db"), newest, 0o600); err != nil {
		t.Fatal(err)
	}
	d.start()
	again := d.submit(d.statements[20:], nil)
	end()
	for id, r := range acknowledged {
		if a := again[id]; a == nil || a.Index != r.Index {
			t.Errorf("statement %s was acknowledged at %d, and is not there now", id, r.Index)
		}
	}
	d.holds(acknowledged)
}

// A log is not made anew under a name that witnesses know, and not without them.
func TestInitWithWitnesses(t *testing.T) {
	d := deployWitnessed(t, 3)
	for _, name := range []string{"log", "state"} {
		if err := os.RemoveAll(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := d.command("init", "--config", "pledgelog.yaml", "--charter", "charter.json").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "there was a log of this name before") || !strings.Contains(string(out), "hint: give the log another origin") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, w := range d.ws {
		w.SetState(0, log.EmptyRoot())
		w.Set(witnesstest.Status(http.StatusNotFound))
	}
	out, err = d.command("init", "--config", "pledgelog.yaml", "--charter", "charter.json").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the witness does not know this log") || !strings.Contains(string(out), "hint: ask the witnesses' operators to add this log") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, w := range d.ws {
		w.Set(nil)
	}
	d.run("init", "--config", "pledgelog.yaml", "--charter", "charter.json")
	d.start()
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
}

// All of it in real time, without a simulated clock anywhere.
func TestWitnessesInRealTime(t *testing.T) {
	d := deployWitnessed(t, 20)
	for _, name := range []string{"log", "state"} {
		if err := os.RemoveAll(filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range d.ws {
		w.SetState(0, log.EmptyRoot())
		w.Clock = time.Now
	}
	d.write("pledgelog.yaml", strings.Replace(string(d.read("pledgelog.yaml")), "simulated_clock: clock\n", "", 1))
	began := time.Now().Unix()
	d.run("init", "--config", "pledgelog.yaml", "--charter", "charter.json")
	d.start()
	acknowledged := d.submit(d.statements[1:], nil)
	if len(acknowledged) != 19 {
		t.Errorf("%d of 19 acknowledged", len(acknowledged))
	}
	for _, r := range acknowledged {
		d.verify(r)
		p, err := log.ParseProof([]byte(r.Proof))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := d.policy.Open(p.Checkpoint); err != nil || int64(v.QuorumTime) < began || int64(v.QuorumTime) > time.Now().Unix() {
			t.Errorf("quorum time %+v, %v", v, err)
		}
	}
	if code, text := d.readyz(); code != http.StatusOK || !strings.Contains(text, "witnesses: a quorum gave the time ") {
		t.Errorf("%d %s", code, text)
	}
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	d.holds(acknowledged)
}

// A second checkpoint key, of ML-DSA-44, signs beside the first from the next start
// on, for witnesses that know only the first, and is in every receipt.
func TestSecondCheckpointKey(t *testing.T) {
	d := deployWitnessed(t, 30)
	d.start()
	d.submit(d.statements[1:17], nil)
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	d.run("keygen", "--mldsa", "--origin", strings.Split(string(d.read("keys/checkpoint.pub")), "+")[0], "--out", "keys")
	d.write("policy.txt", "log "+string(d.read("keys/checkpoint-mldsa.pub"))+string(d.read("policy.txt")))
	d.write("pledgelog.yaml", string(d.read("pledgelog.yaml"))+"checkpoint_key_mldsa: keys/checkpoint-mldsa.key\n")
	var err error
	if d.policy, err = log.ParsePolicy(d.read("policy.txt")); err != nil {
		t.Fatal(err)
	}
	d.start()
	acknowledged := d.submit(d.statements[17:], nil)
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	if len(acknowledged) != 13 {
		t.Errorf("%d of 13 acknowledged", len(acknowledged))
	}
	for _, r := range acknowledged {
		p, err := log.ParseProof([]byte(r.Proof))
		if err != nil {
			t.Fatal(err)
		}
		v, err := d.policy.VerifyProof(p, log.LeafHash(r.Leaf))
		if err != nil || len(v.LogKeys) != 2 || v.LogKeys[1].Type != log.TypeMLDSA44 {
			t.Errorf("%+v, %v", v, err)
		}
	}
	d.holds(acknowledged)
}
