package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// another starts the desk of another author, or of another key, in a folder of its own.
func (m *member) another(author, key string) *formDesk {
	m.t.Helper()
	home := filepath.Join(m.dir, "at-"+key)
	if err := os.Mkdir(home, 0o700); err != nil {
		m.t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(m.dir, name) }
	d := &formDesk{atDesk: startDesk(m.t, home, nil, "--author", author, "--key", in(key), "--policy", in("policy.txt"), "--simulated-clock", in("clock"))}
	a, err := http.Get(d.address)
	if err != nil {
		m.t.Fatal(err)
	}
	a.Body.Close()
	d.base = a.Request.URL.String()
	return d
}

// reviewsEachKind puts a statement of each kind that people sign into the folder of a desk: it is
// listed, shown whole, and signed. What another test reviews so is not here: requests and openings.
func reviewsEachKind(m *member, acme *formDesk) {
	t := m.t
	on, _ := m.newest(entry.KindRequest)
	m.challenger()
	m.clock("2026-04-02T09:00:00Z")
	m.must("keygen", "--out", "fresh", "--unencrypted")
	challenge, _ := m.newestOf("watch", entry.KindChallenge)
	m.file("decision.yaml", "author: acme\nrequest: "+on.ID.String()+"\noutcome: refused\ngrounds: [pledge]\ndate: 2026-01-05\n")
	m.file("amend.yaml", "from: 2026-06-01\ngraceDays: 40\n")
	m.file("rekey.yaml", "id: acme\nmode: rekey\nname: Acme Systems Ltd\nrole: signatory\ncountry: XB\nwebsite: https://acme.example/\nthreshold: 1\nkeys: [acme1.pub, fresh.pub]\n")
	m.file("why.txt", "We hold another letter.\n")
	asks := []string{"--policy", "policy.txt", "--simulated-clock", "clock"}
	secretariat, watch := m.another("secretariat", "sec1"), m.another("watch", "watch1")
	reviewed := []entry.Kind{entry.KindRequest, entry.KindOpen}
	for _, c := range []struct {
		at    *formDesk
		key   string
		kind  entry.Kind
		draft []string
	}{
		{acme, "acme1", entry.KindPledge, append([]string{"new", "pledge", "--from", "pledge.yaml"}, asks...)},
		{acme, "acme1", entry.KindKeys, append([]string{"rotate", "fresh.pub", "--threshold", "1", "--author", "acme"}, asks...)},
		{acme, "acme1", entry.KindDecision, append([]string{"new", "decision", "--from", "decision.yaml"}, asks...)},
		{acme, "acme1", entry.KindAttestation, append([]string{"attest", "--period", "2026-Q1", "--received", "1", "--covers", "all", "--author", "acme"}, asks...)},
		{acme, "acme1", entry.KindCorrect, append([]string{"correct", on.ID.String(), "--void", "--author", "acme"}, asks...)},
		{acme, "acme1", entry.KindReply, append([]string{"reply", challenge.ID.String(), "--answer", "disputed", "--author", "acme"}, asks...)},
		{acme, "acme1", entry.KindWithdraw, append([]string{"withdraw", "--author", "acme"}, asks...)},
		{acme, "acme1", entry.KindAdmit, append([]string{"new", "admit", "--from", "rekey.yaml"}, asks...)}, // the secretariat's, and signed by each key of acme
		{secretariat, "sec1", entry.KindCharter, []string{"new", "charter", "--from", "charter.yaml", "--simulated-clock", "clock"}},
		{secretariat, "sec1", entry.KindAdmit, append([]string{"new", "admit", "--from", "rekey.yaml"}, asks...)},
		{secretariat, "sec1", entry.KindAmend, append([]string{"amend", "--from", "amend.yaml"}, asks...)},
		{secretariat, "sec1", entry.KindStanding, append([]string{"standing", "acme", "--standing", "suspended", "--reason", "other"}, asks...)},
		{secretariat, "sec1", entry.KindSucceed, append([]string{"succeed", "acme", "watch"}, asks...)},
		{watch, "watch1", entry.KindChallenge, append([]string{"challenge", "acme", "--narrative", "why.txt", "--author", "watch"}, asks...)},
	} {
		name := "of-kind-" + string(c.kind) + ".json"
		path := filepath.Join(c.at.home, name)
		m.must(append(c.draft, "--out", path)...)
		c.at.act(question, "start")
		page := c.at.act(toReview, "review", "file", name)
		a, err := http.Get(c.at.base + "public/0")
		if err != nil {
			t.Fatal(err)
		}
		public, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || !strings.Contains(string(public), "<h1") || !strings.Contains(string(public), "</html>") {
			t.Errorf("%s: the public page: %v\n%s", c.kind, err, public)
		}
		if !strings.Contains(page, "<dt>kind</dt><dd>"+string(c.kind)+"</dd>") || !strings.Contains(page, "Missing: ") {
			t.Errorf("%s: what is shown: %s", c.kind, page)
		}
		c.at.act("You signed.", "sign", "confirm", "confirm-0-0", "confirm", "confirm-0-1")
		sub, err := readDraft(path)
		if err != nil || len(sub.Envelope.Signatures) != 1 || sub.Envelope.Signatures[0].KeyID != m.keyID(c.key) {
			t.Errorf("%s: who signed it: %v, %v", c.kind, sub.Envelope.Signatures, err)
		}
		reviewed = append(reviewed, c.kind)
	}
	for _, k := range entry.Kinds {
		people := k != entry.KindSlot && k != entry.KindErasure && k != entry.KindDirectory // these are made by a timer and by the operator
		if slices.Contains(reviewed, k) != people {
			t.Errorf("a %s was not reviewed", k)
		}
	}

	// What is none of its author's and not for its key is not taken.
	m.must("challenge", "acme", "--narrative", "why.txt", "--author", "watch", "--policy", "policy.txt", "--simulated-clock", "clock", "--out", filepath.Join(acme.home, "not-ours.json"))
	if page := acme.act(question, "start"); strings.Contains(page, "not-ours.json") {
		t.Errorf("what is another's is listed: %s", page)
	}
}

// keyID is the id of a key in the folder.
func (m *member) keyID(name string) entry.KeyID {
	m.t.Helper()
	key, err := readPublic(filepath.Join(m.dir, name+".pub"))
	if err != nil {
		m.t.Fatal(err)
	}
	p, err := key.Parse()
	if err != nil {
		m.t.Fatal(err)
	}
	return p.ID
}
