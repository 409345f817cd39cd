package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A signature that has no business in a file is taken out of it, and nothing else
// changes: not the statement, not the text, not the other signatures.
func TestSignRemovesASignature(t *testing.T) {
	d := newTable(t, "a text")
	unsigned := d.sub.Marshal()
	if code, _, stderr := d.sign(); code != commandline.ExitDone {
		t.Fatal(stderr)
	}
	once := mustRead(t, d.draft)
	sub, err := entry.ParseDraft(once)
	if err != nil {
		t.Fatal(err)
	}
	// Two strangers whose key ids begin alike.
	var a, b entry.KeyID
	copy(a[:], "\x01\x23\x45\x67\x89stranger")
	copy(b[:], "\x01\x23\x45\x67\x8astranger")
	sub.Envelope.Sign(a, bytes.Repeat([]byte{1}, 64))
	sub.Envelope.Sign(b, bytes.Repeat([]byte{2}, 64))
	all := sub.Marshal()
	write(t, d.draft, all)

	for _, c := range []struct {
		id   string
		code int
		want string
	}{
		{"0123", commandline.ExitUsage, "8 to 64"},
		{"01234567" + strings.Repeat("0", 57), commandline.ExitUsage, "is no key id"},
		{"0123456G", commandline.ExitUsage, "is no key id"},
		{"01234567", commandline.ExitUsage, "the beginning of 2 key ids"},
		{"fedcba9876", commandline.ExitRefused, "hint: it has those of "},
	} {
		code, stdout, stderr := pledgeCommand(t, "sign", d.draft, "--remove", c.id)
		if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" || !bytes.Equal(mustRead(t, d.draft), all) {
			t.Errorf("%s: exit %d\n%s%s", c.id, code, stdout, stderr)
		}
	}

	remove := func(id, full, left string) {
		t.Helper()
		code, stdout, stderr := pledgeCommand(t, "sign", d.draft, "--remove", id)
		if code != commandline.ExitDone || !strings.Contains(stdout, "removed     "+full+"\n") || !strings.Contains(stdout, "signatures  "+left+"\n") {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
	}
	remove("0123456789", a.String(), "2")
	remove(b.String(), b.String(), "1")
	if !bytes.Equal(mustRead(t, d.draft), once) {
		t.Error("more than the strangers' signatures changed")
	}
	remove(d.person.id().String()[:8], d.person.id().String(), "0")
	if !bytes.Equal(mustRead(t, d.draft), unsigned) {
		t.Error("what is left is not the draft as it was")
	}
	if code, _, stderr := pledgeCommand(t, "sign", d.draft, "--remove", a.String()); code != commandline.ExitRefused || !strings.Contains(stderr, "has no signature") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
