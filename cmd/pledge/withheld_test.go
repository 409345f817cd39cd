package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A canary is a text that may be in some places and nowhere else.
type canary struct {
	what, text string
	in         []string // files that may hold it
}

// look says where a canary is and may not be: in any file, in what was printed, in
// what was sent.
func (m *member) look(canaries []canary, sent []byte) {
	m.t.Helper()
	for _, c := range canaries {
		if holds(m.said.Bytes(), c.text) {
			m.t.Errorf("%s was printed", c.what)
		}
		if holds(sent, c.text) {
			m.t.Errorf("%s was sent", c.what)
		}
	}
	err := filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(m.dir, path)
		if err != nil {
			return err
		}
		for _, c := range canaries {
			if holds(b, c.text) && !slices.Contains(c.in, filepath.ToSlash(name)) {
				m.t.Errorf("%s is in %s", c.what, name)
			}
			if holds(b, c.text) && !strings.HasSuffix(name, ".yaml") {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
					m.t.Errorf("%s, in which %s is, has mode %04o (%v)", name, c.what, info.Mode().Perm(), err)
				}
			}
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	if got := files(m.t, filepath.Join(m.dir, "temp")); len(got) > 0 {
		m.t.Errorf("temporary files were left: %q", got)
	}
}

// saltsIn returns the salt of a draft's body and those of what opens its seals.
func (m *member) saltsIn(name string) (body string, seals []string) {
	t := m.t
	t.Helper()
	a := newApp(strings.NewReader(""), io.Discard, io.Discard)
	a.safes.key, a.safes.passphrase = "acme.safe", "phrase"
	sub, opened, err := a.readWhole(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var head struct {
		Salt string `json:"salt"`
	}
	if err := json.Unmarshal(sub.Body, &head); err != nil {
		t.Fatal(err)
	}
	for _, d := range opened {
		seals = append(seals, d.Salt)
	}
	return head.Salt, seals
}

// From the first draft to the day before it is opened a withheld text is in the YAML that
// somebody wrote, and so is what is sealed: not in what is printed, sent, or left anywhere
// in plain text. What is opened then is what was committed to.
func TestNothingWithheldIsLeftBehind(t *testing.T) {
	m := newMember(t)
	m.clock("2026-02-02T09:00:00Z")
	m.file("withheld.yaml", `author: acme
received: 2026-01-13
country: XQ
assist: [update-channel]
agency: Kestrelmark Bureau
narrative:
  en: It was asked for, from Kestrelmark.
withhold: {review: 2026-06-30}
seal:
  agency: {reason: personal-data, review: 2026-12-31}
`)
	withheld := m.draft("request", "withheld.yaml")
	m.file("sealed.yaml", `author: acme
received: 2026-01
country: XQ
assist: [update-channel]
statute: The Saltmarrow Act
narrative:
  en: Somebody asked.
seal:
  statute: {reason: secrecy-law, law: withheld, review: 2026-12-31}
  assist: {reason: weakness-open, review: 2026-12-31}
`)
	bodySalt, seals := m.saltsIn("acme-request-2.json")
	canaries := []canary{
		{"the withheld text", "Kestrelmark", []string{"withheld.yaml"}},
		{"the salt of the withheld text", bodySalt, nil},
		{"the salt of a seal", seals[0], nil},
		{"the sealed statute", "Saltmarrow", []string{"sealed.yaml"}},
	}
	m.must(unlock("preview", "acme-request-2.json", "--html", "page.html", "--policy", "policy.txt")...) // it is among the files that are searched
	m.log("acme-request-2", "acme1")
	sealed := m.draft("request", "sealed.yaml")
	_, seals = m.saltsIn("acme-request-3.json")
	for _, s := range seals {
		canaries = append(canaries, canary{"the salt of a seal", s, nil})
	}
	m.log("acme-request-3", "acme1")
	// A decision whose outcome is withheld too.
	m.file("decision.yaml", `author: acme
request: acme-request-3.json
outcome: partly-complied
date: 2026-02-01
court: The court of Tallowgate
withhold: {review: 2026-06-30}
`)
	m.draft("decision", "")
	decision := m.log("acme-decision-4", "acme1")
	canaries = append(canaries,
		canary{"the withheld court", "Tallowgate", []string{"decision.yaml"}},
		canary{"the withheld outcome", "partly-complied", []string{"decision.yaml"}})
	m.must("receipt", "show", "acme-request-2.tlog-proof", "--policy", "policy.txt")
	sent, _ := m.wire.sent()
	m.look(canaries, sent)

	// A later review: still nothing leaves.
	m.clock("2026-06-01T09:00:00Z")
	if code, _, stderr := m.run(unlock("open", "acme-request-2.json", "--why", "still-forbidden", "--review", "2028-06-30", "--policy", "policy.txt", "--simulated-clock", "clock")...); code != commandline.ExitRefused || !strings.Contains(stderr, "within 365 days") {
		t.Errorf("a review too late: exit %d\n%s", code, stderr)
	}
	m.must(unlock("open", "acme-request-2.json", "--why", "still-forbidden", "--review", "2026-12-31", "--policy", "policy.txt", "--simulated-clock", "clock")...)
	m.log("acme-open-5", "acme1")
	sent, _ = m.wire.sent()
	m.look(canaries, sent)

	// The drafts of the openings have the texts in their safes; nothing is sent before they
	// are submitted. Two at once follow each other.
	m.must(unlock("open", "acme-request-2.json", "acme-decision-4.json", "--why", "order-lifted", "--policy", "policy.txt", "--simulated-clock", "clock")...)
	sent, _ = m.wire.sent()
	m.look(canaries, sent)
	code, stdout, _ := m.run(unlock("sign", "acme-open-6.json", "--key", "acme1", "--yes")...)
	if code != commandline.ExitDone || !strings.Contains(stdout, "it opens, and when it is submitted this is published") || strings.Contains(stdout, "Kestrelmark") {
		t.Errorf("sign: exit %d\n%s", code, stdout)
	}
	code, stdout, _ = m.run(unlock("sign", "acme-open-6.json", "--key", "acme1", "--yes", "--show-withheld")...)
	if code != commandline.ExitDone || !strings.Contains(stdout, "It was asked for, from Kestrelmark.") {
		t.Errorf("sign, shown: exit %d\n%s", code, stdout)
	}
	m.must(unlock("submit", "acme-open-6.json", "--policy", "policy.txt")...)
	m.log("acme-open-7", "acme1")
	sent, _ = m.wire.sent()
	if !holds(sent, "It was asked for, from Kestrelmark") || !holds(sent, "Tallowgate") {
		t.Error("what was opened was not sent")
	}
	if holds(sent, "Kestrelmark Bureau") || holds(sent, seals[0]) {
		t.Error("what stays sealed was sent")
	}

	// What is served is what was committed to.
	m.served(withheld, "It was asked for, from Kestrelmark.")
	m.served(decision, "Tallowgate")
	m.served(sealed, "Somebody asked.")

	// Seals, by name.
	if code, _, stderr := m.run(unlock("open", "acme-request-3.json", "--why", "permission", "--policy", "policy.txt", "--simulated-clock", "clock")...); code != commandline.ExitUsage || !strings.Contains(stderr, "hint: name what to open: --field assist, --field statute") {
		t.Errorf("no field: exit %d\n%s", code, stderr)
	}
	m.must(unlock("open", "acme-request-3.json", "--why", "permission", "--field", "statute", "--policy", "policy.txt", "--simulated-clock", "clock")...)
	m.log("acme-open-8", "acme1")
	m.must(unlock("open", "acme-request-2.json", "--why", "permission", "--field", "agency", "--policy", "policy.txt", "--simulated-clock", "clock")...)
	m.log("acme-open-9", "acme1")
	sent, _ = m.wire.sent()
	if !holds(sent, "Saltmarrow") || !holds(sent, "Kestrelmark Bureau") {
		t.Error("what was opened was not sent")
	}
	for _, again := range [][]string{{"acme-request-2.json"}, {"acme-request-2.json", "--field", "agency"}, {"acme-request-3.json", "--field", "statute"}, {"acme-request-2.json", "--review", "2027-01-31"}} {
		args := append([]string{"open"}, append(again, "--why", "permission", "--policy", "policy.txt", "--simulated-clock", "clock", "--out", "again.json")...)
		if code, _, stderr := m.run(unlock(args...)...); code == commandline.ExitDone || exists("again.json") {
			t.Errorf("%q once more: exit %d\n%s", again, code, stderr)
		}
	}
}

// served wants the log to serve a text for a statement.
func (m *member) served(id entry.ID, want string) {
	m.t.Helper()
	for name := range strings.SplitSeq(m.tree(), "\n") {
		if !strings.HasPrefix(name, "bodies/") {
			continue
		}
		if b := mustRead(m.t, filepath.Join(m.server.Dir, name)); bytes.Contains(b, []byte(want)) {
			if name != "bodies/"+entry.Digest(b) {
				m.t.Errorf("%s is not named by its digest", name)
			}
			return
		}
	}
	m.t.Errorf("no text with %q is served, of entry %s", want, id)
}

// tree lists the files of the log's directory.
func (m *member) tree() string {
	m.t.Helper()
	var names []string
	err := filepath.WalkDir(m.server.Dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(m.server.Dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// Losing what opens a seal, or having another's, is said when the draft is signed or
// opened.
func TestDisclosuresThatAreNotTheDrafts(t *testing.T) {
	m := newMember(t)
	m.file("request.yaml", "author: acme\nreceived: 2025-12\nperiod: withheld\ncountry: XQ\nassist: [keys]\nagency: An agency\nseal:\n  agency: {reason: safety, review: 2027-01-01}\n")
	m.draft("request", "", "--unencrypted")
	m.draft("request", "", "--out", "another.json", "--unencrypted")
	mine := mustRead(t, "acme-request-2.sealed.json")
	sign := []string{"sign", "acme-request-2.json", "--key", "acme1", "--yes"}
	for name, file := range map[string][]byte{"another's": mustRead(t, "another.sealed.json"), "cut off": mine[:len(mine)/2], "of nothing": bytes.Replace(mine, mine[bytes.Index(mine, []byte(":[")):], []byte(":[]}\n"), 1)} {
		write(t, "acme-request-2.sealed.json", file)
		if code, _, stderr := m.run(sign...); code != commandline.ExitRefused || !strings.Contains(stderr, "read disclosures acme-request-2.sealed.json") {
			t.Errorf("%s: exit %d\n%s", name, code, stderr)
		}
	}
	if err := os.Remove("acme-request-2.sealed.json"); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := m.run(sign...); code != commandline.ExitDone || !strings.Contains(stdout, "not at hand") {
		t.Errorf("without it: exit %d\n%s%s", code, stdout, stderr)
	}
	m.must("submit", "acme-request-2.json", "--policy", "policy.txt")
	open := []string{"open", "acme-request-2.json", "--why", "permission", "--field", "agency", "--policy", "policy.txt", "--simulated-clock", "clock"}
	if code, _, stderr := m.run(open...); code != commandline.ExitRefused || !strings.Contains(stderr, "what opens agency is not at hand") {
		t.Errorf("open without it: exit %d\n%s", code, stderr)
	}
	write(t, "acme-request-2.sealed.json", mine)
	m.must(open...)
}
