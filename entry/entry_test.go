package entry

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSamplesRoundTrip(t *testing.T) {
	all := samples()
	for _, kind := range Kinds {
		if all[kind] == nil {
			t.Errorf("there is no sample of a %s", kind)
		}
	}
	for kind, sub := range all {
		got, err := ParseSubmission(sub.Marshal())
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if !bytes.Equal(got.Marshal(), sub.Marshal()) {
			t.Errorf("%s: the submission changed", kind)
		}
		leaf := (&Leaf{Logged: 1780000001, Statement: sub.Envelope}).Marshal()
		l, err := ParseLeaf(leaf)
		if err != nil || !bytes.Equal(l.Marshal(), leaf) {
			t.Errorf("%s: the leaf changed (%v)", kind, err)
		}
		again, err := got.Statement.Payload()
		if err != nil || !bytes.Equal(again, sub.Envelope.Payload) {
			t.Errorf("%s: the payload changed (%v)", kind, err)
		}
	}
}

// TestEntryID holds the id to the DSSE specification, written out by hand.
func TestEntryID(t *testing.T) {
	e := &Envelope{Payload: []byte(`{"a":1}`)}
	pae := "DSSEv1 45 application/vnd.pledgelog.statement.v1+json 7 {\"a\":1}"
	if len(PayloadType) != 45 {
		pae = strings.Replace(pae, "45", fmt.Sprint(len(PayloadType)), 1)
		t.Logf("payload type has %d characters", len(PayloadType))
	}
	if got := string(e.PAE()); got != pae {
		t.Errorf("PAE = %q, want %q", got, pae)
	}
	if e.ID() != ID(sha256.Sum256([]byte(pae))) {
		t.Error("the entry id is not the SHA-256 of the PAE")
	}
}

// edit replaces one piece of a payload and returns the code that it is refused
// with; unsorted and repeated members are made by text, as an attacker would.
func TestStatementRefused(t *testing.T) {
	s := samples()
	for _, c := range []struct {
		name     string
		kind     Kind
		old, new string
		want     Code
	}{
		{"unknown member", KindPledge, `"kind":"pledge"`, `"colour":"red","kind":"pledge"`, CodeMemberUnknown},
		{"unknown member of the body", KindPledge, `"body":{"charter"`, `"body":{"a":1,"charter"`, CodeMemberUnknown},
		{"member twice", KindPledge, `"kind":"pledge"`, `"kind":"pledge","kind":"pledge"`, CodeMemberDuplicate},
		{"white space", KindPledge, `"seq":1`, `"seq": 1`, CodeNotCanonical},
		{"upper-case author", KindPledge, `"acme-corp"`, `"Acme-corp"`, CodeAuthorMalformed},
		{"author ends in a hyphen", KindPledge, `"acme-corp"`, `"acme-"`, CodeAuthorMalformed},
		{"author with two hyphens", KindPledge, `"acme-corp"`, `"acme--corp"`, CodeAuthorMalformed},
		{"author too long", KindPledge, `"acme-corp"`, `"` + strings.Repeat("a", 64) + `"`, CodeAuthorMalformed},
		{"author of other script", KindPledge, `"acme-corp"`, `"аcme-corp"`, CodeAuthorMalformed},
		{"seq 0", KindPledge, `"seq":1`, `"seq":0`, CodeMemberMissing},
		{"seq as text", KindPledge, `"seq":1`, `"seq":"1"`, CodeMemberMalformed},
		{"seq too large", KindPledge, `"seq":1`, `"seq":9007199254740992`, CodeNumberRange},
		{"seq with fraction", KindPledge, `"seq":1`, `"seq":1.0`, CodeNumberRange},
		{"prev with seq 1", KindPledge, `"seq":1`, `"prev":"` + strings.Repeat("0a", 32) + `","seq":1`, CodeMemberMissing},
		{"no prev with seq 2", KindPledge, `"seq":1`, `"seq":2`, CodeMemberMissing},
		{"prev in upper case", KindPledge, `"seq":1`, `"prev":"` + strings.Repeat("0A", 32) + `","seq":2`, CodeMemberMalformed},
		{"unknown kind", KindPledge, `"kind":"pledge"`, `"kind":"promise"`, CodeKindUnknown},
		{"unknown lane", KindPledge, `"lane":"main"`, `"lane":"fast"`, CodeLaneUnknown},
		{"no lane", KindPledge, `"lane":"main",`, ``, CodeMemberMissing},
		{"impossible date", KindPledge, `"made":"2026-05-28T20:26:40Z"`, `"made":"2026-02-30T20:26:40Z"`, CodeTimeMalformed},
		{"withheld without digest", KindPledge, `"seq":1`, `"seq":1,"withheld":{"review":"2027-01-01"}`, CodeMemberMalformed},
		{"pledge with a detached body", KindPledge, `"kind"`, `"bodyDigest":"` + Digest(nil) + `","kind"`, CodeBodyNotWanted},
		{"body is null", KindPledge, `"body":{`, `"body":null,"x":{`, CodeNotCanonical},
		{"body is a list", KindRequest, `"body":{"received":"2026-Q2"}`, `"body":["2026-Q2"]`, CodeMemberMalformed},
		{"body is empty", KindRequest, `"body":{"received":"2026-Q2"}`, `"body":{}`, CodePeriodMalformed},
		{"request without a digest", KindRequest, `"bodyDigest":"` + Digest(s[KindRequest].Body) + `",`, ``, CodeMemberMissing},
		{"digest with trailing bits", KindRequest, Digest(s[KindRequest].Body), Digest(s[KindRequest].Body)[:42] + "_", CodeDigestMalformed},
		{"digest in hex", KindRequest, Digest(s[KindRequest].Body), strings.Repeat("ab", 32), CodeDigestMalformed},
		{"impossible period", KindRequest, `2026-Q2`, `2026-Q5`, CodePeriodMalformed},
		{"impossible review", KindRequest, `"seq":2`, `"seq":2,"withheld":{"review":"2027-13-01"}`, CodeDateMalformed},
		{"clauses not sorted", KindPledge, `["no-help","protect"]`, `["protect","no-help"]`, CodeCodeMalformed},
		{"clause twice", KindPledge, `["no-help","protect"]`, `["no-help","no-help"]`, CodeCodeMalformed},
		{"no clauses", KindPledge, `["no-help","protect"]`, `[]`, CodeMemberMalformed},
		{"code too long", KindDecision, `"refused"`, `"` + strings.Repeat("a", 41) + `"`, CodeCodeMalformed},
		{"code in upper case", KindDecision, `"refused"`, `"Refused"`, CodeCodeMalformed},
		{"decision without outcome", KindDecision, `"outcome":"refused",`, ``, CodeMemberMissing},
		{"decision on an impossible date", KindDecision, `2026-05-09`, `2026-05-32`, CodeDateMalformed},
		{"counts do not add up", KindAttestation, `"total":3`, `"total":4`, CodeSumDiffers},
		{"logged is missing", KindAttestation, `"logged":{"outcomes":{"pending":1,"refused":2},"total":3},`, ``, CodeMemberMissing},
		{"received total is missing", KindAttestation, `,"total":{"max":249,"min":0}`, ``, CodeMemberMissing},
		{"logged counts a zero", KindAttestation, `"pending":1,"refused":2`, `"pending":0,"refused":3`, CodeMemberMalformed},
		{"band upside down", KindAttestation, `{"max":249,"min":0}`, `{"max":0,"min":249}`, CodeMemberMalformed},
		{"band without max", KindAttestation, `{"max":249,"min":0}`, `{"min":0}`, CodeMemberMalformed},
		{"band with more", KindAttestation, `{"max":249,"min":0}`, `{"max":249,"min":0,"or":1}`, CodeMemberUnknown},
		{"another word than cannot-say", KindAttestation, `"cannot-say"`, `"no-idea"`, CodeMemberMalformed},
		{"half-year that is none", KindAttestation, `2026-Q2`, `2026-H3`, CodePeriodMalformed},
		{"admit a reserved name", KindAdmit, `"id":"acme-corp"`, `"id":"operator"`, CodeAuthorMalformed},
		{"threshold over the keys", KindAdmit, `"threshold":1`, `"threshold":2`, CodeThreshold},
		{"threshold 0", KindAdmit, `"threshold":1`, `"threshold":0`, CodeThreshold},
		{"website without https", KindAdmit, `https://acme.example/`, `http://acme.example/`, CodeMemberMalformed},
		{"website with script", KindAdmit, `https://acme.example/`, `javascript:alert(1)`, CodeMemberMalformed},
		{"LEI with a wrong check digit", KindAdmit, `9999PLEDGELOGACME088`, `9999PLEDGELOGACME089`, CodeMemberMalformed},
		{"name with a control character", KindAdmit, `"Acme Corp"`, `"Acme\nCorp"`, CodeMemberMalformed},
		{"name that runs backwards", KindAdmit, `"Acme Corp"`, "\"Acme \u202eproC\"", CodeMemberMalformed},
		{"name with an isolate", KindAdmit, `"Acme Corp"`, "\"Acme \u2066Corp\"", CodeMemberMalformed},
		{"name with a C1 control", KindAdmit, `"Acme Corp"`, "\"Acme \u0085Corp\"", CodeMemberMalformed},
		{"name with a line separator", KindAdmit, `"Acme Corp"`, "\"Acme\u2028Corp\"", CodeMemberMalformed},
		{"charter by another author", KindCharter, `"author":"secretariat"`, `"author":"acme-corp"`, CodeMemberMalformed},
		{"charter with no days of grace", KindCharter, `"graceDays":30`, `"graceDays":0`, CodeMemberMalformed},
		{"charter with odd slots", KindCharter, `"slots":"none"`, `"slots":"never"`, CodeMemberMalformed},
		{"charter whose log key is of another log", KindCharter, `["log.accord`, `["log.other`, CodeMemberMalformed},
		{"charter with a slot key", KindCharter, testPub("o1").SPKI + `","use":"statement"`, testPub("o1").SPKI + `","use":"slot"`, CodeThreshold},
		{"charter with a slot key beside enough others", KindCharter, testPub("s3").SPKI + `","use":"statement"`, testPub("s3").SPKI + `","use":"slot"`, CodeKeyMalformed},
		{"charter with a key twice", KindCharter, testPub("r1").SPKI, testPub("s1").SPKI, CodeKeyMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := string(s[c.kind].Envelope.Payload)
			if !strings.Contains(payload, c.old) {
				t.Fatalf("the sample does not hold %s:\n%s", c.old, payload)
			}
			env := &Envelope{Payload: []byte(strings.Replace(payload, c.old, c.new, 1))}
			_, err := ParseStatement(env)
			if got := CodeOf(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
			if Hint(CodeOf(err)) == "" {
				t.Errorf("%s has no hint", CodeOf(err))
			}
		})
	}
}

func TestEnvelopeRefused(t *testing.T) {
	env := samples()[KindAdmit].Envelope
	good := string(env.Marshal())
	sigs := func(n int) string {
		e := &Envelope{Payload: env.Payload}
		for i := range n {
			e.Sign(sha256.Sum256([]byte{byte(i)}), make([]byte, 64))
		}
		return string(e.Marshal())
	}
	swapped := &Envelope{Payload: env.Payload, Signatures: slices.Clone(env.Signatures)}
	slices.Reverse(swapped.Signatures)
	twice := &Envelope{Payload: env.Payload, Signatures: []Signature{env.Signatures[0], env.Signatures[0]}}
	keyid := env.Signatures[0].KeyID.String()
	// A signature has 64 bytes: its base64 ends in "==" after a digit with four
	// unused bits.
	first := base64.StdEncoding.EncodeToString(env.Signatures[0].Sig)
	last := strings.Index("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", first[85:86])
	bits := first[:85] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last+1:last+2] + "=="
	for _, c := range []struct {
		name, in string
		want     Code
	}{
		{"good", good, ""},
		{"sixteen signatures", sigs(16), ""},
		{"seventeen signatures", sigs(17), CodeSignaturesMalformed},
		{"no signature", sigs(0), CodeSignaturesMalformed},
		{"not sorted", string(swapped.Marshal()), CodeSignaturesMalformed},
		{"keyid twice", string(twice.Marshal()), CodeSignaturesMalformed},
		{"keyid in upper case", strings.Replace(good, keyid, strings.ToUpper(keyid), 1), CodeSignaturesMalformed},
		{"keyid too short", strings.Replace(good, keyid, keyid[1:], 1), CodeSignaturesMalformed},
		{"trailing bits", strings.Replace(good, first, bits, 1), CodeBase64},
		{"no padding", strings.Replace(good, first, first[:86], 1), CodeBase64},
		{"empty signature", strings.Replace(good, first, "", 1), CodeSignaturesMalformed},
		{"other payload type", strings.Replace(good, "pledgelog", "pledgebook", 1), CodePayloadType},
		{"empty payload", strings.Replace(good, base64.StdEncoding.EncodeToString(env.Payload), "", 1), CodePayloadEmpty},
		{"white space", strings.Replace(good, `","payload"`, `", "payload"`, 1), CodeEnvelopeMalformed},
		{"line feed after it", good + "\n", CodeEnvelopeMalformed},
		{"members in another order", `{"payload":"e30=","payloadType":"` + PayloadType + `","signatures":[]}`, CodeEnvelopeMalformed},
		{"more members", strings.TrimSuffix(good, "}") + `,"x":1}`, CodeEnvelopeMalformed},
		{"payload with a line break", strings.Replace(good, `"payload":"`, `"payload":"`+"\n", 1), CodeBase64},
		{"cut short", good[:len(good)-2], CodeEnvelopeMalformed},
		{"nothing", "", CodeEnvelopeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseEnvelope([]byte(c.in))
			if got := CodeOf(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestLeafRefused(t *testing.T) {
	good := string((&Leaf{Logged: 1780000000, Statement: samples()[KindPledge].Envelope}).Marshal())
	for name, in := range map[string]string{
		"empty": "", "leading zero": strings.Replace(good, "1780000000", "01780000000", 1), "negative": strings.Replace(good, "1780000000", "-1", 1),
		"no number": strings.Replace(good, "1780000000", "", 1), "fraction": strings.Replace(good, "1780000000", "1.5", 1), "too large": strings.Replace(good, "1780000000", "9007199254740992", 1),
		"after the year 9999": strings.Replace(good, "1780000000", "253402300800", 1),
		"white space":         " " + good, "line feed": good + "\n", "cut short": good[:len(good)-1], "twice": good + good, "text": strings.Replace(good, "1780000000", `"1780000000"`, 1),
	} {
		if _, err := ParseLeaf([]byte(in)); err == nil {
			t.Errorf("%s: a leaf that is not in the exact encoding was read", name)
		}
	}
}

func TestBodyRefused(t *testing.T) {
	all := samples()
	for _, c := range []struct {
		name     string
		kind     Kind
		old, new string
		want     Code
	}{
		{"not JSON", KindRequest, `{"agency"`, `{agency`, CodeNotJSON},
		{"white space", KindRequest, `{"agency"`, `{ "agency"`, CodeNotCanonical},
		{"salt too short", KindRequest, testSalt, base64.RawURLEncoding.EncodeToString([]byte("fifteen bytes!!")), CodeSaltShort},
		{"salt in another encoding", KindRequest, testSalt, "++++////++++////++++//", CodeSaltShort},
		{"salt missing", KindRequest, `"salt":"` + testSalt + `",`, ``, CodeSaltShort},
		{"of another author", KindRequest, `"author":"acme-corp"`, `"author":"other"`, CodeBodyElsewhere},
		{"of another log", KindRequest, testOrigin, "log.other.example", CodeBodyElsewhere},
		{"of another kind", KindRequest, `"kind":"request"`, `"kind":"decision"`, CodeBodyElsewhere},
		{"unknown member", KindRequest, `{"agency"`, `{"aaa":1,"agency"`, CodeMemberUnknown},
		{"received outside the period", KindRequest, `2026-05"`, `2026-07"`, CodeReceivedDiffers},
		{"received partly outside", KindRequest, `2026-05"`, `2026-06/2026-07"`, CodeReceivedDiffers},
		{"received on an impossible date", KindRequest, `2026-05"`, `2026-06-31"`, CodeDateMalformed},
		{"no assist", KindRequest, `"assist":["backdoor","other"],`, ``, CodeMemberMissing},
		{"assist not sorted", KindRequest, `["backdoor","other"]`, `["other","backdoor"]`, CodeCodeMalformed},
		{"country in lower case", KindRequest, `"XB"`, `"xb"`, CodeCodeMalformed},
		{"other without text", KindRequest, `"other":{"assist":"a thing of another kind"},`, ``, CodeMemberMissing},
		{"text without other", KindRequest, `["backdoor","other"]`, `["backdoor"]`, CodeMemberMalformed},
		{"text for no list", KindRequest, `"other":{"assist":"a thing of another kind"}`, `"other":{"assist":"a thing","zzz":"y"}`, CodeMemberUnknown},
		{"language that is none", KindRequest, `"en":`, `"E":`, CodeMemberMalformed},
		{"narrative that runs backwards", KindRequest, "A letter came.", "A \u202eletter came.", CodeMemberMalformed},
		{"narrative with a carriage return", KindRequest, `came.\n`, `came.\r\n`, CodeMemberMalformed},
		{"document without digest", KindRequest, Digest([]byte("letter")), "abc", CodeDigestMalformed},
		{"document at a local file", KindRequest, `https://acme.example/letter.pdf`, `file:///etc/passwd`, CodeMemberMalformed},
		{"clause text altered", KindCharter, "We will not help.", "We will help.", CodeClauseDigest},
		{"clause missing", KindCharter, `,"protect":"We will protect users."`, ``, CodeClauseDigest},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := string(all[c.kind].Body)
			if !strings.Contains(body, c.old) {
				t.Fatalf("the sample does not hold %s:\n%s", c.old, body)
			}
			raw := []byte(strings.Replace(body, c.old, c.new, 1))
			st, err := ParseStatement(all[c.kind].Envelope)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParseDetached(st, raw); c.want != CodeNotJSON && CodeOf(err) != CodeBodyDigest {
				t.Errorf("a body with another digest: got %v, want %s", err, CodeBodyDigest)
			}
			st.BodyDigest = Digest(raw) // as if the author had signed it
			_, err = ParseDetached(st, raw)
			if got := CodeOf(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
	st, _ := ParseStatement(all[KindRequest].Envelope)
	if _, err := ParseDetached(st, make([]byte, MaxBody+1)); CodeOf(err) != CodeBodyTooLarge {
		t.Errorf("a body that is too large: %v", err)
	}
}

func TestSubmissionRefused(t *testing.T) {
	all := samples()
	req := string(all[KindRequest].Marshal())
	env := string(all[KindRequest].Envelope.Marshal())
	for _, c := range []struct {
		name, in string
		want     Code
	}{
		{"not JSON", "hello", CodeNotJSON},
		{"a list", "[]", CodeNotJSON},
		{"empty", "{}", CodeMemberMissing},
		{"unknown member", strings.TrimSuffix(req, "}") + `,"x":1}`, CodeMemberUnknown},
		{"member twice", strings.TrimSuffix(req, "}") + `,"body":{}}`, CodeMemberDuplicate},
		{"no body", `{"statement":` + env + `}`, CodeBodyMissing},
		{"body that is not wanted", `{"statement":` + string(all[KindPledge].Envelope.Marshal()) + `,"body":{}}`, CodeBodyNotWanted},
		{"body is text", `{"statement":` + env + `,"body":"text"}`, CodeBodyDigest},
		{"body is null", `{"statement":` + env + `,"body":null}`, CodeBodyDigest},
		{"something after it", req + "{}", CodeNotJSON},
		{"leaf too large", string(large().Marshal()), CodeLeafTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseSubmission([]byte(c.in))
			if got := CodeOf(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// large is a pledge whose leaf is over the 32 KiB that a pledge may have.
func large() *Submission {
	p := &Pledge{Charter: ID{1}}
	for i := range 1000 {
		p.Clauses = append(p.Clauses, fmt.Sprintf("clause-%030d", i))
	}
	return sample(Statement{Author: "acme-corp", Seq: 1, Kind: KindPledge, Body: p}, nil, "a1")
}

func TestWithheldBodyStaysHome(t *testing.T) {
	sub := samples()[KindRequest]
	st, err := ParseStatement(sub.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	st.Review = "2027-01-01"
	if sub.Envelope.Payload, err = st.Payload(); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseSubmission(sub.Marshal()); CodeOf(err) != CodeBodyNotWanted {
		t.Errorf("a submission with a withheld body: %v, want %s", err, CodeBodyNotWanted)
	}
	sub.Body = nil
	if _, err := ParseSubmission(sub.Marshal()); err != nil {
		t.Errorf("a submission whose body is withheld: %v", err)
	}
}

func TestVocabulary(t *testing.T) {
	for list, codes := range map[string][]string{ // protocol section 5, by hand
		"authority":     {"intelligence", "contractor"},
		"instrument":    {"informal", "us-nsl", "de-g10", "other-statute"},
		"assist":        {"exploit", "fix-delay", "suppression"},
		"compulsion":    {"voluntary", "contested"},
		"gag":           {"none", "cannot-say"},
		"outcome":       {"pending", "refused", "exited"},
		"targets":       {"individual", "unspecified"},
		"products":      {"os", "update-service"},
		"grounds":       {"pledge", "procedure"},
		"scope":         {"in", "out", "disputed"},
		"corroboration": {"none", "other-signatory"},
	} {
		for _, c := range append(codes, "other", "withheld", "unknown") {
			term, ok := Terms().Term(list, c)
			if !ok || term.Label == "" || term.Definition == "" {
				t.Errorf("%s/%s is not in the vocabulary, or has no label or definition", list, c)
			}
		}
		for _, term := range Terms().Lists[list] {
			if !IsCode(term.Code) {
				t.Errorf("%s/%s is not a code", list, term.Code)
			}
		}
	}
	for list, codes := range map[string][]string{ // the protocol's fixed words, and reasons
		"standing":       {StandingSuspended, StandingReinstated, StandingProposed, StandingRemoved},
		"standingReason": {"attestation-missed", "own-request", "other", "withheld"},
		"keysReason":     {KeysRotation, KeysCompromise},
		"openWhy":        {"order-lifted", "still-forbidden", "other", "withheld"},
		"sealReason":     {"secrecy-law", "personal-data", "other", "withheld"},
		"basis":          {BasisCourtOrder, BasisDataSubject, BasisSafety, BasisNotice},
		"answer":         {AnswerAccepted, AnswerDisputed, AnswerCannotComment},
		"how":            {CorrectVoid, CorrectSuperseded},
		"mode":           {AdmitNew, AdmitRekey, AdmitReadmit},
		"role":           {RoleSignatory, RoleChallenger},
		"covers":         {CoversAll, CoversDisclosable},
		"lateReason":     {"illness", "other", "withheld"},
	} {
		for _, c := range codes {
			if _, ok := Terms().Term(list, c); !ok {
				t.Errorf("%s/%s is not in the vocabulary", list, c)
			}
		}
	}
	for list, terms := range Terms().Lists {
		seen := make(map[string]bool)
		for _, term := range terms {
			if !IsCode(term.Code) || seen[term.Code] || term.Label == "" || !strings.HasSuffix(term.Definition, ".") || term.Example == "" {
				t.Errorf("%s/%s is not a code, stands there twice, or has no label, definition or example", list, term.Code)
			}
			seen[term.Code] = true
		}
	}
	for _, c := range []struct {
		origin, code string
		want         bool
	}{{testOrigin, "XA", true}, {"log.accord.org", "XA", false}, {testOrigin, "XK", true}, {"log.accord.org", "EU", true}, {testOrigin, "ZZ", false}, {"log.example.org", "XB", false}, {"example", "XB", true}, {"a.example:8080/x", "XB", true}} {
		if _, ok := CountryName(c.origin, c.code); ok != c.want {
			t.Errorf("CountryName(%q, %q): %v, want %v", c.origin, c.code, ok, c.want)
		}
	}
}

// TestUnknownCodes finds none in the samples, and each that is put there.
func TestUnknownCodes(t *testing.T) {
	all := make(map[Kind]*Submission)
	for kind, sub := range samples() {
		var err error
		if all[kind], err = ParseSubmission(sub.Marshal()); err != nil {
			t.Fatal(err)
		}
		if got := UnknownCodes(all[kind].Statement, all[kind].Detached); len(got) > 0 {
			t.Errorf("the sample of a %s uses unknown codes: %v", kind, got)
		}
	}
	change := func(kind Kind, f func(s *Statement, d Detached)) []string {
		f(all[kind].Statement, all[kind].Detached)
		return UnknownCodes(all[kind].Statement, all[kind].Detached)
	}
	for _, c := range []struct {
		kind   Kind
		change func(s *Statement, d Detached)
		want   []string
	}{
		{KindRequest, func(_ *Statement, d Detached) {
			b := d.(*RequestBody)
			b.Assist, b.Gag, b.Country = []string{"backdoor", "telepathy"}, "sort-of", "ZZ"
		}, []string{"assist/telepathy", "country/ZZ", "gag/sort-of"}},
		{KindAdmit, func(s *Statement, _ Detached) {
			s.Body.(*Admit).Country, s.Body.(*Admit).CarveOuts = "ZZ", []string{"us-nsl", "zz-law"}
		}, []string{"country/ZZ", "instrument/zz-law"}},
		{KindStanding, func(s *Statement, _ Detached) { s.Body.(*Standing).Reason = "whim" }, []string{"standingReason/whim"}},
		{KindOpen, func(s *Statement, _ Detached) { s.Body.(*Open).Why = "whim" }, []string{"openWhy/whim"}},
		{KindDecision, func(s *Statement, d Detached) {
			*s.Body.(*Decision) = Decision{Request: ID{1}}
			b := d.(*DecisionBody)
			b.Outcome, b.Grounds, b.Scope = "shrugged", []string{"mood", "pledge"}, "half"
		}, []string{"grounds/mood", "outcome/shrugged", "scope/half"}},
		{KindAttestation, func(s *Statement, _ Detached) {
			a := s.Body.(*Attestation)
			a.LateReason = "mood"
			a.Logged.Outcomes["shrugged"], a.Received.Outcomes["forgotten"] = 1, Exactly(1)
		}, []string{"lateReason/mood", "outcome/forgotten", "outcome/shrugged"}},
		{KindReply, func(_ *Statement, d Detached) {
			d.setSeals([]Seal{{Member: "narrative", Reason: "mood", Law: "zz-law"}, {Member: "documents", Reason: Withheld, Law: Withheld}})
		}, []string{"instrument/zz-law", "sealReason/mood"}},
	} {
		if got := change(c.kind, c.change); !slices.Equal(got, c.want) {
			t.Errorf("unknown codes of a %s: %v, want %v", c.kind, got, c.want)
		}
	}
	// What is sealed is not an unknown country.
	sub := samples()[KindRequest]
	raw, _ := sealed(sub.Body, Seal{Member: "country", Reason: Withheld, Review: "2027-01-01"}, Seal{Member: "gag", Reason: Withheld, Review: "2027-01-01"})
	st, _ := ParseStatement(sub.Envelope)
	st.BodyDigest = Digest(raw)
	if d, err := ParseDetached(st, raw); err != nil || len(UnknownCodes(st, d)) > 0 {
		t.Errorf("a sealed country is unknown (%v)", err)
	}
}

func TestEveryCodeHasAHint(t *testing.T) {
	for c, h := range hints {
		if h == "" || strings.HasSuffix(h, ".") {
			t.Errorf("the hint of %s is empty or ends in a full stop", c)
		}
	}
}
