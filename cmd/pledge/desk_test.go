package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

// A filing is acme with two keys, both of which have to sign: counsel's and the CISO's, each
// in an agent on a machine of its own.
type company struct {
	*member
	agents map[string]string // the variable of each agent
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{agents: map[string]string{"counsel": agent(t, "counsel"), "ciso": agent(t, "ciso")}}
	// For the admission both keys are in one agent.
	both := agent(t, "unused")
	for _, who := range []string{"counsel", "ciso"} {
		addKey(t, both, c.agents[who])
	}
	t.Setenv("SSH_AUTH_SOCK", strings.TrimPrefix(both, "SSH_AUTH_SOCK="))
	c.member = newMemberOf(t, 2, "ssh-agent:counsel", "ssh-agent:ciso")
	os.Unsetenv("SSH_AUTH_SOCK")
	return c
}

// addKey adds the key of one agent to another: its file lies beside its socket.
func addKey(t *testing.T, to, from string) {
	t.Helper()
	out := command(t, []string{to}, "ssh-add", "-q", filepath.Join(filepath.Dir(strings.TrimPrefix(from, "SSH_AUTH_SOCK=")), "key"))
	if out != "" {
		t.Fatal(out)
	}
}

// sit starts the desk of a person, with a home of their own.
func (c *company) sit(who string, more ...string) *atDesk {
	c.t.Helper()
	home := filepath.Join(c.dir, who)
	if err := os.MkdirAll(home, 0o700); err != nil {
		c.t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(c.dir, name) }
	args := append([]string{"--safe", in("acme.safe.pub"), "--safe-key", in("acme.safe"), "--safe-passphrase-file", in("phrase"), "--key", "ssh-agent:" + who, "--policy", filepath.Join(c.dir, "policy.txt"), "--simulated-clock", filepath.Join(c.dir, "clock")}, more...)
	d := startDesk(c.t, home, []string{c.agents[who]}, args...)
	d.who = who
	return d
}

// fillRefusal fills in a plain refusal, with the keyboard where that is natural.
func (d *atDesk) fillRefusal() {
	d.t.Helper()
	d.next()
	d.press("XB")
	d.next()
	d.press("2026-01")
	d.next()
	d.press("Intell")
	d.next()
	d.press("Informal")
	d.next()
	d.press("Volun")
	d.next()
	d.press("None")
	d.next()
	d.press("Hand")
	d.click(`label[for=f-outcome]`)
	d.press("Refus")
	d.next()
	d.press("2026-01-05")
	d.next()
	d.press("The p")
}

const (
	question = "A request came. May anyone outside be told that it exists?"
	toFill   = "The request, and your answer"
	toReview = "Exactly what the public will see"
)

// TestDesk plays counsel and CISO on two machines, from the first click to verified receipts.
func TestDesk(t *testing.T) {
	c := newCompany(t)
	began := time.Now()
	counsel := c.sit("counsel")
	counsel.browse()
	counsel.at(question)
	counsel.words = 0 // it begins with the first click
	counsel.clickTo(button("yes"), toFill)
	counsel.fillRefusal()
	counsel.clickTo(button("draft"), toReview)
	counsel.clickTo(button("sign"), "It waits for another signature")
	counsel.quiet()

	ciso := c.sit("ciso")
	// By a way of their own, the files come to the CISO.
	for _, name := range []string{"acme-request-2.json", "acme-decision-3.json"} {
		b, err := os.ReadFile(filepath.Join(counsel.home, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(ciso.home, name), b)
	}
	ciso.browse()
	ciso.at(question)
	ciso.clickTo(button("review"), toReview)
	ciso.clickTo(button("sign"), "Signed by all. Ready to submit.")
	read := ciso.words
	ciso.clickTo(button("submit"), "Logged. All 2 receipts are verified.")
	ciso.words = read + len(strings.Fields("Logged. All 2 receipts are verified.")) // it ends with them
	ciso.quiet()
	took := time.Since(began)

	for _, d := range []*atDesk{counsel, ciso} {
		t.Log(d.sum())
	}
	if n := counsel.clicks + ciso.clicks; n >= 15 {
		t.Errorf("%d clicks", n)
	}
	total := counsel.seconds() + ciso.seconds()
	t.Logf("%.0f s at human speed, %.1f s of the machine", total, took.Seconds())
	if total >= 300 {
		t.Errorf("%.0f s at human speed", total)
	}
	if took > 60*time.Second {
		t.Errorf("the machine took %v", took)
	}

	// The log has both, by the word of another program.
	for name, kind := range map[string]entry.Kind{"acme-request-2": entry.KindRequest, "acme-decision-3": entry.KindDecision} {
		c.must("receipt", "show", filepath.Join(ciso.home, name+".tlog-proof"), "--policy", "policy.txt")
		api, err := client.New(c.server.URL, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		page, err := api.Entries(t.Context(), client.Query{Author: "acme", Kind: kind, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Entries) != 1 || page.Entries[0].Verdict != "accepted" {
			t.Errorf("%s: the log has %d: %+v", kind, len(page.Entries), page.Entries)
		}
	}
}
