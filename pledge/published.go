package pledge

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/pledgelog/pledgelog/entry"
)

// A Text is one text that the log commits to: the detached body of an accepted
// statement, or a disclosure that was opened for it.
type Text struct {
	Entry     entry.ID // statement
	Index     uint64   // of the statement
	Published uint64   // index of the leaf with which the text became public; counts when State is TextPublic or TextErased
	Body      bool     // it is the statement's detached body
	State     TextState
}

// Text returns a text of the statement id by its digest; its State is TextUnknown
// when the statement has committed to no such text.
func (s *State) Text(id entry.ID, digest string) Text {
	n := s.k.Book.find(id)
	if n == noRef {
		return Text{State: TextUnknown}
	}
	return s.text(n, digest)
}

func (s *State) text(n ref, digest string) Text {
	r, k := s.k.Book.at(n), keyOf(digest)
	t := Text{Entry: r.ID, Index: r.index(), Published: r.index(), State: s.TextOf(r.ID, digest)}
	t.Body = r.Flags&hasText != 0 && r.Text == k
	for _, o := range s.k.Opened[n] {
		if o.Text == k {
			t.Published = o.Index
		}
	}
	return t
}

// EntryAt returns the entry id of the accepted statement at an index; ok is false
// when there is none.
func (s *State) EntryAt(index uint64) (id entry.ID, ok bool) {
	all := &s.k.Book.Records
	n := sort.Search(all.len(), func(n int) bool { return all.at(n).index() >= index })
	if n == all.len() || all.at(n).index() != index {
		return entry.ID{}, false
	}
	return all.at(n).ID, true
}

// Named returns the text of a digest, whichever statement has committed to it. Of
// several it is one that is public, or else erased, or else withheld: what is
// served under the digest is right if one of them is to be served.
func (s *State) Named(digest string) Text {
	best := Text{State: TextUnknown}
	weigh := func(n ref) {
		t := s.text(n, digest)
		if c := cmp.Compare(weightOf(t.State), weightOf(best.State)); c > 0 || c == 0 && t.Index < best.Index {
			best = t
		}
	}
	k := keyOf(digest)
	s.k.Book.eachText(k, weigh)
	for _, n := range s.disclosed[k] {
		weigh(n)
	}
	return best
}

func weightOf(s TextState) int {
	return slices.Index([]TextState{TextUnknown, TextWithheld, TextErased, TextPublic}, s)
}

// eachText calls f for every record whose bodyDigest has this key.
func (b *book) eachText(k textKey, f func(ref)) {
	b.byText.each(binary.LittleEndian.Uint64(k[:]), func(n ref) {
		if b.at(n).Text == k {
			f(n)
		}
	})
}

// each calls f for what may have this hash.
func (t *table) each(hash uint64, f func(ref)) {
	if len(t.slots) == 0 {
		return
	}
	for i := t.place(hash); t.tags[i] != 0; i = t.next(i) {
		if t.tags[i] == tagOf(hash) {
			f(t.slots[i])
		}
	}
}

// TextFinding is the finding on a public text that is not served as it should be, of
// one of these codes: FindBodyMissing and FindBodyMismatch, with the statement whose
// detached body it is; FindDisclosureGone and FindDisclosureOff, with the open.
func TextFinding(c entry.Code, index uint64, id entry.ID) Finding {
	f := finding(c, map[entry.Code]string{
		FindBodyMissing:    "The operator does not serve the text that this statement names.",
		FindBodyMismatch:   "The text that the operator serves for this statement is not the one that was signed.",
		FindDisclosureGone: "The operator does not serve a field that this statement opens.",
		FindDisclosureOff:  "What the operator serves for a field that this statement opens is not what was opened.",
	}[c])
	f.Index, f.Entry = &index, id.String()
	return f
}
