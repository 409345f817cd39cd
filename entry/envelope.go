package entry

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
)

// PayloadType is the DSSE payload type of statements.
const PayloadType = "application/vnd.pledgelog.statement.v1+json"

// MaxSignatures is how many signatures a statement may have.
const MaxSignatures = 16

// An ID is a statement's entry id: the SHA-256 of its DSSE pre-authentication
// encoding. Its author knows it before anyone signs (protocol section 2).
type ID [sha256.Size]byte

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is unset.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes id as 64 lower-case hex digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is ParseID.
func (id *ID) UnmarshalText(b []byte) error {
	got, err := ParseID(string(b))
	*id = got
	return err
}

// ParseID reads 64 lower-case hex digits.
func ParseID(s string) (ID, error) {
	h, ok := parseHash([]byte(s))
	if !ok {
		return ID{}, refuse(CodeMemberMalformed, "an entry id is not 64 lower-case hex digits")
	}
	return ID(h), nil
}

// A Signature is one signature of a statement's pre-authentication encoding.
type Signature struct {
	KeyID KeyID
	Sig   []byte
}

// An Envelope is a statement as it is signed and logged: a DSSE envelope
// (https://github.com/secure-systems-lab/dsse) in one exact encoding.
type Envelope struct {
	Payload    []byte      // RFC 8785 canonical JSON
	Signatures []Signature // sorted by key id, none twice; 0 in a draft, else 1 to 16
}

// PAE returns what is signed: the DSSE v1 pre-authentication encoding.
func (e *Envelope) PAE() []byte {
	b := make([]byte, 0, len("DSSEv1  "+PayloadType+" ")+12+len(e.Payload))
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(PayloadType)), 10)
	b = append(b, ' ')
	b = append(b, PayloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(e.Payload)), 10)
	b = append(b, ' ')
	return append(b, e.Payload...)
}

// ID returns the entry id.
func (e *Envelope) ID() ID { return sha256.Sum256(e.PAE()) }

// Sign adds sig by the key, in its place. A signature by the same key is
// replaced.
func (e *Envelope) Sign(id KeyID, sig []byte) {
	i, found := slices.BinarySearchFunc(e.Signatures, id, func(s Signature, id KeyID) int {
		return bytes.Compare(s.KeyID[:], id[:])
	})
	if found {
		e.Signatures[i].Sig = sig
		return
	}
	e.Signatures = slices.Insert(e.Signatures, i, Signature{KeyID: id, Sig: sig})
}

const (
	envelopeHead  = `{"payloadType":"` + PayloadType + `","payload":"`
	envelopeSigs  = `","signatures":[`
	signatureHead = `{"keyid":"`
	signatureSig  = `","sig":"`
	signatureTail = `"}`
	envelopeTail  = `]}`
)

// Marshal writes the envelope in its one encoding.
func (e *Envelope) Marshal() []byte { return e.appendTo(nil) }

func (e *Envelope) appendTo(b []byte) []byte {
	b = append(b, envelopeHead...)
	b = base64.StdEncoding.AppendEncode(b, e.Payload)
	b = append(b, envelopeSigs...)
	for i, s := range e.Signatures {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, signatureHead...)
		b = hex.AppendEncode(b, s.KeyID[:])
		b = append(b, signatureSig...)
		b = base64.StdEncoding.AppendEncode(b, s.Sig)
		b = append(b, signatureTail...)
	}
	return append(b, envelopeTail...)
}

// ParseEnvelope reads an envelope in its one encoding, with 1 to 16 signatures.
func ParseEnvelope(b []byte) (*Envelope, error) {
	e, err := parseEnvelope(b)
	if err == nil && len(e.Signatures) == 0 {
		return nil, refuse(CodeSignaturesMalformed, "the statement has no signature")
	}
	return e, err
}

// ParseDraftEnvelope is ParseEnvelope for a file that is still passed round: it
// may have no signature yet.
func ParseDraftEnvelope(b []byte) (*Envelope, error) { return parseEnvelope(b) }

func parseEnvelope(b []byte) (*Envelope, error) {
	rest, ok := bytes.CutPrefix(b, []byte(envelopeHead))
	if !ok {
		if i := len(`{"payloadType":"`); bytes.HasPrefix(b, []byte(envelopeHead[:i])) && !bytes.HasPrefix(b[i:], []byte(PayloadType+`"`)) {
			return nil, refuse(CodePayloadType, "the envelope's payloadType is not %s", PayloadType)
		}
		return nil, refuse(CodeEnvelopeMalformed, "the envelope does not begin with payloadType and payload")
	}
	payload, rest, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return nil, refuse(CodeEnvelopeMalformed, "the envelope's payload does not end")
	}
	decoded, err := decodeBase64(payload)
	if err != nil {
		return nil, err
	}
	if len(decoded) == 0 {
		return nil, refuse(CodePayloadEmpty, "the envelope's payload is empty")
	}
	rest, ok = bytes.CutPrefix(rest, []byte(envelopeSigs[1:]))
	if !ok {
		return nil, refuse(CodeEnvelopeMalformed, "the envelope has no signatures after its payload")
	}
	e := &Envelope{Payload: decoded}
	for !bytes.Equal(rest, []byte(envelopeTail)) {
		if len(e.Signatures) > 0 {
			if rest, ok = bytes.CutPrefix(rest, []byte(",")); !ok {
				return nil, refuse(CodeEnvelopeMalformed, "the envelope does not end after its signatures")
			}
		}
		if len(e.Signatures) == MaxSignatures {
			return nil, refuse(CodeSignaturesMalformed, "the statement has more than %d signatures", MaxSignatures)
		}
		var s Signature
		if s, rest, err = parseSignature(rest); err != nil {
			return nil, err
		}
		if n := len(e.Signatures); n > 0 && bytes.Compare(e.Signatures[n-1].KeyID[:], s.KeyID[:]) >= 0 {
			return nil, refuse(CodeSignaturesMalformed, "signature %d is not sorted by keyid, or its keyid stands there twice", n)
		}
		e.Signatures = append(e.Signatures, s)
	}
	return e, nil
}

func parseSignature(b []byte) (s Signature, rest []byte, err error) {
	malformed := refuse(CodeEnvelopeMalformed, "a signature is not {\"keyid\":…,\"sig\":…}")
	rest, ok := bytes.CutPrefix(b, []byte(signatureHead))
	if !ok || len(rest) < 64 {
		return s, nil, malformed
	}
	id, ok := parseHash(rest[:64])
	if !ok {
		return s, nil, refuse(CodeSignaturesMalformed, "a keyid is not 64 lower-case hex digits")
	}
	s.KeyID = id
	rest, ok = bytes.CutPrefix(rest[64:], []byte(signatureSig))
	if !ok {
		return s, nil, malformed
	}
	sig, rest, ok := bytes.Cut(rest, []byte(signatureTail))
	if !ok {
		return s, nil, malformed
	}
	if s.Sig, err = decodeBase64(sig); err != nil {
		return s, nil, err
	}
	if len(s.Sig) == 0 {
		return s, nil, refuse(CodeSignaturesMalformed, "a signature is empty")
	}
	return s, rest, nil
}
