package log

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

// c2sp.org/tlog-proof at 5ba5ee8 of C2SP, which has no version.
func TestConformanceTlogProof(t *testing.T) {
	const header = "c2sp.org/tlog-proof@v1\n"
	log := edHolder("log.example", 0x01, "log")
	w := []holder{edHolder("a.example", 0x04, "a"), edHolder("b.example", 0x04, "b"), pqHolder("c.example", "c")}
	policy := "log " + log.vkey() + "\nwitness a " + w[0].vkey() + "\nwitness b " + w[1].vkey() + "\nwitness c " + w[2].vkey() + "\ngroup g 2 a b c\nquorum g\n"
	// A tree of seven leaves and the proof of the sixth, by golang.org/x/mod.
	var tree oracle
	for n := range 7 {
		tree.add(t, fmt.Appendf(nil, "leaf %d", n))
	}
	path, err := tlog.ProveRecord(7, 5, &tree)
	if err != nil {
		t.Fatal(err)
	}
	root := base64.StdEncoding.EncodeToString(rootBytes(t, &tree, 7))
	text := "log.example\n7\n" + root + "\n"
	signedBy := func(cosigners ...holder) string {
		note := text + "\n" + log.sign(text)
		for _, c := range cosigners {
			note += c.cosign(text, 1700000000)
		}
		return note
	}
	checkpoint := signedBy(w[0], w[2])
	var hashes []string
	for _, h := range path {
		hashes = append(hashes, base64.StdEncoding.EncodeToString(h[:])+"\n")
	}
	siblings := strings.Join(hashes, "") // from the leaf's up, as RFC 6962 has it
	good := header + "index 5\n" + siblings + "\n" + checkpoint
	extra := header + "extra bGVhZiA1\nindex 5\n" + siblings + "\n" + checkpoint // "leaf 5"
	leaf := theirLeafHash("leaf 5")
	one := "log.example\n1\n" + base64.StdEncoding.EncodeToString(leaf[:]) + "\n"

	// verifies says what a verifier must make of a proof and a leaf.
	verifies := func(proof string, leaf Hash, want error) func(*testing.T) {
		return func(t *testing.T) {
			p, err := ParseProof([]byte(proof))
			if err != nil {
				t.Fatal(err)
			}
			v, err := mustPolicy(t, strings.TrimSuffix(policy, "\n")).VerifyProof(p, leaf)
			if !errors.Is(err, want) || (v != nil) != (want == nil) {
				t.Errorf("error %v, want %v", err, want)
			}
		}
	}

	conformance.Run(t, []conformance.Row{
		conformance.Tested("Format", "lines", "lines with line feeds between", parsed(ParseProof, said{
			good: []string{good, extra}, bad: []string{"", strings.ReplaceAll(good, "\n", "\r\n"), strings.ReplaceAll(good, "\n", "\r"), strings.TrimSuffix(good, "\n"), good + "\n", good + "more\n"},
		})),
		conformance.Tested("Format", "first line", "the first names the format and its version", parsed(ParseProof, said{
			good: []string{good},
			bad: []string{"\n" + good, " " + good, strings.TrimPrefix(good, header), strings.Replace(good, "@v1\n", "@v1 \n", 1), strings.Replace(good, "@v1", "@v2", 1),
				strings.Replace(good, "@v1", "@v10", 1), strings.Replace(good, "@v1", "", 1), strings.Replace(good, "c2sp", "C2SP", 1), strings.Replace(good, "c2sp", "https://c2sp", 1), header + good},
		})),
		conformance.Tested("Format", "extra line", "then there may be extra, one space and base64, and no such line if there is nothing", parsed(ParseProof, said{
			good: []string{good, extra, strings.Replace(extra, "bGVhZiA1", strings.Repeat("AAAA", 100000), 1)},
			bad: []string{strings.Replace(extra, "bGVhZiA1", "", 1), strings.Replace(extra, "extra bGVhZiA1", "extra", 1), strings.Replace(extra, "extra b", "extra  b", 1),
				strings.Replace(extra, "extra b", "extra\tb", 1), strings.Replace(extra, "extra b", "extrab", 1), strings.Replace(extra, "extra b", "Extra b", 1),
				strings.Replace(extra, "bGVhZiA1", "bGVhZiA", 1), strings.Replace(extra, "bGVhZiA1", "bGVhZg=", 1), strings.Replace(extra, "bGVhZiA1", "bGVhZh==", 1), strings.Replace(extra, "bGVhZiA1", "bGVhZi-_", 1),
				strings.Replace(extra, "bGVhZiA1", "bGVhZiA1 ", 1), strings.Replace(extra, "extra bGVhZiA1\n", "extra bGVhZiA1\nextra bGVhZiA1\n", 1),
				header + "index 5\nextra bGVhZiA1\n" + siblings + "\n" + checkpoint, header + "extra bGVhZiA1\n" + siblings + "\n" + checkpoint, header + "comment bGVhZiA1\nindex 5\n" + siblings + "\n" + checkpoint},
		}), "2 MiB in all."),
		conformance.Tested("Format", "extra is not trusted", "nobody trusts the extra data for being there", func(t *testing.T) {
			forged := strings.Replace(extra, "bGVhZiA1", "Zm9yZ2Vk", 1) // "forged"
			verifies(extra, leaf, nil)(t)
			verifies(extra, theirLeafHash("forged"), ErrProof)(t)
			verifies(forged, leaf, nil)(t) // it is no part of what is proved
			verifies(forged, theirLeafHash("forged"), ErrProof)(t)
		}, "The leaf in a receipt's counts once its hash is proved: `verifier.TestCheckProofRefuses`."),
		conformance.Tested("Format", "index line", "index, one space, and the index in decimal without leading zeroes", func(t *testing.T) {
			with := func(line string) string { return strings.Replace(good, "index 5", line, 1) }
			parsed(ParseProof, said{
				good: []string{good, with("index 0"), with("index 10"), with("index 9223372036854775807")},
				bad: []string{with("index 05"), with("index 00"), with("index -5"), with("index +5"), with("index  5"), with("index 5 "), with("index\t5"), with("index5"), with("Index 5"), with("index 0x5"),
					with("index 5.0"), with("index ٥"), with("index "), with("index"), with("leaf 5"), with("index 5\nindex 5"), with("index 9223372036854775808"), with("index 18446744073709551621"),
					strings.Replace(good, "index 5\n", "", 1)},
			})(t)
			for index, want := range map[uint64]string{0: "index 0\n", 5: "index 5\n", 73894: "index 73894\n"} {
				if b := (&Proof{Index: index, Checkpoint: []byte(checkpoint)}).Marshal(); !bytes.HasPrefix(b, []byte(header+want)) {
					t.Errorf("index %d is written %.60q", index, b)
				}
			}
		}),
		conformance.Tested("Format", "inclusion proof", "the hashes of 32 bytes in base64, one a line, from the leaf's sibling up", func(t *testing.T) {
			with := func(lines ...string) string {
				return header + "index 5\n" + strings.Join(lines, "") + "\n" + checkpoint
			}
			sixtyThree := slices.Repeat([]string{hashes[0]}, 63)
			parsed(ParseProof, said{
				good: []string{with(hashes...), with(), with(sixtyThree...)},
				bad: []string{with("AAAA\n"), with(hashes[0], " "+hashes[1]), with(hashes[0][:43] + "\n"), with(strings.TrimSuffix(hashes[0], "\n") + " \n"), with(hashes[0][:42] + "B=\n"),
					with(strings.Repeat("00", 32) + "\n"), with(append(sixtyThree, hashes[0])...)},
			})(t)
			verifies(with(hashes...), leaf, nil)(t)
			verifies(with(hashes[2], hashes[1], hashes[0]), leaf, ErrProof)(t)
		}, "At most 63: no tree of up to 2^63-1 leaves has a longer path."),
		conformance.Tested("Format", "an empty line then the checkpoint", "an empty line, and the signed checkpoint as the log gave it", func(t *testing.T) {
			parsed(ParseProof, said{
				good: []string{good},
				bad: []string{header + "index 5\n" + siblings + checkpoint, header + "index 5\n" + siblings + "\n\n" + checkpoint, header + "index 5\n" + siblings + "\n", header + "index 5\n" + siblings,
					header + "index 5\n\n" + siblings + "\n" + checkpoint, header + "index 5\n" + siblings + "\n" + text, header + "index 5\n" + siblings + "\nno checkpoint\n\n" + log.sign("no checkpoint\n"),
					header + "index 5\n" + siblings + "\n" + strings.Replace(checkpoint, "\n7\n", "\n07\n", 1)},
			})(t)
			p, err := ParseProof([]byte(good))
			if err != nil || string(p.Checkpoint) != checkpoint {
				t.Errorf("checkpoint %q, %v", p.Checkpoint, err)
			}
		}),
		conformance.Tested("Format", "others read and write the same", "what is written is this format, and what others write is read", func(t *testing.T) {
			for _, want := range []string{good, extra} {
				p, err := ParseProof([]byte(want))
				if err != nil {
					t.Fatal(err)
				}
				var theirs formats.TLogProof
				if err := theirs.Unmarshal(p.Marshal()); err != nil {
					t.Fatal(err)
				}
				if string(theirs.Marshal()) != want || string(p.Marshal()) != want {
					t.Errorf("%q is written again as %q, by formats %q", want, p.Marshal(), theirs.Marshal())
				}
			}
		}, "By transparency-dev/formats."),

		conformance.Tested("Verifying a tlog proof", "leaf hash", "the leaf's hash is computed from what the application knows", all(
			verifies(good, leaf, nil), verifies(good, theirLeafHash("leaf 4"), ErrProof), verifies(good, Hash{}, ErrProof),
			verifies(good, Hash(tlog.NodeHash(tlog.Hash{}, tlog.Hash{})), ErrProof))),
		conformance.Tested("Verifying a tlog proof", "origin and the log's signature", "the origin is one that is accepted, and a key of that origin signed", func(t *testing.T) {
			of := func(note string) string { return header + "index 5\n" + siblings + "\n" + note }
			verifies(good, leaf, nil)(t)
			other := strings.Replace(text, "log.example", "x.example", 1)
			verifies(of(other+"\n"+log.sign(other)+w[0].cosign(other, 5)+w[1].cosign(other, 5)), leaf, ErrUnknownOrigin)(t)
			verifies(of(text+"\n"+w[0].cosign(text, 5)+w[1].cosign(text, 5)), leaf, ErrNoLogSignature)(t)
			verifies(of(text+"\n"+edHolder("log.example", 0x01, "x").sign(text)+w[0].cosign(text, 5)+w[1].cosign(text, 5)), leaf, ErrNoLogSignature)(t)
			verifies(of(strings.Replace(checkpoint, "\n7\n", "\n8\n", 1)), leaf, ErrBadSignature)(t)
		}),
		conformance.Tested("Verifying a tlog proof", "cosignatures", "those of known witnesses are verified, and are enough by the policy", func(t *testing.T) {
			of := func(note string) string { return header + "index 5\n" + siblings + "\n" + note }
			verifies(of(signedBy(w...)), leaf, nil)(t)
			verifies(of(signedBy(w[1], w[2], edHolder("d.example", 0x04, "d"))), leaf, nil)(t)
			verifies(of(signedBy(w[1])), leaf, ErrQuorum)(t)
			verifies(of(signedBy(w[1], w[1])), leaf, ErrQuorum)(t)
			verifies(of(signedBy(w[1], edHolder("a.example", 0x04, "d"))), leaf, ErrQuorum)(t)
			verifies(of(checkpoint+w[1].cosign("log.example\n7\n"+zeroRoot+"\n", 5)), leaf, ErrBadSignature)(t)
		}),
		conformance.Tested("Verifying a tlog proof", "inclusion", "the hashes lead from the leaf at its index to the signed root", func(t *testing.T) {
			at := func(index int, lines ...string) string {
				return header + fmt.Sprintf("index %d\n", index) + strings.Join(lines, "") + "\n" + checkpoint
			}
			verifies(at(5, hashes...), leaf, nil)(t)
			for _, index := range []int{0, 3, 4, 6, 7, 8, 1 << 40} {
				verifies(at(index, hashes...), leaf, ErrProof)(t)
			}
			verifies(at(5), leaf, ErrProof)(t)
			verifies(at(5, hashes[:2]...), leaf, ErrProof)(t)
			verifies(at(5, hashes[1:]...), leaf, ErrProof)(t)
			verifies(at(5, append(slices.Clone(hashes), hashes[0])...), leaf, ErrProof)(t)
			verifies(at(5, hashes[0], zeroRoot+"\n", hashes[2]), leaf, ErrProof)(t)
			alone := header + "index 0\n\n" + one + "\n" + log.sign(one) + w[0].cosign(one, 5) + w[1].cosign(one, 5)
			verifies(alone, leaf, nil)(t)
			verifies(strings.Replace(alone, "index 0\n", "index 0\n"+hashes[0], 1), leaf, ErrProof)(t)
			verifies(strings.Replace(alone, "index 0\n", "index 1\n", 1), leaf, ErrProof)(t)
		}),
		conformance.Tested("Use of timestamps", "covered by the cosignature", "a cosignature's time is signed, and is otherwise no part of the procedure", func(t *testing.T) {
			of := func(lines ...string) string {
				return header + "index 5\n" + siblings + "\n" + text + "\n" + log.sign(text) + strings.Join(lines, "")
			}
			verifies(of(w[0].cosign(text, 1), w[1].cosign(text, 1<<40)), leaf, nil)(t)
			moved := sigOf(t, w[1].cosign(text, 7)).Sig
			moved[7]++
			verifies(of(w[0].cosign(text, 1), w[1].line(moved)), leaf, ErrBadSignature)(t)
		}, "What the protocol makes of times is its own: docs/spec.md, section 7."),
	})
}

// theirLeafHash is RFC 6962's hash of a leaf, by golang.org/x/mod.
func theirLeafHash(leaf string) Hash { return Hash(tlog.RecordHash([]byte(leaf))) }

func rootBytes(t *testing.T, tree *oracle, size int64) []byte {
	t.Helper()
	h, err := tlog.TreeHash(size, tree)
	if err != nil {
		t.Fatal(err)
	}
	return h[:]
}
