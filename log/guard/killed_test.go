package guard_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

var kills = flag.Int("guard.kills", 20, "how often the log is killed")

// killing kills a log again and again, and has its witnesses.
type killing struct {
	dir       string
	env       []string
	rand      *rand.Rand
	witnesses []*witnesstest.Witness
	at        map[string]int // kills by the last step that was reached
	refused   int
	record    map[log.Checkpoint]bool // what it signed and let out
}

// begin makes a new log.
func (k *killing) begin(t *testing.T) {
	t.Helper()
	k.dir, k.witnesses, k.record = t.TempDir(), nil, make(map[log.Checkpoint]bool)
	policy := "log " + newSigner(t).Key().String() + "\nlog " + newSecond(t).Key().String() + "\n"
	for _, name := range []string{"a", "b", "c"} {
		w := witnesstest.New(name, newSigner(t).Key())
		w.Start()
		t.Cleanup(w.Stop)
		k.witnesses = append(k.witnesses, w)
		policy += w.Lines()
	}
	if err := os.WriteFile(filepath.Join(k.dir, "policy"), []byte(policy+"group all 2 a b c\nquorum all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := guard.CreateFile(filepath.Join(k.dir, "guard"), origin); err != nil {
		t.Fatal(err)
	}
	v := &victim{dir: k.dir, safe: true, reached: make(map[string]int), quiet: true}
	cfg, _ := v.config(t)
	defer cfg.Witnesses.Close()
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

// once starts the log and has it killed: at a step, or at a moment.
func (k *killing) once(t *testing.T, step string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledSigner$")
	cmd.Env = append(append(os.Environ(), "GUARD_VICTIM="+k.dir, "GUARD_STEP="+step, fmt.Sprint("GUARD_NTH=", 1+k.rand.IntN(3)), fmt.Sprint("GUARD_SEED=", k.rand.Uint64())), k.env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	last := "before all that"
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch what, rest, _ := strings.Cut(lines.Text(), " "); what {
		case "step":
			last = rest
		case "open":
			if step == "" {
				time.AfterFunc(time.Duration(k.rand.IntN(250_000))*time.Microsecond, func() { cmd.Process.Kill() })
				step = "random"
			}
		case "refused":
			k.refused++
		default:
			t.Fatalf("the log says %q", lines.Text())
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the log ended by itself: %v", err)
	}
	if step != "random" && last != step {
		all, forks := k.forks(t)
		t.Fatalf("killed %q, want %q; %d of %d signed checkpoints contradict another", last, step, forks, all)
	}
	k.at[last]++
	// What is on disk is replaced later; what witnesses were sent they remember.
	k.see(t, k.read(t, log.CheckpointPath))
	notes, err := log.ParseArchive(k.read(t, log.ArchivePath))
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range notes {
		k.see(t, raw)
	}
}

func (k *killing) read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(k.dir, "log", path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}

// see takes a signed checkpoint on record.
func (k *killing) see(t *testing.T, raw []byte) {
	t.Helper()
	n, err := log.ParseNote(raw)
	if err != nil {
		t.Fatal(err)
	}
	k.take(t, n)
}

func (k *killing) take(t *testing.T, n *log.Note) {
	t.Helper()
	one, two := newSigner(t).Key(), newSecond(t).Key()
	by := 0
	for _, s := range n.Signatures {
		for _, key := range []log.Key{one, two} {
			if s.Name == key.Name && s.ID == key.ID {
				if _, err := key.Verify(n.Text, s); err != nil {
					t.Fatal(err)
				}
				by++
			}
		}
	}
	cp, err := log.ParseCheckpoint(n.Text)
	if err != nil || by != 2 {
		t.Fatalf("%d of the log's two keys signed what it let out: %v", by, err)
	}
	k.record[cp] = true
}

// forks counts the checkpoints on record, and those of them that contradict the largest,
// or, being of its size, each other. Whether they do is worked out from the leaves, not
// from proofs: each tree has to be one that the log had begun.
func (k *killing) forks(t *testing.T) (all, forks int) {
	t.Helper()
	for _, w := range k.witnesses {
		for _, r := range w.Asked() {
			k.take(t, r.Add.Note)
		}
	}
	begun, err := readLines[[]segment](filepath.Join(k.dir, "begun"))
	if err != nil {
		t.Fatal(err)
	}
	var largest []segment
	var size uint64
	of := make(map[log.Checkpoint][]segment)
	for cp := range k.record {
		if cp.Size == 0 && cp.Root == merkle(nil) {
			continue
		}
		at := slices.IndexFunc(begun, func(h []segment) bool {
			return endOf(h) >= cp.Size && merkle(leavesOf(h, 0, cp.Size)) == cp.Root
		})
		if at < 0 {
			t.Fatalf("a checkpoint of size %d is of no tree that was begun", cp.Size)
		}
		if of[cp] = begun[at]; cp.Size > size {
			size, largest = cp.Size, begun[at]
		}
	}
	for cp := range of {
		if merkle(leavesOf(largest, 0, cp.Size)) != cp.Root {
			forks++
		}
	}
	return len(k.record), forks
}

// TestKilled ends the process of a whole log, with its guard, two keys, tessera and three
// witnesses, at every step of a checkpoint's way, and at moments between; it then may go on
// with other leaves. Half of the ends and more lie between the signature and its being
// published. On record is what left the process: what witnesses were sent, the checkpoint
// that is served, and the archive. No two of these contradict each other; without the
// guard some do.
func TestKilled(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	k := &killing{rand: rand.New(rand.NewPCG(seed, 1)), at: make(map[string]int)}
	all, forked := 0, 0
	take := func() {
		if k.dir != "" {
			n, f := k.forks(t)
			all, forked = all+n, forked+f
		}
	}
	order := []string{signed, quorum, proved, cosigned, archived, answered, signed, writing, stored, signed2, shown, ""}
	for i := range *kills {
		if i%60 == 0 { // another log, as each grows
			take()
			k.begin(t)
		}
		k.once(t, order[i%len(order)])
	}
	take()
	if forked > 0 {
		t.Errorf("%d of %d signed checkpoints contradict another", forked, all)
	}
	report := fmt.Sprintf("%d kills; %d signed checkpoints on record, %d contradict another; %d times the guard refused for good\n", *kills, all, forked, k.refused)
	between := 0
	for _, step := range append([]string{"before all that"}, steps...) {
		report += fmt.Sprintf("%5d %s\n", k.at[step], step)
		if slices.Index(steps, step) >= slices.Index(steps, signed) && slices.Index(steps, step) <= slices.Index(steps, writing) {
			between += k.at[step]
		}
	}
	report += fmt.Sprintf("%5d of them between the signature and its being published\n", between)
	t.Log("\n" + report)
	if 2*between < *kills {
		t.Errorf("%d of %d kills lie between the signature and its being published", between, *kills)
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
	unsafe := &killing{env: []string{"GUARD_OFF=1"}, rand: k.rand, at: make(map[string]int)}
	unsafe.begin(t)
	for range 4 {
		unsafe.once(t, answered)
	}
	if all, forked := unsafe.forks(t); forked == 0 {
		t.Errorf("without the guard none of %d signed checkpoints contradicts another: the test would not see a fork", all)
	}
}
