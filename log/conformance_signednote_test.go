package log

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

// c2sp.org/signed-note v1.0.0.
func TestConformanceSignedNote(t *testing.T) {
	const line = "— a.example AQIDBAU=\n" // a key ID and a byte
	every := func(runes []rune, f func(string) string) (out []string) {
		for _, r := range runes {
			out = append(out, f(string(r)))
		}
		return out
	}
	var controls []rune
	for r := range rune(0x20) {
		if r != '\n' {
			controls = append(controls, r)
		}
	}
	// Unicode's White_Space beyond ASCII.
	spaces := []rune{0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000}
	for r := rune(0x2000); r <= 0x200a; r++ {
		spaces = append(spaces, r)
	}

	log := edHolder(sofa, 0x01, "log")
	policy := "log " + log.vkey() + "\nquorum none\n"
	twin := edHolder(sofa, 0x01, "another key of that name")
	stranger := edHolder("stranger.example", 0x01, "stranger")
	head, good := sofaText+"\n", log.sign(sofaText)
	spoilt := log.line(bytes.Repeat([]byte{7}, 64))
	large := "— pq.example " + base64.StdEncoding.EncodeToString(append(twin.id(), make([]byte, 4996)...)) + "\n"

	conformance.Run(t, []conformance.Row{
		conformance.Tested("Note", "unsigned text is ignored", "the text of a note that no trusted key signed well is not used", func(t *testing.T) {
			opens(policy,
				opened{head + good, nil},
				opened{head + stranger.sign(sofaText), ErrNoLogSignature},
				opened{head + spoilt, ErrBadSignature},
				opened{sofaText, ErrMalformed},
			)(t)
		}, "No view of it is given out."),

		conformance.Tested("Format", "text then an empty line then signatures", "a text that ends in a line feed, an empty line, one or more signature lines", parsed(ParseNote, said{
			good: []string{"text\n\n" + line, "text\n\n" + line + line},
			bad:  []string{"", "\n", line, "text\n" + line, "text\n\n", "text\n\n\n", "text\n\nmore\n", "text\n\n" + line + "more\n", "text\n\nmore\n" + line},
		})),
		conformance.Tested("Format", "form of a signature line", "em dash, space, key name, space, base64, line feed", parsed(ParseNote, said{
			good: []string{"text\n\n— a.example AQIDBAU=\n"},
			bad: []string{
				"text\n\n- a.example AQIDBAU=\n", "text\n\n– a.example AQIDBAU=\n", "text\n\n—a.example AQIDBAU=\n",
				"text\n\n—  a.example AQIDBAU=\n", "text\n\n— a.example  AQIDBAU=\n", "text\n\n— a.exampleAQIDBAU=\n",
				"text\n\n — a.example AQIDBAU=\n", "text\n\n— a.example AQIDBAU= \n", "text\n\n— a.example AQIDBAU= b\n",
				"text\n\n— a.example AQIDBAU=", "text\n\n—\u00a0a.example AQIDBAU=\n", "text\n\na.example AQIDBAU=\n",
			},
		})),
		conformance.Tested("Format", "valid UTF-8", "the whole note is UTF-8", parsed(ParseNote, said{
			good: []string{"tëxt 名 \U0001f512 \u200f\n\n" + line, "text\n\n— å.example AQIDBAU=\n"},
			bad: []string{
				"te\xffxt\n\n" + line, "te\xc3\n\n" + line, "te\xc0\xafxt\n\n" + line, "te\xed\xa0\x80xt\n\n" + line,
				"te\xf4\x90\x80\x80xt\n\n" + line, "text\n\n— \xe5.example AQIDBAU=\n",
			},
		})),
		conformance.Tested("Format", "no control character in the text", "none below U+0020 but the line feed", parsed(ParseNote, said{
			good: []string{"te\u007fxt\n\n" + line, "te\u0080\u0085\u009fxt\n\n" + line, "te\nxt\n\n" + line},
			bad:  every(controls, func(c string) string { return "te" + c + "xt\n\n" + line }),
		}), "U+007F and U+0080 to U+009F are allowed there."),
		conformance.Tested("Format", "no control character in the signatures", "none there either, nor a carriage return at an end of line", parsed(ParseNote, said{
			good: []string{"text\n\n— ab AQIDBAU=\n"},
			bad: slices.Concat(every(controls, func(c string) string { return "text\n\n— a" + c + "b AQIDBAU=\n" }),
				every(controls, func(c string) string { return "text\n\n— ab AQIDBAU=" + c + "\n" })),
		})),
		conformance.Tested("Format", "the text has its last line feed", "the text includes its final line feed and not the empty line", textIs(
			[2]string{"text\n\n" + line, "text\n"}, [2]string{"\n\n" + line, "\n"},
		)),
		conformance.Tested("Format", "the last empty line separates", "empty lines may stand in the text: it ends at the last one of the note", textIs(
			[2]string{"a\n\nb\n\n\nc\n\n" + line, "a\n\nb\n\n\nc\n"}, [2]string{"a\n\n\n" + line, "a\n\n"},
			[2]string{"a\n\n" + line + "\n" + line, "a\n\n" + line},
		), "What looks like a signature before it is text, and signed as that."),
		conformance.Tested("Format", "key names are not empty", "a key name has a character", parsed(ParseNote, said{
			good: []string{"text\n\n— a AQIDBAU=\n"}, bad: []string{"text\n\n—  AQIDBAU=\n", "text\n\n— AQIDBAU=\n"},
		})),
		conformance.Tested("Format", "key names have no space", "a key name has no Unicode space", parsed(ParseNote, said{
			good: []string{"text\n\n— a\u200bb AQIDBAU=\n", "text\n\n— a\u180eb AQIDBAU=\n", "text\n\n— a\ufeffb AQIDBAU=\n"}, // not of White_Space
			bad:  append(every(spaces, func(c string) string { return "text\n\n— a" + c + "b AQIDBAU=\n" }), "text\n\n— a b AQIDBAU=\n"),
		})),
		conformance.Tested("Format", "key names have no plus", "a key name has no U+002B", parsed(ParseNote, said{
			good: []string{"text\n\n— a\uff0bb AQIDBAU=\n"}, bad: []string{"text\n\n— a+b AQIDBAU=\n", "text\n\n— + AQIDBAU=\n"},
		})),
		conformance.Tested("Format", "key ID then signature", "base64 of a big-endian key ID of 4 bytes, and the signature", func(t *testing.T) {
			n, err := ParseNote([]byte("text\n\n" + line))
			if err != nil {
				t.Fatal(err)
			}
			if s := n.Signatures[0]; s.Name != "a.example" || s.ID != 0x01020304 || !bytes.Equal(s.Sig, []byte{5}) {
				t.Errorf("read as %+v", s)
			}
			parsed(ParseNote, said{
				good: []string{"text\n\n— a.example +/8DBAU=\n"},
				bad: []string{
					"text\n\n— a.example AQIDBA==\n", "text\n\n— a.example AQID\n", "text\n\n— a.example \n", "text\n\n— a.example AQIDBAU\n",
					"text\n\n— a.example -_8DBAU=\n", "text\n\n— a.example AQIDBAV=\n", "text\n\n— a.example AQIDBAU==\n", "text\n\n— a.example AQID=BAU\n",
				},
			})(t)
		}, "Set bits after the last byte are refused."),
		conformance.Tested("Format", "sixteen signatures", "at least 16 are accepted, of nearly 5 kB each", opens(policy,
			opened{head + strings.Repeat(large, 15) + good, nil}, opened{head + good + strings.Repeat(large, 15), nil},
			opened{head + strings.Repeat(large, 16), ErrNoLogSignature},
		), "Up to 256, and 1 MiB in all."),

		conformance.Tested("Signatures", "unknown keys are ignored", "a signature by an unknown key is passed over, whatever is in it", opens(policy,
			opened{head + stranger.sign(sofaText) + good, nil}, opened{head + good + stranger.line([]byte{1}), nil},
			opened{head + good + stranger.line(make([]byte, 3309)), nil},
		)),
		conformance.Tested("Signatures", "unknown keys with a known name", "so is one that has the name of a known key and another ID", opens(policy,
			opened{head + twin.sign(sofaText) + good, nil}, opened{head + twin.sign(sofaText), ErrNoLogSignature}, opened{head + twin.line([]byte{1}), ErrNoLogSignature},
		)),
		conformance.Tested("Signatures", "unknown keys with a known ID", "and one that has the ID of a known key and another name", opens(policy,
			opened{head + strings.Replace(good, sofa, "x.example", 1) + good, nil}, opened{head + strings.Replace(good, sofa, "x.example", 1), ErrNoLogSignature},
		)),
		conformance.Tested("Signatures", "known keys are verified", "one whose name and ID are a known key's is verified, and refuses the whole note if it is bad", opens(policy,
			opened{head + good, nil}, opened{head + good + good, nil}, opened{head + spoilt, ErrBadSignature},
			opened{head + good + spoilt, ErrBadSignature}, opened{head + spoilt + good, ErrBadSignature},
			opened{head + log.line(log.raw(sofaText)[:63]), ErrBadSignature}, opened{head + log.line(append(log.raw(sofaText), 0)), ErrBadSignature},
		), "To refuse the note is a SHOULD."),
		conformance.Tested("Signatures", "no good signature", "a note without a good signature by a known key is refused", opens(policy,
			opened{head + good, nil}, opened{head + stranger.sign(sofaText) + twin.sign(sofaText), ErrNoLogSignature},
			opened{head + log.sign("another text\n"), ErrBadSignature},
		)),
		conformance.Tested("Signatures", "key ID", "the first four bytes of SHA-256 over name, line feed, type and public key (recommended)", func(t *testing.T) {
			for _, s := range []holder{log, twin, edHolder("w", 0x04, "w"), pqHolder("å.example/pq", "pq")} {
				k, err := ParseKey(s.vkey())
				if err != nil || fmt.Sprintf("%08x", k.ID) != fmt.Sprintf("%x", s.id()) || k.String() != s.vkey() {
					t.Errorf("%s is read as %s, %v", s.vkey(), k, err)
				}
			}
		}, "A vkey with another ID is refused."),

		conformance.Tested("Signature types", "types that are not needed", "no more of the signature types than are needed", func(t *testing.T) {
			for typ := range 0x100 {
				s := holder{name: "a.example", typ: byte(typ), ed: log.ed}
				_, err := ParseKey(s.vkey())
				if want := typ == 0x01 || typ == 0x04; (err == nil) != want {
					t.Errorf("type 0x%02x with 32 bytes: %v", typ, err)
				}
			}
		}, "0x01, 0x04 and 0x06; the rest are unknown keys (a SHOULD)."),
		conformance.Elsewhere("Signature types", "curve of ECDSA keys", "keys of type 0x02 are on P-256, P-384 or P-521", "No key of that type is known here."),

		conformance.Tested("Ed25519 signatures", "over the text", "RFC 8032 over the note's text", func(t *testing.T) {
			v, err := note.NewVerifier(log.vkey())
			if err != nil {
				t.Fatal(err)
			}
			ours, err := NewSigner(sofa, log.ed.Seed())
			if err != nil {
				t.Fatal(err)
			}
			n, err := ours.SignNote([]byte(sofaText))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(n.Marshal()); got != head+good {
				t.Errorf("signed as %q, want %q", got, head+good)
			}
			if _, err := note.Open(n.Marshal(), note.VerifierList(v)); err != nil {
				t.Errorf("x/mod: %v", err)
			}
		}, "Signed the same by crypto/ed25519, and verified by golang.org/x/mod."),
		conformance.Tested("Ed25519 signatures", "key ID", "type 0x01 and the 32 bytes of the key", func(t *testing.T) {
			sum := sha256.Sum256(append([]byte(sofa+"\n\x01"), log.public()...))
			v, err := note.NewVerifier(log.vkey())
			if err != nil {
				t.Fatal(err)
			}
			k, err := NewKey(sofa, TypeEd25519, log.public())
			if err != nil || k.ID != v.KeyHash() || fmt.Sprintf("%08x", k.ID) != fmt.Sprintf("%x", sum[:4]) {
				t.Errorf("ID %08x, %v; x/mod has %08x", k.ID, err, v.KeyHash())
			}
		}),

		conformance.Tested("Verifier keys", "three parts", "name, ID and key with a plus between", parsed(parseVkey, said{
			good: []string{log.vkey(), plusVkey(t)},
			bad:  []string{"", sofa, strings.Replace(log.vkey(), "+", " ", 1), log.vkey() + "+", log.vkey() + "+x", "+" + log.vkey(), log.vkey() + "\n", strings.TrimPrefix(log.vkey(), sofa)},
		}), "The base64 may have plus signs itself."),
		conformance.Tested("Verifier keys", "hex of the key ID", "eight lower-case hexadecimal digits", parsed(parseVkey, said{
			good: []string{specVkey},
			bad: []string{
				strings.Replace(specVkey, "530d903a", "530D903A", 1), strings.Replace(specVkey, "530d903a", "530d903", 1),
				strings.Replace(specVkey, "530d903a", "0530d903a", 1), strings.Replace(specVkey, "530d903a", "", 1),
			},
		})),
		conformance.Tested("Verifier keys", "name and ID are those of the signatures", "a key verifies signatures under its name and ID", func(t *testing.T) {
			k, err := ParseKey(specVkey)
			if err != nil {
				t.Fatal(err)
			}
			if k.Name != "example.com/foo" || k.ID != 0x530d903a {
				t.Errorf("read as %s %08x", k.Name, k.ID)
			}
			parsed(parseVkey, said{good: []string{specVkey}, bad: []string{
				strings.Replace(specVkey, "530d903a", "530d903b", 1), strings.Replace(specVkey, "/foo", "/bar", 1),
			}})(t)
		}),
		conformance.Tested("Verifier keys", "one key of two types has two IDs", "the type is part of the ID", func(t *testing.T) {
			ids := make(map[uint32]bool)
			for _, typ := range []byte{0x01, 0x04} {
				k, err := ParseKey(edHolder(sofa, typ, "log").vkey())
				if err != nil {
					t.Fatal(err)
				}
				ids[k.ID] = true
			}
			if len(ids) != 2 {
				t.Errorf("IDs %v", ids)
			}
			opens(policy, opened{head + good, nil},
				opened{head + edHolder(sofa, 0x04, "log").cosign(sofaText, 5), ErrNoLogSignature})(t)
		}),
		conformance.Tested("Verifier keys", "length of the key", "32 bytes of an Ed25519 key", parsed(parseVkey, said{
			good: []string{log.vkey()},
			bad: []string{vkeyWith(0x01, log.public()[:31]), vkeyWith(0x01, append(log.public(), 0)), vkeyWith(0x01, nil),
				joinVkey("a.example", []byte{1, 2, 3, 4}, 0x01, log.public()), "a.example+01020304+", "a.example+01020304+AQ=="},
		})),
		conformance.Tested("Verifier keys", "the example", "the example's key verifies the example's note", func(t *testing.T) {
			k, err := ParseKey(specVkey)
			if err != nil {
				t.Fatal(err)
			}
			n, err := ParseNote([]byte(specNote))
			if err != nil {
				t.Fatal(err)
			}
			if at, err := k.Verify(n.Text, n.Signatures[0]); err != nil || at != 0 || string(n.Text) != "This is an example message.\n" {
				t.Errorf("text %q: %v", n.Text, err)
			}
			if _, err := k.Verify([]byte("This is another message.\n"), n.Signatures[0]); err == nil {
				t.Error("it verifies another text too")
			}
		}, "From the specification, CC BY 4.0."),
	})
}

// textIs wants the note to have this text and one signature.
func textIs(pairs ...[2]string) func(*testing.T) {
	return func(t *testing.T) {
		for _, p := range pairs {
			n, err := ParseNote([]byte(p[0]))
			if err != nil {
				t.Errorf("%q: %v", p[0], err)
				continue
			}
			if string(n.Text) != p[1] || len(n.Signatures) != 1 {
				t.Errorf("%q has text %q and %d signatures, want %q and 1", p[0], n.Text, len(n.Signatures), p[1])
			}
		}
	}
}

func parseVkey(b []byte) (Key, error) { return ParseKey(string(b)) }

// vkeyWith is a vkey with the right ID of a key of any length.
func vkeyWith(typ byte, public []byte) string {
	sum := sha256.Sum256(append([]byte{'a', '\n', typ}, public...))
	return joinVkey("a", sum[:4], typ, public)
}

// plusVkey is a vkey with a plus sign in its base64.
func plusVkey(t *testing.T) string {
	for n := range 100 {
		if v := edHolder("a", 0x01, fmt.Sprint("plus ", n)).vkey(); strings.Count(v, "+") > 2 {
			return v
		}
	}
	t.Fatal("no such key")
	return ""
}
