package vectors

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"filippo.io/mldsa"
)

const aboutCheckpoints = "Signed checkpoints under a policy (C2SP signed-note, tlog-checkpoint, tlog-cosignature; protocol section 7). quorumTime is the smallest t such that the cosignatures stamped t or earlier satisfy the policy."

// checkpoints signs notes, with keys of its own: what it does is written out from
// C2SP, and not taken from package log.
type checkpoints struct {
	seeds map[string][]byte // 32 bytes by who has them
	names map[string]string // of keys, as they stand in notes
	types map[string]byte
}

func newCheckpoints() *checkpoints {
	c := &checkpoints{make(map[string][]byte), make(map[string]string), make(map[string]byte)}
	for _, k := range []struct {
		who, name string
		typ       byte
	}{
		{"log", Origin, 1}, {"next", Origin, 1}, {"other", "log.other.example", 1},
		{"w1", "witness-1.example", 4}, {"w2", "witness-2.example", 4}, {"w3", "witness-3.example", 4}, {"w4", "witness-4.example", 4},
		{"ml", "witness-ml.example", 6}, {"stranger", "stranger.example", 4},
	} {
		seed := hash([]byte("vectors checkpoint key " + k.who))
		c.seeds[k.who], c.names[k.who], c.types[k.who] = seed[:], k.name, k.typ
	}
	return c
}

func (c *checkpoints) public(who string) []byte {
	if c.types[who] == 6 {
		return c.mldsa(who).PublicKey().Bytes()
	}
	return ed25519.NewKeyFromSeed(c.seeds[who]).Public().(ed25519.PublicKey)
}

func (c *checkpoints) mldsa(who string) *mldsa.PrivateKey {
	k, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), c.seeds[who])
	if err != nil {
		panic("vectors: " + err.Error())
	}
	return k
}

// vkeyOf writes a verifier key; its id is SHA-256(name || 0x0A || type || public)[:4].
func vkeyOf(name string, typ byte, public []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, noteKeyID(name, typ, public), b64(append([]byte{typ}, public...)))
}

func noteKeyID(name string, typ byte, public []byte) uint32 {
	h := hash(slices.Concat([]byte(name), []byte{'\n', typ}, public))
	return binary.BigEndian.Uint32(h[:])
}

func (c *checkpoints) vkey(who string) string {
	return vkeyOf(c.names[who], c.types[who], c.public(who))
}

// odd are keys that no policy may have.
func (c *checkpoints) odd(what string) string {
	switch what {
	case "w1-as-another":
		return vkeyOf("witness-5.example", 4, c.public("w1"))
	case "log-as-witness":
		return vkeyOf("witness-6.example", 4, c.public("log"))
	case "wrong-id":
		return fmt.Sprintf("%s+%08x+%s", Origin, noteKeyID(Origin, 1, c.public("log"))+1, b64(append([]byte{1}, c.public("log")...)))
	case "weak":
		return vkeyOf(Origin, 1, append([]byte{1}, make([]byte, 31)...))
	}
	panic("vectors: no odd key " + what)
}

// sign signs a checkpoint's text: a log at time 0, a witness at its time.
func (c *checkpoints) sign(who, text string, time uint64) string {
	var sig []byte
	switch c.types[who] {
	case 1:
		sig = ed25519.Sign(ed25519.NewKeyFromSeed(c.seeds[who]), []byte(text))
	case 4:
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
		sig = append(binary.BigEndian.AppendUint64(nil, time), ed25519.Sign(ed25519.NewKeyFromSeed(c.seeds[who]), []byte(message))...)
	case 6:
		m, err := c.mldsa(who).SignDeterministic(subtree(c.names[who], time, text), nil)
		if err != nil {
			panic("vectors: " + err.Error())
		}
		sig = append(binary.BigEndian.AppendUint64(nil, time), m...)
	}
	return signatureLine(c.names[who], noteKeyID(c.names[who], c.types[who], c.public(who)), sig)
}

// signatureLine is a signature line of a note.
func signatureLine(name string, id uint32, sig []byte) string {
	return "— " + name + " " + b64(append(binary.BigEndian.AppendUint32(nil, id), sig...)) + "\n"
}

// subtree is what an ML-DSA-44 cosignature signs.
func subtree(name string, time uint64, text string) []byte {
	lines := strings.Split(text, "\n")
	var size uint64
	if _, err := fmt.Sscan(lines[1], &size); err != nil {
		panic("vectors: " + err.Error())
	}
	h, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		panic("vectors: " + err.Error())
	}
	m := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	m = append(m, name...)
	m = binary.BigEndian.AppendUint64(m, time)
	m = append(append(m, byte(len(lines[0]))), lines[0]...)
	m = binary.BigEndian.AppendUint64(m, 0)
	m = binary.BigEndian.AppendUint64(m, size)
	return append(m, h...)
}

func checkpointText(origin string, size uint64, root [32]byte) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, b64(root[:]))
}

func (c *checkpoints) checkpoints() []Checkpoint {
	rootOf := hash([]byte("a root"))
	text := checkpointText(Origin, 12, rootOf)
	note := func(lines ...string) string { return text + "\n" + strings.Join(lines, "") }
	by := func(who string) string { return c.sign(who, text, 0) }
	at := func(who string, time uint64) string { return c.sign(who, text, time) }

	var all []Checkpoint
	good := func(name, why, policy, note string, quorum uint64, witnesses ...Cosignature) {
		size := uint64(12)
		v := Checkpoint{Name: name, Why: why, Policy: Octets(c.policyText(policy)), Checkpoint: Octets(note), Size: &size, Root: b64(rootOf[:]), Witnesses: witnesses}
		if quorum > 0 {
			v.QuorumTime = &quorum
		}
		all = append(all, v)
	}
	bad := func(name, why, err, policy, note string) {
		all = append(all, Checkpoint{Name: name, Why: why, Error: err, Policy: Octets(c.policyText(policy)), Checkpoint: Octets(note)})
	}
	w := func(name string, time uint64) Cosignature { return Cosignature{name, time} }
	good("log-alone", "quorum none: the time is the operator's word", policyNone, note(by("log")), 0)
	good("two-of-three", "the second makes the quorum", policyThree, note(by("log"), at("w1", 1000), at("w3", 1020)), 1020, w("first", 1000), w("third", 1020))
	good("three-of-three", "the second in time makes the quorum", policyThree, note(by("log"), at("w1", 3000), at("w2", 1000), at("w3", 2000)), 2000, w("first", 3000), w("second", 1000), w("third", 2000))
	good("same-second", "two at once", policyThree, note(by("log"), at("w1", 1000), at("w2", 1000)), 1000, w("first", 1000), w("second", 1000))
	good("witness-twice", "its earliest counts, and it counts once", policyThree, note(by("log"), at("w1", 3000), at("w1", 1000), at("w2", 2000)), 2000, w("first", 1000), w("second", 2000))
	good("nested-any", "a, and the first of c and d", policyNested, note(by("log"), at("w1", 1000), at("w3", 4000), at("w4", 3000)), 3000, w("a", 1000), w("c", 4000), w("d", 3000))
	good("nested-late", "the last that is needed decides", policyNested, note(by("log"), at("w1", 5000), at("w4", 3000)), 5000, w("a", 5000), w("d", 3000))
	good("beyond-quorum", "witnesses that the quorum does not need are named", policyNested, note(by("log"), at("w1", 1000), at("w2", 9000), at("w3", 2000)), 2000, w("a", 1000), w("b", 9000), w("c", 2000))
	good("ml-dsa", "a cosignature by ML-DSA-44", policyMLDSA, note(by("log"), at("w1", 1000), at("ml", 1500)), 1500, w("a", 1000), w("m", 1500))
	good("strangers", "signatures by unknown keys are ignored", policyThree, note(signatureLine("stranger.example", 7, []byte("anything")), by("log"), at("stranger", 1), at("w1", 1000), at("w2", 1000)), 1000, w("first", 1000), w("second", 1000))
	good("order", "signatures stand in any order", policyThree, note(at("w2", 1000), at("w1", 1000), by("log")), 1000, w("first", 1000), w("second", 1000))
	good("two-logs", "another log's key of the policy says nothing here", policyTwoLogs, note(by("log"), by("other")), 0)

	malformed := func(name, why, note string) { bad(name, why, Malformed, policyNone, note) }
	sign := func(text string) string { return text + "\n" + c.sign("log", text, 0) }
	malformed("empty", "a note", "")
	malformed("no-signature", "at least one", text+"\n")
	malformed("no-empty-line", "an empty line before the signatures", text+by("log"))
	malformed("last-line-open", "each line has its line feed", strings.TrimSuffix(note(by("log")), "\n"))
	malformed("carriage-returns", "line feeds alone", strings.ReplaceAll(note(by("log")), "\n", "\r\n"))
	malformed("hyphen", "a signature line begins with an em dash", replace(note(by("log")), "— ", "- "))
	malformed("extension-line", "three lines and no more", sign(text+"more\n"))
	malformed("two-lines", "three lines", sign(Origin+"\n12\n"))
	malformed("origin-empty", "a log has a name", sign(replace(text, Origin, "")))
	malformed("size-leading-zero", "a number in its one form", sign(replace(text, "\n12\n", "\n012\n")))
	malformed("size-negative", "from 0", sign(replace(text, "\n12\n", "\n-1\n")))
	malformed("root-short", "32 bytes", sign(replace(text, b64(rootOf[:]), b64(rootOf[:31]))))
	malformed("root-url-alphabet", "standard base64", sign(replace(text, b64(rootOf[:]), base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xfb, 0xff}, 16)))))
	malformed("signature-too-short", "a key id and a signature", text+"\n— "+Origin+" "+b64([]byte{1, 2, 3, 4})+"\n")

	bad("other-origin", "the policy does not name it", OriginUnknown, policyNone, signedText(c, "other", checkpointText("log.other.example", 12, rootOf)))
	bad("log-signature-altered", "a known key's signature fails: the whole note is worthless", SignatureInvalid, policyNone, text+"\n"+alterLine(by("log")))
	bad("size-altered", "the text is not what was signed", SignatureInvalid, policyNone, replace(note(by("log")), "\n12\n", "\n13\n"))
	bad("witness-signature-altered", "a known key's signature fails, although the others would do", SignatureInvalid, policyThree, note(by("log"), at("w1", 1000), at("w2", 1000), alterLine(at("w3", 1000))))
	bad("witness-time-altered", "the time is signed", SignatureInvalid, policyThree, note(by("log"), at("w1", 1000), at("w2", 1000), laterLine(at("w3", 1000))))
	bad("ml-dsa-altered", "a known key's signature fails", SignatureInvalid, policyMLDSA, note(by("log"), at("w1", 1000), alterLine(at("ml", 1500))))
	bad("witnesses-alone", "the log has not signed", LogUnsigned, policyThree, note(at("w1", 1000), at("w2", 1000), at("w3", 1000)))
	bad("signed-by-another-log", "the key of another log of the policy", LogUnsigned, policyTwoLogs, note(by("other")))
	bad("one-of-three", "two are needed", QuorumShort, policyThree, note(by("log"), at("w2", 1000)))
	bad("one-twice", "a witness counts once", QuorumShort, policyThree, note(by("log"), at("w2", 1000), at("w2", 2000)))
	bad("time-0", "a cosignature without a time does not count", QuorumShort, policyThree, note(by("log"), at("w1", 0), at("w2", 1000)))
	bad("nested-without-a", "a is needed", QuorumShort, policyNested, note(by("log"), at("w2", 1000), at("w3", 1000), at("w4", 1000)))
	bad("strangers-alone", "witnesses of the policy are needed", QuorumShort, policyThree, note(by("log"), at("stranger", 1000), at("w4", 1000), at("w1", 1000)))
	return all
}

func signedText(c *checkpoints, who, text string) string { return text + "\n" + c.sign(who, text, 0) }

// alterLine turns a bit of the last byte of a signature line's signature.
func alterLine(line string) string {
	return changeLine(line, func(sig []byte) { sig[len(sig)-1] ^= 1 })
}

// laterLine makes a cosignature a second later.
func laterLine(line string) string { return changeLine(line, func(sig []byte) { sig[4+7]++ }) }

func changeLine(line string, change func([]byte)) string {
	at := strings.LastIndexByte(line, ' ') + 1
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line[at:], "\n"))
	if err != nil {
		panic("vectors: " + err.Error())
	}
	change(sig)
	return line[:at] + b64(sig) + "\n"
}
