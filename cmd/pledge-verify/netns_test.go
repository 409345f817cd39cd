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
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// The addresses of TestTwoNetworks: the log's is the same on both sides.
const (
	netLog     = "10.77.0.1"
	netWitness = "10.77.9.1"
	netMirror  = "10.77.9.2"
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
	return exec.CommandContext(n.t.Context(), "nsenter", append([]string{"--net=/run/netns/" + n.name(of), program}, args...)...)
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

// A network is two sides that are shown different logs under one name, key and address,
// and a third part, with a witness and mirrors, that both reach.
type network struct {
	*namespaces
	dir, self, program string
	port               int // of the arrangement
}

// unprivileged runs the test again as root of a user namespace, for whoever is not root.
func unprivileged(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	own := []string{"--user", "--map-root-user", "--net", "--mount", "sh", "-c", `mount -t tmpfs tmpfs /run && exec "$@"`, "sh"}
	if out, err := exec.Command("unshare", append(own, "ip", "netns", "add", "probe")...).CombinedOutput(); err != nil {
		t.Fatalf("this test makes network namespaces: run it as root, or where a user may make them (see the sysctls kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns): %v\n%s", err, out)
	}
	cmd := exec.Command("unshare", append(own, self, "-test.run=^"+t.Name()+"$", "-test.v")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as root of a user namespace: %v\n%s", err, out)
	}
}

func newNetwork(t *testing.T) *network {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	n := &network{&namespaces{t: t, prefix: fmt.Sprintf("pl%d", os.Getpid()%100_000)}, t.TempDir(), self, program(t), 8000}
	for _, of := range []string{"l", "r", "m", "a"} {
		n.add(of)
	}
	for _, of := range []string{"l", "r", "m"} {
		n.in(of, "link", "set", "lo", "up")
	}
	n.join("l", "m", "10.77.1")
	n.join("r", "m", "10.77.2")
	n.in("m", "addr", "add", netWitness+"/32", "dev", "lo")
	n.in("m", "addr", "add", netMirror+"/32", "dev", "lo")
	for of, via := range map[string]string{"l": "10.77.1.1", "r": "10.77.2.1"} {
		n.in(of, "addr", "add", netLog+"/32", "dev", "lo")
		n.in(of, "route", "add", "10.77.9.0/24", "via", via)
	}
	return n
}

func (n *network) write(name, text string) string {
	n.t.Helper()
	path := filepath.Join(n.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
	return path
}

// at is an address of this arrangement.
func (n *network) at(host string) string { return fmt.Sprintf("%s:%d", host, n.port) }

// serve serves a folder there, to whom it may concern.
func (n *network) serve(of, host, dir string) {
	n.t.Helper()
	n.start(of, "serving", []string{"NETNS_DO=serve", "NETNS_ADDR=" + n.at(host), "NETNS_DIR=" + dir}, n.self, "-test.run=^TestInNamespace$")
}

// A forkedLog is a log with two sides, which begin alike.
type forkedLog struct {
	dir     string
	charter string
	policy  string // its file
	key     *log.Signer
	hash    string // of its origin
}

func (f *forkedLog) side(name string) string { return filepath.Join(f.dir, name) }

// fork writes sides of a log: each has the entries of both, and then as many of its own.
// Its time is not simulated.
func (n *network) fork(name string, sides map[string]int) *forkedLog {
	n.t.Helper()
	f := &forkedLog{dir: filepath.Join(n.dir, name)}
	for side, own := range sides {
		// Invented requests are for demonstrations alone; admissions are of any log.
		w := generator.New(generator.Options{Seed: 4, Signatories: 12})
		signer, err := log.NewSigner("log.accord.test/2025", bytes.Repeat([]byte{9}, 32))
		if err != nil {
			n.t.Fatal(err)
		}
		w.Options.Origin, w.Signer, w.Policy.Logs = signer.Key().Name, signer, []log.LogKey{{Key: signer.Key()}}
		w.Log(w.Found())
		for i := range 3 {
			w.Advance(time.Hour)
			w.Log(w.Admit(w.Signatories[i]))
		}
		if strings.HasPrefix(side, "right") {
			w.Advance(time.Minute)
		}
		for i := range own {
			w.Advance(time.Hour)
			w.Log(w.Admit(w.Signatories[3+i]))
		}
		if err := w.WriteDir(f.side(side)); err != nil {
			n.t.Fatal(err)
		}
		f.charter, f.key = w.Charter.String(), w.Signer
		f.hash = fmt.Sprintf("%x", sha256.Sum256([]byte(w.Options.Origin)))
		f.policy = n.write(name+"/policy.txt", string(w.Policy.Marshal()))
	}
	return f
}

// witness starts a real one, which cosigns a side now.
func (n *network) witness(f *forkedLog, side string) (key string) {
	n.t.Helper()
	binary := filepath.Join(n.dir, "pledge-witness")
	if _, err := os.Stat(binary); err != nil {
		if out, err := exec.Command("go", "build", "-o", binary, "../pledge-witness").CombinedOutput(); err != nil {
			n.t.Fatalf("%v\n%s", err, out)
		}
	}
	folder := fmt.Sprint("witness", n.port)
	config := n.write(folder+"/witness.yaml", "state: state\nkeys: [w.key]\nlisten: "+n.at(netWitness)+"\n")
	for _, args := range [][]string{
		{"keygen", "--name", "witness.example/w", "--out", filepath.Join(n.dir, folder, "w.key")},
		{"init", "--config", config},
		{"add-log", "--config", config, f.key.Key().String()},
	} {
		out, code := n.run("m", binary, args...)
		if code != 0 {
			n.t.Fatalf("pledge-witness %s: %d\n%s", args[0], code, out)
		}
		if args[0] == "keygen" {
			for _, word := range strings.Fields(out) {
				if k, err := log.ParseKey(word); err == nil {
					key = k.String()
				}
			}
		}
	}
	n.start("m", `"msg":"serving"`, nil, binary, "serve", "--config", config)
	note, err := log.ParseNote(mustRead(n.t, filepath.Join(f.side(side), log.CheckpointPath)))
	if err != nil {
		n.t.Fatal(err)
	}
	ask := n.write(folder+"/ask", string((&log.AddCheckpoint{Note: note}).Marshal()))
	n.start("l", "answered 200", []string{"NETNS_DO=post", "NETNS_ADDR=" + n.at(netWitness), "NETNS_DIR=" + ask}, n.self, "-test.run=^TestInNamespace$", "-test.v")
	return key
}

// witnessed serves what a witness shows that cosigned a side some time ago, with the
// side's tiles if it is a mirror too.
func (n *network) witnessed(f *forkedLog, side string, ago time.Duration, mirror bool) (key string) {
	n.t.Helper()
	cosigner, err := log.NewCosigner("witness.example/w", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		n.t.Fatal(err)
	}
	note, err := log.ParseNote(mustRead(n.t, filepath.Join(f.side(side), log.CheckpointPath)))
	if err != nil {
		n.t.Fatal(err)
	}
	sig, err := cosigner.Cosign(note.Text, uint64(time.Now().Add(-ago).Unix()))
	if err != nil {
		n.t.Fatal(err)
	}
	note.Signatures = append(note.Signatures, sig)
	folder := fmt.Sprint("witness", n.port)
	n.write(folder+"/"+f.hash+"/"+log.CheckpointPath, string(note.Marshal()))
	if mirror {
		if err := os.CopyFS(filepath.Join(n.dir, folder, f.hash, "tile"), os.DirFS(filepath.Join(f.side(side), "tile"))); err != nil {
			n.t.Fatal(err)
		}
	}
	n.serve("m", netWitness, filepath.Join(n.dir, folder))
	return cosigner.Key().String()
}

// mirror makes a copy of what a side is shown, by the program, and serves it.
func (n *network) mirror(f *forkedLog, of, host string) {
	n.t.Helper()
	dir := filepath.Join(n.dir, fmt.Sprint("mirror-", of, n.port))
	if out, code := n.run(of, n.program, "mirror", "--policy", f.policy, "--charter", f.charter, dir, "http://"+n.at(netLog)); code != commandline.ExitDone {
		n.t.Fatalf("mirror: %d\n%s", code, out)
	}
	n.serve("m", host, dir)
}

// monitor runs one cycle on a side.
func (n *network) monitor(f *forkedLog, of, key string, mirrors ...string) (out string, code int) {
	n.t.Helper()
	var copies []string
	for i, m := range mirrors {
		copies = append(copies, fmt.Sprintf("{name: copy%d, url: %q}", i, "http://"+n.at(m)))
	}
	folder := fmt.Sprint("monitor-", of, n.port)
	config := n.write(folder+"/monitor.yaml", fmt.Sprintf("state: state\nlogs:\n  - name: accord\n    policy: %s\n    charter: %s\n    log: http://%s\n    patience: 0s\n    witnesses: [{name: w, url: \"http://%s\", key: %q}]\n    mirrors: [%s]\n",
		f.policy, f.charter, n.at(netLog), n.at(netWitness), key, strings.Join(copies, ", ")))
	return n.run(of, n.program, "monitor", "--config", config, "--once")
}

// proved holds a monitor to having kept one bundle, which convinces a third person's
// machine that reaches nobody.
func (n *network) proved(f *forkedLog, of, out string, code int, from string) {
	n.t.Helper()
	if code != commandline.ExitMisbehaviour || !strings.Contains(out, `"code":"log-forked"`) || !strings.Contains(out, `"proof":"bundle"`) || !strings.Contains(out, from) {
		n.t.Errorf("the monitor on side %s: exit code %d, want %d, by way of the %s:\n%s", of, code, commandline.ExitMisbehaviour, from, out)
	}
	bundles, err := filepath.Glob(filepath.Join(n.dir, fmt.Sprint("monitor-", of, n.port), "state", "evidence", "evidence-*.json"))
	if err != nil || len(bundles) != 1 {
		n.t.Errorf("the monitor on side %s keeps %v, %v", of, bundles, err)
		return
	}
	n.convinces(f, bundles[0])
}

func (n *network) convinces(f *forkedLog, bundle string) {
	n.t.Helper()
	if out, code := n.run("a", n.program, "evidence", "--policy", f.policy, bundle); code != commandline.ExitMisbehaviour || !strings.Contains(out, "proved ✓") {
		n.t.Errorf("%s: exit code %d\n%s", bundle, code, out)
	}
}

// unproved holds a monitor to having kept none, and to have said these codes alone.
func (n *network) unproved(of, out string, code, want int, codes ...string) {
	n.t.Helper()
	if code != want || strings.Count(out, `"event":"raised"`) != len(codes) || strings.Contains(out, `"proof":"bundle"`) {
		n.t.Errorf("the monitor on side %s: exit code %d, want %d with %q alone:\n%s", of, code, want, codes, out)
	}
	for _, c := range codes {
		if !strings.Contains(out, `"code":"`+c+`"`) {
			n.t.Errorf("the monitor on side %s does not say %s:\n%s", of, c, out)
		}
	}
	if bundles, _ := filepath.Glob(filepath.Join(n.dir, fmt.Sprint("monitor-", of, n.port), "state", "evidence", "*")); len(bundles) != 0 {
		n.t.Errorf("the monitor on side %s keeps %v", of, bundles)
	}
}

// TestTwoNetworks: an operator shows one log to one network and another, under the same
// name, key and address, to a second one. A witness has cosigned the one on the left;
// mirrors have copied what one side is shown; monitors on both sides reach these. What
// each finds in one cycle, and what of it a machine without any network believes, depends
// on who has the tiles of the larger tree.
func TestTwoNetworks(t *testing.T) {
	if os.Getuid() != 0 {
		unprivileged(t)
		return
	}
	n := newNetwork(t)
	arrange := func(name string, do func(n *network)) {
		n.port++
		n := *n
		t.Run(name, func(t *testing.T) {
			spaces := *n.namespaces
			spaces.t, n.namespaces = t, &spaces
			do(&n)
		})
	}
	// both serves the two sides.
	both := func(n *network, f *forkedLog) {
		n.serve("l", netLog, f.side("left"))
		n.serve("r", netLog, f.side("right"))
	}

	arrange("the larger log has a mirror", func(n *network) {
		f := n.fork("larger-mirrored", map[string]int{"left": 4, "right": 5})
		both(n, f)
		key := n.witness(f, "left")
		n.mirror(f, "r", netMirror)
		out, code := n.monitor(f, "l", key, netMirror)
		n.proved(f, "l", out, code, "mirror")
		out, code = n.monitor(f, "r", key, netMirror)
		n.proved(f, "r", out, code, "witness")
		// An audit there, with nothing to compare, sees nothing: the sides are told
		// apart only by others.
		for _, of := range []string{"l", "r"} {
			if out, code := n.run(of, n.program, "audit", "--policy", f.policy, "--charter", f.charter, "http://"+n.at(netLog)); code != commandline.ExitDone {
				n.t.Errorf("an audit on side %s: exit code %d\n%s", of, code, out)
			}
		}
	})

	// The right side reaches nobody who has the tiles of the larger log. It is told at
	// once, and has no proof; whoever is on the left makes one of what the right is shown.
	arrange("the smaller log has a mirror", func(n *network) {
		f := n.fork("smaller-mirrored", map[string]int{"left": 5, "right": 4})
		both(n, f)
		key := n.witnessed(f, "left", 2*time.Hour, false)
		n.mirror(f, "r", netMirror)
		out, code := n.monitor(f, "l", key, netMirror)
		n.proved(f, "l", out, code, "mirror")
		out, code = n.monitor(f, "r", key, netMirror)
		n.unproved("r", out, code, commandline.ExitRefused, "log-behind", "log-withholds")

		evidence := filepath.Join(n.dir, "sent")
		if err := os.MkdirAll(evidence, 0o755); err != nil {
			n.t.Fatal(err)
		}
		out, code = n.run("l", n.program, "audit", "--policy", f.policy, "--charter", f.charter, "--evidence", evidence,
			"--checkpoint", filepath.Join(f.side("right"), log.CheckpointPath), "http://"+n.at(netLog))
		bundles, _ := filepath.Glob(filepath.Join(evidence, "*"))
		if code != commandline.ExitMisbehaviour || len(bundles) != 1 {
			n.t.Fatalf("an audit with what the right is shown: exit code %d, %v\n%s", code, bundles, out)
		}
		n.convinces(f, bundles[0])
	})

	// A log may have a checkpoint cosigned and not shown it yet: a cosignature of just
	// now says nothing. But the right side can't grow beyond it without a proof, though
	// the witness is silent by then.
	arrange("the smaller log grows", func(n *network) {
		f := n.fork("smaller-grows", map[string]int{"left": 5, "right": 4, "right-later": 6})
		both(n, f)
		key := n.witness(f, "left")
		out, code := n.monitor(f, "r", key)
		n.unproved("r", out, code, commandline.ExitDone)
		n.port += 100
		n.serve("r", netLog, f.side("right-later"))
		folder := filepath.Join(n.dir, fmt.Sprint("monitor-r", n.port))
		if err := os.Rename(filepath.Join(n.dir, fmt.Sprint("monitor-r", n.port-100)), folder); err != nil {
			n.t.Fatal(err)
		}
		out, code = n.monitor(f, "r", key)
		n.proved(f, "r", out, code, "witness")
	})

	arrange("the witness is a mirror too", func(n *network) {
		f := n.fork("witness-mirrors", map[string]int{"left": 5, "right": 4})
		both(n, f)
		key := n.witnessed(f, "left", 0, true)
		n.mirror(f, "r", netMirror)
		out, code := n.monitor(f, "l", key, netMirror)
		n.proved(f, "l", out, code, "mirror")
		out, code = n.monitor(f, "r", key, netMirror)
		n.proved(f, "r", out, code, "witness")
	})

	// All that others show is the larger log, and an old part of it is enough. The left
	// is shown the same as they, and sees nothing.
	arrange("witness and mirror have the larger log", func(n *network) {
		f := n.fork("both-larger", map[string]int{"left-before": 2, "left": 5, "right": 4})
		n.port += 200
		n.serve("l", netLog, f.side("left-before"))
		n.mirror(f, "l", netMirror)
		n.port -= 200
		both(n, f)
		n.serve("m", netMirror, filepath.Join(n.dir, fmt.Sprint("mirror-l", n.port+200)))
		key := n.witness(f, "left")
		out, code := n.monitor(f, "l", key, netMirror)
		n.unproved("l", out, code, commandline.ExitDone)
		out, code = n.monitor(f, "r", key, netMirror)
		n.proved(f, "r", out, code, "mirror")
	})
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
