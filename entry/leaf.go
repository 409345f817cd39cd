package entry

import (
	"bytes"
	"strconv"
)

// The largest sizes, in bytes (protocol section 2).
const (
	MaxLeaf      = 32 << 10
	MaxKeyedLeaf = 65535 // charter, amend, admit, keys
	MaxBody      = 256 << 10
)

// MaxLeafOf returns how large a leaf of that kind may be, in bytes.
func MaxLeafOf(k Kind) int {
	switch k {
	case KindCharter, KindAmend, KindAdmit, KindKeys:
		return MaxKeyedLeaf
	}
	return MaxLeaf
}

// MaxLogged is the last second that `logged` may be: that of the year 9999, the
// last that a time of the protocol can be written for.
const MaxLogged = 253402300799

// A Leaf is one entry of the log: a statement and the moment at which the
// operator gave it its index.
type Leaf struct {
	Logged    int64 // Unix seconds, by the operator's clock
	Statement *Envelope
}

const (
	leafHead      = `{"logged":`
	leafStatement = `,"statement":`
	leafTail      = `}`
)

// Marshal writes the leaf in its one exact encoding (protocol section 2).
func (l *Leaf) Marshal() []byte {
	b := make([]byte, 0, 256+len(l.Statement.Payload)*4/3+len(l.Statement.Signatures)*190)
	b = append(b, leafHead...)
	b = strconv.AppendInt(b, l.Logged, 10)
	b = append(b, leafStatement...)
	b = l.Statement.appendTo(b)
	return append(b, leafTail...)
}

// ParseLeaf reads a leaf. It checks the encoding only: what the payload says is
// ParseStatement's business, and its size is judged by kind.
func ParseLeaf(b []byte) (*Leaf, error) {
	if len(b) == 0 {
		return nil, refuse(CodeLeafMalformed, "the leaf is empty")
	}
	rest, ok := bytes.CutPrefix(b, []byte(leafHead))
	if !ok {
		return nil, refuse(CodeLeafMalformed, "the leaf does not begin with logged")
	}
	number, rest, ok := bytes.Cut(rest, []byte(leafStatement))
	if !ok {
		return nil, refuse(CodeLeafMalformed, "no statement follows logged")
	}
	if len(number) > 16 || CheckCanonical(number) != nil || number[0] < '0' || number[0] > '9' {
		return nil, refuse(CodeLeafMalformed, "logged is not a whole number from 0 to 2^53-1")
	}
	logged, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || logged > MaxLogged {
		return nil, refuse(CodeLeafMalformed, "logged is after the year 9999")
	}
	body, ok := bytes.CutSuffix(rest, []byte(leafTail))
	if !ok {
		return nil, refuse(CodeLeafMalformed, "the leaf does not end after its statement")
	}
	env, err := ParseEnvelope(body)
	if err != nil {
		return nil, err
	}
	return &Leaf{Logged: logged, Statement: env}, nil
}
