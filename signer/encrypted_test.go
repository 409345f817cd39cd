package signer

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

const (
	phrase = "correct horse battery staple"
	quick  = 10 // a work factor for tests
)

// says answers every question with one text, and counts.
func says(text string, asked *int) Options {
	return Options{Ask: func(_ context.Context, s Secret) (string, error) {
		*asked++
		if s.What != "passphrase" || s.Of == "" {
			return "", errors.New("it was asked for " + s.What + " of " + s.Of)
		}
		return text, nil
	}}
}

func encrypted(t *testing.T, secret keyfile.Secret, factor int) string {
	t.Helper()
	b, err := Encrypt(secret, phrase, factor)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(t.TempDir(), "acme.key"), b)
}

func TestEncryptedFile(t *testing.T) {
	for _, alg := range algorithms {
		secret, asked := newSecret(t, alg), 0
		path := encrypted(t, secret, quick)
		s, err := Open(t.Context(), path, says(phrase, &asked))
		if err != nil || asked != 1 {
			t.Fatalf("%s, asked %d times: %v", alg, asked, err)
		}
		want, err := keyfile.PublicOf(secret, entry.UseStatement)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, s, want)
		for _, other := range []string{strings.ToUpper(phrase), phrase + "\n", ""} {
			_, err = Open(t.Context(), path, says(other, &asked))
			fails(t, alg+", another passphrase", err, Refused, "passphrase")
			if other != "" && strings.Contains(err.Error(), other) {
				t.Errorf("it quotes the passphrase: %v", err)
			}
		}
		_, err = Open(t.Context(), path, Options{})
		fails(t, alg+", nobody to ask", err, Named, "nobody to ask")
		nobody := errors.New("they left")
		_, err = Open(t.Context(), path, Options{Ask: func(context.Context, Secret) (string, error) { return "", nobody }})
		if !errors.Is(err, nobody) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// The work factor is written down as age has it; 2 to the 18th is age's own.
func TestWorkFactor(t *testing.T) {
	b, err := Encrypt(newSecret(t, entry.AlgEd25519), phrase, quick)
	if err != nil {
		t.Fatal(err)
	}
	var second string
	lines := strings.Split(string(b), "\n")
	raw, err := base64.StdEncoding.DecodeString(strings.Join(lines[1:len(lines)-2], ""))
	if err != nil {
		t.Fatal(err)
	}
	if f := strings.Fields(string(raw[:200])); len(f) > 4 {
		second = f[4]
	}
	if !strings.HasPrefix(string(raw), "age-encryption.org/v1\n-> scrypt ") || second != "10" || WorkFactor != 18 {
		t.Errorf("it begins with %q", raw[:100])
	}
}

// A file whoever may have made, which asks for gigabytes, is refused before anybody is
// asked for a passphrase.
func TestHostileWorkFactor(t *testing.T) {
	for _, factor := range []string{"20", "22", "30", "64", "999999999999999999999", "-1", "x", "018"} {
		body := base64.RawStdEncoding.EncodeToString(make([]byte, 32))
		salt := base64.RawStdEncoding.EncodeToString(make([]byte, 16))
		head := "age-encryption.org/v1\n-> scrypt " + salt + " " + factor + "\n" + body + "\n--- " + body + "\n"
		var file bytes.Buffer
		w := armor.NewWriter(&file)
		if _, err := w.Write(append([]byte(head), make([]byte, 32)...)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		asked := 0
		_, err := Open(t.Context(), write(t, filepath.Join(t.TempDir(), "hostile.key"), file.Bytes()), says(phrase, &asked))
		if n, e := strconv.Atoi(factor); e == nil && n > maxWorkFactor || e != nil {
			fails(t, factor, err, Named, "work factor is over 19")
			if asked != 0 {
				t.Errorf("%s: the passphrase was asked for", factor)
			}
		} else {
			fails(t, factor, err, Named, "damaged")
		}
	}
}

func TestEncryptedFileThatIsNone(t *testing.T) {
	good, err := Encrypt(newSecret(t, entry.AlgEd25519), phrase, quick)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(plain []byte, to ...age.Recipient) []byte {
		t.Helper()
		var file bytes.Buffer
		lines := armor.NewWriter(&file)
		w, err := age.Encrypt(lines, to...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Close(), lines.Close()); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	scrypt, err := age.NewScryptRecipient(phrase)
	if err != nil {
		t.Fatal(err)
	}
	scrypt.SetWorkFactor(quick)
	someone, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	random := make([]byte, 30)
	rand.Read(random)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"cut short":       {good[:len(good)-60], "damaged"},
		"cut in the head": {good[:60], "damaged"},
		"a byte changed":  {bytes.Replace(good, good[len(good)-80:len(good)-76], []byte("AAAA"), 1), "damaged"},
		"to a key":        {seal([]byte("plain"), someone.Recipient()), "not encrypted with a passphrase"},
		"not a key":       {seal(random, scrypt), "no PEM block"},
		"a large file":    {seal(make([]byte, 8<<10), scrypt), "no PEM block"},
		"PKCS#8":          {[]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "encrypted as PKCS#8"},
		"of OpenSSH":      {[]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"), "OPENSSH PRIVATE KEY"},
	} {
		asked := 0
		_, err := Open(t.Context(), write(t, filepath.Join(t.TempDir(), "acme.key"), c.file), says(phrase, &asked))
		fails(t, name, err, Named, c.want)
	}
}

func TestPassphraseFile(t *testing.T) {
	for text, want := range map[string]string{
		phrase: phrase, phrase + "\n": phrase, phrase + "\r\n": phrase, " x \n": " x ", "pässwörd\n": "pässwörd",
		"": "", "\n": "", "\r\n": "", phrase + "\n\n": "", "two\nlines\n": "", "nul\x00\n": "",
	} {
		got, err := ReadPassphrase("passphrase", write(t, filepath.Join(t.TempDir(), "phrase"), []byte(text)))
		if got != want {
			t.Errorf("%q gave %q", text, got)
		}
		if want == "" {
			fails(t, text, err, Named, "not one line")
		} else if err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
