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

	pae  []byte // what is signed, of which Payload is the end; nil when it was not read
	head int    // how much of pae stands before Payload
}

// PAE returns what is signed: the DSSE v1 pre-authentication encoding. It must
// not be changed.
func (e *Envelope) PAE() []byte {
	if n := len(e.Payload); n > 0 && len(e.pae) == e.head+n && &e.pae[e.head] == &e.Payload[0] {
		return e.pae
	}
	b := make([]byte, 0, maxPAEHead+len(e.Payload))
	return append(appendPAEHead(b, len(e.Payload)), e.Payload...)
}

// appendPAEHead writes what stands before a payload of so many bytes.
func appendPAEHead(b []byte, payload int) []byte {
	b = append(b, paeHead...)
	b = strconv.AppendInt(b, int64(payload), 10)
	return append(b, ' ')
}

var paeHead = "DSSEv1 " + strconv.Itoa(len(PayloadType)) + " " + PayloadType + " "

const maxPAEHead = len("DSSEv1 00 "+PayloadType+" ") + 20

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
	e := new(Envelope)
	if err := e.parse(b); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Envelope) parse(b []byte) error {
	rest, ok := cutPrefix(b, envelopeHead)
	if !ok {
		if rest, ok := cutPrefix(b, envelopeHead[:len(`{"payloadType":"`)]); ok {
			if _, ok := cutPrefix(rest, PayloadType+`"`); !ok {
				return refuse(CodePayloadType, "the envelope's payloadType is not %s", PayloadType)
			}
		}
		return refuse(CodeEnvelopeMalformed, "the envelope does not begin with payloadType and payload")
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return refuse(CodeEnvelopeMalformed, "the envelope's payload does not end")
	}
	if end == 0 {
		return refuse(CodePayloadEmpty, "the envelope's payload is empty")
	}
	if err := e.parsePayload(rest[:end]); err != nil {
		return err
	}
	rest, ok = cutPrefix(rest[end:], envelopeSigs)
	if !ok {
		return refuse(CodeEnvelopeMalformed, "the envelope has no signatures after its payload")
	}
	return e.parseSignatures(rest)
}

// parsePayload decodes the payload into its place behind the head of what is
// signed, so that it need not be copied there.
func (e *Envelope) parsePayload(encoded []byte) error {
	n := base64.StdEncoding.DecodedLen(len(encoded))
	for i := len(encoded) - 1; i >= len(encoded)-2 && i >= 0 && encoded[i] == '='; i-- {
		n--
	}
	pae := make([]byte, 0, maxPAEHead+n+2)
	pae = appendPAEHead(pae, n)
	head := len(pae)
	pae, err := appendBase64(pae, encoded)
	if err != nil {
		return err
	}
	e.pae, e.head, e.Payload = pae[:len(pae):len(pae)], head, pae[head:len(pae):len(pae)]
	return nil
}

func (e *Envelope) parseSignatures(rest []byte) error {
	if string(rest) == envelopeTail {
		return nil
	}
	e.Signatures = make([]Signature, 0, min(1+len(rest)/190, MaxSignatures)) // as long as one of Ed25519
	sigs := make([]byte, 0, base64.StdEncoding.DecodedLen(len(rest)))
	for string(rest) != envelopeTail {
		n := len(e.Signatures)
		if n == MaxSignatures {
			return refuse(CodeSignaturesMalformed, "the statement has more than %d signatures", MaxSignatures)
		}
		var ok bool
		if n > 0 {
			if rest, ok = cutPrefix(rest, ","); !ok {
				return refuse(CodeEnvelopeMalformed, "the envelope does not end after its signatures")
			}
		}
		var s Signature
		var err error
		if s, sigs, rest, err = parseSignature(sigs, rest); err != nil {
			return err
		}
		if n > 0 && bytes.Compare(e.Signatures[n-1].KeyID[:], s.KeyID[:]) >= 0 {
			return refuse(CodeSignaturesMalformed, "signature %d is not sorted by keyid, or its keyid stands there twice", n)
		}
		e.Signatures = append(e.Signatures, s)
	}
	return nil
}

// parseSignature reads the signature that b begins with. Its bytes are kept at
// the end of sigs.
func parseSignature(sigs, b []byte) (s Signature, all, rest []byte, err error) {
	const malformed = `a signature is not {"keyid":…,"sig":…}`
	rest, ok := cutPrefix(b, signatureHead)
	if !ok || len(rest) < 64 {
		return s, nil, nil, refuse(CodeEnvelopeMalformed, malformed)
	}
	if s.KeyID, ok = parseHash(rest[:64]); !ok {
		return s, nil, nil, refuse(CodeSignaturesMalformed, "a keyid is not 64 lower-case hex digits")
	}
	if rest, ok = cutPrefix(rest[64:], signatureSig); !ok {
		return s, nil, nil, refuse(CodeEnvelopeMalformed, malformed)
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return s, nil, nil, refuse(CodeEnvelopeMalformed, malformed)
	}
	start := len(sigs)
	if sigs, err = appendBase64(sigs, rest[:end]); err != nil {
		return s, nil, nil, err
	}
	if len(sigs) == start {
		return s, nil, nil, refuse(CodeSignaturesMalformed, "a signature is empty")
	}
	if rest, ok = cutPrefix(rest[end:], signatureTail); !ok {
		return s, nil, nil, refuse(CodeEnvelopeMalformed, malformed)
	}
	s.Sig = sigs[start:len(sigs):len(sigs)]
	return s, sigs, rest, nil
}

// cutPrefix is bytes.CutPrefix for a text.
func cutPrefix(b []byte, prefix string) (rest []byte, found bool) {
	if !hasPrefix(b, prefix) {
		return b, false
	}
	return b[len(prefix):], true
}
