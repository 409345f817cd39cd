package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

var somebody = entry.NewKey(ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey), entry.UseStatement)

func TestPublicKeyFileThatIsNone(t *testing.T) {
	good, err := MarshalPublic(somebody)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParsePublic(good); err != nil || got != somebody {
		t.Fatalf("%v", err)
	}
	// The identity of the curve: anybody can sign for it.
	weak, err := MarshalPublic(entry.NewKey(append(ed25519.PublicKey{1}, make([]byte, 31)...), entry.UseStatement))
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
		if _, err := ParsePublic([]byte(file)); err == nil {
			t.Errorf("%s was taken: %q", name, file)
		}
	}
}

func FuzzPublicKeyFile(f *testing.F) {
	good, err := MarshalPublic(somebody)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	b, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", "keys.json"))
	if err != nil {
		f.Fatal(err)
	}
	var vectors struct {
		Keys []struct{ Key jsontext.Value }
	}
	if err := json.Unmarshal(b, &vectors, json.MatchCaseInsensitiveNames(true)); err != nil || len(vectors.Keys) < 10 {
		f.Fatalf("%d keys, %v", len(vectors.Keys), err)
	}
	for _, v := range vectors.Keys {
		if err := v.Key.Compact(); err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte(v.Key), '\n'))
	}
	f.Add([]byte("{\"alg\":\"ed25519\",\"spki\":\"\",\"use\":\"slot\"}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := ParsePublic(b)
		if err != nil {
			return
		}
		if again, err := MarshalPublic(key); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q became %q (%v)", b, again, err)
		}
	})
}
