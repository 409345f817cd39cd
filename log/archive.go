package log

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
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
	notes, at, err := parseArchive(b)
	if err != nil {
		return nil, fmt.Errorf("parse archive: checkpoint %d: %w: %w", at+1, ErrMalformed, err)
	}
	return notes, nil
}

// archivePart is how many notes are parsed before they are compared with each other.
const archivePart = 4096

// parseArchive also tells with which note an error has to do, the first one that has any.
func parseArchive(b []byte) (notes [][]byte, at int, err error) {
	var uncut error
	for len(b) > 0 && uncut == nil {
		var note []byte
		if note, b, uncut = cutArchive(b); uncut == nil {
			notes = append(notes, note)
		}
	}
	var last Checkpoint
	for first := 0; first < len(notes); first += archivePart {
		checkpoints, errs := parseArchived(notes[first:min(first+archivePart, len(notes))])
		for i, c := range checkpoints {
			at, err := first+i, errs[i]
			if err == nil && at > 0 {
				switch {
				case c.Origin != last.Origin:
					err = fmt.Errorf("origin %q after origin %q", c.Origin, last.Origin)
				case c.Size < last.Size:
					err = fmt.Errorf("size %d after size %d", c.Size, last.Size)
				case bytes.Equal(notes[at], notes[at-1]):
					err = errors.New("the same checkpoint twice")
				}
			}
			if err != nil {
				return nil, at, err
			}
			last = c
		}
	}
	return notes, len(notes), uncut
}

// parseArchived parses each note and the checkpoint in it, on all processors.
func parseArchived(notes [][]byte) ([]Checkpoint, []error) {
	checkpoints, errs := make([]Checkpoint, len(notes)), make([]error, len(notes))
	var wg sync.WaitGroup
	const share = 256
	for first := 0; first < len(notes); first += share {
		wg.Go(func() {
			for i := first; i < min(first+share, len(notes)); i++ {
				n, err := parseNote(notes[i])
				if err == nil {
					checkpoints[i], err = parseCheckpoint(n.Text)
				}
				errs[i] = err
			}
		})
	}
	wg.Wait()
	return checkpoints, errs
}

// cutArchive cuts the first note off an archive. A checkpoint has no empty
// line in its text, so the first one ends the text and the second one ends
// the note.
func cutArchive(b []byte) (note, rest []byte, err error) {
	sep := []byte("\n\n")
	// Nothing further on can be part of a note that is small enough.
	head := b[:min(len(b), MaxNoteSize+1)]
	text := bytes.Index(head, sep)
	if text < 0 {
		return nil, nil, errors.New("no empty line after the text")
	}
	text += len(sep)
	end := bytes.Index(head[text:], sep)
	if end < 0 {
		return nil, nil, errors.New("no empty line after the signatures")
	}
	return b[: text+end+1 : text+end+1], b[text+end+len(sep):], nil
}
