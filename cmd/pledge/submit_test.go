package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A stage has a log with two witnesses out of three wanted, a signed statement in
// a folder, and a server that answers what answer says.
type stage struct {
	t       *testing.T
	dir     string
	log     *paperLog
	other   *paperLog // a second log, also in the policy
	author  person
	charter entry.ID
	sub     *entry.Submission
	now     time.Time
	posts   atomic.Int32
	server  *httptest.Server
	mux     *http.ServeMux
	answer  func() (status int, reply any)
}

const quorum = 2

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), author: newPerson("acme"), now: time.Now().Truncate(time.Second)}
	s.log = newPaperLog(t, "log.accord.test/2026", "w.one.test", "w.two.test", "w.three.test")
	s.other = newPaperLog(t, "other.accord.test/2026")
	s.sub = sign(t, pledgeBy(s.log.origin, "acme", 1, s.now), s.author)
	write(t, filepath.Join(s.dir, "acme.json"), s.sub.Marshal())
	write(t, filepath.Join(s.dir, "policy.txt"), []byte(policyOf(quorum, s.log, s.other)))
	s.found()
	for i := range 4 {
		neighbour := sign(t, pledgeBy(s.log.origin, fmt.Sprintf("neighbour-%d", i), 1, s.now), newPerson(fmt.Sprint(i)))
		s.log.add(leafOf(neighbour, s.now))
	}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("POST /api/v1/statements", func(w http.ResponseWriter, r *http.Request) {
		s.posts.Add(1)
		b, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(b, s.sub.Marshal()) {
			t.Errorf("what was sent is not the statement in the file: %v", err)
		}
		status, reply := s.answer()
		send(t, w, status, reply)
	})
	s.server = httptest.NewServer(s.mux)
	t.Cleanup(s.server.Close)
	return s
}

func send(t *testing.T, w http.ResponseWriter, status int, reply any) {
	switch reply := reply.(type) {
	case string:
		w.WriteHeader(status)
		io.WriteString(w, reply)
		return
	case *client.Problem:
		w.Header().Set("Content-Type", client.ProblemType)
	default:
		w.Header().Set("Content-Type", "application/json")
	}
	b, err := json.Marshal(reply)
	if err != nil {
		t.Errorf("encode reply: %v", err)
	}
	w.WriteHeader(status)
	w.Write(b)
}

// submit runs the command.
func (s *stage) submit(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	return pledgeCommand(s.t, append([]string{"submit", filepath.Join(s.dir, "acme.json"), "--policy", filepath.Join(s.dir, "policy.txt"), "--log", s.server.URL}, args...)...)
}

func (s *stage) receipt() string { return filepath.Join(s.dir, "acme"+receiptExt) }

// truth logs the statement, and others after it, and returns the honest answer
// for it to be bent.
func (s *stage) truth() (client.Reply, *log.Proof) {
	leaf := leafOf(s.sub, s.now)
	index := s.log.add(leaf)
	s.log.add(leafOf(sign(s.t, pledgeBy(s.log.origin, "late", 1, s.now), newPerson("late")), s.now))
	return client.Reply{Index: index, ID: s.sub.Statement.ID, Leaf: leaf}, s.log.proof(index, quorum, s.now.Unix())
}

func TestSubmitKeepsAReceiptThatVerifies(t *testing.T) {
	s := newStage(t)
	reply, proof := s.truth()
	reply.Proof = string(proof.Marshal())
	s.answer = func() (int, any) { return 201, reply }
	code, stdout, stderr := s.submit()
	if code != commandline.ExitDone {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	if got := string(mustRead(t, s.receipt())); got != reply.Proof {
		t.Errorf("the receipt is not the proof that the server gave")
	}
	for _, want := range []string{"index       5\n", "size        7\n", s.sub.Statement.ID.String(), entry.FormatTime(s.now.Unix())} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "simulated") {
		t.Errorf("time is said to be simulated:\n%s", stdout)
	}
	if n := s.posts.Load(); n != 1 {
		t.Errorf("%d POSTs", n)
	}
	// Once more: nothing is sent, nothing changes.
	code, stdout, stderr = s.submit()
	if code != commandline.ExitDone || s.posts.Load() != 1 || !strings.Contains(stderr, "nothing was sent") || !strings.Contains(stdout, "index       5\n") {
		t.Errorf("the second time: exit %d, %d POSTs\n%s%s", code, s.posts.Load(), stdout, stderr)
	}
	code, stdout, stderr = pledgeCommand(t, "receipt", "show", s.receipt(), "--policy", filepath.Join(s.dir, "policy.txt"))
	if code != commandline.ExitDone || !strings.Contains(stdout, "proved: the log took in these bytes as entry 5") {
		t.Errorf("receipt show: exit %d\n%s%s", code, stdout, stderr)
	}
}

// Each way in which a server can lie: no receipt, exit 1, and what did not fit.
func TestLyingServersLeaveNoReceipt(t *testing.T) {
	lies := []struct {
		name string
		want string // in the error
		lie  func(s *stage) (status int, reply any)
	}{
		{"proof of another leaf", "the leaf and the one in the proof differ", bend(func(s *stage, r *client.Reply, p *log.Proof) {
			*p = *s.log.proof(0, quorum, s.now.Unix())
		})},
		{"another leaf with its own proof", "the leaf holds another statement", bend(func(s *stage, r *client.Reply, p *log.Proof) {
			*p = *s.log.proof(1, quorum, s.now.Unix())
			r.Leaf, r.Index = p.Extra, 1
		})},
		{"another leaf's path, our leaf", "proof does not verify", bend(func(s *stage, r *client.Reply, p *log.Proof) {
			other := s.log.proof(0, quorum, s.now.Unix())
			other.Extra = p.Extra
			*p, r.Index = *other, 0
		})},
		{"a statement of ours with another seq", "the leaf holds another statement", func(s *stage) (int, any) {
			leaf := leafOf(sign(s.t, pledgeBy(s.log.origin, "acme", 2, s.now), s.author), s.now)
			p := s.log.proof(s.log.add(leaf), quorum, s.now.Unix())
			return 201, client.Reply{Index: p.Index, ID: s.sub.Statement.ID, Leaf: leaf, Proof: string(p.Marshal())}
		}},
		{"a signature more", "does not hold the signatures that were sent", func(s *stage) (int, any) {
			return s.logged(sign(s.t, s.sub.Statement, s.author, newPerson("stranger")), 201)
		}},
		{"another signature", "does not hold the signatures that were sent", func(s *stage) (int, any) {
			return s.logged(sign(s.t, s.sub.Statement, newPerson("stranger")), 201)
		}},
		{"a leaf that is not ours by one bit", "does not hold the signatures that were sent", func(s *stage) (int, any) {
			broken := sign(s.t, s.sub.Statement, s.author)
			broken.Envelope.Signatures[0].Sig[0] ^= 1
			return s.logged(broken, 201)
		}},
		{"a leaf with white space", "the leaf: leaf-malformed", bend(func(_ *stage, r *client.Reply, p *log.Proof) {
			r.Leaf = append(r.Leaf, ' ')
		})},
		{"no leaf", "the leaf: leaf-malformed", bend(func(_ *stage, r *client.Reply, p *log.Proof) { r.Leaf = nil })},
		{"the leaf differs from extra", "the leaf and the one in the proof differ", bend(func(s *stage, r *client.Reply, p *log.Proof) {
			r.Leaf = leafOf(s.sub, s.now.Add(time.Second))
		})},
		{"no extra", "it has no extra line", bend(func(_ *stage, _ *client.Reply, p *log.Proof) { p.Extra = nil })},
		{"another index", "its index is 4 and the proof's is 6", bend(func(_ *stage, r *client.Reply, _ *log.Proof) { r.Index = 4 })},
		{"another index in the proof", "proof does not verify", bend(func(_ *stage, r *client.Reply, p *log.Proof) {
			r.Index, p.Index = 4, 4
		})},
		{"index beyond the tree", "proof does not verify", bend(func(_ *stage, r *client.Reply, p *log.Proof) {
			r.Index, p.Index = 7, 7
		})},
		{"another entry id", "it is about entry", bend(func(_ *stage, r *client.Reply, _ *log.Proof) {
			r.ID = sha256.Sum256([]byte("x"))
		})},
		{"a hash of the path changed", "proof does not verify", bend(func(_ *stage, _ *client.Reply, p *log.Proof) { p.Hashes[0][0] ^= 1 })},
		{"a hash of the path missing", "proof does not verify", bend(func(_ *stage, _ *client.Reply, p *log.Proof) { p.Hashes = p.Hashes[1:] })},
		{"never logged at all", "proof does not verify", bend(func(s *stage, r *client.Reply, p *log.Proof) {
			s.log.leaves = s.log.leaves[:5]
			p.Checkpoint = s.log.checkpoint(quorum, s.now.Unix()).Marshal()
		})},
		{"unsigned checkpoint", "malformed", bend(func(_ *stage, _ *client.Reply, p *log.Proof) {
			text, _, _ := bytes.Cut(p.Checkpoint, []byte("\n\n"))
			p.Checkpoint = append(text, '\n')
		})},
		{"checkpoint with witnesses and without the log", "no signature by the log", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			note := s.log.checkpoint(quorum, s.now.Unix())
			note.Signatures = note.Signatures[1:]
			p.Checkpoint = note.Marshal()
		})},
		{"signed by a stranger in the log's name", "no signature by the log", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			stranger, err := log.NewSigner(s.log.origin, seed("stranger"))
			if err != nil {
				s.t.Fatal(err)
			}
			s.log.signer = stranger
			p.Checkpoint = s.log.checkpoint(quorum, s.now.Unix()).Marshal()
		})},
		{"the log's signature over another tree", "signature does not verify", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			note := s.log.checkpoint(quorum, s.now.Unix())
			s.log.leaves = append(s.log.leaves, []byte("more"))
			note.Signatures[0] = s.log.checkpoint(0, 0).Signatures[0]
			p.Checkpoint = note.Marshal()
		})},
		{"quorum short by one", "quorum is not reached", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			p.Checkpoint = s.log.checkpoint(quorum-1, s.now.Unix()).Marshal()
		})},
		{"one witness twice", "quorum is not reached", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			note := s.log.checkpoint(1, s.now.Unix())
			again, err := s.log.witnesses[0].Cosign(note.Text, uint64(s.now.Unix()+1))
			if err != nil {
				s.t.Fatal(err)
			}
			note.Signatures = append(note.Signatures, again)
			p.Checkpoint = note.Marshal()
		})},
		{"one witness, and one that nobody knows", "quorum is not reached", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			stranger, err := log.NewCosigner("w.two.test", seed("stranger"))
			if err != nil {
				s.t.Fatal(err)
			}
			s.log.witnesses[1] = stranger
			p.Checkpoint = s.log.checkpoint(quorum, s.now.Unix()).Marshal()
		})},
		{"a cosignature over another checkpoint", "signature does not verify", bend(func(s *stage, _ *client.Reply, p *log.Proof) {
			note := s.log.checkpoint(1, s.now.Unix())
			s.log.leaves = append(s.log.leaves, []byte("more"))
			note.Signatures = append(note.Signatures, s.log.checkpoint(2, s.now.Unix()).Signatures[2])
			p.Checkpoint = note.Marshal()
		})},
		{"another log of the policy", "the checkpoint is of the log other.accord.test/2026", func(s *stage) (int, any) {
			return s.elsewhere(s.other)
		}},
		{"a log that is not in the policy", "log is not in the policy", func(s *stage) (int, any) {
			return s.elsewhere(newPaperLog(s.t, "fake.accord.test/2026", "w.one.test", "w.two.test"))
		}},
		{"a proof that is none", "malformed", bendText(func(string) string { return "<html>" })},
		{"no proof", "malformed", bendText(func(string) string { return "" })},
		{"a proof with something after it", "malformed", bendText(func(p string) string { return p + "\n" })},
		{"a proof with CRLF", "malformed", bendText(func(p string) string { return strings.ReplaceAll(p, "\n", "\r\n") })},
		{"logged in the future", "this machine's clock is at", relogged(11 * time.Minute)},
		{"logged after the witnesses saw it", "after the witnesses saw it", bend(func(s *stage, r *client.Reply, p *log.Proof) {
			p.Checkpoint = s.log.checkpoint(quorum, s.now.Add(-11*time.Minute).Unix()).Marshal()
		})},
		{"logged before it was made", "before the statement was made", relogged(-11 * time.Minute)},
		{"logged in 1970", "before the statement was made", func(s *stage) (int, any) {
			leaf := leafOf(s.sub, time.Unix(0, 0))
			p := s.log.proof(s.log.add(leaf), quorum, s.now.Unix())
			return 201, client.Reply{Index: p.Index, ID: s.sub.Statement.ID, Leaf: leaf, Proof: string(p.Marshal())}
		}},
		{"logged before, by a key of nobody", "signature-not-called-for", func(s *stage) (int, any) {
			return s.logged(sign(s.t, s.sub.Statement, newPerson("stranger")), 200)
		}},
		{"logged before, with a broken signature", "does not verify", func(s *stage) (int, any) {
			broken := sign(s.t, s.sub.Statement, s.author)
			broken.Envelope.Signatures[0].Sig[0] ^= 1
			return s.logged(broken, 200)
		}},
		{"logged before, by too few", "1 of 2 signatures", func(s *stage) (int, any) {
			s.admit(2, s.author, newPerson("acme-2"))
			return s.logged(sign(s.t, s.sub.Statement, newPerson("acme-2")), 200)
		}},
		{"logged before, another statement", "the leaf holds another statement", func(s *stage) (int, any) {
			p := s.log.proof(0, quorum, s.now.Unix())
			return 200, client.Reply{Index: 0, ID: s.sub.Statement.ID, Leaf: p.Extra, Proof: string(p.Marshal())}
		}},
		{"an answer that is no JSON", "not an answer of a pledgelog server", func(*stage) (int, any) { return 201, "<html>welcome</html>" }},
		{"an empty answer", "not an answer of a pledgelog server", func(*stage) (int, any) { return 201, "" }},
		{"an answer without end", "larger than allowed", func(*stage) (int, any) { return 201, strings.Repeat(" ", 9<<20) }},
		{"a status that means nothing", "it is about entry", func(*stage) (int, any) { return 299, client.Reply{} }},
		{"somebody else's server", "not an answer of a pledgelog server", func(*stage) (int, any) { return 404, "not found" }},
	}
	for _, l := range lies {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.admit(1, s.author)
			before := files(t, s.dir)
			status, reply := l.lie(s)
			s.answer = func() (int, any) { return status, reply }
			code, stdout, stderr := s.submit()
			if code != commandline.ExitRefused {
				t.Errorf("exit %d, not %d\n%s%s", code, commandline.ExitRefused, stdout, stderr)
			}
			if !strings.Contains(stderr, l.want) || !strings.HasPrefix(stderr, "error: ") {
				t.Errorf("it does not say %q:\n%s", l.want, stderr)
			}
			if after := files(t, s.dir); !slices.Equal(before, after) {
				t.Errorf("files were left: %q", after)
			}
			if stdout != "" {
				t.Errorf("it printed as if it were true:\n%s", stdout)
			}
			if n := s.posts.Load(); n != 1 {
				t.Errorf("%d POSTs", n)
			}
		})
	}
}

// bend makes a lie of the honest answer.
func bend(change func(s *stage, r *client.Reply, p *log.Proof)) func(*stage) (int, any) {
	return func(s *stage) (int, any) {
		reply, proof := s.truth()
		change(s, &reply, proof)
		reply.Proof = string(proof.Marshal())
		return 201, reply
	}
}

func bendText(change func(string) string) func(*stage) (int, any) {
	return func(s *stage) (int, any) {
		reply, proof := s.truth()
		reply.Proof = change(string(proof.Marshal()))
		return 201, reply
	}
}

// relogged logs the statement with another time.
func relogged(by time.Duration) func(*stage) (int, any) {
	return func(s *stage) (int, any) {
		leaf := leafOf(s.sub, s.now.Add(by))
		p := s.log.proof(s.log.add(leaf), quorum, s.now.Add(by).Unix())
		return 201, client.Reply{Index: p.Index, ID: s.sub.Statement.ID, Leaf: leaf, Proof: string(p.Marshal())}
	}
}

// logged logs a statement, and answers for ours with it.
func (s *stage) logged(sub *entry.Submission, status int) (int, any) {
	leaf := leafOf(sub, s.now)
	p := s.log.proof(s.log.add(leaf), quorum, s.now.Unix())
	return status, client.Reply{Index: p.Index, ID: s.sub.Statement.ID, Leaf: leaf, Proof: string(p.Marshal())}
}

// elsewhere logs the statement in another log.
func (s *stage) elsewhere(l *paperLog) (int, any) {
	leaf := leafOf(s.sub, s.now)
	for range 5 {
		l.add([]byte("something"))
	}
	p := l.proof(l.add(leaf), len(l.witnesses), s.now.Unix())
	if l == s.other {
		// So that the quorum is no reason to refuse it.
		note, err := log.ParseNote(p.Checkpoint)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, w := range s.log.witnesses {
			sig, err := w.Cosign(note.Text, uint64(s.now.Unix()))
			if err != nil {
				s.t.Fatal(err)
			}
			note.Signatures = append(note.Signatures, sig)
		}
		p.Checkpoint = note.Marshal()
	}
	return 201, client.Reply{Index: p.Index, ID: s.sub.Statement.ID, Leaf: leaf, Proof: string(p.Marshal())}
}

// found logs the charter, as entry 0.
func (s *stage) found() {
	s.t.Helper()
	set := func(p person) entry.KeySet { return entry.KeySet{Keys: []entry.Key{p.public()}, Threshold: 1} }
	secretariat, recovery, operator := newPerson("secretariat"), newPerson("recovery"), newPerson("the operator")
	body := &entry.Charter{
		Accord: "An accord", Attestation: entry.Quarter, Clauses: []entry.Clause{{ID: "no-backdoors", Text: entry.Digest([]byte("none"))}},
		DecisionDays: 1, FileDays: 1, GraceDays: 1, ReplyDays: 1, ReviewDays: 1, Slots: entry.SlotsNone,
		LogKeys: []string{s.log.signer.Key().String()}, Secretariat: set(secretariat), Recovery: set(recovery), Operator: set(operator),
	}
	texts := []byte(`{"author":"secretariat","clauses":{"no-backdoors":"none"},"kind":"charter","log":"` + s.log.origin + `","salt":"AAAAAAAAAAAAAAAAAAAAAA"}`)
	charter := signWith(s.t, &entry.Statement{
		Log: s.log.origin, Author: entry.AuthorSecretariat, Lane: entry.LaneMain, Seq: 1, Made: s.now.Unix(), Kind: entry.KindCharter, Body: body, BodyDigest: entry.Digest(texts),
	}, texts, secretariat, recovery, operator)
	s.charter = charter.Statement.ID
	if i := s.log.add(leafOf(charter, s.now)); i != 0 {
		s.t.Fatalf("the charter is entry %d", i)
	}
}

// admit logs the author's admission, with keys, and has the server tell of it.
// A second call replaces what it tells.
func (s *stage) admit(threshold uint64, keys ...person) { s.admitAs("acme", threshold, keys...) }

// admitAs is admit, of another author, whom the server gives for ours.
func (s *stage) admitAs(id string, threshold uint64, keys ...person) {
	public := make([]entry.Key, len(keys))
	for i, k := range keys {
		public[i] = k.public()
	}
	s.admitKeys(id, threshold, keys, public)
}

func (s *stage) admitKeys(id string, threshold uint64, keys []person, public []entry.Key) {
	s.t.Helper()
	body := &entry.Admit{Country: "EU", ID: id, Keys: public, Mode: entry.AdmitNew, Name: "Acme", Role: entry.RoleSignatory, Threshold: threshold, Website: "https://acme.test/"}
	admission := sign(s.t, &entry.Statement{
		Log: s.log.origin, Author: entry.AuthorSecretariat, Lane: entry.LaneMain, Seq: 2, Prev: s.charter,
		Made: s.now.Unix(), Kind: entry.KindAdmit, Body: body,
	}, append(keys, newPerson("secretariat"))...)
	s.chain(entry.AuthorSecretariat, 0, s.log.add(leafOf(admission, s.now)))
}

// chain has the server give entries as all that an author stated.
func (s *stage) chain(author string, indexes ...uint64) {
	old := s.mux
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET /api/v1/signatories/"+author+"/chain", func(w http.ResponseWriter, _ *http.Request) {
		send(s.t, w, 200, s.chainOf(author, indexes...))
	})
	s.mux.HandleFunc("GET /api/v1/entries", func(w http.ResponseWriter, r *http.Request) {
		page := client.EntryPage{Size: uint64(len(s.log.leaves)), Entries: []client.Entry{}}
		if r.FormValue("author") == author && r.FormValue("kind") == string(entry.KindKeys) {
			for _, i := range indexes {
				page.Entries = append(page.Entries, client.Entry{Index: i, Leaf: s.log.leaves[i], Verdict: pledge.Accepted})
			}
		}
		send(s.t, w, 200, page)
	})
	s.mux.Handle("/", old)
	s.server.Config.Handler = s.mux
}

// chainOf makes the honest answer about what an author stated.
func (s *stage) chainOf(author string, indexes ...uint64) client.Chain {
	s.t.Helper()
	c := client.Chain{Log: s.log.origin, Author: author, Size: uint64(len(s.log.leaves))}
	for _, i := range indexes {
		proof := s.log.proof(i, quorum, s.now.Unix())
		c.Checkpoint = string(proof.Checkpoint)
		link := client.ChainLink{Index: i, Leaf: s.log.leaves[i]}
		for _, h := range proof.Hashes {
			link.Path = append(link.Path, h[:])
		}
		c.Entries = append(c.Entries, link)
	}
	return c
}
