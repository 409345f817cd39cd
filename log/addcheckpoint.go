package log

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxAddCheckpointSize is the largest [AddCheckpoint] in bytes: its lines, and
// the largest note.
const MaxAddCheckpointSize = 4<<10 + MaxNoteSize

// AddCheckpoint is the body of a request for a witness's cosignature,
// add-checkpoint of c2sp.org/tlog-witness.
type AddCheckpoint struct {
	Old   uint64 // size of the tree that the witness cosigned last
	Proof []Hash // consistency proof from that tree, at most MaxProofHashes
	Note  *Note  // the signed checkpoint
}

// ParseAddCheckpoint parses the body of an add-checkpoint request. The note in
// it must have the text of a checkpoint. It checks form alone: no signature, no
// proof and no size. Errors match [ErrMalformed].
func ParseAddCheckpoint(b []byte) (*AddCheckpoint, error) {
	a, err := parseAddCheckpoint(b)
	if err != nil {
		return nil, fmt.Errorf("parse add-checkpoint: %w: %w", ErrMalformed, err)
	}
	return a, nil
}

func parseAddCheckpoint(b []byte) (*AddCheckpoint, error) {
	if len(b) > MaxAddCheckpointSize {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), MaxAddCheckpointSize)
	}
	line, rest, err := cutLine(b)
	if err != nil {
		return nil, err
	}
	size, ok := strings.CutPrefix(line, "old ")
	if !ok {
		return nil, errors.New(`first line does not begin with "old "`)
	}
	a := new(AddCheckpoint)
	if a.Old, err = parseDecimal(size); err != nil {
		return nil, fmt.Errorf("old size: %w", err)
	}
	for {
		if line, rest, err = cutLine(rest); err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		if len(a.Proof) == MaxProofHashes {
			return nil, fmt.Errorf("more than %d hashes", MaxProofHashes)
		}
		h, err := decodeHash(line)
		if err != nil {
			return nil, fmt.Errorf("hash %d: %w", len(a.Proof)+1, err)
		}
		a.Proof = append(a.Proof, h)
	}
	if a.Note, err = parseNote(rest); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if _, err := parseCheckpoint(a.Note.Text); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return a, nil
}

// Marshal returns the body of the request. It is the inverse of
// [ParseAddCheckpoint].
func (a *AddCheckpoint) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", a.Old)
	for _, h := range a.Proof {
		b.WriteString(encodeHash(h) + "\n")
	}
	b.WriteByte('\n')
	b.Write(a.Note.Marshal())
	return b.Bytes()
}
