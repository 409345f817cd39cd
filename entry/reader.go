package entry

import (
	"bytes"
	"unicode/utf8"
)

// A reader reads canonical JSON whose members are known, each byte once and
// without reflection. Audits read millions of statements, and nearly all are in
// order.
//
// Members of canonical JSON are sorted, so asking for all that a form has, in
// their order, finds each; what nobody asked for is in the way of the end. The
// reader gives up (failed) on all that it does not expect, be it wrong or only
// rare. CheckCanonical and decode then have the last word and the code of the
// error. What the reader takes they take, with the same value: FuzzQuickStatement
// and FuzzQuickDetached hold it.
type reader struct {
	b      []byte
	i      int
	first  bool // no member of the object was read yet
	failed bool

	all      string // b, when the texts that are read are to share its memory; or ""
	sealable bool   // members that are not needed as they are may be sealed
	seals    []Seal // those that are
}

// done reports whether everything was read and nothing failed.
func (r *reader) done() bool { return !r.failed && r.i == len(r.b) }

func (r *reader) skip(lit string) {
	if end := r.i + len(lit); end <= len(r.b) && string(r.b[r.i:end]) == lit {
		r.i = end
		return
	}
	r.failed = true
}

func (r *reader) peek(ch byte) bool { return r.i < len(r.b) && r.b[r.i] == ch }

func (r *reader) open() {
	r.skip("{")
	r.first = true
}

func (r *reader) close() {
	r.skip("}")
	r.first = false // the object was the value of a member
}

// has reports whether the next member has that name, and steps to its value.
func (r *reader) has(name string) bool {
	i := r.i
	if !r.first {
		if !r.peek(',') {
			return false
		}
		i++
	}
	end := i + len(name) + 3
	if end > len(r.b) || r.b[i] != '"' || string(r.b[i+1:end-2]) != name || r.b[end-2] != '"' || r.b[end-1] != ':' {
		return false
	}
	r.i, r.first = end, false
	return true
}

// need is has for a member that must be there.
func (r *reader) need(name string) {
	if !r.has(name) {
		r.failed = true
	}
}

// plain reads a text of at least one character, all of ASCII and none escaped.
func (r *reader) plain() string {
	if !r.peek('"') {
		r.failed = true
		return ""
	}
	start := r.i + 1
	for n, ch := range r.b[start:] {
		if isPlain[ch] {
			continue
		}
		if ch != '"' || n == 0 {
			break
		}
		r.i = start + n + 1
		return r.string(start, start+n)
	}
	r.failed = true
	return ""
}

// string is what stands from one place to another.
func (r *reader) string(from, to int) string {
	if r.all != "" {
		return r.all[from:to]
	}
	return string(r.b[from:to])
}

// known steps over a plain text that can only be that one.
func (r *reader) known(s string) {
	r.skip(`"`)
	r.skip(s)
	r.skip(`"`)
}

// time reads a moment.
func (r *reader) time() int64 {
	const length = len(`""`) + len(timeLayout)
	if r.i+length > len(r.b) || r.b[r.i] != '"' || r.b[r.i+length-1] != '"' {
		r.failed = true
		return 0
	}
	t, ok := timeOf(string(r.b[r.i+1 : r.i+length-1]))
	r.i, r.failed = r.i+length, r.failed || !ok
	return t
}

// isPlain has the characters that stand for themselves in a text of ASCII.
var isPlain = func() (t [256]bool) {
	for ch := 0x20; ch < utf8.RuneSelf; ch++ {
		t[ch] = ch != '"' && ch != '\\'
	}
	return t
}()

// text reads any text of at least one character.
func (r *reader) text() string {
	if !r.peek('"') {
		r.failed = true
		return ""
	}
	c := canonical{b: r.b, i: r.i}
	quoted, err := c.str()
	if err != nil || len(quoted) == 2 {
		r.failed = true
		return ""
	}
	start := r.i + 1
	r.i = c.i
	if bytes.IndexByte(quoted, '\\') < 0 {
		return r.string(start, r.i-1)
	}
	return unquote(quoted)
}

func (r *reader) number() (n uint64) {
	start := r.i
	for r.i < len(r.b) && r.b[r.i]-'0' <= 9 && n <= MaxInteger {
		n = n*10 + uint64(r.b[r.i]-'0')
		r.i++
	}
	if r.i == start || n > MaxInteger || r.b[start] == '0' && r.i-start > 1 {
		r.failed = true
	}
	return n
}

// id reads an entry id. That it is not zero is for the body to check, unless it is
// optional.
func (r *reader) id() (id ID) {
	end := r.i + 66
	if end > len(r.b) || r.b[r.i] != '"' || r.b[end-1] != '"' {
		r.failed = true
		return id
	}
	h, ok := parseHash(r.b[r.i+1 : end-1])
	r.i, r.failed = end, r.failed || !ok
	return h
}

func (r *reader) optText(name string, to *string) {
	if r.has(name) && !r.sealed(name) {
		*to = r.text()
	}
}

func (r *reader) optPlain(name string, to *string) {
	if r.has(name) && !r.sealed(name) {
		*to = r.plain()
	}
}

// sealed reads the value of a member if it is a seal. Where seals may stand, no
// other object begins like one but a rare narrative.
func (r *reader) sealed(name string) bool {
	if !r.sealable || !r.peek('{') || !hasPrefix(r.b[r.i:], `{"law":`) && !hasPrefix(r.b[r.i:], `{"reason":`) {
		return false
	}
	s := Seal{Member: name}
	r.open()
	if r.has("law") {
		s.Law = r.plain()
	}
	r.needPlain("reason", &s.Reason)
	r.needPlain("review", &s.Review)
	r.needPlain(sealedMember, &s.Digest)
	r.close()
	r.seals = append(r.seals, s)
	return true
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// needPlainOrSeal is needPlain for a member that may be sealed.
func (r *reader) needPlainOrSeal(name string, to *string) {
	if r.need(name); !r.sealed(name) {
		*to = r.plain()
	}
}

func (r *reader) needPlain(name string, to *string) {
	r.need(name)
	*to = r.plain()
}

func (r *reader) needID(name string, to *ID) {
	r.need(name)
	*to = r.id()
}

func (r *reader) optID(name string, to *ID) {
	if r.has(name) {
		*to = r.id()
		r.failed = r.failed || to.IsZero() // its absence has another form
	}
}

// optCodes reads a list of plain texts, which is not empty.
func (r *reader) optCodes(name string, to *[]string) {
	if !r.has(name) || r.sealed(name) {
		return
	}
	r.skip("[")
	list := make([]string, 0, 4)
	for !r.failed {
		list = append(list, r.plain())
		if !r.peek(',') {
			break
		}
		r.i++
	}
	r.skip("]")
	*to = list
}

// optDigests reads a list of texts as long as digests, which is not empty. They
// share their bytes. That they are digests is for the body to check.
func (r *reader) optDigests(name string, to *[]string) {
	const stride = len(`"",`) + digestLen
	if !r.has(name) {
		return
	}
	r.skip("[")
	start, n := r.i, 0
	for at := start; !r.failed; at += stride {
		if at+stride > len(r.b) || r.b[at] != '"' || r.b[at+stride-2] != '"' {
			r.failed = true
			return
		}
		n++
		if r.i = at + stride - 1; !r.peek(',') {
			break
		}
	}
	r.skip("]")
	if r.failed {
		return
	}
	all := string(r.b[start : r.i-1])
	list := make([]string, n)
	for i := range list {
		list[i] = all[i*stride+1 : i*stride+1+digestLen]
	}
	*to = list
}

// names steps through the members of an object whose names are plain and data, as
// languages and outcomes are. It is not empty.
func (r *reader) names(value func(name string)) {
	r.skip("{")
	for prev := ""; !r.failed; {
		name := r.plain()
		r.skip(":")
		if r.failed || name <= prev {
			r.failed = true
			return
		}
		value(name)
		if !r.peek(',') {
			break
		}
		r.i, prev = r.i+1, name
	}
	r.skip("}")
}

func (r *reader) optTexts(name string, to *map[string]string) {
	if r.has(name) && !r.sealed(name) {
		m := make(map[string]string)
		r.names(func(name string) {
			m[name] = r.text()
			r.failed = r.failed || name == sealedMember // then it is no texts, but a seal
		})
		*to = m
	}
}

func (r *reader) optDocuments(name string, to *[]Document) {
	if !r.has(name) || r.sealed(name) {
		return
	}
	r.skip("[")
	var list []Document
	for !r.failed {
		var d Document
		r.open()
		r.need("mediaType")
		d.MediaType = r.text()
		r.need("name")
		d.Name = r.text()
		r.needPlain("sha256", &d.SHA256)
		if r.has("url") {
			d.URL = r.plain()
		}
		r.close()
		list = append(list, d)
		if !r.peek(',') {
			break
		}
		r.i++
	}
	r.skip("]")
	*to = list
}
