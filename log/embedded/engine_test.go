package embedded_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
)

const origin = "log.example/test"

func newSigner(t testing.TB) *log.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte("test key of " + origin))
	s, err := log.NewSigner(origin, seed[:])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func config(t testing.TB, dir string) embedded.Config {
	return embedded.Config{
		Dir:      dir,
		Signer:   newSigner(t),
		Interval: embedded.MinInterval,
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// create makes a log and returns its configuration.
func create(t testing.TB) embedded.Config {
	t.Helper()
	dir, err := os.MkdirTemp("", "embedded-*")
	if err != nil {
		t.Fatal(err)
	}
	// Tessera does not say when its last file is written: what is removed may have
	// one more a moment later.
	t.Cleanup(func() {
		for range 100 {
			if err = os.RemoveAll(dir); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Error(err)
	})
	cfg := config(t, filepath.Join(dir, "log"))
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func open(t testing.TB, cfg embedded.Config) *embedded.Engine {
	t.Helper()
	e, err := embedded.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close(context.Background()) })
	return e
}

func closeLog(t testing.TB, e *embedded.Engine) {
	t.Helper()
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// leaf returns the nth leaf of an endless, fixed series; sizes differ.
func leaf(n uint64) []byte {
	b := make([]byte, 8+n%97+n%13*40)
	binary.BigEndian.PutUint64(b, n)
	return b
}

func leaves(first, end uint64) [][]byte {
	var ls [][]byte
	for n := first; n < end; n++ {
		ls = append(ls, leaf(n))
	}
	return ls
}

func mustAppend(t testing.TB, e *embedded.Engine, first, end uint64) {
	t.Helper()
	if err := e.Append(t.Context(), first, leaves(first, end)); err != nil {
		t.Fatal(err)
	}
}

func mustAwait(t testing.TB, e *embedded.Engine, index uint64) log.Checkpoint {
	t.Helper()
	raw, err := e.Await(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, raw)
}

func wantNext(t testing.TB, e *embedded.Engine, want uint64) {
	t.Helper()
	if next, err := e.Next(t.Context()); err != nil || next != want {
		t.Fatalf("Next = %d, %v; want %d", next, err, want)
	}
}

// parse verifies a checkpoint as x/mod does and as we do, and returns it.
func parse(t testing.TB, raw []byte) log.Checkpoint {
	t.Helper()
	verifier, err := note.NewVerifier(newSigner(t).Key().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	cp, err := log.ParseCheckpoint([]byte(n.Text))
	if err != nil {
		t.Fatal(err)
	}
	return cp
}

// onDisk returns the checkpoint that a reader of the directory sees.
func onDisk(t testing.TB, dir string) log.Checkpoint {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, raw)
}

// TestMain keeps what fsck has to tell out of the output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

func TestEmptyLog(t *testing.T) {
	cfg := create(t)
	if cp := onDisk(t, cfg.Dir); cp.Size != 0 || cp.Root != log.EmptyRoot() {
		t.Errorf("checkpoint is %+v", cp)
	}
	e := open(t, cfg)
	wantNext(t, e, 0)
	raw, err := e.Published(t.Context())
	if err != nil || parse(t, raw).Size != 0 {
		t.Errorf("Published: %v", err)
	}
	if err := e.Append(t.Context(), 0, nil); err != nil {
		t.Errorf("append nothing: %v", err)
	}
	closeLog(t, e)
	if err := embedded.Create(t.Context(), cfg); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v, want fs.ErrExist", err)
	}
}

func TestCreateAfterInterruption(t *testing.T) {
	cfg := create(t)
	if err := os.Remove(filepath.Join(cfg.Dir, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(t.Context(), cfg); !errors.Is(err, log.ErrNotFound) {
		t.Errorf("Open: %v, want log.ErrNotFound", err)
	}
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	e := open(t, cfg)
	mustAppend(t, e, 0, 10)
	closeLog(t, e)
	// With leaves in it a lost checkpoint is no reason to begin again.
	if err := os.Remove(filepath.Join(cfg.Dir, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	if err := embedded.Create(t.Context(), cfg); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over leaves: %v, want fs.ErrExist", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := config(t, t.TempDir())
	for name, spoil := range map[string]func(*embedded.Config){
		"no directory":   func(c *embedded.Config) { c.Dir = "" },
		"no signer":      func(c *embedded.Config) { c.Signer = nil },
		"short interval": func(c *embedded.Config) { c.Interval = 99 * time.Millisecond },
		"witness key":    func(c *embedded.Config) { c.Signer = otherType{newSigner(t)} },
	} {
		cfg := good
		spoil(&cfg)
		if err := embedded.Create(t.Context(), cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := embedded.Open(t.Context(), good); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of nothing: %v, want fs.ErrNotExist", err)
	}
}

type otherType struct{ *log.Signer }

func (o otherType) Key() log.Key {
	k := o.Signer.Key()
	k.Type = log.TypeCosignature
	return k
}

// TestOrder appends over 20,000 leaves in batches of random size while every
// processor is busy with something else: tessera's queue may split batches by
// its timer, and then swap the parts.
func TestOrder(t *testing.T) {
	const size = 21_000
	stop := make(chan struct{})
	var hogs sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		hogs.Go(func() {
			for sum := [32]byte{}; ; sum = sha256.Sum256(sum[:]) {
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	calm := sync.OnceFunc(func() { close(stop); hogs.Wait() })
	defer calm()

	cfg := create(t)
	e := open(t, cfg)
	var waiters sync.WaitGroup
	for next := uint64(0); next < size; {
		end := min(size, next+1+rand.Uint64N(1+rand.Uint64N(2500)))
		mustAppend(t, e, next, end)
		next = end
		wantNext(t, e, next)
		waiters.Go(func() {
			raw, err := e.Await(t.Context(), end-1)
			if err != nil {
				t.Error(err)
			} else if got := parse(t, raw).Size; got < end {
				t.Errorf("Await(%d) gave size %d", end-1, got)
			}
		})
	}
	waiters.Wait()
	calm()
	wantLog(t, cfg.Dir, size)
	closeLog(t, e)

	// And as the rest of the server reads it.
	it := log.NewTileReader(e.Source()).Leaves(t.Context(), 0, size, size)
	for first, ls := range it.All() {
		for i := range ls {
			if !bytes.Equal(ls[i], leaf(first+uint64(i))) {
				t.Fatalf("leaf %d is another", first+uint64(i))
			}
		}
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestReopenContinues(t *testing.T) {
	cfg := create(t)
	size := uint64(0)
	for _, n := range []uint64{1, 254, 1, 1, 255, 256, 300, 1000, 3} {
		e := open(t, cfg)
		wantNext(t, e, size)
		mustAppend(t, e, size, size+n)
		size += n
		wantNext(t, e, size)
		closeLog(t, e) // publishes
		wantLog(t, cfg.Dir, size)
	}
}

// TestManyLeavesAtOnce goes over the largest batch, over the edge of a tile of
// level 1 (65,536 leaves), and then opens with more leaves than Open checks.
func TestManyLeavesAtOnce(t *testing.T) {
	const size = 65_536 + 300
	cfg := create(t)
	e := open(t, cfg)
	small := make([][]byte, size)
	for n := range small {
		small[n] = fmt.Appendf(nil, "%d", n)
	}
	if err := e.Append(t.Context(), 0, small); err != nil {
		t.Fatal(err)
	}
	closeLog(t, e)
	cp := onDisk(t, cfg.Dir)
	b := log.NewBuilder(nil)
	for _, l := range small {
		if err := b.Append(log.LeafHash(l)); err != nil {
			t.Fatal(err)
		}
	}
	if cp.Size != size || cp.Root != b.Root() {
		t.Fatalf("size %d with root %x, want %d with %x", cp.Size, cp.Root, size, b.Root())
	}
	e = open(t, cfg)
	wantNext(t, e, size)
	if err := e.Append(t.Context(), size, [][]byte{leaf(1)}); err != nil {
		t.Fatal(err)
	}
	closeLog(t, e)
	b.Append(log.LeafHash(leaf(1)))
	if cp := onDisk(t, cfg.Dir); cp.Size != size+1 || cp.Root != b.Root() {
		t.Fatal("another root after reopening")
	}
}

func TestAppendRefuses(t *testing.T) {
	cfg := create(t)
	e := open(t, cfg)
	mustAppend(t, e, 0, 5)
	for name, test := range map[string]struct {
		first  uint64
		leaves [][]byte
		want   error
	}{
		"index again":    {4, leaves(4, 6), nil},
		"index left out": {6, leaves(6, 7), nil},
		"empty leaf":     {5, [][]byte{leaf(5), {}}, log.ErrLeafSize},
		"nil leaf":       {5, [][]byte{nil}, log.ErrLeafSize},
		"large leaf":     {5, [][]byte{leaf(5), make([]byte, 65_536)}, log.ErrLeafSize},
	} {
		err := e.Append(t.Context(), test.first, test.leaves)
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		wantNext(t, e, 5)
	}
	largest := make([]byte, 65_535)
	if err := e.Append(t.Context(), 5, [][]byte{largest, largest}); err != nil {
		t.Fatal(err)
	}
	closeLog(t, e)
	got, err := log.NewTileReader(e.Source()).Leaf(t.Context(), 6, 7)
	if err != nil || !bytes.Equal(got, largest) {
		t.Errorf("largest leaf: %d bytes, %v", len(got), err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	cfg := create(t)
	e := open(t, cfg)
	if _, err := embedded.Open(t.Context(), cfg); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("second Open: %v, want ErrInUse", err)
	}
	mustAppend(t, e, 0, 3)
	closeLog(t, e)
	closeLog(t, open(t, cfg))
}

func TestClosed(t *testing.T) {
	cfg := create(t)
	e := open(t, cfg)
	mustAppend(t, e, 0, 3)
	waiting := make(chan error)
	go func() {
		_, err := e.Await(t.Context(), 1000)
		waiting <- err
	}()
	closeLog(t, e)
	if err := <-waiting; !errors.Is(err, log.ErrStopped) {
		t.Errorf("Await: %v, want log.ErrStopped", err)
	}
	if err := e.Append(t.Context(), 3, leaves(3, 4)); !errors.Is(err, log.ErrStopped) {
		t.Errorf("Append: %v, want log.ErrStopped", err)
	}
	if raw, err := e.Published(t.Context()); err != nil || parse(t, raw).Size != 3 {
		t.Errorf("Published: %v", err)
	}
	if cp := mustAwait(t, e, 2); cp.Size != 3 {
		t.Errorf("Await of what is published: size %d", cp.Size)
	}
	closeLog(t, e) // again
}

// TestAbandonedAppend: a caller whose context ends learns from Next what became
// of its leaves.
func TestAbandonedAppend(t *testing.T) {
	cfg := create(t)
	e := open(t, cfg)
	next := uint64(0)
	for i := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
		err := e.Append(ctx, next, leaves(next, next+200))
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		after, nextErr := e.Next(t.Context())
		if nextErr != nil || after != next && after != next+200 || err == nil && after == next {
			t.Fatalf("Append: %v; Next went from %d to %d, %v", err, next, after, nextErr)
		}
		next = after
	}
	if next == 0 {
		mustAppend(t, e, 0, 5)
		next = 5
	}
	closeLog(t, e)
	wantLog(t, cfg.Dir, next)
}

func TestKlogGoesToSlog(t *testing.T) {
	open(t, create(t))
	before := slog.Default()
	defer slog.SetDefault(before)
	var buf bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&buf, nil)))
	klog.V(1).Infof("detail")
	klog.Warningf("warned %d", 5)
	klog.Errorf("failed")
	got := buf.String()
	for _, want := range []string{`level=INFO msg="warned 5" component=tessera`, `level=ERROR msg=failed component=tessera`} {
		if !strings.Contains(got, want) || strings.Contains(got, "detail") {
			t.Errorf("slog got %q, want %q", got, want)
		}
	}
}
