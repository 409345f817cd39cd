package storetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/store"
)

// Words holds an implementation of store.Words to its contract. open returns an empty one,
// and what closes it and opens it again.
func Words(t *testing.T, open func(t *testing.T) (store.Words, func() store.Words)) {
	t.Run("what a plain search finds", func(t *testing.T) { wordsLaw(t, open) })
	t.Run("any characters", func(t *testing.T) { wordsOfAllScripts(t, open) })
}

// wordsLaw puts, replaces, takes away and looks for documents of few words in any order, and
// compares with a search that goes through all of them.
func wordsLaw(t *testing.T, open func(t *testing.T) (store.Words, func() store.Words)) {
	w, again := open(t)
	ctx := t.Context()
	held := make(map[uint32]store.Document)
	word := rapid.SampledFrom([]string{"a", "ab", "abc", "b", "ba", "後", "門", "or", "and", "not", "near"})
	tokens := rapid.SliceOfN(word, 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		var docs []store.Document
		for _, i := range rapid.SliceOfNDistinct(rapid.Uint32Range(0, 30), 0, 8, rapid.ID).Draw(t, "indexes") {
			text := strings.Join(tokens.Draw(t, "tokens"), " ")
			docs = append(docs, store.Document{Marked: store.Marked{Index: i, Mark: markOf(text)}, Tokens: text})
		}
		if err := w.Put(ctx, docs); err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			if delete(held, d.Index); d.Tokens != "" {
				held[d.Index] = d
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "reopen") == 0 {
			w = again()
		}
		p := store.Phrase{Tokens: rapid.SliceOfN(word, 1, 3).Draw(t, "phrase"), Prefix: rapid.Bool().Draw(t, "prefix")}
		from, to := rapid.Uint32Range(0, 31).Draw(t, "from"), rapid.Uint32Range(0, 31).Draw(t, "to")
		got, err := w.Match(ctx, p, from, to)
		if err != nil {
			t.Fatal(err)
		}
		want := []uint32{}
		for i := from; i < to; i++ {
			if stands(p, strings.Fields(held[i].Tokens)) {
				want = append(want, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v from %d to %d: found %v, want %v", p, from, to, got, want)
		}
		marks := make(map[uint32]int64)
		for m, err := range w.Marks(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			marks[m.Index] = m.Mark
		}
		for i, d := range held {
			if mark, ok := marks[i]; !ok || mark != d.Mark {
				t.Fatalf("mark of %d: %d, %v", i, mark, ok)
			}
		}
		if len(marks) != len(held) {
			t.Fatalf("%d marks of %d documents", len(marks), len(held))
		}
	})
}

// markOf is a mark of its own for each text.
func markOf(text string) int64 {
	h := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(h[:]))
}

// stands reports whether a phrase stands in a document.
func stands(p store.Phrase, doc []string) bool {
	for at := 0; at+len(p.Tokens) <= len(doc); at++ {
		last := len(p.Tokens) - 1
		if slices.Equal(doc[at:at+last], p.Tokens[:last]) && (doc[at+last] == p.Tokens[last] || p.Prefix && strings.HasPrefix(doc[at+last], p.Tokens[last])) {
			return true
		}
	}
	return false
}

// wordsOfAllScripts looks for each character beyond ASCII that a token may have.
func wordsOfAllScripts(t *testing.T, open func(t *testing.T) (store.Words, func() store.Words)) {
	w, _ := open(t)
	ctx := t.Context()
	var docs []store.Document
	chars := []rune("éßñøąčşığλωяїאבعربكहिन्दीไทย한국語日本ー々𠮷😀")
	for i, r := range chars {
		docs = append(docs, store.Document{Marked: store.Marked{Index: uint32(i)}, Tokens: fmt.Sprintf("x%cy before%c %c", r, r, r)})
	}
	if err := w.Put(ctx, docs); err != nil {
		t.Fatal(err)
	}
	for i, r := range chars {
		for _, p := range []store.Phrase{{Tokens: []string{string(r)}}, {Tokens: []string{"before" + string(r), string(r)}}, {Tokens: []string{"x" + string(r)}, Prefix: true}} {
			got, err := w.Match(ctx, p, 0, uint32(len(chars)))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(got, uint32(i)) {
				t.Errorf("%q is not found", p.Tokens)
			}
			for _, j := range got {
				if chars[j] != r {
					t.Errorf("%q finds %q", p.Tokens, chars[j])
				}
			}
		}
	}
}
