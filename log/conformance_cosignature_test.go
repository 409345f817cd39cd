package log

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"filippo.io/mldsa"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

// c2sp.org/tlog-cosignature v1.0.1, and v1.1.0-rc.1 for ML-DSA-44.
func TestConformanceTlogCosignature(t *testing.T) {
	const at = 1679315147 // the time in the example
	log := edHolder(sofa, 0x01, "log")
	ed, pq := edHolder("witness.example.com/w1", 0x04, "w1"), pqHolder("witness.example.com/w1", "w1")
	both := []holder{ed, pq}
	head := sofaText + "\n" + log.sign(sofaText)
	// policy wants every one of the witnesses.
	policy := func(witnesses ...holder) string {
		lines, names := "log "+log.vkey()+"\n", ""
		for i, w := range witnesses {
			lines += fmt.Sprintf("witness w%d %s\n", i, w.vkey())
			names += fmt.Sprintf(" w%d", i)
		}
		return lines + "group g all" + names + "\nquorum g\n"
	}
	root, err := base64.StdEncoding.DecodeString(sofaRoot)
	if err != nil {
		t.Fatal(err)
	}
	// The two messages of the example, byte by byte.
	const edMessage = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	pqMessage := "subtree/v1\n\x00" + "\x16witness.example.com/w1" + "\x00\x00\x00\x00\x64\x18\x50\xcb" +
		"\x1bexample.com/behind-the-sofa" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x01\x3e\x2d\xc3" +
		"\x0a\xc5\x18\x6a\x91\x86\x3e\x8e\x1d\x90\xc8\x08\x01\x4a\xa8\x9b\xf5\xda\x8e\x3e\xe1\xd9\xf0\x76\x30\xf0\x37\x8f\x68\xf1\xab\x62"
	// refuses wants each line to be one that does not verify, beside one that does.
	refuses := func(by holder, bad ...string) func(*testing.T) {
		in := []opened{{head + by.cosign(sofaText, at), nil}}
		for _, line := range bad {
			in = append(in, opened{head + line, ErrBadSignature})
		}
		return opens(policy(by), in...)
	}

	conformance.Run(t, []conformance.Row{
		conformance.Tested("Format", "a note signature on a checkpoint", "a cosignature is a signature line of a signed checkpoint", func(t *testing.T) {
			n, err := ParseNote([]byte(sofaSigned))
			if err != nil {
				t.Fatal(err)
			}
			s := n.Signatures[1]
			if s.Name != "witness.example.com/w1" || s.ID != 0x8d66cf3f || len(s.Sig) != 8+64 || binary.BigEndian.Uint64(s.Sig) != at {
				t.Errorf("the example is by %s %08x, of %d bytes", s.Name, s.ID, len(s.Sig))
			}
			for _, by := range both {
				opens(policy(by), opened{head + by.cosign(sofaText, at), nil}, opened{head, ErrQuorum})(t)
				k := mustKey(t, by.vkey())
				if _, err := k.Verify([]byte("no checkpoint\n"), sigOf(t, by.stamped(at, "cosignature/v1\ntime 1679315147\nno checkpoint\n"))); !errors.Is(err, ErrBadSignature) {
					t.Errorf("type %d over what is no checkpoint: %v", by.typ, err)
				}
			}
		}, "With the example, CC BY 4.0; the key to it is not published."),
		conformance.Tested("Format", "names of cosigners", "any key name, an address or an OID", func(t *testing.T) {
			for _, name := range []string{"witness.example/w1", "oid/1.3.6.1.4.1.32473.1", "w"} {
				a, b := edHolder(name, 0x04, "a"), pqHolder(name, "b")
				opens(policy(a, b), opened{head + a.cosign(sofaText, at) + b.cosign(sofaText, at), nil})(t)
			}
		}),
		conformance.Tested("Format", "key ID of Ed25519 cosigners", "SHA-256 over name, line feed, 0x04 and the 32 bytes of the key, its first four bytes", keyIDs(ed)),
		conformance.Tested("Format", "key ID of ML-DSA-44 cosigners", "SHA-256 over name, line feed, 0x06 and the 1,312 bytes of the key, its first four bytes", keyIDs(pq)),
		conformance.Tested("Format", "other lines are ignored", "lines that have not both name and ID of the cosigner are passed over", all(func(t *testing.T) {
			for _, by := range both {
				k, good := mustKey(t, by.vkey()), sigOf(t, by.cosign(sofaText, at))
				if _, err := k.Verify([]byte(sofaText), good); err != nil {
					t.Error(err)
				}
				for _, other := range []NoteSignature{{"witness.example.com/w2", good.ID, good.Sig}, {good.Name, good.ID + 1, good.Sig}} {
					if _, err := k.Verify([]byte(sofaText), other); !errors.Is(err, ErrBadSignature) {
						t.Errorf("type %d as %s %08x: %v", by.typ, other.Name, other.ID, err)
					}
				}
			}
		}, opens(policy(ed, pq),
			opened{head + ed.cosign(sofaText, at) + pq.cosign(sofaText, at), nil},
			opened{head + edHolder(ed.name, 0x04, "x").cosign(sofaText, at) + ed.cosign(sofaText, at) + pq.cosign(sofaText, at), nil},
			opened{head + edHolder(ed.name, 0x04, "x").cosign(sofaText, at) + pq.cosign(sofaText, at), ErrQuorum},
			opened{head + strings.Replace(ed.cosign(sofaText, at), "/w1", "/w2", 1) + pq.cosign(sofaText, at), ErrQuorum},
			opened{head + edHolder(ed.name, 0x01, "w1").sign(sofaText) + pq.cosign(sofaText, at), ErrQuorum},
		))),
		conformance.Tested("Format", "vkeys of cosigners", "type 0x04 and 32 bytes, or type 0x06 and 1,312 bytes", parsed(parseVkey, said{
			good: []string{ed.vkey(), pq.vkey(), vkeyWith(0x04, ed.public()), vkeyWith(0x06, pq.public())},
			bad: []string{vkeyWith(0x04, ed.public()[:31]), vkeyWith(0x04, append(ed.public(), 0)), vkeyWith(0x06, ed.public()), vkeyWith(0x04, pq.public()),
				vkeyWith(0x06, pq.public()[:1311]), vkeyWith(0x06, append(pq.public(), 0))},
		})),
		conformance.Tested("Format", "timestamp then signature", "a big-endian time of 8 bytes and a signature, of 64 bytes or of 2,420", func(t *testing.T) {
			for i, by := range both {
				s, err := coholder(t, by).Cosign([]byte(sofaText), at)
				if err != nil {
					t.Fatal(err)
				}
				if want := 8 + []int{64, 2420}[i]; len(s.Sig) != want || hex.EncodeToString(s.Sig[:8]) != "00000000641850cb" {
					t.Errorf("type %d: %d bytes that begin with %x, want %d", by.typ, len(s.Sig), s.Sig[:8], want)
				}
				sig := sigOf(t, by.cosign(sofaText, at)).Sig
				little := append(binary.LittleEndian.AppendUint64(nil, at), sig[8:]...)
				refuses(by, by.line(sig[:len(sig)-1]), by.line(append(bytes.Clone(sig), 0)), by.line(sig[8:]), by.line(sig[:8]), by.line(sig[:7]),
					by.line(little), by.line(append(bytes.Clone(sig[8:]), sig[:8]...)))(t)
			}
		}),
		conformance.Tested("Format", "times up to 2^63-1", "no time is over 2^63-1", func(t *testing.T) {
			for _, by := range both {
				opens(policy(by), opened{head + by.cosign(sofaText, math.MaxInt64), nil}, opened{head + by.cosign(sofaText, 1), nil},
					opened{head + by.cosign(sofaText, math.MaxInt64+1), ErrBadSignature}, opened{head + by.cosign(sofaText, math.MaxUint64), ErrBadSignature})(t)
				for time, want := range map[uint64]bool{1: true, math.MaxInt64: true, math.MaxInt64 + 1: false, math.MaxUint64: false} {
					if _, err := coholder(t, by).Cosign([]byte(sofaText), time); (err == nil) != want {
						t.Errorf("type %d cosigns with time %d: %v", by.typ, time, err)
					}
				}
			}
		}, "One of the future is accepted here: who judges times (protocol section 7) knows its own."),
		conformance.Tested("Format", "ours verify elsewhere", "cosignatures of ours, of both types, verify with transparency-dev/formats", func(t *testing.T) {
			for _, by := range both {
				c := coholder(t, by)
				s, err := c.Cosign([]byte(sofaText), at)
				if err != nil {
					t.Fatal(err)
				}
				v, err := fnote.NewVerifierForCosignatureV1(c.Key().String())
				if err != nil {
					t.Fatal(err)
				}
				n, err := note.Open([]byte(sofaText+"\n"+s.Line()), note.VerifierList(v))
				if err != nil {
					t.Errorf("type %d: %v", by.typ, err)
					continue
				}
				if got, err := fnote.CoSigV1Timestamp(n.Sigs[0]); err != nil || got.Unix() != at {
					t.Errorf("type %d: time %v, %v", by.typ, got, err)
				}
			}
		}, "Those of the witness: `witness.TestOursVerifiesElsewhere`."),
		conformance.Tested("Format", "theirs verify here", "cosignatures that transparency-dev/formats makes, of both types, verify with ours", func(t *testing.T) {
			for _, by := range both {
				s, err := fnote.NewSignerForCosignatureV1(by.skey())
				if err != nil {
					t.Fatal(err)
				}
				before := time.Now().Unix()
				raw, err := note.Sign(&note.Note{Text: sofaText}, s)
				if err != nil {
					t.Fatal(err)
				}
				n, err := ParseNote(raw)
				if err != nil {
					t.Fatal(err)
				}
				got, err := mustKey(t, by.vkey()).Verify(n.Text, n.Signatures[0])
				if err != nil || int64(got) < before || int64(got) > time.Now().Unix() {
					t.Errorf("type %d: time %d, %v", by.typ, got, err)
				}
			}
			asCosigner, err := fnote.VKeyToCosignatureV1(edHolder(ed.name, 0x01, "w1").vkey())
			if err != nil || asCosigner != ed.vkey() {
				t.Errorf("formats has %s for this key, %v; want %s", asCosigner, err, ed.vkey())
			}
		}, "Logs that they sign, by the witness: `witness.TestTheirsIsCosigned`."),

		conformance.Tested("Ed25519 signed message", "two lines and the whole note body", "what is signed is two lines, then the note's text with its last line feed", func(t *testing.T) {
			s, err := coholder(t, ed).Cosign([]byte(sofaText), at)
			if err != nil {
				t.Fatal(err)
			}
			if !ed25519.Verify(ed.public(), []byte(edMessage), s.Sig[8:]) {
				t.Error("ours is over something else")
			}
			opens(policy(ed), opened{head + ed.stamped(at, edMessage), nil})(t)
			refuses(ed, ed.stamped(at, sofaText), ed.stamped(at, strings.TrimSuffix(edMessage, "\n")), ed.stamped(at, edMessage+"\n"),
				ed.stamped(at, strings.Replace(edMessage, "1679315147\n", "1679315147\n\n", 1)), ed.stamped(at, edMessage+log.sign(sofaText)))(t)
		}),
		conformance.Tested("Ed25519 signed message", "header line", "the first line is cosignature/v1", refuses(ed,
			ed.stamped(at, strings.TrimPrefix(edMessage, "cosignature/v1\n")), ed.stamped(at, strings.Replace(edMessage, "/v1", "/v2", 1)),
			ed.stamped(at, strings.Replace(edMessage, "cosignature/v1", "Cosignature/v1", 1)), ed.stamped(at, strings.Replace(edMessage, "/v1\n", "/v1\r\n", 1)))),
		conformance.Tested("Ed25519 signed message", "timestamp line", "the second is time, one space, and the time of the signature in decimal without leading zeroes", refuses(ed,
			ed.stamped(at, strings.Replace(edMessage, "time 1", "time 01", 1)), ed.stamped(at, strings.Replace(edMessage, "time 1", "time  1", 1)),
			ed.stamped(at, strings.Replace(edMessage, "time ", "timestamp ", 1)), ed.stamped(at, strings.Replace(edMessage, "5147", "5148", 1)),
			ed.stamped(at+1, edMessage), ed.stamped(0, edMessage))),
		conformance.Tested("Ed25519 signed message", "extension lines are signed too", "extension lines of a checkpoint are part of the message, and nothing is assumed of what they say", func(t *testing.T) {
			const text = sofaText + "an extension\n"
			opens(policy(ed), opened{head + ed.cosign(sofaText, at), nil},
				opened{text + "\n" + log.sign(text) + ed.cosign(text, at), ErrMalformed},
				opened{text + "\n" + log.sign(text) + ed.cosign(sofaText, at), ErrMalformed})(t)
			if _, err := coholder(t, ed).Cosign([]byte(text), at); !errors.Is(err, ErrMalformed) {
				t.Errorf("cosigned: %v", err)
			}
		}, "Stricter: a checkpoint that has any is refused, and never cosigned."),
		conformance.Tested("Ed25519 signed message", "one key for one cosigner", "whoever runs several Ed25519 cosigners gives each a key of its own", func(t *testing.T) {
			other := edHolder("witness.example.com/w2", 0x04, "w1") // the same secret
			parsed(ParsePolicy, said{good: []string{policy(ed, edHolder(other.name, 0x04, "w2"))}, bad: []string{policy(ed, other)}})(t)
		}, "A policy with one key under two names is refused; so is a mirror's key that the policy has: `verifier/mirror.TestConformanceTlogMirror`."),

		conformance.Tested("ML-DSA-44 signed message", "cosigned message", "what is signed is the structure: label, cosigner, time, origin, start, end, hash", func(t *testing.T) {
			if subtreeMessage(pq.name, at, sofa, 0, 20852163, root) != pqMessage {
				t.Fatal("the tables make another message")
			}
			s, err := coholder(t, pq).Cosign([]byte(sofaText), at)
			if err != nil {
				t.Fatal(err)
			}
			if err := mldsa.Verify(pq.pq.PublicKey(), []byte(pqMessage), s.Sig[8:], nil); err != nil {
				t.Errorf("ours is over something else: %v", err)
			}
			opens(policy(pq), opened{head + pq.stamped(at, pqMessage), nil})(t)
			refuses(pq, pq.stamped(at, edMessage), pq.stamped(at, sofaText), pq.stamped(at, pqMessage+"\x00"), pq.stamped(at, pqMessage[1:]),
				pq.stamped(at, strings.Replace(pqMessage, "subtree/v1\n\x00", "subtree/v1\n", 1)), pq.stamped(at, strings.Replace(pqMessage, "/v1", "/v2", 1)),
				pq.stamped(at, strings.Replace(pqMessage, "\x16w", "\x00\x16w", 1)))(t)
		}),
		conformance.Tested("ML-DSA-44 signed message", "name of the cosigner", "the cosigner's name, of 1 to 255 bytes", func(t *testing.T) {
			long, over := pqHolder(strings.Repeat("n", 255), "w1"), pqHolder(strings.Repeat("n", 256), "w1")
			refuses(pq, pq.stamped(at, subtreeMessage("witness.example.com/w2", at, sofa, 0, 20852163, root)), pq.stamped(at, subtreeMessage("", at, sofa, 0, 20852163, root)))(t)
			opens(policy(long), opened{head + long.cosign(sofaText, at), nil})(t)
			parsed(parseVkey, said{good: []string{long.vkey()}, bad: []string{over.vkey()}})(t)
		}),
		conformance.Tested("ML-DSA-44 signed message", "time", "the time is that beside the signature, and may be zero for none", func(t *testing.T) {
			refuses(pq, pq.stamped(at, subtreeMessage(pq.name, at+1, sofa, 0, 20852163, root)), pq.stamped(at, subtreeMessage(pq.name, 0, sofa, 0, 20852163, root)),
				pq.stamped(0, pqMessage))(t)
			k := mustKey(t, pq.vkey())
			if got, err := k.Verify([]byte(sofaText), sigOf(t, pq.cosign(sofaText, 0))); err != nil || got != 0 {
				t.Errorf("without a time: %d, %v", got, err)
			}
			opens(policy(pq), opened{head + pq.cosign(sofaText, at), nil}, opened{head + pq.cosign(sofaText, 0), ErrQuorum})(t)
			if _, err := coholder(t, pq).Cosign([]byte(sofaText), 0); err == nil {
				t.Error("cosigns with time 0")
			}
		}, "One without a time is verified and makes no quorum, since tlog-witness wants a time; ours always have one."),
		conformance.Tested("ML-DSA-44 signed message", "origin of the log", "the log's origin without its line feed, of 1 to 255 bytes", func(t *testing.T) {
			refuses(pq, pq.stamped(at, subtreeMessage(pq.name, at, sofa+"\n", 0, 20852163, root)), pq.stamped(at, subtreeMessage(pq.name, at, "example.com/under-the-bed", 0, 20852163, root)))(t)
			for n, want := range map[int]bool{1: true, 255: true, 256: false, 300: false} {
				text := strings.Repeat("o", n) + "\n1\n" + sofaRoot + "\n"
				s, err := coholder(t, pq).Cosign([]byte(text), at)
				if (err == nil) != want {
					t.Errorf("an origin of %d bytes: %v", n, err)
				}
				if err == nil && mldsa.Verify(pq.pq.PublicKey(), []byte(subtreeMessage(pq.name, at, strings.Repeat("o", n), 0, 1, root)), s.Sig[8:], nil) != nil {
					t.Errorf("an origin of %d bytes: another message", n)
				}
				_, err = mustKey(t, pq.vkey()).Verify([]byte(text), sigOf(t, pq.cosign(text, at)))
				if (err == nil) != want {
					t.Errorf("verify with an origin of %d bytes: %v", n, err)
				}
			}
		}),
		conformance.Tested("ML-DSA-44 signed message", "start is zero", "the start is zero for a checkpoint; with another start there is no time", func(t *testing.T) {
			s, err := fnote.NewMLDSASigner(pq.skey())
			if err != nil {
				t.Fatal(err)
			}
			subtree, err := s.SignSubtree(0, sofa, 256, 20852163, root)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := s.SignSubtree(0, sofa, 0, 20852163, root)
			if err != nil {
				t.Fatal(err)
			}
			k := mustKey(t, pq.vkey())
			if at, err := k.Verify([]byte(sofaText), sigOf(t, pq.line(whole))); err != nil || at != 0 {
				t.Errorf("of the whole tree: %d, %v", at, err)
			}
			if _, err := k.Verify([]byte(sofaText), sigOf(t, pq.line(subtree))); !errors.Is(err, ErrBadSignature) {
				t.Errorf("of a subtree: %v", err)
			}
			refuses(pq, pq.stamped(at, subtreeMessage(pq.name, at, sofa, 1, 20852163, root)))(t)
		}, "Subtrees are not signed here, and a signature of one is none of a checkpoint."),
		conformance.Tested("ML-DSA-44 signed message", "end and hash", "the end is the tree's size, and the hash its root", refuses(pq,
			pq.stamped(at, subtreeMessage(pq.name, at, sofa, 0, 20852162, root)), pq.stamped(at, subtreeMessage(pq.name, at, sofa, 0, 0, root)),
			pq.stamped(at, subtreeMessage(pq.name, at, sofa, 0, 20852163, make([]byte, 32))), pq.stamped(at, subtreeMessage(pq.name, at, sofa, 0, 20852163, nil)))),

		conformance.Elsewhere("Additional statements", "one key makes one set of statements", "a key and version stand for one set of statements, in which those of a cosignature are",
			"Ours: a witness's that it saw the log grow, and with its own key a mirror's that it has all of it. That they are apart: `verifier/mirror.TestConformanceTlogMirror`"),
	})
}

// keyIDs wants the ID that the formula gives, as formats has it too.
func keyIDs(by holder) func(*testing.T) {
	return func(t *testing.T) {
		theirs, err := fnote.NewVerifierForCosignatureV1(by.vkey())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []Key{mustKey(t, by.vkey()), coholder(t, by).Key()} {
			if fmt.Sprintf("%08x", k.ID) != hex.EncodeToString(by.id()) || k.ID != theirs.KeyHash() || k.String() != by.vkey() {
				t.Errorf("%s has ID %08x, want %x; formats has %08x", k, k.ID, by.id(), theirs.KeyHash())
			}
		}
	}
}

// coholder is our cosigner with the same key.
func coholder(t *testing.T, by holder) *Cosigner {
	t.Helper()
	var c *Cosigner
	var err error
	if by.pq != nil {
		c, err = NewMLDSACosigner(by.name, by.pq.Bytes())
	} else {
		c, err = NewCosigner(by.name, by.ed.Seed())
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustKey(t *testing.T, vkey string) Key {
	t.Helper()
	k, err := ParseKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sigOf reads one signature line.
func sigOf(t *testing.T, line string) NoteSignature {
	t.Helper()
	s, err := ParseSignatureLines([]byte(line))
	if err != nil || len(s) != 1 {
		t.Fatalf("%q: %v", line, err)
	}
	return s[0]
}
