package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
)

// startWitnesses serves witnesses until the test ends.
func startWitnesses(t testing.TB, names ...string) []*witnesstest.Witness {
	var ws []*witnesstest.Witness
	for _, name := range names {
		w := witnesstest.New(name, newSigner(t).Key())
		w.Start()
		t.Cleanup(w.Stop)
		ws = append(ws, w)
	}
	return ws
}

func policyText(t testing.TB, ws []*witnesstest.Witness, rest string) string {
	text := "log " + newSigner(t).Key().String() + "\n"
	for _, w := range ws {
		text += w.Lines()
	}
	return text + rest
}

// witnessed makes the configuration of a log in dir whose checkpoints the witnesses
// of a policy cosign, and that is guarded.
func witnessed(t testing.TB, dir, policy string) (embedded.Config, *log.Policy) {
	t.Helper()
	p, err := log.ParsePolicy([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, filepath.Join(dir, "log"))
	tiles := log.NewTileReader(log.DirSource(cfg.Dir))
	cfg.Witnesses, err = witnessing.New(witnessing.Config{
		Policy: p, Prover: tiles, Logger: quiet,
		Timeout: 2 * time.Second, Grace: 50 * time.Millisecond, Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cfg.Witnesses.Close)
	path := filepath.Join(dir, "guard")
	if _, err := os.Stat(path); err != nil {
		if _, err := guard.CreateFile(path, origin); err != nil {
			t.Fatal(err)
		}
	}
	state, err := guard.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Signer = guard.New(newSigner(t), state, tiles)
	return cfg, p
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func createWitnessed(t testing.TB, policy string) (string, embedded.Config, *log.Policy) {
	t.Helper()
	dir := t.TempDir()
	cfg, p := witnessed(t, dir, policy)
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return dir, cfg, p
}

// shown opens the checkpoint that readers of the directory see.
func shown(t testing.TB, dir string, p *log.Policy) *log.View {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

const twoOfThree = "group all 2 a b c\nquorum all\n"

// Each checkpoint that anybody can see has its quorum, from the empty one on, with
// a dead witness and a liar in a nested policy; a slow one's cosignature is added.
func TestPublishedIsCosigned(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c", "d", "e")
	policy := policyText(t, ws, "group x 2 a b c\ngroup y any d e\ngroup xy all x y\nquorum xy\n")
	dir, cfg, p := createWitnessed(t, policy)
	if v := shown(t, dir, p); v.Checkpoint.Size != 0 {
		t.Fatalf("a new log has size %d", v.Checkpoint.Size)
	}
	ws[0].Set(witnesstest.Dead())
	ws[3].Set(func(rw http.ResponseWriter, r *witnesstest.Request) bool {
		fmt.Fprint(rw, ws[3].Line(ws[3].Keys[0], r.Text, time.Hour))
		return true
	})
	slow := make(chan struct{})
	ws[2].Set(func(rw http.ResponseWriter, r *witnesstest.Request) bool { <-slow; return false })
	e := open2(t, cfg, slow)
	next := uint64(0)
	for range 20 {
		mustAppend(t, e, next, next+30)
		next += 30
	}
	raw, err := e.Await(t.Context(), next-1)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := cosigners(v); !strings.Contains(got, "b c") || strings.Contains(got, "d") {
		t.Errorf("cosigned by %s", got)
	}
	// The quorum does with c, and a comes back late.
	late := make(chan struct{})
	ws[0].Set(func(rw http.ResponseWriter, r *witnesstest.Request) bool { <-late; return false })
	time.Sleep(200 * time.Millisecond)
	mustAppend(t, e, next, next+1)
	if raw, err = e.Await(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	close(late)
	first, err := p.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a late cosignature", func() bool { return strings.HasPrefix(cosigners(shown(t, dir, p)), "a") })
	if v := shown(t, dir, p); v.QuorumTime != first.QuorumTime || !bytes.Equal(v.Note.Text, first.Note.Text) {
		t.Errorf("a late cosignature changed more: %+v", v)
	}
	closeLog(t, e)
	wantLog(t, cfg.Dir, next+1)
}

// open2 opens a log whose witness answers only once the log was asked to open.
func open2(t testing.TB, cfg embedded.Config, slow chan struct{}) *embedded.Engine {
	t.Helper()
	time.AfterFunc(200*time.Millisecond, func() { close(slow) })
	return open(t, cfg)
}

func cosigners(v *log.View) string {
	var names []string
	for _, c := range v.Cosignatures {
		names = append(names, c.Witness)
	}
	return strings.Join(names, " ")
}

// Without a quorum nothing is published and appending goes on; with it everything
// is. The end of such a log comes in time, and the next one goes on.
func TestQuorumLostAndBack(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	policy := policyText(t, ws, twoOfThree)
	dir, cfg, p := createWitnessed(t, policy)
	var told counted
	cfg.Logger = slog.New(slog.NewTextHandler(&told, nil))
	e := open(t, cfg)
	mustAppend(t, e, 0, 100)
	if _, err := e.Await(t.Context(), 99); err != nil {
		t.Fatal(err)
	}
	ws[0].Set(witnesstest.Dead())
	ws[1].Set(witnesstest.Status(503))
	for n := uint64(100); n < 200; n += 10 {
		mustAppend(t, e, n, n+10)
		time.Sleep(20 * time.Millisecond)
	}
	eventually(t, "an error", func() bool { return errors.Is(e.Err(), log.ErrQuorum) })
	if errors.Is(e.Err(), log.ErrStopped) || !strings.Contains(e.Err().Error(), "a: ") || !strings.Contains(e.Err().Error(), "b: ") {
		t.Errorf("Err: %v", e.Err())
	}
	time.Sleep(500 * time.Millisecond)
	if v := shown(t, dir, p); v.Checkpoint.Size != 100 {
		t.Fatalf("published size %d", v.Checkpoint.Size)
	}
	ws[1].Set(nil)
	raw, err := e.Await(t.Context(), 199)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := p.Open(raw); err != nil || cosigners(v) != "b c" {
		t.Errorf("%v", err)
	}
	eventually(t, "no error", func() bool { return e.Err() == nil })
	eventually(t, "word of it", func() bool { return told.Load() >= 2 }) // it comes after the error is gone
	if n := told.Load(); n != 2 {                                        // that it is lost, and that it is back
		t.Errorf("the log of the server got %d lines", n)
	}

	ws[1].Set(witnesstest.Hang())
	mustAppend(t, e, 200, 300)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	if err := e.Close(ctx); err == nil {
		t.Error("Close says that everything was published")
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Close took %v", took)
	}
	if v := shown(t, dir, p); v.Checkpoint.Size != 200 {
		t.Errorf("published size %d", v.Checkpoint.Size)
	}
	ws[1].Set(nil)
	cfg, _ = witnessed(t, dir, policy)
	e = open(t, cfg)
	wantNext(t, e, 200)
	mustAppend(t, e, 200, 310)
	// It was asked at the start for less than it has, and is left alone for a moment.
	if _, err := e.Await(t.Context(), 309); err != nil {
		t.Fatal(err)
	}
	closeLog(t, e)
	if v := shown(t, dir, p); v.Checkpoint.Size != 310 {
		t.Errorf("published size %d", v.Checkpoint.Size)
	}
	wantLog(t, cfg.Dir, 310)
}

// Waiting for witnesses is part of the interval between two checkpoints.
func TestIntervalWithWitnesses(t *testing.T) {
	ws := startWitnesses(t, "a")
	ws[0].Set(func(http.ResponseWriter, *witnesstest.Request) bool { time.Sleep(300 * time.Millisecond); return false })
	dir, cfg, _ := createWitnessed(t, policyText(t, ws, "quorum a\n"))
	cfg.Interval = 400 * time.Millisecond
	var mu sync.Mutex
	var signed []time.Time
	cfg.BeforeSign = func(log.Checkpoint) error {
		mu.Lock()
		defer mu.Unlock()
		signed = append(signed, time.Now())
		return nil
	}
	e := open(t, cfg)
	for n := uint64(0); n < 60; n++ {
		mustAppend(t, e, n, n+1)
		time.Sleep(25 * time.Millisecond)
	}
	closeLog(t, e)
	mu.Lock()
	defer mu.Unlock()
	if len(signed) < 3 {
		t.Fatalf("%d checkpoints", len(signed))
	}
	var gaps []time.Duration
	for i := 1; i < len(signed)-1; i++ { // the last one is Close's
		gaps = append(gaps, signed[i].Sub(signed[i-1]))
	}
	slices.Sort(gaps)
	// A busy machine may hold up one of them.
	if gaps[0] < cfg.Interval || gaps[len(gaps)/2] > cfg.Interval+250*time.Millisecond {
		t.Errorf("checkpoints came %v after one another", gaps)
	}
	wantLog(t, filepath.Join(dir, "log"), 60)
}

// counted counts what a logger writes.
type counted struct{ atomic.Int64 }

func (c *counted) Write(b []byte) (int, error) { c.Add(1); return len(b), nil }

// A log that stands still is cosigned anew, and tells what time that gives.
func TestRefresh(t *testing.T) {
	ws := startWitnesses(t, "a", "b", "c")
	var now atomic.Int64
	now.Store(time.Now().Unix())
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	policy := policyText(t, ws, twoOfThree)
	dir := t.TempDir()
	cfg, p := witnessed(t, dir, policy)
	for _, w := range ws {
		w.Clock = clock
	}
	cfg.Clock = clock
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	e := open(t, cfg)
	start := now.Load()
	if got, needed := e.QuorumTime(); got != start || !needed {
		t.Errorf("QuorumTime %d, %v, want %d", got, needed, start)
	}
	mustAppend(t, e, 0, 10)
	if _, err := e.Await(t.Context(), 9); err != nil {
		t.Fatal(err)
	}
	first := shown(t, dir, p)
	now.Add(299)
	time.Sleep(600 * time.Millisecond)
	if v := shown(t, dir, p); v.QuorumTime != first.QuorumTime {
		t.Errorf("cosigned again after %d seconds", v.QuorumTime-first.QuorumTime)
	}
	now.Add(2)
	eventually(t, "a fresh checkpoint", func() bool { return shown(t, dir, p).QuorumTime == uint64(now.Load()) })
	if v := shown(t, dir, p); !bytes.Equal(v.Note.Text, first.Note.Text) || cosigners(v) != "a b c" {
		t.Errorf("it is another: %s", v.Raw)
	}
	eventually(t, "the time", func() bool { got, _ := e.QuorumTime(); return got == now.Load() })
	// Without a quorum the time stands, and the log says so.
	ws[0].Set(witnesstest.Dead())
	ws[1].Set(witnesstest.Dead())
	then := now.Load()
	now.Add(301)
	eventually(t, "an error", func() bool { return errors.Is(e.Err(), log.ErrQuorum) })
	if got, _ := e.QuorumTime(); got != then {
		t.Errorf("QuorumTime went on to %d", got)
	}
}

// A log whose policy changes is cosigned by the new one's witnesses at once.
func TestPolicyChanges(t *testing.T) {
	dir := t.TempDir()
	cfg, _ := witnessed(t, dir, "log "+newSigner(t).Key().String()+"\nquorum none\n")
	client := cfg.Witnesses
	cfg.Witnesses = nil
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	e := open(t, cfg)
	mustAppend(t, e, 0, 10)
	closeLog(t, e)
	if _, needed := e.QuorumTime(); needed {
		t.Error("a log without witnesses needs a quorum time")
	}
	client.Close()
	ws := startWitnesses(t, "a", "b", "c")
	for _, w := range ws {
		w.Set(witnesstest.Dead())
	}
	cfg, p := witnessed(t, dir, policyText(t, ws, twoOfThree))
	e = open(t, cfg)
	if got, needed := e.QuorumTime(); got != 0 || !needed || !errors.Is(e.Err(), log.ErrQuorum) {
		t.Errorf("QuorumTime %d, %v; Err %v", got, needed, e.Err())
	}
	for _, w := range ws {
		w.Set(nil)
	}
	eventually(t, "a quorum", func() bool {
		raw, _ := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
		v, err := p.Open(raw)
		return err == nil && v.Checkpoint.Size == 10
	})
	closeLog(t, e)
}

// A second key of the log signs beside the first.
func TestMLDSAKeyOfTheLog(t *testing.T) {
	ws := startWitnesses(t, "a")
	pq, err := log.NewMLDSACosigner(origin, witnesstest.Seed("pq"))
	if err != nil {
		t.Fatal(err)
	}
	policy := "log " + pq.Key().String() + "\n" + policyText(t, ws, "quorum a\n")
	dir := t.TempDir()
	cfg, p := witnessed(t, dir, policy)
	cfg.Cosigners = []embedded.Cosigner{cfg.Signer.(*guard.Signer).Cosigner(pq)}
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	e := open(t, cfg)
	mustAppend(t, e, 0, 10)
	closeLog(t, e)
	v := shown(t, dir, p)
	if len(v.LogKeys) != 2 || v.LogKeys[0].Type != log.TypeEd25519 || !v.LogKeys[1].Equal(pq.Key()) {
		t.Errorf("signed by %v", v.LogKeys)
	}
	// Who knows the second key alone believes the log by it.
	alone, err := log.ParsePolicy([]byte("log " + pq.Key().String() + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone.Open(v.Raw); err != nil {
		t.Error(err)
	}
	other, err := log.NewMLDSACosigner("log.example/other", witnesstest.Seed("pq"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Cosigners = []embedded.Cosigner{other}
	if _, err := embedded.Open(t.Context(), cfg); err == nil {
		t.Error("a key of another name is taken")
	}
}
