package entry

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxInteger is the largest integer that may stand in canonical JSON, 2^53−1.
const MaxInteger = 1<<53 - 1

// maxDepth is the deepest nesting of arrays and objects (protocol section 2).
const maxDepth = 16

// CheckCanonical reports whether b is one JSON value in the canonical form of
// RFC 8785, narrowed by protocol section 2: integers from 0 to 2^53−1 only,
// nesting at most 16, and neither null nor an empty string anywhere, so that an
// absent member has one form only.
//
// It reads each byte once and keeps nothing.
func CheckCanonical(b []byte) error {
	c := canonical{b: b}
	return c.whole()
}

type canonical struct {
	b     []byte
	i     int
	nulls bool // null may stand: in disclosures
}

// whole reads one value and wants nothing after it.
func (c *canonical) whole() error {
	if err := c.value(1); err != nil {
		return err
	}
	if c.i != len(c.b) {
		return refuse(CodeNotCanonical, "something follows the JSON value at byte %d", c.i)
	}
	return nil
}

func (c *canonical) value(depth int) error {
	if c.i >= len(c.b) {
		return refuse(CodeNotJSON, "the JSON ends early")
	}
	switch ch := c.b[c.i]; {
	case ch == '{' || ch == '[':
		if depth > maxDepth {
			return refuse(CodeTooDeep, "nesting is deeper than %d at byte %d", maxDepth, c.i)
		}
		if ch == '{' {
			return c.object(depth)
		}
		return c.array(depth)
	case ch == '"':
		s, err := c.str()
		if err == nil && len(s) == 2 {
			return refuse(CodeNotCanonical, "an empty string stands at byte %d: leave the member out", c.i-2)
		}
		return err
	case ch == '-' || ch >= '0' && ch <= '9':
		return c.number()
	case c.word("true"), c.word("false"):
		return nil
	case c.word("null"):
		if c.nulls {
			return nil
		}
		return refuse(CodeNotCanonical, "null stands before byte %d: leave the member out", c.i)
	case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
		return refuse(CodeNotCanonical, "white space stands at byte %d", c.i)
	}
	return refuse(CodeNotJSON, "no JSON value begins at byte %d", c.i)
}

func (c *canonical) word(w string) bool {
	if bytes.HasPrefix(c.b[c.i:], []byte(w)) {
		c.i += len(w)
		return true
	}
	return false
}

// next consumes ch, or says what is there instead.
func (c *canonical) next(ch byte) error {
	if c.i >= len(c.b) {
		return refuse(CodeNotJSON, "the JSON ends early")
	}
	if got := c.b[c.i]; got != ch {
		if got == ' ' || got == '\t' || got == '\n' || got == '\r' {
			return refuse(CodeNotCanonical, "white space stands at byte %d", c.i)
		}
		return refuse(CodeNotJSON, "byte %d is not %q", c.i, ch)
	}
	c.i++
	return nil
}

func (c *canonical) object(depth int) error {
	c.i++
	if c.i < len(c.b) && c.b[c.i] == '}' {
		c.i++
		return nil
	}
	var prev []byte
	for first := true; ; first = false {
		at := c.i
		if c.i >= len(c.b) || c.b[c.i] != '"' {
			if err := c.next('"'); err != nil {
				return err
			}
		}
		name, err := c.str()
		if err != nil {
			return err
		}
		if len(name) == 2 {
			return refuse(CodeNotCanonical, "a member has an empty name at byte %d", at)
		}
		if !first {
			switch order := compareNames(prev, name); {
			case order == 0:
				return refuse(CodeMemberDuplicate, "the member at byte %d stands there twice", at)
			case order > 0:
				return refuse(CodeNotCanonical, "members are not sorted at byte %d", at)
			}
		}
		prev = name
		if err := c.next(':'); err != nil {
			return err
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
		if c.i < len(c.b) && c.b[c.i] == ',' {
			c.i++
			continue
		}
		return c.next('}')
	}
}

func (c *canonical) array(depth int) error {
	c.i++
	if c.i < len(c.b) && c.b[c.i] == ']' {
		c.i++
		return nil
	}
	for {
		if err := c.value(depth + 1); err != nil {
			return err
		}
		if c.i < len(c.b) && c.b[c.i] == ',' {
			c.i++
			continue
		}
		return c.next(']')
	}
}

func (c *canonical) number() error {
	start := c.i
	var n uint64
	for c.i < len(c.b) && c.b[c.i] >= '0' && c.b[c.i] <= '9' {
		if n = n*10 + uint64(c.b[c.i]-'0'); n > MaxInteger {
			return refuse(CodeNumberRange, "the number at byte %d is over 2^53-1", start)
		}
		c.i++
	}
	digits := c.i - start
	if digits == 0 || c.i < len(c.b) && (c.b[c.i] == '.' || c.b[c.i] == 'e' || c.b[c.i] == 'E') {
		return refuse(CodeNumberRange, "the number at byte %d is not a whole number from 0", start)
	}
	if digits > 1 && c.b[start] == '0' {
		return refuse(CodeNotCanonical, "the number at byte %d has a leading zero", start)
	}
	return nil
}

// str consumes a string and returns it with its quotation marks. The escapes
// are those of RFC 8785 section 3.2.2.2 and no others.
func (c *canonical) str() ([]byte, error) {
	start := c.i
	for c.i++; c.i < len(c.b); {
		switch ch := c.b[c.i]; {
		case ch == '"':
			c.i++
			return c.b[start:c.i], nil
		case ch == '\\':
			n := escapeLen(c.b[c.i:])
			if n == 0 && c.i+1 == len(c.b) {
				return nil, refuse(CodeNotJSON, "the JSON ends early")
			} else if n == 0 {
				return nil, refuse(CodeNotCanonical, "the escape at byte %d is not the canonical one", c.i)
			}
			c.i += n
		case ch < 0x20:
			return nil, refuse(CodeNotJSON, "a bare control character stands at byte %d", c.i)
		case ch < utf8.RuneSelf:
			c.i++
		default:
			r, n := utf8.DecodeRune(c.b[c.i:])
			if r == utf8.RuneError && n == 1 {
				return nil, refuse(CodeNotJSON, "byte %d is not UTF-8", c.i)
			}
			c.i += n
		}
	}
	return nil, refuse(CodeNotJSON, "a string that begins at byte %d does not end", start)
}

// escapeLen returns the length of the canonical escape that b begins with, or 0.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', 'b', 't', 'n', 'f', 'r':
		return 2
	case 'u':
	default:
		return 0
	}
	// \u00XX in lower-case hex, for a control character without a short form.
	if len(b) < 6 || b[2] != '0' || b[3] != '0' || b[4] != '0' && b[4] != '1' {
		return 0
	}
	lo := bytes.IndexByte([]byte("0123456789abcdef"), b[5])
	if lo < 0 {
		return 0
	}
	switch int(b[4]-'0')<<4 | lo {
	case '\b', '\t', '\n', '\f', '\r':
		return 0
	}
	return 6
}

// compareNames orders two raw canonical strings by UTF-16 code units (RFC 8785
// section 3.2.3).
func compareNames(a, b []byte) int {
	plain := true
	for _, s := range [2][]byte{a, b} {
		for _, ch := range s {
			if ch == '\\' || ch >= utf8.RuneSelf {
				plain = false
			}
		}
	}
	if plain {
		// Without the closing quotation mark, so that a prefix comes first.
		return bytes.Compare(a[:len(a)-1], b[:len(b)-1])
	}
	ua, ub := codeUnits(a), codeUnits(b)
	for i := range min(len(ua), len(ub)) {
		if ua[i] != ub[i] {
			return int(ua[i]) - int(ub[i])
		}
	}
	return len(ua) - len(ub)
}

func codeUnits(raw []byte) []uint16 {
	s, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return nil // str accepted it, so it unquotes
	}
	return utf16.Encode([]rune(string(s)))
}

// decode reads canonical JSON into v, whose fields say which members exist.
// The caller has run CheckCanonical over it.
func decode(b []byte, v any, what string) error {
	err := json.Unmarshal(b, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	where := what
	var sem *json.SemanticError
	if errors.As(err, &sem) && sem.JSONPointer != "" {
		where = what + " " + string(sem.JSONPointer)
	}
	if errors.Is(err, json.ErrUnknownName) {
		return refuse(CodeMemberUnknown, "%s is not a member of this format", where)
	}
	return refuse(CodeMemberMalformed, "%s has not the type it should have", where)
}

// Marshal encodes v as canonical JSON. The structs of this package declare
// their members in sorted order; a value that would not come out canonical is an
// error.
func Marshal(v any) ([]byte, error) {
	b, err := marshal(v)
	if err != nil {
		return nil, err
	}
	if err := CheckCanonical(b); err != nil {
		return nil, err
	}
	return b, nil
}

func marshal(v any) ([]byte, error) {
	if d, ok := v.(Detached); ok {
		return marshalDetached(d)
	}
	return json.Marshal(v, json.Deterministic(true))
}
