package log

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/log"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

// c2sp.org/tlog-checkpoint v1.0.0.
func TestConformanceTlogCheckpoint(t *testing.T) {
	const root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" // 32 bytes
	sized := func(sizes ...string) (out []string) {
		for _, s := range sizes {
			out = append(out, "a\n"+s+"\n"+root+"\n")
		}
		return out
	}
	log := edHolder(sofa, 0x01, "log")
	elsewhere := edHolder("elsewhere.example", 0x01, "elsewhere")
	policy := "log " + log.vkey() + "\nlog " + elsewhere.vkey() + "\nquorum none\n"
	head, good := sofaText+"\n", log.sign(sofaText)

	conformance.Run(t, []conformance.Row{
		conformance.Tested("Note text", "three lines", "origin, tree size and root hash, a line each, with line feeds between", parsed(ParseCheckpoint, said{
			good: []string{sofaText, "a\n1\n" + root + "\n"},
			bad: []string{
				"", "\n", "\n\n\n", "a\n", "a\n1\n", "a\n1\n" + root, "1\na\n" + root + "\n", "a 1 " + root + "\n", "a\r\n1\r\n" + root + "\r\n",
				"a\n\n1\n" + root + "\n", "\na\n1\n" + root + "\n", "a\n1\n\n" + root + "\n",
			},
		})),
		conformance.Tested("Note text", "the origin is not empty", "the origin has a character", parsed(ParseCheckpoint, said{
			good: []string{"a\n1\n" + root + "\n"}, bad: []string{"\n1\n" + root + "\n"},
		})),
		conformance.Tested("Note text", "the origin may be anything", "a client does not take the origin for an address, or anything else that it need not be", func(t *testing.T) {
			for _, origin := range []string{
				"a", " ", "with spaces + a plus", "7", "https://[::bad", "../../etc/passwd", "— a.example AQIDBAU=", "\u00a0", "é 名", "\u007f", root,
				strings.Repeat("x", 5000),
			} {
				c, err := ParseCheckpoint([]byte(origin + "\n1\n" + root + "\n"))
				if err != nil || c.Origin != origin || c.Size != 1 {
					t.Errorf("%.50q: read as %.50q, %v", origin, c.Origin, err)
				}
			}
		}),
		conformance.Tested("Note text", "size has no leading zeroes", "the tree size is in ASCII decimal digits, the first not 0", parsed(ParseCheckpoint, said{
			good: sized("1", "9", "10", "20852163", "9223372036854775807"),
			bad: sized("01", "007", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "1,000", "a", "", "١", "１", "1\t",
				"9223372036854775808", "18446744073709551616", "18446744073709551617", strings.Repeat("9", 400)),
		}), "Over 2^63-1 is refused, so that sums can't overflow."),
		conformance.Tested("Note text", "size of an empty tree", "that of the empty tree is 0", parsed(ParseCheckpoint, said{
			good: append(sized("0"), "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), bad: sized("00", "-0", "+0", "", "0x0", "0.0"),
		}), "That its root is the empty tree's is asked of a proof: `log.TestVerifyConsistencyRefuses`."),
		conformance.Tested("Note text", "root hash", "base64 of the 32 bytes of the root", parsed(ParseCheckpoint, said{
			good: []string{"a\n1\n" + root + "\n", sofaText},
			bad: []string{
				"a\n1\nAAAA\n", "a\n1\nAAAA" + root + "\n", "a\n1\n" + root[:43] + "\n", "a\n1\n" + root + "=\n", "a\n1\n" + root[:42] + "B=\n",
				"a\n1\n " + root + "\n", "a\n1\n" + root + " \n", "a\n1\n" + strings.Repeat("00", 32) + "\n",
				"a\n1\n" + strings.ReplaceAll(sofaRoot, "/", "_") + "\n", "a\n1\n" + root[:20] + "\r" + root[20:] + "\n",
			},
		})),
		conformance.Tested("Note text", "the example", "the example is read as what it says", func(t *testing.T) {
			n, err := ParseNote([]byte(sofaSigned))
			if err != nil {
				t.Fatal(err)
			}
			c, err := ParseCheckpoint(n.Text)
			if err != nil {
				t.Fatal(err)
			}
			const want = "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
			if c.Origin != "example.com/behind-the-sofa" || c.Size != 20852163 || hex.EncodeToString(c.Root[:]) != want {
				t.Errorf("read as %+v", c)
			}
			if s := n.Signatures[0]; s.Name != c.Origin || s.ID != 0x033de0ae || len(s.Sig) != 64 {
				t.Errorf("signature by %s %08x of %d bytes", s.Name, s.ID, len(s.Sig))
			}
		}, "From the specification, CC BY 4.0; the key to it is not published."),
		conformance.Tested("Note text", "extension lines are not empty", "extension lines, which are optional, are not empty", parsed(ParseCheckpoint, said{
			good: []string{"a\n1\n" + root + "\n"},
			bad:  []string{"a\n1\n" + root + "\n\n", "a\n1\n" + root + "\n\n\n", "a\n1\n" + root + "\n\nmore\n", "a\n1\n" + root + "\nmore\n\n"},
		})),
		conformance.Tested("Note text", "no extension lines", "they are not recommended, since nobody can audit them", parsed(ParseCheckpoint, said{
			good: []string{"a\n1\n" + root + "\n"}, bad: []string{"a\n1\n" + root + "\nmore\n", "a\n1\n" + root + "\na\n1\n" + root + "\n"},
		}), "Stricter: a checkpoint that has any is refused (docs/witness.md)."),
		conformance.Tested("Note text", "others read what is written", "what is written for a checkpoint is this format", func(t *testing.T) {
			for _, c := range []Checkpoint{{sofa, 20852163, Hash{0: 0x0a, 31: 0x62}}, {"é 名", 1, Hash{}}, {"a", 0, EmptyRoot()}, {"a", MaxTreeSize, Hash{31: 1}}} {
				var theirs formats.Checkpoint
				if rest, err := theirs.Unmarshal(c.Marshal()); err != nil || len(rest) > 0 {
					t.Errorf("%+v: %q, %v", c, rest, err)
				}
				if theirs.Origin != c.Origin || theirs.Size != c.Size || !bytes.Equal(theirs.Hash, c.Root[:]) {
					t.Errorf("%+v is read as %+v", c, theirs)
				}
				again := formats.Checkpoint{Origin: c.Origin, Size: c.Size, Hash: c.Root[:]}.Marshal()
				if !bytes.Equal(again, c.Marshal()) {
					t.Errorf("%+v is written %q, by formats %q", c, c.Marshal(), again)
				}
			}
		}, "Read and written the same by transparency-dev/formats."),

		conformance.Elsewhere("Signatures", "nothing inconsistent is signed", "a log signs no checkpoint that contradicts one that it signed",
			"`log/guard.TestRefuses`, `log/guard.TestSignsWhatGrows`, `log/guard.TestRestoredDirectory`, `log/guard.TestKilled`, `log/guard.TestTwoProcesses`, and of a whole server `cmd/pledgelog.TestRestoredFromAnOldBackup`; where the guard was restored with the log, witnesses stop it: `log/embedded.TestRestoredWithItsGuard`"),
		conformance.Tested("Signatures", "the key name is the origin", "a log signs under its origin (a SHOULD)", opens(policy,
			opened{head + good, nil}, opened{head + elsewhere.sign(sofaText), ErrNoLogSignature},
			opened{head + elsewhere.sign(sofaText) + good, nil},
		), "The key of another log of the policy does not sign for this one."),
		conformance.Tested("Signatures", "any signature algorithm", "Ed25519 is usual, another algorithm may be there", func(t *testing.T) {
			pq := pqHolder(sofa, "pq")
			opens("log "+pq.vkey()+"\nquorum none\n", opened{head + pq.cosign(sofaText, 7), nil}, opened{head + pq.cosign(sofaText, 0), nil},
				opened{head + good, ErrNoLogSignature}, opened{head + pq.cosign(sofaText, 7) + pq.line(pq.raw(sofaText)), ErrBadSignature})(t)
		}, "ML-DSA-44 (0x06), with a time or without."),
		conformance.Tested("Signatures", "unknown signatures are ignored", "a client passes over signatures that it does not know", opens(policy,
			opened{head + edHolder(sofa, 0x01, "next key").sign(sofaText) + good, nil},
			opened{head + good + edHolder("w.example", 0x04, "w").cosign(sofaText, 5) + pqHolder("w.example", "w").cosign(sofaText, 5), nil},
			opened{sofaSigned, ErrNoLogSignature},
		)),
	})
}
