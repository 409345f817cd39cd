package guard_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"context"

	"github.com/google/renameio/v2"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/guard"
)

var kills = flag.Int("guard.kills", 60, "how often the signer is killed")

// The steps of a signature's way, in order, after each of which the process can end.
var steps = []string{"asked", "state loaded", "prefix proved", "state stored", "signed", "sent", "published"}

// A segment is a part of a log: its leaves up to index End, exclusive, have one name.
type segment struct {
	End  uint64 `json:"end"`
	Name string `json:"name"`
}

// A sent is a signature that left the process, with what it is of.
type sent struct {
	Note     []byte    `json:"note"`
	Segments []segment `json:"segments"`
}

// victim is a log whose operator remembers badly: after it was killed it may go on
// with other leaves than it had begun to sign for. What it publishes stays.
type victim struct {
	dir     string
	unsafe  bool   // without the guard
	killAt  string // a step
	killNth int    // the how manieth time that it comes to it; 0: never
	reached map[string]int
	rand    *rand.Rand
}

// reach notes a step, and ends the process if it is to end there.
func (v *victim) reach(step string) {
	fmt.Println("step " + step)
	v.reached[step]++
	if step == v.killAt && v.reached[step] == v.killNth {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

type steppedState struct {
	guard.State
	v *victim
}

func (s steppedState) Load(ctx context.Context) (log.Checkpoint, error) {
	cp, err := s.State.Load(ctx)
	s.v.reach("state loaded")
	return cp, err
}

func (s steppedState) CompareAndSwap(ctx context.Context, old, next log.Checkpoint) error {
	s.v.reach("prefix proved")
	err := s.State.CompareAndSwap(ctx, old, next)
	s.v.reach("state stored")
	return err
}

type steppedSigner struct {
	*log.Signer
	v *victim
}

func (s steppedSigner) Sign(text []byte) ([]byte, error) {
	sig, err := s.Signer.Sign(text)
	s.v.reach("signed")
	return sig, err
}

// TestKilledSigner is no test but the process that TestKilled kills.
func TestKilledSigner(t *testing.T) {
	dir, ok := os.LookupEnv("GUARD_VICTIM")
	if !ok {
		return
	}
	number := func(name string) uint64 {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	v := &victim{dir: dir, unsafe: os.Getenv("GUARD_OFF") != "", killAt: os.Getenv("GUARD_STEP"), killNth: int(number("GUARD_NTH")),
		reached: make(map[string]int), rand: rand.New(rand.NewPCG(number("GUARD_SEED"), 0))}
	for {
		if err := v.publish(t); err != nil {
			t.Fatal(err)
		}
	}
}

// publish lets the log grow, signs and publishes it.
func (v *victim) publish(t *testing.T) error {
	published, err := readLines[segment](filepath.Join(v.dir, "published"))
	if err != nil {
		return err
	}
	begun, err := readLines[[]segment](filepath.Join(v.dir, "begun"))
	if err != nil {
		return err
	}
	var size uint64
	if n := len(published); n > 0 {
		size = published[n-1].End
	}
	// It may forget what it had begun, or go on from there. When it is refused it
	// remembers after all.
	grown := func(from []segment, at uint64) []segment {
		return append(from[:len(from):len(from)], segment{at + 1 + v.rand.Uint64N(1+v.rand.Uint64N(700)), fmt.Sprintf("%08x", v.rand.Uint32())})
	}
	attempts := [][]segment{grown(published, size)}
	for _, b := range begun {
		if b[len(b)-1].End > size {
			attempts = append(attempts, b, grown(b, b[len(b)-1].End))
		}
	}
	if v.rand.IntN(3) == 0 {
		v.rand.Shuffle(len(attempts), func(i, j int) { attempts[i], attempts[j] = attempts[j], attempts[i] })
	}
	for _, segments := range attempts {
		if err := appendLine(filepath.Join(v.dir, "begun"), segments); err != nil {
			return err
		}
		h := historyOf(t, segments)
		cp := h.grow(t, segments[len(segments)-1].End)
		v.reach("asked")
		signer := steppedSigner{newSigner(t), v}
		var sig []byte
		if v.unsafe {
			sig, err = signer.Sign(cp.Marshal())
		} else {
			state, serr := guard.OpenFile(filepath.Join(v.dir, "guard"))
			if serr != nil {
				return serr
			}
			sig, err = guard.New(signer, steppedState{state, v}, h.tiles()).Sign(cp.Marshal())
		}
		os.RemoveAll(h.dir)
		if errors.Is(err, guard.ErrFork) || errors.Is(err, guard.ErrBehind) {
			fmt.Println("refused")
			continue
		} else if err != nil {
			return err
		}
		key := signer.Key()
		note := (&log.Note{Text: cp.Marshal(), Signatures: []log.NoteSignature{{Name: key.Name, ID: key.ID, Sig: sig}}}).Marshal()
		if err := appendLine(filepath.Join(v.dir, "sent"), sent{note, segments}); err != nil {
			return err
		}
		v.reach("sent")
		var all []byte
		for _, s := range segments {
			line, err := json.Marshal(s)
			if err != nil {
				return err
			}
			all = append(append(all, line...), '\n')
		}
		if err := renameio.WriteFile(filepath.Join(v.dir, "published"), all, 0o600); err != nil {
			return err
		}
		v.reach("published")
		return os.WriteFile(filepath.Join(v.dir, "begun"), nil, 0o600)
	}
	return errors.New("everything is refused")
}

// historyOf is a log with these segments, and nothing in it yet.
func historyOf(t testing.TB, segments []segment) *history {
	h := newHistory(t, "", 0)
	h.of = func(n uint64) string {
		for _, s := range segments {
			if n < s.End {
				return s.Name
			}
		}
		return ""
	}
	return h
}

func appendLine(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(b, '\n'))
	return err
}

// readLines reads what appendLine wrote, but for a line that a kill cut short.
func readLines[T any](path string) ([]T, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []T
	for line := range bytes.Lines(b) {
		var v T
		if err := json.Unmarshal(line, &v); err == nil && bytes.HasSuffix(line, []byte("\n")) {
			out = append(out, v)
		}
	}
	return out, nil
}

// killing kills a victim again and again.
type killing struct {
	dir     string
	env     []string
	rand    *rand.Rand
	at      map[string]int // kills by the last step that was reached
	refused int
}

// once starts a victim and has it killed: at a step, or at a moment. Returns the last
// step that it came to.
func (k *killing) once(t *testing.T, step string) {
	t.Helper()
	nth := 1 + k.rand.IntN(3)
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledSigner$")
	cmd.Env = append(append(os.Environ(), "GUARD_VICTIM="+k.dir, "GUARD_STEP="+step, fmt.Sprint("GUARD_NTH=", nth), fmt.Sprint("GUARD_SEED=", k.rand.Uint64())), k.env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last, started := "started", false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !started && step == "" {
			time.AfterFunc(time.Duration(k.rand.IntN(20_000))*time.Microsecond, func() { cmd.Process.Kill() })
		}
		started = true
		switch what, rest, _ := strings.Cut(lines.Text(), " "); what {
		case "step":
			last = rest
		case "refused":
			k.refused++
		default:
			t.Fatalf("the victim says %q", lines.Text())
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the victim ended by itself: %v", err)
	}
	if step != "" && last != step {
		t.Fatalf("killed after %q, want %q", last, step)
	}
	k.at[last]++
}

// forks counts the signatures that were sent and contradict one that was sent before.
func forks(t *testing.T, dir string) (all, forks int) {
	t.Helper()
	record, err := readLines[sent](filepath.Join(dir, "sent"))
	if err != nil {
		t.Fatal(err)
	}
	key := newSigner(t).Key()
	var largest []segment
	var top log.Checkpoint
	for i, s := range record {
		n, err := log.ParseNote(s.Note)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Verify(n.Text, n.Signatures[0]); err != nil {
			t.Fatal(err)
		}
		cp, err := log.ParseCheckpoint(n.Text)
		if err != nil {
			t.Fatal(err)
		}
		// Whether two are of one log is worked out from the leaves, not from proofs.
		h := historyOf(t, s.Segments)
		if got := h.grow(t, cp.Size); got != cp {
			t.Fatalf("signature %d is of another tree than the victim says", i)
		}
		smaller := historyOf(t, largest)
		if i > 0 {
			size := min(top.Size, cp.Size)
			if smaller.grow(t, size).Root != historyOf(t, s.Segments).grow(t, size).Root {
				forks++
				continue
			}
		}
		if cp.Size >= top.Size {
			largest, top = s.Segments, cp
		}
	}
	return len(record), forks
}

// TestKilled ends the process at every step of a signature's way, and at moments
// between, a log that then may go on with other leaves. Half of the ends and more lie
// between the signature and its being published. No two signatures that left the
// process contradict each other; without the guard some do.
func TestKilled(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	k := &killing{rand: rand.New(rand.NewPCG(seed, 1)), at: make(map[string]int)}
	all, forked := 0, 0
	take := func() {
		if k.dir != "" {
			n, f := forks(t, k.dir)
			all, forked = all+n, forked+f
		}
	}
	for i := range *kills {
		if i%60 == 0 { // another log, as each grows
			take()
			k.dir = t.TempDir()
			if _, err := guard.CreateFile(filepath.Join(k.dir, "guard"), origin); err != nil {
				t.Fatal(err)
			}
		}
		switch i % 12 {
		case 0, 1, 2, 3, 4:
			k.once(t, steps[i%12])
		case 5, 6, 7:
			k.once(t, "signed")
		case 8, 9, 10:
			k.once(t, "sent")
		default: // at its end, or between steps
			k.once(t, []string{"published", ""}[i/12%2])
		}
	}
	take()
	if forked > 0 {
		t.Errorf("%d of %d signatures contradict one that was sent before", forked, all)
	}
	report := fmt.Sprintf("%d kills; %d signatures sent, %d contradict another; %d times the guard refused\n", *kills, all, forked, k.refused)
	after := 0
	for _, step := range append([]string{"started"}, steps...) {
		report += fmt.Sprintf("%5d after %s\n", k.at[step], step)
		if step == "signed" || step == "sent" {
			after += k.at[step]
		}
	}
	t.Log("\n" + report)
	if 2*after < *kills {
		t.Errorf("%d of %d kills lie between the signature and its being published", after, *kills)
	}
	if k.refused == 0 {
		t.Error("the guard had nothing to refuse: the test shows nothing")
	}
	if path := os.Getenv("GUARD_KILLS"); path != "" {
		if err := os.WriteFile(path, []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	// The same without the guard.
	unsafe := &killing{dir: t.TempDir(), env: []string{"GUARD_OFF=1"}, rand: k.rand, at: make(map[string]int)}
	for range 20 {
		unsafe.once(t, "sent")
	}
	if all, forked := forks(t, unsafe.dir); forked == 0 {
		t.Errorf("without the guard none of %d signatures contradicts another: the test would not see a fork", all)
	}
}
