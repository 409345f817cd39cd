package entry

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// SlotName is the name of what a slot's digests disclose.
const SlotName = "request"

// MaxDisclosure is the largest disclosure, in bytes: a detached body's.
const MaxDisclosure = MaxBody

// A Disclosure opens a sealed field or a slot's place: the array [salt, name,
// value] of RFC 9901 section 4.2.1, narrowed to canonical JSON with a salt of 16
// bytes or more and no seal inside its value (protocol section 3).
type Disclosure struct {
	Salt  string         // base64url without padding
	Name  string         // of the member that is sealed, or SlotName
	Value jsontext.Value // canonical JSON; null only in an empty place of a slot
	text  string         // as it is hashed: base64url of the array
}

// NewDisclosure makes a disclosure. Salt is base64url of 16 random bytes or more.
// Nil in place of a value stands for null.
func NewDisclosure(salt, name string, value jsontext.Value) (Disclosure, error) {
	if value == nil {
		value = jsontext.Value("null")
	}
	array, err := json.Marshal([]any{salt, name, value})
	if err != nil {
		return Disclosure{}, refuse(CodeDisclosure, "the value of a disclosure is not JSON")
	}
	return ParseDisclosure(base64.RawURLEncoding.EncodeToString(array))
}

// ParseDisclosure reads the base64url of a disclosure's array.
func ParseDisclosure(text string) (Disclosure, error) {
	d := Disclosure{text: text}
	if len(text) > MaxDisclosure {
		return d, refuse(CodeDisclosure, "a disclosure has %d bytes, over %d", len(text), MaxDisclosure)
	}
	if strings.ContainsAny(text, "\r\n") {
		return d, refuse(CodeDisclosure, "a disclosure is not base64url without padding")
	}
	array, err := strictBase64URL.DecodeString(text)
	if err != nil {
		return d, refuse(CodeDisclosure, "a disclosure is not base64url without padding")
	}
	c := canonical{b: array, nulls: true}
	if err := c.whole(); err != nil {
		return d, err
	}
	parts := elementsOf(array)
	if len(parts) != 3 || parts[0][0] != '"' || parts[1][0] != '"' {
		return d, refuse(CodeDisclosure, "a disclosure is not [salt, name, value]")
	}
	d.Salt, d.Name, d.Value = unquote(parts[0]), unquote(parts[1]), parts[2]
	if err := checkSalt(d.Salt); err != nil {
		return d, err
	}
	if string(d.Value) == "null" {
		if d.Name != SlotName {
			return d, refuse(CodeDisclosure, "the value of a disclosure is null")
		}
		return d, nil
	}
	if err := CheckCanonical(d.Value); err != nil {
		return d, err
	}
	if hasSeal(d.Value) {
		return d, refuse(CodeDisclosure, "a seal stands inside a disclosure")
	}
	return d, nil
}

// elementsOf takes a canonical array apart; of another value it returns nothing.
func elementsOf(array []byte) [][]byte {
	var out [][]byte
	if array[0] != '[' {
		return nil
	}
	c := canonical{b: array, i: 1, nulls: true}
	for c.i < len(array) && array[c.i] != ']' {
		start := c.i
		if c.value(2) != nil {
			return nil // it was checked before
		}
		out = append(out, array[start:c.i])
		c.i++ // the comma or the end
	}
	return out
}

// unquote returns the text of a canonical string.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	b, _ := jsontext.AppendUnquote(make([]byte, 0, len(quoted)), quoted) // what is canonical unquotes
	return string(b)
}

// hasSeal reports whether an object with a member "sealed" stands in a canonical
// value.
func hasSeal(v jsontext.Value) bool {
	if !bytes.Contains(v, []byte(`"`+sealedMember+`":`)) {
		return false
	}
	dec := jsontext.NewDecoder(bytes.NewReader(v))
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return false // its end: v is valid JSON
		}
		kind, n := dec.StackIndex(dec.StackDepth())
		isName := kind == '{' && tok.Kind() == '"' && n%2 == 1
		if isName && tok.String() == sealedMember {
			return true
		}
	}
}

// Text returns the disclosure as it is hashed, sent and kept.
func (d Disclosure) Text() string { return d.text }

// Digest returns the disclosure's digest (RFC 9901 section 4.2.3): that of the
// ASCII of its text.
func (d Disclosure) Digest() string { return Digest([]byte(d.text)) }

// BodyDigest returns the bodyDigest that a disclosure of a slot's place names; ""
// when the place is empty or the disclosure is of something else.
func (d Disclosure) BodyDigest() string {
	if d.Name != SlotName || len(d.Value) != digestLen+2 || d.Value[0] != '"' {
		return ""
	}
	if s := string(d.Value[1 : 1+digestLen]); IsDigest(s) {
		return s
	}
	return ""
}
