package entry

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"
)

// A Detached is a detached body (protocol section 3): *CharterBody, *AmendBody,
// *RequestBody, *DecisionBody, *AttestationBody, *CorrectBody, *WithdrawBody,
// *ChallengeBody or *ReplyBody. Free text, names, places and documents stand here
// and never in the tree.
//
// A member that is sealed reads as if it were absent, and stands in Seals.
type Detached interface {
	// Seals returns the sealed members, sorted by name.
	Seals() []Seal

	check(s *Statement) error
	head() Head
	setSeals([]Seal)
}

// Head is what every detached body has: the salt that keeps a digest from being
// guessed, and which statement it belongs to.
type Head struct {
	Author string
	Kind   Kind
	Log    string
	Salt   string // base64url without padding, 16 bytes or more
}

// MinSalt is the least number of random bytes in a salt.
const MinSalt = 16

// A Document is named by its digest; it is kept elsewhere.
type Document struct {
	MediaType string `json:"mediaType"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"` // base64url without padding
	URL       string `json:"url,omitzero"`
}

// HasDetached reports whether statements of a kind have, or may have, a detached
// body.
func HasDetached(k Kind) bool { return newDetached(k) != nil }

func newDetached(k Kind) Detached {
	switch k {
	case KindCharter:
		return new(CharterBody)
	case KindAmend:
		return new(AmendBody)
	case KindRequest:
		return new(RequestBody)
	case KindDecision:
		return new(DecisionBody)
	case KindAttestation:
		return new(AttestationBody)
	case KindCorrect:
		return new(CorrectBody)
	case KindWithdraw:
		return new(WithdrawBody)
	case KindChallenge:
		return new(ChallengeBody)
	case KindReply:
		return new(ReplyBody)
	}
	return nil
}

// ParseDetached reads raw, the detached body of s, and checks that it is the
// one that s names and that it says what a body of that kind may say. What may
// be sealed may be sealed; see Unseal.
func ParseDetached(s *Statement, raw []byte) (Detached, error) {
	if s.BodyDigest == "" {
		return nil, refuse(CodeBodyNotWanted, "the statement names no detached body")
	}
	if err := checkBodySize(raw); err != nil {
		return nil, err
	}
	if Digest(raw) != s.BodyDigest {
		return nil, refuse(CodeBodyDigest, "the detached body is not the one that the statement names")
	}
	return readDetached(s, raw)
}

// ParseMatching is [ParseDetached] for who has computed raw's digest already, and
// found that it is s.BodyDigest.
func ParseMatching(s *Statement, raw []byte) (Detached, error) {
	if err := checkBodySize(raw); err != nil {
		return nil, err
	}
	return readDetached(s, raw)
}

func checkBodySize(raw []byte) error {
	if len(raw) > MaxBody {
		return refuse(CodeBodyTooLarge, "the detached body has %d bytes, over %d", len(raw), MaxBody)
	}
	return nil
}

// readDetached is ParseDetached for a body of any digest.
func readDetached(s *Statement, raw []byte) (Detached, error) {
	if d := quickDetached(s.Kind, raw); d != nil && checkDetached(s, d) == nil {
		return d, nil
	}
	return slowDetached(s, raw)
}

// checkDetached refuses what no body of s may have.
func checkDetached(s *Statement, d Detached) error {
	h := d.head()
	if h.Author != s.Author || h.Kind != s.Kind || h.Log != s.Log {
		return refuse(CodeBodyElsewhere, "the detached body's author, kind or log is not the statement's")
	}
	if err := checkSalt(h.Salt); err != nil {
		return err
	}
	return d.check(s)
}

// slowDetached is readDetached with seals, and with the code of what is wrong,
// which quickDetached does not have.
func slowDetached(s *Statement, raw []byte) (Detached, error) {
	if err := CheckCanonical(raw); err != nil {
		return nil, err
	}
	d := newDetached(s.Kind)
	if d == nil {
		return nil, refuse(CodeBodyNotWanted, "a %s has no detached body", s.Kind)
	}
	if raw[0] != '{' {
		return nil, refuse(CodeMemberMalformed, "the detached body is not an object")
	}
	plain, seals, err := liftSeals(d, raw)
	if err != nil {
		return nil, err
	}
	if err := decode(plain, d, "the detached body"); err != nil {
		return nil, err
	}
	d.setSeals(seals)
	if err := checkDetached(s, d); err != nil {
		return nil, err
	}
	if again, err := marshalDetached(d); err != nil || !bytes.Equal(again, raw) {
		return nil, refuse(CodeMemberMissing, "the detached body lacks a member that it must have")
	}
	return d, nil
}

// marshalDetached writes a detached body, its seals in their places.
func marshalDetached(d Detached) ([]byte, error) {
	b, err := json.Marshal(d, json.Deterministic(true))
	if err != nil || len(d.Seals()) == 0 {
		return b, err
	}
	return lowerSeals(b, d.Seals())
}

func checkSalt(s string) error {
	digits := len(s) % 4
	ok := digits != 1 && len(s) > 0
	for _, ch := range []byte(s) {
		ok = ok && sextets[ch] != noSextet
	}
	if ok {
		unused := [4]byte{2: 0x0f, 3: 0x03}[digits]
		ok = sextets[s[len(s)-1]]&unused == 0
	}
	if !ok {
		return refuse(CodeSaltShort, "the salt is not base64url without padding")
	}
	if n := len(s) * 6 / 8; n < MinSalt {
		return refuse(CodeSaltShort, "the salt has %d bytes, under %d", n, MinSalt)
	}
	return nil
}

func checkNarrative(n map[string]string) error {
	if n != nil && len(n) == 0 {
		return refuse(CodeMemberMalformed, "narrative is empty: leave it out")
	}
	for lang, text := range n {
		if !isLanguage(lang) {
			return refuse(CodeMemberMalformed, "a narrative's language is not a BCP 47 tag such as en or zh-Hant")
		}
		if err := checkText("a narrative", text, 50000, true); err != nil {
			return err
		}
	}
	return nil
}

// isLanguage takes the shape of BCP 47 language tags: a primary subtag of 2 or 3
// lower-case letters, then subtags of 2 to 8 letters or digits.
func isLanguage(s string) bool {
	if len(s) > 35 {
		return false
	}
	for first := true; ; first = false {
		sub, rest, more := strings.Cut(s, "-")
		if len(sub) < 2 || len(sub) > 8 || first && len(sub) > 3 {
			return false
		}
		for _, ch := range []byte(sub) {
			lower := ch >= 'a' && ch <= 'z'
			if !lower && (first || (ch < 'A' || ch > 'Z') && (ch < '0' || ch > '9')) {
				return false
			}
		}
		if !more {
			return true
		}
		s = rest
	}
}

func checkDocuments(docs []Document) error {
	if docs != nil && len(docs) == 0 {
		return refuse(CodeMemberMalformed, "documents is empty: leave it out")
	}
	for _, d := range docs {
		if err := checkText("a document's name", d.Name, 200, false); err != nil {
			return err
		}
		if err := checkText("a document's media type", d.MediaType, 100, false); err != nil {
			return err
		}
		if !IsDigest(d.SHA256) {
			return refuse(CodeDigestMalformed, "a document's sha256 is not a digest")
		}
		if d.URL != "" {
			if err := checkURL("a document's url", d.URL); err != nil {
				return err
			}
		}
	}
	return nil
}
