package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
)

// swap hands every second pair of leaves to tessera in the wrong order. If
// lying is set the futures pretend otherwise.
func swap(lying bool) func(tessera.AddFn) tessera.AddFn {
	return func(add tessera.AddFn) tessera.AddFn {
		n := 0
		var held *tessera.Entry
		var heldFuture *tessera.IndexFuture
		return func(ctx context.Context, entry *tessera.Entry) tessera.IndexFuture {
			n++
			switch n % 4 {
			default:
				return add(ctx, entry)
			case 1: // held back until the next one is through
				future := new(tessera.IndexFuture)
				held, heldFuture = entry, future
				return func() (tessera.Index, error) { return (*future)() }
			case 2:
				second := add(ctx, entry)
				*heldFuture = add(ctx, held)
				if lying {
					*heldFuture, second = second, *heldFuture
				}
				return second
			}
		}
	}
}

// TestMisplacedLeafIsNeverPublished: a batch comes out in another order than it
// went in. The engine stops, says which leaf is where, and the checkpoint stays
// what it was; the directory is good again after the next Open.
func TestMisplacedLeafIsNeverPublished(t *testing.T) {
	for _, lying := range []bool{false, true} {
		t.Run(fmt.Sprintf("lying=%v", lying), func(t *testing.T) {
			embedded.OneBatch(t)
			cfg := create(t)
			var asked []uint64
			cfg.BeforeSign = func(cp log.Checkpoint) error {
				asked = append(asked, cp.Size)
				return nil
			}
			e := open(t, cfg)
			mustAppend(t, e, 0, 300)
			mustAwait(t, e, 299)

			embedded.SetAdd(e, swap(lying))
			err := e.Append(t.Context(), 300, leaves(300, 340))
			if !errors.Is(err, log.ErrMisplaced) || !errors.Is(err, log.ErrStopped) {
				t.Fatalf("Append: %v, want log.ErrMisplaced and log.ErrStopped", err)
			}
			m, ok := errors.AsType[*log.MisplacedError](err)
			if !ok {
				t.Fatalf("%v is no evidence", err)
			}
			want := log.MisplacedError{Index: 300, GotIndex: 301, Want: log.LeafHash(leaf(300)), Got: log.LeafHash(leaf(301))}
			if lying {
				want.GotIndex = 300
			}
			if *m != want {
				t.Errorf("evidence is %+v, want %+v", *m, want)
			}
			if err := e.Append(t.Context(), 300, leaves(300, 301)); !errors.Is(err, log.ErrStopped) {
				t.Errorf("Append after that: %v", err)
			}
			if _, err := e.Await(t.Context(), 300); !errors.Is(err, log.ErrMisplaced) {
				t.Errorf("Await: %v, want log.ErrMisplaced", err)
			}
			closeLog(t, e)
			if cp := onDisk(t, cfg.Dir); cp.Size != 300 {
				t.Errorf("published size %d", cp.Size)
			}
			if last := asked[len(asked)-1]; last != 300 {
				t.Errorf("a signature was asked for at size %d", last)
			}

			e = open(t, cfg)
			wantNext(t, e, 300)
			mustAppend(t, e, 300, 340)
			closeLog(t, e)
			wantLog(t, cfg.Dir, 340)
		})
	}
}

// TestWrongFilesAreNeverPublished: what tessera wrote is not what was
// appended.
func TestWrongFilesAreNeverPublished(t *testing.T) {
	for _, path := range []string{"tile/entries/001", "tile/entries/002.p/88", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", ".state/treeState"} {
		t.Run(path, func(t *testing.T) {
			embedded.OneBatch(t)
			cfg := create(t)
			e := open(t, cfg)
			mustAppend(t, e, 0, 300)
			mustAwait(t, e, 299)
			embedded.SetAdd(e, func(add tessera.AddFn) tessera.AddFn {
				return func(ctx context.Context, entry *tessera.Entry) tessera.IndexFuture {
					future := add(ctx, entry)
					return func() (tessera.Index, error) {
						index, err := future()
						if index.Index == 599 {
							flip(t, filepath.Join(cfg.Dir, path), 20)
						}
						return index, err
					}
				}
			})
			if err := e.Append(t.Context(), 300, leaves(300, 600)); !errors.Is(err, log.ErrStopped) {
				t.Fatalf("Append: %v, want log.ErrStopped", err)
			}
			closeLog(t, e)
			if cp := onDisk(t, cfg.Dir); cp.Size != 300 {
				t.Errorf("published size %d", cp.Size)
			}
		})
	}
}

// flip changes one byte of a file in place.
func flip(t testing.TB, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 0x20
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOpenFindsDamage: what a loss of power on a lying disk, or a careless
// hand, does to the directory is found before anything is built on it.
func TestOpenFindsDamage(t *testing.T) {
	truncate := func(t *testing.T, path string) {
		if err := os.Truncate(path, 100); err != nil {
			t.Fatal(err)
		}
	}
	zero := func(t *testing.T, path string) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, info.Size()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	change := func(t *testing.T, path string) { flip(t, path, 70) }
	whole := func(t *testing.T, path string) { // a full one in place of the partial one
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		full, _, _ := strings.Cut(path, ".p/")
		if err := os.WriteFile(full, append(b, make([]byte, 8192-len(b))...), 0o644); err != nil {
			t.Fatal(err)
		}
		remove(t, path)
	}
	for _, test := range []struct {
		name, path string
		spoil      func(*testing.T, string)
	}{
		{"torn tile", "tile/0/003.p/32", truncate},
		{"zeroed tile", "tile/0/003.p/32", zero},
		{"changed tile", "tile/0/003.p/32", change},
		{"lost tile", "tile/0/003.p/32", remove},
		{"full tile for partial", "tile/0/003.p/32", whole},
		{"changed full tile", "tile/0/002", change},
		{"lost full tile", "tile/0/001", remove},
		{"changed tile of level 1", "tile/1/000.p/3", change},
		{"torn bundle", "tile/entries/003.p/32", truncate},
		{"zeroed bundle", "tile/entries/003.p/32", zero},
		{"lost bundle", "tile/entries/003.p/32", remove},
		{"changed bundle", "tile/entries/003.p/32", change},
		{"changed full bundle", "tile/entries/000", change},
		{"torn checkpoint", "checkpoint", truncate},
		{"changed checkpoint", "checkpoint", change},
		{"zeroed state", ".state/treeState", zero},
		{"state of a smaller tree", ".state/treeState", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(`{"size":0,"root":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}`), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := create(t)
			e := open(t, cfg)
			mustAppend(t, e, 0, 800)
			closeLog(t, e)
			test.spoil(t, filepath.Join(cfg.Dir, test.path))
			_, err := embedded.Open(t.Context(), cfg)
			if !errors.Is(err, embedded.ErrDamaged) {
				t.Fatalf("Open: %v, want ErrDamaged", err)
			}
		})
	}
}

func TestOpenRefusesAnotherLog(t *testing.T) {
	cfg := create(t)
	other, err := log.NewSigner("log.example/other", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := log.NewSigner(origin, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, signer := range map[string]*log.Signer{"origin": other, "key": rotated} {
		cfg := cfg
		cfg.Signer = signer
		if _, err := embedded.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	closeLog(t, open(t, cfg)) // the refusals have let go of the directory
}

// TestVictim is no test but the process that TestKilled kills. It appends
// without end and says what was acknowledged and what published.
func TestVictim(t *testing.T) {
	dir, ok := os.LookupEnv("EMBEDDED_VICTIM")
	if !ok {
		return
	}
	cfg := config(t, dir)
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	e := open(t, cfg)
	next, err := e.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nnext %d\n", next)
	go func() {
		for at := next; ; {
			raw, err := e.Await(context.Background(), at)
			if err != nil {
				return
			}
			at = parse(t, raw).Size
			fmt.Printf("published %d\n", at)
		}
	}()
	for {
		end := next + 1 + rand.Uint64N(1+rand.Uint64N(600))
		if err := e.Append(t.Context(), next, leaves(next, end)); err != nil {
			t.Fatal(err)
		}
		next = end
		fmt.Printf("appended %d\n", next)
	}
}

// TestKilled kills an engine in the middle of its writes, again and again, and
// lets the next one go on from the first index that is missing.
func TestKilled(t *testing.T) {
	cfg := create(t)
	var published uint64
	for range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
		cmd.Env = append(os.Environ(), "EMBEDDED_VICTIM="+cfg.Dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killed := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n uint64
			switch what, _, _ := strings.Cut(lines.Text(), " "); what {
			case "next":
				fmt.Sscanf(lines.Text(), "next %d", &n)
				if n < published {
					t.Fatalf("begins at %d, %d was published", n, published)
				}
			case "published":
				fmt.Sscanf(lines.Text(), "published %d", &n)
				if !killed {
					killed = true // not in step with what it does
					time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, func() { cmd.Process.Kill() })
				}
				published = n
			case "FAIL", "---":
				rest, _ := io.ReadAll(out)
				t.Fatalf("%s\n%s", lines.Text(), rest)
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
			t.Fatalf("victim ended by itself: %v", err)
		}
		if cp := onDisk(t, cfg.Dir); cp.Size < published {
			t.Fatalf("checkpoint of size %d after %d was published", cp.Size, published)
		}
	}
	e := open(t, cfg)
	next, err := e.Next(t.Context())
	if err != nil || next < published {
		t.Fatalf("Next = %d, %v; %d was published", next, err, published)
	}
	mustAppend(t, e, next, next+777)
	closeLog(t, e)
	wantLog(t, cfg.Dir, next+777)
}
