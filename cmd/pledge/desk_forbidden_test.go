package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// forbidden are requests that may not be told of, at a desk: each is refused in words, and can
// be gone on with.
func forbidden(m *member, d *formDesk) {
	t := m.t
	const title, secret = "This may not be told in public", "ultramarine-ptarmigan"
	request := []string{"country", "XB", "received", "2026-01-04", "assist", "keys", "instrument", "us-nsl", "authority", "prosecutor", "gag", "statutory", "gagReview", "2026-09-01", "narrative", "A letter of " + secret + ".", "language", "en", "keep", "some", "seal", "authority", "sealReason", "secrecy-law", "review", "2026-06-30"}
	answer := []string{"outcome", "refused", "date", "2026-01-05", "grounds", "pledge", "answered", "No."}

	// Into the next slot instead, without a word of it to the log or in plain text on the disk.
	m.wire.sent()
	before := filesIn(t, filepath.Join(d.home))
	d.act("The request, and your answer", "yes")
	page := d.act(title, "draft", append(request, answer...)...)
	if strings.Contains(page, "existence-forbidden") || strings.Contains(page, "--for-slot") || !strings.Contains(page, `name="permission" value=""`) {
		t.Errorf("how it is refused: %s", page)
	}
	page = d.act("Nothing is kept yet.", "instead", append(request, answer...)...)
	for _, want := range []string{`value="XB"`, `value="2026-01-04"`, `value="us-nsl" title`, secret, `name="seal" value="authority" autocomplete="off" checked`, `value="2026-09-01"`, `value="2026-06-30"`, "<dd>No.</dd>", "<dd>Refused</dd>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the form for a slot does not have %s: %s", want, page)
		}
	}
	if strings.Contains(page, `id="f-outcome"`) || strings.Contains(page, `id="f-permission"`) {
		t.Errorf("the form for a slot asks for what has no place there: %s", page)
	}
	d.act("Nothing was sent.", "draft", request...)
	d.act(question, "start")
	if heard, lines := m.wire.sent(); len(lines) > 0 {
		t.Errorf("the log was asked: %q, %s", lines, heard)
	}
	after := filesIn(t, filepath.Join(d.home))
	if len(after) != len(before)+1 {
		t.Fatalf("there are %q, and were %q", after, before)
	}
	kept := ""
	for _, name := range after {
		b, err := os.ReadFile(filepath.Join(d.home, name))
		if err != nil {
			t.Fatal(err)
		}
		if keeps(b, secret) {
			t.Errorf("%s has it in plain text", name)
		}
		if strings.HasPrefix(name, "slots/commitments/") {
			kept = name
		}
	}
	if _, shown, _ := m.run("slot", "list", "--author", "acme", "--dir", filepath.Join(d.home, "slots")); !strings.Contains(shown, filepath.Base(kept)) {
		t.Errorf("what waits for a slot: %s", shown)
	}
	m.must(append(slotRun, "--dir", filepath.Join(d.home, "slots"))...)

	// Out of the slot it is refused again, until something permits it.
	d.act("A request that was kept for a slot", "on-request", "about", filepath.Base(kept))
	page = d.act(title, "draft")
	if !strings.Contains(page, "Leave it in its slot, or cite below") || strings.Contains(page, "--permission") {
		t.Errorf("how it is refused: %s", page)
	}
	page = d.act(toReview, "draft", "permission", "Letter of the Office, file 9")
	if !strings.Contains(page, "permission-cited") {
		t.Errorf("what was cited: %s", page)
	}
	d.act("A request that was kept for a slot", "change")
	d.act(question, "start")

	// With a permission it is logged, withheld; and opened with another one.
	d.act("The request, and your answer", "yes")
	d.files("country", "XB", "received", "2026-01-04", "assist", "keys", "instrument", "informal", "gag", "ordered", "gagReview", "2026-01-05", "permission", "Order of the Office, file 3", "keep", "text", "review", "2026-06-30")
	st, _ := m.newest(entry.KindRequest)
	d.act("Open what was kept back", "on-open", "about", st.ID.String())
	page = d.act(title, "draft", "openWhy", "order-lifted", "opens", "open")
	if !strings.Contains(page, "The request itself states that a law or an order forbids telling.") || !strings.Contains(page, "Leave it as it is, or cite below") || strings.Contains(page, "gag-forbids") {
		t.Errorf("how the opening is refused: %s", page)
	}
	if strings.Contains(page, `value="instead"`) {
		t.Errorf("what is logged can't be kept for a slot: %s", page)
	}
	d.act(toReview, "draft", "openWhy", "order-lifted", "opens", "open", "permission", "Order lifted, file 4")
	d.act("Nobody signed it yet.", "write")
	name := "acme-open-" + itoa(int(st.Seq)+1) + ".json"
	page = d.act(toReview, "review", "file", name)
	if !strings.Contains(page, "what permits telling, as it was cited: Order lifted, file 4") {
		t.Errorf("who signs it is not shown what was cited: %s", page)
	}
	d.act("Signed by all", "sign")

	// A colleague's opening that cites none is pointed at, to be confirmed.
	d.act(question, "start")
	path := filepath.Join(d.home, name)
	m.file("letter.txt", "A letter.\n")
	m.must("open", filepath.Join(d.home, "acme-request-"+itoa(int(st.Seq))+".json"), "--why", "permission", "--permission", "letter.txt", "--policy", "policy.txt", "--simulated-clock", "clock", "--unencrypted", "--out", "bare.json", "--safe-key", "acme.safe", "--safe-passphrase-file", "phrase")
	for _, gone := range []string{path, path + ".seen"} {
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
	}
	write(t, path, mustRead(t, "bare.json"))
	page = d.act(toReview, "review", "file", name)
	if !strings.Contains(page, "what it opens: the request itself states that a law or an order forbids telling; no permission is in this file, or beside it (law-forbids)") {
		t.Errorf("what a colleague is told: %s", page)
	}
	d.act("Confirm, or go back and change it: the request itself states", "sign")
	d.act("Signed by all", "sign", "confirm", "confirm-0-0")
}
