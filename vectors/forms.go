package vectors

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Octets are bytes that a file shows as a string when they are UTF-8, and as
// {"base64":"…"} when they are not.
type Octets []byte

type octets struct {
	Base64 string `json:"base64"`
}

// MarshalJSONTo writes a string or {"base64":"…"}.
func (o Octets) MarshalJSONTo(enc *jsontext.Encoder) error {
	if utf8.Valid(o) {
		return enc.WriteToken(jsontext.String(string(o)))
	}
	return json.MarshalEncode(enc, octets{base64.StdEncoding.EncodeToString(o)})
}

// UnmarshalJSONFrom reads what MarshalJSONTo writes.
func (o *Octets) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' {
		var s string
		if err := json.UnmarshalDecode(dec, &s); err != nil {
			return err
		}
		*o = Octets(s)
		return nil
	}
	var form octets
	if err := json.UnmarshalDecode(dec, &form, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(form.Base64)
	if err == nil && utf8.Valid(b) {
		err = errors.New("it is UTF-8 and should be a string")
	}
	*o = b
	return err
}

// A Canonical is one vector of canonical.json.
type Canonical struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	JSON Octets `json:"json"`
	Code string `json:"code,omitzero"`
}

// A Time is one vector of times.json.
type Time struct {
	Form  string `json:"form"` // time, date, span, period or slot-period
	Text  string `json:"text"`
	Why   string `json:"why,omitzero"`
	Code  string `json:"code,omitzero"`
	Start *int64 `json:"start,omitzero"` // first second
	End   *int64 `json:"end,omitzero"`   // first second after it; absent for a time
	Next  string `json:"next,omitzero"`  // of a period: the one that follows
}

// A KeyForm is a key as it stands in statements.
type KeyForm struct {
	Alg  string `json:"alg"`
	SPKI string `json:"spki"`
	Use  string `json:"use"`
}

// A Key is one vector of keys.json.
type Key struct {
	Name string  `json:"name"`
	Why  string  `json:"why"`
	Key  KeyForm `json:"key"`
	Code string  `json:"code,omitzero"`
	ID   string  `json:"id,omitzero"`
}

// A KeySet is one key set of keys.json.
type KeySet struct {
	Name   string `json:"name"`
	Why    string `json:"why"`
	Set    Octets `json:"set"` // canonical JSON, of which Digest is the digest
	Code   string `json:"code,omitzero"`
	Digest string `json:"digest,omitzero"`
}

// Keys is keys.json.
type Keys struct {
	About   string   `json:"about"`
	Keys    []Key    `json:"keys"`
	KeySets []KeySet `json:"keySets"`
}

// A Signature is one vector of signatures.json.
type Signature struct {
	Name     string  `json:"name"`
	Why      string  `json:"why"`
	Key      KeyForm `json:"key"`
	Message  Octets  `json:"message"`
	Sig      string  `json:"sig"` // base64
	Verifies bool    `json:"verifies"`
	Code     string  `json:"code,omitzero"` // why a server refuses one that verifies
}

// A Leaf is one vector of leaves.json.
type Leaf struct {
	Name     string `json:"name"`
	Why      string `json:"why"`
	Leaf     Octets `json:"leaf"`
	Code     string `json:"code,omitzero"`
	LeafHash string `json:"leafHash"` // base64
	Logged   *int64 `json:"logged,omitzero"`
	ID       string `json:"id,omitzero"`
	Payload  Octets `json:"payload,omitzero"`
	// Unverified are the keyids of signatures that do not verify under a key of
	// keys.json.
	Unverified []string `json:"unverified,omitzero"`
}

// A Statement is one vector of statements.json.
type Statement struct {
	Name         string   `json:"name"`
	Why          string   `json:"why"`
	Payload      Octets   `json:"payload"`
	ID           string   `json:"id"`
	Code         string   `json:"code,omitzero"`
	UnknownCodes []string `json:"unknownCodes,omitzero"`
}

// A Body is one vector of bodies.json.
type Body struct {
	Name         string     `json:"name"`
	Why          string     `json:"why"`
	Payload      Octets     `json:"payload"` // of its statement
	Body         Octets     `json:"body"`
	Repeat       *Repeat    `json:"repeat,omitzero"`
	Digest       string     `json:"digest"`
	Code         string     `json:"code,omitzero"`
	Seals        []BodySeal `json:"seals,omitzero"`
	UnknownCodes []string   `json:"unknownCodes,omitzero"`
}

// A Repeat says that a text is to be put N times in place of Mark, so that a large
// input needs no large file.
type Repeat struct {
	Mark string `json:"mark"`
	Text string `json:"text"`
	N    int    `json:"n"`
}

// A BodySeal is one sealed member of a body.
type BodySeal struct {
	Member string `json:"member"`
	Digest string `json:"digest"`
}

// A Disclosure is one vector of disclosures.json.
type Disclosure struct {
	Name       string `json:"name"`
	Why        string `json:"why"`
	Disclosure Octets `json:"disclosure"` // as it is hashed
	Digest     string `json:"digest"`
	Code       string `json:"code,omitzero"`
	Salt       string `json:"salt,omitzero"`
	Member     string `json:"member,omitzero"`
	Value      Octets `json:"value,omitzero"` // canonical JSON
}

// An Opening is a sealed body and disclosures that open some of its members.
type Opening struct {
	Name        string   `json:"name"`
	Why         string   `json:"why"`
	Payload     Octets   `json:"payload"`
	Body        Octets   `json:"body"`
	Disclosures []string `json:"disclosures"`
	Code        string   `json:"code,omitzero"`
	Opened      Octets   `json:"opened,omitzero"` // the body with the values in place
}

// Disclosures is disclosures.json.
type Disclosures struct {
	About       string       `json:"about"`
	Disclosures []Disclosure `json:"disclosures"`
	Openings    []Opening    `json:"openings"`
}

// A Slot is one vector of slots.json.
type Slot struct {
	Name    string  `json:"name"`
	Why     string  `json:"why"`
	Payload Octets  `json:"payload"`
	ID      string  `json:"id"`
	Places  []Place `json:"places"` // in the order of the slot's digests
}

// A Place is one place of a slot, and what its author keeps to itself.
type Place struct {
	Digest     string  `json:"digest"`
	Disclosure string  `json:"disclosure"`
	BodyDigest *string `json:"bodyDigest"` // null in an empty place
}

// A Submission is one vector of submissions.json.
type Submission struct {
	Name       string `json:"name"`
	Why        string `json:"why"`
	Submission Octets `json:"submission"`
	Code       string `json:"code,omitzero"`
	ID         string `json:"id,omitzero"`
}

// A Row is one row of directories.json.
type Row struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	Row  Octets `json:"row"`
	Code string `json:"code,omitzero"`
}

// A Directory is rows with their root.
type Directory struct {
	Name string   `json:"name"`
	Why  string   `json:"why"`
	Rows []Octets `json:"rows"`
	Root string   `json:"root"`
}

// Directories is directories.json.
type Directories struct {
	About       string      `json:"about"`
	Rows        []Row       `json:"rows"`
	Directories []Directory `json:"directories"`
}

// A File is a file of vectors of one form.
type File[T any] struct {
	About   string `json:"about"`
	Vectors []T    `json:"vectors"`
}

// Expand puts the repeated text in its place.
func (r *Repeat) Expand(b []byte) []byte {
	if r == nil {
		return b
	}
	return bytes.ReplaceAll(b, []byte(r.Mark), bytes.Repeat([]byte(r.Text), r.N))
}

// write encodes a file of vectors.
func write(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent(" "))
	if err != nil {
		panic(fmt.Sprintf("vectors: encode %T: %v", v, err))
	}
	return append(b, '\n')
}

// Read decodes a file of vectors, strictly.
func Read(b []byte, v any) error {
	return json.Unmarshal(b, v, json.RejectUnknownMembers(true))
}
