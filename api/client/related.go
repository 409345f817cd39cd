package client

import (
	"github.com/pledgelog/pledgelog/entry"
)

// Related is what later statements made of an entry, and what its author and its
// keys are said to be. Every member is absent when there is nothing to say.
type Related struct {
	Review      string       `json:"review,omitzero"`      // of a withheld body: YYYY-MM-DD by which its author looks at it again, as it stated last
	Opened      *Mark        `json:"opened,omitzero"`      // the open that published its withheld body
	Disclosures []Disclosure `json:"disclosures,omitzero"` // fields of its body that were opened
	Erasures    []Erasure    `json:"erasures,omitzero"`    // texts of it that the operator erased
	Correction  *Correction  `json:"correction,omitzero"`  // what its author made of it
	InPlaceOf   *Ref         `json:"inPlaceOf,omitzero"`   // the earlier statement in whose place it stands
	Doubtful    *Mark        `json:"doubtful,omitzero"`    // the statement in which its author calls it doubtful
	Unconfirmed *Mark        `json:"unconfirmed,omitzero"` // the admit that gave its author the keys, not confirmed, that signed it
	Challenge   *Challenge   `json:"challenge,omitzero"`   // that it is, or replies to
	Challenges  []Challenge  `json:"challenges,omitzero"`  // about it, oldest first
	// HeldUntil is from when the text of a challenge is shown if no reply comes
	// first: until then Body is absent.
	HeldUntil *Time `json:"heldUntil,omitzero"`
}

// A Disclosure is a field of a body that was sealed and opened since.
type Disclosure struct {
	Member string `json:"member"`
	Digest string `json:"digest"`
	Text   string `json:"text,omitzero"` // as it is hashed; absent when it is not served or was erased
	Erased bool   `json:"erased,omitzero"`
	By     Mark   `json:"by"` // the open
}

// An Erasure is the operator's statement that it erased a text.
type Erasure struct {
	Mark      `json:",inline"`
	Digest    string `json:"digest"`
	Basis     string `json:"basis"`
	Reference string `json:"reference"`
	Date      string `json:"date"` // YYYY-MM-DD
}

// A Correction is what became of a statement by a later one of its author.
type Correction struct {
	Mark `json:",inline"`
	How  string `json:"how"`         // void or superseded
	By   *Ref   `json:"by,omitzero"` // what stands in its place
}

// A Challenge is a challenge and its replies.
type Challenge struct {
	Mark    `json:",inline"`
	By      string   `json:"by"`      // the challenger
	Against string   `json:"against"` // the signatory
	Entry   entry.ID `json:"entry,omitzero"`
	Finding string   `json:"finding,omitzero"`
	Period  string   `json:"period,omitzero"`
	Due     Time     `json:"due"`           // a reply logged before it is in time
	Void    bool     `json:"void,omitzero"` // taken back, or another stands in its place
	Replies []Answer `json:"replies,omitzero"`
}

// An Answer is a reply that counts: the first fixes whether it was in time.
type Answer struct {
	Mark    `json:",inline"`
	Answer  string `json:"answer"`  // of what stands in its place now
	Content Mark   `json:"content"` // which one that is
}

// A Membership is how an author stands beside its periods. Every member is absent
// when there is nothing to say.
type Membership struct {
	SlotSeq        uint64         `json:"slotSeq,omitzero"`  // of its last accepted slot
	SlotHead       entry.ID       `json:"slotHead,omitzero"` // and that slot's id
	Suspended      *Mark          `json:"suspended,omitzero"`
	Proposed       *Mark          `json:"proposed,omitzero"` // removal was proposed
	Removed        *Removal       `json:"removed,omitzero"`
	SucceededBy    *Succession    `json:"succeededBy,omitzero"`
	Succeeds       []Succession   `json:"succeeds,omitzero"`
	Keys           *entry.KeySet  `json:"keys,omitzero"`           // in force
	KeysWaiting    *KeyChange     `json:"keysWaiting,omitzero"`    // keys of last resort that wait
	KeysChanged    *KeyChange     `json:"keysChanged,omitzero"`    // such keys in force that the former ones have not confirmed
	Doubtful       []Doubt        `json:"doubtful,omitzero"`       // what it called doubtful itself
	Void           uint64         `json:"void,omitzero"`           // requests that it took back
	Corrected      uint64         `json:"corrected,omitzero"`      // its statements of all kinds that it took back or put others in the place of
	Withheld       uint64         `json:"withheld,omitzero"`       // texts that it withheld
	Opened         uint64         `json:"opened,omitzero"`         // those of them that it opened
	Slots          *Slots         `json:"slots,omitzero"`          // absent when it owed none
	Challenges     []Challenge    `json:"challenges,omitzero"`     // against it, or by it; oldest first
	Replies        []FindingReply `json:"replies,omitzero"`        // its replies to findings; oldest first
	PledgedTo      *Mark          `json:"pledgedTo,omitzero"`      // the charter or amend that its pledge refers to
	ClausesChanged []string       `json:"clausesChanged,omitzero"` // of pledged those whose text is not in the accord in force any more
}

// A FindingReply is a reply of an author to a finding on it. What is absent of entry
// and period may be any.
type FindingReply struct {
	Mark    `json:",inline"`
	Finding string   `json:"finding"`
	Entry   entry.ID `json:"entry,omitzero"`
	Period  string   `json:"period,omitzero"`
	Answer  string   `json:"answer"`  // of what stands in its place now
	Content Mark     `json:"content"` // which one that is
}

// A Removal says when an author was removed, and since when that was proposed.
type Removal struct {
	Mark     `json:",inline"`
	Proposed *Mark  `json:"proposed,omitzero"`
	Reason   string `json:"reason"`
}

// A Succession says whose place an author took, or who took its own.
type Succession struct {
	Mark   `json:",inline"`
	Author string `json:"author"`
}

// A KeyChange is the secretariat's change of an author's keys.
type KeyChange struct {
	Mark `json:",inline"`
	From Time `json:"from"` // in force
}

// A Doubt is a run of entries of which the author's are doubtful by its own word.
type Doubt struct {
	Mark  `json:",inline"`
	First uint64 `json:"first"` // index
	Last  uint64 `json:"last"`  // index
}

// Slots say how an author keeps its slots.
type Slots struct {
	Owed   uint64             `json:"owed"`
	Missed uint64             `json:"missed"`
	First  []entry.SlotPeriod `json:"first,omitzero"` // of the missed ones the first 100 at the most
}
