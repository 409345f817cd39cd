package log

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Checkpoint is the head of a log, c2sp.org/tlog-checkpoint, without
// extension lines.
type Checkpoint struct {
	Origin string // the log's name; not empty, in one line
	Size   uint64 // number of leaves, at most MaxTreeSize
	Root   Hash   // root of the tree of that size
}

// ParseCheckpoint parses the text of a checkpoint, which is the text of a
// note without its signatures: three lines and no extension line. An empty
// tree with a wrong root is accepted here, since it has the form; see
// [VerifyConsistency]. Errors match [ErrMalformed].
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("parse checkpoint: %w: %w", ErrMalformed, err)
	}
	return c, nil
}

func parseCheckpoint(text []byte) (Checkpoint, error) {
	if len(text) > MaxNoteSize {
		return Checkpoint{}, fmt.Errorf("%d bytes, at most %d", len(text), MaxNoteSize)
	}
	if err := checkNoteText(text); err != nil {
		return Checkpoint{}, err
	}
	lines := strings.Split(string(text), "\n")
	// Three lines with a line feed each leave an empty fourth piece.
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, errors.New("want exactly three lines: origin, size, root")
	}
	if lines[0] == "" {
		return Checkpoint{}, errors.New("origin is empty")
	}
	size, err := parseDecimal(lines[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("size: %w", err)
	}
	root, err := decodeHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("root: %w", err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// Marshal returns the checkpoint's text, ready to be signed. It is the inverse
// of [ParseCheckpoint] for every checkpoint within the bounds that the fields
// name.
func (c Checkpoint) Marshal() []byte {
	return fmt.Appendf(nil, "%s\n%d\n%s\n", c.Origin, c.Size, encodeHash(c.Root))
}

// parseDecimal parses a number from 0 to MaxTreeSize in ASCII digits without
// leading zeros.
func parseDecimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%.40q is not a decimal number without leading zeros", s)
	}
	if n > MaxTreeSize {
		return 0, fmt.Errorf("%d is over 2^63-1", n)
	}
	return n, nil
}
