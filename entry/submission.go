package entry

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxSubmission is the largest submission, in bytes: a leaf and a detached body
// and what is around them.
const MaxSubmission = MaxKeyedLeaf + MaxBody + 4096

// A Submission is a statement on its way: the body of POST /api/v1/statements,
// and the file that goes from signer to signer (protocol section 8).
type Submission struct {
	Envelope  *Envelope
	Statement *Statement
	Body      []byte   // the detached body's exact bytes; nil when there is none, or it is withheld
	Detached  Detached // Body, parsed; nil with it
}

type submission struct {
	Statement jsontext.Value `json:"statement"`
	Body      jsontext.Value `json:"body,omitzero"`
}

// ParseSubmission reads {"statement":{envelope},"body":{…}?} and checks all that
// can be checked without the log: encodings, the statement, and that the body is
// there exactly when it should be and is the one that was signed.
func ParseSubmission(b []byte) (*Submission, error) {
	sub, err := ParseDraft(b)
	if err != nil {
		return nil, err
	}
	if len(sub.Envelope.Signatures) == 0 {
		return nil, refuse(CodeSignaturesMalformed, "the statement has no signature")
	}
	if sub.Body != nil && sub.Statement.IsWithheld() {
		return nil, refuse(CodeBodyNotWanted, "the detached body is withheld: it must not leave its author")
	}
	if sub.Body == nil && sub.Statement.BodyDigest != "" && !sub.Statement.IsWithheld() {
		return nil, refuse(CodeBodyMissing, "the statement names a detached body that is not here")
	}
	return sub, nil
}

// ParseDraft is ParseSubmission for a file that may still lack signatures, and
// that may hold a withheld body.
func ParseDraft(b []byte) (*Submission, error) {
	var w submission
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil {
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return nil, refuse(CodeMemberDuplicate, "a member of the submission stands there twice")
		case errors.Is(err, json.ErrUnknownName):
			return nil, refuse(CodeMemberUnknown, "the submission has a member other than statement and body")
		}
		return nil, refuse(CodeNotJSON, "the submission is not a JSON object {\"statement\":…,\"body\":…}")
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
	if w.Body != nil {
		sub.Body = bytes.Clone(w.Body)
		if sub.Detached, err = ParseDetached(st, sub.Body); err != nil {
			return nil, err
		}
	}
	return sub, nil
}

// Marshal writes what ParseDraft and ParseSubmission read.
func (s *Submission) Marshal() []byte {
	b := append([]byte(`{"statement":`), s.Envelope.Marshal()...)
	if s.Body != nil {
		b = append(append(b, `,"body":`...), s.Body...)
	}
	return append(b, '}')
}
