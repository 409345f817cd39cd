package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A formDesk is a real `pledge desk` whose forms are filled in without a browser.
type formDesk struct {
	*atDesk
	base string // with the session
}

// sits starts the desk of acme and opens it.
func (m *member) sits() *formDesk {
	m.t.Helper()
	d := &formDesk{atDesk: m.solo()}
	a, err := http.Get(d.address)
	if err != nil {
		m.t.Fatal(err)
	}
	a.Body.Close()
	d.base = a.Request.URL.String()
	return d
}

// page is the page that is shown, once it is whole.
func (d *formDesk) page() string {
	d.t.Helper()
	a, err := http.Get(d.base)
	if err != nil {
		d.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

var stepOf = regexp.MustCompile(`name="step" value="(\d+)"`)

// try sends a form, the step being that of the page that is shown.
func (d *formDesk) try(page, do string, fields ...string) error {
	step := stepOf.FindStringSubmatch(page)
	if step == nil {
		return fmt.Errorf("the page has no form: %s", page)
	}
	form := url.Values{"step": {step[1]}, "do": {do}}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	stay := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := stay.PostForm(d.base, form)
	if err != nil {
		return err
	}
	a.Body.Close()
	if a.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("%s: %s", do, a.Status)
	}
	return nil
}

// act sends a form and returns the page that it leads to, which has to say something.
func (d *formDesk) act(want, do string, fields ...string) string {
	d.t.Helper()
	if err := d.try(d.page(), do, fields...); err != nil {
		d.t.Fatal(err)
	}
	page := d.page()
	if !strings.Contains(page, want) {
		_, main, _ := strings.Cut(page, "<main")
		d.t.Fatalf("%s: the page does not say %q:\n%.1500s", do, want, main)
	}
	return page
}

// until reads the page that follows a submission until it says something, and returns
// what was read.
func (d *formDesk) until(want string) string {
	d.t.Helper()
	a, err := http.Get(d.base)
	if err != nil {
		d.t.Fatal(err)
	}
	defer a.Body.Close()
	var all strings.Builder
	for lines := bufio.NewScanner(a.Body); lines.Scan(); {
		fmt.Fprintln(&all, lines.Text())
		if strings.Contains(lines.Text(), want) {
			return all.String()
		}
	}
	d.t.Fatalf("it does not say %q:\n%s", want, all.String())
	return ""
}

// refusal is what a plain refusal fills in.
var refusal = []string{"country", "XB", "received", "2026-01", "assist", "keys", "authority", "intelligence", "instrument", "informal", "compulsion", "voluntary", "gag", "none", "outcome", "refused", "date", "2026-01-05", "grounds", "pledge"}

// files drafts by the form that is shown, signs and submits, and goes back to the start.
func (d *formDesk) files(draft ...string) {
	d.t.Helper()
	d.act(toReview, "draft", draft...)
	d.act("Signed by all", "sign")
	if err := d.try(d.page(), "submit"); err != nil {
		d.t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); !strings.Contains(d.page(), "The receipt is verified"); {
		if time.Now().After(until) {
			d.t.Fatalf("it is not logged:\n%s", d.page())
		}
	}
	d.act(question, "start")
}

// logged counts what the log has of a kind.
func (m *member) logged(kind entry.Kind) int {
	m.t.Helper()
	api, err := client.New(m.server.URL, client.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	page, err := api.Entries(m.t.Context(), client.Query{Author: "acme", Kind: kind, Limit: 100})
	if err != nil {
		m.t.Fatal(err)
	}
	return len(page.Entries)
}

// change sets what the wire does.
func (w *wire) change(cut func(int, *http.Request) breakage, instead func(http.ResponseWriter, *http.Request, http.Handler) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.instead = cut, instead
}

func submits(r *http.Request) bool { return r.Method == http.MethodPost }

// TestDeskInTrouble: a log that can't be reached, or wants to be waited for. The page says what
// happens; it goes on by itself, or when the person wants; nothing is logged twice.
func TestDeskInTrouble(t *testing.T) {
	m := newMember(t)
	d := m.sits()
	answer := func(status int) func(http.ResponseWriter, *http.Request, http.Handler) bool {
		var once atomic.Bool
		return func(rw http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if !submits(r) || once.Swap(true) {
				return false
			}
			rw.Header().Set("Retry-After", "1")
			rw.Header().Set("Content-Type", client.ProblemType)
			rw.WriteHeader(status)
			fmt.Fprintf(rw, `{"type":"about:blank","title":"wait","status":%d,"code":"busy"}`, status)
			return true
		}
	}
	// The server has it, and says that the receipt is not there yet.
	pending := func() func(http.ResponseWriter, *http.Request, http.Handler) bool {
		var once atomic.Bool
		line := regexp.MustCompile(`"status":201,.*?"index":(\d+),"id":"([0-9a-f]{64})".*`)
		return func(rw http.ResponseWriter, r *http.Request, pass http.Handler) bool {
			if !submits(r) || once.Swap(true) {
				return false
			}
			got := httptest.NewRecorder()
			pass.ServeHTTP(got, r)
			for k, v := range got.Header() {
				rw.Header()[k] = v
			}
			rw.Header().Del("Content-Length")
			body := got.Body.String()
			if !line.MatchString(body) {
				t.Errorf("the answer has another form: %s", body)
			}
			io.WriteString(rw, line.ReplaceAllString(body, `"status":202,"index":$1,"id":"$2","proof":"/api/v1/entries/$2/proof"}`))
			return true
		}
	}
	lost := func(how breakage) func(int, *http.Request) breakage {
		var once atomic.Bool
		return func(_ int, r *http.Request) breakage {
			if !submits(r) || once.Swap(true) {
				return whole
			}
			return how
		}
	}
	filed := 0
	for _, c := range []struct {
		name, says string
		cut        func(int, *http.Request) breakage
		instead    func(http.ResponseWriter, *http.Request, http.Handler) bool
	}{
		{"not reached", "can’t be reached", lost(neverSent), nil},
		{"no answer", "can’t be reached", lost(noAnswer), nil},
		{"429", "asks for a pause", nil, answer(429)},
		{"503", "The log is busy", nil, answer(503)},
		{"502", "a trouble of its own", nil, answer(502)},
		{"202", "has not published it yet", nil, pending()},
	} {
		d.act("The request, and your answer", "yes")
		d.act(toReview, "draft", refusal...)
		d.act("Signed by all", "sign")
		m.wire.change(c.cut, c.instead)
		if err := d.try(d.page(), "submit"); err != nil {
			t.Fatal(err)
		}
		said := d.until(c.says)
		if !strings.Contains(said, "Nothing is ever logged twice") || !strings.Contains(said, `value="leave"`) {
			t.Errorf("%s: it does not say what happens:\n%s", c.name, said)
		}
		for until := time.Now().Add(20 * time.Second); !strings.Contains(d.page(), "All 2 receipts are verified"); {
			if time.Now().After(until) {
				t.Fatalf("%s: it does not go on:\n%s", c.name, d.page())
			}
		}
		m.wire.change(nil, nil)
		filed++
		if r, n := m.logged(entry.KindRequest), m.logged(entry.KindDecision); r != filed || n != filed {
			t.Fatalf("%s: the log has %d requests and %d decisions, not %d", c.name, r, n, filed)
		}
		d.act(question, "start")
	}

	// Nobody waits for ever.
	d.act("The request, and your answer", "yes")
	d.act(toReview, "draft", refusal...)
	d.act("Signed by all", "sign")
	m.wire.change(func(_ int, r *http.Request) breakage {
		if submits(r) {
			return noAnswer // the log has it, and nobody here knows
		}
		return whole
	}, nil)
	page := d.page()
	if err := d.try(page, "submit"); err != nil {
		t.Fatal(err)
	}
	said := d.until("can’t be reached")
	if err := d.try(said, "leave"); err != nil {
		t.Fatal(err)
	}
	if page := d.page(); !strings.Contains(page, "It is not known yet whether the log has it.") || !strings.Contains(page, `value="submit"`) {
		t.Fatalf("after it was left: %s", page)
	}
	m.wire.change(nil, nil)
	if err := d.try(d.page(), "submit"); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); !strings.Contains(d.page(), "All 2 receipts are verified"); {
		if time.Now().After(until) {
			t.Fatalf("again: %s", d.page())
		}
	}
	if r, n := m.logged(entry.KindRequest), m.logged(entry.KindDecision); r != filed+1 || n != filed+1 {
		t.Errorf("the log has %d requests and %d decisions, not %d", r, n, filed+1)
	}

	// A question that is not answered is no loss either.
	m.wire.change(func(int, *http.Request) breakage { return neverSent }, nil)
	d.act(question, "start")
	d.act("Nothing is lost: try it again later.", "due")
	m.wire.change(nil, nil)
	d.act("What is due", "due")

	// What is sealed is opened by the field, and an answer may be withheld whole.
	d.act("The request, and your answer", "yes")
	d.files("country", "XB", "received", "2026-01", "assist", "keys", "instrument", "informal", "agency", "The Grey Office", "keep", "some", "seal", "agency", "seal", "instrument", "sealReason", "secrecy-order", "review", "2026-06-30")
	request, body := m.newest(entry.KindRequest)
	if strings.Contains(body, "Grey") || strings.Contains(body, "informal") || !strings.Contains(body, "XB") {
		t.Fatalf("the text: %s", body)
	}
	page = d.act("Open what was kept back", "on-open", "about", request.ID.String())
	if !strings.Contains(page, `name="opened" value="agency"`) || !strings.Contains(page, `name="opened" value="instrument"`) || strings.Contains(page, `name="opens"`) {
		t.Errorf("what can be opened: %s", page)
	}
	d.act("Sealed fields to open: fill this in", "draft", "openWhy", "order-lifted")
	d.files("openWhy", "order-lifted", "opened", "agency")
	if st, _ := m.newest(entry.KindOpen); st.Body.(*entry.Open).Entry != request.ID || len(st.Body.(*entry.Open).Digests) != 1 {
		t.Errorf("the opening: %+v", st.Body)
	}
	page = d.act("Open what was kept back", "on-open", "about", request.ID.String())
	if strings.Contains(page, `name="opened" value="agency"`) || !strings.Contains(page, `name="opened" value="instrument"`) {
		t.Errorf("what can be opened still: %s", page)
	}
	d.act(question, "start")
	d.act("Your answer to an earlier request", "on-decision", "about", request.ID.String())
	d.files("outcome", "refused", "date", "2026-01-05", "grounds", "pledge", "keep", "all", "review", "2026-06-30")
	if st, body := m.newest(entry.KindDecision); st.Body.(*entry.Decision).Request != request.ID || st.Body.(*entry.Decision).Outcome != "" || st.Review != "2026-06-30" || body != "" {
		t.Errorf("the withheld answer: %+v, %s", st, body)
	}
	// Only what a form of the desk asks for is drafted.
	d.act("The desk does not know what that was.", "on-admit", "about", "acme")
	forbidden(m, d)
	reviewsEachKind(m, d)
}

// TestDeskKilled kills the desk at each step. What a page acknowledged is there at the next
// start, and can be gone on with.
func TestDeskKilled(t *testing.T) {
	m := newMember(t)
	home := filepath.Join(m.dir, "home")
	waits := func(d *formDesk) bool { return strings.Contains(d.page(), `name="file" value="acme-request-2.json"`) }
	both := func(do string, more ...string) []string {
		return append([]string{"file", "acme-request-2.json", "file", "acme-decision-3.json"}, more...)
	}

	// The form was sent: nothing was promised, and nothing is there.
	d := m.sits()
	d.act("The request, and your answer", "yes")
	d.act(toReview, "draft", refusal...)
	d.kill()
	if left := filesIn(t, home); left != nil {
		t.Fatalf("after the form: %v", left)
	}

	// The drafts were written.
	d = m.sits()
	if waits(d) {
		t.Fatal("something waits that was not written")
	}
	d.act("The request, and your answer", "yes")
	d.act(toReview, "draft", refusal...)
	d.act("Nobody signed it yet.", "write")
	d.kill()
	d = m.sits()
	if !waits(d) {
		t.Fatalf("the drafts are gone: %v", filesIn(t, home))
	}

	// They were signed.
	d.act(toReview, "review", both("review")...)
	d.act("Signed by all", "sign")
	d.kill()
	d = m.sits()
	if page := d.page(); !strings.Contains(page, "Signed by all. Ready to submit.") {
		t.Fatalf("the signatures are gone: %s", page)
	}

	// They were sent: the log has them, and the answer did not come.
	heard := make(chan struct{}, 16)
	m.wire.change(func(_ int, r *http.Request) breakage {
		if !submits(r) {
			return whole
		}
		heard <- struct{}{}
		return noAnswer
	}, nil)
	d.act("Signed by all", "review", both("review")...)
	if err := d.try(d.page(), "submit"); err != nil {
		t.Fatal(err)
	}
	<-heard
	<-heard // the first is in the log
	d.kill()
	m.wire.change(nil, nil)
	d = m.sits()
	d.act("Signed by all", "review", both("review")...)
	if err := d.try(d.page(), "submit"); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); !strings.Contains(d.page(), "All 2 receipts are verified"); {
		if time.Now().After(until) {
			t.Fatalf("it can't be gone on with: %s", d.page())
		}
	}

	// The receipts were shown.
	d.kill()
	for _, name := range []string{"acme-request-2", "acme-decision-3"} {
		m.must("receipt", "show", filepath.Join(home, name+receiptExt), "--policy", "policy.txt")
	}
	d = m.sits()
	if waits(d) {
		t.Error("what is logged waits still")
	}
	if r, n := m.logged(entry.KindRequest), m.logged(entry.KindDecision); r != 1 || n != 1 {
		t.Errorf("the log has %d requests and %d decisions", r, n)
	}

	// A second start at the same address says so at once.
	in := func(name string) string { return filepath.Join(m.dir, name) }
	listen := strings.Split(d.address, "/")[2]
	if code, _, stderr := m.run("desk", "--author", "acme", "--key", in("acme1"), "--policy", in("policy.txt"), "--no-browser", "--listen", listen); code != commandline.ExitUsage || !strings.Contains(stderr, listen+" is taken: a desk, or another program, is open there") {
		t.Errorf("a second start: exit %d, %s", code, stderr)
	}

	// So does one in the same folder, at whatever address. A desk that was killed keeps nobody out.
	taken := []string{"desk", "--author", "acme", "--key", in("acme1"), "--policy", in("policy.txt"), "--no-browser", "--dir", home}
	if code, _, stderr := m.run(taken...); code != commandline.ExitUsage || !strings.Contains(stderr, "--dir: another desk is open in "+home) {
		t.Errorf("a second desk in a folder: exit %d, %s", code, stderr)
	}

	// At any moment: what is there is whole, and what was acknowledged is there.
	for i := range 6 {
		d.act("The request, and your answer", "yes")
		d.act(toReview, "draft", refusal...)
		page := d.page()
		answered := make(chan error, 1)
		go func() { answered <- d.try(page, "sign") }()
		time.Sleep(time.Duration(i*i) * time.Millisecond)
		d.kill()
		acknowledged := <-answered == nil
		signed := 0
		for _, name := range filesIn(t, home) {
			if !slices.Contains([]string{"acme-request-4.json", "acme-decision-5.json"}, name) {
				continue
			}
			sub, err := readDraft(filepath.Join(home, name))
			if err != nil {
				t.Fatalf("killed after %d ms: %v", i*i, err)
			}
			signed += len(sub.Envelope.Signatures)
		}
		if acknowledged && signed != 2 {
			t.Errorf("killed after %d ms: it was acknowledged, and %d are signed", i*i, signed)
		}
		d = m.sits()
		for _, name := range []string{"acme-request-4.json", "acme-decision-5.json"} {
			path := filepath.Join(home, name)
			if exists(path) {
				d.page() // it lists them
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				os.Remove(path + ".seen")
			}
		}
	}
}
