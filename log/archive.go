package log

import (
	"bytes"
	"errors"
	"fmt"
)

// AppendArchive appends a signed checkpoint, a raw note, to an archive. The
// archive is the concatenation of such notes, oldest first, each followed by
// one empty line.
func AppendArchive(dst, signed []byte) []byte {
	dst = append(dst, signed...)
	return append(dst, '\n')
}

// ParseArchive splits an archive of signed checkpoints into the raw notes it
// holds, which share b's memory; none for an empty archive.
//
// Each must be a signed note whose text is a checkpoint, all of one origin.
// Sizes never go down, and no two neighbours are the same bytes. Two
// neighbours may have one size: the later one then has a later time, which
// only a policy can tell (see [Policy.Open]). Roots are not compared: an
// archive may well be the evidence of a fork. Its length is bounded by the
// caller, that of a note by [MaxNoteSize]. Errors match [ErrMalformed].
func ParseArchive(b []byte) ([][]byte, error) {
	var notes [][]byte
	var last Checkpoint
	for len(b) > 0 {
		note, c, rest, err := cutArchive(b)
		if err == nil && len(notes) > 0 {
			switch {
			case c.Origin != last.Origin:
				err = fmt.Errorf("origin %q after origin %q", c.Origin, last.Origin)
			case c.Size < last.Size:
				err = fmt.Errorf("size %d after size %d", c.Size, last.Size)
			case bytes.Equal(note, notes[len(notes)-1]):
				err = errors.New("the same checkpoint twice")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("parse archive: checkpoint %d: %w: %w", len(notes)+1, ErrMalformed, err)
		}
		notes = append(notes, note)
		last, b = c, rest
	}
	return notes, nil
}

// cutArchive cuts the first note off an archive. A checkpoint has no empty
// line in its text, so the first one ends the text and the second one ends
// the note.
func cutArchive(b []byte) (note []byte, c Checkpoint, rest []byte, err error) {
	sep := []byte("\n\n")
	// Nothing further on can be part of a note that is small enough.
	head := b[:min(len(b), MaxNoteSize+1)]
	text := bytes.Index(head, sep)
	if text < 0 {
		return nil, c, nil, errors.New("no empty line after the text")
	}
	text += len(sep)
	end := bytes.Index(head[text:], sep)
	if end < 0 {
		return nil, c, nil, errors.New("no empty line after the signatures")
	}
	note = b[: text+end+1 : text+end+1]
	n, err := parseNote(note)
	if err != nil {
		return nil, c, nil, err
	}
	c, err = parseCheckpoint(n.Text)
	if err != nil {
		return nil, c, nil, err
	}
	return note, c, b[text+end+len(sep):], nil
}
