package verifier

import (
	"cmp"
	"encoding/base64"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A textCheck follows what the log says of texts: which are public, opened or
// erased, which fields are sealed, and what is served of them. What is said of a
// text that is not there waits for the end of the log, as the operator may have
// logged later that it erased it.
type textCheck struct {
	s    *stream
	kept keptTexts

	openings []*opening // opens whose texts wait to be compared
	bytes    int        // that they hold
	files    []oddFile
	extras   []extraText
	wasThere map[int]bool    // erasures, by place in State.Erasures, of texts that this run has seen served
	silenced map[uint64]bool // entries of which nothing is said any more that their texts showed
	off      map[uint64]bool // bundles of texts that hold something else
	flooded  map[uint64]bool // those of which not every line that nobody names is among extras
	unbound  map[uint64]bool // bundles of texts that are not there
	lacking  []lackedText
	lacked   uint64          // bundles that are not whole
	unopened map[uint64]bool // statements whose withheld text is served
	erased   map[uint64]bool // erasures, by index, whose text is served
	filesOff uint64          // files of single texts that are missing or hold something else
	restart  bool            // what was kept is not enough
}

// keptTexts is what an audit keeps of texts.
type keptTexts struct {
	Public   uint64             // that statements published or opened
	Erased   uint64             // those of them that were erased
	Withheld uint64             // that are neither published nor opened
	Opened   uint64             // texts and fields that were opened
	Odd      []oddText          // public and not erased ones that are not as they should be, by index
	Seals    map[uint64]*sealed // fields that are sealed, by the index of the statement
}

// An oddText is a public text that is not served as it should be.
type oddText struct {
	Index  uint64 // of the leaf with which it became public
	Of     uint64 // index of the statement whose text it is
	Digest shortDigest
	State  textState // textMissing, textAltered or textInvalid
	Body   bool      // it is the statement's detached body
}

// A shortDigest is the first half of a digest: enough to know a text of a leaf by.
type shortDigest [16]byte

func short(digest string) (d shortDigest) {
	b, err := base64.RawURLEncoding.DecodeString(digest)
	if err == nil && len(b) >= len(d) {
		copy(d[:], b)
	}
	return d
}

func byText(x, y oddText) int {
	return cmp.Or(cmp.Compare(x.Index, y.Index), slices.Compare(x.Digest[:], y.Digest[:]))
}

// A sealed is a statement with sealed fields that are not opened.
type sealed struct {
	Entry  entry.ID
	Author string
	Logged int64
	Seals  []entry.Seal
}

// An oddFile is the file of a single text that is not as it should be.
type oddFile struct {
	index  uint64 // entry whose text it is, or that opened it
	entry  entry.ID
	of     entry.ID // statement whose text it is
	digest string
	state  fileState
}

// An extraText is a line of a bundle of texts that no statement of its entries
// names.
type extraText struct {
	bundle uint64
	digest string
}

func newTextCheck(s *stream) *textCheck {
	return &textCheck{s: s, kept: keptTexts{Seals: make(map[uint64]*sealed)}, wasThere: make(map[int]bool), silenced: make(map[uint64]bool),
		off: make(map[uint64]bool), flooded: make(map[uint64]bool), unbound: make(map[uint64]bool), unopened: make(map[uint64]bool), erased: make(map[uint64]bool)}
}

// A lackedText is a public text that is served under its own address and not in the
// bundle of the entry with which it became public.
type lackedText struct {
	index  uint64 // of that entry
	of     entry.ID
	digest string
}

// lack notes a text that its bundle does not have.
func (t *textCheck) lack(index uint64, of entry.ID, digest string) {
	if len(t.lacking) < maxLacking {
		t.lacking = append(t.lacking, lackedText{index, of, digest})
	}
}

// maxLacking is how many of these are told apart.
const maxLacking = 100_000

// takeBundle takes in what is wrong with a chunk's bundle of texts.
func (t *textCheck) takeBundle(c *chunk) {
	if c.unbound {
		t.unbound[c.index] = true
	}
	if c.textsOff {
		t.off[c.index] = true
	}
	if c.flooded {
		t.flooded[c.index] = true
	}
	for _, digest := range c.extra {
		if len(t.extras) == maxPerCode {
			t.off[c.index], t.flooded[c.index] = true, true
			break
		}
		t.extras = append(t.extras, extraText{c.index, digest})
	}
}

// take takes in the texts of a statement that was just accepted.
func (t *textCheck) take(it *pledge.Item, j judgedText) {
	st := it.Statement
	t.s.note(j.findings)
	switch b := st.Body.(type) {
	case *entry.Open:
		t.open(it, b, j.opened)
		return
	case *entry.Erasure:
		t.erase(b)
	}
	switch {
	case st.BodyDigest == "":
		return
	case st.IsWithheld():
		t.kept.Withheld++
		return
	}
	t.kept.Public++
	switch j.state {
	case pledge.BodyMissing:
		t.odd(it.Index, it.Index, st.BodyDigest, textMissing, true)
	case pledge.BodyAltered:
		t.odd(it.Index, it.Index, st.BodyDigest, textAltered, true)
	case pledge.BodyInvalid:
		t.odd(it.Index, it.Index, st.BodyDigest, textInvalid, true)
	}
	t.seal(it.Index, it.Leaf.Logged, st, j.seals)
	said := j.state == pledge.BodyAltered || j.state == pledge.BodyMissing
	if j.lacks {
		t.lack(it.Index, st.ID, st.BodyDigest)
	}
	t.file(oddFile{it.Index, st.ID, st.ID, st.BodyDigest, j.file}, said)
}

// odd notes a public text that is not as it should be.
func (t *textCheck) odd(index, of uint64, digest string, state textState, body bool) {
	o := oddText{index, of, short(digest), state, body}
	at, _ := slices.BinarySearchFunc(t.kept.Odd, o, byText)
	t.kept.Odd = slices.Insert(t.kept.Odd, at, o)
}

// mend takes a text off the list of those that are not as they should be, and says
// what was wrong with it.
func (t *textCheck) mend(index uint64, digest string) (was textState, ok bool) {
	at, ok := slices.BinarySearchFunc(t.kept.Odd, oddText{Index: index, Digest: short(digest)}, byText)
	if !ok {
		return 0, false
	}
	was = t.kept.Odd[at].State
	t.kept.Odd = slices.Delete(t.kept.Odd, at, at+1)
	return was, true
}

// file notes what became of the file of a single text. Said: the text itself is
// missing or altered, which is said of that.
func (t *textCheck) file(f oddFile, said bool) {
	switch {
	case f.state == fileGood || said:
	case len(t.files) < maxPerCode:
		t.files = append(t.files, f)
	default:
		t.filesOff++
	}
}

// seal notes the sealed fields of a statement's text, as far as they were not
// opened.
func (t *textCheck) seal(index uint64, logged int64, st *entry.Statement, seals []entry.Seal) {
	closed := slices.DeleteFunc(slices.Clone(seals), func(s entry.Seal) bool {
		return t.s.state.Text(st.ID, s.Digest).State != pledge.TextUnknown
	})
	if len(closed) > 0 {
		t.kept.Seals[index] = &sealed{st.ID, st.Author, logged, closed}
	}
}

// unseal notes that a field of the statement at index was opened.
func (t *textCheck) unseal(index uint64, digest string) {
	s := t.kept.Seals[index]
	if s == nil {
		return
	}
	s.Seals = slices.DeleteFunc(s.Seals, func(s entry.Seal) bool { return s.Digest == digest })
	if len(s.Seals) == 0 {
		delete(t.kept.Seals, index)
	}
}

// sealFindings says at a moment what is to be said of the fields that are still sealed.
func (t *textCheck) sealFindings(moment int64) []pledge.Finding {
	var found []pledge.Finding
	for index, s := range t.kept.Seals {
		st := &entry.Statement{ID: s.Entry, Author: s.Author}
		found = append(found, t.s.state.Seals(index, s.Logged, st, s.Seals, func(string) bool { return false }, moment)...)
	}
	return found
}

// erase takes in an accepted erasure. What is served of the text, and whether that
// is too much, shows at the end: see settle.
func (t *textCheck) erase(b *entry.Erasure) {
	text := t.s.state.Text(b.Entry, b.Digest)
	t.kept.Erased++
	if was, odd := t.mend(text.Published, b.Digest); !odd || was == textInvalid {
		t.wasThere[len(t.s.state.Erasures())-1] = true
	}
	if !text.Body {
		return
	}
	// What it showed, nobody can see any more.
	delete(t.kept.Seals, text.Index)
	t.silenced[text.Index] = true
	if text.Index < t.s.from && (t.s.leafFindings.has(pledge.FindDisclosureBad) || t.s.leafFindings.isCut(pledge.FindCodeUnknown, pledge.FindBodyInvalid)) {
		t.restart = true // what else would be said without it was not kept
	}
}

// counts says what became of the texts.
func (t *textCheck) counts() Texts {
	n := Texts{Published: t.kept.Public - t.kept.Erased, Withheld: t.kept.Withheld, Opened: t.kept.Opened, Erased: t.kept.Erased}
	for _, o := range t.kept.Odd {
		n.Published--
		switch o.State {
		case textMissing:
			n.Missing++
		case textAltered:
			n.Altered++
		case textInvalid:
			n.Invalid++
		}
	}
	for _, s := range t.kept.Seals {
		n.Sealed += uint64(len(s.Seals))
	}
	return n
}
