package log_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/log"
)

// TestSecret: what is written is read, of each type, and gives the same key.
func TestSecret(t *testing.T) {
	for _, typ := range []byte{log.TypeEd25519, log.TypeCosignature, log.TypeMLDSA44} {
		s := log.NewSecret("log.example/2026", typ)
		b, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := log.ParseSecret(b)
		if err != nil {
			t.Fatalf("type %d: %v", typ, err)
		}
		x, err := s.Key()
		if err != nil {
			t.Fatal(err)
		}
		y, err := again.Key()
		if err != nil || !x.Equal(y) || x.Type != typ {
			t.Errorf("type %d: %s is read as %s, %v", typ, x, y, err)
		}
		if other := log.NewSecret("log.example/2026", typ); bytes.Equal(other.Seed, s.Seed) {
			t.Error("two secrets are one")
		}
		if _, err := s.Signer(); (err == nil) != (typ == log.TypeEd25519) {
			t.Errorf("type %d as a signer: %v", typ, err)
		}
		if _, err := s.Cosigner(); (err == nil) != (typ != log.TypeEd25519) {
			t.Errorf("type %d as a cosigner: %v", typ, err)
		}
		if out, err := json.Marshal(s); err != nil || string(out) != `"secret of log.example/2026"` {
			t.Errorf("JSON is %s, %v", out, err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if out := fmt.Sprintf(verb, s); out != "secret of log.example/2026" {
				t.Errorf("%s gives %q", verb, out)
			}
		}
	}
	if _, err := (log.Secret{Name: "log.example", Type: 2, Seed: make([]byte, 32)}).Marshal(); err == nil {
		t.Error("a type that is none is written")
	}
}

// FuzzSecret: a secret is read in one form, and no error quotes it.
func FuzzSecret(f *testing.F) {
	for _, typ := range []byte{log.TypeEd25519, log.TypeCosignature, log.TypeMLDSA44} {
		good, err := log.Secret{Name: "log.example", Type: typ, Seed: bytes.Repeat([]byte{7}, log.SecretSeedSize)}.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(good)
		f.Add(bytes.TrimSpace(good))
		f.Add(bytes.ToLower(good))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := log.ParseSecret(b)
		if err != nil {
			if parts := strings.SplitN(string(b), "+", 5); len(parts) == 5 && len(parts[4]) > 8 && strings.Contains(err.Error(), parts[4]) {
				t.Errorf("the error quotes the key: %v", err)
			}
			return
		}
		if again, err := s.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is read, and written as %q, %v", b, again, err)
		}
	})
}
