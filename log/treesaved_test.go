package log_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/log"
)

type emitted struct {
	level, width int
	index        uint64
	data         string
}

// A tree that is saved and read back goes on as if nothing had happened: the same
// roots, and the same tiles, each once.
func TestSavedTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(0, 70_000).Draw(t, "size")
		split := rapid.Uint64Range(0, size).Draw(t, "split")
		var want, got []emitted
		record := func(to *[]emitted) log.EmitTile {
			return func(level int, index uint64, width int, data []byte) error {
				*to = append(*to, emitted{level, width, index, string(data)})
				return nil
			}
		}
		whole, part := log.NewBuilder(record(&want)), log.NewBuilder(record(&got))
		leaf := func(i uint64) log.Hash { return log.LeafHash(binary.BigEndian.AppendUint64(nil, i)) }
		for i := range size {
			if i == split {
				saved, err := part.AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				if part, err = log.ParseBuilder(saved, record(&got)); err != nil {
					t.Fatal(err)
				}
				if again, err := part.AppendBinary(nil); err != nil || !bytes.Equal(again, saved) {
					t.Fatalf("saved again it is another: %v", err)
				}
				if part.Root() != whole.Root() || part.Size() != i {
					t.Fatal("the root is another")
				}
			}
			for _, b := range []*log.Builder{whole, part} {
				if err := b.Append(leaf(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, b := range []*log.Builder{whole, part} {
			if err := b.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if whole.Root() != part.Root() || len(want) != len(got) {
			t.Fatalf("roots %x and %x, %d and %d tiles", whole.Root(), part.Root(), len(want), len(got))
		}
		for i := range want {
			if want[i] != got[i] {
				t.Fatalf("tile %d differs: %s", i, log.TilePath(want[i].level, want[i].index, want[i].width))
			}
		}
	})
}

func TestSavedTreeRefuses(t *testing.T) {
	b := log.NewBuilder(nil)
	for range 300 {
		if err := b.Append(log.EmptyRoot()); err != nil {
			t.Fatal(err)
		}
	}
	saved, err := b.AppendBinary(nil)
	if err != nil || len(saved) != 8+44*32+32 {
		t.Fatalf("%d bytes, %v", len(saved), err)
	}
	for name, bad := range map[string][]byte{
		"nothing":    nil,
		"no size":    saved[:7],
		"cut short":  saved[:len(saved)-1],
		"one more":   append(bytes.Clone(saved), 0),
		"too large":  append([]byte{0x80}, saved[1:]...),
		"other size": append([]byte{0, 0, 0, 0, 0, 0, 2}, saved[7:]...),
	} {
		if _, err := log.ParseBuilder(bad, nil); !errors.Is(err, log.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseBuilder(f *testing.F) {
	b := log.NewBuilder(nil)
	for size := range 260 {
		if saved, err := b.AppendBinary(nil); err != nil {
			f.Fatal(err)
		} else if size < 4 || size > 254 {
			f.Add(saved)
		}
		if err := b.Append(log.EmptyRoot()); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(make([]byte, 8))
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := log.ParseBuilder(in, nil)
		if err != nil {
			return
		}
		b.Root()
		if out, err := b.AppendBinary(nil); err != nil || !bytes.Equal(out, in) {
			t.Errorf("written back it is %x, %v", out, err)
		}
	})
}
