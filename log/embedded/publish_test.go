package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
)

func TestAwaitWakesEverybody(t *testing.T) {
	cfg := create(t)
	e := open(t, cfg)
	var wg sync.WaitGroup
	for n := range uint64(2048) {
		wg.Go(func() {
			raw, err := e.Await(t.Context(), n)
			if err != nil {
				t.Error(err)
			} else if size := parse(t, raw).Size; size <= n {
				t.Errorf("Await(%d) gave size %d", n, size)
			}
		})
	}
	for first := uint64(0); first < 2048; first += 512 {
		mustAppend(t, e, first, first+512)
	}
	wg.Wait()

	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("gone")
	time.AfterFunc(time.Millisecond, func() { cancel(why) })
	if _, err := e.Await(ctx, 1<<40); !errors.Is(err, why) {
		t.Errorf("Await: %v, want the cause", err)
	}
}

// TestInterval: checkpoints come no faster than they should, and the first
// after a pause comes at once.
func TestInterval(t *testing.T) {
	cfg := create(t)
	cfg.Interval = 200 * time.Millisecond
	var mu sync.Mutex
	var signed []time.Time
	cfg.BeforeSign = func(log.Checkpoint) error {
		mu.Lock()
		defer mu.Unlock()
		signed = append(signed, time.Now())
		return nil
	}
	e := open(t, cfg)
	for n := range uint64(30) {
		mustAppend(t, e, n, n+1)
	}
	mustAwait(t, e, 29)
	mu.Lock()
	defer mu.Unlock()
	if len(signed) < 2 {
		t.Fatalf("%d checkpoints", len(signed))
	}
	for i := 1; i < len(signed); i++ {
		if gap := signed[i].Sub(signed[i-1]); gap < cfg.Interval {
			t.Errorf("checkpoint %d came %v after the one before", i, gap)
		}
	}
}

// fickleSigner fails as long as it is told to.
type fickleSigner struct {
	*log.Signer
	err atomic.Pointer[error]
}

func (f *fickleSigner) Sign(text []byte) ([]byte, error) {
	if err := f.err.Load(); err != nil {
		return nil, *err
	}
	return f.Signer.Sign(text)
}

func TestSignerFails(t *testing.T) {
	cfg := create(t)
	signer := &fickleSigner{Signer: newSigner(t)}
	cfg.Signer = signer
	e := open(t, cfg)
	refused := errors.New("the key is not at home")
	signer.err.Store(&refused)
	mustAppend(t, e, 0, 10)
	mustAppend(t, e, 10, 20) // appending goes on
	for e.Err() == nil {
		time.Sleep(time.Millisecond) // until it has tried
	}
	if err := e.Err(); !errors.Is(err, refused) || errors.Is(err, log.ErrStopped) {
		t.Fatalf("Err: %v", err)
	}
	if cp := onDisk(t, cfg.Dir); cp.Size != 0 {
		t.Fatalf("published size %d", cp.Size)
	}
	signer.err.Store(nil)
	if cp := mustAwait(t, e, 19); cp.Size != 20 {
		t.Errorf("size %d", cp.Size)
	}
	for e.Err() != nil {
		time.Sleep(time.Millisecond)
	}
	signer.err.Store(&refused)
	mustAppend(t, e, 20, 21)
	if err := e.Close(t.Context()); !errors.Is(err, refused) {
		t.Errorf("Close with something unpublished: %v", err)
	}
	// What was not published comes again.
	signer.err.Store(nil)
	e = open(t, cfg)
	wantNext(t, e, 20)
	mustAppend(t, e, 20, 25)
	closeLog(t, e)
	wantLog(t, cfg.Dir, 25)
}

func TestSignerStopsTheLog(t *testing.T) {
	cfg := create(t)
	final := fmt.Errorf("fork: %w", log.ErrStopped)
	var refuse atomic.Bool
	cfg.BeforeSign = func(log.Checkpoint) error {
		if refuse.Load() {
			return final
		}
		return nil
	}
	e := open(t, cfg)
	mustAppend(t, e, 0, 10)
	mustAwait(t, e, 9)
	refuse.Store(true)
	mustAppend(t, e, 10, 12)
	if _, err := e.Await(t.Context(), 11); !errors.Is(err, final) {
		t.Fatalf("Await: %v, want the signer's error", err)
	}
	if err := e.Append(t.Context(), 12, leaves(12, 13)); !errors.Is(err, log.ErrStopped) {
		t.Errorf("Append: %v, want log.ErrStopped", err)
	}
	if err := e.Err(); !errors.Is(err, final) {
		t.Errorf("Err: %v", err)
	}
	if cp := mustAwait(t, e, 9); cp.Size != 10 {
		t.Errorf("what was published is not there any more")
	}
	if cp := onDisk(t, cfg.Dir); cp.Size != 10 {
		t.Errorf("published size %d", cp.Size)
	}
	closeLog(t, e)
}

// badSigner returns signatures that do not verify.
type badSigner struct{ *log.Signer }

func (b badSigner) Sign(text []byte) ([]byte, error) { return b.Signer.Sign(append(text, 'x')) }

func TestBadSignatureIsNotPublished(t *testing.T) {
	cfg := create(t)
	cfg.Signer = badSigner{newSigner(t)}
	e := open(t, cfg)
	mustAppend(t, e, 0, 10)
	if err := e.Close(t.Context()); !errors.Is(err, log.ErrBadSignature) {
		t.Errorf("Close: %v, want log.ErrBadSignature", err)
	}
	if cp := onDisk(t, cfg.Dir); cp.Size != 0 {
		t.Errorf("published size %d", cp.Size)
	}
}

// TestWriteFails: a write that fails leaves everything as it was, and the same
// leaves can be given again.
func TestWriteFails(t *testing.T) {
	embedded.OneBatch(t)
	cfg := create(t)
	e := open(t, cfg)
	mustAppend(t, e, 0, 300)
	// Where a folder should be made there is a file.
	obstacle := filepath.Join(cfg.Dir, "tile/entries/002.p")
	if err := os.WriteFile(obstacle, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := e.Append(t.Context(), 300, leaves(300, 600)); err == nil || errors.Is(err, log.ErrStopped) {
		t.Fatalf("Append: %v, want an error that is not final", err)
	}
	wantNext(t, e, 300)
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, e, 300, 600)
	closeLog(t, e)
	wantLog(t, cfg.Dir, 600)
}

func TestPartialTilesGo(t *testing.T) {
	cfg := create(t)
	cfg.KeepPartials = 2 * time.Second
	e := open(t, cfg)
	exists := func(path string) bool {
		_, err := os.Stat(filepath.Join(cfg.Dir, path))
		return err == nil
	}
	mustAppend(t, e, 0, 200)
	mustAwait(t, e, 199)
	full := time.Now() // the full tile is published in a moment: never before
	mustAppend(t, e, 200, 300)
	mustAwait(t, e, 299)
	for exists("tile/entries/000.p") || exists("tile/0/000.p") {
		if time.Since(full) > 60*time.Second {
			t.Fatal("partial tiles stay")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if kept := time.Since(full); kept < cfg.KeepPartials/2 {
		t.Errorf("partial tiles went after %v", kept)
	}
	if !exists("tile/0/001.p/44") || !exists("tile/entries/001.p/44") || !exists("tile/1/000.p/1") {
		t.Error("partial tiles of the published size are gone")
	}
	closeLog(t, e)
	wantLog(t, cfg.Dir, 300)
	e = open(t, cfg)
	mustAppend(t, e, 300, 600)
	closeLog(t, e)
	wantLog(t, cfg.Dir, 600)
}

var _ embedded.Signer = (*fickleSigner)(nil)

// TestPushback: tessera's word for "later" becomes ours, and later it works.
func TestPushback(t *testing.T) {
	cfg := create(t)
	e := open(t, cfg)
	busy := true
	embedded.SetAdd(e, func(add tessera.AddFn) tessera.AddFn {
		return func(ctx context.Context, entry *tessera.Entry) tessera.IndexFuture {
			if !busy {
				return add(ctx, entry)
			}
			return func() (tessera.Index, error) { return tessera.Index{}, tessera.ErrPushbackIntegration }
		}
	})
	if err := e.Append(t.Context(), 0, leaves(0, 5)); !errors.Is(err, embedded.ErrPushback) || errors.Is(err, log.ErrStopped) {
		t.Fatalf("Append: %v, want ErrPushback", err)
	}
	wantNext(t, e, 0)
	busy = false
	mustAppend(t, e, 0, 5)
	closeLog(t, e)
	wantLog(t, cfg.Dir, 5)
}
