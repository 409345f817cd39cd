package entry

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A Kind is what a statement does (protocol section 4).
type Kind string

// The kinds of this version.
const (
	KindCharter     Kind = "charter"
	KindAmend       Kind = "amend"
	KindAdmit       Kind = "admit"
	KindStanding    Kind = "standing"
	KindSucceed     Kind = "succeed"
	KindKeys        Kind = "keys"
	KindPledge      Kind = "pledge"
	KindRequest     Kind = "request"
	KindDecision    Kind = "decision"
	KindAttestation Kind = "attestation"
	KindSlot        Kind = "slot"
	KindOpen        Kind = "open"
	KindCorrect     Kind = "correct"
	KindWithdraw    Kind = "withdraw"
	KindChallenge   Kind = "challenge"
	KindReply       Kind = "reply"
	KindErasure     Kind = "erasure"
	KindDirectory   Kind = "directory"
)

// Kinds lists the kinds of this version in the order of the protocol.
var Kinds = []Kind{
	KindCharter, KindAmend, KindAdmit, KindStanding, KindSucceed, KindKeys, KindPledge, KindRequest, KindDecision,
	KindAttestation, KindSlot, KindOpen, KindCorrect, KindWithdraw, KindChallenge, KindReply, KindErasure, KindDirectory,
}

// The authors that are nobody's to choose.
const (
	AuthorSecretariat = "secretariat"
	AuthorOperator    = "operator"
)

// The lanes: slots have one of their own, so that a timer's slots never disturb a
// draft that waits for a second signature.
const (
	LaneMain = "main"
	LaneSlot = "slot"
)

// LaneOf returns the lane in which statements of a kind stand.
func LaneOf(k Kind) string {
	if k == KindSlot {
		return LaneSlot
	}
	return LaneMain
}

// A Statement is a payload that was parsed (protocol section 2).
type Statement struct {
	ID         ID // entry id
	Log        string
	Author     string
	Lane       string
	Seq        uint64 // from 1
	Prev       ID     // zero when Seq is 1
	Made       int64  // Unix seconds, by the author's clock
	Kind       Kind
	Body       TreeBody
	BodyDigest string // "" when there is no detached body
	Review     string // YYYY-MM-DD when the detached body is withheld, else ""
}

// A TreeBody is the part of a statement that stands in the Merkle tree for
// ever: a pointer to the struct that is named as its kind, such as *Charter.
type TreeBody interface {
	// check refuses values that no statement of this kind may have, whatever
	// was logged before it.
	check(s *Statement) error
}

// payload is the wire form, members sorted.
type payload struct {
	Author     string         `json:"author"`
	Body       jsontext.Value `json:"body"`
	BodyDigest string         `json:"bodyDigest,omitzero"`
	Kind       Kind           `json:"kind"`
	Lane       string         `json:"lane"`
	Log        string         `json:"log"`
	Made       string         `json:"made"`
	Prev       string         `json:"prev,omitzero"`
	Seq        uint64         `json:"seq"`
	Withheld   *withheld      `json:"withheld,omitzero"`
}

type withheld struct {
	Review string `json:"review"`
}

// Payload encodes s as canonical JSON, after the same checks as ParseStatement.
func (s *Statement) Payload() ([]byte, error) {
	if s.Body == nil {
		return nil, refuse(CodeMemberMissing, "the statement has no body")
	}
	body, err := Marshal(s.Body)
	if err != nil {
		return nil, err
	}
	p := payload{Author: s.Author, Body: body, BodyDigest: s.BodyDigest, Kind: s.Kind, Lane: s.Lane, Log: s.Log, Made: FormatTime(s.Made), Seq: s.Seq}
	if !s.Prev.IsZero() {
		p.Prev = s.Prev.String()
	}
	if s.Review != "" {
		p.Withheld = &withheld{Review: s.Review}
	}
	b, err := Marshal(p)
	if err != nil {
		return nil, err
	}
	if _, err := ParseStatement(&Envelope{Payload: b}); err != nil {
		return nil, err
	}
	return b, nil
}

// ParseStatement reads the payload of an envelope. Nothing here depends on what
// was logged before.
func ParseStatement(e *Envelope) (*Statement, error) {
	s := new(Statement)
	if quickStatement(e.Payload, s) && s.check() == nil && s.Body.check(s) == nil {
		s.ID = e.ID()
		return s, nil
	}
	return slowStatement(e)
}

// slowStatement is ParseStatement with the code of what is wrong, which
// quickStatement does not have.
func slowStatement(e *Envelope) (*Statement, error) {
	s, body, err := readStatement(e.Payload)
	if err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if bytes.IndexByte(body, '{') != 0 {
		return nil, refuse(CodeMemberMalformed, "the body is not an object")
	}
	s.Body = newTreeBody(s.Kind)
	if err := decode(body, s.Body, "the body"); err != nil {
		return nil, err
	}
	if err := s.Body.check(s); err != nil {
		return nil, err
	}
	if again, err := Marshal(s.Body); err != nil || !bytes.Equal(again, body) {
		// What was left out and has no absent form reads as zero.
		return nil, refuse(CodeMemberMissing, "the body lacks a member that a %s must have", s.Kind)
	}
	s.ID = e.ID()
	return s, nil
}

// readStatement reads all of a payload but its body, which it returns as it
// stands there.
func readStatement(b []byte) (s *Statement, body []byte, err error) {
	if err := CheckCanonical(b); err != nil {
		return s, nil, err
	}
	var p payload
	if err := decode(b, &p, "the statement"); err != nil {
		return s, nil, err
	}
	for _, m := range []struct {
		name    string
		missing bool
	}{{"author", p.Author == ""}, {"body", p.Body == nil}, {"kind", p.Kind == ""}, {"lane", p.Lane == ""}, {"log", p.Log == ""}, {"made", p.Made == ""}, {"seq", p.Seq == 0}} {
		if m.missing {
			return s, nil, refuse(CodeMemberMissing, "the statement has no %s, or it is 0", m.name)
		}
	}
	s = &Statement{Log: p.Log, Author: p.Author, Lane: p.Lane, Seq: p.Seq, Kind: p.Kind, BodyDigest: p.BodyDigest}
	if s.Made, err = ParseTime(p.Made); err != nil {
		return s, nil, err
	}
	if p.Prev != "" {
		if s.Prev, err = ParseID(p.Prev); err != nil {
			return s, nil, err
		}
		if s.Prev.IsZero() {
			return s, nil, refuse(CodeMemberMalformed, "prev is no statement's id")
		}
	}
	if p.Withheld != nil {
		if s.Review = p.Withheld.Review; s.Review == "" {
			return s, nil, refuse(CodeMemberMissing, "withheld has no review")
		}
	}
	return s, p.Body, nil
}

// check refuses what no statement may have beside its body, whatever was logged
// before it.
func (s *Statement) check() error {
	if err := CheckAuthor(s.Author); err != nil {
		return err
	}
	if s.Prev.IsZero() != (s.Seq == 1) {
		return refuse(CodeMemberMissing, "prev is there exactly when seq is over 1")
	}
	if s.BodyDigest != "" && !IsDigest(s.BodyDigest) {
		return refuse(CodeDigestMalformed, "bodyDigest is not a digest")
	}
	if s.IsWithheld() {
		if s.BodyDigest == "" {
			return refuse(CodeMemberMalformed, "withheld stands without bodyDigest")
		}
		if _, err := ParseDate(s.Review); err != nil {
			return err
		}
	}
	if !slices.Contains(Kinds, s.Kind) {
		return refuse(CodeKindUnknown, "the kind is %q", clip(string(s.Kind)))
	}
	if s.Lane != LaneOf(s.Kind) {
		return refuse(CodeLaneUnknown, "the lane is %q, and that of a %s is %s", clip(s.Lane), s.Kind, LaneOf(s.Kind))
	}
	if s.IsWithheld() && !MayWithhold(s.Kind) {
		return refuse(CodeMemberMalformed, "the detached body of a %s is published with it", s.Kind)
	}
	return nil
}

// IsWithheld reports whether the detached body is not published with the
// statement.
func (s *Statement) IsWithheld() bool { return s.Review != "" }

// Publishes returns the digests of the texts that become public with s: its
// detached body unless that is withheld; for an open, all that it opens, in the
// order of its digests.
func (s *Statement) Publishes() []string {
	if o, ok := s.Body.(*Open); ok {
		return o.Digests
	}
	if s.BodyDigest == "" || s.IsWithheld() {
		return nil
	}
	return []string{s.BodyDigest}
}

// Names lists the other authors that s names in its body.
func (s *Statement) Names() []string {
	switch b := s.Body.(type) {
	case *Admit:
		return []string{b.ID}
	case *Standing:
		return []string{b.Who}
	case *Succeed:
		return []string{b.From, b.To}
	case *Challenge:
		return []string{b.Against}
	}
	return nil
}

// MayWithhold reports whether a statement of a kind may commit to a body that is
// published later: those that its author may open.
func MayWithhold(k Kind) bool {
	switch k {
	case KindRequest, KindDecision, KindAttestation, KindReply:
		return true
	}
	return false
}

func newTreeBody(k Kind) TreeBody {
	switch k {
	case KindCharter:
		return new(Charter)
	case KindAmend:
		return new(Amend)
	case KindAdmit:
		return new(Admit)
	case KindStanding:
		return new(Standing)
	case KindSucceed:
		return new(Succeed)
	case KindKeys:
		return new(Keys)
	case KindPledge:
		return new(Pledge)
	case KindRequest:
		return new(Request)
	case KindDecision:
		return new(Decision)
	case KindAttestation:
		return new(Attestation)
	case KindSlot:
		return new(Slot)
	case KindOpen:
		return new(Open)
	case KindCorrect:
		return new(Correct)
	case KindWithdraw:
		return new(Withdraw)
	case KindChallenge:
		return new(Challenge)
	case KindReply:
		return new(Reply)
	case KindErasure:
		return new(Erasure)
	case KindDirectory:
		return new(Directory)
	}
	return nil
}

// CheckAuthor refuses what cannot be an author: `[a-z0-9]+(-[a-z0-9]+)*`, at
// most 63 characters.
func CheckAuthor(s string) error {
	dash := true // a hyphen may not stand here
	for _, ch := range []byte(s) {
		switch {
		case ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9':
			dash = false
		case ch == '-' && !dash:
			dash = true
		default:
			dash = true
			s = ""
		}
	}
	if s == "" || dash || len(s) > 63 {
		return refuse(CodeAuthorMalformed, "an author is not lower-case letters and digits, joined by single hyphens")
	}
	return nil
}
