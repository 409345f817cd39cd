package entry

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestDisclosuresOfRFC9901 holds the digest function to the RFC's examples, and
// refuses them: they have a space after each comma.
func TestDisclosuresOfRFC9901(t *testing.T) {
	var cases []struct{ Section, Disclosure, Digest string }
	readJSON(t, &cases, "rfc9901", "disclosures.json")
	if len(cases) != 17 {
		t.Fatalf("%d examples, want 17", len(cases))
	}
	for _, c := range cases {
		if got := Digest([]byte(c.Disclosure)); got != c.Digest {
			t.Errorf("section %s: digest %s, want %s", c.Section, got, c.Digest)
		}
		if got := (Disclosure{text: c.Disclosure}).Digest(); got != c.Digest {
			t.Errorf("section %s: the disclosure's digest is %s, want %s", c.Section, got, c.Digest)
		}
		if _, err := ParseDisclosure(c.Disclosure); CodeOf(err) != CodeNotCanonical {
			t.Errorf("section %s: %v, want %s", c.Section, err, CodeNotCanonical)
		}
	}
}

func TestDisclosureRefused(t *testing.T) {
	salt := testSalt
	text := func(array string) string { return base64.RawURLEncoding.EncodeToString([]byte(array)) }
	for _, c := range []struct {
		name, text string
		want       Code
	}{
		{"a text", text(`["` + salt + `","agency","The agency"]`), ""},
		{"a number", text(`["` + salt + `","agency",7]`), ""},
		{"an object", text(`["` + salt + `","narrative",{"en":"x"}]`), ""},
		{"a place of a slot", text(`["` + salt + `","request","` + aDigest + `"]`), ""},
		{"an empty place of a slot", text(`["` + salt + `","request",null]`), ""},
		{"a longer salt", text(`["` + salt + `AAAA","agency","x"]`), ""},
		{"null for another name", text(`["` + salt + `","agency",null]`), CodeDisclosure},
		{"null inside", text(`["` + salt + `","request",[null]]`), CodeNotCanonical},
		{"null as salt", text(`[null,"request",null]`), CodeDisclosure},
		{"null as name", text(`["` + salt + `",null,null]`), CodeDisclosure},
		{"no name", text(`["` + salt + `","x"]`), CodeDisclosure},
		{"four parts", text(`["` + salt + `","agency","x","y"]`), CodeDisclosure},
		{"no parts", text(`[]`), CodeDisclosure},
		{"an object in place of the list", text(`{"salt":"` + salt + `"}`), CodeDisclosure},
		{"a text in place of the list", text(`"x"`), CodeDisclosure},
		{"a number as salt", text(`[1,"agency","x"]`), CodeDisclosure},
		{"a number as name", text(`["` + salt + `",1,"x"]`), CodeDisclosure},
		{"a salt of 15 bytes", text(`["` + base64.RawURLEncoding.EncodeToString(make([]byte, 15)) + `","agency","x"]`), CodeSaltShort},
		{"a salt with padding", text(`["` + salt + `==","agency","x"]`), CodeSaltShort},
		{"a salt with trailing bits", text(`["` + salt[:21] + `R","agency","x"]`), CodeSaltShort},
		{"white space", text(`["` + salt + `", "agency","x"]`), CodeNotCanonical},
		{"an escaped letter", text(`["` + salt + `","agency","\u0061"]`), CodeNotCanonical},
		{"an empty text", text(`["` + salt + `","agency",""]`), CodeNotCanonical},
		{"a fraction", text(`["` + salt + `","agency",0.5]`), CodeNumberRange},
		{"members that are not sorted", text(`["` + salt + `","x",{"b":1,"a":2}]`), CodeNotCanonical},
		{"a member twice", text(`["` + salt + `","x",{"a":1,"a":2}]`), CodeMemberDuplicate},
		{"too deep", text(`["` + salt + `","x",` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `]`), CodeTooDeep},
		{"a seal inside", text(`["` + salt + `","documents",{"reason":"x","review":"2027-01-01","sealed":"` + aDigest + `"}]`), CodeDisclosure},
		{"a seal deeper inside", text(`["` + salt + `","documents",[{"a":{"sealed":"` + aDigest + `"}}]]`), CodeDisclosure},
		{"the word sealed", text(`["` + salt + `","agency","sealed"]`), ""},
		{"the word sealed in a list", text(`["` + salt + `","x",["sealed",{"a":"sealed"}]]`), ""},
		{"not JSON", text(`hello`), CodeNotJSON},
		{"nothing", "", CodeNotJSON},
		{"standard base64", strings.NewReplacer("-", "+", "_", "/").Replace(text(`["` + salt + `","x","?>?>?>?"]`)), CodeDisclosure},
		{"padding", text(`["`+salt+`","agency","ab"]`) + "==", CodeDisclosure},
		{"a line break", text(`["` + salt + `","agency","x"]`)[:8] + "\n" + text(`["` + salt + `","agency","x"]`)[8:], CodeDisclosure},
		{"trailing bits", strings.TrimSuffix(text(`["`+salt+`","agency","The agency"]`), "XQ") + "XR", CodeDisclosure},
		{"too large", text(`["` + salt + `","narrative",{"en":"` + strings.Repeat("x", MaxDisclosure) + `"}]`), CodeDisclosure},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := ParseDisclosure(c.text)
			if got := CodeOf(err); got != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("got %q (%v), want %q", got, err, c.want)
			}
			if err != nil {
				if Hint(c.want) == "" {
					t.Errorf("%s has no hint", c.want)
				}
				return
			}
			again, err := NewDisclosure(d.Salt, d.Name, d.Value)
			if err != nil || again.Text() != c.text || d.Text() != c.text {
				t.Errorf("became %q (%v)", again.Text(), err)
			}
		})
	}
}

func TestBodyDigestOfADisclosure(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{SlotName, `"` + aDigest + `"`, aDigest},
		{SlotName, `null`, ""},
		{SlotName, `"x"`, ""},
		{SlotName, `1`, ""},
		{"agency", `"` + aDigest + `"`, ""},
	} {
		d, err := NewDisclosure(testSalt, c.name, []byte(c.value))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.BodyDigest(); got != c.want {
			t.Errorf("%s %s names %q, want %q", c.name, c.value, got, c.want)
		}
	}
}
