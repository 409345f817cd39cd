package pledge

import (
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// reviewDay returns the first second of a review date; it was checked.
func reviewDay(date string) int64 {
	t, err := entry.ParseDate(date)
	if err != nil {
		return 0
	}
	return t
}

// judgeReview rejects a review date that is not after the day of now, or more than
// the charter's longest review after it.
func (s *State) judgeReview(date string, now int64) Verdict {
	today := now - now%86400
	if at := reviewDay(date); at <= today || at > today+days(s.Terms(now).ReviewDays) {
		return rejected(CodeReviewRange, "the review date is not within the charter's longest review of "+number(s.Terms(now).ReviewDays)+" days from the day of logging")
	}
	return accepted
}

// An opened is a digest that an open published.
type opened struct {
	Text textKey
	Mark
}

func (s *State) judgeOpen(a *author, b *entry.Open, now int64) Verdict {
	n, ok := s.ofOwn(a, b.Entry)
	if !ok || s.k.Book.at(n).Flags&hasText == 0 {
		return rejected(CodeReferenceUnknown, "the open names no accepted statement of its author's with a detached body")
	}
	r := s.k.Book.at(n)
	closed := r.Flags&isWithheld != 0 && r.Flags&isOpened == 0
	if b.Review != "" {
		if !closed {
			return rejected(CodeOpenNotWithheld, "the statement's body is published")
		}
		return s.judgeReview(b.Review, now)
	}
	own := false
	for _, d := range b.Digests {
		k := keyOf(d)
		if k == r.Text {
			if !closed {
				return rejected(CodeAlreadyOpened, "the statement's body is published")
			}
			own = true
		}
		if slices.ContainsFunc(s.k.Opened[n], func(o opened) bool { return o.Text == k }) {
			return rejected(CodeAlreadyOpened, "a digest was opened before")
		}
	}
	if closed && !own {
		return rejected(CodeBodyClosed, "the statement's body is withheld, and the open does not name its digest")
	}
	return accepted
}

func (s *State) acceptOpen(t *taken, b *entry.Open) {
	n := s.k.Book.find(b.Entry)
	if b.Review != "" {
		s.k.Withheld[n] = reviewDay(b.Review)
		return
	}
	r := s.k.Book.at(n)
	for _, d := range b.Digests {
		k := keyOf(d)
		if k == r.Text {
			r.Flags |= isOpened
			delete(s.k.Withheld, n)
			t.a.WithheldOpen++
		} else {
			s.disclosed[k] = append(s.disclosed[k], n)
		}
		s.k.Opened[n] = append(s.k.Opened[n], opened{k, t.m})
	}
}

// An Erasure is the tombstone of a text.
type Erasure struct {
	Mark
	Of        entry.ID // statement whose text it was
	Digest    string
	Basis     string
	Reference string
	Date      string
}

func (s *State) judgeErasure(b *entry.Erasure) Verdict {
	n := s.k.Book.find(b.Entry)
	if n == noRef {
		if s.whole != nil {
			return accepted // it was not given
		}
		return rejected(CodeReferenceUnknown, "the erasure names no accepted statement")
	}
	if _, done := s.Erased(b.Entry, b.Digest); done {
		return rejected(CodeAlreadyErased, "the text was erased before")
	}
	if !s.isPublic(n, keyOf(b.Digest)) {
		return rejected(CodeDigestUnknown, "the statement has published no text of that digest")
	}
	return accepted
}

// isPublic reports whether a text of a statement was published: with it, or by an
// open.
func (s *State) isPublic(n ref, k textKey) bool {
	r := s.k.Book.at(n)
	if r.Flags&hasText != 0 && r.Text == k {
		return r.Flags&isWithheld == 0 || r.Flags&isOpened != 0
	}
	return slices.ContainsFunc(s.k.Opened[n], func(o opened) bool { return o.Text == k })
}

func (s *State) acceptErasure(t *taken, b *entry.Erasure) {
	e := Erasure{t.m, b.Entry, b.Digest, b.Basis, b.Reference, b.Date}
	s.erased[erasedText{b.Entry, b.Digest}] = len(s.k.Erased)
	s.k.Erased = append(s.k.Erased, e)
	if DateAhead(b.Date, t.m.Logged) {
		t.say(FindErasureAhead, "The operator logged on %s an erasure that it dates %s.", day(t.m.Logged), b.Date)
	}
	t.say(FindErased, "The operator stated that it erased a text of entry %d on %s; it gave \"%s\" as its basis and %s as its reference.", s.indexOf(b.Entry), b.Date, b.Basis, b.Reference)
}

func (s *State) indexOf(id entry.ID) uint64 {
	f, _ := s.Find(id)
	return f.Index
}

type erasedText struct {
	entry  entry.ID
	digest string
}

// Erased returns the tombstone of a text of a statement.
func (s *State) Erased(id entry.ID, digest string) (Erasure, bool) {
	i, ok := s.erased[erasedText{id, digest}]
	if !ok {
		return Erasure{}, false
	}
	return s.k.Erased[i], true
}

// Erasures returns all tombstones, in order.
func (s *State) Erasures() []Erasure { return s.k.Erased }

// A TextState is what the log says of a text of a statement.
type TextState string

const (
	TextUnknown  TextState = "unknown"  // no accepted statement has committed to it
	TextPublic   TextState = "public"   // published with the statement, or opened
	TextWithheld TextState = "withheld" // the statement's body, not published
	TextErased   TextState = "erased"   // it was public, and the operator logged that it erased it
)

// TextOf says how a text stands: the detached body of the statement id, or a
// disclosure that was opened for it.
func (s *State) TextOf(id entry.ID, digest string) TextState {
	n := s.k.Book.find(id)
	if n == noRef {
		return TextUnknown
	}
	if _, erased := s.Erased(id, digest); erased {
		return TextErased
	}
	if s.isPublic(n, keyOf(digest)) {
		return TextPublic
	}
	if r := s.k.Book.at(n); r.Flags&hasText != 0 && r.Text == keyOf(digest) {
		return TextWithheld
	}
	return TextUnknown
}

// Review returns the day by which the author of a withheld, unopened text said that
// it would look at it again, Unix seconds of its first second.
func (s *State) Review(id entry.ID) (day int64, ok bool) {
	day, ok = s.k.Withheld[s.k.Book.find(id)]
	return day, ok
}

// A BodyState is what became of a statement's detached body.
type BodyState string

const (
	BodyNone      BodyState = "none"      // the statement has none
	BodyPublished BodyState = "published" // it is there and is the one that was signed
	BodyInvalid   BodyState = "invalid"   // the one that was signed, not in the required form
	BodyWithheld  BodyState = "withheld"  // not published
	BodyMissing   BodyState = "missing"   // it should be there and is not
	BodyAltered   BodyState = "altered"   // what is there is not what was signed
	BodyErased    BodyState = "erased"    // erased by the operator, by its own statement
)

// JudgeText says what is to be said of the detached body of an accepted statement,
// by how the text stands after the last leaf (see TextOf): raw is what the log
// serves under its digest, nil when nothing. What may not be shown is returned by
// nobody: the Detached is nil unless the text is public and in order. No
// acceptance, status or count depends on it (protocol section 3).
func JudgeText(state TextState, index uint64, st *entry.Statement, raw []byte) (BodyState, entry.Detached, []Finding) {
	switch {
	case st.BodyDigest == "" || state == TextPublic && raw != nil:
		return JudgeBody(index, st, raw)
	case state == TextPublic:
		return BodyMissing, nil, []Finding{TextFinding(FindBodyMissing, index, st.ID)}
	}
	found := codeFindings(index, st, nil)
	if state == TextErased {
		return BodyErased, nil, found // see ErasedServed
	}
	if raw != nil && entry.Digest(raw) == st.BodyDigest {
		found = append(found, WithheldServed(index, st))
	}
	return BodyWithheld, nil, found
}

// JudgeBody says what is to be said of the detached body of an accepted statement
// that was published with it or opened: raw is what the log serves under its
// digest, nil when nothing. No acceptance, status or count depends on it (protocol
// section 3). Whoever has the whole log asks JudgeText: only the log knows whether a
// text was opened or erased.
func JudgeBody(index uint64, st *entry.Statement, raw []byte) (BodyState, entry.Detached, []Finding) {
	switch {
	case st.BodyDigest == "":
		return BodyNone, nil, codeFindings(index, st, nil)
	case raw == nil && st.IsWithheld():
		return BodyWithheld, nil, codeFindings(index, st, nil)
	case raw == nil:
		return BodyMissing, nil, []Finding{TextFinding(FindBodyMissing, index, st.ID)}
	}
	if entry.Digest(raw) != st.BodyDigest {
		return BodyAltered, nil, []Finding{TextFinding(FindBodyMismatch, index, st.ID)}
	}
	return JudgeMatching(index, st, raw)
}

// JudgeMatching is [JudgeBody] for a text whose digest was computed already, and is
// the one that the statement names.
func JudgeMatching(index uint64, st *entry.Statement, raw []byte) (BodyState, entry.Detached, []Finding) {
	d, err := entry.ParseMatching(st, raw)
	if err == nil {
		return BodyPublished, d, codeFindings(index, st, d)
	}
	f := finding(FindBodyInvalid, "The text that was signed with this statement is not in the required form: "+detail(err)+".").at(index, st)
	f.Reason = entry.CodeOf(err)
	return BodyInvalid, nil, []Finding{f}
}

// CodesOf reports the codes of a statement that the vocabulary does not have, for a
// statement whose text is not at hand.
func CodesOf(index uint64, st *entry.Statement) []Finding { return codeFindings(index, st, nil) }

func codeFindings(index uint64, st *entry.Statement, d entry.Detached) []Finding {
	unknown := entry.UnknownCodes(st, d)
	if len(unknown) == 0 {
		return nil
	}
	return []Finding{finding(FindCodeUnknown, "This statement uses codes that the vocabulary does not have: "+strings.Join(unknown, ", ")+".").at(index, st)}
}

// WithheldServed is the finding on a text that is served although its author has
// not opened it.
func WithheldServed(index uint64, st *entry.Statement) Finding {
	return finding(FindBodyNotOpened, "The operator serves a text that the author of this statement has not opened.").at(index, st)
}

// ErasedServed is the finding on a text that is served after the operator stated
// that it erased it.
func ErasedServed(e Erasure) Finding {
	f := finding(FindErasedServed, "The operator serves a text that it stated on "+day(e.Logged)+" to have erased.")
	f.Index, f.Entry = &e.Index, e.Entry.String()
	return f
}
