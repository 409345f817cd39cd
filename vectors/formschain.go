package vectors

// A Chain is a file of chains/: the leaves of a small log, from index 0, with what
// becomes of each, other leaves that could come at some point, and how authors stand
// at the end.
type Chain struct {
	About   string   `json:"about"`
	Log     string   `json:"log"`
	Leaves  []Step   `json:"leaves"`
	Cases   []Case   `json:"cases,omitzero"`
	AsOf    string   `json:"asOf"`             // the moment T of what follows
	Open    []Found  `json:"open,omitzero"`    // findings at T that no single leaf gives, sorted as leaves' are
	Authors []Status `json:"authors,omitzero"` // in the order of admission
}

// The verdicts on a leaf; Malformed is the fourth.
const (
	Accepted  = "accepted"
	Rejected  = "rejected"
	Duplicate = "duplicate"
)

// A Step is one leaf of a chain.
type Step struct {
	Why        string   `json:"why,omitzero"`
	Leaf       Octets   `json:"leaf"`
	ID         string   `json:"id,omitzero"` // absent when the leaf is not in the exact encoding
	Verdict    string   `json:"verdict"`
	Code       string   `json:"code,omitzero"`       // unless accepted or duplicate
	Findings   []Found  `json:"findings,omitzero"`   // sorted by code, author, period
	Unverified []string `json:"unverified,omitzero"` // keyids whose signature does not verify
}

// A Case is a leaf that could be the next after the first After leaves.
type Case struct {
	Name       string   `json:"name"`
	Why        string   `json:"why"`
	After      int      `json:"after"`
	Leaf       Octets   `json:"leaf"`
	ID         string   `json:"id,omitzero"`
	Verdict    string   `json:"verdict"`
	Code       string   `json:"code,omitzero"`
	Unverified []string `json:"unverified,omitzero"`
}

// A Found is a finding.
type Found struct {
	Code     string `json:"code"`
	Concerns string `json:"concerns"`        // operator, author or view
	Author   string `json:"author,omitzero"` // when it concerns an author
	Index    *int   `json:"index,omitzero"`  // of the leaf, when there is one
	Period   string `json:"period,omitzero"`
}

// A Status is how an author stands at T.
type Status struct {
	Author      string         `json:"author"`
	Standing    string         `json:"standing"`
	Seq         int            `json:"seq"`
	SlotSeq     int            `json:"slotSeq,omitzero"`
	Keys        string         `json:"keys"`                 // digest of the key set in force
	Waiting     *int           `json:"waiting,omitzero"`     // index of the admit whose keys wait
	Unconfirmed *int           `json:"unconfirmed,omitzero"` // index of the admit whose keys the former ones have not confirmed
	Doubtful    [][2]int       `json:"doubtful,omitzero"`    // indexes, from and to
	Pledged     []string       `json:"pledged,omitzero"`     // clauses of its last pledge
	Proposed    *int           `json:"proposed,omitzero"`    // index of the standing that proposed its removal; of a removed one too
	Successor   string         `json:"successor,omitzero"`
	Succeeds    []string       `json:"succeeds,omitzero"`
	Requests    int            `json:"requests,omitzero"` // that count
	Void        int            `json:"void,omitzero"`     // that were taken back
	Outcomes    map[string]int `json:"outcomes,omitzero"` // of its requests, at T
	Withheld    int            `json:"withheld,omitzero"` // texts that it withheld
	Opened      int            `json:"opened,omitzero"`   // those of them that it opened
	SlotsOwed   int            `json:"slotsOwed,omitzero"`
	SlotsMissed []string       `json:"slotsMissed,omitzero"`
	Challenges  []Challenge    `json:"challenges,omitzero"` // against it, or by it
	Periods     []Period       `json:"periods,omitzero"`
}

// A Challenge is one challenge against an author, or by it.
type Challenge struct {
	Index   int      `json:"index"`
	By      string   `json:"by"`
	Against string   `json:"against"`
	Due     string   `json:"due"`
	Open    bool     `json:"open"`
	Void    bool     `json:"void,omitzero"`
	Answers []string `json:"answers,omitzero"` // as they count
}

// A Period is how a signatory stands for one period.
type Period struct {
	Period   string         `json:"period"`
	State    string         `json:"state"`
	Deadline string         `json:"deadline"`
	First    *int           `json:"first,omitzero"`    // index of the attestation whose time counts
	Content  *int           `json:"content,omitzero"`  // of the one whose content counts
	Logged   map[string]int `json:"logged,omitzero"`   // requests logged in it, by outcome at its end
	Received int            `json:"received,omitzero"` // requests whose received is the period
}
