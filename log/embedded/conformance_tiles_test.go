package embedded_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/docs/conformance"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
)

// c2sp.org/tlog-tiles v0.1.0: what a log writes, looked at without the code that reads
// it here.
func TestConformanceTlogTiles(t *testing.T) {
	cfg := create(t)
	pq, err := log.NewMLDSACosigner(origin, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Cosigners = []embedded.Cosigner{pq}
	e := open(t, cfg)
	// Some sizes are published, and all that came between is no concern of readers.
	var published []int64
	for _, size := range []uint64{1, 200, 256, 300, 700} {
		first, err := e.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, e, first, size)
		published = append(published, int64(mustAwait(t, e, size-1).Size))
	}
	closeLog(t, e)
	const size = 700
	var tree tree
	for n := range int64(size) {
		hashes, err := tlog.StoredHashes(n, leaf(uint64(n)), &tree)
		if err != nil {
			t.Fatal(err)
		}
		tree.hashes = append(tree.hashes, hashes...)
	}
	read := func(t *testing.T, path string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(cfg.Dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// walk gives every file below the folder tile.
	walk := func(t *testing.T, f func(path string, data []byte)) {
		t.Helper()
		n := 0
		err := filepath.WalkDir(filepath.Join(cfg.Dir, "tile"), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(cfg.Dir, name)
			if err != nil {
				return err
			}
			n++
			f(filepath.ToSlash(rel), read(t, filepath.ToSlash(rel)))
			return nil
		})
		if err != nil || n < 10 {
			t.Fatalf("%d files below tile: %v", n, err)
		}
	}
	address := regexp.MustCompile(`^tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/(x[0-9]{3}/)*[0-9]{3}(\.p/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$`)

	conformance.Run(t, []conformance.Row{
		conformance.Tested("Checkpoints", "the checkpoint is there", "the newest signed tree head is at `checkpoint`", func(t *testing.T) {
			lines := strings.Split(string(read(t, "checkpoint")), "\n")
			if len(lines) < 4 || lines[0] != origin || lines[1] != strconv.Itoa(size) || lines[3] != "" {
				t.Errorf("it is %q", lines)
			}
		}),
		conformance.Tested("Checkpoints", "an Ed25519 signature", "the checkpoint of a public log has an Ed25519 signature by the log, whatever else signs it", func(t *testing.T) {
			v, err := note.NewVerifier(newSigner(t).Key().String())
			if err != nil {
				t.Fatal(err)
			}
			raw := read(t, "checkpoint")
			n, err := note.Open(raw, note.VerifierList(v))
			if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 1 {
				t.Errorf("x/mod: %v in %q", err, raw)
			}
			bad := cfg
			bad.Dir, bad.Signer, bad.Cosigners = filepath.Join(t.TempDir(), "log"), pqSigner{pq}, nil
			if err := embedded.Create(t.Context(), bad); err == nil {
				t.Error("a log without one is made")
			}
		}, "Verified by golang.org/x/mod."),
		conformance.Tested("Merkle Tree", "addresses", "every tile is at an address of the form that is prescribed", func(t *testing.T) {
			walk(t, func(path string, _ []byte) {
				if !address.MatchString(path) {
					t.Errorf("%s is none", path)
				}
			})
		}),
		conformance.Tested("Merkle Tree", "full tiles", "a full tile has 8,192 bytes", func(t *testing.T) {
			full := 0
			walk(t, func(path string, data []byte) {
				if !strings.HasPrefix(path, "tile/entries/") && !strings.Contains(path, ".p/") {
					if full++; len(data) != 8192 {
						t.Errorf("%s has %d bytes", path, len(data))
					}
				}
			})
			if full != size/256 {
				t.Errorf("%d full tiles", full)
			}
		}),
		conformance.Tested("Merkle Tree", "hashes of a tile", "a tile has the hashes that the formula gives it", func(t *testing.T) {
			walk(t, func(path string, data []byte) {
				if strings.HasPrefix(path, "tile/entries/") {
					return
				}
				tile, err := tlog.ParseTilePath(strings.Replace(path, "tile/", "tile/8/", 1))
				if err != nil {
					t.Fatal(err)
				}
				want, err := tlog.ReadTileData(tile, &tree)
				if err != nil || !bytes.Equal(data, want) {
					t.Errorf("%s is another tile than x/mod's: %v", path, err)
				}
			})
		}, "By golang.org/x/mod; a whole log also by tessera's fsck, `log/embedded.TestOrder`."),
		conformance.Tested("Partial Tiles", "those of each published size", "the partial tiles of each size that had a checkpoint are there until the full ones are", func(t *testing.T) {
			for _, s := range published {
				for _, tile := range tlog.NewTiles(8, 0, s) {
					path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
					if b := read(t, path); len(b) != 32*tile.W {
						t.Errorf("size %d: %s has %d bytes", s, path, len(b))
					}
					if tile.L == 0 {
						read(t, strings.Replace(path, "tile/0/", "tile/entries/", 1))
					}
				}
			}
		}, "That they go only then: `log/embedded.TestPartialTilesGo`."),
		conformance.Tested("Partial Tiles", "no empty tiles", "no tile and no bundle is empty", func(t *testing.T) {
			walk(t, func(path string, data []byte) {
				if len(data) == 0 {
					t.Errorf("%s is empty", path)
				}
			})
		}),
		conformance.Tested("Log entries", "bundles", "a bundle has its entries, each with its length in 2 bytes, and they hash to the tile at level 0", func(t *testing.T) {
			bundles := 0
			walk(t, func(path string, data []byte) {
				rest, ok := strings.CutPrefix(path, "tile/entries/")
				if !ok {
					return
				}
				bundles++
				hashes := read(t, "tile/0/"+rest)
				for ; len(data) >= 2 && len(hashes) >= 32; hashes = hashes[32:] {
					n := 2 + int(binary.BigEndian.Uint16(data))
					if len(data) < n {
						break
					}
					if sum := sha256.Sum256(append([]byte{0}, data[2:n]...)); !bytes.Equal(sum[:], hashes[:32]) {
						t.Fatalf("%s: an entry has another hash", path)
					}
					data = data[n:]
				}
				if len(data) > 0 || len(hashes) > 0 {
					t.Errorf("%s: %d bytes of entries and %d of hashes are left", path, len(data), len(hashes))
				}
			})
			if bundles < 4 {
				t.Errorf("%d bundles", bundles)
			}
		}),
	})
}

// pqSigner signs as well as any, and not with Ed25519.
type pqSigner struct{ *log.Cosigner }

func (s pqSigner) Sign(text []byte) ([]byte, error) {
	sig, err := s.Cosign(text, 1_700_000_000)
	return sig.Sig, err
}
