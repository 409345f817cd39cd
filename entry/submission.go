package entry

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxSubmission is the largest submission, in bytes: a leaf, a detached body, the
// disclosures of another whole body, which are a third longer, and what is around
// them.
const MaxSubmission = MaxKeyedLeaf + 3*MaxBody + 4096

// MaxDraft is the largest draft, in bytes: a submission, and once more its texts,
// encrypted and a third longer, and what it was at former places.
const MaxDraft = MaxSubmission + 5*MaxBody + MaxFormer*2*MaxKeyedLeaf

// A Submission is a statement on its way: the body of POST /api/v1/statements,
// and the file that goes from signer to signer (protocol section 8).
//
// With an open go the texts that it opens: the body of its entry and disclosures.
// They are read as far as they can be without that entry; see ParseOpened and
// Unseal for the rest.
type Submission struct {
	Envelope    *Envelope
	Statement   *Statement
	Body        []byte       // the detached body's exact bytes, or the opened one's; nil when there is none, or it is withheld
	Detached    Detached     // Body, parsed; nil with it, and for an opened one
	Disclosures []Disclosure // that an open opens, in the order of its digests
	Signers     *Signers     // of a draft only, nil when they are not known
	Safe        []byte       // of a draft only: what it keeps back, encrypted for those who sign; nil when nothing is
	Former      []*Envelope  // of a draft only: the same statement at places that were taken, with who had signed it there, the last one last
}

type submission struct {
	Statement   jsontext.Value `json:"statement"`
	Body        jsontext.Value `json:"body,omitzero"`
	Disclosures jsontext.Value `json:"disclosures,omitzero"`
	Signers     jsontext.Value `json:"signers,omitzero"`
	Safe        jsontext.Value `json:"safe,omitzero"`
	Former      jsontext.Value `json:"former,omitzero"`
}

// ParseSubmission reads {"statement":{envelope},"body":{…}?,"disclosures":[…]?}
// and checks all that can be checked without the log: encodings, the statement,
// and that the texts are there exactly when they should be and are those that
// were signed.
func ParseSubmission(b []byte) (*Submission, error) {
	sub, err := parseSubmission(b, false)
	if err != nil {
		return nil, err
	}
	if len(sub.Envelope.Signatures) == 0 {
		return nil, refuse(CodeSignaturesMalformed, "the statement has no signature")
	}
	if sub.Body != nil && sub.Statement.IsWithheld() {
		return nil, refuse(CodeBodyNotWanted, "the detached body is withheld: it must not leave its author")
	}
	texts := len(sub.Disclosures)
	if sub.Body != nil {
		texts++
	}
	if wanted := len(sub.Statement.Publishes()); texts < wanted {
		return nil, refuse(CodeBodyMissing, "the statement publishes %d texts, of which %d are here", wanted, texts)
	}
	return sub, nil
}

// ParseDraft is ParseSubmission for a file that may still lack signatures and
// texts, and that may hold a withheld body, Signers, Safe and Former. What is in Safe does
// not stand beside it too: a body that is withheld or opened, and disclosures.
func ParseDraft(b []byte) (*Submission, error) { return parseSubmission(b, true) }

func parseSubmission(b []byte, draft bool) (*Submission, error) {
	var w submission
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil {
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return nil, refuse(CodeMemberDuplicate, "a member of the submission stands there twice")
		case errors.Is(err, json.ErrUnknownName):
			return nil, refuse(CodeMemberUnknown, "the submission has a member other than statement, body and disclosures")
		}
		return nil, refuse(CodeNotJSON, "the submission is not a JSON object {\"statement\":…,\"body\":…,\"disclosures\":…}")
	}
	if w.Statement == nil {
		return nil, refuse(CodeMemberMissing, "the submission has no statement")
	}
	env, err := ParseDraftEnvelope(w.Statement)
	if err != nil {
		return nil, err
	}
	if len(env.Payload) > MaxKeyedLeaf {
		return nil, refuse(CodeLeafTooLarge, "the statement has %d bytes", len(env.Payload))
	}
	st, err := ParseStatement(env)
	if err != nil {
		return nil, err
	}
	if n := len((&Leaf{Logged: MaxLogged, Statement: env}).Marshal()); n > MaxLeafOf(st.Kind) {
		return nil, refuse(CodeLeafTooLarge, "the leaf would have %d bytes, over %d", n, MaxLeafOf(st.Kind))
	}
	sub := &Submission{Envelope: env, Statement: st}
	if err := sub.readBody(w.Body); err != nil {
		return nil, err
	}
	if err := sub.readDisclosures(w.Disclosures); err != nil {
		return nil, err
	}
	if w.Signers != nil {
		if !draft {
			return nil, refuse(CodeMemberUnknown, "signers stand in a draft and are not submitted")
		}
		if sub.Signers, err = parseSigners(w.Signers); err != nil {
			return nil, err
		}
	}
	if w.Safe != nil {
		if !draft {
			return nil, refuse(CodeMemberUnknown, "safe stands in a draft and is not submitted")
		}
		if sub.Safe, err = parseSafe(w.Safe); err != nil {
			return nil, err
		}
		if sub.Disclosures != nil || sub.Body != nil && (st.IsWithheld() || st.Kind == KindOpen) {
			return nil, refuse(CodeBodyNotWanted, "the draft has a safe, and what belongs in it stands beside it")
		}
	}
	if w.Former != nil {
		if !draft {
			return nil, refuse(CodeMemberUnknown, "former stands in a draft and is not submitted")
		}
		if err := sub.parseFormer(w.Former); err != nil {
			return nil, err
		}
	}
	return sub, nil
}

// parseSafe reads the base64 of a draft's safe. What is in it is for package safe.
func parseSafe(raw jsontext.Value) ([]byte, error) {
	if n := len(raw); n > 2 && raw[0] == '"' {
		b, err := base64.StdEncoding.Strict().DecodeString(string(raw[1 : n-1]))
		if err == nil && base64.StdEncoding.EncodedLen(len(b)) == n-2 {
			return b, nil
		}
	}
	return nil, refuse(CodeMemberMalformed, "safe is no base64")
}

func (s *Submission) readBody(raw jsontext.Value) (err error) {
	if raw == nil {
		return nil
	}
	s.Body = bytes.Clone(raw)
	if s.Statement.Kind != KindOpen {
		s.Detached, err = ParseDetached(s.Statement, s.Body)
		return err
	}
	digests := s.Statement.Publishes()
	if len(digests) == 0 {
		return refuse(CodeBodyNotWanted, "the open opens nothing: it sets a review date")
	}
	if err := checkBodySize(raw); err != nil {
		return err
	}
	if !slices.Contains(digests, Digest(raw)) {
		return refuse(CodeBodyDigest, "the detached body is not one that the open names")
	}
	return CheckCanonical(raw)
}

func (s *Submission) readDisclosures(raw jsontext.Value) error {
	if raw == nil {
		return nil
	}
	var texts []string
	if json.Unmarshal(raw, &texts) != nil || len(texts) == 0 {
		return refuse(CodeMemberMalformed, "disclosures is not a list of texts, or it is empty: leave it out")
	}
	var digests []string
	if s.Statement.Kind == KindOpen {
		digests = s.Statement.Publishes()
	}
	for _, text := range texts {
		d, err := ParseDisclosure(text)
		if err != nil {
			return err
		}
		i := slices.Index(digests, d.Digest())
		if i < 0 {
			return refuse(CodeDisclosureMismatch, "a disclosure is not one that the statement opens, or they are not in the order of its digests")
		}
		digests = digests[i+1:]
		s.Disclosures = append(s.Disclosures, d)
	}
	return nil
}

// ParseOpened reads raw, the body that an open brings for original, the statement
// whose body was withheld. It is ParseDetached.
func ParseOpened(original *Statement, raw []byte) (Detached, error) {
	return ParseDetached(original, raw)
}

// Marshal writes what ParseDraft and ParseSubmission read.
func (s *Submission) Marshal() []byte {
	b := append([]byte(`{"statement":`), s.Envelope.Marshal()...)
	if s.Body != nil {
		b = append(append(b, `,"body":`...), s.Body...)
	}
	for i, d := range s.Disclosures {
		sep := `","`
		if i == 0 {
			sep = `,"disclosures":["`
		}
		b = append(append(b, sep...), d.Text()...)
	}
	if s.Disclosures != nil {
		b = append(b, `"]`...)
	}
	if s.Signers != nil {
		if signers, err := Marshal(s.Signers); err == nil {
			b = append(append(b, `,"signers":`...), signers...)
		}
	}
	if s.Safe != nil {
		b = append(base64.StdEncoding.AppendEncode(append(b, `,"safe":"`...), s.Safe), '"')
	}
	for i, e := range s.Former {
		sep := `,`
		if i == 0 {
			sep = `,"former":[`
		}
		b = append(append(b, sep...), e.Marshal()...)
	}
	if s.Former != nil {
		b = append(b, ']')
	}
	return append(b, '}')
}
