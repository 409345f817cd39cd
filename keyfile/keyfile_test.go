package keyfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"

	"github.com/pledgelog/pledgelog/entry"
)

var algorithms = []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44}

func TestSecretKeyFileGivesTheKeyBack(t *testing.T) {
	for _, alg := range algorithms {
		key, err := New(alg)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > MaxSize {
			t.Errorf("%s: the file has %d bytes", alg, len(b))
		}
		got, err := Parse(b)
		if err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// What is signed with a key of each algorithm verifies under the key that its
// public file has, and under no other.
func TestKeysSign(t *testing.T) {
	msg := []byte("what is signed")
	for _, alg := range algorithms {
		key, err := New(alg)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := Sign(key, msg)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []string{entry.UseStatement, entry.UseSlot} {
			public, err := PublicOf(key, use)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := public.Parse()
			if err != nil {
				t.Fatal(err)
			}
			if public.Alg != alg || public.Use != use || !parsed.VerifyStrict(msg, sig) || parsed.VerifyStrict([]byte("another"), sig) {
				t.Errorf("%s: the signature is not by %v", alg, public)
			}
		}
		other, err := New(alg)
		if err != nil {
			t.Fatal(err)
		}
		public, err := PublicOf(other, entry.UseStatement)
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := public.Parse()
		if err != nil || stranger.Verify(msg, sig) {
			t.Errorf("%s: another key made the signature (%v)", alg, err)
		}
	}
}

func TestSecretKeyFileThatIsNone(t *testing.T) {
	good, err := Marshal(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(good)
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	ml, err := mldsa.GenerateKey(mldsa.MLDSA65())
	if err != nil {
		t.Fatal(err)
	}
	mlDER, err := mldsax509.MarshalPKCS8PrivateKey(ml)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(b *pem.Block) string { return string(pem.EncodeToMemory(b)) }
	for name, c := range map[string]struct{ file, want string }{
		"empty":             {"", "no PEM block"},
		"two keys":          {string(good) + string(good), "not exactly one"},
		"text in front":     {"my key\n" + string(good), "not exactly one"},
		"text behind":       {string(good) + "\n", "not exactly one"},
		"CRLF":              {strings.ReplaceAll(string(good), "\n", "\r\n"), "not exactly one"},
		"headers":           {encode(&pem.Block{Type: pemPlain, Headers: map[string]string{"A": "b"}, Bytes: block.Bytes}), "not exactly one"},
		"encrypted":         {encode(&pem.Block{Type: pemEncrypted, Bytes: block.Bytes}), "encrypted"},
		"a certificate":     {encode(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes}), "CERTIFICATE"},
		"not DER":           {encode(&pem.Block{Type: pemPlain, Bytes: []byte("x")}), "not a PKCS#8 key"},
		"another algorithm": {encode(&pem.Block{Type: pemPlain, Bytes: ecDER}), "not an Ed25519, ECDSA P-256 or ML-DSA-44 key"},
		"another size":      {encode(&pem.Block{Type: pemPlain, Bytes: mlDER}), "not an Ed25519, ECDSA P-256 or ML-DSA-44 key"},
	} {
		if _, err := Parse([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ParseAll([]byte(c.file)); name != "two keys" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, of several: %v", name, err)
		}
		if _, err := ParseAll([]byte(string(good) + c.file)); err == nil && c.file != "" && name != "two keys" {
			t.Errorf("%s behind a key was taken", name)
		}
	}
}

func TestSeveralKeysInOneFile(t *testing.T) {
	var file []byte
	var want []Secret
	for _, alg := range algorithms {
		key, err := New(alg)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		file, want = append(file, b...), append(want, key)
		got, err := ParseAll(file)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d keys of %d: %v", len(got), len(want), err)
		}
		for i := range got {
			if !got[i].Equal(want[i]) {
				t.Errorf("key %d is another", i)
			}
		}
	}
}

func FuzzSecretKeyFile(f *testing.F) {
	good, err := Marshal(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(good, '\n'))
	f.Add(append(good, good...))
	for _, alg := range algorithms {
		key, err := New(alg)
		if err != nil {
			f.Fatal(err)
		}
		b, err := Marshal(key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := ParseAll(b)
		if _, one := Parse(b); (one == nil) != (err == nil && len(keys) == 1) {
			t.Errorf("%q is one key: %v, and has %d: %v", b, one, len(keys), err)
		}
		if err != nil {
			return
		}
		var again []byte
		for _, key := range keys {
			one, err := Marshal(key)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, one...)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%q became %q", b, again)
		}
	})
}
