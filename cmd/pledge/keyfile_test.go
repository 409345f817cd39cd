package main

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

func TestSecretKeyFileGivesTheKeyBack(t *testing.T) {
	for _, alg := range algorithms {
		key, err := newSecret(alg)
		if err != nil {
			t.Fatal(err)
		}
		b, err := marshalSecret(key)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > maxKeyFile {
			t.Errorf("%s: the file has %d bytes", alg, len(b))
		}
		got, err := parseSecret(b)
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
		key, err := newSecret(alg)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signWith(key, msg)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []string{entry.UseStatement, entry.UseSlot} {
			public, err := publicOf(key, use)
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
		other, err := newSecret(alg)
		if err != nil {
			t.Fatal(err)
		}
		stranger, err := parsedPublic(other)
		if err != nil || stranger.Verify(msg, sig) {
			t.Errorf("%s: another key made the signature (%v)", alg, err)
		}
	}
}

func TestSecretKeyFileThatIsNone(t *testing.T) {
	good, err := marshalSecret(newPerson("acme").key)
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
		if _, err := parseSecret([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPublicKeyFileThatIsNone(t *testing.T) {
	good, err := marshalPublic(newPerson("acme").public())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parsePublic(good); err != nil || got != newPerson("acme").public() {
		t.Fatalf("%v", err)
	}
	// The identity of the curve: anybody can sign for it.
	weak, err := marshalPublic(entry.NewKey(append(ed25519.PublicKey{1}, make([]byte, 31)...), entry.UseStatement))
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(string(good), "\n")
	for name, file := range map[string]string{
		"empty":           "",
		"no line feed":    line,
		"white space":     line + " \n",
		"two lines":       line + "\n\n",
		"another member":  strings.Replace(line, "{", `{"a":"b",`, 1) + "\n",
		"no use":          strings.Replace(line, `,"use":"statement"`, "", 1) + "\n",
		"another use":     strings.Replace(line, "statement", "anything", 1) + "\n",
		"another alg":     strings.Replace(line, "ed25519", "rsa", 1) + "\n",
		"a list":          "[]\n",
		"of small order":  string(weak),
		"members swapped": strings.Replace(line, `"alg":"ed25519",`, "", 1)[:len(line)-len(`"alg":"ed25519",`)-1] + `,"alg":"ed25519"}` + "\n",
	} {
		if _, err := parsePublic([]byte(file)); err == nil {
			t.Errorf("%s was taken: %q", name, file)
		}
	}
}

func FuzzSecretKeyFile(f *testing.F) {
	good, err := marshalSecret(newPerson("acme").key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(good, '\n'))
	for _, alg := range algorithms {
		key, err := newSecret(alg)
		if err != nil {
			f.Fatal(err)
		}
		b, err := marshalSecret(key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := parseSecret(b)
		if err != nil {
			return
		}
		if again, err := marshalSecret(key); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q became %q (%v)", b, again, err)
		}
	})
}

func FuzzPublicKeyFile(f *testing.F) {
	good, err := marshalPublic(newPerson("acme").public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{\"alg\":\"ed25519\",\"spki\":\"\",\"use\":\"slot\"}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := parsePublic(b)
		if err != nil {
			return
		}
		if again, err := marshalPublic(key); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q became %q (%v)", b, again, err)
		}
	})
}
