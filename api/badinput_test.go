package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A badCase is one submission that is wrong in one way.
type badCase struct {
	name   string
	body   []byte
	status int
	code   entry.Code
	// whole says that it is about the request and not about a line of it.
	whole bool
}

// badCases are submissions by a, who pledged, and b, who is not admitted.
func badCases(s *server, a, b *generator.Author) []badCase {
	w := s.world
	var cases []badCase
	raw := func(name string, body string, status int, code entry.Code) {
		cases = append(cases, badCase{name: name, body: []byte(body), status: status, code: code})
	}
	add := func(name string, st *generator.Statement, status int, code entry.Code) {
		raw(name, string(st.Submission().Marshal()), status, code)
	}
	request := func() *generator.Statement { return s.request(a) }
	// edited is a request whose payload was changed before it was signed.
	edited := func(change func(map[string]any)) *generator.Statement {
		st := request().Encode()
		return st.SetPayload(generator.Edit(st.Payload, change))
	}
	replaced := func(st *generator.Statement, from, to string) *generator.Statement {
		st.Encode()
		if !bytes.Contains(st.Payload, []byte(from)) {
			s.t.Fatalf("payload %s has no %s", st.Payload, from)
		}
		return st.SetPayload(bytes.Replace(st.Payload, []byte(from), []byte(to), 1))
	}
	// bodied is a request with an altered detached body, rightly signed.
	bodied := func(change func(*entry.RequestBody)) *generator.Statement {
		st := request()
		change(st.Detached.(*entry.RequestBody))
		return st
	}
	tampered := func(st *generator.Statement, from, to string) string {
		text := string(st.Submission().Marshal())
		if !strings.Contains(text, from) {
			s.t.Fatalf("submission %.200s has no %s", text, from)
		}
		return strings.Replace(text, from, to, 1)
	}

	// Signatures.
	st := request().Sign()
	st.Envelope.Signatures[0].Sig[9] ^= 0x40
	add("wrong signature", st, 403, "signature-invalid")
	add("signature too many", request().SignWith(append(a.Signers(), w.NewKey("stranger"))...), 403, "signature-not-called-for")
	add("signature of a stranger", request().SignWith(w.NewKey("stranger")), 403, "signature-not-called-for")
	admission := w.Admit(b)
	add("signature missing", admission.SignWith(admission.Signers[1:]...), 403, "signatures-too-few")
	raw("no signature", tampered(request(), `"signatures":[{`, `"signatures":[],"x":[{`), 400, "envelope-malformed")
	raw("no signature at all", string(unsigned.ReplaceAll(request().Submission().Marshal(), []byte(`"signatures":[]}`))), 400, "signatures-malformed")

	// Who, where, and in which order.
	add("unknown author", w.Pledge(b), 403, "author-unknown")
	add("operator makes a pledge", w.Draft(&generator.Author{ID: "operator", Keys: a.Keys, Threshold: 1}, entry.KindPledge, &entry.Pledge{Charter: w.Charter, Clauses: []string{"report"}}, nil), 403, "kind-not-allowed")
	st = w.Pledge(w.Secretariat)
	add("kind not allowed", st, 403, "kind-not-allowed")
	st = request()
	st.Seq++
	add("gap in seq", st, 409, "seq-gap")
	st = w.Pledge(a)
	st.Seq, st.Prev = 1, entry.ID{}
	add("seq taken", st, 409, "seq-taken")
	st = request()
	st.Prev[5] ^= 1
	add("wrong prev", st, 409, "prev-mismatch")
	st = w.Pledge(a)
	st.Log = "log.elsewhere.example/2025"
	add("replay from another origin", st, 422, "origin-mismatch")
	add("second charter", w.Found(), 422, "charter-misplaced")
	add("admitted twice", w.Admit(a), 422, "author-taken")
	add("key of another", w.Admit(&generator.Author{ID: "new-one", Name: "New One", Role: entry.RoleSignatory, Company: b.Company, Keys: a.Keys, Threshold: 1}), 422, "key-taken")

	// JSON and encodings.
	raw("not JSON", "hello", 400, "not-json")
	raw("half of it", tampered(request(), `"}]}`, `"}`), 400, "not-json")
	raw("body that is not JSON", tampered(request(), `,"body":{`, `,"body":<`), 400, "not-json")
	raw("an array", "[]", 400, "not-json")
	raw("no statement", `{"body":{}}`, 400, "member-missing")
	raw("unknown member outside", tampered(request(), `{"statement"`, `{"please":1,"statement"`), 400, "member-unknown")
	raw("duplicate member outside", tampered(w.Pledge(a), `{"statement"`, `{"statement":{},"statement"`), 400, "member-duplicate")
	add("duplicate member", replaced(request(), `{"author":`, `{"author":"x","author":`), 400, "member-duplicate")
	add("unknown member", edited(func(m map[string]any) { m["weather"] = "fine" }), 400, "member-unknown")
	add("member missing", edited(func(m map[string]any) { delete(m, "made") }), 400, "member-missing")
	add("not canonical", replaced(request(), `{"author":`, `{ "author":`), 400, "not-canonical")
	add("number with a fraction", replaced(request(), `"seq":`, `"seq":1.`), 400, "number-out-of-range")
	add("number too large", edited(func(m map[string]any) { m["seq"] = uint64(1) << 53 }), 400, "number-out-of-range")
	add("too deep", edited(func(m map[string]any) {
		deep := any(1)
		for range 20 {
			deep = []any{deep}
		}
		m["body"] = deep
	}), 400, "nesting-too-deep")
	raw("envelope with white space", tampered(request(), `{"payloadType"`, `{ "payloadType"`), 400, "envelope-malformed")
	raw("another payload type", tampered(request(), entry.PayloadType, "application/vnd.in-toto+json"), 400, "payload-type-unknown")
	// 64 bytes are 86 characters: the last has four bits that must be zero.
	raw("base64 with trailing bits", looseBits(request()), 400, "base64-not-canonical")
	raw("empty leaf", string(emptied.ReplaceAll(request().Submission().Marshal(), []byte(`"payload":""`))), 400, "payload-empty")

	// Sizes.
	many := &entry.Decision{Request: a.Head, Outcome: "refused", Date: "2025-01-06"}
	for i := range 1200 {
		many.Grounds = append(many.Grounds, fmt.Sprintf("ground-%04d-that-goes-on-and-on-and-on", i))
	}
	add("oversized leaf", w.Draft(a, entry.KindDecision, many, nil), 413, "leaf-too-large")
	add("oversized body", bodied(func(b *entry.RequestBody) {
		b.Narrative = map[string]string{}
		for _, lang := range []string{"de", "en", "fr", "it", "ja", "zh"} {
			b.Narrative[lang] = strings.Repeat("x", 45_000)
		}
	}), 413, "body-too-large")
	cases = append(cases, badCase{"oversized request", bytes.Repeat([]byte(" "), entry.MaxSubmission+1), 413, "request-too-large", true})
	cases = append(cases, badCase{"empty request", nil, 400, "request-empty", true})

	// Detached bodies.
	raw("wrong digest", tampered(request(), `"salt":"`, `"salt":"A`), 422, "body-digest-mismatch")
	st = request().Sign()
	st.Body = nil
	add("body missing", st, 422, "body-missing")
	raw("body not wanted", tampered(w.Pledge(a), `]}}`, `]},"body":{"a":1}}`), 422, "body-not-wanted")
	add("short salt", bodied(func(b *entry.RequestBody) { b.Salt = base64.RawURLEncoding.EncodeToString(make([]byte, 15)) }), 422, "salt-too-short")
	add("body of another", bodied(func(b *entry.RequestBody) { b.Author = "somebody-else" }), 422, "body-of-another-statement")
	add("received outside its period", bodied(func(b *entry.RequestBody) { b.Received = "2023-05" }), 422, "received-outside-period")
	st = request()
	st.BodyDigest = "too-short"
	add("digest of another form", st, 422, "digest-malformed")
	st = request()
	sent := st.Withhold("2026-01-01").Submission()
	sent.Body = st.Body
	raw("text of a withheld body", string(sent.Marshal()), 422, "body-not-wanted")
	add("withheld for too long", request().Withhold("2028-01-01"), 422, "review-out-of-range")
	add("withheld until yesterday", request().Withhold("2025-01-05"), 422, "review-out-of-range")

	// Values.
	add("impossible time", edited(func(m map[string]any) { m["made"] = "2025-02-30T10:00:00Z" }), 422, "time-malformed")
	add("impossible date", w.Draft(a, entry.KindDecision, &entry.Decision{Request: a.Head, Outcome: "refused", Date: "2025-02-30"}, nil), 422, "date-malformed")
	add("impossible period", edited(func(m map[string]any) { m["body"] = map[string]any{"received": "2025-Q5"} }), 422, "period-malformed")
	add("period of another kind", bodyOf(request(), `{"received":"2024-H2"}`), 422, "period-of-another-kind")
	add("period to come", w.Request(a, "2026-11", nil), 422, "received-in-future")
	add("made in the future", edited(func(m map[string]any) { m["made"] = "2031-01-01T00:00:00Z" }), 422, "made-in-future")
	add("made before the previous one", edited(func(m map[string]any) { m["made"] = "2024-01-01T00:00:00Z" }), 422, "made-before-previous")
	add("unknown vocabulary code", bodied(func(b *entry.RequestBody) { b.Assist = []string{"world-domination"} }), 422, "vocabulary-code-unknown")
	add("code of another form", bodied(func(b *entry.RequestBody) { b.Assist = []string{"World Domination"} }), 422, "code-malformed")
	add("author of another form", edited(func(m map[string]any) { m["author"] = "Acme Inc." }), 422, "author-malformed")
	add("unknown kind", edited(func(m map[string]any) { m["kind"] = "rumour" }), 422, "kind-unknown")
	add("unknown lane", edited(func(m map[string]any) { m["lane"] = "fast" }), 422, "lane-unknown")
	add("unknown clause", w.Draft(a, entry.KindPledge, &entry.Pledge{Charter: w.Charter, Clauses: []string{"be-nice"}}, nil), 422, "clause-unknown")
	add("unknown reference", w.Draft(a, entry.KindDecision, &entry.Decision{Request: entry.ID{1}, Outcome: "refused", Date: "2025-01-06"}, nil), 422, "reference-unknown")
	period, _ := entry.ParsePeriod("2025-Q1")
	add("attestation too early", w.Attestation(a, period), 422, "attestation-early")
	early := w.Attestation(a, period)
	early.Statement.Body.(*entry.Attestation).Logged = entry.Counts{Total: 3}
	add("sum that differs", early, 422, "sum-differs")

	// Keys.
	add("weak key", admitWith(w, b, spki(append([]byte{1}, make([]byte, 31)...)), entry.AlgEd25519), 422, "key-weak")
	add("key of another form", admitWith(w, b, "AAAA", entry.AlgEd25519), 422, "key-malformed")
	add("key of another algorithm", admitWith(w, b, spki(make([]byte, 32)), "rsa-1024"), 422, "key-algorithm-unknown")
	none := w.Admit(b)
	none.Statement.Body.(*entry.Admit).Threshold = 9
	add("threshold too high", none, 422, "threshold-malformed")
	return cases
}

var (
	emptied  = regexp.MustCompile(`"payload":"[^"]*"`)
	unsigned = regexp.MustCompile(`"signatures":\[[^]]*\]}`)
)

// looseBits sets a bit beyond the end of a signature.
func looseBits(st *generator.Statement) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text := string(st.Submission().Marshal())
	i := strings.Index(text, `=="}]`)
	last := strings.IndexByte(digits, text[i-1])
	return text[:i-1] + digits[last+1:last+2] + text[i:]
}

func bodyOf(st *generator.Statement, body string) *generator.Statement {
	st.RawBody = []byte(body)
	return st
}

// spki is the DER of an Ed25519 key of any bytes.
func spki(raw []byte) string {
	der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, raw...)
	return base64.StdEncoding.EncodeToString(der)
}

func admitWith(w *generator.World, b *generator.Author, spki, alg string) *generator.Statement {
	st := w.Admit(b)
	st.Statement.Body.(*entry.Admit).Keys = []entry.Key{{Alg: alg, SPKI: spki, Use: entry.UseStatement}}
	return st
}

// Everything of the list "Bad input": a code of its own and a sentence that says
// what to do, singly and as one of many lines; the log does not grow, and the
// server goes on.
func TestBadInput(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	cases := badCases(s, a, s.world.Signatories[1])
	before := s.size()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ans := s.post(client.TypeJSON, c.body)
			p := ans.problem(t)
			if p.Code != c.code || p.Status != c.status {
				t.Errorf("%d %s (%s), want %d %s", p.Status, p.Code, p.Detail, c.status, c.code)
			}
			if c.status == http.StatusConflict && (p.Head == nil || p.Head.Seq != a.Seq || p.Head.ID != a.Head) {
				t.Errorf("head is %+v, want %d %s", p.Head, a.Seq, a.Head)
			}
			if c.status != http.StatusConflict && p.Head != nil {
				t.Errorf("head is %+v", p.Head)
			}
			if c.whole || bytes.ContainsRune(c.body, '\n') {
				return
			}
			lines := s.stream(string(c.body) + "\n")
			if len(lines) != 1 || lines[0].Problem == nil || lines[0].Problem.Code != c.code || lines[0].Status != c.status {
				t.Errorf("as a line: %+v", lines)
			}
		})
	}
	if after := s.size(); after != before {
		t.Errorf("the log grew from %d to %d", before, after)
	}
	s.mustSubmit(s.request(a))
}

func TestContentTypes(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	good := s.request(a).Submission().Marshal()
	for _, c := range []struct {
		header map[string]string
		code   entry.Code
	}{
		{map[string]string{}, "content-type-unknown"},
		{map[string]string{"Content-Type": "text/plain"}, "content-type-unknown"},
		{map[string]string{"Content-Type": "application/json; charset=latin1"}, "content-type-unknown"},
		{map[string]string{"Content-Type": "application/json; boundary=x"}, "content-type-unknown"},
		{map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "content-type-unknown"},
		{map[string]string{"Content-Type": "application/"}, "content-type-unknown"},
		{map[string]string{"Content-Type": client.TypeJSON, "Content-Encoding": "gzip"}, "content-encoding-unknown"},
		{map[string]string{"Content-Type": client.TypeNDJSON, "Content-Encoding": "br"}, "content-encoding-unknown"},
	} {
		ans := s.do("POST", "/api/v1/statements", c.header, bytes.NewReader(good))
		if p := ans.problem(t); p.Status != 415 || p.Code != c.code {
			t.Errorf("%v: %d %s, want 415 %s", c.header, p.Status, p.Code, c.code)
		}
	}
	for _, contentType := range []string{client.TypeJSON, client.TypeNDJSON} {
		if p := s.post(contentType, nil).problem(t); p.Status != 400 || p.Code != "request-empty" {
			t.Errorf("%s without a body: %d %s", contentType, p.Status, p.Code)
		}
	}
	if p := s.do("POST", "/api/v1/statements?dry-run=1", map[string]string{"Content-Type": client.TypeJSON}, bytes.NewReader(good)).problem(t); p.Code != "parameter-unknown" {
		t.Errorf("with a parameter: %s", p.Code)
	}
	if n := s.size(); n != 3 {
		t.Errorf("the log has %d entries, want 3", n)
	}
}
