package entry

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// Digest returns the SHA-256 of b as base64url without padding, 43 characters:
// the form of bodyDigest and of clause texts.
func Digest(b []byte) string {
	var digest [43]byte
	AppendDigest(digest[:0], b)
	return string(digest[:])
}

// AppendDigest appends what [Digest] returns.
func AppendDigest(dst, b []byte) []byte {
	h := sha256.Sum256(b)
	return base64.RawURLEncoding.AppendEncode(dst, h[:])
}

// IsDigest reports whether s has the form that Digest writes: base64url whose two
// unused bits are zero.
func IsDigest(s string) bool {
	if len(s) != 43 {
		return false
	}
	bad := sextets[s[42]] & 3
	for _, ch := range []byte(s) {
		bad |= sextets[ch] & noSextet
	}
	return bad == 0
}

// sextets has the value of each digit of base64url, and noSextet for what is none.
var sextets = func() (t [256]byte) {
	for i := range t {
		t[i] = noSextet
	}
	for i, ch := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		t[ch] = byte(i)
	}
	return t
}()

const noSextet = 0x80

// The strict forms of base64: unused bits are zero. They take line breaks, which
// their callers refuse.
var (
	strictBase64    = base64.StdEncoding.Strict()
	strictBase64URL = base64.RawURLEncoding.Strict()
)

// IsCode reports whether s has the form of a vocabulary code: [a-z0-9-]{1,40}.
func IsCode(s string) bool {
	for _, ch := range []byte(s) {
		if (ch < 'a' || ch > 'z') && (ch < '0' || ch > '9') && ch != '-' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 40
}

func checkCode(name, s string) error {
	if !IsCode(s) {
		return refuse(CodeCodeMalformed, "%s is not a code", name)
	}
	return nil
}

func optionalCode(name, s string) error {
	if s == "" {
		return nil
	}
	return checkCode(name, s)
}

// checkCodes wants a list of codes, sorted, none twice; nil is an absent one.
func checkCodes(name string, list []string) error {
	if list != nil && len(list) == 0 {
		return refuse(CodeMemberMalformed, "%s is an empty list: leave it out", name)
	}
	for i, s := range list {
		if err := checkCode(name, s); err != nil {
			return err
		}
		if i > 0 && list[i-1] >= s {
			return refuse(CodeCodeMalformed, "%s is not sorted, or has a code twice", name)
		}
	}
	return nil
}

// checkText wants 1 to max characters; lines allows line feeds and tabs. No text
// holds what changes how others around it are shown: control characters, line
// and paragraph separators, the directional embeddings, overrides and isolates of
// Unicode, a byte order mark. The list is closed: it does not follow versions of
// Unicode.
func checkText(name, s string, max int, lines bool) error {
	if s == "" {
		return refuse(CodeMemberMissing, "%s is missing", name)
	}
	length := 0
	for _, r := range s {
		length++
		switch {
		case r >= 0x20 && r < 0x7f:
		case lines && (r == '\n' || r == '\t'):
		case r < 0xa0, r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return refuse(CodeMemberMalformed, "%s holds a control character, U+%04X", name, r)
		}
	}
	if length > max {
		return refuse(CodeMemberMalformed, "%s is longer than %d characters", name, max)
	}
	return nil
}

func optionalText(name, s string, max int) error {
	if s == "" {
		return nil
	}
	return checkText(name, s, max, false)
}

// checkURL wants an https address of at most 500 ASCII characters.
func checkURL(name, s string) error {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok || rest == "" || rest[0] == '/' || len(s) > 500 {
		return refuse(CodeMemberMalformed, "%s is not an https:// address", name)
	}
	for _, ch := range []byte(s) {
		if ch <= ' ' || ch >= 0x7f || ch == '"' || ch == '<' || ch == '>' {
			return refuse(CodeMemberMalformed, "%s is not an https:// address", name)
		}
	}
	return nil
}

// IsCountry reports whether s has the form of a country code: two upper-case
// letters.
func IsCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func checkLEI(s string) error {
	if len(s) != 20 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return refuse(CodeMemberMalformed, "lei is not 20 upper-case letters and digits")
	}
	// ISO 17442 uses the check of ISO 7064 MOD 97-10.
	rest := 0
	for _, ch := range []byte(s) {
		if ch >= 'A' {
			rest = (rest*100 + int(ch-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(ch-'0')) % 97
		}
	}
	if rest != 1 {
		return refuse(CodeMemberMalformed, "the check digits of lei are wrong")
	}
	return nil
}

// A KeySet is keys and how many of them must sign.
type KeySet struct {
	Keys      []Key  `json:"keys"`
	Threshold uint64 `json:"threshold"`
}

// Parse checks every key, that none stands there twice, and that the threshold
// is from 1 to the number of statement keys.
func (ks KeySet) Parse() ([]*PublicKey, error) {
	return parseKeys(ks.Keys, ks.Threshold)
}

func parseKeys(keys []Key, threshold uint64) ([]*PublicKey, error) {
	out := make([]*PublicKey, len(keys))
	statement := uint64(0)
	for i, k := range keys {
		p, err := k.Parse()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out[:i], func(q *PublicKey) bool { return q.ID == p.ID }) {
			return nil, refuse(CodeKeyMalformed, "a key stands twice in a set")
		}
		if p.Use == UseStatement {
			statement++
		}
		out[i] = p
	}
	if threshold < 1 || threshold > statement {
		return nil, refuse(CodeThreshold, "the threshold is %d of %d statement keys", threshold, statement)
	}
	return out, nil
}
