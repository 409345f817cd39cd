package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

// solo is acme with one key, which signs alone, at a desk.
func (m *member) solo() *atDesk {
	m.t.Helper()
	home := filepath.Join(m.dir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		m.t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(m.dir, name) }
	d := startDesk(m.t, home, nil, "--safe", in("acme.safe.pub"), "--safe-key", in("acme.safe"), "--safe-passphrase-file", in("phrase"), "--key", in("acme1"), "--policy", in("policy.txt"), "--simulated-clock", in("clock"))
	d.who = "solo"
	return d
}

// noScript switches scripts off, or on again for what looks at a page.
func (d *atDesk) noScript(off bool) {
	d.t.Helper()
	d.scriptless = off
	if _, err := chromedp.Call(d.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}); err != nil {
		d.t.Fatal(err)
	}
}

// unfold opens what is folded, and holds a selector.
func (d *atDesk) unfold(sel string) {
	d.t.Helper()
	if atPage[bool](d, fmt.Sprintf(`!document.querySelector(%q).closest("details").open`, sel)) {
		d.click("details.more:has(" + strings.TrimPrefix(sel, "main ") + ") > summary")
	}
}

// text is what a person reads on the page.
func (d *atDesk) text() string { return atPage[string](d, `document.querySelector("main").innerText`) }

func (d *atDesk) set(sel, value string) {
	d.t.Helper()
	d.do(chromedp.SetValue(chromedp.CSS(sel), value))
}

func (d *atDesk) fill(sel, words string) {
	d.t.Helper()
	d.do(chromedp.SendKeys(chromedp.CSS(sel), words))
}

// choose clicks at a box or a button of several.
func (d *atDesk) choose(name, value string) {
	d.t.Helper()
	d.click(fmt.Sprintf("input[name=%s][value=%q]", name, value))
}

// glance looks at a page that is made of what others are made of: only when all are to be
// shown.
func (d *atDesk) glance(name string) {
	d.t.Helper()
	if os.Getenv("DESK_SHOTS") != "" {
		d.look(name)
	}
}

// finish signs what is reviewed, submits it, and goes back to the start.
func (d *atDesk) finish(statements int) {
	d.t.Helper()
	d.clickTo(button("draft"), toReview)
	d.clickTo(button("sign"), "Signed by all. Ready to submit.")
	done := "Logged. The receipt is verified."
	if statements > 1 {
		done = fmt.Sprintf("Logged. All %d receipts are verified.", statements)
	}
	if d.scriptless { // nothing goes on by itself
		if _, err := chromedp.RunResponse(d.ctx, chromedp.Click(chromedp.CSS(button("submit")))); err != nil {
			d.t.Fatal(err)
		}
		if atPage[bool](d, `!!document.querySelector("[data-again]")`) { // it took longer than the page
			d.clickTo("p[data-again] a", done)
		}
		d.at(done)
	} else {
		d.clickTo(button("submit"), done)
	}
	d.clickTo(button("start"), question)
}

// newest is the newest statement of a kind in the log, with its text.
func (m *member) newest(kind entry.Kind) (*entry.Statement, string) {
	m.t.Helper()
	return m.newestOf("acme", kind)
}

func (m *member) newestOf(author string, kind entry.Kind) (*entry.Statement, string) {
	m.t.Helper()
	api, err := client.New(m.server.URL, client.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	page, err := api.Entries(m.t.Context(), client.Query{Author: author, Kind: kind, Limit: 1})
	if err != nil {
		m.t.Fatal(err)
	}
	if len(page.Entries) != 1 || page.Entries[0].Verdict != "accepted" {
		m.t.Fatalf("%s: %+v", kind, page.Entries)
	}
	st, err := statementOf(page.Entries[0].Leaf)
	if err != nil {
		m.t.Fatal(err)
	}
	return st, string(page.Entries[0].Body)
}

// before are a request in the log, one that is withheld, and one that is in a slot.
func (m *member) before() (plain, withheld entry.ID) {
	m.t.Helper()
	m.file("request.yaml", "author: acme\nreceived: 2026-01-04\ncountry: XB\nassist: [keys]\ninstrument: informal\n")
	m.draft("request", "", "--out", "home/acme-request-2.json")
	plain = m.log("home/acme-request-2", "acme1")
	m.file("request.yaml", "author: acme\nreceived: 2026-01-05\ncountry: XC\nassist: [keys]\nwithhold: {review: 2026-04-30}\n")
	m.draft("request", "", "--out", "home/acme-request-3.json")
	withheld = m.log("home/acme-request-3", "acme1")
	m.file("request.yaml", "author: acme\nreceived: 2026-01-05\ncountry: XD\nassist: [access]\n")
	m.must("new", "request", "--from", "request.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "home/slots", "--safe", "acme.safe.pub")
	m.must(append(slotRun, "--dir", "home/slots")...)
	return plain, withheld
}

// TestDeskMatters files at a desk what is about something from before: each by the forms
// alone, with scripts switched off.
func TestDeskMatters(t *testing.T) {
	m := newMember(t)
	if err := os.Mkdir(filepath.Join(m.dir, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	plain, withheld := m.before()
	m.challenger()
	m.clock("2026-04-02T09:00:00Z")
	d := m.solo()
	d.launch()
	d.noScript(true)
	d.do(chromedp.Navigate(d.address))
	d.at(question)
	if on := atPage[bool](d, `(() => { const s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); const ran = !!window.ran; s.remove(); return ran; })()`); on {
		t.Fatal("scripts run")
	}
	m.wire.sent()

	// Unsure, no and yes. The card that is shown when an instrument is chosen needs no script.
	d.clickTo(button("unsure"), "Not sure whether it may be told")
	d.set("#f-instrument", "gb-tcn")
	d.clickTo(button("card"), "Not sure whether it may be told")
	if text := d.text(); !strings.Contains(text, "Investigatory Powers Act 2016") {
		t.Errorf("the card: %s", text)
	}
	d.clickTo(button("stop"), "Stopped. Nothing was kept.")
	d.clickTo(button("start"), question)
	d.clickTo(button("no"), toFill)
	d.fill("#f-country", "XB")
	d.fill("#f-received", "2026-04-01")
	d.set("#f-assist", "keys")
	d.set("#f-instrument", "gb-tcn")
	if !atPage[bool](d, `document.querySelector(".card-gb-tcn").checkVisibility()`) {
		t.Error("the card of the instrument is not shown")
	}
	d.clickTo(button("draft"), "Kept for the next slot. Nothing was sent.")
	if _, lines := m.wire.sent(); len(lines) > 0 {
		t.Errorf("the log was asked: %q", lines)
	}
	d.clickTo(button("start"), question)
	d.clickTo(button("yes"), toFill)
	d.fill("#f-country", "XB")
	d.fill("#f-received", "2026-04-01")
	for sel, code := range map[string]string{"#f-assist": "keys", "#f-authority": "intelligence", "#f-instrument": "informal", "#f-compulsion": "voluntary", "#f-gag": "none", "#f-outcome": "refused", "#f-grounds": "pledge"} {
		d.set(sel, code)
	}
	d.fill("#f-date", "2026-04-02")
	d.clickTo(button("draft"), toReview) // from here on it goes as with all others below
	d.clickTo(button("change"), toFill)
	d.clickTo(button("start"), question)

	// What is due, and a decision on an earlier request.
	d.unfold(button("due"))
	d.clickTo(button("due"), question)
	d.look("due")
	if text := d.text(); !strings.Contains(text, "Attestation for 2026-Q1") || !strings.Contains(text, "Decision on the request in entry") || !strings.Contains(text, "Reply to the challenge in entry") {
		t.Fatalf("due: %s", text)
	} else if !strings.Contains(text, "No slot for 11 of 11 slot periods, the first of them 2026-W03; stays displayed.") || !strings.Contains(text, "see that the timer of pledge slot runs") {
		t.Errorf("slots: %s", text)
	}
	asked := fmt.Sprintf("form:has(input[name=about][value=%q]) button[value=on-decision]", plain)
	d.clickTo(asked, "Your answer to an earlier request")
	d.clickTo(button("draft"), "Your answer to an earlier request")
	d.glance("decision-errors")
	if text := d.text(); !strings.Contains(text, "Answer: fill this in") || !strings.Contains(text, "Day of the answer: fill this in") {
		t.Errorf("what is missing: %s", text)
	}
	d.set("#f-outcome", "refused")
	d.fill("#f-date", "2026-01-06")
	d.set("#f-grounds", "pledge")
	d.finish(1)
	if st, _ := m.newest(entry.KindDecision); st.Body.(*entry.Decision).Request != plain || st.Body.(*entry.Decision).Outcome != "refused" {
		t.Errorf("the decision: %+v", st.Body)
	}
	// An attestation: the log counts, and what was received is asked.
	d.unfold(button("due"))
	d.clickTo(button("on-attestation"), "Attestation")
	if text := d.text(); !strings.Contains(text, "2 requests of yours.") || !strings.Contains(text, "We supply no backdoor.") {
		t.Errorf("what the log holds: %s", text)
	}
	d.clickTo(button("draft"), "Attestation")
	d.look("attestation-errors")
	if text := d.text(); !strings.Contains(text, "Requests received: fill this in") || !strings.Contains(text, "That number covers: fill this in") || !strings.Contains(text, "There are 2 things to mend") {
		t.Errorf("what is missing: %s", text)
	}
	d.fill("#f-total", "three")
	d.choose("covers", "all")
	d.clickTo(button("draft"), "Attestation")
	if text := d.text(); !strings.Contains(text, "Requests received: it is neither a whole number, nor a band, nor cannot-say") {
		t.Errorf("what is wrong: %s", text)
	}
	atPage[string](d, `document.querySelector("#f-total").value = ""`)
	d.fill("#f-total", "0-249")
	d.unfold("#f-totals-refused")
	d.fill("#f-totals-refused", "1")
	d.finish(1)
	st, _ := m.newest(entry.KindAttestation)
	if b := st.Body.(*entry.Attestation); b.Period.String() != "2026-Q1" || b.Covers != "all" || b.Received.Total != entry.Between(0, 249) || b.Received.Outcomes["refused"] != entry.Exactly(1) || b.Logged.Total != 2 || b.Logged.Outcomes["pending"] != 2 /* at the end of the period */ || len(b.Clauses) != 1 {
		t.Errorf("the attestation: %+v", b)
	}

	// A reply to a challenge.
	d.unfold(button("due"))
	d.clickTo(button("on-reply"), "Your reply")
	d.look("reply")
	if text := d.text(); !strings.Contains(text, "Made by watch.") {
		t.Errorf("whose it is: %s", text)
	}
	d.choose("answer", "disputed")
	d.fill("#f-said", "The letter was not addressed to us.")
	d.finish(1)
	if st, body := m.newest(entry.KindReply); st.Body.(*entry.Reply).Answer != "disputed" || st.Body.(*entry.Reply).Challenge.IsZero() || !strings.Contains(body, "The letter was not addressed to us.") {
		t.Errorf("the reply: %+v, %s", st.Body, body)
	}

	// One to a finding.
	d.unfold(button("on-withdraw"))
	d.clickTo("main form:has(button[value=on-withdraw]) button[value=on-reply]", "Your reply")
	d.choose("answer", "accepted")
	d.clickTo(button("draft"), "Your reply")
	if text := d.text(); !strings.Contains(text, "Finding: fill this in") {
		t.Errorf("what is missing: %s", text)
	}
	d.fill("#f-finding", "contradicted")
	d.fill("#f-period", "2026-Q1")
	d.fill("#f-said", "We forgot one.")
	d.clickTo(button("draft"), toReview)
	d.click("details.technical > summary")
	if text := d.text(); !strings.Contains(text, "contradicted") || !strings.Contains(text, "2026-Q1") {
		t.Errorf("the reply to a finding: %s", text)
	}
	d.clickTo(button("change"), "Your reply")
	d.clickTo(button("start"), question)

	// Out of the slot, with an answer.
	d.unfold(button("on-request"))
	d.clickTo(button("on-request"), "A request that was kept for a slot")
	d.look("from-slot")
	if text := d.text(); !strings.Contains(text, "XD") {
		t.Errorf("what is kept: %s", text)
	}
	d.set("#f-outcome", "refused")
	d.fill("#f-date", "2026-01-09")
	d.set("#f-grounds", "pledge")
	d.finish(2)
	request, _ := m.newest(entry.KindRequest)
	answer, _ := m.newest(entry.KindDecision)
	if request.Body.(*entry.Request).Slot != m.slots()[0].ID || answer.Body.(*entry.Decision).Request != request.ID {
		t.Errorf("out of the slot: %+v, %+v", request.Body, answer.Body)
	}

	// A correction, of the earlier decision by the newer one, and what is left out.
	d.clickTo(button("due"), question)
	d.unfold(button("on-correct"))
	d.noScript(false)
	d.axe("stated")
	d.shoot("stated")
	d.noScript(true)
	row := func(kind string, id entry.ID) string {
		return fmt.Sprintf("form:has(input[name=about][value=%q]) button[value=on-%s]", id, kind)
	}
	d.clickTo(row("correct", plain), "Correct what you stated")
	d.look("correct")
	d.choose("how", "superseded")
	d.clickTo(button("draft"), "Correct what you stated")
	if text := d.text(); !strings.Contains(text, "What stands in its place, if something does: fill this in") {
		t.Errorf("what is missing: %s", text)
	}
	d.choose("how", "void")
	d.fill("#f-said", "It was a duplicate.")
	d.finish(1)
	if st, _ := m.newest(entry.KindCorrect); st.Body.(*entry.Correct).Entry != plain || st.Body.(*entry.Correct).How != entry.CorrectVoid {
		t.Errorf("the correction: %+v", st.Body)
	}

	// What was withheld: another day first, then it is opened.
	heard, _ := m.wire.sent()
	if strings.Contains(string(heard), `"XC"`) {
		t.Fatal("the log was told what is withheld")
	}
	open := func() {
		d.clickTo(button("due"), question)
		d.clickTo(row("open", withheld), "Open what was kept back")
	}
	open()
	d.look("open")
	d.clickTo(button("draft"), "Open what was kept back")
	if text := d.text(); !strings.Contains(text, "Why now: fill this in") || !strings.Contains(text, "What becomes of it: fill this in") {
		t.Errorf("what is missing: %s", text)
	}
	d.set("#f-openWhy", "still-forbidden")
	d.choose("opens", "later")
	d.fill("#f-review", "2026-06-30")
	d.clickTo(button("draft"), toReview)
	d.click("details.technical > summary")
	if text := d.text(); !strings.Contains(text, "2026-06-30") || !strings.Contains(text, "still-forbidden") || strings.Contains(text, "digests") {
		t.Errorf("another day: %s", text)
	}
	d.clickTo(button("change"), "Open what was kept back")
	d.set("#f-openWhy", "order-lifted")
	d.choose("opens", "open")
	d.clickTo(button("draft"), toReview)
	if heard, _ := m.wire.sent(); strings.Contains(string(heard), `"XC"`) {
		t.Fatal("the log was told before it was submitted")
	}
	d.clickTo(button("change"), "Open what was kept back")
	d.finish(1)
	if st, _ := m.newest(entry.KindOpen); st.Body.(*entry.Open).Entry != withheld || len(st.Body.(*entry.Open).Digests) != 1 {
		t.Errorf("the opening: %+v", st.Body)
	}

	// The last thing.
	d.unfold(button("on-withdraw"))
	d.clickTo(button("on-withdraw"), "Withdraw from the accord")
	d.glance("withdraw")
	d.clickTo(button("draft"), toReview)
	if text := d.text(); !strings.Contains(text, "A withdrawal can’t be undone.") {
		t.Errorf("what can't be undone: %s", text)
	}
	d.clickTo(button("change"), "Withdraw from the accord")
	d.clickTo(button("draft"), toReview)
	d.clickTo(button("sign"), "Signed by all. Ready to submit.")
	// The log can't be reached: a page that goes on, and can be left.
	m.wire.change(func(_ int, r *http.Request) breakage {
		if submits(r) {
			return neverSent
		}
		return whole
	}, nil)
	d.do(chromedp.Click(chromedp.CSS(button("submit"))))
	d.do(chromedp.WaitVisible(chromedp.CSS("ul.events li:nth-child(2)")))
	d.look("sending")
	d.do(chromedp.Click(chromedp.CSS(button("leave"))))
	d.at("Signed by all. Ready to submit.")
	d.glance("not-known")
	m.wire.change(nil, nil)
	if _, err := chromedp.RunResponse(d.ctx, chromedp.Click(chromedp.CSS(button("submit")))); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); m.logged(entry.KindWithdraw) == 0 && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
	m.newest(entry.KindWithdraw)
	d.quiet()
}

// challenger admits one, who challenges acme.
func (m *member) challenger() {
	m.t.Helper()
	m.must("keygen", "--out", "watch1", "--unencrypted")
	m.file("admit.yaml", "id: watch\nname: Watch\nrole: challenger\ncountry: XC\nwebsite: https://watch.example/\nthreshold: 1\nkeys: [watch1.pub]\n")
	m.draft("admit", "")
	m.log("secretariat-admit-3", "sec1", "watch1")
	m.file("challenge.yaml", "author: watch\nagainst: acme\nnarrative: {en: We hold a letter of which the log has nothing.}\n")
	m.clock("2026-03-25T09:00:00Z")
	m.draft("challenge", "")
	m.log("watch-challenge-1", "watch1")
}
