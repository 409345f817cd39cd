package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/store/storetest"
)

func openWords(t *testing.T, path string) *sqlite.Words {
	t.Helper()
	w, err := sqlite.OpenWords(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func TestWords(t *testing.T) {
	storetest.Words(t, func(t *testing.T) (store.Words, func() store.Words) {
		path := filepath.Join(t.TempDir(), "words")
		w := openWords(t, path)
		return w, func() store.Words {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			w = openWords(t, path)
			return w
		}
	})
}

func document(index uint32, tokens string) store.Document {
	return store.Document{Marked: store.Marked{Index: index, Mark: int64(len(tokens))}, Tokens: tokens}
}

// TestWordsAreGoneFromTheFiles: what was taken away or replaced is in none of the files,
// among others and while others read.
func TestWordsAreGoneFromTheFiles(t *testing.T) {
	dir := t.TempDir()
	w := openWords(t, filepath.Join(dir, "words"))
	ctx := t.Context()
	var docs []store.Document
	for i := range uint32(3000) {
		docs = append(docs, document(i, fmt.Sprintf("some words that stand in all of them and of each word%d", i)))
	}
	const gone, replaced = "schweigepflichtig", "verschwiegenheit"
	docs[700] = document(700, "a text with "+gone+" in it "+gone)
	docs[2100] = document(2100, replaced+" at the beginning")
	for part := range slices.Chunk(docs, 500) {
		if err := w.Put(ctx, part); err != nil {
			t.Fatal(err)
		}
	}
	find := func(word string) []uint32 {
		t.Helper()
		got, err := w.Match(ctx, store.Phrase{Tokens: []string{word}}, 0, 3000)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := find(gone); !slices.Equal(got, []uint32{700}) {
		t.Fatalf("before: %v", got)
	}
	inFiles := func(word string) (names []string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(word)) {
				names = append(names, filepath.Base(f))
			}
		}
		return names
	}
	if len(inFiles(gone)) == 0 || len(inFiles(replaced)) == 0 {
		t.Fatal("the words were in no file: this test looks in the wrong place")
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					w.Match(ctx, store.Phrase{Tokens: []string{"some", "words"}}, 0, 3000)
				}
			}
		})
	}
	err := w.Put(ctx, []store.Document{document(700, ""), document(2100, "something else")})
	close(stop)
	readers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{gone, replaced} {
		if got := find(word); len(got) != 0 {
			t.Errorf("%s is found at %v", word, got)
		}
		// FTS5 keeps a word once, and of the next one what differs: halves of it are looked for too.
		for _, part := range []string{word, word[:10], word[6:]} {
			if files := inFiles(part); len(files) > 0 {
				t.Errorf("%s is still in %v", part, files)
			}
		}
	}
	if got := find("some"); len(got) != 2998 {
		t.Errorf("%d others are found", len(got))
	}
}

// TestWordsFileIsSpoilt: a damaged file is made anew, empty; another database is left alone.
func TestWordsFileIsSpoilt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words")
	w := openWords(t, path)
	if err := w.Put(t.Context(), []store.Document{document(1, "one")}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database at all. ", 400)), 0o600); err != nil {
		t.Fatal(err)
	}
	w = openWords(t, path)
	for m, err := range w.Marks(t.Context()) {
		t.Fatalf("a new file holds %v, %v", m, err)
	}
	if got, err := w.Match(t.Context(), store.Phrase{Tokens: []string{"one"}}, 0, 10); err != nil || len(got) != 0 {
		t.Fatalf("a new file finds %v, %v", got, err)
	}

	_, other := create(t)
	before, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	if w, err := sqlite.OpenWords(t.Context(), other); err == nil {
		w.Close()
		t.Fatal("the store's own file is opened as words")
	}
	if after, err := os.ReadFile(other); err != nil || !bytes.Equal(before, after) {
		t.Fatalf("the other database was changed: %v", err)
	}
}
