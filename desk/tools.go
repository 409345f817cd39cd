package desk

import (
	"context"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// Tools is what does the work: the code of the commands.
type Tools interface {
	// Who says who sits at the desk. It asks nobody.
	Who() Who
	// Countries are those that a statement in this log can name, by name.
	Countries() []Country
	// Standing asks the log how the author stands and what is due.
	Standing(ctx context.Context) (*Standing, error)

	// Drafts are the author's statements in the folder, the newest last.
	Drafts() ([]*Look, error)
	// Take puts a file of a colleague's into the folder, or adds its signatures to the
	// same statement there, and returns its path.
	Take(b []byte) (path string, err error)
	// Look reads a draft anew: all that it says, with its public page.
	Look(ctx context.Context, path string) (*Look, error)

	// Prepare drafts a request and, if the form has one, the decision on it. It asks the
	// log for the author's place and writes nothing.
	Prepare(ctx context.Context, f *Form) ([]Prepared, error)
	// Keep keeps a request for the next slot. It asks nobody.
	Keep(f *Form) (*Kept, error)
	// Waiting are the requests that are kept for slots, the oldest first.
	Waiting() ([]Waiting, error)

	// Matter looks up what a statement of a kind is about: an entry id, the period of an
	// attestation, the file that a request is kept in, or nothing for a withdrawal and
	// a reply to a finding. It asks the log.
	Matter(ctx context.Context, kind entry.Kind, about string) (*Matter, error)
	// PrepareOn drafts a statement about a matter, and for a request that comes out of a
	// slot, if the form has one, the decision on it. It writes nothing.
	PrepareOn(ctx context.Context, m *Matter, f *Form) ([]Prepared, error)

	// Sign adds a signature to a draft, if it still is the statement that was seen and
	// each doubt about it is confirmed by its key.
	Sign(ctx context.Context, path string, seen entry.ID, confirmed []string) error
	// Submit sends signed drafts, waits as it is told to, and keeps verified receipts.
	// It can be done again. Tell is told how it goes on.
	Submit(ctx context.Context, paths []string, tell func(Progress)) error
	// Receipt verifies the receipt beside a draft.
	Receipt(path string) (*Receipt, error)
	// Memo writes a filing record beside a draft.
	Memo(ctx context.Context, path string) (out string, secret bool, err error)
}

// A Prepared is a draft that is not written yet.
type Prepared interface {
	// Look shows it as it will be. Its path is where it will be.
	Look() *Look
	// Write writes it and what belongs beside it.
	Write() error
}

// Who sits at the desk.
type Who struct {
	Author string
	Origin string
	Key    string // key id
	Dir    string
	Slots  string
	Keeps  bool // it is said where what is kept back is kept
}

// A Country that a statement can name.
type Country struct{ Code, Name string }

// A Form is what a person filled in, as it was typed.
type Form struct {
	Country, Authority, Agency     string
	Instrument, Statute            string
	Received                       string
	Compulsion, Gag, GagReview     string
	Assist, Products, Targets      []string
	Words, Language                string
	Permission                     string
	Outcome, Date, Scope, Answered string
	Grounds                        []string
	Keep                           string   // one of the Keep constants
	Seal                           []string // members
	Reason, Review                 string   // of what is kept back

	// Of what is filed about something from before: see Matter.
	Said                   string // words of the author
	Covers, Total, Late    string // of an attestation; Total is a claim
	Totals                 []Total
	Clauses                []string
	Reply                  string // a code
	Finding, Entry, Period string // what a reply to a finding is about
	How, By                string // of a correction
	Why                    string // of an opening
	Opened                 []string
	Opens                  string // one of the Open constants
}

// A Total is the claim of an attestation for one outcome.
type Total struct{ Outcome, Claim string }

// What becomes of what was kept back.
const (
	OpenIt    = "open"
	OpenLater = "later" // it is looked at again another day
)

// What is kept back.
const (
	KeepNothing = ""
	KeepText    = "text" // all that the request says
	KeepAll     = "all"  // and what the decision says
	KeepSome    = "some" // the members in Seal
)

// A Progress is how a submission goes on: how many are answered, or what it waits for.
type Progress struct {
	Done, Of int
	Trouble  Trouble // "" for none
}

// A Trouble is why a submission waits. It goes on by itself.
type Trouble string

// What a submission waits for.
const (
	TroubleLost    Trouble = "lost"    // the log can't be reached, or its answer broke off
	TroubleMany    Trouble = "many"    // it asks for a pause
	TroubleBusy    Trouble = "busy"    // it is busy
	TroubleServer  Trouble = "server"  // it has a trouble of its own
	TroublePending Trouble = "pending" // it has it, and has not published it yet
)

// A Failure says what is wrong and what can be done about it.
type Failure struct {
	Problems []Problem
	// Block: the public may not be told, unless something permits it. No problem stands beside it.
	Block *Block
	// Open: it is not known whether the log has all that was submitted. It can be done
	// again, and nothing is logged twice.
	Open bool
}

// A Problem is one thing that is wrong.
type Problem struct {
	Field string // its name in the form; "" when it is about none
	Text  string
	Hint  string
	// Missing: the field has to be filled in.
	Missing bool
	// Again: it may be done if it is tried again later.
	Again bool
}

// A Block says why the public may not be told of a request. A permission lifts it.
type Block struct {
	Reasons []string // of which none names anything of the request
	Keep    []string // members which, kept back, lift it too; nil where that would not do
}

func (f *Failure) Error() string {
	if f.Block != nil {
		return strings.Join(f.Block.Reasons, "; ")
	}
	if len(f.Problems) == 0 {
		return "failed"
	}
	return f.Problems[0].Text
}

// A Look is all that a draft says and how far it is.
type Look struct {
	Path, Name string
	ID         entry.ID
	Kind       entry.Kind
	Seq        uint64
	Made       int64
	On         entry.ID // of a decision, a correction, an opening, a reply: what it is about
	Page       []byte   // exactly what the public will see, HTML; nil in a list

	Tree   []Row // public for ever
	Text   []Row // the detached body
	Under  []Row // what is under seals
	Review string
	// Withheld: the text is committed to and not published.
	Withheld bool
	Keeps    bool // something was kept back when it was drafted
	Sealed   int  // members under a seal
	Opened   bool // what opens them is at hand

	Doubts []Doubt
	Notes  []string

	Signatures []Signature
	Missing    []Missing
	Complete   bool // all have signed, as far as is known
	Mine       bool // this desk's key signed
	Uncalled   bool // this desk's key is not called for
	Logged     bool // its receipt is there

	Draft  []string // files beside it that do not go from hand to hand
	Secret bool     // the draft holds what is not published
}

// A Row is a member of a statement and its value.
type Row struct{ Name, Value string }

// A Doubt is something that may not belong in a statement. Key is what confirms it.
type Doubt struct{ Path, Key, Text string }

// A Signature in a file.
type Signature struct {
	Key      string
	Mine     bool
	Verified bool
}

// Missing says how many more of which keys can sign.
type Missing struct {
	Whose string
	Need  int
	Keys  []string
}

// Kept is a request that waits for the next slot.
type Kept struct{ Path string }

// A Receipt is what a verified receipt proves.
type Receipt struct {
	Path      string
	Kind      entry.Kind
	ID        entry.ID
	Index     uint64
	Logged    int64
	Size      uint64
	Witnesses []string
	By        int64 // all witnesses that the policy asks for had seen it by then; 0 if it asks for none
}

// A Standing is how the author stands in the log.
type Standing struct {
	Name   string
	AsOf   int64
	Size   uint64
	Due    []pledge.Duty
	Stated []Stated // the newest first
}

// A Stated is a statement of the author's that is in the log.
type Stated struct {
	ID     entry.ID
	Kind   entry.Kind
	Index  uint64
	Logged int64
	Period string       // of a request or an attestation, as the tree has it
	Code   string       // of a decision: its outcome
	On     uint64       // of a decision: the index of the request
	Gone   bool         // corrected: taken back, or another stands in its place
	File   string       // the name of its draft in the folder; "" when that is not there
	Can    []entry.Kind // what can be filed about it
}

// A Waiting is a request that is kept for a slot.
type Waiting struct {
	Name   string // of its file
	Made   int64
	Slot   string // the period of the slot that it is in; "" when it is in none yet
	Logged bool   // and that slot is known to be logged
}

// A Matter is what a form is about, when that is something from before.
type Matter struct {
	Kind  entry.Kind // of the statement that is drafted
	About string     // as it was asked for

	Entry  *Stated // that it is about; nil when it is about none
	By     string  // who made that
	Says   []Row   // what that says
	Under  []Row   // what is kept back of it, as far as that is at hand
	Hidden string  // the day from which the log shows its text; "" when it does

	Period  string // of an attestation
	Logged  []Row  // what the log holds for it, by outcome
	Sum     uint64 // and in all
	Clauses []Clause

	Withheld bool     // its text is not published
	Sealed   []string // members that are under a seal still
	Instead  []Stated // what may stand in its place
}

// A Clause that the author pledged.
type Clause struct{ ID, Text string }
