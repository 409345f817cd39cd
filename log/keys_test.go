package log

import (
	"crypto/sha256"
	"strings"
	"testing"
)

// The keys of the tests are made from their names, so that the files in
// testdata can hold them too.

const testOrigin = "log.example/test"

func testSeed(name string) []byte {
	h := sha256.Sum256([]byte("test key of " + name))
	return h[:]
}

func testSigner(t testing.TB, name string) *Signer {
	t.Helper()
	s, err := NewSigner(name, testSeed(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testCosigner(t testing.TB, name string) *Cosigner {
	t.Helper()
	c, err := NewCosigner(name, testSeed(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testMLDSACosigner(t testing.TB, name string) *Cosigner {
	t.Helper()
	c, err := NewMLDSACosigner(name, testSeed(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signed returns a checkpoint signed by the test log and cosigned by each of
// the cosigners at its time.
func signed(t testing.TB, c Checkpoint, cosigners map[*Cosigner]uint64) []byte {
	t.Helper()
	n, err := testSigner(t, c.Origin).SignNote(c.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	for w, at := range cosigners {
		s, err := w.Cosign(n.Text, at)
		if err != nil {
			t.Fatal(err)
		}
		n.Signatures = append(n.Signatures, s)
	}
	return n.Marshal()
}

func mustPolicy(t testing.TB, lines ...string) *Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantError checks that an error is there and says what it should.
func wantError(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", text)
	}
	if !strings.Contains(err.Error(), text) {
		t.Fatalf("error is %q, want %q in it", err, text)
	}
}
