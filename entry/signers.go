package entry

import "github.com/go-json-experiment/json/jsontext"

// Signers are the key sets by which a draft's signatures will be judged, as the log
// told when it was drafted, so that who signs without a connection sees whose
// signature is missing. Nobody signs them, nothing is judged by them, and they are no
// part of a submission.
type Signers struct {
	Author   KeySet  `json:"author"`
	Former   *KeySet `json:"former,omitzero"`   // that the secretariat replaced and that have not confirmed it
	Recovery *KeySet `json:"recovery,omitzero"` // of an amend
}

func parseSigners(raw jsontext.Value) (*Signers, error) {
	if err := CheckCanonical(raw); err != nil {
		return nil, err
	}
	s := new(Signers)
	if raw[0] != '{' {
		return nil, refuse(CodeMemberMalformed, "signers is not an object")
	}
	if err := decode(raw, s, "signers"); err != nil {
		return nil, err
	}
	for _, set := range []*KeySet{&s.Author, s.Former, s.Recovery} {
		if set == nil {
			continue
		}
		if _, err := set.Parse(); err != nil {
			return nil, err
		}
	}
	if again, err := Marshal(s); err != nil || string(again) != string(raw) {
		return nil, refuse(CodeMemberMissing, "signers lacks a member")
	}
	return s, nil
}
