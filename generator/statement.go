package generator

import (
	"encoding/base64"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
)

// A Statement is a statement in the making. It goes through three stages, and
// between them everything may be changed, to make one that is wrong in exactly
// one way:
//
//   - drafted: what the embedded fields say, and Detached;
//   - Encode makes Body, BodyDigest and Payload of them;
//   - Sign makes Envelope of Payload and Signers.
//
// World.Log does what was not done yet.
type Statement struct {
	entry.Statement
	Detached entry.Detached // nil: no detached body
	RawBody  jsontext.Value // stands in the tree in place of Statement.Body, unchecked
	Signers  []*Key         // who signs

	Body     []byte // the detached body's bytes, withheld or not
	Payload  []byte
	Envelope *entry.Envelope
	Logged   int64 // Unix seconds, when it was logged

	// Seals are what is sealed in Body, and Disclosures open it, by the member's name;
	// see World.Seal.
	Seals       []Seal
	Disclosures map[string]entry.Disclosure
	// Opens are the texts that an open publishes, in the order of its digests.
	Opens []Text

	index    uint64 // in the log, when it was logged
	openedAt uint64 // index of the open that published its body, if isOpened
	erasesOf *Statement
	answers  *Filed // the request that a decision is about
	brings   *Ring  // the private halves of the keys that it brings
	isOpened bool   // its withheld body was
	planned  bool   // when it is opened is written down elsewhere
	then     func() // what else changes in the books when it is logged
}

// A Text is a detached body or a disclosure, as the log serves it.
type Text struct {
	Digest string
	Bytes  []byte
}

func textOf(b []byte) Text { return Text{Digest: entry.Digest(b), Bytes: b} }

// payload is the wire form (protocol section 2). It is not taken from package
// entry, which would refuse what is wrong.
type payload struct {
	Author     string         `json:"author,omitzero"`
	Body       jsontext.Value `json:"body,omitzero"`
	BodyDigest string         `json:"bodyDigest,omitzero"`
	Kind       entry.Kind     `json:"kind,omitzero"`
	Lane       string         `json:"lane,omitzero"`
	Log        string         `json:"log,omitzero"`
	Made       string         `json:"made,omitzero"`
	Prev       string         `json:"prev,omitzero"`
	Seq        uint64         `json:"seq"`
	Withheld   *withheld      `json:"withheld,omitzero"`
}

type withheld struct {
	Review string `json:"review"`
}

// Encode makes the detached body, its digest, the payload and the entry id. A
// digest that is set already, or a Body, is kept.
func (st *Statement) Encode() *Statement {
	if st.Body == nil && st.Detached != nil {
		st.Body = encode(st.Detached)
	}
	if st.BodyDigest == "" && st.Body != nil {
		st.BodyDigest = entry.Digest(st.Body)
	}
	body := st.RawBody
	if body == nil {
		body = encode(st.Statement.Body)
	}
	p := payload{Author: st.Author, Body: body, BodyDigest: st.BodyDigest, Kind: st.Kind, Lane: st.Lane, Log: st.Log, Made: entry.FormatTime(st.Made), Seq: st.Seq}
	if !st.Prev.IsZero() {
		p.Prev = st.Prev.String()
	}
	if st.Review != "" {
		p.Withheld = &withheld{Review: st.Review}
	}
	return st.SetPayload(encode(p))
}

// SetPayload puts any bytes in place of the payload and works out the entry id.
func (st *Statement) SetPayload(b []byte) *Statement {
	st.Payload = b
	st.Envelope = &entry.Envelope{Payload: b}
	st.ID = st.Envelope.ID()
	return st
}

// Sign signs the payload with every key in Signers.
func (st *Statement) Sign() *Statement {
	if st.Envelope == nil {
		st.Encode()
	}
	pae := st.Envelope.PAE()
	for _, k := range st.Signers {
		st.Envelope.Sign(k.ID, k.Sign(pae))
	}
	return st
}

// SignWith signs the payload with these keys and no others.
func (st *Statement) SignWith(keys ...*Key) *Statement {
	st.Signers = keys
	return st.Sign()
}

// Submission is the statement on its way to a server. A withheld body stays
// behind.
func (st *Statement) Submission() *entry.Submission {
	st.finish()
	sub := &entry.Submission{Envelope: st.Envelope, Statement: &st.Statement}
	if !st.IsWithheld() {
		sub.Body = st.Body
	}
	for _, t := range st.Opens {
		if d, err := entry.ParseDisclosure(string(t.Bytes)); err == nil {
			sub.Disclosures = append(sub.Disclosures, d)
		} else {
			sub.Body = t.Bytes
		}
	}
	return sub
}

// finish does the stages that were left out.
func (st *Statement) finish() {
	if st.Envelope == nil {
		st.Encode()
	}
	if len(st.Envelope.Signatures) == 0 {
		st.Sign()
	}
}

// entry makes the leaf. The world may have gone on since the statement was
// logged: only Logged counts.
func (st *Statement) entry() *Entry {
	st.finish()
	e := &Entry{Logged: st.Logged, Leaf: (&entry.Leaf{Logged: st.Logged, Statement: st.Envelope}).Marshal(), Digest: st.BodyDigest}
	if !st.IsWithheld() {
		e.Body = st.Body
	}
	e.Opened = st.Opens
	if b, ok := st.Statement.Body.(*entry.Erasure); ok {
		e.Erases = b.Digest
		if of := st.erasesOf; of != nil {
			e.near = []uint64{of.index, of.openedAt}
		}
	}
	return e
}

// Edit decodes a JSON object, lets change alter it, and encodes it again in
// canonical form.
func Edit(object []byte, change func(map[string]any)) []byte {
	var m map[string]any
	if err := json.Unmarshal(object, &m); err != nil {
		panic(fmt.Sprintf("generator: edit: %v", err))
	}
	change(m)
	return encode(m)
}

// encode writes sorted JSON without checks.
func encode(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("generator: encode %T: %v", v, err))
	}
	return b
}

// Salt draws 16 bytes for a detached body.
func (w *World) Salt() string {
	b := make([]byte, entry.MinSalt)
	for i := range b {
		b[i] = byte(w.dice.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
