package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/docs/conformance"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// c2sp.org/tlog-mirror at 5ba5ee8 of C2SP, which has no version: the side that reads.
// A mirror here fetches the log itself, and offers no interface to be given entries.
func TestConformanceTlogMirror(t *testing.T) {
	w := world(t, 600)
	n := 300
	early, late := write(t, w, 100), write(t, w, n)
	ed, err := log.NewCosigner("mirror.example/m1", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	pq, err := log.NewMLDSACosigner("mirror.example/m1", bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	mirrored := func(t *testing.T, from, dir string) *Result {
		t.Helper()
		cfg := config(t, w, from, dir)
		cfg.Cosigners = []*log.Cosigner{ed, pq}
		r, err := Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	small := filepath.Join(t.TempDir(), "small")
	if r := mirrored(t, early, small); !r.Copied || r.Report.Size != 100 {
		t.Fatalf("not copied: %s, %v", r.Report.Result, r.Report.Undecided)
	}
	dir := clone(t, small)
	if r := mirrored(t, late, dir); !r.Copied || r.Report.Size != uint64(n) || n < 257 {
		t.Fatalf("not copied: %s, %v", r.Report.Result, r.Report.Undecided)
	}
	read := func(t *testing.T, dir string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	verifiers := func(t *testing.T, keys ...log.Key) note.Verifiers {
		t.Helper()
		var vs []note.Verifier
		for _, k := range keys {
			var v note.Verifier
			var err error
			if k.Type == log.TypeEd25519 {
				v, err = note.NewVerifier(k.String())
			} else {
				v, err = fnote.NewVerifierForCosignatureV1(k.String())
			}
			if err != nil {
				t.Fatal(err)
			}
			vs = append(vs, v)
		}
		return note.VerifierList(vs...)
	}
	// stays wants the copy to stay what it is, whatever it is updated from.
	stays := func(t *testing.T, from, dir string) {
		t.Helper()
		to := clone(t, dir)
		cfg := config(t, w, from, to)
		cfg.Cosigners = []*log.Cosigner{ed, pq}
		if r, err := Run(t.Context(), cfg); err == nil && r.Copied {
			t.Error("it was copied")
		}
		if !bytes.Equal(read(t, to), read(t, dir)) {
			t.Error("another checkpoint is served")
		}
	}
	offers := func(name string) conformance.Row {
		return conformance.Elsewhere(name, "not offered", "what a mirror that is written to answers", "There is no such interface: a mirror fetches the log. Nothing of the section applies")
	}

	conformance.Run(t, []conformance.Row{
		conformance.Tested("Introduction", "served as a tiled log", "the copy is served as tlog-tiles has it, below the SHA-256 of the origin in lower-case hexadecimal", func(t *testing.T) {
			sum := sha256.Sum256([]byte(w.Policy.Logs[0].Key.Name))
			prefix := "/mirrors/" + hex.EncodeToString(sum[:])
			srv := httptest.NewServer(http.StripPrefix(prefix, http.FileServer(http.Dir(dir)))) // any server of static files
			defer srv.Close()
			src, err := log.OpenSource(srv.URL + prefix)
			if err != nil {
				t.Fatal(err)
			}
			now := w.Now()
			r, err := verifier.Audit(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: src, Now: &now})
			if err != nil || r.Result != verifier.Matches || r.Size != uint64(n) {
				t.Errorf("an audit of it: %+v, %v", r, err)
			}
		}, "Where it is served is up to who serves it (docs/mirror.md)."),
		conformance.Tested("Introduction", "the mirror's cosignature", "the checkpoint that is served has a cosignature by the mirror", func(t *testing.T) {
			got, err := note.Open(read(t, dir), verifiers(t, ed.Key(), pq.Key()))
			if err != nil || len(got.Sigs) != 2 {
				t.Fatalf("transparency-dev/formats: %v", err)
			}
			for _, s := range got.Sigs {
				if at, err := fnote.CoSigV1Timestamp(s); err != nil || at.Unix() != w.Now() {
					t.Errorf("time %v, %v", at, err)
				}
			}
		}, "With `--cosign`; without it the copy is one that vouches for nothing. Verified by transparency-dev/formats."),
		conformance.Elsewhere("Updating a Mirror", "interrupted at any moment", "an update can be broken off, and what was fetched is consistent with what was signed", "`verifier/mirror.TestCutShort`, `verifier/mirror.TestFork`"),
		conformance.Tested("add-checkpoint", "the log's signature stays", "the log's signature is kept in the checkpoint", func(t *testing.T) {
			got, err := note.Open(read(t, dir), verifiers(t, w.Policy.Logs[0].Key))
			if err != nil || len(got.Sigs) != 1 {
				t.Errorf("golang.org/x/mod: %v", err)
			}
			own, err := note.Open(read(t, late), verifiers(t, w.Policy.Logs[0].Key))
			if err != nil || own.Text != got.Text || len(own.UnverifiedSigs)+2 != len(got.UnverifiedSigs) {
				t.Errorf("the log's has %d further signatures, the copy's %d: %v", len(own.UnverifiedSigs), len(got.UnverifiedSigs), err)
			}
		}, "And the witnesses' with it. The request itself is not offered."),
		conformance.Tested("add-checkpoint", "the mirror is no witness", "a mirror's key and name are not a witness's", func(t *testing.T) {
			witness := w.Policy.Witnesses[0].Key
			named, err := log.NewCosigner(witness.Name, bytes.Repeat([]byte{3}, 32))
			if err != nil {
				t.Fatal(err)
			}
			asLog, err := log.NewMLDSACosigner(w.Policy.Logs[0].Key.Name, bytes.Repeat([]byte{3}, 32))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*log.Cosigner{named, asLog} {
				cfg := config(t, w, late, filepath.Join(t.TempDir(), "mirror"))
				cfg.Cosigners = []*log.Cosigner{c}
				if _, err := Run(t.Context(), cfg); !errors.Is(err, ErrCosigner) {
					t.Errorf("as %s: %v", c.Key().Name, err)
				}
			}
			// And one key under another name.
			cfg := config(t, w, late, filepath.Join(t.TempDir(), "mirror"))
			cfg.Cosigners = []*log.Cosigner{ed}
			policy := *cfg.Policy
			same, err := log.NewCosigner("witness.example/other", bytes.Repeat([]byte{1}, 32))
			if err != nil {
				t.Fatal(err)
			}
			policy.Witnesses = append(slices.Clone(policy.Witnesses), log.Witness{Name: "other", Key: same.Key()})
			if cfg.Policy, err = log.ParsePolicy(policy.Marshal()); err != nil {
				t.Fatal(err)
			}
			if _, err := Run(t.Context(), cfg); !errors.Is(err, ErrCosigner) {
				t.Errorf("with a witness's key: %v", err)
			}
		}),
		offers("sign-subtree"),
		offers("add-entries"),
		offers("Request Body"),
		conformance.Tested("Processing", "entries are authenticated", "entries are taken if they are those of a checkpoint that was signed", func(t *testing.T) {
			bad := clone(t, late)
			name := filepath.Join(bad, "tile", "entries", "000")
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-1] ^= 1
			if err := os.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
			stays(t, bad, small)
		}, "And whatever else is not the log: `verifier/mirror.TestHostile`."),
		conformance.Tested("Processing", "all entries before the checkpoint", "the checkpoint is that of entries which are all there", func(t *testing.T) {
			short := clone(t, late)
			if err := os.Remove(filepath.Join(short, "tile", "entries", "000")); err != nil {
				t.Fatal(err)
			}
			stays(t, short, small)
		}, "They are on the disk before it: `verifier/mirror.TestCutShort`."),
		conformance.Tested("Implementation Considerations", "never back", "the mirror's checkpoint never goes back to a smaller one", func(t *testing.T) {
			stays(t, early, dir)
		}),
		conformance.Tested("Implementation Considerations", "one at a time", "runs that meet do no harm", func(t *testing.T) {
			to := clone(t, small)
			unlock, err := lock(filepath.Join(to, StateDir, "lock"))
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
			if _, err := Run(t.Context(), config(t, w, late, to)); !errors.Is(err, ErrBusy) {
				t.Errorf("while another is at work: %v", err)
			}
		}),
		conformance.Tested("Pruning and Retention Policies", "nothing is pruned", "without a retention policy, which there is none of, all entries stay", func(t *testing.T) {
			to := clone(t, dir)
			mirrored(t, late, to) // again, when partial tiles go that are there in full
			for _, path := range []string{"tile/entries/000", "tile/0/000", "tile/entries/001.p/" + strconv.Itoa(n-256), "tile/0/001.p/" + strconv.Itoa(n-256)} {
				want, err := os.ReadFile(filepath.Join(late, path))
				if err != nil {
					t.Fatal(err)
				}
				if b, err := os.ReadFile(filepath.Join(to, path)); err != nil || !bytes.Equal(b, want) {
					t.Errorf("%s is another: %v", path, err)
				}
			}
		}, "The minimum index is zero: there are no entries below it that a client must not count the mirror for."),
	})
}
