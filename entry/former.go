package entry

import (
	"bytes"
	"encoding/hex"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxFormer is how many former places a draft remembers at the most.
const MaxFormer = 4

// At returns the payload of the same statement at another place of its author's chain:
// with another seq, prev and made, and with what it names under its new id where moved
// has one. Everything else stays, so that whoever has both can see that nothing else
// changed: made again from the former one, the payload is the same to the byte.
func (s *Statement) At(seq uint64, prev ID, made int64, moved map[ID]ID) ([]byte, error) {
	body, err := Marshal(s.Body)
	if err != nil {
		return nil, err
	}
	t := *s
	t.ID, t.Seq, t.Prev, t.Made, t.Body = ID{}, seq, prev, made, newTreeBody(s.Kind)
	eachID(body, func(at []byte, id ID) {
		if to, ok := moved[id]; ok {
			hex.Encode(at, to[:])
		}
	})
	if err := decode(body, t.Body, "the body"); err != nil {
		return nil, err
	}
	return t.Payload()
}

// Refers returns the entry ids that s names in its body, in the order in which they
// stand there.
func (s *Statement) Refers() []ID {
	body, err := Marshal(s.Body)
	if err != nil {
		return nil
	}
	var ids []ID
	eachID(body, func(_ []byte, id ID) { ids = append(ids, id) })
	return ids
}

// eachID finds the entry ids in a body: nothing else in one is a string of 64
// lower-case hex digits. What f gets of it is the body's own bytes.
func eachID(body []byte, f func(at []byte, id ID)) {
	const digits = 2 * len(ID{})
	for i := 0; ; {
		j := bytes.IndexByte(body[i:], '"')
		if j < 0 {
			return
		}
		i += j + 1
		if len(body) <= i+digits || body[i+digits] != '"' {
			continue
		}
		if h, ok := parseHash(body[i : i+digits]); ok {
			f(body[i:i+digits], ID(h))
		}
	}
}

// parseFormer reads the envelopes that a draft had at former places.
func (s *Submission) parseFormer(raw jsontext.Value) error {
	var list []jsontext.Value
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > MaxFormer {
		return refuse(CodeMemberMalformed, "former is not a list of 1 to %d envelopes", MaxFormer)
	}
	for _, one := range list {
		e, err := ParseDraftEnvelope(one)
		if err != nil {
			return err
		}
		st, err := ParseStatement(e)
		if err != nil {
			return err
		}
		now := s.Statement
		if st.Log != now.Log || st.Author != now.Author || st.Lane != now.Lane || st.Kind != now.Kind || st.BodyDigest != now.BodyDigest || st.Review != now.Review {
			return refuse(CodeMemberMalformed, "former holds another statement than this one at another place")
		}
		s.Former = append(s.Former, e)
	}
	return nil
}
