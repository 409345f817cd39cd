package tamper_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

func base64URL(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// Why another check would refuse the same.
const (
	anew    = "what is read is written anew and compared"
	decoder = "the decoder takes only what is JSON and has the right type"
)

// A formTable is the forms that a file of room entry looks at.
type formTable struct {
	file  string
	forms []form
}

var formTables = []formTable{
	{"entry/amend.go", amendForms}, {"entry/bodies.go", bodyForms}, {"entry/challenge.go", challengeForms}, {"entry/checks.go", checkForms},
	{"entry/membership.go", membershipForms}, {"entry/tree.go", treeForms}, {"entry/slot.go", slotForms}, {"entry/times.go", timeForms},
	{"entry/later.go", laterForms}, {"pledge/judge.go", judgeForms}, {"pledge/terms.go", termForms}, {"entry/statement.go", statementForms}, {"entry/directory.go", directoryForms},
	{"entry/canonical.go", canonicalForms}, {"entry/leaf.go", leafForms}, {"entry/envelope.go", envelopeForms}, {"entry/key.go", keyForms},
	{"entry/detached.go", detachedForms}, {"entry/requestbody.go", requestForms}, {"entry/seal.go", sealForms}, {"entry/disclosure.go", disclosureForms},
	{"verifier/chain.go", chainForms}, {"log/note.go", noteForms}, {"log/checkpoint.go", checkpointForms}, {"log/archive.go", archiveForms}, {"log/bundle.go", bundleForms},
}

// What the charter says and amends change (protocol section 4).
var amendForms = []form{
	refuse("an amend's author is", "member-malformed", in("amend", set("author", `"somebody"`))).although("only the secretariat may make one"),
	refuse("the amend changes nothing", "member-missing", in("amend", without("body.graceDays"), without("body.from"))),
	refuse("from is there exactly", "member-missing", in("amend of log keys", set("body.from", `"2026-01-01T00:00:00Z"`)), in("amend", without("body.from"))),
	refuse("attestation is not quarter or half-year", "period-malformed", in("amend", set("body.attestation", `"month"`))),
	refuse("an amend of clauses names its detached body", "member-missing", in("amend of clauses", without("bodyDigest"))),
	refuse("is not from 1 to", "member-malformed", in("amend", set("body.graceDays", "3654")), in("amend", set("body.fileDays", "9007199254740991"))),
	refuse("the log's successor is the log itself", "member-malformed", in("end", set("body.ends.successor", `"log.lanternhall.example/2024"`))),
	refuse("there are no clauses", "member-missing", in("amend of clauses", set("body.clauses", "[]")).and(without("clauses"))),
	refuse("a clause's text is not a digest", "digest-malformed", in("amend of clauses", set("body.clauses.0.text", `"x"`))).although("the clause's text would not have that digest"),
	refuse("a clause id stands there twice", "member-malformed", in("amend of clauses", copyOf("body.clauses.0", "body.clauses.1"))),
	refuse("there is no log key", "member-missing", in("amend of log keys", set("body.logKeys", "[]"))),
	refuse("a log key is not a vkey whose name is the origin", "member-malformed", in("amend of log keys", put(`"logKeys":["log.`, `"logKeys":["lag.`))),
	refuse("a log key stands there twice", "member-malformed", in("amend of log keys", copyOf("body.logKeys.0", "body.logKeys.1"))),
	refuse("the charter's keys are for statements", "key-malformed", in("amend of a slot key")),
	refuse("a key stands twice in the charter", "key-malformed", in("amend of one key")).although("a key has one owner"),
	refuse("an origin is longer than 200", "member-malformed", in("end", set("body.ends.successor", `"`+strings.Repeat("a", 201)+`"`))),
	refuse("an origin holds a space", "member-malformed", in("end", set("body.ends.successor", `"next.example/20 30"`)), in("end", set("body.ends.successor", `"next.example/2030+1"`))),
}

// What texts say.
var bodyForms = []form{
	refuse("clauses is empty", "member-malformed", textIn("amend with reasons", set("clauses", "{}"))),
	refuse("the detached body has %d clauses", "clause-text-mismatch", textIn("amend of clauses", set("clauses.three", `"And this."`))),
	refuse("the text of clause", "clause-text-mismatch", textIn("amend of clauses", set("clauses.one", `"We promise nothing."`))),
	refuse("stand in the tree, or else in the detached body", "member-malformed", textIn("decision", set("outcome", `"complied"`))),
	refuse("neither a narrative nor a document", "member-missing", textIn("challenge", without("narrative"))),
}

var challengeForms = []form{
	refuse("a challenge names its detached body", "member-missing", in("challenge", without("bodyDigest"))),
	refuse("answer is not accepted, disputed", "member-malformed", in("reply", set("body.answer", `"perhaps"`))),
	refuse("a reply names either", "member-missing", in("reply", set("body.finding", `"slot-missed"`)), in("reply", without("body.challenge"))),
	refuse("entry and period say which finding", "member-malformed", in("reply", set("body.period", `"2024-H2"`))),
}

var checkForms = []form{
	refuse("%s is not a code", "code-malformed", in("review", set("body.why", `"Because Of This"`)), in("review", set("body.why", `"`+strings.Repeat("a", 41)+`"`))),
	refuse("is an empty list", "member-malformed", in("decision", set("body.grounds", "[]"))),
	refuse("is not sorted, or has a code twice", "code-malformed", in("decision", set("body.grounds", `["rights","pledge"]`)), in("decision", set("body.grounds", `["rights","rights"]`))),
	refuse("%s is missing", "member-missing", in("admit", without("body.name"))).although(anew),
	refuse("holds a control character", "member-malformed", in("admit", set("body.name", `"Newcomer`+"\u202e"+`Works"`)), in("admit", set("body.name", `"Newcomer\nWorks"`))),
	refuse("is longer than %d characters", "member-malformed", in("admit", set("body.name", `"`+strings.Repeat("a", 201)+`"`))),
	refuse("is not an https:// address", "member-malformed", in("admit", set("body.website", `"http://newcomer.example/"`))),
	refuse("is not an https:// address", "member-malformed", in("admit", set("body.website", `"https://newcomer.example/a b"`))).number(1),
	refuse("lei is not 20", "member-malformed", in("admit", set("body.lei", `"1"`))),
	refuse("the check digits of lei", "member-malformed", in("admit", set("body.lei", `"NEWCOMERWORKS0000179"`))),
	refuse("a key stands twice in a set", "key-malformed", in("admit").with(func(_ *small, st *generator.Statement) {
		a := st.Statement.Body.(*entry.Admit)
		a.Keys[1] = a.Keys[0]
		st.Signers = st.Signers[:len(st.Signers)-1]
	})).although("every key of a set signs, and a key signs once"),
	refuse("the threshold is", "threshold-malformed", in("admit", set("body.threshold", "3")), in("admit", set("body.threshold", "0"))),
}

var membershipForms = []form{
	refuse("the operator's keys are changed", "member-malformed", in("keys of the operator")).although("the operator may make none"),
	refuse("reason is not rotation or compromise", "member-malformed", in("keys", set("body.reason", `"whim"`))),
	refuse("doubtful stands without", "member-malformed", in("compromise", set("body.reason", `"rotation"`))),
	refuse("standing is not suspended", "member-malformed", in("standing", set("body.standing", `"praised"`))),
	refuse("nobody succeeds itself", "member-malformed", in("succeed", copyOf("body.to", "body.from"))),
}

// like makes an admission one of somebody who is admitted.
func like(s *small, st *generator.Statement) {
	a, was := st.Statement.Body.(*entry.Admit), s.status(s.a).Admit
	a.ID, a.Role = s.a, was.Role
}

var treeForms = []form{
	refuse("a charter's author is", "member-malformed", in("charter", set("author", `"somebody"`))).breaks("there is nobody whose the charter is"),
	refuse("a charter names its detached body", "member-missing", in("charter", without("bodyDigest"))),
	refuse("attestation is not quarter or half-year", "period-malformed", in("charter", set("body.attestation", `"month"`))),
	refuse("is not from 1 to", "member-malformed", in("charter", set("body.replyDays", "0")), in("charter", set("body.reviewDays", "3654"))),
	refuse("is reserved", "author-malformed", in("admit", set("body.id", `"operator"`)), in("admit", set("body.id", `"secretariat"`))).although("who has a reserved name is an author already"),
	refuse("mode is not new, rekey or readmit", "member-malformed", in("admit", set("body.mode", `"renew"`)).with(like)),
	refuse("role is not signatory or challenger", "member-malformed", in("admit", set("body.role", `"observer"`))),
	refuse("country is not two", "code-malformed", in("admit", set("body.country", `"xd"`))),
	refuse("entities is an empty list", "member-malformed", in("admit", set("body.entities", "[]"))),
	refuse(`"charter is missing"`, "member-missing", in("pledge", without("body.charter"))).although("no document has no id"),
	refuse(`"clauses is missing"`, "member-missing", in("pledge", without("body.clauses"))).although(anew),
	refuse("a request names its detached body", "member-missing", in("request", without("bodyDigest"))),
	refuse("slot and disclosure stand together", "member-missing", in("request out of a slot", without("body.disclosure")), in("request out of a slot", without("body.slot"))),
	refuse("the disclosure does not name this statement's", "disclosure-differs", textIn("request out of a slot", set("country", `"XC"`))),
	refuse(`"request is missing"`, "member-missing", in("decision", without("body.request"))).although("no request has no id"),
	refuse("grounds and scope stand without", "member-malformed", in("decision, withheld", set("body.scope", `"in"`)), in("decision, withheld", set("body.grounds", `["pledge"]`))),
	refuse("outcome or date is missing", "member-missing", in("decision", without("body.date")), in("decision", without("body.outcome"))).although("what is absent is no code and no date"),
	refuse("a count is a number", "member-malformed", in("attestation", set("body.received.total", `"many"`))).although(anew),
	refuse("a band has a min below its max", "member-malformed", in("attestation", set("body.received.outcomes.complied", `{"max":1,"min":5}`)), in("attestation", set("body.received.outcomes.complied", `{"max":5,"min":5}`))),
	refuse("a count is a number", "member-malformed", in("attestation", set("body.received.total", `true`))).number(1).although(decoder),
	refuse(`"period is missing"`, "member-missing", in("attestation", without("body.period"))).although("no period is of no kind"),
	refuse("covers is not all or disclosable", "member-malformed", in("attestation", set("body.covers", `"most"`))),
	refuse("outcomes is empty", "member-malformed", in("attestation", set("body.received.outcomes", "{}"))),
	refuse("logged counts an outcome as 0", "member-malformed", in("attestation", set("body.logged.outcomes.refused", "0"))),
	refuse("has no detached body", "body-not-wanted", in("pledge", set("bodyDigest", `"`+entry.Digest(nil)+`"`))),
}

var slotForms = []form{
	refuse("slots is not none", "member-malformed", in("amend", set("body.slots", `"hour"`))),
	refuse("a slot has %d digests", "member-malformed", in("slot", without("body.digests.0")), in("slot", set("body.digests.64", `"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzw"`))),
	refuse("holds something that is not a digest", "digest-malformed", in("slot", set("body.digests.63", `"zzz"`)), in("slot", set("body.digests.63", `"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"`))),
	refuse("is not sorted, or has a digest twice", "member-malformed", in("slot", copyOf("body.digests.1", "body.digests.0"))),
	refuse("is not a slot period", "period-malformed", in("slot", set("body.period", `"2025-13"`)), in("slot", set("body.period", `"2025-W53"`))).although("no period is of no kind"),
}

var timeForms = []form{
	refuse("is not a moment of the form", "time-malformed", in("request", set("made", `"2024-02-30T00:00:00Z"`)), in("request", set("made", `"2024-10-30T24:00:00Z"`)), in("request", set("made", `"2024-10-30 20:00:00Z"`))),
	refuse("is not a date of the form", "date-malformed", in("erasure", set("body.date", `"2024-02-30"`)), in("review", set("body.review", `"soon"`)), in("erasure", set("body.date", `"24-02-01"`))),
	refuse("the interval", "date-malformed", textIn("request", set("received", `"2024-12/2024-11"`)), textIn("request", set("received", `"2024-11-01/2024-12"`))),
	refuse("is neither a date", "date-malformed", in("request", set("body.received", `"withheld"`)).and(set("received", `"soon"`))),
	refuse("is not a period such as", "period-malformed", in("request", set("body.received", `"2024-H0"`)).and(set("received", `"2023-08"`)), in("request", set("body.received", `"2024-Q5"`))),
}

var statementForms = []form{
	refuse("the body is not an object", "member-malformed", in("withdraw", set("body", "[]"))).although(decoder),
	refuse("the body lacks a member", "member-missing", in("attestation", without("body.received"))),
	refuse("prev is no statement's id", "member-malformed", in("request", set("prev", `"`+strings.Repeat("0", 64)+`"`))).although("what follows something names it"),
	refuse("withheld has no review", "member-missing", in("request, withheld", set("withheld", "{}"))),
	refuse("prev is there exactly when", "member-missing", in("request", without("prev")), in("first", set("prev", `"`+strings.Repeat("1", 64)+`"`))).although("prev is compared with the last statement"),
	refuse("is published with it", "member-malformed", in("challenge", set("withheld", `{"review":"2025-03-01"}`))),
	refuse("an author is not lower-case", "author-malformed", in("admit", set("body.id", `"new--comer"`)), in("admit", set("body.id", `"-newcomer"`)), in("admit", set("body.id", `"Newcomer"`)), in("admit", set("body.id", `"`+strings.Repeat("a", 64)+`"`))),
}

var directoryForms = []form{
	refuse("root is not a digest", "digest-malformed", in("directory", set("body.root", `"x"`))).although("the root is recomputed and compared"),
	refuse("size is missing", "member-missing", in("directory", set("body.size", "0")), in("directory", without("body.size"))).although("the size is its own index"),
	// A row of it is read by the light client alone.
	refuse("the lane is", "directory", falseRow(set("lane", `"side"`))).although("a row is compared with what the chain comes to"),
	refuse("keys is not a digest", "directory", falseRow(set("keys", `"x"`))).although("a row is compared with what the chain comes to"),
	refuse("head is there exactly when", "directory", falseRow(without("head"))).although("a row is compared with what the chain comes to"),
	refuse("the row lacks a member", "directory", falseRow(without("head"), without("seq"))).although("a row is compared with what the chain comes to"),
}

// What is said of earlier statements.
var laterForms = []form{
	refuse("entry is missing", "member-missing", in("review", without("body.entry"))).although("no statement has no id"),
	refuse("an open has either digests or review", "member-missing", in("open", set("body.review", `"2025-03-01"`)), in("review", without("body.review"))),
	refuse("an open names %d digests", "member-malformed", in("open", func(b []byte) []byte {
		// The one that is withheld, and others than are sealed in it.
		var list []string
		for i := range entry.MaxOpened {
			list = append(list, entry.Digest([]byte{byte(i)}))
		}
		slices.Sort(list)
		i := bytes.Index(b, []byte(`"digests":["`)) + len(`"digests":["`)
		list = append(list, string(b[i:i+43]))
		slices.Sort(list)
		return set("body.digests", `["`+strings.Join(list, `","`)+`"]`)(b)
	})),
	refuse("entry is missing", "member-missing", in("correct", without("body.entry"))).number(1).although("no statement has no id"),
	refuse("how is not void or superseded", "member-malformed", in("correct", set("body.how", `"forgotten"`))).although("what is not void is in another's place, which it does not name"),
	refuse("by is there exactly when", "member-missing", in("correct", set("body.by", `"`+strings.Repeat("1", 64)+`"`)), in("superseded", without("body.by"))),
	refuse("a statement can't stand in its own place", "member-malformed", in("superseded", copyOf("body.entry", "body.by"))).although("what stands in its place was logged later"),
	refuse("basis is not court-order", "member-malformed", in("erasure", set("body.basis", `"whim"`))),
	refuse("digest is not a digest", "digest-malformed", in("erasure", set("body.digest", `"x"`))).although("no text has that digest"),
	refuse("entry is missing", "member-missing", in("erasure", without("body.entry"))).number(2).although("no statement has no id"),
	refuse("reference is missing", "member-missing", in("erasure", without("body.reference"))).although(anew),
	refuse("reference is not letters", "member-malformed", in("erasure", set("body.reference", `"Mr Somebody"`)), in("erasure", set("body.reference", `"-1"`))),
	refuse("reference is longer", "member-malformed", in("erasure", set("body.reference", `"`+strings.Repeat("1", 81)+`"`))),
}

var judgeForms = []form{
	refuse("the author is not admitted", "author-unknown", in("request", set("author", `"nobody"`))).breaks("there is nobody who could have said it"),
	refuse("a charter's seq is 1", "seq-gap", in("charter", set("prev", `"`+strings.Repeat("1", 64)+`"`), set("seq", "2"))),
	refuse("a key of the charter is a checkpoint key too", "key-taken", in("charter").with(func(s *small, st *generator.Statement) {
		st.Statement.Body.(*entry.Charter).LogKeys = []string{vkeyOf(s, st.Signers[0])}
	})),
}

var termForms = []form{
	refuse("a key of the amend is a checkpoint key too", "key-taken", in("amend of keys").with(func(s *small, st *generator.Statement) {
		st.Statement.Body.(*entry.Amend).LogKeys = []string{vkeyOf(s, st.Signers[len(st.Signers)-1])}
	})),
}

// vkeyOf writes a key for statements as one for checkpoints.
func vkeyOf(s *small, k *generator.Key) string {
	signer, err := log.NewSigner(s.w.Options.Origin, k.Private().Seed())
	must(err)
	return signer.Key().String()
}
