package entry

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What is read quickly is held here to forms that are plain and slow: the
// decoder of structs, and the standard library's decoders and calendar.

// FuzzQuickStatement holds the quick way through a payload to the slow one: the
// same value, or the same code.
func FuzzQuickStatement(f *testing.F) {
	for _, sub := range samples() {
		f.Add(sub.Envelope.Payload)
	}
	for _, payload := range oddPayloads() {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, b []byte) { compareStatements(t, b) })
}

func compareStatements(t *testing.T, b []byte) {
	t.Helper()
	quick, err := ParseStatement(&Envelope{Payload: b})
	slow, slowErr := slowStatement(&Envelope{Payload: b})
	if CodeOf(err) != CodeOf(slowErr) || (err == nil) != (slowErr == nil) {
		t.Fatalf("%q: quickly %v, slowly %v", b, err, slowErr)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Fatalf("%q: quickly %+v %+v, slowly %+v %+v", b, quick, quick.Body, slow, slow.Body)
	}
}

// FuzzQuickDetached is FuzzQuickStatement for detached bodies.
func FuzzQuickDetached(f *testing.F) {
	for kind, sub := range samples() {
		if sub.Body != nil && kind != KindOpen {
			f.Add(sub.Envelope.Payload, sub.Body)
			raw, _ := sealed(sub.Body, sealOf(membersOf(sub.Body)[0].name)...)
			f.Add(sub.Envelope.Payload, raw)
		}
	}
	f.Fuzz(func(t *testing.T, payload, b []byte) {
		st, err := ParseStatement(&Envelope{Payload: payload})
		if err != nil {
			return
		}
		compareBodies(t, st, b)
	})
}

func compareBodies(t *testing.T, st *Statement, b []byte) {
	t.Helper()
	quick, err := readDetached(st, b)
	slow, slowErr := slowDetached(st, b)
	if CodeOf(err) != CodeOf(slowErr) || (err == nil) != (slowErr == nil) {
		t.Fatalf("%q: quickly %v, slowly %v", b, err, slowErr)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Fatalf("%q: quickly %+v, slowly %+v", b, quick, slow)
	}
}

// oddPayloads are payloads on which a reader in a hurry may err.
func oddPayloads() []string {
	var list []string
	for _, kind := range []Kind{KindRequest, KindDecision, KindAttestation, KindSlot, KindOpen, KindCorrect, KindChallenge, KindReply} {
		payload := string(samples()[kind].Envelope.Payload)
		for _, edit := range [][2]string{
			{`"kind":"` + string(kind) + `"`, `"kind":"pledge"`},
			{`"body":{`, `"body":{"kind":"reply",`},
			{`"body":{`, `"body":{,`},
			{`"body":{`, `"body":{"sealed":1,`},
			{`"lane":"main"`, `"lane":"slot"`},
			{`"log":"log.`, `"log":"l\u00e9g.`},
			{`"log":"log.`, `"log":"lég.`},
			{`"log":"log.`, `"log":"\",\"kind\":\"reply`},
			{`"log":"log.`, `"log":"\\,\"kind\":\"`},
			{`"made":"2026-05-28T`, `"made":"2026-02-29T`},
			{prevID, zero},
			{prevID, strings.ToUpper(prevID)},
			{`"seq":`, `"seq":0`},
			{`"seq":`, `"seq":9007199254740991`},
			{`"seq":`, `"seq":-`},
			{`"seq":`, `"seq": `},
			{`"seq":`, `"seq":"`},
			{`}`, `} `},
			{`}`, `,}`},
			{`}`, `},"kind":"request"`},
			{`"total":3`, `"total":3.0`}, {`"total":3`, `"total":03`}, {`"total":3`, `"total":3,"x":1`},
			{`"max":249`, `"max":0`}, {`"min":0`, `"min":249`}, {`"cannot-say"`, `"cannot"`}, {`"outcomes":{`, `"outcomes":{"a":1,`}, {`"outcomes":{`, `"outcomes":{},"x":{`},
			{`"refused":2`, `"refused":2,"refused":2`}, {`"pending":1,"refused":2`, `"refused":2,"pending":1`}, {`"2026-Q2"`, `""`}, {`"2026-Q2"`, `"2026-Q9"`},
			{`["pledge","unlawful"]`, `[]`}, {`["pledge","unlawful"]`, `["pledge",]`}, {`["pledge","unlawful"]`, `["pledge" ,"unlawful"]`}, {`["pledge","unlawful"]`, `[["pledge"]]`},
			{`"digests":["`, `"digests":["` + aDigest + `","`}, {`"digests":["`, `"digests":[ "`}, {`"digests":["`, `"digests":["",`},
			{`"01` + zero[2:] + `"`, `"` + zero + `"`}, {`"finding"`, `"challenge":"` + zero + `","finding"`},
		} {
			if strings.Contains(payload, edit[0]) {
				list = append(list, strings.Replace(payload, edit[0], edit[1], 1))
			}
			if i := strings.LastIndex(payload, edit[0]); i >= 0 {
				list = append(list, payload[:i]+edit[1]+payload[i+len(edit[0]):])
			}
		}
	}
	return list
}

// TestQuickStatement compares every sample, all odd payloads, and holds that what
// logs have many of does go the quick way.
func TestQuickStatement(t *testing.T) {
	for kind, sub := range samples() {
		compareStatements(t, sub.Envelope.Payload)
		switch kind {
		case KindRequest, KindDecision, KindAttestation, KindSlot, KindOpen, KindCorrect, KindChallenge, KindReply:
			if !quickStatement(sub.Envelope.Payload, new(Statement)) {
				t.Errorf("the sample of a %s is read slowly", kind)
			}
		}
	}
	list := oddPayloads()
	if len(list) < 150 {
		t.Errorf("only %d odd payloads", len(list))
	}
	for _, payload := range list {
		compareStatements(t, []byte(payload))
	}
	for _, sub := range samples() {
		payload := string(sub.Envelope.Payload)
		for i := range payload {
			if i > 300 && i < len(payload)-300 {
				continue
			}
			for _, odd := range []string{payload[:i], payload[:i] + payload[i+1:], payload[:i] + `"` + payload[i:], payload[:i] + "\\" + payload[i+1:], payload[:i] + "\x80" + payload[i+1:], payload[:i] + "é" + payload[i+1:]} {
				compareStatements(t, []byte(odd))
			}
		}
	}
}

func TestQuickDetached(t *testing.T) {
	for _, kind := range []Kind{KindRequest, KindDecision, KindAttestation, KindReply} {
		sub := samples()[kind]
		st, err := ParseStatement(sub.Envelope)
		if err != nil {
			t.Fatal(err)
		}
		if quickDetached(kind, sub.Body) == nil {
			t.Errorf("the sample's body of a %s is read slowly", kind)
		}
		body := string(sub.Body)
		for i := range body {
			for _, odd := range []string{body[:i], body[:i] + body[i+1:], body[:i] + `"` + body[i:], body[:i] + `\` + body[i+1:], body[:i] + "é" + body[i+1:], body[:i] + "\u202e" + body[i:],
				body[:i] + "\x01" + body[i:], body[:i] + "\xff" + body[i:], body[:i] + `\n` + body[i:], body[:i] + `\u000a` + body[i:], body[:i] + "{}" + body[i:], body[:i] + ",null" + body[i:]} {
				compareBodies(t, st, []byte(odd))
			}
		}
		for _, m := range membersOf(sub.Body) {
			raw, _ := sealed(sub.Body, sealOf(m.name)...)
			compareBodies(t, st, raw)
			if may := !slices.Contains([]string{"author", "kind", "log", "salt"}, m.name); may != (quickDetached(kind, raw) != nil) {
				t.Errorf("a %s whose %s is sealed is read quickly: %v", kind, m.name, !may)
			}
			for _, edit := range [][2]string{{`"law":"withheld",`, ``}, {`"law":"withheld",`, `"law":"Withheld",`}, {`"reason":"withheld",`, ``}, {`"review":"2027`, `"review":"2o27`}, {`"sealed":"`, `"sealed":"x`},
				{`,"sealed":`, `,"resealed":`}, {`"law":"withheld","reason":"withheld","review":"2027-01-01"`, `"law":"x"`}, {`"reason":"withheld"`, `"reason":"withheld","reason":"withheld"`}, {`2027-01-01"`, `2027-01-01","rx":1`}} {
				compareBodies(t, st, []byte(strings.Replace(string(raw), edit[0], edit[1], 1)))
			}
		}
		compareBodies(t, st, []byte(strings.Replace(body, `"kind":`, `"court":{"reason":"x","review":"2027-01-01","sealed":"`+aDigest+`"},"kind":`, 1)))
		compareBodies(t, st, []byte(strings.Replace(body, `"narrative":{`, `"narrative":{"law":"Lauje is a language too",`, 1)))
	}
}

// slowLeaf reads a leaf with the standard library and takes what comes back to the
// same bytes.
func slowLeaf(b []byte) (*Leaf, bool) {
	var w struct {
		Logged    int64 `json:"logged"`
		Statement struct {
			PayloadType string `json:"payloadType"`
			Payload     string `json:"payload"`
			Signatures  []struct {
				KeyID string `json:"keyid"`
				Sig   string `json:"sig"`
			} `json:"signatures"`
		} `json:"statement"`
	}
	if json.Unmarshal(b, &w) != nil || w.Logged < 0 || w.Logged > MaxLogged || w.Statement.PayloadType != PayloadType {
		return nil, false
	}
	l := &Leaf{Logged: w.Logged, Statement: &Envelope{}}
	var err error
	if l.Statement.Payload, err = base64.StdEncoding.DecodeString(w.Statement.Payload); err != nil || len(l.Statement.Payload) == 0 {
		return nil, false
	}
	for _, s := range w.Statement.Signatures {
		id, err := hex.DecodeString(s.KeyID)
		sig, err2 := base64.StdEncoding.DecodeString(s.Sig)
		if err != nil || err2 != nil || len(id) != 32 || len(sig) == 0 {
			return nil, false
		}
		l.Statement.Signatures = append(l.Statement.Signatures, Signature{KeyID: KeyID(id), Sig: sig})
	}
	sorted := slices.IsSortedFunc(l.Statement.Signatures, func(a, b Signature) int {
		if c := bytes.Compare(a.KeyID[:], b.KeyID[:]); c != 0 {
			return c
		}
		return 1 // not twice
	})
	n := len(l.Statement.Signatures)
	return l, sorted && n >= 1 && n <= MaxSignatures && bytes.Equal(l.Marshal(), b)
}

func FuzzQuickLeaf(f *testing.F) {
	for _, sub := range samples() {
		f.Add((&Leaf{Logged: 1780000000, Statement: sub.Envelope}).Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) { compareLeaves(t, b) })
}

func compareLeaves(t *testing.T, b []byte) {
	t.Helper()
	slow, ok := slowLeaf(b)
	quick, err := ParseLeaf(b)
	if ok != (err == nil) {
		t.Fatalf("%q: quickly %v, slowly taken: %v", b, err, ok)
	}
	if !ok {
		return
	}
	if quick.Logged != slow.Logged || !bytes.Equal(quick.Statement.Payload, slow.Statement.Payload) || !reflect.DeepEqual(quick.Statement.Signatures, slow.Statement.Signatures) {
		t.Fatalf("%q: quickly %+v, slowly %+v", b, quick.Statement, slow.Statement)
	}
	if !bytes.Equal(quick.Statement.PAE(), slow.Statement.PAE()) || quick.Statement.ID() != slow.Statement.ID() {
		t.Fatalf("%q: what is signed differs: %q and %q", b, quick.Statement.PAE(), slow.Statement.PAE())
	}
}

// TestQuickLeaf compares a leaf with each of its bytes left out, doubled and
// changed.
func TestQuickLeaf(t *testing.T) {
	sub := samples()[KindAdmit]
	leaf := (&Leaf{Logged: 1780000000, Statement: sub.Envelope}).Marshal()
	for i := range leaf {
		compareLeaves(t, leaf[:i])
		compareLeaves(t, slices.Delete(bytes.Clone(leaf), i, i+1))
		for _, ch := range []byte("\"\\ \n=AB+-0,}]{[") {
			compareLeaves(t, slices.Insert(bytes.Clone(leaf), i, ch))
			changed := bytes.Clone(leaf)
			changed[i] = ch
			compareLeaves(t, changed)
		}
	}
	for i := 1; i < 80; i++ { // paddings, and lengths with one and two digits
		env := &Envelope{Payload: bytes.Repeat([]byte("x"), i)}
		env.Sign(KeyID{1}, bytes.Repeat([]byte("s"), i))
		compareLeaves(t, (&Leaf{Logged: int64(i), Statement: env}).Marshal())
	}
}

// TestPAEIsOfThePayload: who puts another payload into an envelope that was read
// signs that.
func TestPAEIsOfThePayload(t *testing.T) {
	sub := samples()[KindPledge]
	l, err := ParseLeaf((&Leaf{Logged: 1, Statement: sub.Envelope}).Marshal())
	if err != nil {
		t.Fatal(err)
	}
	e := l.Statement
	for _, payload := range [][]byte{[]byte("x"), nil, bytes.Clone(sub.Envelope.Payload), e.Payload[1:], e.Payload[:len(e.Payload)-1]} {
		changed := *e
		changed.Payload = payload
		want := fmt.Sprintf("DSSEv1 %d %s %d %s", len(PayloadType), PayloadType, len(payload), payload)
		if got := string(changed.PAE()); got != want {
			t.Errorf("PAE is %q, want %q", got, want)
		}
	}
	e.Payload[0] = '['
	if got := e.PAE(); got[len(got)-len(e.Payload)] != '[' {
		t.Error("the payload was changed in its place, and what is signed was not")
	}
}

// The calendar of the standard library, which is strict when what it writes is
// what it read.
func slowCalendar(layout, s string) (int64, bool) {
	t, err := time.Parse(layout, s)
	return t.Unix(), err == nil && t.Format(layout) == s && t.Year() >= 1970
}

func compareTimes(t *testing.T, s string) {
	t.Helper()
	for _, c := range []struct {
		layout string
		parse  func(string) (int64, error)
	}{
		{"2006-01-02T15:04:05Z", ParseTime},
		{"2006-01-02", ParseDate},
		{"2006-01", func(s string) (int64, error) {
			if len(s) == len("2006-01-02") {
				return 0, refuse(CodeDateMalformed, "a date is no month")
			}
			start, _, err := parseDay(s)
			return start, err
		}},
		{"2006-01-02", func(s string) (int64, error) {
			p, err := ParseSlotPeriod(s)
			if err == nil && p.Kind() != SlotsDay {
				err = refuse(CodePeriodMalformed, "not a day")
			}
			return p.Start(), err
		}},
		{"2006-01", func(s string) (int64, error) {
			p, err := ParseSlotPeriod(s)
			if err == nil && p.Kind() != SlotsMonth {
				err = refuse(CodePeriodMalformed, "not a month")
			}
			return p.Start(), err
		}},
	} {
		want, ok := slowCalendar(c.layout, s)
		got, err := c.parse(s)
		if ok != (err == nil) || ok && got != want {
			t.Fatalf("%q as %s: %d (%v), want %d, %v", s, c.layout, got, err, want, ok)
		}
	}
}

func FuzzQuickTimes(f *testing.F) {
	for _, s := range []string{"2026-05-03T14:02:00Z", "2024-02-29", "2026-05", "1970-01-01T00:00:00Z", "9999-12"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compareTimes(t, s) })
}

// TestQuickTimes compares every day of some years, and damaged times.
func TestQuickTimes(t *testing.T) {
	for _, year := range []int{1969, 1970, 2000, 2024, 2026, 2100, 9999} {
		for month := range 14 {
			for day := range 34 {
				compareTimes(t, fmt.Sprintf("%04d-%02d-%02d", year, month, day))
			}
			compareTimes(t, fmt.Sprintf("%04d-%02d", year, month))
		}
		for week := range 56 {
			s := fmt.Sprintf("%04d-W%02d", year, week)
			p, err := ParseSlotPeriod(s)
			// The week of which January 4 is the first one's, by the calendar's own count.
			found := false
			for d := time.Date(year-1, 12, 20, 0, 0, 0, 0, time.UTC); d.Year() <= year+1 && d.YearDay() < 400 && year >= 1970; d = d.AddDate(0, 0, 1) {
				y, w := d.ISOWeek()
				if y == year && w == week && d.Weekday() == time.Monday {
					found = true
					if err != nil || p.Start() != d.Unix() {
						t.Errorf("%s begins at %d (%v), want %d", s, p.Start(), err, d.Unix())
					}
				}
				if y > year {
					break
				}
			}
			if found != (err == nil) {
				t.Errorf("%s: %v, want taken: %v", s, err, found)
			}
		}
	}
	good := "2026-05-28T20:26:40Z"
	for i := range good {
		for ch := range 128 {
			compareTimes(t, good[:i]+string(rune(ch))+good[i+1:])
			compareTimes(t, (good[:i] + string(rune(ch)) + good[i+1:])[:10])
			compareTimes(t, (good[:i] + string(rune(ch)) + good[i+1:])[:7])
		}
		compareTimes(t, good[:i])
		compareTimes(t, good[i:])
	}
}

// compareDigits holds what is read by tables to the decoders of the standard
// library.
func compareDigits(t *testing.T, s string) {
	t.Helper()
	bare := !strings.ContainsAny(s, "\r\n")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if got, want := IsDigest(s), bare && err == nil && len(s) == 43; got != want {
		t.Fatalf("%q is a digest: %v, want %v", s, got, want)
	}
	if got, want := checkSalt(s) == nil, bare && err == nil && len(raw) >= MinSalt; got != want {
		t.Fatalf("%q is a salt: %v, want %v", s, got, want)
	}
	raw, err = base64.StdEncoding.Strict().DecodeString(s)
	got, gotErr := decodeBase64([]byte(s))
	if ok := bare && err == nil; ok != (gotErr == nil) || ok && !bytes.Equal(raw, got) {
		t.Fatalf("%q is %q (%v), want %q (%v)", s, got, gotErr, raw, err)
	}
	raw, err = hex.DecodeString(s)
	h, ok := parseHash([]byte(s))
	if want := err == nil && len(raw) == 32 && strings.ToLower(s) == s; ok != want || ok && !bytes.Equal(h[:], raw) {
		t.Fatalf("%q is %x (%v), want %x (%v)", s, h, ok, raw, want)
	}
	if utf8.ValidString(s) && s != "" {
		quoted, _ := Marshal(s)
		for plain := range 2 {
			r := reader{b: quoted}
			read := r.text
			if plain == 1 {
				read = r.plain
			}
			if got := read(); r.done() && got != s || !r.done() && plain == 0 {
				t.Fatalf("%q was read as %q", s, got)
			}
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	r := reader{b: []byte(s)}
	if got := r.number(); r.done() != (err == nil && n <= MaxInteger && strconv.FormatUint(n, 10) == s) || r.done() && got != n {
		t.Fatalf("%q was read as the number %d (%v), want %d (%v)", s, got, r.done(), n, err)
	}
}

func FuzzQuickDigits(f *testing.F) {
	for _, s := range []string{aDigest, testSalt, prevID, "AAAA", "AA==", "9007199254740991", "18446744073709551616", "x\ny", "é\"\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compareDigits(t, s) })
}

func TestQuickDigits(t *testing.T) {
	for _, good := range []string{aDigest, testSalt, prevID, "QUJD", "QUI=", "QQ==", "9007199254740991", "9007199254740992", "0", "00"} {
		compareDigits(t, good)
		for i := range good {
			for ch := range 256 {
				compareDigits(t, good[:i]+string([]byte{byte(ch)})+good[i+1:])
			}
			compareDigits(t, good[:i])
			compareDigits(t, good[:i]+good)
		}
	}
}
