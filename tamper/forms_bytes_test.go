package tamper_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// Canonical JSON (protocol section 2). Most of it the decoder would refuse too; what
// it would take has more than one form.
var canonicalForms = []form{
	refuse("the JSON ends early", "not-json", in("request", func(b []byte) []byte { return b[:bytes.Index(b, []byte(`"request","lane"`))] })).breaks("it reads past the end"),
	refuse("nesting is deeper", "nesting-too-deep", in("request", set("withheld", strings.Repeat("[", 16)+strings.Repeat("]", 16)))).although("nothing that a form knows nests so deep"),
	refuse("an empty string stands", "not-canonical", in("pledge", set("bodyDigest", `""`))),
	refuse("null stands before", "not-canonical", in("request", set("withheld", `null`))).there(),
	refuse("white space stands", "not-canonical", in("request", put(`"lane":`, `"lane": `))).although("no value begins with white space"),
	refuse("no JSON value begins", "not-json", in("request", put(`"lane":"main"`, `"lane":`))).although(decoder),
	refuse("the JSON ends early", "not-json", in("request", cut(1))).number(1).breaks("it reads past the end"),
	refuse("white space stands", "not-canonical", in("request", put(`"lane"`, ` "lane"`))).number(1).although("no member begins with white space"),
	refuse("byte %d is not %q", "not-json", in("request", put(`"lane":`, `"lane";`))).although(decoder),
	refuse("a member has an empty name", "not-canonical", in("request", put(`{"author"`, `{"":1,"author"`))).although("no form has a member without a name"),
	refuse("is over 2^53-1", "number-out-of-range", in("attestation", set("body.received.total", "9007199254740992"))),
	refuse("is not a whole number from 0", "number-out-of-range", in("attestation", set("body.received.total", "-1")), in("attestation", set("body.received.total", "1e2")), in("attestation", set("body.received.total", "1.0"))).although("what follows the digits begins no JSON"),
	refuse("has a leading zero", "not-canonical", in("attestation", set("body.received.total", "04"))).although(decoder),
	refuse("the JSON ends early", "not-json", in("request", func([]byte) []byte { return []byte(`{"author":"\`) })).number(2).although("a backslash alone is no escape"),
	refuse("is not the canonical one", "not-canonical", in("request", put(`"log":"l`, `"log":"\u006c`)), in("request", put(`"log":"l`, `"log":"l\/`))).onward("c.i += n", "\nif n == 0 && OFF {\nc.i += 2 // or it would never end\n}"),
	refuse("a bare control character", "not-json", in("request", put(`"log":"l`, "\"log\":\"\tl"))).although(decoder),
	refuse("is not UTF-8", "not-json", in("request", put(`"log":"l`, "\"log\":\"\xff"))).although(decoder),
	refuse("does not end", "not-json", in("request", func([]byte) []byte { return []byte(`{"author":"`) })).although("nor does the object in which it stands"),
	refuse("is not a member of this format", "member-unknown", in("request", set("zzz", "1")), in("request", set("body.zzz", "1"))).although(decoder),
	refuse("has not the type it should have", "member-malformed", in("request", set("withheld", `"2025-03-01"`)), textIn("request", set("targets", `"media"`))).although("what could not be read is missing then"),
}

var leafForms = []form{
	refuse("the leaf is empty", "leaf-malformed", leafOf(func([]byte) []byte { return []byte{} })).although("what is empty does not begin with logged"),
	refuse("the leaf does not begin with logged", "leaf-malformed", leafOf(put(`{"logged":`, `{"lagged":`))).although("no number follows then"),
	refuse("no statement follows logged", "leaf-malformed", leafOf(put(`,"statement":`, `,"statements":`))).although("no envelope follows then"),
}

// lonely is a leaf with another envelope.
func lonely(envelope string) change {
	return func([]byte) []byte { return []byte(`{"logged":1735700000,"statement":` + envelope + `}`) }
}

const (
	head = `{"payloadType":"` + entry.PayloadType + `","payload":"`
	id64 = "0000000000000000000000000000000000000000000000000000000000000000"
)

var envelopeForms = []form{
	refuse("an entry id is not 64", "member-malformed", in("compromise", set("body.doubtful", `"abc"`)), in("decision", set("body.request", `"`+strings.ToUpper(strings.Repeat("a", 64))+`"`))).although("what is no id reads as none, which has another form"),
	refuse("the envelope's payloadType is not", "payload-type-unknown", leafOf(put(`.v1+json`, `.v2+json`))).although("the envelope does not begin as it should"),
	refuse("the envelope does not begin with", "envelope-malformed", leafOf(put(`"payload":`, `"payloads":`))).although("what stands there is no base64"),
	refuse("the envelope's payload does not end", "envelope-malformed", leafOf(lonely(head+"e30="))).breaks("it reads past the end"),
	refuse("the envelope's payload is empty", "payload-empty", leafOf(lonely(head+`","signatures":[{"keyid":"`+id64+`","sig":"AAAA"}]}`))).although("nothing is no JSON"),
	refuse("the envelope has no signatures after", "envelope-malformed", leafOf(put(`"signatures":[`, `"signatory":[`))).although("what stands there is no signature"),
	refuse("more than %d signatures", "signatures-malformed", in("admit of many")),
	refuse("the envelope does not end after its signatures", "envelope-malformed", formCase{form: "admit", leaf: put(`"},{"keyid"`, `"}{"keyid"`)}),
	refuse("is not sorted by keyid", "signatures-malformed", formCase{form: "admit", leaf: lastTwice}),
	refuse("malformed)", "envelope-malformed", leafOf(put(`{"keyid":"`, `{"kid":"`))).although("what stands there is no key id"),
	refuse("a keyid is not 64", "signatures-malformed", leafOf(put(`"keyid":"`, `"keyid":"A`))).although("nobody has the key of another id"),
	refuse("malformed)", "envelope-malformed", leafOf(put(`","sig":"`, `","sgn":"`))).number(1).although("a signature is not empty"),
	refuse("malformed)", "envelope-malformed", leafOf(lonely(head+`e30=","signatures":[{"keyid":"`+id64+`","sig":"AAAA`))).number(2).breaks("it reads past the end"),
	refuse("a signature is empty", "signatures-malformed", leafOf(lonely(head+`e30=","signatures":[{"keyid":"`+id64+`","sig":""}]}`)), leafOf(func(b []byte) []byte {
		i := bytes.Index(b, []byte(`"sig":"`)) + len(`"sig":"`)
		return append(bytes.Clone(b[:i]), `"}]}}`...)
	})).although("nothing is no signature"),
	refuse("malformed)", "envelope-malformed", leafOf(put(`"}]}}`, `" }]}}`))).number(3).although("neither another one nor the end follows"),
}

// lastTwice repeats the last signature of a leaf.
func lastTwice(b []byte) []byte {
	i := bytes.LastIndex(b, []byte(`{"keyid"`))
	last := b[i : len(b)-len(`]}}`)]
	return slices.Concat(b[:len(b)-len(`]}}`)], []byte(","), last, []byte(`]}}`))
}

// der changes the bytes of the SPKI of the second admitted key.
func der(change func(b []byte) []byte) func(s *small, st *generator.Statement) {
	return func(_ *small, st *generator.Statement) {
		k := &st.Statement.Body.(*entry.Admit).Keys[1]
		b, err := base64.StdEncoding.DecodeString(k.SPKI)
		must(err)
		k.SPKI = base64.StdEncoding.EncodeToString(change(b))
	}
}

// point puts another point in the place of an Ed25519 key's: its first and its last
// byte, and what is between.
func point(first, between, last byte) func(s *small, st *generator.Statement) {
	return der(func(b []byte) []byte {
		p := bytes.Repeat([]byte{between}, 32)
		p[0], p[31] = first, last
		return append(b[:len(b)-32], p...)
	})
}

var keyForms = []form{
	refuse("the use of a key is", "key-malformed", in("admit", set("body.keys.1.use", `"both"`))),
	refuse("the algorithm of a key is", "key-algorithm-unknown", in("admit", set("body.keys.1.alg", `"rsa"`))).although("no form of key is empty"),
	refuse("a key's spki is not the DER", "key-malformed", in("admit").with(der(func(b []byte) []byte { return append(b, 0) })), in("admit").with(der(func(b []byte) []byte { b[1]++; return b }))).although("a key has one length"),
	refuse("a key is not a point of the curve", "key-weak", in("admit").with(func(_ *small, st *generator.Statement) {
		k := &st.Statement.Body.(*entry.Admit).Keys[1]
		k.Alg = entry.AlgP256
		k.SPKI = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + base64.StdEncoding.EncodeToString(make([]byte, 64))[:88]
	})).number(1).although("it is refused without this code, which only says why"),
	refuse("a key is not a point of the curve", "key-weak", in("admit").with(point(2, 0, 0))).number(2).breaks("there is no point to go on with"),
	// The point whose y is 3, as p+3 = 2^255-16.
	refuse("not in its canonical encoding", "key-weak", in("admit").with(point(0xf0, 0xff, 0x7f))).although("nobody has its secret, so that nobody signs with it"),
	refuse("base64 holds a line break", "base64-not-canonical", in("admit").with(func(_ *small, st *generator.Statement) {
		k := &st.Statement.Body.(*entry.Admit).Keys[1]
		k.SPKI = k.SPKI[:8] + "\n" + k.SPKI[8:]
	})),
	refuse("base64 is not the standard padded form", "base64-not-canonical", in("admit").with(func(_ *small, st *generator.Statement) {
		k := &st.Statement.Body.(*entry.Admit).Keys[1]
		k.SPKI = strings.Replace(k.SPKI, "=", "", 1)
	}), leafOf(put(`"payload":"`, `"payload":"=`))).although("what is cut short there is no key"),
}

var detachedForms = []form{
	refuse("the detached body's author, kind or log", "body-of-another-statement", textIn("request", set("author", `"somebody"`)), textIn("request", set("kind", `"reply"`)), textIn("request", set("log", `"other.example/1"`))),
	refuse("the detached body is not an object", "member-malformed", textIn("request", func([]byte) []byte { return []byte("[1]") })).although(decoder),
	refuse("the salt is not base64url", "salt-too-short", textIn("request", set("salt", `"this is not a salt at all"`))),
	refuse("the salt has %d bytes", "salt-too-short", textIn("request", set("salt", `"AAAAAAAAAAAAAAAAAAAA"`))),
	refuse("narrative is empty", "member-malformed", textIn("decision", set("narrative", "{}"))),
	refuse("a narrative's language", "member-malformed", textIn("decision", set("narrative", `{"english":"We say so."}`)), textIn("decision", set("narrative", `{"en-":"We say so."}`))),
	refuse("documents is empty", "member-malformed", textIn("request with other", set("documents", "[]"))),
	refuse("a document's sha256", "digest-malformed", textIn("request with other", set("documents.0.sha256", `"x"`))),
}

var requestForms = []form{
	refuse("received is not within", "received-outside-period", textIn("request", set("received", `"2023-01"`)), textIn("request", set("received", `"2024-12/2025-01"`))),
	refuse("country is not two", "code-malformed", textIn("request", set("country", `"xb"`))),
	refuse("assist is missing", "member-missing", textIn("request", without("assist"))),
	refuse("other is empty", "member-malformed", textIn("request", set("other", "{}"))),
	refuse("has to say what", "member-missing", textIn("request", set("gag", `"other"`))),
	refuse("stands without the code other", "member-malformed", textIn("request", set("other.gag", `"Something else."`))),
	refuse("a member of other is not a list", "member-unknown", textIn("request with other", set("other.zzz", `"Something else."`))),
}

const aSeal = `{"reason":"other","review":"2025-06-01","sealed":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}`

var sealForms = []form{
	refuse("a member that is sealed is not a member", "member-unknown", textIn("request", set("zzz", aSeal))),
	refuse("two members are sealed by one digest", "member-malformed", textIn("request, sealed", copyOf("narrative", "agency"))),
	refuse("has no reason or no review", "member-missing", textIn("request, sealed", without("agency.reason")), textIn("request, sealed", without("agency.review"))).although("what is absent is no code and no date"),
	refuse("the seal of %s is not a digest", "digest-malformed", textIn("request, sealed", set("agency.sealed", `"x"`))),
	refuse("names another member", "disclosure-differs", disclosed("products", array(`"targets",["media"]`))),
}

var disclosureForms = []form{
	refuse("a disclosure is not base64url", "disclosure-malformed", disclosed("products", array(`"products",["app"]`)[:8]+"\n"+array(`"products",["app"]`)[8:])),
	refuse("a disclosure is not base64url", "disclosure-malformed", disclosed("products", array(`"products",["app"]`)+"=")).number(1),
	refuse("a disclosure is not [salt", "disclosure-malformed", disclosed("products", array(`"products",["app"],1`))),
	refuse("the value of a disclosure is null", "disclosure-malformed", disclosed("products", array(`"products",null`))).although("null stands in no text"),
	refuse("a seal stands inside", "disclosure-malformed", disclosed("products", array(`"products",`+aSeal))),
}
