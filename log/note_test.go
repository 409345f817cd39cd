package log

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// The example of c2sp.org/signed-note.
const (
	specVkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	specNote = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

func TestParseNoteText(t *testing.T) {
	sig := "— a.example AAAAAAA=\n"
	for _, tt := range []struct{ name, note, text string }{
		{"one line", "text\n\n" + sig, "text\n"},
		{"empty lines within", "a\n\nb\n\n\nc\n\n" + sig, "a\n\nb\n\n\nc\n"},
		{"a signature line in the text", "a\n\n" + sig + "\n" + sig, "a\n\n" + sig},
		{"ends with empty lines", "a\n\n\n" + sig, "a\n\n"},
		{"only a line feed", "\n\n" + sig, "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := ParseNote([]byte(tt.note))
			if err != nil {
				t.Fatal(err)
			}
			if string(n.Text) != tt.text {
				t.Errorf("text is %q, want %q", n.Text, tt.text)
			}
			if len(n.Signatures) != 1 {
				t.Errorf("%d signatures, want 1", len(n.Signatures))
			}
		})
	}
}

func TestParseNoteRefuses(t *testing.T) {
	sig := "— a.example AAAAAAA=\n"
	for _, tt := range []struct{ name, note, want string }{
		{"nothing", "", "no empty line"},
		{"no empty line", "text\n" + sig, "no empty line"},
		{"no signature", "text\n\n", "no signature"},
		{"no last line feed", "text\n\n" + strings.TrimSuffix(sig, "\n"), "no line feed"},
		{"hyphen for a dash", "text\n\n- a.example AAAAAAA=\n", "does not begin"},
		{"en dash", "text\n\n– a.example AAAAAAA=\n", "does not begin"},
		{"no space after the dash", "text\n\n—a.example AAAAAAA=\n", "does not begin"},
		{"no name", "text\n\n—  AAAAAAA=\n", "name is empty"},
		{"no-break space in the name", "text\n\n— a\u00a0b AAAAAAA=\n", "has a space"},
		{"plus sign in the name", "text\n\n— a+b AAAAAAA=\n", "plus sign"},
		{"two spaces", "text\n\n— a  AAAAAAA=\n", "base64"},
		{"something after", "text\n\n— a AAAAAAA= b\n", "base64"},
		{"space at the end", "text\n\n— a AAAAAAA= \n", "base64"},
		{"nothing but a key ID", "text\n\n— a AAAAAA==\n", "4 bytes"},
		{"no base64", "text\n\n— a ????????\n", "base64"},
		{"base64 without padding", "text\n\n— a AAAAAAA\n", "base64"},
		{"base64 for URLs", "text\n\n— a AAAA____\n", "base64"},
		{"bits set after the last byte", "text\n\n— a AAAAAAB=\n", "base64"},
		{"carriage return", "text\r\n\n" + sig, "0x0d"},
		{"carriage return after a signature", "text\n\n— a AAAAAAA=\r\n", "0x0d"},
		{"tab", "te\txt\n\n" + sig, "0x09"},
		{"NUL", "te\x00xt\n\n" + sig, "0x00"},
		{"not UTF-8", "te\xffxt\n\n" + sig, "UTF-8"},
		{"surrogate half", "te\xed\xa0\x80xt\n\n" + sig, "UTF-8"},
		{"too many signatures", "text\n\n" + strings.Repeat(sig, MaxSignatures+1), "more than 256"},
		{"too long", strings.Repeat("x", MaxNoteSize) + "\n\n" + sig, "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseNote([]byte(tt.note))
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			wantError(t, err, tt.want)
		})
	}
}

// c2sp.org/signed-note: at least 16 signatures must be accepted, and one may
// be nearly 5 kB.
func TestParseNoteTakesManyLargeSignatures(t *testing.T) {
	line := "— pq.example " + base64.StdEncoding.EncodeToString(make([]byte, 5000)) + "\n"
	for _, n := range []int{16, 150} {
		b := []byte("text\n\n" + strings.Repeat(line, n))
		parsed, err := ParseNote(b)
		if err != nil {
			t.Fatalf("%d signatures: %v", n, err)
		}
		if len(parsed.Signatures) != n {
			t.Errorf("%d signatures, want %d", len(parsed.Signatures), n)
		}
	}
}

func TestParseSignatureLines(t *testing.T) {
	two := "— a.example AAAAAAA=\n— b.example AAAAAAA=\n"
	sigs, err := ParseSignatureLines([]byte(two))
	if err != nil {
		t.Fatal(err)
	}
	if len(sigs) != 2 || sigs[0].Line()+sigs[1].Line() != two {
		t.Errorf("got %v", sigs)
	}
	for _, bad := range []string{
		"", "\n", "\n\n", two + "\n", "\n" + two, "text\n\n" + two,
		"— a.example AAAAAAA=\n\n— b.example AAAAAAA=\n", strings.TrimSuffix(two, "\n"),
	} {
		if _, err := ParseSignatureLines([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: error %v, want ErrMalformed", bad, err)
		}
	}
}

// What the log signs, the note package of x/mod verifies.
func TestSignerAgreesWithXMod(t *testing.T) {
	s := testSigner(t, testOrigin)
	var _ note.Signer = s
	v, err := note.NewVerifier(s.Key().String())
	if err != nil {
		t.Fatal(err)
	}
	text := Checkpoint{Origin: testOrigin, Size: 7}.Marshal()
	ours, err := s.SignNote(text)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := note.Sign(&note.Note{Text: string(text)}, s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours.Marshal(), theirs) {
		t.Errorf("note is %q, by x/mod %q", ours.Marshal(), theirs)
	}
	if _, err := note.Open(ours.Marshal(), note.VerifierList(v)); err != nil {
		t.Error(err)
	}
}

// FuzzParseSignatureLines: what is read are the lines of a note, of any text.
func FuzzParseSignatureLines(f *testing.F) {
	const line = "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	f.Add([]byte(line))
	f.Add([]byte(line + "— a AAAAAAA=\n"))
	f.Add([]byte("\n" + line))
	f.Add([]byte("x\n\n" + line))
	f.Fuzz(func(t *testing.T, b []byte) {
		sigs, err := ParseSignatureLines(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		var again []byte
		for _, s := range sigs {
			again = append(again, s.Line()...)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%q is written again as %q", b, again)
		}
		n, err := ParseNote(append([]byte("any text\n\n"), b...))
		if err != nil || len(n.Signatures) != len(sigs) {
			t.Fatalf("%q are no lines of a note: %v", b, err)
		}
	})
}

func FuzzParseNote(f *testing.F) {
	f.Add([]byte(specNote))
	for _, b := range publishedVectors(f, "checkpoints.json", "checkpoint") {
		f.Add(b)
	}
	f.Add([]byte("a\n\nb\n\n\n— a.example AAAAAAA=\n— b AAAAAAAA\n"))
	f.Add(signed(f, Checkpoint{Origin: testOrigin, Size: 1}, map[*Cosigner]uint64{testCosigner(f, "w"): 5}))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseNote(b)
		if err != nil {
			return
		}
		if got := n.Marshal(); !bytes.Equal(got, b) {
			t.Fatalf("%q marshals to %q", b, got)
		}
		if len(n.Signatures) > 100 {
			return // x/mod's limit
		}
		var unverified *note.UnverifiedNoteError
		if _, err := note.Open(b, note.VerifierList()); !errors.As(err, &unverified) {
			t.Fatalf("x/mod refuses %q: %v", b, err)
		}
		if unverified.Note.Text != string(n.Text) {
			t.Fatalf("text of %q is %q, by x/mod %q", b, n.Text, unverified.Note.Text)
		}
	})
}
