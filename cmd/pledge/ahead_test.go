package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A draft whose date is still to come, by whomever it was made, is pointed at and has to be
// confirmed before it is signed.
func TestLintPointsAtDatesToCome(t *testing.T) {
	d := newTable(t, "a text")
	if code, stdout, _ := pledgeCommand(t, "lint", d.draft); code != commandline.ExitDone || stdout != "" {
		t.Fatalf("exit %d of a good draft: %s", code, stdout)
	}
	// It was made on 3 February 2026.
	payload := bytes.Replace(d.sub.Envelope.Payload, []byte("2026-Q1"), []byte("2026-Q2"), 1)
	body := bytes.Replace(d.sub.Body, []byte(`"2026-01"`), []byte(`"2026-04"`), 1)
	payload = bytes.Replace(payload, []byte(d.sub.Statement.BodyDigest), []byte(entry.Digest(body)), 1)
	write(t, d.draft, (&entry.Submission{Envelope: &entry.Envelope{Payload: payload}, Body: body}).Marshal())
	code, stdout, stderr := pledgeCommand(t, "lint", d.draft)
	if code != commandline.ExitRefused || !strings.Contains(stdout, "received: ") || !strings.Contains(stdout, "(received-in-future)") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := d.sign(); code != commandline.ExitRefused {
		t.Errorf("it is signed: exit %d\n%s", code, stderr)
	}
}
