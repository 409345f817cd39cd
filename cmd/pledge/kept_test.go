package main

import (
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A receipt that is there may be for our statement with other signatures, fetched
// by hand after a 202, say. It is believed only if these are enough.
func TestSubmitJudgesAKeptReceipt(t *testing.T) {
	first, second, third := newPerson("acme"), newPerson("acme-2"), newPerson("acme-3")
	for _, c := range []struct {
		name string
		by   []person
		code int
		want string
	}{
		{"others of the author's", []person{second, third}, commandline.ExitDone, "it is logged already"},
		{"a stranger's", []person{newPerson("stranger")}, commandline.ExitRefused, "signature-not-called-for"},
		{"one too few", []person{second}, commandline.ExitRefused, "signatures-too-few"},
		{"one too many", []person{second, third, newPerson("stranger")}, commandline.ExitRefused, "signature-not-called-for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.admit(2, first, second, third)
			s.sub = sign(t, s.sub.Statement, first, second)
			write(t, s.dir+"/acme.json", s.sub.Marshal())
			leaf := leafOf(sign(t, s.sub.Statement, c.by...), s.now)
			kept := s.log.proof(s.log.add(leaf), quorum, s.now.Unix())
			kept.Extra = leaf
			write(t, s.receipt(), kept.Marshal())
			code, stdout, stderr := s.submit()
			if code != c.code || !strings.Contains(stderr, c.want) || s.posts.Load() != 0 {
				t.Errorf("exit %d after %d POSTs\n%s%s", code, s.posts.Load(), stdout, stderr)
			}
			s.server.Close()
			if code, _, stderr := s.submit(); code != commandline.ExitUndecided {
				t.Errorf("without the log: exit %d\n%s", code, stderr)
			}
		})
	}
}

// The server gives another author's admission for ours.
func TestSubmitWantsTheAuthorsOwnAdmission(t *testing.T) {
	s := newStage(t)
	mallory := newPerson("mallory")
	s.sub = sign(t, s.sub.Statement, s.author)
	s.admitAs("mallory", 1, mallory)
	s.answer = func() (int, any) { return s.logged(sign(t, s.sub.Statement, mallory), 200) }
	code, stdout, stderr := s.submit()
	if code != commandline.ExitRefused || !strings.Contains(stderr, "the secretariat's statements hold no admission of it") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// The operator adds a signature of its own to what the secretariat signed: every
// verifier rejects the leaf, and so it leaves no receipt.
func TestSubmitWantsNoSignatureThatIsNotCalledFor(t *testing.T) {
	s := newStage(t)
	second := newPerson("acme-2")
	s.admit(1, s.author, second)
	body := *s.sub.Statement
	s.sub = sign(t, &body, s.author)
	write(t, s.dir+"/acme.json", s.sub.Marshal())
	s.answer = func() (int, any) { return s.logged(sign(t, &body, s.author, newPerson("operator")), 200) }
	code, _, stderr := s.submit()
	if code != commandline.ExitRefused || !strings.Contains(stderr, "signature-not-called-for") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	// A key for slots does not sign statements.
	slot := second.public()
	slot.Use = entry.UseSlot
	s.admitKeys("acme", 1, []person{s.author, second}, []entry.Key{s.author.public(), slot})
	s.answer = func() (int, any) { return s.logged(sign(t, &body, s.author, second), 200) }
	if code, _, stderr := s.submit(); code != commandline.ExitRefused || !strings.Contains(stderr, "signature-not-called-for") {
		t.Errorf("a slot key: exit %d\n%s", code, stderr)
	}
}
