package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// TestProofOpensNoSocket watches the real program's system calls: a receipt is
// checked without the network.
func TestProofOpensNoSocket(t *testing.T) {
	dir := t.TempDir()
	program := program(t)
	w := generator.New(generator.Options{Seed: 1, Signatories: 1})
	w.Log(w.Found())
	w.Advance(time.Hour)
	tree := log.NewBuilder(nil)
	leaf := w.Logged[0].Leaf
	if err := tree.Append(log.LeafHash(leaf)); err != nil {
		t.Fatal(err)
	}
	receipt := log.Proof{Extra: leaf, Checkpoint: w.Checkpoint(1, tree.Root(), w.Now())}
	for name, b := range map[string][]byte{"policy.txt": w.Policy.Marshal(), "x.tlog-proof": receipt.Marshal()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	trace := func(args ...string) (calls string, out []byte, err error) {
		file := filepath.Join(dir, "calls")
		cmd := exec.Command("strace", append([]string{"-f", "-qq", "-e", "trace=%network", "-o", file, program}, args...)...)
		cmd.Dir = dir
		out, err = cmd.CombinedOutput()
		b, rerr := os.ReadFile(file)
		if rerr != nil {
			t.Fatalf("strace: %v\n%s", rerr, out)
		}
		return string(b), out, err
	}
	calls, out, err := trace("proof", "--policy", "policy.txt", "x.tlog-proof")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, line := range strings.Split(calls, "\n") {
		if strings.Contains(line, "(") {
			t.Errorf("a network call: %s", line)
		}
	}
	// The watch works: an audit over HTTP is seen to call.
	calls, _, _ = trace("audit", "--policy", "policy.txt", "--charter", entry.ID{1}.String(), "http://127.0.0.1:1")
	if !strings.Contains(calls, "socket(") {
		t.Errorf("an audit over HTTP was seen to make no call: %q", calls)
	}
}
