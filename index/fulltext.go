package index

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/pledgelog/pledgelog/store"
)

const (
	putAtOnce  = 4096     // documents in one step
	matchBytes = 64 << 20 // memory for the sets of entries that have a phrase
	maxChanges = 256      // documents that are looked at singly, rather than all anew
)

// A fullText brings the texts of entries into a store of words, and keeps which entries
// have what was looked for last.
//
// The store may have been there before, from whatever log: a document counts as right if
// its mark is that of the text that the entry has now. What has no such entry is taken
// away before anything is shown.
type fullText struct {
	words store.Words

	// What follows is the replay's.
	known   map[uint32]int64 // marks of documents of before that no entry was met for yet
	queue   []store.Document
	flight  sync.WaitGroup   // the one Put under way
	unsent  []store.Document // that it failed to put
	failure error            // why

	mu      sync.Mutex
	kept    map[string]*list.Element
	recent  *list.List // of *match, last used in front
	bytes   uint64
	changed []uint32 // entries whose text changed after it had been shown
	dropped int      // how many are no longer in changed
}

// A match is the set of entries below upto that have a phrase, as of so many changes.
type match struct {
	phrase  string
	set     *roaring.Bitmap // never changed
	upto    uint32
	changes int
}

func openText(ctx context.Context, w store.Words) (*fullText, error) {
	t := &fullText{words: w, known: make(map[uint32]int64), kept: make(map[string]*list.Element), recent: list.New()}
	for m, err := range w.Marks(ctx) {
		if err != nil {
			return nil, fmt.Errorf("open index: %w", err)
		}
		t.known[m.Index] = m.Mark
	}
	return t, nil
}

// documentOf makes the document of texts. Mark is 0 when they have no word.
func documentOf(index uint64, texts []string) store.Document {
	d := store.Document{Marked: store.Marked{Index: uint32(index)}}
	if len(texts) == 0 {
		return d
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", tokensVersion)
	for _, t := range texts {
		fmt.Fprintf(h, "%d\n%s", len(t), t)
	}
	d.Mark = int64(binary.LittleEndian.Uint64(h.Sum(nil)))
	return d
}

// fill makes the tokens of a document.
func fill(d *store.Document, texts []string) {
	var b strings.Builder
	for i, t := range texts {
		if i > 0 {
			b.WriteString(" " + fieldBreak)
		}
		for _, token := range tokens(t) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(token)
		}
	}
	d.Tokens = strings.TrimSpace(b.String())
}

// holds reports whether the store had this document before, when it was opened.
func (t *fullText) holds(d store.Document) bool {
	m, ok := t.known[d.Index]
	return ok && m == d.Mark
}

// add puts the document of a new entry, soon. It reports false when the store has another
// one for that entry: then how its text stands after the last leaf decides.
func (t *fullText) add(ctx context.Context, d store.Document) bool {
	if m, ok := t.known[d.Index]; ok {
		if m == d.Mark {
			delete(t.known, d.Index)
		}
		return m == d.Mark
	}
	if d.Tokens == "" {
		return true
	}
	if t.queue = append(t.queue, d); len(t.queue) >= putAtOnce {
		t.send(ctx)
	}
	return true
}

// send begins to put what is queued, once what was sent before is there.
func (t *fullText) send(ctx context.Context) {
	if t.wait(); t.failure != nil {
		return // flush tries again
	}
	docs := t.queue
	t.queue = nil
	t.flight.Go(func() {
		if err := t.words.Put(ctx, docs); err != nil {
			t.unsent, t.failure = docs, err
		}
	})
}

func (t *fullText) wait() { t.flight.Wait() }

// flush puts everything that is queued, and documents that stand otherwise now than they
// did when they were shown, and takes away what no entry below size has.
func (t *fullText) flush(ctx context.Context, restated []store.Document, size uint64) error {
	t.wait()
	t.queue, t.unsent, t.failure = append(t.unsent, t.queue...), nil, nil
	for _, d := range restated {
		if t.holds(d) {
			delete(t.known, d.Index)
			continue
		}
		delete(t.known, d.Index)
		t.queue = append(t.queue, d)
	}
	for index := range t.known {
		if uint64(index) < size {
			t.queue = append(t.queue, store.Document{Marked: store.Marked{Index: index}})
			delete(t.known, index)
		}
	}
	t.queue = newestOf(t.queue)
	for len(t.queue) > 0 {
		n := min(len(t.queue), putAtOnce)
		if err := t.words.Put(ctx, t.queue[:n]); err != nil {
			return err
		}
		t.queue = t.queue[n:]
	}
	t.queue = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range restated {
		t.changed = append(t.changed, d.Index)
	}
	if drop := len(t.changed) - maxChanges; drop > 0 {
		t.changed = slices.Clone(t.changed[drop:])
		t.dropped += drop
	}
	return nil
}

// newestOf leaves the last document of each entry.
func newestOf(docs []store.Document) []store.Document {
	last := make(map[uint32]int, len(docs))
	for i, d := range docs {
		last[d.Index] = i
	}
	out := docs[:0]
	for i, d := range docs {
		if last[d.Index] == i {
			out = append(out, d)
		}
	}
	return out
}

// matching returns the entries below size that have a phrase.
func (t *fullText) matching(ctx context.Context, p store.Phrase, size uint32) (*roaring.Bitmap, error) {
	key := strings.Join(p.Tokens, " ")
	if p.Prefix {
		key += "*"
	}
	t.mu.Lock()
	old := match{phrase: key, set: roaring.New(), changes: t.dropped + len(t.changed)}
	if e := t.kept[key]; e != nil {
		t.recent.MoveToFront(e)
		old = *e.Value.(*match)
	}
	now := t.dropped + len(t.changed)
	var again []uint32
	if old.changes >= t.dropped {
		again = slices.Clone(t.changed[old.changes-t.dropped:])
	} else {
		old.set, old.upto = roaring.New(), 0
	}
	t.mu.Unlock()
	if old.upto >= size && len(again) == 0 {
		return old.set, nil
	}

	m := &match{phrase: key, set: old.set.Clone(), upto: max(old.upto, size), changes: now}
	for _, index := range again {
		if index >= old.upto {
			continue
		}
		found, err := t.words.Match(ctx, p, index, index+1)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			m.set.Add(index)
		} else {
			m.set.Remove(index)
		}
	}
	if old.upto < size {
		found, err := t.words.Match(ctx, p, old.upto, size)
		if err != nil {
			return nil, err
		}
		m.set.AddMany(found)
	}
	t.keep(m)
	return m.set, nil
}

func (t *fullText) keep(m *match) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(t.kept[m.phrase])
	t.kept[m.phrase] = t.recent.PushFront(m)
	t.bytes += m.size()
	for t.bytes > matchBytes && t.recent.Len() > 1 {
		t.drop(t.recent.Back())
	}
}

func (t *fullText) drop(e *list.Element) {
	if e == nil {
		return
	}
	m := e.Value.(*match)
	delete(t.kept, m.phrase)
	t.recent.Remove(e)
	t.bytes -= m.size()
}

// size is about the memory that it takes, in bytes.
func (m *match) size() uint64 { return m.set.GetSizeInBytes() + uint64(len(m.phrase)) + 200 }

// maxEntries is the largest log that sets of entries can hold.
const maxEntries = math.MaxUint32
