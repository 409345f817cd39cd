package log

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

func TestVerifyRefuses(t *testing.T) {
	text := Checkpoint{Origin: testOrigin, Size: 42, Root: Hash{1}}.Marshal()
	other := Checkpoint{Origin: testOrigin, Size: 43, Root: Hash{1}}.Marshal()
	for _, c := range []*Cosigner{
		testCosigner(t, "witness.example/w"),
		testMLDSACosigner(t, "witness.example/pq"),
	} {
		good, err := c.Cosign(text, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := c.Key().Verify(text, good); err != nil || at != 1000 {
			t.Fatalf("good cosignature: time %d, %v", at, err)
		}
		change := func(f func(*NoteSignature)) NoteSignature {
			s := good
			s.Sig = append([]byte(nil), s.Sig...)
			f(&s)
			return s
		}
		for _, tt := range []struct {
			name string
			text []byte
			sig  NoteSignature
		}{
			{"another checkpoint", other, good},
			{"another time", text, change(func(s *NoteSignature) { s.Sig[7]++ })},
			{"time over 2^63-1", text, change(func(s *NoteSignature) { s.Sig[0] |= 0x80 })},
			{"a bit", text, change(func(s *NoteSignature) { s.Sig[20] ^= 1 })},
			{"a byte more", text, change(func(s *NoteSignature) { s.Sig = append(s.Sig, 0) })},
			{"a byte less", text, change(func(s *NoteSignature) { s.Sig = s.Sig[:len(s.Sig)-1] })},
			{"no time", text, change(func(s *NoteSignature) { s.Sig = s.Sig[8:] })},
			{"half a time", text, change(func(s *NoteSignature) { s.Sig = s.Sig[:4] })},
			{"another name", text, change(func(s *NoteSignature) { s.Name = "x" })},
			{"another ID", text, change(func(s *NoteSignature) { s.ID++ })},
			{"not a checkpoint", []byte("hello\n"), good},
		} {
			if at, err := c.Key().Verify(tt.text, tt.sig); !errors.Is(err, ErrBadSignature) || at != 0 {
				t.Errorf("type %d, %s: time %d, error %v, want ErrBadSignature", c.Key().Type, tt.name, at, err)
			}
		}
	}
}

// A log's signature is no cosignature, with the same secret or not: the
// messages differ.
func TestSignatureTypesAreApart(t *testing.T) {
	text := Checkpoint{Origin: testOrigin, Size: 42}.Marshal()
	seed := testSeed("both")
	log, err := NewSigner("both", seed)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := NewCosigner("both", seed)
	if err != nil {
		t.Fatal(err)
	}
	if log.Key().ID == witness.Key().ID {
		t.Fatal("one ID for two types")
	}
	sig, err := log.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	s := NoteSignature{"both", witness.Key().ID, append(binary.BigEndian.AppendUint64(nil, 1), sig...)}
	if _, err := witness.Key().Verify(text, s); !errors.Is(err, ErrBadSignature) {
		t.Errorf("error %v, want ErrBadSignature", err)
	}
}

func TestCosignRefuses(t *testing.T) {
	text := Checkpoint{Origin: testOrigin, Size: 42}.Marshal()
	c := testCosigner(t, "w")
	if _, err := c.Cosign(text, 0); err == nil {
		t.Error("cosigns with time 0")
	}
	if _, err := c.Cosign(text, math.MaxInt64+1); err == nil {
		t.Error("cosigns with a time over 2^63-1")
	}
	if _, err := c.Cosign([]byte("hello\n"), 1); !errors.Is(err, ErrMalformed) {
		t.Errorf("cosigns what is not a checkpoint: %v", err)
	}
	if _, err := NewCosigner("w", make([]byte, 31)); err == nil {
		t.Error("takes a seed of 31 bytes")
	}
	if _, err := NewMLDSACosigner("w", make([]byte, 31)); err == nil {
		t.Error("takes a seed of 31 bytes for ML-DSA-44")
	}
	if _, err := NewSigner("a b", make([]byte, 32)); err == nil {
		t.Error("takes a key name with a space")
	}
}
