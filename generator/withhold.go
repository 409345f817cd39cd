package generator

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// Withhold keeps a drafted statement's detached body back, to be looked at again
// by a date, YYYY-MM-DD.
func (st *Statement) Withhold(review string) *Statement {
	st.Review = review
	return st
}

// A Seal says which member of a detached body is sealed, and why.
type Seal struct {
	Member string
	Law    string // may be ""
	Reason string
	Review string // YYYY-MM-DD
}

// Seal seals members of a drafted statement's detached body. Its Disclosures open
// them.
func (w *World) Seal(st *Statement, seals ...Seal) *Statement {
	if st.Body == nil {
		st.Body = encode(st.Detached)
	}
	if st.Disclosures == nil {
		st.Disclosures = make(map[string]entry.Disclosure)
	}
	st.Seals = append(st.Seals, seals...)
	st.Body = Edit(st.Body, func(m map[string]any) {
		for _, s := range seals {
			value, ok := m[s.Member]
			if !ok {
				panic(fmt.Sprintf("generator: a %s without %s can't have it sealed", st.Kind, s.Member))
			}
			d := w.disclosure(s.Member, encode(value))
			st.Disclosures[s.Member] = d
			seal := map[string]any{"reason": s.Reason, "review": s.Review, "sealed": d.Digest()}
			if s.Law != "" {
				seal["law"] = s.Law
			}
			m[s.Member] = seal
		}
	})
	return st
}

func (w *World) disclosure(name string, value []byte) entry.Disclosure {
	d, err := entry.NewDisclosure(w.Salt(), name, jsontext.Value(value))
	if err != nil {
		panic("generator: disclosure: " + err.Error())
	}
	return d
}

// A Committed is a request that is not told yet: its body is written, and its
// digest goes into a slot.
type Committed struct {
	By         *Author
	Received   string // span
	Detached   *entry.RequestBody
	Body       []byte
	Digest     string
	Slot       entry.ID // in which it was logged; zero before
	Disclosure entry.Disclosure

	planned bool // when it is published is written down elsewhere
}

// Commit writes the body of a request that an author received in a span, for a
// slot. A body is made up when none is given.
func (w *World) Commit(a *Author, received string, body *entry.RequestBody) *Committed {
	st := w.Request(a, received, body)
	c := &Committed{By: a, Received: received, Detached: st.Detached.(*entry.RequestBody)}
	c.Body = encode(c.Detached)
	c.Digest = entry.Digest(c.Body)
	return c
}

// Slot drafts an author's slot of a period, with these requests in it; its other
// places are empty.
func (w *World) Slot(a *Author, p entry.SlotPeriod, in ...*Committed) *Statement {
	digests := make([]string, 0, entry.SlotPlaces)
	for _, c := range in {
		c.Disclosure = w.disclosure(entry.SlotName, encode(c.Digest))
		digests = append(digests, c.Disclosure.Digest())
	}
	for len(digests) < entry.SlotPlaces {
		array := `["` + w.Salt() + `","` + entry.SlotName + `",null]`
		digests = append(digests, entry.Digest([]byte(base64.RawURLEncoding.EncodeToString([]byte(array)))))
	}
	slices.Sort(digests)
	st := w.Draft(a, entry.KindSlot, &entry.Slot{Digests: digests, Period: p.String()}, nil)
	st.then = func() {
		for _, c := range in {
			c.Slot = st.ID
		}
	}
	return st
}

// Publish drafts the request that was committed to in a slot: it names the slot and
// discloses its place.
func (w *World) Publish(c *Committed) *Statement {
	st := w.Request(c.By, c.Received, c.Detached)
	b := st.Statement.Body.(*entry.Request)
	b.Slot, b.Disclosure = c.Slot, c.Disclosure.Text()
	st.Body = c.Body
	return st
}

// OpenText drafts the opening of a statement's withheld body, if it is not open yet,
// and of sealed members. The statement's author says why, by a code.
func (w *World) OpenText(st *Statement, why string, members ...string) *Statement {
	var texts []Text
	opensBody := st.IsWithheld() && !st.isOpened
	if opensBody {
		texts = append(texts, textOf(st.Body))
	}
	for _, m := range members {
		d, ok := st.Disclosures[m]
		if !ok {
			panic("generator: " + m + " was not sealed")
		}
		texts = append(texts, textOf([]byte(d.Text())))
	}
	slices.SortFunc(texts, func(a, b Text) int { return cmp.Compare(a.Digest, b.Digest) })
	b := &entry.Open{Entry: st.ID, Why: why}
	for _, t := range texts {
		b.Digests = append(b.Digests, t.Digest)
	}
	open := w.Draft(w.author(st.Author), entry.KindOpen, b, nil)
	open.Opens = texts
	open.then = func() {
		st.isOpened = st.isOpened || opensBody
		st.openedAt = open.index
	}
	return open
}

// Extend drafts a new review date, YYYY-MM-DD, for a body that stays withheld.
func (w *World) Extend(st *Statement, review, why string) *Statement {
	return w.Draft(w.author(st.Author), entry.KindOpen, &entry.Open{Entry: st.ID, Review: review, Why: why}, nil)
}

// Erase drafts the tombstone of a text that was published with a statement, or
// opened for it: the writer of the log's directory deletes the text when it comes to
// it.
func (w *World) Erase(st *Statement, digest, basis, reference string) *Statement {
	erasure := w.Draft(w.Host, entry.KindErasure, &entry.Erasure{Basis: basis, Date: date(w.now), Digest: digest, Entry: st.ID, Reference: reference}, nil)
	erasure.erasesOf = st
	return erasure
}

// Correct drafts that a statement is void or, when by is not nil, superseded by a
// later one of the same kind. Words may be nil.
func (w *World) Correct(st, by *Statement, words map[string]string) *Statement {
	b := &entry.Correct{Entry: st.ID, How: entry.CorrectVoid}
	if by != nil {
		b.How, b.By = entry.CorrectSuperseded, by.ID
	}
	var detached entry.Detached
	if words != nil {
		detached = &entry.CorrectBody{Author: st.Author, Kind: entry.KindCorrect, Log: w.Options.Origin, Narrative: words, Salt: w.Salt()}
	}
	return w.Draft(w.author(st.Author), entry.KindCorrect, b, detached)
}
