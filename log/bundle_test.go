package log

import (
	"bytes"
	"errors"
	"testing"
)

func TestBundle(t *testing.T) {
	leaves := [][]byte{{'a'}, bytes.Repeat([]byte{'b'}, 300), bytes.Repeat([]byte{'c'}, MaxLeafSize)}
	var b []byte
	var err error
	for _, l := range leaves {
		if b, err = AppendBundle(b, l); err != nil {
			t.Fatal(err)
		}
	}
	if want := 3*2 + 1 + 300 + MaxLeafSize; len(b) != want {
		t.Errorf("bundle of %d bytes, want %d", len(b), want)
	}
	got, err := ParseBundle(b, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range leaves {
		if !bytes.Equal(got[i], leaves[i]) {
			t.Errorf("leaf %d comes back different", i)
		}
	}
	for _, leaf := range [][]byte{nil, {}, make([]byte, MaxLeafSize+1)} {
		after, err := AppendBundle(b, leaf)
		if !errors.Is(err, ErrLeafSize) {
			t.Errorf("leaf of %d bytes: error %v, want ErrLeafSize", len(leaf), err)
		}
		if len(after) != len(b) {
			t.Errorf("leaf of %d bytes was appended", len(leaf))
		}
	}
}

func TestParseBundleRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, bundle string
		n            int
		want         string
	}{
		{"no entry asked for", "\x00\x01a", 0, "want 1 to 256"},
		{"too many asked for", "\x00\x01a", 257, "want 1 to 256"},
		{"nothing", "", 1, "before entry 1"},
		{"half a length", "\x00", 1, "before entry 1"},
		{"one too few", "\x00\x01a", 2, "before entry 2"},
		{"one too many", "\x00\x01a\x00\x01b", 1, "3 bytes after"},
		{"a byte after", "\x00\x01a\x00", 1, "1 bytes after"},
		{"cut short", "\x00\x03ab", 1, "within entry 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseBundle([]byte(tt.bundle), tt.n)
			wantError(t, err, tt.want)
		})
	}
}

// What is signed can be read, an empty leaf too: see ParseBundle.
func TestParseBundleEmptyLeaf(t *testing.T) {
	leaves, err := ParseBundle([]byte("\x00\x01a\x00\x00\x00\x01b"), 3)
	if err != nil {
		t.Fatal(err)
	}
	if string(leaves[0]) != "a" || len(leaves[1]) != 0 || string(leaves[2]) != "b" {
		t.Errorf("leaves %q", leaves)
	}
}

// Appending to one of the leaves must not write over the next.
func TestParseBundleLeavesAreApart(t *testing.T) {
	leaves, err := ParseBundle([]byte("\x00\x01a\x00\x01b"), 2)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(leaves[0], "xyz"...)
	if string(leaves[1]) != "b" {
		t.Errorf("second leaf is %q now", leaves[1])
	}
}

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x01b"), 2)
	f.Add(keptFiles(f, "log/tile/entries/000.p/5")[0], 5)
	f.Add([]byte("\x00\x03abc"), 1)
	f.Add([]byte("\x00\x00"), 1)
	f.Add([]byte("\x00\x00\x00\x01a"), 2)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		leaves, err := ParseBundle(b, n)
		if err != nil {
			return
		}
		if len(leaves) != n {
			t.Fatalf("%d leaves, want %d", len(leaves), n)
		}
		var got []byte
		for _, l := range leaves {
			if len(l) == 0 { // which AppendBundle does not write
				got = append(got, 0, 0)
			} else if got, err = AppendBundle(got, l); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, b) {
			t.Fatalf("%q comes back as %q", b, got)
		}
	})
}
