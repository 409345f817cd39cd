package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// A rehearsal is a log with three witnesses, of which its policy wants two, and an auditing
// one beyond the quorum: all of them processes of pledge-witness.
type rehearsal struct {
	*deployment
	plain     []*witnessProcess
	auditor   *witnessProcess
	old, next string // vkeys
}

func rehearse(t *testing.T, n int) *rehearsal {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pledge-witness")
	if out, err := exec.Command("go", "build", "-o", program, "../pledge-witness").CombinedOutput(); err != nil {
		t.Fatalf("build pledge-witness: %v\n%s", err, out)
	}
	begin := func(w *witnessProcess) {
		if err := w.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.kill)
	}
	r := new(rehearsal)
	r.deployment = deployUnder(t, n, "100ms", func(vkey string) string {
		for _, name := range []string{"a", "b", "c"} {
			w := newWitnessProcess(t, program, name)
			w.run("add-log", "--config", "witness.yaml", vkey)
			begin(w)
			r.plain = append(r.plain, w)
		}
		r.auditor = newWitnessProcess(t, program, "auditor")
		return r.policyOf("2", r.plain, vkey)
	})
	r.old, r.next = r.keyOf("next")
	r.audits("--policy", filepath.Join(r.dir, "policy.txt"), r.old)
	begin(r.auditor)
	return r
}

func (r *rehearsal) policyOf(quorum string, plain []*witnessProcess, vkeys ...string) string {
	text, group := "", "group plain "+quorum
	for _, k := range vkeys {
		text += "log " + k + "\n"
	}
	for _, w := range plain {
		text, group = text+w.line(), group+" "+w.name
	}
	return text + r.auditor.line() + group + "\nquorum plain\n"
}

func (r *rehearsal) audits(rest ...string) {
	r.t.Helper()
	r.auditor.run(append([]string{"add-log", "--config", "witness.yaml", "--audit", filepath.Join(r.dir, "log"), "--charter", r.statements[0].Statement.ID.String()}, rest...)...)
}

func (r *rehearsal) all() []*witnessProcess {
	return append(r.plain[:len(r.plain):len(r.plain)], r.auditor)
}

// complains runs a command that is to end with a code, and returns what it says.
func (w *witnessProcess) complains(code int, args ...string) string {
	w.t.Helper()
	cmd := exec.Command(w.program, args...)
	cmd.Dir = w.dir
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("pledge-witness %s: exit code %d\n%s", args[0], got, out)
	}
	return string(out)
}

// get reads what a witness says of the log.
func (w *witnessProcess) get(name string) []byte {
	w.t.Helper()
	resp, err := http.Get(fmt.Sprintf("http://%s/%x/%s", w.addr, sha256.Sum256([]byte(generator.DefaultOrigin)), name))
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// shows is the size that a witness shows.
func (w *witnessProcess) shows() uint64 {
	w.t.Helper()
	raw := w.get("checkpoint")
	n, err := log.ParseNote(raw)
	if err != nil {
		w.t.Fatalf("%v: %s", err, raw)
	}
	cp, err := log.ParseCheckpoint(n.Text)
	if err != nil {
		w.t.Fatal(err)
	}
	return cp.Size
}

// serves has the server take statements and waits until the auditing witness has cosigned
// all of it, or has looked at it if it is not to.
func (r *rehearsal) serves(subs []*entry.Submission, audited bool) {
	r.t.Helper()
	r.start()
	for _, reply := range r.submit(subs, nil) {
		r.verify(reply)
	}
	size := uint64(len(r.leaves()))
	waitFor(r.t, func() bool {
		if audited {
			return r.auditor.shows() == size
		}
		return bytes.Contains(r.auditor.get("audit.json"), fmt.Appendf(nil, "\n  \"size\": %d,", size)) // it has looked at it
	})
	if code := r.stop(syscall.SIGTERM); code != commandline.ExitDone {
		r.t.Fatalf("exit code %d\n%s", code, r.log)
	}
	if shown := r.auditor.shows(); !audited && shown >= size {
		r.t.Errorf("the auditing witness has cosigned %d of %d", shown, size)
	}
}

// theft is what a thief of the old key asks for: the newest checkpoint with a leaf of his
// own after it. The tree is made with golang.org/x/mod.
func (r *rehearsal) theft() *log.AddCheckpoint {
	r.t.Helper()
	leaves := r.leaves()
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	size := int64(len(leaves))
	for i, l := range append(leaves, []byte("the thief's")) {
		h, err := tlog.StoredHashes(int64(i), l, reader)
		if err != nil {
			r.t.Fatal(err)
		}
		hashes = append(hashes, h...)
	}
	root, err := tlog.TreeHash(size+1, reader)
	if err != nil {
		r.t.Fatal(err)
	}
	proof, err := tlog.ProveTree(size+1, size, reader)
	if err != nil {
		r.t.Fatal(err)
	}
	secret, err := log.ParseSecret(r.read("keys/checkpoint.key"))
	if err != nil {
		r.t.Fatal(err)
	}
	signer, err := secret.Signer()
	if err != nil {
		r.t.Fatal(err)
	}
	req := &log.AddCheckpoint{Old: uint64(size)}
	for _, h := range proof {
		req.Proof = append(req.Proof, log.Hash(h))
	}
	if req.Note, err = signer.SignNote(log.Checkpoint{Origin: generator.DefaultOrigin, Size: uint64(size) + 1, Root: log.Hash(root)}.Marshal()); err != nil {
		r.t.Fatal(err)
	}
	return req
}

// answers wants a witness to answer the thief with a status.
func (r *rehearsal) answers(w *witnessProcess, theft *log.AddCheckpoint, status int) {
	r.t.Helper()
	resp, err := http.Post(w.url+"/add-checkpoint", "", bytes.NewReader(theft.Marshal()))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status || (status != http.StatusOK && bytes.Contains(body, []byte("—"))) {
		r.t.Errorf("witness %s answers the thief with %d and not %d: %s, %v", w.name, resp.StatusCode, status, body, err)
	}
}

func (r *rehearsal) tell(verb string, args ...string) {
	r.t.Helper()
	for _, w := range r.all() {
		w.run(append([]string{verb, "--config", "witness.yaml"}, args...)...)
	}
}

// refuses wants the server not to start, and to say some words.
func (r *rehearsal) refuses(words ...string) {
	r.t.Helper()
	out, err := r.command("serve", "--config", "pledgelog.yaml").CombinedOutput()
	if err == nil {
		r.t.Fatalf("it ended in good order\n%s", out)
	}
	for _, w := range words {
		if !strings.Contains(string(out), w) {
			r.t.Errorf("no %q in\n%s", w, out)
		}
	}
}

// TestKeyChangeWithWitnesses rehearses a change of the checkpoint key with overlap, as
// operating.md writes it down. The auditing witness has its own copy of the policy.
func TestKeyChangeWithWitnesses(t *testing.T) {
	r := rehearse(t, 28)
	r.serves(r.statements[1:20], true)
	for _, w := range r.plain {
		if said := w.complains(0, "add-log", "--config", "witness.yaml", "--add-key", r.next); strings.Contains(said, "note:") {
			t.Errorf("%s", said)
		}
	}
	if said := r.auditor.complains(0, "add-log", "--config", "witness.yaml", "--add-key", r.next); !strings.Contains(said, "note: the policy with which ") || !strings.Contains(said, " --policy NEW ") {
		t.Errorf("it does not say that its audit's policy lacks the key: %s", said)
	}
	both := r.policyOf("2", r.plain, r.old, r.next)
	r.set(map[string]string{"checkpoint_key": "next/checkpoint.key", "checkpoint_key_former": "keys/checkpoint.key"}, both)
	r.serves(r.statements[20:22], true)

	// The former key has gone, and the auditing witness was forgotten.
	r.set(map[string]string{"checkpoint_key_former": ""}, both)
	r.serves(r.statements[22:24], false)
	if said := r.auditor.complains(commandline.ExitUndecided, "findings", "--config", "witness.yaml", generator.DefaultOrigin); !strings.Contains(said, "lacks the key that signed this checkpoint") || !strings.Contains(said, "hint: if the log has changed its key, give its new policy: `pledge-witness add-log --audit ") {
		t.Errorf("%s", said)
	}
	r.audits("--policy", filepath.Join(r.dir, "policy.txt"), r.next)
	r.serves(r.statements[24:26], true)

	// What is not needed any more is retired, and nothing ends.
	r.tell("retire-key", generator.DefaultOrigin, r.old)
	r.serves(r.statements[26:28], true)
}

// TestKeyTheft rehearses the theft of the checkpoint key: the witnesses retire it before the
// thief comes. The log goes on at once with a new key, and the thief gets nothing.
func TestKeyTheft(t *testing.T) {
	r := rehearse(t, 24)
	r.serves(r.statements[1:20], true)
	r.tell("add-log", "--add-key", r.next)
	r.tell("retire-key", generator.DefaultOrigin, r.old)
	theft := r.theft()
	for _, w := range r.all() {
		r.answers(w, theft, http.StatusForbidden)
	}
	r.set(map[string]string{"checkpoint_key": "next/checkpoint.key"}, r.policyOf("2", r.plain, r.old, r.next))
	r.audits("--policy", filepath.Join(r.dir, "policy.txt"), r.next)
	r.serves(r.statements[20:24], true)
	for _, w := range r.all() {
		r.answers(w, theft, http.StatusForbidden)
	}
}

// TestFasterThief rehearses what is lost where the thief came first: a witness that he
// reached can't follow the log any more, and an auditing one that he asked holds the proof. The others go on without it; where too few are
// left the log has ended.
func TestFasterThief(t *testing.T) {
	r := rehearse(t, 22)
	r.serves(r.statements[1:20], true)
	theft, c := r.theft(), r.plain[2]
	r.answers(c, theft, http.StatusOK)
	// What is not in the log's directory can't be audited.
	r.answers(r.auditor, theft, http.StatusServiceUnavailable)
	r.tell("add-log", "--add-key", r.next)
	r.tell("retire-key", generator.DefaultOrigin, r.old)
	both := r.policyOf("2", r.plain, r.old, r.next)
	r.set(map[string]string{"checkpoint_key": "next/checkpoint.key"}, both)
	parts := strings.SplitN(r.old, "+", 3)
	id := parts[0] + "+" + parts[1]
	r.refuses("witness c ", "signed by "+id+", a key that does not sign for it now: that key was stolen", "hint: ", "take witness c out of the policy")

	r.set(nil, r.policyOf("2", r.plain[:2], r.old, r.next))
	r.audits("--policy", filepath.Join(r.dir, "policy.txt"), r.next)
	r.serves(r.statements[20:22], false)
	r.answers(r.plain[0], r.theft(), http.StatusForbidden)
	if size := uint64(len(r.leaves())); c.shows() >= size {
		t.Errorf("witness c shows %d of %d", c.shows(), size)
	}
	// Having been asked is enough for it: by its policy the log's keys signed both.
	said := r.auditor.complains(commandline.ExitRefused, "findings", "--config", "witness.yaml", generator.DefaultOrigin)
	if !strings.Contains(said, "log-forked") {
		t.Errorf("%s", said)
	}
}

// TestThiefWithAQuorum is the end: the thief reached a quorum, and every one of its witnesses
// holds what is no part of the log.
func TestThiefWithAQuorum(t *testing.T) {
	r := rehearse(t, 20)
	r.serves(r.statements[1:20], true)
	theft := r.theft()
	for _, w := range r.plain {
		r.answers(w, theft, http.StatusOK)
	}
	// While the old key signs, the log stops.
	r.refuses("it has cosigned a tree of ", "hint: ")
	r.tell("add-log", "--add-key", r.next)
	r.tell("retire-key", generator.DefaultOrigin, r.old)
	r.set(map[string]string{"checkpoint_key": "next/checkpoint.key"}, r.policyOf("2", r.plain, r.old, r.next))
	r.refuses("that key was stolen", "hint: ")
	// So all are told to disable it, and it goes on under another origin.
	r.tell("disable-log", generator.DefaultOrigin)
	for _, w := range r.all() {
		r.answers(w, theft, http.StatusNotFound)
	}
}
