package vectors

import (
	"strings"
)

const aboutStatements = "Payloads of statements (protocol sections 2 and 4): what can be said of one without the log. id is that of the entry; unknownCodes are those that the published vocabulary does not have, which a verifier reports and a server refuses with vocabulary-code-unknown."

// sampleStatements are statements that are in order, one or more of each kind, by
// name, in the order of the protocol.
var sampleStatements = []struct{ name, why, payload string }{
	{"charter", "the accord's terms and the keys of who may change them", `{"author":"secretariat","body":{"accord":"Lanternhall Accord","attestation":"quarter","clauses":[{"id":"no-attack-help","text":"$digest(We help nobody to attack.)"},{"id":"report","text":"$digest(We log requests.)"}],"decisionDays":60,"fileDays":45,"graceDays":30,"logKeys":["$vkey"],"operator":{"keys":[$key(ed/operator)],"threshold":1},"recovery":{"keys":[$key(ed/recovery),$key(p256/recovery)],"threshold":2},"replyDays":30,"reviewDays":730,"secretariat":{"keys":[$key(ed/first),$key(p256/second),$key(ed/third)],"threshold":2},"slots":"month"},"bodyDigest":"$digest(charter)","kind":"charter","lane":"main","log":"$log","made":"2026-01-05T09:00:00Z","seq":1}`},
	{"amend-everything", "every term at once", `{"author":"secretariat","body":{"attestation":"half-year","clauses":[{"id":"no-attack-help","text":"$digest(We help nobody to attack.)"}],"decisionDays":3653,"ends":{"successor":"log.lanternhall.example/next"},"fileDays":1,"from":"2027-01-01T00:00:00Z","graceDays":40,"logKeys":["$vkey"],"operator":{"keys":[$key(ed/operator2)],"threshold":1},"recovery":{"keys":[$key(ed/recovery2)],"threshold":1},"replyDays":14,"reviewDays":365,"secretariat":{"keys":[$key(ed/fourth)],"threshold":1},"slots":"none"},"bodyDigest":"$digest(amend)","kind":"amend","lane":"main","log":"$log","made":"2026-11-05T09:00:00Z","prev":"$id(prev)","seq":7}`},
	{"amend-days", "one term from a moment on", `{"author":"secretariat","body":{"from":"2026-11-06T00:00:00Z","graceDays":40},"kind":"amend","lane":"main","log":"$log","made":"2026-11-05T09:00:00Z","prev":"$id(prev)","seq":7}`},
	{"amend-secretariat", "keys alone: what recovery may sign", `{"author":"secretariat","body":{"secretariat":{"keys":[$key(ed/fourth)],"threshold":1}},"kind":"amend","lane":"main","log":"$log","made":"2026-11-05T09:00:00Z","prev":"$id(prev)","seq":7}`},
	{"amend-ends", "the log ends, and no other goes on", `{"author":"secretariat","body":{"ends":{},"from":"2029-12-31T00:00:00Z"},"kind":"amend","lane":"main","log":"$log","made":"2026-11-05T09:00:00Z","prev":"$id(prev)","seq":7}`},
	{"admit", "a signatory", `{"author":"secretariat","body":{"carveOuts":["us-nsl"],"country":"XA","entities":["Aldermoth Data Centres"],"id":"aldermoth-cloud","keys":[$key(ed/acme),$key(p256/acme/slot)],"lei":"9999PLEDGELOGACME088","mode":"new","name":"Aldermoth Cloud","role":"signatory","threshold":1,"website":"https://aldermoth.example/"},"kind":"admit","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":2}`},
	{"admit-least", "a challenger, with what is needed alone", `{"author":"secretariat","body":{"country":"XF","id":"open-lantern","keys":[$key(ed/lantern)],"mode":"new","name":"Open Lantern Foundation","role":"challenger","threshold":1,"website":"https://open-lantern.example/"},"kind":"admit","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":2}`},
	{"admit-rekey", "keys of last resort", `{"author":"secretariat","body":{"country":"XA","id":"aldermoth-cloud","keys":[$key(ml/acme)],"mode":"rekey","name":"Aldermoth Cloud","role":"signatory","threshold":1,"website":"https://aldermoth.example/"},"kind":"admit","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":2}`},
	{"admit-readmit", "who had left comes back", `{"author":"secretariat","body":{"country":"XA","id":"aldermoth-cloud","keys":[$key(ed/acme)],"mode":"readmit","name":"Aldermoth Cloud","role":"signatory","threshold":1,"website":"https://aldermoth.example/"},"kind":"admit","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":2}`},
	{"standing", "a label", `{"author":"secretariat","body":{"reason":"attestation-missed","standing":"suspended","who":"aldermoth-cloud"},"kind":"standing","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":3}`},
	{"succeed", "a merger or a new name", `{"author":"secretariat","body":{"from":"aldermoth-cloud","to":"brindlewick-systems"},"kind":"succeed","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":3}`},
	{"keys", "a whole new key set of three algorithms", `{"author":"aldermoth-cloud","body":{"keys":[$key(ed/acme2),$key(p256/acme),$key(ml/acme),$key(ed/acme/slot)],"reason":"rotation","threshold":2},"kind":"keys","lane":"main","log":"$log","made":"2026-03-06T09:00:00Z","prev":"$id(prev)","seq":3}`},
	{"keys-compromise", "with the first doubtful entry", `{"author":"aldermoth-cloud","body":{"doubtful":"$id(doubtful)","keys":[$key(ed/acme2)],"reason":"compromise","threshold":1},"kind":"keys","lane":"main","log":"$log","made":"2026-03-06T09:00:00Z","prev":"$id(prev)","seq":3}`},
	{"pledge", "a signatory's first statement: prev is absent", `{"author":"aldermoth-cloud","body":{"charter":"$id(charter)","clauses":["no-attack-help","report"]},"kind":"pledge","lane":"main","log":"$log","made":"2026-01-07T09:00:00Z","seq":1}`},
	{"request", "all but the period stands in the detached body", `{"author":"aldermoth-cloud","body":{"received":"2026-Q2"},"bodyDigest":"$digest(body)","kind":"request","lane":"main","log":"$log","made":"2026-05-04T10:00:00Z","prev":"$id(prev)","seq":2}`},
	{"request-withheld", "even the period is not told, and the body is published later", `{"author":"aldermoth-cloud","body":{"received":"withheld"},"bodyDigest":"$digest(body)","kind":"request","lane":"main","log":"$log","made":"2026-05-04T10:00:00Z","prev":"$id(prev)","seq":2,"withheld":{"review":"2027-05-01"}}`},
	{"request-half-year", "a half-year; whether the charter has them is judged in the log", `{"author":"aldermoth-cloud","body":{"received":"2026-H1"},"bodyDigest":"$digest(body)","kind":"request","lane":"main","log":"$log","made":"2026-05-04T10:00:00Z","prev":"$id(prev)","seq":2}`},
	{"request-from-slot", "it was committed to in a slot: the disclosure names its bodyDigest", `{"author":"aldermoth-cloud","body":{"disclosure":"$place(body)","received":"2026-Q2","slot":"$id(slot)"},"bodyDigest":"$digest(body)","kind":"request","lane":"main","log":"$log","made":"2026-05-04T10:00:00Z","prev":"$id(prev)","seq":2}`},
	{"decision", "what was answered", `{"author":"aldermoth-cloud","body":{"date":"2026-05-09","grounds":["pledge","unlawful"],"outcome":"refused","request":"$id(request)","scope":"in"},"bodyDigest":"$digest(decision)","kind":"decision","lane":"main","log":"$log","made":"2026-05-10T10:00:00Z","prev":"$id(prev)","seq":3}`},
	{"decision-least", "without a body", `{"author":"aldermoth-cloud","body":{"date":"2026-05-09","outcome":"complied","request":"$id(request)"},"kind":"decision","lane":"main","log":"$log","made":"2026-05-10T10:00:00Z","prev":"$id(prev)","seq":3}`},
	{"decision-withheld", "the outcome stands in the withheld body", `{"author":"aldermoth-cloud","body":{"request":"$id(request)"},"bodyDigest":"$digest(decision)","kind":"decision","lane":"main","log":"$log","made":"2026-05-10T10:00:00Z","prev":"$id(prev)","seq":3,"withheld":{"review":"2026-09-01"}}`},
	{"attestation", "an account of a period", `{"author":"aldermoth-cloud","body":{"clauses":["no-attack-help","report"],"covers":"all","lateReason":"illness","logged":{"outcomes":{"pending":1,"refused":2},"total":3},"period":"2026-Q2","received":{"outcomes":{"complied":0,"refused":{"max":9,"min":2}},"total":4}},"bodyDigest":"$digest(attestation)","kind":"attestation","lane":"main","log":"$log","made":"2026-07-10T10:00:00Z","prev":"$id(prev)","seq":4}`},
	{"attestation-band", "a band, as some laws want", `{"author":"aldermoth-cloud","body":{"covers":"disclosable","logged":{"total":0},"period":"2026-Q2","received":{"total":{"max":249,"min":0}}},"kind":"attestation","lane":"main","log":"$log","made":"2026-07-10T10:00:00Z","prev":"$id(prev)","seq":4}`},
	{"attestation-cannot-say", "no number at all, which is not 0", `{"author":"aldermoth-cloud","body":{"covers":"all","logged":{"total":0},"period":"2026-Q2","received":{"outcomes":{"refused":"cannot-say"},"total":"cannot-say"}},"kind":"attestation","lane":"main","log":"$log","made":"2026-07-10T10:00:00Z","prev":"$id(prev)","seq":4}`},
	{"slot", "64 sorted digests, full or empty", `{"author":"aldermoth-cloud","body":{"digests":[$digests64],"period":"2026-05"},"kind":"slot","lane":"slot","log":"$log","made":"2026-05-31T10:00:00Z","seq":1}`},
	{"slot-week", "an ISO week", `{"author":"aldermoth-cloud","body":{"digests":[$digests64],"period":"2026-W33"},"kind":"slot","lane":"slot","log":"$log","made":"2026-08-14T10:00:00Z","prev":"$id(prev)","seq":2}`},
	{"slot-day", "a day", `{"author":"aldermoth-cloud","body":{"digests":[$digests64],"period":"2026-08-14"},"kind":"slot","lane":"slot","log":"$log","made":"2026-08-14T10:00:00Z","prev":"$id(prev)","seq":2}`},
	{"open", "a withheld body is published", `{"author":"aldermoth-cloud","body":{"digests":["$digest(body)"],"entry":"$id(request)","why":"order-lifted"},"kind":"open","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"open-review", "a new date to look again", `{"author":"aldermoth-cloud","body":{"entry":"$id(request)","review":"2027-08-01","why":"still-forbidden"},"kind":"open","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"open-64", "as many as one may name", `{"author":"aldermoth-cloud","body":{"digests":[$digests64],"entry":"$id(request)","why":"order-lifted"},"kind":"open","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"correct-void", "what was said does not count", `{"author":"aldermoth-cloud","body":{"entry":"$id(request)","how":"void"},"bodyDigest":"$digest(correct)","kind":"correct","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"correct-superseded", "a later one stands in its place", `{"author":"aldermoth-cloud","body":{"by":"$id(by)","entry":"$id(request)","how":"superseded"},"kind":"correct","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"withdraw", "an empty body is an object", `{"author":"aldermoth-cloud","body":{},"kind":"withdraw","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"challenge", "against a signatory", `{"author":"open-lantern","body":{"against":"aldermoth-cloud","entry":"$id(request)","finding":"contradicted","period":"2026-Q2"},"bodyDigest":"$digest(challenge)","kind":"challenge","lane":"main","log":"$log","made":"2026-08-04T10:00:00Z","seq":1}`},
	{"challenge-least", "about nothing in the log", `{"author":"open-lantern","body":{"against":"aldermoth-cloud"},"bodyDigest":"$digest(challenge)","kind":"challenge","lane":"main","log":"$log","made":"2026-08-04T10:00:00Z","seq":1}`},
	{"reply", "to a challenge", `{"author":"aldermoth-cloud","body":{"answer":"disputed","challenge":"$id(challenge)"},"bodyDigest":"$digest(reply)","kind":"reply","lane":"main","log":"$log","made":"2026-08-09T10:00:00Z","prev":"$id(prev)","seq":6}`},
	{"reply-finding", "to a finding", `{"author":"aldermoth-cloud","body":{"answer":"cannot-comment","entry":"$id(request)","finding":"filed-late","period":"2026-Q2"},"kind":"reply","lane":"main","log":"$log","made":"2026-08-09T10:00:00Z","prev":"$id(prev)","seq":6}`},
	{"erasure", "a tombstone", `{"author":"operator","body":{"basis":"court-order","date":"2026-09-01","digest":"$digest(body)","entry":"$id(request)","reference":"4-O-12/26"},"kind":"erasure","lane":"main","log":"$log","made":"2026-09-01T10:00:00Z","seq":1}`},
	{"erasure-reference", "all that a reference may hold, 80 characters", `{"author":"operator","body":{"basis":"data-subject","date":"2026-09-01","digest":"$digest(body)","entry":"$id(request)","reference":"AZaz09./:-3456789.123456789.123456789.123456789.123456789.123456789.123456789.12"},"kind":"erasure","lane":"main","log":"$log","made":"2026-09-01T10:00:00Z","seq":1}`},
	{"directory", "what every author said last", `{"author":"operator","body":{"root":"$digest(root)","size":12},"kind":"directory","lane":"main","log":"$log","made":"2026-09-01T10:00:00Z","prev":"$id(prev)","seq":2}`},
	{"author-63", "63 characters", `{"author":"` + longAuthor + `","body":{},"kind":"withdraw","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":5}`},
	{"seq-largest", "2^53-1", `{"author":"aldermoth-cloud","body":{},"kind":"withdraw","lane":"main","log":"$log","made":"2026-06-04T10:00:00Z","prev":"$id(prev)","seq":9007199254740991}`},
	{"codes-unknown", "a verifier takes any code of the right form and reports it", `{"author":"aldermoth-cloud","body":{"date":"2026-05-09","grounds":["astrology"],"outcome":"laughed-at","request":"$id(request)","scope":"sideways"},"kind":"decision","lane":"main","log":"$log","made":"2026-05-10T10:00:00Z","prev":"$id(prev)","seq":3}`},
	{"codes-unknown-attestation", "in every place of an attestation", `{"author":"aldermoth-cloud","body":{"covers":"all","lateReason":"weather","logged":{"outcomes":{"laughed-at":1},"total":1},"period":"2026-Q2","received":{"outcomes":{"ignored":1},"total":1}},"kind":"attestation","lane":"main","log":"$log","made":"2026-07-10T10:00:00Z","prev":"$id(prev)","seq":4}`},
	{"codes-unknown-country", "XK is in use, ZZ is not", `{"author":"secretariat","body":{"carveOuts":["zz-law"],"country":"ZZ","id":"aldermoth-cloud","keys":[$key(ed/acme)],"mode":"new","name":"Aldermoth Cloud","role":"signatory","threshold":1,"website":"https://aldermoth.example/"},"kind":"admit","lane":"main","log":"$log","made":"2026-01-06T09:00:00Z","prev":"$id(prev)","seq":2}`},
}

const longAuthor = "a23456789-a23456789-a23456789-a23456789-a23456789-a23456789-123"

// codesUnknown are those of the samples that have some, as list/code, sorted.
var codesUnknown = map[string][]string{
	"codes-unknown":             {"grounds/astrology", "outcome/laughed-at", "scope/sideways"},
	"codes-unknown-attestation": {"lateReason/weather", "outcome/ignored", "outcome/laughed-at"},
	"codes-unknown-country":     {"country/ZZ", "instrument/zz-law"},
}

// sample is the payload of one of sampleStatements, with what it names.
func (r *recipe) sample(name string) string {
	for _, s := range sampleStatements {
		if s.name == name {
			return r.text(s.payload)
		}
	}
	panic("vectors: no sample " + name)
}

func (r *recipe) statements() []Statement {
	var all []Statement
	add := func(name, why, code, payload string) {
		all = append(all, Statement{Name: name, Why: why, Code: code, Payload: Octets(payload), ID: entryID([]byte(payload)), UnknownCodes: codesUnknown[name]})
	}
	for _, s := range sampleStatements {
		add(s.name, s.why, "", r.text(s.payload))
	}
	for _, b := range badStatements {
		add(b.name, b.why, b.code, replace(r.sample(b.of), r.text(b.old), r.text(b.new)))
	}
	// A slot has 64 digests, and an open at most as many.
	quoted := `"` + strings.Join(someDigests(), `","`) + `"`
	add("slot-0-digests", "64 of them", "member-malformed", replace(r.sample("slot"), quoted, ""))
	add("slot-63-digests", "64 of them", "member-malformed", replace(r.sample("slot"), quoted, `"`+strings.Join(someDigests()[:63], `","`)+`"`))
	const last = `"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzw"`
	add("slot-65-digests", "64 of them", "member-malformed", replace(r.sample("slot"), quoted, quoted+","+last))
	add("open-65-digests", "at most 64", "member-malformed", replace(r.sample("open-64"), quoted, quoted+","+last))
	r.longest(add)
	return all
}
