package safe_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/pledgelog/pledgelog/safe"
	"github.com/pledgelog/pledgelog/signer"
)

func newKey(t testing.TB) *safe.Key {
	t.Helper()
	k, err := safe.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keptFor(t testing.TB, keys ...*safe.Key) *safe.Kept {
	t.Helper()
	k := &safe.Kept{
		BodyDigest: "x", Body: []byte(`{"narrative":{"en":"Heronsgate asked."},"salt":"AAAAAAAAAAAAAAAAAAAAAA"}`), Disclosures: []string{"WyJhIl0"},
		Filing: &safe.Filing{Made: "2026-01-01T00:00:00Z", Version: 1, Date: "2026-01-01", Reference: "Paper 7"},
	}
	for _, key := range keys {
		k.Recipients = append(k.Recipients, key.Recipient())
	}
	return k
}

// Each of those that it is for opens it, and nobody else. What is seen from outside has
// nothing of it, and not its exact length.
func TestWhoOpens(t *testing.T) {
	counsel, ciso, other := newKey(t), newKey(t), newKey(t)
	kept := keptFor(t, counsel, ciso)
	file, err := kept.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte("Heronsgate")) || bytes.Contains(file, []byte("Paper 7")) {
		t.Error("it can be read from outside")
	}
	for _, key := range []*safe.Key{counsel, ciso} {
		got, err := safe.Open(file, key)
		if err != nil || string(got.Body) != string(kept.Body) || *got.Filing != *kept.Filing || len(got.Recipients) != 2 {
			t.Errorf("%v %v", got, err)
		}
	}
	if _, err := safe.Open(file, other); !errors.Is(err, safe.ErrOther) {
		t.Errorf("another's safe: %v", err)
	}
	kept.Filing.Reference += " of the same day"
	longer, err := kept.Seal()
	if err != nil || len(longer) != len(file) {
		t.Errorf("%d bytes, and %d with a longer text (%v)", len(file), len(longer), err)
	}
	if _, err := safe.Encrypt([]byte("x"), nil); err == nil {
		t.Error("it is encrypted for nobody")
	}
}

// A bit that is flipped anywhere, or an end that is missing, opens nothing and tells
// nothing.
func TestDamaged(t *testing.T) {
	key := newKey(t)
	file, err := keptFor(t, key).Seal()
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 0x20
		if _, err := safe.Open(bad, key); err == nil || strings.Contains(err.Error(), "Heron") {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, err := safe.Open(file[:i], key); err == nil {
			t.Errorf("it opens with %d bytes", i)
		}
	}
	if _, err := safe.Decrypt(file, key, 100); !errors.Is(err, safe.ErrDamaged) {
		t.Errorf("over the limit: %v", err)
	}
}

// What age itself makes is read, and age reads what is made here.
func TestAge(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key, err := safe.ParseKey([]byte(id.String() + "\n"))
	if err != nil || key.Recipient().String() != id.Recipient().String() {
		t.Fatalf("%v %v", key, err)
	}
	file, err := safe.Encrypt([]byte("a text"), []*safe.Recipient{key.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(file), id)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil || b.String() != "a text" {
		t.Errorf("%q %v", b.String(), err)
	}
}

// A key file opens with its passphrase, and no error quotes that or the key.
func TestKeyFile(t *testing.T) {
	key := newKey(t)
	b, err := safe.EncryptKey(key, "a long green lantern", 10)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(phrase string) signer.Options {
		return signer.Options{Ask: func(_ context.Context, s signer.Secret) (string, error) { return phrase, nil }}
	}
	file := func(name string, b []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := file("counsel.safe", b)
	got, err := safe.ReadKey(t.Context(), path, ask("a long green lantern"))
	if err != nil || got.Recipient().String() != key.Recipient().String() {
		t.Fatalf("%v", err)
	}
	other, err := signer.EncryptFile([]byte("Heronsgate\n"), "a long green lantern", 10)
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, phrase, want string
	}{
		"another passphrase": {path, "tangerine lamps", "that is not its passphrase"},
		"no passphrase":      {path, "", "the passphrase is empty"},
		"cut off":            {file("cut", b[:len(b)/2]), "a long green lantern", "damaged"},
		"not a safe":         {file("other", other), "a long green lantern", "what is in it is no safe"},
		"plain":              {file("plain", []byte(id.String()+"\n")), "x", "not encrypted with a passphrase"},
		"not there":          {filepath.Join(t.TempDir(), "nowhere"), "x", "read safe: "},
	} {
		_, err := safe.ReadKey(t.Context(), c.path, ask(c.phrase))
		var e *signer.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, secret := range []string{"tangerine", "lantern", "Heronsgate", "AGE-SECRET", id.String()} {
			if strings.Contains(err.Error()+e.Hint, secret) {
				t.Errorf("%s: it says %v", name, err)
			}
		}
	}
}

func FuzzRecipient(f *testing.F) {
	f.Add(safe.MarshalRecipientFile(newKey(f).Recipient()))
	f.Add([]byte("age1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := safe.ParseRecipientFile(b)
		if err != nil {
			return
		}
		if again := safe.MarshalRecipientFile(r); !bytes.Equal(again, b) {
			t.Errorf("%q became %q", b, again)
		}
		if _, err := safe.ParseRecipient(r.String()); err != nil {
			t.Errorf("%q: %v", b, err)
		}
	})
}

func FuzzKey(f *testing.F) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(id.String() + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := safe.ParseKey(b)
		if err != nil {
			if len(b) > 60 && strings.Contains(err.Error(), string(b[:20])) {
				t.Errorf("it quotes %q", b)
			}
			return
		}
		if _, err := safe.ParseRecipient(k.Recipient().String()); err != nil {
			t.Errorf("%v", err)
		}
	})
}

func FuzzArmor(f *testing.F) {
	b, err := safe.Armor([]byte("a file"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := safe.ParseArmor(b)
		if err != nil {
			return
		}
		if again, err := safe.Armor(file); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q became %q", b, again)
		}
	})
}

// FuzzOpen: what is encrypted comes from others too.
func FuzzOpen(f *testing.F) {
	key := newKey(f)
	file, err := keptFor(f, key).Seal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := safe.Open(b, key); err == nil && !bytes.Equal(b, file) {
			t.Error("another file opens")
		}
	})
}
