package entry

import (
	"encoding/hex"
	"strconv"
)

// A Directory holds the operator to what it says each author's chain is (protocol
// section 4): a light client that has a chain and one row needs no other leaf.
type Directory struct {
	Root string `json:"root"` // RFC 6962 root over the rows, as a digest is written
	Size uint64 `json:"size"` // its own index: the rows are of all leaves before it
}

func (b *Directory) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if !IsDigest(b.Root) {
		return refuse(CodeDigestMalformed, "root is not a digest")
	}
	if b.Size == 0 {
		return refuse(CodeMemberMissing, "size is missing, or it is 0")
	}
	return nil
}

// A Row is one author's lane in a directory. Its canonical JSON is a leaf of the
// directory's tree; rows are sorted by author, then lane.
type Row struct {
	Author   string `json:"author"`
	Head     ID     `json:"head,omitzero"` // entry id of its last accepted statement in the lane; absent when Seq is 0
	Keys     string `json:"keys"`          // digest of the canonical JSON of its key set in force
	Lane     string `json:"lane"`
	Seq      uint64 `json:"seq"`
	Standing string `json:"standing,omitzero"` // of admitted authors
}

// Marshal writes the row as canonical JSON.
//
// It is written member by member, since a directory is recomputed for every one in
// a log: no member holds anything that JSON escapes.
func (r Row) Marshal() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 320)
	b = append(append(b, `{"author":"`...), r.Author...)
	if r.Seq > 0 {
		b = hex.AppendEncode(append(b, `","head":"`...), r.Head[:])
	}
	b = append(append(b, `","keys":"`...), r.Keys...)
	b = append(append(b, `","lane":"`...), r.Lane...)
	b = strconv.AppendUint(append(b, `","seq":`...), r.Seq, 10)
	if r.Standing != "" {
		b = append(append(append(b, `,"standing":"`...), r.Standing...), '"')
	}
	return append(b, '}'), nil
}

func (r Row) check() error {
	if err := CheckAuthor(r.Author); err != nil {
		return err
	}
	if r.Lane != LaneMain && r.Lane != LaneSlot {
		return refuse(CodeLaneUnknown, "the lane is %q", clip(r.Lane))
	}
	if !IsDigest(r.Keys) {
		return refuse(CodeDigestMalformed, "keys is not a digest")
	}
	if r.Seq > MaxInteger {
		return refuse(CodeNumberRange, "seq is over 2^53-1")
	}
	if r.Head.IsZero() != (r.Seq == 0) {
		return refuse(CodeMemberMissing, "head is there exactly when seq is over 0")
	}
	if r.Standing != "" {
		return checkCode("standing", r.Standing)
	}
	return nil
}

// ParseRow reads a row.
func ParseRow(b []byte) (Row, error) {
	var r Row
	if err := CheckCanonical(b); err != nil {
		return r, err
	}
	if err := decode(b, &r, "the row"); err != nil {
		return r, err
	}
	if err := r.check(); err != nil {
		return r, err
	}
	if again, err := r.Marshal(); err != nil || string(again) != string(b) {
		return r, refuse(CodeMemberMissing, "the row lacks a member that it must have")
	}
	return r, nil
}

// Digest returns the digest of a key set: that of its canonical JSON.
func (ks KeySet) Digest() string {
	b, err := Marshal(ks)
	if err != nil {
		return "" // a set that was parsed has no such form
	}
	return Digest(b)
}
