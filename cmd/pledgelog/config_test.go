package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/log"
)

// What --help shows is a configuration, and it has every key.
func TestExampleConfig(t *testing.T) {
	c, found := parseConfig("example", []byte(exampleConfig))
	if len(found) > 0 {
		t.Fatal(found)
	}
	want := Config{
		Origin: "log.accord.example/2026", Directory: "log", State: "state", Policy: "policy.txt",
		CheckpointKey: "keys/checkpoint.key", OperatorKey: "keys/operator.key", DirectoryAfter: 6 * time.Hour,
		Listen: "127.0.0.1:8080", CheckpointInterval: time.Second, DumpKeep: 7 * 24 * time.Hour,
	}
	if *c != want {
		t.Errorf("example is %+v, want %+v", *c, want)
	}
	for _, f := range c.fields() {
		if !strings.Contains(exampleConfig, "\n"+f.Key+": ") && !strings.HasPrefix(exampleConfig, f.Key+": ") {
			t.Errorf("the example lacks %s", f.Key)
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	c, found := parseConfig("c", []byte("origin: log.example\n"))
	if len(found) > 0 || c.Listen != "127.0.0.1:8080" || c.CheckpointInterval != time.Second || c.MetricsListen != "" {
		t.Errorf("%+v, %v", c, found)
	}
}

func TestConfigRefuses(t *testing.T) {
	for _, text := range []string{
		"", "# nothing\n", "42\n", "- a\n", "origin: [a]\n", "origin: {a: b}\n", "origin: 5\n", "origin: true\n", "listen: 1.5\n",
		"a: &x b\norigin: *x\n", "origin: &x b\n", "<<: {origin: a}\n", "origin: a\norigin: b\n", "Origin: a\n", "1: a\n", "? [a]\n: b\n",
		"checkpoint_interval: 5\n", "checkpoint_interval: 5 minutes\n", "origin: a\n...\n---\nstate: b\n", "\torigin: a\n", "origin: !!binary aGk=\n", "origin: |\n  a\n  b\n x\n",
	} {
		if c, found := parseConfig("c", []byte(text)); len(found) == 0 {
			t.Errorf("%q is taken: %+v", text, c)
		}
	}
}

// Whatever a configuration file holds, it is read or refused with reasons.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(exampleConfig))
	f.Add([]byte("origin: &a [*a]\n"))
	f.Add([]byte("? x\n: y\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, found := parseConfig("c", b)
		if c == nil && len(found) == 0 {
			t.Error("neither a configuration nor a problem")
		}
		for _, p := range found {
			if p.Text == "" || p.Hint == "" {
				t.Errorf("a problem without words: %+v", p)
			}
		}
	})
}

// The key file is the one of x/mod's note package: that one reads it too.
func TestKeyFileIsNotes(t *testing.T) {
	files, err := newKeys("log.accord.example/2026")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := note.NewSigner(strings.TrimSuffix(string(files[0].b), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := parseSigner(files[0].b)
	if err != nil {
		t.Fatal(err)
	}
	if theirs.Name() != ours.Name() || theirs.KeyHash() != ours.KeyHash() {
		t.Errorf("the key is %s+%08x here and %s+%08x there", ours.Name(), ours.KeyHash(), theirs.Name(), theirs.KeyHash())
	}
	a, err := theirs.Sign([]byte("text\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := ours.Sign([]byte("text\n"))
	if err != nil || !bytes.Equal(a, b) {
		t.Error("the signatures differ")
	}
	if got := ours.Key().String() + "\n"; got != string(files[1].b) {
		t.Errorf("checkpoint.pub is %q, want %q", files[1].b, got)
	}
	// And a key that it makes is read here.
	skey, vkey, err := note.GenerateKey(nil, "log.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := parseSigner([]byte(skey + "\n"))
	if err != nil || signer.Key().String() != vkey {
		t.Errorf("%v, %v, want %s", signer, err, vkey)
	}
}

// A key is read in one form, and no error quotes it.
func FuzzSigner(f *testing.F) {
	good, err := log.Secret{Name: "log.example", Type: log.TypeEd25519, Seed: bytes.Repeat([]byte{7}, 32)}.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.TrimSpace(good))
	f.Add(bytes.ToLower(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSigner(b)
		_, formerErr := parseFormer(b)
		if (formerErr == nil) != (err == nil) {
			t.Errorf("%q: %v as the key, %v as the former one", b, err, formerErr)
		}
		if _, pq := parseMLDSA(b); pq == nil && err == nil {
			t.Errorf("%q is a key of two algorithms", b)
		}
		if err != nil {
			if parts := strings.Split(string(b), "+"); len(parts) > 4 && len(parts[4]) > 8 && strings.Contains(err.Error(), parts[4]) {
				t.Errorf("the error quotes the key: %v", err)
			}
			return
		}
		if !strings.HasPrefix(string(b), "PRIVATE+KEY+"+s.Name()+"+") || b[len(b)-1] != '\n' {
			t.Errorf("%q is taken", b)
		}
	})
}

func TestOrigins(t *testing.T) {
	for _, good := range []string{"log.example", "log.accord.example/2026", "localhost:8080/a/b", "a-b.example/x_y"} {
		if err := checkOrigin(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "/", "/2026", "log.example/", "log.example//x", "https://log.example", "Log.example", "log+x.example", "log.example x", "log.example?x", "log.example#x", "lög.example", "a@log.example", "log.example\n", strings.Repeat("a", 201)} {
		if err := checkOrigin(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
