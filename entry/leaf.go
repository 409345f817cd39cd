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
	rest, ok := cutPrefix(b, leafHead)
	if !ok {
		return nil, refuse(CodeLeafMalformed, "the leaf does not begin with logged")
	}
	logged, digits := int64(0), 0
	for digits < len(rest) && digits < 16 && rest[digits] >= '0' && rest[digits] <= '9' {
		logged = logged*10 + int64(rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits > 1 && rest[0] == '0' || logged > MaxLogged {
		return nil, refuse(CodeLeafMalformed, "logged is not a whole number from 0 to the last second of the year 9999")
	}
	if rest, ok = cutPrefix(rest[digits:], leafStatement); !ok {
		return nil, refuse(CodeLeafMalformed, "no statement follows logged")
	}
	if !bytes.HasSuffix(rest, []byte(leafTail)) {
		return nil, refuse(CodeLeafMalformed, "the leaf does not end after its statement")
	}
	both := &struct {
		leaf Leaf
		env  Envelope
	}{}
	both.leaf = Leaf{Logged: logged, Statement: &both.env}
	if err := both.env.parse(rest[:len(rest)-1]); err != nil {
		return nil, err
	}
	if len(both.env.Signatures) == 0 {
		return nil, refuse(CodeSignaturesMalformed, "the statement has no signature")
	}
	return &both.leaf, nil
}
