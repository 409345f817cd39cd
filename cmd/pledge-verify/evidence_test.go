package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

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
