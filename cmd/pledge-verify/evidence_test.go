package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// Of a side of a fork those witnesses are shown who cosigned it, each with its time,
// and nobody whom the policy does not know.
func TestShowSide(t *testing.T) {
	const origin = "log.lanternhall.example/2025"
	seed := func(name string) []byte {
		s := sha256.Sum256([]byte(name))
		return s[:]
	}
	signer, err := log.NewSigner(origin, seed("log"))
	if err != nil {
		t.Fatal(err)
	}
	text := log.Checkpoint{Origin: origin, Size: 1234, Root: log.Hash{}}.Marshal()
	note, err := signer.SignNote(text)
	if err != nil {
		t.Fatal(err)
	}
	policyText := "log " + signer.Key().String() + "\n"
	for name, at := range map[string]uint64{"w1": 1767225600, "w2": 0, "w3": 1767229261, "stranger": 1767225600} {
		c, err := log.NewCosigner(name+".example", seed(name))
		if err != nil {
			t.Fatal(err)
		}
		if name != "stranger" {
			policyText += fmt.Sprintf("witness %s %s\n", name, c.Key())
		}
		if at == 0 {
			continue // it did not cosign this side
		}
		s, err := c.Cosign(text, at)
		if err != nil {
			t.Fatal(err)
		}
		note.Signatures = append(note.Signatures, s)
	}
	policy, err := log.ParsePolicy([]byte(policyText + "group all all w1 w2 w3\nquorum all\n"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := showSide(&out, policy, "second", string(note.Marshal())); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	id := strings.Split(signer.Key().String(), "+")[1]
	for _, want := range []string{
		"the second checkpoint\n", "size          1,234\n", "root          " + strings.Repeat("A", 43) + "=\n",
		"signed by     " + origin + ", key " + id + "\n",
		"cosigned by   w1, at 2026-01-01T00:00:00Z\n", "cosigned by   w3, at 2026-01-01T01:01:01Z\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	if strings.Count(got, "cosigned by") != 2 {
		t.Errorf("it shows others than w1 and w3:\n%s", got)
	}
}

// A pipe is read to its end; one that nobody writes to, or that somebody keeps open, is
// given up.
func TestEvidenceFromAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writes := make(chan *os.File)
	open := func(text string) {
		go func() {
			w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
			}
			w.WriteString(text)
			writes <- w
		}()
	}
	open("some of it")
	go func() { (<-writes).Close() }()
	if b, err := readEvidence(pipe, time.Minute); err != nil || string(b) != "some of it" {
		t.Errorf("written and closed: %q, %v", b, err)
	}
	const limit = 50 * time.Millisecond
	if b, err := readEvidence(pipe, limit); err == nil || b != nil || !strings.Contains(err.Error(), "has not come to its end within 50ms") {
		t.Errorf("nobody writes: %q, %v", b, err)
	}
	open("some of it")
	w := <-writes
	defer w.Close()
	if b, err := readEvidence(pipe, limit); err == nil || b != nil || !strings.Contains(err.Error(), "has not come to its end") {
		t.Errorf("nobody closes: %q, %v", b, err)
	}
}
