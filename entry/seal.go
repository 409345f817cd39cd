package entry

import (
	"bytes"
	"encoding/base64"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A Seal stands in a published detached body in place of a member's value, as
// `{"law"?:code,"reason":code,"review":date,"sealed":digest}`, until a Disclosure
// of that digest is opened (protocol section 3).
type Seal struct {
	Member string // whose value is sealed
	Digest string // of the disclosure
	Law    string // a code of the vocabulary's list instrument, Withheld, or ""
	Reason string // a code of the list sealReason, or Withheld
	Review string // YYYY-MM-DD
}

// seal is the wire form, members sorted.
type seal struct {
	Law    string `json:"law,omitzero"`
	Reason string `json:"reason"`
	Review string `json:"review"`
	Sealed string `json:"sealed"`
}

// sealedMember is the member by which an object is a sealed field.
const sealedMember = "sealed"

// neverSealed are the members that say which statement a body belongs to, and its
// salt.
var neverSealed = []string{"author", "kind", "log", "salt"}

// unsealable is in bodies that have no sealed members.
type unsealable struct{}

// Seals returns nil: nothing is sealed here.
func (unsealable) Seals() []Seal { return nil }

func (unsealable) setSeals([]Seal) {}
func (unsealable) noSeals()        {}

// sealable is in bodies whose members may be sealed.
type sealable struct{ seals []Seal }

// Seals returns the sealed members, sorted by name.
func (b *sealable) Seals() []Seal { return b.seals }

func (b *sealable) setSeals(s []Seal) { b.seals = s }

func (b *sealable) isSealed(member string) bool {
	return slices.ContainsFunc(b.seals, func(s Seal) bool { return s.Member == member })
}

// A member is one name of an object, and its value as it stands there.
type member struct {
	name  string
	value jsontext.Value
}

// membersOf takes a canonical object apart.
func membersOf(object []byte) []member {
	var out []member
	c := canonical{b: object, i: 1, nulls: true}
	for c.i < len(object) && object[c.i] == '"' {
		raw, _ := c.str() // what was checked before has no errors
		c.i++             // the colon
		start := c.i
		_ = c.value(2)
		out = append(out, member{unquote(raw), object[start:c.i]})
		c.i++ // the comma or the end
	}
	return out
}

// joinMembers writes an object of members, which are sorted.
func joinMembers(list []member) []byte {
	b := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(b, m.name)
		b = append(append(b, ':'), m.value...)
	}
	return append(b, '}')
}

// liftSeals takes the sealed members out of raw, a canonical object that is a
// body of the type of d.
func liftSeals(d Detached, raw []byte) (plain []byte, seals []Seal, err error) {
	if _, never := d.(interface{ noSeals() }); never || !bytes.Contains(raw, []byte(`"`+sealedMember+`":`)) {
		return raw, nil, nil
	}
	known := memberNames(d)
	var rest []member
	for _, m := range membersOf(raw) {
		if !isSeal(m.value) || slices.Contains(neverSealed, m.name) {
			rest = append(rest, m)
			continue
		}
		if !slices.Contains(known, m.name) {
			return nil, nil, refuse(CodeMemberUnknown, "a member that is sealed is not a member of this format")
		}
		s, err := parseSeal(m)
		if err != nil {
			return nil, nil, err
		}
		seals = append(seals, s)
	}
	return joinMembers(rest), seals, checkSeals(seals)
}

func checkSeals(seals []Seal) error {
	for i, s := range seals {
		if err := s.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(seals[:i], func(o Seal) bool { return o.Digest == s.Digest }) {
			return refuse(CodeMemberMalformed, "two members are sealed by one digest")
		}
	}
	return nil
}

// isSeal reports whether a canonical value is an object with a member "sealed".
func isSeal(v []byte) bool {
	return v[0] == '{' && slices.ContainsFunc(membersOf(v), func(m member) bool { return m.name == sealedMember })
}

func parseSeal(m member) (Seal, error) {
	var w seal
	if err := decode(m.value, &w, "the seal of "+m.name); err != nil {
		return Seal{}, err
	}
	return Seal{Member: m.name, Digest: w.Sealed, Law: w.Law, Reason: w.Reason, Review: w.Review}, nil
}

func (s Seal) check() error {
	if err := optionalCode("the law of a seal", s.Law); err != nil {
		return err
	}
	if s.Reason == "" || s.Review == "" {
		return refuse(CodeMemberMissing, "the seal of %s has no reason or no review", s.Member)
	}
	if err := checkCode("the reason of a seal", s.Reason); err != nil {
		return err
	}
	if _, err := ParseDate(s.Review); err != nil {
		return err
	}
	if !IsDigest(s.Digest) {
		return refuse(CodeDigestMalformed, "the seal of %s is not a digest", s.Member)
	}
	return nil
}

// value writes the seal as it stands in a body.
func (s Seal) value() (jsontext.Value, error) {
	return Marshal(seal{Law: s.Law, Reason: s.Reason, Review: s.Review, Sealed: s.Digest})
}

// lowerSeals puts seals back into a body, in place of what stands for an absent
// value.
func lowerSeals(body []byte, seals []Seal) ([]byte, error) {
	list := membersOf(body)
	for _, s := range seals {
		v, err := s.value()
		if err != nil {
			return nil, err
		}
		i, found := slices.BinarySearchFunc(list, s.Member, func(m member, name string) int { return strings.Compare(m.name, name) })
		if !found {
			list = slices.Insert(list, i, member{name: s.Member})
		}
		list[i].value = v
	}
	return joinMembers(list), nil
}

// memberNames returns the names of the members that a body may have.
func memberNames(d Detached) []string {
	t := reflect.TypeOf(d).Elem()
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// SealMembers seals members of a detached body: it returns the body with a seal
// in place of each value, and for each seal, in the order given, the disclosure
// that opens it. Who loses a disclosure can never open that member. Each seal says
// Member, Reason, Review and perhaps Law; its Digest is not looked at. Salts of 16
// bytes come from rand. That the member may be sealed is for ParseDetached to say.
func SealMembers(rand io.Reader, body []byte, seals []Seal) (sealed []byte, opened []Disclosure, err error) {
	if err := CheckCanonical(body); err != nil {
		return nil, nil, err
	}
	if len(body) == 0 || body[0] != '{' {
		return nil, nil, refuse(CodeMemberMalformed, "the detached body is not an object")
	}
	list := membersOf(body)
	for _, s := range seals {
		i := slices.IndexFunc(list, func(m member) bool { return m.name == s.Member })
		if i < 0 {
			return nil, nil, refuse(CodeMemberMissing, "the detached body has no %s to be sealed", s.Member)
		}
		salt := make([]byte, MinSalt)
		if _, err := io.ReadFull(rand, salt); err != nil {
			return nil, nil, err
		}
		d, err := NewDisclosure(base64.RawURLEncoding.EncodeToString(salt), s.Member, list[i].value)
		if err != nil {
			return nil, nil, err
		}
		s.Digest = d.Digest()
		if err := s.check(); err != nil {
			return nil, nil, err
		}
		if list[i].value, err = s.value(); err != nil {
			return nil, nil, err
		}
		opened = append(opened, d)
	}
	return joinMembers(list), opened, nil
}

// Unseal reads raw, the detached body of s, with the values of disclosures put
// back in the places of their seals, and checks the whole as if these had never
// been sealed. What else is sealed stays so. A disclosure that no seal names, or
// that names another member, is an error; so is a value that does not fit, which
// is its author's doing.
func Unseal(s *Statement, raw []byte, disclosures []Disclosure) (Detached, error) {
	d, err := ParseDetached(s, raw)
	if err != nil || len(disclosures) == 0 {
		return d, err
	}
	list, seals := membersOf(raw), slices.Clone(d.Seals())
	for _, o := range disclosures {
		i := slices.IndexFunc(seals, func(s Seal) bool { return s.Digest == o.Digest() })
		if i < 0 {
			return nil, refuse(CodeDisclosureMismatch, "a disclosure is not that of a sealed member, or stands there twice")
		}
		at := slices.IndexFunc(list, func(m member) bool { return m.name == seals[i].Member })
		if o.Name != seals[i].Member {
			return nil, refuse(CodeDisclosureDiffers, "the disclosure of %s names another member", seals[i].Member)
		}
		list[at].value = o.Value
		seals = slices.Delete(seals, i, i+1)
	}
	whole := joinMembers(list)
	if err := checkBodySize(whole); err != nil {
		return nil, err
	}
	return readDetached(s, whole)
}
