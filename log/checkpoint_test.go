package log

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/log"
)

const zeroRoot = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

func TestParseCheckpoint(t *testing.T) {
	for _, text := range []string{
		"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
		"a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		"an origin with spaces + a plus sign\n1\n" + zeroRoot + "\n",
		"ö\n9223372036854775807\n" + zeroRoot + "\n",
	} {
		c, err := ParseCheckpoint([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := c.Marshal(); string(got) != text {
			t.Errorf("%q marshals to %q", text, got)
		}
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "three lines"},
		{"two lines", "a\n1\n", "three lines"},
		{"no last line feed", "a\n1\n" + zeroRoot, "three lines"},
		{"extension line", "a\n1\n" + zeroRoot + "\nmore\n", "three lines"},
		{"empty extension line", "a\n1\n" + zeroRoot + "\n\n", "three lines"},
		{"no origin", "\n1\n" + zeroRoot + "\n", "origin is empty"},
		{"size with a leading zero", "a\n01\n" + zeroRoot + "\n", "size"},
		{"size 00", "a\n00\n" + zeroRoot + "\n", "size"},
		{"size with a plus sign", "a\n+1\n" + zeroRoot + "\n", "size"},
		{"negative size", "a\n-1\n" + zeroRoot + "\n", "size"},
		{"size with an underscore", "a\n1_0\n" + zeroRoot + "\n", "size"},
		{"size in other digits", "a\n١\n" + zeroRoot + "\n", "size"},
		{"size with a space", "a\n1 \n" + zeroRoot + "\n", "size"},
		{"no size", "a\n\n" + zeroRoot + "\n", "size"},
		{"size 2^63", "a\n9223372036854775808\n" + zeroRoot + "\n", "2^63"},
		{"size over 2^64", "a\n18446744073709551617\n" + zeroRoot + "\n", "size"},
		{"short root", "a\n1\nAAAA\n", "3 bytes"},
		{"long root", "a\n1\nAAAA" + zeroRoot + "\n", "35 bytes"},
		{"empty root", "a\n1\n\n", "0 bytes"},
		{"bits set after the root", "a\n1\n" + zeroRoot[:42] + "B=\n", "base64"},
		{"root without padding", "a\n1\n" + zeroRoot[:43] + "\n", "base64"},
		{"root in hexadecimal", "a\n1\n" + strings.Repeat("0", 64) + "\n", "48 bytes"},
		{"CRLF", "a\r\n1\r\n" + zeroRoot + "\r\n", "0x0d"},
		{"origin not UTF-8", "\xff\n1\n" + zeroRoot + "\n", "UTF-8"},
		{"tab in the origin", "a\tb\n1\n" + zeroRoot + "\n", "0x09"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseCheckpoint([]byte(tt.text))
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			wantError(t, err, tt.want)
		})
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add([]byte("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"))
	f.Add([]byte("a\n0\n" + zeroRoot + "\n"))
	for _, b := range publishedVectors(f, "checkpoints.json", "checkpoint") {
		f.Add(textOf(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCheckpoint(b)
		if err != nil {
			return
		}
		if got := c.Marshal(); !bytes.Equal(got, b) {
			t.Fatalf("%q marshals to %q", b, got)
		}
		var theirs formats.Checkpoint
		if rest, err := theirs.Unmarshal(b); err != nil || len(rest) > 0 {
			t.Fatalf("formats refuses %q: %v", b, err)
		}
		if theirs.Origin != c.Origin || theirs.Size != c.Size || !bytes.Equal(theirs.Hash, c.Root[:]) {
			t.Fatalf("%q is %v, by formats %v", b, c, theirs)
		}
	})
}
