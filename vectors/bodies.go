package vectors

import (
	"bytes"
	"fmt"
	"strings"
)

const aboutBodies = "Detached bodies (protocol sections 3 and 5), each with the payload of its statement. With repeat, mark stands for text n times, in the body; digest is that of the whole."

// sampleBodies are bodies that are in order, by name. Of is the sample of their
// statement, whose digest is then that of the body.
var sampleBodies = []struct{ name, of, why, body string }{
	{"charter", "charter", "the text of each clause, whose digest the tree has", `{"author":"secretariat","clauses":{"no-attack-help":"We help nobody to attack.","report":"We log requests."},"kind":"charter","log":"$log","salt":"$salt(charter)"}`},
	{"amend-clauses", "amend-everything", "the text of each changed clause, and why", `{"author":"secretariat","clauses":{"no-attack-help":"We help nobody to attack."},"kind":"amend","log":"$log","narrative":{"en":"Half-years are enough."},"salt":"$salt(amend)"}`},
	{"amend-reasons", "amend-days-body", "why alone", `{"author":"secretariat","kind":"amend","log":"$log","narrative":{"de":"Mehr Zeit.","en":"More time."},"salt":"$salt(amend)"}`},
	{"amend-least", "amend-days-body", "nothing needs to be said", `{"author":"secretariat","kind":"amend","log":"$log","salt":"$salt(amend)"}`},
	{"request", "request", "everything that can be said of a request", `{"agency":"Signals Directorate of Borvania","assist":["backdoor","other"],"author":"aldermoth-cloud","authority":"intelligence","compulsion":"pressured","corroboration":"document","country":"XB","documents":[{"mediaType":"application/pdf","name":"letter.pdf","sha256":"$digest(letter)","url":"https://aldermoth.example/letter.pdf"}],"gag":"requested","gagReview":"2027-01-01","instrument":"informal","kind":"request","log":"$log","narrative":{"en":"A letter came.\n\tIt was read.","zh-Hant":"來函。"},"other":{"assist":"to paint the data centre"},"products":["cloud","identity"],"received":"2026-05-02","salt":"$salt(request)","statute":"Art. 12 of the Borvanian Signals Act","targets":["media"]}`},
	{"request-least", "request", "what is needed alone", `{"assist":["withheld"],"author":"aldermoth-cloud","country":"withheld","kind":"request","log":"$log","received":"2026-05","salt":"$salt(request)"}`},
	{"request-interval", "request", "an interval within the period", `{"assist":["keys"],"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","received":"2026-04-28/2026-05-03","salt":"$salt(request)"}`},
	{"request-period-withheld", "request-withheld", "any span, when the tree names no period", `{"assist":["keys"],"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","received":"2021-04","salt":"$salt(request)"}`},
	{"request-salt-long", "request", "a salt may be longer", `{"assist":["keys"],"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","received":"2026-05","salt":"$digest(a longer salt)"}`},
	{"request-sealed", "request", "two members are sealed; law is optional", `{"agency":{"law":"us-nsl","reason":"secrecy-law","review":"2027-01-01","sealed":"$digest(agency)"},"assist":["keys"],"author":"aldermoth-cloud","country":{"reason":"withheld","review":"2027-01-01","sealed":"$digest(country)"},"kind":"request","log":"$log","received":"2026-05","salt":"$salt(request)"}`},
	{"request-sealed-needed", "request", "what is needed may be sealed, lists too", `{"assist":{"law":"withheld","reason":"withheld","review":"2027-01-01","sealed":"$digest(assist)"},"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","received":{"reason":"proceedings","review":"2027-01-01","sealed":"$digest(received)"},"salt":"$salt(request)"}`},
	{"request-sealed-other", "request", "what other stands for is sealed", `{"assist":["other"],"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","other":{"reason":"proceedings","review":"2027-01-01","sealed":"$digest(other)"},"received":"2026-05","salt":"$salt(request)"}`},
	{"request-sealed-with-words", "request", "an object is a seal by its member sealed, and not by being one", `{"agency":{"reason":"safety","review":"2027-01-01","sealed":"$digest(agency)"},"assist":["other"],"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","narrative":{"en":"They came twice."},"other":{"assist":"to sing"},"received":"2026-05","salt":"$salt(request)"}`},
	{"decision", "decision", "words beside the codes of the tree", `{"author":"aldermoth-cloud","court":"High Court of Asteria","documents":[{"mediaType":"text/plain","name":"answer.txt","sha256":"$digest(answer)"}],"kind":"decision","log":"$log","narrative":{"en":"We refused."},"salt":"$salt(decision)"}`},
	{"decision-withheld", "decision-withheld", "outcome, date, grounds and scope stand here when the tree has none", `{"author":"aldermoth-cloud","date":"2026-05-09","grounds":["pledge"],"kind":"decision","log":"$log","outcome":"refused","salt":"$salt(decision)","scope":"in"}`},
	{"decision-sealed", "decision-withheld", "an outcome is sealed", `{"author":"aldermoth-cloud","date":"2026-05-09","kind":"decision","log":"$log","outcome":{"reason":"proceedings","review":"2027-01-01","sealed":"$digest(outcome)"},"salt":"$salt(decision)"}`},
	{"attestation", "attestation", "words beside the numbers", `{"author":"aldermoth-cloud","kind":"attestation","log":"$log","narrative":{"en":"To our knowledge after reasonable inquiry."},"salt":"$salt(attestation)"}`},
	{"correct", "correct-void", "why", `{"author":"aldermoth-cloud","kind":"correct","log":"$log","narrative":{"en":"It was another company's."},"salt":"$salt(correct)"}`},
	{"withdraw", "withdraw-body", "why", `{"author":"aldermoth-cloud","kind":"withdraw","log":"$log","narrative":{"en":"We leave."},"salt":"$salt(withdraw)"}`},
	{"challenge", "challenge", "the case", `{"author":"open-lantern","documents":[{"mediaType":"application/pdf","name":"case.pdf","sha256":"$digest(case)"}],"kind":"challenge","log":"$log","narrative":{"en":"Two statements differ."},"salt":"$salt(challenge)"}`},
	{"challenge-document", "challenge", "a document alone", `{"author":"open-lantern","documents":[{"mediaType":"application/pdf","name":"case.pdf","sha256":"$digest(case)"}],"kind":"challenge","log":"$log","salt":"$salt(challenge)"}`},
	{"reply", "reply", "the answer in words", `{"author":"aldermoth-cloud","kind":"reply","log":"$log","narrative":{"en":"They do not."},"salt":"$salt(reply)"}`},
	{"codes-unknown", "request", "a verifier takes any code of the right form and reports it", `{"agency":{"law":"zz-law","reason":"whim","review":"2027-01-01","sealed":"$digest(agency)"},"assist":["singing"],"author":"aldermoth-cloud","authority":"wizard","country":"ZZ","gag":"whispered","kind":"request","log":"$log","received":"2026-05","salt":"$salt(request)"}`},
}

var bodyCodesUnknown = map[string][]string{
	"codes-unknown": {"assist/singing", "authority/wizard", "country/ZZ", "gag/whispered", "instrument/zz-law", "sealReason/whim"},
}

// moreStatements are those of bodies that no sample of a statement has.
var moreStatements = map[string][3]string{
	"amend-days-body": {"amend-days", `"kind":"amend"`, `"bodyDigest":"$digest(amend)","kind":"amend"`},
	"withdraw-body":   {"withdraw", `"kind":"withdraw"`, `"bodyDigest":"$digest(withdraw)","kind":"withdraw"`},
}

// badBodies are what is wrong in exactly one way.
var badBodies = []struct{ name, of, code, why, old, new string }{
	{"not-json", "request-least", "not-json", "cut short", `"}`, `"`},
	{"not-canonical", "request-least", "not-canonical", "white space", `"country":`, `"country": `},
	{"line-feed-after", "request-least", "not-canonical", "a bundle's line feed is not part of it", `"}`, "\"}\n"},
	{"not-an-object", "amend-least", "member-malformed", "an object", `{"author":"secretariat","kind":"amend","log":"$log","salt":"$salt(amend)"}`, `["$salt(amend)"]`},
	{"member-unknown", "request-least", "member-unknown", "no other members", `"country":`, `"colour":"red","country":`},
	{"member-twice", "request-least", "member-duplicate", "each member once", `"country":"withheld"`, `"country":"XB","country":"XB"`},
	{"member-of-another-kind", "decision", "member-unknown", "no targets in a decision", `"narrative":{"en":"We refused."},`, `"narrative":{"en":"We refused."},"products":["cloud"],`},
	{"author-other", "request-least", "body-of-another-statement", "the statement's author", `"aldermoth-cloud"`, `"brindlewick-systems"`},
	{"kind-other", "request-least", "body-of-another-statement", "the statement's kind", `"kind":"request"`, `"kind":"decision"`},
	{"log-other", "request-least", "body-of-another-statement", "the statement's log", `"log":"$log"`, `"log":"other.example"`},
	{"salt-15", "request-least", "salt-too-short", "16 bytes or more", `$salt(request)`, `MTIzNDU2Nzg5MDEyMzQ1`},
	{"salt-missing", "request-least", "salt-too-short", "a salt is needed", `,"salt":"$salt(request)"`, ``},
	{"salt-padded", "request-least", "salt-too-short", "base64url without padding", `$salt(request)`, `$salt(request)==`},
	{"salt-trailing-bits", "request-least", "salt-too-short", "zero trailing bits", `$salt(request)`, `AAAAAAAAAAAAAAAAAAAAAB`},
	{"assist-missing", "request-least", "member-missing", "assist is needed", `"assist":["withheld"],`, ``},
	{"assist-empty", "request-least", "member-malformed", "one or more", `["withheld"]`, `[]`},
	{"assist-unsorted", "request", "code-malformed", "sorted", `["backdoor","other"]`, `["other","backdoor"]`},
	{"assist-text", "request-least", "code-malformed", "codes", `["withheld"]`, `["Everything"]`},
	{"country-missing", "request-least", "code-malformed", "country is needed", `"country":"withheld",`, ``},
	{"country-lower-case", "request-interval", "code-malformed", "two capital letters", `"XB"`, `"xb"`},
	{"received-missing", "request-least", "date-malformed", "received is needed", `"received":"2026-05",`, ``},
	{"received-not-a-span", "request-least", "date-malformed", "a date, a month or two of them", `"2026-05"`, `"2026-Q2"`},
	{"received-turned", "request-interval", "date-malformed", "from an earlier to a later one", `2026-04-28/2026-05-03`, `2026-05-03/2026-04-28`},
	{"received-before-period", "request-least", "received-outside-period", "within 2026-Q2", `"2026-05"`, `"2026-03"`},
	{"received-after-period", "request-least", "received-outside-period", "within 2026-Q2", `"2026-05"`, `"2026-07-01"`},
	{"received-over-its-end", "request-interval", "received-outside-period", "within 2026-Q2", `2026-04-28/2026-05-03`, `2026-06-30/2026-07-01`},
	{"gagReview", "request", "date-malformed", "a date", `"2027-01-01"`, `"2027"`},
	{"authority-form", "request", "code-malformed", "a code", `"intelligence"`, `"Intelligence"`},
	{"agency-direction", "request", "member-malformed", "nothing that turns the direction of text", `Signals Directorate`, "Signals\u2066 Directorate"},
	{"agency-line", "request", "member-malformed", "one line", `Signals Directorate`, `Signals\nDirectorate`},
	{"statute-501", "request", "member-malformed", "at most 500 characters", `Art. 12 of the Borvanian Signals Act`, strings.Repeat("§", 501)},
	{"narrative-empty", "request", "member-malformed", "left out when empty", `{"en":"A letter came.\n\tIt was read.","zh-Hant":"來函。"}`, `{}`},
	{"narrative-language", "request", "member-malformed", "a BCP 47 tag", `"zh-Hant"`, `"english"`},
	{"narrative-control", "request", "member-malformed", "line feeds and tabs, and no other control character", `A letter came.`, `A letter\u0007 came.`},
	{"documents-empty", "challenge-document", "member-malformed", "left out when empty", `[{"mediaType":"application/pdf","name":"case.pdf","sha256":"$digest(case)"}]`, `[]`},
	{"document-digest", "challenge-document", "digest-malformed", "a digest", `$digest(case)`, `x`},
	{"document-name-missing", "challenge-document", "member-missing", "name is needed", `"name":"case.pdf",`, ``},
	{"document-url", "request", "member-malformed", "an https address", `https://aldermoth.example/letter.pdf`, `javascript:alert(1)`},
	{"document-member", "challenge-document", "member-unknown", "no other members", `"name":"case.pdf"`, `"name":"case.pdf","pages":3`},
	{"other-missing", "request", "member-missing", "what other stands for is said", `"other":{"assist":"to paint the data centre"},`, ``},
	{"other-needless", "request", "member-malformed", "it stands for nothing", `"assist":["backdoor","other"]`, `"assist":["backdoor"]`},
	{"other-unknown", "request", "member-unknown", "a member that has codes", `{"assist":"to paint the data centre"}`, `{"assist":"to paint the data centre","weather":"fine"}`},
	{"other-empty", "request", "member-malformed", "left out when empty", `"other":{"assist":"to paint the data centre"}`, `"other":{}`},
	{"charter-clause-missing", "charter", "clause-text-mismatch", "the text of each clause", `,"report":"We log requests."`, ``},
	{"charter-clause-more", "charter", "clause-text-mismatch", "no other text", `,"report":`, `,"other":"More.","report":`},
	{"charter-clause-altered", "charter", "clause-text-mismatch", "the text that the tree names", `We log requests.`, `We log some requests.`},
	{"charter-sealed", "charter", "member-malformed", "a charter has no sealed members", `{"no-attack-help":"We help nobody to attack.","report":"We log requests."}`, `{"reason":"x","review":"2027-01-01","sealed":["$digest(x)"]}`},
	{"amend-clause-altered", "amend-clauses", "clause-text-mismatch", "the text that the tree names", `We help nobody to attack.`, `We help some to attack.`},
	{"amend-clauses-uncalled", "amend-reasons", "clause-text-mismatch", "the tree changes no clause", `"kind":"amend"`, `"clauses":{"report":"We log requests."},"kind":"amend"`},
	{"decision-twice-told", "decision", "member-malformed", "the outcome stands in the tree", `"narrative":{"en":"We refused."},`, `"narrative":{"en":"We refused."},"outcome":"refused",`},
	{"decision-outcome-form", "decision-withheld", "code-malformed", "a code", `"outcome":"refused"`, `"outcome":"We refused."`},
	{"challenge-empty", "challenge-document", "member-missing", "the case: words, documents or both", `"documents":[{"mediaType":"application/pdf","name":"case.pdf","sha256":"$digest(case)"}],`, ``},
	{"seal-reason-missing", "request-sealed", "member-missing", "reason is needed", `"reason":"withheld",`, ``},
	{"seal-review-missing", "request-sealed", "member-missing", "review is needed", `"reason":"withheld","review":"2027-01-01"`, `"reason":"withheld"`},
	{"seal-review", "request-sealed", "date-malformed", "a date", `"reason":"withheld","review":"2027-01-01"`, `"reason":"withheld","review":"soon"`},
	{"seal-law", "request-sealed", "code-malformed", "a code", `"us-nsl"`, `"US NSL"`},
	{"seal-digest", "request-sealed", "digest-malformed", "a digest", `$digest(agency)`, `x`},
	{"seal-member-unknown", "request-sealed", "member-unknown", "law, reason, review and sealed alone", `"reason":"withheld",`, `"note":"x","reason":"withheld",`},
	{"seal-of-unknown", "request-sealed", "member-unknown", "what is sealed is a member of a request", `"agency":{`, `"agencies":{`},
	{"seal-twice", "request-sealed", "member-malformed", "one digest seals one member", `$digest(country)`, `$digest(agency)`},
	{"seal-of-salt", "request-sealed", "member-malformed", "the salt is never sealed", `"salt":"$salt(request)"`, `"salt":{"reason":"withheld","review":"2027-01-01","sealed":"$digest(salt)"}`},
	{"seal-of-author", "request-sealed", "member-malformed", "whose body it is is never sealed", `"author":"aldermoth-cloud"`, `"author":{"reason":"withheld","review":"2027-01-01","sealed":"$digest(author)"}`},
	{"seal-within", "request-sealed-other", "member-malformed", "members at the top are sealed, and nothing within", `"assist":["other"]`, `"assist":[{"reason":"withheld","review":"2027-01-01","sealed":"$digest(one)"}]`},
}

// payloadOf is the payload of a sample with this digest of its body.
func (r *recipe) payloadOf(of, digest string) []byte {
	if more, ok := moreStatements[of]; ok {
		p := replace(r.sample(more[0]), r.text(more[1]), r.text(more[2]))
		return withDigest(p, digest)
	}
	return withDigest(r.sample(of), digest)
}

// withDigest puts a digest in place of a payload's bodyDigest.
func withDigest(payload, digest string) []byte {
	const member = `"bodyDigest":"`
	at := strings.Index(payload, member)
	if at < 0 {
		panic("vectors: no bodyDigest in " + payload)
	}
	at += len(member)
	return []byte(payload[:at] + digest + payload[at+43:])
}

func (r *recipe) sampleBody(name string) (of string, body []byte) {
	for _, s := range sampleBodies {
		if s.name == name {
			return s.of, []byte(r.text(s.body))
		}
	}
	panic("vectors: no sample " + name)
}

func (r *recipe) bodies() []Body {
	var all []Body
	add := func(name, why, code, of string, body []byte, more ...func(*Body)) {
		b := Body{Name: name, Why: why, Code: code, Body: body, Digest: digest(body), UnknownCodes: bodyCodesUnknown[name]}
		for _, f := range more {
			f(&b)
		}
		b.Digest = digest(b.Repeat.Expand(b.Body))
		b.Payload = r.payloadOf(of, b.Digest)
		all = append(all, b)
	}
	seals := func(list ...BodySeal) func(*Body) { return func(b *Body) { b.Seals = list } }
	sealed := map[string][]BodySeal{ // sorted by member
		"request-sealed":            {{"agency", digestOf("agency")}, {"country", digestOf("country")}},
		"request-sealed-needed":     {{"assist", digestOf("assist")}, {"received", digestOf("received")}},
		"request-sealed-other":      {{"other", digestOf("other")}},
		"request-sealed-with-words": {{"agency", digestOf("agency")}},
		"decision-sealed":           {{"outcome", digestOf("outcome")}},
		"codes-unknown":             {{"agency", digestOf("agency")}},
	}
	for _, s := range sampleBodies {
		add(s.name, s.why, "", s.of, []byte(r.text(s.body)), seals(sealed[s.name]...))
	}
	for _, b := range badBodies {
		of, body := r.sampleBody(b.of)
		at := strings.LastIndex(string(body), r.text(b.old)) // of what ends a body, the end
		if at < 0 || b.old != `"}` && strings.Count(string(body), r.text(b.old)) != 1 {
			panic(fmt.Sprintf("vectors: %s: %q does not stand once in %s", b.name, b.old, body))
		}
		add(b.name, b.why, b.code, of, []byte(string(body[:at])+r.text(b.new)+string(body[at+len(r.text(b.old)):])))
	}
	// As large as a body may be, and one byte more: five narratives of 50,000
	// characters at the most, and the rest.
	large := []byte(r.text(`{"assist":["keys"],"author":"aldermoth-cloud","country":"XB","kind":"request","log":"$log","narrative":{"de":"#","en":"#","fr":"#","it":"#","ja":"#","ko":"#","nl":"!"},"received":"2026-05","salt":"$salt(request)"}`))
	rep := &Repeat{Mark: "#", Text: "x", N: 43000}
	rest := 262144 - len(rep.Expand(large)) + 1 // the ! is one of them
	for _, more := range []struct {
		name, code string
		n          int
	}{{"largest", "", rest}, {"too-large", "body-too-large", rest + 1}} {
		body := bytes.Replace(large, []byte("!"), bytes.Repeat([]byte("y"), more.n), 1)
		add(more.name, "at most 262,144 bytes", more.code, "request", body, func(b *Body) { b.Repeat = rep })
	}
	r.longestBodies(add)
	all = append(all, r.longestClauses()...)
	// What the statement does not name.
	_, body := r.sampleBody("request-least")
	all = append(all,
		Body{Name: "digest-of-another", Why: "the body that the statement names", Code: "body-digest-mismatch", Payload: r.payloadOf("request", digestOf("another")), Body: body, Digest: digest(body)},
		Body{Name: "not-named", Why: "the statement names none", Code: "body-not-wanted", Payload: []byte(r.sample("withdraw")), Body: body, Digest: digest(body)},
	)
	return all
}
