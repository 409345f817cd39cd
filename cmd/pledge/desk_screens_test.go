package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// blocked wants the page to say why the public may not be told, in a sentence without codes or
// commands, and what can be done about it.
func (d *atDesk) blocked(why string) {
	d.t.Helper()
	text := atPage[string](d, `document.querySelector(".problems").innerText`)
	if !strings.HasPrefix(text, "This may not be told in public\n") || !strings.Contains(text, why) || strings.Contains(text, "pledge ") || regexp.MustCompile(`[a-z]-[a-z]|[A-Za-z]+\.(json|yaml)|--`).MatchString(text) {
		d.t.Errorf("it is not blocked, or not in words:\n%s", text)
	}
	if !atPage[bool](d, `document.querySelector(".blocked #f-permission").checkVisibility() && document.querySelectorAll("#f-permission").length === 1 && document.querySelector(".blocked button[value=instead]").textContent === "Keep it for the next slot instead"`) {
		d.t.Error("what can be done is not there")
	}
}

// hide are words that are kept from everybody: in no browser's folder, no argument, nowhere but
// in the file that the desk writes.
const hide = "quomodocunque-zephyrine-0417"

// TestDeskScreens looks at every screen and state, at those of no and unsure too, and sees what
// stays behind.
func TestDeskScreens(t *testing.T) {
	c := newCompany(t)
	d := c.sit("counsel")
	d.browse()
	d.at(question)
	d.look("start")

	// Unsure: the card, and nothing is kept.
	before := filesIn(t, c.dir)
	d.clickTo(button("unsure"), "Not sure whether it may be told")
	d.look("unsure")
	d.do(chromedp.SetValue(chromedp.CSS("#f-instrument"), "gb-tcn"))
	d.clickTo(button("card"), "Not sure whether it may be told")
	if text := atPage[string](d, `document.querySelector("main").innerText`); !strings.Contains(text, "Investigatory Powers Act 2016") || !strings.Contains(text, "Not confirmed.") {
		t.Errorf("the card has no source, or does not say what is not confirmed:\n%s", text)
	}
	d.look("card")
	d.clickTo(button("stop"), "Stopped. Nothing was kept.")
	d.look("stopped")
	if after := filesIn(t, c.dir); strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("unsure left files: %v, before %v", after, before)
	}

	// No: into the next slot.
	d.clickTo(button("start"), question)
	d.clickTo(button("no"), toFill)
	d.look("no")
	d.clickTo(button("draft"), toFill)
	d.look("no-errors")
	if text := atPage[string](d, `document.querySelector(".problems").innerText`); !strings.Contains(text, "Country asking: fill this in") || !strings.Contains(text, "Received: fill this in") {
		t.Errorf("what is missing: %s", text)
	}
	d.next() // the focus is at the summary: the first stop is its first link
	if at := atPage[string](d, `document.activeElement.getAttribute("href") || document.activeElement.outerHTML`); at != "#f-received" && at != "#f-country" {
		t.Errorf("the first stop is %s", at)
	}
	d.do(chromedp.SendKeys(chromedp.CSS("#f-country"), "xb"), chromedp.SendKeys(chromedp.CSS("#f-received"), "2026-01-04"),
		chromedp.SetValue(chromedp.CSS("#f-assist"), "keys"), chromedp.SetValue(chromedp.CSS("#f-instrument"), "gb-tcn"))
	d.do(chromedp.Click(chromedp.CSS("details.more:has(#f-narrative) summary")))
	d.do(chromedp.SendKeys(chromedp.CSS("#f-narrative"), "It came from Jane Hargreaves. "+hide))
	if err := chromedp.Do(d.ctx, chromedp.WaitVisible(chromedp.CSS("#l-narrative li"))); err != nil {
		t.Fatal(err)
	}
	if text := atPage[string](d, `document.querySelector("#l-narrative").innerText`); text != "“Jane Hargreaves” looks like the name of a person" {
		t.Errorf("lint as typed: %s", text)
	}
	d.clickTo(button("draft"), "Kept for the next slot. Nothing was sent.")
	d.look("kept")
	kept := strings.Join(filesIn(t, filepath.Join(d.home, "slots")), " ")
	if !strings.HasPrefix(kept, "commitments/20260105T090000Z-") || strings.Contains(kept, " ") {
		t.Fatalf("kept: %s", kept)
	}
	path := filepath.Join(d.home, "slots", kept)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, lines := c.wire.sent(); len(lines) > 0 {
		t.Errorf("the log was asked: %q", lines)
	}

	// The slot takes it in.
	c.must("slot", "--author", "acme", "--key", "slot1", "--policy", "policy.txt", "--simulated-clock", "clock", "--dir", filepath.Join(d.home, "slots"))
	if _, stdout, _ := c.run("slot", "list", "--author", "acme", "--dir", filepath.Join(d.home, "slots")); !strings.Contains(stdout, filepath.Base(kept)) {
		t.Errorf("the slot has it not: %s", stdout)
	}

	// Yes: what a card forbids is refused; then something withheld.
	d.clickTo(button("start"), question)
	d.clickTo(button("yes"), toFill)
	d.look("form")
	d.do(chromedp.SendKeys(chromedp.CSS("#f-country"), "Federation of Borvania"), chromedp.SendKeys(chromedp.CSS("#f-received"), "2026-01-04"),
		chromedp.SetValue(chromedp.CSS("#f-assist"), "keys"), chromedp.SetValue(chromedp.CSS("#f-instrument"), "gb-tcn"), chromedp.SetValue(chromedp.CSS("#f-outcome"), "refused"), chromedp.SetValue(chromedp.CSS("#f-date"), "2026-01-05"))
	d.unfold("#f-narrative")
	d.fill("#f-narrative", "It came from Jane Hargreaves. "+hide)
	d.shoot("form-card")
	d.clickTo(button("draft"), toFill)
	d.look("blocked")
	d.blocked("By its law card, the public may not be told that there is such a request.")
	// It is kept for the next slot instead, with all that was typed; or told after all.
	typed := func(form, outcome string) {
		t.Helper()
		const fields = `["country", "received", "assist", "instrument", "narrative", "outcome"].map(n => document.querySelector("#f-" + n)?.value ?? "").join("|")`
		if got, want := atPage[string](d, fields), "Federation of Borvania|2026-01-04|keys|gb-tcn|It came from Jane Hargreaves. "+hide+"|"+outcome; got != want {
			t.Errorf("%s has %q, not %q", form, got, want)
		}
	}
	d.clickTo(button("instead"), toFill)
	d.look("instead")
	typed("the form for a slot", "")
	if text := d.text(); !strings.Contains(text, "Nothing is kept yet.") || !strings.Contains(text, "Your answer is filed when the request is") || !strings.Contains(text, "Refused") {
		t.Errorf("what has no place in a slot: %s", text)
	}
	d.clickTo(button("public"), toFill)
	typed("the form that is told", "refused")
	if _, lines := c.wire.sent(); len(lines) > 0 {
		for _, l := range lines {
			if strings.HasPrefix(l, "POST") && !strings.Contains(l, "statements") {
				t.Errorf("sent: %s", l)
			}
		}
	}
	// The field for a permission is shown for a stated duty of secrecy too.
	atPage[string](d, `document.querySelector("#f-outcome").value = document.querySelector("#f-date").value = ""`)
	d.set("#f-instrument", "informal")
	const field = `document.querySelector("#f-permission").checkVisibility()`
	if atPage[bool](d, field) {
		t.Error("a permission is asked for that nothing needs")
	}
	d.set("#f-gag", "ordered")
	if !atPage[bool](d, field) {
		t.Error("no permission is asked for")
	}
	d.clickTo(button("draft"), toFill)
	d.blocked("The request itself states that a law or an order forbids telling.")
	d.glance("blocked-gag")
	d.set("#f-gag", "requested")
	d.do(chromedp.Click(chromedp.CSS("details.more:has(#f-review) summary")))
	d.do(chromedp.Click(chromedp.CSS("input[name=keep][value=text]")), chromedp.SendKeys(chromedp.CSS("#f-review"), "2026-06-30"))
	d.clickTo(button("draft"), toReview)
	d.look("review")
	const folds, unfolded = `document.querySelectorAll(".notice details, details.technical").length`, `document.querySelectorAll(".notice details[open], details.technical[open]").length`
	if all, open := atPage[int](d, folds), atPage[int](d, unfolded); all != 2 || open != 0 {
		t.Errorf("who wrote it sees %d of %d unfolded", open, all)
	}
	if drafts := filesIn(t, d.home); len(drafts) != 3 { // the commitment, the slot and its receipt
		t.Errorf("before it is signed there is %v", drafts)
	}
	d.clickTo(button("sign"), toReview)
	d.look("doubts")
	d.click("#f-confirm-0-0")
	d.clickTo(button("sign"), "It waits for another signature")
	d.look("signed")
	d.clickTo(button("start"), question)
	d.look("waiting")
	d.quiet()

	// The colleague takes the file.
	ciso := c.sit("ciso")
	ciso.browse()
	ciso.at(question)
	ciso.click("details.more:has(#f-files) summary")
	ciso.clickTo(button("take"), question)
	ciso.look("nofile")
	ciso.do(chromedp.SetUploadFiles(chromedp.CSS("#f-files"), []string{filepath.Join(d.home, "acme-request-2.json")}))
	ciso.clickTo(button("take"), toReview)
	if all, open := atPage[int](ciso, folds), atPage[int](ciso, unfolded); all != 2 || open != 2 {
		t.Errorf("a colleague sees %d of %d unfolded", open, all)
	}
	ciso.click("#f-confirm-0-0")
	ciso.clickTo(button("sign"), "Signed by all. Ready to submit.")
	ciso.clickTo(button("submit"), "Logged. The receipt is verified.")
	ciso.look("done")
	ciso.clickTo(button("memo"), "Logged. The receipt is verified.")
	ciso.look("memo")
	if info, err := os.Stat(filepath.Join(ciso.home, "acme-request-2.memo.txt")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("memo: %v, %v", info, err)
	}
	if got := atPage[string](ciso, `fetch("dates.ics").then(r => r.text())`); !strings.Contains(got, "BEGIN:VEVENT\r\n") || !strings.Contains(got, "DTSTART;VALUE=DATE:20260630\r\n") {
		t.Errorf("the calendar: %s", got)
	}
	heard, _ := c.wire.sent()
	if strings.Contains(string(heard), "zephyrine") {
		t.Error("the log was told what is withheld")
	}
	// Of what a card forbids, and of which no permission came along, the colleague is told so.
	c.file("forbidden.yaml", "author: acme\nreceived: 2026-01-04\ncountry: XB\nassist: [keys]\ninstrument: gb-tcn\ngag: lifted\npermission: {reference: Letter of 3 January}\n")
	c.must("new", "request", "--from", "forbidden.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--unencrypted", "--out", "forbidden.json")
	ciso.clickTo(button("start"), question)
	ciso.unfold("#f-files")
	ciso.do(chromedp.SetUploadFiles(chromedp.CSS("#f-files"), []string{filepath.Join(c.dir, "forbidden.json")}))
	ciso.clickTo(button("take"), toReview)
	ciso.clickTo(button("sign"), toReview)
	ciso.glance("forbidden")
	if text := ciso.text(); !strings.Contains(text, "Confirm, or go back and change it: by its law card, the public may not be told") || !strings.Contains(text, "no permission is in this file, or beside it (law-forbids)") {
		t.Errorf("what a colleague is told: %s", text)
	}
	if sub, err := readDraft(filepath.Join(ciso.home, "acme-request-3.json")); err != nil || len(sub.Envelope.Signatures) > 0 {
		t.Errorf("what was not confirmed: %v, %v", sub, err)
	}
	ciso.clickTo(button("start"), question)
	ciso.clickTo("footer button", "The desk is closed.")
	ciso.look("closed")
	ciso.quiet()
	<-ciso.ended

	// The token opens nothing a second time.
	d.do(chromedp.Navigate(d.address))
	d.at("Not here")
	d.axe("refused")

	// Nothing of what was typed is in the browser's folder, the process's arguments or environment.
	for _, name := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join("/proc", itoa(d.cmd.Process.Pid), name))
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 || keeps(b, "zephyrine") || keeps(b, "Hargreaves") {
			t.Errorf("%s holds it", name)
		}
	}
	if err := chromedp.Cancel(d.ctx); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, name := range filesIn(t, d.profile) {
		b, err := os.ReadFile(filepath.Join(d.profile, name))
		if err != nil {
			continue // a lock that is gone
		}
		for _, word := range []string{"zephyrine", "Hargreaves"} {
			if keeps(b, word) {
				t.Errorf("the browser's %s holds %q", name, word)
			}
		}
		found = found || keeps(b, "pledge desk")
	}
	if !found {
		t.Error("the browser's folder has not even the title of the pages: the search finds nothing")
	}
}
