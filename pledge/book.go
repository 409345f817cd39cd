package pledge

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// A log is kept for decades and an auditor's laptop holds all of it that the
// rules can ask for again. So what is kept of every statement is a few dozen
// bytes, in blocks without pointers.

// blockSize is how many records a block has.
const blockSize = 1 << 12

// blocks is a list that grows without being copied. T has a fixed size and no
// pointers. As JSON it is a list of base64 strings, a block each.
type blocks[T any] struct {
	full [][]T
	n    int
}

func (b *blocks[T]) len() int { return b.n }

func (b *blocks[T]) at(i int) *T { return &b.full[i/blockSize][i%blockSize] }

func (b *blocks[T]) add(v T) int {
	if b.n%blockSize == 0 {
		b.full = append(b.full, make([]T, 0, blockSize))
	}
	last := &b.full[len(b.full)-1]
	*last = append(*last, v)
	b.n++
	return b.n - 1
}

// MarshalJSONTo writes the records in little-endian order.
func (b blocks[T]) MarshalJSONTo(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	var raw []byte
	for _, block := range b.full {
		var err error
		if raw, err = binary.Append(raw[:0], binary.LittleEndian, block); err != nil {
			return err
		}
		if err := enc.WriteToken(jsontext.String(base64.StdEncoding.EncodeToString(raw))); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndArray)
}

// UnmarshalJSONFrom reads what MarshalJSONTo writes.
func (b *blocks[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*b = blocks[T]{}
	var list [][]byte
	if err := json.UnmarshalDecode(dec, &list); err != nil {
		return err
	}
	size := binary.Size(*new(T))
	for i, raw := range list {
		n := len(raw) / size
		if n*size != len(raw) || n > blockSize || n < blockSize && i != len(list)-1 || n == 0 {
			return fmt.Errorf("a block has %d bytes, its records %d", len(raw), size)
		}
		block := make([]T, n, blockSize)
		if _, err := binary.Decode(raw, binary.LittleEndian, block); err != nil {
			return err
		}
		b.full, b.n = append(b.full, block), b.n+n
	}
	return nil
}

// A ref names an accepted statement by its place in the book: 0 for the first that was accepted.
type ref = uint32

// noRef is no ref.
const noRef ref = 1<<32 - 1

// A textKey names a text for the rules: the first half of the SHA-256 of the 32
// bytes of its digest. Whoever names a text by another digest than its own is
// refused: one that differs anywhere has another key, and to find one that has not
// takes 2^128 hashes. The digest's own first half would not do, as anybody can write
// down a digest that begins like another. Only an author that does 2^64 hashes could
// find two texts of its own with one key, and it would come to have the second
// refused by everybody alike.
type textKey [16]byte

// keyOf is the one way from a digest to what is kept of it. What is no digest has
// the key of no text.
func keyOf(digest string) (k textKey) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(digest)
	if err == nil && len(b) == sha256.Size {
		sum := sha256.Sum256(b)
		copy(k[:], sum[:])
	}
	return k
}

// A record is what is kept of every accepted statement.
type record struct {
	ID      entry.ID
	Text    textKey // of its detached body; zero when it has none
	Indexed [6]byte // its index: up to 2^48, which no log that fits in memory has
	Author  uint16  // place in kept.People
	Kind    uint8   // place in entry.Kinds
	Flags   uint8
}

func indexed(index uint64) (b [6]byte) {
	for i := range b {
		b[i] = byte(index >> (8 * i))
	}
	return b
}

func (r *record) index() (index uint64) {
	for i, b := range r.Indexed {
		index |= uint64(b) << (8 * i)
	}
	return index
}

const (
	hasText     = 1 << iota // it has a bodyDigest
	isWithheld              // the text was not published with it
	isOpened                // it was withheld, and an open published it
	isCorrected             // voided or superseded
	isInstead               // it supersedes another
)

// A book holds the records, and finds them by entry id and by digest.
type book struct {
	Records blocks[record]
	byID    table
	byText  table
}

// A table is a hash table of numbers with linear probing. Keys are hashes, so
// their first bytes are the hash.
type table struct {
	// tags are the last bytes of the hashes, for which a 0 is a 1; 0 is free. To look
	// at what has another tag would be to fetch it from far away in memory.
	tags  []uint8
	slots []ref
	used  int
}

func tagOf(hash uint64) uint8 { return max(1, uint8(hash)) }

// place is where to begin to look for a hash: as far into the table as the hash is
// into all hashes.
func (t *table) place(hash uint64) int {
	hi, _ := bits.Mul64(hash, uint64(len(t.slots)))
	return int(hi)
}

func (t *table) next(i int) int {
	if i++; i < len(t.slots) {
		return i
	}
	return 0
}

func (t *table) find(hash uint64, same func(ref) bool) ref {
	if len(t.slots) == 0 {
		return noRef
	}
	tag := tagOf(hash)
	for i := t.place(hash); ; i = t.next(i) {
		switch t.tags[i] {
		case 0:
			return noRef
		case tag:
			if n := t.slots[i]; same(n) {
				return n
			}
		}
	}
}

// add puts n in. Rehash gives the hash of a ref that is in.
func (t *table) add(hash uint64, n ref, rehash func(ref) uint64) {
	if t.used*5 >= len(t.slots)*4 {
		tags, slots := t.tags, t.slots
		size := max(64, len(slots)+len(slots)/4)
		t.tags, t.slots = make([]uint8, size), make([]ref, size)
		for i, o := range slots {
			if tags[i] != 0 {
				t.put(rehash(o), o)
			}
		}
	}
	t.put(hash, n)
	t.used++
}

func (t *table) put(hash uint64, n ref) {
	i := t.place(hash)
	for t.tags[i] != 0 {
		i = t.next(i)
	}
	t.tags[i], t.slots[i] = tagOf(hash), n
}

func (b *book) find(id entry.ID) ref {
	return b.byID.find(binary.LittleEndian.Uint64(id[:]), func(n ref) bool { return b.Records.at(int(n)).ID == id })
}

// used reports whether an author has used a digest before.
func (b *book) used(author uint16, k textKey) bool {
	return b.byText.find(binary.LittleEndian.Uint64(k[:]), func(n ref) bool {
		r := b.Records.at(int(n))
		return r.Author == author && r.Text == k
	}) != noRef
}

func (b *book) add(r record) ref {
	n := ref(b.Records.add(r))
	b.enter(n)
	return n
}

// enter makes the record n findable.
func (b *book) enter(n ref) {
	r := b.Records.at(int(n))
	b.byID.add(binary.LittleEndian.Uint64(r.ID[:]), n, func(o ref) uint64 {
		return binary.LittleEndian.Uint64(b.Records.at(int(o)).ID[:])
	})
	if r.Flags&hasText != 0 {
		b.byText.add(binary.LittleEndian.Uint64(r.Text[:]), n, func(o ref) uint64 {
			return binary.LittleEndian.Uint64(b.Records.at(int(o)).Text[:])
		})
	}
}

func (b *book) at(n ref) *record { return b.Records.at(int(n)) }

func (b *book) kind(n ref) entry.Kind { return entry.Kinds[b.at(n).Kind] }
