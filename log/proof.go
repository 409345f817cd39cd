package log

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

const (
	// MaxProofSize is the largest tlog-proof in bytes, its checkpoint
	// included.
	MaxProofSize = 2 << 20
	// MaxProofHashes is how many hashes a proof may have: a tree of at most
	// MaxTreeSize leaves has no path longer than that.
	MaxProofHashes = 63

	proofHeader = "c2sp.org/tlog-proof@v1\n"
)

// ErrProof says that a Merkle proof does not lead to the root.
var ErrProof = errors.New("proof does not verify")

// Proof is an offline proof that a leaf is in a log, c2sp.org/tlog-proof. The
// receipts of this project are such proofs, with the leaf's exact bytes in
// Extra.
type Proof struct {
	Extra      []byte // opaque and not authenticated; nil if there is none
	Index      uint64 // the leaf's
	Hashes     []Hash // inclusion proof, from the leaf's sibling up
	Checkpoint []byte // signed checkpoint, a raw note
}

// ParseProof parses a tlog-proof of at most [MaxProofSize] bytes. The
// checkpoint in it must be a note with the text of a checkpoint. It checks
// form alone: see [Policy.VerifyProof]. Errors match [ErrMalformed].
func ParseProof(b []byte) (*Proof, error) {
	p, err := parseProof(b)
	if err != nil {
		return nil, fmt.Errorf("parse tlog-proof: %w: %w", ErrMalformed, err)
	}
	return p, nil
}

func parseProof(b []byte) (*Proof, error) {
	if len(b) > MaxProofSize {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), MaxProofSize)
	}
	rest, ok := bytes.CutPrefix(b, []byte(proofHeader))
	if !ok {
		return nil, fmt.Errorf("first line is not %q", strings.TrimSuffix(proofHeader, "\n"))
	}
	line, rest, err := cutLine(rest)
	if err != nil {
		return nil, err
	}
	p := new(Proof)
	if extra, ok := strings.CutPrefix(line, "extra "); ok {
		if p.Extra, err = decodeBase64(extra); err != nil {
			return nil, fmt.Errorf("extra: %w", err)
		}
		if len(p.Extra) == 0 {
			return nil, errors.New("extra is empty: the line should not be there")
		}
		if line, rest, err = cutLine(rest); err != nil {
			return nil, err
		}
	}
	index, ok := strings.CutPrefix(line, "index ")
	if !ok {
		return nil, errors.New("no index line")
	}
	if p.Index, err = parseDecimal(index); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	for {
		if line, rest, err = cutLine(rest); err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if len(p.Hashes) == MaxProofHashes {
			return nil, fmt.Errorf("more than %d hashes", MaxProofHashes)
		}
		h, err := decodeHash(line)
		if err != nil {
			return nil, fmt.Errorf("hash %d: %w", len(p.Hashes)+1, err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	n, err := parseNote(rest)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if _, err := parseCheckpoint(n.Text); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	p.Checkpoint = rest
	return p, nil
}

// cutLine cuts the first line off b, without its line feed.
func cutLine(b []byte) (string, []byte, error) {
	line, rest, ok := bytes.Cut(b, []byte("\n"))
	if !ok {
		return "", nil, errors.New("it ends before its checkpoint")
	}
	return string(line), rest, nil
}

// Marshal returns the proof as the bytes of a .tlog-proof file. It is the
// inverse of [ParseProof]; an empty Extra is left out.
func (p *Proof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader)
	if len(p.Extra) > 0 {
		fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(p.Extra))
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		b.WriteString(encodeHash(h) + "\n")
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// VerifyProof verifies that the leaf with this hash is in the log at the
// proof's index, under a checkpoint that [Policy.Open] accepts. It does not
// look at Extra: a caller that takes the leaf from there hashes it with
// [LeafHash]. Beyond Open's errors there is one that matches [ErrProof].
func (p *Policy) VerifyProof(pr *Proof, leafHash Hash) (*View, error) {
	v, err := p.Open(pr.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("verify tlog-proof: %w", err)
	}
	c := v.Checkpoint
	if err := VerifyInclusion(pr.Index, c.Size, leafHash, c.Root, pr.Hashes); err != nil {
		return nil, fmt.Errorf("verify tlog-proof: %w", err)
	}
	return v, nil
}

// VerifyInclusion verifies that the tree of this size and root has a leaf
// with this hash at index (RFC 6962, section 2.1.1). Errors match [ErrProof].
func VerifyInclusion(index, size uint64, leafHash, root Hash, hashes []Hash) error {
	if index >= size {
		return fmt.Errorf("verify inclusion: %w: no leaf %d in a tree of %d", ErrProof, index, size)
	}
	got, err := proof.RootFromInclusionProof(rfc6962.DefaultHasher, index, size, leafHash[:], byteSlices(hashes))
	if err != nil {
		return fmt.Errorf("verify inclusion of leaf %d in a tree of %d: %w: %w", index, size, ErrProof, err)
	}
	if !bytes.Equal(got, root[:]) {
		return fmt.Errorf("verify inclusion of leaf %d in a tree of %d: %w: it leads to another root", index, size, ErrProof)
	}
	return nil
}

// VerifyConsistency verifies that the tree of size1 and root1 is a prefix of
// the tree of size2 and root2 (RFC 6962, section 2.1.2). The empty tree is a
// prefix of every other and needs no hashes, but its root must be
// [EmptyRoot]. Errors match [ErrProof].
func VerifyConsistency(size1, size2 uint64, root1, root2 Hash, hashes []Hash) error {
	fail := func(reason string) error {
		return fmt.Errorf("verify consistency of sizes %d and %d: %w: %s", size1, size2, ErrProof, reason)
	}
	switch {
	case size1 > size2:
		return fail("the second is smaller")
	case size1 == 0 && root1 != EmptyRoot(), size2 == 0 && root2 != EmptyRoot():
		return fail("wrong root of the empty tree")
	case size1 == size2 && root1 != root2:
		return fail("one size, two roots")
	}
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, size1, size2, byteSlices(hashes), root1[:], root2[:])
	var mismatch proof.RootMismatchError
	switch {
	case errors.As(err, &mismatch):
		return fail("it leads to another root")
	case err != nil:
		return fail(err.Error())
	}
	return nil
}

func byteSlices(hashes []Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}
