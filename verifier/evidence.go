package verifier

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// EvidenceFormat names the form of an evidence file.
const EvidenceFormat = "pledgelog.evidence.v1"

// MaxEvidence bounds an evidence file, in bytes: two checkpoints and a proof.
const MaxEvidence = 3 * log.MaxNoteSize

// Evidence proves to a third person that a log's key signed two checkpoints of
// which neither can have grown from the other.
//
// For two checkpoints of one size the two roots are the proof. Otherwise Prefix
// is the root that the tree of the larger checkpoint has at the smaller one's
// size, which Consistency proves (RFC 6962, section 2.1.2), and which is not the
// root that the smaller one signs.
type Evidence struct {
	Format      string   `json:"format"` // EvidenceFormat
	Log         string   `json:"log"`    // origin
	What        string   `json:"what"`   // one sentence for a reader
	Smaller     string   `json:"smaller"`
	Larger      string   `json:"larger"` // signed notes
	Prefix      string   `json:"prefix,omitzero"`
	Consistency []string `json:"consistency,omitzero"` // hashes in base64
}

// IsDemonstration reports whether the evidence is about an invented log.
func (e *Evidence) IsDemonstration() bool { return entry.IsDemonstration(e.Log) }

// FileName is a name for the evidence, the same for the same evidence.
func (e *Evidence) FileName() string { return evidenceName(e.Log, e.Smaller+e.Larger) }

// evidenceName is a name for evidence on a log, the same for the same content.
func evidenceName(origin, content string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, origin)
	digest := log.LeafHash([]byte(content))
	return fmt.Sprintf("evidence-%s-%x.json", strings.TrimLeft(safe, ".-"), digest[:4])
}

// Marshal writes an evidence file.
func (e *Evidence) Marshal() ([]byte, error) {
	b, err := json.Marshal(e, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// ParseEvidence reads an evidence file exactly as Marshal writes it.
func ParseEvidence(b []byte) (*Evidence, error) {
	if len(b) > MaxEvidence {
		return nil, fmt.Errorf("parse evidence: %d bytes, at most %d", len(b), MaxEvidence)
	}
	e := new(Evidence)
	if err := json.Unmarshal(b, e, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	if e.Format != EvidenceFormat {
		return nil, fmt.Errorf("parse evidence: its format is not %s", EvidenceFormat)
	}
	if again, err := e.Marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("parse evidence: it is not written as evidence is")
	}
	return e, nil
}

// CheckEvidence reports whether e proves what it says, under a policy that names
// the log's key. It needs nothing else. The quorum plays no part: what the log's
// key signed it signed.
func CheckEvidence(policy *log.Policy, e *Evidence) error {
	small, err := policy.OpenUnwitnessed([]byte(e.Smaller))
	if err != nil {
		return fmt.Errorf("check evidence: first checkpoint: %w", err)
	}
	large, err := policy.OpenUnwitnessed([]byte(e.Larger))
	if err != nil {
		return fmt.Errorf("check evidence: second checkpoint: %w", err)
	}
	x, y := small.Checkpoint, large.Checkpoint
	switch {
	case x.Origin != y.Origin || x.Origin != e.Log:
		return errors.New("check evidence: the checkpoints are of two logs")
	case x.Size == y.Size && x.Root != y.Root:
		return nil
	case x.Size == 0 && x.Root != log.EmptyRoot():
		return nil
	case x.Size == 0:
		// Every log grew from the empty one: there is nothing for a prefix and a
		// proof to add.
		return errors.New("check evidence: the checkpoints do not contradict one another")
	case x.Size >= y.Size:
		return errors.New("check evidence: the checkpoints do not contradict one another")
	}
	prefix, err := decodeHash(e.Prefix)
	if err != nil {
		return fmt.Errorf("check evidence: prefix: %w", err)
	}
	hashes := make([]log.Hash, 0, len(e.Consistency))
	for _, s := range e.Consistency {
		h, err := decodeHash(s)
		if err != nil {
			return fmt.Errorf("check evidence: consistency proof: %w", err)
		}
		hashes = append(hashes, h)
	}
	if prefix == x.Root {
		return errors.New("check evidence: the checkpoints do not contradict one another")
	}
	if err := log.VerifyConsistency(x.Size, y.Size, prefix, y.Root, hashes); err != nil {
		return fmt.Errorf("check evidence: %w", err)
	}
	return nil
}

func decodeHash(s string) (log.Hash, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != log.HashSize || base64.StdEncoding.EncodeToString(b) != s {
		return log.Hash{}, errors.New("not a hash in base64")
	}
	return log.Hash(b), nil
}

// evidence proves that s and against, which is not smaller, can't both be true.
func (a *audit) evidence(s, against *signed) *Evidence {
	var hashes []log.Hash
	if s.size > 0 && s.size < against.size {
		var err error
		if hashes, err = a.fork.consistency(s.size, against.size); err != nil {
			return nil
		}
	}
	e, _ := forkEvidence(a.cfg.Policy, a.report.Log, s, against, s.computed, hashes)
	return e
}

// forkEvidence proves that two checkpoints can't both be true, of which the second is
// not smaller: prefix is the root that its tree has at the first one's size, and hashes
// prove so.
func forkEvidence(policy *log.Policy, origin string, s, against *signed, prefix log.Hash, hashes []log.Hash) (*Evidence, error) {
	e := &Evidence{Format: EvidenceFormat, Log: origin, Smaller: s.note, Larger: against.note}
	if s.size == against.size {
		e.What = fmt.Sprintf("The key of %s signed two checkpoints of size %s with different roots.", e.Log, Commas(s.size))
	} else {
		e.What = fmt.Sprintf("The key of %s signed a checkpoint of size %s that is no part of the log of size %s, which it signed too.", e.Log, Commas(s.size), Commas(against.size))
	}
	if s.size > 0 && s.size < against.size {
		e.Prefix = encodeHash(prefix)
		for _, h := range hashes {
			e.Consistency = append(e.Consistency, encodeHash(h))
		}
	}
	if err := CheckEvidence(policy, e); err != nil {
		return nil, err
	}
	return e, nil
}

// A fork gathers what proves that the entries of this copy, whose checkpoint is
// signed, do not begin with those of a smaller signed checkpoint. It does so while
// the entries are read: who forks a log must not get away by answering once, or by
// leaving out a tile.
type fork struct {
	size  uint64         // of the smaller checkpoint
	left  []log.Hash     // the tree's nodes at that size
	right *compact.Range // of all entries after it
}

func newFork(b *log.Builder) *fork {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &fork{b.Size(), b.Nodes(), factory.NewEmptyRange(b.Size())}
}

// add takes in the leaf after those so far.
func (f *fork) add(h *log.Hash) error {
	if f == nil {
		return nil
	}
	return f.right.Append(h[:], nil)
}

// consistency makes the consistency proof between two sizes.
func (f *fork) consistency(size1, size2 uint64) ([]log.Hash, error) {
	if f == nil || f.size != size1 || f.right.End() != size2 {
		return nil, fmt.Errorf("prove consistency of sizes %d and %d: nothing was gathered", size1, size2)
	}
	nodes, err := proof.Consistency(size1, size2)
	if err != nil {
		return nil, err
	}
	// The nodes of a consistency proof are among those of the two ranges.
	have := make(map[compact.NodeID][]byte)
	for i, id := range compact.RangeNodes(0, size1, nil) {
		have[id] = f.left[i][:]
	}
	for i, id := range compact.RangeNodes(size1, size2, nil) {
		have[id] = f.right.Hashes()[i]
	}
	raw := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		if raw[i] = have[id]; raw[i] == nil {
			return nil, fmt.Errorf("prove consistency of sizes %d and %d: node %v is in neither range", size1, size2, id)
		}
	}
	full, err := nodes.Rehash(raw, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, err
	}
	hashes := make([]log.Hash, len(full))
	for i, h := range full {
		hashes[i] = log.Hash(h)
	}
	return hashes, nil
}
