package verifier

import (
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// ReportFormat names the JSON form of a Report. Members may be added under the
// same name; none changes its meaning or goes away.
const ReportFormat = "pledgelog.audit.v1"

// A Result is what an audit came to.
type Result string

const (
	// Matches: the copy matches the signed log, and nothing of severity
	// "error" concerns the operator or the copy. Findings on authors may be there.
	Matches Result = "matches"
	// Differs: a finding of severity "error" concerns the operator or the copy.
	Differs Result = "differs"
	// CannotDecide: something was not to be had; see Report.Undecided.
	CannotDecide Result = "cannot-decide"
	// Misbehaviour: the log's key signed what cannot both be true, and
	// Report.Evidence proves it.
	Misbehaviour Result = "misbehaviour"
)

// A Report is what an audit says: what it looked at, step by step, what it
// found, how each signatory stands, and what it did not check. The same input
// gives the same report. Times are YYYY-MM-DDThh:mm:ssZ, entry ids 64 lower-case
// hex digits, digests base64.
type Report struct {
	Format        string                `json:"format"` // ReportFormat
	Result        Result                `json:"result"`
	SimulatedTime bool                  `json:"simulatedTime"`   // a demonstration: time is simulated, names are invented
	Log           string                `json:"log,omitzero"`    // origin
	Accord        string                `json:"accord,omitzero"` // name, by the charter
	Charter       string                `json:"charter,omitzero"`
	Size          uint64                `json:"size"` // entries that the audited checkpoint covers
	Root          string                `json:"root,omitzero"`
	AsOf          string                `json:"asOf,omitzero"`     // the moment T that statuses are for
	TimeFrom      string                `json:"timeFrom,omitzero"` // "operator" or "witnesses": whose word AsOf is, unless it was given
	Steps         []Step                `json:"steps"`
	Undecided     *Undecided            `json:"undecided,omitzero"`
	Findings      []pledge.Finding      `json:"findings"`
	NotListed     map[entry.Code]uint64 `json:"notListed,omitzero"`  // findings beyond 10,000 of a code
	LeftOut       uint64                `json:"leftOut,omitzero"`    // findings on authors from entries logged after AsOf
	NotCounted    map[string]uint64     `json:"notCounted,omitzero"` // by author, statements that are not counted as their time is doubtful: what could hang on them is marked
	Earlier       uint64                `json:"earlier,omitzero"`    // entries whose files an earlier audit read, and this one did not: it went on from a state
	Statements    Statements            `json:"statements"`
	Texts         Texts                 `json:"texts"`
	Signatories   []Signatory           `json:"signatories"`
	NotChecked    []string              `json:"notChecked"`
	Evidence      *Evidence             `json:"evidence,omitzero"`

	State      *StateNote      `json:"-"` // nil unless Config.State names one
	Erasures   []Erased        `json:"-"` // texts that were public, and that the operator logged to be erased
	Watched    *WatchedEntries `json:"-"` // nil unless Config.Watch is given, and the entries are those that were signed
	Checkpoint []byte          `json:"-"` // that was audited, a signed note; nil when there was none to be believed
}

// A StepState says how a step of an audit ended.
type StepState string

const (
	Passed  StepState = "passed"
	Failed  StepState = "failed"
	Skipped StepState = "skipped" // not done, or there was nothing to do it with
)

// A Step is one thing that an audit did.
type Step struct {
	Name  string    `json:"name"` // stable: checkpoint, witnesses, root, tiles, archive, charter, statements, texts, time, directories, promises
	State StepState `json:"state"`
	Title string    `json:"title"` // a few words: "checkpoint 18,204 signed"
	Text  string    `json:"text"`  // what was done, or why it failed
}

// An Undecided says why an audit could not come to a result.
type Undecided struct {
	Code entry.Code `json:"code"` // one of the Undecided codes
	Text string     `json:"text"` // what was missing, and where
	Hint string     `json:"hint,omitzero"`
}

func (u *Undecided) Error() string { return string(u.Code) + ": " + u.Text }

// The reasons for which an audit cannot decide.
const (
	UndecidedSource  entry.Code = "source-unreadable" // network, disk, or an answer over its limit
	UndecidedNoLog   entry.Code = "checkpoint-missing"
	UndecidedEntries entry.Code = "entries-missing"
	UndecidedCharter entry.Code = "charter-not-given"
	UndecidedTooOld  entry.Code = "view-too-old"
	UndecidedStopped entry.Code = "interrupted"
	UndecidedTime    entry.Code = "out-of-time" // the context's deadline passed
)

// Statements counts entries by the judgement on them.
type Statements struct {
	Accepted  uint64 `json:"accepted"`
	Rejected  uint64 `json:"rejected"`
	Duplicate uint64 `json:"duplicate"`
	Malformed uint64 `json:"malformed"`
}

// Texts counts the texts of accepted statements by what became of them: their
// detached bodies, and the sealed fields that they opened.
type Texts struct {
	Published uint64 `json:"published"` // public, and served as they were signed
	Opened    uint64 `json:"opened"`    // public by an open, served or not
	Withheld  uint64 `json:"withheld"`  // detached bodies that are not published
	Sealed    uint64 `json:"sealed"`    // fields of published bodies that are not
	Erased    uint64 `json:"erased"`    // were public, and the operator stated that it erased them
	Missing   uint64 `json:"missing"`   // public, and not served
	Altered   uint64 `json:"altered"`   // public, and something else is served
	Invalid   uint64 `json:"invalid"`   // public, as signed, not in the required form
}

// An Erased is a text that the operator erased, as it states.
type Erased struct {
	Digest    string
	Published uint64 // index of the entry with which it had become public
}

// JSON writes the report, indented, the same bytes for the same report.
func (r *Report) JSON() ([]byte, error) { return indented(r) }

func indented(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// Worst returns the heaviest severity among findings, "" when there is none.
func (r *Report) Worst() pledge.Severity {
	var worst pledge.Severity
	for _, f := range r.Findings {
		if weight(f.Severity) > weight(worst) {
			worst = f.Severity
		}
	}
	return worst
}

// AtLeast reports whether a finding, on whomever, has at least this severity.
func (r *Report) AtLeast(s pledge.Severity) bool {
	w := r.Worst()
	return w != "" && weight(w) >= weight(s)
}

func weight(s pledge.Severity) int {
	return slices.Index([]pledge.Severity{"", pledge.Info, pledge.Warning, pledge.Error}, s)
}

// finish puts the result to what was found.
func (r *Report) finish() {
	r.Result = Matches
	for _, f := range r.Findings {
		if f.Severity == pledge.Error && f.Concerns != pledge.RoleAuthor {
			r.Result = Differs
		}
	}
	switch {
	case r.Evidence != nil:
		r.Result = Misbehaviour
	case r.Undecided != nil:
		r.Result = CannotDecide
	}
}

func (r *Report) step(name string, state StepState, title, text string) {
	r.Steps = append(r.Steps, Step{name, state, title, text})
}

func passedIf(ok bool) StepState {
	if ok {
		return Passed
	}
	return Failed
}

func encodeHash(h log.Hash) string { return base64.StdEncoding.EncodeToString(h[:]) }

// Commas writes a number with a comma between groups of three digits.
func Commas(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count writes a number and a noun: 1 entry, 2,000 entries.
func Count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Commas(n) + " " + many
}
