package log

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestOpenTogether: views and errors are those of each by itself, with and without others
// that are bad among them.
func TestOpenTogether(t *testing.T) {
	p := testPolicy(t)
	a, b, c := testCosigner(t, "a"), testCosigner(t, "b"), testMLDSACosigner(t, "c")
	var good [][]byte
	for i := range 40 {
		cp := Checkpoint{Origin: testOrigin, Size: uint64(i + 1), Root: Hash{byte(i)}}
		with := map[*Cosigner]uint64{a: uint64(i + 1), b: 3, testCosigner(t, "stranger"): 1}
		if i%10 == 0 {
			with[c] = 2
		}
		good = append(good, signed(t, cp, with))
	}
	// spoilt is a checkpoint with one byte of a key's signature changed.
	spoilt := func(by string, at int) []byte {
		n, err := ParseNote(good[10])
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range n.Signatures {
			if s.Name == by {
				n.Signatures[i].Sig = bytes.Clone(s.Sig)
				n.Signatures[i].Sig[at] ^= 1
				return n.Marshal()
			}
		}
		t.Fatalf("no signature by %s", by)
		return nil
	}
	unsigned := func() []byte { // of the log: a witness's alone, and that one is bad too
		n, err := ParseNote(spoilt("a", 20))
		if err != nil {
			t.Fatal(err)
		}
		n.Signatures = n.Signatures[1:]
		return n.Marshal()
	}
	bad := map[string]struct {
		raw  []byte
		want error
	}{
		"the log's signature":         {spoilt(testOrigin, 3), ErrBadSignature},
		"a witness's R":               {spoilt("a", 8), ErrBadSignature},
		"a witness's s":               {spoilt("b", 8+32), ErrBadSignature},
		"a witness's time":            {spoilt("b", 7), ErrBadSignature},
		"an ML-DSA signature":         {spoilt("c", 100), ErrBadSignature},
		"another log":                 {signed(t, Checkpoint{Origin: "log.example/other", Size: 1}, nil), ErrUnknownOrigin},
		"no note":                     {[]byte("nothing"), ErrMalformed},
		"a witness's, and no log's":   {unsigned(), ErrBadSignature},
		"the signature of a stranger": {spoilt("stranger", 9), nil}, // nobody looks at it
	}
	hold := func(t *testing.T, raws [][]byte) []error {
		t.Helper()
		views, errs := p.OpenTogether(raws)
		if len(views) != len(raws) || len(errs) != len(raws) {
			t.Fatalf("%d views and %d errors of %d", len(views), len(errs), len(raws))
		}
		for i, raw := range raws {
			want, wantErr := p.OpenUnwitnessed(raw)
			if fmt.Sprint(errs[i]) != fmt.Sprint(wantErr) {
				t.Errorf("checkpoint %d: %v, want %v", i, errs[i], wantErr)
			}
			if diff := cmp.Diff(want, views[i], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("checkpoint %d: %s", i, diff)
			}
		}
		return errs
	}
	if err := errors.Join(hold(t, good)...); err != nil {
		t.Fatal(err)
	}
	hold(t, nil)
	for name, x := range bad {
		t.Run(name, func(t *testing.T) {
			raws := append(append(append([][]byte{}, good[:20]...), x.raw), good[20:]...)
			for i, err := range hold(t, raws) {
				if i == 20 && !errors.Is(err, x.want) || i != 20 && err != nil {
					t.Errorf("checkpoint %d: %v", i, err)
				}
			}
		})
	}
	for _, err := range func() []error { _, errs := new(Policy).OpenTogether(good[:2]); return errs }() {
		if err == nil {
			t.Error("opened by a policy that is none")
		}
	}
}

// TestTogetherOnce counts that signatures of good checkpoints are not verified one by one,
// and those of others are.
func TestTogetherOnce(t *testing.T) {
	p := testPolicy(t)
	var raws [][]byte
	for i := range 30 {
		raws = append(raws, signed(t, Checkpoint{Origin: testOrigin, Size: uint64(i + 1)}, map[*Cosigner]uint64{testCosigner(t, "a"): 1}))
	}
	n := 0
	count := func(public ed25519.PublicKey, message, sig []byte) bool {
		n++
		return ed25519.Verify(public, message, sig)
	}
	if _, errs := p.openTogether(raws, count); errors.Join(errs...) != nil || n != 0 {
		t.Errorf("%d signatures of good checkpoints were verified alone: %v", n, errors.Join(errs...))
	}
	raws[7] = bytes.Replace(raws[7], []byte("\n8\n"), []byte("\n9\n"), 1)
	if _, errs := p.openTogether(raws, count); errs[7] == nil || n == 0 {
		t.Errorf("checkpoint 7: %v, after %d signatures", errs[7], n)
	}
}
