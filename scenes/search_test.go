package scenes

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// A canary is a text, or bytes, of which nothing like it is anywhere by chance. It may be
// in some places, which a person listed, and nowhere else.
type canary struct {
	what   string
	text   string
	may    []string // places; a * stands for anything
	public bool     // its author published it: it may be anywhere
}

// newCanary makes a text of small letters and digits: nothing that writes texts down
// has to write one of these otherwise.
func newCanary(what string, may ...string) *canary {
	return &canary{what: what, text: "cnry" + random(22), may: may}
}

// A form is a way in which a canary may have been written down.
type form struct {
	name  string
	bytes []byte
}

// forms are all that are searched for, none shorter than fifteen bytes.
func forms(text string) []form {
	b := []byte(text)
	list := []form{{"raw", b}, {"hex", []byte(hex.EncodeToString(b))}, {"HEX", []byte(strings.ToUpper(hex.EncodeToString(b)))}}
	var little, big, small, capital, percent []byte
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
		small, capital = fmt.Appendf(small, `\u%04x`, u), fmt.Appendf(capital, `\u%04X`, u)
	}
	for _, c := range b {
		percent = fmt.Appendf(percent, "%%%02X", c)
	}
	list = append(list, form{"UTF-16LE", little}, form{"UTF-16BE", big}, form{"JSON", small}, form{"JSON, capital", capital}, form{"in an address", percent})
	list = append(list, inBase64("base64", b)...)
	for _, inner := range inBase64("base64", b) {
		list = append(list, inBase64("base64 in "+inner.name, inner.bytes)...) // as a leaf is, in an answer
	}
	return list
}

// inBase64 are a text's forms in base64, in both alphabets, with any number of bytes in
// front of it: without the letters that depend on what stands before and behind.
func inBase64(name string, b []byte) []form {
	var list []form
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			s := enc.EncodeToString(append(make([]byte, before), b...))
			f := form{fmt.Sprintf("%s behind %d bytes", name, before), []byte(s[(before*8+5)/6 : (before+len(b))*8/6])}
			if !slices.ContainsFunc(list, func(o form) bool { return bytes.Equal(o.bytes, f.bytes) }) {
				list = append(list, f)
			}
		}
	}
	return list
}

// A finder looks for many canaries in all their forms at once: at every eighth byte for
// eight bytes that any of them has.
type finder struct {
	patterns []pattern
	words    map[uint64][]spot
	bloom    []uint64
}

type pattern struct {
	canary *canary
	form
}

type spot struct{ pattern, offset int }

const bloomBits = 22

func newFinder(canaries []*canary) *finder {
	f := &finder{words: make(map[uint64][]spot), bloom: make([]uint64, 1<<(bloomBits-6))}
	for _, c := range canaries {
		for _, form := range forms(c.text) {
			if len(form.bytes) < 15 {
				panic("a form of " + c.what + " is too short: " + form.name)
			}
			f.patterns = append(f.patterns, pattern{c, form})
			for offset := range 8 {
				w := binary.LittleEndian.Uint64(form.bytes[offset:])
				f.words[w] = append(f.words[w], spot{len(f.patterns) - 1, offset})
				h := bloomed(w)
				f.bloom[h>>6] |= 1 << (h & 63)
			}
		}
	}
	return f
}

func bloomed(w uint64) uint64 { return w * 0x9e3779b97f4a7c15 >> (64 - bloomBits) }

// find returns the canaries that are in b, and in which form.
func (f *finder) find(b []byte) map[*canary]string {
	var found map[*canary]string
	for i := 0; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		h := bloomed(w)
		if f.bloom[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, s := range f.words[w] {
			p := f.patterns[s.pattern]
			if at := i - s.offset; at >= 0 && bytes.HasPrefix(b[at:], p.bytes) {
				if found == nil {
					found = make(map[*canary]string)
				}
				found[p.canary] = p.name
			}
		}
	}
	return found
}

// maxForm is how much of two pieces that follow each other has to be looked at together.
func (f *finder) maxForm() int {
	n := 0
	for _, p := range f.patterns {
		n = max(n, len(p.bytes))
	}
	return n
}

// The finder finds each form wherever it stands, one canary among many, and no other.
func TestFinder(t *testing.T) {
	var all []*canary
	for i := range 20 {
		all = append(all, newCanary(fmt.Sprint(i)))
	}
	c, stranger := all[7], newCanary("a stranger")
	f := newFinder(all)
	text := c.text
	for before := range 17 {
		in := strings.Repeat("x", before) + text + " and more"
		for name, hidden := range map[string]string{
			"raw": in, "hex": hex.EncodeToString([]byte(in)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(in))),
			"base64": base64.StdEncoding.EncodeToString([]byte(in)), "base64url": base64.URLEncoding.EncodeToString([]byte(in)),
			"twice": base64.StdEncoding.EncodeToString([]byte(`{"x":"` + base64.StdEncoding.EncodeToString([]byte(in)) + `"}`)),
		} {
			if got := f.find([]byte(hidden)); len(got) != 1 || got[c] == "" {
				t.Errorf("%s, %d bytes in: %v", name, before, got)
			}
		}
		wide := []byte{}
		for _, r := range in {
			wide = append(wide, byte(r), 0)
		}
		escaped := strings.Repeat("x", before)
		for _, r := range text {
			escaped += fmt.Sprintf(`\u%04x`, r)
		}
		for name, hidden := range map[string][]byte{"UTF-16LE": wide, "UTF-16BE": append([]byte{0}, wide...), "JSON": []byte(escaped)} {
			if got := f.find(hidden); len(got) != 1 || got[c] == "" {
				t.Errorf("%s, %d bytes in: %v", name, before, got)
			}
		}
	}
	for _, fm := range forms(stranger.text) {
		if got := f.find(fm.bytes); got != nil {
			t.Errorf("%v is found in a stranger's %s", got, fm.name)
		}
	}
	if got := f.find([]byte(text[:len(text)-1])); got != nil {
		t.Errorf("%v is found in the beginning of one", got)
	}
}
