package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
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
	"github.com/pledgelog/pledgelog/pledge"
)

// Another valid set of signatures may have come first.
func TestSubmitTakesAnEarlierLeafWithOtherSignatures(t *testing.T) {
	first, second, third := newPerson("acme"), newPerson("acme-2"), newPerson("acme-3")
	s := newStage(t)
	s.admit(2, first, second, third)
	s.sub = sign(t, s.sub.Statement, first, second)
	write(t, filepath.Join(s.dir, "acme.json"), s.sub.Marshal())
	s.answer = func() (int, any) { return s.logged(sign(t, s.sub.Statement, second, third), 200) }
	code, stdout, stderr := s.submit()
	if code != commandline.ExitDone || !strings.Contains(stderr, "it was logged before") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if !slices.Contains(files(t, s.dir), "acme"+receiptExt) {
		t.Error("there is no receipt")
	}
}

// A statement that was logged long ago gives the same receipt today.
func TestSubmitTakesAnOldLeaf(t *testing.T) {
	s := newStage(t)
	s.now = s.now.Add(-30 * 24 * time.Hour)
	s.sub = sign(t, pledgeBy(s.log.origin, "acme", 1, s.now), s.author)
	write(t, filepath.Join(s.dir, "acme.json"), s.sub.Marshal())
	status := 201
	s.answer = func() (int, any) { return s.logged(s.sub, status) }
	code, _, stderr := s.submit()
	if code != commandline.ExitRefused || !strings.Contains(stderr, "and it was sent at") {
		t.Errorf("as new: exit %d\n%s", code, stderr)
	}
	status = 200
	if code, _, stderr := s.submit(); code != commandline.ExitDone {
		t.Errorf("as known: exit %d\n%s", code, stderr)
	}
}

// In a demonstration time is simulated: it is not compared with a clock, and
// said to be simulated.
func TestSubmitInADemonstration(t *testing.T) {
	s := newStage(t)
	s.now = time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	s.log = newPaperLog(t, "log.accord.example/2031", "w.one.test", "w.two.test")
	s.sub = sign(t, pledgeBy(s.log.origin, "acme", 1, s.now), s.author)
	write(t, filepath.Join(s.dir, "acme.json"), s.sub.Marshal())
	write(t, filepath.Join(s.dir, "policy.txt"), []byte(policyOf(2, s.log)))
	s.answer = func() (int, any) { return s.logged(s.sub, 201) }
	code, stdout, stderr := s.submit()
	if code != commandline.ExitDone || !strings.Contains(stdout, "logged      2031-05-01T00:00:00Z (simulated time)\n") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// Answers that are no lies, and no receipt either.
func TestSubmitOutcomes(t *testing.T) {
	id := entry.ID{1, 2, 3}
	for _, c := range []struct {
		name   string
		status int
		reply  any
		code   int
		posts  int32
		want   []string // in what it says
	}{
		{"pending", 202, client.Reply{Index: 5, Proof: "/api/v1/entries/x/proof"}, commandline.ExitUndecided, 1,
			[]string{"index 5 and is not published yet", "run the same command again later"}},
		{"another statement for the seq", 409, &client.Problem{Code: pledge.CodeSeqTaken, Detail: "it is taken", Head: &client.Head{Seq: 7, ID: id}}, commandline.ExitUndecided, 1,
			[]string{"seq-taken: it is taken", "number 7, entry id " + id.String(), "it gets no other place: read checkpoint: "}},
		{"a gap, before the first one", 409, &client.Problem{Code: pledge.CodeSeqGap, Detail: "it is 2", Head: &client.Head{}}, commandline.ExitUndecided, 1,
			[]string{"seq-gap: it is 2", "no statement in the log yet"}},
		{"refused", 422, &client.Problem{Code: entry.CodeVocabulary, Detail: "what is this", Hint: "use another"}, commandline.ExitRefused, 1,
			[]string{"error: vocabulary-code-unknown: what is this", "hint: use another"}},
		{"a server in trouble", 500, &client.Problem{Code: "internal", Detail: "sorry"}, commandline.ExitUndecided, 3, []string{"internal: sorry", "again later"}},
		{"a gateway in trouble", 502, "<html>bad gateway", commandline.ExitUndecided, 3, []string{"status 502", "again later"}},
		{"too many", 429, &client.Problem{Code: "too-many", Detail: "slowly"}, commandline.ExitUndecided, 3, []string{"too-many: slowly", "again later"}},
		{"busy", 503, &client.Problem{Code: "busy", Detail: "full"}, commandline.ExitUndecided, 3, []string{"busy: full", "tried 3 times"}},
		{"moved", 308, "elsewhere", commandline.ExitRefused, 1, []string{"status 308"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.answer = func() (int, any) { return c.status, c.reply }
			var out, errs bytes.Buffer
			a := newApp(strings.NewReader(""), &out, &errs)
			a.http = client.Options{Backoff: time.Millisecond, Attempts: 3}
			code := a.run(t.Context(), []string{"submit", filepath.Join(s.dir, "acme.json"), "--policy", filepath.Join(s.dir, "policy.txt"), "--log", s.server.URL, "--timeout", "900ms"})
			if code != c.code {
				t.Errorf("exit %d, not %d", code, c.code)
			}
			for _, w := range c.want {
				if !strings.Contains(errs.String(), w) {
					t.Errorf("it does not say %q:\n%s", w, &errs)
				}
			}
			if got := files(t, s.dir); len(got) != 2 {
				t.Errorf("files were left: %q", got)
			}
			if n := s.posts.Load(); n != c.posts {
				t.Errorf("%d POSTs, not %d", n, c.posts)
			}
		})
	}
}

// Busy once, then not: one more POST and a receipt.
func TestSubmitWaitsAsTold(t *testing.T) {
	s := newStage(t)
	reply, proof := s.truth()
	reply.Proof = string(proof.Marshal())
	s.answer = func() (int, any) {
		if s.posts.Load() == 1 {
			return 503, &client.Problem{Code: "busy"}
		}
		return 201, reply
	}
	if code, _, stderr := s.submit(); code != commandline.ExitDone || s.posts.Load() != 2 {
		t.Errorf("exit %d after %d POSTs\n%s", code, s.posts.Load(), stderr)
	}
}

// A server that asks for more patience than there is is not waited for.
func TestSubmitDoesNotWaitForHours(t *testing.T) {
	for _, c := range []struct {
		status int
		reply  any
		files  int
		want   string
	}{
		{503, &client.Problem{Code: "busy"}, 1, "asks to wait 2h"},
		{429, &client.Problem{Code: "busy"}, 1, "asks to wait 2h"},
		{202, client.Reply{Index: 5}, 1, "is not published yet, and asks to wait 2h"},
		{503, &client.Problem{Code: "busy"}, 2, "asks to wait 2h"},
		{429, "<html>", 2, "asks to wait 2h"},
	} {
		s := newStage(t)
		s.says("7200", func() (int, any) { return c.status, c.reply })
		code, _, stderr, slept := s.patient(t.Context(), c.files)
		if code != commandline.ExitUndecided || s.posts.Load() != 1 || slept != nil || !strings.Contains(stderr, c.want) {
			t.Errorf("%d for %d: exit %d after %d POSTs and %v\n%s", c.status, c.files, code, s.posts.Load(), slept, stderr)
		}
	}
}

// says has the server answer what answer says, with a Retry-After.
func (s *stage) says(after string, answer func() (int, any)) {
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		s.posts.Add(1)
		status, reply := answer()
		if after != "" && status != 201 {
			w.Header().Set("Retry-After", after)
		}
		if line, ok := reply.(client.Line); ok {
			w.Header().Set("Content-Type", client.TypeNDJSON)
			reply = line.Reply
			line.Status, status = status, 200
			b, err := json.Marshal(line)
			if err != nil {
				s.t.Error(err)
			}
			w.Write(append(b, '\n'))
			return
		}
		send(s.t, w, status, reply)
	})
}

// patient submits the statement, under one name or two, and tells which pauses it makes
// between its requests, which take no time.
func (s *stage) patient(ctx context.Context, files int) (code int, stdout, stderr string, slept []time.Duration) {
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs)
	a.http = client.Options{Backoff: time.Millisecond}
	a.sleep = func(ctx context.Context, d time.Duration) error {
		if slept = append(slept, d); len(slept) > 8 {
			return context.DeadlineExceeded
		}
		return ctx.Err()
	}
	args := []string{"submit", filepath.Join(s.dir, "acme.json"), "--policy", filepath.Join(s.dir, "policy.txt"), "--log", s.server.URL}
	if files > 1 {
		args = append(args, write(s.t, filepath.Join(s.dir, "again.json"), s.sub.Marshal()))
	}
	code = a.run(ctx, args)
	return code, out.String(), errs.String(), slept
}

// What has its index and no checkpoint yet is asked for again, when the server says.
func TestSubmitWaitsForACheckpoint(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, c := range []struct {
		name, after string
		want        []time.Duration // at the least, and less than a second more
	}{
		{"seconds", "7", []time.Duration{7 * time.Second, 7 * time.Second}},
		{"a date", in(20 * time.Second), []time.Duration{17 * time.Second, 17 * time.Second}},
		{"nothing", "", []time.Duration{time.Second, 2 * time.Second}},
	} {
		s := newStage(t)
		reply, proof := s.truth()
		reply.Proof = string(proof.Marshal())
		s.says(c.after, func() (int, any) {
			if s.posts.Load() < 3 {
				return 202, client.Reply{Index: 5, ID: s.sub.Statement.ID, Proof: "/api/v1/entries/x/proof"}
			}
			return 201, reply
		})
		code, stdout, stderr, slept := s.patient(t.Context(), 1)
		if code != commandline.ExitDone || s.posts.Load() != 3 || len(slept) != 2 {
			t.Errorf("%s: exit %d after %d POSTs and %v\n%s%s", c.name, code, s.posts.Load(), slept, stdout, stderr)
			continue
		}
		for i, d := range slept {
			if d < c.want[i] || d > c.want[i]+3*time.Second {
				t.Errorf("%s: pauses of %v", c.name, slept)
			}
		}
		if !slices.Contains(files(t, s.dir), "acme"+receiptExt) {
			t.Errorf("%s: there is no receipt", c.name)
		}
	}
	// For ever: as long as the caller has patience.
	s := newStage(t)
	s.says("7", func() (int, any) { return 202, client.Reply{Index: 5} })
	if code, _, stderr, slept := s.patient(t.Context(), 1); code != commandline.ExitUndecided || len(slept) != 9 || !strings.Contains(stderr, "index 5 and is not published yet") {
		t.Errorf("exit %d after %v\n%s", code, slept, stderr)
	}
}

// Of many in one request too, whoever answers: a server, or a proxy in front of it.
func TestSubmitManyWaitsAsTold(t *testing.T) {
	for name, busy := range map[string]struct {
		status int
		reply  any
		want   time.Duration
	}{
		"too often":             {429, &client.Problem{Code: "too-many"}, 7 * time.Second},
		"busy":                  {503, &client.Problem{Code: "busy"}, 7 * time.Second},
		"a proxy that is busy":  {503, "<html>", 7 * time.Second},
		"one that is published": {202, client.Line{Line: 1, Reply: &client.Reply{Index: 5}}, time.Second},
	} {
		s := newStage(t)
		s.says("7", func() (int, any) {
			if s.posts.Load() < 3 {
				return busy.status, busy.reply
			}
			return 422, &client.Problem{Code: entry.CodeVocabulary}
		})
		code, _, stderr, slept := s.patient(t.Context(), 2)
		if code != commandline.ExitRefused || s.posts.Load() != 3 || len(slept) != 2 || slept[0] < busy.want || slept[1] < busy.want || slept[1] > 8*time.Second {
			t.Errorf("%s: exit %d after %d POSTs and %v\n%s", name, code, s.posts.Load(), slept, stderr)
		}
	}
}

func TestSubmitWithoutAServer(t *testing.T) {
	s := newStage(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	l.Close()
	var out, errs bytes.Buffer
	a := newApp(strings.NewReader(""), &out, &errs)
	a.http = client.Options{Backoff: time.Millisecond}
	code := a.run(t.Context(), []string{"submit", filepath.Join(s.dir, "acme.json"), "--policy", filepath.Join(s.dir, "policy.txt"), "--log", nobody})
	if code != commandline.ExitUndecided || !strings.Contains(errs.String(), "it will not be logged twice") {
		t.Errorf("exit %d\n%s", code, &errs)
	}
}

// A reply that breaks off, and a server that says nothing, leave it open.
func TestSubmitThatBreaksOff(t *testing.T) {
	s := newStage(t)
	s.mux = http.NewServeMux()
	hold := make(chan struct{})
	s.mux.HandleFunc("POST /cut/api/v1/statements", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"index":`)
	})
	s.mux.HandleFunc("POST /silent/api/v1/statements", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-hold:
		}
	})
	s.server.Config.Handler = s.mux
	defer close(hold)
	for _, path := range []string{"cut", "silent"} {
		var out, errs bytes.Buffer
		a := newApp(strings.NewReader(""), &out, &errs)
		a.http = client.Options{Backoff: time.Millisecond}
		code := a.run(t.Context(), []string{"submit", filepath.Join(s.dir, "acme.json"), "--policy", filepath.Join(s.dir, "policy.txt"), "--log", s.server.URL + "/" + path, "--timeout", "300ms"})
		if code != commandline.ExitUndecided || !strings.Contains(errs.String(), "it will not be logged twice") {
			t.Errorf("%s: exit %d\n%s", path, code, &errs)
		}
	}
	if got := files(t, s.dir); len(got) != 2 {
		t.Errorf("files were left: %q", got)
	}
}

// A receipt that is there is never overwritten, whatever it is.
func TestSubmitKeepsWhatIsThere(t *testing.T) {
	s := newStage(t)
	reply, proof := s.truth()
	reply.Proof = string(proof.Marshal())
	s.answer = func() (int, any) { return 201, reply }
	other := string(s.log.proof(0, quorum, s.now.Unix()).Marshal())
	short := string(s.log.proof(5, quorum-1, s.now.Unix()).Marshal())
	for _, c := range []struct{ there, want string }{
		{"scribbled", "is not verified"},
		{other, "is a receipt for another statement"},
		{short, "quorum is not reached"},
	} {
		write(t, s.receipt(), []byte(c.there))
		code, _, stderr := s.submit()
		if code != commandline.ExitRefused || !strings.Contains(stderr, c.want) || s.posts.Load() != 0 {
			t.Errorf("exit %d after %d POSTs\n%s", code, s.posts.Load(), stderr)
		}
		if string(mustRead(t, s.receipt())) != c.there {
			t.Error("it was overwritten")
		}
	}
	if err := os.Remove(s.receipt()); err != nil {
		t.Fatal(err)
	}
}

// What cannot be right is not sent.
func TestSubmitSendsNothing(t *testing.T) {
	s := newStage(t)
	s.answer = func() (int, any) { return 500, "" }
	unsigned := *s.sub
	unsigned.Envelope = &entry.Envelope{Payload: s.sub.Envelope.Payload}
	foreign := sign(t, pledgeBy("elsewhere.test/1", "acme", 1, s.now), s.author)
	for name, c := range map[string]struct {
		draft []byte
		code  int
		want  string
	}{
		"unsigned":        {unsigned.Marshal(), commandline.ExitRefused, "has no signature"},
		"for another log": {foreign.Marshal(), commandline.ExitRefused, "which is not in the policy"},
		"not a draft":     {[]byte("{}"), commandline.ExitRefused, "member-missing"},
		"with more":       {append(bytes.TrimSuffix(s.sub.Marshal(), []byte("}")), []byte(`,"more":1}`)...), commandline.ExitRefused, "member-unknown"},
	} {
		write(t, filepath.Join(s.dir, "acme.json"), c.draft)
		code, _, stderr := s.submit()
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d\n%s", name, code, stderr)
		}
	}
	if s.posts.Load() != 0 {
		t.Error("something was sent")
	}
}

// A withheld body is in the draft, is shown to who signs and asks for it where there
// is no terminal, and is never sent.
func TestSubmitDoesNotSendAWithheldBody(t *testing.T) {
	const secret = "a word that must not leave"
	s := newStage(t)
	st := &entry.Statement{
		Log: s.log.origin, Author: "acme", Lane: entry.LaneMain, Seq: 1, Made: s.now.Unix(), Kind: entry.KindRequest,
		Body: &entry.Request{Received: entry.Withheld}, Review: "2040-01-01",
	}
	d := &drafting{st: st}
	body := &entry.RequestBody{Assist: []string{"keys"}, Country: entry.Withheld, Received: "2026-01", Narrative: map[string]string{"en": secret}}
	var err error
	if body.Log, body.Author, body.Kind, body.Salt, err = d.head(); err != nil {
		t.Fatal(err)
	}
	d.detached = body
	draft, err := d.finish()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, "acme.json")
	secretKey, err := keyfile.Marshal(s.author.key)
	if err != nil {
		t.Fatal(err)
	}
	key := write(t, filepath.Join(s.dir, "acme.key"), secretKey)
	write(t, path, draft.Marshal())
	unsigned := mustRead(t, path)
	code, stdout, stderr := pledgeCommand(t, "sign", path, "--key", key, "--yes")
	if code != commandline.ExitDone || strings.Contains(stdout+stderr, secret) || !strings.Contains(stdout, "--show-withheld shows it") {
		t.Fatalf("sign, to no terminal: exit %d\n%s%s", code, stdout, stderr)
	}
	write(t, path, unsigned)
	code, stdout, stderr = pledgeCommand(t, "sign", path, "--key", key, "--yes", "--show-withheld")
	if code != commandline.ExitDone || !strings.Contains(stdout, secret) || !strings.Contains(stdout, "not published; review by 2040-01-01") {
		t.Fatalf("sign: exit %d\n%s%s", code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, body.Salt) {
		t.Error("the salt was printed")
	}
	if s.sub, err = entry.ParseDraft(mustRead(t, path)); err != nil {
		t.Fatal(err)
	}
	s.sub.Body, s.sub.Detached = nil, nil // as it is to be sent
	s.answer = func() (int, any) { return s.logged(s.sub, 201) }
	if code, stdout, stderr := s.submit(); code != commandline.ExitDone || strings.Contains(stdout+stderr, secret) {
		t.Errorf("submit: exit %d\n%s%s", code, stdout, stderr)
	}
	if !bytes.Contains(mustRead(t, path), []byte(secret)) {
		t.Error("the draft lost its body")
	}
}
