package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

const plainRequest = "author: acme\nreceived: 2026-01\ncountry: XB\nassist: [keys]\nnarrative: {en: WORDS}\n"

// drafted drafts a request with some words into a file, and has keys sign it.
func (m *member) requested(words, out string, keys ...string) entry.ID {
	m.t.Helper()
	m.file(out+".yaml", strings.Replace(plainRequest, "WORDS", words, 1))
	id := m.draft("request", out+".yaml", "--out", out+".json")
	m.signed(out, keys...)
	return id
}

func (m *member) signed(name string, keys ...string) {
	m.t.Helper()
	for _, k := range keys {
		m.must(unlock("sign", name+".json", "--key", k, "--yes")...)
	}
}

// submit submits files, for the clock of the log.
func (m *member) submit(names ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	args := []string{"submit", "--policy", "policy.txt", "--simulated-clock", "clock"}
	for _, n := range names {
		args = append(args, n+".json")
	}
	return m.run(args...)
}

// submits is submit with what has to come of it.
func (m *member) submits(want int, names ...string) (stdout, stderr string) {
	m.t.Helper()
	code, stdout, stderr := m.submit(names...)
	if code != want {
		m.t.Fatalf("submit %q: exit %d, not %d\n%s%s", names, code, want, stdout, stderr)
	}
	return stdout, stderr
}

// read reads a draft.
func (m *member) read(name string) *entry.Submission {
	m.t.Helper()
	sub, err := entry.ParseDraft(mustRead(m.t, filepath.Join(m.dir, name+".json")))
	if err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
	return sub
}

// drafts lists the draft files in the folder.
func (m *member) drafts() []string {
	m.t.Helper()
	names, err := filepath.Glob("*.json")
	if err != nil {
		m.t.Fatal(err)
	}
	return names
}

func says(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// A colleague's statement was logged first. The same content gets the next place, in a new
// file and without signatures; who signed signs again and sees that nothing else changed.
func TestSubmitRebases(t *testing.T) {
	m := newMemberOf(t, 2, "acme1", "acme2")
	m.clock("2026-01-06T09:00:00Z")
	m.file("mine.yaml", "author: acme\nreceived: 2026-01\ncountry: XB\nassist: [keys]\nnarrative: {en: 'Ask press@www.example please.'}\n")
	old := m.draft("request", "mine.yaml") // acme-request-2
	if code, _, stderr := m.run("sign", "acme-request-2.json", "--key", "acme1", "--yes"); code != commandline.ExitRefused {
		t.Fatalf("sign without a confirmation: exit %d\n%s", code, stderr)
	}
	m.must("sign", "acme-request-2.json", "--key", "acme1", "--yes", "--confirm", "press@www.example")
	m.requested("Theirs.", "theirs", "acme1", "acme2")
	before := mustRead(t, "acme-request-2.json")
	m.clock("2026-01-07T09:00:00Z")
	m.submits(commandline.ExitDone, "theirs")

	stdout, stderr := m.submits(commandline.ExitRefused, "acme-request-2")
	key := func(name string) string {
		p, err := publicKeyOf(name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	says(t, stdout, "rebased     acme-request-3.json\n", "number      3, instead of 2\n", "taken by    a statement of kind request, entry 3, "+m.read("theirs").Statement.ID.String()+"\n", "still to sign: 2 more, all of these keys of acme\n", "\n  "+key("acme1")+"\n", "\n  "+key("acme2")+"\n")
	says(t, stderr, "error: seq-taken: acme-request-2.json is not logged: its place was taken: it has a new one in acme-request-3.json\n",
		"pledge sign acme-request-3.json --key KEYFILE; then pledge submit acme-request-3.json --policy policy.txt", "key "+key("acme1")+" signed it at its former place")
	if !bytes.Equal(mustRead(t, "acme-request-2.json"), before) {
		t.Error("the former draft was changed")
	}
	was, is := m.read("acme-request-2"), m.read("acme-request-3")
	head := m.read("theirs").Statement
	if is.Statement.Seq != 3 || is.Statement.Prev != head.ID || entry.FormatTime(is.Statement.Made) != "2026-01-07T09:00:00Z" || len(is.Envelope.Signatures) > 0 {
		t.Errorf("it is number %d after %s, made %s, with %d signatures", is.Statement.Seq, is.Statement.Prev, entry.FormatTime(is.Statement.Made), len(is.Envelope.Signatures))
	}
	if !bytes.Equal(is.Body, was.Body) || is.Statement.BodyDigest != was.Statement.BodyDigest || is.Statement.ID == old {
		t.Error("it is not the same content at another place")
	}
	if info, err := os.Stat("acme-request-3.json"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode: %v (%v)", info.Mode(), err)
	}

	// A second run finds it.
	list := m.drafts()
	_, stderr = m.submits(commandline.ExitRefused, "acme-request-2")
	says(t, stderr, "an earlier run gave it a new one in acme-request-3.json")
	if again := m.drafts(); !slices.Equal(again, list) {
		t.Errorf("a second run left %q", again)
	}

	// The one who had confirmed and signed need not confirm again; the other one has to. So
	// it is at the desk, too.
	for key, want := range map[string]int{"acme1": 0, "acme2": 1} {
		a := newApp(strings.NewReader(""), io.Discard, io.Discard)
		s, err := a.openKey(t.Context(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		tools := &deskTools{app: a, flags: deskFlags{author: "acme", policy: "policy.txt", dir: "."}, origin: is.Statement.Log, signer: s}
		look, err := tools.Look(t.Context(), "acme-request-3.json")
		if err != nil {
			t.Fatal(err)
		}
		// The other note is on the law cards: no instrument is named.
		if len(look.Doubts) != want || len(look.Notes) != 2 || !strings.Contains(look.Notes[1], "instrument-absent") || strings.Contains(look.Notes[0], "Nothing else changed") != (want == 0) {
			t.Errorf("at the desk, %s: %v, %q", key, look.Doubts, look.Notes)
		}
		var listed []string
		drafts, err := tools.Drafts()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range drafts {
			listed = append(listed, l.Name)
		}
		if !slices.Equal(listed, []string{"acme-pledge-1.json", "secretariat-admit-2.json", "theirs.json", "acme-request-3.json"}) {
			t.Errorf("the desk lists %q", listed)
		}
		s.Close()
	}
	code, stdout, stderr := m.run("sign", "acme-request-3.json", "--key", "acme1", "--yes")
	if code != commandline.ExitDone {
		t.Fatalf("sign: exit %d\n%s%s", code, stdout, stderr)
	}
	says(t, stdout, "it had another place before, as entry id "+old.String()+"; key "+key("acme1")+" signed it there\n",
		"  seq    3, was 2\n  prev   "+head.ID.String()+"\n    was  "+was.Statement.Prev.String()+"\n  made   2026-01-07T09:00:00Z, was 2026-01-06T09:00:00Z\nand nothing else: ")
	says(t, stderr, "1 thing is pointed at in it: confirmed when this key signed the same before")
	code, stdout, stderr = m.run("sign", "acme-request-3.json", "--key", "acme2", "--yes")
	if code != commandline.ExitRefused {
		t.Fatalf("sign by who had not: exit %d\n%s%s", code, stdout, stderr)
	}
	says(t, stdout, "key "+key("acme2")+" has not signed it there\n", "and nothing else: ")
	m.must("sign", "acme-request-3.json", "--key", "acme2", "--yes", "--confirm", "press@www.example")
	_, stderr = m.submits(commandline.ExitRefused, "acme-request-2")
	says(t, stderr, "all who have to sign have signed: pledge submit acme-request-3.json")
	m.submits(commandline.ExitDone, "acme-request-3")
	stdout, stderr = m.submits(commandline.ExitDone, "acme-request-2")
	says(t, stdout+stderr, "the log has it at its new place, from acme-request-3.json", "entry id    "+is.Statement.ID.String())
	if exists("acme-request-2.tlog-proof") {
		t.Error("a statement that is not in the log has a receipt")
	}

	// Twice overtaken: the new place was taken as well.
	m.requested("Mine too.", "late", "acme1", "acme2")
	for _, theirs := range []string{"their2", "their3"} {
		m.requested("Theirs "+theirs, theirs, "acme1", "acme2")
		m.submits(commandline.ExitDone, theirs)
		m.submits(commandline.ExitRefused, "late")
	}
	if got := m.drafts(); !slices.Contains(got, "late-at-5.json") || !slices.Contains(got, "late-at-6.json") || slices.ContainsFunc(got, func(s string) bool {
		return strings.HasPrefix(s, "late-at-") && s != "late-at-5.json" && s != "late-at-6.json"
	}) {
		t.Fatalf("it has %q", got)
	}
	// Somebody signs the one that is stale, which is found out and goes on in the same one.
	m.signed("late-at-5", "acme1", "acme2")
	_, stderr = m.submits(commandline.ExitRefused, "late-at-5")
	says(t, stderr, "late-at-6.json")
	code, stdout, _ = m.run("sign", "late-at-6.json", "--key", "acme2", "--yes")
	if code != commandline.ExitDone {
		t.Fatal(stdout)
	}
	says(t, stdout, "signed it there", "  seq    6, was 4\n")
	m.signed("late-at-6", "acme1")
	m.submits(commandline.ExitDone, "late-at-6")
	if n := len(m.read("late-at-6").Former); n != 2 {
		t.Errorf("it remembers %d former places", n)
	}
}

func first8(t *testing.T, name string) string {
	t.Helper()
	id, err := publicKeyOf(name)
	if err != nil {
		t.Fatal(err)
	}
	return id[:8]
}

func publicKeyOf(name string) (string, error) {
	b, err := os.ReadFile(name + ".pub")
	if err != nil {
		return "", err
	}
	k, err := keyfile.ParsePublic(b)
	if err != nil {
		return "", err
	}
	p, err := k.Parse()
	if err != nil {
		return "", err
	}
	return p.ID.String(), nil
}

// Everything that waits of an author goes on as a chain, and what names a statement that
// moved names it by its new id. Who signs sees that it is the same one.
func TestSubmitRebasesAChain(t *testing.T) {
	m := newMemberOf(t, 2, "acme1", "acme2")
	m.file("safe2", "")
	request := m.draft("request", m.yaml("request.yaml", strings.Replace(plainRequest, "WORDS", "Hand over.", 1)+"withhold: {review: 2026-06-30}\n"), "--out", "a.json")
	decision := m.draft("decision", m.yaml("decision.yaml", "author: acme\nrequest: a.json\noutcome: refused\ndate: 2026-01-05\nscope: in\ngrounds: [pledge]\n"), "--seq", "3", "--prev", request.String(), "--out", "b.json")
	m.draft("decision", m.yaml("decision2.yaml", "author: acme\nrequest: a.json\noutcome: lapsed\ndate: 2026-01-05\nscope: in\ngrounds: [pledge]\nnarrative: {en: It lapsed.}\nseal: {narrative: {reason: proceedings, review: 2026-06-30}}\n"), "--seq", "4", "--prev", decision.String(), "--out", "c.json", "--unencrypted")
	m.signed("a", "acme1", "acme2")
	m.signed("b", "acme1")
	m.signed("c", "acme1", "acme2")
	m.requested("Theirs.", "theirs", "acme1", "acme2")
	m.submits(commandline.ExitDone, "theirs")
	m.wire.sent()

	stdout, stderr := m.submits(commandline.ExitRefused, "c", "a", "b")
	says(t, stdout, "logged      0\n", "refused     3\n")
	for _, line := range []string{
		"a.json: its place was taken, and its new one is in a-at-3.json, to be signed by 2 of ", ": pledge sign a-at-3.json --key KEYFILE --safe-key FILE\n",
		"b.json: its place was taken, and its new one is in b-at-4.json, ", ": pledge sign b-at-4.json --key KEYFILE\n", "c-at-5.json",
	} {
		says(t, stderr, line)
	}
	a, b, c := m.read("a-at-3"), m.read("b-at-4"), m.read("c-at-5")
	if b.Statement.Body.(*entry.Decision).Request != a.Statement.ID || c.Statement.Body.(*entry.Decision).Request != a.Statement.ID || b.Statement.Prev != a.Statement.ID || c.Statement.Prev != b.Statement.ID {
		t.Error("the chain does not hold together")
	}
	if a.Safe == nil || a.Body != nil || !bytes.Equal(a.Safe, m.read("a").Safe) {
		t.Error("what is withheld is not in its safe as before")
	}
	if !exists("c-at-5.sealed.json") {
		t.Error("what opens the seal does not stand beside it")
	}
	list := m.drafts()
	_, again := m.submits(commandline.ExitRefused, "a", "b", "c")
	if again != stderr || !slices.Equal(m.drafts(), list) {
		t.Errorf("a second run left %q and said\n%s", m.drafts(), again)
	}

	code, stdout, stderr := m.run("sign", "b-at-4.json", "--key", "acme1", "--yes")
	if code != commandline.ExitDone {
		t.Fatalf("sign: exit %d\n%s", code, stderr)
	}
	says(t, stdout, "  names  "+a.Statement.ID.String()+"\n    was  "+request.String()+" (the same statement at its new place)\nand nothing else: ")
	// Alone in a folder it can't be told that the request is the same one.
	if err := os.Mkdir("alone", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, "alone/b.json", b.Marshal())
	_, stdout, _ = m.run("sign", "alone/b.json", "--key", "acme1", "--yes")
	says(t, stdout, "its file is not here: whether it is the same one is not known")
	if strings.Contains(stdout, "and nothing else") {
		t.Error("it says that nothing else changed, and can't know it")
	}

	// Whoever changes what is said along with the place is found out, and so is one who puts
	// somebody's signature there.
	forged := *b.Statement.Body.(*entry.Decision)
	forged.Outcome = "complied"
	st := *b.Statement
	st.Body = &forged
	payload, err := st.Payload()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want string }{{"forged", "more than its place changed since: read all of it anew"}, {"faked", "has not signed it there"}} {
		draft := entry.Submission{Envelope: &entry.Envelope{Payload: payload}, Signers: b.Signers, Former: b.Former}
		if c.name == "faked" {
			former := &entry.Envelope{Payload: b.Former[0].Payload}
			former.Sign(b.Former[0].Signatures[0].KeyID, make([]byte, 64))
			draft.Envelope, draft.Former = &entry.Envelope{Payload: b.Envelope.Payload}, []*entry.Envelope{former}
		}
		write(t, c.name+".json", draft.Marshal())
		code, stdout, stderr := m.run("sign", c.name+".json", "--key", "acme1", "--yes")
		says(t, stdout+stderr, c.want)
		if c.name == "forged" && (code != commandline.ExitRefused || strings.Contains(stdout, "and nothing else")) {
			t.Errorf("forged: exit %d\n%s", code, stdout)
		}
		if err := os.Remove(c.name + ".json"); err != nil {
			t.Fatal(err)
		}
	}

	// All files of the folder, some of them not signed yet: nobody waits for the others.
	m.signed("a-at-3", "acme1", "acme2")
	m.signed("b-at-4", "acme2")
	stdout, stderr = m.submits(commandline.ExitRefused, "a", "b", "c", "a-at-3", "b-at-4", "c-at-5")
	says(t, stdout, "logged      2\n", "moved       3, ", "refused     1\n")
	says(t, stderr, "c-at-5.json: nobody has signed it at its new place: pledge sign c-at-5.json --key KEYFILE")
	// A decision that follows another one on the same request was drafted with that one known.
	for _, lost := range []string{"c-at-5.json", "c-at-5.sealed.json"} {
		if err := os.Remove(lost); err != nil {
			t.Fatal(err)
		}
	}
	m.submits(commandline.ExitRefused, "c")
	if c = m.read("c-at-5"); c.Statement.Prev != b.Statement.ID {
		t.Error("it does not follow the one that it followed")
	}
	m.signed("c-at-5", "acme1", "acme2")
	m.submits(commandline.ExitDone, "a", "b", "c", "a-at-3", "b-at-4", "c-at-5")
	m.submits(commandline.ExitDone, "a", "b", "c")
	for _, name := range []string{"a-at-3", "b-at-4", "c-at-5"} {
		if !exists(name + receiptExt) {
			t.Errorf("%s has no receipt", name)
		}
	}
}

// yaml writes a file and returns its name.
func (m *member) yaml(name, text string) string {
	m.t.Helper()
	m.file(name, text)
	return name
}

// What was logged meanwhile may leave nothing to be said again, or ask for a look.
func TestSubmitDoesNotRebaseWhatIsStale(t *testing.T) {
	m := newMemberOf(t, 1, "acme1", "acme2")
	m.clock("2026-04-02T09:00:00Z")
	request := m.requested("It came.", "request", "acme1")
	m.submits(commandline.ExitDone, "request")
	attest := func(out, received string) {
		t.Helper()
		m.must("attest", "--period", "2026-Q1", "--received", received, "--covers", "all", "--author", "acme", "--policy", "policy.txt", "--simulated-clock", "clock", "--out", out+".json")
		m.signed(out, "acme1")
	}
	decide := func(out, outcome string) {
		t.Helper()
		m.draft("decision", m.yaml("decision.yaml", "author: acme\nrequest: "+request.String()+"\noutcome: "+outcome+"\ndate: 2026-04-01\nscope: in\ngrounds: [pledge]\n"), "--out", out+".json")
		m.signed(out, "acme1")
	}
	rotate := func(out string, keys ...string) {
		t.Helper()
		args := []string{"rotate"}
		for _, k := range keys {
			args = append(args, k+".pub")
		}
		m.must(append(args, "slot1.pub", "--threshold", "1", "--author", "acme", "--policy", "policy.txt", "--simulated-clock", "clock", "--out", out+".json")...)
	}
	refused := func(name, want string) {
		t.Helper()
		list := m.drafts()
		_, stderr := m.submits(commandline.ExitRefused, name)
		says(t, stderr, "error: seq-taken: ", "; the author's last one in the log is number ", "; and it gets no other place: "+name+".json: "+want)
		if again := m.drafts(); !slices.Equal(again, list) {
			t.Errorf("it left %q", again)
		}
	}
	attest("attest1", "1")
	attest("attest2", "2")
	attest("same", "1")
	m.must("sign", "same.json", "--remove", first8(t, "acme1"))
	m.signed("same", "acme2")
	decide("decision1", "refused")
	decide("decision2", "lapsed")
	m.draft("request", m.yaml("copy.yaml", strings.Replace(plainRequest, "WORDS", "Both drafted it.", 1)), "--out", "copy1.json")
	copied := m.read("copy1")
	m.signed("copy1", "acme1")
	m.must("correct", request.String(), "--void", "--author", "acme", "--policy", "policy.txt", "--simulated-clock", "clock", "--out", "void.json")
	m.signed("void", "acme1")
	rotate("keys1", "acme1", "acme2")
	m.signed("keys1", "acme1", "acme2")

	m.submits(commandline.ExitDone, "attest1")
	// The very same with another set of signatures is in the log.
	_, stderr := m.submits(commandline.ExitDone, "same")
	says(t, stderr, "it was logged before")
	refused("attest2", "another attestation on the same matter was logged meanwhile: entry ")
	// A decision is rebased over an attestation, and not over another decision.
	m.submits(commandline.ExitRefused, "decision1")
	m.signed("decision1-at-4", "acme1")
	m.submits(commandline.ExitDone, "decision1-at-4")
	refused("decision2", "another decision on the same matter was logged meanwhile: entry ")

	// A colleague put the same text into the log at another place.
	copied.Signers = nil
	payload, err := copied.Statement.At(5, m.read("decision1-at-4").Statement.ID, copied.Statement.Made, nil)
	if err != nil {
		t.Fatal(err)
	}
	copied.Envelope = &entry.Envelope{Payload: payload}
	write(t, "elsewhere.json", copied.Marshal())
	m.signed("elsewhere", "acme1")
	m.submits(commandline.ExitDone, "elsewhere")
	refused("copy1", "the log has this request already, at another place: entry ")

	decide("decision3", "challenged")
	m.submits(commandline.ExitRefused, "void")
	m.signed("void-at-6", "acme1")
	m.submits(commandline.ExitDone, "void-at-6")
	refused("decision3", "what it names, entry id "+request.String()+", was corrected meanwhile (void) by entry ")

	// Keys: a change of them goes on over other things, and others are signed by the new ones.
	m.requested("The keys change.", "waits", "acme1")
	rotate("keys2", "acme2")
	m.signed("keys2", "acme1", "acme2", "slot1")
	m.submits(commandline.ExitDone, "keys2")
	refused("keys1", "another keys on the same matter was logged meanwhile: entry ")
	stdout, stderr := m.submits(commandline.ExitRefused, "waits")
	gone, err := publicKeyOf("acme1")
	if err != nil {
		t.Fatal(err)
	}
	come, err := publicKeyOf("acme2")
	if err != nil {
		t.Fatal(err)
	}
	says(t, stdout, "still to sign: 1 more, all of these keys of acme\n  "+come+"\n")
	says(t, stderr, "key "+gone+" signed it at its former place, and its signature is not called for any more")
	m.signed("waits-at-8", "acme2")
	m.submits(commandline.ExitDone, "waits-at-8")

	// An author that left may log no request.
	m.requested("Too late.", "late", "acme2")
	m.must("withdraw", "--author", "acme", "--policy", "policy.txt", "--simulated-clock", "clock", "--out", "withdraw.json")
	m.signed("withdraw", "acme2")
	m.submits(commandline.ExitDone, "withdraw")
	refused("late", "the log would refuse it now: standing-ended: ")
}

// What hangs on the slot lane, on a safe or on another's keys goes on all the same.
func TestSubmitRebasesOtherKinds(t *testing.T) {
	m := newMember(t)
	// A request out of a slot, an opening, and an admission, each overtaken.
	m.clock("2026-01-12T09:00:00Z")
	m.file("kept.yaml", strings.Replace(plainRequest, "WORDS", "Nobody may know.", 1))
	m.must("new", "request", "--from", "kept.yaml", "--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "slots", "--safe", "acme.safe.pub")
	m.must(slotRun...)
	kept, err := filepath.Glob("slots/commitments/*.json")
	if err != nil || len(kept) != 1 {
		t.Fatalf("%q (%v)", kept, err)
	}
	m.file("withheld.yaml", strings.Replace(plainRequest, "WORDS", "Later.", 1)+"withhold: {review: 2026-06-30}\n")
	m.draft("request", "withheld.yaml", "--out", "withheld.json")
	m.signed("withheld", "acme1")
	m.submits(commandline.ExitDone, "withheld")

	m.must(unlock("new", "request", "--from-slot", kept[0], "--policy", "policy.txt", "--simulated-clock", "clock", "--safe", "acme.safe.pub", "--out", "slotted.json")...)
	m.must(unlock("open", "withheld.json", "--why", "permission", "--policy", "policy.txt", "--simulated-clock", "clock", "--safe", "acme.safe.pub", "--out", "open.json")...)
	m.signed("slotted", "acme1")
	m.signed("open", "acme1")
	for _, who := range []string{"zeta", "beta"} {
		m.must("keygen", "--out", who, "--unencrypted")
		m.draft("admit", m.yaml(who+".yaml", "id: "+who+"\nname: "+who+" Systems Ltd\nrole: challenger\ncountry: XB\nwebsite: https://www.example/\nthreshold: 1\nkeys: ["+who+".pub]\n"), "--out", who+"-admit.json")
		m.signed(who+"-admit", "sec1", who)
	}
	m.requested("First.", "theirs", "acme1")
	m.submits(commandline.ExitDone, "theirs")
	m.submits(commandline.ExitRefused, "slotted")
	m.signed("slotted-at-4", "acme1")
	m.submits(commandline.ExitDone, "slotted-at-4")
	if b := m.read("slotted-at-4").Statement.Body.(*entry.Request); b.Slot.IsZero() || b.Disclosure == "" {
		t.Error("it does not come out of the slot any more")
	}

	// The safe of an opening goes along as it is.
	code, _, stderr := m.run(unlock("submit", "open.json", "--policy", "policy.txt", "--simulated-clock", "clock")...)
	if code != commandline.ExitRefused {
		t.Fatalf("submit an opening: exit %d\n%s", code, stderr)
	}
	says(t, stderr, "pledge sign open-at-5.json --key KEYFILE --safe-key FILE")
	code, _, stderr = m.run("sign", "open-at-5.json", "--key", "acme1", "--yes")
	if code != commandline.ExitUsage {
		t.Errorf("sign without the safe: exit %d\n%s", code, stderr)
	}
	m.signed("open-at-5", "acme1")
	m.must(unlock("submit", "open-at-5.json", "--policy", "policy.txt")...)

	m.submits(commandline.ExitDone, "zeta-admit")
	stdout, _ := m.submits(commandline.ExitRefused, "beta-admit")
	beta, err := publicKeyOf("beta")
	if err != nil {
		t.Fatal(err)
	}
	says(t, stdout, "  "+beta+"  missing\n", "still to sign: 1 more, all of these keys of secretariat\n")
	m.signed("beta-admit-at-4", "sec1", "beta")
	m.submits(commandline.ExitDone, "beta-admit-at-4")

	// Time: the author's last statement was made later than this machine's clock tells.
	m.requested("Late.", "slow", "acme1")
	m.clock("2026-01-12T09:05:00Z")
	m.requested("Sooner.", "quick", "acme1")
	m.submits(commandline.ExitDone, "quick")
	m.file("clock", "2026-01-12T09:01:00Z\n")
	m.submits(commandline.ExitRefused, "slow")
	if made := entry.FormatTime(m.read("slow-at-7").Statement.Made); made != "2026-01-12T09:05:00Z" {
		t.Errorf("made %s, which goes back", made)
	}
	m.signed("slow-at-7", "acme1")
	m.submits(commandline.ExitDone, "slow-at-7")
	m.requested("Later.", "later", "acme1")
	m.clock("2026-01-12T10:00:00Z")
	m.requested("Sooner again.", "quick2", "acme1")
	m.submits(commandline.ExitDone, "quick2")
	m.file("clock", "2026-01-12T09:10:00Z\n")
	_, stderr = m.submits(commandline.ExitRefused, "later")
	says(t, stderr, "this machine's clock is at 2026-01-12T09:10:00Z", "hint: set the clock")
}

// That a place is taken is not the server's word: the author's chain has to show it.
func TestSubmitHoldsTheLogToItsWord(t *testing.T) {
	m := newMember(t)
	m.requested("It came.", "mine", "acme1")
	to, err := url.Parse(m.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var head *client.Head
	proxy := httputil.NewSingleHostReverseProxy(to)
	liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem := &client.Problem{Code: "seq-taken", Detail: "it is taken", Status: 409, Head: head}
		switch {
		case r.Method == http.MethodPost && r.Header.Get("Content-Type") == client.TypeNDJSON:
			io.Copy(io.Discard, r.Body)
			b, err := json.Marshal(client.Line{Line: 1, Status: 409, Problem: problem})
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", client.TypeNDJSON)
			w.Write(append(b, '\n'))
			return
		case r.Method == http.MethodPost:
			send(t, w, 409, problem)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer liar.Close()
	list := m.drafts()
	for _, c := range []struct {
		head *client.Head
		want string
	}{
		{nil, "shows that its place is free"},
		{&client.Head{Seq: 1, ID: m.read("acme-pledge-1").Statement.ID}, "shows that its place is free"},
		{&client.Head{Seq: 2, ID: entry.ID{9}}, "says that acme has logged 2 statements, and shows 1"},
	} {
		head = c.head
		var out, errs bytes.Buffer
		a := newApp(strings.NewReader(""), &out, &errs)
		a.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
		for _, files := range [][]string{{"mine.json"}, {"mine.json", "acme-pledge-1.json"}} {
			code := a.run(t.Context(), slices.Concat([]string{"submit", "--policy", "policy.txt", "--simulated-clock", "clock", "--log", liar.URL}, files))
			if len(files) == 1 && code != commandline.ExitUndecided || code == commandline.ExitDone {
				t.Errorf("%v: exit %d", files, code)
			}
			says(t, errs.String(), "it is taken", c.want)
			errs.Reset()
		}
		if got := m.drafts(); !slices.Equal(got, list) {
			t.Errorf("it left %q", got)
		}
	}
}
