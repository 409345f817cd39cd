package pledge

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/pledgelog/pledgelog/entry"
)

// DirectoryWithin is how long after the log grew, in seconds, the absence of a directory
// is a finding (protocol section 7). It is due earlier (section 4).
const (
	DirectoryWithin = 2 * 86400
	directoryDue    = 86400
)

// directories is what is kept of them.
type directories struct {
	Last  *Mark
	Since int64 // now of the first accepted leaf that is no directory since the last one; 0 when there is none
	Told  bool  // that the one due is overdue
}

// grew notes an accepted leaf that a directory has to cover.
func (s *State) grew() {
	if d := &s.k.Directories; d.Since == 0 {
		d.Since, d.Told = s.k.Now, false
	}
}

// Directory returns the rows that a directory with the size of the log so far has
// (protocol section 4): for each author its head in each lane, its standing and the
// digest of its key set in force at Now. Sorted by author, then lane.
func (s *State) Directory() []entry.Row {
	rows := make([]entry.Row, 0, 2*len(s.k.People))
	for _, a := range s.k.People {
		row := entry.Row{Author: a.ID, Keys: a.keysDigest, Standing: a.standing()}
		if a.Pending != nil {
			keys, _ := a.inForce(s.k.Now)
			row.Keys = keys.Digest()
		}
		row.Lane, row.Seq, row.Head = entry.LaneMain, a.Main.Seq, a.Main.Head
		rows = append(rows, row)
		if a.isSignatory() {
			row.Lane, row.Seq, row.Head = entry.LaneSlot, a.Slot.Seq, a.Slot.Head
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(x, y entry.Row) int {
		return cmp.Or(cmp.Compare(x.Author, y.Author), cmp.Compare(x.Lane, y.Lane))
	})
	return rows
}

// DirectoryRoot returns the RFC 6962 root over rows, each of which is a leaf, as it
// stands in a directory: base64url without padding, 43 characters.
func DirectoryRoot(rows []entry.Row) (string, error) {
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for _, r := range rows {
		leaf, err := r.Marshal()
		if err != nil {
			return "", fmt.Errorf("encode row of %s: %w", r.Author, err)
		}
		if err := tree.Append(rfc6962.DefaultHasher.HashLeaf(leaf), nil); err != nil {
			return "", fmt.Errorf("hash row of %s: %w", r.Author, err)
		}
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return "", fmt.Errorf("hash rows: %w", err)
	}
	if len(rows) == 0 {
		empty := sha256.Sum256(nil)
		root = empty[:]
	}
	return base64.RawURLEncoding.EncodeToString(root), nil
}

// LastDirectory returns the newest accepted directory; nil when there is none.
func (s *State) LastDirectory() *Mark { return s.k.Directories.Last }

// DirectoryDue returns the now of the first accepted leaf that no directory covers yet, and
// the moment by which one is due; ok is false when the last one covers all that was
// logged.
func (s *State) DirectoryDue() (since, due int64, ok bool) {
	d := &s.k.Directories
	return d.Since, d.Since + directoryDue, d.Since != 0
}

// directoryOverdue is called when time has moved on, before the leaf at index is
// judged, and tells once of a directory that does not come.
func (s *State) directoryOverdue(index uint64) []Finding {
	d := &s.k.Directories
	if d.Told || !s.directoryMissing(s.k.Now) {
		return nil
	}
	d.Told = true
	return []Finding{s.directoryFinding().at(index, nil)}
}

// directoryMissing reports whether a directory was to be there by moment t.
func (s *State) directoryMissing(t int64) bool {
	d := &s.k.Directories
	if d.Since == 0 || t < d.Since+DirectoryWithin || s.whole != nil {
		return false
	}
	at, _, ends := s.Ends()
	return !ends || d.Since < at
}

func (s *State) directoryFinding() Finding {
	return finding(FindDirectoryOverdue, fmt.Sprintf("The log grew on %s, and within two days the operator logged no list of what each author had said last.", day(s.k.Directories.Since)))
}

func (s *State) judgeDirectory(it *Item, b *entry.Directory) Verdict {
	if b.Size != it.Index {
		return rejected(CodeDirectorySize, fmt.Sprintf("its size is %d and its index %d", b.Size, it.Index))
	}
	if s.whole != nil {
		return accepted // the rows are not known
	}
	if root, err := DirectoryRoot(s.Directory()); err != nil || root != b.Root {
		return rejected(CodeDirectoryRoot, "its root is not that of the log's authors")
	}
	return accepted
}

func (s *State) acceptDirectory(t *taken) {
	s.k.Directories.Last, s.k.Directories.Since, s.k.Directories.Told = &t.m, 0, false
}
