package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// The addresses of TestTwoNetworks: the log's is the same on both sides.
const (
	netLog     = "10.77.0.1:8000"
	netWitness = "10.77.9.1:8000"
	netMirror  = "10.77.9.2:8000"
)

// namespaces are networks of their own on this machine.
type namespaces struct {
	t      *testing.T
	prefix string
}

func (n *namespaces) name(of string) string { return n.prefix + of }

// ip runs ip(8).
func (n *namespaces) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (n *namespaces) add(of string) {
	n.t.Helper()
	n.ip("netns", "add", n.name(of))
	n.t.Cleanup(func() { exec.Command("ip", "netns", "del", n.name(of)).Run() })
}

// in is ip inside a namespace.
func (n *namespaces) in(of string, args ...string) {
	n.t.Helper()
	n.ip(append([]string{"-n", n.name(of)}, args...)...)
}

// join connects two namespaces, under the address net.1 in the one and net.2 in the
// other.
func (n *namespaces) join(a, b, net string) {
	n.t.Helper()
	n.ip("link", "add", n.prefix+a, "netns", n.name(b), "type", "veth", "peer", "name", n.prefix+b, "netns", n.name(a))
	n.in(b, "addr", "add", net+".1/24", "dev", n.prefix+a)
	n.in(a, "addr", "add", net+".2/24", "dev", n.prefix+b)
	n.in(b, "link", "set", n.prefix+a, "up")
	n.in(a, "link", "set", n.prefix+b, "up")
}

// command is one that runs in a namespace.
func (n *namespaces) command(of, program string, args ...string) *exec.Cmd {
	return exec.CommandContext(n.t.Context(), "ip", append([]string{"netns", "exec", n.name(of), program}, args...)...)
}

// run runs a program in a namespace, and returns what it says and its exit code.
func (n *namespaces) run(of, program string, args ...string) (string, int) {
	n.t.Helper()
	out, err := n.command(of, program, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		n.t.Fatal(err)
	}
	code := 0
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(out), code
}

// start starts a program in a namespace, waits until a line of what it says has this
// in it, and ends it with the test.
func (n *namespaces) start(of, until string, env []string, program string, args ...string) {
	n.t.Helper()
	cmd := n.command(of, program, args...)
	cmd.Env = append(os.Environ(), env...)
	r, w, err := os.Pipe()
	if err != nil {
		n.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	w.Close()
	n.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait(); r.Close() })
	lines := bufio.NewScanner(r)
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), until) {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	n.t.Fatalf("%s in %s ended:\n%s", program, of, said.String())
}

// TestInNamespace is no test but what TestTwoNetworks runs inside the namespaces: a
// server of a folder's files, or one request.
func TestInNamespace(t *testing.T) {
	dir, addr := os.Getenv("NETNS_DIR"), os.Getenv("NETNS_ADDR")
	switch os.Getenv("NETNS_DO") {
	case "serve":
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("serving")
		t.Fatal(http.Serve(l, http.FileServer(http.Dir(dir))))
	case "post":
		b, err := os.ReadFile(dir)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post("http://"+addr+"/add-checkpoint", "text/plain; charset=utf-8", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("answered", resp.StatusCode)
	}
}

// TestTwoNetworks: an operator shows one log to one network and another, under the same
// name, key and address, to a second one. A witness has cosigned the first, a mirror
// copied the second, and monitors on both sides reach these two. Each finds it in one
// cycle, and what it keeps proves it on a machine without any network.
func TestTwoNetworks(t *testing.T) {
	program, dir := program(t), t.TempDir()
	witness := filepath.Join(dir, "pledge-witness")
	if out, err := exec.Command("go", "build", "-o", witness, "../pledge-witness").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}

	// Two logs that begin alike.
	var charter, policy, origin string
	for i, side := range []string{"left", "right"} {
		w := generator.New(generator.Options{Seed: 4, Signatories: 3})
		if err := w.Story(150); err != nil {
			t.Fatal(err)
		}
		for range 5 + i {
			w.Log(w.Request(w.Signatories[i], "2025-01", nil))
		}
		if err := w.WriteDir(filepath.Join(dir, side, "log")); err != nil {
			t.Fatal(err)
		}
		charter, origin = w.Charter.String(), w.Options.Origin
		policy = write("policy.txt", string(w.Policy.Marshal()))
	}

	n := &namespaces{t: t, prefix: fmt.Sprintf("pl%d", os.Getpid()%100_000)}
	for _, of := range []string{"l", "r", "m", "a"} {
		n.add(of)
	}
	for _, of := range []string{"l", "r", "m"} {
		n.in(of, "link", "set", "lo", "up")
	}
	n.join("l", "m", "10.77.1")
	n.join("r", "m", "10.77.2")
	n.in("m", "addr", "add", "10.77.9.1/32", "dev", "lo")
	n.in("m", "addr", "add", "10.77.9.2/32", "dev", "lo")
	for of, via := range map[string]string{"l": "10.77.1.1", "r": "10.77.2.1"} {
		n.in(of, "addr", "add", "10.77.0.1/32", "dev", "lo")
		n.in(of, "route", "add", "10.77.9.0/24", "via", via)
	}

	// The log, on either side; a witness that the left one asks; a mirror of the right one.
	serve := func(of, addr, what string) {
		n.start(of, "serving", []string{"NETNS_DO=serve", "NETNS_ADDR=" + addr, "NETNS_DIR=" + what}, self, "-test.run=^TestInNamespace$")
	}
	serve("l", netLog, filepath.Join(dir, "left", "log"))
	serve("r", netLog, filepath.Join(dir, "right", "log"))

	config := write("witness/witness.yaml", "state: state\nkeys: [w.key]\nlisten: "+netWitness+"\n")
	for _, args := range [][]string{
		{"keygen", "--name", "witness.example/w", "--out", filepath.Join(dir, "witness", "w.key")},
		{"init", "--config", config},
		{"add-log", "--config", config, strings.Fields(string(mustRead(t, policy)))[1]},
	} {
		if out, code := n.run("m", witness, args...); code != 0 {
			t.Fatalf("pledge-witness %s: %d\n%s", args[0], code, out)
		}
	}
	n.start("m", `"msg":"serving"`, nil, witness, "serve", "--config", config)
	note, err := log.ParseNote(mustRead(t, filepath.Join(dir, "left", "log", log.CheckpointPath)))
	if err != nil {
		t.Fatal(err)
	}
	ask := write("ask", string((&log.AddCheckpoint{Note: note}).Marshal()))
	n.start("l", "answered 200", []string{"NETNS_DO=post", "NETNS_ADDR=" + netWitness, "NETNS_DIR=" + ask}, self, "-test.run=^TestInNamespace$", "-test.v")

	mirror := filepath.Join(dir, "mirror")
	if out, code := n.run("r", program, "mirror", "--policy", policy, "--charter", charter, mirror, "http://"+netLog); code != commandline.ExitDone {
		t.Fatalf("mirror: %d\n%s", code, out)
	}
	serve("m", netMirror, mirror)

	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(origin)))
	for _, side := range []struct{ of, name, from string }{{"l", "left", "mirror"}, {"r", "right", "witness"}} {
		state := filepath.Join(dir, side.name, "state")
		config := write(side.name+"/monitor.yaml", fmt.Sprintf("state: %s\nlogs:\n  - name: accord\n    policy: %s\n    charter: %s\n    log: http://%s\n    witnesses: [{name: w, url: \"http://%s\"}]\n    mirrors: [{name: copy, url: \"http://%s\"}]\n",
			state, policy, charter, netLog, netWitness, netMirror))
		out, code := n.run(side.of, program, "monitor", "--config", config, "--once")
		if code != commandline.ExitMisbehaviour || !strings.Contains(out, `"code":"log-forked"`) || !strings.Contains(out, `"proof":"bundle"`) || !strings.Contains(out, side.from) {
			t.Errorf("the monitor on the %s: exit code %d, want %d, by way of the %s; log %s:\n%s", side.name, code, commandline.ExitMisbehaviour, side.from, hash, out)
			continue
		}
		bundles, err := filepath.Glob(filepath.Join(state, "evidence", "evidence-*.json"))
		if err != nil || len(bundles) != 1 {
			t.Errorf("the monitor on the %s keeps %v, %v", side.name, bundles, err)
			continue
		}
		// A third person's machine, which reaches nobody.
		if out, code := n.run("a", program, "evidence", "--policy", policy, bundles[0]); code != commandline.ExitMisbehaviour || !strings.Contains(out, "proved ✓") {
			t.Errorf("the bundle of the %s: exit code %d\n%s", side.name, code, out)
		}
		// And an audit there, with nothing to compare, sees nothing: the sides are told
		// apart only by others.
		if out, code := n.run(side.of, program, "audit", "--policy", policy, "--charter", charter, "http://"+netLog); code != commandline.ExitDone {
			t.Errorf("an audit on the %s: exit code %d\n%s", side.name, code, out)
		}
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
