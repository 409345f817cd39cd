package vectors

import (
	"fmt"
	"strings"

	"github.com/pledgelog/pledgelog/generator"
)

const aboutSubmissions = "Submissions, as POST /api/v1/statements takes them (protocol section 8): what a server refuses without looking at the log."

func (r *recipe) submissions() []Submission {
	ed, op := r.key("ed/acme"), r.key("ed/operator")
	envelope := func(payload []byte, keys ...*generator.Key) string {
		leaf := string(leafOf(0, payload, signedBy(payload, keys...)...))
		return strings.TrimSuffix(strings.TrimPrefix(leaf, `{"logged":0,"statement":`), "}")
	}
	var all []Submission
	good := func(name, why, text string, payload []byte) {
		all = append(all, Submission{Name: name, Why: why, Submission: Octets(text), ID: entryID(payload)})
	}
	bad := func(name, code, why, text string) {
		all = append(all, Submission{Name: name, Why: why, Code: code, Submission: Octets(text)})
	}
	_, body := r.sampleBody("request-least")
	request := r.payloadOf("request", digest(body))
	withBody := fmt.Sprintf(`{"statement":%s,"body":%s}`, envelope(request, ed), body)
	good("request", "a statement and its body", withBody, request)
	withdraw := []byte(r.sample("withdraw"))
	good("no-body", "nothing beside it", fmt.Sprintf(`{"statement":%s}`, envelope(withdraw, ed)), withdraw)
	good("space", "the submission itself may have white space; what is signed may not", fmt.Sprintf("{ \"statement\": %s,\n \"body\": %s }\n", envelope(request, ed), body), request)
	withheld := r.payloadOf("request-withheld", digest(body))
	good("withheld", "the body stays with its author", fmt.Sprintf(`{"statement":%s}`, envelope(withheld, ed)), withheld)

	open := []byte(strings.ReplaceAll(r.sample("open"), digestOf("body"), digest(body)))
	good("open", "the withheld body comes with its opening", fmt.Sprintf(`{"statement":%s,"body":%s}`, envelope(open, ed), body), open)
	review := []byte(r.sample("open-review"))
	good("open-review", "nothing is opened", fmt.Sprintf(`{"statement":%s}`, envelope(review, ed)), review)
	first, second := placeOf(saltOf("one"), `"`+digestOf("one")+`"`), placeOf(saltOf("two"), "null")
	if digest([]byte(first)) > digest([]byte(second)) {
		first, second = second, first
	}
	seals := []byte(replace(r.sample("open"), `["`+digestOf("body")+`"]`, `["`+digest([]byte(first))+`","`+digest([]byte(second))+`"]`))
	good("open-disclosures", "in the order of the digests", fmt.Sprintf(`{"statement":%s,"disclosures":["%s","%s"]}`, envelope(seals, ed), first, second), seals)

	bad("empty", "not-json", "an object", ``)
	bad("list", "not-json", "an object", `[]`)
	bad("no-statement", "member-missing", "statement is needed", `{"body":{}}`)
	bad("member-unknown", "member-unknown", "statement, body and disclosures alone", strings.TrimSuffix(withBody, "}")+`,"note":"x"}`)
	bad("member-twice", "member-duplicate", "each once", fmt.Sprintf(`{"statement":%s,"statement":%s}`, envelope(withdraw, ed), envelope(withdraw, ed)))
	bad("unsigned", "signatures-malformed", "a statement is signed", fmt.Sprintf(`{"statement":%s}`, envelope(withdraw)))
	bad("envelope-space", "envelope-malformed", "the envelope is in its exact encoding", fmt.Sprintf(`{"statement":%s}`, replace(envelope(withdraw, ed), `,"payload"`, ` ,"payload"`)))
	bad("statement-wrong", "kind-unknown", "the payload is judged", fmt.Sprintf(`{"statement":%s}`, envelope([]byte(replace(string(withdraw), `"withdraw"`, `"resign"`)), ed)))
	bad("body-missing", "body-missing", "the body that the statement names is sent with it", fmt.Sprintf(`{"statement":%s}`, envelope(request, ed)))
	bad("body-withheld", "body-not-wanted", "a withheld body does not leave its author", fmt.Sprintf(`{"statement":%s,"body":%s}`, envelope(withheld, ed), body))
	bad("body-uncalled", "body-not-wanted", "the statement names none", fmt.Sprintf(`{"statement":%s,"body":%s}`, envelope(withdraw, ed), body))
	bad("body-altered", "body-digest-mismatch", "the very bytes", replace(withBody, `"2026-05"`, `"2026-06"`))
	bad("body-space", "body-digest-mismatch", "the very bytes", replace(withBody, `"country":"withheld"`, `"country": "withheld"`))
	bad("open-nothing-sent", "body-missing", "what is opened comes with it", fmt.Sprintf(`{"statement":%s}`, envelope(open, ed)))
	bad("open-one-of-two-sent", "body-missing", "all that is opened comes with it", fmt.Sprintf(`{"statement":%s,"disclosures":["%s"]}`, envelope(seals, ed), first))
	bad("open-other-body", "body-digest-mismatch", "a body that it names", fmt.Sprintf(`{"statement":%s,"body":%s}`, envelope(open, ed), replace(string(body), `"2026-05"`, `"2026-06"`)))
	bad("open-review-with-body", "body-not-wanted", "nothing is opened", fmt.Sprintf(`{"statement":%s,"body":%s}`, envelope(review, ed), body))
	bad("disclosures-empty", "member-malformed", "left out when empty", fmt.Sprintf(`{"statement":%s,"disclosures":[]}`, envelope(withdraw, ed)))
	bad("disclosures-turned", "disclosure-mismatch", "in the order of the digests", fmt.Sprintf(`{"statement":%s,"disclosures":["%s","%s"]}`, envelope(seals, ed), second, first))
	bad("disclosures-other", "disclosure-mismatch", "what the open names", fmt.Sprintf(`{"statement":%s,"disclosures":["%s","%s"]}`, envelope(seals, ed), first, placeOf(saltOf("three"), "null")))
	bad("disclosures-uncalled", "disclosure-mismatch", "an open alone brings some", fmt.Sprintf(`{"statement":%s,"disclosures":["%s"]}`, envelope(withdraw, ed), first))
	bad("disclosure-form", "disclosure-malformed", "a disclosure", fmt.Sprintf(`{"statement":%s,"disclosures":["W10"]}`, envelope(seals, ed)))

	var clauses []string
	for i := range 700 {
		clauses = append(clauses, fmt.Sprintf("clause-%04d-of-a-charter-that-is-long", i))
	}
	large := []byte(replace(r.sample("pledge"), `"no-attack-help","report"`, `"`+strings.Join(clauses, `","`)+`"`))
	bad("leaf-too-large", "leaf-too-large", "a pledge's leaf has at most 32 KiB", fmt.Sprintf(`{"statement":%s}`, envelope(large, op)))
	return all
}
