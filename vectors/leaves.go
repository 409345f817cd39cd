package vectors

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/generator"
)

const aboutLeaves = "Leaves: the one exact encoding of section 2, and what is not it. What the payload says is not looked at here."

// An Envelope's signature, as it is written.
type signed struct {
	keyid string
	sig   []byte
}

// leafOf writes a leaf in its one encoding.
func leafOf(logged int64, payload []byte, sigs ...signed) []byte {
	slices.SortFunc(sigs, func(a, b signed) int { return strings.Compare(a.keyid, b.keyid) })
	var list []string
	for _, s := range sigs {
		list = append(list, fmt.Sprintf(`{"keyid":"%s","sig":"%s"}`, s.keyid, b64(s.sig)))
	}
	return fmt.Appendf(nil, `{"logged":%d,"statement":{"payloadType":"%s","payload":"%s","signatures":[%s]}}`,
		logged, payloadType, b64(payload), strings.Join(list, ","))
}

// signedBy signs a payload with keys.
func signedBy(payload []byte, keys ...*generator.Key) []signed {
	var all []signed
	for _, k := range keys {
		all = append(all, signed{keyID(k), k.Sign(pae(payload))})
	}
	return all
}

func (r *recipe) leaves() []Leaf {
	payload := []byte(r.text(`{"author":"aldermoth-cloud","body":{"received":"withheld"},"bodyDigest":"$digest(body)","kind":"request","lane":"main","log":"$log","made":"2026-05-04T10:00:00Z","prev":"$id(prev)","seq":2}`))
	ed, p256, ml := r.key("ed/acme"), r.key("p256/acme"), r.key("ml/acme")
	const logged = 1777888800
	all := []Leaf{
		goodLeaf("one-signature", "an Ed25519 signature", logged, payload, signedBy(payload, ed)),
		goodLeaf("three-algorithms", "signatures sorted by keyid", logged, payload, signedBy(payload, ed, p256, ml)),
		goodLeaf("logged-0", "the first second of 1970", 0, payload, signedBy(payload, ed)),
		goodLeaf("logged-last", "the last second of the year 9999", 253402300799, payload, signedBy(payload, ed)),
		goodLeaf("payload-anything", "a payload is any bytes but none: what it says is judged later", logged, []byte{0xff, 0x00}, signedBy([]byte{0xff, 0x00}, ed)),
	}
	sixteen, seventeen := fakes(16), fakes(17)
	many := goodLeaf("signatures-16", "as many as there may be", logged, payload, sixteen)
	many.Unverified = keyids(sixteen)
	altered := signedBy(payload, ed)
	altered[0].sig = bytes.Clone(altered[0].sig)
	altered[0].sig[3] ^= 0x40
	wrong := goodLeaf("signature-wrong", "the encoding is exact although the signature does not verify", logged, payload, altered)
	wrong.Unverified = keyids(altered)
	all = append(all, many, wrong)

	leaf := string(leafOf(logged, payload, signedBy(payload, ed)...))
	two := string(leafOf(logged, payload, signedBy(payload, ed, p256)...))
	one := signedBy(payload, ed)[0]
	first, second := sortedPair(signedBy(payload, ed, p256))
	bad := func(name, code, why, leaf string) {
		all = append(all, Leaf{Name: name, Why: why, Code: code, Leaf: Octets(leaf)})
	}
	change := func(name, code, why, old, new string) { bad(name, code, why, replace(leaf, old, new)) }

	bad("empty", "leaf-malformed", "no byte at all", "")
	bad("not-json", "leaf-malformed", "something else", "hello")
	bad("not-utf8", "leaf-malformed", "something else", "\xff\xfe")
	bad("space-before", "leaf-malformed", "white space", " "+leaf)
	bad("line-feed-after", "leaf-malformed", "white space", leaf+"\n")
	change("space-within", "leaf-malformed", "white space", `{"logged":1`, `{"logged": 1`)
	change("members-swapped", "leaf-malformed", "members in this order", `{"logged":1777888800,`, `{"index":1,"logged":1777888800,`)
	bad("statement-first", "leaf-malformed", "members in this order", `{"statement":`+strings.TrimSuffix(strings.SplitN(leaf, `"statement":`, 2)[1], "}")+`,"logged":1777888800}`)
	change("logged-missing", "leaf-malformed", "logged is there", `"logged":1777888800,`, ``)
	change("logged-negative", "leaf-malformed", "from 0", `1777888800`, `-1`)
	change("logged-fraction", "leaf-malformed", "a whole number", `1777888800`, `1777888800.0`)
	change("logged-exponent", "leaf-malformed", "a whole number", `1777888800`, `2e9`)
	change("logged-leading-zero", "leaf-malformed", "without leading zeros", `1777888800`, `01777888800`)
	change("logged-text", "leaf-malformed", "a number", `1777888800`, `"1777888800"`)
	change("logged-year-10000", "leaf-malformed", "a time of the protocol can be written for it", `1777888800`, `253402300800`)
	change("logged-2-53", "leaf-malformed", "a number of canonical JSON", `1777888800`, `9007199254740992`)
	bad("cut-short", "leaf-malformed", "it does not end", leaf[:len(leaf)-2])
	bad("member-after", "envelope-malformed", "nothing follows the statement", leaf[:len(leaf)-1]+`,"note":1}`)
	bad("statement-null", "envelope-malformed", "the statement is an envelope", `{"logged":1777888800,"statement":null}`)
	change("envelope-without-type", "envelope-malformed", "payloadType comes first", `"payloadType":"`+payloadType+`",`, ``)
	change("envelope-space", "envelope-malformed", "white space", `,"payload":`, `, "payload":`)
	change("envelope-member-more", "envelope-malformed", "no other member", `,"signatures":`, `,"version":1,"signatures":`)
	change("envelope-payload-open", "envelope-malformed", "the payload is a string", `,"payload":"`, `,"payload":`)
	change("signature-member-more", "envelope-malformed", "keyid and sig alone", `{"keyid":`, `{"cert":"x","keyid":`)
	bad("signature-members-swapped", "envelope-malformed", "keyid before sig", replace(leaf, fmt.Sprintf(`{"keyid":"%s","sig":"%s"}`, one.keyid, b64(one.sig)), fmt.Sprintf(`{"sig":"%s","keyid":"%s"}`, b64(one.sig), one.keyid)))
	bad("signatures-space", "envelope-malformed", "white space", replace(two, `"},{"keyid"`, `"}, {"keyid"`))
	change("type-other", "payload-type-unknown", "another payload type", payloadType, "application/vnd.in-toto+json")
	change("type-version-2", "payload-type-unknown", "another payload type", payloadType, "application/vnd.pledgelog.statement.v2+json")
	change("payload-empty", "payload-empty", "a statement is signed", b64(payload), "")
	change("payload-unpadded", "base64-not-canonical", "padded base64", b64(payload)+`"`, strings.TrimRight(b64(payload), "=")+`"`)
	change("payload-line-break", "base64-not-canonical", "no line breaks", b64(payload)[:64], b64(payload)[:32]+"\n"+b64(payload)[32:64])
	change("payload-trailing-bits", "base64-not-canonical", "zero trailing bits", b64(payload)+`"`, trailing(b64(payload))+`"`)
	change("sig-unpadded", "base64-not-canonical", "padded base64", b64(one.sig), strings.TrimRight(b64(one.sig), "="))
	change("sig-trailing-bits", "base64-not-canonical", "zero trailing bits", b64(one.sig), trailing(b64(one.sig)))
	change("sig-url-alphabet", "base64-not-canonical", "the standard alphabet", b64(one.sig), "-_"+b64(one.sig)[2:])
	change("sig-empty", "signatures-malformed", "a signature has bytes", b64(one.sig), "")
	change("keyid-upper-case", "signatures-malformed", "lower-case hex", one.keyid, strings.ToUpper(one.keyid))
	change("keyid-short", "signatures-malformed", "64 hex digits", one.keyid, one.keyid[:62])
	bad("signatures-none", "signatures-malformed", "at least one", string(leafOf(logged, payload)))
	bad("signatures-17", "signatures-malformed", "at most 16", string(leafOf(logged, payload, seventeen...)))
	bad("signatures-unsorted", "signatures-malformed", "sorted by keyid", replace(two, first+","+second, second+","+first))
	bad("keyid-twice", "signatures-malformed", "no keyid twice", replace(two, first+","+second, first+","+first))
	for i := range all {
		h := leafHash(all[i].Leaf)
		all[i].LeafHash = b64(h[:])
	}
	return all
}

func goodLeaf(name, why string, logged int64, payload []byte, sigs []signed) Leaf {
	return Leaf{Name: name, Why: why, Leaf: leafOf(logged, payload, sigs...), Logged: &logged, ID: entryID(payload), Payload: payload}
}

// fakes are n signatures by keys that do not exist.
func fakes(n int) []signed {
	var all []signed
	for i := range n {
		all = append(all, signed{idOf(fmt.Sprint("fake ", i)), []byte{byte(i), 1, 2}})
	}
	return all
}

func keyids(sigs []signed) []string {
	var ids []string
	for _, s := range sigs {
		ids = append(ids, s.keyid)
	}
	return ids
}

// sortedPair writes two signatures, the one with the smaller keyid first.
func sortedPair(sigs []signed) (first, second string) {
	slices.SortFunc(sigs, func(a, b signed) int { return strings.Compare(a.keyid, b.keyid) })
	text := func(s signed) string { return fmt.Sprintf(`{"keyid":"%s","sig":"%s"}`, s.keyid, b64(s.sig)) }
	return text(sigs[0]), text(sigs[1])
}

// trailing sets the unused bits of padded base64.
func trailing(s string) string {
	body := strings.TrimRight(s, "=")
	if body == s {
		panic("vectors: no unused bits")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, body[len(body)-1])
	return body[:len(body)-1] + string(alphabet[last|1]) + s[len(body):]
}
