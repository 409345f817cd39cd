package guard_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/guard"
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

// history is a log's tree and its tiles in a directory. Leaf n is "n", and from
// index fork on "n of name".
type history struct {
	dir  string
	name string
	fork uint64
	tree *log.Builder
}

func newHistory(t testing.TB, name string, fork uint64) *history {
	h := &history{dir: t.TempDir(), name: name, fork: fork}
	h.tree = log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		path := filepath.Join(h.dir, log.TilePath(level, index, width))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o644)
	})
	return h
}

func (h *history) leaf(n uint64) []byte {
	if n < h.fork {
		return fmt.Append(nil, n)
	}
	return fmt.Appendf(nil, "%d of %s", n, h.name)
}

// grow brings the tree to size and returns its checkpoint.
func (h *history) grow(t testing.TB, size uint64) log.Checkpoint {
	t.Helper()
	for n := h.tree.Size(); n < size; n++ {
		if err := h.tree.Append(log.LeafHash(h.leaf(n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.tree.Flush(); err != nil {
		t.Fatal(err)
	}
	return log.Checkpoint{Origin: origin, Size: h.tree.Size(), Root: h.tree.Root()}
}

func (h *history) tiles() *log.TileReader { return log.NewTileReader(log.DirSource(h.dir)) }

func newState(t testing.TB) *guard.File {
	t.Helper()
	s, err := guard.CreateFile(filepath.Join(t.TempDir(), "guard"), origin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustSign(t testing.TB, s *guard.Signer, cp log.Checkpoint) {
	t.Helper()
	sig, err := s.Sign(cp.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	key := s.Key()
	if _, err := key.Verify(cp.Marshal(), log.NoteSignature{Name: s.Name(), ID: s.KeyHash(), Sig: sig}); err != nil {
		t.Fatal(err)
	}
	if last, err := s.Last(t.Context()); err != nil || last != cp {
		t.Fatalf("Last is size %d, %v; want %d", last.Size, err, cp.Size)
	}
}

func TestSignsWhatGrows(t *testing.T) {
	h := newHistory(t, "a", 0)
	s := guard.New(newSigner(t), newState(t), h.tiles())
	mustSign(t, s, h.grow(t, 0))
	for _, size := range []uint64{1, 2, 255, 256, 257, 700, 70_000} {
		cp := h.grow(t, size)
		mustSign(t, s, cp)
		mustSign(t, s, cp) // the same again is no fork
	}
}

func TestRefuses(t *testing.T) {
	a, b := newHistory(t, "a", 150), newHistory(t, "b", 150)
	at200 := a.grow(t, 200)
	otherRoot := b.grow(t, 200)
	smaller := newHistory(t, "a", 150).grow(t, 120)
	longFork := b.grow(t, 1000)
	signedAs := func(origin string) log.Checkpoint {
		cp := a.grow(t, 300)
		cp.Origin = origin
		return cp
	}
	for _, test := range []struct {
		name   string
		tiles  *history
		next   log.Checkpoint
		want   error
		advice string
	}{
		{"smaller", a, smaller, guard.ErrBehind, "restore a newer one"},
		{"empty", a, log.Checkpoint{Origin: origin, Root: log.EmptyRoot()}, guard.ErrBehind, "backup"},
		{"equal size, another root", b, otherRoot, guard.ErrFork, "stop, keep all files"},
		{"larger, another history", b, longFork, guard.ErrFork, "stop, keep all files"},
		{"larger, by the tiles of the old one", a, longFork, guard.ErrFork, "stop, keep all files"},
		{"another log", a, signedAs("log.example/other"), nil, "is for the log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.grow(t, 1000) // so that all tiles are there
			state := newState(t)
			mustSign(t, guard.New(newSigner(t), state, a.tiles()), at200)
			s := guard.New(&countingSigner{Signer: newSigner(t)}, state, test.tiles.tiles())
			_, err := s.Sign(test.next.Marshal())
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Fatalf("Sign: %v, want %v", err, test.want)
			}
			if final := errors.Is(err, log.ErrStopped); final != (test.want == guard.ErrFork) {
				t.Errorf("final: %v", final)
			}
			if !strings.Contains(err.Error(), test.advice) {
				t.Errorf("%q does not say %q", err, test.advice)
			}
			if n := s.Key(); n.Name != origin {
				t.Errorf("key is %q", n.Name)
			}
			if last, err := s.Last(t.Context()); err != nil || last != at200 {
				t.Errorf("state moved to size %d, %v", last.Size, err)
			}
		})
	}
}

// countingSigner counts signatures, and may look at the world before each.
type countingSigner struct {
	*log.Signer
	signed int
	before func() error
}

func (c *countingSigner) Sign(text []byte) ([]byte, error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return nil, err
		}
	}
	c.signed++
	return c.Signer.Sign(text)
}

// TestStateIsThereFirst: when the key is asked, the state on disk is the new
// one already; and when the key then fails, the same can be signed later, but
// nothing else of that size.
func TestStateIsThereFirst(t *testing.T) {
	a, b := newHistory(t, "a", 10), newHistory(t, "b", 10)
	cp, other := a.grow(t, 20), b.grow(t, 20)
	state := newState(t)
	inner := &countingSigner{Signer: newSigner(t)}
	died := errors.New("power went out")
	inner.before = func() error {
		if now, err := state.Load(t.Context()); err != nil || now != cp {
			t.Errorf("state is at size %d, %v", now.Size, err)
		}
		return died
	}
	if _, err := guard.New(inner, state, a.tiles()).Sign(cp.Marshal()); !errors.Is(err, died) {
		t.Fatalf("Sign: %v", err)
	}
	if _, err := guard.New(newSigner(t), state, b.tiles()).Sign(other.Marshal()); !errors.Is(err, guard.ErrFork) {
		t.Errorf("Sign: %v, want ErrFork", err)
	}
	mustSign(t, guard.New(newSigner(t), state, a.tiles()), cp)
}

// TestNoStateNoSignature: when the state can't be read or written, or the
// tiles can't, the key is not asked, and nothing is final.
func TestNoStateNoSignature(t *testing.T) {
	for name, spoil := range map[string]func(state string, h *history){
		"state is lost":      func(state string, h *history) { os.Remove(state) },
		"state is torn":      func(state string, h *history) { os.Truncate(state, 20) },
		"state has no place": func(state string, h *history) { os.RemoveAll(filepath.Dir(state)) },
		"lock has no place":  func(state string, h *history) { os.Remove(state + ".lock"); os.Mkdir(state+".lock", 0o755) },
		"tile is lost":       func(state string, h *history) { os.RemoveAll(filepath.Join(h.dir, "tile/0")) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory(t, "a", 0)
			state := newState(t)
			mustSign(t, guard.New(newSigner(t), state, h.tiles()), h.grow(t, 20))
			cp := h.grow(t, 300)
			spoil(state.String(), h)
			inner := &countingSigner{Signer: newSigner(t)}
			_, err := guard.New(inner, state, h.tiles()).Sign(cp.Marshal())
			if err == nil || errors.Is(err, log.ErrStopped) || errors.Is(err, guard.ErrBehind) {
				t.Errorf("Sign: %v, want an error that is not final", err)
			}
			if inner.signed != 0 {
				t.Error("the key was asked")
			}
		})
	}
}

// TestDamagedTileInMemory: a tile that was read while it was damaged does not
// make a fork of a log that has been repaired.
func TestDamagedTileInMemory(t *testing.T) {
	h := newHistory(t, "a", 0)
	s := guard.New(newSigner(t), newState(t), h.tiles())
	mustSign(t, s, h.grow(t, 100))
	cp := h.grow(t, 200)
	path := filepath.Join(h.dir, "tile/0/000.p/200")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte{good[0] ^ 1}, good[1:]...)
	if err := os.WriteFile(path, bad, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(cp.Marshal()); !errors.Is(err, guard.ErrFork) {
		t.Fatalf("Sign: %v, want ErrFork", err)
	}
	if err := os.WriteFile(path, good, 0o644); err != nil {
		t.Fatal(err)
	}
	mustSign(t, s, cp)
}

func TestNotACheckpoint(t *testing.T) {
	h := newHistory(t, "a", 0)
	s := guard.New(newSigner(t), newState(t), h.tiles())
	for _, text := range []string{"", "text\n", string(h.grow(t, 5).Marshal()) + "extension\n"} {
		if _, err := s.Sign([]byte(text)); !errors.Is(err, log.ErrMalformed) {
			t.Errorf("Sign(%q): %v, want log.ErrMalformed", text, err)
		}
	}
}

// TestTwoProcesses: two servers with the same key and state, whose logs fork
// at 100, sign at once. Whatever comes out is one history.
func TestTwoProcesses(t *testing.T) {
	path := newState(t).String()
	var (
		mu     sync.Mutex
		signed = map[uint64]map[log.Hash]string{}
		wg     sync.WaitGroup
	)
	for _, name := range []string{"a", "b"} {
		h := newHistory(t, name, 100)
		state, err := guard.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := guard.New(newSigner(t), state, h.tiles())
		wg.Go(func() {
			for size := uint64(1); size <= 200; size++ {
				cp := h.grow(t, size)
				_, err := s.Sign(cp.Marshal())
				if err == nil {
					mu.Lock()
					if signed[size] == nil {
						signed[size] = make(map[log.Hash]string)
					}
					signed[size][cp.Root] = name
					mu.Unlock()
				} else if !errors.Is(err, guard.ErrBehind) && !errors.Is(err, guard.ErrFork) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	winner := ""
	for size, roots := range signed {
		if len(roots) > 1 {
			t.Fatalf("two roots of size %d were signed", size)
		}
		for _, name := range roots {
			if size <= 100 {
				continue
			}
			if winner == "" {
				winner = name
			}
			if name != winner {
				t.Fatalf("both histories were signed beyond the fork")
			}
		}
	}
	if winner == "" {
		t.Error("nothing was signed beyond the fork")
	}
}

// A state that is adopted is there with its checkpoint or not at all: one that was
// empty for a moment, and stayed so after a kill, would let a fork be signed.
func TestAdoptedAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "guard")
	cp := log.Checkpoint{Origin: origin, Size: 30, Root: log.LeafHash([]byte("x"))}
	var seen atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for t.Context().Err() == nil {
			text, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil || string(text) != string(cp.Marshal()) {
				t.Errorf("the file is %q, %v", text, err)
			}
			seen.Add(1)
			return
		}
	}()
	if _, err := guard.CreateFileAt(path, cp); err != nil {
		t.Fatal(err)
	}
	<-ended
	if seen.Load() != 1 {
		t.Error("nothing was seen")
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guard")
	if _, err := guard.OpenFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenFile of nothing: %v, want fs.ErrNotExist", err)
	}
	f, err := guard.CreateFile(path, origin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guard.CreateFile(path, origin); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second CreateFile: %v, want fs.ErrExist", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	zero, err := f.Load(t.Context())
	if err != nil || zero != (log.Checkpoint{Origin: origin, Root: log.EmptyRoot()}) {
		t.Fatalf("Load = %+v, %v", zero, err)
	}
	one := log.Checkpoint{Origin: origin, Size: 1, Root: log.LeafHash([]byte("x"))}
	if _, err := guard.CreateFileAt(path, one); !errors.Is(err, fs.ErrExist) {
		t.Errorf("CreateFileAt over another: %v, want fs.ErrExist", err)
	}
	if err := f.CompareAndSwap(t.Context(), one, zero); !errors.Is(err, guard.ErrConflict) {
		t.Errorf("CompareAndSwap: %v, want ErrConflict", err)
	}
	if err := f.CompareAndSwap(t.Context(), zero, one); err != nil {
		t.Fatal(err)
	}
	g, err := guard.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := g.Load(context.Background()); err != nil || got != one {
		t.Errorf("Load = %+v, %v", got, err)
	}
	// What a person reads in it is the checkpoint's text.
	if b, err := os.ReadFile(path); err != nil || string(b) != string(one.Marshal()) {
		t.Errorf("file holds %q, %v", b, err)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("files: %v", names)
	}
}

// A further key of the log is under the same guard: whichever is asked first, a fork
// is signed by neither.
func TestFurtherKey(t *testing.T) {
	pq, err := log.NewMLDSACosigner(origin, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := newHistory(t, "ours", 3), newHistory(t, "theirs", 3)
	state := newState(t)
	s := guard.New(newSigner(t), state, ours.tiles())
	further := s.Cosigner(pq)
	if !further.Key().Equal(pq.Key()) {
		t.Error("it has another key")
	}
	five := ours.grow(t, 5)
	sig, err := further.Cosign(five.Marshal(), 1_700_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := pq.Key().Verify(five.Marshal(), sig); err != nil || at != 1_700_000_000 {
		t.Errorf("signature: %d, %v", at, err)
	}
	if last, err := s.Last(t.Context()); err != nil || last != five {
		t.Errorf("the guard remembers %+v, %v", last, err)
	}
	mustSign(t, s, five) // the same again, by the other
	fork := theirs.grow(t, 5)
	forked := guard.New(newSigner(t), state, theirs.tiles())
	if _, err := forked.Cosigner(pq).Cosign(fork.Marshal(), 1_700_000_000); !errors.Is(err, guard.ErrFork) {
		t.Errorf("fork: %v", err)
	}
	if _, err := further.Cosign(log.Checkpoint{Origin: origin, Size: 4, Root: log.Hash{}}.Marshal(), 1_700_000_000); !errors.Is(err, guard.ErrBehind) {
		t.Errorf("smaller: %v", err)
	}
}

// A state that is a symbolic link is refused: a write would replace the link, and what
// it leads to would stay at what was signed before.
func TestLinkedState(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "guard"), filepath.Join(dir, "link")
	if _, err := guard.CreateFile(path, origin); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := guard.OpenFile(link); !errors.Is(err, guard.ErrLink) {
		t.Errorf("OpenFile: %v", err)
	}
	// One that becomes a link while the server runs.
	state, err := guard.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old, err := state.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(dir, "moved")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(moved, path); err != nil {
		t.Fatal(err)
	}
	next := log.Checkpoint{Origin: origin, Size: 1, Root: log.LeafHash([]byte("leaf"))}
	if err := state.CompareAndSwap(t.Context(), old, next); !errors.Is(err, guard.ErrLink) {
		t.Errorf("CompareAndSwap: %v", err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
}
