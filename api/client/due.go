package client

import (
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A DuePage is a page of what the log waits for, what is due first first, as of a tree
// size.
type DuePage struct {
	Size          uint64 `json:"size"`
	AsOf          Time   `json:"asOf"` // the moment of the answer: what is due before it is overdue
	SimulatedTime bool   `json:"simulatedTime,omitzero"`
	Total         uint64 `json:"total"`   // of those that were asked for, on all pages
	Overdue       uint64 `json:"overdue"` // of these
	Due           []Duty `json:"due"`
	Next          string `json:"next,omitzero"` // the cursor of the next page, "" on the last
}

// A Duty is what the log waits for from one author. It says what is not logged, and not
// why.
type Duty struct {
	Kind    pledge.DutyKind `json:"kind"`
	Author  string          `json:"author"`
	Name    string          `json:"name"`
	From    *Time           `json:"from,omitzero"` // from when it can be done; absent when that is long past
	Due     Time            `json:"due"`           // before which it is in time
	Overdue bool            `json:"overdue,omitzero"`
	Period  string          `json:"period,omitzero"` // of an attestation or a slot; of slots the first
	Count   uint64          `json:"count,omitzero"`  // of slots that passed without one: how many
	Index   *uint64         `json:"index,omitzero"`  // of the entry that it is about; absent for attestations and slots
	Entry   entry.ID        `json:"entry,omitzero"`  // likewise its id
	Text    string          `json:"text"`            // it in a sentence
}
