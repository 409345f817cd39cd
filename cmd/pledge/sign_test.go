package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

// A table is a folder with a key and a draft of a request.
type table struct {
	t          *testing.T
	dir        string
	key, draft string
	person     person
	sub        *entry.Submission
	salt       string
}

func newTable(t *testing.T, words string) *table {
	t.Helper()
	d := &table{t: t, dir: t.TempDir(), person: newPerson("acme")}
	secret, err := keyfile.Marshal(d.person.key)
	if err != nil {
		t.Fatal(err)
	}
	d.key = write(t, filepath.Join(d.dir, "acme.key"), secret)
	making := &drafting{st: &entry.Statement{
		Log: "log.accord.test/2026", Author: "acme", Lane: entry.LaneMain, Seq: 1,
		Made: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).Unix(), Kind: entry.KindRequest, Body: &entry.Request{Received: "2026-Q1"},
	}}
	body := &entry.RequestBody{Assist: []string{"keys"}, Country: entry.Withheld, Received: "2026-01", Narrative: map[string]string{"en": words}}
	if body.Log, body.Author, body.Kind, body.Salt, err = making.head(); err != nil {
		t.Fatal(err)
	}
	making.detached, d.salt = body, body.Salt
	if d.sub, err = making.finish(); err != nil {
		t.Fatal(err)
	}
	d.draft = write(t, filepath.Join(d.dir, "draft.json"), d.sub.Marshal())
	return d
}

func (d *table) sign() (code int, stdout, stderr string) {
	d.t.Helper()
	return pledgeCommand(d.t, "sign", d.draft, "--key", d.key, "--yes")
}

func TestSignShowsEverythingButTheSalt(t *testing.T) {
	d := newTable(t, "first line\nsecond line")
	code, stdout, stderr := d.sign()
	if code != commandline.ExitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	st := d.sub.Statement
	for _, want := range []string{
		"request, number 1 of acme, in the log log.accord.test/2026", st.ID.String(), st.BodyDigest, "2026-02-03T04:05:06Z",
		"body.received  2026-Q1", "keys (Hand over keys or certificates)", "country", "    | first line\n    | second line\n", d.person.id().String(),
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not show %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout+stderr, d.salt) {
		t.Error("it shows the salt")
	}
	if strings.Contains(stdout+stderr, "simulated") {
		t.Error("it says that time is simulated")
	}
	signed, err := entry.ParseSubmission(mustRead(t, d.draft))
	if err != nil {
		t.Fatal(err)
	}
	key, err := d.person.public().Parse()
	if err != nil {
		t.Fatal(err)
	}
	if signed.Statement.ID != st.ID || !bytes.Equal(signed.Body, d.sub.Body) || !key.VerifyStrict(signed.Envelope.PAE(), signed.Envelope.Signatures[0].Sig) {
		t.Error("what was signed is not the draft")
	}
}

// Nobody can hide a part of what is signed from who signs it.
func TestSignShowsHiddenCharacters(t *testing.T) {
	d := newTable(t, "we \u200fdesufer\u200e it\u200b")
	_, stdout, stderr := d.sign()
	if !strings.Contains(stdout, "we <U+200F>desufer<U+200E> it<U+200B>") {
		t.Errorf("it shows\n%s%s", stdout, stderr)
	}
}

func TestSignRefusesWhatDoesNotFit(t *testing.T) {
	other := newTable(t, "another text")
	for name, c := range map[string]struct {
		spoil func(d *table) []byte
		want  string
	}{
		"a word changed": {func(d *table) []byte { return bytes.Replace(d.sub.Marshal(), []byte("a text"), []byte("a test"), 1) }, "body-digest-mismatch"},
		"another body": {func(d *table) []byte {
			return (&entry.Submission{Envelope: d.sub.Envelope, Body: other.sub.Body}).Marshal()
		}, "body-digest-mismatch"},
		"no body": {func(d *table) []byte { return (&entry.Submission{Envelope: d.sub.Envelope}).Marshal() }, "body-missing"},
		"a payload that is not canonical": {func(d *table) []byte {
			return (&entry.Submission{Envelope: &entry.Envelope{Payload: append(d.sub.Envelope.Payload, ' ')}, Body: d.sub.Body}).Marshal()
		}, "not-canonical"},
		"a second statement": {func(d *table) []byte {
			return bytes.Replace(d.sub.Marshal(), []byte("{"), []byte(`{"statement":1,`), 1)
		}, "member-duplicate"},
		"not JSON": {func(*table) []byte { return []byte("statement") }, "not-json"},
	} {
		d := newTable(t, "a text")
		spoilt := c.spoil(d)
		write(t, d.draft, spoilt)
		code, stdout, stderr := d.sign()
		if code != commandline.ExitRefused || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("%s: exit %d\n%s%s", name, code, stdout, stderr)
		}
		if !bytes.Equal(mustRead(t, d.draft), spoilt) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// A signature of ours that does not verify is made again; those of others stay.
func TestSignKeepsOthersSignatures(t *testing.T) {
	d := newTable(t, "a text")
	stranger := newPerson("somebody")
	d.sub.Envelope.Sign(stranger.id(), bytes.Repeat([]byte{1}, 64))
	d.sub.Envelope.Sign(d.person.id(), bytes.Repeat([]byte{2}, 64))
	write(t, d.draft, d.sub.Marshal())
	code, stdout, stderr := d.sign()
	if code != commandline.ExitDone || !strings.Contains(stdout, "signatures  2\n") || !strings.Contains(stdout, stranger.id().String()) {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	signed, err := entry.ParseSubmission(mustRead(t, d.draft))
	if err != nil {
		t.Fatal(err)
	}
	key, err := d.person.public().Parse()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range signed.Envelope.Signatures {
		switch s.KeyID {
		case d.person.id():
			if !key.VerifyStrict(signed.Envelope.PAE(), s.Sig) {
				t.Error("our signature does not verify")
			}
		case stranger.id():
			if !bytes.Equal(s.Sig, bytes.Repeat([]byte{1}, 64)) {
				t.Error("the other signature was changed")
			}
		}
	}
}

func TestSignHasRoomForSixteen(t *testing.T) {
	d := newTable(t, "a text")
	for i := range entry.MaxSignatures {
		d.sub.Envelope.Sign(newPerson(fmt.Sprint(i)).id(), []byte{1})
	}
	write(t, d.draft, d.sub.Marshal())
	if code, _, stderr := d.sign(); code != commandline.ExitRefused || !strings.Contains(stderr, "no room for more") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}

// A charter's and an admission's signatures can be told good from bad here.
func TestSignTellsBadSignatures(t *testing.T) {
	d := newTable(t, "a text")
	second := newPerson("second")
	admission := sign(t, &entry.Statement{
		Log: "log.accord.test/2026", Author: entry.AuthorSecretariat, Lane: entry.LaneMain, Seq: 2, Prev: entry.ID{1},
		Kind: entry.KindAdmit, Body: &entry.Admit{
			Country: "EU", ID: "acme", Mode: entry.AdmitNew, Name: "Acme", Role: entry.RoleSignatory, Threshold: 1,
			Website: "https://acme.test/", Keys: []entry.Key{d.person.public(), second.public(), newPerson("third").public()},
		},
	}, second)
	admission.Envelope.Signatures[0].Sig[3] ^= 1
	write(t, d.draft, admission.Marshal())
	code, stdout, stderr := d.sign()
	for _, want := range []string{
		second.id().String() + "  DOES NOT VERIFY\n", d.person.id().String() + "  verified\n", newPerson("third").id().String() + "  missing\n",
	} {
		if code != commandline.ExitDone || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, without %q\n%s%s", code, want, stdout, stderr)
		}
	}
}
