package vectors

import (
	"fmt"
	"strings"
)

const aboutProofs = "Receipts: C2SP tlog-proofs whose extra is the exact leaf, checked offline under a policy. body is given beside the proof and compared with what the leaf's statement names."

// path is the inclusion proof of leaf i (RFC 6962, section 2.1.1), the sibling of the
// leaf first.
func path(leaves [][]byte, i int) [][32]byte {
	n := len(leaves)
	if n == 1 {
		return nil
	}
	k := 1
	for 2*k < n {
		k *= 2
	}
	if i < k {
		return append(path(leaves[:k], i), root(leaves[k:]))
	}
	return append(path(leaves[k:], i-k), root(leaves[:k]))
}

func (r *recipe) proofs(c *checkpoints) []Proof {
	ed := r.key("ed/acme")
	_, body := r.sampleBody("request-least")
	var leaves [][]byte
	var ids []string
	for i, name := range []string{"pledge", "keys-compromise", "", "decision", "attestation-band", "correct-superseded", "withdraw"} {
		payload := r.payloadOf("request", digest(body))
		if name != "" {
			payload = []byte(r.sample(name))
		}
		leaves = append(leaves, leafOf(1777888800+int64(i)*60, payload, signedBy(payload, ed)...))
		ids = append(ids, entryID(payload))
	}
	file := func(size, index int, policy string) string {
		text := checkpointText(Origin, uint64(size), root(leaves[:size]))
		note := text + "\n" + c.sign("log", text, 0)
		if policy == policyThree {
			note += c.sign("w1", text, 1777889000) + c.sign("w3", text, 1777889001)
		}
		s := fmt.Sprintf("c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n", b64(leaves[index]), index)
		for _, h := range path(leaves[:size], index) {
			s += b64(h[:]) + "\n"
		}
		return s + "\n" + note
	}
	var all []Proof
	good := func(name, why, policy string, size, index int, body []byte) {
		n, i := uint64(size), uint64(index)
		all = append(all, Proof{Name: name, Why: why, Policy: Octets(c.policyText(policy)), Proof: Octets(file(size, index, policy)), Body: body, Index: &i, Size: &n, ID: ids[index]})
	}
	good("first-of-seven", "three hashes", policyNone, 7, 0, nil)
	good("last-of-seven", "the right border: two hashes", policyNone, 7, 6, nil)
	good("third-of-seven", "with its body", policyNone, 7, 2, body)
	good("only-one", "no hashes: the root is the leaf's hash", policyNone, 1, 0, nil)
	good("fifth-of-five", "one hash", policyNone, 5, 4, nil)
	good("witnessed", "under a quorum", policyThree, 7, 3, nil)

	proof := file(7, 2, policyNone)
	bad := func(name, why, err, text string) {
		all = append(all, Proof{Name: name, Why: why, Error: err, Policy: Octets(c.policyText(policyNone)), Proof: Octets(text)})
	}
	hashes := path(leaves, 2)
	line := func(i int) string { return b64(hashes[i][:]) + "\n" }
	extra := "extra " + b64(leaves[2]) + "\n"
	bad("header", "the first line", Malformed, replace(proof, "tlog-proof@v1", "tlog-proof@v2"))
	bad("carriage-returns", "line feeds alone", Malformed, strings.ReplaceAll(proof, "\n", "\r\n"))
	bad("index-leading-zero", "a number in its one form", Malformed, replace(proof, "index 2\n", "index 02\n"))
	bad("index-missing", "an index", Malformed, replace(proof, "index 2\n", ""))
	bad("extra-empty", "left out when empty", Malformed, replace(proof, extra, "extra \n"))
	bad("extra-after-index", "in this order", Malformed, replace(proof, extra+"index 2\n", "index 2\n"+extra))
	bad("hash-short", "32 bytes", Malformed, replace(proof, line(1), b64(hashes[1][:31])+"\n"))
	bad("no-empty-line", "an empty line before the checkpoint", Malformed, replace(proof, line(2)+"\n", line(2)))
	bad("no-checkpoint", "a checkpoint", Malformed, proof[:strings.Index(proof, "\n\n")+2])
	bad("leaf-missing", "nothing to hash", LeafMissing, replace(proof, extra, ""))
	bad("leaf-altered", "another leaf", ProofInvalid, replace(proof, extra, "extra "+b64(leaves[3])+"\n"))
	bad("index-other", "the leaf does not stand there", ProofInvalid, replace(proof, "index 2\n", "index 3\n"))
	bad("index-outside", "no such leaf", ProofInvalid, replace(proof, "index 2\n", "index 7\n"))
	bad("hash-altered", "another sibling", ProofInvalid, replace(proof, line(0), b64(alter(hashes[0]))+"\n"))
	bad("hashes-turned", "from the leaf up", ProofInvalid, replace(proof, line(0)+line(1), line(1)+line(0)))
	bad("hash-missing", "too few", ProofInvalid, replace(proof, line(2), ""))
	bad("hash-more", "too many", ProofInvalid, replace(proof, line(2), line(2)+line(2)))
	bad("checkpoint-altered", "the checkpoint is not what was signed", SignatureInvalid, replace(proof, "\n7\n", "\n8\n"))
	refused := func(name, why, code string, body []byte) {
		all = append(all, Proof{Name: name, Why: why, Code: code, Policy: Octets(c.policyText(policyNone)), Proof: Octets(proof), Body: body})
	}
	refused("body-altered", "not the one that the statement names", "body-digest-mismatch", []byte(replace(string(body), `"2026-05"`, `"2026-06"`)))
	all = append(all, Proof{Name: "quorum-short", Why: "a receipt needs the quorum of its policy", Error: QuorumShort, Policy: Octets(c.policyText(policyThree)), Proof: Octets(proof)})
	return all
}

func alter(h [32]byte) []byte {
	h[31] ^= 1
	return h[:]
}
