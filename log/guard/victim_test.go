package guard_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

// The steps of a checkpoint's way, in order, at each of which the process can end. Those
// from signed to writing lie between the signature and its being published.
const (
	proved   = "before the guard's write"
	stored   = "after the guard's write"
	signed   = "after the signature"
	signed2  = "after the ML-DSA-44 signature"
	answered = "after a witness's answer"
	cosigned = "after the first cosignature"
	quorum   = "after the quorum's last"
	writing  = "while the checkpoint is written"
	shown    = "after it is published"
	archived = "after it is in the archive"
)

var steps = []string{proved, stored, signed, signed2, answered, cosigned, quorum, writing, shown, archived}

// A segment is a part of a log: its leaves up to index End, exclusive, have one name.
type segment struct {
	End  uint64 `json:"end"`
	Name string `json:"name"`
}

// leavesOf are the leaves of a history from first to end.
func leavesOf(h []segment, first, end uint64) [][]byte {
	var out [][]byte
	for n := first; n < end; n++ {
		out = append(out, fmt.Appendf(nil, "%d of %s", n, nameAt(h, n)))
	}
	return out
}

func nameAt(h []segment, n uint64) string {
	for _, s := range h {
		if n < s.End {
			return s.Name
		}
	}
	return ""
}

func endOf(h []segment) uint64 {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1].End
}

// cut is a history up to a size.
func cut(h []segment, size uint64) []segment {
	var out []segment
	for _, s := range h {
		if endOf(out) < size {
			out = append(out, segment{min(s.End, size), s.Name})
		}
	}
	return out
}

// victim is a log as pledgelog runs it, whose operator remembers badly: after it was
// killed it may go on with other leaves than it had begun to sign for. What it published
// stays.
type victim struct {
	dir  string
	safe bool // with the guard
	rand *rand.Rand

	mu      sync.Mutex
	pending bool   // something is signed and not published
	good    int    // cosignatures of that
	killAt  string // a step
	killNth int    // the how manieth time that it comes to it
	quiet   bool   // it says nothing
	reached map[string]int
}

// reach notes a step, and ends the process if it is to end there.
func (v *victim) reach(step string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.come(step)
}

func (v *victim) come(step string) {
	switch step {
	case signed:
		v.pending, v.good = true, 0
	case signed2, answered:
		if !v.pending {
			return // that has been published before
		}
	case shown:
		v.pending = false
	}
	if v.quiet {
		return
	}
	fmt.Println("step " + step)
	v.reached[step]++
	if step == v.killAt && v.reached[step] >= v.killNth {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

type steppedState struct {
	guard.State
	v *victim
}

func (s steppedState) CompareAndSwap(ctx context.Context, old, next log.Checkpoint) error {
	s.v.reach(proved)
	err := s.State.CompareAndSwap(ctx, old, next)
	s.v.reach(stored)
	return err
}

type steppedSigner struct {
	*log.Signer
	v *victim
}

func (s steppedSigner) Sign(text []byte) ([]byte, error) {
	sig, err := s.Signer.Sign(text)
	s.v.reach(signed)
	return sig, err
}

type steppedCosigner struct {
	*log.Cosigner
	v *victim
}

func (s steppedCosigner) Cosign(text []byte, at uint64) (log.NoteSignature, error) {
	sig, err := s.Cosigner.Cosign(text, at)
	s.v.reach(signed2)
	return sig, err
}

// steppedTransport notes witnesses' answers once they are read.
type steppedTransport struct {
	http.RoundTripper
	v *victim
}

func (s steppedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	v.come(answered)
	if v.pending && resp.StatusCode == http.StatusOK {
		switch v.good++; v.good {
		case 1:
			v.come(cosigned)
		case 2:
			v.come(quorum)
			if v.killAt == writing {
				go v.watch()
			}
		}
	}
	return resp, nil
}

// watch ends the process when the new checkpoint has a file, and not its name.
func (v *victim) watch() {
	for v.isPending() {
		if files, _ := filepath.Glob(filepath.Join(v.dir, "log", ".state", ".checkpoint*")); len(files) > 0 {
			v.reach(writing)
		}
	}
}

func (v *victim) isPending() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pending
}

func newSecond(t testing.TB) *log.Cosigner {
	t.Helper()
	c, err := log.NewMLDSACosigner(origin, witnesstest.Seed("second key of "+origin))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// config is the real log in the folder.
func (v *victim) config(t *testing.T) (embedded.Config, *guard.Signer) {
	dir := filepath.Join(v.dir, "log")
	tiles := log.NewTileReader(log.DirSource(dir))
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	b, err := os.ReadFile(filepath.Join(v.dir, "policy"))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := log.ParsePolicy(b)
	if err != nil {
		t.Fatal(err)
	}
	client, err := witnessing.New(witnessing.Config{
		Policy: policy, Prover: tiles, Logger: quiet, Transport: steppedTransport{http.DefaultTransport, v},
		Timeout: 5 * time.Second, Grace: 50 * time.Millisecond, Backoff: 5 * time.Millisecond, MaxBackoff: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	state, err := guard.OpenFile(filepath.Join(v.dir, "guard"))
	if err != nil {
		t.Fatal(err)
	}
	one, two := steppedSigner{newSigner(t), v}, steppedCosigner{newSecond(t), v}
	cfg := embedded.Config{Dir: dir, Signer: one, Cosigners: []embedded.Cosigner{two}, Witnesses: client, Interval: embedded.MinInterval, Logger: quiet}
	signer := guard.New(one, steppedState{state, v}, tiles)
	if v.safe {
		cfg.Signer, cfg.Cosigners = signer, []embedded.Cosigner{signer.Cosigner(two)}
	}
	return cfg, signer
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
	v := &victim{dir: dir, safe: os.Getenv("GUARD_OFF") == "", killAt: os.Getenv("GUARD_STEP"), killNth: int(number("GUARD_NTH")),
		reached: make(map[string]int), rand: rand.New(rand.NewPCG(number("GUARD_SEED"), 0))}
	forgets := v.rand.IntN(2) == 0 || !v.safe
	for {
		// Refused, it remembers after all.
		if err := v.run(t, forgets); !errors.Is(err, guard.ErrFork) {
			t.Fatal(err)
		}
		fmt.Println("refused")
		forgets = false
	}
}

// run opens the log and appends and publishes until that is refused for good.
func (v *victim) run(t *testing.T, forgets bool) error {
	cfg, signer := v.config(t)
	defer cfg.Witnesses.Close()
	e, err := embedded.Open(t.Context(), cfg)
	if err != nil {
		return err
	}
	defer e.Close(t.Context())
	fmt.Println("open")
	raw, err := e.Published(t.Context())
	if err != nil {
		return err
	}
	public := parse(t, raw)
	last := public
	if v.safe {
		if last, err = signer.Last(t.Context()); err != nil {
			return err
		}
	}
	begun, err := readLines[[]segment](filepath.Join(v.dir, "begun"))
	if err != nil {
		return err
	}
	history, found := []segment(nil), last.Size == 0
	for _, h := range slices.Backward(begun) {
		if endOf(h) >= last.Size && rootOf(t, h, last.Size) == last.Root {
			history, found = h, true
			break
		}
	}
	if !found {
		return fmt.Errorf("nothing was begun that has the tree of size %d", last.Size)
	}
	if forgets {
		history = cut(history, public.Size)
	}
	name := fmt.Sprintf("%08x", v.rand.Uint32())
	for next := public.Size; ; {
		end := max(endOf(history), next+1+v.rand.Uint64N(40))
		if end > endOf(history) {
			history = append(cut(history, endOf(history)), segment{end, name})
		}
		if err := appendLine(filepath.Join(v.dir, "begun"), history); err != nil {
			return err
		}
		if err := e.Append(t.Context(), next, leavesOf(history, next, end)); err != nil {
			return err
		}
		next = end
		for waits := true; waits; time.Sleep(time.Millisecond) {
			raw, err := e.Published(t.Context())
			if err != nil {
				return err
			}
			switch err := e.Err(); {
			case parse(t, raw).Size >= next:
				v.reach(shown)
				f, err := os.OpenFile(filepath.Join(v.dir, "log", log.ArchivePath), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
				if err != nil {
					return err
				}
				if _, err := f.Write(log.AppendArchive(nil, raw)); err != nil {
					return err
				}
				f.Close()
				v.reach(archived)
				waits = false
			case errors.Is(err, log.ErrStopped):
				return err
			case errors.Is(err, guard.ErrBehind):
				waits = false // it grows to what was signed
			}
		}
	}
}

func parse(t *testing.T, raw []byte) log.Checkpoint {
	t.Helper()
	n, err := log.ParseNote(raw)
	if err != nil {
		t.Fatal(err)
	}
	cp, err := log.ParseCheckpoint(n.Text)
	if err != nil {
		t.Fatal(err)
	}
	return cp
}

// rootOf is the root of the first leaves of a history, as the log's own code has it.
func rootOf(t *testing.T, h []segment, size uint64) log.Hash {
	t.Helper()
	tree := log.NewBuilder(func(int, uint64, int, []byte) error { return nil })
	for _, leaf := range leavesOf(h, 0, size) {
		if err := tree.Append(log.LeafHash(leaf)); err != nil {
			t.Fatal(err)
		}
	}
	return tree.Root()
}

// merkle is the root of leaves straight from RFC 6962, section 2.1.
func merkle(leaves [][]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	left, right := merkle(leaves[:k]), merkle(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
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
