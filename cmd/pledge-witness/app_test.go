package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/log"
)

func TestEveryCommandHasExamples(t *testing.T) {
	commandtest.HaveExamples(t, newApp(nil, io.Discard, io.Discard).command())
}

// What --help shows is a configuration, and it has every key.
func TestExampleConfig(t *testing.T) {
	c := defaultConfig()
	if _, found := configfile.Parse("example", []byte(exampleConfig), c.fields(), ""); len(found) > 0 {
		t.Fatal(found)
	}
	want := Config{State: "state", Keys: []string{"keys/w1.key"}, Listen: "127.0.0.1:8090", CosignInterval: 50 * time.Millisecond}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	for _, f := range c.fields() {
		if !strings.Contains("\n"+exampleConfig, "\n"+f.Key+": ") {
			t.Errorf("the example lacks %s", f.Key)
		}
	}
	if c = defaultConfig(); c.Listen != want.Listen || c.CosignInterval != want.CosignInterval {
		t.Errorf("the example shows other defaults than %+v", c)
	}
}

func TestPrefixes(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "/a": true, "/a/b-c_d.e9": true, "a": false, "/": false, "/a/": false, "//a": false, "/a//b": false,
		"/..": false, "/a/../b": false, "/{a}": false, "/a b": false, "/a%20": false, "/é": false, "GET /a": false,
	} {
		if isPrefix(s) != want {
			t.Errorf("%q", s)
		}
	}
}

// A key file gives its key back, and others read it as we do: what formats signs with it
// verifies under our vkey.
func TestKeyFiles(t *testing.T) {
	for name, typ := range algorithms {
		file, err := log.NewSecret("witness.example/w1", typ).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseCosigner(file)
		if err != nil {
			t.Fatal(err)
		}
		var signer note.Signer
		if typ == log.TypeMLDSA44 {
			signer, err = fnote.NewMLDSASigner(strings.TrimSpace(string(file)))
		} else {
			signer, err = fnote.NewSignerForCosignatureV1(strings.TrimSpace(string(file)))
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text := log.Checkpoint{Origin: "log.example", Size: 1, Root: log.LeafHash([]byte("x"))}.Marshal()
		sig, err := signer.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Key().Verify(text, log.NoteSignature{Name: signer.Name(), ID: signer.KeyHash(), Sig: sig}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyFilesThatAreNone(t *testing.T) {
	file, err := log.NewSecret("witness.example/w1", log.TypeCosignature).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	good := string(file)
	c, err := parseCosigner(file)
	if err != nil {
		t.Fatal(err)
	}
	signer, _, err := note.GenerateKey(nil, "witness.example/w1") // of type 0x01
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, file := range map[string]string{
		"empty": "", "a vkey": c.Key().String() + "\n", "no line feed": strings.TrimSuffix(good, "\n"), "two": good + good,
		"CRLF": strings.Replace(good, "\n", "\r\n", 1), "another name": strings.Replace(good, "w1", "w2", 1),
		"a log's": signer + "\n", "cut": good[:len(good)-9] + "\n", "a space in front": " " + good,
	} {
		path := filepath.Join(dir, "key")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, p := readCosigner(path)
		if p == nil || p.Hint == "" {
			t.Errorf("%s was taken", name)
			continue
		}
		if secret := strings.TrimSpace(good); strings.Contains(p.Text, secret[len(secret)-20:]) {
			t.Errorf("%s: the secret is in %q", name, p.Text)
		}
	}
	path := filepath.Join(dir, "open")
	if err := os.WriteFile(path, []byte(good), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, p := readCosigner(path); p == nil || p.Hint != "chmod 600 "+path {
		t.Errorf("a file that others may read: %v", p)
	}
}
