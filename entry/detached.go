package entry

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// A Detached is a detached body (protocol section 3): *CharterBody,
// *RequestBody, *DecisionBody or *AttestationBody. Free text, names, places and
// documents stand here and never in the tree.
type Detached interface {
	check(s *Statement) error
	head() *Head
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

// A CharterBody has the full text of each clause.
type CharterBody struct {
	Author  string            `json:"author"`
	Clauses map[string]string `json:"clauses"` // clause id → text
	Kind    Kind              `json:"kind"`
	Log     string            `json:"log"`
	Salt    string            `json:"salt"`
}

// A RequestBody says what was asked, by whom and how (protocol section 5).
type RequestBody struct {
	Agency        string            `json:"agency,omitzero"`
	Assist        []string          `json:"assist"`
	Author        string            `json:"author"`
	Authority     string            `json:"authority,omitzero"`
	Compulsion    string            `json:"compulsion,omitzero"`
	Corroboration string            `json:"corroboration,omitzero"`
	Country       string            `json:"country"`
	Documents     []Document        `json:"documents,omitzero"`
	Gag           string            `json:"gag,omitzero"`
	GagReview     string            `json:"gagReview,omitzero"` // YYYY-MM-DD
	Instrument    string            `json:"instrument,omitzero"`
	Kind          Kind              `json:"kind"`
	Log           string            `json:"log"`
	Narrative     map[string]string `json:"narrative,omitzero"` // BCP 47 language → text
	Other         map[string]string `json:"other,omitzero"`     // member → what its code `other` stands for
	Products      []string          `json:"products,omitzero"`
	Received      string            `json:"received"` // date, month or interval; see ParseSpan
	Salt          string            `json:"salt"`
	Statute       string            `json:"statute,omitzero"`
	Targets       []string          `json:"targets,omitzero"`
}

// A DecisionBody tells of an answer.
type DecisionBody struct {
	Author    string            `json:"author"`
	Court     string            `json:"court,omitzero"`
	Documents []Document        `json:"documents,omitzero"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

// An AttestationBody has the words beside the numbers.
type AttestationBody struct {
	Author    string            `json:"author"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

// A Document is named by its digest; it is kept elsewhere.
type Document struct {
	MediaType string `json:"mediaType"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"` // base64url without padding
	URL       string `json:"url,omitzero"`
}

func (b *CharterBody) head() *Head     { return &Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *RequestBody) head() *Head     { return &Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *DecisionBody) head() *Head    { return &Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *AttestationBody) head() *Head { return &Head{b.Author, b.Kind, b.Log, b.Salt} }

func newDetached(k Kind) Detached {
	switch k {
	case KindCharter:
		return new(CharterBody)
	case KindRequest:
		return new(RequestBody)
	case KindDecision:
		return new(DecisionBody)
	case KindAttestation:
		return new(AttestationBody)
	}
	return nil
}

// ParseDetached reads raw, the detached body of s, and checks that it is the
// one that s names and that it says what a body of that kind may say.
func ParseDetached(s *Statement, raw []byte) (Detached, error) {
	if s.BodyDigest == "" {
		return nil, refuse(CodeBodyNotWanted, "the statement names no detached body")
	}
	if len(raw) > MaxBody {
		return nil, refuse(CodeBodyTooLarge, "the detached body has %d bytes, over %d", len(raw), MaxBody)
	}
	if Digest(raw) != s.BodyDigest {
		return nil, refuse(CodeBodyDigest, "the detached body is not the one that the statement names")
	}
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
	if err := decode(raw, d, "the detached body"); err != nil {
		return nil, err
	}
	h := d.head()
	if h.Author != s.Author || h.Kind != s.Kind || h.Log != s.Log {
		return nil, refuse(CodeBodyElsewhere, "the detached body's author, kind or log is not the statement's")
	}
	if err := checkSalt(h.Salt); err != nil {
		return nil, err
	}
	if err := d.check(s); err != nil {
		return nil, err
	}
	if again, err := json.Marshal(d, json.Deterministic(true)); err != nil || !bytes.Equal(again, raw) {
		return nil, refuse(CodeMemberMissing, "the detached body lacks a member that it must have")
	}
	return d, nil
}

func checkSalt(s string) error {
	if strings.ContainsAny(s, "\r\n") {
		return refuse(CodeSaltShort, "the salt is not base64url without padding")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return refuse(CodeSaltShort, "the salt is not base64url without padding")
	}
	if len(b) < MinSalt {
		return refuse(CodeSaltShort, "the salt has %d bytes, under %d", len(b), MinSalt)
	}
	return nil
}

func (b *CharterBody) check(s *Statement) error {
	c := s.Body.(*Charter)
	if len(b.Clauses) != len(c.Clauses) {
		return refuse(CodeClauseDigest, "the detached body has %d clauses, the charter %d", len(b.Clauses), len(c.Clauses))
	}
	for _, cl := range c.Clauses {
		text, ok := b.Clauses[cl.ID]
		if !ok || Digest([]byte(text)) != cl.Text {
			return refuse(CodeClauseDigest, "the text of clause %s is not the one that the charter names", cl.ID)
		}
		if err := checkText("a clause", text, 20000, true); err != nil {
			return err
		}
	}
	return nil
}

func (b *RequestBody) check(s *Statement) error {
	start, end, err := ParseSpan(b.Received)
	if err != nil {
		return err
	}
	if p := s.Body.(*Request).Period(); !p.IsZero() && (start < p.Start() || end > p.End()) {
		return refuse(CodeReceivedDiffers, "received is not within %s", p)
	}
	if b.Country != Withheld && !IsCountry(b.Country) {
		return refuse(CodeCodeMalformed, "country is not two upper-case letters or withheld")
	}
	if b.Assist == nil {
		return refuse(CodeMemberMissing, "assist is missing")
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"assist", b.Assist}, {"products", b.Products}, {"targets", b.Targets}} {
		if err := checkCodes(l.name, l.list); err != nil {
			return err
		}
	}
	for _, c := range []struct{ name, code string }{{"authority", b.Authority}, {"compulsion", b.Compulsion}, {"corroboration", b.Corroboration}, {"gag", b.Gag}, {"instrument", b.Instrument}} {
		if c.code != "" {
			if err := checkCode(c.name, c.code); err != nil {
				return err
			}
		}
	}
	if b.GagReview != "" {
		if _, err := ParseDate(b.GagReview); err != nil {
			return err
		}
	}
	if err := optionalText("agency", b.Agency, 200); err != nil {
		return err
	}
	if err := optionalText("statute", b.Statute, 500); err != nil {
		return err
	}
	if err := b.checkOther(); err != nil {
		return err
	}
	if err := checkNarrative(b.Narrative); err != nil {
		return err
	}
	return checkDocuments(b.Documents)
}

// checkOther wants a text for each member whose code is `other`, and no more.
func (b *RequestBody) checkOther() error {
	if b.Other != nil && len(b.Other) == 0 {
		return refuse(CodeMemberMalformed, "other is empty: leave it out")
	}
	known := 0
	for _, l := range b.lists() {
		name := l.name
		text, has := b.Other[name]
		if uses := slices.Contains(l.codes, "other"); uses && !has {
			return refuse(CodeMemberMissing, "%s is other: other/%s has to say what", name, name)
		} else if has && !uses {
			return refuse(CodeMemberMalformed, "other/%s stands without the code other", name)
		}
		if has {
			known++
			if err := checkText("other/"+name, text, 500, false); err != nil {
				return err
			}
		}
	}
	if known < len(b.Other) {
		return refuse(CodeMemberUnknown, "a member of other is not a list")
	}
	return nil
}

// A codeList is the codes of one member, which is also the name of the vocabulary
// list that they come from.
type codeList struct {
	name  string
	codes []string
}

// lists returns every code of b.
func (b *RequestBody) lists() [8]codeList {
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	return [8]codeList{
		{"assist", b.Assist}, {"authority", one(b.Authority)}, {"compulsion", one(b.Compulsion)}, {"corroboration", one(b.Corroboration)},
		{"gag", one(b.Gag)}, {"instrument", one(b.Instrument)}, {"products", b.Products}, {"targets", b.Targets},
	}
}

func (b *DecisionBody) check(*Statement) error {
	if err := optionalText("court", b.Court, 200); err != nil {
		return err
	}
	if err := checkNarrative(b.Narrative); err != nil {
		return err
	}
	return checkDocuments(b.Documents)
}

func (b *AttestationBody) check(*Statement) error { return checkNarrative(b.Narrative) }

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
	for i, sub := range strings.Split(s, "-") {
		if i == 0 {
			if len(sub) < 2 || len(sub) > 3 || strings.Trim(sub, "abcdefghijklmnopqrstuvwxyz") != "" {
				return false
			}
			continue
		}
		if len(sub) < 2 || len(sub) > 8 || strings.Trim(sub, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return len(s) <= 35
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
