package witness_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("WITNESS_STATE"); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// child is a witness as a process of its own. It ends itself with SIGKILL at the step
// WITNESS_KILL of its change number WITNESS_CHANGE, and can write files of at most
// WITNESS_FULL bytes.
func child(dir string) error {
	state, err := witness.OpenState(dir)
	if err != nil {
		return err
	}
	if n, err := strconv.ParseUint(os.Getenv("WITNESS_FULL"), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	kill, change := os.Getenv("WITNESS_KILL"), os.Getenv("WITNESS_CHANGE")
	var changes atomic.Int64
	witness.OnStep(state, func(step string) error {
		if step == "locked" {
			changes.Add(1)
		}
		if step == kill && fmt.Sprint(changes.Load()) == change {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	})
	var keys []*log.Cosigner
	for _, of := range []string{"w1", "w2"} {
		c, err := log.NewCosigner("witness.example/"+of, seed(of))
		if err != nil {
			return err
		}
		keys = append(keys, c)
	}
	c := witness.Config{State: state, Cosigners: keys, CosignInterval: time.Microsecond}
	if os.Getenv("WITNESS_AUDIT") != "" {
		auditing(state, &c)
	}
	w, err := witness.New(c)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return witness.NewServer(witness.NewHandler(witness.HandlerConfig{Witness: w, Logger: discard}), discard).Serve(l)
}

// A process is a witness that runs.
type process struct {
	cmd  *exec.Cmd
	url  string
	dead chan struct{}
}

func startProcess(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "WITNESS_STATE="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd, "http://" + strings.TrimSpace(line), make(chan struct{})}
	go func() { cmd.Wait(); close(p.dead) }()
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.dead
}

func (p *process) post(r *log.AddCheckpoint) (int, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", p.url+"/add-checkpoint", bytes.NewReader(r.Marshal()))
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// A history is what a witness said: it holds the witness to its word.
type history struct {
	t     *testing.T
	mu    sync.Mutex
	roots map[uint64]log.Hash // that were cosigned, by size
	size  uint64              // the largest
	time  uint64
	count int
}

// add verifies cosignatures, and wants them to fit with all others.
func (h *history) add(r *log.AddCheckpoint, body string) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	cp, err := log.ParseCheckpoint(r.Note.Text)
	if err != nil {
		h.t.Fatal(err)
	}
	sigs, err := log.ParseSignatureLines([]byte(body))
	if err != nil || len(sigs) != 2 {
		h.t.Fatalf("%v: %q", err, body)
	}
	for i, of := range []string{"w1", "w2"} {
		c, err := log.NewCosigner("witness.example/"+of, seed(of))
		if err != nil {
			h.t.Fatal(err)
		}
		at, err := c.Key().Verify(r.Note.Text, sigs[i])
		if err != nil {
			h.t.Fatal(err)
		}
		h.time = max(h.time, at)
	}
	if h.roots == nil {
		h.roots = make(map[uint64]log.Hash)
	}
	if root, ok := h.roots[cp.Size]; ok && root != cp.Root {
		h.t.Errorf("size %d was cosigned with two roots", cp.Size)
	}
	h.roots[cp.Size] = cp.Root
	h.size = max(h.size, cp.Size)
	h.count++
}

// one wants all that was cosigned to be of one of the histories, and returns which.
func (h *history) one(trees ...*tree) int {
	h.t.Helper()
	for i, tree := range trees {
		all := true
		for size, root := range h.roots {
			all = all && tree.root(size) == root
		}
		if all {
			return i
		}
	}
	h.t.Fatalf("%d sizes were cosigned that no one history has", len(h.roots))
	return -1
}

// kept wants a state that is not behind what was cosigned.
func (h *history) kept(dir string) *witness.Log {
	h.t.Helper()
	l, err := openState(h.t, dir).Load(origin)
	if err != nil {
		h.t.Fatalf("the state: %v", err)
	}
	if l.Head.Size < h.size || l.Time < h.time {
		h.t.Fatalf("the state is at size %d and time %d, and cosigned were %d and %d", l.Head.Size, l.Time, h.size, h.time)
	}
	if root, ok := h.roots[l.Head.Size]; ok && root != l.Head.Root {
		h.t.Fatalf("the state has another root than was cosigned for size %d", l.Head.Size)
	}
	return l
}

// TestKilled ends a witness with kill -9 at each step of a change in turn, and at
// random moments, while a log with two histories asks for either. The state never goes
// back, and all that was cosigned is of one history.
func TestKilled(t *testing.T) {
	state, dir := newState(t)
	sign, key := edSigner(t, origin, origin)
	if _, err := state.Add(t.Context(), origin, []log.Key{key}, false); err != nil {
		t.Fatal(err)
	}
	trees := []*tree{newTree(t, "a", 1, 1500), newTree(t, "b", 1, 1500)}
	rounds := 5 * len(witness.Steps)
	if testing.Short() {
		rounds = len(witness.Steps)
	}
	h := &history{t: t}
	dice := rand.New(rand.NewPCG(3, 0))
	killed := make(map[string]int)
	for round := range rounds {
		step := witness.Steps[round%len(witness.Steps)]
		env := []string{"WITNESS_KILL=" + step, fmt.Sprint("WITNESS_CHANGE=", 1+dice.IntN(4))}
		if round%3 == 2 {
			step, env = "at random", nil
		}
		p := startProcess(t, dir, env...)
		if env == nil {
			time.AfterFunc(time.Duration(dice.IntN(30))*time.Millisecond, func() { p.cmd.Process.Kill() })
		}
		for {
			old := h.kept(dir).Head.Size
			tree := trees[dice.IntN(2)]
			if round == 0 {
				tree = trees[0] // so that there is something to fork from
			}
			r := ask(tree, old, old+uint64(dice.IntN(3)), sign)
			status, body, err := p.post(r)
			if err != nil {
				break
			}
			switch status {
			case 200:
				h.add(r, body)
			case 409, 422:
			default:
				t.Fatalf("%d: %s", status, body)
			}
		}
		<-p.dead
		if ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
			t.Fatalf("it ended by itself: %v", p.cmd.ProcessState)
		}
		killed[step]++
		h.kept(dir)
	}
	if h.one(trees...) != 0 {
		t.Error("the other history was cosigned")
	}
	t.Logf("%d cosignatures up to size %d; killed at %v", h.count, h.size, killed)
	if h.count < rounds/2 || h.size < uint64(rounds)/2 {
		t.Errorf("%d cosignatures up to size %d are too few to show anything", h.count, h.size)
	}
	// No heap of temporary files is left.
	if list, err := os.ReadDir(dir + "/logs"); err != nil || len(list) > 3 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestTwoProcesses has two processes on one state, and clients that ask each of them
// for either of two histories.
func TestTwoProcesses(t *testing.T) {
	state, dir := newState(t)
	sign, key := edSigner(t, origin, origin)
	if _, err := state.Add(t.Context(), origin, []log.Key{key}, false); err != nil {
		t.Fatal(err)
	}
	trees := []*tree{newTree(t, "a", 0, 400), newTree(t, "b", 0, 400)}
	processes := []*process{startProcess(t, dir), startProcess(t, dir)}
	h := &history{t: t}
	var statuses sync.Map
	var running sync.WaitGroup
	for i := range 8 {
		running.Go(func() {
			dice := rand.New(rand.NewPCG(4, uint64(i)))
			p, tree, old := processes[i%2], trees[i/2%2], uint64(0)
			for range 25 {
				r := ask(tree, old, min(old+uint64(dice.IntN(4)), 400), sign)
				status, body, err := p.post(r)
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := statuses.LoadOrStore(status, new(atomic.Int64))
				n.(*atomic.Int64).Add(1)
				switch status {
				case 200:
					h.add(r, body)
					cp, _ := log.ParseCheckpoint(r.Note.Text)
					old = cp.Size
				case 409:
					fmt.Sscan(body, &old)
				case 422:
				default:
					t.Errorf("%d: %s", status, body)
				}
			}
		})
	}
	running.Wait()
	h.kept(dir)
	h.one(trees...)
	for _, status := range []int{200, 409, 422} {
		n, ok := statuses.Load(status)
		if !ok {
			t.Errorf("nobody was answered with %d", status)
			continue
		}
		t.Logf("%d: %d", status, n.(*atomic.Int64).Load())
	}
	// What the administration changes is seen at once.
	for _, on := range []bool{false, true} {
		if _, err := state.SetEnabled(t.Context(), origin, on); err != nil {
			t.Fatal(err)
		}
		l := h.kept(dir)
		for _, p := range processes {
			status, body, err := p.post(ask(trees[h.one(trees...)], l.Head.Size, l.Head.Size, sign))
			if want := map[bool]int{false: 404, true: 200}[on]; err != nil || status != want {
				t.Errorf("enabled=%v: %d, %s, %v", on, status, body, err)
			}
		}
	}
}

// TestFullDisk: what can't be written is not cosigned, and what was is there.
func TestFullDisk(t *testing.T) {
	state, dir := newState(t)
	sign, key := edSigner(t, origin, origin)
	if _, err := state.Add(t.Context(), origin, []log.Key{key}, false); err != nil {
		t.Fatal(err)
	}
	tree := newTree(t, "a", 0, 100)
	h := &history{t: t}
	p := startProcess(t, dir)
	r := ask(tree, 0, 7, sign)
	status, body, err := p.post(r)
	if err != nil || status != 200 {
		t.Fatalf("%d: %s, %v", status, body, err)
	}
	h.add(r, body)
	p.kill()
	before := h.kept(dir)
	for _, full := range []int{0, 1, 200, 500} {
		p := startProcess(t, dir, fmt.Sprint("WITNESS_FULL=", full))
		for range 2 {
			status, body, err := p.post(ask(tree, 7, 9, sign))
			if err != nil || status != 500 || strings.Contains(body, "—") {
				t.Errorf("%d bytes: %d: %s, %v", full, status, body, err)
			}
		}
		p.kill()
		if l := h.kept(dir); l.Head != before.Head || string(l.Note) != string(before.Note) {
			t.Errorf("%d bytes: the state is at size %d", full, l.Head.Size)
		}
	}
	p = startProcess(t, dir)
	r = ask(tree, 7, 9, sign)
	if status, body, err = p.post(r); err != nil || status != 200 {
		t.Fatalf("%d: %s, %v", status, body, err)
	}
	h.add(r, body)
}
