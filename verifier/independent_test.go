package verifier_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestMain keeps what fsck has to tell out of the output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// sumdbTiles lets x/mod read a directory. Its tile paths name the height, ours
// do not.
type sumdbTiles struct{ dir string }

func (sumdbTiles) Height() int                     { return 8 }
func (sumdbTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (s sumdbTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		b, err := os.ReadFile(s.dir + "/" + log.TilePath(t.L, uint64(t.N), t.W))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// Whoever audits with other software comes to the same root: x/mod from the
// tiles, which it authenticates, and from the leaves; tessera's fsck from the
// whole directory.
func TestOthersReadTheSameTree(t *testing.T) {
	w, s := newStory(t, storySize, generator.Options{Seed: 41})
	r := runAudit(t, w, s.Dir)
	if r.Result != verifier.Matches {
		t.Fatalf("result %s", r.Result)
	}
	root, err := tlog.ParseHash(r.Root)
	if err != nil {
		t.Fatal(err)
	}

	byTiles, err := tlog.TreeHash(storySize, tlog.TileHashReader(tlog.Tree{N: storySize, Hash: root}, sumdbTiles{s.Dir}))
	if err != nil || byTiles != root {
		t.Errorf("x/mod by tiles: root %v, %v", byTiles, err)
	}

	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i, e := range entries {
		hashes, err := tlog.StoredHashes(int64(i), e.Leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	if byLeaves, err := tlog.TreeHash(storySize, reader); err != nil || byLeaves != root {
		t.Errorf("x/mod by leaves: root %v, %v", byLeaves, err)
	}

	key, err := note.NewVerifier(w.Signer.Key().String())
	if err != nil {
		t.Fatal(err)
	}
	hasher := func(b []byte) (hashes [][]byte, err error) {
		var bundle api.EntryBundle
		if err := bundle.UnmarshalText(b); err != nil {
			return nil, err
		}
		for _, e := range bundle.Entries {
			hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
		}
		return hashes, nil
	}
	if err := fsck.New(w.Options.Origin, key, client.FileFetcher{Root: s.Dir}, hasher, fsck.Opts{N: 2}).Check(t.Context()); err != nil {
		t.Errorf("tessera's fsck: %v", err)
	}
}

// dsseKey verifies for go-securesystemslib with the standard library alone.
type dsseKey struct {
	id  string
	pub ed25519.PublicKey
}

func (k dsseKey) KeyID() (string, error)   { return k.id, nil }
func (k dsseKey) Public() crypto.PublicKey { return k.pub }
func (k dsseKey) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(k.pub, data, sig) {
		return errors.New("signature does not verify")
	}
	return nil
}

// Each statement is an ordinary DSSE envelope: a verifier that knows nothing of
// this project accepts it, with the keys that the log itself brought.
func TestOthersReadTheStatements(t *testing.T) {
	_, s := newStory(t, 300, generator.Options{Seed: 42})
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]ed25519.PublicKey)
	learn := func(list []entry.Key) {
		for _, k := range list {
			der, err := base64.StdEncoding.DecodeString(k.SPKI)
			if err != nil {
				t.Fatal(err)
			}
			pub := ed25519.PublicKey(der[len(der)-ed25519.PublicKeySize:])
			keys[entry.KeyIDOf(pub).String()] = pub
		}
	}
	signatures := 0
	for i, e := range entries {
		var leaf struct {
			Statement dsse.Envelope `json:"statement"`
		}
		if err := json.Unmarshal(e.Leaf, &leaf); err != nil {
			t.Fatal(err)
		}
		var payload struct {
			Body struct {
				Keys                            []entry.Key
				Secretariat, Recovery, Operator entry.KeySet
			} `json:"body"`
		}
		raw, err := leaf.Statement.DecodeB64Payload()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &payload); err != nil {
			t.Fatal(err)
		}
		learn(payload.Body.Keys)
		for _, set := range []entry.KeySet{payload.Body.Secretariat, payload.Body.Recovery, payload.Body.Operator} {
			learn(set.Keys)
		}
		var verifiers []dsse.Verifier
		for _, sig := range leaf.Statement.Signatures {
			pub, ok := keys[sig.KeyID]
			if !ok {
				t.Fatalf("entry %d: key %s was not seen before", i, sig.KeyID)
			}
			verifiers = append(verifiers, dsseKey{sig.KeyID, pub})
		}
		v, err := dsse.NewMultiEnvelopeVerifier(len(verifiers), verifiers...)
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := v.Verify(t.Context(), &leaf.Statement)
		if err != nil || len(accepted) != len(verifiers) {
			t.Fatalf("entry %d: %d of %d signatures accepted: %v", i, len(accepted), len(verifiers), err)
		}
		signatures += len(accepted)
	}
	if signatures < len(entries) {
		t.Errorf("%d signatures on %d entries", signatures, len(entries))
	}
}

// The auditor's tool is to stay short enough to read: no database, HTTP server
// or engine reaches it.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/pledgelog/pledgelog/verifier", "github.com/pledgelog/pledgelog/cmd/pledge-verify").Output()
	if err != nil {
		t.Fatal(fmt.Errorf("go list: %w", err))
	}
	const own = "github.com/pledgelog/pledgelog/"
	for _, path := range strings.Fields(string(out)) {
		for _, bad := range []string{own + "store", own + "intake", own + "api", own + "web", own + "index", own + "page", own + "generator", own + "log/", "github.com/transparency-dev/tessera", "github.com/gorilla/mux", "modernc.org/sqlite", "github.com/lib/pq", "database/sql", "github.com/google/trillian", "k8s.io/klog", "go.opentelemetry.io", "github.com/prometheus"} {
			if strings.HasPrefix(path, bad) {
				t.Errorf("%s reaches the verifier", path)
			}
		}
	}
}
