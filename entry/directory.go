package entry

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
func (r Row) Marshal() ([]byte, error) { return Marshal(r) }

// ParseRow reads a row.
func ParseRow(b []byte) (Row, error) {
	var r Row
	if err := CheckCanonical(b); err != nil {
		return r, err
	}
	if err := decode(b, &r, "the row"); err != nil {
		return r, err
	}
	if err := CheckAuthor(r.Author); err != nil {
		return r, err
	}
	if r.Lane != LaneMain && r.Lane != LaneSlot {
		return r, refuse(CodeLaneUnknown, "the lane is %q", clip(r.Lane))
	}
	if !IsDigest(r.Keys) {
		return r, refuse(CodeDigestMalformed, "keys is not a digest")
	}
	if r.Head.IsZero() != (r.Seq == 0) {
		return r, refuse(CodeMemberMissing, "head is there exactly when seq is over 0")
	}
	if r.Standing != "" {
		if err := checkCode("standing", r.Standing); err != nil {
			return r, err
		}
	}
	if again, err := Marshal(r); err != nil || string(again) != string(b) {
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
