package client

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Time is a moment in Unix seconds, in JSON "YYYY-MM-DDThh:mm:ssZ".
type Time int64

func (t Time) String() string { return entry.FormatTime(int64(t)) }

// MarshalText writes t as it stands in statements.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (t *Time) UnmarshalText(b []byte) error {
	unix, err := entry.ParseTime(string(b))
	*t = Time(unix)
	return err
}

// A Reply is the server's answer to a statement that it took. Nothing in it is
// verified.
type Reply struct {
	Index uint64   `json:"index"`
	ID    entry.ID `json:"id"`
	// Leaf holds the exact bytes that were logged; nil when Pending.
	Leaf []byte `json:"leaf,omitzero"`
	// Proof is the text of a tlog-proof (c2sp.org/tlog-proof) with Leaf in its
	// extra line. When Pending it is the path under which the proof will be.
	Proof string `json:"proof"`
	// Status is 201 when the statement is in a published checkpoint now, 200
	// when it was logged before, 202 when it has its index and is not published
	// yet.
	Status int `json:"-"`
	// After is the pause that the server asks for before it is asked again, when
	// Pending; 0 if it names none.
	After time.Duration `json:"-"`
}

// Pending reports whether the statement has its index and no proof yet.
func (r *Reply) Pending() bool { return r.Status == 202 }

// Known reports whether the statement was logged before it was sent this time.
func (r *Reply) Known() bool { return r.Status == 200 }

// A Line is the answer to one line of an application/x-ndjson submission: a
// reply, or a problem. Line 0 is about the whole request.
type Line struct {
	Line    int `json:"line"` // counted from 1
	Status  int `json:"status"`
	*Reply  `json:",inline"`
	Problem *Problem `json:"problem,omitzero"`
}

// A Ref points from one entry to another. Author is who made the other one.
type Ref struct {
	Index  uint64     `json:"index"`
	ID     entry.ID   `json:"id"`
	Kind   entry.Kind `json:"kind"`
	Author string     `json:"author"`
}

// A Signature is one signature of an entry.
type Signature struct {
	KeyID string `json:"keyid"` // SHA-256 of the key's DER, lower-case hex
	Sig   []byte `json:"sig"`
}

// An Entry is one entry of the log with what is known of it. Statement is the
// decoded payload; for an entry that could not be read it is absent, as are ID
// and Signatures.
type Entry struct {
	Index         uint64             `json:"index"`
	ID            entry.ID           `json:"id,omitzero"`
	Logged        Time               `json:"logged"`
	SimulatedTime bool               `json:"simulatedTime,omitzero"`
	Leaf          []byte             `json:"leaf"`
	Statement     jsontext.Value     `json:"statement,omitzero"`
	Signatures    []Signature        `json:"signatures,omitzero"`
	Verdict       pledge.VerdictKind `json:"verdict"`
	VerdictCode   entry.Code         `json:"verdictCode,omitzero"` // why it was not accepted
	BodyState     pledge.BodyState   `json:"bodyState"`
	Body          jsontext.Value     `json:"body,omitzero"` // the detached body, exact bytes
	Refers        []Ref              `json:"refers"`        // entries that it names
	ReferredBy    []Ref              `json:"referredBy"`    // entries that name it
	Related       `json:",inline"`
	Findings      []pledge.Finding `json:"findings"`
}

// An ExportedEntry is a line of an export: an entry as of the tree size of the export,
// without what is judged for a moment (findings, statuses). The members are those of
// Entry.
type ExportedEntry struct {
	Index         uint64             `json:"index"`
	ID            entry.ID           `json:"id,omitzero"`
	Logged        Time               `json:"logged"`
	SimulatedTime bool               `json:"simulatedTime,omitzero"`
	Leaf          []byte             `json:"leaf"`
	Statement     jsontext.Value     `json:"statement,omitzero"`
	Verdict       pledge.VerdictKind `json:"verdict"`
	VerdictCode   entry.Code         `json:"verdictCode,omitzero"`
	BodyState     pledge.BodyState   `json:"bodyState"`
	Body          jsontext.Value     `json:"body,omitzero"`
	Refers        []Ref              `json:"refers"`
	Opened        *Mark              `json:"opened,omitzero"`
	Disclosures   []Disclosure       `json:"disclosures,omitzero"`
	Erasures      []Erasure          `json:"erasures,omitzero"` // also those at or beyond the tree size
	Correction    *Correction        `json:"correction,omitzero"`
	InPlaceOf     *Ref               `json:"inPlaceOf,omitzero"`
	HeldUntil     *Time              `json:"heldUntil,omitzero"` // the text of a challenge that nobody had replied to is not here
}

// An EntryAnswer is one entry as of a tree size.
type EntryAnswer struct {
	Size uint64 `json:"size"` // the number of entries that the answer covers
	Entry
}

// An EntryPage is a page of the entries that fit a query, as of a tree size. Next and
// Previous are cursors of the pages beside it, "" where there is none.
type EntryPage struct {
	Size          uint64  `json:"size"`
	AsOf          Time    `json:"asOf"` // the largest `logged` accepted in it
	SimulatedTime bool    `json:"simulatedTime,omitzero"`
	Total         uint64  `json:"total"` // that fit, on all pages
	Entries       []Entry `json:"entries"`
	Next          string  `json:"next,omitzero"`
	Previous      string  `json:"previous,omitzero"`
	// Facets has how many entries have each value of the facets that were asked for, the most
	// frequent first: of those that fit the query but for the facet's own filter.
	Facets   map[string][]FacetCount `json:"facets,omitzero"`
	NotInLog []Absent                `json:"notInLog,omitzero"` // values of filters of which the log has nothing
	Named    []Named                 `json:"named,omitzero"`    // authors whose names have the words looked for
}

// A StatsAnswer counts what is in the log. It counts statements: what their authors logged,
// and no more.
type StatsAnswer struct {
	Size          uint64            `json:"size"`
	AsOf          Time              `json:"asOf"`
	SimulatedTime bool              `json:"simulatedTime,omitzero"`
	Statements    StatementCounts   `json:"statements"`
	Requests      RequestCounts     `json:"requests"`
	Standings     map[string]uint64 `json:"standings"` // how many signatories and challengers have which standing
	Void          uint64            `json:"void"`      // requests that were taken back
	Withheld      uint64            `json:"withheld"`  // texts that were withheld when they were logged
	Opened        uint64            `json:"opened"`    // those of them that were opened since
}

// StatementCounts are how many entries there are.
type StatementCounts struct {
	Accepted uint64       `json:"accepted"`
	NoEffect uint64       `json:"noEffect"` // rejected, duplicates, malformed
	Kinds    []FacetCount `json:"kinds"`
}

// RequestCounts are how many requests stand, and among them have which value of a facet, as
// of a search.
type RequestCounts struct {
	Total  uint64                  `json:"total"`
	Facets map[string][]FacetCount `json:"facets"`
}

// A CountryList has the countries that requests which stand are attributed to, those with
// most first.
type CountryList struct {
	Size          uint64    `json:"size"`
	AsOf          Time      `json:"asOf"`
	SimulatedTime bool      `json:"simulatedTime,omitzero"`
	Countries     []Country `json:"countries"`
}

// A Country is what authors logged of requests that they attribute to it. Code may be one
// of the values that stand for no country: withheld, erased, missing, unstated.
type Country struct {
	Code        string       `json:"code"`
	Requests    uint64       `json:"requests"`
	Signatories uint64       `json:"signatories"` // that logged them
	Outcomes    []FacetCount `json:"outcomes"`
	First       Time         `json:"first"` // when the first and the last of them were logged
	Last        Time         `json:"last"`
}

// A FacetCount is how many entries have a value.
type FacetCount struct {
	Value string `json:"value"`
	Count uint64 `json:"count"`
}

// An Absent is an author or a country of whom the log has nothing.
type Absent struct {
	Parameter string `json:"parameter"`
	Value     string `json:"value"`
}

// A Named is an author by a name that it has or had, or of an entity that it covers.
type Named struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Now         string `json:"now,omitzero"` // its name now, if that is another
	SucceededBy string `json:"succeededBy,omitzero"`
}

// A Mark says which entry, and when it was logged.
type Mark struct {
	Index  uint64   `json:"index"`
	ID     entry.ID `json:"id"`
	Logged Time     `json:"logged"`
}

// A Signatory is how one author stands (protocol section 6). Country, Website
// and Admitted are absent for the secretariat, whose Name is the accord's.
// To draft the author's next statement use Seq+1 and Head.
type Signatory struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Role     string            `json:"role"` // signatory, challenger, secretariat or operator
	Country  string            `json:"country,omitzero"`
	Website  string            `json:"website,omitzero"`
	Standing string            `json:"standing"`
	Seq      uint64            `json:"seq"`           // of its last accepted statement; 0 before
	Head     entry.ID          `json:"head,omitzero"` // and that statement's id
	Admitted *Mark             `json:"admitted,omitzero"`
	Pledged  []string          `json:"pledged,omitzero"` // clauses in force for it
	Requests uint64            `json:"requests"`
	Outcomes map[string]uint64 `json:"outcomes,omitzero"` // of its requests, now
	Periods  []Period          `json:"periods,omitzero"`  // oldest first

	Membership `json:",inline"`
}

// A Period is how a signatory stands for one attestation period.
type Period struct {
	Period        entry.Period       `json:"period"`
	State         pledge.PeriodState `json:"state"`
	Deadline      Time               `json:"deadline"`          // an attestation logged before it is on time
	Attested      *Mark              `json:"attested,omitzero"` // the first attestation: it fixes whether it was in time
	Content       *Mark              `json:"content,omitzero"`  // the one whose content counts; absent when it is the first
	Covers        string             `json:"covers,omitzero"`   // what the attestation covers
	Received      *entry.Claims      `json:"received,omitzero"` // what it claims of all requests
	Logged        entry.Counts       `json:"logged"`            // what the log holds
	ReceivedInLog uint64             `json:"receivedInLog"`     // logged requests that name the period as received
}

// A SignatoryAnswer is one author as of a tree size.
type SignatoryAnswer struct {
	Size          uint64    `json:"size"`
	AsOf          Time      `json:"asOf"`
	SimulatedTime bool      `json:"simulatedTime,omitzero"`
	Signatory     Signatory `json:"signatory"`
}

// A VocabularyAnswer is the vocabulary, and the law cards of its instruments. They are
// nil from a server of before there were any.
type VocabularyAnswer struct {
	entry.Vocabulary
	LawCards *entry.Cards `json:"lawCards,omitzero"`
}

// A SignatoryList is every signatory and challenger, in order of admission.
type SignatoryList struct {
	Size          uint64      `json:"size"`
	AsOf          Time        `json:"asOf"`
	SimulatedTime bool        `json:"simulatedTime,omitzero"`
	Signatories   []Signatory `json:"signatories"`
}

// A Chain is all that one author ever said that was accepted, in both lanes, with
// what is needed to judge it without the log: the charter, every amend and every
// change of the secretariat's keys, and what the secretariat said of this author.
// Every entry is proved under the one checkpoint. Nothing in it is verified.
type Chain struct {
	Log           string          `json:"log"`    // the log's origin
	Author        string          `json:"author"` // whose chain it is
	Size          uint64          `json:"size"`   // the checkpoint's
	AsOf          Time            `json:"asOf"`   // the largest `logged` accepted in it
	SimulatedTime bool            `json:"simulatedTime,omitzero"`
	Checkpoint    string          `json:"checkpoint"` // a signed note
	Directory     *ChainDirectory `json:"directory,omitzero"`
	Entries       []ChainLink     `json:"entries"` // rising by index
}

// A ChainLink is one entry, proved: Path is its inclusion proof in the tree of the
// checkpoint, leaf to root, 32 bytes each.
type ChainLink struct {
	Index uint64   `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Path  [][]byte `json:"path"`
}

// A ChainDirectory is the newest accepted directory that the checkpoint covers, and
// the rows in it that concern the chain: its author's, the secretariat's and the
// operator's. It covers the entries below its index.
type ChainDirectory struct {
	ChainLink `json:",inline"`
	Next      *ChainLink `json:"next,omitzero"` // the entry behind it, which shows since when it does not cover all; nil when it is the last
	Count     uint64     `json:"count"`         // of the directory's rows
	Rows      []ChainRow `json:"rows"`
}

// A ChainRow is one row of a directory: its canonical JSON, which entry.ParseRow
// reads, and its inclusion proof in the tree over all rows, whose root the directory
// states.
type ChainRow struct {
	Index uint64   `json:"index"`
	Row   []byte   `json:"row"`
	Path  [][]byte `json:"path"`
}
