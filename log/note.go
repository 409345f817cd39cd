package log

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxNoteSize is the largest signed note in bytes: room for 256
	// signatures by ML-DSA-44.
	MaxNoteSize = 1 << 20
	// MaxSignatures is how many signature lines a note may have.
	MaxSignatures = 256
)

// ErrMalformed says that a note, a checkpoint, a policy or a proof is not in
// its format.
var ErrMalformed = errors.New("malformed")

// NoteSignature is one signature line of a note. It says nothing on whether
// the signature is good.
type NoteSignature struct {
	Name string // the key's name
	ID   uint32 // the key's ID
	Sig  []byte // what stands after the key ID, at least one byte
}

// Line returns the signature as a line of a note, with its line feed.
func (s NoteSignature) Line() string {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(s.Sig)), s.ID)
	b = append(b, s.Sig...)
	return "— " + s.Name + " " + base64.StdEncoding.EncodeToString(b) + "\n"
}

// Note is a signed note, c2sp.org/signed-note.
type Note struct {
	Text       []byte // ends with a line feed
	Signatures []NoteSignature
}

// ParseNote parses a signed note of at most [MaxNoteSize] bytes with 1 to
// [MaxSignatures] signatures. It checks the form alone: no signature is
// verified. Errors match [ErrMalformed].
func ParseNote(b []byte) (*Note, error) {
	n, err := parseNote(b)
	if err != nil {
		return nil, fmt.Errorf("parse note: %w: %w", ErrMalformed, err)
	}
	return n, nil
}

func parseNote(b []byte) (*Note, error) {
	if len(b) > MaxNoteSize {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), MaxNoteSize)
	}
	if err := checkNoteText(b); err != nil {
		return nil, err
	}
	i := bytes.LastIndex(b, []byte("\n\n"))
	if i < 0 {
		return nil, errors.New("no empty line before the signatures")
	}
	n := &Note{Text: b[: i+1 : i+1]}
	lines := string(b[i+2:])
	if lines == "" {
		return nil, errors.New("no signature")
	}
	n.Signatures = make([]NoteSignature, 0, min(strings.Count(lines, "\n"), MaxSignatures))
	for lines != "" {
		line, rest, ok := strings.Cut(lines, "\n")
		if !ok {
			return nil, errors.New("last line has no line feed")
		}
		if len(n.Signatures) == MaxSignatures {
			return nil, fmt.Errorf("more than %d signatures", MaxSignatures)
		}
		s, err := parseSignatureLine(line)
		if err != nil {
			return nil, fmt.Errorf("signature %d: %w", len(n.Signatures)+1, err)
		}
		n.Signatures = append(n.Signatures, s)
		lines = rest
	}
	return n, nil
}

// checkNoteText refuses what no part of a note may hold: bytes that are not
// UTF-8, and control characters other than the line feed.
func checkNoteText(b []byte) error {
	for _, c := range b {
		if c < 0x20 && c != '\n' {
			return fmt.Errorf("control character 0x%02x", c)
		}
	}
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	return nil
}

// parseSignatureLine parses a signature line without its line feed.
func parseSignatureLine(line string) (NoteSignature, error) {
	rest, ok := strings.CutPrefix(line, "— ")
	if !ok {
		return NoteSignature{}, errors.New(`line does not begin with "— "`)
	}
	name, sig, ok := strings.Cut(rest, " ")
	if !ok {
		return NoteSignature{}, errors.New("line has no signature")
	}
	if err := checkKeyName(name); err != nil {
		return NoteSignature{}, err
	}
	raw, err := decodeBase64(sig)
	if err != nil {
		return NoteSignature{}, err
	}
	if len(raw) < 5 {
		return NoteSignature{}, fmt.Errorf("signature of %d bytes, want a key ID of 4 and more", len(raw))
	}
	return NoteSignature{Name: name, ID: binary.BigEndian.Uint32(raw), Sig: raw[4:]}, nil
}

// ParseSignatureLines parses signature lines alone, each with its line feed,
// as a witness answers with (c2sp.org/tlog-witness). There may be up to
// [MaxSignatures]; none is an error. Errors match [ErrMalformed].
func ParseSignatureLines(b []byte) ([]NoteSignature, error) {
	// A text makes a note of them, and none of its lines can be taken for a
	// signature's: an empty line among the lines would leave a text that is
	// not just this one.
	const text = "-\n"
	n, err := ParseNote(append([]byte(text+"\n"), b...))
	if err != nil {
		return nil, err
	}
	if string(n.Text) != text {
		return nil, fmt.Errorf("parse signature lines: %w: empty line", ErrMalformed)
	}
	return n.Signatures, nil
}

// checkKeyName says whether a key may have this name (c2sp.org/signed-note).
func checkKeyName(name string) error {
	switch {
	case name == "":
		return errors.New("key name is empty")
	case !utf8.ValidString(name):
		return errors.New("key name is not UTF-8")
	case strings.Contains(name, "+"):
		return errors.New("key name has a plus sign")
	}
	for _, r := range name {
		if unicode.IsSpace(r) {
			return errors.New("key name has a space")
		}
		if r < 0x20 {
			return errors.New("key name has a control character")
		}
	}
	return nil
}

// Marshal returns the note's bytes. It is the inverse of [ParseNote].
func (n *Note) Marshal() []byte {
	var b bytes.Buffer
	b.Write(n.Text)
	b.WriteByte('\n')
	for _, s := range n.Signatures {
		b.WriteString(s.Line())
	}
	return b.Bytes()
}
