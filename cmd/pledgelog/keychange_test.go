package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// set puts other values into the configuration, key by key, and policy lines in front
// of the policy.
func (d *deployment) set(values map[string]string, policy string) {
	d.t.Helper()
	lines := strings.Split(strings.TrimSpace(string(d.read("pledgelog.yaml"))), "\n")
	for key, value := range values {
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, key+":") })
		if value != "" {
			lines = append(lines, key+": "+value)
		}
	}
	d.write("pledgelog.yaml", strings.Join(lines, "\n")+"\n")
	d.write("policy.txt", policy)
	var err error
	if d.policy, err = log.ParsePolicy([]byte(policy)); err != nil {
		d.t.Fatal(err)
	}
}

// audits audits the log's directory under a policy, and returns the codes of what is
// found, with the result.
func (d *deployment) audits(policy string) (verifier.Result, []string) {
	d.t.Helper()
	p, err := log.ParsePolicy([]byte(policy))
	if err != nil {
		d.t.Fatal(err)
	}
	charter := d.statements[0].Envelope.ID()
	r, err := verifier.Audit(d.t.Context(), verifier.Config{Policy: p, Charter: charter, Source: log.DirSource(filepath.Join(d.dir, "log"))})
	if err != nil {
		d.t.Fatal(err)
	}
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, string(f.Code))
	}
	return r.Result, codes
}

// keyOf makes a second checkpoint key, in a folder of its own, and returns both vkeys.
func (d *deployment) keyOf(dir string) (first, second string) {
	d.t.Helper()
	d.run("keygen", "--origin", generator.DefaultOrigin, "--out", dir)
	return strings.TrimSpace(string(d.read("keys/checkpoint.pub"))), strings.TrimSpace(string(d.read(dir + "/checkpoint.pub")))
}

// goesOn starts the server, has it take statements, and ends it.
func (d *deployment) goesOn(subs []*entry.Submission) {
	d.t.Helper()
	d.start()
	acknowledged := d.submit(subs, nil)
	if len(acknowledged) != len(subs) {
		d.t.Errorf("%d of %d acknowledged", len(acknowledged), len(subs))
	}
	for _, r := range acknowledged {
		d.verify(r)
	}
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		d.t.Fatalf("exit code %d\n%s", code, d.log)
	}
	d.holds(acknowledged)
}

// TestKeyChange rehearses a change of the checkpoint key, as operating.md writes it
// down: announced, then with both keys, then with the new one alone. Whoever follows
// the announcement in time can verify the log at each step.
func TestKeyChange(t *testing.T) {
	d := deploy(t, 24, "100ms")
	old, next := d.keyOf("next")
	w, _ := accordWorld(old, 24, 5)
	first, both, second := "log "+old+"\nquorum none\n", "log "+old+"\nlog "+next+"\nquorum none\n", "log "+next+"\nquorum none\n"
	holds := func(when, policy string, want verifier.Result, codes ...string) {
		t.Helper()
		result, found := d.audits(policy)
		if result != want {
			t.Errorf("%s: %s, %v", when, result, found)
		}
		for _, code := range []string{"charter-key-unlisted", "log-keys-announced", "archive-unvouched"} {
			if slices.Contains(codes, code) != slices.Contains(found, code) {
				t.Errorf("%s: found %v, want of these %v", when, found, codes)
			}
		}
	}
	d.goesOn(d.statements[1:20])
	holds("before", first, verifier.Matches)

	// The secretariat announces the new key beside the old one.
	announced := w.Amend(&entry.Amend{LogKeys: []string{old, next}}, generator.Amended{}, nil)
	d.goesOn([]*entry.Submission{announced.Submission()})
	holds("announced", first, verifier.Matches, "log-keys-announced")

	// Both sign.
	d.set(map[string]string{"checkpoint_key": "next/checkpoint.key", "checkpoint_key_former": "keys/checkpoint.key"}, both)
	d.start()
	if code := d.stop(syscall.SIGTERM); code != commandline.ExitDone {
		t.Fatalf("exit code %d\n%s", code, d.log)
	}
	// What was published before is signed by both at once, without a new entry.
	for _, policy := range []string{first, both} {
		holds("both sign, nothing new", policy, verifier.Matches, "log-keys-announced")
	}
	d.goesOn(d.statements[20:22])
	for _, policy := range []string{first, both} {
		holds("both sign", policy, verifier.Matches, "log-keys-announced")
	}

	// The old one has gone.
	d.set(map[string]string{"checkpoint_key_former": ""}, both)
	d.goesOn(d.statements[22:24])
	holds("the new one alone", both, verifier.Matches, "log-keys-announced")
	// With the new key alone one believes the checkpoint, and not the archive's of
	// before.
	holds("the new one alone", second, verifier.Differs, "log-keys-announced", "archive-unvouched")
	if result, _ := d.audits(first); result == verifier.Matches {
		t.Error("a policy with the old key alone is satisfied by the new one")
	}
}

// TestKeyLoss rehearses the loss of the checkpoint key: a new one signs what the old
// one had signed, under the same guard, and only who has a policy with it can verify
// what comes. Before the secretariat announces it an audit says so.
func TestKeyLoss(t *testing.T) {
	d := deploy(t, 24, "100ms")
	old, next := d.keyOf("next")
	w, _ := accordWorld(old, 24, 5)
	d.goesOn(d.statements[1:22])
	before := d.read("log/checkpoint")
	if err := os.Remove(filepath.Join(d.dir, "keys/checkpoint.key")); err != nil {
		t.Fatal(err)
	}
	// Without the old key in the policy nothing is known of who signed the checkpoint.
	second, both := "log "+next+"\nquorum none\n", "log "+old+"\nlog "+next+"\nquorum none\n"
	d.set(map[string]string{"checkpoint_key": "next/checkpoint.key"}, second)
	if out, err := d.command("serve", "--config", "pledgelog.yaml").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("signed with another key")) || !bytes.Contains(out, []byte("hint: ")) {
		t.Errorf("without the old key in the policy: %v\n%s", err, out)
	}
	d.set(nil, both)
	d.goesOn(d.statements[22:24])
	if result, codes := d.audits(both); result != verifier.Matches || !slices.Contains(codes, "charter-key-unlisted") {
		t.Errorf("%s, %v", result, codes)
	}
	d.goesOn([]*entry.Submission{w.Amend(&entry.Amend{LogKeys: []string{next}}, generator.Amended{}, nil).Submission()})
	if result, codes := d.audits(both); result != verifier.Matches || slices.Contains(codes, "charter-key-unlisted") {
		t.Errorf("announced: %s, %v", result, codes)
	}
	// What the old key signed is still held against the log.
	p, err := log.ParsePolicy([]byte(both))
	if err != nil {
		t.Fatal(err)
	}
	r, err := verifier.Audit(t.Context(), verifier.Config{Policy: p, Charter: d.statements[0].Envelope.ID(), Source: log.DirSource(filepath.Join(d.dir, "log")), Checkpoints: [][]byte{before}})
	if err != nil || r.Result != verifier.Matches {
		t.Errorf("%s, %v", r.Result, err)
	}
}
